"""Files that were made to harm or that went wrong, by every way in: a folder, an archive, an upload in the admin. None
stops the others, each is refused with its reason, and what is taken is harmless."""

import datetime as dt
import os
import re
from typing import NamedTuple

import pytest
from django.core.management import call_command
from django.utils import timezone

from postings.models import ImportRun, Posting, RefusedFile
from tests.factories import posting_text
from tests.marks import slow_but
from tests.test_admin_import import dry_run, press, started, zipped  # noqa: F401
from tests.test_import_command import REFUSED, importing, write  # noqa: F401
from tests.test_sources import tar

pytestmark = pytest.mark.django_db


class Taken(NamedTuple):
    """What became of some files."""

    slugs: set[str]
    refused: dict[str, str]  # by the file's name


class ByCommand:
    def __init__(self, importing, tmp_path, is_archive: bool) -> None:  # noqa: F811
        self._importing, self._folder, self._is_archive = importing, tmp_path, is_archive

    def take(self, files: dict[str, bytes]) -> Taken:
        if self._is_archive:
            path = self._folder / "dump.tar.gz"
            path.write_bytes(tar(files, "w:gz"))
        else:
            path = self._folder / "dump"
            for name, data in files.items():
                write(path, name, data)
        ran = self._importing(path)
        taken = _taken()
        assert ran.status == (1 if taken.refused else 0), ran.err
        told = [line.split(" ", 1)[0] for line in ran.err.splitlines()]
        assert told.count("refused") == len(taken.refused) and set(told) <= {"refused", "doubtful"}
        return taken


class ByUpload:
    def __init__(self, browser) -> None:
        self._browser = browser

    def take(self, files: dict[str, bytes]) -> Taken:
        planned = dry_run(self._browser, zipped(files))
        planned.refresh_from_db()
        run = press(self._browser, planned) if planned.created else planned
        run.refresh_from_db()
        assert not run.stopped_because
        assert run.refused == planned.refused
        return _taken()


def _taken() -> Taken:
    refused = {row.path.rpartition("/")[2]: row.reason for row in RefusedFile.objects.all()}
    return Taken(set(Posting.objects.values_list("slug", flat=True)), refused)


WAYS_IN = ["folder", "archive", "upload"]


@pytest.fixture(params=WAYS_IN)
def way_in(request, tmp_path):
    if request.param == "upload":
        request.getfixturevalue("started")
        return ByUpload(request.getfixturevalue("admin_client"))
    return ByCommand(request.getfixturevalue("importing"), tmp_path, is_archive=request.param == "archive")


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


# --- Refused -----------------------------------------------------------------------------------------

REFUSED_TOO = {
    "UTF-16 without a mark": (posting_text().encode("utf-16-le"), "not UTF-8 at byte"),
    "UTF-32": (posting_text().encode("utf-32"), "not UTF-8 at byte 0"),
    "Windows-1252": (posting_text(body="It’s green.").encode("windows-1252", "replace"), "not UTF-8 at byte"),
    "overlong": (posting_text().encode() + b"\xc0\xaf", "not UTF-8 at byte"),
    "surrogates": (posting_text().encode() + b"\xed\xa0\x80", "not UTF-8 at byte"),
    "cut within a letter": (posting_text(body="Gärtner").encode().partition(b"\xa4")[0], "not UTF-8 at byte"),
    "a title of blank signs": (posting_text(title="\u2800\u3164\ufeff\u202e"), "the title is empty"),
    "a slug of two dots": (posting_text(slug="%2e%2e"), "the posting's name in its address is `..`"),
    "a slug with a NUL": (posting_text(slug="a%00b"), "a slash, a blank or an invisible character"),
    "a slug of 300 characters": (posting_text(slug="s" * 300), "over 200 characters"),
    "NUL and nothing else": (b"\0" * 5000, "the file is empty"),
}


@pytest.mark.parametrize("way_in", slow_but(["folder"], WAYS_IN), indirect=True)
@pytest.mark.parametrize("name", [*REFUSED, *REFUSED_TOO])
def test_a_bad_file_is_refused_alone_whichever_way_it_came(way_in, name):
    text, reason = {**REFUSED, **REFUSED_TOO}[name]
    files = {
        "a.md": as_bytes(posting_text(slug="before")),
        "b.md": as_bytes(text),
        "c.md": as_bytes(posting_text(slug="after")),
    }
    taken = way_in.take(files)
    assert taken.slugs == {"before", "after"}
    [(path, said)] = taken.refused.items()
    assert path == "b.md" and reason in said


# --- Taken, and made harmless ------------------------------------------------------------------------

SAVED = {
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "line ends of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "line ends of an old Macintosh": lambda text: text.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_how_a_file_was_saved_makes_no_other_page(way_in, client, saved):
    text = posting_text(slug="one", body="## We grow\n\n- oak\n- elm\n\nAnd *ash*.")
    other = text.replace("apply/one", "apply/two")
    assert way_in.take({"a.md": text.encode(), "b.md": saved(other)}).slugs == {"one", "two"}
    first, second = Posting.objects.order_by("slug")
    assert (first.title, first.body_html, first.place) == (second.title, second.body_html, second.place)


def test_what_misleads_is_stripped_from_every_line(way_in):
    spoilt = "Gar\0de\u202en\u2066e\u200br\x85\ufeff\x1b"
    text = posting_text(title=spoilt, company=spoilt, tags=(f"🌎 {spoilt}", spoilt), body=spoilt, slug="one")
    way_in.take({"a.md": text.encode()})
    posting = Posting.objects.get()
    said = {posting.title, posting.company.name, posting.place, *posting.other_tags, posting.body_markdown}
    assert said == {"Gardener"}


SLUGS = ["con", "admin", "feed", "feed.atom", "suggest", "robots.txt", "..a", "%F0%9F%8C%B1", "Gardener", "gardener"]


def test_any_name_that_can_stand_in_an_address_has_a_page_of_its_own(way_in, client):
    files = {
        f"{number}.md": posting_text(slug=slug, title=f"No {number}").encode() for number, slug in enumerate(SLUGS)
    }
    assert way_in.take(files).refused == {}
    for posting in Posting.objects.all():
        response = client.get(posting.get_absolute_url())
        assert response.status_code == 200
        assert f"{posting.title}</a>" in response.content.decode()
    assert Posting.objects.count() == len(SLUGS)


def test_names_of_files_are_no_paths(way_in, tmp_path):
    """Reserved, long, with marks in them: nothing is ever written by a name."""
    before = sorted(tmp_path.iterdir())
    names = [
        "con.md",
        "aux.txt",
        "..a.md",
        "a" * 200 + ".md",
        "🌱.md",
        "a\u202eb.md",
        "%2e%2e.md",
        "-rf.md",
        "$(id).md",
    ]
    files = {name: posting_text(slug=f"s{number}").encode() for number, name in enumerate(names)}
    taken = way_in.take(files)
    # One that is hidden is passed over.
    assert taken.slugs == {f"s{number}" for number, name in enumerate(names) if name != "..a.md"}
    assert {path.name for path in tmp_path.iterdir()} - {path.name for path in before} <= {"dump", "dump.tar.gz"}


@pytest.mark.parametrize("way_in", slow_but(["folder"], WAYS_IN), indirect=True)
@pytest.mark.parametrize(
    "salary",
    ["1e999", "NaN", "Infinity", "-5", "$-5", "$0", "80k–100k", "$100,000 - $80,000", "$" + "9" * 400, "$1e400", "٣",
     "$1.000.000.000.000.000", "€80.000,00,00", "½", "$1" + ",000" * 60, "-$80k to -$100k", "USD NaN - USD inf"],
)  # fmt: skip
def test_any_salary_is_printed_or_left_out_and_never_breaks_a_page(way_in, client, salary):
    way_in.take({"a.md": posting_text(slug="one", tags=(f"💰 {salary}",), body=f"We pay {salary} a year.").encode()})
    posting = Posting.objects.get()
    for sum_ in (posting.salary_min, posting.salary_max):
        assert sum_ is None or 0 < sum_ < 1e12
    assert None in (posting.salary_min, posting.salary_max) or posting.salary_min <= posting.salary_max
    for address in ("/jobs/one/", "/?salary_min=stated", "/?sort=salary", "/feed.json"):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("way_in", slow_but(["folder"], WAYS_IN), indirect=True)
@pytest.mark.parametrize("date", ["2025-02-30", "2025-13", "2025-00", "10000-01", "2025-1", "-001-01", "٢٠٢٥-٠١"])
def test_a_folder_that_is_no_date_says_none(way_in, date):
    way_in.take({f"Backend/{date}/one/README.md": posting_text(slug="one").encode()})
    assert Posting.objects.get().published_on is None


@pytest.mark.parametrize(("folder", "categories"), [("Back\u202e\u2066end\x1b", ["Backend"]), ("\u2800\u3164", [])])
def test_a_folder_gives_a_category_that_can_be_read(way_in, folder, categories):
    way_in.take({f"{folder}/2025-01/one/README.md": posting_text(slug="one").encode()})
    assert list(Posting.objects.get().tags.filter(kind="category").values_list("name", flat=True)) == categories


@pytest.mark.parametrize("date", ["9999-12", "9999-12-31", "1000-01"])
def test_a_date_on_which_nobody_published_is_refused(way_in, date):
    files = {f"Backend/{date}/one/README.md": posting_text(slug="one"), "b.md": posting_text(slug="after")}
    taken = way_in.take({name: text.encode() for name, text in files.items()})
    assert taken.slugs == {"after"}
    assert list(taken.refused.values()) == [f"nobody can have published in {date}"]


# --- What is no file ---------------------------------------------------------------------------------


def test_what_is_no_file_is_refused_before_it_is_read(importing, tmp_path):  # noqa: F811
    write(tmp_path, "a.md", posting_text(slug="before"))
    os.mkfifo(tmp_path / "b-pipe.md")
    (tmp_path / "c-device.md").symlink_to("/dev/zero")
    (tmp_path / "d-secret.md").symlink_to("/etc/passwd")
    (tmp_path / "e-folder.md").mkdir()
    with (tmp_path / "f-sparse.md").open("wb") as sparse:
        sparse.truncate(10 * 1024**3)
    write(tmp_path, "g.md", posting_text(slug="after"))
    ran = importing(tmp_path)
    assert (ran.status, _taken().slugs) == (1, {"before", "after"})
    assert _taken().refused == {
        "b-pipe.md": "cannot be read: not a regular file",
        "c-device.md": "cannot be read: a symbolic link",
        "d-secret.md": "cannot be read: a symbolic link",
        "f-sparse.md": "over the cap of 64 KiB for one posting",
    }


def test_a_device_is_not_read_even_where_it_is_named(importing, tmp_path):  # noqa: F811
    (tmp_path / "zero.md").symlink_to("/dev/zero")
    ran = importing(tmp_path / "zero.md")
    assert (ran.status, "not a regular file" in ran.err) == (1, True)


@pytest.mark.slow
def test_a_hundred_thousand_files_and_one_are_refused_whole(importing, tmp_path):  # noqa: F811
    path = tmp_path / "dump.zip"
    path.write_bytes(zipped({f"{number}.md": "" for number in range(100_001)}))
    ran = importing(path)
    assert (ran.status, ran.err) == (1, f"refused {path}: over 100,000 files in one run\n")
    assert not Posting.objects.exists()


# --- The clock ---------------------------------------------------------------------------------------


@pytest.fixture
def dump(tmp_path):
    write(tmp_path, "a.md", posting_text(slug="one"))
    return tmp_path


def shown(client) -> tuple[str, str]:
    response = client.get("/")
    return re.search(r'data-total="(\d+)"', response.content.decode())[1], response["ETag"]


@pytest.mark.parametrize("hours", [-1, 365 * 24])
def test_a_clock_that_was_wrong_loses_nothing_for_good(importing, dump, client, time_machine, hours):  # noqa: F811
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    importing(dump)
    before = shown(client)
    assert before[0] == "1"
    time_machine.move_to(now + dt.timedelta(hours=hours), tick=False)
    write(dump, "b.md", posting_text(slug="two"))
    importing(dump)
    call_command("close_expired")
    wrong = shown(client)
    assert wrong[1] != before[1]
    assert wrong[0] == ("2" if hours < 0 else "1")
    # It is set right, and the source imported as every day.
    time_machine.move_to(now + dt.timedelta(minutes=1), tick=False)
    importing(dump)
    assert shown(client)[0] == "2"
    dates = re.findall(r"<lastmod>(.*?)</lastmod>", client.get("/sitemap-jobs-0.xml").content.decode())
    assert all(dt.datetime.fromisoformat(date) <= timezone.now() for date in dates)
    assert ImportRun.objects.count() == 3
