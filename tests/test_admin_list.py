"""The admin's list of postings: what it shows, is filtered by, and costs."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from postings import visitors
from postings.models import DailyClicks, Posting, PostingTag, Tag
from tests.factories import at_once, make_posting
from tests.marks import slow_but
from tests.test_admin import LIST

pytestmark = pytest.mark.django_db


def found(admin_client, query: str) -> list[str]:
    """The titles on the first page."""
    response = admin_client.get(f"{LIST}?{query}")
    assert response.status_code == 200, query
    return [posting.title for posting in response.context["cl"].result_list]


def tag(posting: Posting, kind: str, code: str, name: str) -> None:
    PostingTag.objects.create(posting=posting, tag=Tag.objects.get_or_create(kind=kind, code=code, name=name)[0])


def clicked(posting: Posting, number: int, days_ago: int, kind: str = "person") -> None:
    day = visitors.today() - dt.timedelta(days=days_ago)
    DailyClicks.objects.create(posting=posting, day=day, kind=kind, count=number)


@pytest.fixture
def four(db):
    """Four postings that differ in all that the list is filtered by."""
    now = timezone.now()
    a = make_posting(title="a", company="Ahorn Labs", place="Vienna", apply_url="https://jobs.ahorn.example/1")
    b = make_posting(title="b", company=None, place="", source="garden", apply_url="https://ahorn.example/2")
    c = make_posting(title="c", company="Birke", place="Graz", expires_at=now + dt.timedelta(days=3))
    d = make_posting(title="d", company="Birke Labs", place="Linz", expires_at=None, published_on="2020-01-01")
    Posting.objects.filter(pk=a.pk).update(salary_currency="EUR", salary_min=40000, salary_period="year")
    tag(a, "country", "AT", "Austria")
    tag(b, "country", "DE", "Germany")
    tag(a, "workplace", "remote", "Remote")
    tag(c, "category", "garden", "Garden")
    clicked(a, 12, 0)
    clicked(b, 1, 27)
    clicked(c, 500, 28)
    clicked(d, 500, 0, kind="bot")
    return a, b, c, d


# What the address asks for, and the titles of the four that are left.
FILTERED = {
    "": "abcd",
    "named=no": "b",
    "named=yes": "acd",
    "place=no": "b",
    "salary=yes": "a",
    "salary=no": "bcd",
    "source=garden": "b",
    "category=garden": "c",
    "category=none": "abd",
    "country=austria": "a",
    "country=none": "cd",
    "workplace=remote": "a",
    "company=birke": "cd",
    "company=Birke": "c",
    "company=lab": "ad",
    "company=nobody": "",
    "host=ahorn.example": "ab",
    "host=jobs.ahorn.example": "a",
    "host=horn.example": "",
    "age=7": "abc",
    "age=older": "d",
    "end=week": "c",
    "end=never": "d",
    "clicked=1": "ab",
    "clicked=10": "a",
    "clicked=0": "cd",
    "company=birke&end=never": "d",
    "q=birke": "cd",
    "q=birke+labs": "d",
    "q=LAB": "ad",
}


def test_it_is_filtered_by_what_it_is_asked_for(admin_client, four):
    # One board for all: making it takes longer than asking.
    assert {query: "".join(sorted(found(admin_client, query))) for query in FILTERED} == FILTERED


NAMES = ["age", "end", "clicked", "salary", "named", "place", "country", "source", "company", "host", "q"]


@pytest.mark.parametrize(
    "value", slow_but(["%00", "9" * 30], ["nonsense", "%00", "%F0%9F%92%A9", "9" * 30, "%22%27%25_"])
)
def test_no_value_is_an_error(admin_client, four, value):
    answers = {name: admin_client.get(f"{LIST}?{name}={value}").status_code for name in NAMES}
    assert answers == dict.fromkeys(NAMES, 200)


def test_words_are_found_as_visitors_write_them(admin_client):
    make_posting(title="Gärtnerin", company="Škoda")
    for query in ("gartnerin", "GÄRTN", "skoda", "škoda"):
        assert found(admin_client, f"q={query}") == ["Gärtnerin"], query


def test_a_posting_is_found_by_its_address_or_a_part_of_it(admin_client):
    make_posting(title="Cook", slug="head-cook-4711")
    for query in ("4711", "d-cook-4", "https://jobs.example/jobs/head-cook-4711/", "/jobs/head-cook-4711"):
        assert found(admin_client, f"q={query}") == ["Cook"], query


def test_drafts_and_what_is_over_are_found_too(admin_client):
    make_posting(title="Cook", status=Posting.Status.DRAFT)
    make_posting(title="Cook", status=Posting.Status.CLOSED)
    assert found(admin_client, "q=cook") == ["Cook", "Cook"]


def test_a_filter_keeps_what_else_was_asked_for(admin_client, four):
    html = admin_client.get(f"{LIST}?q=birke&end=never&company=birke").content.decode()
    form = html.partition('aria-label="Apply host"')[0].rpartition("<form")[2]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', form))
    assert sent == {"q": "birke", "end": "never", "company": "birke"}


def test_a_row_says_what_an_operator_asks_for(admin_client, four):
    html = " ".join(admin_client.get(f"{LIST}?country=austria").content.decode().split())
    for said in ("Ahorn Labs", "Vienna", "from EUR 40,000 a year", "Remote", "Austria", "live", "jobs.ahorn.example"):
        assert f"<span>{said}</span>" in html or f'<span class="of">{said}</span>' in html, said
    assert ">12<" in html


def test_a_page_takes_at_most_twelve_queries_however_it_is_filtered(admin_client, django_assert_max_num_queries, four):
    with at_once():
        for number in range(60):
            tag(make_posting(title=f"Gardener {number}", source=f"source {number % 7}"), "country", "AT", "Austria")
    for query in (
        *("", "q=gardener", "q=gardener+labs", "company=labs", "country=austria", "country=none", "category=none"),
        *("clicked=1", "clicked=0", "reported=review", "told=no", "host=example", "end=week", "o=-4", "q=a&company=b"),
    ):
        with django_assert_max_num_queries(12, info=query):
            admin_client.get(f"{LIST}?{query}")


# --- Addresses that nobody should have typed -----------------------------------------------------------


@pytest.mark.parametrize("tail", ["", "export/"])
@pytest.mark.parametrize(
    "asked",
    [
        "id__in=9999999999999999999999",
        "company__exact=9999999999999999999999",
        "source=%00&company=%00&category=%00",
        "slug=%00",
        "title=%00",
        "q=%00",
        "p=%00&o=%00",
    ],
)
def test_a_list_that_cannot_be_asked_for_is_no_fault_of_the_board(admin_client, asked, tail):
    make_posting()
    assert admin_client.get(f"{LIST}{tail}?{asked}").status_code in (200, 302)


@pytest.mark.parametrize(
    "address",
    [
        "importrun/?started_at__year=9999",
        "importrun/?started_at__year=9999&started_at__month=12",
        "importrun/?source=%00",
        "tag/?kind__exact=%00",
        "report/?reason__exact=%00",
        "historicalposting/?history_user__id__exact=9999999999999999999999",
        "historicalposting/?history_type__exact=%00",
        "company/?id__in=9999999999999999999999",
    ],
)
def test_nor_are_the_other_lists(admin_client, address):
    assert admin_client.get(f"/admin/postings/{address}").status_code in (200, 302)


@pytest.mark.parametrize("key", ["x", "9" * 22, "9" * 5000, "\0", "-1"])
def test_a_key_that_no_row_has_is_refused(admin_client, key):
    data = {"action": "close", "_selected_action": [make_posting().pk, key]}
    assert admin_client.post(LIST, data).status_code == 400
