"""Bar charts as SVG, drawn on the server: geometry here, the drawing in `postings/_chart.svg`.

Colours come from style sheets by class (`static/css/charts.css`), so that a chart is light or dark with its page. The
vertical axis stands on the right, beside the newest bars: on a narrow screen the chart scrolls and begins there.
"""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format

WIDTH, SMALL_WIDTH, HEIGHT = 660, 420, 270  # in the chart's own units, which are pixels where it is not scaled
TOP, BOTTOM, LEFT, RIGHT = 12, 26, 4, 52  # the room around the bars
MOST_TICKS = 5
MOST_LABELS = 13  # of months and longer, whose names are short
MOST_DAY_LABELS = 10
WIDEST_BAR = 44


@dataclass(frozen=True)
class Bar:
    """One bar: the strong part stands at the bottom, the faint one on top of it."""

    name: str  # what is said where somebody points at it
    strong: float
    faint: float = 0
    label: str = ""  # under the axis
    is_partial: bool = False  # its period is not over


@dataclass(frozen=True)
class Box:
    """A part of a bar, in the chart's units, as text that goes into the drawing as it is."""

    y: str
    height: str


@dataclass(frozen=True)
class Column:
    """A bar with its place."""

    bar: Bar
    x: str
    width: str
    left: str  # of the whole strip that belongs to the bar
    strip: str
    anchor: str  # of the label, which stays within the drawing
    label_x: str
    strong: Box | None
    faint: Box | None


@dataclass(frozen=True)
class Tick:
    """A line of the vertical axis."""

    y: str
    text: str


@dataclass(frozen=True)
class Chart:
    title: str
    description: str
    columns: list[Column]
    ticks: list[Tick]

    width: int = WIDTH

    height = HEIGHT
    label_y = HEIGHT - 7
    strip_top, strip_height = TOP, HEIGHT - BOTTOM - TOP
    left = LEFT

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def is_small(self) -> bool:
        return self.width < WIDTH

    @property
    def has_partial(self) -> bool:
        return any(column.bar.is_partial for column in self.columns)

    @property
    def is_empty(self) -> bool:
        return not any(column.strong or column.faint for column in self.columns)


def bar_chart(title: str, description: str, bars: Sequence[Bar], drawing_width: int = WIDTH) -> Chart:
    steps = round_steps(max((bar.strong + bar.faint for bar in bars), default=0))
    top = steps[-1] or 1
    room = HEIGHT - BOTTOM - TOP

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - room * value / top

    strip = (drawing_width - LEFT - RIGHT) / max(len(bars), 1)
    # A gap between bars as long as there is room for one to be seen.
    width = min(WIDEST_BAR, strip * (0.76 if strip > 6 else 0.86 if strip > 3 else 1))
    columns = []
    for number, bar in enumerate(bars):
        left = LEFT + number * strip
        middle = left + strip / 2
        anchor, label_x = _label_place(bar.label, middle, drawing_width)
        columns.append(
            Column(
                bar,
                x=_text(middle - width / 2),
                width=_text(width),
                left=_text(left),
                strip=_text(strip),
                anchor=anchor,
                label_x=_text(label_x),
                strong=_box(y(0), y(bar.strong)),
                faint=_box(y(bar.strong), y(bar.strong + bar.faint)),
            )
        )
    return Chart(title, description, columns, [Tick(_text(y(step)), tick_text(step)) for step in steps], drawing_width)


def _box(bottom: float, top: float) -> Box | None:
    return Box(_text(top), _text(bottom - top)) if bottom > top else None


def _label_place(label: str, middle: float, width: int) -> tuple[str, float]:
    """Where a label stands: under the middle of its bar, unless it would leave the drawing there."""
    half = 3.6 * len(label)
    if middle - half < 0:
        return "start", 0
    return ("end", width) if middle + half > width else ("middle", middle)


def _text(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def round_steps(highest: float) -> list[float]:
    """Round numbers from 0 to at least the highest, at most five above 0; whole ones for what is counted.

    >>> round_steps(7), round_steps(1), round_steps(0.25), round_steps(0)
    ([0, 2, 4, 6, 8], [0, 1], [0.0, 0.05, 0.1, 0.15, 0.2, 0.25], [0])
    """
    if highest <= 0:
        return [0]
    power = 10.0 ** math.floor(math.log10(highest / MOST_TICKS))
    if isinstance(highest, int):
        power = max(power, 1)
    for step in (1, 2, 5, 10):
        number = math.ceil(round(highest / (step * power), 9))
        if number <= MOST_TICKS:
            break
    return [round(each * step * power, 9) if power < 1 else int(each * step * power) for each in range(number + 1)]


def tick_text(value: float) -> str:
    """
    >>> tick_text(1500), tick_text(0.5), tick_text(0)
    ('1,500', '0.5', '0')
    """
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def date_labels(days: Sequence[dt.date]) -> list[str]:
    """What stands under bars that begin on these days: as many dates as there is room for, at round places."""
    _, write, is_round = next(rule for rule in _RULES if _fits(days, rule) or rule is _RULES[-1])
    labels = []
    before = None
    for day in days:
        labels.append(write(day) if is_round(day, before) else "")
        before = day
    return labels


# How many fit, how each is written, and which days have one.
_Rule = tuple[int, Callable[[dt.date], str], Callable[[dt.date, dt.date | None], bool]]


def _fits(days: Sequence[dt.date], rule: _Rule) -> bool:
    most, _, is_round = rule
    number = sum(is_round(day, before) for day, before in zip(days, [None, *days], strict=False))
    return 0 < number <= most


def _day(day: dt.date) -> str:
    return date_format(day, "j M")


def _month(day: dt.date) -> str:
    return date_format(day, "M Y" if day.month == 1 else "M")


def _is_new(unit: Callable[[dt.date], object]) -> Callable[[dt.date, dt.date | None], bool]:
    """Whether a bar is the first of a month, quarter or year; of the first bar that is known only on a 1st."""
    return lambda day, before: day.day == 1 if before is None else unit(day) != unit(before)


_RULES: list[_Rule] = [
    (MOST_DAY_LABELS, _day, lambda day, before: True),
    (MOST_DAY_LABELS, _day, lambda day, before: day.weekday() == 0),
    (MOST_LABELS, _month, _is_new(lambda day: (day.year, day.month))),
    (MOST_LABELS, _month, _is_new(lambda day: (day.year, (day.month - 1) // 3))),
    (MOST_LABELS, lambda day: str(day.year), _is_new(lambda day: day.year)),
]
