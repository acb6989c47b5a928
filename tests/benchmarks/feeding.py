"""Reading a whole board through its feed, page after page, as somebody does who mirrors it."""

import time

from django.test import Client

from postings import catalogue
from tests.benchmarks.inside import memory, resident
from tests.reading_feeds import ATOM, atom_pages, json_pages


def measure() -> dict[str, float]:
    """The processor's seconds for all pages in each format, without those for parsing them; and by how much memory
    grew meanwhile, page by page."""
    client = _Timed(headers={"host": "localhost"})
    board = len(catalogue.current())
    client.get("/feed.json")
    before = memory()
    figures: dict[str, float] = {"growth": 0}
    for name, pages in (("json", json_pages), ("atom", atom_pages)):
        client.seconds = 0
        number = 0
        for page in pages(client):
            number += len(page["items"]) if isinstance(page, dict) else len(page.findall(f"{ATOM}entry"))
            figures["growth"] = max(figures["growth"], (resident() - before) / 1e6)
        assert number == board, (number, board)
        figures[name] = client.seconds / board * 100_000
    return figures


class _Timed(Client):
    seconds = 0.0

    def get(self, *args, **kwargs):
        begun = time.process_time()
        response = super().get(*args, **kwargs)
        self.seconds += time.process_time() - begun
        return response
