"""Folders for what an import needs on the disk for a while: an upload's bytes, a dry run's copy of the database.

They go with the import. Of a process that was killed they stay, and the next import takes them away. Pure: no Django.
"""

import fcntl
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

PREFIX = "jobboard-import-"
# A folder that was made a moment ago may be just about to be locked.
YOUNG_SECONDS = 60.0


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder for this process's user alone, locked for as long as it is in use."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, _opened(Path(name)) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield Path(name)


def _sweep(top: Path) -> None:
    """Takes away the folders whose process is gone: a lock goes with its process, whatever ended that."""
    for path in top.glob(f"{PREFIX}*"):
        try:
            if not _is_old_and_ours(path):
                continue
            with _opened(path) as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
        except (BlockingIOError, FileNotFoundError):
            continue  # in use, or another import was quicker
        except OSError as error:
            log.warning("What an import that was killed left in %s could not be taken away: %s", path, error)
        else:
            log.info("Took away what an import that was killed left in %s", path)


def _is_old_and_ours(path: Path) -> bool:
    """The folder for temporary files belongs to all: what somebody else called so is let alone, and links are."""
    found = path.lstat()
    is_young = abs(time.time() - found.st_mtime) < YOUNG_SECONDS
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not is_young


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
