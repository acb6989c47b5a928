"""The life of a posting: draft, live, closed; and the end that comes by itself.

Whether a posting is shown is asked of its status and its end, to the microsecond (`Posting.objects.live()`), so nothing
waits for `close_expired`: it only writes down what is over. What a person decides here pins the status, so that no
import undoes it, and is in the history.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from postings import changes, edits, history
from postings.batches import batches
from postings.models import Posting, PostingQuerySet

# What is given by hand where postings have no end of their own.
DAYS_WITHOUT_LIFETIME = 30
_AT_ONCE = 500
_LAST_MOMENT = dt.datetime.max.replace(tzinfo=dt.UTC)


def close_expired(dry_run: bool = False) -> int:
    """Closes what is live by its status and past its end; how many. A pin is neither set nor in the way.

    Each batch is a transaction of its own, and passes over the rows that an import, an operator or another
    `close_expired` is writing: nobody waits, and what is left for the next time is hidden all the same.
    """
    expired = Posting.objects.expired()
    if dry_run:
        return expired.count()
    ids = sorted(expired.values_list("pk", flat=True))
    return sum(map(_close_batch, batches(ids, _AT_ONCE)))


def _close_batch(ids: Sequence[int]) -> int:
    with transaction.atomic(), history.because("Past its end."), changes.together():
        # Asked once more, under the lock: somebody may have closed or extended it meanwhile.
        locked = Posting.objects.expired().filter(pk__in=ids).locked(skip_locked=True)
        still = list(locked.values_list("pk", flat=True))
        return Posting.objects.filter(pk__in=still).update(status=Posting.Status.CLOSED, changed_at=timezone.now())


# --- By hand ----------------------------------------------------------------------------------------


class Reopened(NamedTuple):
    number: int
    renewed: int  # of them were past their end, and got a new one


class Extended(NamedTuple):
    number: int
    closed: int  # of them are closed, and stay so
    endless: int  # others have no end, and were left alone


def days_more() -> int:
    """By how many days a posting is extended."""
    return settings.POSTING_LIFETIME_DAYS or DAYS_WITHOUT_LIFETIME


@transaction.atomic
def close(postings: PostingQuerySet, user: Any, where: str) -> int:
    """Closes these and pins it; how many were open. `where` tells the history from where."""
    chosen = [posting for posting in postings.locked().without_texts() if posting.status != Posting.Status.CLOSED]
    for posting in chosen:
        posting.status = Posting.Status.CLOSED
        posting.pin(["status"])
    edits.write(chosen, ["status", "pinned_fields"], user, f"Closed {where}.")
    return len(chosen)


@transaction.atomic
def reopen(postings: PostingQuerySet, user: Any, where: str) -> Reopened:
    """Makes these live and pins it. What is past its end gets a new one, or it would stay hidden. What is merged into
    another stays closed: it is taken apart first."""
    now = timezone.now()
    chosen = [
        posting for posting in postings.locked().without_texts() if not posting.is_live and not posting.merged_into_id
    ]
    renewed = 0
    for posting in chosen:
        renewed += "expires_at" in posting.reopen(now)
        posting.pin(["status"])
    edits.write(chosen, ["status", "expires_at", "end_is_employers", "pinned_fields"], user, f"Published {where}.")
    return Reopened(len(chosen), renewed)


@transaction.atomic
def extend(postings: PostingQuerySet, user: Any, where: str) -> Extended:
    """Moves the end of these on by days_more(), from now where it is past. No import writes an end that is ahead."""
    now, more = timezone.now(), dt.timedelta(days=days_more())
    endless, chosen = 0, []
    for posting in postings.locked().without_texts():
        if posting.expires_at is None:
            endless += 1
            continue
        begin = max(now, posting.expires_at)
        posting.expires_at = begin + more if _LAST_MOMENT - begin > more else _LAST_MOMENT
        posting.end_is_employers = False
        chosen.append(posting)
    edits.write(chosen, ["expires_at", "end_is_employers"], user, f"Extended by {days_more()} days {where}.")
    closed = sum(posting.status == Posting.Status.CLOSED for posting in chosen)
    return Extended(len(chosen), closed, endless)
