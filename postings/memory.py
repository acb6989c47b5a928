"""What glibc does with memory that Python gave back to it; other libraries have no such heaps."""

import ctypes
import sys
from typing import Any

# The numbers of mallopt's options.
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3


def _of_glibc(name: str) -> Any:
    """One of its functions; None elsewhere."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def share_free() -> None:
    """Has all threads take memory from two heaps, and what a feed needs from none of them. By default each thread has a
    heap of its own, in which what it once needed for a page stays free for nobody else."""
    if mallopt := _of_glibc("mallopt"):
        mallopt(_M_ARENA_MAX, 2)
        # glibc's own, which it would raise at the first large piece that is given back.
        mallopt(_M_MMAP_THRESHOLD, 128 * 1024)


def give_back_free() -> None:
    """Gives what is free in the heaps back to the system; by itself glibc does so at a heap's end alone. Whoever needs
    memory from a heap meanwhile waits for about half a millisecond."""
    if malloc_trim := _of_glibc("malloc_trim"):
        malloc_trim(0)
