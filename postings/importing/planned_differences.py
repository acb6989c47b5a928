"""What an import would change about a posting, in words: for the dry run that a person reads."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, NotRequired, Protocol, TypedDict

from postings.models import Posting, Tag
from postings.text_differences import by_lines, cut

MOST_CHARACTERS = 500  # of a value


class Link(Protocol):
    """A tag that a posting has, or is about to have."""

    @property
    def tag(self) -> Tag: ...


Links = Mapping[tuple[str, str], Link]


class Difference(TypedDict):
    """One field. Of what has many values, `old` holds those that go and `new` those that come."""

    label: str
    old: str
    new: str
    lines: NotRequired[list[str]]  # of a body: a unified diff


class Snapshot(NamedTuple):
    """What a posting says before an import touches it."""

    values: dict[str, str]
    lists: dict[str, list[str]]
    body: str
    salary_evidence: str


def snapshot(posting: Posting, links: Links) -> Snapshot:
    lists: dict[str, list[str]] = {name: [] for name in Posting.PINNED_AS.values()}
    for (kind, _), link in links.items():
        lists[Posting.PINNED_AS[kind]].append(link.tag.name)  # type: ignore[index]
    return Snapshot(
        {
            "title": posting.title,
            "company": posting.company.name if posting.company else "not named",
            "salary_text": posting.salary_text,
            "salary_min": posting.salary_in_words,
            "place": posting.place,
            "apply_url": posting.apply_url,
            "apply_keyword": posting.apply_keyword,
            "published_on": posting.published,
            "status": posting.state,
        },
        {**lists, "other_tags": list(posting.other_tags)},
        posting.body_markdown,
        posting.salary_evidence,
    )


def between(before: Snapshot, after: Snapshot, names: Iterable[str]) -> tuple[Difference, ...]:
    """What differs in these fields (by the names of Posting.PINNABLE)."""
    return tuple(_difference(name, before, after) for name in names)


def of_status(before: str, after: str) -> Difference:
    return {"label": Posting.PINNABLE["status"], "old": before, "new": after}


def _difference(name: str, before: Snapshot, after: Snapshot) -> Difference:
    label = Posting.PINNABLE[name]
    if name in before.lists:
        old, new = before.lists[name], after.lists[name]
        gone, come = [each for each in old if each not in new], [each for each in new if each not in old]
        if not gone and not come:
            return {"label": label, "old": "", "new": "the same in another order"}
        return {"label": label, "old": _joined("− ", gone), "new": _joined("+ ", come)}
    if name == "body_markdown":
        if before.body == after.body:
            return {"label": label, "old": "", "new": "the same text, set anew"}
        return {"label": label, "old": "", "new": "", "lines": by_lines(before.body, after.body)}
    was, will_be = before.values[name], after.values[name]
    if name == "salary_min" and was == will_be:
        label, was, will_be = "words that say the salary", before.salary_evidence, after.salary_evidence
    return {"label": label, "old": _short(was), "new": _short(will_be)}


def _joined(sign: str, values: Iterable[str]) -> str:
    return _short(", ".join(f"{sign}{value}" for value in values))


def _short(text: str) -> str:
    return cut(text, MOST_CHARACTERS)
