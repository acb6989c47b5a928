"""What is done to many postings at once, from their list: asked, said, done."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from postings import mending
from postings.admin import posting_steps
from postings.importing import run
from postings.models import Posting, Tag
from tests.factories import at_once, make_category, make_posting, posting_text
from tests.test_admin import LIST, act

pytestmark = pytest.mark.django_db


def names(posting: Posting, kind: str = "category") -> list[str]:
    return sorted(posting.tags.filter(kind=kind).values_list("name", flat=True))


def asked(admin_client, action: str, *postings: Posting, **answers) -> str:
    """What the page says before anything is done."""
    data = {"action": action, "_selected_action": [posting.pk for posting in postings], **answers}
    response = admin_client.post(LIST, data | ({"step": action} if answers else {}))
    assert response.status_code == 200
    return " ".join(re.sub("<.*?>", "", response.content.decode().partition('id="content-main"')[2]).split())


def reloaded(posting: Posting) -> Posting:
    return Posting.objects.get(pk=posting.pk)


# --- Asking ------------------------------------------------------------------------------------------


def test_a_step_says_how_many_it_will_change_and_names_a_few_before_it_does(admin_client):
    postings = [make_posting(title=f"Gardener number {number}") for number in range(7)]
    closed = make_posting(status=Posting.Status.CLOSED)
    page = asked(admin_client, "close", closed, *postings)
    assert "7 postings will be closed; of the 8 that were chosen nothing changes in the others." in page
    assert page.count("Gardener number") == 5 and "and 2 more" in page
    assert Posting.objects.live().count() == 7


def test_where_nothing_would_change_there_is_nothing_to_say_yes_to(admin_client):
    page = asked(admin_client, "publish", make_posting())
    assert "None of the 1 chosen posting would be published: nothing to do." in page
    assert "Yes," not in page


def test_where_it_is_another_number_by_then_the_question_is_asked_again(admin_client):
    first, second = make_posting(), make_posting()
    data = {"action": "close", "_selected_action": [first.pk, second.pk], "step": "close", "number": 2}
    Posting.objects.filter(pk=first.pk).update(status=Posting.Status.CLOSED)
    response = admin_client.post(LIST, data)
    assert "Meanwhile it is another number: it was 2." in response.content.decode()
    assert reloaded(second).status == "live"


def test_a_step_for_all_that_the_list_is_filtered_by_reaches_them_all(admin_client):
    with at_once():
        for number in range(60):
            make_posting(source="garden", slug=f"garden-{number}")
    other = make_posting(source="kitchen")
    some = Posting.objects.filter(source="garden").values_list("pk", flat=True)[:1]
    sent = {"action": "close", "select_across": "1", "_selected_action": list(some), "number": 60, "step": "close"}
    response = admin_client.post(f"{LIST}?source=garden", sent, follow=True)
    assert "60 postings were closed." in response.content.decode()
    assert list(Posting.objects.live()) == [other]


def test_many_are_changed_a_batch_at_a_time(admin_client, monkeypatch):
    monkeypatch.setattr(posting_steps, "AT_ONCE", 3)
    postings = [make_posting() for _ in range(8)]
    assert act(admin_client, "close", *postings) == ["8 postings were closed."]
    assert LogEntry.objects.count() == 8


def test_a_number_that_is_none_is_asked_again(admin_client):
    posting = make_posting()
    for number in ("", "x", "-1", "9" * 5000):
        data = {"action": "close", "_selected_action": posting.pk, "step": "close", "number": number}
        assert admin_client.post(LIST, data).status_code == 200
    assert reloaded(posting).status == "live"


def test_what_is_merged_is_not_promised_to_be_published(admin_client):
    kept, closed = make_posting(), make_posting(status=Posting.Status.CLOSED)
    merged = make_posting(status=Posting.Status.CLOSED, merged_into=kept)
    assert "1 posting will be published" in asked(admin_client, "publish", merged, closed)
    assert act(admin_client, "publish", merged, closed) == ["1 posting was published."]
    assert reloaded(merged).status == "closed"


def test_where_a_batch_fails_those_before_it_are_counted(admin_client, monkeypatch):
    monkeypatch.setattr(posting_steps, "AT_ONCE", 1)
    first = make_posting(apply_url="https://old.example/apply/1")
    long = make_posting(apply_url="https://old.example/" + "x" * 2000)
    [said] = act(admin_client, "replace_host", first, long, old="old.example", new=f"{'a' * 60}.{'b' * 60}.example")
    assert "Stopped at an address that could not be made" in said
    assert said.endswith("; 1 posting before it was changed.")
    assert (reloaded(first).apply_host[:3], reloaded(long).apply_host) == ("aaa", "old.example")


def test_a_host_is_named_in_letters_or_as_it_is_stored(admin_client):
    for old in ("Bücher.example", "xn--bcher-kva.example"):
        posting = make_posting(apply_url="https://xn--bcher-kva.example/apply/1")
        act(admin_client, "replace_host", posting, old=old, new="büro.example")
        assert reloaded(posting).apply_url == "https://xn--bro-hoa.example/apply/1"


# --- Tags --------------------------------------------------------------------------------------------


def test_a_category_is_added_made_where_it_is_new_and_pinned(admin_client):
    posting = make_posting(categories=("Garden",))
    said = act(admin_client, "set_tags", posting, kind="category", how="add", names="Orchard\ngarden")
    assert said == ["1 posting was given the categories Garden, Orchard."]
    assert names(posting) == ["Garden", "Orchard"]
    assert reloaded(posting).pinned_fields == ["categories"]


def test_tags_are_taken_away_and_replaced(admin_client):
    posting = make_posting(categories=("Garden", "Kitchen"))
    act(admin_client, "set_tags", posting, kind="category", how="remove", names="Garden")
    assert names(posting) == ["Kitchen"]
    make_category("Garden")
    act(admin_client, "set_tags", posting, kind="category", how="replace", names="Garden")
    assert names(posting) == ["Garden"]
    act(admin_client, "set_tags", posting, kind="category", how="replace", names="")
    assert names(posting) == []


def test_what_has_the_tag_already_is_pinned_too(admin_client):
    posting = make_posting(categories=("Garden",))
    said = act(admin_client, "set_tags", posting, kind="category", how="add", names="Garden")
    assert said == ["1 posting was given the categories Garden."]
    assert reloaded(posting).pinned_fields == ["categories"]


def test_taking_away_says_beforehand_how_many_have_it(admin_client):
    having, other = make_posting(categories=("Garden",)), make_posting()
    page = asked(admin_client, "set_tags", having, other, kind="category", how="remove", names="Garden")
    assert "1 posting will be rid of the categories Garden; of the 2 that were chosen" in page


def test_what_is_merged_into_another_is_not_said_to_be_published(admin_client):
    merged = make_posting(status=Posting.Status.CLOSED, merged_into=make_posting())
    assert "None of the 1 chosen posting would be published" in asked(admin_client, "publish", merged)


def test_tags_of_a_kind_are_found_by_name_and_by_code(admin_client):
    country = Tag.objects.create(kind="country", code="AT", name="Austria")
    for name in ("austria", "at"):
        posting = make_posting()
        act(admin_client, "set_tags", posting, kind="country", how="add", names=name)
        assert list(posting.tags.all()) == [country]
        assert reloaded(posting).pinned_fields == ["countries"]


def test_no_import_undoes_a_category_that_was_set(admin_client, tmp_path):
    folder = tmp_path / "Kitchen" / "2025-01" / "gardener"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(posting_text(title="Gardener"))
    run.run_import([str(tmp_path)], run.Options())
    act(admin_client, "set_tags", Posting.objects.get(), kind="category", how="replace", names="Garden")
    (folder / "README.md").write_text(posting_text(title="Head gardener"))
    run.run_import([str(tmp_path)], run.Options())
    posting = Posting.objects.get()
    assert (posting.title, names(posting)) == ("Head gardener", ["Garden"])


def test_of_two_that_differ_in_case_the_one_that_was_written_is_meant(admin_client):
    for number, name in enumerate(("DevOps", "Devops", "DEVOPS")):
        make_category(name)
        posting = make_posting()
        act(admin_client, "set_tags", posting, kind="category", how="add", names=name)
        assert (number, names(posting)) == (number, [name])


def test_a_category_that_is_made_says_who_made_it_and_why(admin_client, admin_user):
    act(admin_client, "set_tags", make_posting(), kind="category", how="add", names="Orchard")
    row = Tag.history.get()
    assert (row.history_user, row.history_change_reason) == (admin_user, "Categories added: Orchard.")


def test_what_had_the_category_already_is_pinned_too(admin_client, tmp_path):
    for category in ("Garden", "Kitchen"):
        folder = tmp_path / category / "2025-01" / f"cook-{category}".lower()
        folder.mkdir(parents=True)
        (folder / "README.md").write_text(posting_text(slug=folder.name))
    run.run_import([str(tmp_path)], run.Options())
    postings = list(Posting.objects.all())
    assert act(admin_client, "set_tags", *postings, kind="category", how="replace", names="Garden") == [
        "2 postings were given the categories Garden alone."
    ]
    (tmp_path / "Garden").rename(tmp_path / "Cellar")
    run.run_import([str(tmp_path)], run.Options())
    assert [names(posting) for posting in Posting.objects.all()] == [["Garden"], ["Garden"]]


def test_who_may_not_add_tags_adds_none(client, django_user_model):
    user = django_user_model.objects.create_user("bob", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_posting", "change_posting"]))
    client.force_login(user)
    posting = make_posting(categories=("Garden",))
    answers = {"kind": "category", "how": "add", "names": "Orchard"}
    assert "There is no such tag: Orchard." in asked(client, "set_tags", posting, **answers)
    assert [tag.name for tag in Tag.objects.all()] == ["Garden"]
    act(client, "set_tags", make_posting(), kind="category", how="add", names="Garden")


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"kind": "category", "how": "add", "names": "Garden\n\u3164"}, "There is nothing to see in it."),
        ({"kind": "country", "how": "add", "names": "Atlantis"}, "There is no such tag: Atlantis."),
        ({"kind": "category", "how": "remove", "names": "Atlantis"}, "There is no such tag: Atlantis."),
        ({"kind": "category", "how": "add", "names": " \n"}, "Which ones? Name at least one."),
        ({"kind": "category", "how": "add", "names": "x" * 101}, "A name has at most 100 characters."),
        ({"kind": "planet", "how": "add", "names": "Mars"}, "Select a valid choice."),
    ],
)
def test_tags_that_cannot_be_are_refused_with_a_sentence(admin_client, answers, sentence):
    assert sentence in asked(admin_client, "set_tags", make_posting(), **answers)
    assert not Tag.objects.exists()


# --- Hosts -------------------------------------------------------------------------------------------


def test_the_host_of_apply_addresses_is_replaced_and_nothing_else_of_them(admin_client):
    moved = make_posting(apply_url="https://old.example:8443/apply/1?a=b#c")
    other = make_posting(apply_url="https://not.old.example/apply/2")
    mail = make_posting(apply_url="mailto:old.example@old.example")
    page = asked(admin_client, "replace_host", moved, other, mail, old="OLD.example", new="new.example")
    assert "1 posting will be applied for at new.example and no longer at old.example" in page
    act(admin_client, "replace_host", moved, other, mail, old="old.example", new="new.example")
    moved = reloaded(moved)
    assert moved.apply_url == "https://new.example/apply/1?a=b#c"
    assert (moved.apply_host, moved.pinned_fields) == ("new.example", ["apply_url"])
    assert reloaded(other).apply_host == "not.old.example"


def test_the_commonest_host_is_suggested(admin_client):
    postings = [make_posting(apply_url=f"https://{host}.example/") for host in ("a", "b", "b")]
    response = admin_client.post(LIST, {"action": "replace_host", "_selected_action": [each.pk for each in postings]})
    assert 'value="b.example"' in response.content.decode()


@pytest.mark.parametrize(
    "host", ["", "a b", "new.example/path", "me@new.example", "user:pw@new.example", "new.example:99999", "[::1"]
)
def test_a_host_that_is_none_is_refused_with_a_sentence(admin_client, host):
    posting = make_posting(apply_url="https://old.example/apply/1")
    data = {"action": "replace_host", "_selected_action": posting.pk, "step": "replace_host", "number": 1}
    response = admin_client.post(LIST, data | {"old": "old.example", "new": host})
    assert "errorlist" in response.content.decode()
    assert reloaded(posting).apply_host == "old.example"


# --- Reading again, deleting -------------------------------------------------------------------------


def test_facts_are_read_again_but_for_what_is_pinned(admin_client):
    read, pinned = make_posting(salary_text="€40,000 - €48,000"), make_posting(salary_text="€40,000 - €48,000")
    pinned.pin(["salary_min"])
    pinned.save()
    assert act(admin_client, "read_again", read, pinned) == ["2 postings were read again."]
    assert (reloaded(read).salary_min, reloaded(pinned).salary_min) == (40000, None)


def test_what_is_deleted_is_gone_and_stands_in_the_history(admin_client, client):
    posting, other = make_posting(), make_posting()
    assert act(admin_client, "delete", posting) == ["1 posting was deleted."]
    assert list(Posting.objects.all()) == [other]
    assert client.get(posting.get_absolute_url()).status_code == 404
    assert Posting.history.filter(id=posting.pk).first().history_type == "-"
    assert LogEntry.objects.get().is_deletion()


@pytest.mark.parametrize("how", ["list", "page"])
def test_what_is_deleted_is_locked_in_order_with_what_was_merged_into_it(admin_client, monkeypatch, how):
    """Deleting writes those too, and out of order two who delete and edit at once would wait for each other."""
    merged, kept = make_posting(status=Posting.Status.CLOSED), make_posting()
    Posting.objects.filter(pk=merged.pk).update(merged_into=kept)
    locked = []
    real = mending._locked
    monkeypatch.setattr(mending, "_locked", lambda ids: locked.append(list(ids)) or real(ids))
    if how == "list":
        assert act(admin_client, "delete", kept) == ["1 posting was deleted."]
    else:
        admin_client.post(f"/admin/postings/posting/{kept.pk}/delete/", {"post": "yes"})
    assert locked == [[merged.pk, kept.pk]]
    assert list(Posting.objects.all()) == [merged] and reloaded(merged).merged_into is None


# --- Rights ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "offered"),
    [
        (["view"], set()),
        (["view", "change"], {"publish", "close", "extend", "set_tags", "replace_host", "read_again"}),
        (["view", "delete"], {"delete"}),
    ],
)
def test_only_what_one_may_do_is_offered_and_taken(client, django_user_model, rights, offered):
    user = django_user_model.objects.create_user("bob", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=[f"{right}_posting" for right in rights]))
    client.force_login(user)
    posting = make_posting()
    page = client.get(LIST).content.decode()
    steps = {step.name for step in posting_steps.STEPS}
    assert {name for name in steps if f'<option value="{name}">' in page} == offered
    for name in steps - offered:
        data = {"action": name, "_selected_action": posting.pk, "step": name, "number": 1}
        client.post(LIST, data | {"old": posting.apply_host, "new": "evil.example", "kind": "category", "how": "add"})
    assert reloaded(posting).pinned_fields == [] and reloaded(posting).status == "live"


def test_hostile_text_stays_text(admin_client):
    posting = make_posting(title="<script>alert(1)</script>", company="<img src=x>")
    data = {"action": "close", "_selected_action": posting.pk}
    html = admin_client.post(f"{LIST}?q=%22%3E%3Cscript%3E", data, follow=True).content.decode()
    assert "<script>alert" not in html and "<img src=x" not in html and '"><script>' not in html
