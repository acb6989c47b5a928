"""What a search field may suggest while somebody types: skills, companies and titles that go on like it."""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from postings.catalogue import Snapshot
from postings.models import Posting, Tag
from postings.search import Field
from postings.words import Term, tokens

LEAST_SIGNS = 2
_MOST = {"skill": 4, "company": 3, "title": 4}
# Of that many of the newest postings the titles are compared.
_TITLES_READ = 200


class Suggestion(TypedDict):
    """A text to search for, what it is, and how many live postings it is about."""

    text: str
    kind: str
    number: int


def suggestions(snapshot: Snapshot, text: str) -> list[Suggestion]:
    """At most eleven: skills, companies, titles, of each those that most postings have.

    `text` stands at the beginning of one of their words, or of several in a row.
    """
    if len(text) < LEAST_SIGNS or not (typed := tuple(tokens(text))):
        return []
    live = snapshot.live()
    skills = Counter(
        {
            value.name: live.intersection_cardinality(value.postings)
            for value in snapshot.values[Tag.Kind.SKILL]
            if _goes_on(typed, tokens(value.name))
        }
    )
    companies: Counter[str] = Counter()
    titles: Counter[str] = Counter()
    term = Term(typed, is_prefix=True, is_exact=True, is_excluded=False)
    # Fewer letters begin too many names for one of them to be meant.
    if term.goes_on:
        sets = snapshot.look_up([(term, Field.TITLE), (term, Field.COMPANY)])
        counts = snapshot.company_counts(sets[term, Field.COMPANY] & live).most(_MOST["company"])
        names = snapshot.named_companies([pk for pk, _ in counts])
        companies.update({names[pk].name: number for pk, number in counts if pk in names})
        titled = sets[term, Field.TITLE] & live
        ids = snapshot.ids[list(titled[-_TITLES_READ:])].tolist() if titled else []
        titles.update(Posting.objects.filter(pk__in=ids).values_list("title", flat=True) if ids else ())
    return [
        Suggestion(text=name, kind=kind, number=number)
        for kind, counted in (("skill", skills), ("company", companies), ("title", titles))
        for name, number in counted.most_common(_MOST[kind])
        if number
    ]


def _goes_on(typed: Sequence[str], name: Sequence[str]) -> bool:
    """Whether words of a name go on as what was typed."""
    *first, last = typed
    return any(
        list(name[start : start + len(first)]) == first and name[start + len(first)].startswith(last)
        for start in range(len(name) - len(first))
    )
