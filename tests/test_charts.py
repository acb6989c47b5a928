"""Charts, drawn from numbers: no database, and no page but the drawing itself."""

import datetime as dt
import doctest
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest
from django.template.loader import render_to_string

from postings import charts, spreadsheets
from postings.charts import Bar, bar_chart, date_labels, round_steps
from postings.spreadsheets import as_csv, harmless
from postings.statistics import wording

SVG = "{http://www.w3.org/2000/svg}"


def draw(bars, **rest) -> ElementTree.Element:
    """The drawing, read as strictly as XML is."""
    chart = bar_chart(rest.pop("title", "Clicks"), "How many", bars, **rest)
    return ElementTree.fromstring(render_to_string("postings/_chart.svg", {"chart": chart, "name": "clicks"}))


def boxes(drawing, kind) -> list[tuple[float, float]]:
    """Top and height of each box of a kind."""
    return [
        (float(box.get("y")), float(box.get("height")))
        for box in drawing.iter(f"{SVG}rect")
        if box.get("class") == kind
    ]


def texts(drawing, kind) -> list[str]:
    return [text.text for text in drawing.iter(f"{SVG}text") if text.get("class") == kind]


@pytest.mark.parametrize("module", [charts, spreadsheets, wording])
def test_the_examples_in_the_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    ("highest", "steps"),
    [
        (0, [0]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (5, [0, 1, 2, 3, 4, 5]),
        (6, [0, 2, 4, 6]),
        (11, [0, 5, 10, 15]),
        (26, [0, 10, 20, 30]),
        (999, [0, 200, 400, 600, 800, 1000]),
        (10**12, [0, 2 * 10**11, 4 * 10**11, 6 * 10**11, 8 * 10**11, 10**12]),
        (0.3, [0, 0.1, 0.2, 0.3]),
        (0.00042, [0, 0.0001, 0.0002, 0.0003, 0.0004, 0.0005]),
    ],
)
def test_the_axis_has_few_and_round_numbers(highest, steps):
    assert round_steps(highest) == steps


def test_the_axis_always_reaches_the_highest_bar():
    for highest in [*range(1, 3000), *(each / 997 for each in range(1, 2000))]:
        steps = round_steps(highest)
        assert steps[-1] >= highest * (1 - 1e-9), highest
        assert 2 <= len(steps) <= 6, highest


def test_people_stand_at_the_bottom_and_the_others_on_top():
    drawing = draw([Bar("Monday", 6, 4), Bar("Tuesday", 0, 10), Bar("Wednesday", 10, 0)])
    [(people_top, people_height), (_, whole_height)] = boxes(drawing, "strong")
    [(others_top, others_height), _] = boxes(drawing, "faint")
    assert others_top + others_height == pytest.approx(people_top)
    assert people_height / others_height == pytest.approx(6 / 4)
    assert people_height + others_height == pytest.approx(whole_height)


def test_a_chart_says_what_it_shows_to_those_who_do_not_see_it():
    drawing = draw([Bar("2 Nov: 3 by people", 3)])
    assert drawing.get("role") == "img"
    named = [
        next(each for each in drawing.iter() if each.get("id") == name)
        for name in drawing.get("aria-labelledby").split()
    ]
    assert [each.text for each in named] == ["Clicks", "How many"]
    assert [group.find(f"{SVG}title").text for group in drawing.iter(f"{SVG}g")] == ["2 Nov: 3 by people"]


def test_a_chart_of_nothing_says_so():
    for bars in ([], [Bar("Monday", 0)], [Bar("Monday", 0), Bar("Tuesday", 0)]):
        drawing = draw(bars)
        assert texts(drawing, "nothing") == ["No click-throughs on these days"]
        assert texts(drawing, "tick") == ["0"]
        assert not boxes(drawing, "strong") + boxes(drawing, "faint")
    assert texts(draw([Bar("Monday", 1)]), "nothing") == []


@pytest.mark.parametrize("number", [1, 2, 30, 365, 530])
def test_any_number_of_bars_stays_within_the_drawing_and_apart(number):
    drawing = draw([Bar(str(each), each % 7, 1) for each in range(number)])
    places = [
        (float(box.get("x")), float(box.get("width")))
        for box in drawing.iter(f"{SVG}rect")
        if box.get("class") == "faint"
    ]
    assert len(places) == number
    assert places[0][0] >= 0
    assert all(x + width <= following + 0.02 for (x, width), (following, _) in pairwise(places))
    assert places[-1][0] + places[-1][1] <= charts.WIDTH - charts.RIGHT + 0.02
    assert all(0.5 < width <= charts.WIDEST_BAR for _, width in places)


def test_a_bar_whose_period_is_not_over_is_marked():
    drawing = draw([Bar("Monday", 1), Bar("today", 1, is_partial=True)])
    assert [group.get("class") for group in drawing.iter(f"{SVG}g")] == [None, "partial"]


def test_hostile_names_are_text():
    hostile = '</title><script>alert(1)</script>"'
    drawing = draw([Bar(hostile, 1, label=hostile)], title=hostile)
    assert not list(drawing.iter(f"{SVG}script"))
    assert texts(drawing, "label") == [hostile]


def test_nothing_in_a_drawing_needs_a_looser_policy():
    chart = bar_chart("Clicks", "", [Bar("Monday", 1, 2, "Mon")])
    assert "style" not in render_to_string("postings/_chart.svg", {"chart": chart, "name": "clicks"})


# --- Dates under the axis ----------------------------------------------------------------------------


def days(first: str, number: int, step: int = 1) -> list[dt.date]:
    return [dt.date.fromisoformat(first) + dt.timedelta(days=step * each) for each in range(number)]


def said(labels) -> list[str]:
    return [label for label in labels if label]


def test_a_few_days_have_a_date_each():
    assert date_labels(days("2026-11-18", 3)) == ["18 Nov", "19 Nov", "20 Nov"]


def test_a_month_of_days_has_the_mondays():
    assert said(date_labels(days("2026-10-24", 30))) == ["26 Oct", "2 Nov", "9 Nov", "16 Nov"]
    assert date_labels(days("2026-10-24", 30))[2] == "26 Oct"


def test_months_are_named_where_they_begin_and_january_with_its_year():
    assert said(date_labels(days("2025-11-23", 120))) == ["Dec", "Jan 2026", "Feb", "Mar"]
    assert said(date_labels(days("2025-12-01", 100)))[0] == "Dec"
    weeks = date_labels(days("2025-11-24", 20, step=7))
    assert said(weeks) == ["Dec", "Jan 2026", "Feb", "Mar", "Apr"]
    assert weeks[1] == "Dec"  # the week of 1 December


def test_long_spans_have_quarters_or_years():
    assert said(date_labels(days("2024-06-03", 100, step=7))) == [
        "Jul",
        "Oct",
        "Jan 2025",
        "Apr",
        "Jul",
        "Oct",
        "Jan 2026",
        "Apr",
    ]
    assert said(date_labels(days("2016-09-26", 530, step=7)))[:2] == ["2017", "2018"]


@pytest.mark.parametrize("number", [1, 13, 14, 60, 92, 365, 366])
def test_there_are_never_more_labels_than_fit_and_never_none(number):
    for first in ("2026-01-01", "2026-02-10", "2025-11-22"):
        assert 1 <= len(said(date_labels(days(first, number)))) <= 13
        assert 1 <= len(said(date_labels(days("2025-11-24", number, step=7)))) <= 13


def test_a_label_at_the_edge_stays_in_the_drawing():
    drawing = draw([Bar(str(each), 1, label="22 November" if each in (0, 364) else "") for each in range(365)])
    labels = [text for text in drawing.iter(f"{SVG}text") if text.get("class") == "label"]
    assert labels[0].get("text-anchor") == "start"


# --- Cells of a spreadsheet --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        *(f"{sign}1+1" for sign in "=+-@\t\r\n\0＝＋－＠"),
        " =1+1", "\ufeff=1", "\u200b@SUM(1)", "\xa0\n=1", "\t Gardener", "=", '=HYPERLINK("https://evil.example")',
    ],
)  # fmt: skip
def test_what_looks_like_a_formula_is_made_text(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["Gardener", "1=1", "a-b", "", " Gardener", "-", "C++ = fun", "مهندس", -3, 0, dt.date(2026, 1, 1)]
)
def test_everything_else_stays_as_it_is(cell):
    assert harmless(cell) == ("'-" if cell == "-" else cell)


def test_a_file_is_utf_8_for_excel_and_quotes_what_needs_it():
    text = "".join(as_csv([["title", "n"], ['a "b", c\nd', 1], ["=1", 2]]))
    assert text == '\ufefftitle,n\r\n"a ""b"", c\nd",1\r\n\'=1,2\r\n'
