"""What changed, noted in the transaction that changes it: the board's version, and which postings are of it.

A list page shows what `catalogue` keeps in memory; this is how it learns that it is old. Every write through the
models is heard of (Django's own signals, and `models.written_in_bulk` for statements), also raises the version,
brings the search index up to date, stores anew why a posting is withheld from search engines, and dates the postings
whose pages now show something else: `changed_at`. What goes around the models, say SQL typed by hand, needs
`manage.py index_postings` afterwards.
"""

import datetime as dt
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal
from django.utils import timezone

from postings import history, search, structured_data
from postings.batches import batches
from postings.models import (
    BoardVersion,
    ChangedPosting,
    Company,
    PastVersion,
    Posting,
    PostingTag,
    Tag,
    written_in_bulk,
)
from postings.models.board import new_stamp

# What the search index holds of a posting; the rest can change without its being written again.
_SEARCHED = {"title", "place", "body_markdown", "body_html"}
# What says whether search engines are told of it, beside its tags.
_JUDGED_BY = {"title", "company", "company_id", "published_on", "body_html"}
_AT_ONCE = 500
# No posting's key: a change of it means that anything may have changed.
EVERYTHING = 0
# So many past versions are known by their stamps; a snapshot that is older is not believed, and built anew.
PAST_VERSIONS = 10_000
_FORGOTTEN_AT_ONCE = 100
# Sent once a transaction that raised the version is committed.
raised = Signal()


class _Noted(threading.local):
    """What this thread's open `together` has heard of so far."""

    depth = 0
    is_ignored = False

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.is_any = False
        self.postings: set[int] = set()
        self.dated: set[int] = set()  # of these postings `changed_at` was written, too
        self.texts: set[int] = set()  # of these postings the words, too
        self.judged: set[int] = set()  # of these whether search engines are told of them
        self.tagged: set[tuple[int, int]] = set()  # postings and tags that were given to them or taken away
        self.tags: set[int] = set()  # whose kinds or codes changed
        self.companies: set[int] = set()  # whose names may have changed
        self.causes: dict[int, history.Cause] = {}  # why each posting was changed first


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


class State(NamedTuple):
    """The board's present state: its number, since when it has been that, and its stamp, which no other has."""

    version: int
    changed_at: dt.datetime
    stamp: str
    companies_at: int  # the version with which companies last changed


def state() -> State:
    """One query."""
    row = BoardVersion.objects.values_list("number", "changed_at", "stamp", "companies_at").order_by("pk").first()
    return State(*row) if row else State(0, dt.datetime(1970, 1, 1, tzinfo=dt.UTC), "", 0)


def version() -> int:
    """The number of the board's present state."""
    return state().version


def was_ever(version: int, stamp: str) -> bool:
    """Whether this database once had this version with this stamp, and has another now. One that was restored from
    an older copy, or is another one, had not."""
    return bool(stamp) and PastVersion.objects.filter(pk=version, stamp=stamp).exists()


def raise_version(with_companies: bool = False) -> int:
    """The next number. Others that change something wait here until this transaction ends."""
    board = BoardVersion.objects.select_for_update().filter(pk=1).first()
    if board is None:
        BoardVersion.objects.get_or_create(pk=1)
        board = BoardVersion.objects.select_for_update().get(pk=1)
    _remember(board)
    board.number += 1
    # Read while the others wait, so that none of them has an earlier moment; and never back, as clocks are set.
    board.changed_at = max(board.changed_at, timezone.now())
    board.stamp = new_stamp()
    if with_companies:
        board.companies_at = board.number
    board.save()
    transaction.on_commit(_tell, robust=True)
    return board.number


def _remember(board: BoardVersion) -> None:
    """That it had this number under this stamp."""
    # Over what a number had before: where the row of the version was taken away, it is counted again from 1.
    PastVersion.objects.bulk_create(
        [PastVersion(number=board.number, stamp=board.stamp)],
        update_conflicts=True,
        unique_fields=["number"],
        update_fields=["stamp"],
    )
    if board.number % _FORGOTTEN_AT_ONCE == 0:
        PastVersion.objects.filter(number__lte=board.number - PAST_VERSIONS).delete()


def _tell() -> None:
    raised.send(sender=BoardVersion)


def note(
    postings: Iterable[int] = (),
    texts: Iterable[int] = (),
    judged: Iterable[int] = (),
    tagged: Iterable[tuple[int, int]] = (),
    tags: Iterable[int] = (),
    companies: Iterable[int] = (),
    dated: Iterable[int] = (),
) -> None:
    """Says that these postings changed, of these the words too, of these what search engines are told, of these the
    tags; and these tags and the names of these companies. `dated`: whose `changed_at` says so already."""
    if _noted.is_ignored:
        return
    with transaction.atomic(savepoint=False), together():
        _noted.is_any = True
        _noted.texts.update(texts)
        _noted.judged.update(judged)
        _noted.tagged.update(tagged)
        _noted.tags.update(tags)
        changed = {*postings, *texts, *(posting for posting, _ in tagged)}
        _noted.postings |= changed
        for posting in changed:
            _noted.causes.setdefault(posting, history.present_cause())
        _noted.companies.update(companies)
        _noted.dated.update(dated)


def _write() -> None:
    if not _noted.is_any:
        return
    _date(_noted.postings - _noted.dated)
    # Before the version is raised, which others wait for until this transaction ends.
    history.record({pk: _noted.causes[pk] for pk in _noted.postings})
    search.index(sorted(_noted.texts | _in_other_languages()))
    search.index_companies(sorted(_noted.companies))
    structured_data.judge(_noted.judged.union((posting for posting, _ in _noted.tagged), _having(_noted.tags)))
    is_everything = EVERYTHING in _noted.postings
    number = raise_version(with_companies=is_everything or bool(_noted.companies))
    ChangedPosting.objects.bulk_create(
        [ChangedPosting(posting_id=pk, version=number) for pk in sorted(_noted.postings)],
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["posting_id"],
        update_fields=["version"],
    )


def _date(ids: Iterable[int]) -> None:
    """Writes that postings changed now, where what changed was a tag, a name, or written without saying so."""
    in_order = sorted(set(ids))
    # Not by their own manager, whose statements are heard of.
    postings: QuerySet[Posting] = QuerySet(Posting)
    with transaction.atomic(savepoint=False):
        for batch in batches(in_order, _AT_ONCE):
            some = postings.filter(pk__in=batch)
            # Locked in the order in which imports do it, lest each waits for the other; an UPDATE has none.
            list(some.order_by("pk").select_for_update(no_key=True).values_list("pk"))
            some.update(changed_at=timezone.now())


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


def _named_saved(sender: type, instance: Any, created: bool = False, **rest: Any) -> None:
    _hear(sender, [instance.pk], [instance], None if created else instance._differing)


# How the postings that show a name are found; and the fields of such a row that change what is shown or judged of them.
_SHOWING: dict[type, str] = {Company: "company__in", Tag: "posting_tags__tag__in"}
_DEPENDED_ON: dict[type, set[str]] = {Company: {"name"}, Tag: {"name", "kind", "code"}}


def _about_to_be_saved(sender: Any, instance: Any, update_fields: frozenset[str] | None = None, **rest: Any) -> None:
    """Looks which fields will differ, which nobody can tell afterwards.

    The postings that show a name are dated, and so locked, before it is written: an import locks its postings before
    it links tags to them, and the two would otherwise wait for each other.
    """
    fields = _DEPENDED_ON[sender] if update_fields is None else _DEPENDED_ON[sender] & update_fields
    stored = sender.objects.filter(pk=instance.pk).values(*fields).first() if instance.pk and fields else None
    instance._differing = {name for name in fields if stored and stored[name] != getattr(instance, name)}
    if "name" in instance._differing:
        _date_showing(sender, [instance.pk])


def _date_showing(sender: type, ids: list[int]) -> None:
    if not _noted.is_ignored:
        _date(Posting.objects.filter(**{_SHOWING[sender]: ids}).values_list("pk", flat=True))


def _deleted(sender: type, instance: Any, **rest: Any) -> None:
    _hear(sender, [instance.pk], [instance], None)


def _written(sender: type, ids: list[int], fields: set[str] | None, rows: list[Any] | None = None, **rest: Any) -> None:
    if ids:
        if sender in _SHOWING and fields is not None and "name" in fields:
            _date_showing(sender, ids)
        _hear(sender, ids, rows, fields)


def _hear(sender: type, ids: list[int], rows: list[Any] | None, fields: Iterable[str] | None) -> None:
    """`fields`: the names of those that were written; None: all."""
    if sender is Posting:
        is_text = fields is None or not _SEARCHED.isdisjoint(fields)
        is_dated = fields is None or "changed_at" in fields
        is_judged = fields is None or not _JUDGED_BY.isdisjoint(fields)
        note(
            postings=ids,
            texts=ids if is_text else (),
            judged=ids if is_judged else (),
            dated=ids if is_dated else (),
        )
    elif sender is PostingTag:
        if fields is None or not {"tag", "tag_id", "posting", "posting_id"}.isdisjoint(fields):
            links = rows or PostingTag.objects.filter(pk__in=ids)
            note(tagged=[(link.posting_id, link.tag_id) for link in links])
    elif sender is Company:
        note(companies=ids)
    else:
        # Every snapshot reads the names anew. Those who have a new tag, or had one, are heard of by their links.
        is_another = fields is not None and not {"kind", "code"}.isdisjoint(fields)
        note(tags=ids if is_another else ())


def connect() -> None:
    """Begins to listen; called once when Django is ready."""
    for model in (Posting, PostingTag, Company, Tag):
        saved = _named_saved if model in _SHOWING else _saved
        post_save.connect(saved, sender=model, dispatch_uid=f"changes:{model.__name__}:saved")
        post_delete.connect(_deleted, sender=model, dispatch_uid=f"changes:{model.__name__}:deleted")
        written_in_bulk.connect(_written, sender=model, dispatch_uid=f"changes:{model.__name__}:written")
    for named in _SHOWING:
        pre_save.connect(_about_to_be_saved, sender=named, dispatch_uid=f"changes:{named.__name__}:about to be saved")
