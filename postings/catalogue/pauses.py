"""How a thread that works for all requests leaves them the processor: it works in pieces, and rests between them.

Python lets one thread run at a time. A request lets go with every row that it reads of the database, and then waits
for whoever took over, up to the interpreter's interval of 5 ms each time: a hundred rows beside a thread that never
rests take half a second. While that thread sleeps, they take no longer than alone.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PIECE = 0.002  # seconds of work
_REST = 0.002


class _Here(threading.local):
    is_resting = False
    since = 0.0


_here = _Here()


@contextmanager
def resting() -> Iterator[None]:
    """Within it `rest` rests; without, whoever works has nobody to wait for, or is waited for itself."""
    before, _here.is_resting, _here.since = _here.is_resting, True, time.perf_counter()
    try:
        yield
    finally:
        _here.is_resting = before


def rest() -> None:
    """Between two pieces of work, neither of which takes long."""
    if _here.is_resting and time.perf_counter() - _here.since >= _PIECE:
        time.sleep(_REST)
        _here.since = time.perf_counter()
