"""The JobPosting itself."""

import datetime as dt
from typing import Any

from postings.models import Posting, Tag
from postings.structured_data.pay import base_salary
from postings.structured_data.where import where
from postings.structured_data.withholding import basis_of, reasons

EMPLOYMENT = {
    "full-time": "FULL_TIME",
    "part-time": "PART_TIME",
    "contract": "CONTRACTOR",
    "temporary": "TEMPORARY",
    "internship": "INTERN",
    "volunteer": "VOLUNTEER",
}


def job_posting(posting: Posting) -> dict[str, Any] | None:
    """None where it is withheld. Needs for_detail(), and that the posting is live."""
    basis = basis_of(posting)
    if reasons(basis):
        return None
    employment = {tag.code for tag in posting.tags_of_kind(Tag.Kind.EMPLOYMENT)}
    job = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        # As the employer wrote it: boards of others' jobs are asked not to mend titles.
        "title": posting.title,
        "description": posting.body_html,
        "datePosted": posting.published_machine,
        "validThrough": _end(posting),
        "hiringOrganization": {"@type": "Organization", "name": str(posting.company)},
        **where(posting, basis),
        "employmentType": [name for code, name in EMPLOYMENT.items() if code in employment],
        "baseSalary": base_salary(posting),
        # Applying means going on to the employer's page.
        "directApply": False,
    }
    # What is not known is left out, and one of a kind stands without a list around it.
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in job.items()
        if value is not None and value != []
    }


def _end(posting: Posting) -> str | None:
    """The employer's own closing date. Where the board ends it by its lifetime, no date is said."""
    if not posting.end_is_employers or posting.expires_at is None:
        return None
    return posting.expires_at.astimezone(dt.UTC).isoformat(timespec="seconds")
