"""Settings for `make mutants`, which begins pytest anew for each of hundreds of mutants: a database that was migrated
once, of which each has a copy. On SQLite alone.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3.creation import DatabaseCreation

from tests.settings import *  # noqa: F403

# In the folder that mutmut works in; `make mutants` takes an older one away.
MIGRATED = Path("migrated.sqlite3")

_create = DatabaseCreation.create_test_db


def _create_from_what_was_migrated(self: DatabaseCreation, *args: Any, **options: Any) -> str:
    connection = self.connection
    if not MIGRATED.exists():
        name = _create(self, *args, **options)
        with closing(sqlite3.connect(MIGRATED)) as image:
            connection.connection.backup(image)
        return name
    name = self._get_test_db_name()
    connection.close()
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    with closing(sqlite3.connect(MIGRATED)) as image:
        image.backup(connection.connection)
    return name


DatabaseCreation.create_test_db = _create_from_what_was_migrated
