"""The load of the benchmarks asks for nothing twice that is to be cold, and takes no wrong answer for a good one."""

import json
import shutil
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.benchmarks import pages, wrk
from tests.benchmarks.load import Failed


@pytest.fixture
def server():
    """Answers 404 below /gone, else 200; remembers what it was asked for, and for whom."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append((self.path, self.headers["X-Forwarded-For"]))
            self.send_response(404 if self.path.startswith("/gone") else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *rest):
            pass

    asked: list[tuple[str, str]] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = asked
        server.handle_error = lambda *rest: None  # wrk hangs up in the middle of what it asked for
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not there")


@needs_wrk
def test_each_address_is_asked_for_once_and_each_time_by_another_visitor(server):
    paths = [f"/{number}" for number in range(200)]
    answered = wrk.run(server.server_port, paths, seconds=1, connections=2, statuses=[200])
    asked = Counter(path for path, _ in server.asked)
    # Where the file ends, what is on its way goes nowhere, and is not counted.
    assert answered.asked >= 200
    assert set(asked) <= set(paths)
    assert sum(number > 1 for number in asked.values()) <= 2
    assert len({visitor for _, visitor in server.asked}) == len(server.asked)
    assert answered.a_second > 10


@needs_wrk
def test_warm_addresses_are_asked_for_again_and_again(server):
    answered = wrk.run(server.server_port, ["/a", "/b"], 1, connections=2, statuses=[200], is_again=True)
    assert answered.asked > 20
    assert {path for path, _ in server.asked} == {"/a", "/b"}


@needs_wrk
def test_a_wrong_answer_fails_the_run(server):
    with pytest.raises(Failed, match="answers were wrong, the last one 404"):
        wrk.run(server.server_port, ["/", "/gone"], 1, connections=1, statuses=[200], is_again=True)


def said(**changed) -> str:
    line = {"asked": 90, "answered": 80, "wrong": 0, "wrong_status": 0, "ran_out": 0, "seconds": 2, "broken": 0}
    return "Running …\n" + json.dumps(line | {"p50": 0.01, "p99": 0.05} | changed)


def test_a_run_is_read_from_its_last_line():
    assert wrk.read(said(answered=81)) == wrk.Answered(40, 0.01, 0.05, 90)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"wrong": 1, "wrong_status": 500}, "1 of 80 answers were wrong, the last one 500"),
        ({"broken": 2}, "2 connections or answers failed"),
        ({"answered": 49, "ran_out": 1}, "only 49 answers came, there were too few different addresses"),
        ({"answered": 9}, "only 9 answers came, too few in so few seconds"),
    ],
)
def test_a_run_that_says_nothing_fails(changed, reason):
    with pytest.raises(Failed, match=reason):
        wrk.read(said(**changed))


def test_without_wrk_a_sentence_says_where_it_comes_from(monkeypatch):
    monkeypatch.setattr(wrk.shutil, "which", lambda name: None)
    with pytest.raises(Failed, match="apt install wrk"):
        wrk.require()


def test_rounds_and_warming_up_have_no_cold_address_in_common():
    paths = [f"/{number}" for number in range(pages.WARMING_UP + pages.WARM + 3 * wrk.FEWEST)]
    addresses = pages.Addresses({"list": paths}, rounds=3)
    given = [addresses.first["list"], addresses.warm["list"], *(addresses.cold("list", each) for each in range(3))]
    assert sorted(path for some in given for path in some) == sorted(paths)


def test_too_few_addresses_for_a_cold_round_are_a_sentence():
    paths = [f"/{number}" for number in range(pages.WARMING_UP + pages.WARM + 3 * wrk.FEWEST - 1)]
    with pytest.raises(Failed, match="not enough different addresses for “list”"):
        pages.Addresses({"list": paths}, rounds=3).cold("list", 0)
