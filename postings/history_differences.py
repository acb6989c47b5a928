"""What differs between two rows of a posting's history, in words for people."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from postings.models import Company, PastBody, Posting, Tag
from postings.text_differences import by_lines

_UNSAID = {"id", "salary_evidence", *Posting.PAY, "company_id"}
NOTHING = "–"


class Difference(NamedTuple):
    """One thing that differs: what it was and what it is; of long texts the lines, as a unified diff has them."""

    name: str
    old: str
    new: str
    lines: Sequence[str] = ()


class Reader:
    """Tells the differences of many rows with two queries for all: for the names of companies, and for the bodies."""

    def __init__(self, rows: Iterable[Any]) -> None:
        rows = list(rows)
        self._companies: Mapping[int, Company] = Company.objects.in_bulk({row.company_id for row in rows} - {None})
        digests = {row.past_body_id for row in rows}
        # Only where there are two to compare.
        self._bodies = PastBody.objects.in_bulk(digests) if len(digests) > 1 else {}

    def differences(self, old: Any, new: Any) -> list[Difference]:
        """In the order of the posting's form; of what is derived from the rest, nothing."""
        return [*self._of_fields(old, new), *_of_tags(old, new), *self._of_bodies(old, new)]

    def _of_fields(self, old: Any, new: Any) -> Iterable[Difference]:
        if old.company_id != new.company_id:
            yield Difference("company", self._company(old), self._company(new))
        if any(getattr(old, name) != getattr(new, name) for name in Posting.PAY):
            yield Difference("salary", _salary(old), _salary(new))
        for field in Posting.history.model.tracked_fields:
            before, after = getattr(old, field.attname), getattr(new, field.attname)
            if field.attname not in _UNSAID and before != after:
                label = Posting.PINNABLE.get(field.name, str(field.verbose_name))
                yield Difference(label, _said(field.name, before), _said(field.name, after))

    def _company(self, row: Any) -> str:
        if row.company_id is None:
            return NOTHING
        company = self._companies.get(row.company_id)
        return company.name if company else "a company that is no longer there"

    def _of_bodies(self, old: Any, new: Any) -> Iterable[Difference]:
        if old.past_body_id != new.past_body_id:
            before, after = self._bodies[old.past_body_id].markdown, self._bodies[new.past_body_id].markdown
            yield Difference(
                "body", f"{len(before):,} characters", f"{len(after):,} characters", by_lines(before, after)
            )


def _of_tags(old: Any, new: Any) -> Iterable[Difference]:
    before, after = _by_kind(old), _by_kind(new)
    for kind in Tag.Kind:
        names, others = before.get(kind, {}), after.get(kind, {})
        if names.keys() != others.keys():
            yield Difference(Posting.PINNED_AS[kind], _listed(names.values()), _listed(others.values()))


def _by_kind(row: Any) -> dict[str, dict[int, str]]:
    tags: dict[str, dict[int, str]] = {}
    for key, kind, name in row.past_tags:
        tags.setdefault(kind, {})[key] = name
    return tags


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or NOTHING


def _salary(row: Any) -> str:
    return Posting(**{name: getattr(row, name) for name in Posting.PAY}).salary_in_words or NOTHING


def _said(name: str, value: Any) -> str:
    if name == "pinned_fields":
        return _listed(Posting.PINNABLE.get(each, each) for each in value)
    return in_words(value)


def in_words(value: Any) -> str:
    """A value of any field."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NOTHING
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return str(value) if value not in (None, "") else NOTHING
