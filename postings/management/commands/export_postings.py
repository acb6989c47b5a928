"""Prints what the postings say; the parts of it are made by `postings.exporting`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from postings import exporting


class Command(BaseCommand):
    help = (
        "Prints every posting on standard output: as JSON, one object a line, with its facts; or as Markdown, in the "
        "layout that is imported, one posting after the other. It carries what the posting says, nothing derived."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=sorted(exporting.FORMATS), default="jsonl", help="jsonl")

    def handle(self, *args: Any, **options: Any) -> None:
        for piece in exporting.export(options["format"]):
            self.stdout.write(piece, ending="")
