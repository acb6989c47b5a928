"""The two commands of the README, in a fresh clone."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.start]

PROJECT = Path(__file__).resolve().parent.parent
# The first start downloads; the second only starts: Django three times, once each to migrate, to look for the samples
# and to serve. On a slow machine each of them takes longer.
FIRST_START_SECONDS = 300
SECOND_START_SECONDS = 5
SECOND_START_IN_CHECKS = 6


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """What is in the work tree, committed or not, without what only this machine has."""
    folder = tmp_path_factory.mktemp("a folder with blanks") / "job board"
    listed = ["git", "-C", str(PROJECT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, files):
        if (PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((PROJECT / name).read_bytes())
            (folder / name).chmod((PROJECT / name).stat().st_mode)
    return folder


def clean_environment(**more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return {**kept, **pip, "PYTHON": sys.executable, **more}


@contextmanager
def running(folder, seconds):
    """`make run` in `folder`: gives the address and what it took until the first page, then stops it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = folder.parent / "make-run.log"
    begun = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=folder,
            env=clean_environment(PORT=str(port)),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while True:
                try:
                    urllib.request.urlopen(address, timeout=5).read()
                    break
                except urllib.error.URLError:
                    assert process.poll() is None, f"make run ended:\n{log.read_text()}"
                    assert time.monotonic() - begun < seconds, f"no page within {seconds} s:\n{log.read_text()}"
                    time.sleep(0.05)
            yield address, time.monotonic() - begun, log
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=40)


def seconds_of_a_check(folder) -> float:
    """How long this machine takes to start Django once."""
    begun = time.monotonic()
    python = folder / ".venv" / "bin" / "python"
    subprocess.run([python, "manage.py", "check"], cwd=folder, env=clean_environment(), check=True, capture_output=True)
    return time.monotonic() - begun


def test_make_run_starts_a_board_worth_looking_at_and_the_second_time_at_once(clone):
    with running(clone, FIRST_START_SECONDS) as (address, _, log):
        page = urllib.request.urlopen(address, timeout=5).read().decode()
        said = log.read_text()
    assert int(re.search(r'data-total="(\d+)"', page)[1]) >= 30
    assert f"The board is at {address}/" in said
    assert "make admin" in said
    assert (clone / "var" / "secret_key").stat().st_mode & 0o077 == 0
    status = ["git", "-C", str(clone), "status", "--short"]
    subprocess.run(["git", "init", "--quiet", str(clone)], check=True)
    subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
    tracked = subprocess.run(status, check=True, capture_output=True, text=True).stdout
    assert not re.search(r"(?m)\b(?:var|\.venv)/", tracked), "what a start makes must be git-ignored"

    limit = max(SECOND_START_SECONDS, SECOND_START_IN_CHECKS * seconds_of_a_check(clone))
    with running(clone, limit) as (address, seconds, log):
        again = urllib.request.urlopen(address, timeout=5).read().decode()
        assert "Installing" not in log.read_text()
    assert seconds < limit
    assert re.search(r'data-total="\d+"', again)[0] == re.search(r'data-total="\d+"', page)[0]


def test_make_test_sets_itself_up(clone):
    """One quick test file is enough here: that they all pass is what every other run shows."""
    done = subprocess.run(
        ["make", "test", "PYTEST_ARGS=tests/test_list.py"],
        cwd=clone,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)
