"""`python -m tests.benchmarks`: makes the boards, measures them, prints tables in Markdown with the bars."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks import boards, pages, wrk
from tests.benchmarks.load import CLIENT_CORE, SERVER_CORE, Failed, on_core
from tests.benchmarks.table import Bar, Board, Row, markdown, missed

DEFAULT_SIZES = "10000,100000"
ROUNDS, SECONDS = 3, 5
ADDRESSES_A_SECOND = 400  # so many different ones are drawn for each page, for all seconds of all rounds
MOST_ON_POSTGRESQL = 100_000
MOST_READ = 100_000  # larger boards are not read from end to end
PARTS = ("load", "memory", "inside", "import")


def main() -> int:
    arguments = _arguments()
    try:
        wrk.require()
        _say(arguments)
        first, second = _measure(arguments)
    except Failed as reason:
        print(reason, file=sys.stderr)
        return 2
    for rows in filter(None, (first, second)):
        columns = sorted({board for row in rows for board in row.figures})
        print(f"\n{markdown(columns, rows)}")
    not_held = missed([*first, *second])
    print(f"\nNot held: {'; '.join(not_held)}." if not_held else "\nAll bars are held.")
    return 1 if not_held and arguments.check else 0


def _say(arguments: argparse.Namespace) -> None:
    cores = "the same core" if SERVER_CORE == CLIENT_CORE else f"core {CLIENT_CORE}"
    print(
        f"One gunicorn worker with the threads of gunicorn.conf.py on core {SERVER_CORE}, wrk on {cores}, "
        f"{pages.CONNECTIONS} connections, nothing compressed. Medians of {arguments.rounds} rounds of "
        f"{arguments.seconds} seconds; × is to hello in the same round. "
        f"Load of the machine before: {os.getloadavg()[0]:.1f}.",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=lambda text: sorted({int(size) for size in text.split(",")}),
        default=os.environ.get("BENCH_SIZES") or DEFAULT_SIZES,
        help=f"how many live postings the boards have, with commas between; also BENCH_SIZES ({DEFAULT_SIZES})",
    )
    parser.add_argument(
        "--database-url",
        default=os.environ.get("BENCH_DATABASE_URL", ""),
        help="a PostgreSQL server on which databases may be made, to measure there as well; also BENCH_DATABASE_URL "
        f"(SQLite alone). Boards of more than {MOST_ON_POSTGRESQL:,} are SQLite's alone",
    )
    parser.add_argument(
        "--source",
        type=Path,
        default=boards.SAMPLES,
        help="the folder or archive of postings to multiply (the samples)",
    )
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=["load", "memory", "inside"],
        help=f"which parts, with commas between, of {', '.join(PARTS)} (all but the import, which takes long)",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"more make it steadier ({ROUNDS})")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"of each page in each round ({SECONDS})")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is not held")
    arguments = parser.parse_args()
    if not arguments.source.exists():
        parser.error(f"there is no {arguments.source}")
    if unknown := set(arguments.only) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: they are {', '.join(PARTS)}")
    if min(arguments.rounds, arguments.seconds) < 1:
        parser.error("at least one round of one second")
    return arguments


def _measure(arguments: argparse.Namespace) -> tuple[list[Row], list[Row]]:
    """The rows of what is asked from outside, and of what is measured within one process."""
    first: list[Row] = []
    second: list[Row] = []
    if "import" in arguments.only:
        first += _import(arguments)
    if not {"load", "memory", "inside"}.isdisjoint(arguments.only):
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        env = os.environ | {"DJANGO_SETTINGS_MODULE": boards.SETTINGS}
        subprocess.run(collect, cwd=boards.BASE_DIR, env=env, check=True)
        databases = {
            board: boards.board(board.size, arguments.source, arguments.database_url if board.is_on_postgresql else "")
            for board in _boards(arguments.sizes, arguments.database_url)
        }
        if "load" in arguments.only:
            number = arguments.rounds * arguments.seconds * ADDRESSES_A_SECOND
            first += pages.measure(databases, arguments.rounds, arguments.seconds, number)
        if "memory" in arguments.only:
            first += pages.measure_memory(databases, arguments.seconds)
        if "inside" in arguments.only:
            second += _inside({board: each for board, each in databases.items() if not board.is_on_postgresql})
    return first, second


def _boards(sizes: list[int], server: str) -> list[Board]:
    return [
        Board(size, is_on_postgresql)
        for size in sizes
        for is_on_postgresql in (False, True)
        if not is_on_postgresql or (server and size <= MOST_ON_POSTGRESQL)
    ]


def _import(arguments: argparse.Namespace) -> list[Row]:
    # Reads the models, which want settings; the other parts leave that to processes of their own.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", boards.SETTINGS)
    import django

    django.setup()
    from tests.benchmarks import importing

    number = max(size for size in arguments.sizes if size <= importing.FILES)
    servers = {
        board: arguments.database_url if board.is_on_postgresql else ""
        for board in _boards([number], arguments.database_url)
    }
    return importing.rows(
        {board: importing.measure(server, arguments.source, number) for board, server in servers.items()}
    )


def _inside(databases: dict[Board, str]) -> list[Row]:
    """What the database has no part in but for the number of its queries, and so on SQLite alone."""
    with on_core(SERVER_CORE):
        inside = {
            board: boards.call(database, "tests.benchmarks.inside.measure") for board, database in databases.items()
        }
        feeding = {
            board: boards.call(database, "tests.benchmarks.feeding.measure")
            for board, database in databases.items()
            if board.size <= MOST_READ
        }

    def figures(name: str) -> dict[Board, float]:
        return {board: measured[name] for board, measured in inside.items()}

    def most(bars: dict[int, float]) -> dict[Board, Bar]:
        return {board: Bar(bars[board.size], is_least=False) for board in databases if board.size in bars}

    share_p90 = {board: f"p90 {measured['share_p90']:.1f}" for board, measured in inside.items()}
    always: dict[Board, Bar] = dict.fromkeys(databases, Bar(4, is_least=False))
    return [
        Row(
            "the catalogue's share of a list page",
            figures("share"),
            most({100_000: 2, 1_000_000: 15}),
            " ms",
            share_p90,
        ),
        Row("building it, per 100,000", figures("building"), most({100_000: 2, 1_000_000: 2}), " s"),
        Row("its memory, built", figures("memory"), most({1_000_000: 60}), " MB"),
        Row("its memory, after requests of every kind", figures("memory_in_use"), most({1_000_000: 60}), " MB"),
        Row("queries of a list page, at most", figures("queries"), always),
        *(
            Row(
                f"the whole feed in {name}, per 100,000",
                {board: read[key] for board, read in feeding.items()},
                {},
                " s",
            )
            for key, name in (("json", "JSON"), ("atom", "Atom"))
        ),
        Row(
            "memory that reading it takes",
            {board: read["growth"] for board, read in feeding.items()},
            dict.fromkeys(feeding, Bar(100, is_least=False)),
            " MB",
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
