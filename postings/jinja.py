"""How the public pages are made: their templates are Jinja's, which makes Python of each once and runs that.

The admin's are in Django's own language, as the templates of Django's admin are that they extend.
"""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jinja2
from django.conf import settings
from django.template import engines
from django.template.defaultfilters import capfirst, pluralize
from django.templatetags.static import static as address_of_static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markupsafe import escape

from postings import initials, links, rendering, structured_data
from postings.parts import Part

if TYPE_CHECKING:
    from postings.filters import Choice, Facet
    from postings.models.posting import ShownLink
    from postings.rows import Row


class PublicTemplates(jinja2.FileSystemLoader):
    """The templates of public pages; those of the admin, in folders of their own, are left to Django."""

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        if not _is_public(template):
            raise jinja2.TemplateNotFound(template)
        return super().get_source(environment, template)

    def list_templates(self) -> list[str]:
        return [*filter(_is_public, super().list_templates())]


def _is_public(template: str) -> bool:
    return "/" not in template or template.startswith("postings/")


def make_ready() -> None:
    """Makes Python of every template, before somebody waits for one."""
    backend: Any = engines["jinja2"]
    for name in backend.env.list_templates():
        backend.env.get_template(name)


def environment(loader: jinja2.FileSystemLoader, **given: Any) -> jinja2.Environment:
    """What the templates of public pages can ask for. What a page was not given is an error, not a blank."""
    given |= {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    made = jinja2.Environment(loader=PublicTemplates(loader.searchpath), **given)  # noqa: S701  it escapes
    made.globals |= {
        "absolute": links.absolute,
        "choices": choices,
        "initials": initials_of,
        "json_ld": json_ld,
        "options": options,
        "page_address": page_address,
        "row": row,
        "site_name": site_name,
        "static": static,
        "static_as_named": static_as_named,
        "tag": tag,
        "url": links.path,
    }
    made.filters |= {
        "capfirst": capfirst,
        "date": date,
        "dressed": rendering.dress,
        "intcomma": intcomma,
        "pluralize": pluralize,
    }
    return made


def site_name() -> str:
    return settings.SITE_NAME


def static(path: str) -> str:
    """A file's address, which stays the same for as long as the process."""
    return address_of_static(path) if settings.DEBUG else _static(path, settings.STATIC_URL)


@lru_cache(maxsize=256)
def _static(path: str, begin: str) -> str:
    return address_of_static(path)


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
    script = mark_safe(structured_data.as_script(data))  # noqa: S308  see above
    return format_html('<script type="application/ld+json">{}</script>', script)


def intcomma(number: int) -> str:
    return f"{number:,}"


_row = Part(
    "postings/_row.html",
    *("heading", "initials", "path", "apply_path", "title", "company", "place", "pay"),
    *("age", "published", "machine", "workplaces", "levels", "employment", "skills", "more_skills", "excerpt"),
)


def row(posting: "Row", heading: str = "h2") -> SafeString:
    """A posting in a list."""
    if heading not in posting.html:
        posting.html[heading] = _row_html(posting, heading)
    return posting.html[heading]


def _row_html(posting: "Row", heading: str) -> SafeString:
    published, age, machine = posting.published
    facts = posting.row_facts
    return _row(
        heading,
        initials_of(posting.company),
        posting.path,
        posting.apply_path,
        posting.title,
        posting.company or "",
        posting.place,
        posting.pay,
        age,
        published if published != age else "",
        machine,
        facts.workplaces,
        facts.levels,
        facts.employment,
        facts.skills,
        str(facts.more_skills or ""),
        _excerpt(posting.matches) if posting.matches else "",
    )


def _excerpt(pieces: "Iterable[tuple[str, bool]]") -> SafeString:
    """A part of a text with what was searched for marked in it."""
    html = [f"<mark>{escape(text)}</mark>" if is_match else escape(text) for text, is_match in pieces]
    return mark_safe("".join(html))  # noqa: S308  each piece is escaped


_tag = Part("postings/posting/_tag.html", "kind", "path", "name", "evidence")


def tag(link: "ShownLink") -> SafeString:
    """What a posting has, with the words that say so."""
    tag = link.tag
    return _tag(tag.kind, tag.get_absolute_url(), tag.name, link.evidence)


def choices(facet: "Facet") -> SafeString:
    """The boxes of a facet."""
    return _numbered([(_choice, facet.name, each) for each in facet.choices])


def options(chosen_from: "Iterable[Choice]") -> SafeString:
    """What a field can be set to."""
    return _numbered([(_option, "", each) for each in chosen_from])


_CHOICE = ("name", "value", "label", "number", "is_chosen", "is_off")
_choice = Part("postings/_choice.html", *_CHOICE)
_option = Part("postings/_option.html", *_CHOICE)


def _numbered(choices: "Iterable[tuple[Part, str, Choice]]") -> SafeString:
    """What a page has most of, from pieces: of a choice only its number is another on each page."""
    html = []
    for part, name, choice in choices:
        begin, end = _around_number(part, name, choice.value, choice.name, choice.is_chosen, choice.is_off)
        html.append(f"{begin}{choice.number:,}{end}")
    return mark_safe("".join(html))  # noqa: S308  made of what the templates escaped


_NUMBER = "\N{OBJECT REPLACEMENT CHARACTER}"


@lru_cache(maxsize=4096)
def _around_number(part: Part, name: str, value: str, label: str, is_chosen: bool, is_off: bool) -> tuple[str, str]:
    """What stands before and behind the number of a choice, which is the last that stands there."""
    html = part(name, value, label, _NUMBER, "yes" if is_chosen else "", "yes" if is_off else "")
    begin, _, end = html.rpartition(_NUMBER)
    return begin, end


def date(moment: dt.datetime, form: str) -> str:
    """The day of a moment, in the board's time."""
    return date_format(timezone.localtime(moment), form)


def initials_of(company: object) -> str:
    """What stands for a company without a logo; empty letters for none."""
    return _initials(str(company or ""))


@lru_cache(maxsize=20_000)
def _initials(name: str) -> SafeString:
    html = '<span class="initials tint-{}" aria-hidden="true">{}</span>'
    return format_html(html, initials.tint(name), initials.initials(name))
