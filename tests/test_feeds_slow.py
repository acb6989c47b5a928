"""A whole board read through its feed: the samples' copies, or the corpus where POSTINGS_CORPUS names it."""

import os

import pytest

from postings.models import Posting
from tests.benchmarks import boards, multiply
from tests.benchmarks.inside import resident
from tests.reading_feeds import ATOM, atom_pages, json_pages, slug_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SIZE = 6000
MOST_GROWTH = 100e6


def test_every_live_posting_is_read_once_in_memory_that_does_not_grow(client):
    multiply.fill(SIZE, os.environ.get("POSTINGS_CORPUS", str(boards.SAMPLES)))
    live = sorted(Posting.objects.live().values_list("slug", flat=True))
    assert len(live) == SIZE
    for path, pages in (("json", json_pages), ("atom", atom_pages)):
        client.get(f"/feed.{path}")
        before = resident()
        seen = []
        for page in pages(client):
            ids = page["items"] if path == "json" else page.findall(f"{ATOM}entry")
            seen += [slug_of(each["id"] if path == "json" else each.find(f"{ATOM}id").text) for each in ids]
            assert resident() - before < MOST_GROWTH
        assert sorted(seen) == live
