"""`manage.py read_facts`: the facts of what is stored, read again."""

import pytest
from django.core.management import call_command

from postings.importing import run
from postings.importing.rereading import reread_all
from postings.models import Posting, PostingTag, Tag
from tests.factories import make_category, make_posting, posting_text

pytestmark = pytest.mark.django_db


def skills(posting: Posting) -> set[str]:
    return set(posting.tags.filter(kind=Tag.Kind.SKILL).values_list("code", flat=True))


def test_reads_what_was_not_read_before_and_says_how_much(capsys):
    posting = make_posting(title="Senior Gardener", body_markdown="You write Python. Base salary: $90k - $120k a year.")
    call_command("read_facts")
    said = capsys.readouterr().out
    posting.refresh_from_db()
    assert skills(posting) == {"python"}
    assert (posting.salary_min, posting.salary_yearly_max) == (90_000, 120_000)
    assert "skills: 1 changed" in said
    assert "salary: 1 changed" in said
    assert "seniority: 1 changed" in said
    assert said.endswith("3 values changed in 1 postings.\n")


def test_a_second_time_changes_nothing():
    posting = make_posting(body_markdown="You write Python.")
    reread_all()
    before = Posting.objects.values_list("changed_at", flat=True).get()
    number, changed = reread_all()
    assert (number, changed.total()) == (1, 0)
    assert Posting.objects.values_list("changed_at", flat=True).get() == before
    assert skills(posting) == {"python"}


def test_a_dry_run_writes_nothing(capsys):
    posting = make_posting(body_markdown="You write Python.")
    call_command("read_facts", "--dry-run")
    assert "Dry run, nothing was written: 1 values changed" in capsys.readouterr().out
    assert skills(posting) == set()


def test_what_a_person_pinned_stays():
    posting = make_posting(body_markdown="You write Python. Base salary: $90k a year.", salary_min=1.0)
    posting.pin(["skills", "salary_min"])
    posting.save()
    reread_all()
    posting.refresh_from_db()
    assert skills(posting) == set()
    assert (posting.salary_min, posting.salary_currency) == (1.0, "")


def test_a_skill_that_an_operator_adds_is_found_by_its_spellings():
    posting = make_posting(body_markdown="You know the Zephyrine framework, or zephyr-js as we call it.")
    Tag.objects.create(kind=Tag.Kind.SKILL, name="Zephyrine", code="zephyrine", spellings=["zephyr-js"])
    reread_all()
    assert skills(posting) == {"zephyrine"}


def test_categories_come_with_the_file_and_stay():
    posting = make_posting(categories=("Garden",), body_markdown="You write Python.")
    reread_all()
    assert posting.tags.filter(kind=Tag.Kind.CATEGORY).get().name == "Garden"


def test_a_tag_that_was_made_by_hand_is_the_one_that_postings_say(tmp_path):
    """Its code was made from its name; the import gives it the one that the text's facts have."""
    by_hand = Tag.objects.create(kind=Tag.Kind.COUNTRY, name="Austria")
    (tmp_path / "a.md").write_text(posting_text(tags=("🌎 Vienna, Austria",)))
    summary = run.run_import([str(tmp_path)], run.Options())
    assert (summary.created, summary.refused) == (1, 0)
    by_hand.refresh_from_db()
    assert by_hand.code == "AT"
    assert PostingTag.objects.get(tag__kind=Tag.Kind.COUNTRY).tag == by_hand


def test_long_names_that_begin_alike_are_tags_of_their_own():
    assert {make_category("c" * 100).code, make_category("C" * 100).code} == {"c" * 100, "c" * 100 + "-2"}
