"""The sample postings for a board that has nothing yet; what `make run` calls on every start."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from postings.importing import run
from postings.importing.lock import AnotherImportRuns
from postings.models import SAMPLES, ImportRun, Posting

SAMPLES_FOLDER = Path(__file__).resolve().parents[2] / "samples"


class Command(BaseCommand):
    help = "Imports the sample postings, once, into a board that has no posting and never imported any."

    def handle(self, *args: Any, **options: Any) -> None:
        # A first start that was cut off left some of the samples: then the rest come now.
        has_others = Posting.objects.exclude(source=SAMPLES).exists()
        if has_others or ImportRun.objects.filter(finished_at__isnull=False, is_dry_run=False).exists():
            return
        try:
            run.run_import([str(SAMPLES_FOLDER)], run.Options(source=SAMPLES))
        except AnotherImportRuns as reason:
            raise CommandError(f"The samples were not loaded: {reason}.", returncode=3) from None
        number = Posting.objects.filter(source=SAMPLES).count()
        self.stdout.write(
            f"{number} sample postings, all invented, are in; in the admin they are the source “{SAMPLES}”."
        )
