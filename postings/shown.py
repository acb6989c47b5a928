"""Postings as pages and feeds show them, read by a few statements that are made once.

What is read is what `ever_shown().for_detail()` reads, and `for_feed()`; the tags come from the snapshot, and of the
database only which they are, and what says so.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS

from postings import links
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


# What a feed that is written by the hundred needs, in this order.
_OF_ENTRY = (
    "pk", "slug", "title", "excerpt", "body_html", "status", "expires_at", "first_seen", "changed_at", "company__name",
)  # fmt: skip
_entries_by_ids = ListStatement(lambda ids: Posting.objects.filter(pk__in=ids).values_list(*_OF_ENTRY))


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
    rows = _links.rows(posting.pk)
    tags = _tags(snapshot, [tag for tag, _ in rows])
    posting.links = [Link(tags[tag], evidence) for tag, evidence in rows]


class Entry:
    """A posting as a feed in Atom shows it: read without making a model of it, as rows are."""

    __slots__ = (
        "body_html", "changed_at", "company", "excerpt", "expires_at", "first_seen", "pk", "slug", "status", "tags",
        "title",
    )  # fmt: skip

    Status = Posting.Status
    is_expired: Any = Posting.is_expired
    is_live: Any = Posting.is_live

    tags: list[Tag]

    def __init__(self, columns: Sequence[Any]) -> None:
        (
            self.pk, self.slug, self.title, self.excerpt, self.body_html, self.status, self.expires_at,
            self.first_seen, self.changed_at, self.company,
        ) = columns  # fmt: skip

    @property
    def path(self) -> str:
        return links.path("postings:detail", self.slug)

    @property
    def language(self) -> str:
        """As `Posting.language`."""
        return next((tag.code for tag in self.tags if tag.kind == Tag.Kind.LANGUAGE), "")


def entries(ids: Sequence[int], snapshot: Snapshot, kinds: Collection[str]) -> list[Entry]:
    """The live ones of these postings in this order, with their tags of these kinds, as the snapshot knows them."""
    by_id = {entry.pk: entry for row in _entries_by_ids.rows(ids) if (entry := Entry(row)).is_live}
    tags = snapshot.tags_of(ids, kinds)
    for posting_id, entry in by_id.items():
        entry.tags = tags.get(posting_id, [])
    return [by_id[pk] for pk in ids if pk in by_id]


def those(ids: Sequence[int], snapshot: Snapshot) -> list[Posting]:
    """The live ones of these postings, a page of them at most, in this order, with their tags; without Markdown, or
    evidence."""
    by_id = {posting.pk: posting for row in _by_ids.rows(ids) if (posting := _posting(_SHOWN, row)).is_live}
    linked = _links_of(ids, snapshot)
    for posting_id, posting in by_id.items():
        posting.links = linked[posting_id]
    return [by_id[pk] for pk in ids if pk in by_id]


def _links_of(ids: Sequence[int], snapshot: Snapshot) -> defaultdict[int, list[Link]]:
    """By posting."""
    rows = _links_by_ids.rows(ids)
    wanted = {tag for _, tag in rows}
    tags = _tags(snapshot, wanted)
    # A posting that is open everywhere has two hundred.
    shared = {tag: Link(tags[tag]) for tag in wanted}
    linked: defaultdict[int, list[Link]] = defaultdict(list)
    for posting_id, tag in rows:
        linked[posting_id].append(shared[tag])
    return linked


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
