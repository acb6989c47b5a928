"""Click-throughs in figures: of the board, a posting, a company or a category, over a span of days (UTC).

1. `asking` reads whose, and of which days;
2. `counting` adds up by day or week, `ranking` by posting, company and category, `ageing` by the age of postings;
3. `rows` is the same for a spreadsheet, and `wording` says numbers and days.

Nothing here depends on a page. Answers are small objects, and no number of queries grows with the board.
"""

from postings.statistics.ageing import MEANING_OF_AGE, Age, ages
from postings.statistics.asking import MOST_WEEKS, SPAN_NAMES, SPANS, Asked, Scope, Span, ask, monday
from postings.statistics.counting import MEANING_OF_RAW, MEANINGS, Figures, Period, Series, series
from postings.statistics.ranking import Rankings, rankings
from postings.statistics.rows import period_rows, posting_period_rows, ranking_rows

__all__ = [
    "MEANINGS", "MEANING_OF_AGE", "MEANING_OF_RAW", "MOST_WEEKS", "SPANS", "SPAN_NAMES", "Age", "Asked", "Figures",
    "Period", "Rankings", "Scope", "Series", "Span", "ages", "ask", "monday", "period_rows", "posting_period_rows",
    "ranking_rows", "rankings", "series",
]  # fmt: skip
