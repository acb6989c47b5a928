"""Imports from the admin as they are: in processes of their own, whose web workers are killed, and which are killed."""

import os
import random
import signal
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from tests.test_import_slow import COLUMN, assert_whole, children, generate, is_gone
from tests.test_lock import Board, another_import, make_board  # noqa: F401  a fixture

pytestmark = pytest.mark.slow

# What a browser sends, to the real views in a process of its own, with the real starter.
UPLOAD = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client(HTTP_HOST="localhost")
client.force_login(get_user_model().objects.get_or_create(username="ada", is_staff=True, is_superuser=True)[0])
with open(sys.argv[1], "rb") as file:
    answer = client.post("/admin/postings/importrun/add/", {"file": file, "source": "files"})
print(answer.status_code, answer["Location"].split("/")[-3], flush=True)
sys.stdin.readline()
"""
# The same button that the page has.
PRESS = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client(HTTP_HOST="localhost")
client.force_login(get_user_model().objects.get(username="ada"))
answer = client.post(f"/admin/postings/importrun/{sys.argv[1]}/run/")
print(answer.status_code, answer["Location"].split("/")[-3], flush=True)
"""
# A run that waits for its process, which the test starts itself, so that it knows whom to kill.
ASK = """
from pathlib import Path
from django.core.files.uploadedfile import SimpleUploadedFile
from postings import uploads
from postings.models import ImportRun
uploads.start = lambda asked: None
upload = uploads.take(SimpleUploadedFile("postings.tar", Path(sys.argv[1]).read_bytes()), None)
print(ImportRun.objects.create(upload=upload, source="files", is_dry_run=sys.argv[2] == "dry").pk)
"""
AGAIN = """
from postings import uploads
from postings.models import ImportRun
uploads.start = lambda asked: None
of = ImportRun.objects.get(pk=sys.argv[1])
assert of.state == "cut off", of.state_in_words
print(uploads.run_again(of, None, of.is_dry_run).pk)
"""


def until(true: Callable[[], object], within: float = 120) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def run_row(board: Board, pk: int, *columns: str) -> tuple:
    return board.rows(f"SELECT {', '.join(columns)} FROM postings_importrun WHERE id = {pk}")[0]


def is_finished(board: Board, pk: int) -> bool:
    return run_row(board, pk, "finished_at") != (None,)


def asked(board: Board, archive: Path, kind: str = "real") -> int:
    ran = board.run(archive, kind, python=ASK)
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """An archive of 607 files, which take a few seconds."""
    folder = tmp_path_factory.mktemp("files")
    generate(folder / "postings", range(520))
    packed = folder / "postings.tar"
    with tarfile.open(packed, "w") as made:
        made.add(folder / "postings", "postings")
    return packed


@pytest.fixture(scope="module")
def calm(make_board, archive):  # noqa: F811
    """The board that an undisturbed import from the command line makes of it."""
    board = make_board()
    assert board.import_postings(archive).returncode == 0
    return board


# --- The worker dies --------------------------------------------------------------------------------


def test_an_import_outlives_the_worker_that_started_it(make_board, archive, calm):  # noqa: F811
    board = make_board()
    before = set(pids_of_imports())
    with board.start(archive, python=UPLOAD) as worker:
        status, dry = worker.stdout.readline().split()
        assert status == "302"
        until(lambda: set(pids_of_imports()) - before)
        [pid] = set(pids_of_imports()) - before
        # A session of its own: not even a signal to the worker's whole group would reach it.
        assert os.getsid(pid) == pid
        worker.kill()
        worker.wait()
        # It was killed before the import was through, or the test would show nothing.
        assert not is_finished(board, int(dry))
        until(lambda: is_finished(board, int(dry)))
    assert run_row(board, int(dry), "created", "refused") == (520, 0)
    assert board.count("posting") == 0
    assert board.count("plannedfile") > 500

    pressed = board.run(dry, python=PRESS)
    status, real = pressed.stdout.split()
    assert status == "302"
    # The worker is gone by now, for `run` waited for its end.
    until(lambda: is_finished(board, int(real)))
    assert board.everything() == calm.everything()
    # What was imported is not kept twice.
    until(lambda: board.rows("SELECT length(data) FROM postings_upload") == [(0,)])


def pids_of_imports() -> list[int]:
    """Processes of `manage.py run_upload` of this clone."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(settings.BASE_DIR / "manage.py").encode() in words and b"run_upload" in words:
                found.append(int(entry.name))
    return found


def test_no_process_is_left_that_nobody_asked_how_it_ended(make_board, archive):  # noqa: F811
    board = make_board()
    with board.start(archive, python=UPLOAD) as worker:
        dry = int(worker.stdout.readline().split()[1])
        until(lambda: is_finished(board, dry))
        until(lambda: not children(worker), within=20)
        worker.communicate("done\n")


# --- The import dies --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_an_import_that_was_killed_says_so_and_running_it_again_completes_it(make_board, archive, calm, seed):  # noqa: F811
    expected = {posting[COLUMN["slug"]]: posting for posting in calm.everything()[0]}
    is_reposted = {slug for slug in expected if int(slug.removeprefix("posting-")) % 6 == 0}
    randomly, board = random.Random(seed), make_board()
    pk, found = asked(board, archive), []
    for least in (0, 1, 150, 300):
        with board.start("run_upload", pk) as process:
            until(lambda pk=pk: run_row(board, pk, "last_sign") != (None,))
            while board.count("posting") < least and process.poll() is None:
                time.sleep(0.01)
            time.sleep(randomly.random() / 4)  # a quick machine takes a second for all
            readers = children(process) if process.poll() is None else []
            process.kill()
            process.wait()
        assert all(map(is_gone, readers))
        assert_whole(board, expected, is_reposted)
        found.append(board.count("posting"))
        if is_finished(board, pk):
            break
        # Half a minute without a sign of life, sooner.
        board_sql(board, f"UPDATE postings_importrun SET last_sign = '2026-01-01 00:00:00+00:00' WHERE id = {pk}")
        again = board.run(pk, python=AGAIN)
        assert again.returncode == 0, again.stderr
        pk = int(again.stdout)
    assert any(0 < count < len(expected) for count in found), found
    if not is_finished(board, pk):
        assert board.run("run_upload", pk).returncode == 0
    assert is_finished(board, pk)
    assert board.everything() == calm.everything()
    assert board.rows("SELECT length(data) FROM postings_upload") == [(0,)]


def board_sql(board: Board, sql: str) -> None:
    ran = board.run(sql, python="from django.db import connection\nconnection.cursor().execute(sys.argv[1])")
    assert ran.returncode == 0, ran.stderr


def test_a_dry_run_that_was_killed_wrote_nothing_and_can_be_run_again(make_board, archive):  # noqa: F811
    board = make_board()
    pk = asked(board, archive, "dry")
    with board.start("run_upload", pk) as process:
        until(lambda: run_row(board, pk, "created")[0] > 0)
        process.kill()
        process.wait()
    assert (board.count("posting"), board.count("plannedfile")) == (0, 0)
    board_sql(board, f"UPDATE postings_importrun SET last_sign = '2026-01-01 00:00:00+00:00' WHERE id = {pk}")
    again = int(board.run(pk, python=AGAIN).stdout)
    assert board.run("run_upload", again).returncode == 0
    assert run_row(board, again, "created") == (520,)
    assert (board.count("posting"), board.count("company")) == (0, 0)


def test_an_import_that_is_told_to_end_says_so(make_board, archive):  # noqa: F811
    board = make_board()
    pk = asked(board, archive)
    with board.start("run_upload", pk) as process:
        until(lambda: board.count("posting") > 0)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "stopped: it was told to end" in err
    assert run_row(board, pk, "finished_at", "stopped_because")[0] is None
    assert 0 < board.count("posting") < 520
    # The upload is kept for the next time.
    assert board.rows("SELECT length(data) FROM postings_upload") == [(archive.stat().st_size,)]


# --- How far it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dry", "real"])
def test_a_run_gives_signs_of_life_and_tells_how_far_it_is(make_board, archive, kind):  # noqa: F811
    board = make_board()
    pk = asked(board, archive, kind)
    seen = set()
    with board.start("run_upload", pk) as process:
        while process.poll() is None:
            seen.add(run_row(board, pk, "created", "files_total", "last_sign"))
            time.sleep(0.05)
    assert process.returncode == 0
    assert len({sign for *_, sign in seen}) > 2
    assert any(0 < created < 520 for created, *_ in seen)
    assert {total for _, total, _ in seen} == {None, 607}


# --- Two at once ------------------------------------------------------------------------------------


def test_a_second_import_stops_and_says_which_other_runs(make_board, archive):  # noqa: F811
    board = make_board()
    pk = asked(board, archive)
    with another_import(board):
        stopped = board.run("run_upload", pk)
        assert stopped.returncode == 3
    assert "another import is running" in run_row(board, pk, "stopped_because")[0]
    assert board.count("posting") == 0
