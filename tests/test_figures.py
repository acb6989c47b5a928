"""The secret link: how an operator makes it, and what an employer sees behind it."""

import csv
import datetime as dt
import io
import re
from threading import Thread

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from postings.models import DailyClicks, FiguresLink, Posting
from tests.factories import make_posting
from tests.test_admin import change_page, edit, open_form
from tests.test_detail import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def posting():
    posting = make_posting(
        title="Orchard keeper",
        company="Obsthof Ried",
        first_seen=timezone.now() - dt.timedelta(days=9),
        # The form shows seconds.
        expires_at=timezone.now().replace(microsecond=0) + dt.timedelta(days=30),
    )
    for days_ago, kind, count in ((0, "person", 3), (0, "bot", 40), (2, "person", 4), (2, "repeat", 5)):
        day = timezone.now().date() - dt.timedelta(days=days_ago)
        DailyClicks.objects.create(posting=posting, day=day, kind=kind, count=count)
    return posting


@pytest.fixture
def address(posting):
    link, _ = FiguresLink.objects.make(posting)
    return link.get_absolute_url()


def do(client, posting, what: str):
    return client.post(f"/admin/postings/posting/{posting.pk}/figures-link/", {"do": what}, follow=True)


def shown_address(response) -> str | None:
    found = re.search(r'<a class="address" href="([^"]+)"', response.content.decode())
    return found and found[1]


# --- In the admin ------------------------------------------------------------------------------------


def test_an_operator_makes_a_link_that_works(admin_client, client, posting):
    html = admin_client.get(change_page(posting)).content.decode()
    assert "None yet." in html
    assert 'name="do" value="make"' in html
    response = do(admin_client, posting, "make")
    assert "Made the secret link" in response.content.decode()
    address = shown_address(response)
    assert re.fullmatch(r"http://testserver/figures/[A-Za-z0-9_-]{43}/", address)
    assert Client().get(address).status_code == 200


def test_the_link_has_the_boards_public_address(admin_client, posting, settings, address):
    settings.SITE_URL = "https://jobs.example.org"
    assert shown_address(admin_client.get(change_page(posting))) == f"https://jobs.example.org{address}"


def test_a_link_that_is_replaced_stops_working_at_once(admin_client, client, posting, address):
    new = shown_address(do(admin_client, posting, "replace"))
    assert client.get(address).status_code == 404
    assert client.get(new).status_code == 200
    assert FiguresLink.objects.count() == 1


def test_a_link_that_was_made_a_moment_ago_is_not_made_again(admin_client, posting, address):
    response = do(admin_client, posting, "make")
    assert "It has a secret link already." in response.content.decode()
    assert shown_address(response) == f"http://testserver{address}"
    assert not LogEntry.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_a_link_at_once_both_get_the_same(posting):
    made = []

    def make_beside():
        try:
            made.append(FiguresLink.objects.make(posting))
        finally:
            connection.close()

    beside = Thread(target=make_beside)
    with transaction.atomic():
        made.append(FiguresLink.objects.make(posting))
        beside.start()
        beside.join(0.5)
    beside.join(10)
    assert [is_new for _, is_new in made] == [True, False]
    assert {link.key for link, _ in made} == {FiguresLink.objects.get().key}


def test_a_link_that_is_taken_away_stops_working_at_once(admin_client, client, posting, address):
    response = do(admin_client, posting, "remove")
    assert shown_address(response) is None
    assert client.get(address).status_code == 404
    assert do(admin_client, posting, "remove").status_code == 200


def test_what_is_done_to_a_link_is_in_the_history_without_its_key(admin_client, posting):
    for what in ("make", "replace", "remove"):
        do(admin_client, posting, what)
    said = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert [message.split()[0] for message in said] == ["Made", "Replaced", "Took"]
    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(posting.pk)}
    assert not any(re.search(r"[A-Za-z0-9_-]{43}", message) for message in said)


def test_only_a_post_with_the_right_to_change_makes_a_link(admin_client, client, posting, django_user_model):
    page = f"/admin/postings/posting/{posting.pk}/figures-link/"
    assert admin_client.get(page).status_code == 405
    assert admin_client.post(page, {"do": "publish"}).status_code == 400
    for missing in ("999", "x", "_00", "9" * 30):
        assert admin_client.post(f"/admin/postings/posting/{missing}/figures-link/", {"do": "make"}).status_code == 404
    assert client.post(page, {"do": "make"}).status_code == 302
    user = django_user_model.objects.create_user("bob", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_posting"))
    client.force_login(user)
    assert client.post(page, {"do": "make"}).status_code == 403
    assert 'name="do"' not in client.get(change_page(posting)).content.decode()
    assert not FiguresLink.objects.exists()


def test_a_form_from_elsewhere_makes_no_link(admin_user, posting):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    assert do(browser, posting, "make").status_code == 403
    assert not FiguresLink.objects.exists()


def test_the_buttons_belong_to_a_form_of_their_own(admin_client, posting, address):
    """Enter in a field presses the first button of its form, which must not be one that replaces the link."""
    html = admin_client.get(change_page(posting)).content.decode()
    buttons = re.findall(r"<button[^>]*name=\"do\"[^>]*>", html)
    # Those beside the fields belong to another one.
    assert len([button for button in buttons if 'form="figures-link"' in button]) == 2
    assert all(re.search('form="(figures-link|pins)"', button) for button in buttons)
    own = re.search(r'<form id="figures-link".*?</form>', html, re.DOTALL)
    assert 'name="csrfmiddlewaretoken"' in own[0]
    assert html.index('id="posting_form"') < html.rindex("</form>", 0, own.start()) < own.start()


def test_saving_the_posting_leaves_its_link_alone(admin_client, client, posting, address):
    assert "do" not in open_form(admin_client, change_page(posting))
    edit(admin_client, posting, title="Head keeper")
    assert client.get(address).status_code == 200


def test_a_new_posting_has_no_link_to_make(admin_client):
    assert "figures-link" not in admin_client.get("/admin/postings/posting/add/").content.decode()


# --- What the employer sees --------------------------------------------------------------------------


def test_the_page_shows_the_figures_with_their_meaning(client, address):
    html = client.get(address).content.decode()
    page = Page(html)
    assert page.text_in("h1") == "Orchard keeper"
    assert re.search(r"<strong>7</strong> <span>click-throughs by people", html)
    assert "Obsthof Ried" in html
    assert "live</a> until" in html
    assert "A visitor’s first click-through on a posting that day." in html
    assert page.all("svg", role="img")
    numbers = re.findall(r'<td class="number(?: people)?">(\d+)</td>', html)
    assert len(numbers) == 10 * 7  # every day since it was first seen
    assert numbers[:7] == ["3", "0", "0", "40", "0", "0", "43"]


def test_the_page_is_kept_nowhere_and_told_nobody(client, address):
    for query in ("", "?format=csv"):
        response = client.get(f"{address}{query}")
        assert response["Cache-Control"] == "no-store"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in response
    key = address.split("/")[2]
    assert key not in client.get(address).content.decode()
    assert "unsafe" not in response["Content-Security-Policy"]


def test_the_page_keeps_to_the_content_security_policy(client, address):
    html = client.get(address).content.decode()
    assert not re.search(r"<script|<style|<[^>]+\s(?:style|on\w+)=", html)


def test_only_get_and_head_are_answered(client, address):
    assert client.head(address).status_code == 200
    for method in (client.post, client.put, client.delete):
        assert method(address).status_code == 405


def test_nothing_of_another_posting_shows(client, address):
    other = make_posting(title="Night watch", company="Nachtwache")
    queries = ["", f"?of=posting:{other.pk}", f"?of=posting:{other.pk}&format=csv", "?format=csv-postings"]
    before = [b"".join(client.get(f"{address}{query}")) for query in queries]
    DailyClicks.objects.create(posting=other, day=timezone.now().date(), kind="person", count=777)
    assert [b"".join(client.get(f"{address}{query}")) for query in queries] == before
    assert not any(b"Night watch" in page for page in before)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": Posting.Status.CLOSED}, "closed, first seen"),
        ({"expires_at": timezone.now() - dt.timedelta(days=1)}, "expired on"),
        ({"expires_at": None}, "live</a>, first seen"),
        ({"status": Posting.Status.DRAFT}, "not published yet"),
    ],
    ids=["closed", "expired", "for ever", "draft"],
)
def test_the_page_works_in_every_state_and_says_which(client, posting, address, fields, said):
    Posting.objects.update(**fields)
    response = client.get(address)
    assert response.status_code == 200
    assert said in response.content.decode()


def test_the_link_of_a_deleted_posting_is_gone(client, posting, address):
    posting.delete()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "key", ["x", "x" * 43, "x" * 44, "%00", "a%00" + "x" * 41, "é" * 43, "9" * 5000, "=1+1", "x" * 42 + "%0A"]
)
def test_a_wrong_key_is_not_found(client, address, key):
    response = client.get(f"/figures/{key}/")
    assert response.status_code == 404
    assert "Orchard" not in response.content.decode()


@pytest.mark.parametrize(
    "query", ["span=%00", "by=%00&span=x", "format=%00", "format=xml", "of=%00", "span=" + "9" * 5000]
)
def test_nonsense_in_the_address_never_breaks_the_page(client, address, query):
    assert client.get(f"{address}?{query}").status_code == 200


def test_what_could_not_be_understood_is_said(client, address):
    assert "There is no such span of days" in client.get(f"{address}?span=x").content.decode()


def test_a_span_can_be_chosen(client, address):
    html = client.get(f"{address}?span=30d").content.decode()
    assert "than in the 30 days before" not in html
    assert "None in the 30 days before." in html
    assert '<strong aria-current="true">Last 30 days</strong>' in html
    assert 'href="?span=30d&amp;by=week"' in html
    assert "of=" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)


def test_the_csv_has_every_day_by_kind(client, address):
    response = client.get(f"{address}?format=csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="gardener-')
    head, *rows = csv.reader(io.StringIO(b"".join(response).decode().removeprefix("\ufeff")))
    assert head[0] == "from"
    assert len(rows) == 10
    today = str(timezone.now().date())
    assert rows[-1] == [today, today, "no", "3", "0", "0", "40", "0", "0", "43"]


@pytest.mark.parametrize(
    "title", ["<script>alert(1)</script>", '"><svg onload=alert(1)>', "مهندس برمجيات", "x" * 300, "{{ 7*7 }}"]
)
def test_a_hostile_or_right_to_left_title_is_shown_as_it_is(client, posting, address, title):
    Posting.objects.update(title=title)
    html = client.get(address).content.decode()
    assert Page(html).text_in("h1") == title
    assert Page(html).all("h1", dir="auto")
    assert not re.search(r"<script|<svg onload", html)


def test_a_page_takes_few_queries(client, address, django_assert_num_queries):
    # The link with its posting and company; the first and last day; the days.
    with django_assert_num_queries(3):
        client.get(address)
    with django_assert_num_queries(2):
        client.get(f"{address}?span=30d")
