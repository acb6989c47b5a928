"""Postings alike: the same job in several places, reposted, or copied.

Sources repeat themselves. All of it is shown; what search engines are told keeps it apart: postings that would have
the same title get a mark of their own in it, and of copies, alike in every word, only the first is kept
(`Posting.objects.originals()`, which the sitemap holds, and `with_original()`, which a page names).
"""

import re

from postings.models import Posting, PostingQuerySet

_MOST = 500


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


def is_title_shared(posting: Posting) -> bool:
    """Whether another live posting is called the same; of a place only what is shown counts."""
    places = set(_alike(posting).order_by().values_list("place", flat=True).distinct()[:_MOST])
    return posting.place in places or any(
        Posting(place=place).place_summary == posting.place_summary for place in places
    )


def mark_of(posting: Posting) -> str:
    """Its mark; where another that is called the same has that number from another source, its whole name."""
    number = mark(posting.slug)
    is_taken = number != posting.slug and _alike(posting).filter(slug__endswith=f"-{number}").exists()
    return posting.slug if is_taken else number


def _alike(posting: Posting) -> PostingQuerySet:
    alike = Posting.objects.live().filter(title=posting.title, company=posting.company_id)
    return alike.exclude(pk=posting.pk)
