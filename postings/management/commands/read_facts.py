"""Reads the facts of what is stored again; the reading itself is `postings.importing.rereading`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from postings.importing.lock import AnotherImportRuns
from postings.importing.rereading import reread_all
from postings.models import Posting

COULD_NOT_RUN = 3


class Command(BaseCommand):
    help = (
        "Reads salary, places, skills and the other facts of every stored posting again, after their rules or the "
        "skills' spellings changed, and says how many values of each changed. What a person pinned stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="write nothing, say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            number, changed = reread_all(options["dry_run"])
        except AnotherImportRuns as reason:
            raise CommandError(f"Nothing was read: {reason}.", returncode=COULD_NOT_RUN) from None
        for name in (*Posting.PINNED_AS.values(), "salary", "apply_keyword"):
            if changed[name]:
                self.stdout.write(f"{name.replace('_', ' ')}: {changed[name]:,} changed")
        dry = "Dry run, nothing was written: " if options["dry_run"] else ""
        self.stdout.write(f"{dry}{changed.total():,} values changed in {number:,} postings.")
