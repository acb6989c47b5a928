"""gunicorn as in production, on one core; and a client on another that asks it one thing after the other, before the
load (`wrk`) begins."""

import http.client
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import boards
from tests.benchmarks.settings import SQLITE_USES_WAL

_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
HELLO = "/bare/"
_STARTS_WITHIN = 120.0
_ANSWERS_WITHIN = 600.0  # the first list page of a worker reads the whole board
# Both the same where there is only one.
CLIENT_CORE, *_, SERVER_CORE = sorted(os.sched_getaffinity(0)) * 2


class Failed(Exception):
    """The server did not start, or answered with something else than a page."""


@dataclass
class Server:
    """Workers that serve a board."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, paths: Iterable[str], status: int = 200) -> None:
        """Asks for these addresses over one connection, none before the answer to the one before."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWERS_WITHIN)
        try:
            for path in paths:
                connection.request("GET", path, headers={"User-Agent": _BROWSER, "X-Forwarded-For": "10.255.255.254"})
                response = connection.getresponse()
                response.read()
                if response.status != status:
                    raise Failed(f"{path} was answered with {response.status}. {self.log} says more.")
        finally:
            connection.close()

    @property
    def memory(self) -> int:
        """The bytes that gunicorn and its workers take: what several of them share counts once."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(map(_proportional, [str(self.process.pid), *children]))


def _proportional(pid: str) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))


@contextmanager
def serve(database: str, workers: int = 1) -> Iterator[Server]:
    """The board served as in production, but by so many workers on one core, which no number of requests ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = boards.FOLDER / f"{database.rpartition('/')[2]}.log"
    added = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": str(workers), **boards.environment(database)}
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
            server.ask([HELLO])
            return
        except (OSError, http.client.HTTPException):
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
