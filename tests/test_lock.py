"""One import at a time, whoever starts it."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from postings.importing import lock
from tests.factories import posting_text

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]

# Everything that an import keeps, without ids and times.
EVERYTHING = (
    """
    SELECT posting.source, source_slug, posting.slug, title, coalesce(company.name, '-'), salary_text, place,
           CAST(other_tags AS text), body_markdown, body_html, excerpt, apply_url, apply_keyword, status,
           CAST(published_on AS text), published_precision, CAST(pinned_fields AS text)
    FROM postings_posting AS posting LEFT JOIN postings_company AS company ON company.id = company_id
    """,
    """
    SELECT posting.slug, tag.kind, tag.name, tag.slug
    FROM postings_postingtag JOIN postings_posting AS posting ON posting.id = posting_id
    JOIN postings_tag AS tag ON tag.id = tag_id
    """,
    """
    SELECT posting.slug, path, fingerprint, CAST(ranked_on AS text), is_dated, is_text
    FROM postings_importedfile AS file JOIN postings_posting AS posting ON posting.id = posting_id
    """,
    "SELECT name, slug FROM postings_company",
)


class Board:
    """A board with a database of its own, for what needs processes of its own: locking, racing, killing them.

    The database is of the kind that the tests run on.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        # Nothing else of the tests' own surroundings: these are the settings that people run.
        self.environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "not a secret", "DATABASE_URL": url}

    def start(self, *args: object, python: str = "") -> subprocess.Popen[str]:
        """`manage.py …`, or a piece of Python that runs in the board's surroundings."""
        command = [sys.executable, "-c", f"{SET_UP}\n{python}"] if python else MANAGE
        return subprocess.Popen(
            [*command, *map(str, args)],
            env=self.environment,
            cwd=settings.BASE_DIR,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *args: object, python: str = "") -> subprocess.CompletedProcess[str]:
        with self.start(*args, python=python) as process:
            out, err = process.communicate(timeout=180)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def import_postings(self, *args: object) -> subprocess.CompletedProcess[str]:
        return self.run("import_postings", *args)

    def rows(self, sql: str) -> list[tuple]:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=10)) as database:
                return database.execute(sql).fetchall()
        with psycopg.connect(self.url) as database:
            return database.execute(sql).fetchall()  # type: ignore[arg-type]

    def count(self, table: str) -> int:
        return self.rows(f"SELECT count(*) FROM postings_{table}")[0][0]

    def everything(self) -> list[list[tuple]]:
        return [sorted(self.rows(sql)) for sql in EVERYTHING]


SET_UP = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "jobboard.settings"
import django
django.setup()
"""


@contextmanager
def boards(folder: Path) -> Iterator[type]:
    """Gives what makes empty boards, quickly: copies of one database that was migrated once."""
    made: list[str] = []
    server = {}
    if connection.vendor == "postgresql":
        own = connection.settings_dict
        server = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
        server = {name: value for name, value in server.items() if value}

    def sql(statement: str) -> None:
        with psycopg.connect(dbname="postgres", autocommit=True, **server) as admin:
            admin.execute(statement)  # type: ignore[arg-type]

    def make(template: Board | None = None) -> Board:
        name = f"board_{os.getpid()}_{len(made)}"
        made.append(name)
        if not server:
            if template:
                shutil.copy(template.url.removeprefix("sqlite:///"), folder / name)
            return Board(f"sqlite:///{folder / name}")
        sql(f"CREATE DATABASE {name} TEMPLATE {template.url.rpartition('/')[2] if template else 'template1'}")
        login = ":".join(filter(None, [server.get("user"), server.get("password")]))
        return Board(f"postgres://{login}@{server.get('host', '')}:{server.get('port', 5432)}/{name}")

    try:
        migrated = make()
        assert migrated.run("migrate", "--verbosity", "0").returncode == 0
        yield lambda: make(migrated)
    finally:
        if server:
            for name in made:
                sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def make_board(tmp_path_factory):
    with boards(tmp_path_factory.mktemp("boards")) as make:
        yield make


# --- The lock ----------------------------------------------------------------------------------------

HOLD = """
from postings.importing.lock import import_lock
with import_lock():
    print("held", flush=True)
    sys.stdin.readline()
"""
IMPATIENT = """
from django.core.management import execute_from_command_line
from postings.importing import lock
lock.WAIT_SECONDS = 0.3
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def board(make_board):
    return make_board()


@pytest.fixture
def posting(tmp_path):
    """A file that the board does not have yet."""
    file = tmp_path / "a.md"
    file.write_text(posting_text(slug=tmp_path.name))
    return file


@contextmanager
def another_import(board: Board, python: str = HOLD) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock, as an import does, and goes on until it is told to end."""
    with board.start(python=python) as process:
        try:
            assert process.stdout and process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_import_says_that_another_runs_and_writes_nothing(board, posting):
    before = board.everything(), board.count("importrun")
    with another_import(board) as other:
        refused = board.run("import_postings", posting, python=IMPATIENT)
        assert (refused.returncode, refused.stdout) == (3, "")
        which = (
            "on this database"
            if connection.vendor == "postgresql"
            else rf"\(process {other.pid}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)"
        )
        assert re.fullmatch(
            rf"CommandError: Nothing was imported: another import is running {which}\.\n", refused.stderr
        )
        assert (board.everything(), board.count("importrun")) == before


@pytest.mark.slow
def test_a_dry_run_waits_for_its_turn_too(board, posting):
    # What it said of a board that changes under its hands would not be true.
    with another_import(board):
        assert board.run("import_postings", posting, "--dry-run", python=IMPATIENT).returncode == 3


def test_a_second_import_waits_for_one_that_is_nearly_done(board, posting):
    with another_import(board) as other, board.start("import_postings", posting) as second:
        time.sleep(1.5)
        assert second.poll() is None
        other.communicate("done\n")
        out, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert out.startswith("1 created")


@pytest.mark.slow
def test_an_import_that_was_killed_lets_go(board, posting):
    with another_import(board) as other:
        other.kill()
        other.wait()
        # It left its name behind, and nothing else. (The server may need a moment to see that it is gone.)
        assert board.run("import_postings", posting).returncode == 0
    with another_import(board) as later:
        refused = board.run("import_postings", posting, python=IMPATIENT)
    assert refused.returncode == 3
    assert str(other.pid) not in refused.stderr or other.pid == later.pid


@pytest.mark.slow
def test_an_import_that_failed_lets_go_although_its_process_goes_on(board, posting):
    fail = """
from postings.importing.lock import import_lock
try:
    with import_lock():
        raise ValueError
except ValueError:
    print("held", flush=True)
    sys.stdin.readline()
"""
    with another_import(board, python=fail):
        assert board.run("import_postings", posting, python=IMPATIENT).returncode == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a database in memory is SQLite's")
@pytest.mark.django_db
def test_a_database_in_memory_needs_no_lock_and_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with lock.import_lock(), lock.import_lock():
        assert not list(tmp_path.iterdir())
