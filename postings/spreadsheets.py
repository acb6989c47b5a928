"""Rows out as CSV for a spreadsheet, which takes what looks like a formula for one."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# Blanks and invisible characters in front do not keep a spreadsheet from reading a formula; the full-width signs
# become plain ones where the text is taken over in East Asian settings.
_FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f\u2060-\u2064]*[=+\-@\t\r\n\0＝＋－＠]")
# By which Excel knows that the file is UTF-8.
BYTE_ORDER_MARK = "\ufeff"


def harmless(cell: Any) -> Any:
    """Text that a spreadsheet might calculate with a ' in front, anything else as it is.

    >>> harmless("=1+1"), harmless("Gardener"), harmless(-3)
    ("'=1+1", 'Gardener', -3)
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


class _Line:
    """What csv writes to; `write` hands the line back, so that none is kept."""

    def write(self, line: str) -> str:
        return line


def as_csv(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file, line by line."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])
