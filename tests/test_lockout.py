"""Who fails to log in too often is refused for a while, and nobody else."""

import datetime as dt
import logging

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postings import lockout, upkeep
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/?next=/admin/"
PASSWORD = "apple pie and custard"
REFUSED_AT = 10  # by one address
WORN_OUT_AT = 12  # by one name, from wherever; on a board it is 50


@pytest.fixture
def ada(settings):
    assert (settings.FAILED_LOGINS_OF_AN_ADDRESS, settings.FAILED_LOGINS_OF_A_NAME) == (10, 50)
    settings.FAILED_LOGINS_OF_A_NAME = WORN_OUT_AT
    return User.objects.create_superuser("ada", password=PASSWORD)


def attempt(name: str, password: str = "wrong", address: str = "203.0.113.7", client: Client | None = None, **headers):
    client = client or Client()
    return client.post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR=address, headers=headers)


def fail(times: int, name: str = "ada", address: str = "203.0.113.7") -> list[int]:
    return [attempt(name, address=address).status_code for _ in range(times)]


def wear_out(name: str) -> None:
    """Fails so often with a name, from so many addresses, that it is refused."""
    for number in range(WORN_OUT_AT):
        assert attempt(name, address=f"198.51.100.{number}").status_code == (200 if number < WORN_OUT_AT - 1 else 429)


# --- By address ---------------------------------------------------------------------------------------


def test_the_tenth_failure_of_an_address_is_the_last_one_that_is_looked_at(ada):
    assert fail(REFUSED_AT) == [200] * (REFUSED_AT - 1) + [429]
    # Not even with the right password, or else guessing could go on.
    assert attempt("ada", PASSWORD).status_code == 429


def test_a_login_form_can_still_be_looked_at_and_other_addresses_get_in(ada):
    fail(REFUSED_AT)
    assert Client().get(LOGIN, REMOTE_ADDR="203.0.113.7").status_code == 200
    assert attempt("ada", PASSWORD, address="203.0.113.8").status_code == 302


def test_other_names_browsers_and_headers_do_not_help(ada):
    for number in range(REFUSED_AT):
        response = attempt(
            f"name-{number}",
            **{
                "User-Agent": f"browser {number}",
                "X-Forwarded-For": f"203.0.113.{number}",
                "X-Real-IP": f"203.0.113.{number}",
                "Forwarded": f"for=203.0.113.{number}",
                "Accept": f"text/{number}",
                "Cookie": f"known_browser={number}",
            },
        )
    assert response.status_code == 429


def test_behind_a_declared_proxy_it_is_the_address_that_the_proxy_saw(ada, settings):
    settings.PROXY_COUNT = 1
    for number in range(REFUSED_AT):
        # What stands further left anybody can write.
        header = {"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.7"}
        response = attempt("ada", address="10.0.0.1", **header)
    assert response.status_code == 429
    assert attempt("ada", PASSWORD, address="10.0.0.1", **{"X-Forwarded-For": "203.0.113.8"}).status_code == 302


def test_an_ipv6_network_is_one_address(ada):
    codes = [attempt("ada", address=f"2001:db8:0:1::{number:x}").status_code for number in range(REFUSED_AT)]
    assert codes[-1] == 429
    assert {each.ip_address for each in AccessAttempt.objects.all()} == {"2001:db8:0:1::"}
    assert attempt("ada", PASSWORD, address="2001:db8:0:2::1").status_code == 302


@pytest.mark.parametrize("said", ["", "unix:", "jobs.example", "203.0.113.7.1", "x" * 5_000, "a\x00b"])
def test_those_whose_address_cannot_be_read_are_counted_together(ada, settings, said):
    settings.PROXY_COUNT = 1
    codes = [attempt("ada", address="", **{"X-Forwarded-For": said}).status_code for _ in range(REFUSED_AT)]
    assert codes[-1] == 429
    assert [each.ip_address for each in AccessAttempt.objects.all()] == [lockout.NO_ADDRESS]


def test_a_login_forgives_ones_own_failures_and_none_by_other_names(ada):
    fail(REFUSED_AT - 2)
    assert attempt("ada", PASSWORD).status_code == 302
    assert fail(REFUSED_AT - 1, "ada") == [200] * (REFUSED_AT - 1)
    attempt("ada", PASSWORD)
    # Who has an account may not try others' names for ever by logging in to it now and then.
    fail(REFUSED_AT - 1, "bob")
    attempt("ada", PASSWORD)
    assert fail(1, "bob") == [429]


# --- By name ------------------------------------------------------------------------------------------


def test_a_name_that_is_tried_from_everywhere_is_refused_from_everywhere(ada):
    wear_out("ada")
    assert attempt("ada", PASSWORD, address="203.0.113.99").status_code == 429
    assert attempt("bob", address="203.0.113.99").status_code == 200


def test_a_name_that_nobody_has_is_refused_like_any_other(ada):
    wear_out("nobody")
    there, not_there = attempt("ada", address="192.0.2.1"), attempt("nobody", address="192.0.2.2")
    assert (there.status_code, not_there.status_code) == (200, 429)
    said = [attempt(name, address="192.0.2.3") for name in ("ada", "somebody")]
    without_token_and_name = [
        response.content.replace(name.encode(), b"").split(b"csrfmiddlewaretoken")[0]
        for response, name in zip(said, ("ada", "somebody"), strict=True)
    ]
    assert without_token_and_name[0] == without_token_and_name[1]


def test_nobody_is_kept_out_from_afar_in_a_browser_that_logged_in_before(ada):
    known = Client()
    attempt("ada", PASSWORD, client=known)
    known.post("/admin/logout/")
    wear_out("ada")
    assert attempt("ada", PASSWORD, address="192.0.2.9").status_code == 429
    assert attempt("ada", PASSWORD, client=known, address="192.0.2.9").status_code == 302


def test_a_known_browser_is_known_for_its_own_name_alone(ada):
    User.objects.create_superuser("bob", password=PASSWORD)
    client = Client()
    cookie = attempt("bob", PASSWORD, client=client).cookies["known_browser"]
    wear_out("ada")
    for value, name, status in (
        (cookie.value, "ada", 429),
        (cookie.value, "bob", 302),
        (cookie.value[:-1], "ada", 429),
    ):
        header = {"Cookie": f"known_browser={value}"}
        assert attempt(name, PASSWORD, address="192.0.2.9", **header).status_code == status


def test_a_known_browser_may_not_try_for_ever(ada):
    client = Client()
    attempt("ada", PASSWORD, client=client)
    codes = [attempt("ada", client=client).status_code for _ in range(REFUSED_AT)]
    assert codes[-1] == 429


def test_the_mark_of_a_known_browser_goes_to_the_login_alone(ada):
    client = Client()
    cookie = attempt("ada", PASSWORD, client=client).cookies["known_browser"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/admin/login/", True, "Strict")
    assert "known_browser" not in attempt("ada", client=Client()).cookies


# --- What is said -------------------------------------------------------------------------------------


def test_the_page_says_how_long_and_how_the_owner_gets_in(ada):
    fail(REFUSED_AT)
    response = attempt("ada", PASSWORD)
    said = response.content.decode()
    assert "Wait 15 minutes" in said and "manage.py axes_reset" in said
    assert response["Retry-After"] == "900"
    assert "no-store" in response["Cache-Control"]
    assert "ada" not in said and "203.0.113" not in said


def test_the_form_still_needs_its_token(ada):
    client = Client(enforce_csrf_checks=True)
    assert attempt("ada", client=client).status_code == 403
    assert not AccessAttempt.objects.exists()


def test_the_log_names_neither_name_nor_address_nor_password(ada, caplog):
    caplog.set_level(logging.INFO)
    fail(REFUSED_AT + 5, "ada")
    attempt("ada", "apple-crumble")
    said = [record.getMessage() for record in caplog.records if not record.name.startswith("axes")]
    assert [line for line in said if "refused" in line] == [
        "Too many failed logins: who goes on is refused for a while"
    ]
    assert not [line for line in said if "ada" in line or "203.0.113" in line or "apple-crumble" in line]


def test_the_librarys_own_lines_are_not_written(settings):
    assert settings.LOGGING["loggers"]["axes"]["level"] == "ERROR"


# --- What is kept -------------------------------------------------------------------------------------


def test_of_a_failure_little_is_kept_and_of_a_login_nothing(ada):
    data = {"username": "ada", "password": "wrong", "more": "apple-crumble"}
    Client().post(f"{LOGIN}&q=apple-crumble", data, headers={"User-Agent": "a browser", "Accept": "text/x-apple"})
    Client().post(LOGIN, data, headers={"User-Agent": "another", "Accept": "text/x-apple"})
    row = AccessAttempt.objects.values().get()
    kept = {name: value for name, value in row.items() if name not in ("id", "attempt_time") and value}
    assert kept == {"username": "ada", "ip_address": "127.0.0.1", "failures_since_start": 2}
    attempt("ada", PASSWORD, address="127.0.0.1")
    assert not AccessAttempt.objects.exists() and not AccessLog.objects.exists()
    assert not AccessFailureLog.objects.exists()


def test_a_quarter_of_an_hour_later_nothing_counts_and_nothing_is_kept(ada):
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        fail(REFUSED_AT)
        clock.shift(dt.timedelta(minutes=14, seconds=59))
        # To try on makes it no longer.
        assert attempt("ada", PASSWORD).status_code == 429
        upkeep.look_after()
        assert AccessAttempt.objects.exists()
        clock.shift(dt.timedelta(seconds=2))
        upkeep.look_after()
        assert not AccessAttempt.objects.exists()
        assert attempt("ada", PASSWORD).status_code == 302


def test_cron_forgets_as_well(ada):
    with time_machine.travel(timezone.now() - dt.timedelta(minutes=16)):
        fail(2)
    call_command("close_expired")
    assert not AccessAttempt.objects.exists()


def test_the_owner_lets_everybody_try_again(ada):
    fail(REFUSED_AT)
    call_command("axes_reset")
    assert attempt("ada", PASSWORD).status_code == 302


# --- The public pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/jobs/gardener/", "/apply/gardener", "/about/"])
def test_public_pages_ask_nothing_of_it(client, address):
    make_posting(slug="gardener")
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
    assert not [query["sql"] for query in queries if "axes" in query["sql"] or "session" in query["sql"]]
    assert not response.cookies
