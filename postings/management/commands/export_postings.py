"""Prints what the postings say; the parts of it are made by `postings.exporting`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.http import QueryDict

from postings import catalogue, exporting
from postings.filters import PostingFilter


class Command(BaseCommand):
    help = (
        "Prints every posting on standard output: as JSON, one object a line, with its facts; or as Markdown, in the "
        "layout that is imported, one posting after the other. It carries what the posting says, nothing derived."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=sorted(exporting.FORMATS), default="jsonl", help="jsonl")
        parser.add_argument(
            "--query",
            metavar="PARAMETERS",
            help="only the live postings that the list finds, in its order: 'skill=python&country=DE'",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ids = None if options["query"] is None else self._found(options["query"])
        for piece in exporting.export(options["format"], ids):
            self.stdout.write(piece, ending="")

    def _found(self, query: str) -> list[int]:
        """The primary keys of what the list finds; says what was ignored."""
        data = QueryDict(query.removeprefix("?"))
        asked = PostingFilter(data, snapshot=catalogue.build())
        ids = asked.finding[:]
        unknown = [f"There is no parameter “{name}”, so it was left out." for name in data if name not in asked.filters]
        for sentence in (*unknown, *asked.ignored):
            self.stderr.write(sentence)
        return ids
