"""How the public pages are made: their templates are Jinja's, which makes Python of each once and runs that.

The admin's are in Django's own language, as the templates of Django's admin are that they extend.
"""

import datetime as dt
from typing import Any

import jinja2
from django.conf import settings
from django.template.defaultfilters import capfirst, pluralize
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from postings import initials, links, rendering, structured_data


class PublicTemplates(jinja2.FileSystemLoader):
    """The templates of public pages; those of the admin, in folders of their own, are left to Django."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        if "/" in template and not template.startswith("postings/"):
            raise jinja2.TemplateNotFound(template)
        return super().get_source(environment, template)


def environment(loader: jinja2.FileSystemLoader, **options: Any) -> jinja2.Environment:
    """What the templates of public pages can ask for. What a page was not given is an error, not a blank."""
    options |= {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = jinja2.Environment(loader=PublicTemplates(loader.searchpath), **options)  # noqa: S701  it escapes
    made.globals |= {
        "absolute": links.absolute,
        "json_ld": json_ld,
        "page_address": page_address,
        "site_name": site_name,
        "static": static,
        "static_as_named": static_as_named,
        "url": links.path,
    }
    made.filters |= {
        "capfirst": capfirst,
        "date": date,
        "dressed": rendering.dress,
        "initials_of": initials_of,
        "intcomma": intcomma,
        "pluralize": pluralize,
        "tint_of": tint_of,
    }
    return made


def site_name() -> str:
    return settings.SITE_NAME


def static_as_named(path: str) -> str:
    """Without the mark of its contents, for which a list of all files has to be read."""
    return f"{settings.STATIC_URL}{path}"


def page_address(number: int, query: str) -> str:
    """The address of a page of the list that is shown; the first page has one address only.

    Made safe by the template, which escapes it.
    """
    parts = [query] if query else []
    parts += [f"page={number}"] if number > 1 else []
    # An address of nothing but "?" would be another one than the page's own.
    return f"?{'&'.join(parts)}" if parts else "."


def json_ld(data: dict[str, Any]) -> SafeString:
    """A block of data for machines; browsers run nothing of it."""
    # Not escaped as HTML, which nothing unescapes in a script: as_script() leaves nothing that could end it.
    script = mark_safe(structured_data.as_script(data))  # noqa: S308
    return format_html('<script type="application/ld+json">{}</script>', script)


def intcomma(number: int) -> str:
    return f"{number:,}"


def date(moment: dt.datetime, form: str) -> str:
    """The day of a moment, in the board's time."""
    return date_format(timezone.localtime(moment), form)


def initials_of(company: object) -> str:
    """The letters that stand for a company without a logo; empty for none."""
    return initials.initials(str(company or ""))


def tint_of(company: object) -> int:
    return initials.tint(str(company or ""))
