"""Things out as files to keep, sent while they are made: tables (`resources`) as CSV, JSON and XLSX, postings also as
an archive of the Markdown that came in.

Each is made from primary keys, in memory that hardly grows with their number, and is the same for the command and the
admin.
"""

import io
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple
from wsgiref.util import FileWrapper

from postings import databases, exporting, spreadsheets
from postings.importing import writing
from postings.models import Posting, Tag
from postings.resources import BoardResource

_PIECE = 64 * 1024
_LINES_AT_ONCE = 200


class Format(NamedTuple):
    """A kind of file."""

    name: str
    ending: str
    content_type: str
    make: Callable[[BoardResource, Sequence[int]], Iterator[bytes]]


def as_csv(resource: BoardResource, ids: Sequence[int]) -> Iterator[bytes]:
    return _pieces(spreadsheets.as_csv(_table(resource, ids)))


def as_json(resource: BoardResource, ids: Sequence[int]) -> Iterator[bytes]:
    return _pieces(_json_lines(resource, ids))


def _json_lines(resource: BoardResource, ids: Sequence[int]) -> Iterator[str]:
    """One array, an object a line: readable as a whole, and line by line."""
    before = "[\n"
    for row in resource.rows(ids):
        yield before + json.dumps(resource.as_object(row), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def as_xlsx(resource: BoardResource, ids: Sequence[int]) -> Iterator[bytes]:
    """The workbook is whole before its first byte goes out: its parts are put together at the end."""
    out = tempfile.TemporaryFile()  # noqa: SIM115  closed by whoever lets go of what is given back
    try:
        spreadsheets.as_xlsx(_table(resource, ids), str(resource._meta.model._meta.verbose_name_plural), out)
        out.seek(0)
    except BaseException:
        out.close()
        raise
    return FileWrapper(out, _PIECE)


def _table(resource: BoardResource, ids: Sequence[int]) -> Iterator[list[Any]]:
    yield resource.header
    for row in resource.rows(ids):
        yield [spreadsheets.flat(value) for value in row]


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Many lines at once: each piece costs the server a write."""
    lines = iter(lines)
    # A large one takes as long as whoever takes it does.
    with databases.unhurried():
        while piece := "".join(islice(lines, _LINES_AT_ONCE)):
            yield piece.encode()


# --- The Markdown that came in -----------------------------------------------------------------------


def as_archive(resource: BoardResource, ids: Sequence[int]) -> Iterator[bytes]:
    """A .tar.gz that `import_postings` takes, of those of these postings that are live: an import makes live whatever
    it reads. The oldest row comes first: so the copies have the order of the originals, in lists too, and companies
    whose names differ little get the same addresses.

    No .zip, which has the name of every file once more at its end, and so in memory until then.
    """
    pipe = _Pipe()
    with databases.unhurried(), tarfile.open(fileobj=pipe, mode="w|gz") as archive:  # type: ignore[call-overload]
        for posting in exporting.live(sorted(ids)):
            for path, text in files_of(posting):
                data = text.encode()
                entry = tarfile.TarInfo(path)
                entry.size, entry.mtime = len(data), int(posting.changed_at.timestamp())
                archive.addfile(entry, io.BytesIO(data))
                archive.members.clear()
            if pipe.size >= _PIECE:
                yield pipe.take()
    yield pipe.take()


class _Pipe:
    """What tarfile writes to, forwards only."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        whole, self._pieces, self.size = b"".join(self._pieces), [], 0
        return whole


def files_of(posting: Posting) -> Iterator[tuple[str, str]]:
    """Where a posting lies in an archive, once for each of its categories, and what is in the file."""
    folder, states_name = writing.folder(posting.slug, posting.apply_url)
    text = writing.write(exporting.parts_of(posting), states_name)
    date = writing.part(posting.published_machine)
    for name in sorted(tag.name for tag in posting.tags_of_kind(Tag.Kind.CATEGORY)) or [""]:
        yield "/".join((writing.part(posting.source), writing.part(name), date, folder, writing.FILE_NAME)), text


TABLES = {
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", as_csv),
    "xlsx": Format("XLSX", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "json": Format("JSON", "json", "application/json", as_json),
}
ARCHIVE = {"archive": Format("Markdown", "tar.gz", "application/gzip", as_archive)}
FORMATS = TABLES | ARCHIVE
