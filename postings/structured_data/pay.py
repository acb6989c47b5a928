"""The pay, where what the posting says of it is its own base pay and no guess."""

import re
from typing import Any

from postings.exporting import plain_number
from postings.importing.facts import salary
from postings.importing.facts.text import Text
from postings.models import Posting

# The employer's "expected" or "anticipated" range is what it means to pay; these say that it does not know.
_ESTIMATE = re.compile(
    r"""
      \b (?:estimat\w* | est\. | approx\w* | roughly | around | about | circa | ca\. | averag\w+ | typical\w* | similar
        | e\.g\. | example) (?!\w)
    | ≈
      # "~€40,000", but no range: "40k~48k", "40k ~ USD 48k"
    | (?<![\dkKmM]) (?<![\dkKmM]\s) ~ \s? (?:[A-Z]{3}\s?)? [^\w\s]? \d
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Pay with commission, bonus or shares in it.
_ON_TARGET = re.compile(r"\bOTE\b|\bon[- ]target\b", re.IGNORECASE)
_TOTAL = re.compile(r"\btotal\s+(?:\w+\s+){0,2}(?:comp|compensation|earnings|cash|pay)\b", re.IGNORECASE)
_BASE = re.compile(r"\bbas(?:e|ic)\b", re.IGNORECASE)

# The same in the lines above, where "total compensation" may be any paragraph about benefits …
_TOTAL_ABOVE = re.compile(r"\bOTE\b|\bon[- ]target\b|\btotal\s+(?:\w+\s+)?cash\b", re.IGNORECASE)
# … and anywhere in the text: a tag may print as a fact what the text calls an estimate.
_PAY = r"\b(?:salary|pay|compensation|base|wage|rate|OTE)\b"
_ESTIMATED_PAY = re.compile(
    rf"\bestimate[sd]?\b[^.\n]{{0,60}}{_PAY}|{_PAY}[^.\n]{{0,60}}\bestimate[sd]?\b", re.IGNORECASE
)
# Where no period is printed, sums of this size pass for a year's. In strong currencies they are, elsewhere a month's.
_A_YEARS_SUM_ELSEWHERE = 120_000
_PERIOD = re.compile(
    r"year|annu|yr|month|week|hour|/\s?h|\bday|p\.\s?a\.|\bpa\b|\blpa\b|miesi|rok|roczn", re.IGNORECASE
)


def base_salary(posting: Posting) -> dict[str, Any] | None:
    """The posting's own base pay, both ends of it, where its words call it neither an estimate nor more than that."""
    low, high = posting.salary_min, posting.salary_max
    if low is None or high is None or not posting.salary_period:
        return None
    # An operator may have typed anything.
    if not 0 < low <= high or not re.fullmatch("[A-Z]{3}", posting.salary_currency):
        return None
    words = posting.salary_evidence or posting.stated_salary
    if _ESTIMATE.search(words) or _calls_pay_an_estimate(posting.body_markdown):
        return None
    is_more_than_base = _TOTAL.search(words) and not _BASE.search(words)
    if is_more_than_base or _ON_TARGET.search(words) or _TOTAL_ABOVE.search(_lines_above(posting)):
        return None
    if not _is_shown(posting) or _may_be_a_months(posting, words):
        return None
    ends = (
        {"value": plain_number(low)} if low == high else {"minValue": plain_number(low), "maxValue": plain_number(high)}
    )
    return {
        "@type": "MonetaryAmount",
        "currency": posting.salary_currency,
        "value": {"@type": "QuantitativeValue", **ends, "unitText": posting.salary_period.upper()},
    }


def _calls_pay_an_estimate(body: str) -> bool:
    # The word is rare, and to look for it alone costs a hundredth.
    return "estimate" in body.casefold() and _ESTIMATED_PAY.search(body) is not None


def _lines_above(posting: Posting) -> str:
    """The two lines above the one that says the pay, which may be their heading; empty where that is in a tag."""
    first = posting.salary_evidence.strip("… ").partition("…")[0].strip()
    lines = posting.text.lines
    number = next((number for number, line in enumerate(lines) if first and first in line), 0)
    return "\n".join(lines[max(0, number - 2) : number])


def _is_shown(posting: Posting) -> bool:
    """Whether the page says these figures: in the words they were read from, or by themselves where nothing is printed.

    What an operator typed beside a printed salary is only told where both say the same.
    """
    if posting.salary_evidence or not posting.stated_salary:
        return True
    printed = salary.read(Text("", posting.salary_text))
    return printed is not None and (printed.value["min"], printed.value["max"]) == (
        posting.salary_min,
        posting.salary_max,
    )


def _may_be_a_months(posting: Posting, words: str) -> bool:
    is_guessed = posting.salary_period == "year" and bool(words) and not _PERIOD.search(words)
    is_small = (posting.salary_min or 0) < _A_YEARS_SUM_ELSEWHERE
    return is_guessed and is_small and posting.salary_currency not in salary.STRONG
