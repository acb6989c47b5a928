"""Postings that may be the same job: found, judged by an operator, merged, and taken apart again.

`texts` says what two postings are compared by (pure), `finding` suggests pairs, `merging` joins what an operator chose
and takes it apart.
"""

from postings.duplicates.finding import find, find_after_import, keep_signatures, likely, settle, unsigned
from postings.duplicates.merging import Refused, merge, take_apart

__all__ = [
    "Refused",
    "find",
    "find_after_import",
    "keep_signatures",
    "likely",
    "merge",
    "settle",
    "take_apart",
    "unsigned",
]
