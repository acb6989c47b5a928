"""The admin, as an operator meets it: pages are opened, and forms sent back as a browser sends them."""

import datetime as dt
import re
from html.parser import HTMLParser

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from postings import catalogue
from postings.importing.run import Options, run_import
from postings.models import Company, DailyClicks, ImportRun, Posting, RefusedFile, Tag
from tests.factories import make_category, make_company, make_posting, posting_text
from tests.marks import slow_but

pytestmark = pytest.mark.django_db


# --- A browser's forms -------------------------------------------------------------------------------


class Form(HTMLParser):
    """The fields of a page's main form, with what a browser would send for them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self._textarea: str | None = None
        self._text = ""
        self._select: tuple[str, bool] | None = None
        self._options: list[tuple[str, bool]] = []
        self._in_form = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "form":
            self._in_form = found.get("id", "").endswith("_form")
        if not self._in_form or "disabled" in found:
            return
        name = found.get("name")
        if tag == "input" and name:
            kind = found.get("type", "text")
            if kind in ("submit", "button", "file") or (kind in ("checkbox", "radio") and "checked" not in found):
                return
            self.data.setdefault(name, []).append(found.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "textarea":
            self._textarea, self._text = name, ""
        elif tag == "select":
            self._select, self._options = (name, "multiple" in found), []
        elif tag == "option" and self._select:
            self._options.append((found.get("value", ""), "selected" in found))

    def handle_data(self, data):
        self._text += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self._textarea:
            # A browser drops the line end behind the tag, and sends every other one as \r\n.
            text = self._text.removeprefix("\n").replace("\r\n", "\n").replace("\n", "\r\n")
            self.data[self._textarea] = [text]
            self._textarea = None
        elif tag == "select" and self._select:
            (name, is_multiple), self._select = self._select, None
            chosen = [value for value, is_selected in self._options if is_selected]
            self.data[name] = chosen or ([] if is_multiple or not self._options else [self._options[0][0]])


def open_form(admin_client, address: str) -> dict[str, list[str]]:
    response = admin_client.get(address)
    assert response.status_code == 200
    return Form(response.content.decode()).data


def send(admin_client, address: str, **changes):
    """Opens a form, changes some of its fields, and sends it. The answer is where the browser ends up."""
    data = open_form(admin_client, address)
    unknown = set(changes) - data.keys() - {*Posting.PINNED_AS.values(), "end_is_employers", "_save", "_addanother"}
    assert not unknown, f"the form has no field {unknown}"
    response = admin_client.post(address, {**data, **changes, "_save": "Save"}, follow=True)
    assert response.status_code == 200
    return response


def errors(response) -> str:
    found = re.findall(r'<ul class="errorlist[^"]*"[^>]*>(.*?)</ul>', response.content.decode(), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", " ".join(found)).split())


def change_page(posting) -> str:
    return f"/admin/postings/posting/{posting.pk}/change/"


def edit(admin_client, posting, **changes) -> Posting:
    """Saves a posting through its form and gives what is stored then."""
    response = send(admin_client, change_page(posting), **changes)
    assert not errors(response)
    assert "was changed successfully" in response.content.decode()
    return Posting.objects.get(pk=posting.pk)


def rows(response) -> int:
    return len(response.context["cl"].result_list)


LIST = "/admin/postings/posting/"


@pytest.fixture
def posting():
    return make_posting(
        title="Orchard keeper",
        company="Obsthof Ried",
        salary_text="€40,000 - €48,000",
        place="Vienna, Austria; Graz",
        other_tags=["❤️ Apples", "two  blanks"],
        # Blanks at the end of a line are a line break in Markdown; at the end of all they are nothing, but there.
        body_markdown="\n    - indented\n\nFirst line  \nsecond line\n\n\ttab  \n\n",
        apply_url="https://jobs.obsthof.example/apply/orchard-keeper?x=1&y=%20",
        apply_keyword="PIPPIN",
        published_on="2025-01-01",
        published_precision=Posting.Precision.MONTH,
        categories=("Gardening",),
        # The form shows seconds.
        expires_at=timezone.now().replace(microsecond=0) + dt.timedelta(days=30),
    )


# --- Who gets in -------------------------------------------------------------------------------------


def test_the_login_page_opens_and_wears_the_boards_name(client):
    html = client.get("/admin/login/").content.decode()
    assert "Job board" in html
    assert 'name="password"' in html


def test_an_operator_logs_in_with_the_form(client, django_user_model):
    django_user_model.objects.create_superuser("ada", password="apple pie and custard")
    data = open_form(client, "/admin/login/?next=/admin/")
    response = client.post(
        "/admin/login/?next=/admin/", {**data, "username": "ada", "password": "apple pie and custard"}, follow=True
    )
    assert "What would you like to do?" in response.content.decode()


def test_a_wrong_password_gives_no_hint_of_the_name(client, django_user_model):
    django_user_model.objects.create_superuser("ada", password="apple pie and custard")
    notes = [
        re.findall(r'class="errornote">(.*?)</p>', client.post("/admin/login/", form).content.decode(), re.DOTALL)
        for form in ({"username": "ada", "password": "wrong"}, {"username": "nobody", "password": "wrong"})
    ]
    assert notes[0] == notes[1] != []


def every_page() -> list[str]:
    posting = make_posting(categories=("Gardening",))
    run = ImportRun.objects.create(source="files", finished_at=timezone.now())
    RefusedFile.objects.create(run=run, path="a/b.md", reason="not UTF-8 at byte 3")
    pages = ["/admin/", "/admin/postings/"]
    for name, pk in (
        ("posting", posting.pk),
        ("company", posting.company.pk),
        ("tag", Tag.objects.get().pk),
    ):
        base = f"/admin/postings/{name}/"
        pages += [
            base,
            f"{base}add/",
            f"{base}?q=x",
            *(f"{base}{pk}/{page}/" for page in ("change", "history", "delete")),
        ]
    pages += ["/admin/postings/dailyclicks/", f"/admin/postings/dailyclicks/?of=posting:{posting.pk}&span=12m"]
    pages.append("/admin/postings/posting/paste/")
    pages += [f"/admin/postings/importrun/{page}" for page in ("", "add/", "?what=dry", f"{run.pk}/change/")]
    for query in (
        *("status=live", "source=files", "category=gardening", "named=no", "pinned=yes", "pinned=no"),
        *("status=expired", "status=closed", "status=draft", "reported=review", "reported=open"),
        *(f"told={value}" for value in ("yes", "no", *Posting.Withheld.values)),
        *(
            "age=7",
            "age=older",
            "end=week",
            "clicked=0",
            "clicked=10",
            "host=example.org",
            "q=%25_%27",
            "q=a+b+c",
            "o=3.-4.1",
            "o=-3.4",
            "p=1",
            "all=",
        ),
    ):
        pages.append(f"{LIST}?{query}")
    pages += [f"/admin/postings/company/?o={column}" for column in (1, -2, 3)]
    pages += [f"/admin/postings/tag/?o={column}" for column in (1, 2, -3)]
    pages += ["/admin/postings/tag/?kind=category", "/admin/postings/importrun/?source=files"]
    pages += [f"/admin/postings/importrun/?started_at__year={timezone.now().year}", "/admin/password_change/"]
    return pages


def test_every_page_opens_for_an_operator(admin_client):
    pages = every_page()
    assert {page: admin_client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


AUTOCOMPLETE = "/admin/autocomplete/?term=a&app_label=postings"


def test_companies_and_tags_are_suggested_in_the_order_of_their_names(admin_client):
    for name in ("Birke a", "Cypress a", "Ahorn a"):
        make_posting(company=name, categories=(name,))
    for field in ("model_name=posting&field_name=company", "model_name=postingtag&field_name=tag"):
        found = admin_client.get(f"{AUTOCOMPLETE}&{field}").json()["results"]
        assert [each["text"] for each in found] == ["Ahorn a", "Birke a", "Cypress a"]


def test_no_page_opens_for_a_visitor(client):
    for page in every_page():
        response = client.get(page)
        assert response.status_code == 302, page
        assert response["Location"].startswith("/admin/login/?next="), page


def test_no_page_opens_for_an_account_that_is_not_staff(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("eve"))
    for page in every_page():
        assert client.get(page).status_code == 302, page


def test_staff_sees_only_what_it_was_given_the_right_to(client, django_user_model, posting):
    user = django_user_model.objects.create_user("bob", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_posting"))
    client.force_login(user)
    assert client.get(LIST).status_code == 200
    response = client.post(LIST, {"action": "close", "_selected_action": posting.pk})
    posting.refresh_from_db()
    assert posting.status == "live"
    response = client.post(change_page(posting), {"title": "Mine"})
    assert response.status_code == 403
    assert client.get("/admin/postings/company/").status_code == 403


def test_a_form_from_elsewhere_changes_nothing(admin_user, posting):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    response = browser.post(LIST, {"action": "close", "_selected_action": posting.pk})
    assert response.status_code == 403
    posting.refresh_from_db()
    assert posting.status == "live"


# --- Pins --------------------------------------------------------------------------------------------


def test_saving_with_nothing_changed_pins_nothing_and_changes_nothing(admin_client, posting):
    before = Posting.objects.filter(pk=posting.pk).values().get()
    edit(admin_client, posting)
    # Not even when it last changed.
    assert Posting.objects.filter(pk=posting.pk).values().get() == before
    assert before["pinned_fields"] == []
    assert [tag.name for tag in posting.tags.all()] == ["Gardening"]


EDITS = [
    ({"title": "Head keeper"}, ["title"]),
    ({"salary_text": ""}, ["salary_text"]),
    ({"place": "Linz"}, ["place"]),
    ({"other_tags": "❤️ Apples"}, ["other_tags"]),
    ({"body_markdown": "Another body."}, ["body_markdown"]),
    ({"apply_url": "https://other.example/x"}, ["apply_url"]),
    ({"apply_keyword": ""}, ["apply_keyword"]),
    ({"status": "closed"}, ["status"]),
    ({"published_on": "2025-02-01"}, ["published_on"]),
    ({"published_precision": "day"}, ["published_on"]),
    ({"company": ""}, ["company"]),
    ({"title": "Head keeper", "place": "Linz"}, ["place", "title"]),
    # No import writes these.
    ({"slug": "head-keeper"}, []),
    ({"expires_at_0": "2030-01-01", "expires_at_1": "12:00:00"}, []),
]


@pytest.mark.parametrize(("changes", "pinned"), slow_but(EDITS[::3], EDITS), ids=lambda value: "+".join(value))
def test_what_is_changed_by_hand_is_pinned_and_nothing_else(admin_client, posting, changes, pinned):
    stored = edit(admin_client, posting, **changes)
    assert stored.pinned_fields == pinned
    for name, value in changes.items():
        if isinstance(getattr(stored, name, None), str):
            assert getattr(stored, name) == value


def test_what_was_pinned_before_stays_pinned(admin_client, posting):
    edit(admin_client, posting, title="Head keeper")
    assert edit(admin_client, posting, place="Linz").pinned_fields == ["place", "title"]


def press(admin_client, posting, do: str) -> Posting:
    """Presses one of the buttons beside the fields, which has to be there, and gives what is stored then."""
    html = admin_client.get(change_page(posting)).content.decode()
    assert f'<button form="pins" name="do" value="{do}">' in html
    [action] = re.findall(r'<form id="pins" method="post" action="([^"]+)">', html)
    response = admin_client.post(action, {"do": do})
    assert response["Location"] == f"{change_page(posting)}#fact-{do.split()[1]}"
    return Posting.objects.get(pk=posting.pk)


def test_a_pin_is_taken_off_with_its_button(admin_client, posting):
    edit(admin_client, posting, title="Head keeper", place="Linz")
    assert press(admin_client, posting, "unpin title").pinned_fields == ["place"]
    assert press(admin_client, posting, "unpin place").pinned_fields == []


def test_a_pin_can_be_set_without_a_change(admin_client, posting):
    assert press(admin_client, posting, "pin salary_text").pinned_fields == ["salary_text"]


def test_a_tag_that_is_added_pins_the_categories(admin_client, posting):
    sales = make_category("Sales")
    stored = edit(admin_client, posting, categories=["gardening", sales.code])
    assert stored.pinned_fields == ["categories"]
    assert {tag.name for tag in stored.tags.all()} == {"Gardening", "Sales"}


def test_a_tag_that_is_taken_away_pins_the_categories(admin_client, posting):
    stored = edit(admin_client, posting, categories=[])
    assert stored.pinned_fields == ["categories"]
    assert not stored.tags.exists()


def test_the_same_tag_twice_is_one_tag(admin_client, posting):
    stored = edit(admin_client, posting, categories=["gardening", "gardening"])
    assert [tag.name for tag in stored.tags.all()] == ["Gardening"]
    assert stored.pinned_fields == []


def test_a_tag_that_there_is_not_is_refused_with_a_sentence(admin_client, posting):
    response = send(admin_client, change_page(posting), categories=["gardening", "no-such"])
    assert "no-such is not one of the available choices." in errors(response)
    assert [tag.name for tag in posting.tags.all()] == ["Gardening"]


def test_the_list_tells_what_is_pinned(admin_client, posting):
    make_posting()
    edit(admin_client, posting, title="Head keeper", place="Linz")
    assert "place, title" in admin_client.get(LIST).content.decode()
    assert rows(admin_client.get(f"{LIST}?pinned=yes")) == 1
    assert rows(admin_client.get(f"{LIST}?pinned=no")) == 1


# --- An import after an edit -------------------------------------------------------------------------


@pytest.fixture
def imported(tmp_path):
    """A posting that was imported, and a function that imports its file again with other contents."""
    folder = tmp_path / "Gardening" / "2025-01" / "gardener"
    folder.mkdir(parents=True)

    def write_and_import(**parts):
        (folder / "README.md").write_text(posting_text(**parts))
        run_import([str(tmp_path)], Options())
        return Posting.objects.get()

    write_and_import(title="Gardener", body="We grow trees.")
    return write_and_import


def test_an_import_keeps_what_was_edited_and_brings_the_rest(admin_client, imported):
    edit(admin_client, Posting.objects.get(), title="Head gardener", place="")
    stored = imported(title="Junior gardener", body="We grow *bushes*.")
    assert stored.title == "Head gardener"
    assert stored.place == ""
    assert stored.body_markdown == "We grow *bushes*."
    assert "<em>bushes</em>" in stored.body_html


def test_an_import_keeps_a_body_that_was_edited_with_its_html_and_excerpt(admin_client, imported):
    edit(admin_client, Posting.objects.get(), body_markdown="Made by **hand**")
    stored = imported(title="Junior gardener", body="We grow bushes.")
    assert stored.title == "Junior gardener"
    assert stored.body_markdown == "Made by **hand**"
    assert "<strong>hand</strong>" in stored.body_html
    assert stored.excerpt == "Made by hand"


def test_an_import_keeps_the_categories_and_the_closing_that_were_edited(admin_client, imported):
    edit(admin_client, Posting.objects.get(), categories=[], status=Posting.Status.CLOSED)
    stored = imported(title="Junior gardener")
    assert stored.title == "Junior gardener"
    assert stored.status == "closed"
    # What was not touched is read from the text still.
    assert {tag.name for tag in stored.tags.all()} == {"Austria", "Junior"}
    assert stored.pinned_fields == ["categories", "status"]


def test_saving_without_a_change_leaves_an_imported_posting_open_to_imports(admin_client, imported):
    assert edit(admin_client, Posting.objects.get()).pinned_fields == []
    assert imported(title="Junior gardener").title == "Junior gardener"


def test_an_import_writes_again_what_was_unpinned(admin_client, imported):
    edit(admin_client, Posting.objects.get(), title="Head gardener")
    press(admin_client, Posting.objects.get(), "unpin title")
    assert imported(title="Junior gardener").title == "Junior gardener"


# --- Body and address --------------------------------------------------------------------------------


def test_html_and_excerpt_are_made_from_the_body_on_save(admin_client, posting):
    stored = edit(admin_client, posting, body_markdown="# Work\r\n\r\nYou *prune*\r\n\r\n- a\r\n- b")
    assert stored.body_markdown == "# Work\n\nYou *prune*\n\n- a\n- b"
    assert "<h2>Work</h2>" in stored.body_html
    assert "<em>prune</em>" in stored.body_html
    assert stored.excerpt == "You prune a b"


def test_a_body_with_hostile_html_is_made_safe(admin_client, client, posting):
    hostile = "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) ![p](https://evil.example/p)"
    stored = edit(admin_client, posting, body_markdown=hostile)
    assert stored.body_markdown == hostile
    assert not re.search(r"<(script|img|a)\b", stored.body_html)
    # The page's own script stands in its head.
    assert "<script" not in client.get(posting.get_absolute_url()).content.decode().partition("<body")[2]


BAD_ADDRESSES = [
    ("javascript:alert(1)", "Not taken: the apply address is not http:, https: or mailto:."),
    ("//evil.example/", "Not taken: the apply address is not http:, https: or mailto:."),
    ("https://user:pw@evil.example/", "Not taken: the apply address holds a user name or password."),
    ("https://good.example\\@evil.example", "Not taken: the apply address holds a blank, a backslash"),
    ("https://[::1", "Not taken: the apply address has a host or port that cannot be read."),
    ("jobs.obsthof.example", "Not taken: the apply address is not http:, https: or mailto:."),
    ("data:text/html,<script>alert(1)</script>", "Not taken: the apply address is not http:, https: or mailto:."),
    ("https:evil.example", "Not taken: the apply address names no host."),
    ("https:///evil.example", "Not taken: the apply address names no host."),
    ("https://good.example/\r\nSet-Cookie: x=1", "Not taken: the apply address holds a blank, a backslash"),
    ("https://good.example/\tx", "Not taken: the apply address holds a blank, a backslash or a control character."),
    ("https://good.example/" + "y" * 10_240, "Ensure this value has at most 2048 characters (it has 10261)."),
    ("https://exam\u2100ple.example/", "Not taken: the apply address has a host or port that cannot be read."),
    ("https://-.example/", "Not taken: the apply address has a host name that does not exist in the DNS."),
    ("mailto:a@b.example?bcc=c@d.example", "Not taken: the apply address is a mailto: that is not one plain mail"),
    ("", "This field is required."),
]


@pytest.mark.parametrize(("address", "sentence"), slow_but(BAD_ADDRESSES[::5], BAD_ADDRESSES))
def test_a_bad_apply_address_is_refused_with_a_sentence(admin_client, posting, address, sentence):
    response = send(admin_client, change_page(posting), apply_url=address)
    assert sentence in errors(response)
    stored = Posting.objects.get()
    assert stored.apply_url == posting.apply_url
    assert stored.pinned_fields == []


def test_an_address_in_other_letters_is_stored_as_the_dns_knows_it(admin_client, posting):
    send(admin_client, change_page(posting), apply_url="https://b\u00fccher.example/stelle/k\u00f6ln")
    assert Posting.objects.get().apply_url == "https://xn--bcher-kva.example/stelle/k%C3%B6ln"


def test_a_body_that_would_become_too_large_is_refused_with_a_sentence(admin_client, posting):
    bomb = f"[x]: https://a.example/{'y' * 2000}\n\n" + "[x] " * 300
    response = send(admin_client, change_page(posting), body_markdown=bomb)
    assert "Not taken: its HTML would be over 256 KiB." in errors(response)


def test_a_nul_in_a_field_is_refused_with_a_sentence(admin_client, posting):
    response = send(admin_client, change_page(posting), title="a\0b")
    assert "Null characters are not allowed." in errors(response)


def test_a_posting_that_was_imported_without_a_body_can_be_closed(admin_client, imported):
    posting = imported(body="")
    assert posting.body_markdown == ""
    assert edit(admin_client, posting, status="closed").status == "closed"


def test_a_posting_whose_long_name_got_a_number_can_be_closed(admin_client):
    posting = make_posting(slug="x" * 200 + "-2")
    assert edit(admin_client, posting, status="closed").status == "closed"


# --- By hand -----------------------------------------------------------------------------------------


def test_a_posting_is_added_by_hand_and_seen_by_visitors(admin_client, client):
    make_company("Obsthof Ried")
    make_category("Kitchen")
    response = send(
        admin_client,
        f"{LIST}add/",
        title="Cook",
        company="Obsthof Ried",
        body_markdown="You *cook*.",
        apply_url="https://jobs.obsthof.example/cook",
        other_tags="❤️ Soup\r\n\r\n  Bread \r\n",
        published_on="2025-03-01",
        categories=["kitchen"],
    )
    assert not errors(response)
    posting = Posting.objects.get()
    assert (posting.slug, posting.source, posting.source_slug) == ("cook", "admin", "cook")
    assert posting.other_tags == ["❤️ Soup", "Bread"]
    html = client.get("/jobs/cook/").content.decode()
    for part in ("Cook", "Obsthof Ried", "<em>cook</em>", "Kitchen", "Bread", "1 March 2025"):
        assert part in html
    assert client.get("/apply/cook")["Location"] == "https://jobs.obsthof.example/cook"


def test_a_posting_is_linked_to_its_page_and_so_is_a_draft(admin_client, posting):
    for shown in (posting, make_posting(status=Posting.Status.DRAFT)):
        link = f'<a href="{shown.get_absolute_url()}" class="viewsitelink"'
        assert link in admin_client.get(change_page(shown)).content.decode()
        assert admin_client.get(shown.get_absolute_url()).status_code == 200


def test_a_second_posting_of_a_title_is_added_after_the_firsts_address_was_changed(admin_client):
    def add():
        return send(
            admin_client, f"{LIST}add/", title="Cook", body_markdown="x", apply_url="https://jobs.obsthof.example/"
        )

    admin_client.raise_request_exception = False
    add()
    edit(admin_client, Posting.objects.get(), slug="chef")
    assert not errors(add())
    assert Posting.objects.count() == 2


def test_company_and_tag_are_added_and_their_slugs_made(admin_client):
    send(admin_client, "/admin/postings/company/add/", name="R&D Garden")
    assert Company.objects.get().slug == "r-and-d-garden"
    send(admin_client, "/admin/postings/tag/add/", name="C++", kind="category")
    assert Tag.objects.get().slug == "c-plus-plus"


def test_a_company_that_is_there_already_is_refused_with_a_sentence(admin_client):
    make_company("Ahorn")
    response = send(admin_client, "/admin/postings/company/add/", name="Ahorn")
    assert errors(response) == "Company with this Name already exists."


def test_a_company_with_postings_is_not_deleted_and_the_page_says_why(admin_client, posting):
    page = f"/admin/postings/company/{posting.company.pk}/delete/"
    html = admin_client.get(page).content.decode()
    assert "would require deleting the following protected related objects" in html
    admin_client.post(page, {"post": "yes"})
    assert Company.objects.count() == 1


def test_a_posting_is_deleted_with_all_that_hangs_on_it(admin_client, imported):
    posting = Posting.objects.get()
    DailyClicks.objects.create(posting=posting, day=dt.date(2025, 1, 1), kind="person", count=1)
    admin_client.post(f"{LIST}{posting.pk}/delete/", {"post": "yes"})
    assert not Posting.objects.exists()
    # The next import brings it back: it is in the file still.
    assert imported().title == "Gardener"


# --- Actions -----------------------------------------------------------------------------------------


def act(admin_client, action, *postings, address=LIST, **answers):
    """Chooses, answers what is asked, and says yes; what was said then, in a list."""
    data = {"action": action, "_selected_action": [posting.pk for posting in postings], **answers}
    if answers:
        data["step"] = action
    asked = admin_client.post(address, data)
    assert asked.status_code == 200
    sent = data | {"step": action, "number": asked.context["number"]}
    response = admin_client.post(address, sent, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def test_postings_are_closed_from_the_list_and_stay_closed(admin_client, client, posting):
    other, untouched = make_posting(), make_posting()
    assert act(admin_client, "close", posting, other) == ["2 postings were closed."]
    posting.refresh_from_db()
    assert (posting.status, posting.pinned_fields) == ("closed", ["status"])
    assert client.get(posting.get_absolute_url()).status_code == 410
    assert client.get(untouched.get_absolute_url()).status_code == 200


def test_an_import_does_not_open_what_was_closed_from_the_list(admin_client, imported):
    act(admin_client, "close", Posting.objects.get())
    assert imported(title="Junior gardener").status == "closed"


def test_drafts_are_published_from_the_list(admin_client, client, posting):
    draft = make_posting(status=Posting.Status.DRAFT)
    assert act(admin_client, "publish", draft) == ["1 posting was published."]
    draft.refresh_from_db()
    assert (draft.status, draft.pinned_fields) == ("live", ["status"])


def test_what_is_closed_already_is_left_alone(admin_client, posting):
    closed = make_posting(status=Posting.Status.CLOSED)
    assert act(admin_client, "close", closed, posting) == ["1 posting was closed."]
    closed.refresh_from_db()
    assert closed.pinned_fields == []


def test_every_change_from_the_list_is_in_the_history(admin_client, posting):
    act(admin_client, "close", posting)
    [entry] = LogEntry.objects.all()
    assert (entry.object_id, entry.get_change_message()) == (str(posting.pk), "Closed from the list.")


def test_an_expired_posting_that_is_published_again_is_seen_again(admin_client, client, posting):
    Posting.objects.update(expires_at=timezone.now() - dt.timedelta(days=1))
    act(admin_client, "publish", posting)
    assert client.get(posting.get_absolute_url()).status_code == 200


# --- Finding and figures -----------------------------------------------------------------------------


def test_postings_are_found_by_title_company_and_address(admin_client):
    make_posting(title="Orchard keeper", slug="a")
    make_posting(company="Orchard Ltd", slug="b")
    make_posting(slug="orchard-3")
    make_posting(title="Cook", slug="c")
    assert rows(admin_client.get(f"{LIST}?q=orchard")) == 3


def test_postings_are_filtered_by_status_category_and_missing_company(admin_client):
    make_posting(status=Posting.Status.CLOSED, categories=("Gardening", "Design"))
    make_posting(company=None, categories=("Gardening",))
    for query, found in (
        ("status=closed", 1),
        ("category=gardening", 2),
        ("category=design", 1),
        ("category=no-such", 0),
        ("named=no", 1),
    ):
        assert rows(admin_client.get(f"{LIST}?{query}")) == found, query


def test_the_list_goes_by_the_order_that_visitors_see(admin_client):
    for title, day in (("January", "2025-01-01"), ("March", "2025-03-01"), ("February", "2025-02-01")):
        make_posting(title=title, published_on=day)
    found = [posting.title for posting in admin_client.get(LIST).context["cl"].result_list]
    assert found == ["March", "February", "January"]


def test_the_list_shows_the_clicks_of_people_and_sorts_by_them(admin_client, posting):
    busy = make_posting()
    for kind, count in (("person", 1200), ("person", 34), ("bot", 9)):
        day = dt.date(2025, 1, 1 + DailyClicks.objects.count())
        DailyClicks.objects.create(posting=busy, day=day, kind=kind, count=count)
    column = admin_client.get(LIST).context["cl"].list_display.index("clicks")
    response = admin_client.get(f"{LIST}?o=-{column}")
    assert [found.clicks for found in response.context["cl"].result_list] == [1234, 0]
    assert re.search(r'class="field-clicks">1,?234<', response.content.decode())


def test_a_postings_page_says_its_clicks_by_kind(admin_client, posting):
    for day, kind, count in ((1, "person", 1000), (2, "person", 1), (2, "prefetch", 5)):
        DailyClicks.objects.create(posting=posting, day=dt.date(2025, 1, day), kind=kind, count=count)
    assert (
        "<strong>1,001 by people</strong>; besides 0 repeats, 0 bursts, 0 bots, 5 prefetches and previews, "
        "0 not told apart; 1,006 in all."
    ) in admin_client.get(change_page(posting)).content.decode()


def test_a_postings_page_says_which_files_it_was_read_from(admin_client, imported):
    html = admin_client.get(change_page(Posting.objects.get())).content.decode()
    assert "Gardening/2025-01/gardener/README.md" in html


@pytest.mark.parametrize("name", ["posting", "company", "tag"])
def test_more_rows_take_no_more_queries(admin_client, django_assert_num_queries, name):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def fill(number):
        posting = make_posting(company=f"Company {number}", categories=(f"Category {number}",))
        DailyClicks.objects.create(posting=posting, day=dt.date(2025, 1, 1), kind="person", count=1)

    address = f"/admin/postings/{name}/"
    fill(0)
    catalogue.current()  # as a thread of each worker keeps it
    with CaptureQueriesContext(connection) as few:
        assert rows(admin_client.get(address)) == 1
    for number in range(1, 20):
        fill(number)
    catalogue.current()
    # Who asks, from which session; what the page holds and how much; the filters' choices and the dates' bounds.
    with django_assert_num_queries(len(few)):
        assert rows(admin_client.get(address)) == 20


def test_companies_and_tags_say_how_many_live_postings_they_have(admin_client):
    make_posting(company="Ahorn", categories=("Gardening",))
    make_posting(company="Ahorn", categories=("Gardening",), status=Posting.Status.CLOSED)
    for name in ("company", "tag"):
        html = admin_client.get(f"/admin/postings/{name}/").content.decode()
        assert re.findall(r'class="field-live_postings">(\d+)<', html) == ["1"]


def test_hostile_text_stays_text_on_every_page(admin_client):
    hostile = '"><svg onload=alert(1)>{{ 7*7 }}'
    posting = make_posting(
        title=hostile,
        company=hostile,
        place=hostile,
        other_tags=[hostile],
        categories=(hostile,),
        apply_keyword=hostile,
    )
    run = ImportRun.objects.create(source=hostile)
    RefusedFile.objects.create(run=run, path=hostile, reason=hostile)
    pages = (
        "posting/",
        f"posting/{posting.pk}/change/",
        "company/",
        "tag/",
        "importrun/",
        f"importrun/{run.pk}/change/",
    )
    for page in pages:
        html = admin_client.get(f"/admin/postings/{page}").content.decode()
        assert "<svg onload" not in html, page
        assert "&lt;svg onload=alert(1)&gt;{{ 7*7 }}" in html, page


# --- Import runs -------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    """A run with one posting taken and one file refused."""
    (tmp_path / "good.md").write_text(posting_text())
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe")
    run_import([str(tmp_path)], Options(source="garden"))
    return ImportRun.objects.get()


def test_a_run_says_what_it_took_and_what_it_refused_and_why(admin_client, run):
    html = admin_client.get(f"/admin/postings/importrun/{run.pk}/change/").content.decode()
    assert "bad.md" in html
    assert "not UTF-8 at byte 0" in html
    assert 'href="/admin/postings/posting/?source=garden"' in html
    assert rows(admin_client.get("/admin/postings/posting/?source=garden")) == 1
    assert rows(admin_client.get("/admin/postings/posting/?source=files")) == 0


def test_a_run_links_to_its_postings_whatever_the_sources_name(admin_client):
    make_posting(source="R&D #1")
    make_posting(source="files")
    run = ImportRun.objects.create(source="R&D #1")
    html = admin_client.get(f"/admin/postings/importrun/{run.pk}/change/").content.decode()
    [address] = re.findall(r'href="([^"]*posting/\?source=[^"]*)"', html)
    assert rows(admin_client.get(address.replace("&amp;", "&"), follow=True)) == 1


def test_a_run_that_was_cut_off_says_so(admin_client):
    ImportRun.objects.create(source="files")
    assert "not finished" in admin_client.get("/admin/postings/importrun/").content.decode()


def test_runs_are_looked_at_and_not_edited(admin_client, run):
    page = f"/admin/postings/importrun/{run.pk}/"
    assert admin_client.post(f"{page}change/", {"source": "mine"}).status_code == 403
    assert admin_client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    html = admin_client.get(f"{page}change/").content.decode()
    assert 'name="_save"' not in html
    run.refresh_from_db()
    assert run.source == "garden"


# --- Under the board's policy ------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/admin/login/", "/admin/", LIST, f"{LIST}add/", "/admin/postings/importrun/add/"])
def test_the_admin_keeps_to_the_content_security_policy(admin_client, page):
    """No inline script, style or handler: under the policy they would be dead, and somebody would loosen it."""
    response = (Client() if "login" in page else admin_client).get(page)
    assert "unsafe" not in response["Content-Security-Policy"]
    html = response.content.decode()
    assert not re.search(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", html)
    assert not re.search(r"<style|<[^>]+\s(?:style|on\w+)=", html)


def test_nothing_of_a_posting_is_kept_by_caches_between(admin_client, posting):
    assert "no-store" in admin_client.get(change_page(posting))["Cache-Control"]


def test_messages_after_saving_are_text(admin_client, posting):
    response = send(admin_client, change_page(posting), title="<b>Bold</b>")
    assert "<b>Bold</b>" not in response.content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in response.content.decode()


# --- Two at once -------------------------------------------------------------------------------------


def test_a_form_that_was_open_while_an_import_wrote_is_not_taken(admin_client, imported):
    page = change_page(Posting.objects.get())
    data = open_form(admin_client, page)
    imported(title="Junior gardener", body="We grow bushes.")
    response = admin_client.post(page, {**data, "place": "Linz"})
    assert "changed this posting" in errors(response)
    stored = Posting.objects.get()
    # Neither undone nor pinned.
    assert (stored.title, stored.body_markdown, stored.pinned_fields) == ("Junior gardener", "We grow bushes.", [])


# --- Forms in encodings that are none ------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["raw_unicode_escape", "unicode_escape", "idna", "base64", "utf-16", "none"])
@pytest.mark.parametrize("page", ["posting/add/", "posting/paste/", "posting/preview/", "company/add/", "tag/add/"])
def test_a_form_is_read_as_utf_8_whatever_it_claims(admin_client, page, charset):
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800\r\n'
        for name in ("title", "company", "text", "name", "kind", "body_markdown")
    )
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    response = admin_client.generic("POST", f"/admin/postings/{page}", f"{body}--x--\r\n", content_type=kind)
    assert response.status_code in (200, 302, 422)


@pytest.mark.parametrize("charset", ["idna", "base64", "none"])
def test_nobody_makes_the_login_fail_with_an_encoding(charset):
    stranger = Client(enforce_csrf_checks=True)
    stranger.get("/admin/login/")
    body = '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nbob\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    assert stranger.generic("POST", "/admin/login/", body, content_type=kind).status_code == 403
