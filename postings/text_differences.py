"""What two texts do not share, word by word. Pure: no Django."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from rapidfuzz.distance import Indel

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


def differences(first: str, second: str) -> list[Piece]:
    """What of the first is not in the second and the other way round, in order; at most MOST_PIECES.

    >>> [piece] = differences("We grow old trees in Vienna.", "We grow old trees in Graz and Linz.")
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
        removed=_cut(one[begin[0] : end[0]]),
        added=_cut(other[begin[1] : end[1]]),
        after=" ".join(one[end[0] : end[0] + _WORDS_AROUND]),
    )


def _cut(words: list[str]) -> str:
    return " ".join(words[:_MOST_IN_A_PIECE]) + (" …" if len(words) > _MOST_IN_A_PIECE else "")
