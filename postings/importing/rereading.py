"""The facts of what is stored, read again: after the rules changed, or a text was edited by hand."""

from collections import Counter
from contextlib import nullcontext

from postings import history
from postings.importing.dry_run import dry_run as without_a_trace
from postings.importing.lock import import_lock
from postings.importing.reading import Readers
from postings.importing.store import Store, added_skills
from postings.models import ImportRun, Posting

BATCH = 200


def reread_all(dry_run: bool = False) -> tuple[int, Counter[str]]:
    """Reads the facts of every posting again: how many postings, and how many values of each fact changed.

    Raises lock.AnotherImportRuns.
    """
    changed: Counter[str] = Counter()
    with import_lock(), without_a_trace() if dry_run else nullcontext():
        ids = list(Posting.objects.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(ids), BATCH):
            changed += reread(ids[start : start + BATCH])
    return len(ids), changed


def reread(posting_ids: list[int]) -> Counter[str]:
    """Reads the facts of these postings again, in one transaction."""
    with history.because("Facts read again."), Readers(added_skills()) as readers:
        return Store("", ImportRun(), readers).reread(posting_ids)
