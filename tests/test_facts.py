"""Facts that a posting's text holds: text in, value out, nothing when unsure."""

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postings import addresses, slugs
from postings.importing.facts import apply_keyword, salary
from postings.importing.facts.text import Text
from tests.test_layout import within


@pytest.mark.parametrize("module", [addresses, slugs, apply_keyword, salary], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_hold(module):
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0


def read_keyword(body):
    found = apply_keyword.read(Text("Gardener", body=body))
    return found.value if found else None


# --- Apply keyword -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("Please mention the word TULIPFIELD when you apply.", "TULIPFIELD"),
        ("Please mention the word **TULIPFIELD** when applying to show that you are human.", "TULIPFIELD"),
        ("Mention the word `tulip` to show you read this to the end.", "tulip"),
        ("When you apply, include the word “Gänseblümchen”.", "Gänseblümchen"),
        ("To apply, use the code word: 'rain boots'.", "rain boots"),
        ("Applications: write the phrase \"lime trees in June\" in the subject line.", "lime trees in June"),
        ("Add the keyword _elm_ to your cover letter!", "elm"),
        ("INCLUDE THE WORD TULIP WHEN APPLYING", "TULIP"),
        ("By mentioning the password OAK7 you show that you read this.", "OAK7"),
        pytest.param(
            "By including the password OAK7 you show that you read this.",
            "OAK7",
        ),
        pytest.param(
            "Please mention the word TULIP\nwhen you apply.",
            "TULIP",
        ),
        ("Do not hurry! Mention the word TULIP when you apply.", "TULIP"),
        ("Don't use the word guru in your application. Mention the word TULIP when you apply.", "TULIP"),
        ("We grow trees.\n\nWhen applying, mention the word\nTULIP.", "TULIP"),
        (f"Mention the word “{'t' * 60}” when you apply.", "t" * 60),
    ],
)  # fmt: skip
def test_finds_the_word_to_mention(text, keyword):
    assert read_keyword(text) == keyword


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We grow trees.",
        "Please mention this posting when you apply.",
        "Do not mention the word TULIP when you apply.",
        "Never use the word guru in an application.",
        "Please don’t include the word urgent in your application.",
        "You apply without mentioning the word TULIP.",
        "We use the word family a lot.",
        "Mention the word TULIP to your neighbours.",
        # The next sentence is another matter.
        "We often use the phrase growth. Apply today.",
        "Mention the word of the day.",
    ],
)
def test_finds_no_word_where_none_is_asked_for(text):
    assert read_keyword(text) is None


@settings(deadline=None, database=None)
@given(
    st.text()
    | st.lists(st.sampled_from(["mention ", "the ", "word ", ":", "**", '"', "OAK", " apply", ".", "\n", "not "])).map(
        "".join
    )
)
def test_a_keyword_is_always_a_short_piece_of_the_text(text):
    keyword = read_keyword(text)
    assert keyword is None or (keyword in text and 0 < len(keyword) <= 60 and "\n" not in keyword)


@pytest.mark.parametrize(
    "piece",
    [
        "mention ",
        "word ",
        "a",
        "\n",
        "'",
        ". ",
        "mention the word oak ",
        "mention the word oak. ",
        "include" + " " * 50,
    ],
)
def test_is_quick_with_any_piece_repeated_up_to_the_cap(piece):
    with within(0.5):
        read_keyword(piece * (64 * 1024 // len(piece)))


# --- Salary ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tag",
    [
        "$61,000/yr - $74,000/yr",
        "USD 144k~217k",
        "EUR €80.000~€117.000",
        "52,000 php / month",
        "CHF 118'000",
        "181 000 SEK",
        "181\u202f000 €",
        "€1.200,00 a week",
        "$62.50 per hour",
        "£45k",
        "~95k",
        "$0 - $90,000",
        "up to 70 000 €",
        "18 LPA",
        "R$ 9.500 / mês",
    ],
)
def test_a_tag_that_states_pay_stays_as_printed(tag):
    assert salary.stated(f" {tag} ") == tag


@pytest.mark.parametrize(
    "tag",
    [
        "",
        " ",
        "291000.0",
        "291000",
        "65k-95k USD",
        "65K - 95K usd",
        "0",
        "$0",
        "~0k",
        "$1~$1",
        "$0 - $0",
        "0.0",
        "null",
        "$$$$",
        "Competitive",
        "$Competitive",
        "Not Specified",
        "$13th salary",
        "100% of the market",
        "top 10 %",
        pytest.param("Competitive + 401k"),
    ],
)
def test_a_tag_that_states_no_pay_is_nothing(tag):
    assert salary.stated(tag) == ""


@settings(deadline=None, database=None)
@given(st.text() | st.text("0123456789.,'k%$€ ~-th\u00a0"))
def test_a_salary_is_the_tag_or_nothing(tag):
    assert salary.stated(tag) in (tag.strip(), "")


@pytest.mark.parametrize(
    "tag",
    [
        "1" * 60_000,
        "1," * 30_000,
        "1,000" * 12_000,
        "1k" * 30_000,
        "$" * 60_000,
        "1" + ",000" * 15_000 + "%",
        pytest.param("1" * 60_000 + "%"),
    ],
    ids=lambda tag: f"{tag[:8]}…{tag[-3:]}",
)
def test_is_quick_with_a_tag_of_any_length(tag):
    with within(0.5):
        salary.stated(tag)
