"""What every change by an operator has in common: when, why and by whom stands in the history and the admin's log."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, QuerySet
from django.utils import timezone

from postings import changes, history
from postings.models import Posting

_ROWS_AT_ONCE = 200


def write(postings: Sequence[Posting], fields: Sequence[str], user: Any, reason: str) -> None:
    """Stores these fields of many postings, as one change of the board; in the caller's transaction, under its lock."""
    now = timezone.now()
    for posting in postings:
        posting.changed_at = now
    with history.because(reason, user), changes.together():
        Posting.objects.bulk_update(postings, [*fields, "changed_at"], batch_size=_ROWS_AT_ONCE)
    log(postings, user, reason)


def log(things: Sequence[Model] | QuerySet, user: Any, reason: str, flag: int = CHANGE) -> None:
    """An entry for each in the admin's log, "Recent actions" on its home."""
    LogEntry.objects.log_actions(user_id=user.pk, queryset=things, action_flag=flag, change_message=reason)
