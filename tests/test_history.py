"""The history of postings: who changed what, when, from what to what, and why."""

import datetime as dt

import pytest
from django.utils import timezone

from postings import history, life
from postings.importing import run
from postings.models import Company, PastBody, Posting, PostingTag, Tag
from tests.factories import make_category, make_posting, posting_text

pytestmark = pytest.mark.django_db


def rows(posting_id: int) -> list:
    return list(Posting.history.filter(id=posting_id).order_by("history_id"))


def imported(tmp_path, **text) -> Posting:
    """The posting of a file that is written, and imported, with what is said."""
    (tmp_path / "gardener.md").write_text(posting_text(**text))
    run.run_import([str(tmp_path)], run.Options())
    return Posting.objects.get()


def test_a_new_posting_has_one_row_with_its_tags_and_body():
    posting = make_posting(categories=("Garden",), title="Gardener", body_markdown="We grow trees.")
    row = rows(posting.pk)[-1]
    assert (row.title, row.past_body.markdown) == ("Gardener", "We grow trees.")
    assert row.past_tags == [[make_category("Garden").pk, "category", "Garden"]]


def test_an_import_stands_in_it_with_one_row_a_posting(tmp_path):
    posting = imported(tmp_path, title="Gardener")
    imported(tmp_path, title="Gardener")
    imported(tmp_path, title="Head gardener")
    assert [(row.history_type, row.title, row.history_user) for row in rows(posting.pk)] == [
        ("+", "Gardener", None),
        ("~", "Head gardener", None),
    ]


def test_an_act_of_an_operator_says_who_and_why(admin_user):
    posting = make_posting()
    life.close(Posting.objects.all(), admin_user, "from the list")
    row = rows(posting.pk)[-1]
    assert (row.history_type, row.status, row.history_user) == ("~", "closed", admin_user)
    assert row.history_change_reason == "Closed from the list."


def test_what_runs_out_says_so():
    posting = make_posting(expires_at=timezone.now() - dt.timedelta(days=1))
    life.close_expired()
    assert rows(posting.pk)[-1].history_change_reason == "Past its end."


def test_the_first_of_several_reasons_counts(admin_user):
    posting = make_posting()
    with history.because("Mended.", admin_user):
        posting.title = "Head gardener"
        posting.save()
    row = rows(posting.pk)[-1]
    assert (row.history_change_reason, row.history_user) == ("Mended.", admin_user)


def test_a_reason_ends_where_it_was_said():
    with pytest.raises(RuntimeError), history.because("Mended."):
        raise RuntimeError
    assert history.present_cause() == history.Cause()


def test_a_save_that_changes_nothing_leaves_no_row():
    posting = make_posting()
    before = len(rows(posting.pk))
    posting.save()
    assert len(rows(posting.pk)) == before


def test_tags_that_come_and_go_are_changes():
    posting = make_posting()
    link = PostingTag.objects.create(posting=posting, tag=make_category("Garden"))
    link.delete()
    assert [len(row.past_tags) for row in rows(posting.pk)] == [0, 1, 0]


def test_a_tag_that_is_deleted_stands_in_the_history_of_its_postings():
    posting = make_posting(categories=("Garden",))
    Tag.objects.all().delete()
    assert [row.past_tags for row in rows(posting.pk)[-2:]] == [rows(posting.pk)[-2].past_tags, []]
    assert rows(posting.pk)[-2].past_tags[0][2] == "Garden"


def test_a_write_by_statement_is_a_change():
    posting = make_posting()
    Posting.objects.filter(pk=posting.pk).update(title="Head gardener")
    assert rows(posting.pk)[-1].title == "Head gardener"


def test_a_posting_that_is_deleted_leaves_its_last_state(admin_user):
    posting = make_posting(title="Gardener", body_markdown="We grow trees.")
    key = posting.pk
    with history.because("Deleted.", admin_user):
        posting.delete()
    row = rows(key)[-1]
    assert (row.history_type, row.title, row.history_user) == ("-", "Gardener", admin_user)
    assert row.past_body.markdown == "We grow trees."


def test_a_body_is_kept_once_for_all_rows_that_have_it(admin_user):
    make_posting(body_markdown="We grow trees.")
    make_posting(body_markdown="We grow trees.")
    life.close(Posting.objects.all(), admin_user, "from the list")
    assert PastBody.objects.count() == 1


def test_a_dry_run_leaves_nothing(tmp_path):
    (tmp_path / "gardener.md").write_text(posting_text())
    run.run_import([str(tmp_path)], run.Options(dry_run=True))
    assert not Posting.history.exists()
    assert not Company.history.exists()


def test_companies_and_tags_have_a_history_too(admin_user):
    company, tag = Company.objects.create(name="Ahorn"), make_category("Garden")
    with history.because("Renamed.", admin_user):
        company.name, tag.name = "Ahorn & Co", "Gardens"
        company.save()
        tag.save()
    for thing, name in ((company, "Ahorn & Co"), (tag, "Gardens")):
        row = thing.history.first()
        assert (row.name, row.history_user, row.history_change_reason) == (name, admin_user, "Renamed.")
