"""One import at a time, on any number of machines that share the database."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.utils import timezone

WAIT_SECONDS = 5.0

# Any number that nothing else on this database uses as an advisory lock.
_POSTGRESQL_KEY = 4_701_203_377


class AnotherImportRuns(Exception):
    """Its text says, as far as it is known, which one."""


@contextmanager
def import_lock() -> Iterator[None]:
    """Held while an import runs; a process that dies lets go of it.

    Raises AnotherImportRuns when it is not to be had within WAIT_SECONDS.
    """
    if connection.vendor == "postgresql":
        with _advisory_lock():
            yield
    elif (database := str(connection.settings_dict["NAME"])) and not is_in_memory(database):
        # A database that does not answer is told before a lock file is left beside what is none.
        connection.ensure_connection()
        with _file_lock(Path(f"{database}.import-lock")):
            yield
    else:
        # A database in memory belongs to this process alone.
        yield


def is_in_memory(database: str) -> bool:
    return database == ":memory:" or "mode=memory" in database


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    with open(descriptor, "r+") as file:

        def take() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not _within_wait(take):
            raise AnotherImportRuns(f"another import is running ({file.read().strip() or 'it has just begun'})")
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {timezone.now():%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate(0)


@contextmanager
def _advisory_lock() -> Iterator[None]:
    def take() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_POSTGRESQL_KEY])
            return bool(cursor.fetchone()[0])

    if not _within_wait(take):
        raise AnotherImportRuns("another import is running on this database")
    try:
        yield
    finally:
        # After a lost connection there is nothing to let go of: the server did it.
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_POSTGRESQL_KEY])


def _within_wait(take: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not take():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)
    return True
