"""Backups while people click and postings come in, boards brought back under a running server, and both killed."""

import random
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests.factories import posting_text
from tests.nodes import Load, get
from tests.test_apply_slow import SLUGS, Applicants, Server, assert_all_are_counted, counted, serving
from tests.test_import_slow import generate
from tests.test_lock import Board, make_board  # noqa: F401  a fixture

pytestmark = pytest.mark.slow

SEEN_WITHIN = 3.0  # seconds


@pytest.fixture(params=["rollback journal", "WAL"] if connection.vendor == "sqlite" else ["PostgreSQL"])
def make(request, make_board, tmp_path):  # noqa: F811
    """Makes boards of each kind, each with a journal of its own."""

    def make() -> Board:
        board = make_board()
        board.environment["SQLITE_WAL"] = "1" if request.param == "WAL" else "0"
        board.environment["CLICK_JOURNAL"] = str(tmp_path / f"{board.url.rpartition('/')[2]}.clicks")
        return board

    return make


@pytest.fixture(scope="module", autouse=True)
def static_files(make_board):  # noqa: F811
    """Pages name them by what is in them."""
    done(make_board(), "collectstatic", "--noinput", "--verbosity", "0")


def done(board: Board, *args: object) -> str:
    process = board.run(*args)
    assert process.returncode == 0, process.stderr
    return process.stdout


@contextmanager
def imports(board: Board, folder: Path) -> Iterator[list[int]]:
    """One import after the other, of other postings than those that are clicked; gives how they ended."""
    over, ended = threading.Event(), []

    def go() -> None:
        for round in range(1000):
            if over.is_set():
                return
            for number in range(60):
                file = folder / f"{round}-{number}.md"
                file.parent.mkdir(exist_ok=True)
                file.write_text(posting_text(f"Tree {number}", body=f"Round {round}.", slug=f"tree-{number}"))
            ended.append(board.import_postings(folder).returncode)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join()


class Crowd(Applicants):
    """Applicants who come until they are told to end, and leave the machine time for something else."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, 1_000_000)

    def _next(self) -> int | None:
        time.sleep(0.03)
        return super()._next()

    def __enter__(self) -> "Crowd":
        self._threads = self.start()
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._numbers = iter(range(0))
        for thread in self._threads:
            thread.join()


def assert_whole(board: Board) -> None:
    if connection.vendor == "sqlite":
        assert board.rows("PRAGMA integrity_check") == [("ok",)]
        assert board.rows("PRAGMA foreign_key_check") == []


def test_a_backup_under_load_has_all_that_was_answered_before(make, tmp_path):
    board, other = make(), make()
    done(board, "import_postings", generate(tmp_path / "many", range(400)))
    with serving(board, tmp_path) as server, imports(board, tmp_path / "trees") as imported:
        taken = []
        with Crowd(server) as applicants:
            for number in range(3):
                wait_for(lambda: applicants.told.total() > 150 and imported, 60)
                before = applicants.told.copy()
                begun = time.monotonic()
                done(board, "backup", backup := tmp_path / f"backup-{number}")
                taken.append((before, backup, time.monotonic() - begun))
    assert set(imported) == {0}
    assert not applicants.others and not applicants.cut
    assert_all_are_counted(board, applicants)
    slowest = max(applicants.seconds)
    print(
        f"3 backups, {max(each[2] for each in taken):.1f} s at most; {applicants.told.total()} click-throughs "
        f"(the slowest {slowest:.2f} s, {server.put_by} by way of the journal) and {len(imported)} imports meanwhile"
    )

    # Into the same board, one after the other, the last of which is then looked at as visitors do.
    for before, backup, _ in taken:
        done(other, "restore", backup, "--replace", "--folder", tmp_path)
        assert_whole(other)
        raw = counted(other)
        for slug in SLUGS:
            assert before[slug] <= raw[slug] <= applicants.told[slug], slug
    live = other.count("posting WHERE status = 'live'")
    files = tmp_path / "again"
    files.mkdir()
    with serving(other, files) as server:
        assert get(server.port, "/").total == live
        slugs = [slug for [slug] in other.rows("SELECT slug FROM postings_posting")]
        assert {get(server.port, f"/jobs/{slug}/").status for slug in slugs} == {200}
        assert {get(server.port, path).status for path in ("/?q=posting", "/feed.atom", "/sitemap.xml")} == {200}


def test_a_board_is_brought_back_under_a_running_server(make, tmp_path):
    board = make()
    kept_in = tmp_path / "kept"
    kept_in.mkdir()
    with serving(board, tmp_path) as server:
        Applicants(server, 100).go()
        done(board, "backup", tmp_path / "backup")
        of_backup = counted(board)

        # What is not in it: another title, and one posting more.
        later = tmp_path / "later"
        later.mkdir()
        (later / "a.md").write_text(posting_text("Pruner of vines", slug=SLUGS[0]))
        (later / "b.md").write_text(posting_text("Beekeeper", slug="beekeeper-1"))
        done(board, "import_postings", later)
        pages = ["/", f"/jobs/{SLUGS[0]}/", "/jobs/beekeeper-1/", "/feed.atom"]
        wait_for(lambda: all(get(server.port, "/").total == len(SLUGS) + 1 for _ in range(10)))
        before = {path: get(server.port, path) for path in pages}
        assert {answer.status for answer in before.values()} == {200}
        assert "Pruner of vines" in before[pages[1]].text

        with (
            Crowd(server) as applicants,
            Load(server.port, ["/", f"/jobs/{SLUGS[1]}/", "/?q=gardener"], visitors=2) as load,
        ):
            wait_for(lambda: applicants.told.total() > 100, 30)
            said = done(board, "restore", tmp_path / "backup", "--replace", "--folder", kept_in)
            begun, told = time.monotonic(), applicants.told.total()
            wait_for(lambda: all(get(server.port, "/").total == len(SLUGS) for _ in range(10)))
            seen = time.monotonic() - begun
            wait_for(lambda: applicants.told.total() > told + 100, 30)
        assert set(load.statuses) <= {200, 503} and not load.failures
        assert not applicants.others and not applicants.cut

        # By neither worker, and to nobody who has the page from before.
        for _ in range(20):
            assert get(server.port, "/jobs/beekeeper-1/").status == 404
            assert "Pruner of vines" not in get(server.port, pages[1]).text
            for path in ("/", pages[1], "/feed.atom"):
                tag, time_ = before[path].headers["ETag"], before[path].headers["Last-Modified"]
                assert get(server.port, path, If_None_Match=tag).status == 200
                assert time_ is None or get(server.port, path, If_Modified_Since=time_).status == 200
    print(
        f"seen by both workers {seen:.2f} s after the command ended; pages meanwhile: {dict(load.statuses)}, the "
        f"slowest {load.slowest:.2f} s; {applicants.told.total()} click-throughs, {server.put_by} put by"
    )

    # Each click-through is in the board that was or in the one that is, and in one of them.
    raw = counted(board)
    of_replaced = counted_in(Path(re.search(r"The board that was is in (\S+)\.\n", said)[1]), make, tmp_path)
    for slug in SLUGS:
        of_the_one, of_the_other = of_replaced[slug] - of_backup[slug], raw[slug] - of_backup[slug]
        assert of_the_one + of_the_other == applicants.told[slug], slug
    assert sum(of_replaced.values()) > sum(of_backup.values()) < sum(raw.values())
    assert_whole(board)


def counted_in(backup: Path, make, folder: Path) -> Counter[str]:
    other = make()
    done(other, "restore", backup, "--folder", folder)
    return counted(other)


def wait_for(is_so, within: float = SEEN_WITHIN) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_killed_restore_leaves_the_one_board_or_the_other(make, tmp_path):
    one, board = make(), make()
    done(one, "import_postings", generate(tmp_path / "one", range(300), seed=1))
    done(one, "backup", tmp_path / "backup")
    done(board, "import_postings", generate(tmp_path / "other", range(200, 500), seed=2))
    done(board, "backup", tmp_path / "back")
    whole = {name: each.everything() for name, each in (("new", one), ("old", board))}
    begun = time.monotonic()
    done(board, "restore", tmp_path / "backup", "--replace", "--folder", tmp_path)
    usual = time.monotonic() - begun
    found, randomly = Counter(), random.Random(10)
    for _ in range(8):
        done(board, "restore", tmp_path / "back", "--replace", "--folder", tmp_path)
        with board.start("restore", tmp_path / "backup", "--replace", "--folder", tmp_path) as process:
            time.sleep(usual * randomly.uniform(0.3, 1.05))
            process.kill()
        assert_whole(board)
        # Each command of PostgreSQL's that was on its way ends by itself.
        wait_for(lambda: board.everything() in whole.values(), 30)
        found[next(name for name, rows in whole.items() if rows == board.everything())] += 1
    print(f"killed 8 times: {dict(found)}")
    done(board, "restore", tmp_path / "backup", "--replace", "--folder", tmp_path)
    assert board.everything() == whole["new"]


def test_a_killed_backup_leaves_no_file_of_that_name(make, tmp_path):
    board = make()
    done(board, "import_postings", generate(tmp_path / "files", range(300)))
    begun = time.monotonic()
    done(board, "backup", tmp_path / "whole")
    usual = time.monotonic() - begun
    randomly, made = random.Random(10), 0
    for number in range(8):
        path = tmp_path / f"killed-{number}"
        with board.start("backup", path) as process:
            time.sleep(usual * randomly.uniform(0.5, 1.05))
            process.kill()
        if path.exists():
            made += 1
            if connection.vendor == "sqlite":
                with closing(sqlite3.connect(path)) as database:
                    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    print(f"killed 8 times, {made} of them when the file was whole")
