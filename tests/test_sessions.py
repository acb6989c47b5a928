"""How long somebody stays logged in, which passwords are taken, and that no account is there that nobody made."""

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from postings.models import Posting
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

PASSWORD = "apple pie and custard"
ANOTHER = "plum crumble with cream"


@pytest.fixture
def ada():
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def logged_in(password: str = PASSWORD) -> Client:
    client = Client()
    assert client.post("/admin/login/?next=/admin/", {"username": "ada", "password": password}).status_code == 302
    return client


def gets_in(client: Client, address: str = "/admin/") -> bool:
    response = client.get(address)
    if response.status_code == 302:
        assert response["Location"] == f"/admin/login/?next={address}"
    return response.status_code == 200


# --- Its end ------------------------------------------------------------------------------------------


def test_a_session_ends_with_the_browser(ada):
    cookie = logged_in().cookies["sessionid"]
    assert not cookie["max-age"] and not cookie["expires"]


def test_a_session_ends_after_two_hours_without_a_page(ada, clock):
    client = logged_in()
    clock.shift(dt.timedelta(hours=1, minutes=59))
    assert gets_in(client)
    clock.shift(dt.timedelta(hours=1, minutes=59))
    assert gets_in(client)
    clock.shift(dt.timedelta(hours=2))
    assert not gets_in(client)


def test_a_session_ends_after_twelve_hours_of_work(ada, clock):
    client = logged_in()
    for _ in range(12 * 60 // 20 - 1):
        clock.shift(dt.timedelta(minutes=20))
        assert gets_in(client)
    clock.shift(dt.timedelta(minutes=20))
    assert not gets_in(client)
    assert not Session.objects.exists()
    assert client.get("/admin/login/").status_code == 200
    assert gets_in(logged_in())


def test_the_form_after_the_end_is_the_plain_one(ada, clock):
    client = logged_in()
    for _ in range(12):
        clock.shift(dt.timedelta(hours=1))
        response = client.get("/admin/login/")
    assert response.status_code == 200
    assert "You are authenticated" not in response.content.decode()


def test_who_sends_a_form_after_the_end_changes_nothing(ada, clock):
    posting = make_posting(title="Gardener")
    client = logged_in()
    clock.shift(dt.timedelta(hours=2))
    client.post(f"/admin/postings/posting/{posting.pk}/delete/", {"post": "yes"})
    assert Posting.objects.filter(pk=posting.pk).exists()


def test_a_session_from_before_there_was_an_end_is_over(ada):
    client = logged_in()
    session = client.session
    del session["began"]
    session.save()
    assert not gets_in(client)


def test_pages_that_are_only_looked_at_write_no_session_but_now_and_then(ada, clock):
    client = logged_in()
    before = Session.objects.get().expire_date
    clock.shift(dt.timedelta(minutes=9))
    assert gets_in(client) and Session.objects.get().expire_date == before
    clock.shift(dt.timedelta(minutes=1))
    assert gets_in(client) and Session.objects.get().expire_date > before


def test_a_draft_is_not_shown_to_whose_session_is_over(ada, clock):
    draft = make_posting(slug="draft", status=Posting.Status.DRAFT)
    client = logged_in()
    for _ in range(11):
        clock.shift(dt.timedelta(hours=1))
        assert gets_in(client) and client.get(draft.get_absolute_url()).status_code == 200
    clock.shift(dt.timedelta(hours=1))
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_cron_deletes_the_sessions_that_are_over(ada):
    with time_machine.travel(timezone.now() - dt.timedelta(hours=3)):
        logged_in()
    lasting = logged_in()
    call_command("close_expired")
    assert Session.objects.count() == 1 and gets_in(lasting)


# --- Passwords ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Xk4!vq9Zr2m", "at least 12 characters"),
        ("qwerty123456", "too common"),
        ("918273645546", "entirely numeric"),
        ("ada.lovelace", "too similar to the username"),
    ],
)
def test_a_weak_password_is_refused(password, said):
    with pytest.raises(ValidationError, match=said):
        validate_password(password, User(username="ada.lovelace1"))


def test_a_long_password_is_taken(ada):
    validate_password(PASSWORD, ada)


@pytest.mark.parametrize("address", ["/admin/auth/user/add/", "/admin/password_change/"])
def test_the_admins_forms_hold_to_the_rules(ada, address):
    client, before = logged_in(), User.objects.count()
    data = {"username": "bob", "usable_password": "true", "old_password": PASSWORD}
    weak = {f"{name}{number}": "Xk4!vq9Zr2m" for name in ("password", "new_password") for number in (1, 2)}
    response = client.post(address, data | weak)
    assert response.status_code == 200 and "at least 12 characters" in response.content.decode()
    assert User.objects.count() == before and User.objects.get(username="ada").check_password(PASSWORD)


def change_it_oneself(client: Client) -> None:
    data = {"old_password": PASSWORD, "new_password1": ANOTHER, "new_password2": ANOTHER}
    assert client.post("/admin/password_change/", data).status_code == 302


def have_it_changed(client: Client) -> None:
    data = {"usable_password": "true", "password1": ANOTHER, "password2": ANOTHER}
    user = User.objects.get(username="ada")
    assert client.post(f"/admin/auth/user/{user.pk}/password/", data).status_code == 302


@pytest.mark.parametrize("change", [change_it_oneself, have_it_changed])
def test_another_password_ends_ones_other_sessions(ada, change):
    stolen, own = logged_in(), logged_in()
    assert gets_in(stolen)
    change(own)
    assert not gets_in(stolen)
    assert gets_in(own)


def test_who_is_no_longer_staff_or_active_is_out_at_once(ada):
    client = logged_in()
    for gone in ({"is_staff": False}, {"is_staff": True, "is_active": False}):
        assert gets_in(client)
        User.objects.update(**gone)
        assert not gets_in(client)
        User.objects.update(is_staff=True, is_active=True)


# --- Accounts -----------------------------------------------------------------------------------------


def test_a_fresh_board_has_no_account_and_makes_the_first_one_by_command(monkeypatch):
    call_command("load_samples")
    assert not User.objects.exists()
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="ada", email="ada@jobs.example", interactive=False)
    assert gets_in(logged_in())
