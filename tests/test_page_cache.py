"""Pages that are kept as bytes: the same page again, another one as soon as the board is another."""

import datetime as dt
import gzip
import threading
import time

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import http_date

from postings import catalogue, page_cache, shared
from postings.models import Company, Posting, Tag
from postings.page_cache import GZIP, Page, encoding_for
from postings.views.answers import kept
from tests.factories import make_posting
from tests.test_list import make_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept_pages")]

PAGES = [
    "/",
    "/?skill=rust",
    "/?q=gardener",
    "/skills/rust/",
    "/skills/",
    "/companies/",
    "/companies/lindenhof-labs/",
    "/all/skill/",
    "/suggest?q=ga",
    "/jobs/gardener-1/",
    "/jobs/gardener-1.md",
    "/feed.atom",
    "/feed.json?skill=rust",
    "/sitemap.xml",
    "/sitemap-jobs-0.xml",
    "/sitemap-pages-0.xml",
]


@pytest.fixture
def posting():
    return make_with("Gardener", ("skill:rust", "country:DE"), company="Lindenhof Labs", slug="gardener-1")


def headers_of(response, without=()) -> dict[str, str]:
    return {name: value for name, value in response.items() if name not in {"X-Request-ID", *without}}


def was_kept(response) -> str | None:
    return getattr(response, "kept", None)


# --- The same again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_rendered_once_and_the_same_bytes_again(client, posting, address):
    first = client.get(address)
    with CaptureQueriesContext(connection) as captured:
        again = client.get(address)
    assert (first.status_code, was_kept(first), was_kept(again)) == (200, "miss", "hit")
    assert again.content == first.content
    assert headers_of(again) == headers_of(first)
    assert len(captured) == 1  # the board's version, which tests look at with each request
    assert not again.cookies


@pytest.mark.parametrize("address", PAGES)
def test_a_kept_page_is_what_the_view_alone_answers(client, posting, address, settings):
    client.get(address)
    kept = client.get(address)
    settings.PAGE_CACHE_MB = 0
    alone = client.get(address)
    assert kept.content == alone.content
    about_keeping = {"ETag", "Last-Modified", "Vary"}
    assert headers_of(kept, without=about_keeping) == headers_of(alone, without=about_keeping)


def test_every_public_page_that_can_be_is_among_those_looked_at(posting):
    """A new page is kept and named above, or named here with the reason why it is not."""
    from postings.urls import urlpatterns

    own_reasons = {
        "report": "a form",
        "reported": "after a form",
        "apply": "counts",
        "figures": "a secret",
        "about": "quick, and says nothing of the postings",
        "favicon": "an address",
        "robots": "as about",
        "security_txt": "as about",
        "manifest": "as about",
        "healthz": "asked to see whether it is answered",
        "readyz": "asked to see whether it is answered",
    }
    covered = {
        "list", "values", "suggest", "companies", "company", "landings", "landing", "landing_pair", "feed_atom",
        "feed_json", "posting_markdown", "detail", "sitemap", "sitemap_jobs", "sitemap_pages",
    }  # fmt: skip
    assert {pattern.name for pattern in urlpatterns} - {*own_reasons} == covered


# --- Another one when the board is another ------------------------------------------------------------


def close(posting):
    Posting.objects.filter(pk=posting.pk).update(status=Posting.Status.CLOSED)


def rename_company(posting):
    company = posting.company
    company.name = "Birkenhof Labs"
    company.save()


def rename_skill(posting):
    tag = Tag.objects.get(kind=Tag.Kind.SKILL, code="rust")
    tag.name = "Rust language"
    tag.save()


def add_another(posting):
    make_posting(title="Beekeeper", slug="beekeeper-1")


@pytest.mark.parametrize(
    ("change", "address", "gone", "there"),
    [
        (close, "/", b"Gardener", None),
        (rename_company, "/", b"Lindenhof", b"Birkenhof"),
        (rename_company, "/jobs/gardener-1/", b"Lindenhof", b"Birkenhof"),
        (rename_skill, "/skills/", None, b"Rust language"),
        (add_another, "/", None, b"Beekeeper"),
        (add_another, "/feed.atom", None, b"Beekeeper"),
    ],
)
def test_a_change_makes_another_page(client, posting, change, address, gone, there):
    before = client.get(address)
    assert was_kept(client.get(address)) == "hit"
    change(posting)
    after = client.get(address, headers={"If-None-Match": before["ETag"]})
    assert (after.status_code, was_kept(after)) == (200, "miss")
    assert after["ETag"] != before["ETag"]
    assert gone is None or (gone in before.content and gone not in after.content)
    assert there is None or (there not in before.content and there in after.content)


def test_what_is_closed_is_gone_though_its_page_was_kept(client, posting):
    client.get("/jobs/gardener-1/")
    close(posting)
    assert client.get("/jobs/gardener-1/").status_code == 410


def test_a_posting_that_expires_by_itself_is_gone_from_pages_that_were_kept(client):
    with time_machine.travel(dt.datetime(2026, 3, 15, 10, tzinfo=dt.UTC), tick=False) as clock:
        make_posting(title="Gardener", expires_at=timezone.now() + dt.timedelta(minutes=1))
        assert b"Gardener" in client.get("/").content
        clock.shift(59)
        assert was_kept(client.get("/")) == "hit"
        clock.shift(2)
        response = client.get("/")
        assert was_kept(response) == "miss"
        assert b"Gardener" not in response.content


def test_the_next_day_the_age_of_a_posting_is_another(client):
    with time_machine.travel(dt.datetime(2026, 3, 15, 23, 59, tzinfo=dt.UTC), tick=False) as clock:
        make_posting(published_on=dt.date(2026, 3, 15))
        before = client.get("/")
        clock.shift(120)
        after = client.get("/")
    assert was_kept(after) == "miss"
    assert before.content != after.content


# --- Addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "same"),
    [
        ("/?skill=rust&country=DE", "/?country=DE&skill=rust"),
        ("/", "/?utm_source=letter"),
        ("/?skill=rust", "/?fbclid=1&skill=rust&utm_medium=x"),
        ("/jobs/gardener-1/", "/jobs/gardener-1/?ref=elsewhere"),
    ],
)
def test_addresses_that_mean_the_same_are_one_page(client, posting, first, same):
    kept = client.get(first)
    other = client.get(same)
    assert was_kept(other) == "hit"
    assert other.content == kept.content


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("/?skill=rust", "/?skill=python"),
        ("/?skill=rust&skill=python", "/?skill=python&skill=rust"),
        ("/?q=a%26page=2", "/?q=a&page=2"),
        ("/skills/rust/", "/skills/rust/?page=2"),
        ("/jobs/gardener-1/", "/jobs/gardener-1.md"),
    ],
)
def test_addresses_that_may_mean_something_else_are_not(client, posting, first, other):
    client.get(first)
    assert was_kept(client.get(other)) != "hit"


def test_what_was_left_empty_is_still_dropped_by_a_redirect(client):
    response = client.get("/?q=&skill=rust")
    assert (response.status_code, response["Location"]) == (301, "/?skill=rust")


def test_hosts_do_not_share_pages_that_name_them(client, posting):
    client.get("/feed.atom")
    other = client.get("/feed.atom", headers={"host": "localhost"})
    assert was_kept(other) == "miss"
    assert b"http://localhost/" in other.content


def test_hosts_share_pages_that_name_the_site(client, posting, settings):
    settings.SITE_URL = "https://jobs.example"
    client.get("/feed.atom")
    other = client.get("/feed.atom", headers={"host": "localhost"})
    assert was_kept(other) == "hit"
    assert b"https://jobs.example/" in other.content and b"localhost" not in other.content


def test_staff_and_others_are_answered_alike(client, admin_client, posting):
    client.get("/jobs/gardener-1/")
    response = admin_client.get("/jobs/gardener-1/")
    assert was_kept(response) == "hit"
    assert "Cookie" not in response["Vary"]


def test_a_draft_that_staff_sees_is_not_kept(client, admin_client):
    make_posting(slug="gardener-1", status=Posting.Status.DRAFT)
    assert admin_client.get("/jobs/gardener-1/").status_code == 200
    assert client.get("/jobs/gardener-1/").status_code == 404


# --- Methods and headers ------------------------------------------------------------------------------


def test_head_is_answered_from_the_same_page(client, posting):
    page = client.get("/")
    head = client.head("/")
    assert (head.status_code, head.content, was_kept(head)) == (200, b"", "hit")
    assert head["ETag"] == page["ETag"]
    assert head["Content-Length"] == page["Content-Length"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
def test_other_methods_are_refused_and_leave_what_is_kept(client, posting, method):
    page = client.get("/")
    refused = getattr(client, method)("/")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")
    assert client.get("/").content == page.content


def test_caches_in_front_may_keep_it_for_a_moment(client, posting, settings):
    settings.CDN_SECONDS = 30
    response = client.get("/")
    assert response["Cache-Control"] == "public, max-age=0, s-maxage=30, stale-while-revalidate=30"
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("address", ["/jobs/no-such/", "/companies/no-such/"])
def test_what_is_not_there_is_kept_nowhere(client, address):
    assert client.get(address).status_code == 404
    make_posting(slug="no-such", company=Company.objects.create(name="No such", slug="no-such"))
    assert client.get(address).status_code == 200


def test_who_has_the_page_is_sent_no_body(client, posting):
    with CaptureQueriesContext(connection) as captured:
        etag = client.get("/")["ETag"]
        rendering = len(captured)
        response = client.get("/", headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == etag
    assert response["Vary"] == "Accept-Encoding"
    assert "s-maxage" in response["Cache-Control"]
    assert len(captured) == rendering + 1  # the board's version
    assert not etag.startswith("W/")


def test_who_has_the_page_by_its_date_is_sent_no_body(client, monkeypatch):
    with time_machine.travel(dt.datetime(2026, 3, 15, 10, tzinfo=dt.UTC), tick=False) as clock:
        monkeypatch.setattr(catalogue.snapshot, "BEGUN", timezone.now() - dt.timedelta(days=1))
        posting = make_posting()
        assert "Last-Modified" not in client.get("/")  # another change may follow within the same second
        clock.shift(60)
        date = client.get("/")["Last-Modified"]
        assert date == http_date((timezone.now() - dt.timedelta(seconds=57)).timestamp())
        assert client.get("/", headers={"If-Modified-Since": date}).status_code == 304
        close(posting)
        assert client.get("/", headers={"If-Modified-Since": date}).status_code == 200


def test_a_page_that_is_kept_is_served_before_sessions_and_addresses_are_looked_at(client, posting, monkeypatch):
    client.get("/?skill=rust")
    monkeypatch.setattr("django.urls.resolvers.URLResolver.resolve", None)
    assert was_kept(client.get("/?skill=rust")) == "hit"
    with pytest.raises(TypeError):
        client.get("/?skill=python")


def test_a_host_that_the_board_does_not_answer_to_is_refused_whatever_is_kept(client, posting):
    client.get("/")
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 400


def test_a_kept_page_carries_all_headers_of_the_board(client, posting):
    client.get("/")
    kept = client.get("/")
    for name in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Permissions-Policy"):
        assert kept[name]
    assert kept["Content-Length"] == str(len(kept.content))


def test_of_how_pages_were_asked_for_not_everything_is_remembered(client, posting, monkeypatch):
    monkeypatch.setattr(page_cache, "MOST_REMEMBERED", 3)
    for number in range(10):
        client.get(f"/?utm_source={number}")
    assert len(page_cache._pages._addresses) <= 3


# --- Encodings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""),
        ("gzip", GZIP),
        ("gzip, deflate, br, zstd", GZIP),
        ("br;q=1.0, gzip;q=0.8", GZIP),
        ("GZip", GZIP),
        ("x-gzip", GZIP),
        ("deflate,gzip;q=1", GZIP),
        ("gzip;q=0", ""),
        ("gzip;q=0.0, br", ""),
        ("gzip ; q=0", ""),
        ("br", ""),
        ("gzippy", ""),
        ("not-gzip", ""),
        ("identity", ""),
    ],
)
def test_who_takes_gzip(accepted, encoding):
    assert encoding_for(accepted) == encoding


def test_both_encodings_are_the_same_page_with_an_etag_of_their_own(client, posting):
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/")
    assert was_kept(plain) == "hit"
    assert packed["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain
    assert gzip.decompress(packed.content) == plain.content
    assert packed["ETag"] != plain["ETag"]
    assert len(packed.content) < len(plain.content) / 2
    for headers, etag in (({"Accept-Encoding": "gzip"}, packed["ETag"]), ({}, plain["ETag"])):
        assert client.get("/", headers={**headers, "If-None-Match": etag}).status_code == 304
    page_cache.forget()
    assert client.get("/")["ETag"] == plain["ETag"]
    assert client.get("/", headers={"Accept-Encoding": "gzip"})["ETag"] == packed["ETag"]


def test_it_is_compressed_once(client, posting, monkeypatch):
    compressed = []
    compress = gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda *args, **kwargs: compressed.append(1) or compress(*args, **kwargs))
    bodies = {client.get("/", headers={"Accept-Encoding": "gzip"}).content for _ in range(5)}
    assert (len(bodies), len(compressed)) == (1, 1)


# --- Room ---------------------------------------------------------------------------------------------


def test_of_too_much_what_was_asked_for_longest_ago_goes(settings):
    settings.PAGE_CACHE_MB = 1
    pages = page_cache._Pages()
    for number in range(20):
        pages.get("state", f"/{number}", "")
        pages.get("state", "/0", "")
        pages.put("state", f"/{number}", Page(bytes(100_000), "", f'"{number}"', ()))
    assert pages.bytes_kept <= 1_000_000
    assert pages.get("state", "/0", "") and pages.get("state", "/19", "")
    assert not pages.get("state", "/1", "")
    assert sum(1 for number in range(20) if pages.get("state", f"/{number}", "")) == 9


def test_a_new_state_frees_what_was_kept_of_the_old(client, posting):
    for address in PAGES:
        client.get(address)
    before = page_cache.bytes_kept()
    close(posting)
    client.get("/robots.txt")
    client.get("/suggest?q=ga")
    assert 0 < page_cache.bytes_kept() < before / 10


def test_a_page_of_an_old_state_that_comes_late_is_not_kept():
    pages = page_cache._Pages()
    pages.get("old", "/", "")
    pages.get("new", "/", "")
    pages.put("old", "/", Page(b"old", "", '"old"', ()))
    assert pages.get("new", "/", "") is None
    assert pages.bytes_kept == 0


def test_a_page_that_is_too_large_is_sent_and_not_kept(client, posting, monkeypatch):
    monkeypatch.setattr(page_cache, "MOST_BYTES", 1000)
    first, again = client.get("/"), client.get("/")
    assert was_kept(first) is None and was_kept(again) is None
    assert first.content == again.content and first["ETag"] == again["ETag"]
    assert client.get("/", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_without_room_every_page_is_rendered(client, posting, settings):
    settings.PAGE_CACHE_MB = 0
    assert [was_kept(client.get("/")) for _ in range(2)] == [None, None]
    assert page_cache.bytes_kept() == 0


# --- Many at once -------------------------------------------------------------------------------------


def together(ask, number: int = 6) -> list:
    answers: list = []
    threads = [threading.Thread(target=lambda: answers.append(ask())) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_what_many_ask_for_at_once_is_rendered_once():
    rendered = []

    def render():
        rendered.append(1)
        time.sleep(0.2)
        return HttpResponse("page")

    answers = together(lambda: page_cache.find("state", "/", "", render))
    assert len(rendered) == 1
    assert {page.body for page, _ in answers} == {b"page"}


def test_where_the_one_who_renders_fails_the_others_do_it_themselves():
    tried = []

    def render():
        tried.append(1)
        if len(tried) == 1:
            time.sleep(0.2)
            raise ValueError("the first one broke")
        return HttpResponse("page")

    def ask():
        try:
            return page_cache.find("state", "/", "", render)[0].body
        except ValueError:
            return b"broken"

    answers = together(ask, 3)
    assert sorted(answers) == [b"broken", b"page", b"page"]
    assert page_cache.find("state", "/", "", render)[1] is True


@pytest.mark.parametrize(
    ("waits", "at_once"), [(60, {"sqlite": 1, "postgresql": 3}), (0.01, dict.fromkeys(["sqlite", "postgresql"], 5))]
)
def test_a_few_pages_are_rendered_at_a_time_and_nobody_waits_long_for_a_turn(monkeypatch, waits, at_once):
    monkeypatch.setattr(page_cache, "_WAITS_FOR_TURN", waits)
    addresses, rendering, most = iter("abcde"), [], []

    def render():
        rendering.append(1)
        most.append(len(rendering))
        time.sleep(0.1)
        rendering.pop()
        return HttpResponse("page")

    assert len(together(lambda: page_cache.find("state", next(addresses), "", render), 5)) == 5
    assert max(most) == at_once[connection.vendor]


@kept
def with_cookie(request):
    response = HttpResponse("for one")
    response.set_cookie("a", "b")
    return response


@kept
def private(request):
    return HttpResponse("for one", headers={"Cache-Control": "private"})


@pytest.mark.parametrize("view", [with_cookie, private])
def test_what_is_not_for_everybody_is_not_kept(view):
    answers = [view(RequestFactory().get("/")) for _ in range(2)]
    assert [was_kept(answer) for answer in answers] == [None, None]
    assert page_cache.bytes_kept() == 0


# --- Shared -------------------------------------------------------------------------------------------


class Cache(dict):
    """Stands in for Redis: what `shared` is asked, kept in a dictionary."""

    def put(self, key, value, seconds):
        self[key] = value
        return True


@pytest.fixture
def cache(monkeypatch):
    cache = Cache()
    monkeypatch.setattr(shared, "is_configured", lambda: True)
    monkeypatch.setattr(shared, "get", cache.get)
    monkeypatch.setattr(shared, "put", cache.put)
    return cache


def test_what_one_node_rendered_another_serves(client, posting, cache):
    first = client.get("/")
    page_cache.forget()  # another worker, on another node
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        with CaptureQueriesContext(connection) as captured:
            other = Client().get("/", headers=headers)
        assert was_kept(other) == "hit"
        assert len(captured) == 1
    assert gzip.decompress(other.content) == first.content
    assert Client().get("/")["ETag"] == first["ETag"]
    assert len(cache) == 1


def test_another_release_shares_nothing(client, posting, cache, monkeypatch):
    client.get("/")
    page_cache.forget()
    monkeypatch.setattr(shared, "release", lambda: "another")
    assert was_kept(client.get("/")) == "miss"


def test_a_change_is_another_page_in_the_shared_cache_too(client, posting, cache):
    client.get("/")
    close(posting)
    page_cache.forget()
    assert b"Gardener" not in client.get("/").content
