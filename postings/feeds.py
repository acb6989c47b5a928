"""What a feed holds: the postings that a search and filter find, page by page, as Atom and as JSON Feed 1.1.

Pages of the newest follow one another by `before`, the last posting of the one read, so that none is lost and none is
there twice while others come and go; in the other orders, which somebody has to ask for, by `page`.
"""

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.http import QueryDict
from django.utils.feedgenerator import rfc3339_date

from postings import links, shown
from postings.exporting import facts_of
from postings.filters import PostingFilter
from postings.finding import NEWEST
from postings.models import Posting, Tag
from postings.shown import Entry

# Subscribers who look in once a week should not miss what came and went in between; most readers take one page alone.
PER_PAGE = 50
# A page's address, by which views and templates are called.
ATOM, JSON = "postings:feed_atom", "postings:feed_json"
# What a subscriber sees beside a posting.
_TAGGED = {Tag.Kind.SKILL, Tag.Kind.CATEGORY}
_ATOM_SAYS = {*_TAGGED, Tag.Kind.LANGUAGE}


class NoSuchPage(ValueError):
    """What was asked for names no page; its text is a sentence."""


@dataclass(frozen=True)
class Page:
    """The primary keys of a page's postings, and the parameters of its own and of those beside it: none for the
    first."""

    ids: list[int]
    here: dict[str, str]
    previous: dict[str, str] | None = None
    next: dict[str, str] | None = None


@dataclass(frozen=True)
class Feed:
    """A page with its addresses, all of them complete."""

    title: str
    home: str  # the list that finds the same
    first: str  # the first page, which names the feed
    here: str
    previous: str | None
    next: str | None
    updated: dt.datetime
    postings: list[Posting] | list[Entry]  # entries where it is written in Atom
    absolute: Callable[[str], str]


def title(asked: PostingFilter) -> str:
    """The conditions in words, and the board: `Python, Germany, “rust” – Job board`."""
    return f"{asked.in_words or 'Jobs'} – {settings.SITE_NAME}"


def path(asked: PostingFilter, name: str) -> str:
    """The path of the feed of what a list finds, whatever order the list is in."""
    return _path(name, _pairs(asked, with_order=False))


def read(asked: PostingFilter, query: QueryDict, name: str, absolute: Callable[[str], str]) -> Feed:
    """The page that is asked for. Raises NoSuchPage."""
    page = _page(asked, query)
    # What was closed since the snapshot is not among them.
    postings: list[Posting] | list[Entry] = (
        shown.entries(page.ids, asked.snapshot, _ATOM_SAYS) if name == ATOM else shown.those(page.ids, asked.snapshot)
    )

    def address(parameters: dict[str, str]) -> str:
        return absolute(_path(name, [*_pairs(asked), *parameters.items()]))

    return Feed(
        title=title(asked),
        home=absolute(_path("postings:list", asked.pairs)),
        first=address({}),
        here=address(page.here),
        previous=None if page.previous is None else address(page.previous),
        next=None if page.next is None else address(page.next),
        updated=max((posting.changed_at for posting in postings), default=asked.snapshot.changed_at),
        postings=postings,
        absolute=absolute,
    )


def _pairs(asked: PostingFilter, with_order: bool = True) -> list[tuple[str, str]]:
    """The parameters with the currency that is meant, which a list leaves out where it is the commonest: what somebody
    subscribed to means the same when another one is."""
    left_out = {"currency"} if with_order else {"currency", "sort"}
    pairs = [pair for pair in asked.pairs if pair[0] not in left_out]
    is_about_pay = asked.criteria.salary_min is not None or (with_order and asked.is_by_pay)
    return [*pairs, ("currency", asked.criteria.currency)] if is_about_pay else pairs


def _path(name: str, pairs: list[tuple[str, str]]) -> str:
    return f"{links.path(name)}?{urlencode(pairs)}" if pairs else links.path(name)


# --- Pages ------------------------------------------------------------------------------------------


def _page(asked: PostingFilter, query: QueryDict) -> Page:
    if asked.criteria.sort == NEWEST:
        return _newest(asked, query.get("before", ""))
    return _in_order(asked, query)


def _newest(asked: PostingFilter, before: str) -> Page:
    finding, snapshot = asked.finding, asked.snapshot
    # One more than are shown tells whether there is a next page.
    ids = finding.before(*_cursor(before), PER_PAGE + 1) if before else finding[: PER_PAGE + 1]
    following = None
    if len(ids) > PER_PAGE:
        # Of the last on the page, shown or not: it may have been closed since the snapshot.
        number = snapshot.number_of(ids[PER_PAGE - 1])
        assert number is not None  # noqa: S101  found in the same snapshot
        following = {"before": f"{snapshot.day_of(number)}.{ids[PER_PAGE - 1]}"}
    return Page(ids[:PER_PAGE], {"before": before} if before else {}, next=following)


def _cursor(text: str) -> tuple[dt.date, int]:
    """The day and the primary key that a cursor names: `2025-01-01.4711`."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})", text, re.ASCII)
    try:
        return dt.date.fromisoformat(match[1] if match else ""), int(match[2] if match else "")
    except ValueError:
        raise NoSuchPage("“before” is a day and a number, as in the address of a page’s next one.") from None


def _in_order(asked: PostingFilter, query: QueryDict) -> Page:
    text = query.get("page", "1")
    if not re.fullmatch(r"0*[1-9]\d{0,8}", text, re.ASCII):
        raise NoSuchPage("“page” is a number from 1 on.")
    number = int(text)
    # Beyond the end there is nothing, and not the last page once more.
    ids = asked.finding[(number - 1) * PER_PAGE : number * PER_PAGE + 1]

    def parameters(number: int) -> dict[str, str]:
        return {"page": str(number)} if number > 1 else {}

    return Page(
        ids[:PER_PAGE],
        parameters(number),
        previous=parameters(number - 1) if number > 1 else None,
        next=parameters(number + 1) if len(ids) > PER_PAGE else None,
    )


# --- Atom -------------------------------------------------------------------------------------------

# What no XML 1.0 document can hold, escaped or not: no page has it, and a text may.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_NO_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())
_THEIR_BEGINNING = b"\xef\xbf"
# What would end a section, or will when those are taken out, and halves of characters with them.
_TAKEN_OUT = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]*"
_SECTION_END = re.compile(rf"\]{_TAKEN_OUT}\]{_TAKEN_OUT}>")


def atom(feed: Feed) -> bytes:
    """RFC 4287, paged as in RFC 5005."""
    paging = {"first": feed.first, "previous": feed.previous, "next": feed.next}
    # Written out and not by a library's elements, for there are five hundred of them.
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{escape(feed.title)}</title>",
        _link("alternate", feed.home),
        _link("self", feed.here),
        f"<id>{escape(feed.first)}</id><updated>{rfc3339_date(feed.updated)}</updated>",
        _author(settings.SITE_NAME),
        *(_link(rel, address) for rel, address in paging.items() if address),
        *(_entry(entry, escape(feed.absolute(entry.path))) for entry in cast(list[Entry], feed.postings)),
        "</feed>",
    ]
    return _xml("".join(parts))


def _summary(excerpt: str) -> str:
    """As HTML, which its text is made into: some readers take every summary for HTML, whatever its type says."""
    return f'<summary type="html">{escape(escape(excerpt))}</summary>'


def _content(html: str) -> str:
    """In a CDATA section, which is shorter and sooner read than HTML of which every sign is escaped."""
    if _SECTION_END.search(html):
        return f'<content type="html">{escape(html)}</content>'
    return f'<content type="html"><![CDATA[{html}]]></content>'


def _entry(entry: Entry, address: str) -> str:
    """`address`: escaped."""
    language = entry.language
    categories = "".join(map(_category, sorted(tag.name for tag in entry.tags if tag.kind in _TAGGED)))
    return (f"<entry xml:lang={quoteattr(language)}>" if language else "<entry>") + (
        f"<title>{escape(entry.title)}</title>"
        f'<link href="{address}" rel="alternate"/>'
        f"<published>{rfc3339_date(entry.first_seen)}</published>"
        f"<updated>{rfc3339_date(entry.changed_at)}</updated>"
        f"{_author(entry.company) if entry.company else ''}"
        f"<id>{address}</id>"
        f"{categories}"
        f"{_summary(entry.excerpt) if entry.excerpt else ''}"
        f"{_content(entry.body_html)}</entry>"
    )


@lru_cache(maxsize=5000)
def _category(name: str) -> str:
    return f"<category term={quoteattr(name)}/>"


def _link(rel: str, address: str) -> str:
    return f"<link rel={quoteattr(rel)} href={quoteattr(address)}/>"


def _author(name: str) -> str:
    return f"<author><name>{escape(name)}</name></author>"


def _xml(document: str) -> bytes:
    # All of it at once: what is taken out is nowhere in the markup.
    data = document.encode(errors="ignore").translate(None, _CONTROLS)
    if _THEIR_BEGINNING in data:
        for each in _NO_CHARACTERS:
            data = data.replace(each, b"")
    return data


def _tags(posting: Posting) -> list[str]:
    return sorted(tag.name for kind in _TAGGED for tag in posting.tags_of_kind(kind))


# --- JSON Feed --------------------------------------------------------------------------------------


def as_json(feed: Feed) -> str:
    """JSON Feed 1.1 (jsonfeed.org), with the facts by the names of the guide."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.first,
        **({"next_url": feed.next} if feed.next else {}),
        "authors": [{"name": settings.SITE_NAME}],
        "items": [_item(feed, posting) for posting in cast(list[Posting], feed.postings)],
    }
    return json.dumps(document, ensure_ascii=False)


def _item(feed: Feed, posting: Posting) -> dict[str, Any]:
    address = feed.absolute(posting.get_absolute_url())
    company = posting.company.name if posting.company else None
    return {
        "id": address,
        "url": address,
        "title": posting.title,
        "content_html": posting.body_html,
        **({"summary": posting.excerpt} if posting.excerpt else {}),
        "date_published": rfc3339_date(posting.first_seen),
        "date_modified": rfc3339_date(posting.changed_at),
        **({"authors": [{"name": company}]} if company else {}),
        "tags": _tags(posting),
        **({"language": posting.language} if posting.language else {}),
        "_facts": facts_of(posting),
        "_posting": {
            "company": company,
            "place": posting.place,
            "published_on": posting.published_machine or None,
            # Through the board, which counts who goes on to the employer.
            "apply": feed.absolute(links.path("postings:apply", posting.slug)),
        },
    }
