"""The way to the employer, /apply/<slug>, and the counting of it."""

import datetime as dt
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import time_machine
from django.db import InterfaceError, OperationalError, connection, connections
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from postings import applying, clicks, visitors
from postings.journal import Journal
from postings.models import DailyClicks, Posting, PostingQuerySet
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
    """Click-throughs by kind, over all postings and days; kinds that came down to zero are left out."""
    return {
        kind: total for kind, total in DailyClicks.objects.values_list("kind").annotate(total=Sum("count")) if total
    }


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


def test_one_more_click_takes_few_queries(person, posting, django_assert_num_queries):
    person.get("/apply/gardener")
    with django_assert_num_queries(6) as asked:
        # 1 where it leads
        # 2 the beginning of the transaction (here a savepoint)
        # 3 the visitor's latest click-throughs
        # 4 this one among them
        # 5 one more
        # 6 the end of the transaction
        person.get("/apply/gardener")
    assert counts() == {"person": 1, "repeat": 1}
    assert "body" not in asked[0]["sql"]
    assert "title" not in asked[0]["sql"]


# --- A parameter that says where the applicant came from ----------------------------------------------


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example", "https://a.example?ref=board&utm_source=a+b"),
        ("https://a.example/apply/x-1", "https://a.example/apply/x-1?ref=board&utm_source=a+b"),
        ("https://a.example/?id=7", "https://a.example/?id=7&ref=board&utm_source=a+b"),
        ("https://a.example/?", "https://a.example/?ref=board&utm_source=a+b"),
        ("https://a.example/?id=7&", "https://a.example/?id=7&ref=board&utm_source=a+b"),
        ("https://a.example/x#/apply?step=1", "https://a.example/x?ref=board&utm_source=a+b#/apply?step=1"),
        ("https://a.example/?q=a+b%20c;d=%C3%A9&e", "https://a.example/?q=a+b%20c;d=%C3%A9&e&ref=board&utm_source=a+b"),
        # What the employer has set already stays.
        ("https://a.example/?ref=theirs", "https://a.example/?ref=theirs&utm_source=a+b"),
        ("https://a.example/?utm_source&ref=", "https://a.example/?utm_source&ref="),
        ("mailto:jobs@a.example?subject=x", "mailto:jobs@a.example?subject=x"),
        pytest.param("https://a.example/" + "x" * 2020, "https://a.example/" + "x" * 2020, id="too long with it"),
    ],
)
def test_parameters_are_added_without_disturbing_the_rest(person, settings, address, expected):
    settings.APPLY_PARAMETERS = [("ref", "board"), ("utm_source", "a b")]
    posting = make_posting(apply_url=address)
    assert person.get(f"/apply/{posting.slug}")["Location"] == expected


# --- When the database does not answer ---------------------------------------------------------------


@pytest.fixture
def go_away(monkeypatch):
    """Call it, and the database's next answers are errors."""

    def fail(*args):
        raise OperationalError("the database is away")

    def go_away():
        monkeypatch.setattr(PostingQuerySet, "ever_shown", fail)
        # Asked by a statement that was made of that before.
        monkeypatch.setattr(applying._destination, "rows", fail)

    return go_away


def test_where_the_address_cannot_be_read_it_says_when_to_come_back(person, posting, go_away, caplog):
    go_away()
    response = person.get("/apply/gardener")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"
    assert not response.has_header("Location")
    assert "cannot look that up just now" in response.content.decode()
    assert "the database is away" in caplog.text
    assert not counts()


@pytest.mark.parametrize("page", ["/apply/gardener", "/jobs/gardener/"])
def test_an_address_that_was_read_lately_leads_on_without_the_database(person, posting, go_away, page):
    person.get(page)
    before = sum(counts().values())
    go_away()
    response = person.get("/apply/gardener")
    assert (response.status_code, response["Location"]) == (302, posting.apply_url)
    assert sum(counts().values()) == before + 1


def test_what_expired_meanwhile_is_not_live_from_memory_either(person, posting, go_away):
    Posting.objects.update(expires_at=timezone.now() + dt.timedelta(hours=1))
    person.get("/apply/gardener")
    go_away()
    assert applying.find("gardener").is_live
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        assert not applying.find("gardener").is_live
        # What is said of its end is not known without the database.
        response = person.get("/apply/gardener")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_an_address_that_changed_is_not_taken_from_memory(person, posting):
    person.get("/apply/gardener")
    Posting.objects.update(apply_url="https://new.example/apply")
    assert person.get("/apply/gardener")["Location"] == "https://new.example/apply"


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(applying, "MOST_REMEMBERED", 3)
    for number in range(5):
        applying.remember(f"posting-{number}", applying.Destination(number, "https://a.example", "live", None))
    assert list(applying._remembered) == ["posting-2", "posting-3", "posting-4"]
    for number in (2, 5):
        applying.remember(f"posting-{number}", applying.Destination(number, "https://a.example", "live", None))
    assert list(applying._remembered) == ["posting-4", "posting-2", "posting-5"]


# --- When the count cannot be taken ------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [OperationalError("database or disk is full"), InterfaceError("connection already closed")]
)
def test_a_database_that_cannot_take_the_count_keeps_nobody_from_going_on(
    person, posting, monkeypatch, caplog, journal, error
):
    def write(*args):
        raise error

    monkeypatch.setattr(clicks, "_write", write)
    response = person.get("/apply/gardener")
    assert (response.status_code, response["Location"]) == (302, posting.apply_url)
    assert not counts()
    [record] = [record for record in caplog.records if record.name == "postings.clicks"]
    assert record.getMessage() == f"A click-through of posting {posting.pk} waits in the journal: {error}"
    assert len(Journal(journal).read()[1]) == 1


def test_a_count_that_fails_halfway_leaves_nothing_behind(person, posting, monkeypatch):
    write = clicks._write

    def write_and_fail(*args):
        write(*args)
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(clicks, "_write", write_and_fail)
        assert person.get("/apply/gardener").status_code == 302
    assert not counts()
    assert clicks.fold() == 1
    assert counts() == {"person": 1}


def test_a_click_that_nothing_takes_is_in_the_log(person, posting, monkeypatch, caplog, settings, tmp_path):
    settings.CLICK_JOURNAL = tmp_path / "no such folder" / "clicks.journal"

    def write(*args):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(clicks, "_write", write)
    assert person.get("/apply/gardener").status_code == 302
    # All that it says: the hash of the visitor does not go into the log.
    said = f"A click-through of posting {posting.pk} ({timezone.now():%Y-%m-%d}, people) is lost, for neither database"
    assert f"{said} nor journal takes it" in [record.getMessage() for record in caplog.records]


# --- Many at once ------------------------------------------------------------------------------------

THREADS, CLICKS_EACH = 8, 10


def click_at_once(slugs: list[str]) -> list[int]:
    """Clicks from several threads that start together; the status of every answer."""
    begin, statuses = threading.Barrier(THREADS), []
    # On a busy machine eight that wait for it at once may take longer than an applicant is to wait.
    visitors.prepare()

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
    clicks.fold()
    assert counts() == {"person": 1, "repeat": THREADS * CLICKS_EACH - 1}


def run_on_a_file(script: str, folder: Path, options: str = "") -> subprocess.CompletedProcess[str]:
    """Runs Python in a process of its own, whose SQLite is a file with a file's locks."""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": f"sqlite:///{folder}/board.sqlite3{options}",
            "CLICK_JOURNAL": f"{folder}/clicks.journal",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


AT_ONCE_ON_A_FILE = """
import django
django.setup()
from django.core.management import call_command
from django.test.utils import setup_test_environment
setup_test_environment()
call_command("migrate", verbosity=0)
from postings import clicks
from tests.factories import make_posting
from tests.test_apply import click_at_once, counts
make_posting(slug="gardener")
statuses = click_at_once(["gardener"])
clicks.fold()
print(sorted(set(statuses)), len(statuses), counts())
"""


@pytest.mark.slow
def test_clicks_at_once_are_all_counted_in_a_sqlite_file(tmp_path):
    done = run_on_a_file(AT_ONCE_ON_A_FILE, tmp_path)
    told = f"{{'person': 1, 'repeat': {THREADS * CLICKS_EACH - 1}}}"
    assert done.stdout.strip() == f"[302] {THREADS * CLICKS_EACH} {told}", done.stderr


LOCKED_AND_NOT_OPEN = """
import sqlite3, time
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
call_command("migrate", verbosity=0)
from postings import clicks
from tests.factories import make_posting
from tests.test_apply import FIREFOX, counts
make_posting(slug="gardener")
person = Client(headers={"User-Agent": FIREFOX})
person.get("/apply/gardener")
connection.close()
other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
begun = time.monotonic()
status = person.get("/apply/gardener").status_code
in_time = time.monotonic() - begun < 3
other.execute("ROLLBACK")
person.get("/apply/gardener")
with connection.cursor() as cursor:
    [usual] = cursor.execute("PRAGMA busy_timeout").fetchone()
print(status, in_time, clicks.fold(), usual, counts())
"""


@pytest.mark.slow
def test_a_locked_file_that_this_thread_has_not_open_keeps_nobody_waiting(tmp_path):
    """Opening it takes a lock, too: of a thread's first request, and every ten minutes."""
    done = run_on_a_file(LOCKED_AND_NOT_OPEN, tmp_path)
    assert done.stdout.strip() == "302 True 1 5000 {'person': 1, 'repeat': 2}", done.stderr
