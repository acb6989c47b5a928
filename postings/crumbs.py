"""The way from the list to a page: a visitor walks it, search engines are told of a posting's."""

from typing import NamedTuple

from postings.links import path
from postings.models import Posting, Tag


class Crumb(NamedTuple):
    """A page on the way."""

    name: str
    path: str


def way(*crumbs: Crumb) -> list[Crumb]:
    """These pages behind the list, where every way begins."""
    return [Crumb("Jobs", path("postings:list")), *crumbs]


def to_posting(posting: Posting) -> list[Crumb]:
    """By its first category, or else its company. Needs for_detail()."""
    here = Crumb(posting.title, posting.get_absolute_url())
    if categories := posting.tags_of_kind(Tag.Kind.CATEGORY):
        first = min(categories, key=lambda tag: tag.name)
        return way(Crumb(first.name, first.get_absolute_url()), here)
    if posting.company:
        return way(Crumb(posting.company.name, path("postings:company", posting.company.slug)), here)
    return way(here)
