"""What a word is, what a query asks for, and where a text says it. All texts are invented."""

import itertools
import re
import time
import unicodedata
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postings import words
from postings.words import Term, excerpt, index_text, matches, parse, plain_text, stem, tokens

# What falls into several tokens, is one of them or separates them, so that drawn texts are more than noise.
PIECES = st.sampled_from(
    [
        *(
            "engineer",
            "Engineers",
            "NET",
            ".net",
            "c",
            "c++",
            "C#",
            "++",
            "+",
            "#",
            ".",
            "'s",
            "’s",
            "é",
            "e\u0301",
            "ß",
        ),
        *(
            "東",
            "京",
            "タ",
            "ไ",
            "한",
            "🚀",
            "👩\u200d💻",
            "\u00ad",
            "\u200b",
            " ",
            "\n",
            "-",
            "\0",
            '"',
            "*",
            "ﷺ",
            "x" * 41,
        ),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES).map("".join), st.lists(PIECES).map(" ".join))


def asked(query: str) -> Term:
    """The only term of a query."""
    (term,) = parse(query).terms
    return term


def said(query: str) -> list[str]:
    return [term.text for term in parse(query).terms]


# --- Tokens ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Senior Gardener (m/f/d)", ["senior", "gardener", "m", "f", "d"]),
        ("front-end, back_end", ["front", "end", "back", "end"]),
        ("€40,000–48k 24/7", ["40", "000", "48k", "24", "7"]),
        # Case, accents and their like
        ("ŁÓDŹ Œuvre Ærø Đorđe Þing", ["lodz", "oeuvre", "aero", "dorde", "thing"]),
        ("STRASSE Straße straẞe", ["strasse"] * 3),
        ("İstanbul ISTANBUL ıstanbul", ["istanbul"] * 3),
        ("ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]),
        ("Ёлка їжак", ["елка", "іжак"]),
        ("caf\u00e9 cafe\u0301 CAFÉ", ["cafe"] * 3),
        ("ﬁne Ｆｕｌｌ ② ㎡ ٣", ["fine", "full", "2", "m2", "3"]),
        # What is not seen
        ("soft\u00adware zero\u200bwidth \u202bback\u202c \ufeffmark", ["software", "zerowidth", "back", "mark"]),
        ("nul\0tab\tline\x1cfeed\x85end", ["nul", "tab", "line", "feed", "end"]),
        ("lone\ud800surrogate private\ue000use", ["lone", "surrogate", "private", "use"]),
        # Signs that are part of a name
        ("C++, c# F#. (C++17/C#8) A+ g++", ["c++", "c#", "f#", "c++", "17", "c#", "8", "a+", "g++"]),
        ("Ｃ＋＋ C♯", ["c++", "c#"]),
        (
            "a+b 5+ bac+5 AI+ c+++ us#hiring #hiring # + ++",
            ["a", "b", "5", "bac", "5", "ai", "c", "us", "hiring", "hiring"],
        ),
        (".NET ASP.NET C#.NET .net6 x.network", [".net", "asp", ".net", "c#", ".net", ".net", "6", "x", "network"]),
        ("Node.js U.S.", ["node", "js", "u", "s"]),
        # Apostrophes
        ("the company's companies' COMPANY’S", ["the", "company", "companies", "company"]),
        ("l'équipe d’Oréal O`Neil don't", ["l", "equipe", "d", "oreal", "o", "neil", "don", "t"]),
        # A token a character
        ("東京タワー in 2024年", ["東", "京", "タ", "ワ", "ー", "in", "2024", "年"]),
        ("ｶﾅ が か\u3099", ["カ", "ナ", "が", "が"]),
        ("ไทย လာ លា ລາວ", ["ไ", "ท", "ย", "လ", "ာ", "ល", "ា", "ລ", "າ", "ວ"]),
        ("한국어 " + unicodedata.normalize("NFD", "한국어"), ["한국어", "한국어"]),
        ("हिन्दी", ["हिन्दी"]),
        ("🚀🚀go ❤️ 👍🏽 👩\u200d💻 🇩🇪", ["🚀", "🚀", "go", "❤", "👍", "👩", "💻", "🇩", "🇪"]),
        ("★ Scrum™ master® 30°", ["★", "scrum", "master", "30"]),
        ("\U0001fae8\U0001fadf", ["\U0001fae8", "\U0001fadf"]),  # newer than this Python's Unicode
        ("yes…no … ‥", ["yes", "no"]),
        ("x" * 41 + " ж" + "é" * 60, ["x" * 40, "ж" + "e" * 39]),
    ],
)
def test_text_falls_into_tokens(text, expected):
    assert tokens(text) == expected


@given(TEXTS)
def test_any_text_has_tokens_that_are_tokens_of_themselves(text):
    found = tokens(text)
    assert tokens(" ".join(found)) == found
    assert all(0 < len(token) <= 40 and not re.search(r"[\s\0~'\"\\:A-Z]", token) for token in found)
    "".join(found).encode()  # no surrogate


@given(TEXTS)
def test_how_accents_are_written_makes_no_difference(text):
    # In text that is not cut: what is one character in one form is several in the other.
    for form in ("NFC", "NFD"):
        assert tokens(unicodedata.normalize(form, text)) == tokens(text)


def test_every_character_that_there_is_folds_once():
    for start in (*range(0, 0x34000, 0x1000), 0xE0000):  # beyond are planes without any, and private ones
        text = " ".join(map(chr, range(start, start + 0x1000)))
        assert tokens(" ".join(tokens(text))) == tokens(text)


def test_the_caches_are_bounded(monkeypatch):
    monkeypatch.setattr(words, "_MOST_FOLDS", 10)
    monkeypatch.setattr(words, "_MOST_STEMS", 10)
    many = " ".join(chr(0x4E00 + n) for n in range(50))
    assert tokens(many) == many.split()
    assert len(words._folds) <= 10
    index_text([f"{a}{b}" for a in "abcdefgh" for b in "klmnop"], with_stems=True)
    assert len(words._marked_stems) <= 10


# --- Stems -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("engineers", "engin"),
        ("engineering", "engin"),
        ("happily", "happili"),
        ("c++", "c++"),
        (".net", ".net"),
        ("k8s", "k8s"),
        ("größe", "größe"),
        ("инженеры", "инженеры"),
        ("", ""),
    ],
)
def test_only_words_of_english_letters_have_stems(token, expected):
    assert stem(token) == expected


# --- Queries -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", []),
        ("senior engineer", [Term(("senior",)), Term(("engineer",))]),
        ('"Senior Engineer"', [Term(("senior", "engineer"), is_exact=True)]),
        ('"engineer"', [Term(("engineer",), is_exact=True)]),
        ("-java", [Term(("java",), is_excluded=True)]),
        ('-"data center"', [Term(("data", "center"), is_exact=True, is_excluded=True)]),
        ("kube*", [Term(("kube",), is_prefix=True)]),
        ('"machine learn*"', [Term(("machine", "learn"), is_prefix=True, is_exact=True)]),
        ('"machine learn"*', [Term(("machine", "learn"), is_prefix=True, is_exact=True)]),
        ("node.js front-end", [Term(("node", "js")), Term(("front", "end"))]),
        ("東京", [Term(("東", "京"))]),
        ("c++ c# .NET", [Term(("c++",)), Term(("c#",)), Term((".net",))]),
        ("python,java;go|rust、php", [Term((each,)) for each in ("python", "java", "go", "rust", "php")]),
        ("10,000", [Term(("10", "000"))]),
        # Said twice
        ("Zürich zurich ZURICH", [Term(("zurich",))]),
        # Quotes as people and their telephones write them
        (
            "„a b“ “c d” «e f» 「g h」",
            [Term(tuple(pair.split()), is_exact=True) for pair in ("a b", "c d", "e f", "g h")],
        ),
        ('"a b', [Term(("a", "b"), is_exact=True)]),
        ('a"b c"d', [Term(("a",)), Term(("b", "c"), is_exact=True), Term(("d",))]),
        ('"" "', []),
        # A not, and what is none
        ("−java –go", [Term(("java",), is_excluded=True), Term(("go",), is_excluded=True)]),
        ("\u200f-java", [Term(("java",), is_excluded=True)]),
        ("a - b -- c --d e-f - -", [Term((each,)) for each in "abcd"] + [Term(("e", "f"))]),
        ('--"a b"', [Term(("a", "b"), is_exact=True)]),
        # Nothing is an operator
        ("AND or NOT", [Term((each,)) for each in ("and", "or", "not")]),
        ("NEAR(a title:b ^c {d} *", [*map(Term, [("near", "a"), ("title", "b"), ("c",), ("d",)])]),
        ("a\0b\x07c", [Term((each,)) for each in "abc"]),
        ('* ** -* "*" ~ ~~ \'', []),
        ("\ud800 \u202e", []),
        ("🚀", [Term(("🚀",))]),
    ],
)
def test_a_query_is_understood(query, terms):
    assert parse(query).terms == tuple(terms)
    assert not parse(query).is_cut


def test_a_query_has_ten_terms_at_most():
    ten = " ".join(f"w{n}" for n in range(10))
    assert (len(parse(ten).terms), parse(ten).is_cut) == (10, False)
    assert (len(parse(f"{ten} w3").terms), parse(f"{ten} w3").is_cut) == (10, False)
    assert (len(parse(f"{ten} more").terms), parse(f"{ten} more").is_cut) == (10, True)


def test_a_query_has_two_hundred_characters_at_most_and_ends_with_a_whole_word():
    assert parse("ab " * 66 + "c ").is_cut is False
    assert parse("x" * 201) == (parse("x" * 40).terms, True)
    cut = parse("ab cd " * 33 + "efgh")
    assert (said("ab cd " * 33 + "efgh"), cut.is_cut) == (["ab", "cd"], True)
    assert said("ab " * 66 + "cd ef") == ["ab", "cd"]
    assert parse("ab " + " " * 300 + "cd") == ((Term(("ab",)),), True)
    assert parse(" " * 300 + "ab" + " " * 300) == ((Term(("ab",)),), False)


def test_a_character_that_unfolds_into_many_makes_no_endless_phrase():
    assert len(tokens("\ufdfa" * 200)) > 600
    assert len(asked("\ufdfa" * 200).tokens) == 200


@given(TEXTS)
def test_any_query_at_all_gives_terms(query):
    parsed = parse(query)
    assert len(parsed.terms) <= 10
    assert all(term.tokens and len(term.tokens) <= 200 for term in parsed.terms)
    assert all(tokens(" ".join(term.tokens)) == list(term.tokens) for term in parsed.terms)


@given(st.one_of(TEXTS, st.text(st.sampled_from("ab cé.'*-\"+#,東🚀"))).map(lambda query: query[:60]))
def test_a_term_can_be_typed_again(query):
    for term in parse(query).terms:
        if len(term.text) <= 200:
            assert parse(term.text) == ((term,), False), term.text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Zürich", "zurich"),
        ('-"Data  Center"', '-"data center"'),
        ("node.js", "node-js"),
        ("東京タワー", "東京タワー"),
        ("kube*", "kube*"),
        ("ASP.NET", "asp-.net"),
    ],
)
def test_a_term_is_shown_as_it_would_be_typed(query, text):
    assert asked(query).text == text


# --- What matches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("engineer", "We seek Engineers", True),
        ("engineers", "an engineer", True),
        ('"engineers"', "an engineer", False),
        ('"engineers"', "two engineers", True),
        ("-engineer", "an engineer", True),  # whoever asks knows what to do with it
        ("zurich", "Zürich", True),
        ("ZÜRICH", "zurich", True),
        ("company", "the company’s goal", True),
        ("senior engineer", "", False),
        ('"senior engineer"', "a Senior Engineer", True),
        ('"senior engineer"', "senior engineers", False),
        ('"senior engineer"', "senior software engineer", False),
        ('"senior eng*"', "a senior engineer", True),
        ('"a a b"', "a a a b", True),
        ("kube*", "kubernetes", True),
        ("kube*", "minikube", False),
        ("ku*", "kubernetes", False),  # below three letters there is no prefix …
        ("ku*", "ku", True),
        ("ку*", "кубернетес", True),  # … of those of which English has 26
        ("c", "C++ and C#", False),
        ("c++", "C and C#", False),
        ("c#", "C#/.NET", True),
        ("net", "ASP.NET", True),
        (".net", "net salary", False),
        (".net", "ASP.NET", True),
        ("asp.net", "ASP .NET", True),
        ("node.js", "Node JS", True),
        ("nodejs", "Node.js", False),
        ("京タ", "東京タワー", True),
        ("東タ", "東京タワー", False),
        ("🚀", "to the moon🚀!", True),
        ("generally", "the general", True),
    ],
)
def test_a_term_stands_in_a_text_or_not(query, text, expected):
    terms = parse(query).terms
    assert all(matches(term, tokens(text)) for term in terms) is expected


def test_foreign_words_have_no_forms():
    assert matches(asked("engine"), tokens("engines"))
    assert not matches(asked("engine"), tokens("engins"), with_stems=False)
    assert matches(asked("engins"), tokens("les engins"), with_stems=False)


@given(TEXTS)
def test_every_token_of_a_text_is_found_in_it(text):
    found = tokens(text)
    for token in found:
        assert matches(Term((token,)), found)
        assert matches(Term((token,), is_exact=True), found)
        assert matches(Term((token,), is_prefix=True), found)
    for pair in itertools.pairwise(found):
        assert matches(Term(pair), found)


@given(st.text(max_size=190))
def test_a_text_that_is_searched_for_as_it_stands_is_found(text):
    for term in parse(f'"{text}"').terms[:1]:
        if '"' not in text.translate(words._TYPED):
            assert matches(term, tokens(text)) or term.is_prefix


# --- What the index keeps ----------------------------------------------------------------------------


def test_the_index_keeps_the_tokens_and_marked_stems_behind_them():
    assert index_text(["engineers", "c++", "engineer", ".net"], True) == "engineers c++ engineer .net ~engin ~net"
    assert index_text(["engineers", "c++"], False) == "engineers c++"
    assert index_text(["c++", "東"], True) == "c++ 東"
    assert index_text([], True) == ""


def test_what_postgresql_would_not_count_is_a_gap_for_both():
    text = index_text(["a", *["b"] * 300, "c"], False).split()
    assert len(text) == 302
    assert (text[255], text[256], text[300], text[301]) == ("b", "~", "~", "c")


def test_the_index_of_a_field_is_bounded():
    assert len(index_text([f"{n:x}" for n in range(20_000)], False).split()) == 16_000
    long = index_text([f"{n:040}a" for n in range(16_000)], True)
    assert len(long) <= 300_000 and long.split()[0] == f"{0:040}a"
    assert set(long.split()) <= {f"{n:040}a" for n in range(16_000)}  # nothing cut in two


# --- Plain text and excerpts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<p>A <strong>B</strong>old<br>word</p><ul><li>One</li><li>Two</li></ul>",
            ["A", "Bold", "word", "One", "Two"],
        ),
        ('<a href="https://x.example/?a=1&amp;b" title="a &gt; b > c">link</a>', ["link"]),
        ('<ol start="3"><li>R&amp;D &lt;b&gt; &eacute;</li></ol>', ["R&D", "<b>", "é"]),
        ("<table><tr><th>a</th><td>b</td></tr></table><code>c</code>", ["a", "b", "c"]),
        ("", []),
    ],
)
def test_html_becomes_plain_text(html, expected):
    assert plain_text(html).split() == expected


def shown(text: str, query: str, length: int = 240) -> str:
    """An excerpt with the words that were found in brackets."""
    return "".join(f"[{piece}]" if is_match else piece for piece, is_match in excerpt(text, parse(query).terms, length))


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("We seek two engineers.", "engineer", "We seek two [engineers]."),
        ("engineer", "engineer", "[engineer]"),
        ("Bioengineers only", "engineer", ""),
        ("", "engineer", ""),
        ("We seek engineers", '"engineer"', ""),
        ("We seek engineers", "-engineers seek", "We [seek] engineers"),
        ("In Zürich, ZURICH!", "zurich", "In [Zürich], [ZURICH]!"),
        ("Straße und Fuß-Weg", "strasse fuss", "[Straße] und [Fuß]-Weg"),
        ("Soft\u00adware, cafe\u0301", "software café", "[Soft\u00adware], [café]"),
        ("C++, C and C#; ASP.NET, net", "c++ .net", "[C++], C and C#; ASP[.NET], net"),
        ("ASP.NET, net", "net", "ASP.[NET], [net]"),
        ("ASP.NET and Node.js", "asp.net node.js", "[ASP.NET] and [Node.js]"),
        ("A senior\n  engineer, a senior", '"senior engineer"', "A [senior engineer], a senior"),
        ("The company’s growth", '"company growth"', "The [company’s growth]"),
        ("Kubernetes, minikube", "kube*", "[Kubernetes], minikube"),
        ("in 東京タワーtokyo 🚀", "京タ tokyo 🚀", "in 東[京タ]ワー[tokyo] [🚀]"),
        ("Москва и Киев", "киев", "Москва и [Киев]"),
        ("Новокиев, xкиев, киевx", "киев", ""),
        ("жx", "x", ""),
        ("a b c", 'a "a b"', "[a b] c"),
        ("hoping, usability, happily", "hope usable happy", "[hoping], [usability], happily"),
        ("a b a b", '"a b a" b', "[a b a] [b]"),
    ],
)
def test_an_excerpt_marks_the_words(text, query, expected):
    assert shown(text, query) == expected


def test_an_excerpt_is_cut_at_blanks_and_says_so():
    text = f"{'before ' * 60}\n  The  needle is here. {'after ' * 60}"
    result = shown(text, "needle", 60)
    assert result == "…before The [needle] is here. after after after after…"
    assert shown("needle " + "after " * 60, "needle", 40) == "[needle] after after after after after…"
    assert shown("before " * 60 + "needle", "needle", 40) == "…before before before before [needle]"


def test_an_excerpt_shows_the_place_with_most_of_the_words():
    text = f"python {'x ' * 400} java {'x ' * 400} python with java {'x ' * 400} java"
    assert "[python] with [java]" in shown(text, "java python kotlin")
    assert shown(text, "java python kotlin").startswith("…x ")


def test_of_several_such_places_an_excerpt_shows_the_first():
    text = f"{'x ' * 400} python with java {'x ' * 400} java or python"
    assert "[python] with [java]" in shown(text, "java python")


def test_a_phrase_that_an_excerpt_cuts_is_not_marked():
    text = "needle and a few more words before the head gardener comes"
    for length in range(20, 60):
        result = shown(text, 'needle "head gardener"', length)
        assert ("[head gardener]" in result) is ("gardener" in result), result
        assert len(result) <= length + len("[]") * result.count("["), result


def test_an_excerpt_of_what_has_no_blanks_is_cut_all_the_same():
    result = shown("東" * 500 + "京" + "東" * 500, "京", 40)
    assert "[京]" in result and 30 < len(result) <= 44


@given(TEXTS, TEXTS, st.integers(20, 300))
def test_an_excerpt_marks_what_matches_and_invents_nothing(text, query, length):
    terms = [term for term in parse(query).terms if not term.is_excluded]
    pieces = excerpt(text, terms, length)
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    assert "".join(piece for piece, _ in pieces).strip("…") in plain or "…" in text
    assert all(any(matches(term, tokens(piece)) for term in terms) for piece, is_match in pieces if is_match)
    if pieces:
        assert any(is_match for _, is_match in pieces)


@given(st.lists(PIECES).map(" ".join), st.lists(PIECES, min_size=1).map(" ".join))
def test_there_is_an_excerpt_of_whatever_matches(text, query):
    for term in parse(query).terms:
        if not term.is_excluded:
            assert bool(excerpt(text, [term])) is matches(term, tokens(text)), term


MIXED = st.text(st.sampled_from("aBΣσI İ’“–•…éßﬁ東京\0\u200b\u00a0\u0301\N{ROCKET}\U000e0101"), max_size=40)


@given(MIXED | TEXTS)
def test_what_is_folded_evenly_is_folded_as_in_runs(text):
    """The quick way, where it is taken, finds the same at the same places."""
    slow = words._Folded.__new__(words._Folded)
    slow.starts, slow.shifts = [], []
    folded = words._NOT_ASCII.sub(slow._fold_run, text).lower()
    quick = words._folded_evenly(text) if text else ""
    assert quick in ("", folded)
    assert not (quick and slow.starts)


def test_dashes_curly_quotes_and_emoji_take_the_quick_way():
    assert words._folded_evenly("It’s “Here” – or Café \N{ROCKET}") == "it's  here    or cafe \N{ROCKET}"


# --- Speed -------------------------------------------------------------------------------------------


def quickest(work) -> float:
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize(
    "text", ["n" * 60_000, "é" * 30_000, "東" * 20_000, "'s" * 30_000, "x\u200d" * 15_000, '"' * 60_000, "+" * 60_000]
)
def test_no_text_takes_long(text):
    """What takes linear time is within some times what tokens() takes, whatever the machine."""
    bound = 15 * quickest(lambda: tokens(text)) + 0.02
    for query in ("n", '"n n"', "é", "東京", "s"):
        terms = parse(query).terms
        assert quickest(partial(excerpt, text, terms)) < bound
    assert quickest(lambda: index_text(tokens(text), True)) < bound
    assert quickest(lambda: parse(text)) < bound
    assert quickest(lambda: plain_text(f"{text}{'<' * 20_000}{'<x' * 9000}{'<a b=' * 9000}")) < bound + 0.05
