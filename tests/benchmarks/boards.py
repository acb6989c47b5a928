"""Boards of a given size, each in a file of its own; made once for a recipe. Nothing here imports the models."""

import hashlib
import os
import re
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.utils.module_loading import import_string

BASE_DIR = Path(__file__).resolve().parents[2]
FOLDER = BASE_DIR / "var" / "benchmarks"
SAMPLES = BASE_DIR / "postings" / "samples"
SETTINGS = "tests.benchmarks.settings"
# Above this many postings the bodies are cut, or a board would not fit on a disk.
MOST_WITH_WHOLE_BODIES = 100_000
CUT_BODY_LENGTH = 500


def board(size: int, source: Path) -> str:
    """The address of a board's database with so many live postings, made from those in `source` if need be."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = f"{re.sub('[^a-z0-9]+', '-', source.name.split('.')[0].lower())}-{size}"
    file = FOLDER / f"{name}-{_fingerprint(size, source)}.sqlite3"
    if not file.exists():
        for old in FOLDER.glob(f"{name}-*"):  # by another recipe, or not finished
            old.unlink()
        making = file.with_suffix(".making")
        begun = time.monotonic()
        print(f"Making a board of {size:,} postings from {source} …", flush=True)
        cut = CUT_BODY_LENGTH if size > MOST_WITH_WHOLE_BODIES else None
        call(f"sqlite:///{making}", "tests.benchmarks.multiply.make", size, str(source), cut)
        making.rename(file)
        making.with_name(f"{making.name}.import-lock").unlink()
        print(f"… in {time.monotonic() - begun:.0f} seconds, {file.stat().st_size / 1e6:,.0f} MB.", flush=True)
    return f"sqlite:///{file}"


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


def _fingerprint(size: int, source: Path) -> str:
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
