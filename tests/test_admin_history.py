"""The history in the admin: what changed from what to what, and the way back."""

import pytest

from postings import history, rendering
from postings.importing import run
from postings.models import Company, Posting, PostingTag, Tag
from tests.factories import make_category, make_company, make_posting, posting_text

pytestmark = pytest.mark.django_db

CHANGES = "/admin/postings/historicalposting/"


def history_page(posting_id: int) -> str:
    return f"/admin/postings/posting/{posting_id}/history/"


def row_page(posting_id: int, number: int = 0) -> str:
    """The page of one of its rows, counted from the first."""
    row = Posting.history.filter(id=posting_id).order_by("history_id")[number]
    return f"{history_page(posting_id)}{row.history_id}/"


def read(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return " ".join(response.content.decode().split())


def seen(model, key: int) -> dict[str, int]:
    """What the page that asks sends along: which row was the last when it was shown."""
    return {"seen": model.history.filter(id=key).order_by("history_id").last().history_id}


def take_back(client, posting_id: int, number: int = 0) -> str:
    response = client.post(row_page(posting_id, number), seen(Posting, posting_id), follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def edit(posting: Posting, user, **fields) -> None:
    """As the form does it: what a person changes is pinned."""
    with history.because("Edited in the admin.", user):
        for name, value in fields.items():
            setattr(posting, name, value)
        posting.pin(fields)
        posting.save()


@pytest.fixture
def imported(tmp_path):
    """A posting of a file, and a way to import the file again with another text."""

    def bring(**text) -> Posting:
        (tmp_path / "gardener.md").write_text(posting_text(**text))
        run.run_import([str(tmp_path)], run.Options())
        return Posting.objects.get()

    return bring


def test_it_tells_who_changed_what_from_what_to_what_and_why(admin_client, admin_user):
    posting = make_posting(title="Gardener", place="Vienna")
    edit(posting, admin_user, title="Head gardener", company=make_company("Ahorn"))
    page = read(admin_client, history_page(posting.pk))
    assert "changed by admin" in page and "Edited in the admin." in page
    assert "<del><bdi>Gardener</bdi></del>" in page and "<ins><bdi>Head gardener</bdi></ins>" in page
    assert "<del><bdi>Lindenhof Labs</bdi></del>" in page and "<ins><bdi>Ahorn</bdi></ins>" in page
    assert "<ins><bdi>company, title</bdi></ins>" in page  # pinned
    assert "Vienna" not in page


def test_a_body_is_told_by_the_lines_that_differ(admin_client, admin_user):
    posting = make_posting(body_markdown="We grow trees.\n\nCome.\n\nBring boots.")
    edit(posting, admin_user, body_markdown="We grow trees.\n\nCome soon.\n\nBring boots.")
    assert "-Come. +Come soon." in read(admin_client, history_page(posting.pk))


def test_salary_and_tags_are_told_in_words(admin_client, admin_user):
    posting = make_posting(salary_min=40000, salary_currency="EUR", salary_period="year")
    posting.salary_max = 50000
    posting.save()
    PostingTag.objects.create(posting=posting, tag=make_category("Garden"))
    page = read(admin_client, history_page(posting.pk))
    assert "<del><bdi>from EUR 40,000 a year</bdi></del>" in page
    assert "<ins><bdi>EUR 40,000 to 50,000 a year</bdi></ins>" in page
    assert "<dt>Categories</dt>" in page and "<ins><bdi>Garden</bdi></ins>" in page


def test_an_edit_is_taken_back_and_its_pin_with_it(admin_client, admin_user, imported):
    posting = imported(title="Gardener")
    edit(posting, admin_user, title="Head gardener")
    assert "is what it was" in take_back(admin_client, posting.pk)
    posting.refresh_from_db()
    assert (posting.title, posting.pinned_fields) == ("Gardener", [])
    assert imported(title="Tree surgeon").title == "Tree surgeon"


def test_what_an_import_changed_is_taken_back_and_stays(admin_client, imported):
    posting = imported(title="Gardener", tags=("💰 €40,000 - €48,000",))
    imported(title="Head gardener", tags=("💰 €50,000 - €58,000",))
    take_back(admin_client, posting.pk)
    posting.refresh_from_db()
    assert (posting.title, posting.salary_min) == ("Gardener", 40000)
    assert {"title", "salary_min", "salary_text"} <= set(posting.pinned_fields)
    assert imported(title="Tree surgeon", tags=("💰 €60,000 - €68,000",)).title == "Gardener"


def test_body_html_and_what_follows_from_it_are_made_anew(admin_client, admin_user, client):
    posting = make_posting(title="Gardener", body_markdown="We grow **trees**.")
    posting.body_markdown = "We fell them."
    posting.render_body()
    posting.save()
    take_back(admin_client, posting.pk)
    assert "<strong>trees</strong>" in client.get(posting.get_absolute_url()).content.decode()


def test_tags_come_back_and_go_again(admin_client, admin_user):
    posting = make_posting(categories=("Garden",))
    posting.posting_tags.all().delete()
    PostingTag.objects.create(posting=posting, tag=make_category("Kitchen"))
    with_garden = len(Posting.history.filter(id=posting.pk, past_tags__0__2="Garden"))
    assert with_garden
    number = [row.past_tags[0][2] if row.past_tags else "" for row in Posting.history.filter(id=posting.pk)[::-1]]
    take_back(admin_client, posting.pk, number.index("Garden"))
    assert list(posting.tags.values_list("name", flat=True)) == ["Garden"]


def test_a_tag_that_is_gone_is_left_out_and_named(admin_client):
    posting = make_posting(categories=("Garden",))
    number = Posting.history.filter(id=posting.pk).count() - 1
    Tag.objects.all().delete()
    assert "Tags that are no longer there were left out: Garden." in take_back(admin_client, posting.pk, number)


def test_the_page_before_says_what_would_change_and_changes_nothing(admin_client, admin_user):
    posting = make_posting(title="Gardener")
    edit(posting, admin_user, title="Head gardener")
    page = read(admin_client, row_page(posting.pk))
    assert "<del><bdi>Head gardener</bdi></del>" in page and "<ins><bdi>Gardener</bdi></ins>" in page
    posting.refresh_from_db()
    assert posting.title == "Head gardener"


def test_taking_back_stands_in_the_history_too(admin_client, admin_user):
    posting = make_posting(title="Gardener")
    edit(posting, admin_user, title="Head gardener")
    take_back(admin_client, posting.pk)
    row = Posting.history.filter(id=posting.pk).first()
    assert row.history_user == admin_user
    assert row.history_change_reason.startswith("Taken back to what it was on ")


def test_a_deleted_posting_is_found_and_is_there_again(admin_client, client):
    posting = make_posting(title="Gardener", categories=("Garden",), body_markdown="We grow trees.")
    key, page = posting.pk, posting.get_absolute_url()
    admin_client.post(f"/admin/postings/posting/{key}/delete/", {"post": "yes"})
    assert history_page(key) in read(admin_client, f"{CHANGES}?history_type__exact=-")
    assert "It was deleted." in read(admin_client, history_page(key))
    take_back(admin_client, key, -1 + Posting.history.filter(id=key).count() - 1)
    restored = Posting.objects.get(pk=key)
    assert (restored.title, list(restored.tags.values_list("name", flat=True))) == ("Gardener", ["Garden"])
    assert client.get(page).status_code == 200


def test_a_deleted_posting_whose_company_went_too_gets_it_back(admin_client):
    posting = make_posting(company="Ahorn")
    key = posting.pk
    posting.delete()
    Company.objects.all().delete()
    assert "Its company, Ahorn, was deleted meanwhile and is there again." in take_back(admin_client, key)
    assert Posting.objects.get(pk=key).company.name == "Ahorn"


def test_a_deleted_posting_that_was_imported_again_is_not_there_twice(admin_client, imported):
    posting = imported()
    key = posting.pk
    posting.delete()
    imported()
    Posting.objects.update(slug="another")
    assert "An import brought it again meanwhile" in take_back(admin_client, key)
    assert Posting.objects.count() == 1


def test_an_address_that_another_has_by_now_is_refused_with_a_sentence(admin_client):
    posting = make_posting(slug="gardener")
    posting.slug = "head-gardener"
    posting.save()
    make_posting(slug="gardener")
    assert "Another posting has its address by now (gardener)." in take_back(admin_client, posting.pk)
    posting.refresh_from_db()
    assert posting.slug == "head-gardener"


def test_where_somebody_wrote_in_between_the_question_is_asked_again(admin_client, admin_user):
    posting = make_posting(title="Gardener")
    edit(posting, admin_user, title="Head gardener")
    address = row_page(posting.pk)
    data = {"seen": admin_client.get(address).context["last"].history_id}
    edit(posting, admin_user, place="Vienna")
    for sent in (data, {}, {"seen": "x"}):
        page = " ".join(admin_client.post(address, sent).content.decode().split())
        assert "has changed it meanwhile" in page and "<del><bdi>Vienna</bdi></del>" in page
    posting.refresh_from_db()
    assert (posting.title, posting.place) == ("Head gardener", "Vienna")
    data["seen"] = admin_client.get(address).context["last"].history_id
    admin_client.post(address, data)
    posting.refresh_from_db()
    assert (posting.title, posting.place) == ("Gardener", "")


def test_a_body_that_is_too_large_by_now_is_left_with_a_sentence(admin_client, admin_user, monkeypatch):
    posting = make_posting(body_markdown="We grow trees.")
    edit(posting, admin_user, body_markdown="We plant trees.")
    monkeypatch.setattr(rendering, "MAX_HTML_BYTES", 5)
    assert "Its body can no longer be shown: its HTML would be over" in take_back(admin_client, posting.pk)
    posting.refresh_from_db()
    assert posting.body_markdown == "We plant trees."


@pytest.mark.parametrize("thing", ["company", "tag"])
def test_companies_and_tags_are_taken_back_too(admin_client, thing):
    it = make_company("Ahorn") if thing == "company" else make_category("Ahorn")
    it.name = "Birke"
    it.save()
    page = f"/admin/postings/{thing}/{it.pk}/history/"
    assert "<ins><bdi>Birke</bdi></ins>" in read(admin_client, page)
    first = it.history.order_by("history_id").first()
    admin_client.post(f"{page}{first.history_id}/", seen(type(it), it.pk))
    it.refresh_from_db()
    assert it.name == "Ahorn"


def test_a_company_whose_old_name_another_has_is_left_with_a_sentence(admin_client):
    company = make_company("Ahorn")
    company.name = "Birke"
    company.save()
    Company.objects.create(name="Ahorn")
    first = company.history.order_by("history_id").first()
    page = f"/admin/postings/company/{company.pk}/history/"
    said = admin_client.post(f"{page}{first.history_id}/", seen(Company, company.pk), follow=True).content.decode()
    assert "Not taken back: Company with this Name already exists." in said


def test_a_company_that_was_deleted_is_there_again(admin_client):
    company = make_company("Ahorn")
    key, first = company.pk, company.history.get()
    company.delete()
    admin_client.post(f"/admin/postings/company/{key}/history/{first.history_id}/", seen(Company, key))
    assert Company.objects.get(name="Ahorn").slug == "ahorn"


def test_only_who_may_change_postings_takes_them_back(client, django_user_model, posting_viewer):
    posting = make_posting(title="Gardener")
    posting.title = "Head gardener"
    posting.save()
    client.force_login(posting_viewer)
    assert "Take it back" not in read(client, history_page(posting.pk))
    assert client.get(row_page(posting.pk)).status_code == 403
    assert client.post(row_page(posting.pk)).status_code == 403
    posting.refresh_from_db()
    assert posting.title == "Head gardener"


@pytest.fixture
def posting_viewer(django_user_model):
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_posting"))
    return user


def test_hostile_text_stays_text(admin_client, admin_user):
    posting = make_posting(title="<script>alert(1)</script>", body_markdown="<b>a</b>")
    edit(posting, admin_user, title="<img src=x onerror=alert(2)>", body_markdown="<i>b</i>")
    for address in (history_page(posting.pk), row_page(posting.pk), CHANGES):
        page = read(admin_client, address)
        assert "<script>alert" not in page and "<img src=x" not in page and "<i>b" not in page


@pytest.mark.parametrize("path", ["0/", "4711/", "x/", "9" * 30 + "/", "9" * 5000 + "/", "٣/"])
def test_what_is_not_there_is_not_found(admin_client, path):
    posting = make_posting()
    assert admin_client.get(f"{history_page(posting.pk)}{path}").status_code in (404, 302)
    assert admin_client.get(f"/admin/postings/posting/{path}history/").status_code == 404


def test_a_long_history_is_paged_and_takes_no_more_queries(admin_client, admin_user, django_assert_max_num_queries):
    posting = make_posting(title="Gardener 0")
    for number in range(1, 120):
        posting.title, posting.company = f"Gardener {number}", make_company(f"Garden {number % 7}")
        posting.body_markdown = f"We grow {number} trees."
        posting.save()
    # Session and user, the posting, counts, rows, the one before, companies, bodies, what was done.
    with django_assert_max_num_queries(12):
        page = read(admin_client, history_page(posting.pk))
    assert "<ins><bdi>Gardener 119</bdi></ins>" in page and "Gardener 60<" not in page
    assert "<ins><bdi>Gardener 69</bdi></ins>" in read(admin_client, f"{history_page(posting.pk)}?page=2")


def test_all_changes_are_listed_newest_first(admin_client, admin_user, django_assert_max_num_queries):
    for number in range(30):
        edit(make_posting(title=f"Gardener {number}"), admin_user, title=f"Head gardener {number}")
    with django_assert_max_num_queries(12):
        page = read(admin_client, CHANGES)
    assert page.index("Head gardener 29") < page.index("Head gardener 28")
    assert admin_client.get(f"{CHANGES}?history_date__gte=2025-01-01+00%3A00%3A00%2B00%3A00").status_code == 200
