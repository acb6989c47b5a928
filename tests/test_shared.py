"""What nodes share in Redis, and that no page fails where that is away, frozen, full or in strange hands."""

import logging
import time

import pytest
import redis

from postings import page_cache, shared
from tests.factories import make_posting
from tests.servers import free_port, redis_server

slow = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    with redis_server() as server:
        yield server


@pytest.fixture
def cache(server, settings):
    settings.CACHE_URL = server.url
    with redis.Redis.from_url(server.url) as direct:
        direct.flushall()
        yield direct


def test_without_an_address_there_is_nothing_in_it(settings):
    settings.CACHE_URL = ""
    assert not shared.is_configured()
    assert shared.put("a", b"b", 60) is False
    assert shared.get("a") is None


def test_another_release_is_another_name():
    assert shared.release() == shared.release()
    assert len(shared.release()) == 16


def test_settings_that_stand_on_pages_are_of_the_release(settings):
    before = shared.release()
    shared.release.cache_clear()
    settings.SITE_NAME = "Another board"
    after = shared.release()
    shared.release.cache_clear()
    assert after != before


def test_one_that_is_not_there_costs_little_and_is_said_once(settings, caplog):
    settings.CACHE_URL = f"redis://127.0.0.1:{free_port()}/0"
    begun = time.monotonic()
    with caplog.at_level(logging.INFO, "postings.shared"):
        for _ in range(50):
            assert shared.get("a") is None
            assert shared.put("a", b"b", 60) is False
    assert time.monotonic() - begun < 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "127.0.0.1" not in caplog.text
    assert shared.ping() is False


@slow
def test_what_is_put_is_there_for_as_long(cache):
    assert shared.put("a", b"bytes \x00\xff", 60) is True
    assert shared.get("a") == b"bytes \x00\xff"
    assert shared.get("b") is None
    [name] = cache.keys()
    assert 0 < cache.ttl(name) <= 60
    assert shared.ping() is True


@slow
def test_what_this_board_did_not_write_is_passed_over(cache, caplog):
    shared.put("a", b"true", 60)
    shared.put("b", b"other", 60)
    a, b = sorted(cache.keys())
    cache.set(a, cache.get(a)[:-1] + b"!")
    assert shared.get("a") is None
    assert "not put there by this board" in caplog.text
    # Nor what it wrote under another name.
    cache.set(a, cache.get(b))
    assert shared.get("a") is None
    cache.set(a, b"short")
    assert shared.get("a") is None


@slow
def test_boards_do_not_meet_in_one_redis(cache, settings):
    shared.put("a", b"of this board", 60)
    settings.SECRET_KEY = "of another board"
    shared.forget()
    assert shared.get("a") is None


@slow
def test_one_that_was_started_anew_is_used_again_at_once(cache, server, caplog):
    shared.put("a", b"b", 60)
    server.stop()
    server.start()
    assert shared.put("a", b"b", 60) is True
    assert shared.get("a") == b"b"
    assert not caplog.records


@slow
def test_one_that_hangs_costs_each_process_a_moment_now_and_then(cache, server, caplog, monkeypatch):
    monkeypatch.setattr(shared, "PAUSE", 1.0)
    shared.put("a", b"b", 60)
    server.freeze()
    try:
        begun = time.monotonic()
        assert shared.get("a") is None
        first = time.monotonic() - begun
        begun = time.monotonic()
        for _ in range(100):
            assert shared.get("a") is None
        others = time.monotonic() - begun
    finally:
        server.thaw()
    assert shared.TIMEOUT <= first < 3 * shared.TIMEOUT + 0.5
    assert others < 0.1
    time.sleep(1.1)
    with caplog.at_level(logging.INFO, "postings.shared"):
        assert shared.get("a") == b"b"
    assert "answers again" in caplog.text


@slow
def test_one_that_is_full_keeps_no_page_and_breaks_none(cache, client, db, kept_pages):
    make_posting(title="Gardener")
    cache.config_set("maxmemory", 1_000_000)
    try:
        assert shared.put("large", bytes(5_000_000), 60) is False
        assert b"Gardener" in client.get("/").content
    finally:
        cache.config_set("maxmemory", 0)


@slow
def test_a_page_comes_out_of_redis_as_it_was_put_in(cache, client, db, kept_pages):
    make_posting(title="Gardener")
    first = client.get("/")
    page_cache.forget()
    other = client.get("/")
    assert (other.content, other["ETag"], other.kept) == (first.content, first["ETag"], "hit")
