"""What an import would do, found out by doing it where nobody sees it and nothing stays."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from django.db import connection, transaction

from postings import changes
from postings.importing.lock import is_in_memory
from postings.importing.scratch import scratch_folder


@contextmanager
def dry_run() -> Iterator[None]:
    """Within it, everything that this thread writes to the database is gone again at the end.

    On PostgreSQL by a transaction that is rolled back. SQLite has one writer at a time, and a transaction as long
    as an import would keep click-throughs waiting: there it goes into a copy of the database (which needs as much
    space in the temporary folder).
    """
    with changes.ignored(), _on_what_is_thrown_away():
        yield


@contextmanager
def _on_what_is_thrown_away() -> Iterator[None]:
    if connection.vendor != "sqlite" or is_in_memory(str(connection.settings_dict["NAME"])):
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        return
    with scratch_folder() as folder:
        copy = str(folder / "dry-run.sqlite3")
        connection.ensure_connection()
        original = connection.settings_dict
        _copy_to(copy)
        connection.close()
        # This thread's own: the settings are shared by all, and another may be telling how far it is.
        connection.settings_dict = {**original, "NAME": copy}
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict = original


def _copy_to(path: str) -> None:
    import sqlite3

    with closing(sqlite3.connect(path)) as target:
        connection.connection.backup(target)
