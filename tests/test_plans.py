"""What every public page asks the database, at 100,000 postings: nothing goes through a large table from end to end.

Each statement is captured with its parameters and explained by the database itself. The list of live postings is read
before, for that reads all of it, and may (`catalogue.build`).
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection

SIZE = 100_000
CUT = 500  # characters of a body: plans go by rows, and making them takes time
LARGE = {
    *("postings_posting", "postings_postingtag", "postings_word", "postings_searchtext", "postings_searchcompany"),
    *("postings_importedfile", "postings_changedposting"),
}
# What may go through an index that holds all it asks for, by its beginning.
MAY_USE_A_WHOLE_INDEX = (
    # When each file of the sitemap changed, once for each state of the board (`sitemaps.parts`).
    'SELECT ("postings_posting"."id" / %s) AS "part", MAX("postings_posting"."changed_at") AS "written"',
)
# On SQLite, which cannot look for misspelt words, each worker reads all words once, and asks once a minute whether
# there are more (`search._Vocabulary`).
MAY_READ_ALL_WORDS = (
    'SELECT COUNT(*) AS "__count" FROM "postings_word"',
    'SELECT "postings_word"."word" AS "word" FROM "postings_word"',
)
IS_INDEX_ALONE = re.compile(r"Index Only Scan on|USING COVERING INDEX")


class Asked(NamedTuple):
    """A statement of a page, and what is wrong with how the database would find the answer."""

    page: str
    sql: str
    wrong: list[str]


# --- What is asked ------------------------------------------------------------------------------------


def ask_everything() -> list[Asked]:
    """In a process of its own, whose database is the board."""
    from django.core.management import call_command
    from django.test import Client

    from postings import catalogue

    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client(headers={"host": "localhost", "user-agent": "Mozilla/5.0 Firefox/140.0"})
    catalogue.current()
    asked: list[Asked] = []
    statuses = {}
    for page, status in _pages():
        with _explained(page, asked):
            statuses[page] = (client.get(page).status_code, status)
    assert all(answered == expected for answered, expected in statuses.values()), statuses
    return asked


def _pages() -> Iterator[tuple[str, int]]:
    """Addresses of every kind, and how they are answered."""
    from postings import catalogue, landing
    from postings.models import Company, Posting
    from tests.benchmarks import asking

    drawn = asking.draw(filters=30, rare_words=3, common_words=2)
    slug, closed, expired = _three_postings()
    snapshot = catalogue.current()
    company = Company.objects.get(pk=int(snapshot.company_ids[snapshot.companies[len(snapshot) // 2]]))
    rare, common = drawn["rare"], drawn["common"]
    misspelt = f"{common[0][:3]}{common[0][4:]}"
    filters = [
        *(
            "skill=python",
            "category=backend",
            "country=DE",
            "region=europe",
            "workplace=remote",
            "employment=full-time",
        ),
        *("seniority=senior", "visa=yes", "language=en", "posted=30", "salary_min=50000&currency=USD", "sort=salary"),
        *(f"company={company.slug}", "page=3000", "skill=python&skill=go&country=DE&page=2", *drawn["filters"]),
    ]
    words = [
        rare[0],
        common[0],
        f"{common[0]} {rare[1]}",
        f"{common[0]} {common[1]}",
        f"-{common[0]}",
        '"data engineer"',
    ]
    words += [misspelt, "xqzzyv", f"{common[0][:4]}*", "東京", "c++", f"{misspelt} {rare[0]}"]
    searches = [f"q={quote(each)}{sort}" for each in words for sort in ("", "&sort=relevance", "&page=2")]
    yield from ((f"/?{query}", 200) for query in ["", *filters, *searches, "place=berlin", "q=go&place=london"])
    yield from ((f"/companies/{company.slug}/{query}", 200) for query in ("", "?page=2", "?q=engineer"))
    yield from ((f"/{plural}/", 200) for plural in landing.KINDS)
    for plural, kind in landing.KINDS.items():
        largest = max(snapshot.values[kind], key=lambda value: len(value.postings))
        yield f"/{plural}/{largest.slug}/", 200
    yield from ((f"/all/{kind}/", 200) for kind in ("company", "skill", "country"))
    yield from ((f"/all/company/?q={common[0]}&page=2", 200), ("/companies/", 200), ("/companies/?page=2", 200))
    for posting in (slug, f"{slug}-nobody"):
        status = 200 if posting == slug else 404
        yield from (
            (f"/jobs/{posting}/", status),
            (f"/jobs/{posting}.md", status),
            (f"/jobs/{posting}/report/", status),
        )
        yield f"/apply/{posting}", 302 if posting == slug else 404
    for over in (closed, expired):
        yield from ((f"/jobs/{over}/", 410), (f"/apply/{over}", 410), (f"/jobs/{over}.md", 410))
    day = Posting.objects.live().order_by("listed_on", "pk").values_list("listed_on", "pk")[SIZE // 2]
    for feed in ("/feed.atom", "/feed.json"):
        before = f"before={day[0]:%Y-%m-%d}.{day[1]}"
        for query in ("", "skill=python", f"q={common[0]}", before, f"q={common[0]}&{before}"):
            yield f"{feed}?{query}", 200
    yield from (("/sitemap.xml", 200), ("/sitemap-jobs-0.xml", 200), ("/sitemap-pages-0.xml", 200))
    yield from ((f"/suggest?q={text}", 200) for text in ("", "p", "pyt", common[0][:4], rare[0][:4].lower(), "xqz"))
    yield from (("/about/", 200), ("/robots.txt", 200), (_figures(slug), 200), (f"{_figures(slug)}?format=csv", 200))


def _three_postings() -> tuple[str, str, str]:
    """The names of a live posting, of one that is closed, and of one that expired."""
    import datetime as dt

    from django.utils import timezone

    from postings.models import Posting

    live, closed, expired = Posting.objects.live().order_by("-pk")[1000:1003]
    Posting.objects.filter(pk=closed.pk).update(status=Posting.Status.CLOSED)
    Posting.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - dt.timedelta(days=1))
    return live.slug, closed.slug, expired.slug


def _figures(slug: str) -> str:
    from postings.models import FiguresLink, Posting

    posting = Posting.objects.get(slug=slug)
    return FiguresLink.objects.make(posting)[0].get_absolute_url()


# --- How it would be found ----------------------------------------------------------------------------


@contextmanager
def _explained(page: str, asked: list[Asked]) -> Iterator[None]:
    known = {each.sql for each in asked}

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        text = re.sub(r"\b(IN|VALUES) \((%s(, )?)+\)", r"\1 (…)", sql)
        if not many and text not in known and sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            known.add(text)
            asked.append(Asked(page, text, _wrong(sql, params)))
        return result

    with connection.execute_wrapper(explain):
        yield


def _wrong(sql: str, params: Any) -> list[str]:
    # A cursor of the driver's, which nobody listens to.
    with connection.connection.cursor() if connection.vendor == "postgresql" else _sqlite_cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            return list(wrong_on_postgresql(cursor.fetchone()[0][0]["Plan"]))
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return list(wrong_on_sqlite([detail for *_, detail in cursor.fetchall()], sql))


@contextmanager
def _sqlite_cursor() -> Iterator[Any]:
    cursor = connection.create_cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def wrong_on_postgresql(plan: dict[str, Any], is_limited: bool = False) -> Iterator[str]:
    """Nodes that go through a large table, or through an index of it, from end to end."""
    if plan.get("Relation Name") in LARGE:
        is_whole = "Scan" in plan["Node Type"] and not plan.keys() & {"Index Cond", "Recheck Cond", "TID Cond"}
        if is_whole and not (is_limited and "Filter" not in plan):
            yield f"{plan['Node Type']} on {plan['Relation Name']}"
    # A limit stops what comes below it in order; what is sorted or counted has to be read first.
    is_limited = plan["Node Type"] == "Limit" or (is_limited and plan["Node Type"] in _PASS_ON)
    for part in plan.get("Plans", ()):
        yield from wrong_on_postgresql(part, is_limited)


_PASS_ON = ("Nested Loop", "Result", "Append", "LockRows", "Subquery Scan", "Unique")


def wrong_on_sqlite(details: list[str], sql: str = "") -> Iterator[str]:
    """Steps that go through a large table, or through an index of it, from end to end."""
    is_limited = " LIMIT " in sql and not any("TEMP B-TREE" in detail for detail in details)
    aliases = dict(re.findall(r'(?:FROM|JOIN) "?(\w+)"? (?:AS )?"?(\w+)"?', sql))
    names = {alias: table for table, alias in aliases.items() if table in LARGE}
    for detail in details:
        if not (scan := re.match(r"SCAN (\w+)(.*)", detail)):
            continue
        table, how = names.get(scan[1], scan[1]), scan[2]
        # An index of its own kind says behind the colon what it is asked for.
        is_asked = re.search(r"VIRTUAL TABLE INDEX \d+:.+", how)
        if table in LARGE and not is_asked and not (is_limited and " USING " in how and " WHERE " not in sql):
            yield detail


def test_what_goes_through_a_table_is_seen():
    whole = {"Node Type": "Seq Scan", "Relation Name": "postings_posting"}
    by_index = {"Node Type": "Index Scan", "Relation Name": "postings_posting", "Index Cond": "(id = 1)"}
    in_order = {"Node Type": "Index Only Scan", "Relation Name": "postings_posting"}
    assert list(wrong_on_postgresql({"Node Type": "Aggregate", "Plans": [whole]})) == ["Seq Scan on postings_posting"]
    assert not list(wrong_on_postgresql({"Node Type": "Nested Loop", "Plans": [by_index]}))
    assert not list(wrong_on_postgresql({"Node Type": "Limit", "Plans": [in_order]}))
    assert list(wrong_on_postgresql({"Node Type": "Limit", "Plans": [{"Node Type": "Sort", "Plans": [in_order]}]}))
    assert list(wrong_on_postgresql({"Node Type": "Limit", "Plans": [in_order | {"Filter": "(a = 1)"}]}))
    assert list(wrong_on_sqlite(["SCAN postings_posting"]))
    assert list(wrong_on_sqlite(["SCAN postings_posting USING COVERING INDEX posting_ends"]))
    assert list(wrong_on_sqlite(["SCAN p"], 'SELECT 1 FROM "postings_posting" p'))
    assert list(wrong_on_sqlite(["SCAN postings_searchtext VIRTUAL TABLE INDEX 0:"]))
    assert not list(wrong_on_sqlite(["SCAN postings_searchtext VIRTUAL TABLE INDEX 0:M3"]))
    assert not list(wrong_on_sqlite(["SEARCH postings_posting USING INTEGER PRIMARY KEY (rowid=?)"]))


# --- The board ------------------------------------------------------------------------------------------


@pytest.fixture
def board(tmp_path_factory):
    """The address of a board of so many postings, on the kind of database that the tests run on."""
    from tests.benchmarks import boards

    with _database(tmp_path_factory.mktemp("plans")) as url:
        boards.call(url, "tests.benchmarks.multiply.make", SIZE, str(boards.SAMPLES), CUT)
        boards.call(url, "tests.test_plans.gather_statistics")
        yield url


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    own = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder}/board.sqlite3"
        return
    server = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
    server = {name: value for name, value in server.items() if value}
    name = "plans_of_100000"
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
        try:
            login = ":".join(filter(None, [server.get("user"), server.get("password")]))
            yield f"postgres://{login}@{server.get('host', '')}:{server.get('port', 5432)}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def gather_statistics() -> None:
    """What PostgreSQL would gather by itself in its own time; SQLite does not."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


@pytest.mark.slow
def test_no_page_goes_through_a_large_table(board):
    from tests.benchmarks import boards

    asked = [Asked(*each) for each in boards.call(board, "tests.test_plans.ask_everything")]
    assert len(asked) > 20
    wrong = {each.sql: f"{each.page}: {', '.join(each.wrong)}" for each in asked if not is_right(each)}
    assert not wrong, json.dumps(wrong, indent=1)


def is_right(asked: Asked) -> bool:
    if connection.vendor == "sqlite" and asked.sql in MAY_READ_ALL_WORDS:
        return True
    may = asked.sql.startswith(MAY_USE_A_WHOLE_INDEX)
    return not [each for each in asked.wrong if not (may and IS_INDEX_ALONE.search(each))]
