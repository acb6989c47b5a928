"""What operators upload to be imported: taken, carried out in a process of its own, and forgotten in time.

The admin takes a file, makes the record of a run and starts `manage.py run_upload`, which outlives the web worker:
all that the two know of each other stands in the database.
"""

import datetime as dt
import logging
import subprocess  # noqa: S404  the call says what it runs
import sys
import threading
import unicodedata
from concurrent.futures import BrokenExecutor
from typing import Any, Protocol

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from postings.databases import said_by
from postings.importing import layout, run, sources
from postings.importing.lock import AnotherImportRuns
from postings.importing.pulse import Pulse
from postings.importing.scratch import scratch_folder
from postings.importing.store import Outcome, Result
from postings.models import ImportRun, PlannedFile, Upload

log = logging.getLogger(__name__)

MOST_BYTES = 25 * 1024 * 1024
# Of 10,000 postings the largest archive seen would unpack to 60 MiB; twice that is room enough, and no bomb.
LIMITS = sources.Limits(files=10_000, bytes=128 * 1024 * 1024)
# What nobody imported goes after so long, and the findings of dry runs.
KEPT_FOR = dt.timedelta(days=7)
# All of the files are planned, and of postings to close so many are named; the run counts all of them.
MOST_CLOSED_NAMED = 10_000
MAX_NAME_LENGTH = 60


class NotTaken(Exception):
    """What was asked for cannot be done; its text says why, as a sentence for people."""


class File(Protocol):
    """As Django gives what was uploaded."""

    name: str | None
    size: int | None

    def read(self) -> bytes: ...


# --- Taken ------------------------------------------------------------------------------------------


def take(file: File, user: Any) -> Upload:
    """Keeps a file, under a name that says what is in it. Raises NotTaken."""
    size = file.size or 0
    if not size:
        raise NotTaken("The file is empty.")
    if size > MOST_BYTES:
        raise NotTaken(too_large())
    data = file.read()
    upload = Upload(name=file_name(file.name or "", kind_of(data)), data=data, size=size, uploaded_by=user)
    forget_old(user)
    upload.save()
    return upload


def too_large() -> str:
    most = f"at most {MOST_BYTES // 1024**2} MiB can be uploaded"
    return f"The file is too large: {most}. A larger one is imported with manage.py import_postings."


def kind_of(data: bytes) -> str:
    """The ending that says what these bytes are: of an archive, or `.md`. Whatever the file was called."""
    if ending := sources.archive_ending(data):
        return ending
    neither = "It is neither a posting (text in UTF-8) nor an archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .zip)"
    if len(data) > layout.MAX_BYTES:
        raise NotTaken(f"{neither}: one posting has at most {layout.MAX_BYTES // 1024} KiB.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotTaken(f"{neither}: it is not UTF-8 at byte {error.start:,}.") from None
    if "\0" in text:
        raise NotTaken(f"{neither}.")
    return ".md"


def file_name(name: str, kind: str) -> str:
    """A name that may lie on any disk and stand on any page, with an ending that is right for what is in the file."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(char for char in name if char.isprintable() and char not in ':*?"<>|').strip(" .-") or "upload"
    known = tuple(sources.READ_ENDINGS) if kind == ".md" else sources.endings_like(kind)
    ending = next((each for each in sorted(known, key=len, reverse=True) if name.lower().endswith(each)), "")
    stem = name[: len(name) - len(ending)].rstrip(" .") or "upload"
    return f"{stem[:MAX_NAME_LENGTH]}{name[len(name) - len(ending) :] if ending else kind}"


# --- Asked for and started --------------------------------------------------------------------------


def ask(upload: Upload, user: Any, source: str, **options: Any) -> ImportRun:
    """Makes the record of a dry run and starts it."""
    asked = ImportRun.objects.create(upload=upload, started_by=user, source=source, is_dry_run=True, **options)
    start(asked)
    return asked


def run_again(of: ImportRun, user: Any, is_dry_run: bool) -> ImportRun:
    """Asks for another run of the same upload with the same options, and starts it. Raises NotTaken."""
    with transaction.atomic():
        # Two who press the button at once come here one after the other.
        upload = Upload.objects.select_for_update().defer("data").filter(pk=of.upload_id or 0, cleared_at=None).first()
        if upload is None:
            raise NotTaken("Its file is no longer kept. Upload it again.")
        if upload.runs.going_on().exists():
            raise NotTaken("It runs already.")
        asked = ImportRun.objects.create(
            upload=upload,
            started_by=user,
            is_dry_run=is_dry_run,
            source=of.source,
            category=of.category,
            published_on=of.published_on,
            close_missing=of.close_missing,
        )
    start(asked)
    return asked


def start(asked: ImportRun) -> None:
    """Starts the run's process, in a session of its own: nothing that ends the web worker ends it."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_upload", str(asked.pk)]
    try:
        process = subprocess.Popen(  # noqa: S603  our own command, with a number
            command,
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        log.exception("The process of import %s did not start", asked.pk)
        _stop(asked, f"its process could not be started ({error.strerror or error})")
        return
    # Somebody must ask how it ended, or the system keeps it in its books.
    threading.Thread(target=process.wait, name=f"import {asked.pk}", daemon=True).start()


# --- Carried out ------------------------------------------------------------------------------------


def carry_out(run_id: int) -> ImportRun:
    """Does what was asked for: what `manage.py run_upload` calls. The record tells how it went.

    Raises NotTaken where there is no such run that waits to begin.
    """
    waiting = ImportRun.objects.filter(pk=run_id, last_sign=None, finished_at=None, stopped_because="")
    # One statement, so that of two processes one begins.
    if not waiting.exclude(upload=None).update(last_sign=timezone.now()):
        raise NotTaken(f"There is no import {run_id} that waits to begin.")
    asked = ImportRun.objects.for_page().get(pk=run_id)
    try:
        with Pulse(asked) as pulse:
            _import(asked, pulse)
    except (AnotherImportRuns, NotTaken) as reason:
        _stop(asked, str(reason))
    except KeyboardInterrupt:
        _stop(asked, "it was told to end, as happens when the board or the machine is shut down")
    except (DatabaseError, OSError, BrokenExecutor) as error:
        log.exception("Import %s stopped", run_id)
        _stop(asked, said_by(error))
    except Exception as error:
        log.exception("Import %s failed", run_id)
        _stop(asked, f"the board's own fault, please report it ({type(error).__name__})")
    return asked


def _import(asked: ImportRun, pulse: Pulse) -> None:
    planned: list[Result] = []

    def hear(result: Result) -> None:
        pulse.hear(result)
        if asked.is_dry_run and result.outcome is not Outcome.UNCHANGED:
            planned.append(result)

    with scratch_folder() as folder:
        path = folder / (asked.upload.name if asked.upload else "")
        path.write_bytes(_bytes_of(asked))
        options = run.Options(
            source=asked.source,
            category=asked.category,
            published_on=asked.published_on,
            close_missing=asked.close_missing,
            dry_run=asked.is_dry_run,
            limits=LIMITS,
            folder=str(folder),
            tell_more=True,
        )
        summary = run.run_import([str(path)], options, hear, asked, pulse.expect)
    if asked.is_dry_run:
        _note_plan(asked, summary, planned)
    else:
        _clear(Upload.objects.filter(pk=asked.upload_id or 0))


def _bytes_of(asked: ImportRun) -> bytes:
    kept = Upload.objects.filter(pk=asked.upload_id or 0, cleared_at=None).values_list("data", flat=True).first()
    if kept is None:
        raise NotTaken("its file is no longer kept; upload it again")
    return bytes(kept)


def _note_plan(asked: ImportRun, summary: run.Summary, planned: list[Result]) -> None:
    names = ["created", "updated", "unchanged", "refused", "closed", "skipped", "not_closed_because"]
    for name in names:
        setattr(asked, name, getattr(summary, name))
    asked.finished_at = asked.last_sign = timezone.now()
    with transaction.atomic():
        named = 0
        rows = []
        for result in planned:
            named += result.outcome is Outcome.CLOSED
            if result.outcome is not Outcome.CLOSED or named <= MOST_CLOSED_NAMED:
                rows.append(_planned(asked, result, summary.likely))
        PlannedFile.objects.bulk_create(rows, batch_size=500)
        # How many files there are is the pulse's to write.
        asked.save(update_fields=[*names, "finished_at", "last_sign"])


def _planned(asked: ImportRun, result: Result, likely: dict[str, list[run.Likely]]) -> PlannedFile:
    copies = likely.get(result.slug, []) if result.outcome is Outcome.CREATED else []
    return PlannedFile(
        run=asked,
        path=result.path,
        outcome=result.outcome.value,
        slug=result.slug,
        title=result.title,
        reason=result.reason or " ".join(result.doubts),
        differences=list(result.differences),
        likely=copies,
        has_likely=bool(copies),
    )


def _stop(asked: ImportRun, reason: str) -> None:
    asked.stopped_because = reason
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        ImportRun.objects.filter(pk=asked.pk).update(stopped_because=reason)
    except DatabaseError:
        # It will show as cut off, for its signs of life end.
        log.exception("Import %s could not say that it stopped: %s", asked.pk, reason)


# --- Forgotten --------------------------------------------------------------------------------------


def forget_old(replaced_by: Any = None) -> None:
    """Drops the bytes of uploads, and the findings of dry runs, that are older than KEPT_FOR; and the bytes of those
    that `replaced_by`, who uploads another file now, never imported. What waits or runs is left alone."""
    now = timezone.now()
    old = now - KEPT_FOR
    busy = list(ImportRun.objects.going_on().exclude(upload=None).values_list("upload", flat=True))
    kept = Upload.objects.filter(cleared_at=None).exclude(pk__in=busy)
    if replaced_by is not None:
        _clear(kept.filter(uploaded_by=replaced_by).exclude(runs__is_dry_run=False))
    _clear(kept.filter(uploaded_at__lt=old).exclude(runs__started_at__gte=old))
    ImportRun.objects.filter(is_dry_run=True, started_at__lt=old).exclude(upload__in=busy).delete()
    Upload.objects.filter(uploaded_at__lt=old, runs=None).exclude(cleared_at=None).only("pk").delete()


def _clear(uploads: QuerySet[Upload]) -> None:
    Upload.objects.filter(pk__in=list(uploads.values_list("pk", flat=True))).update(data=b"", cleared_at=timezone.now())
