"""The sitemaps: which addresses they name, when these changed, and what the database is asked for it."""

import datetime as dt
import re
import xml.etree.ElementTree as ET

import pytest
import time_machine
from django.core.management.color import no_style
from django.db import connection
from django.utils import timezone

from postings import catalogue, changes, sitemaps, twins
from postings.models import Company, Posting
from tests.factories import make_company, make_posting
from tests.test_list import make_with

pytestmark = pytest.mark.django_db

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOST = "http://testserver"
NOON = dt.datetime(2025, 3, 10, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
BOARD = [f"{HOST}/", f"{HOST}/companies/", f"{HOST}/about/"]


@pytest.fixture(autouse=True)
def keys_from_one():
    """Files are named by primary keys, and those of PostgreSQL go on from test to test."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Posting]):
            cursor.execute(statement)


def read(client, address: str) -> dict[str, str | None]:
    """The addresses that a file names, with their `lastmod`; the file is held to the protocol."""
    response = client.get(address)
    assert response.status_code == 200, address
    assert response["Content-Type"] == "application/xml"
    assert response["X-Robots-Tag"] == "noindex"
    root = ET.fromstring(response.content)
    child = {f"{NAMESPACE}sitemapindex": "sitemap", f"{NAMESPACE}urlset": "url"}[root.tag]
    assert 1 <= len(root) <= 50_000
    found = {}
    for element in root:
        assert element.tag == f"{NAMESPACE}{child}"
        location, *others = element
        assert location.tag == f"{NAMESPACE}loc"
        assert re.fullmatch(r"https?://[a-z.]+/[!-~]*", location.text)
        assert location.text not in found
        assert [other.tag for other in others] in ([], [f"{NAMESPACE}lastmod"])
        found[location.text] = others[0].text if others else None
        if others:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", others[0].text)
            assert dt.datetime.fromisoformat(others[0].text) <= timezone.now()
    return found


def all_files(client) -> dict[str, str | None]:
    """What all files together name."""
    named: dict[str, str | None] = {}
    for address in read(client, "/sitemap.xml"):
        of_file = read(client, address.removeprefix(HOST))
        assert not named.keys() & of_file
        named |= of_file
    return named


def status_of(client, address: str) -> int:
    return client.get(address).status_code


def changed(posting: Posting, at: dt.datetime) -> Posting:
    Posting.objects.filter(pk=posting.pk).update(changed_at=at)
    return posting


# --- Which addresses ----------------------------------------------------------------------------------


def test_names_every_live_posting_and_every_page_that_lists_some(client):
    make_posting(slug="gardener")
    make_posting(slug="no-name", company=None)
    make_company("Hollow Works")
    assert list(read(client, "/sitemap.xml")) == [f"{HOST}/sitemap-jobs-0.xml", f"{HOST}/sitemap-pages-0.xml"]
    jobs = [f"{HOST}/jobs/gardener/", f"{HOST}/jobs/no-name/"]
    assert list(all_files(client)) == [*jobs, *BOARD, f"{HOST}/companies/lindenhof-labs/"]


def test_every_address_answers(client):
    make_posting(slug="gärtner-&-söhne")
    for address in [*read(client, "/sitemap.xml"), *all_files(client)]:
        assert status_of(client, address.removeprefix(HOST)) == 200, address


@pytest.mark.parametrize("slug", ["gärtner", "c++&c#", "100%", "a:b@c,d;e=f!", "x~y'(z)*", "a?b", "🌱", "slug"])
def test_addresses_are_those_that_pages_link_to(client, slug):
    posting = make_posting(slug=slug)
    assert list(read(client, "/sitemap-jobs-0.xml")) == [f"{HOST}{posting.get_absolute_url()}"]


def test_addresses_are_the_public_ones_whatever_host_was_asked(client, settings):
    settings.SITE_URL = "https://jobs.example"
    make_posting(slug="gardener")
    assert next(iter(read(client, "/sitemap.xml"))) == "https://jobs.example/sitemap-jobs-0.xml"
    assert list(read(client, "/sitemap-jobs-0.xml")) == ["https://jobs.example/jobs/gardener/"]


def test_an_empty_board_has_only_the_page_about_itself(client):
    assert list(read(client, "/sitemap.xml")) == [f"{HOST}/sitemap-pages-0.xml"]
    assert list(read(client, "/sitemap-pages-0.xml")) == [f"{HOST}/about/"]


def test_the_pages_of_values_and_pairs_are_in_it_when_they_hold_enough(client):
    for number in range(3):
        make_with(f"Gardener {number}", ("skill:go", "country:DE", "workplace:remote"))
    make_with("Cook", ("skill:go", "skill:rust", "country:AT"))
    landed = [path.removeprefix(HOST) for path in read(client, "/sitemap-pages-0.xml") if path.count("/") > 4]
    assert landed == [
        "/skills/go/", "/skills/rust/", "/countries/austria/", "/countries/germany/", "/regions/emea/",
        "/regions/europe/", "/regions/european-union/", "/workplaces/remote/", "/skills/go/germany/",
        "/companies/lindenhof-labs/",
    ]  # fmt: skip
    for path in ("/skills/", "/countries/", "/regions/", "/workplaces/"):
        assert f"{HOST}{path}" in read(client, "/sitemap-pages-0.xml")
    assert f"{HOST}/categories/" not in read(client, "/sitemap-pages-0.xml")


@pytest.mark.parametrize("status", [Posting.Status.DRAFT, Posting.Status.CLOSED])
def test_what_nobody_may_see_is_in_no_file(client, status):
    make_posting(slug="gardener")
    make_posting(slug="secret", company="Hollow Works", status=status)
    assert not [address for address in all_files(client) if "secret" in address or "hollow" in address]


def test_a_closed_posting_leaves_at_once_and_before_any_worker_noticed(client, settings):
    closing, _ = make_posting(slug="closing"), make_posting(slug="staying")
    kept = catalogue.current()
    closing.status = Posting.Status.CLOSED
    closing.save()
    assert len(kept.live()) == 2
    assert list(read(client, "/sitemap-jobs-0.xml")) == [f"{HOST}/jobs/staying/"]


def test_a_posting_leaves_to_the_second_at_which_it_expires(client):
    with time_machine.travel(NOON, tick=False) as clock:
        make_posting(slug="ending", company="Hollow Works", expires_at=NOON + HOUR)
        make_posting(slug="staying")
        clock.move_to(NOON + HOUR - dt.timedelta(seconds=1))
        assert f"{HOST}/jobs/ending/" in all_files(client)
        clock.move_to(NOON + HOUR)
        assert not [address for address in all_files(client) if "ending" in address or "hollow" in address]


@pytest.mark.parametrize(
    "address", ["/sitemap-jobs-7.xml", "/sitemap-pages-1.xml", f"/sitemap-jobs-{10**30}.xml", "/sitemap-jobs--1.xml"]
)
def test_a_file_that_is_not_there_is_not_found(client, address):
    make_posting()
    assert status_of(client, address) == 404


def test_only_get_and_head_are_allowed(client):
    assert client.post("/sitemap.xml")["Allow"] == "GET, HEAD"
    assert client.head("/sitemap.xml").status_code == 200


def test_what_did_not_change_is_not_sent_again(client):
    make_posting()
    for address in ("/sitemap.xml", "/sitemap-jobs-0.xml", "/sitemap-pages-0.xml"):
        etag = client.get(address)["ETag"]
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


# --- Parts --------------------------------------------------------------------------------------------


@pytest.fixture
def parts_of_ten(monkeypatch):
    monkeypatch.setattr(sitemaps, "PER_FILE", 10)
    monkeypatch.setattr("postings.views.sitemaps.PER_FILE", 10)


def test_a_posting_stays_in_its_file_whatever_comes_and_goes(client, parts_of_ten):
    for pk in (9, 10, 19, 35):
        make_posting(pk=pk, slug=f"gardener-no-{pk}")
    files = [f"{HOST}/sitemap-jobs-{number}.xml" for number in (0, 1, 3)]
    assert list(read(client, "/sitemap.xml"))[:-1] == files
    of_second = [f"{HOST}/jobs/gardener-no-10/", f"{HOST}/jobs/gardener-no-19/"]
    assert list(read(client, "/sitemap-jobs-1.xml")) == of_second
    Posting.objects.get(pk=9).delete()
    assert list(read(client, "/sitemap.xml"))[:-1] == files[1:]
    assert list(read(client, "/sitemap-jobs-1.xml")) == of_second


def test_the_pages_are_split_likewise(client, parts_of_ten):
    for number in range(11):
        make_posting(company=f"Orchard {number}")
    files = [read(client, f"/sitemap-pages-{number}.xml") for number in (0, 1)]
    assert [len(file) for file in files] == [10, 4]
    companies = {f"{HOST}/companies/{company.slug}/" for company in Company.objects.all()}
    assert {*files[0], *files[1]} == {*BOARD, *companies}
    assert f"{HOST}/sitemap-pages-1.xml" in read(client, "/sitemap.xml")


def test_another_kind_of_page_is_one_more_provider(client, monkeypatch, parts_of_ten):
    make_posting()
    landing = [f"/skills/{number}/" for number in range(20)]
    monkeypatch.setattr(sitemaps, "PROVIDERS", [*sitemaps.PROVIDERS, lambda snapshot: landing])
    assert [address.removeprefix(HOST) for address in all_files(client)][-20:] == landing


# --- When they changed --------------------------------------------------------------------------------


def test_says_when_a_posting_changed_and_of_a_part_the_latest_change(client, parts_of_ten):
    changed(make_posting(pk=1, slug="first", expires_at=None), NOON)
    changed(make_posting(pk=2, slug="second", expires_at=None), NOON + HOUR)
    changed(make_posting(pk=12, slug="third", expires_at=None), NOON - HOUR)
    assert read(client, "/sitemap-jobs-0.xml") == {
        f"{HOST}/jobs/first/": "2025-03-10T12:00:00+00:00",
        f"{HOST}/jobs/second/": "2025-03-10T13:00:00+00:00",
    }
    assert list(read(client, "/sitemap.xml").values()) == [
        "2025-03-10T13:00:00+00:00",
        "2025-03-10T11:00:00+00:00",
        None,
    ]


def test_closing_a_posting_changes_its_part(client):
    changed(make_posting(), NOON)
    changed(make_posting(status=Posting.Status.CLOSED), NOON + HOUR)
    assert read(client, "/sitemap.xml")[f"{HOST}/sitemap-jobs-0.xml"] == "2025-03-10T13:00:00+00:00"


def test_a_part_changes_when_the_time_of_a_posting_is_up(client):
    with time_machine.travel(NOON, tick=False) as clock:
        make_posting(expires_at=NOON + HOUR)
        make_posting(expires_at=None)
        # Closed before: the end of what nobody saw any more changes nothing.
        make_posting(status=Posting.Status.CLOSED, expires_at=NOON + 2 * HOUR)
        for hours, expected in ((0, "12"), (1, "13"), (3, "13")):
            clock.move_to(NOON + hours * HOUR)
            catalogue.forget()
            said = read(client, "/sitemap.xml")[f"{HOST}/sitemap-jobs-0.xml"]
            assert said == f"2025-03-10T{expected}:00:00+00:00", hours


def test_nothing_changed_in_the_future(client):
    changed(make_posting(), timezone.now() + HOUR)
    assert {*read(client, "/sitemap.xml"), *read(client, "/sitemap-jobs-0.xml")}


# --- Copies -------------------------------------------------------------------------------------------

SAME = {"title": "Gardener", "place": "Vienna", "expires_at": None}


@pytest.mark.parametrize("company", ["Lindenhof Labs", None])
def test_of_copies_only_the_first_is_named(client, company):
    for slug in ("first", "second", "third"):
        make_posting(slug=slug, company=company, **SAME)
    assert list(read(client, "/sitemap-jobs-0.xml")) == [f"{HOST}/jobs/first/"]
    assert {twins.find(posting).original_slug for posting in Posting.objects.all()} == {"first"}


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Head gardener"},
        {"company": "Hollow Works"},
        {"company": None},
        {"place": "Graz"},
        {"place": "Vienna" + " and around" * 20},
        {"body_markdown": "We fell trees."},
    ],
    ids=str,
)
def test_what_says_anything_else_is_no_copy(client, other):
    places = [{"place": "Vienna" + " and around" * 21}] if len(other.get("place", "")) > 100 else [{}]
    make_posting(slug="first", **SAME | places[0])
    make_posting(slug="second", **SAME | other)
    assert list(read(client, "/sitemap-jobs-0.xml")) == [f"{HOST}/jobs/first/", f"{HOST}/jobs/second/"]
    assert [twins.find(each).original_slug for each in Posting.objects.order_by("pk")] == ["first", "second"]


@pytest.mark.parametrize("end", [{"status": Posting.Status.CLOSED}, {"expires_at": NOON}, {"status": "draft"}], ids=str)
def test_the_copy_of_what_is_not_live_is_an_original(client, end):
    make_posting(slug="first", **SAME | end)
    make_posting(slug="second", **SAME)
    assert list(read(client, "/sitemap-jobs-0.xml")) == [f"{HOST}/jobs/second/"]
    assert twins.find(Posting.objects.get(slug="second")).original_slug == "second"


def test_a_part_of_nothing_but_copies_is_not_there(client, parts_of_ten):
    make_posting(pk=5, **SAME)
    make_posting(pk=15, **SAME)
    make_posting(pk=25, **SAME)
    make_posting(pk=26)  # behind a copy
    files = [f"{HOST}/sitemap-jobs-{number}.xml" for number in (0, 2)]
    assert list(read(client, "/sitemap.xml"))[:-1] == files
    assert status_of(client, "/sitemap-jobs-1.xml") == 404


# --- What the database is asked -----------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 12])
def test_more_postings_ask_no_more_of_the_database(client, django_assert_num_queries, number):
    for _ in range(number):
        make_posting()
    catalogue.current()
    # The board's version; the originals that parts begin with; when the parts changed.
    with django_assert_num_queries(3):
        client.get("/sitemap.xml")
    # The board's version.
    with django_assert_num_queries(1):
        client.get("/sitemap.xml")
    # The part.
    with django_assert_num_queries(1):
        client.get("/sitemap-jobs-0.xml")
    # The board's version; the companies.
    with django_assert_num_queries(2):
        client.get("/sitemap-pages-0.xml")


@pytest.fixture
def some_hundred():
    """As many postings as it takes for PostgreSQL to choose among its indexes with care."""
    one = make_posting(slug="gardener")
    with changes.ignored():
        Posting.objects.bulk_create(
            Posting(
                slug=f"copy-{number}",
                source_slug=f"copy-{number}",
                title=f"Gardener {number % 200}",
                company_id=(number % 3 and one.company_id) or None,
                listed_on=one.listed_on,
            )
            for number in range(600)
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE postings_posting")


def plan_of(asks, words: str) -> str:
    """How the database answers what `asks` asks it: the plan of the one statement that has these words in it."""
    statements = []

    def note(execute, sql, parameters, many, context):
        if words in sql:
            statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        asks()
    [(sql, parameters)] = statements
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of a few rows it would read all; what is asked is whether it can do otherwise.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}", parameters)
        return "\n".join(str(row[-1]) for row in cursor)


def looks_copies_up(plan: str) -> bool:
    """Whether it goes to copies by title, company, place and length, and to those of no company likewise."""
    if connection.vendor == "sqlite":
        return (
            plan.count("USING INDEX posting_copies (title=? AND company_id=? AND <expr>=? AND <expr>=? AND rowid<?)")
            == 2
        )
    begin = r"posting_copies on .*\n *Index Cond: .*title\)?(?:::text)? = .*"
    end = r".*substr\(place, 1, 100\) = .*length\(body_html\) = "
    return all(re.search(begin + company + end, plan) for company in ("company_id = ", "company_id IS NULL"))


def test_a_part_is_read_along_the_primary_key_and_copies_are_looked_up(client, some_hundred):
    plan = plan_of(lambda: client.get("/sitemap-jobs-0.xml"), "body_html")
    along_the_key = (
        r"PRIMARY KEY \(rowid>\? AND rowid<\?\)|postings_posting_pkey.*\n *Index Cond: \(\(id >= 0\) AND \(id < "
    )
    assert re.search(along_the_key, plan), plan
    assert looks_copies_up(plan), plan
    assert not re.search("TEMP B-TREE|Sort", plan), plan


def test_what_is_alike_is_looked_up_by_title_and_company(some_hundred):
    posting = Posting.objects.get(slug="gardener")
    plan = plan_of(lambda: twins.find(posting), "place")
    assert re.search(r"posting_copies \(title=\? AND company_id=\?\)|Index Cond: .*title.*company_id = ", plan), plan


def test_when_the_parts_changed_is_read_from_an_index_alone(client, some_hundred):
    plan = plan_of(lambda: client.get("/sitemap.xml"), "written")
    assert re.search("COVERING INDEX posting_changes|Index Only Scan using posting_changes", plan), plan
