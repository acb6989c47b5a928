"""Files that have their name only when they are whole and on the disk, and which of them stay. Pure: no Django."""

import datetime as dt
import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postings.backups import Refused

# Passwords' hashes stand in them.
MODE = 0o600
_OWN_NAME = re.compile(r"board-\d{8}-\d{6}\.(sqlite3|dump)")
_PART = re.compile(rf"\.{_OWN_NAME.pattern}\.\d+\.part")
# A part that is older was left behind by a process that was killed.
_PART_IS_OLD = 86_400  # seconds


def name(moment: dt.datetime, ending: str) -> str:
    """By which backups stand in the order of their age."""
    return f"board-{moment.astimezone(dt.UTC):%Y%m%d-%H%M%S}.{ending}"


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Gives an empty file beside it, for its owner alone; what stands in that at the end gets this name.

    Never over another file, and nothing is left where it does not succeed. Raises Refused and OSError.
    """
    if os.path.lexists(path):
        raise _is_there(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE))
    try:
        yield part
        _sync(part)
        _rename(part, path)
        _sync(path.parent)
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            left.unlink(missing_ok=True)


def _rename(part: Path, path: Path) -> None:
    """Where there is none of this name. (os.rename would take another's place.)"""
    try:
        os.link(part, path)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        # File systems for memory sticks know no second name.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        if os.path.lexists(path):
            raise _is_there(path) from None
        os.rename(part, path)


def _is_there(path: Path) -> Refused:
    return Refused(f"{path} exists, and no backup is written over another file")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rotate(folder: Path, keep: int) -> list[Path]:
    """Deletes all but the newest so many of the backups that were named by `name`; gives what it deleted.

    By their names, which do not change when a file is copied. Goes also what a killed backup left.
    """
    entries = [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    own = sorted(path for path in entries if _OWN_NAME.fullmatch(path.name))
    old = own[: max(0, len(own) - keep)]
    parts = [path for path in entries if _PART.fullmatch(path.name)]
    left = [path for path in parts if path.stat().st_mtime < time.time() - _PART_IS_OLD]
    for path in [*old, *left]:
        path.unlink(missing_ok=True)
    return old
