"""Editing a posting in the admin: its draft's page, its preview, its facts and their pins, and a pasted file."""

import re
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postings import changes
from postings.importing.run import Options, run_import
from postings.models import Company, DailyClicks, Posting, PostingTag, Report, Tag
from tests.factories import make_company, make_posting, posting_text
from tests.marks import slow_but
from tests.test_admin import Form, errors, open_form, send
from tests.test_page_cache import headers_of

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
    visitor = django_user_model.objects.create_user("eve")
    # A right is for staff alone.
    visitor.user_permissions.set(Permission.objects.filter(codename="view_posting"))
    eve.force_login(visitor)
    for browser in (client, eve, staff(django_user_model, "view_company")):
        response = browser.get("/jobs/orchard-keeper/")
        assert response.status_code == 404
        assert b"Orchard" not in response.content


def test_nobody_learns_from_the_answer_whether_there_is_a_draft(client, draft):
    guess = Client()
    guess.cookies["sessionid"] = "x" * 32
    for browser in (client, guess):
        answers = [browser.get(f"/jobs/{slug}/") for slug in ("orchard-keeper", "no-such-job")]
        assert headers_of(answers[0]) == headers_of(answers[1])
        assert answers[0].status_code == answers[1].status_code == 404
    assert "Cookie" not in client.get("/jobs/orchard-keeper/").get("Vary", "")


def test_a_live_posting_is_the_same_page_for_staff_and_visitors(admin_client, client):
    posting = make_posting()
    answers = [browser.get(posting.get_absolute_url()) for browser in (admin_client, client)]
    assert answers[0].content == answers[1].content
    assert headers_of(answers[0]) == headers_of(answers[1])
    assert "Cookie" not in answers[0].get("Vary", "")
    assert not answers[0].cookies


def test_what_is_closed_stays_gone_for_staff_too(admin_client):
    closed = make_posting(status=Posting.Status.CLOSED)
    assert admin_client.get(closed.get_absolute_url()).status_code == 410


def test_the_form_of_a_draft_leads_to_its_page(admin_client, draft):
    html = admin_client.get(f"/admin/postings/posting/{draft.pk}/change/").content.decode()
    assert '<a href="/jobs/orchard-keeper/" class="viewsitelink"' in html


# --- Facts and their pins ----------------------------------------------------------------------------

BODY = "You prune our trees. We offer visa sponsorship. Mention the word PIPPIN when you apply. You know Python."


@pytest.fixture
def posting():
    """What is stored says other things than its text does."""
    posting = make_posting(
        title="Senior orchard keeper",
        salary_text="€40,000 - €48,000",
        place="Remote, Austria",
        body_markdown=BODY,
        categories=("Gardening",),
        salary_min=10.0,
        salary_yearly_min=20_800.0,
        salary_currency="USD",
        salary_period="hour",
        apply_keyword="QUINCE",
    )
    for kind, code, name in (
        ("country", "FR", "France"),
        ("skill", "java", "Java"),
        ("employment", "contract", "Contract"),
    ):
        tag = Tag.objects.create(kind=kind, code=code, name=name)
        PostingTag.objects.create(posting=posting, tag=tag, evidence=f"words about {name}")
    return posting


def page_of(posting) -> str:
    return f"/admin/postings/posting/{posting.pk}/change/"


def press(browser, posting, do: str, **options):
    return browser.post(f"/admin/postings/posting/{posting.pk}/pins/", {"do": do}, **options)


def fact(html: str, name: str) -> str:
    """What stands beside a field, as text."""
    part = html.partition(f'id="fact-{name}">')[2].partition("</div>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def codes(posting, kind: str) -> set[str]:
    return set(posting.tags.filter(kind=kind).values_list("code", flat=True))


def test_beside_a_fact_stands_what_it_was_read_from_and_what_the_text_says_now(admin_client, posting):
    html = admin_client.get(page_of(posting)).content.decode()
    assert fact(html, "countries") == (
        "It says: France words about France The text says: Austria Remote, Austria "
        "Pin countries Take the text’s value for countries"
    )
    assert "The text says: EUR 40,000 to 48,000 a year €40,000 - €48,000" in fact(html, "salary_min")
    assert "The text says: PIPPIN" in fact(html, "apply_keyword")
    assert "The text says: nothing" in fact(html, "employment")


def test_what_the_text_says_as_well_can_be_pinned_but_not_taken(admin_client, posting):
    press(admin_client, posting, "take countries")
    beside = fact(admin_client.get(page_of(posting)).content.decode(), "countries")
    assert beside == "It says: Austria Remote, Austria Pin countries"


def test_beside_a_plain_field_stands_its_pin_alone(admin_client, posting):
    html = admin_client.get(page_of(posting)).content.decode()
    for name in ("title", "company", "place", "salary_text", "body_markdown", "apply_url", "published_on", "status",
                 "other_tags", "categories"):  # fmt: skip
        assert fact(html, name) == f"Pin {Posting.PINNABLE[name]}", name


def test_every_field_that_can_be_pinned_has_its_button(admin_client, posting):
    html = admin_client.get(page_of(posting)).content.decode()
    assert {name for name in Posting.PINNABLE if f'value="pin {name}"' in html} == Posting.PINNABLE.keys()


@pytest.mark.parametrize("name", slow_but(["title", "company", "countries", "salary_min"], Posting.PINNABLE))
def test_one_click_pins_and_one_unpins_and_neither_changes_a_value(admin_client, posting, name):
    unchanged = Posting.objects.filter(pk=posting.pk).values("title", "salary_min", "apply_keyword", "status")
    before = unchanged.get(), codes(posting, "country")
    assert press(admin_client, posting, f"pin {name}")["Location"] == f"{page_of(posting)}#fact-{name}"
    posting.refresh_from_db()
    assert posting.pinned_fields == [name]
    html = admin_client.get(page_of(posting)).content.decode()
    assert "Pinned: no import writes it." in fact(html, name)
    assert f'value="unpin {name}"' in html
    press(admin_client, posting, f"unpin {name}")
    posting.refresh_from_db()
    assert posting.pinned_fields == []
    assert (unchanged.get(), codes(posting, "country")) == before


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("countries", "country", {"AT"}),
        ("workplace", "workplace", {"remote"}),
        ("seniority", "seniority", {"senior"}),
        ("skills", "skill", {"python"}),
        ("visa", "visa", {"offered"}),
        ("employment", "employment", set()),
    ],
)
def test_one_click_takes_the_tags_that_the_text_says_and_their_pin_off(admin_client, posting, name, kind, expected):
    press(admin_client, posting, f"pin {name}")
    press(admin_client, posting, f"take {name}")
    posting.refresh_from_db()
    assert codes(posting, kind) == expected
    assert posting.pinned_fields == []


def test_one_click_takes_the_salary_that_the_text_says(admin_client, posting):
    press(admin_client, posting, "pin salary_min")
    press(admin_client, posting, "take salary_min")
    posting.refresh_from_db()
    assert posting.salary_in_words == "EUR 40,000 to 48,000 a year"
    assert (posting.salary_yearly_max, posting.salary_evidence) == (48_000, "€40,000 - €48,000")
    # Nothing else was read meanwhile.
    assert (posting.pinned_fields, posting.apply_keyword, codes(posting, "country")) == ([], "QUINCE", {"FR"})


def test_one_click_takes_the_keyword_though_the_body_is_pinned(admin_client, posting):
    press(admin_client, posting, "pin body_markdown")
    beside = fact(admin_client.get(page_of(posting)).content.decode(), "apply_keyword")
    assert "The body is pinned, and imports leave the keyword with it." in beside
    press(admin_client, posting, "take apply_keyword")
    posting.refresh_from_db()
    assert (posting.apply_keyword, posting.pinned_fields) == ("PIPPIN", ["body_markdown"])


def test_taking_one_fact_leaves_what_is_pinned(admin_client, posting):
    press(admin_client, posting, "pin skills")
    press(admin_client, posting, "take countries")
    assert codes(posting, "skill") == {"java"}


def test_the_text_is_read_with_the_skills_that_operators_added(admin_client, posting):
    Tag.objects.create(kind="skill", name="Pruning", code="pruning", spellings=["prune"])
    assert "Pruning" in fact(admin_client.get(page_of(posting)).content.decode(), "skills")
    press(admin_client, posting, "take skills")
    assert codes(posting, "skill") == {"python", "pruning"}


def test_every_click_is_in_the_history_with_its_reason(admin_client, admin_user, posting):
    before = Posting.history.count()
    for do in ("pin countries", "unpin countries", "pin countries", "take countries"):
        press(admin_client, posting, do)
    said = ["Pinned countries.", "Unpinned countries.", "Pinned countries.", "Took the text’s value: countries."]
    rows = Posting.history.order_by("history_id")[before:]
    assert [(row.history_change_reason, row.history_user) for row in rows] == [(each, admin_user) for each in said]
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == said


def test_one_click_is_one_change_of_the_board(admin_client, posting):
    before = changes.version()
    press(admin_client, posting, "take countries")
    assert changes.version() == before + 1


def test_the_second_click_on_the_same_button_changes_nothing(admin_client, posting):
    press(admin_client, posting, "pin title")
    response = press(admin_client, posting, "pin title", follow=True)
    assert "Title: pinned already." in response.content.decode()
    posting.refresh_from_db()
    assert posting.pinned_fields == ["title"]


@pytest.mark.parametrize("do", ["", "pin", "pin slug", "take title", "take categories", "burn title", "unpin \0"])
def test_what_no_button_says_is_refused(admin_client, posting, do):
    assert press(admin_client, posting, do).status_code == 400


def test_pins_are_for_those_who_may_change_a_posting(client, django_user_model, posting):
    assert press(client, posting, "pin title").status_code == 302
    assert press(staff(django_user_model, "view_posting"), posting, "pin title").status_code == 403
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(django_user_model.objects.create_superuser("root"))
    assert press(guarded, posting, "pin title").status_code == 403
    posting.refresh_from_db()
    assert posting.pinned_fields == []
    assert press(staff(django_user_model, "change_posting", name="eva"), posting, "pin title").status_code == 302
    posting.refresh_from_db()
    assert posting.pinned_fields == ["title"]


def test_a_pin_is_set_by_post_and_on_a_posting_that_is_there(admin_client, posting):
    assert admin_client.get(f"/admin/postings/posting/{posting.pk}/pins/").status_code == 405
    assert admin_client.post("/admin/postings/posting/4711/pins/", {"do": "pin title"}).status_code == 404


def test_who_may_only_look_sees_tags_and_pins_in_words(django_user_model, posting):
    posting.pin(["title"])
    posting.save()
    html = staff(django_user_model, "view_posting").get(page_of(posting)).content.decode()
    assert "France (country), Contract (employment), Gardening (category), Java (skill)" in html
    assert ">title<" in html
    for part in ('form="pins"', 'type="checkbox" name="countries"', "data-preview", 'value="Save"'):
        assert part not in html


def test_however_many_tags_a_form_takes_at_most_12_queries(django_user_model, posting):
    """Of somebody whose rights are looked up, for a posting that visitors reported."""
    for number in range(60):
        tag = Tag.objects.create(kind="skill", name=f"Skill {number}")
        PostingTag.objects.create(posting=posting, tag=tag)
    for _ in range(3):
        Report.objects.create(posting=posting, reason="scam")
    browser = staff(django_user_model, "change_posting")
    with CaptureQueriesContext(connection) as queries:
        html = browser.get(page_of(posting)).content.decode()
    assert "For review: 3 open reports." in html
    assert len(queries) <= 12, "\n".join(query["sql"][:150] for query in queries)


def test_a_country_that_no_posting_has_yet_can_be_ticked(admin_client, posting):
    send(admin_client, page_of(posting), countries=["FR", "PL"])
    assert codes(posting, "country") == {"FR", "PL"}
    assert Tag.objects.get(kind="country", code="PL").name == "Poland"
    # Untouched ones keep their evidence.
    assert posting.posting_tags.get(tag__code="FR").evidence == "words about France"


# --- The company by its name -------------------------------------------------------------------------


def test_a_company_that_is_not_there_is_made_on_saving_and_named(admin_client, posting):
    response = send(admin_client, page_of(posting), company="  Obsthof   Ried ")
    assert "Made the company “Obsthof Ried”, which was not there." in response.content.decode()
    posting.refresh_from_db()
    assert (posting.company.name, posting.pinned_fields) == ("Obsthof Ried", ["company"])


def test_a_company_is_found_in_other_letters(admin_client, posting):
    company = make_company("Obsthof Ried")
    response = send(admin_client, page_of(posting), company="OBSTHOF ried")
    assert "Made the company" not in response.content.decode()
    posting.refresh_from_db()
    assert posting.company == company


def test_a_company_that_is_made_loses_what_misleads(admin_client, posting):
    name = "Obst\u202e\u2066hof\u200b  Gmünd"
    send(admin_client, page_of(posting), company=name)
    posting.refresh_from_db()
    assert posting.company.name == "Obsthof Gmünd"


def test_a_company_that_is_too_long_once_it_is_composed_is_refused(admin_client, posting):
    response = send(admin_client, page_of(posting), company="\u0958" * 200)
    assert "at most 200 characters" in errors(response)


def test_no_company_is_made_where_the_form_is_not_taken(admin_client, posting):
    response = send(admin_client, page_of(posting), company="Obsthof Ried", apply_url="nonsense")
    assert "Not taken" in errors(response)
    assert not Company.objects.filter(name="Obsthof Ried").exists()


def test_who_may_not_add_companies_is_told_so(django_user_model, posting):
    browser = staff(django_user_model, "change_posting")
    response = send(browser, page_of(posting), company="Obsthof Ried")
    assert "There is no company called “Obsthof Ried”, and you may not add one." in errors(response)
    assert not Company.objects.filter(name="Obsthof Ried").exists()


# --- The preview -------------------------------------------------------------------------------------

PREVIEW = "/admin/postings/posting/preview/"


def preview(browser, posting=None, **changes):
    """What the form's preview button sends, with some fields changed and nothing saved."""
    page = page_of(posting) if posting else "/admin/postings/posting/add/"
    return browser.post(
        PREVIEW + (f"?posting={posting.pk}" if posting else ""), {**open_form(browser, page), **changes}
    )


def article(html: str) -> str:
    """A posting's sheet up to the way to apply, which a preview does not have."""
    part = html.partition('<article class="posting">')[2].partition('<div class="closing">')[0]
    return re.sub(r'<a( href="/apply/[^"]*" rel="nofollow")? dir="auto">', "<a>", part)


def test_a_preview_shows_what_is_typed_in_the_boards_own_dress(admin_client, posting):
    response = preview(admin_client, posting, title="Head keeper", body_markdown="You *graft*.", company="Obsthof Ried")
    html = response.content.decode()
    assert response.status_code == 200
    for part in ("Preview: nothing is saved yet.", "Head keeper", "<em>graft</em>", "Obsthof Ried", "css/board.css"):
        assert part in html
    assert "/apply/" not in html.replace(posting.apply_url, "")
    assert "ld+json" not in html
    assert "no-store" in response["Cache-Control"]


def test_a_preview_writes_nothing(admin_client, posting):
    before = Posting.objects.filter(pk=posting.pk).values().get(), Tag.objects.count(), Company.objects.count()
    with CaptureQueriesContext(connection) as queries:
        preview(admin_client, posting, title="Head keeper", company="Obsthof Ried", countries=["PL"])
    written = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql for sql in written if "django_session" not in sql] == []
    after = Posting.objects.filter(pk=posting.pk).values().get(), Tag.objects.count(), Company.objects.count()
    assert after == before


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"body_markdown": "You know Java and work in Berlin, Germany.", "place": "Berlin, Germany"},
        {"countries": ["PL", "FR"], "body_markdown": "## Work\n\nYou know Go."},
        {"salary_min": "1000", "salary_max": "", "salary_currency": "CHF", "salary_period": "day", "salary_text": ""},
        {"apply_keyword": "", "other_tags": "❤️ Soup"},
        {"company": "", "published_on": "2025-03-01"},
    ],
    ids=lambda changes: "+".join(changes) or "as it is",
)
def test_a_preview_is_the_page_that_saving_makes(admin_client, client, posting, changes):
    posting.pin(["workplace"])
    posting.save()
    shown = article(preview(admin_client, posting, **changes).content.decode())
    send(admin_client, page_of(posting), **changes)
    saved = article(client.get(posting.get_absolute_url()).content.decode())
    # A company has a page of its own only once it is saved.
    plain = re.sub(r'<(/?)(?:a|span)\b(?: class="company")?(?: href="/companies/[^"]*")?>', r"<\1x>", saved)
    assert re.sub(r'<(/?)(?:a|span)\b(?: class="company")?>', r"<\1x>", shown) == plain


def test_a_new_posting_has_a_preview_too(admin_client):
    html = preview(
        admin_client, title="Cook", body_markdown="You *cook* in Vienna.", place="Vienna, Austria"
    ).content.decode()
    for part in ("Cook", "<em>cook</em>", ">Austria</a>", "Apply address: This field is required.", "no address"):
        assert part in html


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"body_markdown": "x" * 70_000}, "Body: Not taken: over 64 KiB."),
        ({"apply_url": "javascript:alert(1)"}, "Apply address: Not taken: the apply address is not http:"),
        ({"title": ""}, "Title: This field is required."),
        ({"title": "Gardener!!!"}, "Search engines may refuse this title. It holds “!!!”"),
        ({"published_on": "yesterday"}, "Published on: Enter a valid date."),
        ({"title": "x" * 301}, "Title: Ensure this value has at most 300 characters"),
    ],
)
def test_a_preview_says_what_could_not_be_saved(admin_client, posting, changes, sentence):
    response = preview(admin_client, posting, **changes)
    assert response.status_code == 200
    assert sentence in response.content.decode()


def test_a_preview_of_hostile_text_is_made_safe(admin_client, posting):
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"
    html = preview(
        admin_client, posting, title=hostile, body_markdown=hostile, place=hostile, company=hostile, apply_url=hostile
    ).content.decode()
    assert not re.search(r"<(script|img)\b", html.partition("<body")[2])
    assert 'href="javascript:' not in html


def test_a_preview_is_for_those_who_work_on_postings(client, django_user_model, posting):
    assert client.post(PREVIEW, {"title": "Cook"}).status_code == 302
    assert staff(django_user_model, "view_company").post(PREVIEW, {"title": "Cook"}).status_code == 403
    for number, right in enumerate(("view_posting", "add_posting", "change_posting")):
        browser = staff(django_user_model, right, name=f"staff-{number}")
        assert browser.post(PREVIEW, {"title": "Cook"}).status_code == 200
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(django_user_model.objects.create_superuser("root"))
    assert guarded.post(PREVIEW, {"title": "Cook"}).status_code == 403


def test_who_may_only_add_sees_no_stored_posting_by_its_preview(django_user_model, posting):
    browser = staff(django_user_model, "add_posting")
    assert browser.post(f"{PREVIEW}?posting={posting.pk}", {"title": "Cook"}).status_code == 404


def test_a_preview_is_asked_for_by_post_and_of_a_posting_that_is_there(admin_client):
    assert admin_client.get(PREVIEW).status_code == 405
    for pk in ("4711", "x", "²", "9" * 30):
        assert admin_client.post(f"{PREVIEW}?posting={pk}", {"title": "Cook"}).status_code == 404, pk


# --- A warning about the title -----------------------------------------------------------------------


def test_a_title_that_search_engines_refuse_is_saved_with_a_warning(admin_client, posting):
    response = send(admin_client, page_of(posting), title="GARDENER!!! (REF4711)")
    html = response.content.decode()
    assert 'class="warning">Search engines may refuse this title.' in html
    assert "job code (REF4711)" in html
    posting.refresh_from_db()
    assert posting.title == "GARDENER!!! (REF4711)"
    assert '<div class="title-note">Search engines may refuse' in admin_client.get(page_of(posting)).content.decode()


def test_a_good_title_and_a_change_of_something_else_are_not_warned_of(admin_client, posting):
    assert "Search engines may" not in send(admin_client, page_of(posting), title="Gardener").content.decode()
    assert "title-note" not in admin_client.get(page_of(posting)).content.decode()
    Posting.objects.update(title="GARDENER!!!")
    assert "Search engines may" not in send(admin_client, page_of(posting), place="Linz").content.decode()


# --- Pasting -----------------------------------------------------------------------------------------

PASTE = "/admin/postings/posting/paste/"
PASTED = posting_text(
    title="Head gardener",
    company="Obsthof Ried",
    tags=("💰 €40,000 - €48,000", "🌎 Vienna, Austria", "❤️ Apples", "two  blanks"),
    body="You *prune*.\n\n    - indented\n\nMention the word PIPPIN when you apply.",
    slug="head-gardener-4711",
)


def paste(browser, text: str = PASTED, **more):
    return browser.post(PASTE, {"text": text.replace("\n", "\r\n"), **more})


def test_a_pasted_file_fills_the_form_of_a_new_posting(admin_client):
    response = paste(admin_client)
    html = response.content.decode()
    filled = {name: values[0] for name, values in Form(html).data.items() if values}
    assert filled["title"] == "Head gardener"
    assert filled["company"] == "Obsthof Ried"
    assert filled["salary_text"] == "€40,000 - €48,000"
    assert filled["place"] == "Vienna, Austria"
    assert filled["other_tags"].split("\r\n") == ["❤️ Apples", "two blanks"]
    assert filled["body_markdown"].replace("\r\n", "\n") == (
        "You *prune*.\n\n    - indented\n\nMention the word PIPPIN when you apply."
    )
    assert filled["apply_url"] == "https://jobs.lindenhof.example/apply/head-gardener-4711"
    assert filled["slug"] == "head-gardener-4711"
    assert 'action="/admin/postings/posting/add/"' in html
    # What saving will read stands beside the fields already.
    assert "Read from the text on saving: Austria Vienna, Austria" in fact(html, "countries")
    assert "PIPPIN" in fact(html, "apply_keyword")


def test_pasting_writes_nothing(admin_client):
    paste(admin_client)
    assert not Posting.objects.exists()
    assert not Company.objects.exists()
    assert not LogEntry.objects.exists()


def test_what_was_pasted_and_saved_is_what_an_import_would_have_made(admin_client, tmp_path):
    (tmp_path / "posting.md").write_text(PASTED)
    run_import([str(tmp_path)], Options())
    imported = Posting.objects.get()
    expected = [imported.text, imported.company, imported.apply_url, imported.apply_keyword, imported.salary_in_words]
    tags = set(imported.tags.values_list("kind", "code"))
    imported.delete()
    data = Form(paste(admin_client).content.decode()).data
    response = admin_client.post("/admin/postings/posting/add/", data, follow=True)
    assert "was added successfully" in response.content.decode()
    made = Posting.objects.get()
    assert [made.text, made.company, made.apply_url, made.apply_keyword, made.salary_in_words] == expected
    assert set(made.tags.values_list("kind", "code")) == tags
    assert (made.slug, made.source, made.pinned_fields) == ("head-gardener-4711", "admin", [])


def test_a_company_that_is_not_there_yet_is_named_and_one_that_is_there_is_not(admin_client):
    sentence = "There is no company called “Obsthof Ried” yet: it is made when you save."
    assert sentence in paste(admin_client).content.decode()
    make_company("Obsthof Ried")
    assert sentence not in paste(admin_client).content.decode()


def test_a_pasted_posting_that_is_here_already_is_pointed_at(admin_client):
    there = make_posting(slug="head-gardener-4711")
    html = paste(admin_client).content.decode()
    assert f'There is a posting of this name already: <a href="{page_of(there)}">' in html
    assert Form(html).data["slug"] == ["head-gardener-4711-2"]


def test_a_file_is_taken_as_well_as_its_text(admin_client):
    file = SimpleUploadedFile("posting.md", b"\xef\xbb\xbf" + PASTED.encode())
    assert Form(admin_client.post(PASTE, {"text": "", "file": file}).content.decode()).data["title"] == [
        "Head gardener"
    ]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"text": "Just a text"}, "Not taken: not a posting: its first line is not"),
        ({"text": ""}, "Not taken: the file is empty."),
        ({"text": "# Gardener"}, "Not taken: no apply address"),
        ({"text": "# [Gardener](javascript:alert(1))"}, "Not taken: the apply address is not http:"),
        ({"text": "# [x](https://a.example/x)\n" + "y" * 70_000}, "Not taken: over the cap of 64 KiB"),
        ({"file": b"# \xff\xfe"}, "Not taken: not UTF-8 at byte 2."),
        ({"file": b"y" * 70_000}, "Not taken: over the cap of 64 KiB"),
        ({"text": "x", "file": b"y"}, "There is a text and a file"),
    ],
)
def test_what_is_no_posting_is_refused_with_a_sentence_and_stays_in_the_box(admin_client, data, sentence):
    text = data.get("text", "")
    sent = {name: SimpleUploadedFile("x.md", each) if name == "file" else each for name, each in data.items()}
    response = admin_client.post(PASTE, sent)
    assert response.status_code == 422
    assert sentence in html_of(response)
    if text:
        assert Form(response.content.decode()).data["text"] == [text.replace("\n", "\r\n")]


def html_of(response) -> str:
    return unescape(response.content.decode())


def test_pasting_is_for_those_who_may_add_postings(client, django_user_model):
    assert paste(client).status_code == 302
    other = staff(django_user_model, "change_posting")
    assert [paste(other).status_code, other.get(PASTE).status_code] == [403, 403]
    assert paste(staff(django_user_model, "add_posting", name="eva")).status_code == 200
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(django_user_model.objects.create_superuser("root"))
    assert paste(guarded).status_code == 403


def test_the_form_of_a_new_posting_leads_to_pasting(admin_client):
    assert f'<a href="{PASTE}">' in admin_client.get("/admin/postings/posting/add/").content.decode()
    assert 'name="text"' in admin_client.get(PASTE).content.decode()
    assert admin_client.put(PASTE).status_code == 405


# --- What cannot be saved so ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pay", "sentence"),
    [
        ({"salary_min": "1e308", "salary_currency": "EUR", "salary_period": "hour"}, "Not taken: pay is between 0"),
        ({"salary_max": "-5", "salary_currency": "EUR", "salary_period": "hour"}, "Not taken: pay is between 0"),
        ({"salary_currency": "EUR", "salary_period": "year"}, "How much?"),
        ({"salary_min": "50", "salary_currency": "EUR"}, "Per what?"),
        ({"salary_min": "9", "salary_max": "5", "salary_currency": "EUR"}, "It is below the other end."),
        ({"salary_min": "9", "salary_currency": "<b>", "salary_period": "hour"}, "Three letters, please, as in EUR."),
    ],
)
def test_pay_that_says_nothing_is_refused_and_its_preview_says_so(admin_client, pay, sentence):
    posting = make_posting()
    address = f"/admin/postings/posting/{posting.pk}/change/"
    assert sentence in errors(send(admin_client, address, **pay))
    data = open_form(admin_client, address) | pay
    page = admin_client.post(f"/admin/postings/posting/preview/?posting={posting.pk}", data).content.decode()
    assert sentence in unescape(page) and "None a" not in page
    posting.refresh_from_db()
    assert (posting.salary_min, posting.salary_max, posting.salary_currency) == (None, None, "")


def test_a_currency_is_taken_however_it_is_written(admin_client):
    posting = make_posting()
    address = f"/admin/postings/posting/{posting.pk}/change/"
    assert not errors(send(admin_client, address, salary_min="50", salary_currency="eur", salary_period="hour"))
    posting.refresh_from_db()
    assert posting.salary_in_words == "from EUR 50 an hour"


def test_a_name_that_no_address_can_have_is_refused_with_a_sentence(admin_client):
    posting = make_posting(slug="gardener")
    response = send(admin_client, f"/admin/postings/posting/{posting.pk}/change/", slug="garden/er")
    assert "No slash, blank or invisible character, please." in errors(response)
    posting.refresh_from_db()
    assert posting.slug == "gardener"


@pytest.mark.parametrize("key", ["9" * 5000, "9" * 22, "x", "-1", "\0"])
def test_the_preview_of_what_is_not_there_is_not_found(admin_client, key):
    assert admin_client.post("/admin/postings/posting/preview/", query_params={"posting": key}).status_code == 404
