"""The snapshot that a worker has, and the thread that renews it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection

from postings import changes, databases
from postings.catalogue import building, changing, storing
from postings.catalogue.pauses import resting
from postings.catalogue.snapshot import Snapshot

log = logging.getLogger(__name__)

# How often a worker looks whether the board changed; its own changes it looks for at once.
CHECK_SECONDS = 1.0
# After each look at least so long a pause, however many changes follow each other.
LEAST_PAUSE = 0.2


class Keeper:
    """Keeps the worker's snapshot, and a thread that renews it."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._lock = threading.Lock()  # for the first; nobody waits for the later ones
        self._thread: threading.Thread | None = None
        self._woken = threading.Event()
        self._is_stopped = False
        self._may_store_at = 0.0
        self._failed_at = float("-inf")

    def snapshot(self) -> Snapshot:
        if settings.CATALOGUE_WATCHES and self._thread and self._thread.is_alive():
            snapshot = self._snapshot
        else:
            snapshot = self._begin()
        assert snapshot is not None  # noqa: S101  set before the thread is
        return snapshot

    def is_ready(self) -> bool:
        return self._snapshot is not None

    def _begin(self) -> Snapshot:
        asked_at = time.monotonic()
        if not self._lock.acquire(timeout=databases.ANSWERS_WITHIN):
            raise databases.Away("the board is still being read")
        try:
            if self._failed_at > asked_at:
                # Who stood behind one for whom it failed would only wait as long again.
                raise databases.Away("the board could not be read a moment ago")
            if not settings.CATALOGUE_WATCHES:
                self._snapshot = building.build() if self._snapshot is None else self._snapshot.updated()
                return self._snapshot
            if not (self._thread and self._thread.is_alive()):
                snapshot = self._snapshot = self._first()
                self._thread = threading.Thread(target=self._watch, name="catalogue", daemon=True)
                self._thread.start()
                return snapshot
            assert self._snapshot is not None  # noqa: S101  set before the thread is
            return self._snapshot
        except Error:
            self._failed_at = time.monotonic()
            raise
        finally:
            self._lock.release()

    def _first(self) -> Snapshot:
        """What came through a fork is as old as the server; without a database it is better than nothing."""
        try:
            return self._next(self._snapshot)
        except Error:
            if self._snapshot is None:
                raise
            log.exception("The catalogue could not look for changes; it goes on trying")
            return self._snapshot

    def read_before_fork(self) -> None:
        """The snapshot alone, without a thread, which would not come through a fork."""
        with self._lock:
            self._snapshot = self._next(self._snapshot)

    def _next(self, current: Snapshot | None) -> Snapshot:
        """The board as it is now, with all that follows from it."""
        new = None if current is None else changing.brought_up(current)
        if new is None:
            new = self._read()
        if new is not current:
            new.prepare()
        return new

    def _read(self) -> Snapshot:
        """From what was stored, else the whole board; one worker reads it while the others wait for what it stores."""
        with storing.turn():
            for stored in storing.load():
                if (new := changing.brought_up(stored)) is not None and changing.is_whole(new):
                    return new
            new = building.build()
            storing.store(new)
            return new

    def _watch(self) -> None:
        try:
            with resting():
                self._look_for_changes()
        finally:
            connection.close()

    def _look_for_changes(self) -> None:
        is_failing = False
        while not self._wait():
            try:
                close_old_connections()
                self._snapshot = self._next(self._snapshot)
                self._store_when_due(self._snapshot)
            except Error:
                # The database is away or busy: what is known is shown until it is back. Said once, not every second.
                if not is_failing:
                    log.exception("The catalogue could not look for changes; it goes on trying")
                is_failing = True
            else:
                if is_failing:
                    log.info("The catalogue sees changes again")
                is_failing = False
            finally:
                # Into the pool, where there is one: nobody needs it until the next look.
                close_old_connections()

    def _wait(self) -> bool:
        """Until there may be something to do; says whether the thread is to end."""
        time.sleep(min(LEAST_PAUSE, CHECK_SECONDS))
        assert self._snapshot is not None  # noqa: S101  set before the thread is
        self._woken.wait(min(CHECK_SECONDS, self._snapshot.until_next_expiry()))
        self._woken.clear()
        return self._is_stopped

    def _store_when_due(self, snapshot: Snapshot) -> None:
        if time.monotonic() >= self._may_store_at and storing.is_due(snapshot):
            self._may_store_at = time.monotonic() + storing.EVERY_SECONDS
            storing.store(snapshot)

    def nudge(self) -> None:
        self._woken.set()

    def forget(self) -> None:
        with self._lock:
            self._snapshot = None

    def stop(self) -> None:
        """Ends the thread: for tests, whose databases go away."""
        if self._thread:
            self._is_stopped = True
            self._woken.set()
            self._thread.join()


_keeper = Keeper()


def current() -> Snapshot:
    """This worker's snapshot: at most about two seconds behind the database."""
    return _keeper.snapshot()


def is_ready() -> bool:
    """Whether this worker has a snapshot, so that no request waits for the first."""
    return _keeper.is_ready()


def begin() -> None:
    """Makes the first snapshot; where the database does not answer, the first request tries again."""
    _try(current)


def read_before_fork() -> None:
    """The first snapshot for workers that are to share it; where the database does not answer, each tries again."""
    _try(_keeper.read_before_fork)


def _try(read: Callable[[], Any]) -> None:
    try:
        read()
    except Error:
        log.exception("The board could not be read yet")
    finally:
        connection.close()


def nudge(**signal: Any) -> None:
    """Has this worker look for changes at once; other workers look within CHECK_SECONDS."""
    _keeper.nudge()


changes.raised.connect(nudge, dispatch_uid="catalogue")


def forget() -> None:
    """Makes the next request build anew: for tests, whose databases are rolled back under it."""
    _keeper.forget()
