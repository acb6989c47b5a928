"""Parts of pages: filled into a shape that a template was rendered into once, they are what the template makes."""

import pytest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from hypothesis import given, settings
from hypothesis import strategies as st

from postings.parts import Part

NAMES = ("kind", "path", "name", "evidence")
TEMPLATE = "postings/posting/_tag.html"
WORDS = st.text(st.sampled_from("ab <>&\"'%{}\ue000\ue0010\ue002 5s\n"), max_size=12)


@settings(max_examples=200)
@given(*[WORDS] * 4)
def test_filled_is_what_the_template_makes(kind, path, name, evidence):
    said = (kind, path, name, evidence)
    assert Part(TEMPLATE, *NAMES)(*said) == render_to_string(TEMPLATE, dict(zip(NAMES, said, strict=True)))


@given(st.lists(WORDS.filter(bool), max_size=4), st.lists(WORDS.filter(bool), max_size=3))
def test_sequences_too(skills, levels):
    names = ["heading", "initials", "path", "apply_path", "title", "company", "place", "pay", "age", "published"]
    said = dict.fromkeys(names, "x") | {"machine": "", "workplaces": (), "levels": levels, "employment": []}
    said |= {"skills": skills, "more_skills": "2", "excerpt": ""}
    template = "postings/_row.html"
    assert Part(template, *said)(*said.values()) == render_to_string(template, said)


def test_what_is_safe_stays_as_it_is():
    part = Part(TEMPLATE, *NAMES)
    assert "<b>Oak</b>" in part("skill", "/", mark_safe("<b>Oak</b>"), "")
    assert "&lt;b&gt;" in part("skill", "/", "<b>", "")


def test_a_template_is_rendered_once_for_each_shape(monkeypatch):
    rendered = []

    def render(template, context):
        rendered.append(context)
        return render_to_string(template, context)

    monkeypatch.setattr("postings.parts.render_to_string", render)
    part = Part(TEMPLATE, *NAMES)
    for name in ("Oak", "Elm", "Ash"):
        part("skill", "/", name, "")
        part("skill", "/", name, "says so")
    assert len(rendered) == 2


def test_too_few_words_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        Part(TEMPLATE, *NAMES)("skill", "/")
