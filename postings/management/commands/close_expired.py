"""Closes what ran out and says how much; for cron. The closing itself is `postings.life`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from postings import life, lockout, sessions, uploads, visitors
from postings.databases import said_by

COULD_NOT_RUN = 3


class Command(BaseCommand):
    help = (
        "Closes the postings that are past their end, and forgets the visitors of past days, week-old uploads that "
        "nobody imported, and logins that are over. Visitors see none of it before it runs, so it may run as seldom as "
        "you like; beside an import, too. Exit status: 0, or 3 where it could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="write nothing, say how many it would close")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        try:
            number = life.close_expired(dry_run)
            if not dry_run:
                visitors.forget_before(visitors.today())
                uploads.forget_old()
                lockout.forget_old()
                sessions.forget_old()
        except DatabaseError as error:
            said = said_by(error)
            raise CommandError(f"It stopped: {said}. Run it again.", returncode=COULD_NOT_RUN) from error
        dry = "Dry run, nothing was written: " if dry_run else ""
        verb = "to close" if dry_run else "closed"
        self.stdout.write(f"{dry}{number:,} expired {'posting' if number == 1 else 'postings'} {verb}.")
