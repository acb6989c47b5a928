"""What changed, noted in the transaction that changes it: the board's version, and which postings are of it.

A list page shows what `catalogue` keeps in memory; this is how it learns that it is old. Every write through the
models is heard of (Django's own signals, and `models.written_in_bulk` for statements), also raises the version, brings
the search index up to date, and stores anew why a posting is withheld from search engines. What goes around the
models, say SQL typed by hand, needs `manage.py index_postings` afterwards.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_save

from postings import search, structured_data
from postings.models import BoardVersion, ChangedPosting, Company, Posting, PostingTag, Tag, written_in_bulk

# What the search index holds of a posting; the rest can change without its being written again.
_SEARCHED = {"title", "place", "body_markdown", "body_html"}
# What says whether search engines are told of it, beside its tags.
_JUDGED_BY = {"title", "company", "company_id", "published_on", "body_html"}
_AT_ONCE = 500
# No posting's key: a change of it means that anything may have changed.
EVERYTHING = 0


class _Noted(threading.local):
    """What this thread's open `together` has heard of so far."""

    depth = 0
    is_ignored = False

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.is_any = False
        self.postings: set[int] = set()
        self.texts: set[int] = set()  # of these postings the words, too
        self.judged: set[int] = set()  # of these whether search engines are told of them
        self.tagged: set[tuple[int, int]] = set()  # postings and tags that were given to them or taken away
        self.tags: set[int] = set()  # whose kinds or codes may have changed
        self.companies: set[int] = set()  # whose names changed


_noted = _Noted()


@contextmanager
def together() -> Iterator[None]:
    """One note for all that is written within it, at its end; stands inside the transaction that it is about."""
    _noted.depth += 1
    try:
        yield
        if _noted.depth == 1:
            _write()
    finally:
        _noted.depth -= 1
        if not _noted.depth:
            _noted.clear()


@contextmanager
def ignored() -> Iterator[None]:
    """Within it nothing is noted: for what will be rolled back, and would keep others waiting for the version."""
    before, _noted.is_ignored = _noted.is_ignored, True
    try:
        yield
    finally:
        _noted.is_ignored = before


def version() -> int:
    """The number of the board's present state."""
    return BoardVersion.objects.values_list("number", flat=True).order_by("pk").first() or 0


def raise_version() -> int:
    """The next number. Others that change something wait here until this transaction ends."""
    if not BoardVersion.objects.filter(pk=1).update(number=F("number") + 1):
        BoardVersion.objects.get_or_create(pk=1)
        BoardVersion.objects.filter(pk=1).update(number=F("number") + 1)
    return BoardVersion.objects.values_list("number", flat=True).get(pk=1)


def note(
    postings: Iterable[int] = (),
    texts: Iterable[int] = (),
    judged: Iterable[int] = (),
    tagged: Iterable[tuple[int, int]] = (),
    tags: Iterable[int] = (),
    companies: Iterable[int] = (),
) -> None:
    """Says that these postings changed, of these the words too, of these what search engines are told, of these the
    tags; and these tags and the names of these companies."""
    if _noted.is_ignored:
        return
    with transaction.atomic(savepoint=False), together():
        _noted.is_any = True
        _noted.texts.update(texts)
        _noted.judged.update(judged)
        _noted.tagged.update(tagged)
        _noted.tags.update(tags)
        _noted.postings.update(postings, _noted.texts, (posting for posting, _ in _noted.tagged))
        _noted.companies.update(companies)


def _write() -> None:
    if not _noted.is_any:
        return
    # Before the version is raised, which others wait for until this transaction ends.
    search.index(sorted(_noted.texts | _in_other_languages()))
    search.index_companies(sorted(_noted.companies))
    structured_data.judge(_noted.judged.union((posting for posting, _ in _noted.tagged), _having(_noted.tags)))
    number = raise_version()
    ChangedPosting.objects.bulk_create(
        [ChangedPosting(posting_id=pk, version=number) for pk in sorted(_noted.postings)],
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["posting_id"],
        update_fields=["version"],
    )


def _having(tags: Iterable[int]) -> Iterable[int]:
    """The postings that have any of these tags."""
    return PostingTag.objects.filter(tag__in=tags).values_list("posting", flat=True) if tags else ()


def _in_other_languages() -> set[int]:
    """The postings whose language changed, which says whether the words of a text have English forms."""
    if not _noted.tagged:
        return set()
    languages = set(Tag.objects.filter(kind=Tag.Kind.LANGUAGE).values_list("pk", flat=True))
    return {posting for posting, tag in _noted.tagged if tag in languages}


# --- What is heard ----------------------------------------------------------------------------------


def _saved(
    sender: type, instance: Any, created: bool = False, update_fields: frozenset[str] | None = None, **rest: Any
) -> None:
    _hear(sender, [instance.pk], [instance], None if created else update_fields)


def _deleted(sender: type, instance: Any, **rest: Any) -> None:
    _hear(sender, [instance.pk], [instance], None)


def _written(sender: type, ids: list[int], fields: set[str] | None, rows: list[Any] | None = None, **rest: Any) -> None:
    if ids:
        _hear(sender, ids, rows, fields)


def _hear(sender: type, ids: list[int], rows: list[Any] | None, fields: Iterable[str] | None) -> None:
    """`fields`: the names of those that were written; None: all."""
    if sender is Posting:
        is_text = fields is None or not _SEARCHED.isdisjoint(fields)
        is_judged = fields is None or not _JUDGED_BY.isdisjoint(fields)
        note(postings=ids, texts=ids if is_text else (), judged=ids if is_judged else ())
    elif sender is PostingTag:
        if fields is None or not {"tag", "tag_id", "posting", "posting_id"}.isdisjoint(fields):
            links = rows or PostingTag.objects.filter(pk__in=ids)
            note(tagged=[(link.posting_id, link.tag_id) for link in links])
    elif sender is Company:
        note(companies=ids)
    else:
        # Of tags only the names change by themselves, which every snapshot reads anew; and what an operator mends.
        note(tags=ids)


def connect() -> None:
    """Begins to listen; called once when Django is ready."""
    for model in (Posting, PostingTag, Company, Tag):
        post_save.connect(_saved, sender=model, dispatch_uid=f"changes:{model.__name__}:saved")
        post_delete.connect(_deleted, sender=model, dispatch_uid=f"changes:{model.__name__}:deleted")
        written_in_bulk.connect(_written, sender=model, dispatch_uid=f"changes:{model.__name__}:written")
