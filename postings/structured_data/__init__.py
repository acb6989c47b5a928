"""What search engines are told of a posting: schema.org's JobPosting and the way to its page, as JSON-LD.

On the page of a live posting alone, and only what is certain: no estimate, no end that the board set, no place that
the posting does not name. A posting of which too little is known for a valid JobPosting gets none; `reasons` says
why, on the page, in the admin and in what is stored (`judge`). The rules are Google's:
https://developers.google.com/search/docs/appearance/structured-data/job-posting

- `withholding` says which postings are told of, and stores why the others are not;
- `job` makes the JobPosting, with `where` the work is done and what the `pay` is;
- `titles` says what they refuse in a title, for the editor: nothing is withheld for it;
- `breadcrumbs` makes the way to the page;
- `script` writes any of it where a page can hold it.
"""

from postings.structured_data.breadcrumbs import breadcrumb_list
from postings.structured_data.job import job_posting
from postings.structured_data.script import as_script
from postings.structured_data.withholding import TO_DO, Basis, basis_of, judge, judge_all, reason, reasons

__all__ = [
    "TO_DO",
    "Basis",
    "as_script",
    "basis_of",
    "breadcrumb_list",
    "job_posting",
    "judge",
    "judge_all",
    "reason",
    "reasons",
]
