"""How long the database may take, and what it means when it fails.

Commands wait for it as long as it takes. A process that serves pages (`serve`) does not: its statements have an end
that the server sets (`settings.DATABASE_WHILE_SERVING`), and where the server itself stands still one that we set.
What rightly takes long there is `unhurried`.
"""

import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    InterfaceError,
    OperationalError,
    connection,
    connections,
)

# How long a server that says nothing is waited for, in seconds: more than it may take by its own limits.
ANSWERS_WITHIN = 3.3
# … and by what is unhurried.
ANSWERS_AT_LAST = 120.0
# What an answer takes on its way, beyond the limit that the server was told.
ON_THE_WAY = 0.3
THREADS = 8

# --- How long -----------------------------------------------------------------------------------------


class Away(OperationalError):
    """What was asked of the database cannot be had just now; nothing is wrong with the question."""


_USUAL = -1.0


class _Thread(threading.local):
    waits: float | None = _USUAL  # seconds, as the process; None: as long as it takes
    is_unhurried = False


class _Process:
    """Until it serves it waits as commands do."""

    waits: float | None = None
    database_of_commands: dict[str, Any] | None = None


_thread = _Thread()


def serve(threads: int = THREADS) -> None:
    """Makes this a process that serves pages with so many threads: with a pool of connections, and in time.

    To be called before it asks for anything; and again by whoever knows better how many threads there are.
    """
    database = connections.settings[DEFAULT_DB_ALIAS]
    close_all()
    if _Process.database_of_commands is None:
        _Process.database_of_commands = dict(database)
    serving = settings.DATABASE_WHILE_SERVING
    if pool := serving["OPTIONS"].get("pool"):
        serving = serving | {"OPTIONS": serving["OPTIONS"] | {"pool": {"max_size": threads} | pool}}
    # The name may be that of a test's.
    database.update(serving | {"NAME": database["NAME"]})
    _Process.waits = ANSWERS_WITHIN
    # It would say of each attempt what the pages that need it say once a minute.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def close_all() -> None:
    """Closes this thread's connections and the process's pool: before a fork, across which none may go."""
    connections.close_all()
    pools: dict[str, Any] = getattr(connection, "_connection_pools", {})
    while pools:
        pool = pools.popitem()[1]
        if pool.process == os.getpid():
            pool.close()


def patience() -> float | None:
    """How long this thread waits for an answer of PostgreSQL, in seconds; None: as long as it takes."""
    return _Process.waits if _thread.waits == _USUAL else _thread.waits


@contextmanager
def waiting(seconds: float | None) -> Iterator[None]:
    """Within it this thread waits for no answer of PostgreSQL longer than that."""
    before = _thread.waits
    _thread.waits = seconds
    try:
        yield
    finally:
        _thread.waits = before


@contextmanager
def unhurried() -> Iterator[None]:
    """Within it nothing is cut short by the limits that pages have: on PostgreSQL by a connection of this thread's own.

    Not within a transaction, which goes on as it began. A generator that has it holds it until it ends.
    """
    patient = _Process.database_of_commands
    if connection.vendor != "postgresql" or connection.in_atomic_block or patient is None or _thread.is_unhurried:
        yield
        return
    connection.close()
    usual = connection.settings_dict
    # This thread's own; the settings are shared by all.
    connection.settings_dict = {**usual, **patient}
    _thread.is_unhurried = True
    try:
        with waiting(ANSWERS_AT_LAST):
            yield
    finally:
        connection.close()
        connection.settings_dict = usual
        _thread.is_unhurried = False


@contextmanager
def busy_for(seconds: float | None) -> Iterator[None]:
    """Within it SQLite waits at most so long for a lock, and we for PostgreSQL; None: as long as usual.

    PostgreSQL itself keeps nobody waiting who only reads; for a transaction that writes there is `limit`.
    """
    if seconds is None:
        yield
        return
    if connection.vendor != "sqlite":
        with waiting(seconds + ON_THE_WAY):
            yield
        return
    if connection.connection is None:
        _open_within(seconds)
    opened = connection.connection
    [before] = opened.execute("PRAGMA busy_timeout").fetchone()
    opened.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        if connection.connection is opened:
            opened.execute(f"PRAGMA busy_timeout = {before}")


def _open_within(seconds: float) -> None:
    """Opens SQLite's file, which waits for a lock as well: the pragmas of the settings read it."""
    usual = connection.settings_dict
    options = usual["OPTIONS"]
    # This thread's own; the settings are shared by all.
    connection.settings_dict = {**usual, "OPTIONS": {**options, "timeout": seconds}}
    try:
        connection.ensure_connection()
    finally:
        connection.settings_dict = usual
    connection.connection.execute(f"PRAGMA busy_timeout = {int(options.get('timeout', 5) * 1000)}")


Asked = tuple[str, Sequence[Any]]  # a statement in SQL, and its parameters

_LIMIT = """
    SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true),
        pg_current_xact_id()::text
"""


def limit(seconds: float) -> list[Asked]:
    """What lets no later statement of this transaction take or wait longer on PostgreSQL, and gives the transaction's
    number there in its last column.

    None elsewhere, and within another transaction, whose limits are not ours to set.
    """
    if connection.vendor != "postgresql" or len(connection.savepoint_ids):
        return []
    # PostgreSQL takes 0 for no limit at all.
    milliseconds = str(max(1, int(seconds * 1000)))
    return [(_LIMIT, [milliseconds, milliseconds])]


def together(asked: Sequence[Asked]) -> list[list[tuple[Any, ...]]]:
    """The rows of each of these statements, which are carried out one after the other: on PostgreSQL they are sent in
    one message, for each would wait for an answer of its own."""
    if not asked:
        return []
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return [_rows(cursor.execute(sql, parameters)) for sql, parameters in asked]
        cursor.execute(";".join(sql for sql, _ in asked), [each for _, parameters in asked for each in parameters])
        found = [_rows(cursor)]
        while cursor.nextset():
            found.append(_rows(cursor))
        return found


def _rows(cursor: Any) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []


def is_committed(transaction_number: int) -> bool | None:
    """Whether PostgreSQL committed the transaction of this number; None while that is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_xact_status(%s::text::xid8)", [str(transaction_number)])
        [status] = cursor.fetchone()
    return None if status == "in progress" else status == "committed"


def said_by(error: BaseException) -> str:
    """What an error says, in one line to end with a full stop of ours; its name where it says nothing."""
    return " ".join(str(error).split()).rstrip(".?!") or type(error).__name__


# --- What it means ------------------------------------------------------------------------------------

# PostgreSQL's classes of errors and single ones (https://www.postgresql.org/docs/current/errcodes-appendix.html):
# connections, resources, what an operator or a failing server ends; transactions that got into each other's way, locks
# and statements that took too long, and transactions that lay idle.
_AWAY_CLASSES = ("08", "53", "57")
_AWAY_CODES = ("25P03", "40001", "40P01", "55P03")
# SQLite's (https://www.sqlite.org/rescode.html): BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN,
# PROTOCOL.
_AWAY_NUMBERS = {5, 6, 7, 8, 9, 10, 13, 14, 15}
_SQLITE_ERROR = 1


def is_away(error: BaseException | None) -> bool:
    """Whether an error means that the database is away, locked, or took too long: that it may be well in a moment.

    False for what is wrong with the question.
    """
    if isinstance(error, Away):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if cause is None:
        # Not a database's own: said by us, of what could not be asked.
        return True
    if (number := getattr(cause, "sqlite_errorcode", None)) is not None:
        return number & 0xFF in _AWAY_NUMBERS or (number == _SQLITE_ERROR and _is_file_gone())
    if connection.vendor == "sqlite":
        return False
    code = getattr(cause, "sqlstate", None)
    # Without one it is not the server that says so.
    return code is None or code.startswith(_AWAY_CLASSES) or code in _AWAY_CODES


def _is_file_gone() -> bool:
    """Whether there is no database: SQLite makes an empty file where there is none, and misses the tables in it."""
    name = str(connection.settings_dict["NAME"])
    try:
        return Path(name).stat().st_size == 0
    except OSError:
        return not name.startswith("file:") and name != ":memory:"


def let_go() -> None:
    """Closes a connection that failed, so that the next one who asks does so anew."""
    if not connection.in_atomic_block:
        try:
            connection.close()
        except DatabaseError:
            # It is gone already, and Django knows it no more.
            connection.connection = None
