"""System checks that tell an operator what to know before it matters."""

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, Tags, Warning, register
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from jobboard.settings import wal_is_safe
from postings import similar_words


@register(Tags.database)
def sqlite_journal(**kwargs: Any) -> list[CheckMessage]:
    """Warn where WAL was forced on a SQLite that can lose committed pages in it."""
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if is_sqlite and settings.SQLITE_USES_WAL and not wal_is_safe(sqlite3.sqlite_version_info):
        return [
            Warning(
                f"SQLITE_WAL is on, and SQLite {sqlite3.sqlite_version} can lose committed pages in WAL mode.",
                hint="Leave SQLITE_WAL unset unless your distribution mended the WAL-reset bug in this version.",
                id="postings.W001",
            )
        ]
    return []


@register(Tags.database, deploy=True)
def sqlite_without_wal(**kwargs: Any) -> list[CheckMessage]:
    """Tell why readers wait for writers, which is no fault of the board's and can be helped."""
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if is_sqlite and not settings.SQLITE_USES_WAL and not wal_is_safe(sqlite3.sqlite_version_info):
        return [
            Info(
                f"SQLite {sqlite3.sqlite_version} can lose committed pages in WAL mode (the WAL-reset bug), so the "
                "board keeps a rollback journal: nothing is lost, and pages wait a moment while something is written.",
                hint="SQLite 3.51.3, 3.50.7 and 3.44.6 have it mended. Where your distribution mended it in this "
                "version, set SQLITE_WAL=1; or use PostgreSQL (DATABASE_URL).",
                id="postings.I002",
            )
        ]
    return []


@register(Tags.security)
def proxies(**kwargs: Any) -> list[CheckMessage]:
    """Tell where a proxy must be in front, and its address would pass for every visitor's."""
    if settings.SITE_IS_HTTPS and not settings.PROXY_COUNT:
        return [
            Info(
                "SITE_URL is https://, so a proxy stands in front of the board, and PROXY_COUNT is 0: all visitors "
                "seem to come from the proxy's address. Their click-throughs are not told apart, and a few failed "
                "logins of anybody shut the admin's login to all.",
                hint="Set PROXY_COUNT to how many proxies add to X-Forwarded-For, mostly 1.",
                id="postings.I001",
            )
        ]
    return []


@register(Tags.database)
def words_on_postgresql(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn where misspelt words cost every worker memory, for the database cannot look for them."""
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return []
    # Before the migration it is no wonder.
    if similar_words.are_there(connection) or not _is_migrated("similar_words"):
        return []
    return [
        Warning(
            "PostgreSQL cannot look for misspelt words: the extension pg_trgm is not in this database, or the board's "
            "role may not make it. Each worker reads all words into its memory instead.",
            hint="Let an administrator of the server run CREATE EXTENSION pg_trgm; in it, and then manage.py migrate.",
            id="postings.W002",
        )
    ]


def _is_migrated(name: str) -> bool:
    applied = MigrationRecorder(connection).applied_migrations()
    return any(app == "postings" and migration.endswith(name) for app, migration in applied)
