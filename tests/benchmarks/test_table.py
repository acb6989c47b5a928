"""The table of the benchmarks says what was measured, against which bar, and whether that is held."""

from tests.benchmarks.pages import PAGES
from tests.benchmarks.table import Bar, Board, Row, markdown, missed

SMALL, LARGE, OTHER = Board(10_000), Board(1_000_000), Board(10_000, is_on_postgresql=True)


def test_a_figure_stands_with_its_bar_and_whether_it_is_held():
    row = Row("list", {SMALL: 0.2, OTHER: 0.1}, {SMALL: Bar(0.15), OTHER: Bar(0.15)}, " ×", {SMALL: "512/s"})
    assert markdown([SMALL, OTHER], [row]).splitlines() == [
        "|  | bar | 10,000 SQLite | 10,000 PostgreSQL |",
        "| --- | --- | ---: | ---: |",
        "| list | ≥ 0.15 | 0.20 × (512/s), held | 0.10 ×, **missed** |",
    ]
    assert missed([row]) == ["list at 10,000 PostgreSQL"]


def test_a_bar_of_its_own_is_named_where_it_differs():
    bars = {SMALL: Bar(3, is_least=False), OTHER: Bar(3, is_least=False), LARGE: Bar(9, is_least=False)}
    row = Row("memory", {SMALL: 2, OTHER: 4, LARGE: 8}, bars, " MB")
    [*_, line] = markdown([SMALL, OTHER, LARGE], [row]).splitlines()
    assert line == "| memory | ≤ 3 | 2.00 MB, held | 4.00 MB, **missed** | 8.00 MB, held (≤ 9) |"


def test_what_was_not_measured_or_has_no_bar_misses_none():
    row = Row("apply", {SMALL: 0.01}, {OTHER: Bar(0.3)})
    assert markdown([SMALL, OTHER], [row]).splitlines()[-1] == "| apply |  | 0.01 | – |"
    assert missed([row]) == []


def test_the_bars_are_those_that_were_promised():
    least = {page.what: {board: bar.value for board in (OTHER, LARGE) if (bar := page.bar(board))} for page in PAGES}
    assert least == {
        "list with filters, cold": {OTHER: 0.15, LARGE: 0.09},
        "list with filters, warm": {OTHER: 0.8, LARGE: 0.48},
        "search, cold": {OTHER: 0.08},
        "search, warm": {OTHER: 0.8},
        "posting, cold": {OTHER: 0.35, LARGE: 0.21},
        "posting, warm": {OTHER: 0.8, LARGE: 0.48},
        "apply, counted": {OTHER: 0.3},
        "feed of a filter, cold": {OTHER: 0.08},
        "feed of a filter, warm": {OTHER: 0.8},
    }
    assert {page.what for page in PAGES if page.bar(SMALL) is None} == {"apply, counted"}
