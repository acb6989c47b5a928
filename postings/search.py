"""The search index: which postings have a term in which field, and which words there are.

What a word is, and which words are forms of one another, is `words`' to say. The database only keeps its tokens, by
which it finds postings: an FTS5 table in SQLite, `tsvector`s in PostgreSQL, neither with a dictionary of its own. Terms
are put together by others, as sets.

A row of the index is written in the transaction that writes what it is of (`changes`), and may outlive it: whoever
looks up drops what is not there.
"""

import json
import re
import threading
import time
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Case, TextField, Value, When
from rapidfuzz import process
from rapidfuzz.distance import OSA

from postings import similar_words, words
from postings.batches import batches
from postings.models import Company, Posting, PostingTag, Tag, Word

BATCH = 250
SHORTEST_WORD = 3
VOCABULARY_SECONDS = 60.0
_ENGLISH = "en"


class Field(Enum):
    """Where a term is looked for. The answer is companies for `COMPANY`, postings for all else."""

    TITLE = "title"
    PLACE = "place"
    BODY = "body"
    ANY = "any"  # title, place or body
    COMPANY = "company"


# --- The two databases -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    of: str  # the table with what a row is about

    def sql(self, template: str) -> str:
        """A statement about this table; it is made of this module's words alone, all else is a parameter."""
        return template.format(
            table=self.name,
            of=self.of,
            columns=", ".join(self.columns),
            values=", ".join(["%s"] * len(self.columns)),
            vectors=", ".join(["%s::tsvector[]"] * len(self.columns)),
            updates=", ".join(f"{column} = excluded.{column}" for column in self.columns),
        )


_TEXT = _Table("postings_searchtext", ("title", "place", "body"), of="postings_posting")
_COMPANY = _Table("postings_searchcompany", ("name",), of="postings_company")

_Row = tuple[int, list[str]]  # a primary key, and of each column what words.index_text makes


class _Sqlite:
    """FTS5. Each token of a query stands in double quotes, so that none is an operator or a column."""

    DELETE = "DELETE FROM {table} WHERE rowid IN (SELECT value FROM json_each(%s))"
    # FTS5's own list of its rows, which is a hundredth of the size of what it keeps of them.
    MISSING = "SELECT id FROM {of} WHERE id NOT IN (SELECT id FROM {table}_docsize)"
    STALE = "SELECT id FROM {table}_docsize WHERE id NOT IN (SELECT id FROM {of})"
    WRITE = "INSERT OR REPLACE INTO {table} (rowid, {columns}) VALUES (%s, {values})"
    LEARN = "INSERT OR IGNORE INTO postings_word (word) SELECT value FROM json_each(%s)"
    # All ids as one text: a row each would take four times as long to hand over.
    LOOK_UP_TEXT = "SELECT %s, group_concat(rowid) FROM postings_searchtext WHERE postings_searchtext MATCH %s"
    LOOK_UP_COMPANY = "SELECT %s, group_concat(rowid) FROM postings_searchcompany WHERE postings_searchcompany MATCH %s"

    def list_of(self, values: Sequence[Any]) -> str:
        """A list as one parameter."""
        return json.dumps(values)

    def write(self, table: _Table, rows: Sequence[_Row]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(table.sql(self.WRITE), [(key, *texts) for key, texts in rows])

    def looking_up(self, number: int, term: words.Term, field: Field) -> tuple[str, list[Any]]:
        """A statement that answers with the number and the ids, joined by commas; and its parameters."""
        if len(term.tokens) > 1 or term.goes_on:
            query = f'"{" ".join(term.tokens)}"{" *" if term.goes_on else ""}'
        else:
            query = " OR ".join(f'"{token}"' for token in (*term.tokens, term.stem) if token)
        if field is Field.COMPANY:
            return self.LOOK_UP_COMPANY, [number, query]
        return self.LOOK_UP_TEXT, [number, query if field is Field.ANY else f"{field.value} : ({query})"]


class _Postgresql:
    """Vectors that we make ourselves. No token has a sign that means something in their text, or in a query's."""

    DELETE = "DELETE FROM {table} WHERE id = ANY (%s)"
    MISSING = "SELECT id FROM {of} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.id = {of}.id)"
    STALE = "SELECT id FROM {table} WHERE NOT EXISTS (SELECT 1 FROM {of} WHERE {of}.id = {table}.id)"
    WRITE = (
        "INSERT INTO {table} (id, {columns}) SELECT * FROM unnest(%s::bigint[], {vectors}) "
        "ON CONFLICT (id) DO UPDATE SET {updates}"
    )
    LEARN = "INSERT INTO postings_word (word) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
    LOOK_UP = {
        Field.TITLE: "SELECT %s, postings_searchtext_title(%s::tsquery)",
        Field.PLACE: "SELECT %s, postings_searchtext_place(%s::tsquery)",
        Field.BODY: "SELECT %s, postings_searchtext_body(%s::tsquery)",
        Field.ANY: "SELECT %s, postings_searchtext_any(%s::tsquery)",
        Field.COMPANY: "SELECT %s, postings_searchcompany_any(%s::tsquery)",
    }

    def list_of(self, values: Sequence[Any]) -> list[Any]:
        """A list as one parameter."""
        return list(values)

    def write(self, table: _Table, rows: Sequence[_Row]) -> None:
        vectors = [[vector(text) for text in texts] for texts in zip(*(texts for _, texts in rows), strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(table.sql(self.WRITE), [[key for key, _ in rows], *vectors])

    def looking_up(self, number: int, term: words.Term, field: Field) -> tuple[str, list[Any]]:
        """A statement that answers with the number and the ids, joined by commas; and its parameters."""
        query = " <-> ".join(f"'{token}'" for token in term.tokens)
        if term.goes_on:
            query = f"{query}:*"
        elif term.stem:
            query = f"{query} | '{term.stem}'"
        return self.LOOK_UP[field], [number, query]


def vector(text: str) -> str:
    """The text of a tsvector: every token with its place, and the stems and gaps, which are in no phrase, without."""
    placed = enumerate(text.split(), 1)
    return " ".join([f"{token}:{place}" if token[0] != words.STEM else token for place, token in placed])


def _index() -> _Sqlite | _Postgresql:
    return _Sqlite() if connection.vendor == "sqlite" else _Postgresql()


# --- Writing -----------------------------------------------------------------------------------------


def index(posting_ids: Iterable[int]) -> None:
    """Writes the rows of these postings as they are stored now, and takes away those whose posting is gone.

    In the caller's transaction; call it once for all that was written, for FTS5 writes out what it has at every
    savepoint.
    """
    _write_in_batches(_TEXT, posting_ids)


def index_companies(company_ids: Iterable[int]) -> None:
    """Writes the names of these companies, likewise."""
    _write_in_batches(_COMPANY, company_ids)


def exists() -> bool:
    """Whether the database has the index's tables."""
    return _TEXT.name in connection.introspection.table_names()


def index_missing() -> int:
    """Indexes the postings and companies that have no row yet, and says how many postings; quick if there are none."""
    return _index_again(_missing(_TEXT), _missing(_COMPANY))


def index_all() -> int:
    """Indexes every posting and company again, and says how many postings; forgets those that are gone."""
    number = _index_again(
        list(Posting.objects.order_by("pk").values_list("pk", flat=True)),
        list(Company.objects.order_by("pk").values_list("pk", flat=True)),
    )
    for table in (_TEXT, _COMPANY):
        with transaction.atomic():
            _delete(table, _ids(table.sql(_index().STALE)))
    return number


def _index_again(posting_ids: Sequence[int], company_ids: Sequence[int]) -> int:
    for table, ids in ((_COMPANY, company_ids), (_TEXT, posting_ids)):
        for batch in batches(ids, BATCH):
            with transaction.atomic():
                _write_in_batches(table, batch)
    return len(posting_ids)


def _missing(table: _Table) -> list[int]:
    return _ids(table.sql(_index().MISSING))


def _ids(statement: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return sorted(key for (key,) in cursor.fetchall())


def _delete(table: _Table, ids: Sequence[int]) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(table.sql(_index().DELETE), [_index().list_of(ids)])


def _write_in_batches(table: _Table, ids: Iterable[int]) -> None:
    read = _texts if table is _TEXT else _names
    found: set[str] = set()
    with transaction.atomic(savepoint=False):
        for batch in batches(sorted(set(ids)), BATCH):
            rows = list(read(batch, found))
            written = {key for key, _ in rows}
            _delete(table, [key for key in batch if key not in written])
            if rows:
                _index().write(table, rows)
        _learn(found)


def _texts(posting_ids: Sequence[int], found: set[str]) -> Iterator[_Row]:
    # Locked before anything is read, lest what another transaction writes be overwritten by what was there before.
    postings = Posting.objects.filter(pk__in=posting_ids).order_by("pk").select_for_update(no_key=True)
    markdown = Case(When(body_html="", then="body_markdown"), default=Value(""), output_field=TextField())
    stored = list(postings.values_list("pk", "title", "place", "body_html", markdown))
    languages: dict[int, set[str]] = defaultdict(set)
    links = PostingTag.objects.filter(posting__in=posting_ids, tag__kind=Tag.Kind.LANGUAGE)
    for posting_id, code in links.values_list("posting", "tag__code"):
        languages[posting_id].add(code)
    for key, title, place, html, source in stored:
        # Foreign words have no English forms: by their stems they would only be taken for one another. Titles are
        # too short to tell, and half English in any language.
        is_english = not languages[key] or _ENGLISH in languages[key]
        yield (
            key,
            [
                _index_text(title, True, found),
                _index_text(place, is_english, found),
                _index_text(words.plain_text(html) if html else source, is_english, found),
            ],
        )


def _names(company_ids: Sequence[int], found: set[str]) -> Iterator[_Row]:
    companies = Company.objects.filter(pk__in=company_ids).order_by("pk").select_for_update(no_key=True)
    for key, name in companies.values_list("pk", "name"):
        yield key, [_index_text(name, True, found)]


def _index_text(text: str, with_stems: bool, found: set[str]) -> str:
    tokens = words.tokens(text)
    found.update(tokens)
    return words.index_text(tokens, with_stems)


def _learn(found: Iterable[str]) -> None:
    """Adds the words that are not there yet. Sorted, so that two who add the same ones never wait for each other."""
    new = sorted(word for word in found if len(word) >= SHORTEST_WORD and not word.isdecimal())
    if new:
        with connection.cursor() as cursor:
            cursor.execute(_index().LEARN, [_index().list_of(new)])


# --- Looking up --------------------------------------------------------------------------------------

# What tokens are made of: anything else is in no posting, and has no business in a query.
_TOKEN = re.compile(rf"[a-z0-9+#.\x80-\ud7ff\ue000-\U0010ffff]{{1,{words.MAX_TOKEN_LENGTH}}}")


def look_up(asked: Collection[tuple[words.Term, Field]]) -> dict[tuple[words.Term, Field], "array[int]"]:
    """The primary keys that have each term in each field, whether it is excluded or not, by one query for all."""
    found = {key: array("q") for key in asked}
    keys = [key for key in found if key[0].tokens and all(map(_TOKEN.fullmatch, key[0].tokens))]
    if not keys:
        return found
    parts = [_index().looking_up(number, term, field) for number, (term, field) in enumerate(keys)]
    statement = " UNION ALL ".join(statement for statement, _ in parts)
    with connection.cursor() as cursor:
        cursor.execute(statement, [parameter for _, parameters in parts for parameter in parameters])
        for number, ids in cursor.fetchall():
            if ids:
                found[keys[number]].frombytes(np.fromstring(ids, dtype=np.int64, sep=",").tobytes())
    return found


# --- Misspelt words ----------------------------------------------------------------------------------


class _Vocabulary:
    """The words of `Word` by their length: those that the database finds like a misspelt one or, where it cannot, all
    of them, which are in a process's memory once somebody misspelt one."""

    def __init__(self) -> None:
        self._is_asked: bool | None = None  # whether the database finds them; None: not known yet
        self._lock = threading.Lock()
        self._by_length: dict[int, list[str]] = {}
        self._number = 0
        self._looked_at = float("-inf")

    def near(self, token: str, most: int) -> dict[int, list[str]]:
        """Words that may be at most so many slips away from this one, and others."""
        if self._is_asked is None:
            self._is_asked = similar_words.are_there(connection)
        if not self._is_asked:
            return self._all()
        return _by_length(similar_words.find(connection, token, len(token) - most, len(token) + most))

    def forget(self) -> None:
        """What the database can do may have changed."""
        self._is_asked = None

    def _all(self) -> dict[int, list[str]]:
        if connection.in_atomic_block:
            # What is seen here may never come to be.
            return self._read()
        with self._lock:
            if time.monotonic() > self._looked_at + VOCABULARY_SECONDS:
                # Words are added and never taken away, so that their number says whether there are new ones.
                number = Word.objects.count()
                if number != self._number:
                    self._by_length, self._number = self._read(), number
                self._looked_at = time.monotonic()
            return self._by_length

    def _read(self) -> dict[int, list[str]]:
        return _by_length(Word.objects.values_list("word", flat=True))


def _by_length(found: Iterable[str]) -> dict[int, list[str]]:
    by_length: dict[int, list[str]] = defaultdict(list)
    for word in found:
        by_length[len(word)].append(word)
    return by_length


_vocabulary = _Vocabulary()


def nearest(token: str, limit: int = 10) -> list[str]:
    """Words that a misspelt one may stand for: one slip of the pen away or, if it is long, two; the nearest first.

    Whether any posting still has them is for the caller to see.
    """
    if len(token) < SHORTEST_WORD or token.isdecimal():
        return []
    most = 1 if len(token) <= 4 else 2
    by_length = _vocabulary.near(token, most)
    near = [
        (distance, word[0] != token[0], _is_substitution(token, word, distance), word)
        for length in range(len(token) - most, len(token) + most + 1)
        for word, distance, _ in process.extract(
            token, by_length.get(length, ()), scorer=OSA.distance, processor=None, score_cutoff=most, limit=None
        )
    ]
    return [word for distance, *_, word in sorted(near) if distance][:limit]


def _is_substitution(token: str, word: str, distance: int) -> bool:
    """Whether letters were mistaken for others, which is rarer than to leave out, repeat or swap some."""
    return abs(len(word) - len(token)) < distance and sorted(word) != sorted(token)
