"""Importing from the admin, as an operator meets it: upload, read what the dry run found, run it.

The process that carries an import out is here a call (tests/test_admin_import_slow.py has real ones).
"""

import datetime as dt
import difflib
import io
import re
import tarfile
import time
import zipfile
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postings import uploads
from postings.importing import run as importing
from postings.importing.lock import AnotherImportRuns
from postings.importing.pulse import Pulse
from postings.importing.sources import Limits
from postings.importing.store import Outcome, Result, Store
from postings.models import ImportRun, PlannedFile, Posting, RefusedFile, Upload
from postings.text_differences import MOST_LINES, by_lines
from tests.factories import make_posting, posting_text

pytestmark = pytest.mark.django_db

RUNS = "/admin/postings/importrun/"
FORM = f"{RUNS}add/"


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """The runs whose process was started; each is carried out at once."""
    runs: list[int] = []

    def carry_out(asked: ImportRun) -> None:
        runs.append(asked.pk)
        uploads.carry_out(asked.pk)

    monkeypatch.setattr(uploads, "start", carry_out)
    return runs


@pytest.fixture
def not_started(monkeypatch):
    """Processes that never begin."""
    monkeypatch.setattr(uploads, "start", lambda asked: None)


def archive(**texts: str | bytes) -> bytes:
    """A zip of loose files: `a="…"` is a.md."""
    return zipped({f"{name}.md": text for name, text in texts.items()})


def zipped(files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return packed.getvalue()


def tarred(kind: str, **texts: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{kind}") as made:
        for name, text in texts.items():
            entry = tarfile.TarInfo(f"{name}.md")
            entry.size = len(text.encode())
            made.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def send(client, data: bytes | str, name: str = "postings.zip", **fields):
    data = data.encode() if isinstance(data, str) else data
    return client.post(FORM, {"file": SimpleUploadedFile(name, data), "source": "garden", **fields})


def dry_run(client, data: bytes | str, name: str = "postings.zip", **fields) -> ImportRun:
    """Uploads; the dry run that comes of it."""
    response = send(client, data, name, **fields)
    assert response.status_code == 302, said(response)
    pk = int(urlsplit(response.url).path.split("/")[-3])
    return ImportRun.objects.get(pk=pk)


def press(client, run: ImportRun):
    """The button on a run's page; the run that comes of it."""
    response = client.post(f"{RUNS}{run.pk}/run/")
    assert response.status_code == 302
    return ImportRun.objects.get(pk=int(urlsplit(response.url).path.split("/")[-3]))


def page(client, run: ImportRun, query: str = "") -> str:
    response = client.get(f"{RUNS}{run.pk}/change/{query}")
    assert response.status_code == 200
    return response.content.decode()


def text_of(html: str) -> str:
    """What stands on a page, as words with single blanks between them."""
    main = html.partition('id="content-main"')[2].partition("<footer")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&#x27;", "'").replace("&quot;", '"').split())


def said(response) -> str:
    """What a form says is wrong."""
    found = re.findall(r'class="errorlist[^"]*"[^>]*>(.*?)</ul>|class="errornote">(.*?)</p>', response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", " ".join(map("".join, found))).replace("&#x27;", "'").split())


def operator(django_user_model, *rights: str) -> Client:
    """Somebody who gets into the admin, with these rights only."""
    user = django_user_model.objects.create_user(f"operator-{'-'.join(rights)}", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def buttons(html: str) -> list[str]:
    return re.findall(r'<button type="submit" class="button default">(.*?)</button>', html)


# --- Upload, read, run ------------------------------------------------------------------------------


def test_an_archive_is_uploaded_dry_run_and_then_run(admin_client, started):
    dry = dry_run(admin_client, archive(a=posting_text(slug="a"), b=posting_text(slug="b"), c="no posting"))
    assert dry.is_dry_run and dry.state == ImportRun.State.FINISHED
    assert (dry.created, dry.refused) == (2, 1)
    assert not Posting.objects.exists()

    real = press(admin_client, dry)
    assert not real.is_dry_run and real.state == ImportRun.State.FINISHED
    assert (real.created, real.refused) == (2, 1)
    assert set(Posting.objects.values_list("slug", "source")) == {("a", "garden"), ("b", "garden")}
    assert started == [dry.pk, real.pk]


def test_a_single_posting_is_uploaded_as_text(admin_client):
    dry = dry_run(admin_client, posting_text(), "gardener.md", category="Garden", published_on="2026-03-17")
    press(admin_client, dry)
    posting = Posting.objects.get()
    assert [str(link) for link in posting.posting_tags.filter(tag__kind="category")] == ["Garden"]
    assert posting.published_on == dt.date(2026, 3, 17)


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_tar_archives_of_every_kind_are_taken_whatever_they_are_called(admin_client, kind):
    dry = dry_run(admin_client, tarred(kind, a=posting_text()), "dump.bin")
    assert dry.created == 1
    assert dry.upload.name == f"dump.bin.tar{'.' if kind else ''}{kind}"


def test_the_way_in_is_a_button_on_the_list_of_runs(admin_client):
    assert re.search(rf'href="{FORM}"[^>]*>Import postings<', admin_client.get(RUNS).content.decode())


def test_the_form_suggests_the_sources_that_were_imported(admin_client):
    for source in ("partner", "garden", "garden", "samples"):
        ImportRun.objects.create(source=source)
    html = admin_client.get(FORM).content.decode()
    assert re.findall(r'<option value="(.*?)">', html) == ["garden", "partner"]


def test_the_dry_run_says_what_is_new_changed_unchanged_refused_and_closed(admin_client):
    first = archive(same=posting_text(slug="s1"), other=posting_text(slug="s2"), gone=posting_text(slug="s3"))
    press(admin_client, dry_run(admin_client, first))
    then = archive(
        same=posting_text(slug="s1"), other=posting_text(slug="s2", title="Cook"), new=posting_text(slug="n")
    )
    dry = dry_run(admin_client, then, close_missing="on")
    assert (dry.created, dry.updated, dry.unchanged, dry.refused, dry.closed) == (1, 1, 1, 0, 1)
    words = text_of(page(admin_client, dry))
    assert "1 new 1 changed 1 unchanged 0 refused 1 to close" in words
    assert "It would close 1 live posting of “garden”: see which ." in words
    for query, found in (("created", "n"), ("updated", "s2"), ("closed", "s3"), ("refused", None), ("no-such", None)):
        rows = list(admin_client.get(f"{RUNS}{dry.pk}/change/?outcome={query}").context["page"])
        if query == "no-such":
            assert len(rows) == 3
        else:
            assert [row.slug for row in rows] == ([found] if found else []), query


def test_counts_are_links_to_what_they_count(admin_client):
    dry = dry_run(admin_client, archive(a=posting_text(), b="no posting"))
    html = page(admin_client, dry)
    assert re.findall(r'<a href="(\?outcome=\w+)"[^>]*><b>1</b>', html) == ["?outcome=created", "?outcome=refused"]
    assert 'aria-current="true"' in page(admin_client, dry, "?outcome=refused")


def test_what_is_refused_is_said_with_its_path_and_reason_before_and_after(admin_client):
    dry = dry_run(admin_client, archive(good=posting_text(), bad=b"\xff\xfe"))
    for run in (dry, press(admin_client, dry)):
        assert "postings.zip/bad.md not UTF-8 at byte 0" in text_of(page(admin_client, run))


def test_the_folder_that_it_was_unpacked_in_is_never_spoken_of(admin_client):
    dry = dry_run(admin_client, "no posting", "README.md")
    assert "/tmp" not in page(admin_client, dry)
    assert PlannedFile.objects.get().path == "README.md"
    real = press(admin_client, dry)
    assert "/tmp" not in page(admin_client, real)
    assert RefusedFile.objects.get().path == "README.md"


def test_a_loose_file_is_the_same_file_the_next_time(admin_client):
    by_mail = posting_text(title="Surgeon", address="mailto:jobs@lindenhof.example")
    press(admin_client, dry_run(admin_client, by_mail, "README.md"))
    again = dry_run(admin_client, by_mail, "README.md")
    assert (again.created, again.unchanged) == (0, 1)
    assert Posting.objects.get().slug == "surgeon"


def test_a_dry_run_that_would_change_nothing_offers_nothing_to_run(admin_client):
    press(admin_client, dry_run(admin_client, archive(a=posting_text())))
    html = page(admin_client, dry_run(admin_client, archive(a=posting_text())))
    assert "It would change nothing" in html
    assert buttons(html) == []


def test_nothing_is_closed_when_something_was_refused_and_the_page_says_why(admin_client):
    press(admin_client, dry_run(admin_client, archive(a=posting_text(slug="a"))))
    dry = dry_run(admin_client, archive(b="no posting"), close_missing="on")
    assert dry.closed == 0
    assert "None would be closed, because something was refused" in text_of(page(admin_client, dry))


def test_what_is_missing_is_closed_by_the_run_and_not_before(admin_client):
    press(admin_client, dry_run(admin_client, archive(a=posting_text(slug="a"), b=posting_text(slug="b"))))
    dry = dry_run(admin_client, archive(a=posting_text(slug="a")), close_missing="on")
    assert "1 to close" in text_of(page(admin_client, dry))
    assert Posting.objects.get(slug="b").status == Posting.Status.LIVE
    press(admin_client, dry)
    assert Posting.objects.get(slug="b").status == Posting.Status.CLOSED


def test_what_an_import_writes_is_written_in_its_name(admin_client, admin_user):
    press(admin_client, dry_run(admin_client, archive(a=posting_text())))
    row = Posting.history.get()
    assert (row.history_change_reason, row.history_user) == ("Import of garden.", admin_user)


# --- What differs -----------------------------------------------------------------------------------


@pytest.fixture
def differences(admin_client):
    """Imports one text, dry-runs another: what differs, by field."""

    def between(before: dict, after: dict) -> dict[str, tuple[str, str]]:
        press(admin_client, dry_run(admin_client, posting_text(**before), "a.md"))
        dry_run(admin_client, posting_text(**after), "a.md")
        planned = PlannedFile.objects.get(outcome="updated")
        return {each["label"]: (each["old"], each["new"]) for each in planned.differences}

    return between


@pytest.mark.parametrize(
    ("before", "after", "label", "expected"),
    [
        ({"title": "Cook"}, {"title": "Chef"}, "title", ("Cook", "Chef")),
        ({"company": "Ahorn"}, {"company": None}, "company", ("Ahorn", "not named")),
        ({"tags": ("🌎 Graz, Austria",)}, {"tags": ("🌎 Linz, Austria",)}, "place", ("Graz, Austria", "Linz, Austria")),
        (
            {"tags": ("💰 €40,000 - €48,000",)},
            {"tags": ("💰 €90,000",)},
            "salary",
            ("EUR 40,000 to 48,000 a year", "EUR 90,000 a year"),
        ),
        ({"tags": ("❤️ Apples", "❤️ Pears")}, {"tags": ("❤️ Pears", "❤️ Figs")}, "other tags", ("− ❤️ Apples", "+ ❤️ Figs")),
        (
            {"body": "Write Python."},
            {"body": "Write Rust with PostgreSQL."},
            "skills",
            ("− Python", "+ Rust, + PostgreSQL"),
        ),
        (
            {"address": "https://a.example/apply/x-1"},
            {"address": "https://b.example/apply/x-1"},
            "apply address",
            ("https://a.example/apply/x-1", "https://b.example/apply/x-1"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_that_changes_is_shown_as_it_was_and_as_it_will_be(differences, before, after, label, expected):
    assert differences(before, after)[label] == expected


def test_a_posting_that_opens_again_says_so(admin_client):
    press(admin_client, dry_run(admin_client, posting_text(), "a.md"))
    Posting.objects.update(status=Posting.Status.CLOSED)
    dry_run(admin_client, posting_text(), "a.md")
    planned = PlannedFile.objects.get(outcome="updated")
    assert planned.differences == [{"label": "status", "old": "closed", "new": "live"}]
    assert planned.title == "Gardener"


def test_a_body_is_shown_by_the_lines_that_differ(admin_client):
    press(admin_client, dry_run(admin_client, posting_text(body="One.\n\nTwo.\n\nThree.\n\nFour."), "a.md"))
    dry = dry_run(admin_client, posting_text(body="One.\n\nTwo.\n\n3.\n\nFour."), "a.md")
    [body] = PlannedFile.objects.get(outcome="updated").differences
    assert body["lines"] == ["-Three.", "+3."]
    html = page(admin_client, dry)
    assert "<del>-Three.</del><ins>+3.</ins>" in html


def test_a_pinned_field_does_not_differ(admin_client):
    press(admin_client, dry_run(admin_client, posting_text(), "a.md"))
    Posting.objects.update(pinned_fields=["title"])
    dry = dry_run(admin_client, posting_text(title="Another"), "a.md")
    assert (dry.updated, dry.unchanged) == (0, 1)


def test_a_long_difference_is_cut_and_says_so():
    lines = by_lines("\n".join(f"old {number}" for number in range(100)), "\n".join(f"new {n}" for n in range(100)))
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "… and more"
    assert max(map(len, by_lines("x" * 5000, "y" * 5000))) <= 160


def test_of_very_long_bodies_only_the_beginning_is_compared(monkeypatch):
    # The time that it takes grows with the square of the lines, and there may be 10,000 such bodies.
    compared = []
    monkeypatch.setattr(difflib, "unified_diff", lambda old, new, **_: compared.append((len(old), len(new))) or [])
    assert by_lines("a\n" * 20_000, "b\n" * 30_000) == ["… and more"]
    assert compared == [(300, 300)]


def test_the_start_and_the_end_that_are_the_same_are_left_out():
    same = "\n".join(f"line {number}" for number in range(5000))
    assert by_lines(f"{same}\nold\n{same}", f"{same}\nnew\n{same}") == [" line 4999", "-old", "+new", " line 0"]
    assert by_lines("a\na\na", "a\na") == [" a", "-a"]
    assert by_lines("a\n1\n2\n3\nb", "c\n1\n2\n3\nd") == ["-a", "+c", " 1", "…", " 3", "-b", "+d"]
    assert by_lines("a\n\nb", "a\n\nc") == ["-b", "+c"]


def test_the_command_line_is_told_no_more_than_before(tmp_path):
    (tmp_path / "a.md").write_text(posting_text())
    importing.run_import([str(tmp_path)], importing.Options())
    (tmp_path / "a.md").write_text(posting_text(title="Cook"))
    heard: list[Result] = []
    importing.run_import([str(tmp_path)], importing.Options(dry_run=True), heard.append)
    assert [(result.changed, result.differences) for result in heard] == [(("title",), ())]


# --- Likely duplicates ------------------------------------------------------------------------------


@pytest.fixture
def likely(monkeypatch):
    """Every new posting is likely a copy of these."""
    there = make_posting(slug="there", title="Orchard keeper")
    asked_for = []

    def find(posting_ids):
        ids = sorted(posting_ids)
        asked_for.append(list(Posting.objects.filter(pk__in=ids).order_by("pk").values_list("slug", flat=True)))
        first = {"pk": there.pk, "slug": "there", "title": there.title, "reason": "the same words", "score": 0.97}
        second = {"pk": ids[-1], "slug": "b", "title": "Twin", "reason": "the same title", "score": 0.9}
        return {ids[0]: [first, second]}

    monkeypatch.setattr(importing, "find_likely", find)
    return there, asked_for


def test_likely_duplicates_are_asked_for_while_all_that_is_new_is_stored(admin_client, likely, monkeypatch):
    monkeypatch.setattr(importing, "BATCH_FILES", 1)
    dry_run(admin_client, archive(a=posting_text(slug="a"), b=posting_text(slug="b")))
    assert likely[1] == [["a", "b"]]


def test_likely_duplicates_are_shown_counted_and_found(admin_client, likely):
    there, _ = likely
    dry = dry_run(admin_client, archive(a=posting_text(slug="a"), b=posting_text(slug="b")))
    html = page(admin_client, dry)
    assert f'<a href="/admin/postings/posting/{there.pk}/change/">Orchard keeper</a>: the same words' in html
    # What is new itself has no page yet, and its number may be another's tomorrow.
    assert "Twin, which is new here too: the same title" in text_of(html)
    assert 'href="?outcome=likely"><b>1</b> likely duplicates' in html
    rows = admin_client.get(f"{RUNS}{dry.pk}/change/?outcome=likely").context["page"]
    assert [row.slug for row in rows] == ["a"]


def test_a_real_run_looks_for_no_duplicates(admin_client, likely):
    press(admin_client, dry_run(admin_client, archive(a=posting_text(slug="a"))))
    assert len(likely[1]) == 1


# --- What is not taken ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.md", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n" + bytes(2000), "a.md", "It is neither a posting (text in UTF-8) nor an archive"),
        ("Gärtner".encode("latin-1"), "a.md", "it is not UTF-8 at byte 1."),
        (b"text\0with nul", "a.md", "It is neither a posting"),
        (
            b"x" * 70_000,
            "a.zip",
            "nor an archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .zip): one posting has at most 64 KiB.",
        ),
    ],
    ids=["empty", "picture", "Latin-1", "NUL", "long text"],
)
def test_a_file_that_is_neither_text_nor_archive_is_refused_in_a_sentence(admin_client, started, data, name, words):
    response = send(admin_client, data, name)
    assert response.status_code == 422
    assert words in said(response)
    assert not ImportRun.objects.exists() and not Upload.objects.exists() and not started


def test_a_file_must_be_chosen(admin_client):
    response = admin_client.post(FORM, {"source": "garden"})
    assert (response.status_code, "This field is required." in said(response)) == (422, True)


def test_a_file_that_is_too_large_is_refused_before_anybody_keeps_it(admin_client, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    # Beside what the other fields take: by the length that the browser says, and by the file's own.
    for size in (200_000, 1001):
        response = send(admin_client, b"x" * size, "a.md")
        assert response.status_code == (413 if size > 100_000 else 422)
        assert "The file is too large: at most" in said(response)
    assert not Upload.objects.exists()


def test_of_what_is_too_large_nothing_is_parsed(admin_client, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)

    def parse(*_):
        raise AssertionError("somebody parsed it")

    monkeypatch.setattr("django.core.handlers.wsgi.WSGIRequest.parse_file_upload", parse)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_client.cookies
    assert send(strict, b"x" * 200_000).status_code == 413


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../../etc/a.md": "x"}, "its name leads out of the archive"),
        ({"/etc/a.md": "x"}, "its name leads out of the archive"),
        ({"a.md": b"0" * 60_000_000}, "unpacks to over"),
        ({f"{n}.md": "x" for n in range(12)}, "over 10 files in one run"),
        ({}, "an archive with nothing in it"),
    ],
    ids=["zip slip", "absolute", "bomb", "too many", "nothing"],
)
def test_a_hostile_archive_is_refused_in_a_sentence(admin_client, monkeypatch, files, words):
    monkeypatch.setattr(uploads, "LIMITS", Limits(files=10, bytes=uploads.LIMITS.bytes))
    dry = dry_run(admin_client, zipped(files))
    assert dry.state == ImportRun.State.FINISHED and dry.created == 0
    assert words in text_of(page(admin_client, dry))
    assert buttons(page(admin_client, dry)) == []


def test_a_broken_archive_is_refused_in_a_sentence(admin_client):
    dry = dry_run(admin_client, archive(a=posting_text())[:100])
    assert "postings.zip not an archive that can be read" in text_of(page(admin_client, dry))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.md"),
        ("C:\\postings\\garden.zip", "garden.zip.md"),
        ("a\u202egnp.md", "agnp.md"),
        ("<svg onload=alert(1)>.md", "svg onload=alert(1).md"),
        (".hidden.md", "hidden.md"),
        ("-", "upload.md"),
        ("x" * 400 + ".markdown", "x" * 60 + ".markdown"),
        ("ä" * 90, "ä" * 60 + ".md"),
        (".md", "md.md"),
    ],
)
def test_a_hostile_name_becomes_a_plain_one_of_the_right_kind(name, kept):
    assert uploads.file_name(name, ".md") == kept


def test_a_hostile_name_is_text_on_every_page(admin_client):
    dry = dry_run(admin_client, posting_text(), "a&b'{{ x }}.md")
    for html in (page(admin_client, dry), admin_client.get(RUNS).content.decode()):
        assert "a&amp;b&#x27;{{ x }}.md" in html


def test_hostile_text_stays_text_in_the_plan(admin_client, monkeypatch):
    hostile = '"><svg onload=alert(1)>{{ 7*7 }}'
    press(admin_client, dry_run(admin_client, posting_text(body=hostile, company=hostile), "a.md"))
    there = make_posting(title=hostile)
    twin = {"pk": there.pk, "slug": hostile, "title": hostile, "reason": hostile, "score": 1.0}
    monkeypatch.setattr(importing, "find_likely", lambda ids: {pk: [twin] for pk in ids})
    files = {"a.md": posting_text(body=f"{hostile} x"), f"{hostile}.md": posting_text(slug="n", title=hostile)}
    html = page(admin_client, dry_run(admin_client, zipped({**files, f"{hostile}2.md": hostile})))
    assert "<svg onload" not in html
    assert html.count("&lt;svg onload=alert(1)&gt;{{ 7*7 }}") >= 5


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("source", "", "This field is required."),
        ("source", "p" * 51, "a source has 1 to 50 printable characters"),
        ("source", "samples", "'samples' is the board's own source: choose another name"),
        ("category", "c" * 101, "a category has at most 100 printable characters"),
        ("published_on", "2026-02-30", "not a day as YYYY-MM-DD"),
        ("published_on", "2222-01-01", "nobody can have published on that day"),
    ],
)
def test_options_are_held_to_the_rules_of_the_command(admin_client, field, value, words):
    response = send(admin_client, posting_text(), "a.md", **{field: value})
    assert response.status_code == 422
    assert words in said(response)
    assert not Upload.objects.exists()


# --- How it goes ------------------------------------------------------------------------------------


def begun(**fields) -> ImportRun:
    upload = Upload.objects.create(name="postings.zip", data=archive(a=posting_text()), size=1)
    return ImportRun.objects.create(source="garden", upload=upload, **fields)


def ago(seconds: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Waiting for its process to begin."),
        ({"last_sign": 3, "created": 1200, "files_total": 5000}, "Running: 1,200 of 5,000 files so far."),
        ({"last_sign": 29, "created": 7}, "Running: 7 files so far."),
        ({"last_sign": 31, "started_at": 60, "created": 7}, "Cut off after 7 files (last sign of life at"),
        ({"started_at": 31}, "Cut off before it began."),
        ({"last_sign": 50, "stopped_because": "no space"}, "Stopped: no space."),
        ({"last_sign": 50, "started_at": 60, "finished_at": 50}, "Finished in 10.0 seconds."),
    ],
)
def test_a_run_says_in_words_how_it_goes(admin_client, fields, words):
    times = {
        name: ago(value) if name in ("last_sign", "started_at", "finished_at") else value
        for name, value in fields.items()
    }
    run = begun(**times)
    assert words in text_of(page(admin_client, run))
    assert words.lower().rstrip(".") in admin_client.get(RUNS).content.decode().lower()


def test_a_run_of_the_command_line_that_gives_no_sign_is_not_called_waiting():
    assert ImportRun(source="files").state == ImportRun.State.UNKNOWN


def test_a_run_that_goes_on_shows_itself_anew_without_a_script(admin_client):
    html = page(admin_client, begun(last_sign=timezone.now()))
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in html
    assert "Look again" in html
    assert buttons(html) == []
    assert "http-equiv" not in page(admin_client, begun(finished_at=timezone.now(), last_sign=timezone.now()))


def test_signs_of_life_tell_how_far_a_dry_run_is():
    run = begun(is_dry_run=True)
    pulse, now = Pulse(run), timezone.now()
    for outcome in (Outcome.CREATED, Outcome.CREATED, Outcome.REFUSED, Outcome.CLOSED):
        pulse.hear(Result("a", outcome))
    pulse.expect(40)
    pulse.beat(now)
    run.refresh_from_db()
    assert (run.created, run.refused, run.closed, run.files_total, run.last_sign) == (2, 1, 0, 40, now)


def test_a_sign_of_life_overwrites_no_count_of_a_real_run_and_none_that_has_finished():
    running, over = begun(created=5), begun(is_dry_run=True, created=5, finished_at=timezone.now())
    for run in (running, over):
        Pulse(run).beat(timezone.now())
        run.refresh_from_db()
        assert run.created == 5
    assert running.last_sign and not over.last_sign


def test_a_dry_run_keeps_off_its_own_record_while_it_goes_on(admin_client, monkeypatch):
    # On PostgreSQL its transaction would otherwise keep the row from the signs of life until the end.
    noted = []
    finish = Store.finish
    monkeypatch.setattr(Store, "finish", lambda self, batch: noted.append(self.run.pk) or finish(self, batch))
    dry = dry_run(admin_client, archive(a=posting_text()))
    assert noted and dry.pk not in noted


def test_a_sign_of_life_that_cannot_be_written_stops_nothing(monkeypatch, caplog):
    def locked(*_, **__):
        raise DatabaseError("database is locked")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", locked)
    # In its thread the connection is the pulse's own.
    monkeypatch.setattr(connection, "close", lambda: None)
    Pulse(ImportRun(pk=1)).beat(timezone.now())
    assert "No sign of life" in caplog.text


def test_a_run_of_the_command_line_gives_signs_of_life_too(tmp_path):
    (tmp_path / "a.md").write_text(posting_text())
    importing.run_import([str(tmp_path)], importing.Options())
    assert ImportRun.objects.get().last_sign


# --- What stops it ----------------------------------------------------------------------------------


def test_when_another_import_runs_it_stops_with_a_word_and_can_be_run_again(admin_client, monkeypatch):
    def busy(*_, **__):
        raise AnotherImportRuns("another import is running (process 7, since 2026-01-01 09:00:00 UTC)")

    with monkeypatch.context() as patched:
        patched.setattr(importing, "run_import", busy)
        stopped = dry_run(admin_client, archive(a=posting_text()))
    html = page(admin_client, stopped)
    assert "Stopped: another import is running (process 7, since 2026-01-01 09:00:00 UTC). " in text_of(html)
    assert buttons(html) == ["Run again"]
    again = press(admin_client, stopped)
    assert again.is_dry_run and again.created == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DatabaseError("database or disk is\nfull."), "Stopped: database or disk is full."),
        (OSError(28, "No space left on device"), "Stopped: [Errno 28] No space left on device."),
        (KeyboardInterrupt(), "Stopped: it was told to end"),
        (ZeroDivisionError(), "Stopped: the board's own fault, please report it (ZeroDivisionError)."),
    ],
    ids=["database", "disk", "shut down", "fault"],
)
def test_a_run_that_cannot_go_on_says_why_and_running_it_again_completes_it(
    admin_client, monkeypatch, caplog, error, words
):
    monkeypatch.setattr(importing, "BATCH_FILES", 1)
    dry = dry_run(admin_client, archive(a=posting_text(slug="a"), b=posting_text(slug="b")))
    begin = Store.begin

    def stop_at_the_second(self, files):
        if "b.md" in files[0].path:
            raise error
        return begin(self, files)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "begin", stop_at_the_second)
        stopped = press(admin_client, dry)
    assert stopped.state == ImportRun.State.STOPPED
    assert Posting.objects.count() == 1
    html = page(admin_client, stopped)
    assert words in text_of(html)
    assert "What it had taken is in; run it again to take the rest." in html
    assert buttons(html) == ["Run again"]
    again = press(admin_client, stopped)
    assert (again.state, again.created, again.unchanged) == (ImportRun.State.FINISHED, 1, 1)
    assert Posting.objects.count() == 2


def test_a_run_that_was_cut_off_is_completed_by_running_it_again(admin_client):
    cut_off = begun(last_sign=ago(40), started_at=ago(60), created=3)
    html = page(admin_client, cut_off)
    assert "What it had taken is in; run it again to take the rest." in html
    assert "Nothing was imported." in page(admin_client, begun(last_sign=ago(40), started_at=ago(60)))
    again = press(admin_client, cut_off)
    assert (again.state, again.created, again.upload) == (ImportRun.State.FINISHED, 1, cut_off.upload)


def test_a_process_that_cannot_be_started_is_told(admin_client, monkeypatch):
    monkeypatch.undo()

    def full(*_, **__):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", full)
    run = dry_run(admin_client, archive(a=posting_text()))
    assert run.stopped_because == "its process could not be started (Resource temporarily unavailable)"


def test_what_runs_already_is_not_started_a_second_time(admin_client, not_started):
    dry = begun(is_dry_run=True, created=1, finished_at=timezone.now(), last_sign=timezone.now())
    first = press(admin_client, dry)
    response = admin_client.post(f"{RUNS}{dry.pk}/run/", follow=True)
    assert "It runs already." in response.content.decode()
    assert list(dry.upload.runs.exclude(pk=dry.pk)) == [first]


@pytest.mark.parametrize("fields", [{"finished_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, {}], ids=["done", "waits"])
def test_a_run_is_carried_out_once(fields):
    run = begun(**fields)
    if not fields:
        uploads.carry_out(run.pk)
    with pytest.raises(uploads.NotTaken):
        uploads.carry_out(run.pk)


# --- The command ------------------------------------------------------------------------------------


def test_the_command_carries_out_a_run_and_ends_as_import_postings_does():
    call_command("run_upload", str(begun().pk), stdout=io.StringIO())
    refused = begun()
    Upload.objects.filter(pk=refused.upload.pk).update(data=archive(b="no posting"))
    with pytest.raises(SystemExit) as some_refused:
        call_command("run_upload", str(refused.pk), stdout=io.StringIO())
    assert some_refused.value.code == 1
    with pytest.raises(CommandError) as wrong:
        call_command("run_upload", "4711")
    assert wrong.value.returncode == 2
    gone = begun()
    Upload.objects.update(cleared_at=timezone.now())
    with pytest.raises(CommandError, match="its file is no longer kept") as stopped:
        call_command("run_upload", str(gone.pk))
    assert stopped.value.returncode == 3


# --- Nothing grows for ever -------------------------------------------------------------------------


def kept() -> set[str]:
    """Names of the uploads whose bytes are there."""
    there = {upload.name for upload in Upload.objects.all() if upload.data}
    assert there == set(Upload.objects.filter(cleared_at=None).values_list("name", flat=True))
    return there


def test_what_was_imported_is_dropped_and_its_name_and_size_stay(admin_client):
    real = press(admin_client, dry_run(admin_client, archive(a=posting_text())))
    assert kept() == set()
    assert "postings.zip (" in text_of(page(admin_client, real))
    assert buttons(page(admin_client, real)) == []


def test_a_new_upload_takes_the_place_of_what_the_same_person_never_ran(admin_client, django_user_model):
    other = operator(django_user_model, "add_importrun", "view_importrun")
    dry_run(other, posting_text(slug="o"), "others.md")
    dry = dry_run(admin_client, posting_text(slug="a"), "first.md")
    dry_run(admin_client, posting_text(slug="b"), "second.md")
    assert kept() == {"others.md", "second.md"}
    html = page(admin_client, dry)
    assert "Its file is no longer kept." in html
    assert buttons(html) == []
    # By its address, too.
    assert "Its file is no longer kept" in admin_client.post(f"{RUNS}{dry.pk}/run/", follow=True).content.decode()


def test_what_was_cut_off_or_runs_is_kept_when_something_else_is_uploaded(admin_client, admin_user):
    for fields in ({"last_sign": ago(40)}, {"last_sign": timezone.now(), "is_dry_run": True}):
        run = begun(**fields)
        Upload.objects.filter(pk=run.upload.pk).update(uploaded_by=admin_user, name=f"{run.pk}.zip")
    dry_run(admin_client, posting_text(), "new.md")
    assert len(kept()) == 3


def test_after_a_week_uploads_and_plans_go_and_records_of_imports_stay(admin_client):
    dry = dry_run(admin_client, archive(a=posting_text(), b="no posting"))
    real = press(admin_client, dry)
    dry_run(admin_client, posting_text(slug="x"), "never-run.md")
    begun(last_sign=timezone.now(), started_at=ago(3600))
    week = dt.timedelta(days=7, seconds=5)
    Upload.objects.exclude(name="x").update(uploaded_at=timezone.now() - week)
    ImportRun.objects.exclude(finished_at=None).update(started_at=timezone.now() - week)
    call_command("close_expired", stdout=io.StringIO())
    assert kept() == {"postings.zip"}  # which runs
    assert not PlannedFile.objects.exists()
    assert set(ImportRun.objects.filter(finished_at__isnull=False)) == {real}
    assert "no posting" not in page(admin_client, real) and "bad" not in page(admin_client, real)
    assert Upload.objects.filter(name="never-run.md").count() == 0


def test_before_a_week_is_over_nothing_goes(admin_client):
    dry = dry_run(admin_client, archive(a=posting_text()))
    ImportRun.objects.update(started_at=timezone.now() - dt.timedelta(days=6, hours=23))
    call_command("close_expired", stdout=io.StringIO())
    assert kept() == {"postings.zip"}
    assert dry.planned_files.count() == 1


# --- Who may ----------------------------------------------------------------------------------------

ADDRESSES = ["", "add/", "{pk}/change/"]


def statuses(client, pk: int) -> list[int]:
    """Of the list, the form, a run's page; of an upload, and of the button."""
    found = [client.get(f"{RUNS}{address.format(pk=pk)}").status_code for address in ADDRESSES]
    return [*found, send(client, posting_text(), "a.md").status_code, client.post(f"{RUNS}{pk}/run/").status_code]


def test_every_address_asks_for_its_right(client, django_user_model, started):
    run = begun(is_dry_run=True, finished_at=timezone.now(), last_sign=timezone.now(), created=1)
    nobody = operator(django_user_model)
    viewer = operator(django_user_model, "view_importrun")
    blind = operator(django_user_model, "add_importrun", "change_posting", "delete_posting")
    assert statuses(client, run.pk) == [302] * 5
    assert statuses(nobody, run.pk) == [403] * 5
    assert statuses(viewer, run.pk) == [200, 403, 200, 403, 403]
    assert statuses(blind, run.pk) == [403] * 5
    assert not started and Upload.objects.count() == 1
    importer = operator(django_user_model, "add_importrun", "view_importrun")
    assert statuses(importer, run.pk) == [200, 200, 200, 302, 302]


def test_who_may_only_look_sees_no_button(admin_client, django_user_model):
    dry = dry_run(admin_client, archive(a=posting_text()))
    viewer = operator(django_user_model, "view_importrun")
    html = page(viewer, dry)
    assert "Gardener" in html and buttons(html) == []
    assert FORM not in html and FORM not in viewer.get(RUNS).content.decode()
    assert buttons(page(admin_client, dry)) == ["Run it"]


def test_nothing_is_run_by_a_link_or_from_another_site(admin_client, started):
    dry = dry_run(admin_client, archive(a=posting_text()))
    assert admin_client.get(f"{RUNS}{dry.pk}/run/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_client.cookies
    assert strict.post(f"{RUNS}{dry.pk}/run/").status_code == 403
    assert send(strict, posting_text(), "a.md").status_code == 403
    assert started == [dry.pk]
    # With the form's own token it is taken.
    html = strict.get(FORM).content.decode()
    token = re.search(r'id="upload_form">\s*<input type="hidden" name="csrfmiddlewaretoken" value="(\w+)"', html)[1]
    assert send(strict, posting_text(), "a.md", csrfmiddlewaretoken=token).status_code == 302


def test_a_run_that_is_not_there_is_said_to_be_missing(admin_client):
    assert admin_client.post(f"{RUNS}4711/run/").status_code == 404
    assert "doesn’t exist" in admin_client.get(f"{RUNS}4711/change/", follow=True).content.decode()
    assert "doesn’t exist" in admin_client.get(f"{RUNS}x/change/", follow=True).content.decode()


# --- Many of them -----------------------------------------------------------------------------------


def planned(number: int) -> ImportRun:
    run = begun(is_dry_run=True, finished_at=timezone.now(), last_sign=timezone.now(), created=number)
    there = make_posting(slug=f"there-{number}")
    PlannedFile.objects.bulk_create(
        PlannedFile(
            run=run,
            path=f"{each}.md",
            outcome="updated",
            slug=there.slug if each == 0 else f"p-{each}",
            title=f"Posting {each}",
            differences=[{"label": "title", "old": "a", "new": "b"}],
            likely=[{"pk": there.pk, "slug": "x", "title": "x", "reason": "x", "score": 1.0}],
            has_likely=True,
        )
        for each in range(number)
    )
    return run


def test_a_page_of_many_planned_files_takes_no_more_queries_than_one_of_few(django_user_model):
    client = operator(django_user_model, "add_importrun", "view_importrun")
    few, many = planned(1), planned(10_000)
    counted = []
    for run in (few, many):
        page(client, run)
        with CaptureQueriesContext(connection) as queries:
            begin = time.monotonic()
            html = page(client, run)
            took = time.monotonic() - begin
        counted.append(len(queries))
    # Session, user, his rights twice; the run; other runs of the upload; the rows, how many, which postings they are;
    # how many likely duplicates.
    assert counted[0] == counted[1] <= 12
    assert html.count('<li class="updated">') == 100
    assert took < 1


def test_the_list_tells_dry_runs_from_imports_and_what_each_took(admin_client):
    dry = dry_run(admin_client, archive(a=posting_text(), b="no posting"))
    press(admin_client, dry)
    words = text_of(admin_client.get(RUNS).content.decode())
    assert re.search(
        r"dry run of postings.zip finished in [\d.]+ seconds 1 new, 0 changed, 0 unchanged, 1 refused", words
    )
    assert re.search(
        r"import of postings.zip finished in [\d.]+ seconds 1 created, 0 updated, 0 unchanged, 1 refused", words
    )
    for query, found in (
        ("what=dry", [dry]),
        ("what=import", list(dry.upload.runs.exclude(pk=dry.pk))),
        ("what=x", None),
    ):
        listed = list(admin_client.get(f"{RUNS}?{query}").context["cl"].result_list)
        assert listed == found or (found is None and len(listed) == 2), query


def test_the_list_of_runs_takes_no_more_queries_for_more_runs(admin_client):
    counted = []
    for number in (1, 20):
        for _ in range(number):
            begun(finished_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(RUNS).status_code == 200
        counted.append(len(queries))
        assert not any('"postings_upload"."data"' in query["sql"] for query in queries)
    assert counted[0] == counted[1] <= 12


def test_planned_files_are_paged_and_a_page_keeps_its_filter(admin_client):
    run = planned(250)
    html = page(admin_client, run, "?outcome=updated&p=2")
    assert html.count('<li class="updated">') == 100
    assert 'href="?outcome=updated&amp;p=3#plan"' in html
    assert "Posting 100\n" in html and "Posting 99\n" not in html
    # Beyond the end is the last page, nonsense the first.
    assert "Posting 249\n" in page(admin_client, run, "?p=99")
    assert "Posting 0<" in page(admin_client, run, "?p=x")
