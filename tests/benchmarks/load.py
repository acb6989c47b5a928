"""One gunicorn worker on one core, and a client on another that asks it one thing after the other."""

import http.client
import ipaddress
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.benchmarks import boards
from tests.benchmarks.settings import SQLITE_USES_WAL

_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
_addresses = count(int(ipaddress.IPv4Address("10.0.0.0")) + int(time.time()) % 2**23)
_STARTS_WITHIN = 60.0
_ANSWERS_WITHIN = 600.0  # the first list page of a worker reads the whole board
# Both the same where there is only one.
CLIENT_CORE, *_, SERVER_CORE = sorted(os.sched_getaffinity(0)) * 2


class Failed(Exception):
    """The server did not start, or answered with something else than a page."""


@dataclass
class Server:
    """A worker that serves a board, and how long it took to answer each kind of request."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, paths: Iterable[str], kind: str = "", status: int = 200) -> list[bytes]:
        """Asks for these addresses over one connection, none before the answer to the one before; gives the pages.

        Without Accept-Encoding, so that nothing is compressed, and each from another visitor. Under a kind, the times
        are kept.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWERS_WITHIN)
        pages = []
        try:
            for number, path in enumerate(["/bare/", *paths]):  # the first, untimed, is for the connection
                begun = time.perf_counter()
                # By its parts, because request() would add an Accept-Encoding.
                connection.putrequest("GET", path, skip_accept_encoding=True)
                connection.putheader("User-Agent", _BROWSER)
                connection.putheader("X-Forwarded-For", str(ipaddress.IPv4Address(next(_addresses))))
                connection.endheaders()
                response = connection.getresponse()
                page = response.read()
                taken = time.perf_counter() - begun
                if response.status != (status if number else 200):
                    raise Failed(f"{path} was answered with {response.status}. {self.log} says more.")
                if number:
                    pages.append(page)
                    self.seconds.setdefault(kind, []).append(taken)
        finally:
            connection.close()
        return pages

    @property
    def memory(self) -> int:
        """The bytes that the worker has in memory."""
        [worker] = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serve(database: str) -> Iterator[Server]:
    """The board served as in production, but by one worker, which no number of requests ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = Path(database.removeprefix("sqlite:///")).with_suffix(".log")
    added = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1", **boards.environment(database)}
    command = [sys.executable, "-m", "gunicorn", "--max-requests", "0", "--log-level", "warning"]
    with log.open("wb") as output, on_core(SERVER_CORE):
        process = subprocess.Popen(
            command, cwd=boards.BASE_DIR, env=os.environ | added, stdout=output, stderr=subprocess.STDOUT
        )
    server = Server(port, process, log)
    try:
        _await(server)
        yield server
    finally:
        process.terminate()
        process.wait()


def _await(server: Server) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            server.ask([])
            return
        except OSError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"gunicorn did not start:\n{server.log.read_text()[-2000:]}") from None
            time.sleep(0.1)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This process, and those that it starts within, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Disk:
    """A database beside the boards that keeps one number, for what a commit costs that survives a power cut."""

    def __init__(self, folder: Path) -> None:
        self.seconds: list[float] = []
        self._path = folder / "commits.sqlite3"
        self._path.unlink(missing_ok=True)
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self._database.execute(f"PRAGMA journal_mode = {'WAL' if SQLITE_USES_WAL else 'DELETE'}")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("CREATE TABLE number (n integer)")
        self._database.execute("INSERT INTO number VALUES (0)")

    def commit(self, times: int) -> None:
        for _ in range(times):
            begun = time.perf_counter()
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("UPDATE number SET n = n + 1")
            self._database.execute("COMMIT")
            self.seconds.append(time.perf_counter() - begun)

    def close(self) -> None:
        self._database.close()
        self._path.unlink()
