"""Merging by hand: what the kept posting gets, where the others' addresses lead, imports that undo nothing, and the
way back."""

import datetime as dt
import itertools
from threading import Thread

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postings import applying, changes, duplicates
from postings.duplicates import merging
from postings.importing.run import Options, run_import
from postings.models import DailyClicks, FiguresLink, Likeness, Merge, Posting, PostingTag, Tag
from tests.factories import make_posting, posting_text
from tests.test_admin import LIST, change_page, edit
from tests.test_duplicates import QUEUE, body, messages, page, staff  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db

MERGE = f"{QUEUE}merge/"
A_DAY = dt.timedelta(days=1)
TAGS = {"countries": Tag.Kind.COUNTRY, "regions": Tag.Kind.REGION, "categories": Tag.Kind.CATEGORY}


def make(slug: str, place: str = "", tags: tuple[tuple[str, str], ...] = (), **fields) -> Posting:
    """A posting with tags by kind and name."""
    posting = make_posting(slug=slug, place=place, **{"title": "Tree surgeon", **fields})
    for kind, name in tags:
        tag, _ = Tag.objects.get_or_create(kind=kind, name=name)
        PostingTag.objects.create(posting=posting, tag=tag, evidence=f"“{name}”")
    return posting


def merge(kept: Posting, *others: Posting, by) -> None:
    duplicates.merge(kept.pk, [other.pk for other in others], by)
    for posting in (kept, *others):
        posting.refresh_from_db()


def tags(posting: Posting, name: str = "countries") -> dict[str, str]:
    return dict(posting.posting_tags.filter(tag__kind=TAGS[name]).values_list("tag__name", "evidence"))


def state(*postings: Posting) -> list[tuple]:
    """Everything that a merge may write."""
    return [
        (
            each.place,
            each.status,
            each.expires_at,
            each.end_is_employers,
            each.pinned_fields,
            each.merged_into_id,
            [sorted(tags(each, name).items()) for name in TAGS],
        )
        for each in Posting.objects.filter(pk__in=[posting.pk for posting in postings]).order_by("pk")
    ]


@pytest.fixture
def kept():
    return make("kept", "Vienna, Austria", (("country", "Austria"), ("category", "Garden")))


@pytest.fixture
def other():
    return make("other", "Graz; Vienna, Austria", (("country", "Austria"), ("region", "Europe"), ("category", "Trees")))


@pytest.fixture
def third():
    return make("third", "Brno", (("country", "Czechia"),))


# --- What the kept one gets --------------------------------------------------------------------------


def test_the_kept_one_gets_places_and_categories_and_the_others_are_closed(admin_user, kept, other, third):
    merge(kept, third, other, by=admin_user)
    assert kept.place == "Vienna, Austria; Graz; Brno"
    assert tags(kept) == {"Austria": "“Austria”", "Czechia": "“Czechia”"}
    assert tags(kept, "regions") == {"Europe": "“Europe”"}
    assert set(tags(kept, "categories")) == {"Garden", "Trees"}
    assert kept.is_live
    assert kept.pinned_fields == ["categories", "countries", "place", "regions"]
    for each in (other, third):
        assert (each.status, each.pinned_fields, each.merged_into) == ("closed", ["status"], kept)


def test_places_are_joined_once_whatever_their_case_and_no_place_is_lost(admin_user):
    kept = make("kept", "remote,Poland;  Warsaw")
    merge(kept, make("a", "WARSAW; Remote, Poland"), make("b", ""), make("c", "Łódź"), by=admin_user)
    assert kept.place == "remote,Poland; Warsaw; Remote, Poland; Łódź"
    assert make("untouched", " a ;; b").place == " a ;; b"


def test_a_place_that_brings_nothing_new_leaves_the_kept_one_s_as_it_was_printed(admin_user):
    kept = make("kept", "Vienna;Graz ")
    merge(kept, make("a", "graz"), by=admin_user)
    assert kept.place == "Vienna;Graz "


@pytest.mark.parametrize("last", [None, timezone.now() + 90 * A_DAY])
def test_the_latest_end_of_those_that_are_not_closed_counts(admin_user, last):
    kept = make("kept", expires_at=timezone.now() + 10 * A_DAY)
    closed = make("closed", status="closed", expires_at=None if last else last)
    merge(kept, make("later", expires_at=last, end_is_employers=bool(last)), closed, by=admin_user)
    assert (kept.expires_at, kept.end_is_employers) == (last, bool(last))


def test_the_list_finds_the_kept_one_by_what_it_got(client, admin_user, kept, other):
    assert client.get("/categories/trees/").content.count(b"/jobs/other/")
    merge(kept, other, by=admin_user)
    html = client.get("/categories/trees/").content.decode()
    assert "/jobs/kept/" in html and "/jobs/other/" not in html
    assert 'data-total="1"' in client.get("/?q=graz").content.decode()


def test_a_merge_is_one_change_of_the_board_and_in_the_log_of_each(admin_user, kept, other, third):
    version = changes.version()
    merge(kept, other, third, by=admin_user)
    assert changes.version() == version + 1
    said = dict(LogEntry.objects.values_list("object_id", "change_message"))
    assert said == {
        str(kept.pk): "Merged into it: “Tree surgeon” (other), “Tree surgeon” (third).",
        str(other.pk): "Merged into “Tree surgeon” (kept).",
        str(third.pk): "Merged into “Tree surgeon” (kept).",
    }


def test_what_is_merged_leaves_the_queue_and_the_rest_stays_connected(admin_user, kept, other, third):
    duplicates.find()
    assert Likeness.objects.open().count() == 2
    merge(third, kept, by=admin_user)
    [pair] = Likeness.objects.open()
    assert (pair.first, pair.second, pair.group) == (other, third, other.pk)


# --- What is refused ---------------------------------------------------------------------------------


def refusal(keep: Posting, *others: Posting, by) -> str:
    before = state(keep, *others)
    with pytest.raises(duplicates.Refused) as refused:
        duplicates.merge(keep.pk, [other.pk for other in others], by)
    assert state(keep, *others) == before
    assert not Merge.objects.filter(kept=keep).exists()
    return str(refused.value)


def test_what_cannot_be_merged_is_refused_with_a_sentence(admin_user, kept, other, third, monkeypatch):
    assert "at least two" in refusal(kept, by=admin_user)
    assert "at least two" in refusal(kept, kept, by=admin_user)
    draft, closed = make("draft", status="draft"), make("closed", status="closed")
    assert refusal(draft, kept, by=admin_user).startswith("“Tree surgeon” (draft) is draft, and others are live")
    assert "(closed) is closed" in refusal(closed, kept, by=admin_user)
    merge(other, third, by=admin_user)
    assert "(third) is merged into another already" in refusal(kept, third, by=admin_user)
    assert "(third) is merged into another already" in refusal(third, kept, by=admin_user)
    with pytest.raises(duplicates.Refused, match="no longer there"):
        duplicates.merge(10**9, [kept.pk], admin_user)
    monkeypatch.setattr(merging, "MOST_AT_ONCE", 1)
    assert "too many at once" in refusal(kept, draft, by=admin_user)


def test_what_nobody_sees_can_be_merged_too(admin_user, kept):
    draft, closed = make("draft", status="draft"), make("closed", status="closed")
    merge(draft, closed, by=admin_user)
    merge(kept, draft, by=admin_user)
    assert (draft.status, closed.status) == ("closed", "closed")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_two_who_merge_the_same_at_once_do_it_one_after_the_other(admin_user, kept, other, third):
    said: list[str] = []

    def merge_too() -> None:
        try:
            duplicates.merge(third.pk, [other.pk], admin_user)
        except duplicates.Refused as reason:
            said.append(str(reason))
        finally:
            connection.close()

    thread = Thread(target=merge_too)
    with transaction.atomic():
        merge(kept, other, by=admin_user)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(10)
    assert said == ["“Tree surgeon” (other) is merged into another already: take it apart first, or leave it out."]


# --- Where the addresses lead ------------------------------------------------------------------------

PAGES = ["/jobs/{}/", "/jobs/{}.md", "/apply/{}", "/jobs/{}/report/"]


@pytest.mark.parametrize("address", PAGES)
def test_the_addresses_of_what_was_merged_lead_to_the_kept_one(client, admin_user, kept, other, address):
    assert client.head(address.format("other")).status_code in (200, 302)
    merge(kept, other, by=admin_user)
    for ask in (client.get, client.head):
        response = ask(address.format("other"), {"utm_source": "x"})
        assert (response.status_code, response["Location"]) == (301, address.format("kept"))
        assert response["Cache-Control"] == "no-cache"
    assert not DailyClicks.objects.exists()
    duplicates.take_apart(other.pk, admin_user)
    assert client.get(address.format("other")).status_code in (200, 302)


@pytest.mark.parametrize("address", PAGES)
def test_a_chain_leads_to_its_end_and_what_is_closed_there_is_gone(client, admin_user, kept, other, third, address):
    merge(other, third, by=admin_user)
    merge(kept, other, by=admin_user)
    assert client.get(address.format("third"))["Location"] == address.format("kept")
    Posting.objects.filter(pk=kept.pk).update(status="closed")
    assert client.get(address.format("third"))["Location"] == address.format("kept")
    assert client.get(address.format("kept")).status_code == 410
    Posting.objects.filter(pk=kept.pk).update(status="draft")
    assert client.get(address.format("third")).status_code == 410
    Posting.objects.filter(pk=kept.pk).update(status="live", merged_into=third)  # by hand, in a circle
    assert client.get(address.format("third"))["Location"] == address.format("kept")
    Posting.objects.filter(pk=kept.pk).update(status="closed")
    assert client.get(address.format("third")).status_code in (301, 410)


@pytest.mark.parametrize("address", PAGES)
def test_deleting_the_kept_one_leaves_the_others_gone(admin_client, client, admin_user, kept, other, address):
    merge(kept, other, by=admin_user)
    response = admin_client.post(f"{LIST}{kept.pk}/delete/", {"post": "yes"}, follow=True)
    assert "was deleted successfully" in messages(response)[0]
    other.refresh_from_db()
    assert (other.merged_into, other.status, Merge.objects.count()) == (None, "closed", 0)
    assert client.get(address.format("other")).status_code == 410


def test_whoever_may_delete_postings_may_delete_one_that_stands_for_others(staff, admin_user, kept, other):  # noqa: F811
    merge(kept, other, by=admin_user)
    duplicates.find()
    browser = staff("view_posting", "delete_posting")
    browser.post(f"{LIST}{kept.pk}/delete/", {"post": "yes"})
    assert not Posting.objects.filter(pk=kept.pk).exists()


def test_a_live_posting_costs_no_query_for_merges(client, kept, other, admin_user):
    with CaptureQueriesContext(connection) as live:
        client.head("/apply/kept")
    assert len(live) == 1
    merge(kept, other, by=admin_user)
    with CaptureQueriesContext(connection) as merged:
        client.head("/apply/other")
    assert len(merged) <= 4


def test_what_was_remembered_of_a_merged_one_is_forgotten_with_the_next_look(
    client, admin_user, kept, other, monkeypatch
):
    client.get("/apply/other")
    merge(kept, other, by=admin_user)
    assert client.get("/apply/other")["Location"] == "/apply/kept"

    def broken(*arguments: object) -> None:
        raise OperationalError("no database")

    monkeypatch.setattr(applying.Posting.objects, "ever_shown", broken)
    response = client.get("/apply/other")
    assert response.status_code == 503
    assert client.get("/apply/kept").status_code == 503 or client.get("/apply/kept").status_code == 302


def test_the_employer_s_link_to_the_figures_goes_on_working(client, admin_user, kept, other):
    link, _ = FiguresLink.objects.make(other)
    merge(kept, other, by=admin_user)
    assert client.get(link.get_absolute_url()).status_code == 200


# --- Imports -----------------------------------------------------------------------------------------

FILES = {
    "kept": {"title": "Tree surgeon", "tags": ("🌎 Vienna, Austria",), "slug": "kept", "body": body(1)},
    "other": {"title": "Tree surgeon", "tags": ("🌎 Graz, Austria",), "slug": "other", "body": body(2)},
}


def bring(tmp_path, source: str = "files", close_missing: bool = False, month: str = "2026-01", **files: dict):
    """One import of these files, each in a folder of its own, and of no other."""
    top = tmp_path / f"run-{next(_runs)}"
    for name, text in files.items():
        file = top / "Garden" / month / name / "README.md"
        file.parent.mkdir(parents=True)
        file.write_text(posting_text(**text))
    return run_import([str(top)], Options(source=source, close_missing=close_missing))


_runs = itertools.count()


def merged_from_files(tmp_path, admin_user, source: str = "files") -> tuple[Posting, Posting]:
    bring(tmp_path, kept=FILES["kept"])
    bring(tmp_path, source=source, other=FILES["other"])
    kept, other = (Posting.objects.get(slug=slug) for slug in ("kept", "other"))
    merge(kept, other, by=admin_user)
    return kept, other


CHANGED = {
    "unchanged": {},
    "changed": {"title": "Head tree surgeon", "tags": ("🌎 Linz, Austria",)},
    "another body": {"body": body(3)},
}


@pytest.mark.parametrize("month", ["2025-12", "2026-01", "2026-02"])
@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
@pytest.mark.parametrize("order", list(itertools.permutations(("kept", "other"))))
def test_no_later_import_undoes_a_merge(tmp_path, client, admin_user, order, change, month):
    kept, other = merged_from_files(tmp_path, admin_user)
    assert kept.place == "Vienna, Austria; Graz, Austria"
    for name in order:
        bring(tmp_path, month=month, **{name: FILES[name] | change})
        bring(tmp_path, month=month, **{each: FILES[each] | change for each in order})
    kept.refresh_from_db()
    other.refresh_from_db()
    assert kept.place == "Vienna, Austria; Graz, Austria"
    assert (kept.is_live, other.is_live, other.merged_into) == (True, False, kept)
    assert client.get("/jobs/other/").status_code == 301
    assert Posting.objects.count() == 2


def test_a_kept_one_stays_while_what_was_merged_into_it_is_listed(tmp_path, admin_user):
    kept, _ = merged_from_files(tmp_path, admin_user)
    summary = bring(tmp_path, close_missing=True, other=FILES["other"])
    kept.refresh_from_db()
    assert (summary.closed, kept.is_live) == (0, True)
    summary = bring(tmp_path, close_missing=True, third=FILES["other"] | {"slug": "third"})
    kept.refresh_from_db()
    assert (summary.closed, kept.status) == (1, "closed")


def test_a_kept_one_stays_while_what_is_two_merges_away_is_listed(tmp_path, admin_user, third):
    kept, _ = merged_from_files(tmp_path, admin_user)
    merge(third, kept, by=admin_user)
    bring(tmp_path, close_missing=True, other=FILES["other"])
    third.refresh_from_db()
    assert third.is_live


def test_a_kept_one_stays_that_stands_for_another_source_s(tmp_path, admin_user):
    kept, _ = merged_from_files(tmp_path, admin_user, source="elsewhere")
    bring(tmp_path, close_missing=True, third=FILES["other"] | {"slug": "third"})
    kept.refresh_from_db()
    assert kept.is_live


def test_the_button_and_the_list_reopen_nothing_that_is_merged(admin_client, admin_user, kept, other):
    merge(kept, other, by=admin_user)
    assert "Reopen posting" not in admin_client.get(change_page(other)).content.decode()
    admin_client.post(LIST, {"action": "publish", "_selected_action": [other.pk]})
    other.refresh_from_db()
    assert other.status == "closed"


# --- Taking apart ------------------------------------------------------------------------------------


def test_taking_apart_restores_what_was_there(admin_user, kept, other):
    before = state(kept, other)
    merge(kept, other, by=admin_user)
    assert duplicates.take_apart(other.pk, admin_user).left == []
    assert state(kept, other) == before
    assert not Merge.objects.exists()
    said = list(LogEntry.objects.order_by("pk").values_list("object_id", "change_message"))[-2:]
    assert said == [
        (str(other.pk), "Taken apart from “Tree surgeon” (kept)."),
        (str(kept.pk), "Taken apart: “Tree surgeon” (other)."),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("at_once", [True, False])
def test_several_are_taken_apart_in_any_order(admin_user, kept, other, third, order, at_once):
    fourth = make("fourth", "Graz", (("region", "Europe"),), expires_at=None, pinned_fields=["status", "title"])
    others = [other, third, fourth]
    before = state(kept, *others)
    if at_once:
        merge(kept, *others, by=admin_user)
    else:
        for each in others:
            merge(kept, each, by=admin_user)
    left = list(others)
    for number in order:
        duplicates.take_apart(others[number].pk, admin_user)
        left.remove(others[number])
        kept.refresh_from_db()
        # What another still brings stays.
        assert ("Graz" in kept.place) == (other in left or fourth in left)
        assert ("Europe" in tags(kept, "regions")) == (other in left or fourth in left)
        assert ("Brno" in kept.place) == (third in left)
        assert ("place" in kept.pinned_fields) == bool(left)
        assert (kept.expires_at is None) == (fourth in left)
    assert state(kept, *others) == before


def test_what_was_edited_since_is_left_and_said(admin_client, admin_user, kept, other):
    merge(kept, other, by=admin_user)
    edit(admin_client, kept, place="Vienna or Graz")
    PostingTag.objects.filter(posting=kept, tag__name="Trees").delete()
    response = admin_client.post(f"{LIST}{other.pk}/take-apart/", follow=True)
    assert messages(response) == [
        "Taken apart from “Tree surgeon”. Edited since, and so left as it is: place, categories."
    ]
    kept.refresh_from_db()
    assert kept.place == "Vienna or Graz"
    assert kept.pinned_fields == ["categories", "place"]
    assert tags(kept, "regions") == {}
    assert Posting.objects.get(slug="other").is_live


def test_what_was_edited_between_two_merges_stays_the_kept_one_s_own(admin_client, admin_user, kept, other, third):
    merge(kept, other, by=admin_user)
    kept = edit(admin_client, kept, place="Lower Austria")
    merge(kept, third, by=admin_user)
    assert kept.place == "Lower Austria; Brno"
    for each in (other, third):
        duplicates.take_apart(each.pk, admin_user)
    kept.refresh_from_db()
    assert (kept.place, kept.pinned_fields) == ("Lower Austria", ["place"])


def test_a_status_that_somebody_changed_since_is_left(admin_user, kept, other):
    merge(kept, other, by=admin_user)
    Posting.objects.filter(pk=other.pk).update(status="draft")
    assert duplicates.take_apart(other.pk, admin_user).left == ["status"]
    other.refresh_from_db()
    assert (other.status, other.merged_into) == ("draft", None)


def test_a_tag_that_was_deleted_since_is_no_error(admin_user, kept, other, third):
    merge(kept, other, by=admin_user)
    Tag.objects.filter(name__in=["Europe", "Trees"]).delete()
    merge(kept, third, by=admin_user)
    duplicates.take_apart(other.pk, admin_user)
    duplicates.take_apart(third.pk, admin_user)
    kept.refresh_from_db()
    assert (kept.place, list(tags(kept))) == ("Vienna, Austria", ["Austria"])


def test_a_chain_is_taken_apart_from_its_end(admin_user, kept, other, third):
    merge(other, third, by=admin_user)
    merge(kept, other, by=admin_user)
    with pytest.raises(duplicates.Refused, match=r"itself merged into “Tree surgeon” \(kept\)"):
        duplicates.take_apart(third.pk, admin_user)
    duplicates.take_apart(other.pk, admin_user)
    duplicates.take_apart(third.pk, admin_user)
    assert {each.merged_into_id for each in Posting.objects.all()} == {None}


def test_what_is_not_merged_is_not_taken_apart(admin_client, admin_user, kept):
    response = admin_client.post(f"{LIST}{kept.pk}/take-apart/", follow=True)
    assert messages(response) == ["Nothing was taken apart. It is not merged into another, or no longer."]
    assert admin_client.get(f"{LIST}{kept.pk}/take-apart/").status_code == 405
    assert admin_client.post(f"{LIST}{10**30}/take-apart/").status_code == 404


def test_what_was_taken_apart_is_suggested_again(admin_user, kept, other):
    merge(kept, other, by=admin_user)
    duplicates.find()
    assert not Likeness.objects.exists()
    duplicates.take_apart(other.pk, admin_user)
    assert Likeness.objects.open().count() == 1


# --- In the admin ------------------------------------------------------------------------------------


def test_merging_goes_over_a_page_that_says_what_will_happen(admin_client, kept, other, third):
    data = {"ids": [other.pk, third.pk], "keep": kept.pk, "do": "look", "page": "3"}
    response = admin_client.post(MERGE, data)
    html = " ".join(response.content.decode().split())
    for words in ("Graz", "Brno", "Czechia", "Europe", "Trees", "/jobs/other/", "/jobs/third/", "pinned"):
        assert words in html
    assert not Merge.objects.exists()
    assert "page=3" in html
    response = admin_client.post(MERGE, {**data, "shown": kept.pk, "do": "merge"}, follow=True)
    assert messages(response) == [
        f'2 postings merged into <a href="{change_page(kept)}">Tree surgeon</a>. '
        "The addresses of what was closed lead to it."
    ]
    assert response.redirect_chain[0][0] == f"{QUEUE}?page=3"
    assert Merge.objects.count() == 2


def test_what_was_not_shown_is_not_merged(admin_client, kept, other):
    data = {"ids": [kept.pk, other.pk], "keep": other.pk, "shown": kept.pk, "do": "merge"}
    assert "You chose another one to keep" in admin_client.post(MERGE, data).content.decode()
    assert not Merge.objects.exists()


def test_a_refusal_is_shown_before_and_after(admin_client, kept, admin_user, other, third):
    merge(kept, other, by=admin_user)
    html = admin_client.get(MERGE, {"ids": f"{other.pk},{third.pk}"}).content.decode()
    assert "merged into another already" in html
    assert 'value="merge"' not in html
    data = {"ids": [other.pk, third.pk], "keep": third.pk, "shown": third.pk, "do": "merge"}
    response = admin_client.post(MERGE, data, follow=True)
    assert messages(response)[0].startswith("Nothing was merged. “Tree surgeon” (other) is merged")
    response = admin_client.get(MERGE, {"ids": "x,,1e9,9999999999999999999999"}, follow=True)
    assert messages(response) == ["Choose the postings to merge first."]


def test_it_proposes_to_keep_what_people_clicked_most(admin_client, kept, other):
    DailyClicks.objects.create(posting=other, day=timezone.now().date(), kind="person", count=3)
    shown = admin_client.get(MERGE, {"ids": f"{kept.pk},{other.pk}"})
    assert shown.context["plan"].kept == other


def test_a_posting_s_page_says_what_it_stands_for_and_takes_apart(admin_client, admin_user, kept, other):
    merge(kept, other, by=admin_user)
    html = " ".join(admin_client.get(change_page(kept)).content.decode().split())
    assert "Merged into it:" in html and "(other)" in html
    html = " ".join(admin_client.get(change_page(other)).content.decode().split())
    assert "Merged into <a" in html and "by <bdi>admin</bdi>" in html and "Take apart</button>" in html
    response = admin_client.post(f"{LIST}{other.pk}/take-apart/", follow=True)
    assert messages(response) == ["Taken apart from “Tree surgeon”."]


def test_the_page_of_a_posting_that_is_not_merged_costs_no_query_more(admin_client, admin_user, kept, other, third):
    counted = []
    for posting in (third, kept):
        merge(kept, other, by=admin_user) if posting is kept else None
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(change_page(posting))
        counted.append([query for query in captured if "postings_merge" in query["sql"]])
    assert [len(queries) for queries in counted] == [0, 1]


def test_the_history_is_told_why(admin_user, kept, other):
    before = Posting.history.count()
    merge(kept, other, by=admin_user)
    duplicates.take_apart(other.pk, admin_user)
    rows = Posting.history.order_by("history_id")[before:]
    assert {row.history_user for row in rows} == {admin_user}
    assert [(row.slug, row.history_change_reason) for row in rows] == [
        ("kept", "Merged into it: “Tree surgeon” (other)."),
        ("other", "Merged into “Tree surgeon” (kept)."),
        ("kept", "Taken apart: “Tree surgeon” (other)."),
        ("other", "Taken apart from “Tree surgeon” (kept)."),
    ]


def test_who_may_merge_and_take_apart(staff, admin_user, kept, other, client):  # noqa: F811
    editor = staff("view_posting", "change_posting", "view_likeness", "change_likeness")
    looker = staff("view_posting", "view_likeness", "merge_posting")
    data = {"ids": [kept.pk, other.pk], "keep": kept.pk, "shown": kept.pk, "do": "merge"}
    for browser in (editor, looker):
        assert browser.post(MERGE, data).status_code == 403
        assert browser.get(MERGE, {"ids": kept.pk}).status_code == 403
    assert not Merge.objects.exists()
    merge(kept, other, by=admin_user)
    for browser in (editor, looker):
        assert browser.post(f"{LIST}{other.pk}/take-apart/").status_code == 403
        html = browser.get(change_page(other)).content.decode()
        assert "Merged into" in html and "Take apart</button>" not in html
    assert client.post(f"{LIST}{other.pk}/take-apart/").status_code == 302
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(admin_user)
    assert forged.post(f"{LIST}{other.pk}/take-apart/").status_code == 403
    assert Merge.objects.count() == 1
    merger = staff("view_posting", "change_posting", "merge_posting", "view_likeness")
    assert merger.post(f"{LIST}{other.pk}/take-apart/").status_code == 302
    assert merger.post(MERGE, data).status_code == 302
    assert Merge.objects.get().by.has_perm("postings.merge_posting")


def test_more_postings_take_no_more_queries_to_plan(admin_client, kept, other, django_assert_max_num_queries):
    more = [make(f"m{number}", f"Place {number}", (("country", f"C{number}"),)) for number in range(20)]
    counted = []
    for chosen in ([kept, other], [kept, other, *more]):
        with django_assert_max_num_queries(12) as captured:
            admin_client.get(MERGE, {"ids": ",".join(str(each.pk) for each in chosen)})
        counted.append(len(captured))
    assert counted[0] == counted[1]


def test_what_is_hostile_is_shown_as_text(admin_client, admin_user):
    kept, other = (make(slug, "<b>Vienna</b>", title="<script>alert(1)</script>") for slug in ("kept", "other"))
    html = admin_client.get(MERGE, {"ids": f"{kept.pk},{other.pk}"}).content.decode()
    assert "<script>alert" not in html and "<b>Vienna" not in html
    merge(kept, other, by=admin_user)
    for posting in (kept, other):
        assert "<script>alert" not in admin_client.get(change_page(posting)).content.decode()
    assert page(admin_client, change_page(kept)).all("bdi")


def test_the_right_to_merge_exists():
    assert Permission.objects.filter(codename="merge_posting").exists()
