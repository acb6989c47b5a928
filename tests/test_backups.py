"""Backups and what comes out of them, by the commands that operators use; under load in `test_backups_slow`."""

import datetime as dt
import os
import re
import sqlite3
import stat
import time
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from postings.backups import Refused, Stopped, files, postgresql, sqlite
from postings.journal import Journal
from tests.conftest import MEASURED
from tests.factories import posting_text
from tests.marks import slow_but
from tests.test_lock import IMPATIENT, Board, another_import, make_board  # noqa: F401  a fixture

ENDING = "dump" if connection.vendor == "postgresql" else "sqlite3"


# --- Files --------------------------------------------------------------------------------------------


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path):
    path = tmp_path / "backup"
    with files.written(path) as part:
        part.write_bytes(b"half")
        assert not path.exists()
        part.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_breaks_off_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), files.written(tmp_path / "backup") as part:
        part.write_bytes(b"half")
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("is_late", [True, False])
def test_no_file_is_written_over(tmp_path, monkeypatch, has_links, is_late):
    path = tmp_path / "backup"

    def link(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(os, "link", link)
    if not is_late:
        path.write_text("mine")
    with pytest.raises(Refused, match="no backup is written over another file"), files.written(path):
        # Somebody else was quicker.
        path.write_text("mine")
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_where_files_have_one_name_only_it_is_given_all_the_same(tmp_path, monkeypatch):
    def link(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    with files.written(tmp_path / "backup") as part:
        part.write_text("whole")
    assert (tmp_path / "backup").read_text() == "whole"


def test_the_newest_stay_and_what_is_not_ours_is_left_alone(tmp_path):
    moments = [dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in range(1, 6)]
    names = [files.name(moment, "sqlite3") for moment in moments]
    # A copied file is no newer for that.
    for name in reversed(names):
        (tmp_path / name).touch()
    others = ["replaced-board-20200101-000000.sqlite3", "board-20200101-000000.sqlite3.gpg", "board.sqlite3", "notes"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / "board-20190101-000000.dump").mkdir()
    assert sorted(path.name for path in files.rotate(tmp_path, 2)) == names[:3]
    assert {path.name for path in tmp_path.iterdir()} == {*names[3:], *others, "board-20190101-000000.dump"}


def test_what_a_killed_backup_left_goes_after_a_day(tmp_path):
    new, old = (tmp_path / f".board-20260101-00000{number}.dump.{number}.part" for number in (1, 2))
    for path in (new, old):
        path.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    files.rotate(tmp_path, 1)
    assert list(tmp_path.iterdir()) == [new]


# --- There and back -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(make_board, tmp_path_factory):  # noqa: F811
    """A board with ten postings and what else there may be, and a backup of it."""
    board, folder = make_board(), tmp_path_factory.mktemp("filled")
    add(board, folder / "files", range(10))
    board.environment["CLICK_JOURNAL"] = str(folder / "clicks.journal")
    done = board.run(python=CLICKED)
    assert done.returncode == 0, done.stderr
    backup = folder / "backup"
    done = board.run("backup", backup)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        rf"10 postings in {backup} \([\d.]+\s[KM]B\), whole and checked, in [\d.]+ seconds\.\n"
        r"Not in it: the secret key \(SECRET_KEY or var/secret_key\), .*\.\n",
        done.stdout,
    )
    return board, backup


CLICKED = """
import datetime as dt
from django.conf import settings
from django.utils import timezone
from postings import clicks, visitors
from postings.journal import Journal
from postings.models import DailyClicks, Posting, Report, VisitorClick, VisitorKey
today = visitors.today()
visitors.prepare()
posting = Posting.objects.get(slug="gardener-1")
DailyClicks.objects.create(posting=posting, day=today, kind="person", count=5)
VisitorClick.objects.create(day=today, visitor=b"v" * 16, posting_id=posting.pk, second=1)
Report.objects.create(posting=posting, reason=Report.Reason.values[0], visitor=b"v" * 16, network=b"n" * 16)
# One more waits in the journal.
journal = Journal(settings.CLICK_JOURNAL)
journal.append(clicks.Click(posting.pk, today, 1, clicks.Kind.BOT, b"").packed())
"""


def add(board: Board, folder: Path, numbers: range) -> None:
    folder.mkdir(parents=True)
    for number in numbers:
        (folder / f"{number}.md").write_text(posting_text(f"Gardener {number}", slug=f"gardener-{number}"))
    assert board.import_postings(folder).returncode == 0


def clicks_of(board: Board) -> list[tuple]:
    return sorted(board.rows("SELECT kind, count FROM postings_dailyclicks"))


def restored(board: Board, *args: object) -> str:
    done = board.run("restore", *args)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_board_comes_back_with_all_that_it_had(filled, make_board):  # noqa: F811
    board, backup = filled
    other = make_board()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert restored(other, backup, "--folder", backup.parent).startswith("10 postings restored, in ")
    assert other.everything() == board.everything()
    # The one that waited is in, and waits no longer.
    assert clicks_of(other) == clicks_of(board) == [("bot", 1), ("person", 5)]
    assert Journal(Path(board.environment["CLICK_JOURNAL"])).waiting() == 0
    # Its keys go on where they ended.
    add(other, backup.parent / "more", range(10, 12))
    assert other.count("posting") == 12


def test_who_visited_today_is_in_no_backup(filled, make_board):  # noqa: F811
    board, backup = filled
    assert (board.count("visitorkey"), board.count("visitorclick")) == (1, 1)
    other = make_board()
    restored(other, backup, "--folder", backup.parent)
    assert (other.count("visitorkey"), other.count("visitorclick")) == (0, 0)
    assert other.rows("SELECT visitor, network FROM postings_report") == [(None, None)]
    if connection.vendor == "sqlite":
        assert b"v" * 16 not in backup.read_bytes()


@pytest.mark.slow
def test_a_board_with_postings_is_replaced_only_when_that_is_said_and_kept_in_a_file(
    filled,
    make_board,  # noqa: F811
    tmp_path,
):
    _, backup = filled
    board = make_board()
    add(board, tmp_path / "others", range(20, 23))
    assert board.run(python="from postings import visitors; visitors.prepare()").returncode == 0
    key = board.rows("SELECT day, key FROM postings_visitorkey")
    before = board.everything()
    refused = board.run("restore", backup)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "CommandError: Nothing was restored: The board has 3 postings. --replace keeps it in a file and puts the "
        "backup in its place.\n"
    )
    assert board.everything() == before

    said = restored(board, backup, "--replace", "--folder", tmp_path)
    assert board.count("posting") == 10
    # Workers that run have it in memory.
    assert board.rows("SELECT day, key FROM postings_visitorkey") == key
    kept = Path(re.search(r"The board that was is in (\S+)\.\n", said)[1])
    assert kept.parent == tmp_path and stat.S_IMODE(kept.stat().st_mode) == 0o600
    restored(board, kept, "--replace", "--folder", backup.parent)
    assert board.everything() == before


@pytest.mark.parametrize("what", slow_but(["half"], ["text", "nothing", "half", "another's", "a letter"]))
def test_what_is_no_backup_is_refused_and_nothing_happens(filled, tmp_path, what):
    board, backup = filled
    path = tmp_path / "backup"
    whole = backup.read_bytes()
    if what == "another's" and connection.vendor == "sqlite":
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE theirs (id integer)")
    elif what == "another's":
        path.write_bytes(b"SQLite format 3\0" + bytes(4096))
    else:
        middle = len(whole) // 2
        damaged = whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : middle + 5000]) + whole[middle + 5000 :]
        path.write_bytes({"text": b"# A posting", "nothing": b"", "half": whole[:middle], "a letter": damaged}[what])
    before = board.everything()
    refused = board.run("restore", path, "--replace", "--folder", tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert re.fullmatch(
        r"CommandError: Nothing was restored: \S+ is (no backup of a board: |a backup of a board on SQLite).*\.\n",
        refused.stderr,
    )
    assert board.everything() == before
    assert [*tmp_path.iterdir()] == [path]


def test_a_missing_file_is_refused(filled, tmp_path):
    refused = filled[0].run("restore", tmp_path / "nothing")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"CommandError: Nothing was restored: There is no {tmp_path}/nothing.\n"


NEWER = (
    "INSERT INTO django_migrations (app, name, applied) VALUES ('postings', '9999_flying', '2030-01-01 00:00:00+00')"
)


@pytest.mark.slow
def test_a_backup_of_a_newer_version_is_refused(filled, make_board, tmp_path):  # noqa: F811
    board, newer = filled[0], make_board()
    write(newer, NEWER)
    assert newer.run("backup", tmp_path / "backup").returncode == 0
    refused = board.run("restore", tmp_path / "backup", "--replace")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is of a newer version of the board, with postings.9999_flying: update the board first.\n" in refused.stderr


def write(board: Board, *statements: str) -> None:
    path = board.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path) if board.url.startswith("sqlite") else psycopg.connect(board.url)) as database:
        for statement in statements:
            database.execute(statement)  # type: ignore[call-overload]
        database.commit()


@pytest.mark.slow
def test_a_backup_of_an_older_version_is_migrated(filled, make_board, tmp_path):  # noqa: F811
    board, older = filled[0], make_board()
    add(older, tmp_path / "files", range(3))
    assert older.run("migrate", "postings", "0016", "--verbosity", "0").returncode == 0
    assert older.run("backup", tmp_path / "backup").returncode == 0
    other = make_board()
    assert restored(other, tmp_path / "backup", "--folder", tmp_path).startswith(
        "3 postings restored, migrated to this version, in "
    )
    assert other.run("migrate", "--check").returncode == 0
    assert other.count("posting") == 3
    assert board.count("posting") == 10


@pytest.mark.slow
def test_an_import_is_not_pulled_away_under(filled, tmp_path):
    board, backup = filled
    with another_import(board):
        refused = board.run("restore", backup, "--replace", python=IMPATIENT)
        assert refused.returncode == 3
        assert "Nothing was restored: another import is running" in refused.stderr
        # A backup is no hindrance, nor hindered.
        assert board.run("backup", tmp_path / "backup").returncode == 0


def test_a_board_comes_back_where_there_is_none_yet(filled, make_board, tmp_path):  # noqa: F811
    board, backup = filled
    if connection.vendor == "sqlite":
        other = Board(f"sqlite:///{tmp_path}/new board.sqlite3")
    else:
        other = make_board()
        write(other, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    said = restored(other, backup)
    assert re.fullmatch(r"10 postings restored, in [\d.]+ seconds\.\n", said)
    assert other.everything() == board.everything()


# --- What is written between the copy of a board and its end, on SQLite --------------------------------------


@pytest.fixture(params=["DELETE", "WAL"])
def two(request, tmp_path, monkeypatch):
    """A board of one row in place of the tests' own, and a backup of another."""
    paths = tmp_path / "live", tmp_path / "backup"
    for path in paths:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            if path.name == "live":
                database.execute(f"PRAGMA journal_mode={request.param}")
            database.execute("CREATE TABLE rows (name text)")
            database.execute("INSERT INTO rows VALUES (?)", [path.name])
    monkeypatch.setattr(sqlite, "live", lambda: paths[0])
    monkeypatch.setattr(sqlite, "make", lambda path, report: (path.touch(), sqlite.copy(paths[0], path, report)))
    return paths


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [name for [name] in database.execute("SELECT name FROM rows")]


def add_name(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO rows VALUES (?)", [name])


def test_a_write_of_others_is_noticed(two):
    with sqlite._watching() as is_as_it_was:
        assert is_as_it_was()
        names(two[0])
        assert is_as_it_was()
        add_name(two[0], "late")
        assert not is_as_it_was()


def test_what_comes_after_the_copy_was_made_is_in_another_one(two, tmp_path, monkeypatch):
    kept_waiting, late = sqlite._writers_kept_waiting, iter(["late", "later"])

    @contextmanager
    def let_in_afterwards():
        with kept_waiting():
            yield
        if name := next(late, None):
            add_name(two[0], name)

    monkeypatch.setattr(sqlite, "_writers_kept_waiting", let_in_afterwards)
    sqlite.replace(two[1], tmp_path / "kept", lambda *_: None)
    assert names(tmp_path / "kept") == ["live", "late", "later"]
    assert names(two[0]) == ["backup"]


def test_a_board_that_is_never_left_alone_stays(two, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_watching", lambda: nullcontext(lambda: False))
    with pytest.raises(Stopped, match="stop the server first"):
        sqlite.replace(two[1], tmp_path / "kept", lambda *_: None)
    assert names(two[0]) == ["live"]
    assert not (tmp_path / "kept").exists()


def test_a_board_that_stays_locked_is_no_reason_to_wait_for_ever(two, monkeypatch):
    monkeypatch.setattr(sqlite, "PATIENCE", 0.3)
    with closing(sqlite3.connect(two[0], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            sqlite.replace(two[1], None, lambda *_: None)
    assert names(two[0]) == ["live"]


# --- What waits in the journal --------------------------------------------------------------------------

PUT_BY = """
from django.conf import settings
from postings import clicks, visitors
from postings.journal import Journal
from postings.models import Posting
journal, posting = Journal(settings.CLICK_JOURNAL), Posting.objects.get(slug="gardener-1")
def put_by(number):
    for _ in range(number):
        journal.append(clicks.Click(posting.pk, visitors.today(), 1, clicks.Kind.BOT, b"").packed())
"""
# As a process that is killed between the two.
FOLD_WITHOUT_EMPTYING = PUT_BY + "put_by(3); Journal.empty = lambda *args: os._exit(9)\nclicks.fold()"
IMPATIENT_BACKUP = """
from django.core.management import execute_from_command_line
from postings.backups import making
making.FOLDED_WITHIN = 0.2
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


@pytest.fixture
def clicked(make_board, tmp_path):  # noqa: F811
    board = make_board()
    add(board, tmp_path / "files", range(3))
    board.environment["CLICK_JOURNAL"] = str(tmp_path / "clicks.journal")
    return board, tmp_path / "backup", Journal(tmp_path / "clicks.journal")


@pytest.mark.slow
def test_what_was_folded_before_a_backup_is_not_folded_again_into_the_board_that_comes_back(clicked, tmp_path):
    board, backup, journal = clicked
    assert board.run(python=FOLD_WITHOUT_EMPTYING).returncode == 9
    assert (clicks_of(board), journal.waiting()) == ([("bot", 3)], 3)
    # Another process has its turn, and the backup need not wait for it: all are in.
    with journal.being_folded():
        done = board.run("backup", backup)
    assert (done.returncode, done.stderr) == (0, "")
    restored(board, backup, "--replace", "--folder", tmp_path)
    assert board.run("fold_clicks").returncode == 0
    assert (clicks_of(board), journal.waiting()) == ([("bot", 3)], 0)


@pytest.mark.slow
def test_what_could_not_be_folded_is_told_of_and_comes_in_later_once(clicked, tmp_path):
    board, backup, journal = clicked
    assert board.run(python=PUT_BY + "put_by(2)").returncode == 0
    with journal.being_folded():
        done = board.run("backup", backup, python=IMPATIENT_BACKUP)
    assert (done.returncode, done.stderr) == (0, "2 click-throughs could not be taken in and wait in the journal.\n")
    # They are of the board that is replaced, and of that alone.
    assert "wait in the journal" not in restored(board, backup, "--replace", "--folder", tmp_path)
    assert (clicks_of(board), journal.waiting()) == ([], 0)
    [kept] = tmp_path.glob("replaced-*")
    restored(board, kept, "--replace", "--folder", tmp_path / "files")
    assert clicks_of(board) == [("bot", 2)]


# --- What is said -------------------------------------------------------------------------------------


def test_files_are_named_by_the_time_and_the_newest_stay(filled, tmp_path):
    board, _ = filled
    for year in (2024, 2025):
        (tmp_path / f"board-{year}0101-000000.{ENDING}").touch()
    done = board.run("backup", "--folder", tmp_path, "--keep", 2)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"deleted {tmp_path}/board-20240101-000000.{ENDING}\n")
    old, new = sorted(path.name for path in tmp_path.iterdir())
    assert old == f"board-20250101-000000.{ENDING}"
    assert re.fullmatch(rf"board-\d{{8}}-\d{{6}}\.{ENDING}", new)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{}/there"], "No backup was made: {}/there exists, and no backup is written over another file."),
        (["{}/no/backup"], "No backup was made: There is no folder {}/no."),
        (["{}/new", "--keep", "3"], "--keep is for files that are named by the time: leave FILE out."),
        (["--keep", "0"], "argument --keep: at least 1, which is the one that is made"),
    ],
)
def test_wrong_arguments_of_a_backup(filled, tmp_path, arguments, said):
    (tmp_path / "there").write_text("mine")
    refused = filled[0].run("backup", *(each.format(tmp_path) for each in arguments))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert said.format(tmp_path) in refused.stderr
    assert (tmp_path / "there").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk here")
def test_a_backup_that_finds_no_room_leaves_nothing(filled, tmp_path, monkeypatch):
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
    limited += "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limited += "from django.core.management import execute_from_command_line as run; run(['manage.py', *sys.argv[1:]])"
    # Not measured either, which needs room as well.
    monkeypatch.setitem(filled[0].environment, MEASURED, "")
    stopped = filled[0].run("backup", tmp_path / "backup", python=limited)
    assert (stopped.returncode, stopped.stdout) == (3, "")
    assert re.fullmatch(r"CommandError: No backup was made: .+\.\n", stopped.stderr)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's tests have a server")
@pytest.mark.django_db
def test_a_database_in_memory_has_no_backup(tmp_path):
    with pytest.raises(CommandError, match="memory alone"):
        call_command("backup", tmp_path / "backup")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="they are PostgreSQL's")
class TestPrograms:
    def test_one_that_is_missing_or_too_old_is_named_with_what_to_install(self, monkeypatch, django_db_blocker, db):
        server = connection.pg_version // 10_000
        monkeypatch.setattr(postgresql.glob, "glob", lambda pattern: [])
        monkeypatch.setattr(postgresql.shutil, "which", lambda name: None)
        with pytest.raises(postgresql.Stopped, match=f"pg_dump is not here, .* postgresql-client-{server}$"):
            postgresql._program("pg_dump")
        monkeypatch.setattr(postgresql.shutil, "which", lambda name: "/usr/bin/pg_dump")
        monkeypatch.setattr(postgresql, "_version", lambda path: server - 1)
        with pytest.raises(
            postgresql.Stopped, match=f"is of version {server - 1} here, and the server is of {'version'}"
        ):
            postgresql._program("pg_dump")
        monkeypatch.setattr(postgresql, "_version", lambda path: server + 1)
        assert postgresql._program("pg_dump") == "/usr/bin/pg_dump"

    def test_a_password_is_in_no_command(self, monkeypatch, db):
        connection.ensure_connection()
        monkeypatch.setitem(connection.settings_dict, "PASSWORD", "a secret: '\\ ")
        assert "a secret" not in " ".join(postgresql._to_server())
        assert postgresql._environment()["PGPASSWORD"] == "a secret: '\\ "
