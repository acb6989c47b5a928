"""How a SQLite board is copied and replaced: by SQLite itself, page by page and under its locks.

A copy of the file would miss what stands in a log beside it. Nor is a file put in the place of another: who has the old
one open would go on writing to it. So both ways go through the online backup (https://www.sqlite.org/backup.html). A
replaced board is one transaction: who is killed in the middle of it leaves the board as it was.
"""

import os
import sqlite3
import subprocess  # noqa: S404  the call says what it runs
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from postings.backups import MIGRATIONS, POSTINGS, REPORTS, VISITORS, Contents, Stopped, files, no_backup

ENDING = "sqlite3"
MAGIC = b"SQLite format 3\0"
# How long others may keep us waiting for a lock.
PATIENCE = 30.0
_PAGES_AT_ONCE = 100
_ATTEMPTS = 20
Report = Callable[[int, int], None]  # pages that are done, and all of them


def live() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def make(path: Path, report: Report) -> Contents:
    """Writes the board into a new file of this name. Raises Refused, Stopped, sqlite3.Error and OSError."""
    with files.written(path) as part:
        copy(live(), part, report)
        _forget_visitors(part)
        return examine(part)


def copy(source: Path, target: Path, report: Report) -> None:
    with closing(_open(source)) as read, closing(_open(target)) as written:
        # Nobody else knows of the file, and it is put on the disk as a whole: this keeps the time short in which
        # writers wait for us, where SQLite has no log of changes.
        written.execute("PRAGMA journal_mode=OFF")
        written.execute("PRAGMA synchronous=OFF")
        # One state of the board from the first page to the last, and no beginning again at each write of others.
        read.execute("BEGIN")
        read.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        read.backup(written, pages=10 * _PAGES_AT_ONCE, progress=lambda _, left, total: report(total - left, total))
        read.execute("ROLLBACK")
    with closing(_open(target)) as written:
        # One file, whatever kind of log the board has.
        written.execute("PRAGMA journal_mode=DELETE")


def _forget_visitors(path: Path) -> None:
    with closing(_open(path)) as database:
        database.execute("PRAGMA secure_delete=ON")
        for table in VISITORS:
            if _has(database, table):
                database.execute(f"DELETE FROM {table}")  # noqa: S608  names of our own models
        table, columns = REPORTS
        if _has(database, table):
            nothing = ", ".join(f"{column} = NULL" for column in columns)
            database.execute(f"UPDATE {table} SET {nothing} WHERE {columns[0]} IS NOT NULL")  # noqa: S608  names of our own models


def examine(path: Path, called: Path | None = None) -> Contents:
    """Looks whether all of it is there, and what. Raises Refused where it is no backup, by this name."""
    called = called or path
    with _damage_refused(called), closing(_open(path)) as database:
        if not (_has(database, POSTINGS) and _has(database, MIGRATIONS)):
            raise no_backup(called, "it has none of a board's tables")
        [said] = database.execute("PRAGMA integrity_check(1)").fetchone()
        if said == "ok" and (row := database.execute("PRAGMA foreign_key_check").fetchone()):
            said = f"a row of {row[0]} refers to none of {row[2]}"
        if said != "ok":
            raise no_backup(called, f"it is damaged ({' '.join(said.split())})")
        applied = database.execute(f"SELECT app, name FROM {MIGRATIONS}").fetchall()  # noqa: S608  names of our own models
        [number] = database.execute(f"SELECT count(*) FROM {POSTINGS}").fetchone()  # noqa: S608  names of our own models
        return Contents(frozenset(applied), number)


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def _damage_refused(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise
        raise no_backup(path, f"it is damaged ({error})") from error


# --- Back -------------------------------------------------------------------------------------------


@contextmanager
def staged(backup: Path, report: Report) -> Iterator[Path]:
    """A copy beside the board, to be made ready without anybody seeing it."""
    path = live().with_name(f".{live().name}.restoring")
    # Left by one that was killed; of two at once the import's lock lets one in.
    for old in (path, path.with_name(f"{path.name}-journal")):
        old.unlink(missing_ok=True)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, files.MODE))
        with _damage_refused(backup):
            copy(backup, path, report)
        yield path
    finally:
        for old in (path, path.with_name(f"{path.name}-journal")):
            old.unlink(missing_ok=True)


def migrate(path: Path) -> None:
    """Brings the copy to the schema of this code, in a process of its own, which knows no other database."""
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{quote(str(path.absolute()))}", "SQLITE_WAL": "0"}
    command = [sys.executable, "manage.py", "migrate", "--noinput", "--verbosity", "0", "--skip-checks"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)  # noqa: S603  our own command
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise Stopped(f"the backup could not be migrated: {said}")


def replace(path: Path, keep_as: Path | None, report: Report) -> None:
    """Puts this in the place of the board, in one transaction, and first the board that was into a new file."""
    _carry_key_over(path)
    for _ in range(_ATTEMPTS):
        with _watching() as is_as_it_was:
            if keep_as:
                with _writers_kept_waiting():
                    make(keep_as, lambda *_: None)
            if _replace(path, is_as_it_was if keep_as else lambda: True, report):
                return
        if keep_as:
            keep_as.unlink()
    raise Stopped("others wrote to the board each time that it was about to be replaced; stop the server first")


class _NotNow(Exception):
    pass


def _replace(path: Path, may_go_on: Callable[[], bool], report: Report) -> bool:
    """Whether it took place. `may_go_on` is asked when nobody else can write any more."""
    until = time.monotonic() + PATIENCE
    is_asked = False

    def progress(status: int, left: int, total: int) -> None:
        nonlocal is_asked
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            # Python would try for ever.
            if time.monotonic() > until:
                raise sqlite3.OperationalError("database is locked")
        elif not is_asked:
            is_asked = True
            if not may_go_on():
                raise _NotNow
        report(total - left, total)

    with closing(_open(path)) as read, closing(_open(live())) as written:
        written.execute("PRAGMA synchronous=FULL")
        [total] = read.execute("PRAGMA page_count").fetchone()
        # With the last page it is done, and before that nothing is in the file: the first step must not be the last.
        pages = max(1, min(_PAGES_AT_ONCE, total // 2))
        try:
            read.backup(written, pages=pages, progress=progress, sleep=0.05)
        except _NotNow:
            return False
    return True


@contextmanager
def _writers_kept_waiting() -> Iterator[None]:
    """Within it nobody writes to the board; click-throughs go to the journal meanwhile."""
    with closing(_open(live())) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


@contextmanager
def _watching() -> Iterator[Callable[[], bool]]:
    """Gives what tells whether nobody has written to the board since; it may be asked while nobody may read.

    Ends behind all other connections of this process: to close a file lets go of the locks that SQLite has on it.
    """
    descriptor = os.open(live(), os.O_RDONLY | os.O_CLOEXEC)
    try:
        with closing(_open(live())) as database:
            is_wal = database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"

            def now() -> bytes | int:
                if is_wal:
                    return database.execute("PRAGMA data_version").fetchone()[0]
                # The file change counter (https://www.sqlite.org/fileformat2.html#file_change_counter).
                return os.pread(descriptor, 4, 24)

            before = now()
            yield lambda: now() == before
    finally:
        os.close(descriptor)


def _carry_key_over(path: Path) -> None:
    """Running workers have the day's key in memory; to them the board is to be the same one."""
    [table, _] = VISITORS
    with closing(_open(live())) as board, closing(_open(path)) as staged_board:
        if _has(board, table) and _has(staged_board, table):
            keys = board.execute(f"SELECT day, key FROM {table}").fetchall()  # noqa: S608  names of our own models
            staged_board.executemany(f"INSERT OR REPLACE INTO {table} (day, key) VALUES (?, ?)", keys)  # noqa: S608  names of our own models


def _open(path: Path) -> sqlite3.Connection:
    """What is not there is not made."""
    # A log that a process left behind which was killed is worked in first, and for that it must be written to.
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None
    )


def _has(database: sqlite3.Connection, table: str) -> bool:
    said = database.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [table])
    return said.fetchone() is not None
