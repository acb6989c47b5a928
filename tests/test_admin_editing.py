"""Editing a posting in the admin: its draft's page, its preview, its facts and their pins, and a pasted file."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from postings.models import DailyClicks, Posting
from tests.factories import make_posting

pytestmark = pytest.mark.django_db


def staff(django_user_model, *rights: str, name: str = "bob") -> Client:
    """A browser of somebody who is staff, and has these rights alone."""
    user = django_user_model.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    browser = Client()
    browser.force_login(user)
    return browser


# --- The page of a draft -----------------------------------------------------------------------------


@pytest.fixture
def draft():
    return make_posting(
        title="Orchard keeper",
        slug="orchard-keeper",
        status=Posting.Status.DRAFT,
        body_markdown="You *prune*.",
        apply_url="https://jobs.obsthof.example/apply/orchard-keeper",
        categories=("Gardening",),
    )


@pytest.mark.parametrize("right", ["view_posting", "change_posting"])
def test_staff_sees_a_draft_as_it_will_be(django_user_model, draft, right):
    response = staff(django_user_model, right).get("/jobs/orchard-keeper/")
    html = response.content.decode()
    assert response.status_code == 200
    for part in ("Draft: only staff sees this page.", "Orchard keeper", "<em>prune</em>", ">Gardening</a>"):
        assert part in html
    assert f'href="/admin/postings/posting/{draft.pk}/change/"' in html


def test_a_drafts_page_is_kept_by_nobody_and_told_to_no_machine(admin_client, draft):
    response = admin_client.get("/jobs/orchard-keeper/")
    html = response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Robots-Tag"] == "noindex"
    assert "ETag" not in response
    for part in ("ld+json", 'rel="canonical"', 'rel="alternate"', "Report this posting"):
        assert part not in html


def test_a_drafts_apply_link_leads_nowhere_and_says_where_it_will(admin_client, draft):
    html = admin_client.get("/jobs/orchard-keeper/").content.decode()
    assert "/apply/orchard-keeper" not in html.replace("https://jobs.obsthof.example/apply/orchard-keeper", "")
    assert 'href="https://jobs.obsthof.example' not in html
    assert "Leads nowhere yet" in html
    assert "<bdi>https://jobs.obsthof.example/apply/orchard-keeper</bdi>" in html
    assert admin_client.get("/apply/orchard-keeper").status_code == 404
    assert not DailyClicks.objects.exists()


def test_a_draft_is_not_there_for_anybody_else(client, django_user_model, draft):
    eve = Client()
    eve.force_login(django_user_model.objects.create_user("eve"))
    for browser in (client, eve, staff(django_user_model, "view_company")):
        response = browser.get("/jobs/orchard-keeper/")
        assert response.status_code == 404
        assert b"Orchard" not in response.content


def test_nobody_learns_from_the_answer_whether_there_is_a_draft(client, draft):
    guess = Client()
    guess.cookies["sessionid"] = "x" * 32
    for browser in (client, guess):
        answers = [browser.get(f"/jobs/{slug}/") for slug in ("orchard-keeper", "no-such-job")]
        assert answers[0].headers == answers[1].headers
        assert answers[0].status_code == answers[1].status_code == 404
    assert "Cookie" not in client.get("/jobs/orchard-keeper/").get("Vary", "")


def test_a_live_posting_is_the_same_page_for_staff_and_visitors(admin_client, client):
    posting = make_posting()
    answers = [browser.get(posting.get_absolute_url()) for browser in (admin_client, client)]
    assert answers[0].content == answers[1].content
    assert answers[0].headers == answers[1].headers
    assert "Cookie" not in answers[0].get("Vary", "")
    assert not answers[0].cookies


def test_what_is_closed_stays_gone_for_staff_too(admin_client):
    closed = make_posting(status=Posting.Status.CLOSED)
    assert admin_client.get(closed.get_absolute_url()).status_code == 410


def test_the_form_of_a_draft_leads_to_its_page(admin_client, draft):
    html = admin_client.get(f"/admin/postings/posting/{draft.pk}/change/").content.decode()
    assert '<a href="/jobs/orchard-keeper/" class="viewsitelink"' in html
