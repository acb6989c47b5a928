"""Click-throughs in figures: of the board, a posting, a company or a category, over a span of days (UTC).

Nothing here depends on a page: `ask` reads what somebody asked for, the rest answers in small objects, with a number of
queries that does not grow with the board.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import DateField, Func, Max, Min, Q, QuerySet, Sum
from django.utils.formats import date_format

from postings.models import Company, DailyClicks, Posting, PostingTag, Tag

Kind = DailyClicks.Kind

# What each number counts; a page that shows one says it beside it.
MEANINGS = {
    Kind.PERSON: "a visitor’s first click-through on a posting that day. This is the number to go by.",
    Kind.REPEAT: "the same visitor on the same posting again that day.",
    Kind.BURST: "visitors who went on to more than ten postings within a minute: from then on, and what they had "
    "clicked earlier that day.",
    Kind.BOT: "programs known by their user agent, or that send none.",
    Kind.PREFETCH: "a browser or app that looked ahead, with nobody there to see it yet.",
    Kind.UNTOLD: "counted while the database was away, and sorted too late to tell people from repeats.",
}
MEANING_OF_RAW = "every request of an apply link, whoever made it: the sum of all of these."

ONE_DAY = dt.timedelta(days=1)
SPANS = {"30d": 30, "90d": 90, "12m": 365, "all": None}
SPAN_NAMES = {"30d": "Last 30 days", "90d": "Last 90 days", "12m": "Last 12 months", "all": "All days"}
MOST_DAYS = 366  # what is longer is shown by week
MOST_WEEKS = 530  # a good ten years
DAYS_BY_DAY = 92  # where nobody said whether by day or by week
TOP_POSTINGS = 25
TOP_GROUPS = 10
_AT_ONCE = 500


# --- What is asked for ------------------------------------------------------------------------------


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
        return _range_name(self.first, self.last)

    @property
    def first_before(self) -> dt.date | None:
        """Where as many days before this span begin; nothing comes before all days."""
        return None if self.key == "all" else self.first - dt.timedelta(days=self.days)

    def begin_of(self, day: dt.date) -> dt.date:
        """The first day of the period that this day lies in."""
        return monday(day) if self.by == "week" else day


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
            ignored.append(f"What was before {_day_name(earliest)} is left out.")
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


# --- Figures by day or week -------------------------------------------------------------------------


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
        return _range_name(self.first, self.last) if self.is_week else date_format(self.first, "D j M Y")


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
        change = self.change or 0
        return f"{abs(change):,} % {'more' if change > 0 else 'fewer'}"

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
    step = dt.timedelta(days=7 if span.by == "week" else 1)
    first = span.first
    while first <= span.last:
        last = first + step - ONE_DAY
        yield Period(first, last, Figures(counts.get(first, {})), is_over=last < today)
        first += step


# --- The most clicked ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """A thing's click-throughs in a span."""

    thing: Any
    people: int
    raw: int


@dataclass(frozen=True)
class PostingTally(Tally):
    age: int  # in days, today
    live_days: int | None  # of the span

    @property
    def per_live_day(self) -> float | None:
        return self.people / self.live_days if self.live_days else None

    @property
    def rate(self) -> str:
        return rate_text(self.per_live_day)


@dataclass(frozen=True)
class Rankings:
    postings: list[PostingTally]
    posting_count: int  # that have any click-through in the span
    companies: list[Tally]
    categories: list[Tally]


def rankings(scope: Scope, span: Span, today: dt.date) -> Rankings:
    """What was clicked most in the span, by people first. A posting in several categories counts in each."""
    tallies = _tallies(scope, span)
    companies = categories = list[Tally]()
    if scope.kind != "company":
        of_company = scope.postings().exclude(company=None).values_list("pk", "company")
        companies = _grouped(tallies, of_company, Company.objects.all())
    if scope.kind != "category":
        in_category = PostingTag.objects.filter(tag__kind=Tag.Kind.CATEGORY).order_by().values_list("posting", "tag")
        if scope.thing:
            in_category = in_category.filter(posting__in=scope.postings())
        categories = _grouped(tallies, in_category, Tag.objects.all())
    return Rankings(_posting_tallies(tallies[:TOP_POSTINGS], span, today), len(tallies), companies, categories)


def _tallies(scope: Scope, span: Span) -> list[tuple[int, int, int]]:
    """Each posting's primary key, people and raw click-throughs; the most clicked first."""
    people = Sum("count", filter=Q(kind=Kind.PERSON), default=0)
    clicks = scope.clicks().filter(day__range=(span.first, span.last))
    tallies = clicks.values_list("posting").annotate(people=people, raw=Sum("count"))
    return sorted(tallies, key=lambda tally: (-tally[1], -tally[2], tally[0]))


def _grouped(tallies: Sequence[tuple[int, int, int]], links: Any, things: QuerySet[Any]) -> list[Tally]:
    """Adds up in memory: in the database this would look up a posting for every row of click-throughs."""
    of_posting = {pk: (people, raw) for pk, people, raw in tallies}
    people: Counter[int] = Counter()
    raw: Counter[int] = Counter()
    for posting, group in links.iterator() if tallies else ():
        if posting in of_posting:
            by_people, by_all = of_posting[posting]
            people[group] += by_people
            raw[group] += by_all
    top = sorted(raw, key=lambda group: (-people[group], -raw[group], group))[:TOP_GROUPS]
    found = things.in_bulk(top)
    return [Tally(found[pk], people[pk], raw[pk]) for pk in top if pk in found]


def _posting_tallies(tallies: Iterable[tuple[int, int, int]], span: Span, today: dt.date) -> list[PostingTally]:
    rows = {pk: (people, raw) for pk, people, raw in tallies}
    found = Posting.objects.select_related("company").defer("body_html", "body_markdown").in_bulk(list(rows))
    return [
        PostingTally(
            found[pk],
            people,
            raw,
            age=max(0, (today - found[pk].first_seen.date()).days),
            live_days=_live_days(found[pk], span),
        )
        for pk, (people, raw) in rows.items()
        if pk in found
    ]


def _live_days(posting: Posting, span: Span) -> int | None:
    """On how many days of the span it was live; None of a closed one, whose day of closing is not kept."""
    if posting.status == Posting.Status.CLOSED:
        return None
    end = min(span.last, posting.expires_at.date()) if posting.expires_at else span.last
    return max(0, (end - max(span.first, posting.first_seen.date())).days + 1)


# --- Click-throughs against age -----------------------------------------------------------------------

AGES: list[tuple[int, int | None]] = [
    (0, 0), (1, 1), (2, 3), (4, 6), (7, 13), (14, 29), (30, 59), (60, 89), (90, None),
]  # fmt: skip
MEANING_OF_AGE = (
    "A posting’s age is counted in days from the day it was first seen here (day 0). For each age: what people "
    "clicked in this span on postings of that age, divided by the days that postings spent at that age in this span. "
    "A posting spends a day at an age if it was first seen early enough and its end is not before that day; drafts do "
    "not count, and a posting that was closed early counts up to its end, because the day of closing is not kept."
)


@dataclass
class Age:
    """Click-throughs by people on postings of an age."""

    first: int
    last: int | None
    people: int = 0
    postings: int = 0  # that were of this age on some day of the span
    posting_days: int = 0  # that they spent at it in the span

    @property
    def name(self) -> str:
        if self.last is None:
            return f"{self.first}+"
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"

    @property
    def per_posting_day(self) -> float | None:
        return self.people / self.posting_days if self.posting_days else None

    @property
    def rate(self) -> str:
        return rate_text(self.per_posting_day)


class UtcDate(Func):
    """The day of a moment: both databases' own function, which on SQLite is far quicker than Django's TruncDate.

    Django's connections to PostgreSQL are set to UTC, and SQLite holds UTC.
    """

    function = "DATE"
    output_field = DateField()


def ages(scope: Scope, span: Span) -> list[Age]:
    """How clicks go down with age, as MEANING_OF_AGE says. One query."""
    found = [Age(first, last) for first, last in AGES]
    for is_click, seen, day, number in _by_first_day(scope, span):
        if is_click and day:
            age = max(0, (day - seen).days)
            next(each for each in found if each.last is None or age <= each.last).people += number
        elif not is_click:
            for each in found:
                days = _days_at(each, seen, day, span)
                each.postings += number if days else 0
                each.posting_days += number * days
    return found


def _days_at(age: Age, seen: dt.date, end: dt.date | None, span: Span) -> int:
    """How many days of the span a posting spent at an age."""
    first = max(span.first, seen + dt.timedelta(days=age.first))
    last = min(span.last, end or span.last)
    if age.last is not None:
        last = min(last, seen + dt.timedelta(days=age.last))
    return max(0, (last - first).days + 1)


def _by_first_day(scope: Scope, span: Span) -> Iterator[tuple[bool, dt.date, dt.date | None, int]]:
    """By the day that postings were first seen: people's click-throughs by their day, and how many end on which day.

    By hand, because the postings' days have to be read once, and kept beside the click-throughs: with a plain join
    SQLite goes to a posting's row, past its body, for every one of them, and a million take three times as long.
    """
    columns = ("pk", "status", UtcDate("first_seen"), UtcDate("expires_at"))
    postings, parameters = scope.postings().values_list(*columns).query.sql_with_params()
    between = [connection.ops.adapt_datefield_value(day) for day in (span.first, span.last)]
    with connection.cursor() as cursor:
        cursor.execute(
            # Nothing in it but names and what Django made of a queryset.
            f"WITH p (id, status, seen, ends) AS MATERIALIZED ({postings}) "  # noqa: S608
            "SELECT 1, p.seen, c.day, SUM(c.count) "
            f"FROM {DailyClicks._meta.db_table} AS c JOIN p ON p.id = c.posting_id "
            "WHERE c.kind = %s AND c.day BETWEEN %s AND %s GROUP BY p.seen, c.day "
            "UNION ALL SELECT 0, p.seen, p.ends, COUNT(*) FROM p WHERE p.status <> %s GROUP BY p.seen, p.ends",
            [*parameters, Kind.PERSON.value, *between, Posting.Status.DRAFT.value],
        )
        for is_click, seen, day, number in cursor.fetchall():
            yield bool(is_click), _as_date(seen), _as_date(day) if day else None, number


def _as_date(value: dt.date | str) -> dt.date:
    """SQLite gives text."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


# --- Rows for a spreadsheet ---------------------------------------------------------------------------

_POSTING_COLUMNS = ["posting", "title", "company", "address", "status", "first seen"]
_KIND_COLUMNS = [*(str(kind.label) for kind in Kind), "raw"]


def period_rows(periods: Iterable[Period]) -> Iterator[list[Any]]:
    """One posting's figures, a row a period."""
    yield ["from", "to", "is over", *_KIND_COLUMNS]
    for period in periods:
        yield [*_period_cells(period)]


def posting_period_rows(scope: Scope, span: Span, today: dt.date) -> Iterator[list[Any]]:
    """Every posting with click-throughs in the span, a row a period that has any.

    Read in batches and not by one cursor: on SQLite that would keep writers waiting as long as somebody downloads.
    """
    yield [*_POSTING_COLUMNS, "from", "to", "is over", *_KIND_COLUMNS]
    clicks = DailyClicks.objects.filter(day__range=(span.first, span.last))
    ids = scope.clicks().filter(day__range=(span.first, span.last)).values_list("posting", flat=True).distinct()
    for batch in _batches(sorted(ids)):
        postings = _described(batch)
        counts: dict[tuple[int, dt.date], Counter[str]] = {}
        for pk, day, kind, count in clicks.filter(posting__in=batch).values_list("posting", "day", "kind", "count"):
            counts.setdefault((pk, span.begin_of(day)), Counter())[kind] += count
        for pk, first in sorted(counts):
            last = first + (6 if span.by == "week" else 0) * ONE_DAY
            period = Period(first, last, Figures(counts[pk, first]), is_over=last < today)
            if pk in postings:
                yield [*postings[pk], *_period_cells(period)]


def ranking_rows(scope: Scope, span: Span) -> Iterator[list[Any]]:
    """Every posting with click-throughs in the span, the most clicked first."""
    yield ["rank", *_POSTING_COLUMNS, "people", "raw"]
    rank = 0
    for batch in _batches(_tallies(scope, span)):
        postings = _described([pk for pk, _, _ in batch])
        for pk, people, raw in batch:
            rank += 1
            if pk in postings:
                yield [rank, *postings[pk], people, raw]


def _described(ids: Sequence[int]) -> dict[int, list[Any]]:
    rows = Posting.objects.filter(pk__in=ids).order_by()
    columns = rows.values_list("pk", "title", "company__name", "slug", "status", UtcDate("first_seen"))
    return {pk: [pk, title, company or "", slug, status, seen] for pk, title, company, slug, status, seen in columns}


def _period_cells(period: Period) -> list[Any]:
    figures = period.figures
    return [period.first, period.last, "yes" if period.is_over else "no", *figures.in_order, figures.raw]


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(rows)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch


# --- Words --------------------------------------------------------------------------------------------


def rate_text(rate: float | None) -> str:
    """A rate with as many digits as mean something.

    >>> rate_text(None), rate_text(0), rate_text(0.01234), rate_text(1.26), rate_text(1234.5)
    ('–', '0', '0.012', '1.3', '1,234')
    """
    if rate is None:
        return "–"
    if 0 < rate < 0.001:
        return "< 0.001"
    return f"{rate:.2g}" if rate < 1 else f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"


def _day_name(day: dt.date) -> str:
    return date_format(day, "j M Y")


def _range_name(first: dt.date, last: dt.date) -> str:
    """“2 – 8 Nov 2026”: what both ends share is said once."""
    if first == last:
        return _day_name(first)
    begin = (
        "j" if (first.year, first.month) == (last.year, last.month) else "j M" if first.year == last.year else "j M Y"
    )
    return f"{date_format(first, begin)} – {_day_name(last)}"
