"""The postings, companies and categories that were clicked most."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Sum

from postings.models import Company, Posting, PostingTag, Tag
from postings.statistics.asking import Scope, Span
from postings.statistics.counting import Kind
from postings.statistics.wording import rate_text

TOP_POSTINGS = 25
TOP_GROUPS = 10


@dataclass(frozen=True)
class Tally:
    """A thing's click-throughs in a span."""

    thing: Any
    people: int
    raw: int


@dataclass(frozen=True)
class PostingTally(Tally):
    age: int  # in days, today
    live_days: int | None  # of the span

    @property
    def per_live_day(self) -> float | None:
        return self.people / self.live_days if self.live_days else None

    @property
    def rate(self) -> str:
        return rate_text(self.per_live_day)


@dataclass(frozen=True)
class Rankings:
    postings: list[PostingTally]
    posting_count: int  # that have any click-through in the span
    companies: list[Tally]
    categories: list[Tally]


def rankings(scope: Scope, span: Span, today: dt.date) -> Rankings:
    """What was clicked most in the span, by people first. A posting in several categories counts in each."""
    tallies = tally_postings(scope, span)
    companies = categories = list[Tally]()
    if scope.kind != "company":
        of_company = scope.postings().exclude(company=None).values_list("pk", "company")
        companies = _grouped(tallies, of_company, Company.objects.all())
    if scope.kind != "category":
        in_category = PostingTag.objects.filter(tag__kind=Tag.Kind.CATEGORY).order_by().values_list("posting", "tag")
        if scope.thing:
            in_category = in_category.filter(posting__in=scope.postings())
        categories = _grouped(tallies, in_category, Tag.objects.all())
    return Rankings(_posting_tallies(tallies[:TOP_POSTINGS], span, today), len(tallies), companies, categories)


def tally_postings(scope: Scope, span: Span) -> list[tuple[int, int, int]]:
    """Each posting's primary key, people and raw click-throughs; the most clicked first."""
    people = Sum("count", filter=Q(kind=Kind.PERSON), default=0)
    clicks = scope.clicks().filter(day__range=(span.first, span.last))
    tallies = clicks.values_list("posting").annotate(people=people, raw=Sum("count"))
    return sorted(tallies, key=lambda tally: (-tally[1], -tally[2], tally[0]))


def _grouped(tallies: Sequence[tuple[int, int, int]], links: Any, things: QuerySet[Any]) -> list[Tally]:
    """Adds up in memory: in the database this would look up a posting for every row of click-throughs."""
    of_posting = {pk: (people, raw) for pk, people, raw in tallies}
    people: Counter[int] = Counter()
    raw: Counter[int] = Counter()
    for posting, group in links.iterator() if tallies else ():
        if posting in of_posting:
            by_people, by_all = of_posting[posting]
            people[group] += by_people
            raw[group] += by_all
    top = sorted(raw, key=lambda group: (-people[group], -raw[group], group))[:TOP_GROUPS]
    found = things.in_bulk(top)
    return [Tally(found[pk], people[pk], raw[pk]) for pk in top if pk in found]


def _posting_tallies(tallies: Iterable[tuple[int, int, int]], span: Span, today: dt.date) -> list[PostingTally]:
    rows = {pk: (people, raw) for pk, people, raw in tallies}
    found = Posting.objects.select_related("company").defer("body_html", "body_markdown").in_bulk(list(rows))
    return [
        PostingTally(
            found[pk],
            people,
            raw,
            age=max(0, (today - found[pk].first_seen.date()).days),
            live_days=_live_days(found[pk], span),
        )
        for pk, (people, raw) in rows.items()
        if pk in found
    ]


def _live_days(posting: Posting, span: Span) -> int | None:
    """On how many days of the span it was live; None of a closed one, whose day of closing is not kept."""
    if posting.status == Posting.Status.CLOSED:
        return None
    end = min(span.last, posting.expires_at.date()) if posting.expires_at else span.last
    return max(0, (end - max(span.first, posting.first_seen.date())).days + 1)
