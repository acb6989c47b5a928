"""Rows out for a spreadsheet, as CSV or XLSX; it takes what looks like a formula for one."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

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


def flat(value: Any) -> Any:
    """What one cell can hold: of a list its items, of anything with parts its JSON.

    >>> flat(["remote", "hybrid"]), flat({"visa": "We sponsor"}), flat(None), flat(3)
    ('remote; hybrid', '{"visa": "We sponsor"}', None, 3)
    """
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return (json.dumps(value, ensure_ascii=False) if value else "") if isinstance(value, dict) else value


# --- XLSX --------------------------------------------------------------------------------------------

MOST_ROWS = 1_048_576  # of a sheet, the header among them
MOST_CHARACTERS = 32_767  # of a cell, as UTF-16 counts them
CUT = " … (cut here: a cell holds no more)"
# What no XML document can hold; one file with such a character is refused as damaged.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def as_xlsx(rows: Iterable[Sequence[Any]], name: str, out: IO[bytes]) -> None:
    """Writes a workbook of one sheet, row by row. Every text is typed as one, so that there is no formula in it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append([_text_cell(sheet, cell) if isinstance(cell, str) else cell for cell in row])
    book.save(out)


def _text_cell(sheet: Any, text: str) -> Any:
    if not text:
        return None
    cell = WriteOnlyCell(sheet)
    # Set by hand: the library would read "=1+1" as a formula and "#N/A" as an error.
    cell._value, cell.data_type = for_xlsx(text), "s"
    return cell


def for_xlsx(text: str) -> str:
    """The text as a cell can hold it: harmless, without what XML cannot hold, and not too long.

    >>> for_xlsx("\\x01=1+1"), for_xlsx("\\x00Gardener")
    ("'=1+1", "'Gardener")
    """
    kept = _NOT_IN_XML.sub("", text)
    # Judged before and after: what is taken out of the front may have hidden a sign, or been one.
    kept = f"'{kept}" if _FORMULA.match(text) or _FORMULA.match(kept) else kept
    if len(kept) > MOST_CHARACTERS // 2 and len(kept.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
        units = kept.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - len(CUT))]
        kept = units.decode("utf-16-le", errors="ignore") + CUT
    return kept
