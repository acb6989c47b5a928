"""Whose click-throughs and of which days: what an address asks for, and what it gets."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, Min, Q, QuerySet

from postings.models import Company, DailyClicks, Posting, Tag
from postings.statistics.wording import day_name, range_name

ONE_DAY = dt.timedelta(days=1)
SPANS = {"30d": 30, "90d": 90, "12m": 365, "all": None}
SPAN_NAMES = {"30d": "Last 30 days", "90d": "Last 90 days", "12m": "Last 12 months", "all": "All days"}
MOST_DAYS = 366  # what is longer is shown by week
MOST_WEEKS = 530  # a good ten years
DAYS_BY_DAY = 92  # where nobody said whether by day or by week


@dataclass(frozen=True)
class Scope:
    """Whose click-throughs: those of a posting, company or category, or of the whole board."""

    thing: Posting | Company | Tag | None = None

    @property
    def kind(self) -> str:
        """posting, company, category or, for the whole board, nothing."""
        names: dict[type, str] = {Posting: "posting", Company: "company", Tag: "category"}
        return names[type(self.thing)] if self.thing else ""

    @property
    def key(self) -> str:
        """What it is called in addresses."""
        return f"{self.kind}:{self.thing.pk}" if self.thing else ""

    def __str__(self) -> str:
        return str(self.thing) if self.thing else "The whole board"

    def _condition(self, prefix: str = "") -> Q:
        match self.thing:
            case Posting():
                return Q(**{f"{prefix}pk": self.thing.pk})
            case Company():
                return Q(**{f"{prefix}company": self.thing})
            case Tag():
                return Q(**{f"{prefix}posting_tags__tag": self.thing})
        return Q()

    def clicks(self) -> QuerySet[DailyClicks]:
        return DailyClicks.objects.filter(self._condition("posting__")).order_by()

    def postings(self) -> QuerySet[Posting]:
        return Posting.objects.filter(self._condition()).order_by()


@dataclass(frozen=True)
class Span:
    """Days in a row, shown one by one or by the week; by the week it begins on a Monday."""

    key: str
    by: str
    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def name(self) -> str:
        return range_name(self.first, self.last)

    @property
    def first_before(self) -> dt.date | None:
        """Where as many days before this span begin; nothing comes before all days."""
        return None if self.key == "all" else self.first - dt.timedelta(days=self.days)

    @property
    def period_days(self) -> int:
        return 7 if self.by == "week" else 1

    def begin_of(self, day: dt.date) -> dt.date:
        """The first day of the period that this day lies in."""
        return monday(day) if self.by == "week" else day

    def end_of(self, first: dt.date) -> dt.date:
        """The last day of the period that begins on this day."""
        return first + (self.period_days - 1) * ONE_DAY


@dataclass
class Asked:
    """What somebody asked for, and in sentences what of it could not be understood."""

    scope: Scope
    span: Span
    by: str = ""  # day or week, where that was asked for
    is_scope_chosen: bool = True  # by the parameter `of`
    ignored: list[str] = field(default_factory=list)


def ask(parameters: Mapping[str, str], today: dt.date, scope: Scope | None = None, span: str = "30d") -> Asked:
    """Reads `of`, `span` and `by`; with a scope `of` is not read, and `span` is what holds where none is asked for."""
    ignored: list[str] = []
    is_scope_chosen = scope is None
    if scope is None:
        scope = _scope(parameters.get("of", ""), ignored)
    key = parameters.get("span", "")
    if key and key not in SPANS:
        ignored.append(f"There is no such span of days; this is “{SPAN_NAMES[span]}”.")
    by = parameters.get("by", "")
    if by and by not in ("day", "week"):
        ignored.append("It goes by day or by week, and by nothing else.")
    key, by = key if key in SPANS else span, by if by in ("day", "week") else ""
    return Asked(scope, _span(scope, key, by, today, ignored), by, is_scope_chosen, ignored)


def _scope(text: str, ignored: list[str]) -> Scope:
    if not text:
        return Scope()
    things: dict[str, QuerySet[Any]] = {
        "posting": Posting.objects.select_related("company").defer("body_html", "body_markdown"),
        "company": Company.objects.all(),
        "category": Tag.objects.filter(kind=Tag.Kind.CATEGORY),
    }
    # As many digits as every database has room for.
    found = re.fullmatch(r"(posting|company|category):([0-9]{1,18})", text)
    thing = things[found[1]].filter(pk=int(found[2])).first() if found else None
    if thing is None:
        ignored.append(f"There is no such {found[1] if found else 'part of the board'}; this is the whole board.")
    return Scope(thing)


def _span(scope: Scope, key: str, by: str, today: dt.date, ignored: list[str]) -> Span:
    length = SPANS[key]
    first, last = _all_days(scope, today) if length is None else (today - dt.timedelta(days=length - 1), today)
    if by == "day" and (last - first).days >= MOST_DAYS:
        ignored.append("More than a year is shown by week.")
        by = "week"
    by = by or ("day" if (last - first).days < DAYS_BY_DAY else "week")
    if by == "week":
        first = monday(first)
        earliest = monday(last) - dt.timedelta(weeks=MOST_WEEKS - 1)
        if first < earliest:
            ignored.append(f"What was before {day_name(earliest)} is left out.")
            first = earliest
    return Span(key, by, first, last)


def _all_days(scope: Scope, today: dt.date) -> tuple[dt.date, dt.date]:
    """From the first click-through to today; of a posting from when it was first seen, and to its end if that is past.

    A posting's click-throughs on other days, which it cannot have unless its dates were changed, are shown too.
    """
    counted = scope.clicks().filter(day__lte=today).aggregate(first=Min("day"), last=Max("day"))
    first, last = counted["first"] or today - 29 * ONE_DAY, today
    if isinstance(scope.thing, Posting):
        seen, end = scope.thing.first_seen.date(), scope.thing.expires_at
        first = min(seen, counted["first"] or seen, today)
        if end is not None and end.date() < today:
            last = max(end.date(), counted["last"] or first, first)
    return first, last


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())
