"""A snapshot as bytes, so that a worker need not read the board that another has read: how it is written and read
back, and where it waits.

It waits in the cache that nodes share or, without one, in a file beside the database. What is read back may be older
than the board, which `changing` makes up for; whether it is of this board's past at all, it proves by its stamp.
"""

import datetime as dt
import fcntl
import hashlib
import io
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pyroaring import BitMap

from postings import shared
from postings.catalogue.columns import Days, Pay
from postings.catalogue.pauses import rest
from postings.catalogue.snapshot import Snapshot
from postings.models import Tag

log = logging.getLogger(__name__)

# Raised when the bytes mean something else; changes of the code below are noticed by themselves.
FORMAT = 1
_MAGIC = b"JOBBOARD CATALOGUE"
_LONGEST_HEAD = 400
_SUM_BYTES = 16
# After changes it is written again no sooner than so long after the last time, by whichever worker comes first.
EVERY_SECONDS = 60
_SHARED_SECONDS = 7 * 86_400
# How long one worker waits for another that reads the board, before it reads by itself.
LONGEST_TURN = 120.0


class Refused(ValueError):
    """These bytes are no snapshot of this board by this code; says why."""


# --- As bytes ---------------------------------------------------------------------------------------


class Head(NamedTuple):
    """The first line: of which format, code and migrations it is, and of which state of the board."""

    format: int
    code: str
    migration: str
    version: int
    stamp: str
    sum: str  # of all that stands before and after it


def to_bytes(snapshot: Snapshot, migration: str) -> bytes:
    """`migration`: the last one of the database that it was read from. Tags are not in it: they are read each time."""
    sets = []
    for postings in snapshot.tagged.values():
        sets.append(postings.serialize())
        rest()
    facts = {
        "changed_at": snapshot.changed_at.isoformat(),
        "last_expiry": snapshot.last_expiry,
        "currencies": snapshot.currencies,
        "sets": [[tag, len(each)] for tag, each in zip(snapshot.tagged, sets, strict=True)],
    }
    body = io.BytesIO()
    body.write(json.dumps(facts).encode() + b"\n")
    for column in _columns(snapshot):
        np.lib.format.write_array(body, column, allow_pickle=False)
        rest()
    body.writelines(sets)
    content = body.getvalue()
    head = Head(FORMAT, _code(), migration, snapshot.version, snapshot.stamp or "-", "")
    return b" ".join([_MAGIC, *(str(each).encode() for each in head)]) + _seal(head, content).encode() + b"\n" + content


def _columns(snapshot: Snapshot) -> list[np.ndarray]:
    return [
        snapshot.ids,
        *snapshot.days,
        snapshot.expiries,
        snapshot.companies,
        snapshot.company_ids,
        *snapshot.pay,
    ]


def from_bytes(stored: bytes, tags: list[Tag], migration: str) -> Snapshot:
    """Raises Refused for what is damaged, foreign, or of other code."""
    head = read_head(stored)
    if (head.format, head.code) != (FORMAT, _code()):
        raise Refused("it was written by other code")
    if head.migration != migration:
        raise Refused("the database was migrated since")
    content = memoryview(stored)[stored.index(b"\n") + 1 :]
    if _seal(head, content) != head.sum:
        raise Refused("it is damaged")
    try:
        return _read(head, io.BytesIO(content), tags)
    except (ValueError, KeyError, TypeError, EOFError) as reason:
        raise Refused(f"it cannot be read: {reason}") from reason


def read_head(stored: bytes) -> Head:
    line, end, _ = stored[:_LONGEST_HEAD].partition(b"\n")
    words = line.removeprefix(_MAGIC + b" ").decode("ascii", "replace").split(" ")
    if not (end and line.startswith(_MAGIC) and len(words) == len(Head._fields) and words[3].isdecimal()):
        raise Refused("it is no snapshot of a board")
    written, code, migration, version, stamp, content = words
    return Head(int(written) if written.isdecimal() else 0, code, migration, int(version), stamp, content)


def _read(head: Head, body: io.BytesIO, tags: list[Tag]) -> Snapshot:
    facts: dict[str, Any] = json.loads(body.readline())
    columns: list[np.ndarray] = []
    for _ in range(6 + len(Pay._fields)):
        columns.append(np.lib.format.read_array(body, allow_pickle=False))
        rest()
    ids, ordinals, starts, expiries, companies, company_ids, *pay = columns
    if not len(ids) == len(expiries) == len(companies) or len({len(each) for each in pay}) > 1:
        raise ValueError("its columns differ in length")
    tagged = {}
    for tag, length in facts["sets"]:
        tagged[tag] = BitMap.deserialize(body.read(length))
        rest()
    if any(postings and postings.max() >= len(ids) for postings in tagged.values()):
        raise ValueError("its sets have more postings than its columns")
    return Snapshot(
        version=head.version,
        stamp=head.stamp,
        changed_at=dt.datetime.fromisoformat(facts["changed_at"]),
        last_expiry=facts["last_expiry"],
        ids=ids,
        days=Days(ordinals, starts),
        expiries=expiries,
        companies=companies,
        company_ids=company_ids,
        currencies=facts["currencies"],
        pay=Pay(*pay),
        tagged=tagged,
        tags=tags,
    )


def _seal(head: Head, content: bytes | memoryview) -> str:
    digest = hashlib.blake2b(repr(head._replace(sum="")).encode(), digest_size=_SUM_BYTES)
    digest.update(content)
    return digest.hexdigest()


@cache
def _code() -> str:
    """Of all that says what a snapshot holds: nodes in the middle of an update take nothing from each other."""
    from postings import catalogue, models

    folders = [Path(str(package.__file__)).parent for package in (catalogue, models)]
    files = sorted(file for folder in folders for file in folder.glob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:16]


def _migration() -> str:
    """The board's last migration: one that changes rows tells nobody of it by the version."""
    last = MigrationRecorder(connection).migration_qs.filter(app="postings").order_by("-pk").first()
    return f"{last.pk}-{last.name}" if last else "-"


# --- Where it waits ---------------------------------------------------------------------------------


class _Place(Protocol):
    """Somewhere to keep it. None fails: it has nothing, or takes nothing, and says why."""

    def read(self) -> bytes | None: ...

    def write(self, stored: bytes, stamp: str) -> bool: ...

    def written(self) -> tuple[str, float] | None:
        """The stamp of the last one, and when it was written."""


class _Shared:
    def __init__(self) -> None:
        self._key = f"catalogue:{FORMAT}:{_code()}"

    def read(self) -> bytes | None:
        return shared.get(self._key)

    def write(self, stored: bytes, stamp: str) -> bool:
        said = f"{stamp} {time.time():.0f}".encode()
        return shared.put(self._key, stored, _SHARED_SECONDS) and shared.put(self._note, said, _SHARED_SECONDS)

    def written(self) -> tuple[str, float] | None:
        # Apart, so that asking for it does not fetch megabytes.
        if said := shared.get(self._note):
            stamp, _, moment = said.decode().partition(" ")
            return stamp, float(moment)
        return None

    @property
    def _note(self) -> str:
        return f"{self._key}:written"


class _File:
    def __init__(self) -> None:
        self._path = Path(settings.CATALOGUE_FILE)

    def read(self) -> bytes | None:
        try:
            with self._path.open("rb") as file:
                # The library that reads the sets trusts them: none are taken from anybody else.
                if os.fstat(file.fileno()).st_uid not in (0, os.geteuid()):
                    log.warning("The stored catalogue %s is somebody else's; the board is read anew", self._path)
                    return None
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as reason:
            log.warning("The stored catalogue could not be read (%s); the board is read anew", reason)
            return None

    def write(self, stored: bytes, stamp: str) -> bool:
        try:
            # For its owner alone from the beginning, and whole from the moment on that it has its name.
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.name}.")
            with _removed_if_it_fails(name):
                with os.fdopen(descriptor, "wb") as file:
                    file.write(stored)
                os.replace(name, self._path)
        except OSError as reason:
            _say_once("The catalogue could not be stored (%s); other workers read the board by themselves", reason)
            return False
        return True

    def written(self) -> tuple[str, float] | None:
        try:
            with self._path.open("rb") as file:
                return read_head(file.read(_LONGEST_HEAD)).stamp, os.fstat(file.fileno()).st_mtime
        except (OSError, Refused):
            return None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Held by one worker of this machine at a time, which the others wait for, though not for ever."""
        path = self._path.with_name(f"{self._path.name}.lock")
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as reason:
            _say_once("Workers cannot wait for each other (%s); each reads the board by itself", reason)
            yield
            return
        try:
            until = time.monotonic() + LONGEST_TURN
            while not _is_locked(descriptor) and time.monotonic() < until:
                time.sleep(0.1)
            yield
        finally:
            os.close(descriptor)


_said: set[str] = set()


def _say_once(message: str, reason: OSError) -> None:
    """Once in a process: a folder that cannot be written to stays so, and would be found every minute."""
    if message not in _said:
        _said.add(message)
        log.warning(message, reason)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _removed_if_it_fails(name: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.unlink(name)
        raise


def _places() -> list[_Place]:
    """The best first; the file is there for as long as the shared cache is not."""
    return [_Shared(), _File()] if shared.is_configured() else [_File()]


def turn() -> AbstractContextManager[None]:
    """Within it no other worker of this machine reads the board."""
    return _File().turn()


def load() -> Iterator[Snapshot]:
    """What was stored, as it was then; the best place first. Raises what the database does."""
    tags, migration = list(Tag.objects.all()), _migration()
    for place in _places():
        if stored := place.read():
            try:
                yield from_bytes(stored, tags, migration)
            except Refused as reason:
                log.warning("The stored catalogue is not taken (%s); the board is read anew", reason)


def store(snapshot: Snapshot) -> None:
    """Keeps it for other workers. Raises what the database does."""
    stored = to_bytes(snapshot, _migration())
    # Not any(…): each is asked only where the one before did not take it, and the last one's word is final.
    for place in _places():
        if place.write(stored, snapshot.stamp):
            return


def is_due(snapshot: Snapshot) -> bool:
    """Whether it should be stored: nobody did, and the last time was long ago."""
    written = next((said for place in _places() if (said := place.written())), None)
    if written is None:
        return True
    stamp, moment = written
    # A clock that was set back is no reason to wait until it is there again.
    return stamp != snapshot.stamp and abs(time.time() - moment) >= EVERY_SECONDS
