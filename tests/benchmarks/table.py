"""The table that is printed: a line for each figure, a column for each board, and what each has to hold."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Board(NamedTuple):
    """A column."""

    size: int
    is_on_postgresql: bool = False

    def __str__(self) -> str:
        return f"{self.size:,} {'PostgreSQL' if self.is_on_postgresql else 'SQLite'}"


class Bar(NamedTuple):
    """What a figure must reach or, where it is the less the better, must not exceed."""

    value: float
    is_least: bool = True

    def __str__(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.value:,.4g}"

    def is_held_by(self, figure: float) -> bool:
        return figure >= self.value if self.is_least else figure <= self.value


class Row(NamedTuple):
    """A line: a figure for each board that it was measured on, what stands behind it, and its bars."""

    what: str
    figures: Mapping[Board, float]
    bars: Mapping[Board, Bar] = {}
    unit: str = ""
    notes: Mapping[Board, str] = {}

    def cell(self, board: Board, usual: Bar | None) -> str:
        if board not in self.figures:
            return "–"
        said = f"{_number(self.figures[board])}{self.unit}"
        if board in self.notes:
            said += f" ({self.notes[board]})"
        bar = self.bars.get(board)
        if bar is None:
            # No bar here, though others have one, says so by itself.
            return said
        held = "held" if self.holds(board) else "**missed**"
        return f"{said}, {held}" if bar == usual else f"{said}, {held} ({bar})"

    def holds(self, board: Board) -> bool:
        return board not in self.bars or board not in self.figures or self.bars[board].is_held_by(self.figures[board])

    @property
    def usual_bar(self) -> Bar | None:
        """That of most boards."""
        bars = [bar for board, bar in self.bars.items() if board in self.figures]
        return max(bars, key=bars.count) if bars else None


def _number(figure: float) -> str:
    return f"{figure:,.{0 if abs(figure) >= 100 else 1 if abs(figure) >= 10 else 2}f}"


def markdown(boards: Iterable[Board], rows: Iterable[Row]) -> str:
    columns = list(boards)
    lines = [["", "bar", *map(str, columns)], ["---", "---", *("---:" for _ in columns)]]
    for row in rows:
        usual = row.usual_bar
        lines.append([row.what, str(usual) if usual else "", *(row.cell(board, usual) for board in columns)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def missed(rows: Iterable[Row]) -> list[str]:
    """Each bar that is not held, as a few words."""
    return [f"{row.what} at {board}" for row in rows for board in row.figures if not row.holds(board)]
