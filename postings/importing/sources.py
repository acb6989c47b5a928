"""Where files come from: single files, folders, archives and standard input, one file at a time.

Nothing is ever unpacked to the disk, and a name found in an archive never becomes a path. Pure: no Django.
"""

import bz2
import errno
import gzip
import io
import lzma
import os
import stat
import struct
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
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
# What tarfile and zipfile let through from headers that were made to mislead them.
_BROKEN_HEADER = (ValueError, OverflowError, IndexError, KeyError, struct.error, RecursionError)
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_DECOMPRESSORS: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": gzip.open,  # type: ignore[dict-item]
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_ENDINGS = {
    **dict.fromkeys(_ZIP_MAGIC, ".zip"),
    b"\x1f\x8b": ".tar.gz",
    b"BZh": ".tar.bz2",
    b"\xfd7zXZ\x00": ".tar.xz",
}
_TAR_MAGIC_AT = 257
# tarfile takes a header into memory whole; no honest one is larger.
_MOST_AT_ONCE = 1024 * 1024


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
    inside: str  # the place in it alone: the same file in tomorrow's archive has the same
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
    # Hears how many files there are to read, where that is known before they are read.
    expect: Callable[[int], None] = lambda number: None
    empty_paths: list[str] = field(default_factory=list)  # paths under which there was no file to read
    _files: int = 0
    _bytes: int = 0

    def read(self, path: str) -> Iterator[SourceFile]:
        before = self._files
        yield from self._read(path)
        if self._files == before:
            self.empty_paths.append(_printable(path))

    def _read(self, path: str) -> Iterator[SourceFile]:
        if path == STANDARD_INPUT:
            yield from self._standard_input()
            return
        # What the operator names may be a link; what lies in a folder may not.
        found = Path(path)
        if found.is_dir():
            yield from self._folder(found)
        elif path.lower().endswith(ARCHIVE_ENDINGS):
            try:
                stream = _open_regular(found, follow=True)
            except OSError as error:
                raise Unreadable(path, _sentence(error)) from error
            with stream:
                yield from self._archive(path, stream)
        else:
            parts = Path(os.path.abspath(found)).parts
            yield from self._file(str(found), found.name, parts, follow=True)

    def _folder(self, top: Path) -> Iterator[SourceFile]:
        above = top.resolve().parts
        unreadable: list[OSError] = []
        for folder, names, files in os.walk(top, onerror=unreadable.append):
            names[:] = sorted(name for name in names if not name.startswith("."))
            place = Path(folder)
            inside = place.relative_to(top).parts
            for name in names:
                if (place / name).is_symlink():
                    # Its postings may lie elsewhere, where nobody looks: that must not pass for their being gone.
                    yield self._counted(SourceFile(f"{place / name}/", "", (), problem="a symbolic link"))
            for name in sorted(files):
                yield from self._file(str(place / name), "/".join((*inside, name)), (*above, *inside, name))
        for error in unreadable:
            yield self._counted(SourceFile(f"{error.filename}/", "", (), problem=_sentence(error)))

    def _file(self, path: str, inside: str, parts: tuple[str, ...], follow: bool = False) -> Iterator[SourceFile]:
        if not _is_wanted(parts[-1]):
            self.skipped += 1
            return
        try:
            yield self._counted(SourceFile(path, inside, parts, data=_read_regular(Path(path), follow)))
        except OSError as error:
            yield self._counted(SourceFile(path, inside, parts, problem=_sentence(error)))

    def _standard_input(self) -> Iterator[SourceFile]:
        if sys.stdin is None:
            raise Unreadable(STANDARD_INPUT, "standard input is closed")
        stream = sys.stdin.buffer
        start = stream.read(MAX_BYTES + 1)
        if not archive_ending(start):
            yield self._counted(SourceFile("standard input", STANDARD_INPUT, (), data=start))
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
        is_zip = stream.read(4) in _ZIP_MAGIC
        packed = stream.seek(0, os.SEEK_END)
        most = min(self.limits.bytes, max(MAX_RATIO * packed, MAX_BYTES_WITHOUT_RATIO))
        try:
            self._look_through(path, most, _zip_members(stream) if is_zip else _tar_members(stream, most))
            for member in _zip_members(stream) if is_zip else _tar_members(stream, most):
                yield from self._member(path, member)
        except _TooMuch:
            raise Unreadable(path, f"unpacks to over {most:,} bytes") from None
        except (*_BROKEN_ARCHIVE, *_BROKEN_HEADER) as error:
            raise Unreadable(path, f"not an archive that can be read ({error})") from error
        except OSError as error:
            # Broken gzip and bzip2 data comes as a plain OSError without a number, a zip that points before its
            # own beginning as EINVAL; anything else is the disk's.
            if error.errno not in (None, errno.EINVAL):
                raise
            raise Unreadable(path, f"not an archive that can be read ({error})") from error

    def _look_through(self, path: str, most: int, members: "Iterator[_Member]") -> None:
        entries = files = total = 0
        for member in members:
            entries += 1
            files += member.is_file and _is_wanted(member.name)
            total += member.size
            if self._files + files > self.limits.files:
                raise Unreadable(path, f"over {self.limits.files:,} files in one run")
            if self._bytes + total > self.limits.bytes:
                raise Unreadable(path, f"over {self.limits.bytes:,} bytes in one run")
            if total > most:
                raise _TooMuch
        if not entries:
            raise Unreadable(path, "an archive with nothing in it")
        self.expect(self._files + files)

    def _member(self, archive: str, member: "_Member") -> Iterator[SourceFile]:
        if member.is_folder:
            return
        parts = PurePosixPath(member.name).parts
        path = f"{archive}/{member.name}"
        if not parts or not _is_wanted(member.name):
            self.skipped += 1
        elif member.name.startswith("/") or ".." in parts:
            yield self._counted(SourceFile(path, member.name, parts, problem="its name leads out of the archive"))
        elif not member.is_file:
            yield self._counted(SourceFile(path, member.name, parts, problem="not a regular file"))
        else:
            yield self._counted(_read_member(path, parts, member))

    def _counted(self, file: SourceFile) -> SourceFile:
        file = replace(
            file, path=_printable(file.path), inside=_printable(file.inside), parts=tuple(map(_printable, file.parts))
        )
        self._files += 1
        self._bytes += len(file.data)
        if self._files > self.limits.files:
            raise Unreadable(file.path, f"over {self.limits.files:,} files in one run")
        if self._bytes > self.limits.bytes:
            raise Unreadable(file.path, f"over {self.limits.bytes:,} bytes in one run")
        return file


def archive_ending(start: bytes) -> str:
    """The ending of the kind of archive that begins so; empty where these are no archive's bytes."""
    if start[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return ".tar"
    return next((ending for magic, ending in _ENDINGS.items() if start.startswith(magic)), "")


def endings_like(ending: str) -> tuple[str, ...]:
    """All endings that say the same as this one of `archive_ending`: `.tgz` is `.tar.gz`."""
    short = {".tar.gz": (".tgz",), ".tar.bz2": (".tbz2",), ".tar.xz": (".txz",)}
    return (ending, *short.get(ending, ()))


def is_readable_name(path: str) -> bool:
    """Whether a file of this name is one that is read: a posting, or an archive of them."""
    return path.lower().endswith((*READ_ENDINGS, *ARCHIVE_ENDINGS))


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
    """Whether a file is read, by its ending; what is hidden, or lies in a hidden folder, is not."""
    parts = PurePosixPath(name).parts
    is_hidden = any(part.startswith(".") and part != ".." for part in parts)
    return not is_hidden and PurePosixPath(name).suffix.lower() in READ_ENDINGS


def _open_regular(file: Path, follow: bool) -> IO[bytes]:
    """A regular file, opened; anything else (a pipe, a device, a link where none may be) is an OSError."""
    if not follow and file.is_symlink():
        raise OSError("a symbolic link")
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    stream = open(os.open(file, flags), "rb")  # noqa: SIM115  closed here or by the caller
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError("not a regular file")
    return stream


def _read_regular(file: Path, follow: bool) -> bytes:
    """The bytes of a regular file, one more than the cap at the most."""
    with _open_regular(file, follow) as stream:
        return stream.read(MAX_BYTES + 1)


def _printable(name: str) -> str:
    """A file's name as it may be printed, logged and stored, whatever bytes the disk or the archive has for it."""
    if name.isascii() and name.isprintable():
        return name[-MAX_NAME_LENGTH:]
    name = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
    return "".join(char if char.isprintable() else "\ufffd" for char in name)[-MAX_NAME_LENGTH:]


def _sentence(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or str(error)).lower()}"


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
        return SourceFile(path, member.name, parts, data=member.stream().read(MAX_BYTES + 1))
    except _BROKEN_ARCHIVE as error:
        if not isinstance(member._archive, zipfile.ZipFile):
            raise
        # A zip's members stand alone: the others can still be read.
        if "password" in str(error):
            return SourceFile(path, member.name, parts, problem="locked by a password")
        return SourceFile(path, member.name, parts, problem=f"cannot be unpacked ({error})")


class _TooMuch(Exception):
    pass


class _Forwards(io.RawIOBase):
    """A decompressed stream that is only ever read forwards, and never further than `most` bytes.

    It stands between tarfile and the decompressor, because tarfile takes a truncated header for the archive's
    end, and believes headers that ask for any amount of memory.
    """

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most, self._at = stream, most, 0
        self.last = b""  # what was read last

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        if whence != os.SEEK_SET or position < self._at:
            raise tarfile.ReadError("its headers lead backwards")
        while self._at < position:
            if not self.read(min(position - self._at, _MOST_AT_ONCE)):
                raise tarfile.ReadError("unexpected end of data")
        return self._at

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _MOST_AT_ONCE:
            raise tarfile.ReadError("a header that is too large")
        self.last = self._stream.read(size)
        self._at += len(self.last)
        if self._at > self._most:
            raise _TooMuch
        return self.last


def _tar_members(stream: IO[bytes], most: int) -> Iterator[_Member]:
    """The members of a tar, compressed or not. Raises tarfile.ReadError unless it ends as a whole one does."""
    stream.seek(0)
    start = stream.read(6)
    stream.seek(0)
    decompress = next((opener for magic, opener in _DECOMPRESSORS.items() if start.startswith(magic)), None)
    forwards = _Forwards(decompress(stream) if decompress else stream, most)
    with tarfile.open(fileobj=forwards, mode="r:") as archive:
        while (entry := archive.next()) is not None:
            yield _Member(entry.name, entry.size, entry.isreg(), entry.isdir(), archive, entry)
            # tarfile remembers every member it has passed; here nobody goes back to one.
            archive.members.clear()  # type: ignore[attr-defined]
        if forwards.last != tarfile.NUL * tarfile.BLOCKSIZE:
            raise tarfile.ReadError("it breaks off, or a header is damaged")
        # To the end, where the checksum of what was compressed stands.
        while forwards.read(_MOST_AT_ONCE):
            pass


def _zip_members(stream: IO[bytes]) -> Iterator[_Member]:
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            mode = entry.external_attr >> 16
            is_regular = not mode or stat.S_IFMT(mode) in (0, stat.S_IFREG)
            yield _Member(
                entry.filename, entry.file_size, is_regular and not entry.is_dir(), entry.is_dir(), archive, entry
            )
