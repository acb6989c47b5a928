"""Feeds: every list as Atom and JSON Feed, page by page, and a posting in the layout that it came in."""

import datetime as dt
import io
import json
import random
import re
from urllib.parse import urlencode

import feedparser
import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import http_date

from postings import catalogue, changes, feeds
from postings.filters import PostingFilter
from postings.models import BoardVersion, Posting
from postings.views import lists
from tests.factories import at_once, make_posting
from tests.marks import slow_but
from tests.reading_feeds import (
    ATOM,
    atom_entries,
    atom_links,
    atom_pages,
    json_items,
    json_pages,
    slug_of,
)
from tests.test_list import make_with, total

pytestmark = pytest.mark.django_db

FORMATS = ["atom", "json"]
HOSTILE = "]]></content>]\x0b]\x00></content><b>&amp; 1 < 2</b> \x0b\x00\ufffe\uffff \U0001f333 \u202egnp אבג"
SECOND, A_MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)


@pytest.fixture
def settled(monkeypatch, kept_pages):
    """What is written dates from hours ago, for all that a feed says of it."""
    monkeypatch.setattr(catalogue.snapshot, "BEGUN", timezone.now() - dt.timedelta(days=1))
    BoardVersion.objects.update(changed_at=timezone.now() - dt.timedelta(hours=2))
    catalogue.forget()


def read(client, address: str, status: int = 200, **headers: str):
    response = client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert response.status_code == status
    return response


def slugs(client, format: str, query: str = "") -> list[str]:
    if format == "json":
        return [slug_of(item["id"]) for item in json_items(client, query)]
    return [slug_of(entry.find(f"{ATOM}id").text) for entry in atom_entries(client, query)]


def feed_title(client, query: str = "") -> str:
    return json.loads(read(client, f"/feed.json?{query}").content)["title"]


# --- One answer to one question ----------------------------------------------------------------------

TITLES = [
    "Rust gardener",
    "Senior gardener",
    "Cook [m/w/d]",
    "Keeper of many trees",
    "Python developer",
    "Gardening help",
]
BODIES = ["We grow many trees.", "You write Python and Rust.", "Trees, many of them.", "Node.js and gardens in Graz."]
PLACES = ["", "Graz, Austria", "Remote, Poland", "Linz"]
COMPANIES = ["Ahorn & Birke", "Lindenhof Labs", "Astwerk", None]
FACTS = {
    "skill": ["python", "rust", "c#", "node.js"],
    "country": ["PL", "DE", "AT"],
    "region": ["europe", "worldwide"],
    "workplace": ["remote", "hybrid"],
    "seniority": ["senior", "lead"],
    "employment": ["full-time", "contract"],
    "visa": ["offered", "not-offered"],
    "language": ["en", "de"],
}
QUERIES = [
    "",
    "q=gardener",
    "q=garden*",
    "q=%22many+trees%22",
    "q=trees+-rust",
    "q=-rust",
    "q=ahorn",
    "q=python+rust&sort=relevance",
    "q=poland&sort=newest",
    "q=node.js&sort=salary",
    "place=graz",
    "place=remote,+pol",
    "category=garden&category=kitchen",
    "workplace=remote",
    "seniority=senior&seniority=lead",
    "skill=c%23",
    "skill=python&skill=rust&country=DE",
    "country=PL",
    "region=europe",
    "region=worldwide&workplace=hybrid",
    "employment=contract",
    "visa=offered",
    "language=de",
    "company=ahorn-birke",
    "salary_min=stated",
    "salary_min=50000",
    "salary_min=60k&currency=USD",
    "sort=salary",
    "sort=salary&currency=USD&skill=rust",
    "posted=7",
    "posted=30&q=trees&country=AT&country=PL",
    "skill=no-such&page=2&colour=green",
    "q=nothing+has+this",
]


@at_once()
def make_board() -> None:
    """Postings of all kinds; several of a day, some that are not to be seen."""
    draw, today = random.Random(4711), timezone.now()
    for _ in range(120):
        facts = tuple(f"{kind}:{code}" for kind, codes in FACTS.items() for code in codes if draw.random() < 0.3)
        low = draw.choice([None, 40_000, 55_000])
        pay = (draw.choice(["EUR", "EUR", "USD"]), low, draw.choice([None, 60_000, 90_000])) if low else ()
        make_with(
            draw.choice(TITLES),
            facts,
            pay,
            company=draw.choice(COMPANIES),
            place=draw.choice(PLACES),
            body_markdown=draw.choice(BODIES),
            categories=tuple(name for name in ("Garden", "Kitchen") if draw.random() < 0.4),
            published_on=draw.choice([None, *(today.date() - dt.timedelta(days=days) for days in (0, 1, 8, 9, 60))]),
            status=draw.choice(["live"] * 8 + ["closed", "draft"]),
            expires_at=draw.choice([None, None, None, today + dt.timedelta(days=9), today - A_MINUTE]),
        )


def listed(client, query: str) -> list[str]:
    found: list[str] = []
    while True:
        page = len(found) // lists.PER_PAGE + 1
        html = read(client, f"/?{urlencode([*QueryDict(query).dict().items()]) and query}&page={page}").content.decode()
        found += re.findall(r'class="row-title"><a href="/jobs/([^"]*)/"', html)
        if len(found) >= total(html):
            return found


def exported(query: str) -> list[str]:
    out = io.StringIO()
    call_command("export_postings", "--query", query, stdout=out, stderr=io.StringIO())
    return [json.loads(line)["slug"] for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("queries", slow_but([QUERIES[::5]], [QUERIES[::5], QUERIES]), ids=["some", "all"])
def test_list_feeds_and_export_give_the_same_postings_for_the_same_query(client, monkeypatch, queries):
    monkeypatch.setattr(lists, "PER_PAGE", 40)
    monkeypatch.setattr(feeds, "PER_PAGE", 15)
    make_board()
    numbers = set()
    for query in queries:
        in_list = listed(client, query.replace("page=2", ""))
        assert exported(query) == in_list, query
        in_json, in_atom = slugs(client, "json", query), slugs(client, "atom", query)
        assert in_json == in_atom, query
        assert sorted(in_json) == sorted(in_list) == sorted(set(in_list)), query
        if "q=" not in query or "sort=" in query:
            assert in_json == in_list, query
        numbers.add(len(in_list))
    # The questions tell apart: none of them finds nothing by mistake.
    assert len(numbers) > len(queries) // 2 and max(numbers) > 60
    assert min(numbers) == 0 or queries != QUERIES


def test_a_search_has_the_newest_first_unless_another_order_is_asked_for(client):
    old = make_posting(title="Rust rust", published_on="2025-01-01")
    new = make_posting(title="Cook", body_markdown="No rust.", published_on="2025-02-01")
    assert slugs(client, "json", "q=rust") == [new.slug, old.slug]
    assert slugs(client, "json", "q=rust&sort=relevance") == [old.slug, new.slug]


# --- Pages -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_reading_on_loses_none_that_stays_and_repeats_none_whatever_comes_and_goes(client, monkeypatch, format):
    monkeypatch.setattr(feeds, "PER_PAGE", 5)
    draw = random.Random(7)
    days = [dt.date(2025, 1, day) for day in (1, 1, 2, 3, 3, 3)]
    before = [make_posting(published_on=draw.choice(days)) for _ in range(40)]
    closed: set[str] = set()
    seen: list[str] = []
    pages = json_pages(client) if format == "json" else atom_pages(client)
    for page in pages:
        ids = [item["id"] for item in page["items"]] if format == "json" else [
            entry.find(f"{ATOM}id").text for entry in page.findall(f"{ATOM}entry")
        ]  # fmt: skip
        seen += map(slug_of, ids)
        # The last one read, which the next page's address names, and some that are not read yet.
        for slug in {seen[-1], *draw.sample([posting.slug for posting in before], 2)}:
            Posting.objects.filter(slug=slug).update(status=Posting.Status.CLOSED)
            closed.add(slug)
        make_posting(published_on=draw.choice(days))
        make_posting()
    assert len(seen) == len(set(seen))
    assert {posting.slug for posting in before} - closed <= set(seen)


def test_atom_says_where_it_goes_on_and_json_too(client, monkeypatch):
    monkeypatch.setattr(feeds, "PER_PAGE", 2)
    postings = [make_with("Gardener", ("skill:c#",), published_on="2025-01-01") for _ in range(5)]
    first, second, third = atom_pages(client, "/feed.atom?skill=c%23&colour=green")
    base = "http://testserver/feed.atom?skill=c%23"
    assert atom_links(first) == {
        "self": base,
        "first": base,
        "next": f"{base}&before=2025-01-01.{postings[3].pk}",
        "alternate": "http://testserver/?skill=c%23",
    }
    assert atom_links(second)["self"] == atom_links(first)["next"]
    assert atom_links(second)["first"] == base and "next" not in atom_links(third)
    assert {page.find(f"{ATOM}id").text for page in (first, second, third)} == {base}
    pages = list(json_pages(client, "/feed.json?skill=c%23"))
    assert [page["next_url"] for page in pages[:-1]] == [
        f"http://testserver/feed.json?skill=c%23&before=2025-01-01.{postings[number].pk}" for number in (3, 1)
    ]
    assert {(page["feed_url"], page["home_page_url"]) for page in pages} == {
        ("http://testserver/feed.json?skill=c%23", "http://testserver/?skill=c%23")
    }


def test_other_orders_are_numbered(client, monkeypatch):
    monkeypatch.setattr(feeds, "PER_PAGE", 2)
    for top in (1000, 3000, 2000, 5000, 4000):
        make_with(f"Pays {top}", pay=("EUR", None, top))
    pages = list(atom_pages(client, "/feed.atom?sort=salary"))
    titles = [[entry.find(f"{ATOM}title").text for entry in page.findall(f"{ATOM}entry")] for page in pages]
    assert titles == [["Pays 5000", "Pays 4000"], ["Pays 3000", "Pays 2000"], ["Pays 1000"]]
    base = "http://testserver/feed.atom?sort=salary&currency=EUR"
    assert [atom_links(page).get("previous") for page in pages] == [None, base, f"{base}&page=2"]
    # Beyond the end there is nothing to read twice.
    assert slugs(client, "atom", "sort=salary&page=4") == []


@pytest.mark.parametrize(
    "bad",
    ["before=1", "before=2025-01-01", "before=2025-02-30.1", "before=2025-01-01.x", "before=2025-01-01.-1",
     "before=2025-01-01.1%0A", "before=٢٠٢٥-01-01.1", f"before=2025-01-01.{'9' * 30}", "before=0000-01-01.1",
     "sort=salary&page=0", "sort=salary&page=x", "sort=salary&page=-1"],
)  # fmt: skip
def test_what_names_no_page_is_refused(client, bad):
    make_posting()
    response = read(client, f"/feed.json?{bad}", status=400)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode() in {
        "“before” is a day and a number, as in the address of a page’s next one.\n",
        "“page” is a number from 1 on.\n",
    }


@pytest.mark.parametrize("cursor", ["0001-01-01.1", "9999-12-31.999999999999999999", "2025-01-02.0"])
def test_a_cursor_need_not_name_a_posting(client, cursor):
    older = make_posting(published_on="2025-01-01").slug
    newer = make_posting(published_on="2025-01-02").slug
    expected = {"0001": [], "9999": [newer, older], "2025": [older]}[cursor[:4]]
    assert slugs(client, "json", f"before={cursor}") == expected


def test_the_whole_board_is_read_by_as_many_queries_a_page_as_one_posting(client, monkeypatch):
    monkeypatch.setattr(feeds, "PER_PAGE", 3)
    for number in range(8):
        make_with("Gardener", ("skill:rust", "country:PL"), company=f"Company {number}", categories=("Garden",))
        if number in (0, 7):
            client.get("/feed.json")  # the worker's snapshot
            for format in FORMATS:
                # The snapshot's version (as tests look at each request) and the postings; for JSON, which says all
                # facts, their tags.
                with CaptureQueriesContext(connection) as captured:
                    assert read(client, f"/feed.{format}").content
                assert len(captured) == (3 if format == "json" else 2)


# --- What is in it -----------------------------------------------------------------------------------


def make_full() -> Posting:
    posting = make_with(
        "Orchard keeper",
        ("skill:python", "skill:rust", "country:AT", "region:europe", "workplace:remote", "employment:full-time",
         "seniority:senior", "visa:offered", "language:de"),
        ("EUR", 40_000.0, 48_000.0),
        company="Obsthof & Ried",
        categories=("Garden",),
        place="Vienna, Austria",
        published_on="2025-01-01",
        published_precision=Posting.Precision.MONTH,
        body_markdown="We grow **trees** & bees.",
        apply_keyword="OAK",
        slug="orchard-keeper-4711",
        first_seen=dt.datetime(2025, 1, 5, 12, 30, tzinfo=dt.UTC),
        expires_at=None,
    )  # fmt: skip
    posting.refresh_from_db()  # dated anew by its tags
    return posting


def test_a_json_item_is_the_whole_posting_with_its_facts(client):
    posting = make_full()
    [item] = json_items(client)
    assert item == {
        "id": "http://testserver/jobs/orchard-keeper-4711/",
        "url": "http://testserver/jobs/orchard-keeper-4711/",
        "title": "Orchard keeper",
        "content_html": posting.body_html,
        "summary": "We grow trees & bees.",
        "date_published": "2025-01-05T12:30:00+00:00",
        "date_modified": posting.changed_at.isoformat(),
        "authors": [{"name": "Obsthof & Ried"}],
        "tags": ["Garden", "Python", "Rust"],
        "language": "de",
        "_facts": {
            "workplace": ["remote"],
            "countries": ["AT"],
            "regions": ["europe"],
            "salary": {"min": 40000, "max": 48000, "currency": "EUR", "period": "year"},
            "employment": ["full-time"],
            "seniority": ["senior"],
            "visa": "offered",
            "apply_keyword": "OAK",
            "skills": ["python", "rust"],
        },
        "_posting": {
            "company": "Obsthof & Ried",
            "place": "Vienna, Austria",
            "published_on": "2025-01",
            "apply": "http://testserver/apply/orchard-keeper-4711",
        },
    }
    assert posting.body_html == "<p>We grow <strong>trees</strong> &amp; bees.</p>\n"


def test_an_atom_entry_is_the_whole_posting(client):
    posting = make_full()
    [entry] = feedparser.parse(read(client, "/feed.atom").content).entries
    assert (entry.id, entry.link, entry.title) == ("http://testserver/jobs/orchard-keeper-4711/",) * 2 + (
        "Orchard keeper",
    )
    assert entry.published == "2025-01-05T12:30:00+00:00"
    assert entry.updated == posting.changed_at.isoformat()
    assert entry.author == "Obsthof & Ried"
    assert [tag.term for tag in entry.tags] == ["Garden", "Python", "Rust"]
    assert (entry.content[0].value, entry.content[0].type) == (posting.body_html.strip(), "text/html")
    assert (entry.summary, entry.summary_detail.type) == ("We grow trees &amp; bees.", "text/html")
    assert entry.content[0].language == "de"


def test_what_a_posting_does_not_say_is_not_there(client):
    make_posting(company=None, body_markdown="", published_on=None)
    [item] = json_items(client)
    assert not item.keys() & {"authors", "language", "summary"}
    assert item["_facts"] == {
        **{name: [] for name in ("workplace", "countries", "regions", "employment", "seniority", "skills")},
        **dict.fromkeys(("salary", "visa", "apply_keyword")),
    }
    assert (item["_posting"]["company"], item["_posting"]["published_on"]) == (None, None)
    [entry] = atom_entries(client)
    assert entry.find(f"{ATOM}author") is None and entry.find(f"{ATOM}summary") is None


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_board_is_a_feed_with_nothing_in_it(client, format):
    assert slugs(client, format) == []


def test_an_empty_feed_dates_from_the_boards_last_change(client):
    make_posting()
    [page] = atom_pages(client, "/feed.atom?q=nothing")
    assert page.find(f"{ATOM}updated").text == changes.state().changed_at.isoformat()
    assert page.find(f"{ATOM}author/{ATOM}name").text == "Job board"


def test_a_feed_is_dated_by_the_latest_of_its_entries(client):
    older, newer = make_posting(published_on="2025-01-02"), make_posting(published_on="2025-01-01")
    [page] = atom_pages(client)
    assert page.find(f"{ATOM}updated").text == newer.changed_at.isoformat() > older.changed_at.isoformat()


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", "Jobs – Job board"),
        ("q=rust&skill=python&country=DE", "Python, Germany, “rust” – Job board"),
        ("posted=7&sort=salary&place=Graz", "Graz, Last 7 days – Job board"),
        ("skill=no-such", "Jobs – Job board"),
    ],
)
def test_the_title_says_what_is_in_it(client, query, title):
    make_with("Gardener", ("skill:python", "country:DE"))
    assert feed_title(client, query) == title


def test_the_feed_of_a_list_is_the_newest_of_what_it_finds_in_the_same_currency_for_ever():
    make_with("Gardener", pay=("EUR", 40_000, 48_000))
    asked = PostingFilter(QueryDict("q=rust&sort=salary&salary_min=40000"))
    assert feeds.path(asked, feeds.ATOM) == "/feed.atom?q=rust&salary_min=40000&currency=EUR"
    assert feeds.path(PostingFilter(QueryDict("sort=salary")), feeds.JSON) == "/feed.json"


def test_addresses_are_the_boards_public_ones(client, settings):
    settings.SITE_URL = "https://jobs.example"
    make_posting(slug="gardener-1")
    [item] = json_items(client)
    assert item["id"] == "https://jobs.example/jobs/gardener-1/"
    assert item["_posting"]["apply"] == "https://jobs.example/apply/gardener-1"


@pytest.mark.parametrize("format", FORMATS)
def test_a_closed_posting_is_gone_at_once_even_where_the_snapshot_still_has_it(client, monkeypatch, format):
    stays, goes, runs_out = (make_posting() for _ in range(3))
    snapshot = catalogue.build()
    monkeypatch.setattr(catalogue, "current", lambda: snapshot)
    assert len(slugs(client, format)) == 3
    Posting.objects.filter(pk=goes.pk).update(status=Posting.Status.CLOSED)
    Posting.objects.filter(pk=runs_out.pk).update(expires_at=timezone.now())
    assert slugs(client, format) == [stays.slug]


# --- Readers can read it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["", "q=gardener", "skill=c%23&country=PL", "company=ahorn-birke", "place=a%26b", "sort=salary", "posted=30",
     "q=%22a+%26+b%22", "q=title+%0B+%3C%2Ftitle%3E+-%22%EF%BF%BE+graz%22",
     "region=europe&workplace=remote&category=r-d"],
)  # fmt: skip
def test_feedparser_reads_every_feed_whatever_postings_say(client, query):
    text = HOSTILE if connection.vendor == "sqlite" else HOSTILE.replace("\0", "")
    for title in ("Gardener", "Rust", text):
        posting = make_with(
            f"{title} title a & b",
            ("skill:c#", "country:PL", "workplace:remote", "language:en"),
            ("EUR", 40_000, None),
            company="Ahorn & Birke",
            categories=("R&D",),
            place="a&b",
            body_markdown=f"Rust {text}",
        )
        # As if something had gone around the sanitiser.
        Posting.objects.filter(pk=posting.pk).update(body_html=f"<p>{text}</p>", excerpt=text)
    make_posting(company=f"C {text}", categories=(f"K {text}",))
    response = read(client, f"/feed.atom?{query}")
    parsed = feedparser.parse(response.content, response_headers={"content-type": response["content-type"]})
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10" and parsed.feed.title.endswith(" – Job board")
    assert 1 <= len(parsed.entries) == len(json_items(client, query))
    assert all(entry.content[0].value for entry in parsed.entries)


# --- Answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "content_type"), [("atom", "application/atom+xml; charset=utf-8"), ("json", "application/feed+json")]
)
def test_headers(client, format, content_type):
    make_posting()
    response = read(client, f"/feed.{format}")
    assert response["Content-Type"] == content_type
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Cache-Control"] == "public, max-age=0, s-maxage=1, stale-while-revalidate=1"
    assert not response.cookies


@pytest.mark.parametrize("format", FORMATS)
def test_only_get_and_head(client, format):
    assert client.post(f"/feed.{format}").status_code == 405
    response = client.head(f"/feed.{format}")
    assert (response.status_code, response.content) == (200, b"")


def test_empty_parameters_are_dropped_like_the_lists(client):
    response = read(client, "/feed.atom?q=&skill=rust&before=", status=301)
    assert response["Location"] == "/feed.atom?skill=rust"


@pytest.mark.parametrize("format", FORMATS)
def test_what_did_not_change_is_not_sent_again(client, settled, format):
    make_posting()
    BoardVersion.objects.update(changed_at=timezone.now() - A_MINUTE)
    catalogue.forget()
    response = read(client, f"/feed.{format}")
    etag, date = response["ETag"], response["Last-Modified"]
    assert read(client, f"/feed.{format}", 304, if_none_match=etag).content == b""
    assert read(client, f"/feed.{format}", 304, if_modified_since=date).content == b""
    Posting.objects.update(title="Keeper")
    # The ETag decides where both are sent; the date alone does not hide the change of this very second.
    assert b"Keeper" in read(client, f"/feed.{format}", if_none_match=etag, if_modified_since=date).content
    assert b"Keeper" in read(client, f"/feed.{format}", if_modified_since=date).content
    assert b"Keeper" in read(client, f"/feed.{format}", if_modified_since=http_date(timezone.now().timestamp())).content


@pytest.fixture
def clock(monkeypatch, kept_pages):
    """A clock that stands still until it is moved, on a worker that began the day before."""
    with time_machine.travel(dt.datetime(2026, 3, 15, 10, 0, 0, 400_000, tzinfo=dt.UTC), tick=False) as clock:
        monkeypatch.setattr(catalogue.snapshot, "BEGUN", timezone.now() - dt.timedelta(days=1))
        yield clock


def last_modified(client, query: str = "") -> str | None:
    return read(client, f"/feed.json?{query}").headers.get("Last-Modified")


def test_no_date_is_told_that_a_change_of_the_same_second_would_share(client, clock):
    make_posting()
    assert last_modified(client) is None
    clock.shift(2.9)
    assert last_modified(client) is None
    clock.shift(0.1)
    assert last_modified(client) == "Sun, 15 Mar 2026 10:00:03 GMT"


def test_who_asks_by_when_they_fetched_what_no_worker_had_seen_yet_is_sent_it(client, clock):
    make_posting()
    fetched = http_date((timezone.now() + 2 * SECOND).timestamp())
    clock.shift(60)
    assert read(client, "/feed.json", if_modified_since=fetched).status_code == 200


def test_the_date_is_that_of_the_last_write_and_stays(client, clock):
    posting = make_posting()
    clock.shift(60)
    Posting.objects.filter(pk=posting.pk).update(title="Keeper")
    clock.shift(3600)
    assert last_modified(client) == "Sun, 15 Mar 2026 10:01:03 GMT"
    catalogue.forget()  # another worker
    assert last_modified(client) == "Sun, 15 Mar 2026 10:01:03 GMT"


def test_a_posting_that_runs_out_by_itself_moves_the_date(client, clock):
    make_posting(expires_at=timezone.now() + dt.timedelta(hours=1))
    make_posting(expires_at=timezone.now() + dt.timedelta(hours=2))
    clock.shift(60)
    assert last_modified(client) == "Sun, 15 Mar 2026 10:00:03 GMT"
    clock.shift(3600)
    assert last_modified(client) == "Sun, 15 Mar 2026 11:00:03 GMT"
    # Also to a worker that begins after it, and one that works in a change of something else.
    catalogue.forget()
    assert last_modified(client) == "Sun, 15 Mar 2026 11:00:03 GMT"
    clock.shift(7200)
    assert last_modified(client) == "Sun, 15 Mar 2026 12:00:03 GMT"


def test_an_end_that_is_written_and_passes_before_the_snapshot_sees_it_moves_the_date(client, clock):
    posting = make_posting()
    snapshot = catalogue.build()
    Posting.objects.filter(pk=posting.pk).update(expires_at=timezone.now() + dt.timedelta(seconds=30))
    clock.shift(60)
    assert snapshot.updated().last_modified() == timezone.now() - dt.timedelta(seconds=30) + catalogue.SETTLED


def test_midnight_moves_the_date_for_pages_tell_how_many_days_ago(client, clock):
    make_posting()
    clock.shift(dt.timedelta(days=2))
    assert last_modified(client) == "Tue, 17 Mar 2026 00:00:03 GMT"


def test_a_page_of_a_worker_that_is_behind_has_an_older_date_than_the_change_it_may_show(client, clock, monkeypatch):
    make_posting()
    behind = catalogue.build()
    clock.shift(60)
    Posting.objects.update(title="Keeper")
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "current", lambda: behind)
        told = last_modified(client)
    clock.shift(60)
    # So who asks by that date is sent the page of a worker that has seen the change.
    assert told == "Sun, 15 Mar 2026 10:00:03 GMT"
    assert b"Keeper" in read(client, "/feed.json", if_modified_since=told).content


def test_a_worker_that_began_later_may_show_it_otherwise(client, clock, monkeypatch):
    make_posting()
    clock.shift(3600)
    monkeypatch.setattr(catalogue.snapshot, "BEGUN", timezone.now() - A_MINUTE)
    assert last_modified(client) == "Sun, 15 Mar 2026 10:59:03 GMT"


def test_a_clock_that_was_set_back_does_not_take_the_date_back(client, clock):
    make_posting()
    written = changes.state().changed_at
    clock.shift(-3600)
    make_posting()
    assert changes.state().changed_at == written
    assert last_modified(client) is None  # nothing of the future


# --- In the layout that it came in -------------------------------------------------------------------


def test_a_posting_is_to_be_had_in_markdown(client, settings):
    settings.SITE_URL = "https://jobs.example"
    posting = make_posting(slug="gardener-1", title="Gärtner 🌳", body_markdown="We grow *trees*.")
    response = read(client, "/jobs/gardener-1.md")
    text = response.content.decode()
    assert text.startswith(f"# [Gärtner 🌳]({posting.apply_url})  \n### Lindenhof Labs  \n")
    assert "\n\nWe grow *trees*.\n\n" in text
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response["Link"] == '<https://jobs.example/jobs/gardener-1/>; rel="canonical"'
    assert response["X-Robots-Tag"] == "noindex"
    assert read(client, "/jobs/gardener-1.md", 304, if_none_match=response["ETag"]).content == b""


def test_the_markdown_of_a_copy_names_the_same_page_as_its_own_does(client):
    for number in (1, 2):
        make_posting(slug=f"gardener-{number}", title="Gardener")
    assert read(client, "/jobs/gardener-2.md")["Link"] == '<http://testserver/jobs/gardener-1/>; rel="canonical"'


@pytest.mark.parametrize("fields", [{"status": "closed"}, {"expires_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}])
def test_what_is_over_is_gone_in_markdown_too(client, fields):
    make_posting(slug="gardener-1", title="Gardener of old", body_markdown="The whole text.", **fields)
    text = read(client, "/jobs/gardener-1.md", status=410).content.decode()
    assert "Gardener of old" in text and "The whole text." not in text


@pytest.mark.parametrize("slug", ["gardener-1", "no-such"])
def test_drafts_and_what_is_not_there_are_not_found_in_markdown(client, slug):
    make_posting(slug="gardener-1", status=Posting.Status.DRAFT)
    read(client, f"/jobs/{slug}.md", status=404)
    assert client.post("/jobs/gardener-1.md").status_code == 405
