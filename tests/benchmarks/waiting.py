"""Whether readers wait while the board changes: `python -m tests.benchmarks.waiting`, for the board in DATABASE_URL.

It writes to the board, so let it be a copy. One worker of gunicorn is asked for list pages by two readers, each page by
another address, while this process changes postings in every way, and at last says that everything changed, so that the
board is read anew. Printed are the median and longest answers of each, with and without changes, and how long it
took until a reader saw them.
"""

import datetime as dt
import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from urllib.parse import urlencode

import django

HOST, PORT = "127.0.0.1", 8479
READERS = 2
KINDS = ("skill", "country")
EACH = 15  # changes of one kind
SECONDS = 12.0  # of answers without changes


class Readers:
    """Ask on and on; what they found while a kind of change was made goes under its name."""

    def __init__(self, queries: list[str]) -> None:
        self._queries, self._numbers = queries, count()
        self.during = "no changes"
        self.seconds: dict[str, list[float]] = {}
        self._is_over = False
        self._threads = [threading.Thread(target=self._ask) for _ in range(READERS)]

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._is_over = True
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._is_over:
            number = next(self._numbers)
            query = self._queries[number % len(self._queries)]
            during, begun = self.during, time.perf_counter()
            # A number that no page has asked for makes another address, which no cache knows.
            ask(f"/?{query}&salary_min={number + 1}")
            self.seconds.setdefault(during, []).append(time.perf_counter() - begun)


def ask(path: str) -> bytes:
    connection = http.client.HTTPConnection(HOST, PORT, timeout=60)
    connection.request("GET", path, headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, (path, response.status)
    return body


def total() -> int:
    """How many postings the list has, as a visitor is told."""
    return int(ask("/?sort=newest").split(b'data-total="', 1)[1].split(b'"', 1)[0])


def main() -> None:
    django.setup()
    from postings.models import Tag

    skills, countries = (list(Tag.objects.filter(kind=kind).values_list("code", flat=True)) for kind in KINDS)
    queries = [urlencode({"skill": skill, "country": code}) for skill in skills for code in countries[:10]]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn"],
        env={**os.environ, "PORT": str(PORT), "WEB_CONCURRENCY": "1", "LOG_REQUESTS": "0", "LOG_LEVEL": "WARNING"},
    )
    try:
        wait_for_server()
        seen = {}
        with Readers(queries) as readers:
            time.sleep(SECONDS)
            for name, change in kinds_of_changes().items():
                readers.during = name
                for number in range(EACH):
                    change(number)
                    time.sleep(0.25)
                readers.during = "between"
                time.sleep(1)
            readers.during = "everything"
            read_anew()
            time.sleep(SECONDS)
            readers.during = "between"
            seen = seconds_until_seen()
    finally:
        server.terminate()
        server.wait()
    report(readers.seconds, seen)


def wait_for_server() -> None:
    for _ in range(600):
        try:
            ask("/")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("gunicorn did not answer")


def kinds_of_changes() -> dict[str, Callable[[int], object]]:
    from postings.models import Posting, PostingTag, Tag

    ids = list(Posting.objects.live().order_by("pk").values_list("pk", flat=True)[: 1000 * EACH : 1000])
    skill = Tag.objects.filter(kind=Tag.Kind.SKILL).first()

    def of(number: int) -> "django.db.models.QuerySet":
        return Posting.objects.filter(pk=ids[number % len(ids)])

    return {
        "retagged": lambda number: PostingTag.objects.get_or_create(posting=of(number).get(), tag=skill),
        "closed": lambda number: of(number).update(status="closed"),
        "opened": lambda number: of(number).update(status="live"),
        "moved": lambda number: of(number).update(listed_on=dt.date(2025, 1, 1) + dt.timedelta(days=number)),
    }


def read_anew() -> None:
    from postings import changes

    changes.note(postings=[changes.EVERYTHING])


def seconds_until_seen() -> list[float]:
    from postings.models import Posting

    found = []
    posting = Posting.objects.live().order_by("pk").last()
    for status in ["closed", "live"] * 3:
        before = total()
        Posting.objects.filter(pk=posting.pk).update(status=status)
        begun = time.perf_counter()
        while total() == before and time.perf_counter() - begun < 30:
            time.sleep(0.02)
        found.append(time.perf_counter() - begun)
    return found


def report(seconds: dict[str, list[float]], seen: list[float]) -> None:
    usual = seconds["no changes"]
    for name, found in seconds.items():
        print(
            f"{name:>12}: {len(found):5} answers, median {statistics.median(found) * 1000:6.0f} ms"
            f" ({statistics.median(found) / statistics.median(usual):.2f} ×), 99 of 100 within"
            f" {sorted(found)[int(0.99 * (len(found) - 1))] * 1000:6.0f} ms, longest {max(found) * 1000:6.0f} ms"
        )
    print(f"        seen: after {statistics.median(seen):.2f} s, at most {max(seen):.2f} s")
    print(json.dumps({name: max(found) for name, found in seconds.items()}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")
    main()
