"""The way from the list to a page."""

from collections.abc import Callable, Iterable
from typing import Any

from postings.crumbs import Crumb


def breadcrumb_list(way: Iterable[Crumb], absolute: Callable[[str], str]) -> dict[str, Any]:
    """`absolute` makes a path an address."""
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
        for position, (name, path) in enumerate(way, start=1)
    ]
    return {"@context": "https://schema.org/", "@type": "BreadcrumbList", "itemListElement": items}
