"""The live postings of one state of the board, as sets that never change; what requests ask them."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from django.db import DEFAULT_DB_ALIAS
from django.db.models.functions import Lower
from django.utils import timezone
from pyroaring import BitMap

from postings import search, words
from postings.batches import batches
from postings.catalogue.columns import (
    EPOCH,
    MICROSECOND,
    NEVER,
    NOTHING,
    Days,
    Kept,
    KeptSets,
    Numbers,
    Pay,
    as_array,
    bitmap,
    microseconds,
)
from postings.catalogue.pauses import rest
from postings.importing.facts.names import VALUES, countries_in, name_of, regions
from postings.models import Company, Tag
from postings.slugs import slug_for
from postings.statements import ListStatement

# Sets that are kept for the next request, in bytes: a common word's takes a bit a posting.
MOST_OF_WORDS = 4_000_000
MOST_OF_PAY = 1_000_000
MOST_COMPANIES_KEPT = 1000
_AT_ONCE = 200  # companies that are read by one query
# So long after a change all workers show it, and no other can follow that is of the same second, or was dated before
# its transaction was committed.
SETTLED = dt.timedelta(seconds=3)
# Other code and other settings make other pages of the same board.
BEGUN = timezone.now()
# Where the steps of pay to choose from part the postings.
PARTS = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)


Had = TypeVar("Had")


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


_COMPANY = [field.attname for field in Company._meta.concrete_fields]


def _companies(company_ids: Sequence[int]) -> Iterator[Company]:
    for batch in batches(company_ids, _AT_ONCE):
        for row in _companies_by_ids.rows(batch):
            yield Company.from_db(DEFAULT_DB_ALIAS, _COMPANY, row)


_companies_by_ids = ListStatement(lambda ids: Company.objects.order_by().filter(pk__in=ids).values_list(*_COMPANY))


class CompaniesKnown:
    """What was read of companies: good for all snapshots between which none was written to."""

    def __init__(self) -> None:
        self._rows = Kept(MOST_COMPANIES_KEPT)  # by primary key

    def rows(self, company_ids: Collection[int]) -> dict[int, Company]:
        """By primary key; one query for all that are not in memory."""
        found = {pk: kept for pk in company_ids if (kept := self._rows.get(pk))}
        missing = [pk for pk in company_ids if pk not in found]
        for company in _companies(missing) if missing else ():
            found[company.pk] = self._rows.put(company.pk, company)
        return found

    @cached_property
    def by_name(self) -> list[int]:
        """The primary keys of all companies in the order of their names; some have no postings."""
        return list(Company.objects.order_by(Lower("name"), "pk").values_list("pk", flat=True))


class Names:
    """Names of tags by the words in them, each with the postings that have the tag."""

    def __init__(self, named: Iterable[tuple[str, BitMap]]) -> None:
        self._all = [(words.tokens(name), postings) for name, postings in named]
        self._by_token: dict[str, list[BitMap]] = {}
        self._by_stem: dict[str, list[BitMap]] = {}
        for tokens, postings in self._all:
            for token in {*tokens}:
                self._by_token.setdefault(token, []).append(postings)
            for stem in {words.marked_stem(token) for token in tokens} - {""}:
                self._by_stem.setdefault(stem, []).append(postings)

    def having(self, term: words.Term) -> BitMap:
        """The postings of all names that have a term, as `words.matches` says it."""
        if len(term.tokens) > 1 or term.goes_on:
            return BitMap.union(NOTHING, *(postings for tokens, postings in self._all if words.matches(term, tokens)))
        found = [*self._by_token.get(term.tokens[0], ()), *self._by_stem.get(term.stem, ())]
        return BitMap.union(*found) if found else NOTHING


class Named(NamedTuple):
    """Postings that have a word in the name of a tag."""

    skills: BitMap
    places: BitMap


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The live postings of one version of the board."""

    version: int
    stamp: str  # of that version
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
    _words: KeptSets = field(default_factory=lambda: KeptSets(MOST_OF_WORDS))  # by term and field
    companies_known: CompaniesKnown = field(default_factory=CompaniesKnown)
    _paying: KeptSets = field(default_factory=lambda: KeptSets(MOST_OF_PAY))  # by currency and sum
    # Who is live, since the microsecond at which the last one expired, until that at which the next one does.
    _live: list[tuple[BitMap, int, int]] = field(default_factory=list)
    _of_live: dict[str, tuple[BitMap, Any]] = field(default_factory=dict)  # what follows from it, and from which
    _key: list[tuple[Any, str]] = field(default_factory=list)  # the last state's, beside what it is of

    def __len__(self) -> int:
        return len(self.ids)

    def live(self, now: dt.datetime | None = None) -> BitMap:
        """The numbers of the postings that are live now: what was live when this was made, without what expired."""
        return self._live_at(microseconds(now or timezone.now()))[0]

    def _live_at(self, moment: int) -> tuple[BitMap, int, int]:
        if self._live and moment < self._live[0][2]:
            return self._live[0]
        self._of_live.clear()
        left = self.expiries > moment
        live = bitmap(np.flatnonzero(left))
        last = int(self.expiries[~left].max(initial=self.last_expiry))
        made = live, last, int(self.expiries[left].min(initial=NEVER))
        self._live[:] = [made]
        return made

    def until_next_expiry(self) -> float:
        """The seconds until the next posting expires."""
        moment = microseconds(timezone.now())
        return (self._live_at(moment)[2] - moment) / 1e6

    def last_modified(self, is_by_day: bool = False) -> dt.datetime | None:
        """Since when all see of the postings what can be seen now, for Last-Modified: they change by a write, by one
        that expired, by this process's beginning or, with `is_by_day`, by the day's. None while that is not SETTLED,
        so that nobody is told a date that the next change may share, nor one before they may have seen the old."""
        now = timezone.now()
        last_expiry = EPOCH + self._live_at(microseconds(now))[1] * MICROSECOND
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) if is_by_day else EPOCH
        settled = max(self.changed_at, last_expiry, midnight, BEGUN) + SETTLED
        return settled if settled <= now else None

    def state_key(self, now: dt.datetime | None = None) -> str:
        """The same for exactly as long as no page that is made from the board can differ: by a write, by one that
        expired, or by the day's beginning."""
        now = now or timezone.now()
        last, following = self._live_at(microseconds(now))[1:]
        day = now.astimezone(dt.UTC).toordinal()
        of = last, following, day
        # One look at it, for another thread may put another in its place.
        kept = self._key[0] if self._key else None
        if kept and kept[0] == of:
            return kept[1]
        key = f"{self.version}-{self.stamp}-{last}-{day}"
        self._key[:] = [(of, key)]
        return key

    @property
    def is_all_live(self) -> bool:
        """Whether nothing expired since this was made, so that sets have none but live postings."""
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
        return self._had_by(ids, ((value, value.postings) for kind in kinds for value in self.values[kind]))

    def tags_of(self, ids: Collection[int], kinds: Collection[str]) -> dict[int, list[Tag]]:
        """The tags of these kinds that each posting has, by primary key, in no order."""
        tags = (tag for tag in self.tags if tag.kind in kinds and tag.pk in self.tagged)
        return self._had_by(ids, ((tag, self.tagged[tag.pk]) for tag in tags))

    def _had_by(self, ids: Collection[int], sets: Iterable[tuple[Had, BitMap]]) -> dict[int, list[Had]]:
        numbers = self.numbers_of(ids)
        found: dict[int, list[Had]] = {number: [] for number in numbers}
        for each, postings in sets:
            # Most have none of them, which is told for a third of what an empty set costs.
            if numbers.intersect(postings):
                for number in numbers & postings:
                    found[number].append(each)
        return {int(self.ids[number]): had for number, had in found.items()}

    def having_more(self, kind: str, most: int) -> BitMap:
        """The postings that have more than `most` values of a kind."""
        counts = np.zeros(len(self), dtype=np.uint16)
        for value in self.values[kind]:
            counts[as_array(value.postings)] += 1
        return bitmap(np.flatnonzero(counts > most))

    # --- Companies ----------------------------------------------------------------------------------

    @cached_property
    def _company_index(self) -> dict[int, int]:
        return {pk: index for index, pk in enumerate(self.company_ids.tolist()) if pk}

    def of_companies(self, company_ids: Collection[int]) -> BitMap:
        """The postings of these companies."""
        numbers, begins = self._by_company
        indices = [self._company_index[pk] for pk in company_ids if pk in self._company_index]
        parts = [numbers[begins[index] : begins[index + 1]] for index in indices]
        return bitmap(np.concatenate(parts)) if parts else BitMap()

    @cached_property
    def _by_company(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers company after company, and where those of each begin."""
        numbers = np.argsort(self.companies, kind="stable").astype(np.uint32)
        return numbers, np.searchsorted(self.companies[numbers], np.arange(len(self.company_ids) + 1))

    def company_counts(self, found: BitMap) -> "CompanyCounts":
        """How many of these postings each company has."""
        if found is self.live():
            return self.once("companies", self._count_companies)
        return self._count_companies(found)

    def _count_companies(self, found: BitMap) -> "CompanyCounts":
        counts = np.bincount(self.companies[as_array(found)], minlength=len(self.company_ids))
        counts[0] = 0
        return CompanyCounts(self, counts)

    def named_companies(self, company_ids: Collection[int]) -> dict[int, Company]:
        """The companies with these primary keys, from memory or by one query for all that are not there."""
        return self.companies_known.rows(company_ids)

    @property
    def companies_by_name(self) -> list[int]:
        """The primary keys of the companies that have live postings, by name."""
        return self.once("companies by name", self._companies_by_name)

    def _companies_by_name(self, live: BitMap) -> list[int]:
        having = self.company_counts(live).ids()
        return [pk for pk in self.companies_known.by_name if pk in having]

    # --- Pay and time -------------------------------------------------------------------------------

    @cached_property
    def paid(self) -> BitMap:
        """Those that state any pay."""
        return bitmap(self.pay.numbers)

    def paying(self, currency: str, least: float) -> BitMap:
        """Those whose yearly range reaches `least` in a currency; a range without an upper end reaches everything."""
        if (kept := self._paying.get((currency, least))) is not None:
            return kept
        reaches = (self.pay.tops >= least) | self.pay.is_open
        return self._paying.put((currency, least), bitmap(self.pay.numbers[reaches & self._is_in(currency)]))

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
        return Named(*(names.having(term) for names in self._names))

    @cached_property
    def _names(self) -> tuple["Names", ...]:
        return tuple(
            Names((tag.name, self.tagged[tag.pk]) for tag in self.tags if tag.kind in kinds and tag.pk in self.tagged)
            for kinds in ({Tag.Kind.SKILL}, {Tag.Kind.COUNTRY, Tag.Kind.REGION})
        )

    @cached_property
    def _numbers(self) -> "Numbers":
        return Numbers.of(self.ids)

    def numbers_of(self, ids: Iterable[int]) -> BitMap:
        """The numbers of the postings with these primary keys; unknown ones are passed over."""
        return bitmap(self._numbers.of_ids(np.asarray(ids, dtype=np.int64)))

    def number_of(self, posting_id: int) -> int | None:
        """The number of a posting; None where it is not among the live ones."""
        return next(iter(self.numbers_of([posting_id])), None)

    # --- Results ------------------------------------------------------------------------------------

    def _mask(self, found: BitMap) -> np.ndarray:
        mask = np.zeros(len(self), dtype=bool)
        mask[as_array(found)] = True
        return mask

    def keep(self, numbers: np.ndarray, found: BitMap) -> np.ndarray:
        """Those of an ordered array that were found, in its order."""
        return numbers[self._mask(found)[numbers]]

    # --- The next one -------------------------------------------------------------------------------

    def updated(self) -> "Snapshot":
        """The board as it is now: this one with what changed since, or one that is built anew."""
        from postings.catalogue import building, changing  # they make snapshots

        new = changing.brought_up(self)
        # An empty one is one, too.
        return building.build() if new is None else new

    def prepare(self) -> "Snapshot":
        """Makes what follows from it before a request would have to."""
        for name in (
            *("_numbers", "_company_index", "_by_company"),
            *("values", "largest", "_by_key", "_by_slug", "_names", "paid"),
        ):
            getattr(self, name)
            rest()
        self.live()
        for make in prepared_with:
            make(self)
            rest()
        return self


# What else is made before requests ask for it, in this order; others may add what they keep by `Snapshot.once`.
prepared_with: list[Callable[[Snapshot], Any]] = [
    Snapshot.tag_counts,
    lambda snapshot: snapshot.company_counts(snapshot.live()),
    lambda snapshot: snapshot.companies_known.by_name,
    lambda snapshot: snapshot.companies_by_name,
    lambda snapshot: snapshot.pay_steps(snapshot.commonest_currency),
    lambda snapshot: snapshot.best_paid(snapshot.commonest_currency),
]


class CompanyCounts:
    """How many postings each company has, of those that were found."""

    def __init__(self, snapshot: Snapshot, counts: np.ndarray) -> None:
        self._snapshot = snapshot
        self._counts = counts

    def most(self, limit: int) -> list[tuple[int, int]]:
        """Primary key and count of those that have most, at most `limit`, and none that has none."""
        counts = self._counts
        candidates = np.flatnonzero(counts)
        if len(candidates) > limit:
            # Equal ones in the order that the whole sorting would give them: by primary key.
            least = np.partition(counts[candidates], -limit)[-limit]
            candidates = candidates[counts[candidates] >= least]
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
