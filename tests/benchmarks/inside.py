"""What cannot be seen from outside: the catalogue's own time and memory, and the queries of a page.

Times are the processor's, which tell the same on a machine that has other things to do.
"""

import ctypes
import gc
import statistics
import time
from pathlib import Path

from django.core.paginator import Paginator
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postings import catalogue
from postings.catalogue import Snapshot
from postings.filters import LABELS, MOST_SHOWN, PostingFilter
from postings.views.lists import PER_PAGE
from tests.benchmarks import asking

WARM_UP, FILTERS = 50, 200
BUILDS = 3


def measure() -> dict[str, float]:
    """All figures of the board that this process was started for; memory first, while it has done nothing else."""
    drawn = asking.draw(WARM_UP + FILTERS, 10, 2)
    first, others = drawn["filters"][:WARM_UP], drawn["filters"][WARM_UP:]
    words = [f"q={word}&sort={sort}" for word in drawn["common"] + drawn["rare"] for sort in ("newest", "relevance")]
    before = memory()
    snapshot, *seconds = _build()
    built = memory()
    for query in first + words:
        _answer(snapshot, query)
    in_use = memory()
    shares = sorted(_answer(snapshot, query) for query in others)
    seconds += [_build()[1] for _ in range(BUILDS - 1)]
    return {
        "memory": (built - before) / 1e6,
        "memory_in_use": (in_use - before) / 1e6,
        "share": statistics.median(shares) * 1000,
        "share_p90": shares[int(0.9 * (len(shares) - 1))] * 1000,
        "building": statistics.median(seconds) / len(snapshot) * 100_000,
        "queries": max(_queries(query) for query in ["", *first, *words]),
    }


def _build() -> tuple[Snapshot, float]:
    begun = time.process_time()
    return catalogue.build(), time.process_time() - begun


def _answer(snapshot: Snapshot, query: str) -> float:
    """The seconds that a request's filter, all its counts and its page take of the sets, without a query or a row."""
    asked = PostingFilter(QueryDict(query), snapshot=snapshot)
    page = asked.data.get("page", 1)
    _ = asked.criteria  # reads the parameters, and asks the database for the companies
    begun = time.process_time()
    for kind in LABELS:
        asked.facet(kind)
    asked.finding.company_counts.most(MOST_SHOWN)
    _ = asked.salary_choices, asked.currency_choices, asked.posted_choices
    list(Paginator(asked.finding, PER_PAGE).get_page(page).object_list)
    return time.process_time() - begun


def _queries(query: str) -> int:
    """How often a list page asks the database, in a process that has its catalogue."""
    client = Client(headers={"host": "localhost"})
    client.get("/")
    with CaptureQueriesContext(connection) as captured:
        response = client.get(f"/?{query}")
    assert response.status_code == 200, response
    return len(captured)


def memory() -> int:
    """The bytes of this process that are in no file, after everything that is free was given back."""
    connection.close()
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return resident()


def resident() -> int:
    """The bytes of this process that are in no file, as it stands."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) * 1024
