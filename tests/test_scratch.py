"""Folders that an import needs for a while: gone with it, and after it was killed with the next one."""

import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from postings.importing import scratch
from postings.importing.scratch import PREFIX, scratch_folder

LONG_AGO = time.time() - 10 * scratch.YOUNG_SECONDS


@pytest.fixture(autouse=True)
def top(tmp_path, monkeypatch):
    """A folder for temporary files of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left_behind(folder):
    """What an import has left here that was killed long ago."""
    folder.mkdir()
    (folder / "dump.zip").write_bytes(b"1")
    os.utime(folder, (LONG_AGO, LONG_AGO))
    return folder


def test_a_folder_is_there_for_its_owner_alone_and_goes(top):
    with scratch_folder() as folder:
        assert folder.parent == top
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "dump.zip").write_bytes(b"1")
    assert list(top.iterdir()) == []


def test_it_goes_too_where_the_import_fails(top):
    with pytest.raises(KeyboardInterrupt), scratch_folder():
        raise KeyboardInterrupt
    assert list(top.iterdir()) == []


def test_what_a_killed_process_left_goes_when_the_next_one_begins(top):
    left = """if True:
        import sys, time
        from postings.importing.scratch import scratch_folder
        with scratch_folder() as folder:
            (folder / "dump.zip").write_bytes(b"1")
            print(folder, flush=True)
            time.sleep(60)
    """
    environment = {**os.environ, "TMPDIR": str(top)}
    with subprocess.Popen([sys.executable, "-c", left], env=environment, stdout=subprocess.PIPE, text=True) as process:
        folder = process.stdout.readline().strip()
        os.utime(folder, (LONG_AGO, LONG_AGO))
        with scratch_folder():
            assert os.listdir(folder) == ["dump.zip"]  # it is in use, however old it is
        process.send_signal(signal.SIGKILL)
    assert os.listdir(folder) == ["dump.zip"]
    with scratch_folder():
        assert not os.path.exists(folder)


def test_what_was_made_a_moment_ago_is_let_alone(top):
    # Its process may not have got as far as to lock it.
    young = top / f"{PREFIX}young"
    young.mkdir()
    with scratch_folder():
        assert young.exists()


def test_only_folders_of_imports_are_taken_away(top):
    other = left_behind(top / "other")
    (top / f"{PREFIX}file").write_bytes(b"1")
    (top / f"{PREFIX}link").symlink_to(other)
    os.utime(top / f"{PREFIX}file", (LONG_AGO, LONG_AGO))
    os.utime(top / f"{PREFIX}link", (LONG_AGO, LONG_AGO), follow_symlinks=False)
    with scratch_folder():
        pass
    assert sorted(os.listdir(top)) == [f"{PREFIX}file", f"{PREFIX}link", "other"]
    assert os.listdir(other) == ["dump.zip"]


def test_what_is_somebody_elses_is_let_alone(top, monkeypatch):
    folder = left_behind(top / f"{PREFIX}theirs")
    monkeypatch.setattr(scratch.os, "geteuid", lambda: os.getuid() + 1)
    with scratch_folder():
        assert folder.exists()


def test_what_cannot_be_taken_away_is_said_and_stops_no_import(top, monkeypatch, caplog):
    folder = left_behind(top / f"{PREFIX}stuck")
    really_remove = scratch.shutil.rmtree

    def refuse(path, *rest, **options):
        if path == folder:
            raise PermissionError(13, "Permission denied")
        really_remove(path, *rest, **options)

    monkeypatch.setattr(scratch.shutil, "rmtree", refuse)
    with scratch_folder() as own:
        assert own.exists()
    assert f"in {folder} could not be taken away: [Errno 13] Permission denied" in caplog.text
