"""Settings for `make mutants`, which begins pytest anew for each of hundreds of mutants: a database that was migrated
once, of which each has a copy.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db.backends.postgresql.creation import DatabaseCreation as OnPostgreSQL
from django.db.backends.sqlite3.creation import DatabaseCreation as OnSQLite

from tests.settings import *  # noqa: F403

# In the folder that mutmut works in; `make mutants` takes an older one away.
MIGRATED = Path("migrated.sqlite3")
# … and on PostgreSQL, which has a database of this name then. None that other tests use there.
MIGRATED_THERE, COPY_THERE = "mutants_migrated", "mutants"
IS_MIGRATED_THERE = Path("migrated.postgresql")

_create_on_sqlite = OnSQLite.create_test_db
_create_on_postgresql = OnPostgreSQL.create_test_db


def _copied_on_sqlite(self: OnSQLite, *args: Any, **options: Any) -> str:
    connection = self.connection
    if not MIGRATED.exists():
        name = _create_on_sqlite(self, *args, **options)
        with closing(sqlite3.connect(MIGRATED)) as image:
            connection.connection.backup(image)
        return name
    name = self._get_test_db_name()
    _use(connection, name)
    with closing(sqlite3.connect(MIGRATED)) as image:
        image.backup(connection.connection)
    return name


def _copied_on_postgresql(self: OnPostgreSQL, *args: Any, **options: Any) -> str:
    connection = self.connection
    connection.settings_dict["TEST"]["NAME"] = COPY_THERE
    if not IS_MIGRATED_THERE.exists():
        _create_on_postgresql(self, *args, **{**options, "autoclobber": True})
        connection.close()
        _copy(self, COPY_THERE, MIGRATED_THERE)
        IS_MIGRATED_THERE.touch()
    else:
        _copy(self, MIGRATED_THERE, COPY_THERE)
    _use(connection, COPY_THERE)
    return COPY_THERE


def _copy(self: OnPostgreSQL, name: str, new_name: str) -> None:
    with self._nodb_cursor() as cursor:
        # What was left by a test that took too long may be open still.
        cursor.execute(f"DROP DATABASE IF EXISTS {new_name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {new_name} TEMPLATE {name}")


def _use(connection: Any, name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()


OnSQLite.create_test_db = _copied_on_sqlite
OnPostgreSQL.create_test_db = _copied_on_postgresql
