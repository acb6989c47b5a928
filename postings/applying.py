"""Where an apply link leads: to the stored address and nowhere else.

Addresses that were read lately are remembered, for the moments in which the database cannot be read.
"""

import datetime as dt
import logging
import threading
from typing import NamedTuple
from urllib.parse import parse_qsl, quote_plus, urlsplit

from django.conf import settings
from django.db import Error, connection

from postings import addresses
from postings.databases import busy_for
from postings.models import Posting, is_past
from postings.statements import Argument, Statement

log = logging.getLogger(__name__)

MOST_REMEMBERED = 5000
# How long the database may keep an applicant waiting whose way is known without it.
READ_WITHIN = 0.2  # seconds


class Destination(NamedTuple):
    """What /apply/<slug> needs to know of a posting."""

    posting_id: int
    address: str
    status: str
    expires_at: dt.datetime | None

    @property
    def is_live(self) -> bool:
        return self.status == Posting.Status.LIVE and not is_past(self.expires_at)


_destination = Statement(
    lambda: Posting.objects.ever_shown().filter(slug=Argument()).values_list("pk", "apply_url", "status", "expires_at")
)
_remembered: dict[str, Destination] = {}
_lock = threading.Lock()


def find(slug: str) -> Destination | None:
    """The posting of this name, unless it is a draft or there is none.

    From memory where the database cannot be read; raises django.db.Error where it is not there either.
    """
    known = _remembered.get(slug)
    try:
        with busy_for(READ_WITHIN if known else None):
            row = _destination.row(slug)
    except Error as error:
        if not known:
            raise
        log.warning("Posting %s: sent on from memory, for the database cannot be read: %s", known.posting_id, error)
        if not connection.in_atomic_block:
            # One that broke would otherwise be tried again for the count.
            connection.close_if_unusable_or_obsolete()
        return known
    if row is None:
        _forget(slug)
        return None
    found = Destination(*row)
    remember(slug, found)
    return found


def remember(slug: str, destination: Destination) -> None:
    """Keeps where a posting leads; of too many, what was remembered first goes."""
    with _lock:
        _remembered.pop(slug, None)
        while len(_remembered) >= MOST_REMEMBERED:
            del _remembered[next(iter(_remembered))]
        _remembered[slug] = destination


def remember_posting(posting: Posting) -> None:
    """For the page that the applicant comes from."""
    remember(posting.slug, Destination(posting.pk, posting.apply_url, posting.status, posting.expires_at))


def _forget(slug: str) -> None:
    with _lock:
        _remembered.pop(slug, None)


def forget_all() -> None:
    """For tests, whose databases are rolled back under it."""
    with _lock:
        _remembered.clear()


def location(address: str) -> str:
    """What the applicant is sent to: the stored address, checked once more, with APPLY_PARAMETERS on the web.

    A parameter that the address has already stays as it is; an address that would become too long gets none. Raises
    BadAddress for what somebody stored past the checks.
    """
    address = addresses.canonical(address)
    if not settings.APPLY_PARAMETERS or address.startswith("mailto:"):
        return address
    front, hash_mark, fragment = address.partition("#")
    query = urlsplit(front).query
    there = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = "&".join(
        f"{quote_plus(name)}={quote_plus(value)}" for name, value in settings.APPLY_PARAMETERS if name not in there
    )
    if not added:
        return address
    joint = "" if front.endswith(("?", "&")) else "&" if "?" in front else "?"
    extended = f"{front}{joint}{added}{hash_mark}{fragment}"
    return extended if len(extended) <= addresses.MAX_LENGTH else address
