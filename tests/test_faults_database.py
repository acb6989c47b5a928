"""The real server while its database is stopped, frozen, locked and taken away: 503 in time, no 500, and back alone."""

import http.client
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgres_server
from tests.test_apply_slow import Server
from tests.test_lock import Board

pytestmark = pytest.mark.slow

SOON = 4.0  # seconds: what a visitor waits at most to be told
RECOVERS_WITHIN = 15.0
SLUG = "gardener-0"
SAMPLE = "firmware-engineer-rust-ocean-sensors"
PAGES = [
    *(
        "/",
        "/?q=python",
        "/?skill=rust&page=2",
        f"/jobs/{SAMPLE}/",
        f"/jobs/{SAMPLE}.md",
        "/feed.atom",
        "/feed.json?q=go",
    ),
    *("/jobs/nobody-has-this/", f"/jobs/{SAMPLE}/report/", "/sitemap-jobs-0.xml", "/companies/nobody/"),
]
LOGIN = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.create_superuser("ada", "", "a password"))
print(client.cookies["sessionid"].value)
"""
ADMIN_PAGES = ["/admin/", "/admin/postings/posting/", "/admin/postings/dailyclicks/"]


class Visited(Server):
    """gunicorn, and somebody who looks at its pages."""

    session = ""

    def ask(
        self, path: str, method: str = "GET", body: str | None = None
    ) -> tuple[int, float, http.client.HTTPMessage, str]:
        headers = {"Cookie": f"sessionid={self.session}"} if path.startswith("/admin") else {}
        begun = time.monotonic()
        with closing(self.connect()) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        return response.status, time.monotonic() - begun, response.headers, text

    def statuses(self, paths: list[str]) -> dict[str, int]:
        return {path: self.ask(path)[0] for path in paths}

    def is_well_again(self) -> None:
        deadline = time.monotonic() + RECOVERS_WITHIN
        while (statuses := self.statuses([*PAGES, *ADMIN_PAGES])) != self.usual:
            assert 500 not in statuses.values()
            assert time.monotonic() < deadline, statuses
            time.sleep(0.2)


@contextmanager
def serving(board: Board, folder: Path) -> Iterator[Visited]:
    assert board.run("migrate", "--verbosity", "0").returncode == 0
    assert board.run("load_samples").returncode == 0
    # As `make run` has it: pages name their files by what is in them.
    assert board.run("collectstatic", "--noinput", "--verbosity", "0").returncode == 0
    board.environment["CLICK_JOURNAL"] = str(folder / "clicks.journal")
    # A page that is kept needs no database.
    board.environment["PAGE_CACHE_MB"] = "0"
    server = Visited(board, folder)
    server.session = board.run(python=LOGIN).stdout.strip()
    assert server.session
    server.start()
    try:
        server.usual = server.statuses([*PAGES, *ADMIN_PAGES])
        assert set(server.usual.values()) == {200, 404}, server.usual
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def database():
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def server(database, tmp_path_factory):
    with serving(Board(database.url), tmp_path_factory.mktemp("server")) as server:
        yield server


def told_to_come_back(server: Visited, paths: list[str], within: float = SOON) -> None:
    for path in paths:
        for method in ("GET", "HEAD"):
            status, seconds, headers, text = server.ask(path, method)
            assert (path, method, status) == (path, method, 503)
            assert seconds < within, path
            assert (headers["Retry-After"], headers["Cache-Control"]) == ("5", "no-store")
            assert (
                "does not answer just now" if "admin" in path else "cannot look that up"
            ) in text or method == "HEAD"


def lines_about(server: Visited) -> list[str]:
    return [line for line in server.log.read_text().splitlines() if "The database cannot answer" in line]


def test_a_stopped_database_is_a_503_until_it_is_back(server, database):
    begun = len(lines_about(server))
    database.stop()
    told_to_come_back(server, [*PAGES, *ADMIN_PAGES])
    # Where nothing needs to be read all is well.
    assert server.statuses(["/about/", "/robots.txt"]) == {"/about/": 200, "/robots.txt": 200}
    assert server.ask("/admin/postings/posting/", "POST", "action=x")[0] in (403, 503)
    # One line a minute, of each worker, and no trace for each of the requests.
    assert len(lines_about(server)) - begun <= len(server.workers) * 2
    assert server.log.read_text().count("Traceback") <= len(server.workers) * 3
    database.start()
    server.is_well_again()


def test_a_frozen_database_keeps_nobody_waiting(server, database):
    server.is_well_again()
    database.freeze()
    try:
        # All connections that lay ready are as frozen as new ones.
        for path in [*PAGES, *ADMIN_PAGES]:
            told_to_come_back(server, [path])
    finally:
        database.thaw()
    server.is_well_again()


def test_many_at_once_wait_no_longer_for_a_frozen_database(server, database):
    server.is_well_again()
    database.freeze()
    try:
        answers = all_at_once(server, PAGES * 2)
    finally:
        database.thaw()
    assert {status for status, _ in answers} == {503}
    # More than the server has threads: the last ones stand behind two others.
    assert max(seconds for _, seconds in answers) < 2 * SOON
    server.is_well_again()


def all_at_once(server: Visited, paths: list[str]) -> list[tuple[int, float]]:
    answers: list[tuple[int, float]] = []
    threads = [threading.Thread(target=lambda path=path: answers.append(server.ask(path)[:2])) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(paths)
    return answers


def test_whoever_waits_for_a_lock_is_told_in_time(server, database):
    with psycopg.connect(database.url) as other:
        other.execute("LOCK TABLE postings_posting IN ACCESS EXCLUSIVE MODE")
        told_to_come_back(server, [f"/jobs/{SAMPLE}/", "/"])
    server.is_well_again()


def test_an_applicant_goes_on_without_the_database(server, database):
    server.is_well_again()
    for _ in range(20):  # so that all workers have read it
        assert server.ask(f"/apply/{SAMPLE}")[0] == 302
    for away, back in ((database.freeze, database.thaw), (database.stop, database.start)):
        away()
        try:
            answers = all_at_once(server, [f"/apply/{SAMPLE}"] * 8)
        finally:
            back()
        assert {status for status, _ in answers} == {302}
        assert max(seconds for _, seconds in answers) < SOON
        server.is_well_again()


# --- What takes long and may ----------------------------------------------------------------------------

LIMITS = """
from django.db import OperationalError, connection
from postings import databases, downloads
from postings.models import Posting
from postings.resources import PostingResource

def limits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(current_setting(name), ' ') FROM unnest(%s::text[]) AS name",
            [["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]])
        return cursor.fetchone()[0]

print("command:", limits())
databases.serve(3)
print("page:", limits(), connection.pool.max_size)
with databases.unhurried():
    print("unhurried:", limits())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(3.5)")
print("after:", limits())
file = downloads.as_csv(PostingResource(), list(Posting.objects.values_list("pk", flat=True)))
next(file)
print("file:", limits())
list(file)
print("after:", limits())
with connection.cursor() as cursor:
    try:
        cursor.execute("SELECT pg_sleep(9)")
    except OperationalError as error:
        print("away:", databases.is_away(error))
try:
    connection.cursor().execute("SELECT nothing FROM nowhere")
except Exception as error:
    print("wrong:", databases.is_away(error))
databases.close_all()
print("pools:", len(connection._connection_pools), connection.connection)
"""


def test_pages_have_limits_and_what_rightly_takes_long_has_none(database, server):
    done = server.board.run(python=LIMITS)
    assert done.stdout.splitlines() == [
        "command: 0 5s 0",
        "page: 3s 2s 10s 3",
        "unhurried: 0 5s 0",
        "after: 3s 2s 10s",
        "file: 0 5s 0",
        "after: 3s 2s 10s",
        "away: True",
        "wrong: False",
        "pools: 0 None",
    ], done.stderr


FORKED = """
import os
from django.db import connection
from postings import databases
databases.serve()
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_backend_pid()")
    before = cursor.fetchone()
if {is_closed}:
    databases.close_all()
if os.fork() == 0:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        os._exit(0 if cursor.fetchone() != before else 1)
print(os.waitpid(-1, 0)[1])
with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
databases.close_all()
"""


def test_no_connection_crosses_a_fork(database, server):
    assert server.board.run(python=FORKED.format(is_closed=True)).stdout.strip() == "0"
    # What this guards against.
    assert server.board.run(python=FORKED.format(is_closed=False)).stdout.strip() != "0"


# --- SQLite ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sqlite_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sqlite")
    with serving(Board(f"sqlite:///{folder}/board.sqlite3"), folder) as server:
        yield server


BUSY_TIMEOUT = 5.0


def test_a_locked_sqlite_is_a_503_until_it_is_free(sqlite_server):
    path = sqlite_server.board.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN EXCLUSIVE")
        told_to_come_back(sqlite_server, ["/", f"/jobs/{SAMPLE}/", "/feed.atom", "/admin/"], BUSY_TIMEOUT + 1.5)
        other.execute("ROLLBACK")
    sqlite_server.is_well_again()


def test_a_sqlite_that_was_taken_away_is_no_500_and_is_found_when_it_is_back(sqlite_server, tmp_path):
    path = Path(sqlite_server.board.url.removeprefix("sqlite:///"))
    shutil.move(path, tmp_path / "elsewhere")
    # Who has it open goes on reading, and all others are told to come back.
    statuses = {status for _ in range(4) for status in sqlite_server.statuses([*PAGES, *ADMIN_PAGES]).values()}
    assert statuses <= {200, 404, 503}
    shutil.move(tmp_path / "elsewhere", path)
    sqlite_server.is_well_again()
