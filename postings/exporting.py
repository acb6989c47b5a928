"""Postings, text out again: one JSON object a line, or the Markdown layout that they came in."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import prefetch_related_objects

from postings.models import Posting, Tag

# The facts by their names in the export, and the kind of tag that holds each.
LISTS = {
    "workplace": Tag.Kind.WORKPLACE,
    "countries": Tag.Kind.COUNTRY,
    "regions": Tag.Kind.REGION,
    "employment": Tag.Kind.EMPLOYMENT,
    "seniority": Tag.Kind.SENIORITY,
    "skills": Tag.Kind.SKILL,
    "categories": Tag.Kind.CATEGORY,
}
_AT_ONCE = 500


def export(format: str) -> Iterator[str]:
    """The text of every posting, newest first, in memory that does not grow with their number."""
    to_text = FORMATS[format]
    postings = Posting.objects.select_related("company").newest_first().iterator(chunk_size=_AT_ONCE)
    batch: list[Posting] = []
    for posting in postings:
        batch.append(posting)
        if len(batch) == _AT_ONCE:
            yield from _texts(batch, to_text)
            batch = []
    yield from _texts(batch, to_text)


def _texts(batch: list[Posting], to_text: Callable[[Posting], str]) -> Iterator[str]:
    prefetch_related_objects(batch, "posting_tags__tag")
    yield from map(to_text, batch)


def as_json(posting: Posting) -> str:
    """One line: the facts by the names and values of the guide, what is not said as null or an empty list."""
    return json.dumps(facts_of(posting), ensure_ascii=False) + "\n"


def facts_of(posting: Posting) -> dict[str, Any]:
    codes: dict[str, list[str]] = {}
    for link in posting.posting_tags.all():
        codes.setdefault(link.tag.kind, []).append(link.tag.name if link.tag.kind == "category" else link.tag.code)
    salary = None
    if posting.salary_currency:
        salary = {
            "min": _number(posting.salary_min),
            "max": _number(posting.salary_max),
            "currency": posting.salary_currency,
            "period": posting.salary_period,
        }
    return {
        "slug": posting.slug,
        "source": posting.source,
        "status": posting.status,
        "title": posting.title,
        "company": posting.company.name if posting.company else None,
        "place": posting.place,
        "published_on": posting.published_machine or None,
        "apply_url": posting.apply_url,
        **{name: sorted(codes.get(kind, [])) for name, kind in LISTS.items()},
        "salary": salary,
        "visa": next(iter(codes.get(Tag.Kind.VISA, [])), None),
        "apply_keyword": posting.apply_keyword or None,
    }


def as_markdown(posting: Posting) -> str:
    """The layout that is imported (importing.layout)."""
    tags = [f"💰 {posting.salary_text}" if posting.salary_text else "", f"🌎 {posting.place}" if posting.place else ""]
    tags_line = "".join(f" `{tag}`" for tag in (*filter(None, tags), *posting.other_tags))
    return (
        f"# [{posting.title}]({posting.apply_url})  \n"
        f"### {posting.company.name if posting.company else 'None'}  \n"
        f"####{tags_line}  \n\n{posting.body_markdown}\n\n  \n## CLICK TO [APPLY]({posting.apply_url})\n\n"
    )


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and value.is_integer() else value


FORMATS = {"jsonl": as_json, "markdown": as_markdown}
