"""Numbers and days in words."""

import datetime as dt

from django.utils.formats import date_format


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


def day_name(day: dt.date) -> str:
    return date_format(day, "j M Y")


def range_name(first: dt.date, last: dt.date) -> str:
    """“2 – 8 Nov 2026”: what both ends share is said once."""
    if first == last:
        return day_name(first)
    begin = (
        "j" if (first.year, first.month) == (last.year, last.month) else "j M" if first.year == last.year else "j M Y"
    )
    return f"{date_format(first, begin)} – {day_name(last)}"
