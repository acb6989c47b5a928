"""Rows for a spreadsheet."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from postings.models import DailyClicks, Posting
from postings.statistics.asking import Scope, Span
from postings.statistics.counting import Figures, Kind, Period
from postings.statistics.ranking import tally_postings
from postings.statistics.utc import UtcDate

_AT_ONCE = 500
_POSTING_COLUMNS = ["posting", "title", "company", "address", "status", "first seen"]
_KIND_COLUMNS = [*(str(kind.label) for kind in Kind), "raw"]


def period_rows(periods: Iterable[Period]) -> Iterator[list[Any]]:
    """One posting's figures, a row a period."""
    yield ["from", "to", "is over", *_KIND_COLUMNS]
    for period in periods:
        yield _period_cells(period)


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
            last = span.end_of(first)
            period = Period(first, last, Figures(counts[pk, first]), is_over=last < today)
            if pk in postings:
                yield [*postings[pk], *_period_cells(period)]


def ranking_rows(scope: Scope, span: Span) -> Iterator[list[Any]]:
    """Every posting with click-throughs in the span, the most clicked first."""
    yield ["rank", *_POSTING_COLUMNS, "people", "raw"]
    rank = 0
    for batch in _batches(tally_postings(scope, span)):
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
