"""The rows of a list: postings with the few facts that a seeker scans for."""

import datetime as dt
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from postings import links
from postings.catalogue import Snapshot, Value
from postings.models import Posting, Tag
from postings.statements import ListStatement
from postings.words import Term, excerpt, plain_text, tokens

MOST_SKILLS = 3
_KINDS = (Tag.Kind.WORKPLACE, Tag.Kind.SENIORITY, Tag.Kind.EMPLOYMENT, Tag.Kind.SKILL)
# What a row is read from, in this order; the body only for excerpts of a search.
_COLUMNS = (
    "pk", "slug", "title", "place", "salary_text", "salary_min", "salary_max", "salary_currency", "salary_period",
    "status", "published_on", "published_precision", "expires_at", "company__name", "company__slug",
)  # fmt: skip
_BODY = "body_html"
# Names, dates and sums that are put in words once, for all rows that have the same.
_MOST_KEPT = 20_000
_MOST_ROWS_KEPT = 400  # each takes up to 5 KB, in each worker


@dataclass(frozen=True, slots=True)
class RowFacts:
    """Names of what a posting has, as far as a row has room for them."""

    workplaces: tuple[str, ...]
    levels: tuple[str, ...]
    employment: tuple[str, ...]
    skills: tuple[str, ...]
    more_skills: int

    def __bool__(self) -> bool:
        return bool(self.workplaces or self.levels or self.employment or self.skills)


class Published(NamedTuple):
    """When a posting was published, in a reader's words, a row's and a machine's."""

    in_words: str
    age: str
    machine: str


class Row:
    """A posting as a list shows it: read without making a model of it, which took longer than reading it.

    What is true of a posting is `Posting`'s to say; its properties stand here as they are.
    """

    __slots__ = (
        "body_html", "company", "company_slug", "expires_at", "html", "matches", "pay", "pk", "place", "published",
        "row_facts", "slug", "status", "title",
    )  # fmt: skip

    Status = Posting.Status
    is_expired: Any = Posting.is_expired
    is_live: Any = Posting.is_live

    row_facts: RowFacts
    matches: Sequence[tuple[str, bool]]  # pieces of its body around what was searched for
    html: dict[str, SafeString]  # what was made of it, by its heading

    def __init__(self, columns: Sequence[Any], today: dt.date) -> None:
        (
            self.pk, self.slug, self.title, place, salary_text, low, high, currency, period,
            self.status, published_on, precision, self.expires_at, self.company, self.company_slug, *body,
        ) = columns  # fmt: skip
        self.place = _place(place)
        self.pay = _pay(salary_text, low, high, currency, period)
        self.published = _published(published_on, precision, today)
        self.body_html: str = body[0] if body else ""
        self.matches = ()
        self.html = {}

    @property
    def path(self) -> str:
        return links.path("postings:detail", self.slug)

    @property
    def apply_path(self) -> str:
        return links.path("postings:apply", self.slug)


class _Place:
    place_summary: Any = Posting.place_summary

    def __init__(self, place: str) -> None:
        self.place = place


class _Pay:
    stated_salary: Any = Posting.stated_salary
    salary_in_words: Any = Posting.salary_in_words

    def __init__(self, text: str, low: float | None, high: float | None, currency: str, period: str) -> None:
        self.salary_text, self.salary_min, self.salary_max = text, low, high
        self.salary_currency, self.salary_period = currency, period


class _Published:
    Precision = Posting.Precision
    published: Any = Posting.published
    published_machine: Any = Posting.published_machine
    age: Any = Posting.age

    def __init__(self, published_on: dt.date | None, precision: str) -> None:
        self.published_on, self.published_precision = published_on, precision


@lru_cache(maxsize=_MOST_KEPT)
def _place(place: str) -> str:
    return _Place(place).place_summary


@lru_cache(maxsize=_MOST_KEPT)
def _pay(text: str, low: float | None, high: float | None, currency: str, period: str) -> str:
    """As printed, or else as it was read from the text."""
    said = _Pay(text, low, high, currency, period)
    return said.stated_salary or said.salary_in_words


@lru_cache(maxsize=_MOST_KEPT)
def _published(published_on: dt.date | None, precision: str, today: dt.date) -> Published:
    """`today`: so that nothing is said of another day."""
    said = _Published(published_on, precision)
    return Published(said.published, said.age, said.published_machine)


class _Kept:
    """Rows that pages of one state of the board have shown: what is new or sought after is on many of them.

    As long out of date as those pages are (`page_cache`), and for the same reason not at all; of too many, those that
    came first go.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        with self._lock:
            self._state = ""
            self._rows: dict[tuple[int, frozenset[str]], Row] = {}

    def get(self, state: str, ids: Sequence[int], asked_skills: frozenset[str]) -> dict[int, Row]:
        """Those of these that are here, by primary key."""
        with self._lock:
            if state != self._state:
                self._state, self._rows = state, {}
            return {pk: row for pk in ids if (row := self._rows.get((pk, asked_skills)))}

    def put(self, state: str, rows: Collection[Row], asked_skills: frozenset[str]) -> None:
        with self._lock:
            if state != self._state:
                return
            for row in rows:
                self._rows[row.pk, asked_skills] = row
            while len(self._rows) > _MOST_ROWS_KEPT:
                del self._rows[next(iter(self._rows))]


_kept = _Kept()
# For tests, whose databases are rolled back under it.
forget = _kept.forget


def rows(
    snapshot: Snapshot, ids: Sequence[int], terms: Sequence[Term] = (), asked_skills: Collection[str] = ()
) -> list[Row]:
    """These postings in this order, each with its facts, and an excerpt around the words that were searched for.

    `asked_skills`: the codes of skills that are filtered by, which a row shows first.
    """
    if terms or not settings.PAGE_CACHE_MB:
        by_id = _made(snapshot, ids, terms, asked_skills)
    else:
        state, asked = snapshot.state_key(), frozenset(asked_skills)
        by_id = _kept.get(state, ids, asked)
        made = _made(snapshot, [pk for pk in ids if pk not in by_id], (), asked)
        _kept.put(state, made.values(), asked)
        by_id |= made
    # What was closed since the worker's snapshot is no longer among them.
    return [by_id[pk] for pk in ids if pk in by_id]


def _made(
    snapshot: Snapshot, ids: Sequence[int], terms: Sequence[Term], asked_skills: Collection[str]
) -> dict[int, Row]:
    """The live ones of these, by primary key."""
    today = timezone.now().date()
    read = (Row(columns, today) for columns in _read(ids, with_bodies=bool(terms)))
    by_id = {row.pk: row for row in read if row.is_live}
    # From memory: a query would be one more on every page.
    values = snapshot.values_of(list(by_id), _KINDS)
    for row in by_id.values():
        row.row_facts = _facts(values.get(row.pk, []), row.title, asked_skills)
        if terms:
            row.matches = tuple(excerpt(plain_text(row.body_html), terms))
    return by_id


def _read(ids: Sequence[int], with_bodies: bool) -> Sequence[Sequence[Any]]:
    return (_with_bodies if with_bodies else _without_bodies).rows(ids)


def _by_ids(ids: list[Any]) -> QuerySet:
    # By the primary keys alone: with more conditions SQLite would go through all live postings.
    return Posting.objects.order_by().filter(pk__in=ids)


_without_bodies = ListStatement(lambda ids: _by_ids(ids).values_list(*_COLUMNS))
_with_bodies = ListStatement(lambda ids: _by_ids(ids).values_list(*_COLUMNS, _BODY))


def _facts(values: Sequence[Value], title: str, asked_skills: Collection[str]) -> RowFacts:
    named: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    skills = []
    for value in values:
        if value.kind == Tag.Kind.SKILL:
            skills.append(value)
        else:
            named[value.kind].append(value.name)
    if len(skills) > 1:
        in_title = set(tokens(title))
        skills.sort(key=lambda skill: _rank(skill, in_title, asked_skills))
    return RowFacts(
        workplaces=tuple(named[Tag.Kind.WORKPLACE]),
        levels=tuple(named[Tag.Kind.SENIORITY]),
        employment=tuple(named[Tag.Kind.EMPLOYMENT]),
        skills=tuple([skill.name for skill in skills[:MOST_SKILLS]]),
        more_skills=max(0, len(skills) - MOST_SKILLS),
    )


def _rank(skill: Value, in_title: set[str], asked_skills: Collection[str]) -> tuple[bool, bool, int, str]:
    """What was asked for, then what the title names, then what most postings have, which says most to most people."""
    return (
        skill.code not in asked_skills,
        not in_title.issuperset(_tokens(skill.name)),
        -len(skill.postings),
        skill.name,
    )


@lru_cache(maxsize=_MOST_KEPT)
def _tokens(name: str) -> tuple[str, ...]:
    return tuple(tokens(name))
