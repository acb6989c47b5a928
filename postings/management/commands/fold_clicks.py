from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from postings import clicks


class Command(BaseCommand):
    help = "Takes the click-throughs that wait in the journal into the database. Running boards do so by themselves."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            folded = clicks.fold()
        except (Error, OSError) as reason:
            raise CommandError(f"Some still wait in the journal, and none is lost: {reason}", returncode=3) from None
        self.stdout.write(f"Folded {folded:,} click-throughs.")
