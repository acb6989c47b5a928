"""What the admin's templates ask of the board itself; built in, so that no template loads it."""

from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def include_public(context: Context, template_name: str, /, **more: Any) -> SafeString:
    """A part of a public page, which is in another language (`jinja`), with all that is known here."""
    known: dict[Any, Any] = context.flatten()
    return mark_safe(render_to_string(template_name, {**known, **more}))  # noqa: S308  it escapes as Django's do
