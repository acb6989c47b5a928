"""`manage.py import_postings`: arguments in, counts and refusals out, exit status."""

import datetime as dt
import io
import re
import sys
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from django.db import DatabaseError

from postings.importing import run, store
from postings.management.commands import import_postings
from postings.models import ImportRun, Posting, RefusedFile, Tag
from tests.factories import make_posting, posting_text

pytestmark = pytest.mark.django_db


@dataclass
class Ran:
    """What a person at the terminal gets of one command."""

    status: int
    out: str
    err: str


@pytest.fixture
def importing(monkeypatch, capsys):
    """Runs the command as `manage.py` does, so that exit statuses are those of the process."""
    # A command at a terminal closes its connections at the end; the test's must stay open.
    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)

    def command(*args: object) -> Ran:
        capsys.readouterr()
        status = 0
        try:
            import_postings.Command().run_from_argv(["manage.py", "import_postings", *map(str, args)])
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return command


@pytest.fixture
def standard_input(monkeypatch):
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def write(folder: Path, place: str, text: str | bytes) -> Path:
    """A file at `place` below a folder."""
    file = folder / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def categories(posting: Posting) -> list[str]:
    return list(posting.tags.filter(kind=Tag.Kind.CATEGORY).values_list("name", flat=True))


def counts(line: str) -> str:
    """A summary line without what differs between two runs that do the same."""
    line = line.removeprefix("Dry run, nothing was written: ").replace(" to close", " closed")
    return re.sub(r" in [\d.]+ seconds.*", "", line).strip()


def every_row() -> dict[str, list]:
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}


def slugs() -> set[str]:
    return set(Posting.objects.values_list("slug", flat=True))


def live_slugs() -> set[str]:
    return set(Posting.objects.live().values_list("slug", flat=True))


# --- The summary -------------------------------------------------------------------------------------


def test_one_line_says_what_became_of_the_files(importing, tmp_path):
    write(tmp_path, "a.md", posting_text(slug="a"))
    write(tmp_path, "b.md", posting_text(slug="b"))
    ran = importing(tmp_path)
    assert (ran.status, ran.err) == (0, "")
    assert re.fullmatch(
        r"2 created, 0 updated, 0 unchanged, 0 refused in \d+\.\d seconds \([\d,]+ a second\)\.\n", ran.out
    )


def test_the_second_import_says_that_nothing_changed_and_changes_nothing(importing, tmp_path):
    write(tmp_path, "Garden/2026-01/a/README.md", posting_text(slug="a"))
    write(tmp_path, "b.md", posting_text(slug="b"))
    importing(tmp_path)
    before = {label: rows for label, rows in every_row().items() if label != "postings.ImportRun"}
    assert counts(importing(tmp_path).out) == "0 created, 0 updated, 2 unchanged, 0 refused"
    assert {label: rows for label, rows in every_row().items() if label != "postings.ImportRun"} == before


def test_thousands_are_printed_with_a_comma():
    summary = run.Summary(created=1234, updated=5678, seconds=2.0)
    assert import_postings._sentence(summary, {"close_missing": False, "dry_run": False}) == (
        "1,234 created, 5,678 updated, 0 unchanged, 0 refused in 2.0 seconds (3,456 a second)."
    )


@pytest.mark.parametrize(
    ("names", "words"), [(["a.pdf"], "1 other file skipped"), (["a.pdf", "b.png"], "2 other files skipped")]
)
def test_files_of_other_kinds_are_skipped_and_counted_and_not_refused(importing, tmp_path, names, words):
    write(tmp_path, "a.md", posting_text())
    for name in names:
        write(tmp_path, name, "no posting")
    ran = importing(tmp_path)
    assert ran.status == 0
    assert counts(ran.out) == f"1 created, 0 updated, 0 unchanged, 0 refused, {words}"
    assert ImportRun.objects.get().skipped == len(names)


def test_an_empty_folder_is_no_mistake(importing, tmp_path):
    ran = importing(tmp_path)
    assert ran.status == 0
    # No rate: there is nothing to divide.
    assert re.fullmatch(r"0 created, 0 updated, 0 unchanged, 0 refused in \d+\.\d seconds\.\n", ran.out)


def test_the_run_is_on_record(importing, tmp_path):
    write(tmp_path, "a.md", posting_text(slug="a"))
    write(tmp_path, "b.md", posting_text(slug="b"))
    importing(tmp_path, "--source", "partner")
    write(tmp_path, "b.md", posting_text(slug="b", title="Changed"))
    write(tmp_path, "c.md", posting_text(slug="c"))
    write(tmp_path, "d.md", "no posting")
    importing(tmp_path, "--source", "partner")
    latest = ImportRun.objects.first()
    assert (latest.created, latest.updated, latest.unchanged, latest.refused) == (1, 1, 1, 1)
    assert latest.source == "partner"
    assert latest.started_at < latest.finished_at


# --- Refusals ----------------------------------------------------------------------------------------

REFUSED = {
    "empty": ("", "the file is empty"),
    "blank": (" \n\n", "the file is empty"),
    "no posting": ("Dear all,\n\nnothing here.", "not a posting"),
    "no title": (posting_text(title=""), "the title is empty"),
    "title that never ends": (posting_text(title="Gardener " * 40), "title has over 300 characters"),
    "company that never ends": (posting_text(company="Astwerk " * 30), "company's name has over 200 characters"),
    "no apply address": ("# Gardener\n### Astwerk\n\nWe grow trees.", "no apply address"),
    "script": (posting_text(address="javascript:alert(1)"), "not http:, https: or mailto:"),
    "no scheme": (posting_text(address="//evil.example/x"), "not http:, https: or mailto:"),
    "no host": (posting_text(address="https:///evil.example/x"), "names no host"),
    "backslashes": (posting_text(address="https://good.example\\\\@evil.example/x"), "a blank, a backslash"),
    "tab": (
        posting_text(address="https://good.example/\tx"),
        "title's link cannot be read as `[Title](apply address)`",
    ),
    "10 KB": (posting_text(address=f"https://good.example/{'y' * 10_240}"), "its apply address over 2,048"),
    "host of other letters": (
        posting_text(address="https://exam\u2100ple.example/x"),
        "host or port that cannot be read",
    ),
    "host that cannot be": (posting_text(address="https://-.example/x"), "does not exist in the DNS"),
    "line end": (posting_text(address="https://good.example/\r\nSet-Cookie: x=1"), "apply address"),
    "user name": (posting_text(address="https://me:secret@astwerk.example/apply/x"), "user name or password"),
    "address that never ends": (posting_text(address=f"https://a.example/x?{'y' * 2048}"), "over 2,048 characters"),
    "slug that never ends": (posting_text(slug="s" * 201), "over 200 characters"),
    "slug that is no name": (posting_text(slug="a%2Fb"), "a slash, a blank or an invisible character"),
    "Latin-1": (posting_text(company="Gärtnerei", tags=()).encode("latin-1"), "not UTF-8 at byte"),
    "UTF-16": (posting_text().encode("utf-16"), "not UTF-8 at byte 0"),
    "over the cap": (posting_text(body="grow " * 13_200), "over the cap of 64 KiB"),
    "more HTML than a page should carry": (posting_text(body='"' * 60_000), "its HTML would be over 256 KiB"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_bad_file_between_two_good_ones_is_refused_alone(importing, tmp_path, text, reason):
    write(tmp_path, "a-good.md", posting_text(slug="before"))
    bad = write(tmp_path, "b-bad.md", text)
    write(tmp_path, "c-good.md", posting_text(slug="after"))

    ran = importing(tmp_path)

    assert ran.status == 1
    assert counts(ran.out) == "2 created, 0 updated, 0 unchanged, 1 refused"
    assert slugs() == {"before", "after"}
    # The same sentence for the person at the terminal and for the one in the admin.
    refused = RefusedFile.objects.get()
    assert (refused.path, refused.run) == (str(bad), ImportRun.objects.get())
    assert reason in refused.reason
    assert ran.err == f"refused {bad}: {refused.reason}\n"


def test_a_link_between_two_good_files_is_refused(importing, tmp_path):
    outside = write(tmp_path, "outside.md", posting_text(slug="outside"))
    write(tmp_path, "folder/a.md", posting_text(slug="before"))
    (tmp_path / "folder/b.md").symlink_to(outside)
    write(tmp_path, "folder/c.md", posting_text(slug="after"))
    ran = importing(tmp_path / "folder")
    assert (ran.status, slugs()) == (1, {"before", "after"})
    assert "symbolic link" in ran.err


def test_a_file_that_was_refused_is_taken_when_it_is_mended(importing, tmp_path):
    write(tmp_path, "a.md", "no posting yet")
    assert importing(tmp_path).status == 1
    write(tmp_path, "a.md", posting_text(slug="a"))
    assert importing(tmp_path).status == 0
    assert slugs() == {"a"}


def test_a_file_that_turns_bad_leaves_its_posting_as_it_was(importing, tmp_path):
    write(tmp_path, "a.md", posting_text(slug="a"))
    importing(tmp_path)
    before = Posting.objects.values().get()
    write(tmp_path, "a.md", posting_text(slug="a", address="javascript:alert(1)"))
    assert importing(tmp_path).status == 1
    assert Posting.objects.values().get() == before


def test_a_broken_archive_is_refused_and_the_next_path_is_read(importing, tmp_path):
    broken = write(tmp_path, "broken.tar.xz", b"no archive at all")
    good = write(tmp_path, "a.md", posting_text(slug="a"))
    ran = importing(broken, good)
    assert (ran.status, slugs()) == (1, {"a"})
    assert ran.err.startswith(f"refused {broken}: not an archive that can be read")


def test_a_file_whose_name_has_a_blank_is_named_by_its_title_where_it_applies_by_mail(importing, tmp_path):
    write(tmp_path, "tree surgeon.md", posting_text(title="Tree surgeon", address="mailto:jobs@astwerk.example"))
    assert (importing(tmp_path).status, slugs()) == (0, {"tree-surgeon"})


# --- What the path says ------------------------------------------------------------------------------


@pytest.mark.parametrize("entered", ["", "jobs", "jobs/Garden", "jobs/Garden/2026-01", "jobs/Garden/2026-01/surgeon"])
@pytest.mark.parametrize("inside", [True, False], ids=["as .", "by name"])
def test_the_path_says_category_and_month_wherever_it_is_entered(importing, tmp_path, monkeypatch, entered, inside):
    write(tmp_path, "jobs/Garden/2026-01/surgeon/README.md", posting_text())
    if inside:
        monkeypatch.chdir(tmp_path / entered)
    importing("." if inside else tmp_path / entered)
    posting = Posting.objects.get()
    assert (posting.published_machine, categories(posting)) == ("2026-01", ["Garden"])
    # One file, by one name: entered elsewhere tomorrow, it is the same.
    assert posting.files.get().path == "Garden/2026-01/surgeon/README.md"
    assert counts(importing(tmp_path).out) == "0 created, 0 updated, 1 unchanged, 0 refused"


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("Garden/2026-01/surgeon", "README.md"),
        ("Garden/2026-01", "surgeon/README.md"),
        ("Garden/2026-01/other", "../surgeon/README.md"),
        ("Garden/2026-02", "../2026-01/surgeon/README.md"),
    ],
)
def test_a_single_file_knows_its_folders(importing, tmp_path, monkeypatch, place, named):
    write(tmp_path, "Garden/2026-01/surgeon/README.md", posting_text())
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / place)
    importing(named)
    posting = Posting.objects.get()
    assert (posting.published_machine, categories(posting)) == ("2026-01", ["Garden"])


@pytest.mark.parametrize(
    "place",
    [
        "Garden/2026-13/surgeon/README.md",
        "Garden/2026-1/surgeon/README.md",
        "Garden/0000-01/surgeon/README.md",
        "Garden/2026-01/README.md",
        "Garden/2026-01/surgeon/more/README.md",
        f"{'G' * 101}/2026-01/surgeon/README.md",
    ],
)
def test_any_other_path_says_nothing(importing, tmp_path, place):
    write(tmp_path, place, posting_text())
    assert importing(tmp_path).status == 0
    posting = Posting.objects.get()
    assert (posting.published_on, categories(posting)) == (None, [])


def test_options_speak_where_the_path_is_silent_and_only_there(importing, tmp_path):
    write(tmp_path, "Garden/2026-01/a/README.md", posting_text(slug="a"))
    write(tmp_path, "b.md", posting_text(slug="b"))
    importing(tmp_path, "--category", "Forest", "--published", "2026-03-17")
    said = {posting.slug: (posting.published, categories(posting)) for posting in Posting.objects.all()}
    assert said == {"a": ("January 2026", ["Garden"]), "b": ("17 March 2026", ["Forest"])}


def test_the_posting_is_named_by_its_folder_where_its_address_names_none(importing, tmp_path):
    by_mail = posting_text(address="mailto:jobs@astwerk.example")
    write(tmp_path, "Garden/2026-01/surgeon/README.md", by_mail)
    write(tmp_path, "Garden/2026-01/other/beekeeper.md", by_mail)
    write(tmp_path, "shepherd.md", by_mail)
    importing(tmp_path)
    assert slugs() == {"surgeon", "beekeeper", "shepherd"}


# --- Standard input ----------------------------------------------------------------------------------


def test_a_dash_reads_one_posting_from_standard_input(importing, standard_input):
    standard_input(posting_text(slug="a").encode())
    ran = importing("-", "--published", "2026-03-17")
    assert (ran.status, slugs()) == (0, {"a"})
    assert Posting.objects.get().published_machine == "2026-03-17"


def test_what_is_refused_from_standard_input_is_called_so(importing, standard_input):
    standard_input(b"no posting")
    ran = importing("-")
    assert ran.status == 1
    assert ran.err.startswith("refused standard input: not a posting")


def test_standard_input_stands_beside_files(importing, standard_input, tmp_path):
    standard_input(posting_text(slug="a").encode())
    importing("-", write(tmp_path, "b.md", posting_text(slug="b")))
    assert slugs() == {"a", "b"}


# --- Wrong arguments, and what could not run ---------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "required: PATH"),
        (["-", "--source", ""], "a source has 1 to 50 printable characters"),
        (["-", "--source", " partner"], "a source has 1 to 50 printable characters"),
        (["-", "--source", "p" * 51], "a source has 1 to 50 printable characters"),
        (["-", "--source", "part\nner"], "a source has 1 to 50 printable characters"),
        (["-", "--category", "c" * 101], "a category has at most 100 printable characters"),
        (["-", "--category", "Garden "], "a category has at most 100 printable characters"),
        (["-", "--published", "17.3.2026"], "not a day as YYYY-MM-DD"),
        (["-", "--published", "2026-02-30"], "not a day as YYYY-MM-DD"),
        (["-", "--published", "2026-03"], "not a day as YYYY-MM-DD"),
        (["-", "--published", "0026-03-17"], "nobody can have published on that day"),
        (["-", "--no-such-option"], "unrecognized arguments"),
        (["-", "-"], "can be read only once"),
        (["-", "nowhere.md"], "There is no 'nowhere.md'"),
        ([""], "A path is empty"),
        (["manage.py"], "is neither a posting (.md, .markdown, .txt) nor an archive"),
        (["-", "--source", "admin"], "is the board's own source"),
        (["-", "--source", "samples"], "is the board's own source"),
        (["-", "--published", "2222-01-01"], "nobody can have published on that day"),
    ],
)
def test_wrong_arguments_are_said_before_anything_is_read(importing, standard_input, args, said):
    standard_input(posting_text().encode())
    ran = importing(*args)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert not ImportRun.objects.exists()


def test_longest_names_are_taken(importing, tmp_path):
    write(tmp_path, "a.md", posting_text())
    assert importing(tmp_path, "--source", "p" * 50, "--category", "c" * 100).status == 0
    assert categories(Posting.objects.get()) == ["c" * 100]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (DatabaseError("database or disk is\nfull."), 3, "The import stopped: database or disk is full. What"),
        (OSError(28, "No space left on device"), 3, "The import stopped: [Errno 28] No space left on device. What"),
        (BrokenExecutor("a reader died"), 3, "The import stopped: a reader died. What"),
        (KeyboardInterrupt(), 130, "Interrupted. What"),
    ],
    ids=["database", "disk", "reader", "Ctrl-C"],
)
def test_an_import_that_cannot_go_on_says_so_and_keeps_what_is_in(
    importing, tmp_path, monkeypatch, error, status, said
):
    monkeypatch.setattr(run, "BATCH_FILES", 2)
    for name in "abcd":
        write(tmp_path, f"{name}.md", posting_text(slug=name))
    begin = store.Store.begin

    def full_at_the_second_batch(self, files):
        if "c.md" in files[0].path:
            raise error
        return begin(self, files)

    monkeypatch.setattr(store.Store, "begin", full_at_the_second_batch)
    ran = importing(tmp_path)
    assert (ran.status, ran.out) == (status, "")
    # One line, whatever line breaks the error has, and no traceback.
    assert ran.err == f"CommandError: {said} it had taken by then is in; run it again to take the rest.\n"
    assert slugs() == {"a", "b"}
    # The record tells the truth about a run that was cut off, too.
    cut_off = ImportRun.objects.get()
    assert (cut_off.created, cut_off.finished_at) == (2, None)

    monkeypatch.setattr(store.Store, "begin", begin)
    assert counts(importing(tmp_path).out) == "2 created, 0 updated, 2 unchanged, 0 refused"


def test_a_batch_is_stored_whole_or_not_at_all(importing, tmp_path, monkeypatch):
    for name in "abc":
        write(tmp_path, f"{name}.md", posting_text(slug=name, company=f"Company {name}"))

    def full(self, work):
        raise DatabaseError("database or disk is full")

    # The postings of the batch are written by then, their files are not.
    monkeypatch.setattr(store.Store, "_write_files", full)
    assert importing(tmp_path).status == 3
    assert {label: rows for label, rows in every_row().items() if label.startswith("postings.") and rows} == {
        "postings.ImportRun": every_row()["postings.ImportRun"]
    }
    assert ImportRun.objects.get().created == 0


def test_statuses_reach_whoever_calls_the_command_from_python(tmp_path):
    from django.core.management import call_command

    with pytest.raises(CommandError) as wrong:
        call_command("import_postings", "nowhere.md")
    assert wrong.value.returncode == 2
    with pytest.raises(SystemExit) as refused:
        call_command("import_postings", str(write(tmp_path, "a.md", "no posting")), stdout=io.StringIO())
    assert refused.value.code == 1


# --- --close-missing ---------------------------------------------------------------------------------


@pytest.fixture
def dump(tmp_path):
    """Files of two postings, imported in full dumps."""
    write(tmp_path, "dump/Garden/2026-01/stays/README.md", posting_text(slug="stays"))
    write(tmp_path, "dump/Garden/2026-01/goes/README.md", posting_text(slug="goes"))
    return tmp_path / "dump"


def without(dump: Path, slug: str) -> None:
    (dump / f"Garden/2026-01/{slug}/README.md").unlink()


def test_what_a_full_dump_no_longer_holds_is_closed(importing, dump):
    importing(dump)
    without(dump, "goes")
    ran = importing(dump, "--close-missing")
    assert ran.status == 0
    assert counts(ran.out) == "0 created, 0 updated, 1 unchanged, 0 refused, 1 closed"
    assert live_slugs() == {"stays"}
    assert Posting.objects.get(slug="goes").status == Posting.Status.CLOSED
    assert ImportRun.objects.first().closed == 1
    # Closed is closed: the next dump does not count it again.
    assert counts(importing(dump, "--close-missing").out).endswith("0 closed")


def test_nothing_is_closed_unasked(importing, dump):
    importing(dump)
    without(dump, "goes")
    assert "closed" not in importing(dump).out
    assert live_slugs() == {"stays", "goes"}


def test_closing_is_for_the_live_postings_of_this_source_that_nobody_pinned(importing, dump):
    importing(dump)
    make_posting(slug="elsewhere", source="partner")
    make_posting(slug="by-hand", source="admin")
    make_posting(slug="pinned", pinned_fields=["status"])
    make_posting(slug="pinned-title", pinned_fields=["title"])
    make_posting(slug="draft", status=Posting.Status.DRAFT)
    ran = importing(dump, "--close-missing")
    assert counts(ran.out) == "0 created, 0 updated, 2 unchanged, 0 refused, 1 closed"
    assert live_slugs() == {"stays", "goes", "elsewhere", "by-hand", "pinned"}
    assert Posting.objects.get(slug="draft").status == Posting.Status.DRAFT


@pytest.mark.parametrize("seen", ["new", "changed", "known", "an older sibling"])
def test_what_the_run_saw_in_any_way_stays_open(importing, dump, seen):
    if seen != "new":
        importing(dump)
    if seen == "changed":
        write(dump, "Garden/2026-01/goes/README.md", posting_text(slug="goes", title="Changed"))
    if seen == "an older sibling":
        without(dump, "goes")
        write(dump, "Garden/2025-12/goes/README.md", posting_text(slug="goes", title="December"))
    importing(dump, "--close-missing")
    assert live_slugs() == {"stays", "goes"}


def test_many_batches_are_one_dump(importing, dump, monkeypatch):
    monkeypatch.setattr(run, "BATCH_FILES", 1)
    importing(dump)
    assert counts(importing(dump, "--close-missing").out).endswith("0 closed")


def test_nothing_is_closed_when_something_was_refused(importing, dump):
    importing(dump)
    write(dump, "Garden/2026-01/goes/README.md", "damaged")
    ran = importing(dump, "--close-missing")
    assert ran.status == 1
    assert "none closed, because something was refused" in ran.out
    assert live_slugs() == {"stays", "goes"}
    assert ImportRun.objects.first().closed == 0


def test_nothing_is_closed_when_nothing_was_read(importing, dump, tmp_path):
    importing(dump)
    (tmp_path / "empty").mkdir()
    write(tmp_path, "empty/a.pdf", "no posting")
    ran = importing(tmp_path / "empty", "--close-missing")
    assert ran.status == 0
    assert f"none closed, because there is no posting in {tmp_path / 'empty'}" in ran.out
    assert live_slugs() == {"stays", "goes"}


@pytest.mark.parametrize("title", ["Gardener", "Changed"])
def test_what_was_closed_opens_when_it_comes_back(importing, dump, title):
    importing(dump)
    without(dump, "goes")
    importing(dump, "--close-missing")
    write(dump, "Garden/2026-01/goes/README.md", posting_text(slug="goes", title=title))
    ran = importing(dump, "--close-missing")
    assert counts(ran.out) == "0 created, 1 updated, 1 unchanged, 0 refused, 0 closed"
    assert live_slugs() == {"stays", "goes"}


def test_more_postings_than_one_query_takes_are_closed(importing, dump):
    importing(dump)
    base = Posting.objects.get(slug="goes")
    Posting.objects.bulk_create(
        Posting(source="files", source_slug=f"x{n}", slug=f"x{n}", title="x", listed_on=base.listed_on)
        for n in range(1100)
    )
    assert counts(importing(dump, "--close-missing").out).endswith("1,100 closed")
    assert live_slugs() == {"stays", "goes"}


# --- --dry-run ---------------------------------------------------------------------------------------


def test_a_dry_run_of_anything_writes_nothing_and_counts_what_the_import_then_does(importing, tmp_path):
    def place(name: str, **text: object) -> None:
        write(tmp_path, f"{name}.md" if name.count("/") == 0 else f"{name}/README.md", posting_text(**text))

    for slug in ("unchanged", "changed", "pinned", "closed", "gone", "drafted"):
        place(f"Garden/2026-01/{slug}", slug=slug)
    importing(tmp_path)
    make_posting(source="partner", slug="taken")
    Posting.objects.filter(slug="closed").update(status=Posting.Status.CLOSED)
    Posting.objects.filter(slug="drafted").update(status=Posting.Status.DRAFT)
    Posting.objects.filter(slug="pinned").update(pinned_fields=["title"])
    (tmp_path / "Garden/2026-01/gone/README.md").unlink()
    place("Garden/2026-01/changed", slug="changed", title="Changed", company="Astwerk")
    place("Garden/2026-01/pinned", slug="pinned", title="Changed")
    place("Garden/2026-01/drafted", slug="drafted", body="Changed.")
    place("Forest/2026-02/unchanged", slug="unchanged")  # reposted, in another category
    place("Garden/2026-01/taken", slug="taken")  # another source has the name
    for month in ("01", "02", "03"):
        place(f"Meadow/2026-{month}/new", slug="new", title=f"New in {month}", company="Neuland")
    place("new-2", slug="new-2")
    (tmp_path / "copy").mkdir()
    place("copy/here", slug="copied")
    place("copy/there", slug="copied")
    before = every_row()

    dry = importing(tmp_path, "--dry-run", "--close-missing")

    assert every_row() == before
    assert dry.status == 0
    real = importing(tmp_path, "--close-missing")
    *changes, summary = dry.out.splitlines()
    assert summary.startswith("Dry run, nothing was written: ")
    assert counts(summary) == counts(real.out) == "4 created, 6 updated, 3 unchanged, 0 refused, 1 closed"
    assert sorted(changes) == [
        "would close gone",
        "would update changed: title, company",
        "would update closed: status",
        "would update drafted: body",
        "would update unchanged: published on, categories",
    ]


def test_a_dry_run_refuses_the_same_files_and_keeps_no_record(importing, tmp_path):
    write(tmp_path, "a.md", posting_text(slug="a"))
    bad = write(tmp_path, "b.md", "no posting")
    ran = importing(tmp_path, "--dry-run")
    assert ran.status == 1
    assert ran.err.startswith(f"refused {bad}: not a posting")
    assert counts(ran.out) == "1 created, 0 updated, 0 unchanged, 1 refused"
    assert not any(rows for label, rows in every_row().items() if label.startswith("postings."))


# Most tests run inside a transaction, which hides whether the command needs one.
@pytest.mark.django_db(transaction=True)
def test_a_dry_run_needs_no_transaction(importing, tmp_path):
    write(tmp_path, "a.md", posting_text(slug="a"))
    importing(tmp_path)
    write(tmp_path, "a.md", posting_text(slug="a", title="Changed"))
    ran = importing(tmp_path, "--dry-run")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("would update a: title\n")


def test_an_import_does_not_list_its_changes(importing, tmp_path):
    write(tmp_path, "a.md", posting_text(slug="a"))
    importing(tmp_path)
    write(tmp_path, "a.md", posting_text(slug="a", title="Changed"))
    assert importing(tmp_path).err == ""


# --- The terminal ------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_a_progress_bar_is_shown_on_a_terminal_and_only_there(importing, tmp_path, monkeypatch, kind):
    write(tmp_path, "a.md", posting_text(slug="a"))
    write(tmp_path, "b.md", "no posting")
    write(tmp_path, "c.pdf", "skipped")
    screen = kind()
    monkeypatch.setattr(sys, "stderr", screen)
    ran = importing(tmp_path)
    assert ("2/2" in screen.getvalue() and "files" in screen.getvalue()) is (kind is Terminal)
    # The bar makes room for what is said about single files, and never reaches standard output.
    assert f"refused {tmp_path / 'b.md'}: not a posting" in screen.getvalue()
    assert ran.out.startswith("1 created")


def test_the_day_of_publication_is_the_one_given(importing, tmp_path):
    write(tmp_path, "a.md", posting_text(slug="a"))
    importing(tmp_path, "--published", "2026-03-31")
    assert Posting.objects.get().published_on == dt.date(2026, 3, 31)
