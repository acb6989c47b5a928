"""Two nodes on one PostgreSQL and one Redis, behind nginx: what is changed on one is seen on the other, and what they
lean on may go away."""

import itertools
import json
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import pytest

from postings.views import health
from tests.factories import posting_text
from tests.nodes import Answer, Load, Node, Proxy, proxied, serving
from tests.servers import Server, postgres_server, redis_server
from tests.test_admin import Form
from tests.test_lock import Board

pytestmark = pytest.mark.slow

POSTINGS = 30
# What is promised, and half a second for a machine that runs all of this beside the test.
SEEN_WITHIN = 2.5
# A page that cannot be made says so within four seconds.
SAYS_SO_WITHIN = 4.5
RECOVERS_WITHIN = 15.0

PASSWORD = "an apple a day"
MAKE_OPERATOR = f"""
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("ada", "ada@example.org", "{PASSWORD}")
"""

_numbers = itertools.count()


def cold() -> str:
    """A list that nobody asked for before."""
    return f"/?salary_min={next(_numbers) + 1}&currency=EUR"


class Cluster(NamedTuple):
    postgres: Server
    redis: Server
    nodes: tuple[Node, Node]
    proxy: Proxy


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with postgres_server() as postgres, redis_server() as redis:
        board = Board(postgres.url)
        board.environment |= {"CACHE_URL": redis.url, "PROXY_COUNT": "1", "CLICK_JOURNAL": str(folder / "journal")}
        for command in (["migrate"], ["collectstatic", "--noinput"]):
            done = board.run(*command, "--verbosity", "0")
            assert done.returncode == 0, done.stderr
        files = folder / "files"
        files.mkdir()
        for number in range(POSTINGS):
            slug = f"gardener-{number}"
            (files / f"{slug}.md").write_text(posting_text(title=f"Gardener {number}", slug=slug))
        assert board.import_postings(files).returncode == 0
        made = board.run(python=MAKE_OPERATOR)
        assert made.returncode == 0, made.stderr
        one = {"WEB_CONCURRENCY": "1"}
        with (
            serving(board, folder / "one.log", **one) as first,
            serving(board, folder / "two.log", **one) as second,
            proxied(first, second) as proxy,
        ):
            yield Cluster(postgres, redis, (first, second), proxy)


def wait_for(condition: Callable[[], bool], within: float) -> float:
    """How long it took until this held."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < within, f"not within {within} s"
        time.sleep(0.02)
    return time.monotonic() - begun


# --- A change on one is seen on the other ----------------------------------------------------------------


class Operator:
    """Somebody who is signed in to the admin of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._cookies: dict[str, str] = {}
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.ask("/admin/login/").text)[1]
        data = {"csrfmiddlewaretoken": token, "username": "ada", "password": PASSWORD, "next": "/admin/"}
        assert self.ask("/admin/login/", data).status == 302

    def ask(self, path: str, data: dict[str, Any] | None = None) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookie} if cookie else {}
        if data is None:
            answer = self._node.get(path, **headers)
        else:
            body = urllib.parse.urlencode(data, doseq=True).encode()
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._node.get(path, "POST", body, **headers, **kind)
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def address_of(self, title: str) -> str:
        """Of a posting's form."""
        page = self.ask("/admin/postings/posting/?" + urllib.parse.urlencode({"q": title})).text
        return re.search(r'href="(/admin/postings/posting/\d+/change/)', page)[1]

    def edit(self, address: str, **fields: str) -> None:
        form = Form(self.ask(address).text).data
        answer = self.ask(address, {**form, **fields, "_save": "Save"})
        assert answer.status == 302, answer.text[:3000]


def test_an_edit_on_one_node_is_seen_on_the_other_within_two_seconds(cluster):
    first, second = cluster.nodes
    operator = Operator(first)
    address = operator.address_of("Gardener 7")
    detail, lists = "/jobs/gardener-7/", ["/", "/?q=gardener"]
    for page in (*lists, detail):
        # So often that each has it warm, from Redis or from its own memory.
        for node in (first, second) * 2:
            assert node.get(page).status == 200
            assert "Orchardist" not in node.get(page).text

    operator.edit(address, title="Orchardist of Graz")
    on_first = wait_for(lambda: "Orchardist of Graz" in first.get(detail).text, SEEN_WITHIN)
    on_second = wait_for(lambda: "Orchardist of Graz" in second.get(detail).text, SEEN_WITHIN - on_first)
    print(f"an edit was seen after {on_first:.2f} s on its own node, and {on_second:.2f} s later on the other")
    for node in (first, second):
        wait_for(lambda node=node: node.get("/?q=orchardist").total == 1, SEEN_WITHIN)
        assert node.get("/").total == POSTINGS

    # Closed: gone from lists that are warm, and from its address.
    assert {node.get(page).total for node in (first, second) for page in ("/",)} == {POSTINGS}
    operator.edit(address, status="closed")
    for node in (second, first):
        wait_for(lambda node=node: node.get("/").total == POSTINGS - 1, SEEN_WITHIN)
        wait_for(lambda node=node: node.get(detail).status == 410, SEEN_WITHIN)
    operator.edit(address, status="live")
    for node in (second, first):
        wait_for(lambda node=node: node.get("/").total == POSTINGS, SEEN_WITHIN)


def test_a_page_that_one_node_made_the_other_has_from_redis(cluster):
    first, second = cluster.nodes
    page = cold()
    made, taken = first.get(page), second.get(page)
    assert made.body == taken.body
    assert made.headers["ETag"] == taken.headers["ETag"]
    assert [kept(node, answer) for node, answer in ((first, made), (second, taken))] == ["miss", "hit"]


def kept(node: Node, answer: Answer) -> str:
    """What its line in the log says of the page cache."""
    wait_for(lambda: answer.headers["X-Request-ID"] in node.log.read_text(), 2)
    [line] = [each for each in node.log.read_text().splitlines() if answer.headers["X-Request-ID"] in each]
    return re.search(r'"page_cache":"(\w+)"', line)[1]


def test_a_node_that_is_updated_is_not_seen(cluster):
    first, second = cluster.nodes
    with Load(cluster.proxy.https_port, ["/", "/jobs/gardener-3/", "/?q=gardener"], tls=True) as load:
        for node in (first, second):
            time.sleep(1)
            node.stop()
            node.start()
            node.await_ready()
    assert not load.failures
    assert set(load.statuses) == {200}


# --- What they lean on goes away --------------------------------------------------------------------------


def ready(node: Node) -> tuple[int, dict]:
    answer = node.get("/readyz")
    assert answer.seconds < health.ANSWERS_WITHIN + 1
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_without_redis_it_is_slower_and_never_an_error(cluster, how):
    warm = ["/", "/jobs/gardener-3/"]
    cluster.redis.stop() if how == "stopped" else cluster.redis.freeze()
    try:
        with Load(cluster.proxy.https_port, [*warm, *(cold() for _ in range(300))], tls=True) as load:
            time.sleep(8)
        assert not load.failures
        assert set(load.statuses) == {200}
        for node in cluster.nodes:
            status, said = ready(node)
            assert (status, said["cache"]) == (200, health.CACHE_AWAY)
        print(f"Redis {how}: {sum(load.statuses.values())} pages, the slowest after {load.slowest:.2f} s")
        assert load.slowest < 5
    finally:
        cluster.redis.start() if how == "stopped" else cluster.redis.thaw()
    for node in cluster.nodes:
        wait_for(lambda node=node: ready(node)[1]["cache"] == "ok", RECOVERS_WITHIN)


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_without_the_database_pages_say_when_to_come_back_and_come_back(cluster, how):
    cluster.postgres.stop() if how == "stopped" else cluster.postgres.freeze()
    try:
        for address in (cold(), "/?q=apples", "/admin/login/", "/feed.atom?q=pears"):
            answer = cluster.proxy.get(address)
            assert answer.status in (200, 503), f"{address}: {answer.status}"
            assert answer.seconds < SAYS_SO_WITHIN
        # What nobody has in memory.
        nobodys = f"/?q={how}+server"
        answer = cluster.proxy.get(nobodys)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.headers["Cache-Control"] == "no-store"
        for node in cluster.nodes:
            status, said = ready(node)
            # Which of the two a frozen one is depends on who gives up first.
            assert status == 503 and said["database"] in (health.UNREADABLE, health.NO_ANSWER)
            assert node.get("/healthz").status == 200
        # An applicant goes on where it is known to where; else it is a 503 as well.
        assert cluster.proxy.get("/apply/gardener-3").status in (302, 503)
    finally:
        cluster.postgres.start() if how == "stopped" else cluster.postgres.thaw()
    taken = wait_for(lambda: cluster.proxy.get(nobodys).status == 200, RECOVERS_WITHIN)
    for node in cluster.nodes:
        wait_for(lambda node=node: ready(node)[0] == 200, RECOVERS_WITHIN)
    print(f"PostgreSQL {how}: back {taken:.1f} s after it was")
