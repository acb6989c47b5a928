"""How the server's processes begin: what is shared through the fork, and what must not come through it."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError

from postings import catalogue, databases, memory, shared, workers
from postings.catalogue import building, keeping
from tests.factories import make_posting

BEFORE_FORK = """
import gc, os, sys, threading
import django
django.setup()
from postings import catalogue, workers
workers.before_fork()
opened = [os.readlink(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd") if each != "3"]
assert not any("sqlite3" in name for name in opened), opened
assert threading.active_count() == 1, threading.enumerate()
assert len(os.listdir("/proc/self/task")) == 1
assert catalogue.is_ready()
assert gc.get_freeze_count() > 10_000
child = os.fork()
if child == 0:
    catalogue.begin()
    assert len(catalogue.current()) == 0
    assert "catalogue" in [thread.name for thread in threading.enumerate()]
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux says so")
def test_no_thread_and_no_connection_comes_through_the_fork(tmp_path):
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/board.sqlite3",
        "DJANGO_SETTINGS_MODULE": "jobboard.settings",
        "OPENBLAS_NUM_THREADS": "1",
    }
    for command in (["manage.py", "migrate", "--verbosity", "0"], ["-c", BEFORE_FORK]):
        subprocess.run([sys.executable, *command], env=environment, check=True, timeout=120)


# Much of it free, but with something behind that stays, so that glibc alone gives nothing back.
MUCH_IS_FREE = """
from postings import memory
def resident():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024
memory.share_free()
begun = resident()
pieces = [bytes(1024) for _ in range(40_000)]
stays = bytes(1024)
taken = resident()
pieces.clear()
free = resident()
memory.give_back_free()
print(taken - begun, free - begun, resident() - begun)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have no such heaps")
def test_what_is_free_is_given_back():
    said = subprocess.run([sys.executable, "-c", MUCH_IS_FREE], capture_output=True, text=True, check=True).stdout
    taken, free, left = map(float, said.split())
    assert taken > 35 and free > 35 and left < 10


@pytest.fixture
def nothing_frozen(monkeypatch):
    """The tests' own memory is none of a server's."""
    monkeypatch.setattr(workers.gc, "freeze", lambda: None)
    monkeypatch.setattr(memory, "share_free", lambda: None)


@pytest.mark.django_db(transaction=True)  # connections are closed, and what was begun on them is gone
def test_the_server_starts_though_the_database_does_not_answer(nothing_frozen, monkeypatch, caplog):
    def gone():
        raise OperationalError("gone")

    monkeypatch.setattr(building, "build", gone)
    workers.before_fork()
    assert not catalogue.is_ready()
    assert [record.getMessage() for record in caplog.records] == ["The board could not be read yet"]
    monkeypatch.undo()
    make_posting()
    assert len(catalogue.current()) == 1


@pytest.mark.django_db
def test_what_was_shared_is_let_go_of(nothing_frozen, monkeypatch):
    closed = []
    monkeypatch.setattr(databases, "close_all", lambda: closed.append("connections and pool"))
    monkeypatch.setattr(shared, "forget", lambda: closed.append("shared"))
    workers.before_fork()
    assert closed == ["connections and pool", "shared"]


@pytest.mark.django_db
def test_a_worker_shows_what_came_through_the_fork_while_the_database_is_away(settings, monkeypatch, caplog):
    make_posting()
    keeper = keeping.Keeper()
    keeper.read_before_fork()
    settings.CATALOGUE_WATCHES = True

    def gone(snapshot):
        raise OperationalError("gone")

    monkeypatch.setattr(keeping.changing, "brought_up", gone)
    try:
        assert len(keeper.snapshot()) == 1
    finally:
        keeper.stop()
    assert "goes on trying" in caplog.text
