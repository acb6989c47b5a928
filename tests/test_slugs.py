"""Names as they stand in addresses."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings.slugs import free_slug, slug_for


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("F#", "f-sharp"),
        (".NET", "dot-net"),
        ("ASP.NET", "asp-net"),
        ("Node.js", "node-js"),
        ("Germany", "germany"),
        ("Côte d'Ivoire", "cote-divoire"),
        ("R&D", "r-and-d"),
        ("Fern & Sons", "fern-and-sons"),
        ("  Tree   Works  ", "tree-works"),
        ("Tree/Works (Vienna)", "treeworks-vienna"),
        ("Lindenhof_Labs", "lindenhof_labs"),
        ("Zażółć", "zazoc"),  # what has no plain letter goes, as Django's slugify has it
        ("東京", "東京"),
        ("Садовник Вена", "садовник-вена"),
        ("...", ""),
        (".", ""),
        ("🌳", ""),
        ("", ""),
    ],
)
def test_a_name_gives_its_slug(name, slug):
    assert slug_for(name) == slug


def test_names_that_differ_by_a_sign_have_slugs_that_differ():
    names = ["C", "C+", "C++", "C#", "C&", ".C", "C C"]
    assert len({slug_for(name) for name in names}) == len(names)


@settings(deadline=None, database=None)
@given(st.text(max_size=40) | st.text("aäß.+#&-_ /\\%?'\"<>İ東🌳\u202e\n", max_size=12))
def test_a_slug_can_stand_in_an_address(name):
    slug = slug_for(name)
    assert re.fullmatch(r"[\w-]*", slug)
    assert slug_for(slug) == slug


class _Taken:
    """Answers like a queryset of rows that have these slugs, without a database."""

    def __init__(self, *slugs):
        self.slugs = slugs

    def filter(self, slug):
        return _Taken(*(taken for taken in self.slugs if taken == slug))

    def exists(self):
        return bool(self.slugs)


@pytest.mark.parametrize(
    ("taken", "slug"),
    [
        ((), "gardener"),
        (("gardener-2", "gardene"), "gardener"),
        (("gardener",), "gardener-2"),
        (("gardener", "gardener-2", "gardener-4"), "gardener-3"),
        (("gardener", *(f"gardener-{n}" for n in range(2, 12))), "gardener-12"),
    ],
)
def test_takes_the_first_free_number(taken, slug):
    assert free_slug("gardener", _Taken(*taken), 20) == slug


@pytest.mark.parametrize(
    ("taken", "slug"),
    [
        ((), "gardener-o"),
        (("gardener-o",), "gardener-2"),
        (("gardener-o", *(f"gardener-{n}" for n in range(2, 10))), "gardene-10"),
    ],
)
def test_a_slug_with_its_number_stays_within_its_length(taken, slug):
    assert free_slug("gardener-of-trees", _Taken(*taken), 10) == slug
