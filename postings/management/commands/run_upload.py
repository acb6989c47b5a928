"""Carries out an import that was asked for in the admin. The work itself is `postings.uploads`."""

import os
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from postings import uploads
from postings.models import ImportRun

SOME_REFUSED, WRONG_ARGUMENTS, COULD_NOT_RUN = 1, 2, 3
# The pages that visitors wait for come first.
NICENESS = 5


class Command(BaseCommand):
    help = (
        "Carries out an import that was asked for in the admin, which starts this by itself. What it does and how it "
        "ends is told on the import's page. Exit status: 0 every posting was taken (or would be); 1 some file was "
        "refused; 2 there is no such import that waits to begin; 3 it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, metavar="NUMBER", help="the import's number, as in its page's address")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = uploads.carry_out(options["run"])
        except uploads.NotTaken as reason:
            raise CommandError(str(reason), returncode=WRONG_ARGUMENTS) from None
        if run.state != ImportRun.State.FINISHED:
            raise CommandError(f"The import {run.state_in_words}.", returncode=COULD_NOT_RUN)
        self.stdout.write(f"The import {run.state_in_words}.")
        if run.refused:
            sys.exit(SOME_REFUSED)

    def run_from_argv(self, argv: list[str]) -> None:
        """As a process, and not where somebody calls the command from Python."""
        os.nice(NICENESS)
        signal.signal(signal.SIGTERM, _interrupt)
        super().run_from_argv(argv)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
