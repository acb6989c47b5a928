"""The next snapshot out of the one before: what changed is taken out and put in where it belongs now.

A posting's number is its place in order of age, so that all behind it move when one comes or goes. They move in
blocks: a set is cut where something changed, and its parts are shifted, which costs a few microseconds for each.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone
from pyroaring import BitMap

from postings import changes
from postings.batches import batches
from postings.catalogue import building
from postings.catalogue.columns import MISSING, NOTHING, Days, Pay, as_array, as_ids, bitmap, microseconds, packed
from postings.catalogue.pauses import rest
from postings.catalogue.snapshot import CompaniesKnown, Snapshot
from postings.models import ChangedPosting, Posting, PostingTag, Tag

# More changes than this are not worked in one by one.
MOST_CHANGES = 5000
# Up to so many blocks are shifted one by one; more are cheaper number by number.
MOST_BLOCKS = 12
_AT_ONCE = 100


def brought_up(old: Snapshot) -> Snapshot | None:
    """The board as it is now, from how it was. None where that is not known to be of this board's past, or so much
    changed since that it had better be read anew."""
    state = changes.state()
    if state.stamp == old.stamp and state.version == old.version:
        # What expired is put away, too: as long as it is there, whatever is counted must leave it out.
        return old if old.is_all_live else _with_changes(old, state, [])
    if state.version < old.version or not changes.was_ever(old.version, old.stamp):
        return None
    newer = ChangedPosting.objects.filter(version__gt=old.version).order_by()
    changed = list(newer.values_list("posting_id", flat=True)[: MOST_CHANGES + 1])
    if len(changed) > MOST_CHANGES or changes.EVERYTHING in changed:
        return None
    return _with_changes(old, state, changed)


def is_whole(snapshot: Snapshot) -> bool:
    """Whether it has the postings that are live in the database, in so far as their number and the sum of their keys
    tell: what was stored may lack what SQL typed by hand changed, which is in no note."""
    stored = Posting.objects.live().aggregate(number=Count("pk"), total=Sum("pk"))
    ids = snapshot.ids[as_array(snapshot.live())]
    return (len(ids), int(ids.sum(dtype=np.int64))) == (stored["number"], stored["total"] or 0)


def _with_changes(old: Snapshot, state: changes.State, changed: list[int]) -> Snapshot:
    """With these postings as they are now, and without what expired."""
    columns = building.Columns()
    columns.company_index = {pk or None: index for index, pk in enumerate(old.company_ids.tolist())}
    columns.currencies = {currency: index for index, currency in enumerate(old.currencies)}
    # By the primary keys alone: with more conditions SQLite would go through all live postings.
    stored = list(_in_pieces(Posting.objects.only("status", *building.ROW), "pk__in", changed))
    rows = sorted((_row(posting) for posting in stored if posting.is_live), key=itemgetter(1, 0))
    columns.extend(rows)
    rest()
    is_past = old.expiries <= microseconds(timezone.now())
    gone = old.numbers_of(changed) | bitmap(np.flatnonzero(is_past))
    ended = [microseconds(end) for each in stored if (end := each.expires_at) and each.is_expired]
    rest()
    tags = list(Tag.objects.all())
    rest()
    last_expiry = max([old.last_expiry, int(old.expiries[is_past].max(initial=0)), *ended])
    new = columns.snapshot(state, last_expiry, tags, {})

    numbering = _Numbering(old, gone, rows)
    rest()
    links = _in_pieces(PostingTag.objects.values_list("posting_id", "tag_id"), "posting__in", [row[0] for row in rows])
    # Any write to a company counts as a change of companies.
    companies_known = old.companies_known if state.companies_at <= old.version else CompaniesKnown()
    return replace(
        new,
        ids=as_ids(numbering.woven(old.ids, new.ids)),
        days=Days.of(numbering.woven(numbering.days, np.array(columns.days, dtype=np.int64))),
        expiries=numbering.woven(old.expiries, new.expiries),
        companies=numbering.woven(old.companies, new.companies),
        pay=_pay(old.pay, new.pay, numbering),
        tagged=_tagged(old.tagged, numbering, links),
        companies_known=companies_known,
    )


def _in_pieces(rows: QuerySet, condition: str, ids: list[int]) -> Iterator[Any]:
    for batch in batches(ids, _AT_ONCE):
        yield from rows.filter(**{condition: batch}).order_by()
        rest()


def _row(posting: Posting) -> tuple:
    return tuple(getattr(posting, name) for name in building.ROW)


class _Numbering:
    """Which number everything has in the next snapshot: what stays, and the rows that come, in order of age."""

    def __init__(self, old: Snapshot, gone: BitMap, rows: list[tuple]) -> None:
        self.gone = gone
        self._stays = np.ones(len(old), dtype=bool)
        self._stays[as_array(gone)] = False
        self.days = old.days.of_all(len(old))
        days, ids = self.days[self._stays], old.ids[self._stays]
        # How many of those that stay come before each row; the rows before it come on top.
        before = np.fromiter((_before(days, ids, row[1].toordinal(), row[0]) for row in rows), np.int64, len(rows))
        self.of_rows = before + np.arange(len(rows))
        self._is_new = np.zeros(len(ids) + len(rows), dtype=bool)
        self._is_new[self.of_rows] = True
        self.by_id = {row[0]: number for row, number in zip(rows, self.of_rows.tolist(), strict=True)}
        self.of_old = np.full(len(old), MISSING, dtype=np.uint32)
        self.of_old[self._stays] = np.flatnonzero(~self._is_new)
        self._blocks = self._find_blocks()

    def _find_blocks(self) -> list[tuple[BitMap, int]] | None:
        """The old numbers in blocks that move by the same, each with by how much; None where there are too many."""
        staying = np.flatnonzero(self._stays)
        shifts = self.of_old[staying].astype(np.int64) - staying
        starts = np.flatnonzero(np.diff(shifts, prepend=0))
        self.first_moved = int(staying[starts[0]]) if len(starts) else len(self.of_old)
        if len(starts) > MOST_BLOCKS:
            return None
        begins = [0, *staying[starts].tolist(), len(self.of_old)]
        by = [0, *shifts[starts].tolist()]
        return [(BitMap(range(begins[each], begins[each + 1])), by[each]) for each in range(len(by))]

    def moved(self, postings: BitMap) -> BitMap:
        """A set of old numbers with those that they have now; itself where that makes no difference."""
        kept = postings if postings.isdisjoint(self.gone) else postings - self.gone
        if not kept or kept.max() < self.first_moved:
            return kept
        if self._blocks is None:
            return packed(bitmap(self.of_old[as_array(kept)]))
        return packed(BitMap.union(*((kept & block).shift(by) for block, by in self._blocks)))

    def woven(self, old: np.ndarray, new: np.ndarray) -> np.ndarray:
        """A column of those that stay and of the rows as one."""
        made = np.empty(len(self._is_new), dtype=np.promote_types(old.dtype, new.dtype))
        made[~self._is_new] = old[self._stays]
        made[self._is_new] = new
        return made


def _before(days: np.ndarray, ids: np.ndarray, day: int, pk: int) -> int:
    """How many come before a posting: those of earlier days, and of its day those with lower keys."""
    first, after = np.searchsorted(days, day), np.searchsorted(days, day, side="right")
    return int(first + np.searchsorted(ids[first:after], pk))


def _pay(old: Pay, new: Pay, numbering: _Numbering) -> Pay:
    """`new`: by the places of the rows."""
    numbers = numbering.of_old[old.numbers]
    stays = numbers != MISSING
    came = numbering.of_rows[new.numbers].astype(np.uint32)
    joined = [
        np.concatenate([before, after])
        for before, after in zip((numbers[stays], *(each[stays] for each in old[1:])), (came, *new[1:]), strict=True)
    ]
    order = np.argsort(joined[0], kind="stable")
    return Pay(*(column[order] for column in joined))


def _tagged(old: dict[int, BitMap], numbering: _Numbering, links: Iterable[tuple[int, int]]) -> dict[int, BitMap]:
    """The tags' sets, with what the rows have now; `links`: of these. What stays as it was is the same object."""
    has: dict[int, BitMap] = defaultdict(BitMap)
    for posting, tag in links:
        has[tag].add(numbering.by_id[posting])
    tagged = {}
    for tag in {**old, **has}:
        before = old.get(tag, NOTHING)
        now = numbering.moved(before) | has[tag] if tag in has else numbering.moved(before)
        if now:
            tagged[tag] = before if now == before else now
        rest()
    return tagged
