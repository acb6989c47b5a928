"""The whole of one import: paths in, counts out. What the command calls, and the admin can."""

import datetime as dt
import re
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from django.utils import timezone

from postings import bulk, duplicates
from postings.batches import weighed
from postings.history import because
from postings.importing.dry_run import dry_run
from postings.importing.layout import is_visible
from postings.importing.lock import import_lock
from postings.importing.reading import File, Readers
from postings.importing.sources import Limits, Reader, SourceFile, Unreadable
from postings.importing.store import Begun, Result, Store, added_skills
from postings.importing.writing import plain_part
from postings.models import (
    Company,
    ImportedFile,
    ImportRun,
    Likeness,
    Posting,
    PostingTag,
    Signature,
    Tag,
    is_plausible_date,
)

DEFAULT_SOURCE = "files"
# One transaction each: large enough to be quick, small enough that a click-through waits no longer for the
# database than a person would notice.
BATCH_FILES = 100
BATCH_BYTES = 1024 * 1024
BATCHES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Options:
    source: str = DEFAULT_SOURCE
    category: str = ""  # for files whose path says none
    published_on: dt.date | None = None  # likewise
    close_missing: bool = False
    dry_run: bool = False
    limits: Limits = field(default_factory=Limits)
    # Where the paths lie is nobody's affair: they are spoken of, and known again, as if they lay nowhere.
    folder: str = ""
    tell_more: bool = False  # in a dry run: the differences, and the likely duplicates of what is new


class Likely(TypedDict):
    """A posting of which a new one may be a copy."""

    pk: int | None  # None: it is new itself, and nothing to look at yet
    slug: str
    title: str
    reason: str
    score: float


def find_likely(posting_ids: Collection[int]) -> dict[int, list[Likely]]:
    """By the id of each of these new postings that is likely a copy: of what. Asked while all of them are stored."""
    found = duplicates.likely(list(posting_ids))
    others = Posting.objects.only("slug", "title").in_bulk({pk for each in found.values() for pk, *_ in each})
    reasons = dict(Likeness.Reason.choices)
    return {
        new: [
            {
                "pk": pk,
                "slug": others[pk].slug,
                "title": others[pk].title,
                "reason": str(reasons[reason]),
                "score": score,
            }
            for pk, reason, score in each
        ]
        for new, each in found.items()
    }


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
    likely: dict[str, list[Likely]] = field(default_factory=dict)  # by slug, where it was asked for

    @property
    def files(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused


def run_import(
    paths: list[str],
    options: Options,
    report: Callable[[Result], None] = lambda result: None,
    run: ImportRun | None = None,
    expect: Callable[[int], None] = lambda number: None,
) -> Summary:
    """Imports every posting under `paths`; `report` hears what became of each file, in order.

    `run` is the record that somebody made beforehand; nothing is written to that of a dry run. `expect` hears how many
    files there are, where that is known before they are read.
    Raises lock.AnotherImportRuns, or the database's own error where it could not go on; what was reported by
    then is in.
    """
    begun = time.monotonic()
    summary = Summary()
    user = run.started_by if run else None
    with (
        import_lock(),
        dry_run() if options.dry_run else nullcontext(),
        because(f"Import of {options.source}.", user),
        Readers(added_skills()) as readers,
    ):
        if run is None or options.dry_run:
            run = ImportRun.objects.create(source=options.source)
        tells_more = options.dry_run and options.tell_more
        store = Store(options.source, run, readers, keep_seen=options.close_missing, tell_differences=tells_more)
        reader = Reader(options.limits, expect=expect)
        statistics = bulk.Statistics(Posting, PostingTag, ImportedFile, Company, Signature, Posting.history.model)
        for results in _results(store, _batches(_files(reader, paths, options))):
            for result in results:
                name = result.outcome.value
                setattr(summary, name, getattr(summary, name) + 1)
                report(result)
            statistics.grown_by(summary.created)
        summary.skipped = reader.skipped
        if options.close_missing:
            _close_missing(store, summary, reader, report, options)
        if tells_more:
            summary.likely = _likely(store)
        run.skipped, run.not_closed_because = summary.skipped, summary.not_closed_because
        run.finished_at = timezone.now()
        run.save(update_fields=["skipped", "not_closed_because", "finished_at"])
        if not options.dry_run:
            duplicates.find_after_import(run)
    summary.seconds = time.monotonic() - begun
    return summary


def _likely(store: Store) -> dict[str, list[Likely]]:
    """By slug. Ids that are given in a dry run go with it: what is new has none that anybody could look up."""
    new = store.new_postings
    found = find_likely(new.keys())
    return {
        new[pk]: [{**each, "pk": None} if each["pk"] in new else each for each in likely]
        for pk, likely in found.items()
        if likely
    }


def _results(store: Store, batches: Iterator[list[File]]) -> Iterator[list[Result]]:
    """Stores batch after batch; the next ones are being read meanwhile, so that neither waits for the other."""
    begun: deque[Begun] = deque()
    while True:
        try:
            while len(begun) <= BATCHES_AHEAD and (batch := next(batches, None)):
                begun.append(store.begin(batch))
        except BaseException:
            # What was begun is whole, whatever is wrong with the next: it is in before the run stops.
            while begun:
                yield store.finish(begun.popleft())
            raise
        if not begun:
            return
        yield store.finish(begun.popleft())


def _close_missing(
    store: Store, summary: Summary, reader: Reader, report: Callable[[Result], None], options: Options
) -> None:
    if summary.refused:
        summary.not_closed_because = "something was refused, and what is missing may be just that"
    elif reader.empty_paths:
        # A folder that was not mounted looks like a source that has nothing left.
        summary.not_closed_because = f"there is no posting in {_shown(reader.empty_paths[0], options)}"
    else:
        for result in store.close_missing():
            summary.closed += 1
            report(result)


# …/<category>/<YYYY-MM>/<slug>/README.md, and what an export needs besides (importing.writing): a day instead of the
# month, and `-` where there is no date or no category.
_NOT_SAID = "-"
_DATE = re.compile(r"[1-9]\d{3}-(?:0[1-9]|1[0-2])(?P<day>-\d\d)?")
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
        category, date, folder, name = file.parts[-4:]
        # What the name of a folder has that cannot be printed.
        category = plain_part(category).replace("\ufffd", "").strip()
        match = _DATE.fullmatch(date)
        published_on = _date(date) if match else None
        if (published_on or date == _NOT_SAID) and _is_category(category):
            is_plausible = not published_on or is_plausible_date(published_on)
            return File(
                path="/".join((category, date, folder, name)),
                shown_path=file.path,
                data=file.data,
                problem=file.problem or ("" if is_plausible else f"nobody can have published in {date}"),
                category=options.category if file.parts[-4].strip() == _NOT_SAID else category,
                published_on=published_on or options.published_on,
                published_precision="month" if match and not match["day"] else "day",
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


def _is_category(name: str) -> bool:
    return name == _NOT_SAID or (is_visible(name) and len(name) <= MAX_CATEGORY_LENGTH)


def _date(text: str) -> dt.date | None:
    """The day, or the first of the month; None for the 31st of June."""
    try:
        return dt.date.fromisoformat(f"{text}-01"[:10])
    except ValueError:
        return None


def _files(reader: Reader, paths: list[str], options: Options) -> Iterator[File]:
    for path in paths:
        try:
            for file in reader.read(path):
                yield describe(_without_folder(file, options), options)
        except Unreadable as reason:
            shown = _shown(reason.path, options)
            yield File(path=shown, shown_path=shown, data=b"", problem=str(reason))


def _without_folder(file: SourceFile, options: Options) -> SourceFile:
    if not options.folder:
        return file
    above = Path(options.folder).parts
    parts = file.parts[len(above) :] if file.parts[: len(above)] == above else file.parts
    return replace(file, path=_shown(file.path, options), parts=parts)


def _shown(path: str, options: Options) -> str:
    return path.removeprefix(f"{options.folder}/") if options.folder else path


def _batches(files: Iterator[File]) -> Iterator[list[File]]:
    return weighed(files, lambda file: len(file.data), BATCH_BYTES, BATCH_FILES)
