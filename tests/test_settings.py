"""Settings: what the environment turns on, and what does not start. Each in a process of its own."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from jobboard.settings import wal_is_safe
from postings import checks
from tests.marks import slow_but

PROJECT = Path(__file__).resolve().parent.parent
KEY = "a long enough key that only the tests know, 0123456789-abcdefghijklmnopqrstuvwxyz"


def run(code: str, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess:
    """Python code in a process that knows only this environment."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        # The board's own modules come from here even where the settings lie elsewhere.
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """A folder with the settings in it and no `var/`, as in a fresh clone."""
    shutil.copytree(PROJECT / "jobboard", tmp_path / "jobboard", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def settings_with(elsewhere):
    """The settings of a process with these variables, by name."""

    def read(**environment) -> dict:
        code = (
            "import json, jobboard.settings as s; "
            "print(json.dumps({n: getattr(s, n) for n in dir(s) if n.isupper()}, default=str))"
        )
        done = run(code, elsewhere, **{"SECRET_KEY": KEY, **environment})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return read


def refusal(cwd: Path, **environment) -> str:
    done = run("import jobboard.settings", cwd, **environment)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


# --- What does not start -----------------------------------------------------------------------------


@pytest.mark.parametrize("environment", [{}, {"SECRET_KEY": ""}, {"DEBUG": "1"}, {"SITE_URL": "https://jobs.example"}])
def test_nothing_starts_without_a_secret_key(elsewhere, environment):
    last_line = refusal(elsewhere, **environment)
    assert "ImproperlyConfigured: No secret key: set SECRET_KEY, or let `make run` write one" in last_line


def test_an_empty_key_file_is_no_key(elsewhere):
    (elsewhere / "var").mkdir()
    (elsewhere / "var" / "secret_key").write_text("\n")
    assert "No secret key" in refusal(elsewhere)


def test_the_key_that_make_run_keeps_is_found_and_the_environments_goes_first(elsewhere):
    (elsewhere / "var").mkdir()
    (elsewhere / "var" / "secret_key").write_text("kept\n")
    code = "import jobboard.settings as s; print(s.SECRET_KEY)"
    assert run(code, elsewhere).stdout == "kept\n"
    assert run(code, elsewhere, SECRET_KEY="said").stdout == "said\n"


@pytest.mark.parametrize("hosts", ["*", "jobs.example,*"])
def test_any_host_at_all_is_refused(elsewhere, hosts):
    assert "ALLOWED_HOSTS=* would let any visitor choose" in refusal(elsewhere, SECRET_KEY=KEY, ALLOWED_HOSTS=hosts)


def test_any_host_is_fine_while_debugging(settings_with):
    assert settings_with(ALLOWED_HOSTS="*", DEBUG="1")["ALLOWED_HOSTS"] == ["*"]


# --- TLS ---------------------------------------------------------------------------------------------


def test_with_nothing_set_nothing_promises_tls(settings_with):
    settings = settings_with()
    assert settings["DEBUG"] is False
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is False
    assert "SECURE_HSTS_SECONDS" not in settings
    assert "SECURE_PROXY_SSL_HEADER" not in settings
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]


def test_an_http_address_names_the_host_and_turns_on_no_tls(settings_with):
    settings = settings_with(SITE_URL="http://jobs.example:8080/")
    assert "jobs.example" in settings["ALLOWED_HOSTS"]
    assert settings["SITE_URL"] == "http://jobs.example:8080"
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is False
    assert "SECURE_HSTS_SECONDS" not in settings
    assert "SECURE_PROXY_SSL_HEADER" not in settings


def test_an_https_address_turns_on_what_tls_needs(settings_with):
    settings = settings_with(SITE_URL="https://jobs.example")
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is True
    assert settings["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert settings["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    assert settings["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://jobs.example"]
    # The proxy's to do: the board may also be reached inside a network.
    assert "SECURE_SSL_REDIRECT" not in settings


def test_a_scheme_in_capitals_is_https_too(settings_with):
    assert settings_with(SITE_URL="HTTPS://jobs.example")["SESSION_COOKIE_SECURE"] is True


def test_subdomains_can_be_left_out_of_hsts(settings_with):
    settings = settings_with(SITE_URL="https://jobs.example", HSTS_INCLUDE_SUBDOMAINS="0")
    assert settings["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is False


ANSWERS = """
import django
django.setup()
from django.test import Client
from django.core.management import call_command
call_command("migrate", verbosity=0)
tls = Client(headers={"Host": "jobs.example", "X-Forwarded-Proto": "https"}).get("/admin/login/")
plain = Client(headers={"Host": "jobs.example"}).get("/admin/login/")
print(tls.status_code, tls.get("Strict-Transport-Security"), bool(tls.cookies["csrftoken"]["secure"]))
print(plain.status_code, plain.get("Strict-Transport-Security"))
"""


def test_behind_its_proxy_an_https_board_promises_tls_and_never_redirects(tmp_path):
    done = run(
        ANSWERS,
        # Its static files are not collected here; the debug storage needs none.
        DEBUG="1",
        DJANGO_SETTINGS_MODULE="jobboard.settings",
        SECRET_KEY=KEY,
        SITE_URL="https://jobs.example",
        DATABASE_URL=f"sqlite:///{tmp_path}/board.sqlite3",
    )
    assert done.stdout.splitlines() == ["200 max-age=31536000; includeSubDomains True", "200 None"], done.stderr


PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "jobboard.settings",
    "SECRET_KEY": KEY,
    "SITE_URL": "https://jobs.example",
    "PROXY_COUNT": "1",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_djangos_deployment_checks_find_nothing(tmp_path):
    database = f"sqlite:///{tmp_path}/board.sqlite3"
    done = manage(
        *("check", "--deploy", "--database", "default", "--fail-level", "WARNING"), **PRODUCTION, DATABASE_URL=database
    )
    assert done.returncode == 0, done.stderr
    # Silenced by name: the redirect to https, preloading HSTS, and that the lockout's middleware is not there.
    said = done.stdout + done.stderr
    assert "(3 silenced)" in said
    # An older SQLite is spoken of, and no fault.
    assert set(re.findall(r"\(((?:postings|security)\.\w+)\)", said)) <= {"postings.I002"}


def test_the_deployment_checks_would_find_something():
    done = manage("check", "--deploy", "--fail-level", "WARNING", SECRET_KEY="short")
    assert done.returncode == 1
    for finding in ("security.W004", "security.W009", "security.W012", "security.W016"):
        assert finding in done.stderr


def test_no_migration_is_missing(tmp_path):
    done = manage(
        "makemigrations", "--check", "--dry-run", SECRET_KEY=KEY, DATABASE_URL=f"sqlite:///{tmp_path}/b.sqlite3"
    )
    assert done.returncode == 0, done.stdout


# --- The rest of the table ---------------------------------------------------------------------------


def test_a_few_plain_variables(settings_with):
    settings = settings_with(
        SITE_NAME="Obsthof jobs", POSTING_LIFETIME_DAYS="0", ALLOWED_HOSTS="a.example,b.example", LOG_LEVEL="ERROR"
    )
    assert settings["SITE_NAME"] == "Obsthof jobs"
    assert settings["POSTING_LIFETIME_DAYS"] == 0
    assert settings["ALLOWED_HOSTS"] == ["a.example", "b.example"]
    assert settings["LOGGING"]["root"]["level"] == "ERROR"
    assert settings_with()["POSTING_LIFETIME_DAYS"] == 60


def test_what_the_board_says_of_itself(settings_with):
    settings = settings_with(ABOUT="We *prune*.", OPERATOR="Ada", CONTACT="ada@Bücher.example")
    assert settings["ABOUT"] == "<p>We <em>prune</em>.</p>\n"
    assert settings["OPERATOR"] == "Ada"
    assert settings["CONTACT"] == "mailto:ada@xn--bcher-kva.example"
    page = "https://jobs.example/contact"
    assert settings_with(CONTACT=page)["CONTACT"] == page
    assert [settings_with()[name] for name in ("ABOUT", "OPERATOR", "CONTACT")] == ["", "", ""]


def test_whom_to_tell_of_a_hole_in_the_board(settings_with):
    assert settings_with()["SECURITY_CONTACT"] == []
    assert settings_with(CONTACT="ada@jobs.example")["SECURITY_CONTACT"] == ["mailto:ada@jobs.example"]
    settings = settings_with(
        CONTACT="ada@jobs.example",
        SECURITY_CONTACT="holes@Bücher.example, https://jobs.example/holes",
        SECURITY_POLICY="https://jobs.example/policy",
    )
    assert settings["SECURITY_CONTACT"] == ["mailto:holes@xn--bcher-kva.example", "https://jobs.example/holes"]
    assert settings["SECURITY_POLICY"] == "https://jobs.example/policy"


def test_what_crawlers_are_told(settings_with):
    assert [settings_with()[name] for name in ("SEARCH_ENGINES", "BLOCKED_CRAWLERS")] == [True, []]
    settings = settings_with(SEARCH_ENGINES="0", BLOCKED_CRAWLERS="GPTBot, CCBot,ia_archiver")
    assert settings["SEARCH_ENGINES"] is False
    assert settings["BLOCKED_CRAWLERS"] == ["GPTBot", "CCBot", "ia_archiver"]


def test_the_policy_allows_nothing_unsafe_and_no_other_host(settings_with):
    directives = settings_with()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    sources = {source for values in directives.values() for source in values}
    assert sources == {"'none'", "'self'", "data:"}
    assert [name for name, values in directives.items() if "data:" in values] == ["img-src"]


def test_in_production_static_files_have_hashed_names_and_while_debugging_they_have_not(settings_with):
    assert "Manifest" in settings_with()["STORAGES"]["staticfiles"]["BACKEND"]
    assert "Manifest" not in settings_with(DEBUG="1")["STORAGES"]["staticfiles"]["BACKEND"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", {"ENGINE": "django.db.backends.sqlite3"}),
        ("sqlite:////srv/board.sqlite3", {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/board.sqlite3"}),
        ("sqlite://:memory:", {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}),
        (
            "postgres://ada:p%40ss%2Fword@db.example:5433/board",
            {
                "ENGINE": "postings.postgresql",
                "NAME": "board",
                "USER": "ada",
                "PASSWORD": "p@ss/word",
                "HOST": "db.example",
                "PORT": 5433,
            },
        ),
        ("postgresql://db.example/board", {"ENGINE": "postings.postgresql", "HOST": "db.example"}),
    ],
)
def test_the_database_is_read_from_its_address(settings_with, url, expected):
    database = settings_with(DATABASE_URL=url)["DATABASES"]["default"]
    assert {name: database[name] for name in expected} == expected
    # Kept open, and looked at before it is used again.
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (600, True)


def test_with_nothing_set_the_database_is_a_file_in_var(settings_with, elsewhere):
    assert settings_with()["DATABASES"]["default"]["NAME"] == str(elsewhere / "var" / "db.sqlite3")


def test_options_in_the_databases_address_stay(settings_with):
    url = "postgres://db.example/board?sslmode=require&connect_timeout=9"
    options = settings_with(DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]
    assert options["sslmode"] == "require"
    assert int(options["connect_timeout"]) == 9
    # Without one, a database that is away must not keep a visitor waiting.
    plain = settings_with(DATABASE_URL="postgres://db.example/board")["DATABASES"]["default"]["OPTIONS"]
    assert plain["connect_timeout"] == 3


def while_serving(settings_with, query: str = "") -> tuple[Any, Any, Any]:
    """The pool, how long a connection is kept, and what the server is told."""
    database = settings_with(DATABASE_URL=f"postgres://db.example/board{query}")["DATABASE_WHILE_SERVING"]
    return database["OPTIONS"]["pool"], database["CONN_MAX_AGE"], database["OPTIONS"]["options"]


def test_pages_have_a_pool_and_limits_that_commands_have_not(settings_with):
    pool, age, told = while_serving(settings_with)
    assert (pool["timeout"], "max_size" in pool, age) == (3, False, 0)  # as many as there are threads
    assert told == "-c statement_timeout=3000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000"
    commands = settings_with(DATABASE_URL="postgres://db.example/board")["DATABASES"]["default"]
    assert commands["OPTIONS"]["options"] == "-c lock_timeout=5000"
    assert "pool" not in commands["OPTIONS"]


def test_what_a_page_changes_locks_nobody_out_before_it_is_committed(settings_with, tmp_path):
    url = f"sqlite:///{tmp_path}/board.sqlite3"
    # Without WAL, as with most Pythons, whose SQLite is not safe with it.
    options = settings_with(DATABASE_URL=url, SQLITE_WAL="0")["DATABASE_WHILE_SERVING"]["OPTIONS"]
    writer, reader = (sqlite3.connect(tmp_path / "board.sqlite3", 0.1, isolation_level=None) for _ in range(2))
    with closing(writer), closing(reader):
        for each in (writer, reader):
            each.executescript(options["init_command"])
        writer.execute("CREATE TABLE pages (text)")
        writer.execute("BEGIN IMMEDIATE")
        writer.executemany("INSERT INTO pages VALUES (?)", [["x" * 3000]] * 1000)
        assert reader.execute("SELECT count(*) FROM pages").fetchone() == (0,)


@pytest.mark.parametrize(
    ("query", "size", "age"),
    [("?pool=on", None, 0), ("?pool=16", 16, 0), ("?pool=off", "off", 600), ("?conn_max_age=60", "off", 60)],
)
def test_the_owner_says_how_connections_are_kept(settings_with, query, size, age):
    pool, kept, _ = while_serving(settings_with, query)
    assert (pool.get("max_size") if pool else "off", kept) == (size, age)


@pytest.mark.parametrize("told", ["", "-c search_path=board"])
def test_what_the_owner_tells_the_server_is_all_that_it_is_told(settings_with, told):
    assert while_serving(settings_with, f"?pool=off&options={quote(told)}")[2] == told


def test_behind_a_pooler_of_transactions_cursors_stay_with_the_client(settings_with):
    url = "postgres://db.example/board?disable_server_side_cursors=True"
    assert settings_with(DATABASE_URL=url)["DATABASE_WHILE_SERVING"]["DISABLE_SERVER_SIDE_CURSORS"] is True


def test_options_in_a_sqlite_address_stay(settings_with):
    assert (
        int(settings_with(DATABASE_URL="sqlite:////srv/b.db?timeout=30")["DATABASES"]["default"]["OPTIONS"]["timeout"])
        == 30
    )


def test_blanks_between_the_hosts_mean_nothing(settings_with):
    assert settings_with(ALLOWED_HOSTS="a.example, b.example")["ALLOWED_HOSTS"] == ["a.example", "b.example"]


# --- SQLite ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ((3, 7, 0), False),
        ((3, 34, 1), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 44, 9), True),
        ((3, 45, 0), False),
        ((3, 46, 1), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 50, 12), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_versions_in_which_wal_is_safe(version, is_safe):
    assert wal_is_safe(version) is is_safe


PRAGMAS = """
import sqlite3, sys
sqlite3.sqlite_version_info = {version}
import django
django.setup()
from django.db import connection, transaction
with connection.cursor() as cursor:
    for pragma in ("journal_mode", "synchronous", "secure_delete", "busy_timeout", "foreign_keys"):
        print(pragma, cursor.execute(f"PRAGMA {{pragma}}").fetchone()[0])
with transaction.atomic():
    # Nothing was read or written yet; with IMMEDIATE the write lock is held all the same.
    other = sqlite3.connect(connection.settings_dict["NAME"], timeout=0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        print("transactions begin deferred")
    except sqlite3.OperationalError:
        print("transactions begin immediate")
    other.close()
"""


@pytest.mark.parametrize(
    ("version", "environment", "journal"),
    slow_but(
        [((3, 51, 2), {}, "delete"), ((3, 51, 3), {}, "wal")],
        [
            ((3, 40, 1), {}, "delete"),
            ((3, 51, 2), {}, "delete"),
            ((3, 51, 3), {}, "wal"),
            # The distribution mended it, or the operator wants it otherwise.
            ((3, 40, 1), {"SQLITE_WAL": "1"}, "wal"),
            ((3, 51, 3), {"SQLITE_WAL": "0"}, "delete"),
        ],
    ),
)
def test_what_sqlite_is_told_is_in_force(tmp_path, version, environment, journal):
    done = run(
        PRAGMAS.format(version=version),
        DJANGO_SETTINGS_MODULE="jobboard.settings",
        SECRET_KEY=KEY,
        DATABASE_URL=f"sqlite:///{tmp_path}/board.sqlite3",
        **environment,
    )
    assert done.stdout.splitlines() == [
        f"journal_mode {journal}",
        "synchronous 2",  # FULL
        "secure_delete 1",
        "busy_timeout 5000",
        "foreign_keys 1",
        "transactions begin immediate",
    ], done.stderr


SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"


@pytest.mark.parametrize(
    ("engine", "uses_wal", "version", "warns"),
    [
        (SQLITE, True, (3, 40, 1), True),
        (SQLITE, True, (3, 51, 3), False),
        (SQLITE, False, (3, 40, 1), False),
        (POSTGRESQL, True, (3, 40, 1), False),
    ],
)
def test_a_check_warns_where_wal_was_forced_on_an_affected_sqlite(
    settings, monkeypatch, engine, uses_wal, version, warns
):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", engine)
    settings.SQLITE_USES_WAL = uses_wal
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert [message.id for message in checks.sqlite_journal()] == ["postings.W001"] * warns


@pytest.mark.parametrize(
    ("engine", "uses_wal", "version", "tells"),
    [
        (SQLITE, False, (3, 40, 1), True),
        (SQLITE, True, (3, 40, 1), False),
        (SQLITE, False, (3, 51, 3), False),
        (POSTGRESQL, False, (3, 40, 1), False),
    ],
)
def test_a_check_says_why_sqlite_is_not_in_wal_mode(settings, monkeypatch, engine, uses_wal, version, tells):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", engine)
    settings.SQLITE_USES_WAL = uses_wal
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert [message.id for message in checks.sqlite_without_wal()] == ["postings.I002"] * tells


@pytest.mark.slow
@pytest.mark.skipif(wal_is_safe(sqlite3.sqlite_version_info), reason="this Python's SQLite has not got the bug")
def test_the_reason_is_told_where_the_board_is_checked_before_it_is_opened(tmp_path):
    environment = {"SECRET_KEY": KEY, "DATABASE_URL": f"sqlite:///{tmp_path}/board.sqlite3"}
    assert "postings.I002" in manage("check", "--deploy", **environment).stderr
    # Not each time that the board starts.
    assert "postings.I002" not in manage("check", **environment).stderr


@pytest.mark.skipif(wal_is_safe(sqlite3.sqlite_version_info), reason="this Python's SQLite has not got the bug")
@pytest.mark.parametrize(
    "arguments",
    [["check"], ["check", "--deploy"], ["check", "--database", "default"]],
    ids=" ".join,
)
@pytest.mark.slow
def test_the_warning_is_heard(tmp_path, arguments):
    done = manage(*arguments, SECRET_KEY=KEY, SQLITE_WAL="1", DATABASE_URL=f"sqlite:///{tmp_path}/board.sqlite3")
    assert "postings.W001" in done.stderr


@pytest.mark.parametrize(("is_https", "count", "warns"), [(True, 0, True), (True, 1, False), (False, 0, False)])
def test_tells_where_a_proxy_would_pass_for_every_visitor(settings, is_https, count, warns):
    settings.SITE_IS_HTTPS, settings.PROXY_COUNT = is_https, count
    assert [message.id for message in checks.proxies()] == ["postings.I001"] * warns


@pytest.mark.parametrize(
    ("said", "meant"),
    [("desk", "desk/"), ("/desk/", "desk/"), ("back-office/Desk_1", "back-office/Desk_1/"), ("", "admin/")],
)
def test_the_admin_is_moved_with_slashes_or_without(settings_with, said, meant):
    settings = settings_with(ADMIN_URL=said)
    assert (settings["ADMIN_URL"], settings["CSRF_COOKIE_PATH"]) == (meant, f"/{meant}")


def test_parameters_of_apply_links_are_read_from_the_environment(settings_with):
    assert settings_with()["APPLY_PARAMETERS"] == []
    read = settings_with(APPLY_PARAMETERS="ref=jobs.example&utm_source=a%20b")["APPLY_PARAMETERS"]
    assert read == [["ref", "jobs.example"], ["utm_source", "a b"]]


def test_each_database_has_a_journal_of_its_own_unless_it_is_said_where(settings_with, elsewhere):
    assert settings_with()["CLICK_JOURNAL"] == str(elsewhere / "var" / "db.sqlite3.clicks")
    assert settings_with(DATABASE_URL="sqlite:////data/board")["CLICK_JOURNAL"] == "/data/board.clicks"
    servers = [
        "postgres://me:a@db.example/board",
        "postgres://me:b@db.example/other",
        "postgres://me:a@x.example/board",
    ]
    journals = {settings_with(DATABASE_URL=server)["CLICK_JOURNAL"] for server in servers}
    assert len(journals) == 3
    assert {Path(journal).parent for journal in journals} == {elsewhere / "var"}
    assert settings_with(CLICK_JOURNAL="/data/clicks")["CLICK_JOURNAL"] == "/data/clicks"


# --- What cannot be read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("SITE_URL", "jobs.example"),
        ("SITE_URL", "ftp://jobs.example"),
        ("SITE_URL", "https://jobs.example/board"),
        ("SITE_URL", "https://ada:secret@jobs.example"),
        ("SITE_URL", "https://jobs.example:https"),
        ("SITE_URL", "https://gärten.example"),
        ("SITE_URL", 'https://jobs.example"'),
        ("POSTING_LIFETIME_DAYS", "-1"),
        ("POSTING_LIFETIME_DAYS", "two months"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://db.example"),
        ("DATABASE_URL", "postgres://db.example/board?pool=many"),
        ("DATABASE_URL", "postgres://db.example/board?pool=-1"),
        ("LOG_LEVEL", "LOUD"),
        ("SQLITE_WAL", "perhaps"),
        ("PROXY_COUNT", "-1"),
        ("PROXY_COUNT", "many"),
        ("APPLY_PARAMETERS", "ref"),
        ("APPLY_PARAMETERS", "=board"),
        ("APPLY_PARAMETERS", "ref=a&ref=b"),
        ("CONTACT", "ada"),
        ("CONTACT", "ada at jobs.example"),
        ("CONTACT", "http://jobs.example/contact"),
        ("CONTACT", "https://"),
        ("CONTACT", "javascript:alert(1)"),
        ("CONTACT", "ada@jobs.example, bob@jobs.example"),
        ("CONTACT", "ada@jobs.example?subject=Hello"),
        ("SECURITY_CONTACT", "ada"),
        ("SECURITY_CONTACT", "ada@jobs.example, http://jobs.example/holes"),
        ("SECURITY_CONTACT", ","),
        ("SECURITY_POLICY", "ada@jobs.example"),
        ("SECURITY_POLICY", "http://jobs.example/policy"),
        *(("ADMIN_URL", value) for value in ("/", "desk 1", "desk?", "<int:x>/", "desk//1", "../desk", "desk.html")),
        *(("ADMIN_URL", value) for value in ("jobs", "jobs/desk", "/Static/", "Schreibtisch-für-Ada")),
        ("SEARCH_ENGINES", "none"),
        ("BLOCKED_CRAWLERS", "*"),
        ("BLOCKED_CRAWLERS", "GPTBot CCBot"),
        ("BLOCKED_CRAWLERS", "GPTBot\nAllow: /"),
        ("ABOUT", "*a*" * 40_000),
    ],
)
def test_a_value_that_cannot_be_read_is_named(elsewhere, name, value):
    said = refusal(elsewhere, **{"SECRET_KEY": KEY, name: value})
    # The address of a database holds a password, which must not come out in a log.
    what = "cannot be read" if name == "DATABASE_URL" else f"is {value!r}"
    assert f"ImproperlyConfigured: {name} {what}; it should be" in said
