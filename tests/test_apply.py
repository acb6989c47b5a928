"""The way to the employer, /apply/<slug>, and the counting of it."""

import datetime as dt
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import time_machine
from django.db import InterfaceError, OperationalError, connection, connections
from django.test import Client
from django.utils import timezone

from postings.models import DailyClicks, DailyClicksQuerySet, Posting
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def person():
    """A visitor with a browser."""
    return Client(headers={"User-Agent": FIREFOX})


@pytest.fixture
def posting():
    return make_posting(slug="gardener", apply_url="https://jobs.lindenhof.example/apply/gardener")


def counts() -> dict[str, int]:
    return dict(DailyClicks.objects.values_list("kind", "count"))


# --- Where it leads ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://jobs.lindenhof.example/apply/gardener",
        "http://jobs.lindenhof.example",
        "https://jobs.lindenhof.example:8443/a;b/c,d?x=1&y=%20z&z=a+b#top",
        "https://xn--bcher-kva.example/stelle/k%C3%B6ln",
        "https://[2001:db8::1]/apply",
        "https://jobs.lindenhof.example/?next=https://other.example/%0d%0aSet-Cookie:x",
        "mailto:jobs@lindenhof.example",
        "mailto:o'neill+jobs@lindenhof.example?subject=Gardener%20%26%20more",
    ],
)
def test_leads_to_exactly_the_stored_address(person, address):
    posting = make_posting(apply_url=address)
    response = person.get(f"/apply/{posting.slug}")
    assert response.status_code == 302
    assert [value for name, value in response.items() if name.lower() == "location"] == [address]


@pytest.mark.parametrize(
    "query",
    ["url=https://evil.example", "next=//evil.example", "redirect=https://evil.example&to=x", "slug=other", "%00"],
)
def test_nothing_in_the_request_changes_where_it_leads(person, posting, query):
    response = person.get(
        f"/apply/gardener?{query}",
        headers={
            "X-Forwarded-Host": "evil.example",
            "X-Original-URL": "/apply/other",
            "Referer": "https://evil.example",
        },
    )
    assert response["Location"] == posting.apply_url


def test_it_is_not_kept_not_indexed_and_says_little_of_where_it_came_from(person, posting):
    response = person.get("/apply/gardener")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "///evil.example",
        "https:evil.example",
        "https:///evil.example",
        "ftp://evil.example/",
        "https://user:pw@evil.example/",
        "https://evil.example:99999/",
        "https://[::1",
        "https://evil.example\\@good.example/",
        "https://good.example/\r\nSet-Cookie: x=1",
        "mailto:a@b.example,c@d.example",
        "mailto:a@b.example?bcc=c@d.example",
        "/admin/",
        "",
    ],
)
def test_a_stored_address_that_is_not_one_sends_nobody_anywhere(person, posting, address):
    # Stored by something that goes around the checks.
    Posting.objects.update(apply_url=address)
    response = person.get("/apply/gardener")
    assert response.status_code == 404
    assert not response.has_header("Location")
    assert "<h1>Page not found</h1>" in response.content.decode()
    assert not counts()


@pytest.mark.parametrize("address", ["mailto:a@[x", "mailto:a@b\u2100.example"])
def test_a_stored_mail_address_with_an_unreadable_host_sends_nobody_anywhere(person, posting, address):
    Posting.objects.update(apply_url=address)
    assert person.get("/apply/gardener").status_code == 404


def test_the_log_says_why_a_stored_address_sends_nobody_anywhere(person, posting, caplog):
    Posting.objects.update(apply_url="javascript:alert(1)")
    person.get("/apply/gardener")
    assert "not http:, https: or mailto:" in caplog.text


def test_an_unknown_posting_and_a_draft_are_not_found(person):
    make_posting(slug="secret", status=Posting.Status.DRAFT)
    for slug in ("no-such", "secret", "%ED%A0%80", "a/b", "x" * 3000):
        response = person.get(f"/apply/{slug}")
        assert response.status_code == 404
        assert not response.has_header("Location")


def test_a_nul_is_a_bad_request(person):
    assert person.get("/apply/a%00b").status_code == 400


@pytest.mark.parametrize("fields", [{"status": "closed"}, {"expires_at": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)}])
def test_a_closed_or_expired_posting_is_gone_and_the_page_helps_on(person, fields):
    make_posting(slug="gone", company="Ahorn", **fields)
    make_posting(title="Still open", company="Ahorn")
    response = person.get("/apply/gone")
    assert response.status_code == 410
    assert not response.has_header("Location")
    assert response["Cache-Control"] == "no-store"
    assert "Still open" in response.content.decode()
    assert not counts()


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_only_get_and_head_are_allowed(posting, method):
    visitor = Client(enforce_csrf_checks=True, headers={"User-Agent": FIREFOX})
    response = getattr(visitor, method)("/apply/gardener")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert not counts()


def test_no_public_page_sets_a_cookie_or_differs_by_one(person, posting):
    make_posting(slug="gone", status=Posting.Status.CLOSED)
    pages = [
        "/",
        "/?q=gardener&page=2",
        "/?q=",
        "/jobs/gardener/",
        "/jobs/gone/",
        "/jobs/no/",
        "/apply/gardener",
        "/apply/gone",
    ]
    for address in pages:
        response = person.get(address)
        assert not response.cookies, address
        assert "cookie" not in response.get("Vary", "").lower(), address


# --- What is counted ---------------------------------------------------------------------------------


def test_going_on_counts_one_person(person, posting):
    person.get("/apply/gardener")
    [clicks] = DailyClicks.objects.all()
    assert (clicks.posting, clicks.kind, clicks.count) == (posting, "person", 1)


def test_head_leads_the_same_way_and_counts_nothing(person, posting):
    response = person.head("/apply/gardener")
    assert (response.status_code, response["Location"]) == (302, posting.apply_url)
    assert not counts()


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"User-Agent": FIREFOX}, "person"),
        ({"User-Agent": FIREFOX, "Sec-Purpose": "prefetch"}, "prefetch"),
        ({"User-Agent": FIREFOX, "Sec-Purpose": "prefetch;prerender"}, "prefetch"),
        ({"User-Agent": FIREFOX, "Purpose": "Prefetch"}, "prefetch"),
        ({"User-Agent": FIREFOX, "X-Purpose": "preview"}, "prefetch"),
        ({"User-Agent": FIREFOX, "X-Moz": "prefetch"}, "prefetch"),
        ({"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "bot"),
        ({"User-Agent": "curl/8.5.0"}, "bot"),
        ({"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, "bot"),
        ({"User-Agent": ""}, "bot"),
        ({"User-Agent": "  "}, "bot"),
        ({}, "bot"),
        ({"User-Agent": FIREFOX + " \x00\r\nBot: x" * 5000}, "person"),
    ],
)
def test_what_made_the_request_is_told_by_what_it_says_of_itself(posting, headers, kind):
    response = Client(headers=headers).get("/apply/gardener")
    # Whoever it was: the way on is open.
    assert response["Location"] == posting.apply_url
    assert counts() == {kind: 1}


def test_clicks_add_up_in_one_row_per_posting_day_and_kind(person, posting):
    other = make_posting(slug="cook")
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    Posting.objects.update(expires_at=None)
    with time_machine.travel(noon, tick=False):
        person.get("/apply/gardener")
        person.get("/apply/gardener")
        Client().get("/apply/gardener")
        person.get("/apply/cook")
    with time_machine.travel(noon + dt.timedelta(days=1), tick=False):
        person.get("/apply/gardener")
    rows = DailyClicks.objects.order_by("day", "posting", "kind").values_list("posting", "day", "kind", "count")
    assert list(rows) == [
        (posting.pk, dt.date(2026, 3, 1), "bot", 1),
        (posting.pk, dt.date(2026, 3, 1), "person", 2),
        (other.pk, dt.date(2026, 3, 1), "person", 1),
        (posting.pk, dt.date(2026, 3, 2), "person", 1),
    ]


def test_a_day_ends_at_midnight_utc(person, posting, settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    Posting.objects.update(expires_at=None)
    with time_machine.travel(dt.datetime(2026, 3, 1, 23, 59, 59, tzinfo=dt.UTC), tick=False):
        person.get("/apply/gardener")
    with time_machine.travel(dt.datetime(2026, 3, 2, 0, 0, 0, tzinfo=dt.UTC), tick=False):
        person.get("/apply/gardener")
    assert list(DailyClicks.objects.order_by("day").values_list("day", "count")) == [
        (dt.date(2026, 3, 1), 1),
        (dt.date(2026, 3, 2), 1),
    ]


def test_whoever_loses_the_race_for_the_days_first_row_adds_to_it(posting, monkeypatch):
    """Two first clicks at once, one after the other: the loser has seen no row, and finds one when it writes."""
    today = timezone.now().date()
    update = DailyClicksQuerySet.update
    lost = []

    def update_of_the_loser(self, **values):
        if not lost:
            lost.append(True)
            DailyClicks.objects.create(posting=posting, day=today, kind="person", count=1)
            return 0
        return update(self, **values)

    monkeypatch.setattr(DailyClicksQuerySet, "update", update_of_the_loser)
    DailyClicks.objects.add(posting, today, "person")
    assert counts() == {"person": 2}


def test_a_click_on_a_day_that_has_a_row_takes_two_queries(person, posting, django_assert_num_queries):
    person.get("/apply/gardener")
    with django_assert_num_queries(5):
        # 1 the posting with its company
        # 2 its tags
        # 3 the beginning of the transaction (here a savepoint)
        # 4 one more
        # 5 the end of the transaction
        person.get("/apply/gardener")
    assert counts() == {"person": 2}


# --- When the count cannot be taken ------------------------------------------------------------------


def test_a_database_that_cannot_take_the_count_keeps_nobody_from_going_on(person, posting, monkeypatch, caplog):
    def add(*args):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(DailyClicksQuerySet, "add", add)
    with caplog.at_level(logging.ERROR, logger="postings.clicks"):
        response = person.get("/apply/gardener")
    assert (response.status_code, response["Location"]) == (302, posting.apply_url)
    [record] = [record for record in caplog.records if record.name == "postings.clicks"]
    assert f"posting {posting.pk} could not be counted" in record.getMessage()
    assert "database or disk is full" in str(record.exc_info[1])


def test_a_connection_that_is_gone_keeps_nobody_from_going_on(person, posting, monkeypatch):
    def add(*args):
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(DailyClicksQuerySet, "add", add)
    assert person.get("/apply/gardener")["Location"] == posting.apply_url


def test_a_count_that_fails_halfway_leaves_nothing_behind(person, posting, monkeypatch):
    add = DailyClicksQuerySet.add

    def add_and_fail(*args):
        add(*args)
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(DailyClicksQuerySet, "add", add_and_fail)
    assert person.get("/apply/gardener").status_code == 302
    assert not counts()


# --- Many at once ------------------------------------------------------------------------------------

THREADS, CLICKS_EACH = 8, 10


def click_at_once(slugs: list[str]) -> list[int]:
    """Clicks from several threads that start together; the status of every answer."""
    begin, statuses = threading.Barrier(THREADS), []

    def click():
        visitor = Client(headers={"User-Agent": FIREFOX})
        begin.wait()
        try:
            for number in range(CLICKS_EACH):
                statuses.append(visitor.get(f"/apply/{slugs[number % len(slugs)]}").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


@pytest.mark.django_db(transaction=True)
def test_clicks_at_once_are_all_counted():
    if connection.vendor == "sqlite":
        pytest.skip("the tests' SQLite is in memory, whose locks are others; the next test has a file of its own")
    make_posting(slug="gardener")
    assert click_at_once(["gardener"]) == [302] * THREADS * CLICKS_EACH
    assert counts() == {"person": THREADS * CLICKS_EACH}


AT_ONCE_ON_A_FILE = """
import django
django.setup()
from django.core.management import call_command
from django.test.utils import setup_test_environment
setup_test_environment()
call_command("migrate", verbosity=0)
from tests.factories import make_posting
from tests.test_apply import click_at_once, counts
make_posting(slug="gardener")
statuses = click_at_once(["gardener"])
print(sorted(set(statuses)), len(statuses), counts())
"""


def test_clicks_at_once_are_all_counted_in_a_sqlite_file(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE_ON_A_FILE],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": f"sqlite:///{tmp_path}/board.sqlite3",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == f"[302] {THREADS * CLICKS_EACH} {{'person': {THREADS * CLICKS_EACH}}}", done.stderr
