"""Which postings are live, in which order, under which tag: sets of integers in memory.

Counting how many postings carry each tag under a filter is what makes a filterable list slow. Here a posting is a
number, its place in order of age (0 is the oldest), and a tag is a Roaring bitmap of numbers (pyroaring), so that
filters and counts are intersections, and a page is a slice, however deep.

Each worker keeps one `Snapshot`, which never changes. A thread of its own (`keeping`) looks every second whether the
board's version was raised (`changes`), makes the next snapshot from this one (`changing`), from what another worker
stored (`storing`) or anew (`building`), prepares what follows from it, and puts it in its place; no request waits for
that but the first of a worker. `filters` says what the sets mean; the ORM filter there is the definition that a
property test holds this to.
"""

from postings.catalogue.building import build
from postings.catalogue.columns import NOTHING
from postings.catalogue.keeping import begin, current, forget, is_ready, nudge, read_before_fork
from postings.catalogue.pauses import rest
from postings.catalogue.snapshot import SETTLED, CompanyCounts, Named, Snapshot, Value, prepared_with

__all__ = [
    "NOTHING",
    "SETTLED",
    "CompanyCounts",
    "Named",
    "Snapshot",
    "Value",
    "begin",
    "build",
    "current",
    "forget",
    "is_ready",
    "nudge",
    "prepared_with",
    "read_before_fork",
    "rest",
]
