"""The life of a posting: draft, live, closed; and the end that comes by itself.

Whether a posting is shown is asked of its status and its end, to the microsecond (`Posting.objects.live()`), so nothing
waits for `close_expired`: it only writes down what is over. What a person decides here pins the status, so that no
import undoes it, and is in the history.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from postings import changes, history
from postings.batches import batches
from postings.models import Posting

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
        locked = Posting.objects.expired().filter(pk__in=ids).order_by("pk")
        still = list(locked.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
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
def close(postings: QuerySet, user: Any, where: str) -> int:
    """Closes these and pins it; how many were open. `where` tells the history from where."""
    chosen = [posting for posting in _locked(postings) if posting.status != Posting.Status.CLOSED]
    for posting in chosen:
        posting.status = Posting.Status.CLOSED
        posting.pin(["status"])
    _write(chosen, ["status", "pinned_fields"], user, f"Closed {where}.")
    return len(chosen)


@transaction.atomic
def reopen(postings: QuerySet, user: Any, where: str) -> Reopened:
    """Makes these live and pins it. What is past its end gets a new one, or it would stay hidden. What is merged into
    another stays closed: it is taken apart first."""
    now = timezone.now()
    chosen = [posting for posting in _locked(postings) if not posting.is_live and not posting.merged_into_id]
    renewed = 0
    for posting in chosen:
        renewed += "expires_at" in posting.reopen(now)
        posting.pin(["status"])
    _write(chosen, ["status", "expires_at", "end_is_employers", "pinned_fields"], user, f"Published {where}.")
    return Reopened(len(chosen), renewed)


@transaction.atomic
def extend(postings: QuerySet, user: Any, where: str) -> Extended:
    """Moves the end of these on by days_more(), from now where it is past. No import writes an end that is ahead."""
    now, more = timezone.now(), dt.timedelta(days=days_more())
    endless, chosen = 0, []
    for posting in _locked(postings):
        if posting.expires_at is None:
            endless += 1
            continue
        begin = max(now, posting.expires_at)
        posting.expires_at = begin + more if _LAST_MOMENT - begin > more else _LAST_MOMENT
        posting.end_is_employers = False
        chosen.append(posting)
    _write(chosen, ["expires_at", "end_is_employers"], user, f"Extended by {days_more()} days {where}.")
    closed = sum(posting.status == Posting.Status.CLOSED for posting in chosen)
    return Extended(len(chosen), closed, endless)


def _locked(postings: QuerySet) -> Iterable[Posting]:
    """Kept from other writers until this is written; in one order, so that two at once do not block each other."""
    return postings.select_for_update(of=("self",), no_key=True).order_by("pk").defer("body_markdown", "body_html")


def _write(postings: Sequence[Posting], fields: list[str], user: Any, message: str) -> None:
    now = timezone.now()
    for posting in postings:
        posting.changed_at = now
    with history.because(message, user), changes.together():
        Posting.objects.bulk_update(postings, [*fields, "changed_at"], batch_size=200)
    LogEntry.objects.log_actions(user_id=user.pk, queryset=postings, action_flag=CHANGE, change_message=message)
