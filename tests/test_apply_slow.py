"""Click-throughs on the real server while it is killed, restarted, locked out of its database and out of disk space.

What a client was told is compared with what is counted afterwards: each 302 once, and nothing beyond the requests whose
connection was cut.
"""

import http.client
import itertools
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from postings.clicks import TAKEN_WITHIN
from tests.factories import posting_text
from tests.test_apply import FIREFOX
from tests.test_lock import Board, make_board  # noqa: F401  a fixture

pytestmark = pytest.mark.slow

CONNECTIONS = 16
SLUGS = [f"gardener-{number}" for number in range(20)]
STARTS_WITHIN = 60  # seconds


class Server:
    """gunicorn with two workers, as `make run` starts it, on a board of its own."""

    def __init__(self, board: Board, folder: Path) -> None:
        self.board = board
        self.log = folder / "server.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        environment = self.board.environment | {"PORT": str(self.port), "HOST": "127.0.0.1", "WEB_CONCURRENCY": "2"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn"],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                with closing(self.connect()) as http_:
                    http_.request("HEAD", f"/apply/{SLUGS[0]}")
                    http_.getresponse()
                    return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()[-2000:]
                assert time.monotonic() < deadline, self.log.read_text()[-2000:]
                time.sleep(0.05)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    @property
    def workers(self) -> list[int]:
        try:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except OSError:
            return []
        return [int(pid) for pid in children.split()]

    @property
    def put_by(self) -> int:
        """How many click-throughs went to the journal, which a worker may have folded in by now."""
        return self.log.read_text().count("waits in the journal")

    def kill_a_worker(self) -> None:
        for pid in self.workers[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """SIGTERM lets requests end; SIGKILL is for all processes at once."""
        if how == signal.SIGKILL:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)
        self.process.wait(timeout=60)


class Applicants:
    """So many connections that click through; what each was told is kept by posting."""

    def __init__(self, server: Server, number: int) -> None:
        self.server = server
        self.told: Counter[str] = Counter()  # 302
        self.cut: Counter[str] = Counter()  # sent, and never answered
        self.others: Counter[int] = Counter()  # answered with something else
        self.seconds: list[float] = []
        self._numbers = iter(range(number))
        self._lock = threading.Lock()

    def start(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._go, args=[each]) for each in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        return threads

    def go(self) -> "Applicants":
        for thread in self.start():
            thread.join()
        return self

    def _go(self, seed: int) -> None:
        chance = random.Random(seed)
        http_ = None
        try:
            while (number := self._next()) is not None:
                slug = chance.choice(SLUGS)
                headers = {"User-Agent": FIREFOX, "X-Forwarded-For": f"198.51.100.{number % 250}"}
                while http_ is None:
                    http_ = self._connected()
                begun = time.monotonic()
                try:
                    http_.request("GET", f"/apply/{slug}", headers=headers)
                    response = http_.getresponse()
                    response.read()
                except (OSError, http.client.HTTPException):
                    self._note(self.cut, slug)
                    http_.close()
                    http_ = None
                    continue
                if response.status == 302:
                    self._note(self.told, slug, time.monotonic() - begun)
                else:
                    self._note(self.others, response.status)
                if response.will_close:
                    http_.close()
                    http_ = None
        finally:
            if http_:
                http_.close()

    def _connected(self) -> http.client.HTTPConnection | None:
        """A connection, or None while nobody listens: then nothing was sent."""
        http_ = self.server.connect()
        try:
            http_.connect()
        except OSError:
            time.sleep(0.02)
            return None
        return http_

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _note(self, counter: Counter, key: object, seconds: float | None = None) -> None:
        with self._lock:
            counter[key] += 1
            if seconds is not None:
                self.seconds.append(seconds)


def counted(board: Board) -> Counter[str]:
    """Raw click-throughs by posting, after what waits in the journal was folded in."""
    folded = board.run("fold_clicks")
    assert folded.returncode == 0, folded.stderr
    return Counter(
        dict(
            board.rows(
                "SELECT slug, sum(count) FROM postings_dailyclicks JOIN postings_posting AS posting "
                "ON posting.id = posting_id GROUP BY slug"
            )
        )
    )


def assert_all_are_counted(board: Board, applicants: Applicants) -> None:
    raw = counted(board)
    for slug in SLUGS:
        told, cut = applicants.told[slug], applicants.cut[slug]
        assert told <= raw[slug] <= told + cut, f"{slug}: told {told}, cut {cut}, counted {raw[slug]}"


@contextmanager
def serving(board: Board, folder: Path) -> Iterator[Server]:
    """The board with a few postings, served."""
    files = folder / "files"
    files.mkdir()
    for slug in SLUGS:
        (files / f"{slug}.md").write_text(posting_text(title=slug, slug=slug))
    assert board.import_postings(files).returncode == 0
    board.environment["PROXY_COUNT"] = "1"
    board.environment.setdefault("CLICK_JOURNAL", str(folder / "clicks.journal"))
    server = Server(board, folder)
    server.start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def test_every_answer_is_counted_while_workers_die_and_postings_come_in(make_board, tmp_path):  # noqa: F811
    board = make_board()
    over = threading.Event()
    imports = []

    def import_on_and_on():
        for number in itertools.count():
            if over.is_set():
                return
            file = tmp_path / "more" / f"tree-{number}.md"
            file.parent.mkdir(exist_ok=True)
            for tree in range(20):
                file.with_name(f"tree-{number}-{tree}.md").write_text(posting_text(slug=f"tree-{number}-{tree}"))
            imports.append(board.import_postings(file.parent).returncode)

    with serving(board, tmp_path) as server:
        importing = threading.Thread(target=import_on_and_on)
        importing.start()
        try:
            applicants = Applicants(server, 2000)
            threads = applicants.start()
            stops = iter([signal.SIGTERM, signal.SIGKILL])
            kills = 0
            while any(thread.is_alive() for thread in threads):
                time.sleep(1)
                done = sum(applicants.told.values())
                if done > 600 * (kills and 1) and (how := next(stops, None)):
                    server.stop(how)
                    server.start()
                else:
                    server.kill_a_worker()
                    kills += 1
        finally:
            over.set()
            importing.join()
        assert next(stops, None) is None, "the load was over before the server was restarted twice"
    print(
        f"{sum(applicants.told.values())} told, {sum(applicants.cut.values())} cut, {kills} workers killed, "
        f"{len(imports)} imports"
    )
    assert imports and set(imports) == {0}
    assert not applicants.others
    assert_all_are_counted(board, applicants)


def test_a_locked_database_keeps_nobody_waiting_and_loses_nothing(make_board, tmp_path):  # noqa: F811
    board = make_board()
    with serving(board, tmp_path) as server:
        # Both workers learn where every posting leads.
        before = Applicants(server, 1000).go()
        with locked(board, seconds=3):
            during = Applicants(server, 160).go()
        after = Applicants(server, 100).go()
        assert server.put_by, "nothing was put by, so nothing was locked"
    assert not (before.others or during.others or after.others)
    assert not (before.cut or during.cut or after.cut)
    during.seconds.sort()
    # Reading where it leads and writing the count have an end each; the rest is for a busy machine.
    assert during.seconds[len(during.seconds) * 9 // 10] < 3 * TAKEN_WITHIN + 0.4
    together = Applicants(server, 0)
    together.told = before.told + during.told + after.told
    assert_all_are_counted(board, together)


@contextmanager
def locked(board: Board, seconds: float) -> Iterator[None]:
    """Nobody else can write click-throughs, and on SQLite nobody can read anything either."""
    held = threading.Event()

    def hold() -> None:
        if board.url.startswith("sqlite"):
            with closing(sqlite3.connect(board.url.removeprefix("sqlite:///"), timeout=30)) as database:
                database.isolation_level = None
                database.execute("BEGIN EXCLUSIVE")
                held.set()
                time.sleep(seconds)
                database.execute("ROLLBACK")
        else:
            with psycopg.connect(board.url) as database:
                database.execute("LOCK TABLE postings_dailyclicks IN ACCESS EXCLUSIVE MODE")
                held.set()
                time.sleep(seconds)
                database.rollback()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    yield
    thread.join()


@pytest.fixture
def small_disk():
    """A folder with room for 2 MB."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    options = ["-t", "tmpfs", "-o", "size=2m,mode=0777"]
    mounted = subprocess.run(["mount", *options, "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def test_a_full_disk_keeps_nobody_from_going_on_and_loses_nothing(make_board, tmp_path, small_disk):  # noqa: F811
    board = make_board()
    with clicks_on(board, small_disk), serving(board, tmp_path) as server:
        before = Applicants(server, 100).go()
        fill(small_disk)
        during = Applicants(server, 400).go()
        assert server.put_by, "nothing was put by, so the disk was not full"
        (small_disk / "filling").unlink()
        after = Applicants(server, 100).go()
        server.stop()
        assert not (before.others or during.others or after.others)
        assert not (before.cut or during.cut or after.cut)
        together = Applicants(server, 0)
        together.told = before.told + during.told + after.told
        assert_all_are_counted(board, together)


def fill(folder: Path) -> None:
    with (folder / "filling").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(512)):
            pass


@contextmanager
def clicks_on(board: Board, folder: Path) -> Iterator[None]:
    """What click-throughs are written to is on this disk: with SQLite all that the board writes, journal included."""
    if board.url.startswith("sqlite"):
        moved = folder / "board.sqlite3"
        shutil.copy(board.url.removeprefix("sqlite:///"), moved)
        board.url = board.environment["DATABASE_URL"] = f"sqlite:///{moved}"
        board.environment["CLICK_JOURNAL"] = str(folder / "clicks.journal")
        yield
        return
    place = folder / "tablespace"
    place.mkdir()
    try:
        shutil.chown(place, "postgres", "postgres")
    except LookupError:
        pytest.skip("PostgreSQL is not on this machine")
    tables = ["postings_dailyclicks", "postings_visitorclick"]
    with psycopg.connect(board.url, autocommit=True) as database:
        database.execute(f"CREATE TABLESPACE small_{os.getpid()} LOCATION '{place}'")
        for table in tables:
            database.execute(f"ALTER TABLE {table} SET TABLESPACE small_{os.getpid()}")
    try:
        yield
    finally:
        with psycopg.connect(board.url, autocommit=True) as database:
            for table in tables:
                database.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
            database.execute(f"DROP TABLESPACE small_{os.getpid()}")
