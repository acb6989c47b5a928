"""A board out of a backup, while the server runs: looked at first, put in place at once, noticed by all workers."""

import time
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from postings import changes
from postings.backups import POSTINGS, Contents, Refused, files, making, no_backup, postgresql, sqlite
from postings.importing.lock import import_lock
from postings.models import Posting

_KINDS = {sqlite.MAGIC: "sqlite", postgresql.MAGIC: "postgresql"}
_NAMED = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass
class Restored:
    postings: int
    replaced: Path | None  # the board that was
    is_migrated: bool  # because the backup was of an older schema
    seconds: float
    waiting: int  # click-throughs of the board that was which stay in the journal, and come into this one


def restore(backup: Path, may_replace: bool, folder: Path | None, report: sqlite.Report) -> Restored:
    """The board that was goes into this folder, else beside the database.

    Raises Refused, Stopped, AnotherImportRuns, and what the database and the files raise; then nothing changed."""
    begun = time.monotonic()
    _refuse_another_kind(backup)
    making.refuse_memory()
    with import_lock():
        is_there = POSTINGS in connection.introspection.table_names()
        if is_there and not may_replace and Posting.objects.exists():
            raise Refused(
                f"The board has {Posting.objects.count():,} postings. --replace keeps it in a file and puts the backup "
                "in its place"
            )
        # Those that wait are of the board that was.
        waiting = making.fold_journal() if is_there else 0
        keep_as = _kept_as(folder) if is_there else None
        if connection.vendor == "postgresql":
            contents, is_older = _restore_postgresql(backup, keep_as)
        else:
            contents, is_older = _restore_sqlite(backup, keep_as, report)
        with transaction.atomic():
            # Workers find by its stamp that the board is another; this is for those outside, who ask by time.
            changes.note(postings=[changes.EVERYTHING])
    return Restored(contents.postings, keep_as, is_older, time.monotonic() - begun, waiting)


def _restore_sqlite(backup: Path, keep_as: Path | None, report: sqlite.Report) -> tuple[Contents, bool]:
    with sqlite.staged(backup, report) as staged:
        contents = sqlite.examine(staged, backup)
        is_older = _is_older(backup, contents)
        if is_older:
            sqlite.migrate(staged)
        sqlite.replace(staged, keep_as, report)
    return contents, is_older


def _restore_postgresql(backup: Path, keep_as: Path | None) -> tuple[Contents, bool]:
    contents = postgresql.examine(backup)
    is_older = _is_older(backup, contents)
    postgresql.replace(backup, keep_as)
    if is_older:
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    return contents, is_older


def _refuse_another_kind(backup: Path) -> None:
    try:
        with backup.open("rb") as file:
            begins = file.read(16)
    except FileNotFoundError:
        raise Refused(f"There is no {backup}") from None
    kind = next((kind for magic, kind in _KINDS.items() if begins.startswith(magic)), None)
    if kind is None:
        raise no_backup(backup, "it is neither a SQLite database nor one of pg_dump's files")
    if kind != connection.vendor:
        raise Refused(
            f"{backup} is a backup of a board on {_NAMED[kind]}, and this one is on {_NAMED[connection.vendor]}. "
            "From one to the other postings go by export_postings and import_postings"
        )


def _is_older(backup: Path, contents: Contents) -> bool:
    """Whether this code has migrations that the backup has not. Raises Refused where it is the other way round."""
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations)
    replaced = {each for migration in loader.disk_migrations.values() for each in migration.replaces}
    unknown = sorted(
        f"{app}.{name}" for app, name in contents.migrations - known - replaced if app in loader.migrated_apps
    )
    if unknown:
        raise Refused(f"{backup} is of a newer version of the board, with {unknown[-1]}: update the board first")
    return not known <= contents.migrations


def _kept_as(folder: Path | None) -> Path:
    """Where the board that is replaced is kept: beside the database or, of PostgreSQL, where backups are."""
    if folder is None:
        folder = making.DEFAULT_FOLDER if connection.vendor == "postgresql" else sqlite.live().parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not folder.is_dir():
        raise Refused(f"There is no folder {folder}")
    # Under a name that --keep does not count.
    return folder / f"replaced-{files.name(timezone.now(), making.ending())}"
