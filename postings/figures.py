"""What the pages of figures share: the operator's statistics and an employer's page of one posting."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from postings import charts, statistics
from postings.spreadsheets import as_csv
from postings.statistics import Age, Asked, Period, Series


class Choice(NamedTuple):
    name: str
    address: str
    is_chosen: bool


def context(asked: Asked, today: dt.date) -> dict[str, Any]:
    """What `postings/figures/*.html` show of a scope's days."""
    found = statistics.series(asked.scope, asked.span, today)
    return {
        "scope": asked.scope,
        "span": asked.span,
        "ignored": asked.ignored,
        "series": found,
        "meaning_of_raw": statistics.MEANING_OF_RAW,
        "chart": chart_of_series(asked, found),
        "spans": [
            Choice(name, address(asked, span=key), key == asked.span.key) for key, name in statistics.SPAN_NAMES.items()
        ],
        "bys": [Choice(f"By {by}", address(asked, by=by), by == asked.span.by) for by in ("day", "week")],
        "csv_address": address(asked, by=asked.span.by, format="csv"),
    }


def address(asked: Asked, **other: str) -> str:
    """The page's own address, with some parameters different."""
    parameters = {"of": asked.scope.key if asked.is_scope_chosen else "", "span": asked.span.key, "by": asked.by}
    return f"?{urlencode({name: value for name, value in (parameters | other).items() if value}, safe=':')}"


def chart_of_series(asked: Asked, found: Series) -> charts.Chart:
    labels = charts.date_labels([period.first for period in found.periods])
    bars = [
        charts.Bar(_said(period), period.figures.people, period.figures.others, label, not period.is_over)
        for period, label in zip(found.periods, labels, strict=True)
    ]
    description = f"{found.total.people:,} by people and {found.total.others:,} others, {asked.span.name}."
    best = max(found.periods, key=lambda period: period.figures.people, default=None)
    if best and best.figures.people:
        description += f" Most by people: {best.figures.people:,}, {best.name}."
    return charts.bar_chart(f"Click-throughs by {asked.span.by}", f"{description} The table has every number.", bars)


def _said(period: Period) -> str:
    so_far = "" if period.is_over else " (so far)"
    return f"{period.name}{so_far}: {period.figures.people:,} by people, {period.figures.others:,} others"


def chart_of_ages(found: Sequence[Age]) -> charts.Chart:
    bars = [
        charts.Bar(
            f"Age {age.name}: {age.rate} a posting and day, {age.people:,} in all",
            age.per_posting_day or 0.0,
            0.0,
            # The end of an age is where the next one begins, and there is little room.
            age.name if age.last is None else str(age.first),
        )
        for age in found
    ]
    return charts.bar_chart(
        "Click-throughs by people against the age of postings",
        "For each age in days: click-throughs per posting and day. The table has every number.",
        bars,
        charts.SMALL_WIDTH,
    )


def csv_answer(rows: Iterable[Sequence[Any]], name: str) -> StreamingHttpResponse:
    """A file to keep, sent while it is made."""
    disposition = content_disposition_header(as_attachment=True, filename=f"{name}.csv")
    headers = {"Content-Disposition": disposition or "attachment", "Cache-Control": "no-store"}
    return StreamingHttpResponse(_pieces(as_csv(rows)), content_type="text/csv; charset=utf-8", headers=headers)


def _pieces(lines: Iterator[str]) -> Iterator[bytes]:
    """Many lines at once: each piece costs the server a write."""
    while piece := "".join(islice(lines, 500)):
        yield piece.encode()
