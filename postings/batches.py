"""Long lists, a piece at a time: what one statement can name, and one transaction should hold."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def weighed(
    items: Iterable[Item], weigh: Callable[[Item], int], weight: int, size: float = float("inf")
) -> Iterator[list[Item]]:
    """In order, each piece as long as it takes to weigh so much, or to have so many.

    >>> [*weighed(["a", "bcd", "e", "f", "g"], len, 3, 2)]
    [['a', 'bcd'], ['e', 'f'], ['g']]
    """
    piece: list[Item] = []
    total = 0
    for item in items:
        piece.append(item)
        total += weigh(item)
        if total >= weight or len(piece) >= size:
            yield piece
            piece, total = [], 0
    if piece:
        yield piece
