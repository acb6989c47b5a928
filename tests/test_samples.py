"""The sample postings, and when a board gets them."""

import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from postings.importing import run
from postings.importing.lock import AnotherImportRuns
from postings.management.commands.load_samples import SAMPLES_FOLDER
from postings.models import SAMPLES, ImportRun, Posting, Tag
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

FILES = sorted(SAMPLES_FOLDER.rglob("README.md"))
# UTF-8 that was read as Windows-1252 once: `ðŸŒŽ` for 🌎, `â€™` for ’, `Ã©` for é.
MOJIBAKE = re.compile("ðŸ|â€|Ã[\x80-\xbf]|\ufffd")
CURRENCIES = ("€", "$", "£", "₹", "円", "SEK", "DKK", "PLN", "CHF", "KES", "php", "R$", "CAD", "SGD")


@pytest.fixture
def samples():
    call_command("load_samples")
    return list(Posting.objects.filter(source=SAMPLES).select_related("company"))


def load(capsys: pytest.CaptureFixture) -> str:
    """What the command says; nothing where it does nothing."""
    capsys.readouterr()
    call_command("load_samples")
    return capsys.readouterr().out


# --- What they are -----------------------------------------------------------------------------------


def test_there_are_thirty_and_every_file_is_taken(samples):
    assert len(samples) == len(FILES) >= 30
    record = ImportRun.objects.get()
    assert (record.created, record.refused, record.skipped) == (len(FILES), 0, 0)


def test_every_sample_is_live_and_whole_and_never_expires(samples):
    for posting in samples:
        assert posting.is_live and posting.expires_at is None, posting.slug
        assert posting.title and posting.body_html and posting.excerpt and posting.apply_url, posting.slug
        assert posting.published_precision == Posting.Precision.MONTH and posting.published_on, posting.slug
        assert posting.tags.filter(kind=Tag.Kind.CATEGORY).count() == 1, posting.slug


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_file_has_the_layout_of_the_real_ones(file):
    text = file.read_text().lstrip("\ufeff \n")
    assert re.match(r"# \[.+\]\(\S+\) *\n### ?.*\n####", text)
    assert re.search(r"\n## CLICK TO \[APPLY\]\(\S+\)\s*\Z", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_address_is_invented(file):
    hosts = re.findall(r"(?:https?://|mailto:[^@\s]+@|\b[\w.+-]+@)([\w.-]+)", file.read_text())
    assert hosts and all(host.rstrip(".").endswith(".example") for host in hosts)


def test_they_are_as_varied_as_the_real_ones(samples):
    salaries = [posting.stated_salary for posting in samples]
    assert sum(any(sign in salary for salary in salaries) for sign in CURRENCIES) >= 8
    assert any(re.search(r"/ ?h|hour", salary) for salary in salaries)
    assert any("day" in salary for salary in salaries)
    assert any("month" in salary for salary in salaries)
    assert "" in salaries
    # Fillers that state no pay: the tag is kept, and not shown.
    assert any(posting.salary_text and not posting.stated_salary for posting in samples)

    assert any(posting.company is None for posting in samples)
    assert any(posting.apply_keyword and posting.apply_keyword in posting.body_html for posting in samples)
    assert any(posting.applies_by_mail for posting in samples)
    bodies = [posting.body_markdown for posting in samples]
    for word in (r"\bvisa\b", r"\bhybrid\b", r"\bon-?site\b", r"\bremote\b"):
        assert any(re.search(word, body, re.IGNORECASE) for body in bodies), word
    assert any("<table>" in posting.body_html for posting in samples)
    assert max(map(len, bodies)) > 10 * min(map(len, bodies))
    assert len({posting.place for posting in samples}) >= 15
    assert Tag.objects.filter(kind=Tag.Kind.CATEGORY, postings__in=samples).distinct().count() >= 8
    assert len({posting.published_on for posting in samples}) >= 5


@pytest.mark.parametrize("words", ["und", "et", "para"])
def test_some_are_not_in_english(samples, words):
    assert any(len(re.findall(rf"\b{words}\b", posting.body_markdown)) >= 3 for posting in samples)


def test_one_is_mojibake_on_the_disk_and_reads_clean(samples):
    assert [file for file in FILES if MOJIBAKE.search(file.read_text())]
    for posting in samples:
        for text in (posting.title, posting.place, posting.salary_text, *posting.other_tags, posting.body_markdown):
            assert not MOJIBAKE.search(text), posting.slug


# --- When a board gets them --------------------------------------------------------------------------


def test_an_empty_board_gets_them_once(capsys):
    assert load(capsys).startswith(f"{len(FILES)} sample postings, all invented, are in")
    assert load(capsys) == ""
    assert Posting.objects.count() == len(FILES)


def test_a_board_with_a_posting_of_its_own_gets_none(capsys):
    make_posting(source="admin")
    assert load(capsys) == ""
    assert Posting.objects.count() == 1


def test_a_board_that_was_imported_into_gets_none_although_it_is_empty(capsys, tmp_path):
    run.run_import([str(tmp_path)], run.Options())
    assert load(capsys) == ""
    assert not Posting.objects.exists()


@pytest.mark.slow
def test_samples_that_an_operator_deleted_never_come_back(capsys):
    load(capsys)
    Posting.objects.all().delete()
    assert load(capsys) == ""
    assert not Posting.objects.exists()


def test_one_sample_that_an_operator_deleted_never_comes_back(capsys):
    load(capsys)
    Posting.objects.first().delete()
    assert load(capsys) == ""
    assert Posting.objects.count() == len(FILES) - 1


@pytest.mark.parametrize("taken", [0, 10])
def test_a_first_start_that_was_cut_off_is_completed(capsys, monkeypatch, taken):
    take_all = run._batches

    def cut_off(files):
        for number, batch in enumerate(take_all(files)):
            if number * run.BATCH_FILES == taken:
                raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patched:
        patched.setattr(run, "BATCH_FILES", 10)
        patched.setattr(run, "_batches", cut_off)
        with pytest.raises(KeyboardInterrupt):
            call_command("load_samples")
    assert Posting.objects.count() == taken

    assert load(capsys) != ""
    assert Posting.objects.count() == len(FILES)
    assert load(capsys) == ""


def test_after_a_cut_off_start_it_says_how_many_are_in(capsys):
    load(capsys)
    # Cut off between its last batch and its end.
    ImportRun.objects.update(finished_at=None)
    assert load(capsys).startswith(f"{len(FILES)} sample postings")


def test_a_second_start_at_the_same_time_says_what_is_the_matter(monkeypatch):
    def held():
        raise AnotherImportRuns("another import is running (process 1)")

    monkeypatch.setattr(run, "import_lock", held)
    with pytest.raises(CommandError, match="another import is running"):
        call_command("load_samples")
