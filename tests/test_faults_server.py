"""The real server under what it may meet of a day: signals, crowds, full logs, long locks, and very many requests."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from postings.middleware import UnreadBodies
from tests.factories import posting_text
from tests.nodes import Node, get
from tests.nodes import serving as serving_behind_socket
from tests.test_apply_slow import SLUGS, Applicants, Server, assert_all_are_counted
from tests.test_lock import Board, make_board  # noqa: F401  a fixture

pytestmark = pytest.mark.slow

PAGES = ["/", "/?q=gardener", "/?q=gardener&posted=30", f"/jobs/{SLUGS[1]}/", "/feed.atom", "/sitemap.xml", "/nobody/"]
REQUESTS = 20_000


@pytest.fixture
def board(make_board, tmp_path):  # noqa: F811
    board = make_board()
    files = tmp_path / "files"
    files.mkdir()
    for slug in SLUGS:
        (files / f"{slug}.md").write_text(posting_text(title=slug.replace("-", " ").capitalize(), slug=slug))
    assert board.import_postings(files).returncode == 0
    assert board.run("collectstatic", "--noinput", "--verbosity", "0").returncode == 0
    board.environment |= {"PROXY_COUNT": "1", "CLICK_JOURNAL": str(tmp_path / "clicks.journal")}
    return board


class Behind:
    """A node as `Applicants` ask it."""

    def __init__(self, node: Node) -> None:
        self.port = node.port

    connect = Server.connect


@pytest.mark.parametrize("how", ["restart", "HUP", "kill -9"])
def test_signals_under_load_lose_no_click_through(board, tmp_path, how):
    with serving_behind_socket(board, tmp_path / "log") as node:
        applicants = Applicants(Behind(node), 1500)  # type: ignore[arg-type]
        threads = applicants.start()
        times = 0
        while any(thread.is_alive() for thread in threads) and times < 3:
            time.sleep(1)
            if how == "restart":
                node.stop()
                node.start()
                node.await_ready()
            elif how == "HUP":
                assert node.process
                node.process.send_signal(signal.SIGHUP)
            else:
                for worker in workers(node)[:1]:
                    os.kill(worker, signal.SIGKILL)
            times += 1
        for thread in threads:
            thread.join()
        assert times == 3
    told, cut = sum(applicants.told.values()), sum(applicants.cut.values())
    print(f"3 times {how}: {told} told, {cut} cut, the slowest {max(applicants.seconds):.1f} s")
    assert not applicants.others
    if how == "HUP":
        assert not cut
    assert_all_are_counted(board, applicants)


def workers(node: Node) -> list[int]:
    assert node.process
    pid = node.process.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_five_hundred_at_once_are_all_answered(board, tmp_path):
    with serving_behind_socket(board, tmp_path / "log") as node:
        usual = min(node.get("/").seconds for _ in range(5))
        together = threading.Barrier(500)

        def ask(number: int) -> tuple[int, float]:
            together.wait()
            answer = get(node.port, PAGES[number % 4])
            return answer.status, answer.seconds

        with ThreadPoolExecutor(500) as pool:
            answers = list(pool.map(ask, range(500)))
        after = min(node.get("/").seconds for _ in range(5))
    last = max(seconds for _, seconds in answers)
    print(f"500 at once: the last after {last:.2f} s; one page took {usual:.3f} s before and {after:.3f} s afterwards")
    assert Counter(status for status, _ in answers) == {200: 500}
    assert last < 20
    assert after < usual + 0.5


def test_who_sends_more_than_anybody_reads_still_hears_the_answer(board, tmp_path):
    with serving_behind_socket(board, tmp_path / "log") as node:
        for megabytes in (1, 2, 25) * 5:
            # Not logged in, so that nobody looks at it.
            answer = node.get("/admin/postings/importrun/add/", "POST", b"x" * megabytes * 2**20)
            assert answer.status == 302
            assert node.get("/healthz", "POST", b"x" * megabytes * 2**20).status == 405


@pytest.mark.parametrize("drips", [False, True])
def test_who_promises_more_than_comes_is_not_waited_for_without_end(board, tmp_path, drips):
    head = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    with serving_behind_socket(board, tmp_path / "log", WEB_CONCURRENCY="1") as node:
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", node.port), timeout=1) as client:
            client.sendall(head + b"and no more")
            answer = b""
            while time.monotonic() < begun + 4 * UnreadBodies.PATIENCE:
                try:
                    piece = client.recv(1000)
                except TimeoutError:
                    if drips:
                        client.sendall(b".")
                    continue
                if not piece:
                    break
                answer += piece
            taken = time.monotonic() - begun
        assert answer.startswith(b"HTTP/1.1 405")
        assert UnreadBodies.PATIENCE - 1 < taken < UnreadBodies.PATIENCE + 5
        # And the thread is there for others.
        assert node.get("/").status == 200


def test_neither_memory_nor_handles_grow_with_requests(board, tmp_path):
    """With the pages that are kept, those that are not, and click-throughs; of one worker, so that all are its own."""
    board.environment["PAGE_CACHE_MB"] = "1"
    with serving_behind_socket(board, tmp_path / "log", WEB_CONCURRENCY="1", LOG_LEVEL="ERROR") as node:
        [worker] = workers(node)
        ask_often(node, REQUESTS // 5)  # what is made once is made
        before = used(worker)
        begun = time.monotonic()
        ask_often(node, REQUESTS)
        after = used(worker)
        assert workers(node) == [worker]
    print(
        f"{REQUESTS} requests in {time.monotonic() - begun:.0f} s: {before[0]:.1f} to {after[0]:.1f} MB, "
        f"{before[1]} to {after[1]} handles"
    )
    assert after[0] < before[0] * 1.2
    assert abs(after[1] - before[1]) <= 4


def ask_often(node: Node, number: int) -> None:
    numbers = iter(range(number))
    lock = threading.Lock()

    def go() -> None:
        with closing(Behind(node).connect()) as http_:
            while True:
                with lock:
                    each = next(numbers, None)
                if each is None:
                    return
                path = [*PAGES, f"/?q=word{each}", f"/apply/{SLUGS[each % 20]}"][each % (len(PAGES) + 2)]
                http_.request("GET", path, headers={"User-Agent": f"Mozilla {each % 500}", "Connection": "keep-alive"})
                response = http_.getresponse()
                response.read()
                assert response.status in (200, 302, 404)
                if response.will_close:
                    http_.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(go) for _ in range(4)]:
            done.result()


def used(pid: int) -> tuple[float, int]:
    """Memory in MB that is its own, and how many handles are open."""
    status = Path(f"/proc/{pid}/status").read_text()
    [kilobytes] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    return kilobytes / 1024, len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.parametrize("said", [">/dev/full 2>&1", ">&- 2>&-", ">/dev/full 2>&-"])
def test_the_server_goes_on_without_anywhere_to_write_its_log(board, said):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = board.environment | {"HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "2"}
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$0" -m gunicorn {said}', sys.executable],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                get(port, "/healthz", timeout=5)
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, process.returncode
                time.sleep(0.1)
        statuses = Counter(get(port, path).status for path in [*PAGES, f"/apply/{SLUGS[0]}"] * 25)
        assert statuses == {200: 150, 404: 25, 302: 25}
        process.send_signal(signal.SIGTERM)
        # 120 is Python's own word for last lines that it could not write.
        assert process.wait(60) in (0, 120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="WAL is SQLite's")
def test_in_wal_mode_pages_are_read_while_the_database_is_locked(board, tmp_path):
    board.environment |= {"SQLITE_WAL": "1", "PAGE_CACHE_MB": "0"}
    with serving_behind_socket(board, tmp_path / "log") as node:
        for _ in range(20):
            assert node.get(f"/apply/{SLUGS[0]}").status == 302
        with closing(sqlite3.connect(board.url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            begun, answers = time.monotonic(), []
            while time.monotonic() < begun + 8:
                answers += [node.get(path) for path in ("/", "/?q=gardener", f"/jobs/{SLUGS[1]}/")]
                answers.append(node.get(f"/apply/{SLUGS[0]}", User_Agent="Mozilla"))
            other.execute("ROLLBACK")
    assert Counter(answer.status for answer in answers) == {200: len(answers) * 3 // 4, 302: len(answers) // 4}
    slowest = max(answer.seconds for answer in answers)
    print(f"locked for 8 s: {len(answers)} answers, the slowest {slowest:.2f} s")
    assert slowest < 2
    folded = board.run("fold_clicks")
    assert folded.returncode == 0
    raw = board.rows("SELECT sum(count) FROM postings_dailyclicks")
    assert raw == [(20 + len(answers) // 4,)]
