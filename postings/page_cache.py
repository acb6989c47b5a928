"""Pages as bytes: what was rendered once for this state of the board is served again, compressed once.

A page is known by its address in canonical form and by the board's state (`Snapshot.state_key`), so that nothing here
is ever out of date and nothing has to be purged: when the board changes, all of it is another board's. Each worker
keeps PAGE_CACHE_MB; nodes share what they made by `shared`, where CACHE_URL names a Redis.

What may stand in it is for `views.answers.kept` to say: answers that are the same for everybody.
"""

import gzip
import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import connection
from django.http import HttpResponse

from postings import shared

# Larger pages, say a file of ten thousand addresses, would push out everything else.
MOST_BYTES = 512 * 1024
# How long a page stays in the shared cache. It is out of date long before on a board that changes.
SHARED_SECONDS = 600
# How long others wait for the one who renders what they want, too.
_WAITS = 5.0
# Pages are rendered a few at a time: a process computes on one core whatever its threads do, and where all of them take
# it from each other at every row of a database each is slower. SQLite computes on that core, too; for PostgreSQL two
# may wait while one computes. Nobody waits longer for those who wait for a database.
_AT_ONCE = {"sqlite": 1, "postgresql": 3}
_WAITS_FOR_TURN = 0.1
# Of how many requests it is remembered which page they are about.
MOST_REMEMBERED = 5000
_ROOM_BESIDE = 600  # bytes that keeping a page takes beside the page

GZIP = "gzip"
# As a proxy or a browser says that it takes it; `gzip;q=0` says that it does not.
_TAKES_GZIP = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer in one encoding, as it is sent."""

    body: bytes
    encoding: str  # GZIP, or empty
    etag: str  # strong: the same bytes have the same, others another
    headers: tuple[tuple[str, str], ...]  # what the view said, the type of the content first

    @classmethod
    def of(cls, response: HttpResponse) -> "Page":
        body = response.content
        # Processors have instructions for this one.
        digest = hashlib.sha256(body).hexdigest()[:24]
        return cls(body, "", f'"{digest}"', tuple(response.items()))

    @property
    def size(self) -> int:
        return len(self.body) + _ROOM_BESIDE

    def encoded(self, encoding: str) -> "Page":
        """The same in another encoding."""
        if encoding == self.encoding:
            return self
        if encoding == GZIP:
            # Without the time, so that every worker makes the same bytes of the same page.
            return Page(gzip.compress(self.body, 6, mtime=0), GZIP, f'{self.etag[:-1]}-{GZIP}"', self.headers)
        return Page(gzip.decompress(self.body), "", f'{self.etag.removesuffix(f"-{GZIP}{chr(34)}")}"', self.headers)

    def response(self) -> HttpResponse:
        response = HttpResponse(self.body, headers=dict(self.headers))
        response.headers["Content-Length"] = str(len(self.body))
        response.headers["ETag"] = self.etag
        response.headers["Vary"] = "Accept-Encoding"
        if self.encoding:
            response.headers["Content-Encoding"] = self.encoding
        return response

    def packed(self) -> bytes:
        """As the shared cache holds it."""
        front = json.dumps({"encoding": self.encoding, "etag": self.etag, "headers": self.headers})
        return front.encode() + b"\n" + self.body

    @classmethod
    def unpacked(cls, packed: bytes) -> "Page":
        front, _, body = packed.partition(b"\n")
        said = json.loads(front)
        return cls(body, said["encoding"], said["etag"], tuple((name, value) for name, value in said["headers"]))


def encoding_for(accepted: str) -> str:
    """The encoding for somebody who sends this as Accept-Encoding."""
    return GZIP if accepted and _TAKES_GZIP.search(accepted) else ""


class _Pages:
    """What this worker keeps: of one state of the board, and of too much what was asked for longest ago goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        with self._lock:
            self._state = ""
            self._pages: OrderedDict[tuple[str, str], Page] = OrderedDict()
            self._bytes = 0
            self._rendering: dict[str, threading.Event] = {}
            self._addresses: dict[tuple[str, ...], str] = {}

    def get(self, state: str, address: str, encoding: str) -> Page | None:
        with self._lock:
            if state != self._state:
                # Nothing of the old state can be asked for again.
                self._state, self._bytes = state, 0
                self._pages.clear()
                return None
            page = self._pages.get((address, encoding))
            if page:
                self._pages.move_to_end((address, encoding))
            return page

    def put(self, state: str, address: str, page: Page) -> None:
        most = settings.PAGE_CACHE_MB * 1_000_000
        with self._lock:
            key = (address, page.encoding)
            if state != self._state or page.size > most or key in self._pages:
                return
            self._pages[key] = page
            self._bytes += page.size + len(address)
            while self._bytes > most:
                (gone, _), oldest = self._pages.popitem(last=False)
                self._bytes -= oldest.size + len(gone)

    def begin(self, address: str) -> threading.Event | None:
        """Says that this thread renders it; else gives what tells when the one is done who does."""
        with self._lock:
            rendering = self._rendering.get(address)
            if rendering is None:
                self._rendering[address] = threading.Event()
            return rendering

    def end(self, address: str) -> None:
        with self._lock:
            rendering = self._rendering.pop(address, None)
        if rendering:
            rendering.set()

    def remember(self, asked: tuple[str, ...], address: str) -> None:
        if asked not in self._addresses:
            with self._lock:
                if len(self._addresses) >= MOST_REMEMBERED:
                    self._addresses.clear()
                self._addresses[asked] = address

    def remembered(self, asked: tuple[str, ...]) -> str | None:
        return self._addresses.get(asked)

    @property
    def bytes_kept(self) -> int:
        return self._bytes


_pages = _Pages()


def find(
    state: str, address: str, encoding: str, render: Callable[[], HttpResponse]
) -> tuple[Page | HttpResponse, bool]:
    """The page of this address in this encoding, and whether it was there already; where the view gives something else
    than a page for everybody, what it gave.

    Rendered once: who wants the same meanwhile waits for it.
    """
    if page := known(state, address, encoding):
        return page, True
    if waiting := _pages.begin(address):
        waiting.wait(_WAITS)
        # Where the other gave up, or takes too long, everybody does it by themselves.
        page = known(state, address, encoding)
        return (page, True) if page else (_made(state, address, encoding, render), False)
    try:
        page = _shared(state, address, encoding)
        return (page, True) if page else (_made(state, address, encoding, render), False)
    finally:
        _pages.end(address)


def known(state: str, address: str, encoding: str) -> Page | None:
    """From this worker's memory; in another encoding it is made of the one that is there."""
    if page := _pages.get(state, address, encoding):
        return page
    if other := _pages.get(state, address, "" if encoding else GZIP):
        page = other.encoded(encoding)
        _pages.put(state, address, page)
        return page
    return None


def _shared(state: str, address: str, encoding: str) -> Page | None:
    if not shared.is_configured():
        return None
    packed = shared.get(_shared_key(state, address))
    if packed is None:
        return None
    page = Page.unpacked(packed).encoded(encoding)
    _pages.put(state, address, page)
    return page


@cache
def _turns() -> threading.Semaphore:
    return threading.BoundedSemaphore(_AT_ONCE[connection.vendor])


def _made(state: str, address: str, encoding: str, render: Callable[[], HttpResponse]) -> Page | HttpResponse:
    turns = _turns()
    has_turn = turns.acquire(timeout=_WAITS_FOR_TURN)
    try:
        response = render()
    finally:
        if has_turn:
            turns.release()
    is_for_all = response.status_code == 200 and not response.streaming and "Cache-Control" not in response.headers
    if not is_for_all or response.cookies or len(response.content) > MOST_BYTES:
        return response
    plain = Page.of(response)
    page = plain.encoded(encoding)
    _pages.put(state, address, page)
    if shared.is_configured():
        # Compressed, as nearly everybody takes it.
        packed = page if page.encoding else plain.encoded(GZIP)
        shared.put(_shared_key(state, address), packed.packed(), SHARED_SECONDS)
    return page


def _shared_key(state: str, address: str) -> str:
    name = hashlib.blake2b(f"{state}\n{address}".encode(), digest_size=16).hexdigest()
    return f"page:{shared.release()}:{name}"


def remember(asked: tuple[str, ...], address: str) -> None:
    """Notes which page a request is about, by how it asks."""
    _pages.remember(asked, address)


def remembered(asked: tuple[str, ...]) -> str | None:
    """The canonical address of the page that was asked for like this before."""
    return _pages.remembered(asked)


def bytes_kept() -> int:
    """How much this worker keeps, in bytes."""
    return _pages.bytes_kept


def forget() -> None:
    """For tests, whose databases are rolled back under it."""
    _pages.forget()
