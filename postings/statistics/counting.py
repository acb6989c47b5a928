"""Click-throughs by day or week, by what made them."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.formats import date_format

from postings.models import DailyClicks
from postings.statistics.asking import ONE_DAY, Scope, Span
from postings.statistics.wording import range_name

Kind = DailyClicks.Kind

# What each number counts; a page that shows one says it beside it.
MEANINGS = {
    Kind.PERSON: "a visitor’s first click-through on a posting that day. This is the number to go by.",
    Kind.REPEAT: "the same visitor on the same posting again that day.",
    Kind.BURST: "visitors who went on to more than ten postings within a minute: from then on, and what they had "
    "clicked earlier that day.",
    Kind.BOT: "programs known by their user agent, or that send none.",
    Kind.PREFETCH: "a browser or app that looked ahead, with nobody there to see it yet.",
    Kind.UNTOLD: "counted while the database was away, and too late to tell people from repeats.",
}
MEANING_OF_RAW = "everything that was sent on, whoever asked for it: the sum of all of these."


@dataclass(frozen=True)
class Figures:
    """How many click-throughs, by what made them."""

    by_kind: Mapping[str, int]

    @property
    def people(self) -> int:
        return self.by_kind.get(Kind.PERSON, 0)

    @property
    def raw(self) -> int:
        return sum(self.by_kind.values())

    @property
    def others(self) -> int:
        return self.raw - self.people

    @property
    def in_order(self) -> list[int]:
        return [self.by_kind.get(kind, 0) for kind in Kind]

    @property
    def explained(self) -> list[tuple[str, int, str]]:
        """Each kind's name, number and meaning."""
        return [(str(kind.label), self.by_kind.get(kind, 0), MEANINGS[kind]) for kind in Kind]


@dataclass(frozen=True)
class Period:
    """A day or a week of a span; `is_over` is false while it goes on."""

    first: dt.date
    last: dt.date
    figures: Figures
    is_over: bool

    @property
    def is_week(self) -> bool:
        return self.first != self.last

    @property
    def name(self) -> str:
        return range_name(self.first, self.last) if self.is_week else date_format(self.first, "D j M Y")


@dataclass(frozen=True)
class Series:
    periods: list[Period]
    total: Figures
    before: Figures | None  # of as many days before, where the span has any

    @property
    def change(self) -> int | None:
        """How many percent more people than before; None where there were none, or nothing is before."""
        if self.before is None or not self.before.people:
            return None
        return round(100 * (self.total.people - self.before.people) / self.before.people)

    @property
    def change_in_words(self) -> str:
        """To stand before the days that it is compared with; needs a change."""
        if self.before is not None and self.before.people == self.total.people:
            return "As many as"
        change = self.change or 0
        return f"{abs(change):,} % {'more' if change > 0 else 'fewer'} than" if change else "About as many as"

    @property
    def newest_first(self) -> list[Period]:
        return self.periods[::-1]


def series(scope: Scope, span: Span, today: dt.date) -> Series:
    """The figures of each day or week of the span, those without click-throughs too. One query."""
    begin = span.first_before or span.first
    rows = scope.clicks().filter(day__range=(begin, span.last)).values_list("day", "kind").annotate(Sum("count"))
    counts: dict[dt.date, Counter[str]] = {}
    total: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for day, kind, count in rows:
        if day < span.first:
            before[kind] += count
        else:
            total[kind] += count
            counts.setdefault(span.begin_of(day), Counter())[kind] += count
    return Series(
        list(_periods(span, counts, today)), Figures(total), None if span.first_before is None else Figures(before)
    )


def _periods(span: Span, counts: Mapping[dt.date, Mapping[str, int]], today: dt.date) -> Iterator[Period]:
    first = span.first
    while first <= span.last:
        last = span.end_of(first)
        yield Period(first, last, Figures(counts.get(first, {})), is_over=last < today)
        first = last + ONE_DAY
