"""The file that takes what the database cannot: kept whole whatever process is killed, with room on a full disk."""

import errno
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from postings.journal import PAYLOAD_BYTES, RESERVED_RECORDS, Journal

PROJECT = Path(__file__).resolve().parent.parent
RECORD_BYTES = 64


def payload(number: int) -> bytes:
    return number.to_bytes(8, "big").ljust(PAYLOAD_BYTES, b"\0")


def numbers(journal: Journal) -> list[int]:
    _, payloads = journal.read() or (None, [])
    return [int.from_bytes(each[:8], "big") for each in payloads]


@pytest.fixture
def board_journal(journal):
    return Journal(journal)


def test_gives_back_what_was_added_in_order(board_journal):
    assert board_journal.read() is None
    for number in range(40):
        board_journal.append(payload(number))
        assert numbers(board_journal) == list(range(number + 1))


def test_an_empty_file_and_a_reserved_one_hold_nothing(board_journal):
    board_journal.path.touch()
    assert board_journal.read() is None
    board_journal.reserve()
    assert board_journal.read() is None
    assert board_journal.path.stat().st_size == RECORD_BYTES * (RESERVED_RECORDS + 1)


def test_reserving_changes_nothing_that_is_in_it(board_journal):
    board_journal.append(payload(7))
    name, _ = board_journal.read()
    board_journal.reserve()
    board_journal.reserve()
    board_journal.append(payload(8))
    assert numbers(board_journal) == [7, 8]
    assert board_journal.read()[0] == name


def test_emptied_it_has_another_name_and_what_was_in_it_never_comes_back(board_journal):
    for number in range(5):
        board_journal.append(payload(number))
    name, _ = board_journal.read()
    assert board_journal.empty(name, 5)
    assert board_journal.read() is None
    board_journal.append(payload(9))
    assert numbers(board_journal) == [9]
    assert board_journal.read()[0] != name


def test_killed_while_it_is_emptied_it_is_empty_all_the_same(board_journal, monkeypatch):
    for number in range(5):
        board_journal.append(payload(number))
    name, _ = board_journal.read()
    write = os.pwrite
    with monkeypatch.context() as killed:
        killed.setattr(os, "pwrite", lambda file, data, offset: 1 / 0 if offset else write(file, data, offset))
        with pytest.raises(ZeroDivisionError):
            board_journal.empty(name, 5)
    assert board_journal.read() is None
    board_journal.append(payload(9))
    # The four old records still lie behind it.
    assert numbers(board_journal) == [9]


def test_nothing_of_what_was_in_it_stays_in_the_file(board_journal):
    for _ in range(3):
        board_journal.append(b"visitor".ljust(PAYLOAD_BYTES, b"\0"))
    name, _ = board_journal.read()
    assert board_journal.empty(name, 3)
    assert b"visitor" not in board_journal.path.read_bytes()


def test_emptied_it_says_nothing_of_what_was_in_it(board_journal):
    """Records hold hashes of visitors, of which nothing is left when the day is over."""
    for number in range(3):
        board_journal.append(b"visitor-%d" % number + bytes(PAYLOAD_BYTES - 9))
    name, payloads = board_journal.read()
    assert board_journal.empty(name, len(payloads))
    assert b"visitor" not in board_journal.path.read_bytes()
    board_journal.append(payload(7))
    assert numbers(board_journal) == [7]


def test_is_not_emptied_of_what_came_meanwhile_nor_under_another_name(board_journal):
    board_journal.append(payload(1))
    name, payloads = board_journal.read()
    board_journal.append(payload(2))
    assert not board_journal.empty(name, len(payloads))
    assert not board_journal.empty(uuid.uuid4(), 2)
    assert numbers(board_journal) == [1, 2]


@pytest.mark.parametrize("kept", [1, 8, 55, 56, 63])
def test_half_a_record_at_the_end_is_none_and_the_next_takes_its_place(board_journal, kept):
    board_journal.append(payload(1))
    board_journal.append(payload(2))
    with board_journal.path.open("r+b") as file:
        file.truncate(2 * RECORD_BYTES + kept)
    assert numbers(board_journal) == [1]
    board_journal.append(payload(3))
    assert numbers(board_journal) == [1, 3]


def test_a_record_whose_bytes_changed_is_none(board_journal):
    board_journal.append(payload(1))
    with board_journal.path.open("r+b") as file:
        file.seek(RECORD_BYTES + 7)
        file.write(b"\x63")
    assert board_journal.read() is None


def test_a_file_that_is_something_else_is_left_alone(board_journal):
    board_journal.path.write_text("dear diary\n")
    for action in (board_journal.reserve, lambda: board_journal.append(payload(1))):
        with pytest.raises(OSError, match="it is no journal of click-throughs; move it away"):
            action()
    assert board_journal.read() is None
    assert board_journal.path.read_text() == "dear diary\n"


def test_takes_payloads_of_one_size_only(board_journal):
    with pytest.raises(ValueError, match="56 bytes, not 3"):
        board_journal.append(b"abc")


def test_grows_beyond_its_reserve(board_journal, monkeypatch):
    monkeypatch.setattr("postings.journal.RESERVED_RECORDS", 2)
    board_journal.reserve()
    for number in range(6):
        board_journal.append(payload(number))
    assert numbers(board_journal) == list(range(6))


def test_folders_take_turns(board_journal):
    with board_journal.being_folded() as is_first:
        assert is_first
        with Journal(board_journal.path).being_folded() as is_second:
            assert not is_second
    with board_journal.being_folded() as is_third:
        assert is_third


def test_threads_and_processes_add_without_losing_any(board_journal):
    def add(first):
        for number in range(first, first + 25):
            Journal(board_journal.path).append(payload(number))

    fork = multiprocessing.get_context("fork")
    workers = [threading.Thread(target=add, args=[100 * each]) for each in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    processes = [fork.Process(target=add, args=[100 * each]) for each in range(3, 6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(numbers(board_journal)) == [100 * each + number for each in range(6) for number in range(25)]


ADD_UNTIL_KILLED = """
import sys
from pathlib import Path
from postings.journal import Journal
from tests.test_journal import payload
journal, number = Journal(Path(sys.argv[1])), int(sys.argv[2])
while True:
    journal.append(payload(number))
    print(number, flush=True)
    number += 1
"""


def test_a_killed_process_loses_nothing_that_it_was_told_is_in(board_journal):
    told = []
    for round_ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", ADD_UNTIL_KILLED, str(board_journal.path), str(1000 * round_)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5 + round_):
            told.append(int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        told += [int(line) for line in rest.split()]
    found = numbers(board_journal)
    assert set(told) <= set(found)
    assert len(set(found)) == len(found)
    # At most the one that each was at when it was killed.
    assert len(found) <= len(told) + 4


def limited_to(bytes_):
    """For a child: files can grow to so many bytes, and a write beyond fails instead of killing the process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))


def test_without_room_it_says_so_and_keeps_what_it_has(board_journal):
    def fill(results):
        limited_to(RECORD_BYTES * 4)
        try:
            for number in range(9):
                board_journal.append(payload(number))
        except OSError as error:
            results.put(error.errno)

    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    process = fork.Process(target=fill, args=[results])
    process.start()
    assert results.get(timeout=20) in (errno.EFBIG, errno.ENOSPC)
    process.join()
    assert numbers(board_journal) == [0, 1, 2]


def test_half_a_write_is_an_error(board_journal, monkeypatch):
    board_journal.append(payload(1))
    monkeypatch.setattr(os, "pwrite", lambda file, data, offset: len(data) - 1)
    with pytest.raises(OSError, match="No space left"):
        board_journal.append(payload(2))


def test_a_record_is_on_the_disk_when_it_is_said_to_be_in(board_journal, monkeypatch):
    board_journal.reserve()
    synced = []
    monkeypatch.setattr("postings.journal._sync", lambda file: synced.append(os.pread(file, 8, RECORD_BYTES)))
    board_journal.append(payload(5))
    assert synced == [payload(5)[:8]]


def test_is_not_for_everyone_to_read(board_journal):
    board_journal.append(payload(1))
    assert os.stat(board_journal.path).st_mode & 0o007 == 0
