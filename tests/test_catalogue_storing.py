"""What a worker stores of the board, and another takes instead of reading the board: only what is right."""

import os
import stat
import threading
import time

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from postings import catalogue, changes, shared
from postings.catalogue import building, keeping, storing
from postings.models import BoardVersion, PastVersion, Posting, Tag
from tests.factories import make_category, make_posting
from tests.test_catalogue import contents

pytestmark = pytest.mark.django_db


@pytest.fixture
def snapshot():
    make_posting(categories=("Backend",), salary_currency="EUR", salary_yearly_min=50_000.0)
    make_posting(categories=("Backend", "Design"), company="Ahorn")
    return catalogue.build()


def read_again(stored: bytes) -> catalogue.Snapshot:
    return storing.from_bytes(stored, list(Tag.objects.all()), storing._migration())


def written(snapshot: catalogue.Snapshot) -> bytes:
    return storing.to_bytes(snapshot, storing._migration())


def a_workers() -> catalogue.Snapshot:
    """What a worker that begins has."""
    return keeping.Keeper()._next(None)


@pytest.fixture
def built(monkeypatch):
    """How often the board was read anew."""
    built = []
    original = building.build
    monkeypatch.setattr(building, "build", lambda: built.append(1) or original())
    return built


# --- Bytes ------------------------------------------------------------------------------------------


def test_a_snapshot_is_read_back_as_it_was(snapshot):
    assert contents(read_again(written(snapshot))) == contents(snapshot)


def test_an_empty_board_is_read_back(snapshot):
    Posting.objects.all().delete()
    empty = snapshot.updated()
    assert contents(read_again(written(empty))) == contents(empty)
    assert len(empty) == 0


def test_bytes_that_are_damaged_anywhere_are_refused(snapshot):
    stored = written(snapshot)
    head = stored.index(b"\n") + 1
    for place in [*range(head), *range(head, len(stored), 13)]:
        damaged = bytearray(stored)
        damaged[place] ^= 0x15
        with pytest.raises(storing.Refused):
            read_again(bytes(damaged))
    for length in range(0, len(stored), 13):
        with pytest.raises(storing.Refused):
            read_again(stored[:length])


@pytest.mark.parametrize("foreign", [b"", b"\n", b"x" * 1000, b"JOBBOARD CATALOGUE\n", b"\x80\x04pickle.", b"{}\n"])
def test_foreign_bytes_are_refused(foreign):
    with pytest.raises(storing.Refused, match="no snapshot"):
        read_again(foreign)


def test_what_other_code_wrote_is_refused(snapshot, monkeypatch):
    stored = written(snapshot)
    monkeypatch.setattr(storing, "FORMAT", storing.FORMAT + 1)
    with pytest.raises(storing.Refused, match="other code"):
        read_again(stored)
    monkeypatch.undo()
    monkeypatch.setattr(storing, "_code", lambda: "of another release")
    with pytest.raises(storing.Refused, match="other code"):
        read_again(stored)


def test_what_was_written_before_a_migration_is_refused(snapshot):
    stored = written(snapshot)
    MigrationRecorder(connection).record_applied("postings", "0099_bodies_rewritten")
    with pytest.raises(storing.Refused, match="migrated"):
        read_again(stored)


# --- Taking it --------------------------------------------------------------------------------------


def test_a_worker_takes_what_another_stored_and_works_in_what_changed_since(snapshot, built):
    storing.store(snapshot)
    make_posting(categories=("New",))
    taken = a_workers()
    assert not built
    assert contents(taken) == contents(catalogue.build())


def test_the_first_worker_reads_the_board_and_stores_it(built, stored_catalogue):
    make_posting()
    first = a_workers()
    assert built == [1]
    assert contents(a_workers()) == contents(first)
    assert built == [1]
    assert stat.S_IMODE(stored_catalogue.stat().st_mode) == 0o600
    assert {each.name for each in stored_catalogue.parent.glob("catalogue*")} == {"catalogue", "catalogue.lock"}


def test_damage_is_said_in_a_line_and_mended(snapshot, built, stored_catalogue, caplog):
    storing.store(snapshot)
    stored_catalogue.write_bytes(stored_catalogue.read_bytes()[:-1])
    assert contents(a_workers()) == contents(snapshot)
    assert built == [1]
    assert [record.getMessage() for record in caplog.records] == [
        "The stored catalogue is not taken (it is damaged); the board is read anew"
    ]
    a_workers()
    assert built == [1]


def restore(number: int) -> None:
    """As a database that is restored from a copy of when it had this version, and counts on from there."""
    past = PastVersion.objects.filter(number=number).get()
    PastVersion.objects.filter(number__gte=number).delete()
    BoardVersion.objects.update(number=number, stamp=past.stamp)


@pytest.mark.parametrize("more", [-1, 0, 3], ids=["lower", "the same number", "past it"])
def test_a_database_that_was_restored_takes_nothing_of_what_it_forgot(built, more):
    posting = make_posting(categories=("Backend",))
    before = changes.version()
    for _ in range(5):
        posting.save()
    make_posting()
    snapshot = catalogue.build()
    storing.store(snapshot)
    restore(before)
    Posting.objects.exclude(pk=posting.pk)._raw_delete("default")
    while changes.version() < snapshot.version + more:
        posting.save()
    built.clear()
    assert contents(a_workers()) == contents(catalogue.build())
    assert built == [1]
    # Nor does a worker that goes on running.
    assert contents(snapshot.updated()) == contents(catalogue.build())


def test_names_of_tags_are_those_of_the_database(snapshot, built):
    storing.store(snapshot)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE postings_tag SET name = 'Back end' WHERE name = 'Backend'")
    assert a_workers().value("category", "back end").name == "Back end"
    assert not built


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE postings_posting SET status = 'closed' WHERE id = %s",
        "UPDATE postings_posting SET id = -1 WHERE id = %s",
    ],
)
def test_a_posting_that_sql_took_away_is_missed_at_the_next_start(built, sql):
    posting = make_posting()
    make_posting()
    storing.store(catalogue.build())
    built.clear()
    with connection.cursor() as cursor:
        cursor.execute(sql, [posting.pk])
    assert posting.pk not in a_workers().ids.tolist()
    assert built


def test_after_everything_changed_one_worker_reads_and_the_others_take_it(snapshot, built):
    workers = [keeping.Keeper(), keeping.Keeper()]
    changes.note(postings=[changes.EVERYTHING])
    read = [worker._next(snapshot) for worker in workers]
    assert built == [1]
    assert contents(read[0]) == contents(read[1]) == contents(catalogue.build())


# --- Where it waits ---------------------------------------------------------------------------------


def test_somebody_elses_file_is_not_taken(snapshot, built, monkeypatch, caplog):
    storing.store(snapshot)
    monkeypatch.setattr(storing.os, "geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr(storing.os, "fstat", lambda file: os.stat_result((0o100600, 0, 0, 1, 54321, 0, 0, 0, 0, 0)))
    a_workers()
    assert built
    assert "somebody else's" in caplog.text


def test_where_nothing_can_be_stored_each_worker_reads_and_says_so_once(built, settings, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(storing, "_said", set())
    settings.CATALOGUE_FILE = tmp_path / "nowhere" / "catalogue"
    make_posting()
    assert len(a_workers()) == len(a_workers()) == 1
    assert len(built) == 2
    assert len(caplog.records) == 2  # that it cannot be stored, and that none can wait for another


def test_a_worker_waits_for_the_one_that_reads(snapshot, built, stored_catalogue):
    waits, went_on = threading.Event(), threading.Event()

    def wait():
        waits.set()
        with storing.turn():
            went_on.set()

    with storing.turn():
        other = threading.Thread(target=wait)
        other.start()
        waits.wait()
        assert not went_on.wait(0.3)
    other.join(5)
    assert went_on.is_set()


def test_a_worker_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(storing, "LONGEST_TURN", 0.2)
    begun = time.monotonic()
    with storing.turn(), storing.turn():
        assert 0.2 <= time.monotonic() - begun < 5


def test_it_is_stored_again_after_changes_and_a_while_by_one_worker(snapshot, stored_catalogue):
    assert storing.is_due(snapshot)
    storing.store(snapshot)
    assert not storing.is_due(snapshot)
    make_category("New")
    new = snapshot.updated()
    assert not storing.is_due(new)
    long_ago = time.time() - storing.EVERY_SECONDS
    os.utime(stored_catalogue, (long_ago, long_ago))
    assert storing.is_due(new)
    assert not storing.is_due(snapshot)  # another worker, that has not seen the change
    storing.store(new)
    assert not storing.is_due(new)


@pytest.fixture
def kept(monkeypatch):
    """What the shared cache holds."""
    kept = {}
    monkeypatch.setattr(shared, "is_configured", lambda: True)
    monkeypatch.setattr(shared, "get", kept.get)
    monkeypatch.setattr(shared, "put", lambda key, value, seconds: kept.update({key: value}) is None)
    return kept


def test_nodes_take_it_from_the_shared_cache(snapshot, built, kept, stored_catalogue):
    storing.store(snapshot)
    assert not stored_catalogue.exists()
    assert len(kept) == 2
    assert contents(a_workers()) == contents(snapshot)
    assert not built
    assert not storing.is_due(snapshot)
    make_category("New")
    assert not storing.is_due(snapshot.updated())
    [note] = [key for key in kept if key.endswith(":written")]
    kept[note] = f"{snapshot.stamp} {time.time() - storing.EVERY_SECONDS - 1:.0f}".encode()
    assert storing.is_due(snapshot.updated())


def test_without_an_answer_of_the_shared_cache_it_waits_in_the_file(snapshot, built, monkeypatch, stored_catalogue):
    monkeypatch.setattr(shared, "is_configured", lambda: True)
    monkeypatch.setattr(shared, "get", lambda key: None)
    monkeypatch.setattr(shared, "put", lambda *rest: False)
    storing.store(snapshot)
    assert stored_catalogue.exists()
    a_workers()
    assert not built
