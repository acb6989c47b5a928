"""One file → what it would write into a posting, on as many processor cores as there are. Pure: no Django.

Reading is most of an import's work (Markdown above all), and needs nothing but the file.
"""

import datetime as dt
import hashlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from postings import rendering, signing
from postings.importing import doubts, facts, layout
from postings.importing.facts import skills
from postings.importing.facts.text import Text
from postings.importing.layout import Refused

log = logging.getLogger(__name__)

# Fewer files than this are read sooner than another process is started.
FEWEST_FOR_PROCESSES = 50


@dataclass(frozen=True, slots=True)
class File:
    """A file's bytes with what is known beside them."""

    path: str  # its place in what was imported, by which the next import knows it
    shown_path: str  # as the operator would find it
    data: bytes
    problem: str = ""  # why it could not be read; empty where `data` holds it
    category: str = ""
    published_on: dt.date | None = None
    published_precision: Literal["day", "month"] = "day"
    fallback_slug: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over all that decides what the file becomes."""
        said = (layout.READER_VERSION, self.category, self.published_on, self.published_precision, self.fallback_slug)
        return hashlib.sha256(repr(said).encode() + self.data).hexdigest()


@dataclass(slots=True)
class Read:
    """One file, read."""

    slug: str
    company: str | None
    values: dict[str, Any]  # by the names of Posting's fields
    facts: facts.Facts
    signature: signing.BodySignature  # by which duplicates are found
    doubts: tuple[str, ...] = ()  # what may mislead in it, in sentences


# What skills are found by: the board's own table, and what an operator added to it.
_vocabulary = skills.DEFAULT


def use_skills(added: Sequence[skills.Skill]) -> None:
    """Finds these skills and spellings, too, in this process from now on."""
    global _vocabulary
    _vocabulary = skills.DEFAULT.extended(added) if added else skills.DEFAULT


def read_facts(text: Text) -> facts.Facts:
    return facts.read_all(text, _vocabulary)


def read(file: File) -> Read | Refused:
    """What a file would write into a posting, or why it is not taken."""
    try:
        parts = layout.read(file.data, file.fallback_slug)
        html = rendering.render(parts.body)
        said = read_facts(parts.text)
        doubtful = doubts.of(file.data, parts)
    except Refused as reason:
        return reason
    except rendering.TooLarge as reason:
        return Refused(str(reason))
    except Exception as error:
        # One file must not stop the others, whatever is wrong with the reader.
        log.exception("The reader failed on %r", file.shown_path)
        return Refused(f"the board's own fault, please report it ({type(error).__name__})")
    values: dict[str, Any] = {
        "title": parts.title,
        "salary_text": parts.salary_text,
        "place": parts.place,
        "other_tags": parts.other_tags,
        "body_markdown": parts.body,
        "body_html": html,
        "excerpt": rendering.excerpt(html),
        "apply_url": parts.apply_url,
    }
    if file.published_on:
        values |= {"published_on": file.published_on, "published_precision": file.published_precision}
    return Read(parts.slug, parts.company, values, said, signing.sign_body(parts.body), doubtful)


class Readers:
    """Reads files, many of them in processes of their own, which start with the first that are worth it."""

    def __init__(self, added_skills: Sequence[skills.Skill] = ()) -> None:
        self._added_skills = added_skills
        use_skills(added_skills)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)

    def read(self, files: Sequence[File]) -> Iterator[Read | Refused]:
        """What `read` says of each, in order; processes are at it before the first is asked for.

        Raises concurrent.futures.process.BrokenProcessPool where a process was killed from outside.
        """
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if len(files) < FEWEST_FOR_PROCESSES or cores == 1:
            return map(read, files)
        if not self._pool:
            # "spawn": a fork would inherit the database connection and the threads of this process.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(
                cores, mp_context=context, initializer=_begin, initargs=(self._added_skills,)
            )
        return self._pool.map(read, files, chunksize=max(1, len(files) // (4 * cores)))


def _begin(added_skills: Sequence[skills.Skill]) -> None:
    use_skills(added_skills)
    _live_and_die_with_parent()


def _live_and_die_with_parent() -> None:
    """Ctrl-C is the parent's to answer; and a parent that is killed outright must not leave readers behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
