"""Imports that are killed, raced, starved of space or fed with damaged files, and the whole real corpus."""

import os
import random
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from postings import rendering
from postings.importing import run
from postings.importing.layout import MAX_BYTES
from postings.importing.sources import Reader
from postings.importing.store import Outcome, Result
from postings.management.commands.load_samples import SAMPLES_FOLDER
from postings.models import Posting, RefusedFile
from tests.factories import posting_text
from tests.test_lock import Board, make_board  # noqa: F401  a fixture

pytestmark = pytest.mark.slow

CORPUS = os.environ.get("POSTINGS_CORPUS", "")
needs_corpus = [pytest.mark.corpus, pytest.mark.skipif(not CORPUS, reason="POSTINGS_CORPUS names no archive or folder")]

MONTHS = ("2026-01", "2026-02", "2026-03")


def generate(folder: Path, slugs: Iterable[int], seed: int = 0) -> Path:
    """Postings in the layout of the real ones; every sixth is reposted or listed twice."""
    randomly = random.Random(seed)
    for number in slugs:
        slug = f"posting-{number}"
        places = [(randomly.choice(["Garden", "Forest", "Meadow"]), randomly.choice(MONTHS))]
        if number % 6 == 0:
            places.append(("Orchard", randomly.choice(MONTHS)))
        for category, month in places:
            file = folder / category / month / slug / "README.md"
            file.parent.mkdir(parents=True)
            body = "\n\n".join(
                f"## Part {part}\n\n{slug} of {category} in {month}: {randomly.randbytes(150).hex()}\n\n* one\n* two"
                for part in range(4)
            )
            file.write_text(
                posting_text(f"Posting {number}, {category} {month}", f"Company {number % 40}", body=body, slug=slug)
            )
    return folder


def summary(process: subprocess.CompletedProcess[str]) -> str:
    """The summary line without its time."""
    return re.sub(r" in [\d.]+ seconds.*", "", process.stdout.splitlines()[-1])


# --- Killed ------------------------------------------------------------------------------------------

COLUMN = {"slug": 2, "title": 3, "body": 8, "html": 9, "excerpt": 10}


def assert_whole(board: Board, expected: dict[str, tuple], is_reposted: set[str]) -> None:
    """Every posting that is there is there with all its parts."""
    if connection.vendor == "sqlite":
        assert board.rows("PRAGMA integrity_check") == [("ok",)]
        assert board.rows("PRAGMA foreign_key_check") == []
    postings, tags, files, _ = board.everything()
    for posting in postings:
        slug = posting[COLUMN["slug"]]
        # A reposted one may still have its older text, but then from the title to the excerpt.
        assert posting == expected[slug] or slug in is_reposted
        category, month = posting[COLUMN["title"]].split(", ")[1].split()
        assert posting[COLUMN["body"]].count(f"{slug} of {category} in {month}: ") == 4
        assert posting[COLUMN["html"]] == rendering.render(posting[COLUMN["body"]])
        assert posting[COLUMN["excerpt"]] == rendering.excerpt(posting[COLUMN["html"]])
    slugs = {posting[COLUMN["slug"]] for posting in postings}
    assert {slug for slug, *_ in tags} == slugs
    assert Counter(slug for slug, *_, is_text in files if is_text) == dict.fromkeys(slugs, 1)
    # Each file brought its category, and each category came with its file.
    categories = {(slug, name) for slug, kind, name, _ in tags if kind == "category"}
    assert categories == {(slug, path.split("/")[0]) for slug, path, *_ in files}
    # The records of the runs that were cut off tell the truth.
    assert board.rows("SELECT coalesce(sum(created), 0) FROM postings_importrun") == [(len(slugs),)]


def children(process: subprocess.Popen) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def is_gone(pid: int, within: float = 10) -> bool:
    """Whether a process has ended; one that nobody has asked how (a zombie) counts as ended."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def wait_until_it_writes(board: Board) -> None:
    """Until the record of a new run stands in the database, which is the first that an import writes."""
    before = board.count("importrun")
    while board.count("importrun") == before:
        time.sleep(0.01)


@pytest.fixture(scope="module")
def undisturbed(make_board, tmp_path_factory):  # noqa: F811
    """Files, the board that an undisturbed import makes of them, and how long that takes from its first write on."""
    files, board = generate(tmp_path_factory.mktemp("files"), range(520)), make_board()
    with board.start("import_postings", files) as process:
        wait_until_it_writes(board)
        begun = time.monotonic()
        process.communicate()
        return files, board, time.monotonic() - begun


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_import_leaves_whole_postings_and_can_be_run_again(make_board, undisturbed, seed):  # noqa: F811
    files, calm, usual = undisturbed
    expected = {posting[COLUMN["slug"]]: posting for posting in calm.everything()[0]}
    is_reposted = {slug for slug in expected if int(slug.removeprefix("posting-")) % 6 == 0}

    randomly, board, found = random.Random(seed), make_board(), []
    for least in (0, 1, 150, 300):
        with board.start("import_postings", files) as process:
            wait_until_it_writes(board)
            # By what is in, and not by the clock alone: how long a batch takes is the machine's affair.
            while board.count("posting") < least and process.poll() is None:
                time.sleep(0.01)
            time.sleep(usual / 5 * randomly.random())
            readers = children(process) if process.poll() is None else []
            process.kill()
            process.communicate(timeout=30)
        assert_whole(board, expected, is_reposted)
        assert all(map(is_gone, readers))
        found.append(board.count("posting"))

    # Otherwise no kill came in the middle, and the test would show nothing.
    assert any(0 < count < len(expected) for count in found), found
    assert found == sorted(found)
    again = board.import_postings(files)
    assert (again.returncode, again.stderr) == (0, "")
    assert board.everything() == calm.everything()
    assert summary(board.import_postings(files)) == "0 created, 0 updated, 607 unchanged, 0 refused"


# --- Raced -------------------------------------------------------------------------------------------


def test_two_imports_at_once_come_out_like_one_after_the_other(make_board, tmp_path):  # noqa: F811
    one, other = generate(tmp_path / "one", range(150), seed=1), generate(tmp_path / "other", range(100, 250), seed=2)
    in_turn = []
    for order in ((one, other), (other, one)):
        board = make_board()
        assert [board.import_postings(folder).returncode for folder in order] == [0, 0]
        in_turn.append(board.everything())
    for _ in range(2):
        board = make_board()
        with board.start("import_postings", one) as first, board.start("import_postings", other) as second:
            endings = {}
            for folder, process in ((one, first), (other, second)):
                _, err = process.communicate(timeout=120)
                endings[folder] = process.returncode
                assert process.returncode == 0 or "another import is running" in err
        assert set(endings.values()) <= {0, 3} and 0 in endings.values()
        for folder, status in endings.items():
            # On a slow machine one had no patience left, and said so.
            assert status == 0 or board.import_postings(folder).returncode == 0
        # Some files have one path and two texts, so that the later import has the last word.
        assert board.everything() in in_turn


# --- No space ----------------------------------------------------------------------------------------

WITH_A_LIMIT = """
from django.core.management import execute_from_command_line
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("PRAGMA page_count")
    cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 400}")
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


def assert_full_and_then_complete(board: Board, files: Path, full: subprocess.CompletedProcess[str]) -> Iterator[None]:
    assert (full.returncode, full.stdout) == (3, "")
    assert re.fullmatch(
        r"CommandError: The import stopped: database or disk is full\. What it had taken by then is in; "
        r"run it again to take the rest\.\n",
        full.stderr,
    )
    assert board.rows("PRAGMA integrity_check") == [("ok",)]
    taken = board.count("posting")
    assert 0 < taken < 300
    # Whole batches: the record, the postings and their files agree.
    assert board.rows("SELECT created, finished_at FROM postings_importrun") == [(taken, None)]
    assert board.count("importedfile WHERE is_text") == taken
    yield
    assert board.import_postings(files).returncode == 0
    assert board.count("posting") == 300


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the limit is SQLite's")
def test_an_import_into_a_full_database_says_so_and_can_be_run_again(make_board, tmp_path):  # noqa: F811
    files = generate(tmp_path / "files", range(300))
    board = make_board()
    full = board.run("import_postings", files, python=WITH_A_LIMIT)
    for _ in assert_full_and_then_complete(board, files, full):
        pass


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2000k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the database is the server's to place")
def test_an_import_onto_a_full_disk_says_so_and_can_be_run_again(make_board, tmp_path):  # noqa: F811
    files = generate(tmp_path / "files", range(300))
    with small_disk(tmp_path / "disk") as disk:
        shutil.copy(make_board().url.removeprefix("sqlite:///"), disk / "board")
        board = Board(f"sqlite:///{disk / 'board'}")
        full = board.import_postings(files)
        for _ in assert_full_and_then_complete(board, files, full):
            subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)


# --- Memory ------------------------------------------------------------------------------------------

MEASURED = """
import resource
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    print(resource.getrusage(who).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_files(make_board, tmp_path):  # noqa: F811
    peaks, board = [], make_board()
    for first, last in ((0, 400), (400, 4400)):
        folder = tmp_path / str(first)
        folder.mkdir()
        for number in range(first, last):
            (folder / f"{number:05}.md").write_text(posting_text(f"Posting {number}", slug=f"posting-{number}"))
        measured = board.run("import_postings", folder, python=MEASURED)
        line, *kilobytes = measured.stdout.splitlines()
        assert line.startswith(f"{last - first:,} created")
        peaks.append([int(number) / 1024 for number in kilobytes])
    # In MB: of the import itself, and of the largest process that it started.
    growth = [many - few for few, many in zip(*peaks, strict=True)]
    assert max(growth) < 25, peaks


# --- Damaged -----------------------------------------------------------------------------------------


def read_all(path: Path | str) -> list[bytes]:
    return [file.data for file in Reader().read(str(path))]


def cut(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: randomly.randrange(len(data))]


def beheaded(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    return data[randomly.randrange(len(data)) :]


def flipped(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(randomly.choice([1, 3, 50])):
        # More often at the top, where the parts are.
        damaged[randomly.randrange(min(len(data), randomly.choice([300, len(data)])))] ^= 1 << randomly.randrange(8)
    return bytes(damaged)


def joined(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    return data + other


def emptied(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    return randomly.choice([b"", b"\n", b"\xef\xbb\xbf", b"#", b"# [](", b"# []()\n### \n#### ``\n"])


def with_huge_line(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    at = randomly.randrange(len(data))
    filler = randomly.choice([b"x", b"[", b"](", b"*", b"`", b"> ", b"<", b"|", b"- ", b"&#0;", "ð".encode(), b"(("])
    room = MAX_BYTES - len(data) if randomly.random() < 0.7 else 2 * MAX_BYTES
    return data[:at] + filler * (max(room, 0) // len(filler)) + data[at:]


def with_nuls(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    at = randomly.randrange(len(data))
    return data[:at] + b"\0" * randomly.choice([1, 1000]) + data[at:]


def swapped(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    at = randomly.randrange(len(data))
    return data[at:] + data[:at]


def without_lines(randomly: random.Random, data: bytes, other: bytes) -> bytes:
    return b"\n".join(line for line in data.split(b"\n") if randomly.random() > 0.3)


DAMAGES = [cut, beheaded, flipped, joined, emptied, with_huge_line, with_nuls, swapped, without_lines]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "source", [pytest.param(SAMPLES_FOLDER, id="samples"), pytest.param(CORPUS, id="corpus", marks=needs_corpus)]
)
def test_a_thousand_damaged_files_spoil_nothing_around_them(tmp_path, source):
    randomly = random.Random(2026)
    originals = read_all(source)
    for number in range(1000):
        damage = DAMAGES[number % len(DAMAGES)]
        damaged = damage(randomly, randomly.choice(originals), randomly.choice(originals))
        (tmp_path / f"{number:04}-{damage.__name__}.md").write_bytes(damaged)
        if number % 10 == 0:
            text = posting_text(f"Neighbour {number}", slug=f"neighbour-{number:04}")
            (tmp_path / f"{number:04}-neighbour.md").write_text(text)

    results: list[Result] = []
    first = run.run_import([str(tmp_path)], run.Options(), results.append)

    assert len(results) == first.files == 1100
    neighbours = Posting.objects.live().filter(slug__startswith="neighbour-")
    assert [posting.title for posting in neighbours.order_by("slug")] == [
        f"Neighbour {number}" for number in range(0, 1000, 10)
    ]
    # Each is either refused, with a sentence, or a posting that is whole.
    refused = [result for result in results if result.outcome is Outcome.REFUSED]
    assert 200 < len(refused) < 900
    assert all(result.reason and "\n" not in result.reason for result in refused)
    assert RefusedFile.objects.count() == len(refused)
    for posting in Posting.objects.all():
        assert posting.title and posting.apply_url and posting.slug
        assert posting.body_html == rendering.render(posting.body_markdown)
    again = run.run_import([str(tmp_path)], run.Options())
    assert (again.created, again.updated, again.refused) == (0, 0, len(refused))


# --- The corpus --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory):
    """The real files on the disk."""
    if os.path.isdir(CORPUS):
        return Path(CORPUS)
    folder = tmp_path_factory.mktemp("corpus")
    shutil.unpack_archive(CORPUS, folder, filter="data")
    [top] = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def corpus_board(make_board):  # noqa: F811
    """A board with all of them, and what the dry run and the import said."""
    board = make_board()
    return board, board.import_postings(CORPUS, "--dry-run"), board.import_postings(CORPUS)


def doubtful(said: str) -> list[str]:
    """The postings that an import has its doubts about, and nothing else on that output."""
    line = re.compile(r"doubtful \S+/([\w-]+)/README\.md: .+ mixes Latin and Cyrillic letters\.")
    names = [line.fullmatch(each) for each in said.splitlines()]
    assert all(names), said
    return [name[1] for name in names if name]


class TestCorpus:
    pytestmark = needs_corpus
    DOUBTFUL = ["senior-react-native-developer-66227", "senior-react-native-developer-80397"]

    def test_every_real_file_is_taken(self, corpus_board):
        board, _, imported = corpus_board
        assert imported.returncode == 0
        assert doubtful(imported.stderr) == self.DOUBTFUL
        assert re.match(r"5,566 created, \d+ updated, \d+ unchanged, 0 refused", imported.stdout)
        assert board.count("posting") == 5566
        assert board.rows("SELECT created + updated + unchanged, refused FROM postings_importrun") == [(5587, 0)]

    def test_again_nothing_changes(self, corpus_board, corpus_folder):
        board, *_ = corpus_board
        before = board.everything()
        for path in (CORPUS, corpus_folder):
            assert summary(board.import_postings(path)) == "0 created, 0 updated, 5,587 unchanged, 0 refused"
        assert board.everything() == before

    def test_in_reverse_order_it_is_the_same_board(self, corpus_board, corpus_folder, make_board):  # noqa: F811
        board, *_ = corpus_board
        reverse = make_board()
        assert reverse.import_postings(*sorted(corpus_folder.iterdir(), reverse=True)).returncode == 0
        # All but the companies that nobody points to any more, and their slugs: of two that come out alike the
        # first one has it without a number.
        assert reverse.everything()[:3] == board.everything()[:3]

    def test_a_dry_run_counts_the_same(self, corpus_board):
        _, dry, imported = corpus_board
        assert dry.returncode == 0
        assert doubtful(dry.stderr) == self.DOUBTFUL
        assert summary(dry) == f"Dry run, nothing was written: {summary(imported)}"
