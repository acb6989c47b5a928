"""What templates ask of the board itself; built in, so that no template loads it."""

from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from postings import initials, links, rendering, structured_data

register = template.Library()


@register.simple_tag
def site_name() -> str:
    """The board's name. A tag, because Django renders some error pages without context processors."""
    return settings.SITE_NAME


@register.simple_tag
def page_address(number: int, query: str) -> str:
    """The address of a page of the list that is shown; the first page has one address only.

    Made safe by the template, which escapes it.
    """
    parts = [query] if query else []
    parts += [f"page={number}"] if number > 1 else []
    # An address of nothing but "?" would be another one than the page's own.
    return f"?{'&'.join(parts)}" if parts else "."


@register.simple_tag(takes_context=True)
def absolute_address(context: Any, path: str) -> str:
    """The complete address of one of the board's paths, for those who read it elsewhere."""
    return links.absolute(context["request"], path)


@register.filter
def initials_of(company: object) -> str:
    """The letters that stand for a company without a logo; empty for none."""
    return initials.initials(str(company or ""))


@register.filter
def tint_of(company: object) -> int:
    return initials.tint(str(company or ""))


@register.filter
def dressed(html: str) -> str:
    """A sanitised body as a page shows it; still to be printed as it is."""
    return rendering.dress(html)


@register.simple_tag
def json_ld(data: dict[str, Any]) -> SafeString:
    """A block of data for machines; browsers run nothing of it."""
    # Not escaped as HTML, which nothing unescapes in a script: as_script() leaves nothing that could end it.
    script = mark_safe(structured_data.as_script(data))  # noqa: S308
    return format_html('<script type="application/ld+json">{}</script>', script)
