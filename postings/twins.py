"""Postings alike: the same job in several places, reposted, or copied.

Sources repeat themselves. All of it is shown; what search engines are told keeps it apart: postings that would have
the same title get a mark of their own in it, and of copies, alike in every word, only the first is kept.
"""

import re
from typing import NamedTuple

from postings.models import Posting

_MOST = 500


class Alike(NamedTuple):
    is_title_shared: bool
    original_slug: str  # its own where it is no copy


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


def find(posting: Posting) -> Alike:
    """One query, which most postings need no more of than an index."""
    alike = Posting.objects.live().filter(title=posting.title, company=posting.company_id).exclude(pk=posting.pk)
    rows = list(alike.order_by("pk").values_list("pk", "slug", "place")[:_MOST])
    own = posting.place_summary
    sharing = [row for row in rows if row[2] == posting.place or Posting(place=row[2]).place_summary == own]
    earlier = [pk for pk, _, place in sharing if pk < posting.pk and place == posting.place]
    copied = Posting.objects.filter(pk__in=earlier, body_html=posting.body_html).order_by("pk") if earlier else None
    original = copied.values_list("slug", flat=True).first() if copied is not None else None
    return Alike(is_title_shared=bool(sharing), original_slug=original or posting.slug)
