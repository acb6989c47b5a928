"""Reads the arguments, makes a backup, says what is in it and what is not. The work itself is `postings.backups`."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.template.defaultfilters import filesizeformat

from postings.backups import Refused, Stopped, making
from postings.backups.saying import ERRORS, bar, count, why

WRONG_ARGUMENTS, COULD_NOT_RUN, INTERRUPTED = 2, 3, 130


class Command(BaseCommand):
    help = (
        "Writes the whole board into one file while it runs: of SQLite by its online backup, of PostgreSQL by pg_dump. "
        "The file is checked, for its owner alone, and has its name only when it is whole. Exit status: 0; 2 wrong "
        "arguments; 3 it could not run, and no file was written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, metavar="FILE", help="a new file, instead of one named by the time (UTC)"
        )
        parser.add_argument(
            "--folder", type=Path, default=making.DEFAULT_FOLDER, help=f"where that goes ({making.DEFAULT_FOLDER})"
        )
        parser.add_argument(
            "--keep",
            type=_at_least_one,
            metavar="N",
            help="then delete all but the newest N files that this command named in that folder; one for each board",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] and options["keep"]:
            raise CommandError(
                "--keep is for files that are named by the time: leave FILE out.", returncode=WRONG_ARGUMENTS
            )
        try:
            with bar() as report:
                made = making.make(options["folder"], options["file"], options["keep"], report)
        except Refused as reason:
            raise CommandError(f"No backup was made: {reason}.", returncode=WRONG_ARGUMENTS) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted: no backup was made.", returncode=INTERRUPTED) from None
        except (Stopped, DatabaseError, OSError, *ERRORS) as error:
            raise CommandError(f"No backup was made: {why(error)}.", returncode=COULD_NOT_RUN) from error
        self.stdout.write(
            f"{count(made.postings, 'posting')} in {made.path} ({filesizeformat(made.bytes)}), "
            f"whole and checked, in {made.seconds:.1f} seconds."
        )
        self.stdout.write(
            "Not in it: the secret key (SECRET_KEY or var/secret_key), the settings in the environment, and who "
            "visited today."
        )
        if made.waiting:
            self.stderr.write(f"{count(made.waiting, 'click-through')} could not be taken in and wait in the journal.")
        for path in made.deleted:
            self.stdout.write(f"deleted {path}")


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1, which is the one that is made")
    return number
