"""Reads the arguments, brings a backup back, says what became of the board. The work itself is `postings.backups`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from postings.backups import Refused, Stopped, restoring
from postings.backups.saying import ERRORS, bar, count, why
from postings.importing.lock import AnotherImportRuns

WRONG_ARGUMENTS, COULD_NOT_RUN, INTERRUPTED = 2, 3, 130


class Command(BaseCommand):
    help = (
        "Puts what `backup` wrote in the place of the board, at once and while it runs; running workers notice by "
        "themselves. A backup of an older version is migrated. Exit status: 0; 2 wrong arguments, no backup, or one of "
        "a newer version; 3 it could not run. Unless it is 0 the board is as it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
        parser.add_argument(
            "--replace", action="store_true", help="also where the board has postings; it is kept in a file first"
        )
        parser.add_argument(
            "--folder", type=Path, help="where that file goes (beside the database; of PostgreSQL var/backups)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with bar() as report:
                done = restoring.restore(options["file"], options["replace"], options["folder"], report)
        except Refused as reason:
            raise CommandError(f"Nothing was restored: {reason}.", returncode=WRONG_ARGUMENTS) from None
        except AnotherImportRuns as reason:
            raise CommandError(f"Nothing was restored: {reason}.", returncode=COULD_NOT_RUN) from None
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted: the board is the one that it was or, where that was already done, the backup's.",
                returncode=INTERRUPTED,
            ) from None
        except (Stopped, DatabaseError, OSError, *ERRORS) as error:
            raise CommandError(f"Nothing was restored: {why(error)}.", returncode=COULD_NOT_RUN) from error
        migrated = ", migrated to this version" if done.is_migrated else ""
        self.stdout.write(f"{count(done.postings, 'posting')} restored{migrated}, in {done.seconds:.1f} seconds.")
        if done.replaced:
            self.stdout.write(f"The board that was is in {done.replaced}.")
        if done.waiting:
            self.stderr.write(
                f"{count(done.waiting, 'click-through')} of the board that was wait in the journal, and will be "
                "counted in this one where it has the posting."
            )
