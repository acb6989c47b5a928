"""The speed of an import, and its memory: an archive of many different postings, into an empty board."""

import dataclasses
import datetime as dt
import io
import itertools
import os
import random
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.core.management import call_command

from postings.importing import layout, writing
from postings.importing.run import Options, run_import
from postings.importing.sources import Limits, Reader
from tests.benchmarks import boards
from tests.benchmarks.multiply import YEARS, invented_word
from tests.benchmarks.table import Bar, Board, Row

FILES = 100_000
LEAST_A_SECOND, MOST_GROWTH = 250, 100  # MB
_PARTS = 10


# --- The archive --------------------------------------------------------------------------------------


def archive(number: int, source: Path) -> Path:
    """So many files that all differ, made of those in `source`; kept beside the boards."""
    boards.FOLDER.mkdir(parents=True, exist_ok=True)
    path = boards.FOLDER / f"files-{number}-{boards.fingerprint(number, source)}.tar"
    if not path.exists():
        for old in boards.FOLDER.glob(f"files-{number}-*"):
            old.unlink()
        making = path.with_suffix(".making")
        boards.call("sqlite://:memory:", "tests.benchmarks.importing.write_archive", str(making), number, str(source))
        making.rename(path)
    return path


def write_archive(path: str, number: int, source: str) -> None:
    with tarfile.open(path, "w") as tar:
        for name, text in itertools.islice(files(source), number):
            data = text.encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def files(source: str) -> Iterator[tuple[str, str]]:
    """Postings of `source` again and again, each time with another title, company, date, name and beginning."""
    originals = [
        (file.parts[-4] if len(file.parts) >= 4 else "Other", layout.read(file.data, "posting"))
        for file in Reader(Limits()).read(source)
        if not file.problem
    ]
    draw = random.Random("files")
    begins = dt.date.today() - dt.timedelta(days=YEARS * 365)
    for number in itertools.count():
        category, parts = originals[number % len(originals)]
        word = invented_word(number)
        slug = f"{parts.slug[:150]}-{number}"
        changed = dataclasses.replace(
            parts,
            title=f"{parts.title[:200]}, {word}",
            # The square makes some of them large, as `multiply` does.
            company=parts.company and f"{invented_word(int(draw.random() ** 2 * 5000))} {parts.company[:100]}",
            apply_url=f"https://jobs.example.com/apply/{slug}",
            slug=slug,
            body=f"{word} is where you would work.\n\n{parts.body}",
        )
        month = (begins + dt.timedelta(days=draw.randrange(YEARS * 365))).strftime("%Y-%m")
        yield f"jobs/{category}/{month}/{slug}/README.md", writing.write(changed)


# --- The import ---------------------------------------------------------------------------------------


def measure(server: str, source: Path, number: int) -> dict[str, list[float]]:
    """The seconds that each tenth took, with what comes after the last file at the end; and the memory by then."""
    path = archive(number, source)
    with boards.scratch(server) as database:
        return boards.call(database, "tests.benchmarks.importing.run", str(path), number)


def run(path: str, number: int) -> dict[str, list[float]]:
    call_command("migrate", verbosity=0)
    at, memory, taken = [time.monotonic()], [], 0

    def hear(result) -> None:
        nonlocal taken
        taken += 1
        if taken * _PARTS % number < _PARTS:
            at.append(time.monotonic())
            memory.append(resident_of_all() / 1e6)

    summary = run_import([path], Options(), report=hear)
    if summary.created != number:
        raise AssertionError(f"{summary.created} of {number} files became postings, {summary.refused} were refused")
    at.append(time.monotonic())
    memory.append(resident_of_all() / 1e6)
    return {"seconds": [later - earlier for earlier, later in itertools.pairwise(at)], "memory": memory}


def resident_of_all() -> int:
    """The bytes in memory of this process and those that it started, without what lies in files."""
    pid = os.getpid()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for each in [str(pid), *children]:
        status = Path(f"/proc/{each}/status").read_text()
        total += sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))
    return total


def rows(measured: Mapping[Board, dict[str, list[float]]]) -> list[Row]:
    speed, growth, notes, most = {}, {}, {}, {}
    for board, figures in measured.items():
        *tenths, after = figures["seconds"]
        speed[board] = board.size / sum(figures["seconds"])
        by_tenths = [board.size / len(tenths) / seconds for seconds in tenths]
        notes[board] = f"by tenths {', '.join(f'{each:,.0f}' for each in by_tenths)}; {after:.0f} s for duplicates"
        growth[board] = max(figures["memory"]) - figures["memory"][0]
        most[board] = f"{max(figures['memory']):,.0f} MB at most"
    return [
        Row("import, postings a second", speed, dict.fromkeys(speed, Bar(LEAST_A_SECOND)), "/s", notes),
        Row(
            "memory that it takes more at its highest than after a tenth",
            growth,
            dict.fromkeys(growth, Bar(MOST_GROWTH, is_least=False)),
            " MB",
            most,
        ),
    ]
