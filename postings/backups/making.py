"""A backup from beginning to end: what waits is taken in, the board is copied and looked at, old ones go."""

import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from postings import clicks
from postings.backups import Contents, Refused, files, postgresql, sqlite
from postings.importing.lock import is_in_memory
from postings.journal import Journal
from postings.models import FoldedClicks

DEFAULT_FOLDER: Path = settings.VAR_DIR / "backups"
# How long a worker that is folding the journal is waited for.
FOLDED_WITHIN = 10.0


@dataclass
class Made:
    path: Path
    postings: int
    bytes: int
    seconds: float
    waiting: int  # click-throughs that are not in it, but in the journal
    deleted: list[Path] = field(default_factory=list)


def make(folder: Path, path: Path | None, keep: int | None, report: sqlite.Report) -> Made:
    """Writes a backup to `path`, else under a name of its own into the folder, where it then keeps so many.

    Raises Refused, Stopped, and what the database and the files raise.
    """
    begun = time.monotonic()
    refuse_memory()
    if path is None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / files.name(timezone.now(), ending())
    if not path.parent.is_dir():
        raise Refused(f"There is no folder {path.parent}")
    waiting = fold_journal()
    contents = write(path, report)
    made = Made(path, contents.postings, path.stat().st_size, 0.0, waiting)
    if keep is not None:
        made.deleted = files.rotate(folder, keep)
    made.seconds = time.monotonic() - begun
    return made


def refuse_memory() -> None:
    if connection.vendor == "sqlite" and is_in_memory(str(connection.settings_dict["NAME"])):
        raise Refused("The database is in this process's memory alone")


def ending() -> str:
    return postgresql.ENDING if connection.vendor == "postgresql" else sqlite.ENDING


def write(path: Path, report: sqlite.Report) -> Contents:
    return postgresql.make(path) if connection.vendor == "postgresql" else sqlite.make(path, report)


def fold_journal() -> int:
    """Has what waits in the journal at this moment taken into the database; gives how many could not be.

    A worker that is at it already is waited for. What comes in later is for the next backup.
    """
    journal = Journal(settings.CLICK_JOURNAL)
    if not (read := journal.read()):
        return 0
    name, payloads = read
    until = time.monotonic() + FOLDED_WITHIN
    while True:
        clicks.fold()
        left = _left(journal, name, len(payloads))
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.1)


def _left(journal: Journal, name: uuid.UUID, number: int) -> int:
    """Of the first so many records of the journal of this name, how many are not in the database."""
    now = journal.read()
    if now is None or now[0] != name:
        # Emptied, which happens only when all are.
        return 0
    row = FoldedClicks.objects.filter(journal=name).first()
    return max(0, number - (row.records if row else 0))
