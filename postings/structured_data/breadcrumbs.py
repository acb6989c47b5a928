"""The way from the list to a posting's page."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from postings.models import Posting, Tag


def crumbs(posting: Posting) -> list[tuple[str, str]]:
    """Names and paths from the list to the posting: by its first category, or else its company. Needs for_detail()."""
    way = [("Jobs", reverse("postings:list"))]
    categories = [link.tag for link in posting.posting_tags.all() if link.tag.kind == Tag.Kind.CATEGORY]
    if categories:
        first = min(categories, key=lambda tag: tag.name)
        way.append((first.name, first.get_absolute_url()))
    elif posting.company:
        way.append((posting.company.name, reverse("postings:company", args=[posting.company.slug])))
    return [*way, (posting.title, posting.get_absolute_url())]


def breadcrumb_list(posting: Posting, absolute: Callable[[str], str]) -> dict[str, Any]:
    """`absolute` makes a path an address."""
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
        for position, (name, path) in enumerate(crumbs(posting), start=1)
    ]
    return {"@context": "https://schema.org/", "@type": "BreadcrumbList", "itemListElement": items}
