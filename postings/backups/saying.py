"""What the two commands say alike."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from postings.databases import said_by

# What making and restoring raise beside their own.
ERRORS = (sqlite3.Error,)


def why(error: BaseException) -> str:
    said = said_by(error)
    if re.search(r"no such table|relation .* does not exist", said):
        return "the database has no tables yet; run `manage.py migrate` first"
    return said


def count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@contextmanager
def bar() -> Iterator[Callable[[int, int], None]]:
    """A bar of pages on a terminal; gives what moves it."""
    with tqdm(total=0, disable=None, unit=" pages", file=sys.stderr, leave=False) as shown:

        def report(done: int, total: int) -> None:
            if not shown.disable:
                shown.total, shown.n = total, done
                shown.refresh()

        yield report
