"""PostgreSQL as Django knows it, but that a process that serves pages waits for nothing longer than `databases` says.

The server's own `statement_timeout` ends what takes long. It ends nothing where the server itself stands still, or the
network swallows what is sent: that is for the one who waits.
"""

import os
import select
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from psycopg_pool import ConnectionPool, PoolTimeout

from postings import databases

# A connection that was in use so lately is taken for a good one, unless the server has said something meanwhile.
GOOD_FOR = 5.0  # seconds
CHECKED_WITHIN = 1.0
# Who waits for a connection looks so often whether connecting failed.
LOOKED_EVERY = 0.1


class _Failure:
    """The last time that connecting failed in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.at = float("-inf")
        self.reason = ""

    def note(self, reason: object) -> None:
        with self._lock:
            self.at, self.reason = time.monotonic(), str(reason)

    def since(self, moment: float) -> psycopg.OperationalError | None:
        """As an error, where it is not longer ago than `moment`."""
        return psycopg.OperationalError(self.reason) if self.at >= moment else None


_failure = _Failure()
FAILED_FOR = 1.0  # seconds in which nobody else tries


class Connection(psycopg.Connection):
    """One that is given up where an answer does not come in time."""

    given_back_at = float("-inf")

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> "Connection":
        # Only where somebody waits: one request after the other would wait in vain for as long as the first.
        if databases.patience() is not None and (error := _failure.since(time.monotonic() - FAILED_FOR)):
            raise error
        try:
            return super().connect(conninfo, **kwargs)
        except psycopg.OperationalError as error:
            _failure.note(error)
            raise

    def wait(self, gen: PQGen, interval: float = 0.1, timeout: float | None = None) -> Any:
        patience = databases.patience() if timeout is None else timeout
        if patience is None:
            return super().wait(gen, interval)
        try:
            return super().wait(gen, interval, patience)
        except _WaitTimeout:
            # What the server still sends would be taken for the answer to the next question.
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {patience:.1f} seconds") from None


class Pool(ConnectionPool[Connection]):
    """The connections of a process, given out one to each thread that asks; of this process alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(connection_class=Connection, open=False, check=_check, **options)
        self.process = os.getpid()

    def getconn(self, timeout: float | None = None) -> Connection:
        """Waits at most as long as this thread may, and no longer than it takes to see that connecting fails."""
        begun = time.monotonic()
        patience = databases.patience()
        end = begun + min(self.timeout if timeout is None else timeout, self.timeout if patience is None else patience)
        while (left := end - time.monotonic()) > 0:
            try:
                with databases.waiting(min(left, CHECKED_WITHIN)):
                    return super().getconn(min(left, LOOKED_EVERY))
            except PoolTimeout:
                if error := _failure.since(begun - FAILED_FOR):
                    raise error from None
        raise PoolTimeout("no connection to the database in time")

    def putconn(self, conn: Connection) -> None:
        conn.given_back_at = time.monotonic()
        super().putconn(conn)


def _check(connection: Connection) -> None:
    """Asks the server only where the connection lay for long, or something came that nobody asked for: its end."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    if poll.poll(0) or time.monotonic() - connection.given_back_at > GOOD_FOR:
        ConnectionPool.check_connection(connection)


class DatabaseWrapper(base.DatabaseWrapper):
    # psycopg, but that its connections are ours.
    Database = SimpleNamespace(**{**vars(psycopg), "connect": Connection.connect})  # type: ignore[assignment]
    # Django's own, of which its types know nothing.
    _connection_pools: dict[str, Pool]
    _configure_connection: Callable[[psycopg.Connection], bool]

    @property
    def pool(self) -> Pool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pool = self._connection_pools.get(self.alias)
        if pool is None or pool.process != os.getpid():
            kwargs = self.get_connection_params() | {"autocommit": True}
            pool = Pool(kwargs=kwargs, configure=self._configure_connection, **options)
            with _making:
                made = self._connection_pools.get(self.alias)
                if made is not None and made.process == pool.process:
                    return made
                # One of the process that this was forked from is that one's to close.
                self._connection_pools[self.alias] = pool
        return pool


_making = threading.Lock()
