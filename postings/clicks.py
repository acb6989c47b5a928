"""Who clicked through: is this a person? Then count it, once and for certain.

A click-through is in the database before the applicant is sent on. Where the database cannot take it in time it goes to
a `journal` instead, and from there into the database later, each exactly once: how many records are folded is written
in the transaction that writes their counts.

What is counted is a number per posting, day and kind. A *bot* and a *prefetch* are known by what they say of
themselves. Of the rest, the first click-through of a visitor on a posting on a day is a *person*, every further one a
*repeat*; and a visitor that goes on to more than MOST_A_MINUTE postings within a minute is a *burst*, from the first
click-through of that day to the last. `visitors` says what a visitor is.
"""

import datetime as dt
import logging
import struct
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from crawleruseragents import is_crawler
from django.conf import settings
from django.db import DataError, Error, connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from postings import visitors
from postings.databases import Asked, busy_for, is_committed, limit, together
from postings.journal import Journal
from postings.models import DailyClicks, FoldedClicks, VisitorClick
from postings.statements import Argument, Statement

log = logging.getLogger(__name__)

Kind = DailyClicks.Kind

# How long an applicant waits for the count to be written before it goes to the journal.
TAKEN_WITHIN = 0.2  # seconds
MOST_A_MINUTE = 10
_MINUTE = 60
_FOLDED_AT_ONCE = 1000

# A journal is read by later versions of this code: what a number stands for must not change.
_NUMBERED = {1: Kind.PERSON, 2: Kind.BOT, 3: Kind.PREFETCH}
_NUMBER_OF = {kind: number for number, kind in _NUMBERED.items()}
_PAYLOAD = struct.Struct("<qiiB?16sQ14x")  # as the fields of Click, days since year 1; the rest is zeros


class Click(NamedTuple):
    """One click-through, as far as the request tells."""

    posting_id: int
    day: dt.date
    second: int  # of the day
    kind: Kind  # PERSON is whoever may be one: the visitor's other click-throughs tell
    visitor: bytes  # empty where the day's key could not be read, or nobody asks
    # Of a click-through that may be in the database already: the transaction on PostgreSQL, else 0.
    transaction: int = 0

    def packed(self) -> bytes:
        values = (self.posting_id, self.day.toordinal(), self.second, _NUMBER_OF[self.kind], bool(self.visitor))
        return _PAYLOAD.pack(*values, self.visitor, self.transaction)

    @classmethod
    def unpacked(cls, payload: bytes) -> "Click":
        posting_id, day, second, kind, is_known, visitor, number = _PAYLOAD.unpack(payload)
        return cls(posting_id, dt.date.fromordinal(day), second, _NUMBERED[kind], visitor if is_known else b"", number)


def kind_of(request: HttpRequest) -> Kind:
    """What made the request, by what it says of itself.

    A browser that fetches ahead says so in `Sec-Purpose` (https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Purpose),
    older ones in `Purpose` or `X-Moz`; a crawler is known by its user agent, and a browser always sends one.
    """
    ahead = " ".join(request.META.get(name, "") for name in _AHEAD).lower()
    if "prefetch" in ahead or "preview" in ahead:
        return Kind.PREFETCH
    user_agent = visitors.user_agent(request)
    return Kind.BOT if not user_agent or _is_crawler(user_agent) else Kind.PERSON


_AHEAD = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
# Hundreds of names are looked for, in what a few thousand browsers say.
_is_crawler = lru_cache(maxsize=5000)(is_crawler)


def count(posting_id: int, request: HttpRequest) -> None:
    """Counts this click-through: in the database or in the journal when this returns.

    Where neither takes it, the log says so, and the applicant goes on all the same.
    """
    begun = time.monotonic()
    now = timezone.now()  # in UTC
    second = now.hour * 3600 + now.minute * 60 + now.second
    click = Click(posting_id, now.date(), second, kind_of(request), b"")
    try:
        if click.kind == Kind.PERSON:
            click = click._replace(visitor=visitors.visitor(request, click.day))
        _line.write(click, begun)
    except NotWritten as reason:
        _put_by(click._replace(transaction=reason.transaction), reason)
    except Error as reason:
        _put_by(click, reason)


class NotWritten(Exception):
    """The database did not take a click-through; its text says why.

    `transaction` is the number of one on PostgreSQL whose end was not answered, so that it may have taken it all the
    same; else 0.
    """

    def __init__(self, reason: object, transaction: int = 0) -> None:
        super().__init__(str(reason))
        self.transaction = transaction


@dataclass(eq=False)
class _Waiting:
    click: Click
    is_settled: bool = False
    error: NotWritten | None = None


class _Line:
    """Where the click-throughs of a worker's threads wait: whoever's turn it is writes for all in one transaction.

    A transaction costs what the disk takes to keep it, however much is in it, and SQLite lets one write at a time and
    has the others ask again and again, in no order.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._mutex = threading.Lock()
        self._waiting: list[_Waiting] = []

    def write(self, click: Click, begun: float) -> None:
        """In the database when this returns.

        Raises NotWritten where that does not succeed within TAKEN_WITHIN of when it was begun, by time.monotonic().
        """
        own = _Waiting(click)
        with self._mutex:
            self._waiting.append(own)
        if not self._turn.acquire(timeout=_left(begun)):
            with self._mutex:
                if own in self._waiting:
                    self._waiting.remove(own)
                    raise NotWritten("other click-throughs are still being written")
            # Another thread is writing this one, and the database has set an end to that.
            self._turn.acquire()
        try:
            if not own.is_settled:
                with self._mutex:
                    waiting, self._waiting = self._waiting, []
                self._write(waiting, _left(begun))
        finally:
            self._turn.release()
        if own.error:
            raise own.error

    def _write(self, waiting: list[_Waiting], seconds: float) -> None:
        error: NotWritten | None = NotWritten("the thread that wrote it broke off")
        # Only the end of a transaction can have taken place without an answer: before that it has no number.
        number = 0
        try:
            with busy_for(seconds), transaction.atomic():
                number = _write([each.click for each in waiting], visitors.today(), limit(seconds))
            error = None
        except Error as reason:
            error = NotWritten(reason, number)
        finally:
            for each in waiting:
                each.is_settled, each.error = True, error


def _left(begun: float) -> float:
    """Of TAKEN_WITHIN, in seconds."""
    return max(0.0, TAKEN_WITHIN - (time.monotonic() - begun))


_line = _Line()


def _put_by(click: Click, reason: Exception) -> None:
    try:
        Journal(settings.CLICK_JOURNAL).append(click.packed())
    except OSError:
        # Without the visitor's hash, which a log would keep beyond its day.
        said = "A click-through of posting %s (%s, %s) is lost, for neither database nor journal takes it"
        log.exception(said, click.posting_id, click.day, click.kind.label)
    else:
        log.warning("A click-through of posting %s waits in the journal: %s", click.posting_id, reason)


# --- Into the database --------------------------------------------------------------------------------


_Counts = Counter[tuple[int, dt.date, DailyClicks.Kind]]

_ADD = """
    INSERT INTO postings_dailyclicks (posting_id, day, kind, count)
    SELECT id, %s, %s, %s FROM postings_posting WHERE id = %s
    ON CONFLICT (posting_id, day, kind) DO UPDATE SET count = postings_dailyclicks.count + excluded.count
"""
_TAKE = "UPDATE postings_dailyclicks SET count = count + %s WHERE posting_id = %s AND day = %s AND kind = %s"
# Of a burst is what follows one, and what is one more than MOST_A_MINUTE. Out of the journal click-throughs may come
# later than they took place.
_NOTE = f"""
    INSERT INTO postings_visitorclick (day, visitor, posting_id, second, is_burst)
    SELECT %s, %s, %s, %s, count(CASE WHEN is_burst THEN 1 END) > 0
        OR count(CASE WHEN abs(second - %s) < {_MINUTE} THEN 1 END) = {MOST_A_MINUTE}
    FROM (
        SELECT second, is_burst FROM postings_visitorclick
        WHERE day = %s AND visitor = %s ORDER BY second DESC LIMIT {MOST_A_MINUTE}
    ) AS latest
    WHERE true
    ON CONFLICT (day, visitor, posting_id) DO NOTHING
    RETURNING is_burst
"""  # noqa: S608  made of this module's numbers alone


_latest = Statement(
    lambda: (
        VisitorClick.objects.filter(day=Argument(0), visitor=Argument(1))
        .order_by("-second")
        .values_list("second", "is_burst")[:MOST_A_MINUTE]
    )
)


def _write(clicks: Sequence[Click], today: dt.date, limits: Sequence[Asked] = ()) -> int:
    """Adds these to the numbers, within the caller's transaction. Those of a posting that is deleted go with it.

    Gives the number of the transaction where it has limits (`databases.limit`), else 0.
    """
    # Of the other days the key is gone, and with it what else the visitor did.
    told = [click for click in clicks if click.kind == Kind.PERSON and click.visitor and click.day == today]
    answers = together([*limits, *map(_noting, told)])
    counts: _Counts = Counter()
    for click, noted in zip(told, answers[len(limits) :], strict=True):
        counts[click.posting_id, click.day, _told_apart(click, noted, counts)] += 1
    for click in clicks:
        if click.kind != Kind.PERSON:
            counts[click.posting_id, click.day, click.kind] += 1
        elif not click.visitor or click.day != today:
            counts[click.posting_id, click.day, Kind.UNTOLD] += 1
    # In one order everywhere, so that no two transactions wait for each other's rows.
    together([_adding(*key, number) for key, number in sorted(counts.items())])
    return int(answers[0][0][-1]) if limits else 0


def _adding(posting_id: int, day: dt.date, kind: Kind, number: int) -> Asked:
    date = connection.ops.adapt_datefield_value(day)
    if number > 0:
        return _ADD, [date, kind.value, number, posting_id]
    return _TAKE, [number, posting_id, date, kind.value]


def _told_apart(click: Click, noted: Sequence[Sequence[Any]], counts: _Counts) -> Kind:
    """The kind by the visitor's other click-throughs of the day; moves those that turn out to be of a burst.

    `noted`: what came of noting it (`_noting`).
    """
    if not noted:
        is_of_burst = any(each for _, each in latest(click.day, click.visitor))
        return Kind.BURST if is_of_burst else Kind.REPEAT
    [[is_burst]] = noted
    if not is_burst:
        return Kind.PERSON
    # Where it is the first of a burst. Locked, so that of two bursts that begin at once only the first moves them.
    moved = VisitorClick.objects.filter(day=click.day, visitor=click.visitor, is_burst=False)
    posting_ids = list(moved.order_by("pk").select_for_update().values_list("posting_id", flat=True))
    for posting_id in posting_ids:
        counts[posting_id, click.day, Kind.PERSON] -= 1
        counts[posting_id, click.day, Kind.BURST] += 1
    if posting_ids:
        moved.update(is_burst=True)
    return Kind.BURST


def latest(day: dt.date, visitor: bytes) -> Sequence[Sequence[Any]]:
    """The second and whether it was of a burst of a visitor's last click-throughs of a day, the last one first."""
    return _latest.rows(connection.ops.adapt_datefield_value(day), visitor)


def _noting(click: Click) -> Asked:
    """Notes that this visitor went on from this posting today. A row says whether that is of a burst; none comes where
    it was noted before."""
    date = connection.ops.adapt_datefield_value(click.day)
    return _NOTE, [date, click.visitor, click.posting_id, click.second, click.second, date, click.visitor]


# --- Out of the journal -------------------------------------------------------------------------------


def fold() -> int:
    """Takes what the journal holds into the database, each click-through exactly once; gives how many.

    Raises django.db.Error or OSError where one of the two does not answer: then nothing is lost, and the next time goes
    on from there. What another process folds at the moment is left to it.
    """
    journal = Journal(settings.CLICK_JOURNAL)
    if not journal.read():
        return 0
    folded = 0
    with journal.being_folded() as is_ours:
        while is_ours and (read := journal.read()):
            name, payloads = read
            before, done, counted = _fold(name, payloads)
            folded += counted
            # More are done than there are where the file was damaged meanwhile.
            if done >= len(payloads):
                if journal.empty(name, len(payloads)):
                    FoldedClicks.objects.filter(journal=name).delete()
            elif done == before:
                break  # the next one's transaction is still open
    return folded


def _fold(name: uuid.UUID, payloads: Sequence[bytes]) -> tuple[int, int, int]:
    """Takes over the next records of a journal; how many were done before, are done now, and were counted."""
    with transaction.atomic():
        FoldedClicks.objects.get_or_create(journal=name)
        row = FoldedClicks.objects.select_for_update().get(journal=name)
        before = row.records
        clicks = []
        for payload in payloads[before : before + _FOLDED_AT_ONCE]:
            try:
                click = Click.unpacked(payload)
            except (KeyError, ValueError, OverflowError):
                # Damaged on the disk; what stands behind it is not lost with it.
                log.exception("Record %s of journal %s is none, and passed over", row.records, name)
                row.records += 1
                continue
            is_in = _is_in_already(click)
            if is_in is None:
                break
            if not is_in:
                clicks.append(click)
            row.records += 1
        _write(clicks, visitors.today())
        row.save(update_fields=["records"])
    return before, row.records, len(clicks)


def _is_in_already(click: Click) -> bool | None:
    """Whether the database took this one after all; None while it may still do so."""
    if not click.transaction or connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic():
            return is_committed(click.transaction)
    except DataError:
        # A number from the future: this is another database than then, or an older copy of it.
        log.warning("Nothing is known of transaction %s: its click-through is counted", click.transaction)
        return False
