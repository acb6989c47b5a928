"""Postings out as text on standard output, or as a file. The parts of it are made by `exporting` and `downloads`."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import QueryDict

from postings import catalogue, downloads, exporting, spreadsheets
from postings.filters import PostingFilter
from postings.models import Posting
from postings.resources import PostingResource, ids_of

BINARY = ("archive", "xlsx")


class Command(BaseCommand):
    help = (
        "Prints every posting on standard output: as JSON, one object a line, with its facts; or as Markdown, in the "
        "layout that is imported, one posting after the other. It carries what the posting says, nothing derived. "
        "As csv, xlsx and json come the columns of the admin's export, clicks and status among them; as archive a "
        ".tar.gz of the live postings' files, from which an import makes the same board."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        formats = sorted({*exporting.FORMATS, *downloads.FORMATS})
        parser.add_argument("--format", choices=formats, default="jsonl", help="jsonl")
        parser.add_argument("--output", metavar="FILE", help="instead of standard output; written whole or not at all")
        parser.add_argument(
            "--without-bodies", action="store_true", help="of csv, xlsx and json: leaves the bodies out"
        )
        parser.add_argument(
            "--query",
            metavar="PARAMETERS",
            help="only the live postings that the list finds, in its order: 'skill=python&country=DE'",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        format, output = options["format"], options["output"]
        if options["without_bodies"] and format not in downloads.TABLES:
            raise CommandError(f"--without-bodies is of csv, xlsx and json; {format} always has them.")
        if not output and format in BINARY and sys.stdout.isatty():
            raise CommandError(f"--format {format} is no text: say where with --output FILE.")
        ids = None if options["query"] is None else self._found(options["query"])
        if format in downloads.FORMATS:
            pieces = self._file(format, ids, with_bodies=not options["without_bodies"])
        else:
            pieces = (piece.encode() for piece in exporting.export(format, ids))
        with closing(pieces):  # type: ignore[type-var]
            if output:
                _write_whole(Path(output), pieces)
            elif format in BINARY:
                _write(sys.stdout.buffer, pieces)
            else:
                for piece in pieces:
                    self.stdout.write(piece.decode(), ending="")

    def _file(self, format: str, ids: Sequence[int] | None, with_bodies: bool) -> Iterator[bytes]:
        if ids is None:
            ids = ids_of(Posting.objects.newest_first())
        if format == "xlsx" and len(ids) >= spreadsheets.MOST_ROWS:
            raise CommandError(f"A sheet holds {spreadsheets.MOST_ROWS - 1:,} postings, and there are {len(ids):,}.")
        return downloads.FORMATS[format].make(PostingResource(with_bodies), ids)

    def _found(self, query: str) -> list[int]:
        """The primary keys of what the list finds; says what was ignored."""
        data = QueryDict(query.removeprefix("?"))
        asked = PostingFilter(data, snapshot=catalogue.build())
        ids = asked.finding[:]
        unknown = [f"There is no parameter “{name}”, so it was left out." for name in data if name not in asked.filters]
        for sentence in (*unknown, *asked.ignored):
            self.stderr.write(sentence)
        return ids


def _write(out: IO[bytes], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        out.write(piece)
    out.flush()


def _write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Beside it first, so that a backup that breaks off does not take the place of the last one."""
    beside = path.with_name(f"{path.name}.part")
    try:
        with beside.open("wb") as out:
            _write(out, pieces)
            os.fsync(out.fileno())
        beside.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    finally:
        beside.unlink(missing_ok=True)
