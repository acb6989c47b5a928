"""Postings, text out again: one JSON object a line, or the Markdown layout that they came in."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from postings.batches import batches
from postings.importing import writing
from postings.importing.layout import Layout
from postings.models import Posting, PostingQuerySet, Tag

# The facts that are lists by their names in the guide, and the kind of tag that holds each.
LISTS = {
    "workplace": Tag.Kind.WORKPLACE,
    "countries": Tag.Kind.COUNTRY,
    "regions": Tag.Kind.REGION,
    "employment": Tag.Kind.EMPLOYMENT,
    "seniority": Tag.Kind.SENIORITY,
    "skills": Tag.Kind.SKILL,
}
_AT_ONCE = 500


def export(format: str, ids: Sequence[int] | None = None) -> Iterator[str]:
    """The text of every posting, newest first, or of those with these primary keys that are live, in their order; in
    memory that does not grow with them."""
    postings = _whole().newest_first().iterator(chunk_size=_AT_ONCE) if ids is None else live(ids)
    return map(FORMATS[format], postings)


def live(ids: Sequence[int]) -> Iterator[Posting]:
    """Of these postings those that are live, in this order."""
    for chunk in batches(ids, _AT_ONCE):
        found = _whole().live().in_bulk(list(chunk))
        yield from (found[pk] for pk in chunk if pk in found)


def _whole() -> PostingQuerySet:
    """With all that a file says of a posting."""
    return Posting.objects.select_related("company").prefetch_related("posting_tags__tag").defer("body_html")


def as_json(posting: Posting) -> str:
    """One line: the facts by the names and values of the guide, what is not said as null or an empty list."""
    facts = facts_of(posting)
    categories = sorted(tag.name for tag in posting.tags_of_kind(Tag.Kind.CATEGORY))
    line = {
        "slug": posting.slug,
        "source": posting.source,
        "status": posting.status,
        "title": posting.title,
        "company": posting.company.name if posting.company else None,
        "place": posting.place,
        "published_on": posting.published_machine or None,
        "apply_url": posting.apply_url,
        **{name: facts.pop(name) for name in LISTS},
        "categories": categories,
        **facts,
    }
    return json.dumps(line, ensure_ascii=False) + "\n"


def facts_of(posting: Posting) -> dict[str, Any]:
    """The facts by the names and values of the guide. Needs `posting_tags__tag` prefetched."""
    salary = None
    if posting.salary_currency:
        salary = {
            "min": plain_number(posting.salary_min),
            "max": plain_number(posting.salary_max),
            "currency": posting.salary_currency,
            "period": posting.salary_period,
        }
    return {
        **{name: sorted(tag.code for tag in posting.tags_of_kind(kind)) for name, kind in LISTS.items()},
        "salary": salary,
        "visa": next((tag.code for tag in posting.tags_of_kind(Tag.Kind.VISA)), None),
        "apply_keyword": posting.apply_keyword or None,
    }


def as_markdown(posting: Posting) -> str:
    """The layout that is imported (importing.layout)."""
    return writing.write(parts_of(posting))


def parts_of(posting: Posting) -> Layout:
    """What the file of a posting says, under the name that it has in addresses here."""
    return Layout(
        title=posting.title,
        company=posting.company.name if posting.company else None,
        apply_url=posting.apply_url,
        slug=posting.slug,
        body=posting.body_markdown,
        place=posting.place,
        salary_text=posting.salary_text,
        other_tags=posting.other_tags,
    )


def plain_number(value: float | None) -> float | int | None:
    """Without the fraction of a whole number: 40000 for 40000.0."""
    return int(value) if value is not None and value.is_integer() else value


FORMATS = {"jsonl": as_json, "markdown": as_markdown}
