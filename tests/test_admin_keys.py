"""Whatever stands in an address of the admin where a key should be: an answer, and never a failure.

Every address is asked, as the resolver has it, so that a new one is among them by itself.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLResolver, reverse

from tests.marks import slow_but
from tests.test_roles import PEOPLE, SUPERUSER, board, client_of, things, who  # noqa: F401

pytestmark = pytest.mark.django_db

WRONG = {
    "more than a database holds": "9" * 22,
    "one more than a database holds": str(2**63),
    "more than Python reads": "9" * 5_000,
    "below zero": "-1",
    "far below zero": "-" + "9" * 22,
    "zero": "0",
    "nobody's": "987654321",
    "a fraction": "1.5",
    "an exponent": "1e400",
    "other digits": "٩٨٧٦٥٤٣٢١",
    "a superscript": "²",
    "blanks": " 987654321 ",
    "underscores": "987_654_321",
    "a word": "x",
    "NUL": "\0",
    "NUL as the admin quotes it": "_00",
    "half a character as the admin quotes it": "_D8",
    "a slash as the admin quotes it": "_2F",
    "a line end": "1\n2",
    "an emoji": "\N{PILE OF POO}",
    "markup": "<script>alert(1)</script>",
    "a way up": "../../etc/passwd",
    "a template": "{{ 7|add:7 }}",
    "long": "x" * 8_000,
}
NO_TEXT = {"bytes that are no text": "%FF%FE", "half a character": "%ED%A0%80"}
PARAMETER = re.compile(r"<[^>]+>|\(\?P<\w+>[^()]*\)")


def routes() -> list[str]:
    """The addresses of the admin that have a place for something in them."""

    def walk(patterns: list, above: str = "") -> Iterator[str]:
        for each in patterns:
            route = above + str(each.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, route)
            else:
                yield route

    return [route for route in walk(admin.site.get_urls()) if PARAMETER.search(route)]


def asked_for(quoted: str) -> list[str]:
    index = reverse("admin:index")
    return [index + PARAMETER.sub(lambda _: quoted, route) for route in routes()]


KEYS = {name: quote(key, safe="") for name, key in WRONG.items()} | NO_TEXT
# Each fails in a place of its own: in SQLite's driver, in Python, in PostgreSQL, in Django.
WORST = ["more than a database holds", "more than Python reads", "NUL", "a word", "half a character"]
QUICK = ["more than a database holds", "NUL"]


@pytest.fixture(params=slow_but([KEYS[name] for name in QUICK], [KEYS[name] for name in WORST]), ids=WORST)
def key(request) -> str:
    return request.param


def failures(client: Client, addresses: Iterable[str], method: str = "get", data: dict | None = None) -> list[str]:
    client.raise_request_exception = False
    answers = [(address, getattr(client, method)(address, data).status_code) for address in addresses]
    return [f"{method} {address[:100]}: {status}" for address, status in answers if status >= 500]


# --- In the path --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", slow_but([SUPERUSER], PEOPLE), ids=lambda each: each.name.lower(), indirect=True)
def test_none_of_the_worst_keys_makes_a_page_fail_or_change_anything(who, key, things):  # noqa: F811
    client, before = client_of(who), board()
    assert not failures(client, asked_for(key))
    assert not failures(client, asked_for(key), "post", {"post": "yes"})
    assert board() == before


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_no_key_makes_a_page_fail_or_change_anything(key, things, admin_client):  # noqa: F811
    before = board()
    assert not failures(admin_client, asked_for(key))
    assert not failures(admin_client, asked_for(key), "post", {"post": "yes"})
    assert board() == before


def test_every_address_with_a_place_in_it_is_asked():
    asked = asked_for("4711")
    assert f"{reverse('admin:index')}auth/user/4711/change/" in asked
    assert f"{reverse('admin:index')}postings/posting/4711/history/4711/" in asked
    assert not any("<" in address for address in asked)


# --- In the query, in a form --------------------------------------------------------------------------


def lists() -> list[str]:
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]


@pytest.mark.parametrize("name", ["id__in", "last_login__year", "q", "p", "_to_field"])
def test_no_list_fails_at_what_stands_in_its_address(name, key, things, admin_client):  # noqa: F811
    assert not failures(admin_client, [f"{address}?{name}={key}" for address in lists()])


def test_no_list_fails_at_the_keys_that_an_action_is_for(key, things, admin_client):  # noqa: F811
    data = {"action": "delete_selected", "_selected_action": [unquote(key, errors="replace")], "post": "yes"}
    before = board()
    assert not failures(admin_client, lists(), "post", data)
    assert board() == before


def test_what_stands_elsewhere_in_an_address_makes_no_page_fail(key, things, admin_client):  # noqa: F811
    index, user = reverse("admin:index"), reverse("admin:auth_user_add")
    completion = f"{reverse('admin:autocomplete')}?app_label=postings&model_name=posting&field_name=company"
    asked = [
        *(f"{completion}&{name}={key}" for name in ("term", "p", "model_name", "field_name")),
        *(f"{user}?{name}={key}" for name in ("username", "groups", "_to_field", "_popup", "_changelist_filters")),
        *(f"{index}?{name}={key}" for name in ("next", "q")),
        f"{reverse('admin:login')}?next={key}",
        f"{reverse('admin:jsi18n')}?language={key}",
    ]
    assert not failures(admin_client, asked)


FORMS = ["postings_posting", "postings_company", "postings_tag", "postings_report", "auth_user", "auth_group"]


@pytest.mark.parametrize("form", FORMS)
def test_no_form_fails_at_what_is_sent(form, key, things, admin_client):  # noqa: F811
    """Every field of a form holds the same nonsense."""
    change = reverse(f"admin:{form}_change", args=[things[form.partition("_")[2]].pk])
    for address in {change, change.replace(re.search(r"/\d+/change/", change)[0], "/add/")}:
        page = admin_client.get(address)
        if page.status_code != 200:
            continue
        fields = page.context["adminform"].form.fields
        assert not failures(admin_client, [address], "post", dict.fromkeys(fields, unquote(key, errors="replace")))
