"""Who changed what, and why: what is said here stands in the history beside every change that is written meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Cause(threading.local):
    reason = ""
    user: Any = None


_cause = _Cause()


@contextmanager
def because(reason: str, user: Any = None) -> Iterator[None]:
    """Within it, what this thread changes is done for this reason ("Closed from the list.") and by this user.

    The innermost reason counts; a user that is said further out stays.
    """
    before = _cause.reason, _cause.user
    _cause.reason, _cause.user = reason, user or _cause.user
    try:
        yield
    finally:
        _cause.reason, _cause.user = before
