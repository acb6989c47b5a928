"""How a PostgreSQL board is copied and replaced: by PostgreSQL's own programs, in its custom format.

A replaced board is one transaction, in which also the copy of the one that was is made: nobody writes in between, and
who reads sees the one or the other. It needs no right but to the board's own tables.
"""

import glob
import logging
import os
import re
import shutil
import subprocess  # noqa: S404  each call says what it runs
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from psycopg.sql import SQL, Identifier, Literal

from postings.backups import MIGRATIONS, POSTINGS, REPORTS, VISITORS, Contents, Stopped, files, no_backup

log = logging.getLogger(__name__)

ENDING = "dump"
MAGIC = b"PGDMP"
# Not the board's to make or take away.
_OTHERS = re.compile(r"^\d+; \d+ \d+ (?:COMMENT - )?(?:EXTENSION|SCHEMA|DATABASE|PUBLICATION|ACL|DEFAULT ACL) ")
_LOCKED = "the board is locked"
_ATTEMPTS = 200


def make(path: Path) -> Contents:
    """Writes the board into a new file of this name. Raises Refused, Stopped and OSError."""
    with files.written(path) as part:
        # Those tables come back empty.
        left_out = [f"--exclude-table-data=*.{table}" for table in VISITORS]
        _run(_program("pg_dump"), "--format=custom", *left_out, f"--file={part}", *_to_server())
        return examine(part)


def examine(path: Path) -> Contents:
    """Looks whether all of it is there, and what. Raises Refused where it is no backup."""
    number, inside = 0, ""
    columns: list[str] = []
    migrations: list[dict[str, str]] = []
    tables: set[str] = set()
    with _script(path) as script:
        for line in script:
            if line == b"\\.\n":
                inside = ""
            elif inside:
                if inside == POSTINGS:
                    number += 1
                elif inside == MIGRATIONS:
                    migrations.append(dict(zip(columns, line.decode().rstrip("\n").split("\t"), strict=True)))
            elif copied := _COPY.match(line):
                inside, columns = copied["table"].decode(), copied["columns"].decode().split(", ")
                tables.add(inside)
    if not tables >= {POSTINGS, MIGRATIONS}:
        raise no_backup(path, "it has none of a board's tables")
    return Contents(frozenset((row["app"], row["name"]) for row in migrations), number)


_COPY = re.compile(rb'COPY (?:[^ ."]+|"[^"]+")\.(?P<table>\w+) \((?P<columns>[^)]*)\) FROM stdin;\n')


@contextmanager
def _script(path: Path, *options: str) -> Iterator[IO[bytes]]:
    """The backup as SQL, all of which is to be read. Raises Refused behind it where it was damaged."""
    program = _program("pg_restore")
    with tempfile.TemporaryFile() as errors:
        command = [program, "--no-owner", "--no-privileges", *options, "--file=-", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:  # noqa: S603  our own command
            assert process.stdout is not None  # noqa: S101  a pipe, by the line above
            yield process.stdout
        if process.returncode:
            raise no_backup(path, _said(errors))


# --- Back -------------------------------------------------------------------------------------------


def replace(path: Path, keep_as: Path | None) -> None:
    """Puts the backup in the place of the board, in one transaction, and first the board that was into a new file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [schema] = cursor.fetchone()
    tables, functions = _own(schema)
    _make_extension()
    with _session() as session:
        if tables:
            # Others may read for as long as the copy takes.
            session.send(_locking(schema, tables, "EXCLUSIVE"))
        session.send(SQL("DO $$ BEGIN RAISE WARNING {}; END $$;").format(Literal(_LOCKED)))
        session.await_said(_LOCKED)
        if keep_as:
            make(keep_as)
        session.send(SQL("CREATE TEMPORARY TABLE kept (day date, key bytea) ON COMMIT DROP;"))
        [keys, _], [reports, columns] = VISITORS, REPORTS
        if keys in tables:
            session.send(SQL("INSERT INTO kept SELECT day, key FROM {};").format(Identifier(schema, keys)))
        if tables:
            session.send(_locking(schema, tables, "ACCESS EXCLUSIVE"))
            # A newer board has tables that the backup knows nothing of.
            session.send(SQL("DROP TABLE {} CASCADE;").format(_named(schema, tables)))
        for function in functions:
            session.send(SQL("DROP FUNCTION {};").format(SQL(function)))
        with _entries(path) as entries, _script(path, f"--use-list={entries}") as script:
            session.copy(script)
        # Running workers have the day's key in memory; to them the board is to be the same one.
        session.send(
            SQL(
                "DO $$ BEGIN "
                "IF to_regclass({keys_name}) IS NOT NULL THEN "
                "INSERT INTO {keys} (day, key) SELECT day, key FROM pg_temp.kept ON CONFLICT DO NOTHING; END IF; "
                "IF to_regclass({reports_name}) IS NOT NULL THEN "
                "UPDATE {reports} SET {nothing} WHERE {first} IS NOT NULL; END IF; END $$;"
            ).format(
                keys=Identifier(schema, keys),
                keys_name=Literal(f"{schema}.{keys}"),
                reports=Identifier(schema, reports),
                reports_name=Literal(f"{schema}.{reports}"),
                nothing=SQL(", ").join(SQL("{} = NULL").format(Identifier(column)) for column in columns),
                first=Identifier(columns[0]),
            )
        )
        session.commit()


def _own(schema: str) -> tuple[list[str], list[str]]:
    """The board's tables, and its functions with their arguments: what its apps name."""
    prefixes = [f"{label}_" for label in {"django", *(config.label for config in apps.get_app_configs())}]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
        tables = [name for [name] in cursor.fetchall() if name.startswith(tuple(prefixes))]
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = %s::regnamespace "
            r"AND proname LIKE 'postings\_%%' ORDER BY 1",
            [schema],
        )
        return tables, [name for [name] in cursor.fetchall()]


def _make_extension() -> None:
    """What an index of the backup's may lean on, and a backup does not bring itself."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        log.warning("The board may not make the extension pg_trgm: %s", str(error).splitlines()[0])


def _named(schema: str, tables: Iterable[str]) -> Any:
    return SQL(", ").join(Identifier(schema, table) for table in tables)


def _locking(schema: str, tables: Iterable[str], mode: str) -> Any:
    """Takes the locks, where need be from those who wait for us to write, and whose tables we wait for.

    PostgreSQL calls that a deadlock, and ends whoever came to it last. A click-through that is cancelled goes to the
    journal, as it would a moment later; anybody else is asked to come back.
    """
    return SQL(
        "DO $$ BEGIN "
        "FOR attempt IN 1..{attempts} LOOP BEGIN "
        "SET LOCAL lock_timeout = '400ms'; LOCK TABLE {tables} IN {mode} MODE; RETURN; "
        "EXCEPTION WHEN lock_not_available OR deadlock_detected THEN BEGIN "
        "PERFORM pg_cancel_backend(pid) FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) AS waiting "
        "WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)); "
        "EXCEPTION WHEN insufficient_privilege THEN NULL; END; END; "
        "PERFORM pg_sleep(0.005); END LOOP; "
        "RAISE EXCEPTION 'others use the board all the time, so stop the server first'; END $$;"
    ).format(attempts=Literal(_ATTEMPTS), tables=_named(schema, tables), mode=SQL(mode))


@contextmanager
def _entries(path: Path) -> Iterator[str]:
    """A file that names what is to be brought back."""
    listed = _run(_program("pg_restore"), "--list", str(path))
    with tempfile.NamedTemporaryFile("w", prefix="entries-") as file:
        file.writelines(line for line in listed.splitlines(keepends=True) if not _OTHERS.match(line))
        file.flush()
        yield file.name


class _Session:
    """psql in a transaction: it alone understands a backup's data among its statements."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101  a pipe, by who makes it
        self._process, self._errors, self._in = process, errors, process.stdin

    def send(self, statement: Any) -> None:
        self._write(f"{statement.as_string(connection.connection)}\n".encode())

    def copy(self, script: IO[bytes]) -> None:
        while piece := script.read(2**16):
            self._write(piece)

    def commit(self) -> None:
        self._write(b"COMMIT;\n")
        self._in.close()
        if self._process.wait():
            raise self._stopped()

    def await_said(self, sentence: str) -> None:
        self._in.flush()
        while sentence not in _text(self._errors):
            if self._process.poll() is not None:
                raise self._stopped()
            time.sleep(0.02)

    def _write(self, data: bytes) -> None:
        try:
            self._in.write(data)
        except BrokenPipeError:
            self._process.wait()
            raise self._stopped() from None

    def _stopped(self) -> Stopped:
        return Stopped(_said(self._errors))


@contextmanager
def _session() -> Iterator[_Session]:
    command = [_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", *_to_server()]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=_environment(), stdin=subprocess.PIPE, stderr=errors)  # noqa: S603  our own command
        session = _Session(process, errors)
        try:
            session.send(SQL("SET client_min_messages = warning; BEGIN;"))
            yield session
        finally:
            # Without a COMMIT all of it is taken back.
            process.kill()
            process.communicate()


# --- PostgreSQL's programs ------------------------------------------------------------------------------


def _program(name: str) -> str:
    """One that fits the server: of its own version, else a newer one. Raises Stopped."""
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10_000
    # Debian keeps each version's in a folder of its own.
    found = [*glob.glob(f"/usr/lib/postgresql/{server}/bin/{name}"), *filter(None, [shutil.which(name)])]
    versions = {path: _version(path) for path in found}
    for path, version in versions.items():
        if version >= server:
            return path
    has = f"is of version {max(versions.values())} here" if versions else "is not here"
    raise Stopped(f"{name} {has}, and the server is of version {server}: apt install postgresql-client-{server}")


def _version(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603  a program of PostgreSQL
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0


def _to_server() -> list[str]:
    """Where the server is, as options; passwords are in the environment, which other users cannot read."""
    known = {each.keyword.decode() for each in Conninfo.get_defaults()}
    parameters = {
        name: value for name, value in connection.get_connection_params().items() if name in known - _SECRET and value
    }
    return ["--no-password", f"--dbname={make_conninfo('', **parameters)}"]


_SECRET = {"password", "sslpassword"}


def _environment() -> dict[str, str]:
    password = connection.settings_dict["PASSWORD"]
    # In English, for what is looked for in what they say.
    return {**os.environ, "LC_MESSAGES": "C", **({"PGPASSWORD": password} if password else {})}


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], env=_environment(), capture_output=True, text=True)  # noqa: S603  a program of PostgreSQL
    if done.returncode:
        raise Stopped(_sentence(done.stderr))
    return done.stdout


def _text(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 100_000, 0).decode(errors="replace")


def _said(errors: IO[bytes]) -> str:
    return _sentence(_text(errors))


def _sentence(said: str) -> str:
    """What a program complained of first."""
    lines = [line for line in said.splitlines() if re.search(r"(?i)\b(error|fatal)\b", line)] or said.splitlines()
    return lines[0].strip().rstrip(".") if lines else "it says nothing"
