"""The pages under load: each as a share of what the bare page ("hello") answers in the same round.

Cold is every address another, drawn before (`asking`); warm is the same few again, which were asked for before.
"""

import random
import statistics
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import NamedTuple

from tests.benchmarks import boards, wrk
from tests.benchmarks.load import CLIENT_CORE, HELLO, Disk, Failed, Server, on_core, serve
from tests.benchmarks.table import Bar, Board, Row

CONNECTIONS = 8
WARM = 20  # so many addresses again and again
WARMING_UP = 20  # asked for once before anything is measured, and never again
WALKERS = 50
MOST_WITH_ALL_BARS = 100_000
ON_LARGE_BOARDS = 0.6  # of the bars of these pages
_LARGE = ("list", "posting")
_COMMITS = 200


class Page(NamedTuple):
    """A line of the table."""

    what: str
    kind: str  # of asking.draw_addresses
    is_warm: bool = False
    least: float = 0  # × hello
    statuses: tuple[int, ...] = (200,)

    def bar(self, board: Board) -> Bar | None:
        if self.kind == "apply" and not board.is_on_postgresql:
            return None  # as durable commits allow
        if board.size > MOST_WITH_ALL_BARS:
            return Bar(round(self.least * ON_LARGE_BOARDS, 3)) if self.kind in _LARGE else None
        return Bar(self.least)


HELLO_PAGE = Page("hello", "hello", is_warm=True)
PAGES = [
    Page("list with filters, cold", "list", least=0.15),
    Page("list with filters, warm", "list", is_warm=True, least=0.80),
    Page("search, cold", "search", least=0.08),
    Page("search, warm", "search", is_warm=True, least=0.80),
    Page("posting, cold", "posting", least=0.35),
    Page("posting, warm", "posting", is_warm=True, least=0.80),
    Page("apply, counted", "apply", least=0.30, statuses=(302,)),
    Page("feed of a filter, cold", "feed", least=0.08),
    Page("feed of a filter, warm", "feed", is_warm=True, least=0.80),
]


class Addresses:
    """What a board is asked for; what is to be cold is given away once."""

    def __init__(self, drawn: Mapping[str, list[str]], rounds: int) -> None:
        self._rounds = rounds
        self.first = {kind: paths[:WARMING_UP] for kind, paths in drawn.items()}
        self.warm = {kind: paths[WARMING_UP : WARMING_UP + WARM] for kind, paths in drawn.items()} | {"hello": [HELLO]}
        self._cold = {kind: paths[WARMING_UP + WARM :] for kind, paths in drawn.items()}

    def cold(self, kind: str, round_: int) -> list[str]:
        """The share of a round."""
        paths = self._cold[kind]
        share = paths[round_ * len(paths) // self._rounds : (round_ + 1) * len(paths) // self._rounds]
        if len(share) < wrk.FEWEST:
            raise Failed(f"There are not enough different addresses for “{kind}”: {len(paths)}")
        return share


def draw(database: str, number: int, rounds: int) -> Addresses:
    return Addresses(boards.call(database, "tests.benchmarks.asking.draw_addresses", number), rounds)


def measure(databases: Mapping[Board, str], rounds: int, seconds: int, number: int) -> list[Row]:
    """All boards are served at once and asked in turns, so that what else runs on the machine meets all alike.

    `number`: how many addresses of a kind are drawn; a round ends where its share is used up.
    """
    addresses = {board: draw(database, number, rounds) for board, database in databases.items()}
    rates: dict[tuple[Board, Page], list[float]] = defaultdict(list)
    walks: dict[Board, list[wrk.Answered]] = defaultdict(list)
    with ExitStack() as stack:
        servers = {board: stack.enter_context(serve(database)) for board, database in databases.items()}
        with on_core(CLIENT_CORE):
            for board, server in servers.items():
                warm_up(server, addresses[board])
            with closing(Disk(boards.FOLDER)) as disk:
                for round_ in range(rounds):
                    for board, server in servers.items():
                        order = [HELLO_PAGE, *PAGES]
                        random.Random(round_).shuffle(order)
                        for page in order:
                            rates[board, page].append(_ask(server, page, addresses[board], round_, seconds).a_second)
                        paths = addresses[board].cold("walk", round_)
                        walks[board].append(wrk.run(server.port, paths, seconds, WALKERS, (200, 302)))
                    disk.commit(_COMMITS)
                commits = {board: 1 / statistics.median(disk.seconds) for board in servers}
    return [*_rows(list(databases), rates), _commits_row(commits), _walk_row(walks)]


def warm_up(server: Server, addresses: Addresses) -> None:
    """A first time of everything, after which only what another request can pay for again is counted."""
    for kind, paths in addresses.first.items():
        if kind != "walk":
            server.ask(paths, 302 if kind == "apply" else 200)
    for page in PAGES:
        if page.is_warm:
            server.ask(addresses.warm[page.kind])


def _ask(server: Server, page: Page, addresses: Addresses, round_: int, seconds: int) -> wrk.Answered:
    paths = addresses.warm[page.kind] if page.is_warm else addresses.cold(page.kind, round_)
    try:
        return wrk.run(server.port, paths, seconds, CONNECTIONS, page.statuses, is_again=page.is_warm)
    except Failed as reason:
        raise Failed(f"{page.what}: {reason}. {server.log} says more.") from None


def _rows(columns: list[Board], rates: Mapping[tuple[Board, Page], list[float]]) -> list[Row]:
    middle = {key: statistics.median(of_rounds) for key, of_rounds in rates.items()}
    rows = [Row("hello", {board: middle[board, HELLO_PAGE] for board in columns}, unit="/s")]
    for page in PAGES:
        # Each round's own ratio: what slows the machine slows both.
        ratios = {
            board: statistics.median(
                rate / hello for rate, hello in zip(rates[board, page], rates[board, HELLO_PAGE], strict=True)
            )
            for board in columns
        }
        notes = {board: f"{middle[board, page]:,.0f}/s" for board in columns}
        bars = {board: bar for board in columns if (bar := page.bar(board))}
        rows.append(Row(page.what, ratios, bars, " ×", notes))
    return rows


def _commits_row(commits: Mapping[Board, float]) -> Row:
    """What bounds apply links on SQLite, where each of its transactions waits for the disk."""
    return Row("durable commits of this disk, one after the other", commits, unit="/s")


def _walk_row(walks: Mapping[Board, list[wrk.Answered]]) -> Row:
    """p99, as a multiple of how long one of so many waits on average while the others are answered."""
    figures = {
        board: statistics.median(each.p99 / (WALKERS / each.a_second) for each in answered)
        for board, answered in walks.items()
    }
    notes = {
        board: f"{statistics.median(each.p99 for each in answered) * 1000:,.0f} ms at "
        f"{statistics.median(each.a_second for each in answered):,.0f}/s"
        for board, answered in walks.items()
    }
    bars = {board: Bar(3, is_least=False) for board in walks if board.size <= MOST_WITH_ALL_BARS}
    return Row(f"p99 of walks at {WALKERS} connections, to {WALKERS} ÷ throughput", figures, bars, " ×", notes)


# --- Memory -------------------------------------------------------------------------------------------


def measure_memory(databases: Mapping[Board, str], seconds: int) -> list[Row]:
    """Of gunicorn with one worker, and by how much each further one adds to it, after some load on all."""
    taken = {
        board: [_memory(database, workers, seconds) for workers in (1, 3)] for board, database in databases.items()
    }
    one = {board: each[0] / 1e6 for board, each in taken.items()}
    further = {board: (each[1] - each[0]) / 2e6 for board, each in taken.items()}
    bars = [
        {board: Bar(most, is_least=False) for board in taken if board.size <= MOST_WITH_ALL_BARS} for most in (250, 60)
    ]
    return [
        Row("memory of one worker (PSS, with gunicorn's own)", one, bars[0], " MB"),
        Row("memory of each further one", further, bars[1], " MB"),
    ]


def _memory(database: str, workers: int, seconds: int) -> int:
    addresses = draw(database, 100 * workers, rounds=1)
    with serve(database, workers) as server, on_core(CLIENT_CORE):
        for _ in range(workers):
            warm_up(server, addresses)
        for page in PAGES:
            # More connections than a worker has threads, so that all of them have some.
            paths = addresses.warm[page.kind] if page.is_warm else addresses.cold(page.kind, 0)
            wrk.run(server.port, paths, seconds, CONNECTIONS * workers, page.statuses, is_again=True)
        return server.memory
