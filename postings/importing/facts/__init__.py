"""Facts that a posting's text holds: one module a fact, text in, value out, nothing when unsure. Pure.

`read_all` puts them together. Every fact comes with its evidence, the few words of the posting that say so.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from postings.importing.facts import (
    apply_keyword,
    employment,
    language,
    places,
    salary,
    seniority,
    skills,
    visa,
    workplace,
)
from postings.importing.facts.text import Found, Text


class Stated(NamedTuple):
    """A value that a seeker filters by."""

    kind: str  # of Tag.Kind
    code: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Facts:
    tags: tuple[Stated, ...]
    salary: Found | None  # value as salary.read gives it
    apply_keyword: Found | None

    @property
    def values(self) -> dict[str, Any]:
        """The facts that are no tags, by the names of Posting's fields."""
        pay = self.salary.value if self.salary else {}
        yearly = salary.yearly(pay) if pay else {}
        return {
            "salary_min": pay.get("min"),
            "salary_max": pay.get("max"),
            "salary_currency": pay.get("currency", ""),
            "salary_period": pay.get("period", ""),
            "salary_yearly_min": yearly.get("min"),
            "salary_yearly_max": yearly.get("max"),
            "salary_evidence": self.salary.evidence if self.salary else "",
            "apply_keyword": self.apply_keyword.value if self.apply_keyword else "",
        }


def read_all(text: Text, vocabulary: skills.Vocabulary = skills.DEFAULT) -> Facts:
    """Every fact of one posting."""
    countries = places.countries(text)
    by_kind = {
        "country": countries,
        "region": places.regions(text),
        "workplace": workplace.read(text),
        "employment": employment.read(text),
        "seniority": seniority.read(text),
        "visa": filter(None, [visa.read(text)]),
        "language": filter(None, [language.read(text)]),
        "skill": skills.read(text, vocabulary),
    }
    return Facts(
        tags=tuple(Stated(kind, found.value, found.evidence) for kind, all in by_kind.items() for found in all),
        salary=salary.read(text, [found.value for found in countries]),
        apply_keyword=apply_keyword.read(text),
    )
