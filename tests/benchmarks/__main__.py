"""`python -m tests.benchmarks`: makes the boards, measures them, prints one table with the bars."""

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from tests.benchmarks import boards
from tests.benchmarks.load import CLIENT_CORE, SERVER_CORE, Disk, Failed, Server, on_core, serve

DEFAULT_SIZES = "10000,100000"
ROUNDS, WARM_UP_ROUNDS = 20, 3
SMALL = 10_000  # what the larger boards are compared with
MOST_READ = 100_000  # larger ones are not read from end to end
BARE = "bare page of 30 KB"
LIST = "list without a filter"
FILTERS = "list, another filter each time"
RARE = "a rare word, another each time"
FIRST = "a common word, asked for the first time"
NEWEST = "the commonest word again, newest first"
RELEVANCE = "the commonest word again, by relevance"
APPLY = "an apply link, another visitor each time"
# How often each is asked for in a round; the first time comes only once.
IN_A_ROUND = {BARE: 5, LIST: 5, FILTERS: 10, RARE: 5, NEWEST: 5, RELEVANCE: 5, APPLY: 10}
TIMED = [BARE, LIST, FILTERS, RARE, FIRST, NEWEST, RELEVANCE, APPLY]
COMMON_WORDS = 6


class Row(NamedTuple):
    """A line of the table: a figure for each size of board, and what it must not exceed."""

    what: str
    figures: dict[int, float]
    bars: dict[int, float] = {}
    unit: str = ""
    notes: dict[int, str] = {}

    def cell(self, size: int) -> str:
        if size not in self.figures:
            return "–"
        figure, bar = self.figures[size], self.bars.get(size)
        digits = 0 if figure >= 100 else 1 if figure >= 10 else 2
        said = f"{figure:,.{digits}f}{self.unit}{self.notes.get(size, '')}"
        return said if bar is None else f"{said}, {'within' if self.holds(size) else 'OVER'} {bar:g}"

    def holds(self, size: int) -> bool:
        return size not in self.bars or size not in self.figures or self.figures[size] <= self.bars[size]


def main() -> int:
    arguments = _arguments()
    print(
        f"One gunicorn worker on core {SERVER_CORE}, with the threads of gunicorn.conf.py; asked from core "
        f"{CLIENT_CORE}, one request at a time, uncompressed. Load of the machine before: {os.getloadavg()[0]:.1f}."
    )
    try:
        databases = {size: boards.board(size, arguments.source) for size in arguments.sizes}
        rows = _from_outside(databases, arguments.rounds) + _from_inside(databases)
    except Failed as reason:
        print(reason, file=sys.stderr)
        return 2
    _print(arguments.sizes, rows)
    missed = [row.what for row in rows if not all(row.holds(size) for size in arguments.sizes)]
    print(f"\nNot held: {'; '.join(missed)}." if missed else "\nAll bars are held.")
    return 1 if missed and arguments.check else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=lambda text: sorted({int(size) for size in text.split(",")}),
        default=os.environ.get("BENCH_SIZES") or DEFAULT_SIZES,
        help=f"how many live postings the boards have, with commas between; also BENCH_SIZES ({DEFAULT_SIZES})",
    )
    parser.add_argument(
        "--source",
        type=Path,
        default=boards.SAMPLES,
        help="the folder or archive of postings to multiply (the samples)",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"more make it steadier ({ROUNDS})")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is not held")
    arguments = parser.parse_args()
    if not arguments.source.exists():
        parser.error(f"there is no {arguments.source}")
    return arguments


# --- Requests to a server ---------------------------------------------------------------------------


def _from_outside(databases: dict[int, str], rounds: int) -> list[Row]:
    """All boards are served at once and asked in turns, so that what else runs on the machine meets all alike."""
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": boards.SETTINGS}
    subprocess.run(collect, cwd=boards.BASE_DIR, env=env, check=True)
    paths = {size: _paths(database, rounds) for size, database in databases.items()}
    with ExitStack() as stack, on_core(CLIENT_CORE):
        servers = {size: stack.enter_context(serve(database)) for size, database in databases.items()}
        disk = stack.enter_context(closing(Disk(boards.FOLDER)))
        for size, server in servers.items():
            _warm_up(size, server, paths[size])
        for round_ in range(rounds):
            kinds = random.Random(round_).sample(list(IN_A_ROUND), len(IN_A_ROUND))
            for size, server in servers.items():
                for kind in kinds:
                    status = 302 if kind == APPLY else 200
                    server.ask(islice(paths[size][kind], IN_A_ROUND[kind]), kind, status)
                disk.commit(IN_A_ROUND[APPLY])
        memory = {size: server.memory / 1e6 for size, server in servers.items()}
    return [*_timed(servers), *_applied(servers, disk), Row("memory of the whole worker", memory, unit=" MB")]


def _paths(database: str, rounds: int) -> dict[str, Iterator[str]]:
    """The addresses to ask for, by kind; of filters and rare words there are enough for all rounds."""
    filters, rare_words = IN_A_ROUND[FILTERS] * (rounds + WARM_UP_ROUNDS), IN_A_ROUND[RARE] * rounds
    drawn = boards.call(database, "tests.benchmarks.asking.draw", filters, rare_words, COMMON_WORDS)
    commonest, *_ = drawn["common"]
    return {
        BARE: cycle(["/bare/"]),
        LIST: cycle(["/"]),
        FILTERS: cycle(f"/?{query}" for query in drawn["filters"]),
        RARE: cycle(f"/?q={word}&sort=newest" for word in drawn["rare"]),
        FIRST: iter([f"/?q={word}&sort=newest" for word in drawn["common"]]),
        NEWEST: cycle(f"/?q={commonest}&sort=newest&page={page}" for page in range(1, 6)),
        RELEVANCE: cycle(f"/?q={commonest}&sort=relevance&page={page}" for page in range(1, 6)),
        APPLY: cycle(f"/apply/{quote(slug)}" for slug in drawn["slugs"]),
    }


def _warm_up(size: int, server: Server, paths: dict[str, Iterator[str]]) -> None:
    """A first time of everything, after which only what another request can pay for again is counted."""
    server.ask(["/", *islice(paths[FILTERS], WARM_UP_ROUNDS * IN_A_ROUND[FILTERS])])
    address, *others = paths[FIRST]
    [page] = server.ask([address], FIRST)
    [found] = re.findall(rb'data-total="(\d+)"', page)
    word = re.findall(r"q=(\w+)", address)[0]
    print(f"The commonest word at {size:,}: “{word}”, in {int(found) / size:.0%} of the postings.", flush=True)
    server.ask(others, FIRST)
    server.ask(islice(paths[RELEVANCE], IN_A_ROUND[RELEVANCE]))


def _timed(servers: dict[int, Server]) -> list[Row]:
    middle = {
        (size, kind): statistics.median(taken)
        for size, server in servers.items()
        for kind, taken in server.seconds.items()
    }
    rows = [
        Row(
            f"{kind}, p50 (p90)",
            {size: middle[size, kind] * 1000 for size in servers},
            unit=" ms",
            notes={size: f" ({_p90(server.seconds[kind]) * 1000:.1f})" for size, server in servers.items()},
        )
        for kind in TIMED
    ]
    rows += [
        Row(
            f"… to the bare page: {kind}",
            {size: middle[size, kind] / middle[size, BARE] for size in servers},
            unit=" ×",
        )
        for kind in TIMED[1:]
    ]
    if SMALL in servers:
        to_small = {size: middle[size, FILTERS] / middle[SMALL, FILTERS] for size in servers if size != SMALL}
        rows.append(Row(f"… to {SMALL:,}: {FILTERS}", to_small, {100_000: 1.5, 1_000_000: 3}, " ×"))
    bars = {RARE: 2, NEWEST: 8, RELEVANCE: 25}
    return rows + [
        Row(
            f"… to the {LIST}: {kind}",
            {size: middle[size, kind] / middle[size, LIST] for size in servers},
            {100_000: bar},
            " ×",
        )
        for kind, bar in bars.items()
    ]


def _applied(servers: dict[int, Server], disk: Disk) -> list[Row]:
    """An apply link beside the least that it can take: an answer, and a commit that survives a power cut."""
    commit = statistics.median(disk.seconds)
    least = {size: statistics.median(server.seconds[BARE]) + commit for size, server in servers.items()}
    ratio = {size: statistics.median(server.seconds[APPLY]) / least[size] for size, server in servers.items()}
    note = f" ({_p90(disk.seconds) * 1000:.1f})"
    return [
        Row(
            "one durable commit, p50 (p90)",
            {size: commit * 1000 for size in servers},
            {},
            " ms",
            dict.fromkeys(servers, note),
        ),
        Row(f"… to the bare page and a commit: {APPLY}", ratio, dict.fromkeys(servers, 1.5), " ×"),
    ]


def _p90(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.9 * (len(seconds) - 1))]


# --- Within one process -----------------------------------------------------------------------------


def _from_inside(databases: dict[int, str]) -> list[Row]:
    with on_core(SERVER_CORE):
        inside = {
            size: boards.call(database, "tests.benchmarks.inside.measure") for size, database in databases.items()
        }

    def figures(name: str) -> dict[int, float]:
        return {size: measured[name] for size, measured in inside.items()}

    with on_core(SERVER_CORE):
        feeding = {
            size: boards.call(database, "tests.benchmarks.feeding.measure")
            for size, database in databases.items()
            if size <= MOST_READ
        }
    share_p90 = {size: f" ({measured['share_p90']:.1f})" for size, measured in inside.items()}
    return [
        Row("the catalogue's share, p50 (p90)", figures("share"), {100_000: 2, 1_000_000: 15}, " ms", share_p90),
        Row("building it, per 100,000", figures("building"), {100_000: 2, 1_000_000: 2}, " s"),
        Row("its memory, built", figures("memory"), {1_000_000: 60}, " MB"),
        Row("its memory, after requests of every kind", figures("memory_in_use"), {1_000_000: 60}, " MB"),
        Row("queries of a list page, at most", figures("queries"), dict.fromkeys(databases, 4)),
        *(
            Row(f"the whole feed in {name}, per 100,000", {size: read[key] for size, read in feeding.items()}, {}, " s")
            for key, name in (("json", "JSON"), ("atom", "Atom"))
        ),
        Row(
            "memory that reading it takes",
            {size: read["growth"] for size, read in feeding.items()},
            dict.fromkeys(feeding, 100),
            " MB",
        ),
    ]


# --- The table --------------------------------------------------------------------------------------


def _print(sizes: list[int], rows: list[Row]) -> None:
    cells = [["", *(f"{size:,}" for size in sizes)], *([row.what, *map(row.cell, sizes)] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print()
    for first, *others in cells:
        columns = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        print("   ".join(columns).rstrip())


if __name__ == "__main__":
    sys.exit(main())
