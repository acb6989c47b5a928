"""Postings as pages and feeds show them, read by a few statements that are made once.

What is read is what `ever_shown().for_detail()` reads, and `for_feed()`; the tags come from the snapshot, and of the
database only which they are, and what says so.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS

from postings.catalogue import Snapshot
from postings.models import Company, Posting, PostingTag, Tag
from postings.statements import Argument, ListStatement, Statement

# What no page says of a posting.
_NOT_SHOWN = {"source", "source_slug", "pinned_fields", "withheld"}
# In the order of the model's fields, as `from_db` takes them.
_WITH_MARKDOWN = [field.attname for field in Posting._meta.concrete_fields if field.attname not in _NOT_SHOWN]
_SHOWN = [name for name in _WITH_MARKDOWN if name != "body_markdown"]
_OF_COMPANY = ["company__name", "company__slug"]

_by_slug = Statement(
    lambda: Posting.objects.ever_shown().filter(slug=Argument()).values_list(*_WITH_MARKDOWN, *_OF_COMPANY)
)
_links = Statement(lambda: PostingTag.objects.filter(posting=Argument()).values_list("tag_id", "evidence"))
_by_ids = ListStatement(lambda ids: Posting.objects.filter(pk__in=ids).values_list(*_SHOWN, *_OF_COMPANY))
_links_by_ids = ListStatement(
    lambda ids: PostingTag.objects.filter(posting__id__in=ids).values_list("posting_id", "tag_id")
)


class Link(NamedTuple):
    """What a page needs of a PostingTag."""

    tag: Tag
    evidence: str = ""


def at(slug: str) -> Posting | None:
    """The posting of this name, live or over, still without its tags; None for a draft, or where there is none."""
    row = _by_slug.row(slug)
    return _posting(_WITH_MARKDOWN, row) if row else None


def read_links(posting: Posting, snapshot: Snapshot) -> None:
    """Reads its tags, and the words that say so."""
    links = _links.rows(posting.pk)
    tags = _tags(snapshot, [tag for tag, _ in links])
    posting.links = [Link(tags[tag], evidence) for tag, evidence in links]


def those(ids: Sequence[int], snapshot: Snapshot, kinds: Collection[str] = ()) -> list[Posting]:
    """The live ones of these postings, a page of them at most, in this order, with their tags; without Markdown, or
    evidence.

    `kinds`: of the tags that are needed, as far as the snapshot knows them; where none is said all, as stored.
    """
    by_id = {posting.pk: posting for row in _by_ids.rows(ids) if (posting := _posting(_SHOWN, row)).is_live}
    links = _known_links(ids, snapshot, kinds) if kinds else _stored_links(ids, snapshot)
    for posting_id, posting in by_id.items():
        posting.links = links.get(posting_id, [])
    return [by_id[pk] for pk in ids if pk in by_id]


def _stored_links(ids: Sequence[int], snapshot: Snapshot) -> dict[int, list[Link]]:
    """By posting."""
    rows = _links_by_ids.rows(ids)
    wanted = {tag for _, tag in rows}
    tags = _tags(snapshot, wanted)
    # A posting that is open everywhere has two hundred.
    shared = {tag: Link(tags[tag]) for tag in wanted}
    links: defaultdict[int, list[Link]] = defaultdict(list)
    for posting_id, tag in rows:
        links[posting_id].append(shared[tag])
    return links


def _known_links(ids: Sequence[int], snapshot: Snapshot, kinds: Collection[str]) -> dict[int, list[Link]]:
    """By posting."""
    return {posting_id: [Link(tag) for tag in tags] for posting_id, tags in snapshot.tags_of(ids, kinds).items()}


def _posting(names: Sequence[str], row: Sequence[Any]) -> Posting:
    posting = Posting.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)])
    if posting.company_id is not None:
        company = Company.from_db(DEFAULT_DB_ALIAS, ["id", "name", "slug"], (posting.company_id, *row[len(names) :]))
        posting._state.fields_cache["company"] = company
    return posting


def _tags(snapshot: Snapshot, wanted: Iterable[int]) -> dict[int, Tag]:
    """These tags: from memory, and what is too new for that from the database."""
    known = snapshot.tags_by_id
    missing = {tag for tag in wanted if tag not in known}
    return known | Tag.objects.in_bulk(missing) if missing else known
