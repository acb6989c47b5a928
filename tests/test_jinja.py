"""The templates of public pages: Jinja's, beside the admin's, which are Django's."""

import re
from pathlib import Path

import jinja2
import pytest
from django.template import engines
from django.template.loader import get_template, render_to_string

PUBLIC = engines["jinja2"].env


def public_templates() -> list[str]:
    return PUBLIC.list_templates()


def test_there_are_pages_of_the_board_and_of_its_postings():
    assert {"404.html", "500.html", "postings/posting_list.html", "postings/_chart.svg"} <= {*public_templates()}


@pytest.mark.parametrize("name", public_templates())
def test_each_public_template_is_jinjas(name):
    """What is left of Django's own language is no template here: `{% url … %}`, `{% load … %}`, `|date:"Y"`."""
    assert isinstance(PUBLIC.get_template(name), jinja2.Template)
    assert get_template(name).backend.name == "jinja2"


@pytest.mark.parametrize(
    "name", ["admin/index.html", "admin/postings/export.html", "registration/password_change_form.html"]
)
def test_the_admins_are_left_to_django(name):
    assert get_template(name).backend.name == "django"
    with pytest.raises(jinja2.TemplateNotFound):
        PUBLIC.get_template(name)


def test_no_template_of_the_admin_takes_a_public_one_for_djangos():
    folder = Path(__file__).parents[1] / "templates" / "admin"
    taken = [path.name for path in folder.rglob("*.html") if re.search(r"include ['\"]postings/", path.read_text())]
    assert taken == []


def test_a_word_that_a_page_was_not_given_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="name"):
        render_to_string("postings/_counted.html", {"path": "/", "number": 1})


def test_what_is_printed_is_escaped():
    html = render_to_string("postings/_counted.html", {"path": '/"', "name": "<b>&", "number": 1234})
    assert html.startswith('<a href="/&#34;"><bdi>&lt;b&gt;&amp;</bdi></a> <span class="count">1,234<span')


def test_a_part_of_a_public_page_can_stand_in_the_admin():
    html = engines["django"].from_string('{% include_public "postings/_counted.html" number=2 %}')
    assert "<bdi>&lt;b&gt;</bdi>" in html.render({"path": "/", "name": "<b>"})
