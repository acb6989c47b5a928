"""What templates ask of the board itself; built in, so that no template loads it."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def site_name() -> str:
    """The board's name. A tag, because Django renders some error pages without context processors."""
    return settings.SITE_NAME
