"""What a seeker asked for, answered by the sets of `catalogue`: which postings, how many of each kind, in which order.

Every condition is a set of postings, and all of them must hold. The counts of one kind leave that kind's own condition
out: they say what ticking another of its values would find.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from heapq import heappush, heapreplace
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from pyroaring import BitMap

from postings.catalogue import CompanyCounts, Snapshot, Value
from postings.models import Tag
from postings.search import Field
from postings.words import Term

if TYPE_CHECKING:
    from postings.models import Company

NEWEST, RELEVANCE, SALARY = "newest", "relevance", "salary"


@dataclass(frozen=True)
class Criteria:
    """What is asked for; nothing that is empty here is a condition."""

    terms: tuple[Term, ...] = ()
    place: Term | None = None
    values: Mapping[str, Sequence[Value]] = field(default_factory=dict)  # by kind: alternatives
    companies: Sequence["Company"] = ()
    salary_min: float | None = None  # a year, in `currency`
    is_pay_stated: bool = False
    currency: str = ""
    since: dt.date | None = None
    sort: str = NEWEST


class Finding:
    """The postings of one snapshot that meet the criteria at one moment."""

    def __init__(self, snapshot: Snapshot, criteria: Criteria, now: dt.datetime | None = None) -> None:
        self.snapshot = snapshot
        self.criteria = criteria
        self.live = snapshot.live(now)

    @cached_property
    def conditions(self) -> dict[str, BitMap]:
        """The set of each condition, by the name of its parameter."""
        asked, snapshot = self.criteria, self.snapshot
        conditions = {
            kind: BitMap.union(*(value.postings for value in values)) for kind, values in asked.values.items() if values
        }
        if asked.terms:
            conditions["q"] = self.with_words(asked.terms)
        if asked.place:
            conditions["place"] = self._words[asked.place, Field.PLACE]
        if asked.companies:
            conditions["company"] = snapshot.of_companies([company.pk for company in asked.companies])
        if asked.is_pay_stated:
            conditions["salary_min"] = snapshot.paid
        elif asked.salary_min is not None:
            conditions["salary_min"] = snapshot.paying(asked.currency, asked.salary_min)
        if asked.since:
            conditions["posted"] = self.listed_since(asked.since)
        return conditions

    @cached_property
    def found(self) -> BitMap:
        return self.meeting(self.conditions.values())

    def meeting(self, conditions: Iterable[BitMap]) -> BitMap:
        """The live postings that are in all of these sets."""
        # The smallest first: what is left is never larger.
        return reduce(BitMap.intersection, sorted(conditions, key=len), self.live)

    def without(self, name: str) -> BitMap:
        """What would be found without one of the conditions."""
        if name not in self.conditions:
            return self.found
        if name not in self._without:
            self._without[name] = self._meeting_all_but(name)
        return self._without[name]

    @cached_property
    def _without(self) -> dict[str, BitMap]:
        return {}

    def _meeting_all_but(self, name: str) -> BitMap:
        return self.meeting(condition for other, condition in self.conditions.items() if other != name)

    def instead(self, name: str, condition: BitMap) -> int:
        """How many would be found with another set for one of the conditions."""
        return self.without(name).intersection_cardinality(condition)

    def listed_since(self, day: dt.date) -> BitMap:
        return BitMap(range(self.snapshot.first_since(day), len(self.snapshot)))

    # --- Counts -------------------------------------------------------------------------------------

    def counts(self, kind: str) -> list[tuple[Value, int]]:
        """How many postings each value of a kind would find, with all conditions but the kind's own."""
        count = self._counting(kind)
        return [(value, count(value.postings)) for value in self.snapshot.values[kind]]

    def most(self, kind: str, limit: int) -> list[tuple[Value, int]]:
        """Of these those with the highest counts; of equal ones the first in order."""
        count = self._counting(kind)
        best: list[tuple[int, int, Value]] = []  # a heap: the first is the one that goes next
        for size, place, value in self.snapshot.largest[kind]:
            if len(best) < limit:
                heappush(best, (count(value.postings), -place, value))
            # No count is higher than the whole set, and all that follow are smaller.
            elif size < best[0][0]:
                break
            else:
                number = count(value.postings)
                if (number, -place) > best[0][:2]:
                    heapreplace(best, (number, -place, value))
        return [(value, number) for number, _, value in sorted(best, key=itemgetter(0, 1), reverse=True)]

    def count(self, value: Value) -> int:
        """How many postings one value would find, with all conditions but its kind's own."""
        return self._counting(value.kind)(value.postings)

    def _counting(self, kind: str) -> Callable[[BitMap], int]:
        others = self.without(kind)
        return len if others is self.live and self.snapshot.is_all_live else others.intersection_cardinality

    @cached_property
    def company_counts(self) -> CompanyCounts:
        return self.snapshot.company_counts(self.without("company"))

    # --- Words --------------------------------------------------------------------------------------

    @cached_property
    def _words(self) -> dict[tuple[Term, Field], BitMap]:
        """The sets of all words that are asked for, in one query at most."""
        asked = [(term, each) for term in self.criteria.terms for each in (Field.ANY, Field.COMPANY)]
        if self.criteria.sort == RELEVANCE:
            wanted = [term for term in self.criteria.terms if not term.is_excluded]
            asked += [(term, each) for term in wanted for each in (Field.TITLE, Field.PLACE)]
        if self.criteria.place:
            asked.append((self.criteria.place, Field.PLACE))
        return self.snapshot.look_up(asked)

    @cached_property
    def _having(self) -> dict[Term, BitMap]:
        _ = self._words  # everything in one query, from which the next line finds its own
        return self.snapshot.having(self.criteria.terms)

    def with_word(self, term: Term) -> BitMap:
        """The postings that have one of the terms anywhere, whether it is to be there or not."""
        return self._having[term]

    def with_words(self, terms: Iterable[Term]) -> BitMap:
        """The live postings that have all terms, and none of the excluded ones."""
        found = self.live
        for term in terms:
            found = found - self.with_word(term) if term.is_excluded else found & self.with_word(term)
        return found

    # --- Order --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, part: slice) -> list[int]:
        """The primary keys of a part of what was found, in the order that was asked for."""
        start, stop, _ = part.indices(len(self))
        numbers = {RELEVANCE: self._by_relevance, SALARY: self._by_salary}.get(self.criteria.sort, self._newest)(
            start, stop
        )
        return [int(self.snapshot.ids[number]) for number in numbers]

    def before(self, day: dt.date, posting_id: int, limit: int) -> list[int]:
        """The primary keys of so many of those found that come next to a posting in order of age, the newest first.
        What is new above it, and whether it is still there itself, makes no difference."""
        older = self.found & BitMap(range(self.snapshot.before(day, posting_id)))
        return [int(self.snapshot.ids[number]) for number in _newest(older, 0, limit)]

    def _newest(self, start: int, stop: int) -> list[int]:
        return _newest(self.found, start, stop)

    def _by_salary(self, start: int, stop: int) -> list[int]:
        """The highest pay in the currency first, then what pays in others or does not say, the newest first."""
        paid = self.snapshot.keep(self.snapshot.best_paid(self.criteria.currency), self.found)
        first = paid[start:stop].tolist()
        if len(first) == stop - start:
            return first
        rest = self.found - BitMap(paid.tolist())
        return first + _newest(rest, max(start - len(paid), 0), stop - len(paid))

    def _by_relevance(self, start: int, stop: int) -> list[int]:
        """Those with most of the words in the title first; of these, with most in the company's name, then in the
        skills, then in the place; then the newest."""
        terms = [term for term in self.criteria.terms if not term.is_excluded]
        levels = [
            [self._words[term, Field.TITLE] for term in terms],
            [self._words[term, Field.COMPANY] for term in terms],
            [self.snapshot.named(term).skills for term in terms],
            [self._words[term, Field.PLACE] | self.snapshot.named(term).places for term in terms],
        ]
        return list(_ranked(self.found, levels, start, stop))


def _newest(found: BitMap, start: int, stop: int) -> list[int]:
    """A part of a set, its largest number first."""
    stop = min(stop, len(found))
    if start >= stop:
        return []
    return list(found[len(found) - stop : len(found) - start])[::-1]


def _ranked(found: BitMap, levels: Sequence[Sequence[BitMap]], start: int, stop: int) -> Iterator[int]:
    """A part of a set, ordered by in how many sets of the first level a number is, then of the second …

    Only what the part touches is sorted any further.
    """
    if not levels:
        yield from _newest(found, start, stop)
        return
    for group in _by_count(found, levels[0]):
        if start < len(group) and stop > 0:
            yield from _ranked(group, levels[1:], max(start, 0), min(stop, len(group)))
        start, stop = start - len(group), stop - len(group)
        if stop <= 0:
            return


def _by_count(found: BitMap, sets: Sequence[BitMap]) -> list[BitMap]:
    """`found` in groups by how many of the sets a number is in, most first."""
    groups = [found]  # by that count
    for each in sets:
        inside = [group & each for group in groups]
        outside = [group - each for group in groups]
        groups = [*map(BitMap.union, [*outside, BitMap()], [BitMap(), *inside])]
    return [group for group in reversed(groups) if group]


# --- Similar postings -------------------------------------------------------------------------------

_MOST_COMPARED = 300
_RAREST = 6
_MOST_OF_ONE_COMPANY = 2
# What sharing a value counts; skills count more the rarer they are.
_WEIGHTS = {
    Tag.Kind.CATEGORY: 0.5,
    Tag.Kind.SENIORITY: 1.0,
    Tag.Kind.COUNTRY: 1.0,
    Tag.Kind.REGION: 0.5,
    Tag.Kind.WORKPLACE: 0.5,
    Tag.Kind.LANGUAGE: 0.5,
}


def similar(
    snapshot: Snapshot, tags: Iterable[Tag], posting_id: int, limit: int, company_id: int | None = None
) -> list[int]:
    """The primary keys of the live postings that share most with one that has these tags, best first.

    Those that share a skill or, where it has none that others have, a category; among them skills, level and places
    decide, and at most two are of one company. Only where nothing is shared the company's own.
    """
    live, own = snapshot.live(), snapshot.number_of(posting_id)
    itself = BitMap() if own is None else BitMap([own])
    having = {tag: snapshot.tagged[tag.pk] for tag in tags if tag.pk in snapshot.tagged}
    leading: list[BitMap] = []
    for kind in (Tag.Kind.SKILL, Tag.Kind.CATEGORY):
        leading = leading or [
            each
            for tag, postings in having.items()
            # Not copied where all of them are live.
            if tag.kind == kind and not (each := postings if snapshot.is_all_live else postings & live) <= itself
        ]
    if not leading:
        companys = snapshot.of_companies([company_id]) & live if company_id else BitMap()
        return [int(snapshot.ids[number]) for number in _newest(companys - itself, 0, limit)]
    leading = sorted(leading, key=len)[:_RAREST]
    # With itself, which may be in all of them.
    compared = _having_most(leading, _MOST_COMPARED + len(itself)) - itself
    others = len(live) - live.intersection_cardinality(itself)
    weighed = [
        (postings, _WEIGHTS.get(Tag.Kind(tag.kind)) or math.log((others + 2) / (len(postings) + 1)))
        for tag, postings in having.items()
        if tag.kind in _WEIGHTS or tag.kind == Tag.Kind.SKILL
    ]
    best: list[int] = []
    of_company: dict[int, int] = {}
    for number in _by_weight(compared, weighed):
        company = int(snapshot.companies[number])
        of_company[company] = of_company.get(company, 0) + bool(company)  # 0: not named
        if of_company[company] <= _MOST_OF_ONE_COMPANY:
            best.append(int(snapshot.ids[number]))
            if len(best) == limit:
                break
    return best


def _having_most(sets: Sequence[BitMap], limit: int) -> BitMap:
    """Those that are in most of the sets; of equal ones the newest."""
    found = BitMap()
    for group in _by_count(BitMap.union(*sets), sets):
        missing = limit - len(found)
        if len(group) >= missing:
            return found | group[len(group) - missing :]
        found |= group
    return found


def _by_weight(numbers: BitMap, weighed: Sequence[tuple[BitMap, float]]) -> list[int]:
    """These by the sum of the weights of the sets that they are in, the heaviest first; of equal ones the newest."""
    rising = np.frombuffer(numbers.to_array(), dtype=np.uint32)
    score = np.zeros(len(rising))
    for postings, weight in weighed:
        if shared := postings & numbers:
            score[np.searchsorted(rising, np.frombuffer(shared.to_array(), dtype=np.uint32))] += weight
    # From the newest on, in an order that leaves equal ones as they are.
    return rising[::-1][np.argsort(-score[::-1], kind="stable")].tolist()
