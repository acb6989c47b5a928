"""Names as they stand in addresses."""

from django.db import models
from django.utils.text import slugify

_SPOKEN = {"+": "-plus", "#": "-sharp", "&": "-and-"}


def slug_for(name: str) -> str:
    """The slug of a name, with the signs that tell names apart spoken out.

    >>> [slug_for(name) for name in ("C", "C++", "C#", ".NET", "Node.js", "R&D", "Düsseldorf")]
    ['c', 'c-plus-plus', 'c-sharp', 'dot-net', 'node-js', 'r-and-d', 'dusseldorf']
    """
    spoken = f"dot-{name[1:]}" if name.startswith(".") and name[1:2].isalnum() else name.replace(".", "-")
    for sign, word in _SPOKEN.items():
        spoken = spoken.replace(sign, word)
    return slugify(spoken) or slugify(spoken, allow_unicode=True)


def free_slug(wanted: str, taken: models.QuerySet, max_length: int, field: str = "slug") -> str:
    """`wanted`, or `wanted-2`, `wanted-3` … where rows of `taken` have it already in `field`."""
    slug, number = wanted[:max_length], 1
    while taken.filter(**{field: slug}).exists():
        number += 1
        ending = f"-{number}"
        slug = f"{wanted[: max_length - len(ending)]}{ending}"
    return slug
