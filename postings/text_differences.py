"""What two texts do not share: line by line, as they stand, or word by word, whatever the Markdown. Pure: no Django."""

import difflib
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from rapidfuzz.distance import Indel

# --- Line by line -----------------------------------------------------------------------------------

MOST_LINES, MOST_CHARACTERS_OF_LINE = 30, 160
_LINES_AROUND = 1
# More would be compared for longer than anybody reads: the time grows with the square.
_MOST_LINES_COMPARED = 300


def by_lines(old: str, new: str) -> list[str]:
    """The lines that differ, `-` before those that go and `+` before those that come; the first MOST_LINES of them.
    `…` stands for lines between them that do not.

    >>> by_lines("one", "two")
    ['-one', '+two']
    """
    before, after = old.split("\n"), new.split("\n")
    # What both begin and end with needs no comparing.
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    first = max(0, start - _LINES_AROUND)
    before = before[first : min(len(before), len(before) - end + _LINES_AROUND)]
    after = after[first : min(len(after), len(after) - end + _LINES_AROUND)]
    is_cut = max(len(before), len(after)) > _MOST_LINES_COMPARED
    compared = difflib.unified_diff(
        before[:_MOST_LINES_COMPARED], after[:_MOST_LINES_COMPARED], n=_LINES_AROUND, lineterm=""
    )
    # Without the names of files, of which there are none, the numbers of lines, and empty lines that stay.
    lines = ["…" if line.startswith("@@ ") else line for line in list(compared)[3:] if line != " "]
    shown = [cut(line, MOST_CHARACTERS_OF_LINE) for line in lines[:MOST_LINES]]
    return [*shown, "… and more"] if is_cut or len(lines) > MOST_LINES else shown


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# --- Word by word -----------------------------------------------------------------------------------

_WORDS_AROUND = 4
MOST_PIECES = 30
_MOST_WORDS = 4000
_MOST_IN_A_PIECE = 60
# Words without what Markdown and typesetting put around them, which sources write now so and now so.
_TOKEN = re.compile(r"[$€£¥]?[^\W_]+(?:[.,'’/:@-][^\W_]+)*[+#%]*")


class Piece(NamedTuple):
    """Where two texts differ, and what stands around it in both."""

    before: str
    removed: str
    added: str
    after: str


def by_words(first: str, second: str) -> list[Piece]:
    """What of the first is not in the second and the other way round, in order; at most MOST_PIECES.

    >>> [piece] = by_words("We grow old trees in Vienna.", "We grow old trees in Graz and Linz.")
    >>> piece.before, piece.removed, piece.added
    ('grow old trees in', 'Vienna', 'Graz and Linz')
    """
    one, other = _TOKEN.findall(first)[:_MOST_WORDS], _TOKEN.findall(second)[:_MOST_WORDS]
    return list(islice(_pieces(one, other), MOST_PIECES))


def _pieces(one: list[str], other: list[str]) -> Iterator[Piece]:
    # Insertions and deletions that touch are one piece.
    begin: tuple[int, int] | None = None
    for step in Indel.opcodes(one, other):
        if step.tag == "equal":
            if begin:
                yield _piece(one, other, begin, (step.src_start, step.dest_start))
            begin = None
        elif begin is None:
            begin = (step.src_start, step.dest_start)
    if begin:
        yield _piece(one, other, begin, (len(one), len(other)))


def _piece(one: list[str], other: list[str], begin: tuple[int, int], end: tuple[int, int]) -> Piece:
    return Piece(
        before=" ".join(one[max(0, begin[0] - _WORDS_AROUND) : begin[0]]),
        removed=_some(one[begin[0] : end[0]]),
        added=_some(other[begin[1] : end[1]]),
        after=" ".join(one[end[0] : end[0] + _WORDS_AROUND]),
    )


def _some(words: list[str]) -> str:
    return " ".join(words[:_MOST_IN_A_PIECE]) + (" …" if len(words) > _MOST_IN_A_PIECE else "")
