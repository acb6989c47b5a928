"""Postings that may be the same job: found, judged by an operator, merged, and taken apart again.

`texts` says what two postings are compared by (pure), `finding` suggests pairs, `merging` joins what an operator chose
and takes it apart, `differences` shows what two bodies do not share.
"""

from postings.duplicates.finding import find, likely, settle

__all__ = ["find", "likely", "settle"]
