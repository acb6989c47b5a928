"""How long the database may take, for the few places where that is not for the settings to say; and what it says when
it fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def busy_for(seconds: float | None) -> Iterator[None]:
    """Within it SQLite waits at most so long for a lock; None: as long as usual.

    PostgreSQL keeps nobody waiting who only reads; for a transaction that writes there is `limit`.
    """
    if seconds is None or connection.vendor != "sqlite":
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


def limit(seconds: float) -> int:
    """Lets no statement of this transaction take or wait longer on PostgreSQL; gives the transaction's number there.

    0 elsewhere, and within another transaction, whose limits are not ours to set.
    """
    if connection.vendor != "postgresql" or len(connection.savepoint_ids):
        return 0
    # PostgreSQL takes 0 for no limit at all.
    milliseconds = str(max(1, int(seconds * 1000)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true), "
            "pg_current_xact_id()::text",
            [milliseconds, milliseconds],
        )
        return int(cursor.fetchone()[2])


def is_committed(transaction_number: int) -> bool | None:
    """Whether PostgreSQL committed the transaction of this number; None while that is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_xact_status(%s::text::xid8)", [str(transaction_number)])
        [status] = cursor.fetchone()
    return None if status == "in progress" else status == "committed"


def said_by(error: BaseException) -> str:
    """What an error says, in one line to end with a full stop of ours; its name where it says nothing."""
    return " ".join(str(error).split()).rstrip(".?!") or type(error).__name__
