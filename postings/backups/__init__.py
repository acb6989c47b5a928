"""Backups: the whole board in one file, made while it runs, and brought back while it runs.

`making` and `restoring` are what the commands call; `sqlite` and `postgresql` each know how one database is copied and
replaced, and `files` how a file comes to have its name only when it is whole.

What is in a backup is what is in the database. Two things lie beside it: click-throughs that wait in the journal, which
are folded in first, and the secret key, which is not for the same shelf as what it protects. Left out are the day's key
and hashes of visitors, which are not to outlast their day.
"""

from pathlib import Path
from typing import NamedTuple


class Refused(Exception):
    """What was asked for is not to be done, and nothing was; its text says why."""


class Stopped(Exception):
    """It could not be done, and nothing was; its text says why."""


class Contents(NamedTuple):
    """What is in a backup."""

    migrations: frozenset[tuple[str, str]]  # that were applied: app and name
    postings: int


# Whose rows are of one day, and stay there; and the columns of others that are.
VISITORS = ("postings_visitorkey", "postings_visitorclick")
REPORTS = ("postings_report", ("visitor", "network"))
# What makes a database a board's.
POSTINGS, MIGRATIONS = "postings_posting", "django_migrations"


def no_backup(path: Path, why: str) -> Refused:
    return Refused(f"{path} is no backup of a board: {why}")
