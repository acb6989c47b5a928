"""Postings alike: the same job in several places, reposted, or copied.

Sources repeat themselves. All of it is shown; what search engines are told keeps it apart: postings that would have
the same title get a mark of their own in it, and of copies, alike in every word, only the first is kept
(`Posting.objects.originals()` are what the sitemap holds).
"""

import re
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from postings.models import Posting
from postings.statements import Argument, Statement


def title(posting: Posting) -> str:
    """Title, company and place: what it is called where nothing stands around it."""
    company = f" at {posting.company}" if posting.company else ""
    return f"{posting.title}{company}{f', {posting.place_summary}' if posting.place else ''}"


def mark(slug: str) -> str:
    """The number at the end of its name in addresses, which most sources put there; without one the name.

    >>> mark("backend-engineer-java-136842"), mark("gardener")
    ('136842', 'gardener')
    """
    number = re.search(r"-(\d{4,})\Z", slug)
    return number[1] if number else slug


class Alike(NamedTuple):
    """What its page says because of other live postings."""

    mark: str  # empty where no other is called the same
    original_slug: str  # of those that say the same the first, which may be itself


# In the order of the model's fields, as `from_db` takes them.
_COMPARED = ["id", "slug", "place", "status", "expires_at"]


def _others(company: Argument | None) -> QuerySet:
    """The rest of those that are called the same, live or not."""
    return Posting.objects.filter(title=Argument(0), company=company).exclude(pk=Argument(1)).values_list(*_COMPARED)


_of_company = Statement(lambda: _others(Argument(2)))
_of_no_company = Statement(lambda: _others(None))


def find(posting: Posting) -> Alike:
    """One query for most postings; a second where one that came earlier has the same title, company and place."""
    if posting.company_id is None:
        rows = _of_no_company.rows(posting.title, posting.pk)
    else:
        rows = _of_company.rows(posting.title, posting.pk, posting.company_id)
    stored = [Posting.from_db(DEFAULT_DB_ALIAS, _COMPARED, row) for row in rows]
    # Who is live is sorted out here, and in no order: asked for either, SQLite goes through all of the company's.
    alike = [each for each in stored if each.is_live]
    # Of a place only what is shown counts.
    is_shared = any(each.place == posting.place or each.place_summary == posting.place_summary for each in alike)
    earlier = [each.pk for each in alike if each.pk < posting.pk and each.place == posting.place]
    original = None
    if earlier:
        same = Posting.objects.filter(pk__in=earlier, body_html=posting.body_html).order_by("pk")
        original = same.values_list("slug", flat=True).first()
    return Alike(
        mark=_mark_among(posting.slug, [each.slug for each in alike]) if is_shared else "",
        original_slug=original or posting.slug,
    )


def _mark_among(slug: str, others: list[str]) -> str:
    """Its mark; where another that is called the same has that number from another source, its whole name."""
    number = mark(slug)
    return slug if number != slug and any(mark(other) == number for other in others) else number
