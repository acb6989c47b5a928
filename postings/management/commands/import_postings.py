"""Reads the arguments, imports, says what became of it. The import itself is `postings.importing.run`."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.db import DatabaseError
from tqdm import tqdm

from postings.databases import said_by
from postings.importing import asking, run, sources
from postings.importing.lock import AnotherImportRuns
from postings.importing.store import Outcome, Result
from postings.models import Posting

SOME_REFUSED, WRONG_ARGUMENTS, COULD_NOT_RUN, INTERRUPTED = 1, 2, 3, 130
_HALF_WAY = "What it had taken by then is in; run it again to take the rest."
Value = TypeVar("Value")


class Command(BaseCommand):
    help = (
        "Imports job postings from files, folders, archives (.tar, .tar.gz, .tar.bz2, .tar.xz, .zip) or standard "
        "input (-). Files that were imported before change nothing. Exit status: 0 every posting was taken; "
        "1 some file was refused, the rest is in; 2 wrong arguments; 3 it could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder or archive; - is standard input")
        parser.add_argument(
            "--source",
            type=_argument(asking.source),
            default=run.DEFAULT_SOURCE,
            metavar="NAME",
            help="where the postings come from; a posting is known by its source and its name there (files)",
        )
        parser.add_argument(
            "--category",
            type=_argument(asking.category),
            default="",
            metavar="NAME",
            help="for files whose path is not …/<category>/<YYYY-MM>/<slug>/<file>",
        )
        parser.add_argument(
            "--published",
            type=_argument(asking.published_on),
            metavar="YYYY-MM-DD",
            help="the employer's date, likewise for such files",
        )
        parser.add_argument(
            "--close-missing",
            action="store_true",
            help="the paths are everything the source has: close its live postings that are not among them",
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing, say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["paths"]
        _check_paths(paths)
        bar = tqdm(
            total=sources.count_files(paths) if sys.stderr.isatty() else None,
            disable=None,  # shown on a terminal only
            unit=" files",
            file=sys.stderr,
        )

        def report(result: Result) -> None:
            if result.outcome is Outcome.CLOSED:
                if options["dry_run"]:
                    self._tell(self.stdout, f"would close {result.slug}")
                return
            bar.update()
            if result.outcome is Outcome.REFUSED:
                self._tell(self.stderr, f"refused {result.path}: {result.reason}")
            for doubt in result.doubts:
                self._tell(self.stderr, f"doubtful {result.path}: {doubt}")
            if options["dry_run"] and result.outcome is Outcome.UPDATED and result.changed:
                names = ", ".join(Posting.PINNABLE[name] for name in result.changed)
                self._tell(self.stdout, f"would update {result.slug}: {names}")

        try:
            with bar:
                summary = run.run_import(
                    paths,
                    run.Options(
                        source=options["source"],
                        category=options["category"],
                        published_on=options["published"],
                        close_missing=options["close_missing"],
                        dry_run=options["dry_run"],
                    ),
                    report,
                )
        except AnotherImportRuns as reason:
            raise CommandError(f"Nothing was imported: {reason}.", returncode=COULD_NOT_RUN) from None
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted. {_HALF_WAY}", returncode=INTERRUPTED) from None
        except (DatabaseError, OSError, BrokenExecutor) as error:
            raise CommandError(_why_it_stopped(error), returncode=COULD_NOT_RUN) from error
        self._tell(self.stdout, _sentence(summary, options))
        if summary.refused:
            sys.exit(SOME_REFUSED)

    def _tell(self, stream: OutputWrapper, line: str) -> None:
        """Prints a line above the progress bar, which would otherwise run through it."""
        try:
            with tqdm.external_write_mode(file=sys.stderr):
                stream.write(line)
                stream.flush()
        except OSError:
            # Nobody listens any more (a closed pipe, a full disk). The import matters more than its words, which
            # are on record in the admin; and Python must not stumble over the rest of them when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _sentence(summary: run.Summary, options: dict[str, Any]) -> str:
    """The one line that says it all."""
    parts = [
        f"{summary.created:,} created",
        f"{summary.updated:,} updated",
        f"{summary.unchanged:,} unchanged",
        f"{summary.refused:,} refused",
    ]
    if options["close_missing"]:
        parts.append(
            f"none closed, because {summary.not_closed_because}"
            if summary.not_closed_because
            else f"{summary.closed:,} {'to close' if options['dry_run'] else 'closed'}"
        )
    if summary.skipped:
        parts.append(f"{summary.skipped:,} other {'file' if summary.skipped == 1 else 'files'} skipped")
    rate = f" ({summary.files / summary.seconds:,.0f} a second)" if summary.files and summary.seconds else ""
    dry = "Dry run, nothing was written: " if options["dry_run"] else ""
    return f"{dry}{', '.join(parts)} in {summary.seconds:.1f} seconds{rate}."


def _check_paths(paths: list[str]) -> None:
    for path in paths:
        if path == sources.STANDARD_INPUT:
            continue
        if not path:
            raise CommandError("A path is empty.", returncode=WRONG_ARGUMENTS)
        if not os.path.exists(path):
            raise CommandError(f"There is no {path!r}.", returncode=WRONG_ARGUMENTS)
        if not os.access(path, os.R_OK):
            raise CommandError(f"{path!r} may not be read.", returncode=WRONG_ARGUMENTS)
        if not os.path.isdir(path) and not sources.is_readable_name(path):
            raise CommandError(
                f"{path!r} is neither a posting (.md, .markdown, .txt) nor an archive (.tar, .tar.gz, .tar.bz2, "
                ".tar.xz, .zip).",
                returncode=WRONG_ARGUMENTS,
            )
    if paths.count(sources.STANDARD_INPUT) > 1:
        raise CommandError("Standard input (-) can be read only once.", returncode=WRONG_ARGUMENTS)


def _argument(rule: Callable[[str], Value]) -> Callable[[str], Value]:
    """A rule of `asking` as argparse wants it."""

    def read(text: str) -> Value:
        try:
            return rule(text)
        except asking.WrongOption as reason:
            raise argparse.ArgumentTypeError(str(reason)) from None

    return read


def _why_it_stopped(error: BaseException) -> str:
    said = said_by(error)
    if re.search(r"no such table|relation .* does not exist", said):
        return "Nothing was imported: the database has no tables yet. Run `manage.py migrate` first."
    return f"The import stopped: {said}. {_HALF_WAY}"
