"""Clicks against age: how much of them a posting gets as it grows old."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from postings.models import DailyClicks, Posting
from postings.statistics.asking import Scope, Span
from postings.statistics.counting import Kind
from postings.statistics.utc import UtcDate
from postings.statistics.wording import rate_text

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
            f"WITH p (id, status, seen, ends) AS MATERIALIZED ({postings}) "  # noqa: S608  see above
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
