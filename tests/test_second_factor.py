"""The second factor of logins to the admin: a code of one's phone, or a recovery code."""

import base64
import datetime as dt
import re
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from postings.models import Posting
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

PASSWORD = "apple pie and custard"
PAGE = "/admin/second-factor/"


@pytest.fixture
def ada():
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def with_password() -> Client:
    client = Client()
    assert client.post("/admin/login/?next=/admin/", {"username": "ada", "password": PASSWORD}).status_code == 302
    return client


def gets_in(client: Client, address: str = "/admin/") -> bool:
    return client.get(address).status_code == 200


def code_of(key: bytes) -> str:
    """What an app shows now."""
    totp = TOTP(key)
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06}"


def key_on(html: str) -> bytes:
    return base64.b32decode(re.search(r'class="key">([A-Z2-7 ]+)<', html)[1].replace(" ", ""))


def send(client: Client, do: str, code: str = "", **more: str):
    return client.post(PAGE, {"do": do, "code": code, **more})


def turn_on(client: Client) -> tuple[bytes, list[str]]:
    """The key that is then in the app, and the recovery codes."""
    key = key_on(client.get(PAGE).content.decode())
    response = send(client, "turn-on", code_of(key))
    assert response.status_code == 200
    return key, re.findall(r"<li><code>(\w+)</code>", response.content.decode())


@pytest.fixture
def secured(ada, clock) -> tuple[bytes, list[str]]:
    """Ada has one; that code was used already."""
    made = turn_on(with_password())
    clock.shift(dt.timedelta(minutes=1))
    return made


# --- Turning it on ------------------------------------------------------------------------------------


def test_nobody_has_one_who_did_not_turn_it_on(ada):
    assert gets_in(with_password())


def test_the_page_shows_the_key_as_a_picture_in_words_and_as_a_link(ada, settings):
    html = with_password().get(PAGE).content.decode()
    link = urlsplit(re.search(r'href="(otpauth:[^"]+)"', html)[1].replace("&amp;", "&"))
    assert base64.b32decode(parse_qs(link.query)["secret"][0]) == key_on(html)
    assert parse_qs(link.query)["issuer"] == [settings.SITE_NAME]
    assert "<svg" in html and not re.search(r"<script(?![^>]*src)|style=|src=.https?:", html)


def test_it_is_on_once_the_app_has_shown_that_it_has_the_key(ada):
    client = with_password()
    page = client.get(PAGE).content.decode()
    assert not TOTPDevice.objects.exists()
    response = send(client, "turn-on", "000000")
    assert response.status_code == 422 and "not a code that counts now" in response.content.decode()
    assert not TOTPDevice.objects.exists()
    assert key_on(response.content.decode()) == key_on(page)
    _, codes = turn_on(client)
    assert len(codes) == 10 == len(set(codes))
    assert gets_in(client)


def test_ones_other_sessions_are_asked_for_it_within_ten_minutes(ada, clock):
    stolen = with_password()
    turn_on(with_password())
    clock.shift(dt.timedelta(minutes=10))
    gets_in(stolen)
    assert not gets_in(stolen)


# --- Logging in ---------------------------------------------------------------------------------------


def test_a_password_alone_opens_nothing(secured):
    client, draft = with_password(), make_posting(slug="draft", status=Posting.Status.DRAFT)
    for address in ("/admin/", "/admin/auth/user/", "/admin/password_change/", draft.get_absolute_url()):
        assert not gets_in(client, address)
    client.post(f"/admin/postings/posting/{draft.pk}/delete/", {"post": "yes"})
    assert Posting.objects.filter(pk=draft.pk).exists()
    response = client.get("/admin/auth/user/", follow=True)
    assert response.redirect_chain[-1][0] == f"{PAGE}?next=/admin/auth/user/"
    assert "Second factor</a>" not in response.content.decode()


def test_with_the_code_one_gets_where_one_wanted_to(secured):
    client = with_password()
    response = send(client, "pass", code_of(secured[0]), next="/admin/auth/user/")
    assert (response.status_code, response["Location"]) == (302, "/admin/auth/user/")
    assert gets_in(client, "/admin/auth/user/")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_nobody_is_led_out_of_the_board(secured, elsewhere):
    assert send(with_password(), "pass", code_of(secured[0]), next=elsewhere)["Location"] == "/admin/"


@pytest.mark.parametrize(
    "code", ["", "000000", "0" * 20, "9" * 5_000, "a\0b", "١٢٣٤٥٦", "²", "\N{PILE OF POO}", "-1", "wrong"]
)
def test_a_wrong_code_opens_nothing(secured, code):
    client = with_password()
    assert send(client, "pass", code).status_code == 422
    assert not gets_in(client)


def test_a_code_counts_once(secured):
    code = code_of(secured[0])
    assert send(with_password(), "pass", code).status_code == 302
    assert send(with_password(), "pass", code).status_code == 422


def test_a_recovery_code_counts_once_and_may_be_written_as_one_likes(secured, clock):
    code = secured[1][3]
    assert send(with_password(), "pass", f" {code[:4].upper()} {code[4:]}").status_code == 302
    assert send(with_password(), "pass", code).status_code == 422
    assert StaticToken.objects.count() == 9


def test_who_guesses_waits_longer_and_longer(secured, clock):
    client = with_password()
    for _ in range(5):
        send(client, "pass", "000000")
        clock.shift(dt.timedelta(seconds=20))
    # The right one, too soon after the last wrong one.
    send(client, "pass", "000000")
    assert send(client, "pass", code_of(secured[0])).status_code == 422
    clock.shift(dt.timedelta(minutes=2))
    assert send(client, "pass", code_of(secured[0])).status_code == 302


def test_between_password_and_code_one_cannot_turn_it_off(secured):
    client = with_password()
    for do in ("turn-on", "turn-off", "new-codes", "nonsense", ""):
        send(client, do, code_of(secured[0]))
    assert TOTPDevice.objects.count() == 1 and not gets_in(client)
    assert key_on_page(client) is None


def key_on_page(client: Client):
    return re.search('class="key"', client.get(PAGE).content.decode())


def test_between_password_and_code_one_can_leave(secured):
    client = with_password()
    assert send(client, "leave")["Location"] == "/admin/login/"
    assert "id_username" in client.get("/admin/login/").content.decode()


@pytest.mark.parametrize("is_staff", [None, False])
def test_the_page_is_for_staff(is_staff):
    client = Client()
    if is_staff is not None:
        client.force_login(User.objects.create(username="eve", is_staff=is_staff))
    for response in (client.get(PAGE), client.post(PAGE, {"do": "turn-on", "code": "000000"})):
        assert response["Location"].startswith("/admin/login/")


# --- Changing it, and taking it away ------------------------------------------------------------------


def passed(secured, clock) -> Client:
    client = with_password()
    send(client, "pass", code_of(secured[0]))
    clock.shift(dt.timedelta(minutes=1))
    return client


def test_one_turns_it_off_with_a_code(secured, clock):
    client = passed(secured, clock)
    send(client, "turn-off", "000000")
    assert TOTPDevice.objects.exists()
    clock.shift(dt.timedelta(minutes=1))
    assert send(client, "turn-off", code_of(secured[0])).status_code == 302
    assert not TOTPDevice.objects.exists() and not StaticToken.objects.exists()
    assert gets_in(client) and gets_in(with_password())


def test_new_recovery_codes_take_the_place_of_the_old(secured, clock):
    client = passed(secured, clock)
    said = send(client, "new-codes", code_of(secured[0])).content.decode()
    codes = set(re.findall(r"<li><code>(\w+)</code>", said))
    assert len(codes) == 10 and codes.isdisjoint(secured[1])
    assert set(StaticToken.objects.values_list("token", flat=True)) == codes


def test_the_owner_takes_it_away_from_who_lost_their_phone(secured):
    out = StringIO()
    call_command("remove_second_factor", "ada", stdout=out)
    call_command("remove_second_factor", "ada", stdout=out)
    assert out.getvalue() == "It is taken away.\nThis account has none.\n"
    assert gets_in(with_password())
    with pytest.raises(CommandError, match="no account 'eve'"):
        call_command("remove_second_factor", "eve")


def test_nobody_sees_the_keys_of_others(secured, clock):
    client = passed(secured, clock)
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


# --- Where all need one -------------------------------------------------------------------------------


def test_where_it_is_asked_of_all_one_turns_it_on_first(ada, settings):
    before = with_password()
    settings.STAFF_SECOND_FACTOR = True
    client = with_password()
    for each in (before, client):
        assert not gets_in(each)
    assert "asks one of everybody" in client.get("/admin/", follow=True).content.decode()
    turn_on(client)
    assert gets_in(client)


def test_where_it_is_asked_of_all_who_turns_it_off_is_asked_again(secured, clock, settings):
    settings.STAFF_SECOND_FACTOR = True
    client = passed(secured, clock)
    send(client, "turn-off", code_of(secured[0]))
    assert not gets_in(client)
    turn_on(client)
    assert gets_in(client)
