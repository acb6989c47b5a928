"""Addresses that are put together from pieces are those that Django would make."""

import pytest
from django.urls import NoReverseMatch, reverse, set_script_prefix
from hypothesis import given
from hypothesis import strategies as st

from postings import links

OF_NAMES = ["detail", "posting_markdown", "apply", "report", "reported", "company"]
NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.sampled_from(OF_NAMES), NAMES)
def test_of_a_name_as_reverse_makes_it(page, name):
    assert links.path(f"postings:{page}", name) == reverse(f"postings:{page}", args=[name])


@given(NAMES, NAMES)
def test_of_two_names_as_reverse_makes_it(skill, country):
    assert links.path("postings:landing_pair", skill, country) == reverse(
        "postings:landing_pair", args=[skill, country]
    )
    assert links.path("postings:landing", "skills", skill) == reverse("postings:landing", args=["skills", skill])


@pytest.mark.parametrize(
    ("name", "args"), [("list", []), ("about", []), ("landings", ["skills"]), ("values", ["skill"])]
)
def test_of_a_page_as_reverse_makes_it(name, args):
    assert links.path(f"postings:{name}", *args) == reverse(f"postings:{name}", args=args)


def test_what_is_no_name_has_no_address():
    with pytest.raises(NoReverseMatch):
        links.path("postings:detail", "a/b")
    with pytest.raises(NoReverseMatch):
        links.path("postings:landings", "nonsense")


def test_below_another_path_addresses_begin_with_it():
    assert links.path("postings:detail", "oak") == "/jobs/oak/"
    set_script_prefix("/board/")
    try:
        assert links.path("postings:detail", "oak") == "/board/jobs/oak/"
        assert links.path("postings:list") == "/board/"
    finally:
        set_script_prefix("/")
    assert links.path("postings:detail", "oak") == "/jobs/oak/"
