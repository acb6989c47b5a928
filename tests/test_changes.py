"""Every write through the models raises the board's version and names the postings that it changes."""

import datetime as dt
import io

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from postings import catalogue, changes, search, words
from postings.importing.dry_run import dry_run
from postings.models import BoardVersion, ChangedPosting, Company, DailyClicks, PastVersion, Posting, PostingTag, Tag
from tests.factories import make_category, make_company, make_posting
from tests.test_admin import edit

pytestmark = pytest.mark.django_db


@pytest.fixture
def posting():
    return make_posting(categories=("Backend",))


def changed_since(version: int) -> set[int]:
    return set(ChangedPosting.objects.filter(version__gt=version).values_list("posting_id", flat=True))


WRITES = {
    "save": lambda posting: posting.save(),
    "update": lambda posting: Posting.objects.filter(pk=posting.pk).update(title="Keeper"),
    "bulk_update": lambda posting: Posting.objects.bulk_update([posting], ["status"]),
    "delete": lambda posting: posting.delete(),
    "delete by statement": lambda posting: Posting.objects.filter(pk=posting.pk).delete(),
    "tag": lambda posting: PostingTag.objects.create(posting=posting, tag=make_category("Design")),
    "tags in bulk": lambda posting: PostingTag.objects.bulk_create(
        [PostingTag(posting=posting, tag=make_category("D"))]
    ),
    "tag taken away": lambda posting: posting.posting_tags.all().delete(),
    "tag deleted": lambda posting: Tag.objects.filter(name="Backend").delete(),
    "link moved": lambda posting: posting.posting_tags.update(tag=make_category("Design")),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_names_the_posting_that_it_changes(posting, write):
    pk, version = posting.pk, changes.version()
    write(posting)
    assert changes.version() > version
    assert changed_since(version) == {pk}


NAMES = {
    "company renamed": lambda posting: Company.objects.filter(pk=posting.company_id).update(name="Other"),
    "company saved": lambda posting: posting.company.save(),
    "tag renamed": lambda posting: Tag.objects.filter(name="Backend").update(name="Back end"),
    "new tag": lambda posting: make_category("Design"),
}


@pytest.mark.parametrize("write", NAMES.values(), ids=NAMES.keys())
def test_other_names_raise_the_version_without_changing_a_posting(posting, write):
    version = changes.version()
    write(posting)
    assert changes.version() > version
    assert changed_since(version) == set()


def test_a_click_changes_nothing_that_the_list_shows(posting, client):
    version = changes.version()
    client.get(f"/apply/{posting.slug}", headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    assert DailyClicks.objects.count() == 1
    assert changes.version() == version


def test_evidence_alone_changes_nothing_that_the_list_shows(posting):
    version = changes.version()
    link = posting.posting_tags.get()
    link.evidence = "so it says"
    PostingTag.objects.bulk_update([link], ["evidence"])
    link.save(update_fields=["evidence"])
    assert changes.version() == version


def test_what_is_written_together_is_one_version(posting):
    other, version = make_posting(), changes.version()
    version = changes.version()
    with transaction.atomic(), changes.together():
        posting.save()
        other.save()
        PostingTag.objects.create(posting=other, tag=make_category("Design"))
    assert changes.version() == version + 1
    assert changed_since(version) == {posting.pk, other.pk}


def test_what_is_rolled_back_raises_nothing_then_or_later(posting):
    version = changes.version()
    with pytest.raises(ZeroDivisionError), transaction.atomic(), changes.together():
        posting.save()
        raise ZeroDivisionError
    assert changes.version() == version
    other = make_posting()
    assert changed_since(version) == {other.pk}


def test_a_dry_run_raises_nothing(posting):
    version = changes.version()
    with dry_run():
        posting.save()
        assert changes.version() == version
    posting.save()
    assert changes.version() == version + 1


def test_a_board_without_a_version_gets_its_first():
    BoardVersion.objects.all().delete()
    assert changes.version() == 0
    make_company()
    assert changes.version() == 1


def test_the_admin_notes_a_form_with_its_tags_as_one_change(posting, admin_client):
    version = changes.version()
    edit(admin_client, posting, title="Keeper")
    assert changes.version() == version + 1


def test_the_admin_notes_a_deletion_of_several_as_one_change(posting, admin_client):
    other, version = make_posting(categories=("Design",)), changes.version()
    version = changes.version()
    data = {"action": "delete", "_selected_action": [posting.pk, other.pk], "step": "delete", "number": 2}
    assert admin_client.post("/admin/postings/posting/", data).status_code == 302
    assert not Posting.objects.exists()
    assert changes.version() == version + 1
    assert changed_since(version) == {posting.pk, other.pk}


def test_what_was_written_past_the_models_is_seen_after_index_postings(posting):
    from django.db import connection

    other = make_posting()
    snapshot = catalogue.build()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE postings_posting SET status = 'closed' WHERE id = %s", [posting.pk])
    assert snapshot.updated() is snapshot
    call_command("index_postings", verbosity=0)
    assert snapshot.updated().ids.tolist() == [other.pk]


def test_a_language_that_is_changed_changes_which_forms_of_words_are_found(posting):
    german = Tag.objects.create(kind=Tag.Kind.LANGUAGE, code="de", name="German")
    asked = (words.parse("growing").terms[0], search.Field.BODY)  # the body says "grow"
    assert list(search.look_up([asked])[asked]) == [posting.pk]
    link = PostingTag.objects.create(posting=posting, tag=german)
    assert list(search.look_up([asked])[asked]) == []
    link.delete()
    assert list(search.look_up([asked])[asked]) == [posting.pk]


# --- When a posting changed --------------------------------------------------------------------------

CHANGES = {
    "title": lambda posting: Posting.objects.filter(pk=posting.pk).update(title="Keeper"),
    "in bulk": lambda posting: Posting.objects.bulk_update([posting], ["status"]),
    "another company": lambda posting: Posting.objects.filter(pk=posting.pk).update(company=make_company("Astwerk")),
    "the company's name": lambda posting: Company.objects.filter(pk=posting.company_id).update(name="Ahorn"),
    "the company's name, saved": lambda posting: renamed(posting.company),
    "a tag's name": lambda posting: Tag.objects.filter(name="Garden").update(name="Gardens"),
    "a tag's name, saved": lambda posting: renamed(Tag.objects.get(name="Garden")),
    "a tag more": lambda posting: PostingTag.objects.create(posting=posting, tag=make_category("Forest")),
    "a tag less": lambda posting: posting.posting_tags.all().delete(),
    "a tag deleted": lambda posting: Tag.objects.filter(name="Garden").delete(),
    "read again": lambda posting: call_command("read_facts", stdout=io.StringIO()),
}


def dates() -> dict[int, dt.datetime]:
    return dict(Posting.objects.values_list("pk", "changed_at"))


def renamed(named) -> None:
    named.name = "Other"
    named.save()


@pytest.mark.parametrize("write", CHANGES.values(), ids=CHANGES.keys())
def test_a_posting_is_dated_anew_when_its_page_shows_something_else(write):
    posting = make_posting(categories=("Garden",), body_markdown="You write Python.")
    other = make_posting(company="Birke", categories=("Cooking",))
    call_command("read_facts", stdout=io.StringIO())
    posting.posting_tags.filter(tag__kind="skill").delete()
    before = dates()
    write(posting)
    assert dates()[posting.pk] > before[posting.pk]
    assert dates()[other.pk] == before[other.pk]


UNCHANGED = {
    "the company saved": lambda posting: posting.company.save(),
    "the company's address": lambda posting: Company.objects.update(slug="ahorn"),
    "a tag saved": lambda posting: Tag.objects.get(name="Garden").save(),
    "a new company": lambda posting: make_company("Astwerk"),
    "read again": lambda posting: call_command("read_facts", stdout=io.StringIO()),
}


@pytest.mark.parametrize("write", UNCHANGED.values(), ids=UNCHANGED.keys())
def test_a_posting_keeps_its_date_when_nothing_of_it_changed(write):
    posting = make_posting(categories=("Garden",), body_markdown="You write Python.")
    call_command("read_facts", stdout=io.StringIO())
    before = dates()
    write(posting)
    assert dates() == before


def test_what_is_not_kept_dates_nothing(django_assert_num_queries):
    make_posting(categories=("Garden",))
    tag, before = Tag.objects.get(name="Garden"), dates()
    tag.name = "Gardens"
    with changes.ignored(), django_assert_num_queries(3):  # how it is stored, the write, and the tag's history
        tag.save()
    assert dates() == before


def test_a_new_name_is_no_reason_to_judge_its_postings_anew(monkeypatch):
    judged = []
    monkeypatch.setattr(changes.structured_data, "judge", lambda ids: judged.extend(ids))
    posting = make_posting(categories=("Garden",))
    tag = Tag.objects.get(name="Garden")
    judged.clear()
    renamed(tag)
    Tag.objects.update(name="Gardens")
    assert judged == []
    tag.code = "gardens"
    tag.save()
    assert judged == [posting.pk]


def test_a_moment_is_never_before_that_of_an_earlier_version():
    with time_machine.travel(dt.datetime(2026, 3, 15, 10, tzinfo=dt.UTC), tick=False) as clock:
        BoardVersion.objects.all().delete()
        make_company("Astwerk")
        before = changes.state()
        clock.shift(-3600)
        make_company("Birke")
        assert changes.state()[:2] == (before.version + 1, before.changed_at)


# --- The board's past --------------------------------------------------------------------------------


def test_each_version_has_a_stamp_that_the_board_remembers(posting):
    states = [changes.state()]
    for _ in range(3):
        make_company()
        posting.save()
        states.append(changes.state())
    assert len({state.stamp for state in states}) == 4
    assert all(changes.was_ever(state.version, state.stamp) for state in states[:-1])
    assert not changes.was_ever(states[0].version, states[1].stamp)
    assert not changes.was_ever(0, "")


def test_of_a_board_without_a_version_nothing_was_ever(posting):
    before = changes.state()
    BoardVersion.objects.all().delete()
    for _ in range(before.version + 1):
        posting.save()
    assert changes.version() == before.version + 1
    assert not changes.was_ever(before.version, before.stamp)


def test_only_so_many_versions_are_remembered(posting, monkeypatch):
    monkeypatch.setattr(changes, "PAST_VERSIONS", 5)
    monkeypatch.setattr(changes, "_FORGOTTEN_AT_ONCE", 4)
    PastVersion.objects.all().delete()
    for _ in range(20):
        posting.save()
    assert 5 <= PastVersion.objects.count() <= 5 + 4
    assert PastVersion.objects.order_by("number").last().number == changes.version() - 1


def test_a_version_says_when_companies_last_changed(posting):
    posting.company.save()
    companies_at = changes.state().companies_at
    assert companies_at == changes.version()
    posting.save()
    assert changes.state().companies_at == companies_at < changes.version()
    changes.note(postings=[changes.EVERYTHING])
    assert changes.state().companies_at == changes.version()


@pytest.mark.django_db(transaction=True)
def test_a_raised_version_is_told_of_once_it_is_committed():
    told = []

    def hear(**signal):
        told.append(changes.version())

    changes.raised.connect(hear)
    try:
        with transaction.atomic():
            make_company()
            assert told == []
        assert told == [changes.version()]
    finally:
        changes.raised.disconnect(hear)
