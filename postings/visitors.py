"""Telling visitors apart for one day, without knowing who they are.

A visitor is a hash of the network address and the user agent under a key that is drawn anew each day (UTC) and deleted
when the day is over, and with it everything that was kept under these hashes. No address is stored, no cookie is set.
"""

import datetime as dt
import functools
import hashlib
import hmac
import ipaddress
import logging
import re
import secrets
import threading

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from postings.databases import busy_for
from postings.models import Report, VisitorClick, VisitorKey

log = logging.getLogger(__name__)

MAX_USER_AGENT_LENGTH = 500
_HASH_BYTES = 16

# Behind `1.2.3.4` or `[2001:db8::1]`; in a bare IPv6 address a colon is no port's.
_PORT = re.compile(r"^([^:]*|\[.*\]):\d{1,5}\Z")
DRAWN_WITHIN = 0.2  # seconds

# The present day's key, read once by each worker.
_keys: dict[dt.date, bytes] = {}
_drawing = threading.Lock()
# The day whose past is no longer in the database's files.
_overwritten: set[dt.date] = set()


def today() -> dt.date:
    """The day that is counted by, which changes at midnight UTC."""
    return timezone.now().astimezone(dt.UTC).date()


def user_agent(request: HttpRequest) -> str:
    return request.META.get("HTTP_USER_AGENT", "").strip()[:MAX_USER_AGENT_LENGTH]


def address(request: HttpRequest) -> str:
    """The network address that a request came from.

    Behind PROXY_COUNT proxies it is the one that the outermost of them saw. Of an IPv6 address it is the first 64
    bits: the rest changes by itself within a household.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.PROXY_COUNT:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        text = hops[-min(settings.PROXY_COUNT, len(hops))] if hops else text
    elif "HTTP_X_FORWARDED_FOR" in request.META:
        _say_once("a request came through a proxy, and PROXY_COUNT is 0: visitors behind it are not told apart")
    # Some proxies add the port, which differs with every connection.
    text = _PORT.sub(r"\1", text)
    try:
        ip = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return text
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


@functools.cache
def _say_once(what: str) -> None:
    log.warning("%s", what)


def visitor(request: HttpRequest, day: dt.date) -> bytes:
    """16 bytes that stand for whoever made the request, on this day alone; needs the day's key."""
    return _hash(f"{address(request)}\n{user_agent(request)}", day)


def network(request: HttpRequest, day: dt.date) -> bytes:
    """16 bytes that stand for the network address alone, behind which there may be many; likewise of this day."""
    return _hash(address(request), day)


def _hash(seen: str, day: dt.date) -> bytes:
    return hmac.digest(_key(day), seen.encode(errors="replace"), hashlib.sha256)[:_HASH_BYTES]


def prepare() -> None:
    """Reads the day's key before somebody waits for it."""
    _key(today())


def _key(day: dt.date) -> bytes:
    # Asked for once: around midnight another thread may forget it at any moment.
    if (key := _keys.get(day)) is None:
        # One thread draws or reads it for all of this worker's.
        if not _drawing.acquire(timeout=DRAWN_WITHIN):
            raise DatabaseError("the day's key is still being read")
        try:
            if (key := _keys.get(day)) is None:
                with busy_for(DRAWN_WITHIN):
                    key = _keys[day] = _read_or_draw(day)
        finally:
            _drawing.release()
    return key


def _read_or_draw(day: dt.date) -> bytes:
    keys = VisitorKey.objects.filter(day=day).values_list("key", flat=True)
    if (key := keys.first()) is None:
        # Committed by itself, so that no other worker goes on with another key after a rollback.
        VisitorKey.objects.bulk_create([VisitorKey(day=day, key=secrets.token_bytes(32))], ignore_conflicts=True)
        if (key := keys.first()) is None:
            raise DatabaseError("the day is over, and another worker took its key away")
        # With its key gone a hash says nothing any more; the many rows that hold one are not for an applicant to
        # wait for (`upkeep`).
        VisitorKey.objects.filter(day__lt=day).delete()
    return bytes(key)


def forget_before(day: dt.date) -> None:
    """Deletes the keys of other days and what was kept under them.

    Of the next day nothing is touched, which may have begun by another machine's clock; what lies further ahead was
    written by a clock that went wrong.
    """
    for other in [each for each in list(_keys) if each < day]:
        _keys.pop(other, None)
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    is_over = Q(day__lt=day) | Q(day__gt=day + dt.timedelta(days=1))
    keys, seen = VisitorKey.objects.filter(is_over), VisitorClick.objects.filter(is_over)
    reports = Report.objects.filter(
        Q(created_at__lt=midnight) | Q(created_at__gte=midnight + dt.timedelta(days=2)), visitor__isnull=False
    )
    if any(each.exists() for each in (keys, seen, reports)):
        with transaction.atomic():
            keys.delete()
            seen.delete()
            reports.update(visitor=None, network=None)


def overwrite_forgotten(day: dt.date) -> None:
    """Clears what was deleted before this day out of the database's files as well; once a day for each process.

    SQLite's log of changes and PostgreSQL's tables keep it until something takes its place, which may be long.
    """
    if day in _overwritten or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM postings_visitorkey, postings_visitorclick")
            is_done = True
        else:
            # Not while somebody reads: the next time, then.
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_done = not cursor.fetchone()[0]
    if is_done:
        _overwritten.clear()
        _overwritten.add(day)


def forget_all() -> None:
    """Lets go of what this process has in memory; the database keeps its own."""
    _keys.clear()
    _overwritten.clear()
