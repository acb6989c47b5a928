"""The whole of one import: paths in, counts out. What the command calls, and the admin can."""

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

from django.utils import timezone

from postings import duplicates
from postings.importing.dry_run import dry_run
from postings.importing.lock import import_lock
from postings.importing.reading import File, Readers
from postings.importing.sources import Limits, Reader, SourceFile, Unreadable
from postings.importing.store import Result, Store, added_skills
from postings.models import ImportRun, Tag, is_plausible_date

DEFAULT_SOURCE = "files"
# One transaction each: large enough to be quick, small enough that a click-through waits no longer for the
# database than a person would notice.
BATCH_FILES = 100
BATCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    source: str = DEFAULT_SOURCE
    category: str = ""  # for files whose path says none
    published_on: dt.date | None = None  # likewise
    close_missing: bool = False
    dry_run: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class Summary:
    """The counts of one run, of files (but `closed`, of postings), and why it did not close what it was asked to."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    skipped: int = 0
    closed: int = 0
    seconds: float = 0.0
    not_closed_because: str = ""

    @property
    def files(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused


def run_import(paths: list[str], options: Options, report: Callable[[Result], None] = lambda result: None) -> Summary:
    """Imports every posting under `paths`; `report` hears what became of each file, in order.

    Raises lock.AnotherImportRuns, or the database's own error where it could not go on; what was reported by
    then is in.
    """
    begun = time.monotonic()
    summary = Summary()
    with import_lock(), dry_run() if options.dry_run else nullcontext(), Readers(added_skills()) as readers:
        run = ImportRun.objects.create(source=options.source)
        store = Store(options.source, run, readers, keep_seen=options.close_missing)
        reader = Reader(options.limits)
        for results in _results(store, _batches(_files(reader, paths, options))):
            for result in results:
                name = result.outcome.value
                setattr(summary, name, getattr(summary, name) + 1)
                report(result)
        summary.skipped = reader.skipped
        if options.close_missing:
            _close_missing(store, summary, reader, report)
        run.skipped, run.finished_at = summary.skipped, timezone.now()
        run.save(update_fields=["skipped", "finished_at"])
        if not options.dry_run:
            duplicates.find_after_import(run)
    summary.seconds = time.monotonic() - begun
    return summary


def _results(store: Store, batches: Iterator[list[File]]) -> Iterator[list[Result]]:
    """Stores batch after batch; each is being read while the one before it is stored."""
    begun = None
    while True:
        try:
            batch = next(batches, None)
            following = store.begin(batch) if batch else None
        except BaseException:
            # What was begun is whole, whatever is wrong with the next: it is in before the run stops.
            if begun:
                yield store.finish(begun)
            raise
        if begun:
            yield store.finish(begun)
        if not following:
            return
        begun = following


def _close_missing(store: Store, summary: Summary, reader: Reader, report: Callable[[Result], None]) -> None:
    if summary.refused:
        summary.not_closed_because = "something was refused, and what is missing may be just that"
    elif reader.empty_paths:
        # A folder that was not mounted looks like a source that has nothing left.
        summary.not_closed_because = f"there is no posting in {reader.empty_paths[0]}"
    else:
        for result in store.close_missing():
            summary.closed += 1
            report(result)


# …/<category>/<YYYY-MM>/<slug>/README.md
_MONTH = re.compile(r"(?P<year>[1-9]\d{3})-(?P<month>0[1-9]|1[0-2])")
_PLAIN_NAMES = {"readme", "index", "posting", "-"}
MAX_CATEGORY_LENGTH = Tag._meta.get_field("name").max_length or 0


def describe(file: SourceFile, options: Options) -> File:
    """A file with what its path says, and what the options say where the path is silent."""
    named = file.parts[-1].rpartition(".")[0] if file.parts else ""
    if named.casefold() in _PLAIN_NAMES:
        # README.md says nothing; the folder it lies in does.
        named = file.parts[-2] if len(file.parts) > 1 else ""
    named = "-".join(named.split())
    if len(file.parts) >= 4:
        category, month, folder, name = file.parts[-4:]
        category = category.strip()
        match = _MONTH.fullmatch(month)
        if match and 0 < len(category) <= MAX_CATEGORY_LENGTH:
            published_on = dt.date(int(match["year"]), int(match["month"]), 1)
            return File(
                path="/".join((category, month, folder, name)),
                shown_path=file.path,
                data=file.data,
                problem=file.problem
                or ("" if is_plausible_date(published_on) else f"nobody can have published in {month}"),
                category=category,
                published_on=published_on,
                published_precision="month",
                fallback_slug=named,
            )
    return File(
        path=file.inside,
        shown_path=file.path,
        data=file.data,
        problem=file.problem,
        category=options.category,
        published_on=options.published_on,
        fallback_slug=named,
    )


def _files(reader: Reader, paths: list[str], options: Options) -> Iterator[File]:
    for path in paths:
        try:
            for file in reader.read(path):
                yield describe(file, options)
        except Unreadable as reason:
            yield File(path=reason.path, shown_path=reason.path, data=b"", problem=str(reason))


def _batches(files: Iterator[File]) -> Iterator[list[File]]:
    batch: list[File] = []
    size = 0
    for file in files:
        batch.append(file)
        size += len(file.data)
        if len(batch) == BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
