"""Words that may be meant by a misspelt one, out of PostgreSQL: those that share a run of three signs (pg_trgm).

They are candidates; how near each is, `search.nearest` says for both databases. One that is meant can be missing here
where two slips leave no run whole: in words of five to seven letters, near both ends (`lbtie` for `elite`).
"""

import logging
from typing import Any

from django.db import DatabaseError, transaction

log = logging.getLogger(__name__)

# The threshold is low enough for a single run: what is near is not for the database to say. The planner knows nothing
# of what so low a one finds, and would rather read all words.
_MAKE = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX IF NOT EXISTS postings_word_runs ON postings_word USING gin (word gin_trgm_ops)",
    # Of words in other scripts, and with signs in them, the database may see no runs.
    "CREATE INDEX IF NOT EXISTS postings_word_others ON postings_word (length(word)) WHERE word ~ '[^a-z0-9]'",
    """
    CREATE OR REPLACE FUNCTION postings_word_like (token text, swapped text, shortest int, longest int) RETURNS text[]
    LANGUAGE sql STABLE
    SET enable_seqscan = off SET jit = off SET pg_trgm.similarity_threshold = 0.05
    AS $$
        SELECT array_agg(word) FROM (
            SELECT word FROM postings_word WHERE word % token AND length(word) BETWEEN shortest AND longest
            UNION SELECT word FROM postings_word WHERE word = swapped
            UNION SELECT word FROM postings_word
                WHERE token ~ '[^a-z0-9]' AND word ~ '[^a-z0-9]' AND length(word) BETWEEN shortest AND longest
        ) AS found
    $$
    """,
]
_TAKE_AWAY = [
    "DROP FUNCTION IF EXISTS postings_word_like (text, text, int, int)",
    "DROP INDEX IF EXISTS postings_word_others",
    "DROP INDEX IF EXISTS postings_word_runs",
]
_IS_THERE = "SELECT to_regprocedure('postings_word_like (text, text, int, int)') IS NOT NULL"
_FIND = "SELECT postings_word_like(%s, %s, %s, %s)"


def make(connection: Any) -> bool:
    """Makes what is needed where it may be made; whether it is there now."""
    if connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(connection.alias), connection.cursor() as cursor:
            for statement in _MAKE:
                cursor.execute(statement)
    except DatabaseError as error:
        log.warning("Misspelt words are looked for in memory: %s", str(error).splitlines()[0])
        return False
    return True


def take_away(connection: Any) -> None:
    """All but the extension, which may have been there before."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in _TAKE_AWAY:
                cursor.execute(statement)


def are_there(connection: Any) -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(_IS_THERE)
        return bool(cursor.fetchone()[0])


def find(connection: Any, token: str, shortest: int, longest: int) -> list[str]:
    """Words of these lengths that may be near."""
    # Of three signs, of which the first two were swapped, no run is left.
    swapped = token[1] + token[0] + token[2:]
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [token, swapped, shortest, longest])
        return cursor.fetchone()[0] or []
