"""Where files come from: single files, folders, archives and standard input, one file at a time.

Nothing is ever unpacked to the disk, and a name found in an archive never becomes a path. Pure: no Django.
"""

import lzma
import os
import stat
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from postings.importing.layout import MAX_BYTES

READ_ENDINGS = {".md", ".markdown", ".txt"}
ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".zip")
STANDARD_INPUT = "-"

MAX_NAME_LENGTH = 500  # of a longer path the end is kept, which says more

# An archive that unpacks to more than this many times its size is a bomb; small ones may be anything.
MAX_RATIO = 100
MAX_BYTES_WITHOUT_RATIO = 10 * 1024 * 1024

_BROKEN_ARCHIVE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a zip's compression that this Python does not have
    RuntimeError,  # a zip that wants a password
)
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_TAR_MAGIC_AT = 257


class Unreadable(Exception):
    """A path or archive that cannot be read as a whole; its text says why, as a sentence for people."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = _printable(path)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run reads."""

    files: int = 100_000
    bytes: int = 1024**3


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that may hold a posting."""

    path: str  # as the operator would find it: the folder's or archive's name, then the place in it
    parts: tuple[str, ...]  # the whole path, as far as it is known, for what its folders say
    data: bytes = b""
    problem: str = ""  # why it could not be read; empty where `data` holds it


@dataclass(slots=True)
class Reader:
    """Reads the files of several paths in order, and counts what it passes over.

    A file that cannot be read comes out with its problem; a whole path that cannot raises Unreadable.
    """

    limits: Limits = field(default_factory=Limits)
    skipped: int = 0  # files of other kinds
    _files: int = 0
    _bytes: int = 0

    def read(self, path: str) -> Iterator[SourceFile]:
        if path == STANDARD_INPUT:
            yield from self._standard_input()
            return
        # What the operator names may be a link; what lies in a folder may not.
        found = Path(path)
        mode = found.stat().st_mode
        if stat.S_ISDIR(mode):
            yield from self._folder(found)
        elif path.lower().endswith(ARCHIVE_ENDINGS):
            with found.open("rb") as stream:
                yield from self._archive(path, stream)
        else:
            yield from self._file(str(found), found.absolute().parts, found, follow=True)

    def _folder(self, top: Path) -> Iterator[SourceFile]:
        above = top.resolve().parts
        for folder, names, files in os.walk(top, onerror=_give_up):
            names[:] = sorted(name for name in names if not name.startswith("."))
            place = Path(folder)
            inside = place.relative_to(top).parts
            for name in sorted(files):
                yield from self._file(str(place / name), (*above, *inside, name), place / name)

    def _file(self, path: str, parts: tuple[str, ...], file: Path, follow: bool = False) -> Iterator[SourceFile]:
        if not _is_wanted(parts[-1]):
            self.skipped += 1
            return
        try:
            yield self._counted(SourceFile(path, parts, data=_read_regular(file, follow)))
        except OSError as error:
            yield self._counted(SourceFile(path, parts, problem=_sentence(error)))

    def _standard_input(self) -> Iterator[SourceFile]:
        stream = sys.stdin.buffer
        start = stream.read(MAX_BYTES + 1)
        if not (start.startswith(_MAGIC) or start[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar"):
            yield self._counted(SourceFile(STANDARD_INPUT, (), data=start))
            return
        with tempfile.TemporaryFile() as spool:
            total = len(start)
            while start:
                if total > self.limits.bytes:
                    raise Unreadable(STANDARD_INPUT, f"over {self.limits.bytes:,} bytes")
                spool.write(start)
                start = stream.read(1024 * 1024)
                total += len(start)
            spool.seek(0)
            yield from self._archive(STANDARD_INPUT, spool)

    def _archive(self, path: str, stream: IO[bytes]) -> Iterator[SourceFile]:
        """The files of an archive. It is looked through once before the first file comes out of it, so that
        one that is broken, too large or a bomb is refused whole."""
        is_zip = zipfile.is_zipfile(stream)
        members = _zip_members if is_zip else _tar_members
        packed = stream.seek(0, os.SEEK_END)
        try:
            self._look_through(path, packed, members(stream))
            for member in members(stream):
                yield from self._member(path, member)
        except _BROKEN_ARCHIVE as error:
            raise Unreadable(path, f"not an archive that can be read ({error})") from error
        except OSError as error:
            # Broken gzip and bzip2 data comes as a plain OSError without a number.
            if error.errno is not None:
                raise
            raise Unreadable(path, f"not an archive that can be read ({error})") from error

    def _look_through(self, path: str, packed: int, members: "Iterator[_Member]") -> None:
        files, total = self._files, self._bytes
        for member in members:
            files += member.is_file and _is_wanted(member.name)
            total += member.size
            if files > self.limits.files:
                raise Unreadable(path, f"over {self.limits.files:,} files")
            if total > self.limits.bytes:
                raise Unreadable(path, f"over {self.limits.bytes:,} bytes unpacked")
            if total > max(MAX_RATIO * packed, MAX_BYTES_WITHOUT_RATIO):
                raise Unreadable(path, f"unpacks to over {MAX_RATIO} times its size")

    def _member(self, archive: str, member: "_Member") -> Iterator[SourceFile]:
        if member.is_folder:
            return
        parts = PurePosixPath(member.name).parts
        path = f"{archive}/{member.name}"
        if not parts or not _is_wanted(parts[-1]):
            self.skipped += 1
        elif member.name.startswith("/") or ".." in parts:
            yield self._counted(SourceFile(path, parts, problem="its name leads out of the archive"))
        elif not member.is_file:
            yield self._counted(SourceFile(path, parts, problem="not a regular file"))
        else:
            yield self._counted(_read_member(path, parts, member))

    def _counted(self, file: SourceFile) -> SourceFile:
        file = replace(file, path=_printable(file.path), parts=tuple(map(_printable, file.parts)))
        self._files += 1
        self._bytes += len(file.data)
        if self._files > self.limits.files:
            raise Unreadable(file.path, f"over {self.limits.files:,} files in one run")
        if self._bytes > self.limits.bytes:
            raise Unreadable(file.path, f"over {self.limits.bytes:,} bytes in one run")
        return file


def count_files(paths: list[str]) -> int | None:
    """How many files these paths hold, for a progress bar; None where it takes reading them to know."""
    total = 0
    for path in paths:
        if os.path.isdir(path):
            total += sum(map(_is_wanted, (name for *_, files in os.walk(path) for name in files)))
        elif path == STANDARD_INPUT or path.lower().endswith(ARCHIVE_ENDINGS):
            return None
        else:
            total += 1
    return total


def _is_wanted(name: str) -> bool:
    base = PurePosixPath(name).name
    return not base.startswith(".") and PurePosixPath(base).suffix.lower() in READ_ENDINGS


def _read_regular(file: Path, follow: bool) -> bytes:
    """The bytes of a regular file, one more than the cap at the most; anything else is not opened for long."""
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    if not follow and file.is_symlink():
        raise OSError("a symbolic link")
    descriptor = os.open(file, flags)
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        return stream.read(MAX_BYTES + 1)


def _printable(name: str) -> str:
    """A file's name as it may be printed, logged and stored, whatever bytes the disk or the archive has for it."""
    name = os.fsencode(name).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\ufffd" for char in name)[-MAX_NAME_LENGTH:]


def _sentence(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or str(error)).lower()}"


def _give_up(error: OSError) -> None:
    raise Unreadable(str(error.filename), _sentence(error)) from error


@dataclass(slots=True)
class _Member:
    name: str
    size: int
    is_file: bool
    is_folder: bool
    _archive: tarfile.TarFile | zipfile.ZipFile
    _entry: tarfile.TarInfo | zipfile.ZipInfo

    def stream(self) -> IO[bytes]:
        if isinstance(self._archive, zipfile.ZipFile):
            return self._archive.open(self._entry)  # type: ignore[arg-type]
        stream = self._archive.extractfile(self._entry)  # type: ignore[arg-type]
        assert stream is not None  # noqa: S101  only folders and devices have none
        return stream


def _read_member(path: str, parts: tuple[str, ...], member: _Member) -> SourceFile:
    try:
        # One byte over the cap is enough for the layout to refuse it.
        return SourceFile(path, parts, data=member.stream().read(MAX_BYTES + 1))
    except _BROKEN_ARCHIVE as error:
        if not isinstance(member._archive, zipfile.ZipFile):
            raise
        # A zip's members stand alone: the others can still be read.
        return SourceFile(path, parts, problem=f"cannot be unpacked ({error})")


def _tar_members(stream: IO[bytes]) -> Iterator[_Member]:
    stream.seek(0)
    # As a stream ("|"): one pass, in the order of the archive.
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        while (entry := archive.next()) is not None:
            yield _Member(entry.name, entry.size, entry.isreg(), entry.isdir(), archive, entry)
            # tarfile remembers every member it has passed; here nobody goes back to one.
            archive.members.clear()  # type: ignore[attr-defined]


def _zip_members(stream: IO[bytes]) -> Iterator[_Member]:
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            is_regular = not mode or stat.S_IFMT(mode) in (0, stat.S_IFREG)
            yield _Member(
                entry.filename, entry.file_size, is_regular and not entry.is_dir(), entry.is_dir(), archive, entry
            )
