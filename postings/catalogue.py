"""Which postings are live, in which order, under which tag: sets of integers in memory.

Counting how many postings carry each tag under a filter is what makes a filterable list slow. Here a posting is a
number, its place in order of age (0 is the oldest), and a tag is a Roaring bitmap of numbers (pyroaring), so that
filters and counts are intersections, and a page is a slice, however deep.

Each worker keeps one `Snapshot`, which never changes. A thread of its own looks every second whether the board's
version was raised (`changes`), makes the next snapshot from this one or anew, and puts it in its place; no request
waits for that but the first of a worker. `filters` says what the sets mean; the ORM filter there is the definition that
a property test holds this to.
"""

import datetime as dt
import logging
import threading
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.models import Max, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from pyroaring import BitMap

from postings import changes, search, words
from postings.importing.facts.names import VALUES, countries_in, name_of, regions
from postings.models import ChangedPosting, Company, Posting, PostingTag, Tag
from postings.slugs import slug_for

log = logging.getLogger(__name__)

# How often a worker looks whether the board changed.
CHECK_SECONDS = 1.0
# More changes than this are not worked in one by one.
MOST_CHANGES = 5000
# Sets of words, and of steps of pay, that are kept for the next request; each takes up to a bit a posting.
MOST_KEPT = 32
MOST_COMPANIES_KEPT = 1000
# So long after a change all workers show it, and no other can follow that is of the same second, or was dated before
# its transaction was committed.
SETTLED = dt.timedelta(seconds=3)
# Other code and other settings make other pages of the same board.
BEGUN = timezone.now()
# Where the steps of pay to choose from part the postings.
PARTS = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)
# Read in pieces: on SQLite a writer waits for a reader, and should not wait for long.
_POSTINGS_AT_ONCE = 20_000
_NEVER = np.iinfo(np.int64).max  # microseconds, as an expiry
_MISSING = np.iinfo(np.uint32).max
NOTHING = BitMap()


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value of a kind of tag, and the numbers of the live postings that have it."""

    kind: str
    code: str
    slug: str
    name: str
    postings: BitMap

    @property
    def parameter(self) -> str:
        """What it is called in the list's parameters: categories by their slug, all else by its code."""
        return self.slug if self.kind == Tag.Kind.CATEGORY else self.code


class Pay(NamedTuple):
    """The yearly pay of the postings that state one: parallel arrays, in order of their numbers."""

    numbers: np.ndarray  # uint32
    currencies: np.ndarray  # index into Snapshot.currencies, uint16
    tops: np.ndarray  # the upper end, the lower one where no upper is said, NaN where neither is; float64
    is_open: np.ndarray  # whether only the lower end is said, which reaches everything


class Days(NamedTuple):
    """On which days postings are listed, and the number that the first of each day has."""

    ordinals: np.ndarray  # proleptic Gregorian, rising, int64
    starts: np.ndarray

    @classmethod
    def of(cls, days: Sequence[int]) -> "Days":
        """`days`: the ordinal of each number."""
        return cls(*np.unique(np.asarray(days, dtype=np.int64), return_index=True))

    def of_number(self, number: int) -> int:
        return int(self.ordinals[np.searchsorted(self.starts, number, side="right") - 1])

    def first_since(self, ordinal: int, total: int) -> int:
        """The number of the first on this day or later; `total` where there is none."""
        place = np.searchsorted(self.ordinals, ordinal)
        return int(self.starts[place]) if place < len(self.starts) else total

    def followed_by(self, days: Sequence[int], total: int) -> "Days":
        """With more at the end, from the number `total` on."""
        added = Days.of(days)
        is_new = added.ordinals > (self.ordinals[-1] if len(self.ordinals) else 0)
        return Days(
            np.concatenate([self.ordinals, added.ordinals[is_new]]),
            np.concatenate([self.starts, added.starts[is_new] + total]),
        )


class _Kept:
    """What was made last, for the next request of any thread; of too many the oldest goes."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._values: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        return self._values.get(key)

    def put(self, key: Any, value: Any) -> Any:
        with self._lock:
            while len(self._values) >= self._most:
                del self._values[next(iter(self._values))]
            self._values[key] = value
        return value


class Named(NamedTuple):
    """Postings that have a word in the name of a tag."""

    skills: BitMap
    places: BitMap


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The live postings of one version of the board."""

    version: int
    changed_at: dt.datetime  # when the version was raised
    last_expiry: int  # of those that were live no more when this was made, the latest; microseconds since 1970
    ids: np.ndarray  # by number: the posting's primary key, uint32 or int64
    days: Days
    expiries: np.ndarray  # by number: microseconds since 1970, int64
    companies: np.ndarray  # by number: index into company_ids, int32
    company_ids: np.ndarray  # the first is 0 and stands for those that are not named
    currencies: list[str]
    pay: Pay
    tagged: dict[int, BitMap]  # by the tag's primary key
    tags: list[Tag]
    removed: BitMap = field(default_factory=BitMap)  # numbers of postings that are live no more
    _words: _Kept = field(default_factory=_Kept)  # sets by term and field
    _named: _Kept = field(default_factory=_Kept)  # Named by term
    _companies: _Kept = field(default_factory=lambda: _Kept(MOST_COMPANIES_KEPT))  # by primary key
    _paying: _Kept = field(default_factory=_Kept)  # sets by currency and sum
    # Who is live, since the microsecond at which the last one expired, until that at which the next one does.
    _live: list[tuple[BitMap, int, int]] = field(default_factory=list)
    _of_live: dict[str, tuple[BitMap, Any]] = field(default_factory=dict)  # what follows from it, and from which

    def __len__(self) -> int:
        return len(self.ids)

    def live(self, now: dt.datetime | None = None) -> BitMap:
        """The numbers of the postings that are live now: what was live when this was made, without what expired."""
        return self._live_at(_microseconds(now or timezone.now()))[0]

    def _live_at(self, moment: int) -> tuple[BitMap, int, int]:
        if self._live and moment < self._live[0][2]:
            return self._live[0]
        self._of_live.clear()
        left = self.expiries > moment
        live = _bitmap(np.flatnonzero(left)) - self.removed
        last = int(self.expiries[~left].max(initial=self.last_expiry))
        made = live, last, int(self.expiries[left].min(initial=_NEVER))
        self._live[:] = [made]
        return made

    def last_modified(self, is_by_day: bool = False) -> dt.datetime | None:
        """Since when all see of the postings what can be seen now, for Last-Modified: they change by a write, by one
        that expired, by this process's beginning or, with `is_by_day`, by the day's. None while that is not SETTLED,
        so that nobody is told a date that the next change may share, nor one before they may have seen the old."""
        now = timezone.now()
        last_expiry = _EPOCH + self._live_at(_microseconds(now))[1] * _MICROSECOND
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) if is_by_day else _EPOCH
        settled = max(self.changed_at, last_expiry, midnight, BEGUN) + SETTLED
        return settled if settled <= now else None

    @property
    def is_all_live(self) -> bool:
        """Whether nothing was closed or expired since this was made, so that sets have none but live postings."""
        return len(self.live()) == len(self)

    def once(self, name: str, make: Callable[[BitMap], Any]) -> Any:
        """What follows from the live postings alone, made once for as long as they stay the same."""
        live = self.live()
        kept = self._of_live.get(name)
        # What another thread made of those who were live before the last one expired is not taken.
        if kept is None or kept[0] is not live:
            kept = self._of_live[name] = live, make(live)
        return kept[1]

    # --- Tags ---------------------------------------------------------------------------------------

    @cached_property
    def values(self) -> dict[str, list[Value]]:
        """The values of each kind, in the order in which people expect them, else by name. A region holds the countries
        that lie in it."""
        values: dict[str, list[Value]] = {kind: [] for kind in Tag.Kind.values}
        for tag in self.tags:
            values[tag.kind].append(Value(tag.kind, tag.code, tag.slug, tag.name, self.tagged.get(tag.pk) or BitMap()))
        values[Tag.Kind.REGION] = self._regions(values)
        for kind, of_kind in values.items():
            order = {code: place for place, code in enumerate(VALUES.get(kind, ()))}
            of_kind.sort(key=lambda value: (order.get(value.code, len(order)), value.name.casefold()))
        return values

    @cached_property
    def tags_by_id(self) -> dict[int, Tag]:
        return {tag.pk: tag for tag in self.tags}

    def tag_counts(self) -> dict[int, int]:
        """How many live postings have each tag, by its primary key; of a region those that name it."""
        return self.once(
            "tag counts", lambda live: {tag: found.intersection_cardinality(live) for tag, found in self.tagged.items()}
        )

    @cached_property
    def largest(self) -> dict[str, list[tuple[int, int, Value]]]:
        """The values of each kind with how many postings they have and their place in order, the largest first."""
        return {
            kind: sorted(
                ((len(value.postings), place, value) for place, value in enumerate(of_kind)),
                key=lambda each: (-each[0], each[1]),
            )
            for kind, of_kind in self.values.items()
        }

    def _regions(self, values: dict[str, list[Value]]) -> list[Value]:
        countries = {value.code: value.postings for value in values[Tag.Kind.COUNTRY]}
        named = {value.code: value for value in values[Tag.Kind.REGION]}
        made = []
        for code in sorted({*named, *regions()}):
            lying_in = [countries[country] for country in countries_in(code) if country in countries]
            name = name_of("region", code)
            value = named.get(code) or Value(Tag.Kind.REGION, code, slug_for(name), name, NOTHING)
            postings = BitMap.union(value.postings, *lying_in) if lying_in else value.postings
            if code in named or postings:
                made.append(replace(value, postings=postings))
        return made

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], Value]:
        """Values by kind and by name, slug and code, folded; of two that share one, that which parameters call so. By
        the parameter as it is, too, which case alone may tell from another's."""
        values = [value for of_kind in self.values.values() for value in of_kind]
        folded = {
            (value.kind, getattr(value, by).casefold()): value
            for by in ("name", "slug", "code", "parameter")
            for value in values
        }
        return folded | {(value.kind, value.parameter): value for value in values}

    def value(self, kind: str, asked: str) -> Value | None:
        """The value of a kind by its code, slug or name, in any case."""
        by_key = self._by_key
        return by_key.get((kind, asked)) or by_key.get((kind, asked.casefold())) or by_key.get((kind, slug_for(asked)))

    @cached_property
    def _by_slug(self) -> dict[tuple[str, str], Value]:
        return {(value.kind, value.slug): value for of_kind in self.values.values() for value in of_kind}

    def value_at(self, kind: str, slug: str) -> Value | None:
        """The value of a kind whose page is at this address: by its slug alone, which another's code may be."""
        return self._by_slug.get((kind, slug))

    def values_of(self, ids: Collection[int], kinds: Iterable[str]) -> dict[int, list[Value]]:
        """The values of these kinds that each posting has, by primary key: kind after kind, each in its own order."""
        numbers = self.numbers_of(ids)
        found: dict[int, list[Value]] = {int(self.ids[number]): [] for number in numbers}
        for kind in kinds:
            for value in self.values[kind]:
                for number in value.postings & numbers:
                    found[int(self.ids[number])].append(value)
        return found

    def having_more(self, kind: str, most: int) -> BitMap:
        """The postings that have more than `most` values of a kind."""
        counts = np.zeros(len(self), dtype=np.uint16)
        for value in self.values[kind]:
            counts[_array(value.postings)] += 1
        return _bitmap(np.flatnonzero(counts > most))

    # --- Companies ----------------------------------------------------------------------------------

    @cached_property
    def _company_index(self) -> dict[int, int]:
        return {pk: index for index, pk in enumerate(self.company_ids.tolist()) if pk}

    def of_companies(self, company_ids: Collection[int]) -> BitMap:
        """The postings of these companies."""
        indices = [self._company_index[pk] for pk in company_ids if pk in self._company_index]
        if not indices:
            return BitMap()
        if len(indices) == 1:
            return _bitmap(np.flatnonzero(self.companies == indices[0]))
        return _bitmap(np.flatnonzero(np.isin(self.companies, indices)))

    def company_counts(self, found: BitMap) -> "CompanyCounts":
        """How many of these postings each company has."""
        if found is self.live():
            return self.once("companies", self._count_companies)
        return self._count_companies(found)

    def _count_companies(self, found: BitMap) -> "CompanyCounts":
        counts = np.bincount(self.companies[_array(found)], minlength=len(self.company_ids))
        counts[0] = 0
        return CompanyCounts(self, counts)

    def named_companies(self, company_ids: Collection[int]) -> dict[int, Company]:
        """The companies with these primary keys, from memory or by one query for all that are not there."""
        found = {pk: kept for pk in company_ids if (kept := self._companies.get(pk))}
        missing = [pk for pk in company_ids if pk not in found]
        for pk, company in (Company.objects.in_bulk(missing) if missing else {}).items():
            found[pk] = self._companies.put(pk, company)
        return found

    @property
    def companies_by_name(self) -> list[int]:
        """The primary keys of the companies that have live postings, by name."""
        return self.once("companies by name", self._companies_by_name)

    def _companies_by_name(self, live: BitMap) -> list[int]:
        having = self.company_counts(live).ids()
        in_order = Company.objects.order_by(Lower("name"), "pk").values_list("pk", flat=True)
        return [pk for pk in in_order if pk in having]

    # --- Pay and time -------------------------------------------------------------------------------

    @cached_property
    def paid(self) -> BitMap:
        """Those that state any pay."""
        return _bitmap(self.pay.numbers)

    def paying(self, currency: str, least: float) -> BitMap:
        """Those whose yearly range reaches `least` in a currency; a range without an upper end reaches everything."""
        if (kept := self._paying.get((currency, least))) is not None:
            return kept
        reaches = (self.pay.tops >= least) | self.pay.is_open
        return self._paying.put((currency, least), _bitmap(self.pay.numbers[reaches & self._is_in(currency)]))

    def _is_in(self, currency: str) -> np.ndarray:
        code = self.currencies.index(currency) if currency in self.currencies else len(self.currencies)
        return self.pay.currencies == code

    @property
    def currencies_live(self) -> dict[str, int]:
        """How many live postings state pay in each currency, most first."""
        return self.once("currencies", self._currency_counts)

    def _currency_counts(self, found: BitMap) -> dict[str, int]:
        of_found = self.pay.currencies[self._mask(found)[self.pay.numbers]]
        counts = np.bincount(of_found, minlength=len(self.currencies)).tolist()
        ranked = sorted(zip(self.currencies, counts, strict=True), key=lambda each: (-each[1], each[0]))
        return {currency: count for currency, count in ranked if count}

    @property
    def commonest_currency(self) -> str:
        return next(iter(self.currencies_live), "USD")

    def pay_steps(self, currency: str) -> list[int]:
        """Round sums that part the pay in a currency into about equal shares."""
        if currency not in self._pay_steps:
            tops = self.pay.tops[self._is_in(currency) & ~np.isnan(self.pay.tops)]
            parts = np.quantile(tops, PARTS).tolist() if len(tops) else []
            self._pay_steps[currency] = sorted({_rounded(part) for part in parts} - {0})
        return self._pay_steps[currency]

    @cached_property
    def _pay_steps(self) -> dict[str, list[int]]:
        return {}

    def best_paid(self, currency: str) -> np.ndarray:
        """The numbers of those that pay in a currency: highest first, of equal ones the newest."""
        if currency not in self._best_paid:
            chosen = np.flatnonzero(self._is_in(currency) & ~np.isnan(self.pay.tops))[::-1]
            ordered = chosen[np.argsort(-self.pay.tops[chosen], kind="stable")]
            self._best_paid[currency] = self.pay.numbers[ordered]
        return self._best_paid[currency]

    @cached_property
    def _best_paid(self) -> dict[str, np.ndarray]:
        return {}

    def first_since(self, day: dt.date) -> int:
        """The number of the first posting that is listed on this day or later; len() where there is none."""
        return self.days.first_since(day.toordinal(), len(self))

    def before(self, day: dt.date, posting_id: int) -> int:
        """How many come before a posting in order of age, which need not be among them any more: their numbers are
        lower than this."""
        # Those of one day stand together, in the order of their keys.
        first = self.first_since(day)
        after = self.days.first_since(day.toordinal() + 1, len(self))
        return first + int(np.searchsorted(self.ids[first:after], posting_id))

    def day_of(self, number: int) -> dt.date:
        """The day on which a posting is listed."""
        return dt.date.fromordinal(self.days.of_number(number))

    # --- Words --------------------------------------------------------------------------------------

    def look_up(self, asked: Collection[tuple[words.Term, search.Field]]) -> dict[tuple[Any, Any], BitMap]:
        """The postings that have each term in each field, from memory or by one query for all that are not there."""
        found = {key: kept for key in asked if (kept := self._words.get(key)) is not None}
        missing = [key for key in asked if key not in found]
        for key, ids in (search.look_up(missing) if missing else {}).items():
            is_company = key[1] is search.Field.COMPANY
            found[key] = self._words.put(key, self.of_companies(ids) if is_company else self.numbers_of(ids))
        return found

    def having(self, terms: Collection[words.Term]) -> dict[words.Term, BitMap]:
        """The postings that have each term anywhere: in the title, the company's name, the place, the body, or the name
        of a skill, country or region; whether it is to be there or not."""
        sets = self.look_up([(term, each) for term in terms for each in (search.Field.ANY, search.Field.COMPANY)])
        return {
            term: BitMap.union(
                sets[term, search.Field.ANY],
                sets[term, search.Field.COMPANY],
                self.named(term).skills,
                self.named(term).places,
            )
            for term in terms
        }

    def named(self, term: words.Term) -> "Named":
        """The postings whose skills, and whose countries or regions, have a term in their names."""
        if kept := self._named.get(term):
            return kept
        return self._named.put(
            term,
            Named(
                *(
                    BitMap.union(NOTHING, *(postings for tokens, postings in named if words.matches(term, tokens)))
                    for named in self._names
                )
            ),
        )

    @cached_property
    def _names(self) -> tuple[list[tuple[list[str], BitMap]], ...]:
        return tuple(
            [
                (words.tokens(tag.name), self.tagged[tag.pk])
                for tag in self.tags
                if tag.kind in kinds and tag.pk in self.tagged
            ]
            for kinds in ({Tag.Kind.SKILL}, {Tag.Kind.COUNTRY, Tag.Kind.REGION})
        )

    @cached_property
    def _numbers(self) -> "_Numbers":
        return _Numbers.of(self.ids)

    def numbers_of(self, ids: Iterable[int]) -> BitMap:
        """The numbers of the postings with these primary keys; unknown ones are passed over."""
        return _bitmap(self._numbers.of_ids(np.asarray(ids, dtype=np.int64)))

    def number_of(self, posting_id: int) -> int | None:
        """The number of a posting; None where it is not among the live ones."""
        return next(iter(self.numbers_of([posting_id])), None)

    # --- Results ------------------------------------------------------------------------------------

    def _mask(self, found: BitMap) -> np.ndarray:
        mask = np.zeros(len(self), dtype=bool)
        mask[_array(found)] = True
        return mask

    def keep(self, numbers: np.ndarray, found: BitMap) -> np.ndarray:
        """Those of an ordered array that were found, in its order."""
        return numbers[self._mask(found)[numbers]]

    # --- The next one -------------------------------------------------------------------------------

    def updated(self) -> "Snapshot":
        """The board as it is now: this one with what changed since, or one that is built anew."""
        state = changes.state()
        if state.version == self.version:
            return self
        changed = list(
            ChangedPosting.objects.filter(version__gt=self.version)
            .order_by()
            .values_list("posting_id", flat=True)[: MOST_CHANGES + 1]
        )
        if state.version < self.version or len(changed) > MOST_CHANGES or changes.EVERYTHING in changed:
            return build()
        return _with_changes(self, state, changed) or build()


class _Numbers(NamedTuple):
    """The numbers by primary key: where keys are dense a table of them all, else the keys that there are in order."""

    first: int
    keys: np.ndarray | None
    numbers: np.ndarray  # in a table, _MISSING where there is no such key

    @classmethod
    def of(cls, ids: np.ndarray) -> "_Numbers":
        first = int(ids.min()) if len(ids) else 0
        span = int(ids.max(initial=0)) - first + 1
        if span > 2 * len(ids):
            order = np.argsort(ids, kind="stable").astype(np.uint32)
            return cls(first, ids[order], order)
        table = np.full(span, _MISSING, dtype=np.uint32)
        table[ids.astype(np.int64) - first] = np.arange(len(ids), dtype=np.uint32)
        return cls(first, None, table)

    def of_ids(self, wanted: np.ndarray) -> np.ndarray:
        """In the order of `wanted`; those that are not there are passed over."""
        if not len(self.numbers):
            return self.numbers
        if self.keys is not None:
            places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
            return self.numbers[places[self.keys[places] == wanted]]
        places = wanted - self.first
        found = self.numbers[places[(places >= 0) & (places < len(self.numbers))]]
        return found[found != _MISSING]


class CompanyCounts:
    """How many postings each company has, of those that were found."""

    def __init__(self, snapshot: Snapshot, counts: np.ndarray) -> None:
        self._snapshot = snapshot
        self._counts = counts

    def most(self, limit: int) -> list[tuple[int, int]]:
        """Primary key and count of those that have most, at most `limit`, and none that has none."""
        counts = self._counts
        if len(counts) > limit:
            # Equal ones in the order that the whole sorting would give them: by primary key.
            least = np.partition(counts, -limit)[-limit]
            candidates = np.flatnonzero(counts >= max(least, 1))
        else:
            candidates = np.flatnonzero(counts)
        ids = self._snapshot.company_ids
        ranked = sorted(
            ((int(ids[index]), int(counts[index])) for index in candidates), key=lambda each: (-each[1], each[0])
        )
        return ranked[:limit]

    def __getitem__(self, company_id: int) -> int:
        index = self._snapshot._company_index.get(company_id)
        return int(self._counts[index]) if index is not None else 0

    def __len__(self) -> int:
        """How many companies have any."""
        return int(np.count_nonzero(self._counts))

    def ids(self) -> set[int]:
        """The primary keys of the companies that have any."""
        return set(self._snapshot.company_ids[self._counts > 0].tolist())


# --- Building ---------------------------------------------------------------------------------------


_ROW = ["pk", "listed_on", "expires_at", "company_id", "salary_currency", "salary_yearly_min", "salary_yearly_max"]


def build() -> Snapshot:
    """Reads the whole board: two passes in pieces, over indexes that hold all that is read.

    What is changed while it reads is worked in from the version that it began with.
    """
    state = changes.state()
    columns = _Columns()
    for rows in _live_rows():
        columns.extend(rows)
    # After the rows, so that whichever expires meanwhile is among these or those.
    last_expiry = Posting.objects.expired().aggregate(last=Max("expires_at"))["last"] or _EPOCH
    snapshot = columns.snapshot(state, _microseconds(last_expiry), list(Tag.objects.all()), _read_links(columns))
    if changes.version() != state.version:
        return snapshot.updated()
    return snapshot


def _live_rows() -> Iterator[list[tuple]]:
    """The live postings from the oldest to the newest, in pieces."""
    rest = Posting.objects.live().order_by("listed_on", "pk").values_list(*_ROW)
    piece = list(rest[:_POSTINGS_AT_ONCE])
    while piece:
        yield piece
        pk, day = piece[-1][:2]
        # Not "day later, or the same day and …": both databases can only go along an index for the first.
        piece = list(rest.filter(listed_on__gte=day).exclude(listed_on=day, pk__lte=pk)[:_POSTINGS_AT_ONCE])


class _Columns:
    """The rows of live postings as columns, while they are read."""

    def __init__(self) -> None:
        self.ids, self.days, self.expiries, self.companies = array("q"), array("i"), array("q"), array("i")
        self.company_index: dict[int | None, int] = {None: 0}
        self.currencies: dict[str, int] = {}
        self.pay: tuple[array, array, array, array] = (array("I"), array("H"), array("d"), array("B"))

    def extend(self, rows: Iterable[tuple]) -> None:
        index, currencies = self.company_index, self.currencies
        for pk, day, expires_at, company, currency, low, high in rows:
            if currency:
                numbers, codes, tops, is_open = self.pay
                numbers.append(len(self.ids))
                codes.append(currencies.setdefault(currency, len(currencies)))
                top = low if high is None else high
                tops.append(_NAN if top is None else top)
                is_open.append(high is None and low is not None)
            self.ids.append(pk)
            self.days.append(day.toordinal())
            self.expiries.append(_NEVER if expires_at is None else _microseconds(expires_at))
            self.companies.append(index.setdefault(company, len(index)))

    def snapshot(self, state: changes.State, last_expiry: int, tags: list[Tag], tagged: dict[int, BitMap]) -> Snapshot:
        ids = np.frombuffer(self.ids, dtype=np.int64) if self.ids else np.array([], dtype=np.int64)
        if ids.max(initial=0) < 2**32:
            ids = ids.astype(np.uint32)
        return Snapshot(
            version=state.version,
            changed_at=state.changed_at,
            last_expiry=last_expiry,
            ids=ids,
            days=Days.of(self.days),
            expiries=np.array(self.expiries, dtype=np.int64),
            companies=np.array(self.companies, dtype=np.int32),
            company_ids=np.array([pk or 0 for pk in self.company_index], dtype=np.int64),
            currencies=list(self.currencies),
            pay=Pay(*(np.array(each, dtype=each_type) for each, each_type in zip(self.pay, _PAY_TYPES, strict=True))),
            tagged=tagged,
            tags=tags,
        )


_NAN = float("nan")
_PAY_TYPES = (np.uint32, np.uint16, np.float64, np.bool_)


def _read_links(columns: _Columns) -> dict[int, BitMap]:
    """The sets of all tags."""
    ids = np.array(columns.ids, dtype=np.int64)
    order = np.argsort(ids, kind="stable")
    in_order = ids[order]
    tagged: dict[int, BitMap] = defaultdict(BitMap)
    for start in range(0, len(in_order), _POSTINGS_AT_ONCE):
        first, last = int(in_order[start]), int(in_order[min(start + _POSTINGS_AT_ONCE, len(in_order)) - 1])
        _add_links(tagged, PostingTag.objects.filter(posting__gte=first, posting__lte=last), in_order, order)
    return {tag: _packed(postings) for tag, postings in tagged.items()}


def _packed(postings: BitMap) -> BitMap:
    """The same set in no more memory than it needs: one that grew is scattered, and has room to grow on."""
    postings.run_optimize()
    return BitMap.deserialize(postings.serialize())


def _add_links(tagged: dict[int, BitMap], links: QuerySet, ids: np.ndarray, numbers: np.ndarray) -> None:
    # As SQL: a million postings have ten million links, and the ORM would double what reading each costs.
    sql, parameters = links.order_by().values_list("posting_id", "tag_id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    pairs = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=2 * len(rows)).reshape(-1, 2)
    is_live = np.isin(pairs[:, 0], ids)
    pairs = pairs[is_live]
    places = numbers[np.searchsorted(ids, pairs[:, 0])]
    by_tag = np.argsort(pairs[:, 1], kind="stable")
    tags, starts = np.unique(pairs[by_tag, 1], return_index=True)
    for tag, of_tag in zip(tags.tolist(), np.split(places[by_tag], starts[1:]), strict=False):
        tagged[tag] |= _bitmap(np.sort(of_tag))


def _with_changes(old: Snapshot, state: changes.State, changed: list[int]) -> Snapshot | None:
    """The old one with these postings as they are now: what it had stays in its place, what is newer than all is
    appended. None where a posting belongs between others, or is there again, for which everything moves up."""
    columns = _Columns()
    columns.company_index = {pk or None: index for index, pk in enumerate(old.company_ids.tolist())}
    columns.currencies = {currency: index for index, currency in enumerate(old.currencies)}
    # By the primary keys alone: with more conditions SQLite would go through all live postings.
    stored = list(Posting.objects.filter(pk__in=changed).only("status", *_ROW))
    rows = sorted((_row(posting) for posting in stored if posting.is_live), key=itemgetter(1, 0))
    known = {pk: number for pk in changed if (number := old.number_of(pk)) is not None}
    kept = [row for row in rows if row[0] in known]
    added = [row for row in rows if row[0] not in known]
    if any(old.days.of_number(known[row[0]]) != row[1].toordinal() or known[row[0]] in old.removed for row in kept):
        return None
    if added and len(old) and (added[0][1].toordinal(), added[0][0]) <= (int(old.days.ordinals[-1]), int(old.ids[-1])):
        return None
    numbers = [known[row[0]] for row in kept] + list(range(len(old), len(old) + len(added)))
    columns.extend([*kept, *added])
    expired = [_microseconds(end) for each in stored if (end := each.expires_at) and each.is_expired]
    new = columns.snapshot(state, max([old.last_expiry, *expired]), list(Tag.objects.all()), {})
    return replace(
        new,
        ids=_merged(old.ids, new.ids, numbers),
        days=old.days.followed_by([row[1].toordinal() for row in added], len(old)),
        expiries=_merged(old.expiries, new.expiries, numbers),
        companies=_merged(old.companies, new.companies, numbers),
        pay=_merged_pay(old.pay, new.pay, [*known.values()], numbers),
        tagged=_retagged(
            old.tagged, [*known.values()], dict(zip((row[0] for row in [*kept, *added]), numbers, strict=True))
        ),
        removed=old.removed | BitMap(known[pk] for pk in known.keys() - {row[0] for row in kept}),
    )


def _row(posting: Posting) -> tuple:
    return tuple(getattr(posting, name) for name in _ROW)


def _merged(old: np.ndarray, new: np.ndarray, numbers: list[int]) -> np.ndarray:
    """`old` with the values of `new` at these numbers, longer where they go beyond its end."""
    merged = np.empty(max(len(old), max(numbers, default=-1) + 1), dtype=np.promote_types(old.dtype, new.dtype))
    merged[: len(old)] = old
    merged[numbers] = new
    return merged


def _merged_pay(old: Pay, new: Pay, gone: list[int], numbers: list[int]) -> Pay:
    stays = ~np.isin(old.numbers, np.array(gone, dtype=np.uint32))
    placed = np.array(numbers, dtype=np.uint32)[new.numbers]
    joined = [np.concatenate([before[stays], after]) for before, after in zip(old, (placed, *new[1:]), strict=True)]
    order = np.argsort(joined[0], kind="stable")
    return Pay(*(column[order] for column in joined))


def _retagged(old: dict[int, BitMap], gone: list[int], number_by_id: dict[int, int]) -> dict[int, BitMap]:
    """The tags' sets without what the changed postings had, and with what they have now; untouched sets are shared."""
    had = BitMap(gone)
    has: dict[int, BitMap] = defaultdict(BitMap)
    for posting, tag in PostingTag.objects.filter(posting__in=number_by_id).values_list("posting_id", "tag_id"):
        has[tag].add(number_by_id[posting])
    tagged = dict(old)
    for tag in {*old, *has}:
        before, now = old.get(tag, NOTHING), has.get(tag, NOTHING)
        if before & had != now:
            tagged[tag] = (before - had) | now
    return tagged


def _rounded(amount: float) -> int:
    """To one digit or one and a half: 73,400 is 75,000, 141,000 is 140,000.

    >>> [_rounded(amount) for amount in (73_400, 141_000, 8_320, 0.4)]
    [75000, 140000, 8500, 0]
    """
    if amount < 1:
        return 0
    step = 10 ** (len(str(int(amount))) - 1)
    step = step // 10 if amount < 3 * step else step // 2
    return int(round(amount / step) * step) if step else int(amount)


def _bitmap(numbers: np.ndarray) -> BitMap:
    # pyroaring reads an array in one go, and everything else number by number.
    return BitMap(array("I", np.ascontiguousarray(numbers, dtype=np.uint32).tobytes()))


def _array(numbers: BitMap) -> np.ndarray:
    return np.frombuffer(numbers.to_array(), dtype=np.uint32) if numbers else np.array([], dtype=np.uint32)


def _microseconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


# --- One per worker -----------------------------------------------------------------------------------


class _Keeper:
    """Keeps the worker's snapshot, and a thread that renews it."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._lock = threading.Lock()  # for the first; nobody waits for the later ones
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def snapshot(self) -> Snapshot:
        if settings.CATALOGUE_WATCHES and self._thread and self._thread.is_alive():
            snapshot = self._snapshot
        else:
            snapshot = self._begin()
        assert snapshot is not None  # noqa: S101  set before the thread is
        return snapshot

    def _begin(self) -> Snapshot:
        with self._lock:
            if self._snapshot is None:
                self._snapshot = build()
            elif not settings.CATALOGUE_WATCHES:
                self._snapshot = self._snapshot.updated()
            if settings.CATALOGUE_WATCHES and not (self._thread and self._thread.is_alive()):
                self._thread = threading.Thread(target=self._watch, name="catalogue", daemon=True)
                self._thread.start()
            return self._snapshot

    def _watch(self) -> None:
        try:
            self._look_for_changes()
        finally:
            connection.close()

    def _look_for_changes(self) -> None:
        is_failing = False
        while not self._stop.wait(CHECK_SECONDS):
            try:
                close_old_connections()
                current = self._snapshot
                assert current is not None  # noqa: S101
                self._snapshot = current.updated()
            except Error:
                # The database is away or busy: what is known is shown until it is back. Said once, not every second.
                if not is_failing:
                    log.exception("The catalogue could not look for changes; it goes on trying")
                is_failing = True
            else:
                if is_failing:
                    log.info("The catalogue sees changes again")
                is_failing = False

    def forget(self) -> None:
        with self._lock:
            self._snapshot = None

    def stop(self) -> None:
        """Ends the thread: for tests, whose databases go away."""
        if self._thread:
            self._stop.set()
            self._thread.join()


_keeper = _Keeper()


def current() -> Snapshot:
    """This worker's snapshot: at most about two seconds behind the database."""
    return _keeper.snapshot()


def begin() -> None:
    """Makes the first snapshot; where the database does not answer, the first request tries again."""
    try:
        current()
    except Error:
        log.exception("The board could not be read yet")
    finally:
        connection.close()


def forget() -> None:
    """Makes the next request build anew: for tests, whose databases are rolled back under it."""
    _keeper.forget()
