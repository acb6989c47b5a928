"""Looks for postings that may be the same job; the looking itself is `postings.duplicates`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from postings import duplicates
from postings.databases import said_by

COULD_NOT_RUN = 3


class Command(BaseCommand):
    help = (
        "Compares what is new or changed with every other posting that is live or a draft, and suggests in the admin "
        "what may be the same job; nothing is joined. Imports do so for what they bring. Exit status: 0, or 3 where it "
        "could not run."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = duplicates.find()
        except DatabaseError as error:
            said = said_by(error)
            raise CommandError(f"It stopped: {said}. Run it again.", returncode=COULD_NOT_RUN) from error
        self.stdout.write(
            f"{found.looked_at:,} new or changed postings compared: {found.new:,} new suggestions; "
            f"{found.pairs:,} pairs in {found.groups:,} groups to judge."
        )
