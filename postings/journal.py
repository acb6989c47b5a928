"""A small file that takes what the database cannot take at the moment. Pure: no Django.

Records of one size stand one after the other behind a header with the journal's name, which is drawn anew each time it
is emptied. A record is sealed with that name, so that what is left of an earlier journal, or half a record of a process
that was killed, is never taken for one. Room is reserved before it is needed, so that a full disk is no hindrance.
Any number of processes and threads may append and read; `fcntl.flock` keeps them apart.
"""

import errno
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAYLOAD_BYTES = 56
RESERVED_RECORDS = 8191  # half a mebibyte with the header
_SEAL_BYTES = 8
_RECORD_BYTES = PAYLOAD_BYTES + _SEAL_BYTES
_MAGIC = b"CLICKS 1"
_NAME_BYTES = 16


class Journal:
    def __init__(self, path: Path) -> None:
        self.path = path

    def reserve(self) -> None:
        """Makes the file where there is none, and room in it. Raises OSError where there is no room."""
        with self._open(fcntl.LOCK_EX) as file:
            self._name_or_new(file)
            size = _RECORD_BYTES * (1 + RESERVED_RECORDS)
            if os.fstat(file).st_size >= size:
                return
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file, 0, size)
            else:
                begun = os.fstat(file).st_size
                _write(file, bytes(size - begun), begun)

    def append(self, payload: bytes) -> None:
        """Adds a record of PAYLOAD_BYTES; it is on the disk when this returns. Raises OSError where it cannot be."""
        if len(payload) != PAYLOAD_BYTES:
            raise ValueError(f"a record has {PAYLOAD_BYTES} bytes, not {len(payload)}")
        with self._open(fcntl.LOCK_EX) as file:
            name = self._name_or_new(file)
            _write(file, payload + _seal(name, payload), _RECORD_BYTES * (1 + self._length(file, name)))
            _sync(file)

    def read(self) -> tuple[uuid.UUID, list[bytes]] | None:
        """The journal's name and its records in order; None where there are none."""
        if not self.path.exists():
            return None
        with self._open(fcntl.LOCK_SH) as file:
            name = self._name(file)
            if name is None or not (length := self._length(file, name)):
                return None
            data = os.pread(file, length * _RECORD_BYTES, _RECORD_BYTES)
        starts = range(0, len(data), _RECORD_BYTES)
        return uuid.UUID(bytes=name), [data[start : start + PAYLOAD_BYTES] for start in starts]

    def waiting(self) -> int:
        """How many records there are."""
        if not self.path.exists():
            return 0
        with self._open(fcntl.LOCK_SH) as file:
            name = self._name(file)
            return self._length(file, name) if name else 0

    def empty(self, name: uuid.UUID, length: int) -> bool:
        """Empties the journal of this name, if it still has so many records; says whether it did.

        Nothing of them stays in the file: the hashes of visitors are not to outlast their day here either.
        """
        with self._open(fcntl.LOCK_EX) as file:
            if self._name(file) != name.bytes or self._length(file, name.bytes) != length:
                return False
            self._write_header(file)
            # Only now that they belong to no journal: killed in between, none is missing from one that goes on.
            _write(file, bytes(length * _RECORD_BYTES), _RECORD_BYTES)
            return True

    @contextmanager
    def being_folded(self) -> Iterator[bool]:
        """Held by the one who takes records over to somewhere else; False where somebody else does."""
        path = self.path.with_name(f"{self.path.name}.lock")
        # To read is enough to lock, so that whoever ran the command first keeps no other user from folding.
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    @contextmanager
    def _open(self, lock: int) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, lock)
            yield descriptor
        finally:
            os.close(descriptor)

    def _name(self, file: int) -> bytes | None:
        header = os.pread(file, _RECORD_BYTES, 0)
        magic, name = header[: len(_MAGIC)], header[len(_MAGIC) : len(_MAGIC) + _NAME_BYTES]
        return name if magic == _MAGIC and len(name) == _NAME_BYTES else None

    def _name_or_new(self, file: int) -> bytes:
        if name := self._name(file):
            return name
        if os.pread(file, _RECORD_BYTES, 0).strip(b"\0"):
            raise OSError(errno.EINVAL, "it is no journal of click-throughs; move it away", str(self.path))
        return self._write_header(file)

    def _write_header(self, file: int) -> bytes:
        name = uuid.uuid4().bytes
        _write(file, (_MAGIC + name).ljust(_RECORD_BYTES, b"\0"), 0)
        _sync(file)
        return name

    def _length(self, file: int, name: bytes) -> int:
        """How many records stand in a row; found by halving, since behind the first that is none there are none."""
        low, high = 0, os.fstat(file).st_size // _RECORD_BYTES
        while low < high:
            middle = (low + high) // 2
            if self._is_record(file, name, middle):
                low = middle + 1
            else:
                high = middle
        return low

    def _is_record(self, file: int, name: bytes, place: int) -> bool:
        record = os.pread(file, _RECORD_BYTES, _RECORD_BYTES * (1 + place))
        return len(record) == _RECORD_BYTES and record[PAYLOAD_BYTES:] == _seal(name, record[:PAYLOAD_BYTES])


def _seal(name: bytes, payload: bytes) -> bytes:
    return hashlib.blake2b(payload, key=name, digest_size=_SEAL_BYTES).digest()


def _write(file: int, data: bytes, offset: int) -> None:
    if os.pwrite(file, data, offset) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# macOS has no fdatasync.
_sync = getattr(os, "fdatasync", os.fsync)
