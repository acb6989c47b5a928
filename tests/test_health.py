"""/healthz and /readyz: what a load balancer asks a node before it sends visitors there."""

import threading
import time

import pytest
from django.db import OperationalError
from django.test import Client

from postings import catalogue, changes, shared
from postings.journal import PAYLOAD_BYTES, Journal
from postings.views import health
from tests.factories import make_posting

# Who asks by the node's address, as load balancers do.
BY_ADDRESS = {"Host": "10.0.0.17:8000"}


@pytest.fixture
def probe():
    return Client(raise_request_exception=False, headers=BY_ADDRESS)


@pytest.fixture(autouse=True)
def _nothing_asked_before(monkeypatch):
    monkeypatch.setattr(health, "ANSWERS_WITHIN", 1.5)
    health.ready = health._Readiness()


@pytest.fixture
def ready(probe):
    def ask() -> tuple[int, dict]:
        response = probe.get("/readyz")
        assert response["Cache-Control"] == "no-store"
        return response.status_code, response.json()

    return ask


# --- Live --------------------------------------------------------------------------------------------


def test_a_process_that_answers_is_live_whatever_else_is_wrong(probe):
    # Without the django_db mark every query raises.
    response = probe.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies


@pytest.mark.django_db(transaction=True)
def test_only_what_probes_ask_for_is_answered_under_any_name(probe):
    assert probe.get("/").status_code == 400
    assert probe.get("/healthz/").status_code == 400
    for address in ("/healthz", "/readyz"):
        refused = probe.post(address)
        assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")
        assert probe.head(address).content == b""


# --- Ready -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_node_that_can_make_pages_is_ready(ready):
    make_posting()
    assert ready() == (
        200,
        {"ready": True, "database": "ok", "cache": "not used", "snapshot": "ok", "clicks_waiting": 0},
    )


@pytest.mark.django_db(transaction=True)
def test_the_first_probe_reads_the_board_which_no_visitor_would(ready):
    make_posting()
    catalogue.forget()
    assert not catalogue.is_ready()
    ready()
    assert catalogue.is_ready()


@pytest.mark.django_db(transaction=True)
def test_a_board_that_is_still_being_read_is_not_ready(ready, monkeypatch):
    monkeypatch.setattr(health, "ANSWERS_WITHIN", 0.2)
    over = threading.Event()
    monkeypatch.setattr(catalogue, "is_ready", over.is_set)
    monkeypatch.setattr(catalogue, "begin", lambda: over.wait(10))
    status, said = ready()
    assert (status, said["database"], said["snapshot"]) == (503, "ok", "is being read")
    over.set()


@pytest.mark.django_db(transaction=True)
def test_the_shared_cache_is_spoken_of_and_never_makes_a_node_unready(ready, monkeypatch):
    monkeypatch.setattr(shared, "is_configured", lambda: True)
    monkeypatch.setattr(shared, "ping", lambda: False)
    status, said = ready()
    assert (status, said["ready"], said["cache"]) == (200, True, "does not answer; the board works without it")
    monkeypatch.setattr(shared, "ping", lambda: True)
    assert ready()[1]["cache"] == "ok"


@pytest.mark.django_db(transaction=True)
def test_clicks_that_wait_in_the_journal_are_counted(ready, journal):
    for number in range(3):
        Journal(journal).append(bytes([number]) * PAYLOAD_BYTES)
    assert ready()[1]["clicks_waiting"] == 3
    journal.write_bytes(b"something else")
    status, said = ready()
    assert (status, said["clicks_waiting"]) == (200, 0)


@pytest.mark.django_db(transaction=True)
def test_a_journal_that_cannot_be_read_is_said_and_keeps_nobody_away(ready, settings, tmp_path):
    settings.CLICK_JOURNAL = tmp_path
    assert ready()[1]["clicks_waiting"] == "cannot be read"


ADDRESS = 'connection to server at "db.internal" (10.1.2.3), port 5432 failed: password "hunter2"'


def is_away():
    raise OperationalError(ADDRESS)


@pytest.mark.django_db(transaction=True)
def test_without_a_database_no_node_is_ready_and_nothing_is_told_of_where_it_is(ready, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(changes, "state", is_away)
    for _ in range(3):
        status, said = ready()
        assert (status, said["ready"], said["database"]) == (503, False, "cannot be read")
        assert "10.1" not in str(said)
    monkeypatch.undo()
    assert ready()[0] == 200
    # Once each, however often a load balancer asks.
    assert [each.getMessage().split(":")[0] for each in caplog.records if each.name == health.__name__] == [
        "This worker is not ready",
        "This worker is ready again",
    ]
    assert "10.1" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_database_that_hangs_is_said_within_two_seconds_and_asked_by_one_thread(ready, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(changes, "state", lambda: over.wait(30) and is_away())
    begun = time.monotonic()
    status, said = ready()
    assert time.monotonic() - begun < 2
    assert (status, said["database"]) == (503, "does not answer")
    monkeypatch.setattr(health, "ANSWERS_WITHIN", 0.05)
    for _ in range(5):
        ready()
    hanging = [each for each in threading.enumerate() if each.name == "readyz"]
    assert len(hanging) <= 2
    over.set()
    for thread in hanging:
        thread.join()
    monkeypatch.undo()
    assert ready()[0] == 200


@pytest.mark.django_db(transaction=True)
def test_a_question_that_never_comes_back_is_given_up(ready, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(health, "ANSWERS_WITHIN", 0.1)
    monkeypatch.setattr(changes, "state", lambda: over.wait(30) and is_away())
    assert ready()[0] == 503
    monkeypatch.undo()
    assert ready()[0] == 503
    monkeypatch.setattr(health, "GIVEN_UP_AFTER", 0.0)
    assert ready()[0] == 200
    over.set()
