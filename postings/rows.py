"""The rows of a list: postings with the few facts that a seeker scans for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from postings.catalogue import Snapshot, Value
from postings.models import Posting, Tag
from postings.words import Term, excerpt, plain_text, tokens

MOST_SKILLS = 3


@dataclass(frozen=True)
class RowFacts:
    """Names of what a posting has, as far as a row has room for them."""

    workplaces: list[str]
    levels: list[str]
    employment: list[str]
    skills: list[str]
    more_skills: int

    def __bool__(self) -> bool:
        return bool(self.workplaces or self.levels or self.employment or self.skills)


def rows(
    snapshot: Snapshot, ids: Sequence[int], terms: Sequence[Term] = (), asked_skills: Collection[str] = ()
) -> list[Posting]:
    """These postings in this order, each with its facts, and an excerpt around the words that were searched for.

    `asked_skills`: the codes of skills that are filtered by, which a row shows first.
    """
    # By the primary keys alone: with more conditions SQLite would go through all live postings.
    postings = Posting.objects.for_list(with_bodies=bool(terms)).order_by().filter(pk__in=ids) if ids else []
    by_id = {posting.pk: posting for posting in postings if posting.is_live}
    # What was closed since the worker's snapshot is no longer among them.
    found = [by_id[pk] for pk in ids if pk in by_id]
    # From memory: a query would be one more on every page.
    values = snapshot.values_of(
        list(by_id), [Tag.Kind.WORKPLACE, Tag.Kind.SENIORITY, Tag.Kind.EMPLOYMENT, Tag.Kind.SKILL]
    )
    for posting in found:
        posting.row_facts = _facts(values.get(posting.pk, []), posting.title, asked_skills)
        posting.matches = excerpt(plain_text(posting.body_html), terms) if terms else []
    return found


def _facts(values: Sequence[Value], title: str, asked_skills: Collection[str]) -> RowFacts:
    def named(kind: str) -> list[str]:
        return [value.name for value in values if value.kind == kind]

    in_title = set(tokens(title))
    skills = [value for value in values if value.kind == Tag.Kind.SKILL]
    # What was asked for, then what the title names, then what most postings have, which says most to most people.
    skills.sort(
        key=lambda skill: (
            skill.code not in asked_skills,
            not in_title.issuperset(tokens(skill.name)),
            -len(skill.postings),
            skill.name,
        )
    )
    return RowFacts(
        workplaces=named(Tag.Kind.WORKPLACE),
        levels=named(Tag.Kind.SENIORITY),
        employment=named(Tag.Kind.EMPLOYMENT),
        skills=[skill.name for skill in skills[:MOST_SKILLS]],
        more_skills=max(0, len(skills) - MOST_SKILLS),
    )
