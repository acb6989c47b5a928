"""How far an import is, told while it goes on."""

import datetime as dt
import logging
import threading
from collections import Counter
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, connection
from django.utils import timezone

from postings.importing.lock import is_in_memory
from postings.importing.store import Outcome, Result
from postings.models import ImportRun

log = logging.getLogger(__name__)

EVERY_SECONDS = 0.5


class Pulse:
    """Within it, a run's record is given a sign of life every EVERY_SECONDS.

    It comes from a thread with a connection of its own: what a dry run does on the other one is thrown away. The counts
    of a real run are written with what they count, so only those of a dry run are told here.
    """

    def __init__(self, run: ImportRun) -> None:
        self._run_id, self._tells_counts = run.pk, run.is_dry_run
        self._counts: Counter[str] = Counter()
        self._total: int | None = None
        self._is_over = threading.Event()
        self._has_news = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="pulse", daemon=True)

    def hear(self, result: Result) -> None:
        if result.outcome is not Outcome.CLOSED:
            self._counts[result.outcome.value] += 1

    def expect(self, files: int) -> None:
        self._total = files
        # At once: a short import may be over before the next sign.
        self._has_news.set()

    def __enter__(self) -> Self:
        # A database in memory belongs to the thread that made it.
        if not is_in_memory(str(connection.settings_dict["NAME"])):
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._has_news.set()
        if self._thread.ident:
            self._thread.join()

    def _go_on(self) -> None:
        try:
            while not self._is_over.is_set():
                if self._has_news.wait(EVERY_SECONDS):
                    self._has_news.clear()
                if not self._is_over.is_set():
                    self.beat(timezone.now())
        finally:
            connection.close()

    def beat(self, now: dt.datetime) -> None:
        values: dict[str, Any] = {"last_sign": now, "files_total": self._total}
        if self._tells_counts:
            values |= {name: self._counts[name] for name in ("created", "updated", "unchanged", "refused")}
        try:
            # Not once it has finished: its own last word counts.
            ImportRun.objects.filter(pk=self._run_id, finished_at=None).update(**values)
        except DatabaseError:
            # The next sign comes in a moment; the import itself notices what is wrong with the database.
            log.warning("No sign of life of import %s could be written", self._run_id, exc_info=True)
            connection.close()
