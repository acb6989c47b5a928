"""Boards of a given size, each in a file or a database of its own; made once for a recipe. Nothing here imports the
models."""

import hashlib
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import psycopg
from django.utils.module_loading import import_string
from psycopg import sql

BASE_DIR = Path(__file__).resolve().parents[2]
FOLDER = BASE_DIR / "var" / "benchmarks"
SAMPLES = BASE_DIR / "postings" / "samples"
SETTINGS = "tests.benchmarks.settings"
# Above this many postings the bodies are cut, or a board would not fit on a disk.
MOST_WITH_WHOLE_BODIES = 100_000
CUT_BODY_LENGTH = 500


def board(size: int, source: Path, server: str = "") -> str:
    """The address of a board's database with so many live postings, made from those in `source` if need be.

    In a file or, where a PostgreSQL server is named (`postgres://user@host:port`), in a database there.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = f"{re.sub('[^a-z0-9]+', '-', source.name.split('.')[0].lower())}-{size}"
    kept: _Files | _Databases = _Databases(server) if server else _Files()
    code = fingerprint(size, source)
    if not kept.has(f"{name}-{code}"):
        kept.drop_others(name)  # by another recipe, or not finished
        begun = time.monotonic()
        where = "PostgreSQL" if server else "SQLite"
        print(f"Making a board of {size:,} postings from {source} on {where} …", file=sys.stderr, flush=True)
        cut = CUT_BODY_LENGTH if size > MOST_WITH_WHOLE_BODIES else None
        with kept.making(f"{name}-{code}") as database:
            call(database, "tests.benchmarks.multiply.make", size, str(source), cut)
        print(f"… in {time.monotonic() - begun:.0f} seconds.", file=sys.stderr, flush=True)
    return kept.address(f"{name}-{code}")


@contextmanager
def scratch(server: str = "") -> Iterator[str]:
    """An empty database that is thrown away."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept: _Files | _Databases = _Databases(server) if server else _Files()
    kept.drop_others("scratch")
    with kept.making("scratch-board") as database:
        yield database
    kept.drop_others("scratch")


class _Files:
    def _path(self, name: str) -> Path:
        return FOLDER / f"{name}.sqlite3"

    def address(self, name: str) -> str:
        return f"sqlite:///{self._path(name)}"

    def has(self, name: str) -> bool:
        return self._path(name).exists()

    def drop_others(self, name: str) -> None:
        for old in FOLDER.glob(f"{name}-*"):
            old.unlink()

    @contextmanager
    def making(self, name: str) -> Iterator[str]:
        file = self._path(name).with_suffix(".making")
        yield f"sqlite:///{file}"
        file.rename(self._path(name))
        file.with_name(f"{file.name}.import-lock").unlink(missing_ok=True)


class _Databases:
    """On a PostgreSQL server; `server` may name any database of it, through which others are made."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._server = parts._replace(path="").geturl()
        self._through = parts._replace(path=parts.path.rstrip("/") or "/postgres").geturl()

    def address(self, name: str) -> str:
        return f"{self._server}/bench-{name}"

    def has(self, name: str) -> bool:
        return f"bench-{name}" in self._names(f"bench-{name}")

    def _names(self, beginning: str) -> list[str]:
        with psycopg.connect(self._through) as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [beginning])
            return [name for (name,) in rows]

    def _do(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._through, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def drop_others(self, name: str) -> None:
        for old in self._names(f"bench-{name}-"):
            self._do("DROP DATABASE {} WITH (FORCE)", old)

    @contextmanager
    def making(self, name: str) -> Iterator[str]:
        made = f"bench-{name}-making"
        self._do("CREATE DATABASE {}", made)
        yield f"{self._server}/{made}"
        self._do("ALTER DATABASE {} RENAME TO {}", made, f"bench-{name}")


def call(database: str, function: str, *arguments: Any) -> Any:
    """Calls a function, by its dotted name, in a new process whose Django has this database."""
    with ProcessPoolExecutor(1, get_context("spawn"), _set_up, (database,)) as process:
        return process.submit(_call, function, arguments).result()


def environment(database: str) -> dict[str, str]:
    return {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": SETTINGS}


def _set_up(database: str) -> None:
    os.environ.update(environment(database))
    django.setup()


def _call(function: str, arguments: tuple[Any, ...]) -> Any:
    return import_string(function)(*arguments)


def fingerprint(size: int, source: Path) -> str:
    """Of all that decides what a board holds: the postings, and the code that reads, multiplies and indexes them."""
    digest = hashlib.sha256(str(size).encode())
    code = [
        Path(__file__),
        Path(__file__).with_name("multiply.py"),
        *(BASE_DIR / "postings" / name for name in ("rendering.py", "search.py", "words.py")),
        *_files(BASE_DIR / "postings" / "importing", "*.py"),
        *_files(BASE_DIR / "postings" / "migrations", "*.py"),
    ]
    for file in [*code, *_files(source, "*")]:
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _files(path: Path, pattern: str) -> Iterable[Path]:
    return sorted(each for each in path.rglob(pattern) if each.is_file()) if path.is_dir() else [path]
