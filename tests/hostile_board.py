"""A board on which everything that anybody may write says what one wants: whatever an import brings, visitors report
and operators type. And every kind of page and file that it has.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from postings import duplicates
from postings.importing.run import Options, run_import
from postings.models import DailyClicks, FiguresLink, ImportRun, Posting, PostingTag, Report, Tag
from tests.factories import make_posting
from tests.hostile import Part, write_files


def seed(folder: Path, parts: Iterable[Part]) -> list[Posting]:
    """The postings, the first of which has most beside it; the last is closed."""
    parts = list(parts)
    number = write_files(folder, parts)
    for line in (parts[0].line, parts[1].line):
        (folder / f"{line.replace('/', ' ')[:40]}.md").write_text("no posting")
    summary = run_import([str(folder)], Options())
    assert (summary.created, summary.refused) == (number, 2), summary
    postings = [Posting.objects.get(slug=f"hostile-{each}") for each in range(1, number + 1)]
    for posting, part in zip(postings, parts, strict=True):
        _say(posting, part.line)
    # One whose language nobody could tell.
    PostingTag.objects.filter(posting=postings[1], tag__kind=Tag.Kind.LANGUAGE).delete()
    _tag(postings[0], parts[0].line)
    _write_besides(postings[0], parts[0].line)
    Posting.objects.filter(pk=postings[-1].pk).update(status=Posting.Status.CLOSED)
    duplicates.find()
    stored = Posting.objects.in_bulk([posting.pk for posting in postings])
    return [stored[posting.pk] for posting in postings]


def _say(posting: Posting, line: str) -> None:
    """What no field of a file says so raw: evidence and the word to mention; and what a visitor reports."""
    # As PostgreSQL keeps it: no NUL, and no more than fits.
    line = line.replace("\0", "")[:200]
    PostingTag.objects.filter(posting=posting).update(evidence=line)
    Posting.objects.filter(pk=posting.pk).update(salary_evidence=line, apply_keyword=line[:100])
    Report.objects.create(posting=posting, reason="wrong", words=line)


def _tag(posting: Posting, line: str) -> None:
    """A tag of every kind that is called so, as the admin would take it."""
    for number, kind in enumerate(Tag.Kind):
        tag = Tag(kind=kind, name=f"{number} {line}"[:100], spellings=[line])
        tag.full_clean(exclude=["code", "slug"])
        tag.save()
        PostingTag.objects.create(posting=posting, tag=tag, evidence=line[:200])


def _write_besides(posting: Posting, line: str) -> None:
    """A past, clicks, a draft, and a posting that is likely the same."""
    title = posting.title
    posting.title = f"{title} before"
    posting.save()
    posting.title = title
    posting.save()
    DailyClicks.objects.create(posting=posting, day=timezone.now().date(), kind="person", count=3)
    typed = {"title": title, "place": posting.place, "salary_text": posting.salary_text}
    make_posting(slug="draft", company=posting.company.name, status="draft", source="admin", **typed)
    make_posting(slug="twin", company=posting.company.name, published_on=dt.date(2025, 1, 2), **typed)


def pages(postings: list[Posting]) -> dict[str, list[str]]:
    """Every kind of page that a visitor may see, with addresses of it."""
    first, last = postings[0], postings[-1]
    live = postings[:-1]
    link, _ = FiguresLink.objects.make(first)
    landed = [tag for tag in Tag.objects.filter(posting_tags__posting=first) if tag.kind in Tag.LANDED]
    return {
        "list": ["/", "/?page=2", "/?page=3", "/?q=oak&sort=relevance"],
        "filtered": [f"/?{kind}={tag.code}" for kind in Tag.Kind for tag in Tag.objects.filter(kind=kind)[:2]],
        "nothing found": ["/?q=astronaut&place=%3Csvg+onload=alert(1)%3E&company=%22%3E%3Csvg%3E"],
        "values": [f"/all/{name}/" for name in ("company", "category", "skill")],
        "posting": [posting.get_absolute_url() for posting in live],
        "closed": [last.get_absolute_url()],
        "report": [f"{posting.get_absolute_url()}report/" for posting in live],
        "thanks": [f"{first.get_absolute_url()}report/thanks/"],
        "company": [f"/companies/{posting.company.slug}/" for posting in live],
        "companies": ["/companies/"],
        "landing page": [tag.get_absolute_url() for tag in landed],
        "landing pages": [f"/{plural}/" for plural in Tag.LANDED.values()],
        "figures": [f"/figures/{link.key}/"],
        "not found": ["/jobs/%22%3E%3Csvg%20onload=alert(1)%3E/"],
    }


def admin_pages(postings: list[Posting]) -> dict[str, list[str]]:
    """Every kind of page of the admin on which a posting's words stand."""
    first, last = postings[0].pk, postings[-1].pk
    top = "/admin/postings"
    tag = Tag.objects.filter(posting_tags__posting=first, kind="category").latest("pk")
    run = ImportRun.objects.latest("pk")
    past = [row.pk for row in postings[0].history.all()[:3]]
    return {
        "home": ["/admin/"],
        "postings": [f"{top}/posting/", f"{top}/posting/?q=oak"],
        "posting": [f"{top}/posting/{each.pk}/change/" for each in postings[:12]],
        "history": [f"{top}/posting/{first}/history/"],
        "a past": [f"{top}/posting/{first}/history/{row}/" for row in past],
        "delete": [f"{top}/posting/{last}/delete/"],
        "export": [f"{top}/posting/export/"],
        "reports": [f"{top}/report/"],
        "companies": [f"{top}/company/"],
        "company": [f"{top}/company/{postings[0].company_id}/change/"],
        "tags": [f"{top}/tag/"],
        "tag": [f"{top}/tag/{tag.pk}/change/"],
        "duplicates": [f"{top}/likeness/"],
        "clicks": [f"{top}/dailyclicks/"],
        "imports": [f"{top}/importrun/"],
        "import": [f"{top}/importrun/{run.pk}/change/"],
    }


def machine_files(postings: list[Posting]) -> dict[str, list[str]]:
    """What other programs read."""
    live = postings[:-1]
    sitemap = Client().get("/sitemap.xml").content.decode()
    return {
        "atom": ["/feed.atom"],
        "json": ["/feed.json"],
        "suggestions": ["/suggest?q=svg", "/suggest?q=oak", "/suggest?q=%3C"],
        "sitemaps": ["/sitemap.xml", *re.findall(r"<loc>http://testserver(.*?)</loc>", sitemap)],
        "markdown": [f"{posting.get_absolute_url()[:-1]}.md" for posting in live],
        "others": ["/robots.txt", "/manifest.webmanifest"],
    }


def operator():
    return get_user_model().objects.create_superuser("operator", password="x")


def each(addresses: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for kind, many in addresses.items():
        for address in many:
            yield kind, address
