"""A posting's parts in, its file out: whatever it says, the reader reads the same posting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings import addresses
from postings.importing import layout, writing
from postings.importing.layout import Layout

ADDRESS = "https://jobs.lindenhof.example/apply/gardener"
PARAGRAPH = "Every spring we plant lime trees together."


def parts(**fields) -> Layout:
    return Layout(
        **{
            "title": "Gardener",
            "company": "Lindenhof Labs",
            "apply_url": ADDRESS,
            "slug": "gardener",
            "body": "We grow trees.",
            **fields,
        }
    )


def come_back(**fields) -> str:
    """The file of such a posting, made sure that it is read as the same."""
    said = parts(**fields)
    folder, states_name = writing.folder(said.slug, said.apply_url)
    text = writing.write(said, states_name)
    assert layout.read(text.encode(), folder) == said
    return text


def test_a_plain_posting_is_written_plainly():
    assert come_back(salary_text="€40,000", place="Vienna", other_tags=["❤️ trees"]) == (
        f"# [Gardener]({ADDRESS})  \n### Lindenhof Labs  \n#### `💰 €40,000` `🌎 Vienna` `❤️ trees`  \n\n"
        f"We grow trees.\n\n  \n## CLICK TO [APPLY]({ADDRESS})\n\n"
    )


# --- Its name ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slug", ["gardener-2", "gärtner", "a&b=c", 'say"so', "100%", "[x](y)", "-", ".hidden", "梅" * 90]
)
def test_a_name_that_the_address_does_not_say_stands_beside_it(slug):
    assert ' "slug=' in come_back(slug=slug)


def test_a_mail_address_leaves_the_name_to_the_folder():
    assert "slug=" not in come_back(apply_url="mailto:jobs@lindenhof.example", slug="tree-surgeon")


@pytest.mark.parametrize("said", ["Apply now", "slug", "slug=", "slug=a b", "name=oak", "slug=oak&ref=7", "body=html"])
def test_any_other_title_of_a_link_says_nothing(said):
    text = f'# [Gardener]({ADDRESS} "{said}")\n### Lindenhof Labs\n\nApply for this job\n\nWe grow trees.\n'
    read = layout.read(text.encode())
    assert (read.slug, read.title, read.body) == ("gardener", "Gardener", "We grow trees.")


@pytest.mark.parametrize("slug", ["a%2Fb", "..", "x" * 201, "a%00b"])
def test_a_name_that_cannot_stand_in_an_address_is_refused(slug):
    with pytest.raises(layout.Refused, match="the posting's name"):
        layout.read(f'# [Gardener]({ADDRESS} "slug={slug}")\n'.encode())


# --- Title, address, company -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    ["Gardener [m/w/d]", "[Gardener", "Gardener]", "a] [b", "a ] b [ c", "[a](b)", "a](", "x](y",
     "Back\\slash", "a\\[b",
     "ends with \\", "C:\\\\", "# number 1", "`code`", 'says "so"', "(m/f) <b>"],
)  # fmt: skip
def test_a_title_comes_back(title):
    come_back(title=title)


def test_brackets_that_are_not_taken_for_the_link_s_are_written_plainly():
    assert come_back(title="[Vienna] Gardener [m/w/d]").startswith(f"# [[Vienna] Gardener [m/w/d]]({ADDRESS})")


@pytest.mark.parametrize(
    "tail", ["b(c)", "b(c)d(e)", "b(", "b)", "a)b", "((a))", ")(", "b?x=(1&y=2)", "a]b", "a](b", "%2F"]
)
def test_an_address_comes_back_whatever_its_parentheses(tail):
    url = addresses.canonical(f"https://lindenhof.example/apply/{tail}")
    come_back(apply_url=url)


@pytest.mark.parametrize(
    "name", [None, "None", "null", "N/A", "nan", "`None`", "``null``", "A|B [Labs]", "[Labs](x)", "\\None", "C \\"]
)
def test_a_company_comes_back_even_one_that_is_called_none(name):
    come_back(company=name)


# --- Tags --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["a`b", "`", "``", "`a`", "a``b", "a```b", "```", "a` `b", "❤️ `ls` and ```cd```"])
def test_a_tag_with_back_ticks_comes_back(tag):
    come_back(other_tags=[tag, "plain", tag], salary_text=tag, place=tag)


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("#### `` `a` ``", ["a"]),  # in CommonMark one span; in the wild two empty tags around one
        ("#### `` `a`", ["a"]),
        ("#### ``` a`b ``` `c`", ["a`b", "c"]),
        ("#### ```a``` `b`", ["a", "b"]),
    ],
)
def test_two_back_ticks_in_a_row_are_an_empty_tag_as_ever(line, tags):
    assert layout.read(f"# [Gardener]({ADDRESS})\n### Lindenhof Labs\n{line}\n\nTrees.\n".encode()).other_tags == tags


# --- The body ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"Trees.\n\n## CLICK TO [APPLY]({ADDRESS})",
        f"Trees.\n\n## CLICK TO [APPLY]({ADDRESS})\n\n",
        "Trees.\n\nApply for this job\n\nMore.",
        "Apply for this job",
        f"{PARAGRAPH}\n\n{PARAGRAPH}",
        "\n\n    - indented",
        "Ends in blanks  \n\n\t",
        "\n",
        "   ",
        "### A heading\n#### `code`",
        "#### `not a tag`",
        "# [Another](https://other.example/x)",
        "```\nopen",
    ],
)
def test_a_body_comes_back_as_it_stands(body):
    come_back(body=body)


def test_only_a_body_that_an_import_would_mend_says_so():
    assert "as-is" not in come_back()
    assert '(https://jobs.lindenhof.example/apply/gardener "body=as-is")' in come_back(
        body="Trees.\n\nApply for this job"
    )


# --- Paths -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["C#", "CI/CD", ".NET", "-", "--", "100%", "50%2F50", "a\\b", "..", " x ", "%2D", "R&D", "Gärtnerei"]
)
def test_any_name_stands_in_a_path_and_comes_back(name):
    part = writing.part(name)
    assert "/" not in part and "\\" not in part and not part.startswith((".", " ")) and part not in ("", "-")
    assert writing.plain_part(part) == name


# --- Anything ----------------------------------------------------------------------------------------

_pieces = [
    "a", "Gärtner", "梅", "🌳", " ", "  ", "[", "]", "](", "(", ")", "\\", "`", "``", "```", "#", "*", "_", '"', "<",
    ">", "None", "slug=x", "💰", "🌎", "-", "%2F", "https://a.example/b", "=", "\u200d", "\u202e", "e\u0301",
]  # fmt: skip
_lines = [
    "Apply for this job", PARAGRAPH, f"## CLICK TO [APPLY]({ADDRESS})", f"## CLICK TO [APPLY](<{ADDRESS}>)", "# [a](b)",
    "### Company", "#### `tag`", "####", "```", "~~~", "    code", "\t", "  ", "", "", "- item", "> said", "|a|b|",
    "---",
]  # fmt: skip


def _text(pieces, separator=""):
    return st.lists(st.sampled_from(pieces), max_size=8).map(separator.join).map(layout.tidy)


_line = _text(_pieces).map(lambda text: " ".join(text.split()))
_visible = _line.filter(layout.is_visible)
_tag = _line.filter(lambda text: text and not text.startswith(("💰", "🌎")))
_slug = _line.map(lambda text: "".join(text.split()).replace("/", "").replace("\\", "")).filter(layout.is_visible)


def _is_slug(slug: str) -> bool:
    try:
        return bool(addresses.check_slug(slug))
    except addresses.BadAddress:
        return False


def _address(tail: str) -> str:
    return addresses.canonical(f"https://lindenhof.example/{tail}".replace("\\", "").replace(" ", ""))


layouts = st.builds(
    Layout,
    title=_visible,
    company=st.none() | _visible,
    apply_url=st.just("mailto:jobs@lindenhof.example") | _line.map(_address),
    slug=_slug.filter(_is_slug),
    body=_text(_lines + _pieces, "\n") | _text(_lines, "\n\n"),
    place=_line,
    salary_text=_line,
    other_tags=st.lists(_tag, max_size=3),
)


@settings(deadline=None, database=None, max_examples=300)
@given(layouts)
def test_whatever_a_posting_says_comes_back(said):
    come_back(**{name: getattr(said, name) for name in Layout.__slots__})
