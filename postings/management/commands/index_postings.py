"""Reads the arguments, writes the search index again, says how much of it. The index itself is `postings.search`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from postings import changes, search, structured_data
from postings.importing.lock import AnotherImportRuns, import_lock

COULD_NOT_RUN = 3


class Command(BaseCommand):
    help = (
        "Writes the whole search index again, and which postings are withheld from search engines, after its rules "
        "changed or something else than the board wrote to the database; says of how many postings. "
        "Searching goes on meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with import_lock():
                number = search.index_all()
                structured_data.judge_all()
                changes.note(postings=[changes.EVERYTHING])
        except AnotherImportRuns as reason:
            raise CommandError(f"Nothing was indexed: {reason}.", returncode=COULD_NOT_RUN) from None
        self.stdout.write(f"{number:,} {'posting' if number == 1 else 'postings'} indexed.")
