"""A board that the benchmarks make is as they say."""

import itertools
import re

import pytest
from django.db import connection
from django.db.models import Count

from postings import search
from postings.importing import layout
from postings.models import Posting
from tests.benchmarks import asking, boards, importing, multiply

SIZE = 200


@pytest.mark.slow
@pytest.mark.django_db
def test_a_board_has_as_many_different_postings_as_asked_for(client):
    originals = 36
    multiply.fill(SIZE, str(boards.SAMPLES), cut=500)

    live = Posting.objects.live()
    assert live.count() == live.values("slug").distinct().count() == SIZE
    assert live.values("listed_on").distinct().count() > originals
    assert live.values("title").distinct().count() > 0.9 * SIZE
    assert live.values("company").distinct().count() > originals
    assert not live.annotate(tags_=Count("posting_tags")).filter(tags_=0).exists()
    assert max(len(body) for body in live.values_list("body_markdown", flat=True)) == 500
    # By date is another order than as they came.
    assert list(live.newest_first()) != list(live.order_by("-pk"))

    drawn = asking.draw(filters=10, rare_words=3, common_words=2)
    assert [len(of_kind) for of_kind in drawn.values()] == [10, 3, 2]
    for word in drawn["rare"]:
        assert number_found(client, f"q={word}") == live.filter(title__contains=word).count()
    assert number_found(client, f"q={drawn['common'][0]}") > 0.5 * SIZE
    assert number_found(client, "") == SIZE
    written = search_index()
    search.index(live.values_list("pk", flat=True))
    assert search_index() == written
    # A page beyond the end is the last, so that all filters find the posting that they were drawn from.
    assert all(number_found(client, query) for query in drawn["filters"])


@pytest.mark.slow
@pytest.mark.django_db
def test_what_is_asked_for_under_load_is_there_and_no_page_twice(client):
    multiply.fill(SIZE, str(boards.SAMPLES))
    drawn = asking.draw_addresses(30)

    for kind in ("list", "search", "feed", "posting"):
        assert len(set(drawn[kind])) == len(drawn[kind]) == 30
        assert {client.get(path).status_code for path in drawn[kind][:5]} == {200}
    assert not set(drawn["list"]) & set(drawn["search"])
    assert {client.get(path).status_code for path in drawn["apply"][:3]} == {302}
    home, first, second, posting, apply_link = drawn["walk"][: asking.WALK]
    assert home == "/" and first != second
    assert [client.get(path).status_code for path in (first, second, posting, apply_link)] == [200, 200, 200, 302]


def test_the_files_of_an_import_are_different_postings():
    made = dict(itertools.islice(importing.files(str(boards.SAMPLES)), 100))
    read = [layout.read(text.encode(), "unnamed") for text in made.values()]
    assert len(made) == 100
    for different in ("slug", "title", "body"):
        assert len({getattr(each, different) for each in read}) == 100
    assert len({name.split("/")[2] for name in made}) > 20  # months
    assert all(name.split("/")[3] == each.slug for name, each in zip(made, read, strict=True))


def number_found(client, query: str) -> int:
    [number] = re.findall(rb'data-total="(\d+)"', client.get(f"/?{query}").content)
    return int(number)


def search_index() -> list[tuple]:
    with connection.cursor() as cursor:
        key = "rowid" if connection.vendor == "sqlite" else "id"
        cursor.execute(f"SELECT {key}, title, place, body FROM postings_searchtext ORDER BY {key}")
        return cursor.fetchall()
