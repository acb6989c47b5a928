"""Markdown → safe HTML: what stays, in which form, and what never comes through."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from postings.importing import layout
from postings.rendering import MAX_HTML_BYTES, TooLarge, excerpt, render, sanitise
from tests.factories import posting_text
from tests.hostile import HTML_PAYLOADS, MARKDOWN_PAYLOADS, PAYLOADS, dangers, splices
from tests.test_layout import within


def line(markdown):
    """The HTML without the line ends, which mean nothing."""
    return render(markdown).replace("\n", "")


def words(html):
    return re.sub(r"<[^>]*>", " ", html).split()


def link(address, text, title=""):
    return f'<a href="{address}"{title} rel="nofollow noopener ugc">{text}</a>'


# --- Lists indented by four blanks -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("    - oak", "<ul><li>oak</li></ul>"),
        ("    * oak\n    * elm\n    * ash", "<ul><li>oak</li><li>elm</li><li>ash</li></ul>"),
        ("      + oak\n      + elm", "<ul><li>oak</li><li>elm</li></ul>"),
        ("    1. oak\n    2. elm", "<ol><li>oak</li><li>elm</li></ol>"),
        ("Trees\n\n    - oak\n    - elm", "<p>Trees</p><ul><li>oak</li><li>elm</li></ul>"),
        ("Trees\n    - oak\n    - elm", "<p>Trees</p><ul><li>oak</li><li>elm</li></ul>"),
        ("Trees\n    3) oak\n    4) elm", '<p>Trees</p><ol start="3"><li>oak</li><li>elm</li></ol>'),
        ("Trees  \n        - oak\n        - elm", "<p>Trees</p><ul><li>oak</li><li>elm</li></ul>"),
        ("## Trees\n    - oak\n    - elm", "<h2>Trees</h2><ul><li>oak</li><li>elm</li></ul>"),
        ("    - oak\n    - elm\n\nAnd ash.", "<ul><li>oak</li><li>elm</li></ul><p>And ash.</p>"),
        (
            "    - oak\n        - red\n        - white\n    - elm",
            "<ul><li>oak<ul><li>red</li><li>white</li></ul></li><li>elm</li></ul>",
        ),
        (
            "- oak\n    - red\n    - white\n        - old\n        - young\n- elm",
            "<ul><li>oak<ul><li>red</li><li>white<ul><li>old</li><li>young</li></ul></li></ul></li><li>elm</li></ul>",
        ),
        ("1. oak\n    * red\n    * white\n2. elm",
         "<ol><li>oak<ul><li>red</li><li>white</li></ul></li><li>elm</li></ol>"),
        ("- oak\n\n    Tall.\n\n    Old.", "<ul><li><p>oak</p><p>Tall.</p><p>Old.</p></li></ul>"),
        ("> - oak\n>     - red\n>     - white",
         "<blockquote><ul><li>oak<ul><li>red</li><li>white</li></ul></li></ul></blockquote>"),
        ("    Trees are our trade.", "<p>Trees are our trade.</p>"),
    ],
)  # fmt: skip
def test_an_indented_list_is_a_list_and_never_code(markdown, html):
    assert line(markdown) == html


def test_lists_may_be_nested_nine_deep():
    html = render("\n".join("    " * depth + f"- tree{depth}" for depth in range(9)))
    assert html.count("<ul>") == 9
    assert words(html) == [f"tree{depth}" for depth in range(9)]


def test_a_list_inside_a_fence_stays_as_it_is():
    assert render("```\nTrees\n    - oak\n```") == "<pre><code>Trees\n    - oak\n</code></pre>\n"


def test_a_dash_between_words_starts_no_list():
    assert line("Trees\n- oak") == "<p>Trees</p><ul><li>oak</li></ul>"
    assert line("Oak\n    -elm") == "<p>Oak-elm</p>"


@pytest.mark.parametrize("number", ["0", "7", "1990", "999999999"])
def test_an_ordered_list_keeps_the_number_it_starts_with(number):
    assert line(f"{number}. oak") == f'<ol start="{number}"><li>oak</li></ol>'


# --- Headings ----------------------------------------------------------------------------------------


def headings(markdown):
    return re.findall(r"<h(\d)>", render(markdown))


@pytest.mark.parametrize(
    ("markdown", "levels"),
    [
        ("# a", "2"),
        ("###### a", "2"),
        ("# a\n## b\n### c\n## d\n# e", "23432"),
        ("### a\n##### b\n### c\n# d", "2322"),
        ("# a\n#### b\n## c", "233"),
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", "234566"),
        ("a\n===\n\nb\n---\n", "23"),
        ("> # a\n\n- ## b", "23"),
    ],
)
def test_headings_stand_under_the_page_title_by_their_place_in_the_outline(markdown, levels):
    assert "".join(headings(markdown)) == levels


_headings = st.lists(st.integers(1, 6), max_size=15)


@settings(deadline=None, database=None)
@given(_headings)
def test_the_outline_never_skips_a_level(levels):
    found = [1, *map(int, headings("\n\n".join(f"{'#' * level} tree" for level in levels)))]
    assert len(found) == len(levels) + 1
    assert all(2 <= below <= min(above + 1, 6) for above, below in pairwise(found))


@pytest.mark.parametrize("markdown", ["#", "## ", "### ![](logo.png)", "#### [](https://a.example)"])
def test_drops_headings_that_hold_nothing(markdown):
    assert line(f"{markdown}\n\nTrees.") == "<p>Trees.</p>"


@pytest.mark.parametrize(("markdown", "levels"), [("#\n\n## Trees", "2"), ("# a\n\n## ![](x)\n\n### b", "23")])
def test_an_empty_heading_leaves_no_gap_in_the_outline(markdown, levels):
    assert "".join(headings(markdown)) == levels


# --- The other elements ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        (
            "| tree | m |\n|:-----|--:|\n| oak | 30 |\n| *elm* | 25 |",
            "<table><thead><tr><th>tree</th><th>m</th></tr></thead><tbody><tr><td>oak</td><td>30</td></tr>"
            "<tr><td><em>elm</em></td><td>25</td></tr></tbody></table>",
        ),
        ("tree | m\n--- | ---", "<table><thead><tr><th>tree</th><th>m</th></tr></thead></table>"),
        ("```python\nplant(<oak>)\n```", "<pre><code>plant(&lt;oak&gt;)</code></pre>"),
        ("~~~\noak\n~~~", "<pre><code>oak</code></pre>"),
        ("`<oak>`", "<p><code>&lt;oak&gt;</code></p>"),
        ("**oak** *elm* ~~ash~~", "<p><strong>oak</strong> <em>elm</em> <s>ash</s></p>"),
        ("oak  \nelm\\\nash", "<p>oak<br>elm<br>ash</p>"),
        ("oak\n\n***\n\nelm", "<p>oak</p><hr><p>elm</p>"),
        ("> oak", "<blockquote><p>oak</p></blockquote>"),
        ("&amp; &lt; &auml; &#8364;", "<p>&amp; &lt; ä €</p>"),
        ("<b>oak</b> & <script>elm</script>", "<p>&lt;b&gt;oak&lt;/b&gt; &amp; &lt;script&gt;elm&lt;/script&gt;</p>"),
        ("- [ ] oak\n- [x] elm", "<ul><li>[ ] oak</li><li>[x] elm</li></ul>"),
        ("", ""),
        (" \n\n ", ""),
    ],
)
def test_renders_what_postings_use(markdown, html):
    assert line(markdown) == html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("![An old oak](https://t.example/oak.png)", "<p>An old oak</p>"),
        ('![An old oak](oak.png "seen from the south")', "<p>An old oak</p>"),
        ("![An old oak][oak]\n\n[oak]: https://t.example/oak.png", "<p>An old oak</p>"),
        ("![a < b](oak.png)", "<p>a &lt; b</p>"),
        ("Trees ![](https://t.example/pixel.gif)grow.", "<p>Trees grow.</p>"),
        ("![](https://t.example/pixel.gif)", ""),
        ("[![An old oak](oak.png)](https://t.example)", f"<p>{link('https://t.example', 'An old oak')}</p>"),
        ("Trees [![](oak.png)](https://t.example)grow.", "<p>Trees grow.</p>"),
    ],
)
def test_an_image_becomes_its_words(markdown, html):
    assert line(markdown) == html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [("![an **old** oak](oak.png)", "<p>an old oak</p>"), ("![oak ![elm](e.png)](o.png)", "<p>oak elm</p>")],
)
def test_the_words_of_an_image_lose_their_marks(markdown, html):
    assert line(markdown) == html


@pytest.mark.parametrize(
    "address",
    [
        "https://t.example",
        "http://t.example/oak?age=9#top",
        "HTTPS://t.example/",
        "https://t.example:8080/a(b)",
        "mailto:oak@t.example",
        "https://xn--bcher-kva.example/",
    ],
)
def test_keeps_plain_links(address):
    assert line(f"[oak](<{address}>)") == f"<p>{link(address, 'oak')}</p>"


def test_keeps_a_link_title_and_links_in_angle_brackets():
    titled = link("https://t.example", "oak", ' title="very old"')
    assert line('[oak](https://t.example "very old")') == f"<p>{titled}</p>"
    assert line("<https://t.example>") == f"<p>{link('https://t.example', 'https://t.example')}</p>"
    assert line("<oak@t.example>") == f"<p>{link('mailto:oak@t.example', 'oak@t.example')}</p>"


@pytest.mark.parametrize(
    "address",
    [
        "/apply/oak", "oak.html", "#oak", "?q=oak", "//t.example/", "https:oak", "https:///oak", "ftp://t.example/",
        "https://me:secret@t.example/", "https://me@t.example/", "mailto:", "mailto:oak", "mailto:?bcc=a@t.example",
        "mailto:oak@t.example?bcc=elm@t.example", "tel:+43123", "intent://t.example",
        "https://t.example:99999/", "https://[::1/", 'https://t.example:99999/ "a title"',
    ],
)  # fmt: skip
def test_a_link_that_leads_anywhere_else_is_only_its_words(address):
    assert line(f"an [old *oak*]({address}) here") == "<p>an old <em>oak</em> here</p>"


@pytest.mark.parametrize(
    "empty",
    [
        "[](https://t.example)",
        pytest.param("[ ](https://t.example)"),
        pytest.param("[&nbsp;](https://t.example)"),
    ],
)
def test_drops_links_that_hold_nothing(empty):
    assert "<a" not in render(f"oak {empty} elm")


# --- Bounds ------------------------------------------------------------------------------------------


def test_refuses_what_becomes_too_much_html():
    reference = f"[x]: https://t.example/{'a' * 1000}\n\n"
    assert render(reference + "[x]" * 200)
    with pytest.raises(TooLarge, match="its HTML would be over 256 KiB"):
        render(reference + "[x]" * 2000)


def test_counts_bytes_not_characters():
    assert len(render("é" * (MAX_HTML_BYTES // 2 - 10)).encode()) <= MAX_HTML_BYTES
    with pytest.raises(TooLarge):
        render("é" * (MAX_HTML_BYTES // 2))


_ATTACKS = {
    "brackets": "[", "image brackets": "![", "link openers": "[a](", "closed links": "[a](b)", "half links": "](",
    "emphasis": "*a_ ", "strong": "**a *b ", "stars": "a**b*c ", "strikes": "~~a ", "backticks": "`", "ticks": "`a``",
    "fences": "```\n", "quotes": "> ", "quoted lists": "> - a\n", "dashes": "- ", "items": "- a\n", "loose": "- a\n\n",
    "indented items": "a\n    - b\n", "numbers": "1. ", "hashes": "# ", "empty headings": "#\n", "setext": "a\n=\n",
    "underlines": "=\n", "cells": "|", "rules": "|-|\n", "tables": "a|b\n-|-\n", "entities": "&amp;", "half": "&#x",
    "angles": "<", "tags": "<a ", "autolinks": "<http:", "mails": "<a@", "comments": "<!--", "escapes": "\\",
    "references": "[x]: /u\n", "reference uses": "[x]", "titles": "[a](b \"", "tabs": "\t", "blanks": " ",
    "line ends": "\n", "blank lines": " \n", "paragraphs": "a\n\n", "accents": "e\u0301", "emoji": "🌳",
    "breaks": "a  \n",
}  # fmt: skip


@pytest.mark.parametrize("piece", _ATTACKS.values(), ids=_ATTACKS.keys())
def test_is_quick_with_any_piece_repeated(piece):
    # A quarter of the cap: what grows with the square of its length takes far longer; the slowest takes 0.4 s.
    with within(1.5):
        render_or_refuse(piece * (layout.MAX_BYTES // 4 // len(piece.encode())))


@pytest.mark.parametrize("name", ["brackets", "image brackets", "link openers", "tables"])
def test_the_slowest_pieces_are_bearable_up_to_the_cap(name):
    with within(6):
        render_or_refuse(_ATTACKS[name] * (layout.MAX_BYTES // len(_ATTACKS[name])))


@pytest.mark.parametrize(
    "markdown",
    [
        pytest.param("[" * 30_000 + "]" * 30_000, id="opened and closed brackets"),
        pytest.param("[a](" + "(" * 60_000, id="brackets in an address"),
        pytest.param("".join("`" * n + " " for n in range(350)), id="growing backticks"),
        pytest.param("|a" * 3000 + "\n" + "|-" * 3000 + "\n" + "|b\n" * 500, id="table bomb"),
        pytest.param("\n".join(" " * n + "- a" for n in range(350)), id="growing indentation"),
        pytest.param("\n".join("    " * (n % 15) + "- a" for n in range(3000)), id="lists up and down"),
        pytest.param("> - a\n" + "b\n" * 30_000, id="lazy lines"),
        pytest.param("[x]: /u\n\n" + "[x]" * 20_000, id="references"),
        pytest.param("[x]: https://t.example/" + "a" * 1000 + "\n\n" + "[x]" * 20_000, id="long references"),
        pytest.param(
            "[a](mailto:" + "@" * 30_000 + "?)",
            id="mail address of @",
        ),
    ],
)
def test_is_quick_with_hostile_bodies(markdown):
    with within(6 if "mailto" not in markdown else 0.5):
        render_or_refuse(markdown)


# --- Excerpt -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("We grow trees.", "We grow trees."),
        ("## Who we are\n\nWe grow trees.", "We grow trees."),
        ("Oak\n\n- elm\n- ash", "Oak elm ash"),
        ("AT&T \\< \\*us\\* `<b>`", "AT&T < *us* <b>"),
        ("## Nothing but a heading", ""),
        ("", ""),
        ("[oak](https://t.example) tree", "oak tree"),
        pytest.param(
            "We grow **oak**, *elm* and un*believ*able `ash`.",
            "We grow oak, elm and unbelievable ash.",
        ),
    ],
)
def test_the_excerpt_is_the_first_words(markdown, text):
    assert excerpt(render(markdown)) == text


def test_the_excerpt_ends_behind_a_whole_word():
    short = excerpt(render("evergreen " * 100))
    assert 225 < len(short) <= 240
    assert short.endswith("evergreen…")


def test_the_excerpt_of_exactly_its_length_is_whole():
    assert excerpt(f"<p>{'oak ' * 59}elm</p>") == ("oak " * 59) + "elm"


def test_the_excerpt_cuts_a_word_that_is_too_long():
    short = excerpt(render("o" * 1000))
    assert (len(short), short[-1]) == (240, "…")


# --- What never comes through ------------------------------------------------------------------------


def render_or_refuse(markdown):
    try:
        return render(markdown)
    except TooLarge:
        return ""


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_no_payload_comes_through(payload):
    for around in ("{}", "oak {} oak", "- {}", "## {}", "> {}", "[{}](https://t.example)"):
        assert dangers(render(around.replace("{}", payload))) == [], around


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_no_payload_comes_through_a_whole_file(payload):
    html = render(layout.read(posting_text(body=payload).encode()).body)
    assert dangers(html) == []
    # Reading the file dropped what misleads the eye; nothing brings it back.
    assert not re.search("[\0\x1b\x85\u200b\u202e\u2066\ufeff\uffff]", html)


@pytest.mark.parametrize("payload", HTML_PAYLOADS.values(), ids=HTML_PAYLOADS.keys())
def test_the_sanitiser_alone_is_enough(payload):
    """Should the Markdown parser ever let HTML through, the second guard holds."""
    assert dangers(payload) != []
    assert dangers(sanitise(payload)) == []


@pytest.mark.parametrize("payload", MARKDOWN_PAYLOADS.values(), ids=MARKDOWN_PAYLOADS.keys())
def test_the_sanitiser_alone_is_enough_for_a_careless_markdown_parser(payload):
    careless = MarkdownIt("commonmark", {"html": True})
    careless.validateLink = lambda url: True
    assert dangers(sanitise(careless.render(payload))) == []


def test_entities_bring_nothing_back_that_misleads():
    """`&#x202e;` is plain text to the reader of a file."""
    said = "oak&#x202e;&#8294;&#x200b;&#65279;&#1;&#0;&#x85;&#xfffe; elm"
    assert line(said) == "<p>oak elm</p>"
    titled = link("https://t.example", "oak", ' title="oak elm"')
    assert line('[oak](https://t.example "oak&#x202e;&#8294;&#x200b;&#65279; elm")') == f"<p>{titled}</p>"
    assert sanitise("<p>oak&#x202e;&#8294; elm</p>") == "<p>oak elm</p>"
    assert line(r"oak \&#x202e; `&#x202e;`") == "<p>oak &amp;#x202e; <code>&amp;#x202e;</code></p>"
    assert line("lost: \ufffd") == "<p>lost: \ufffd</p>"


def test_html_in_a_posting_stays_visible_as_text():
    assert line("<img src=x onerror=alert(1)>") == "<p>&lt;img src=x onerror=alert(1)&gt;</p>"
    assert line("{{ oak }} {% elm %}") == "<p>{{ oak }} {% elm %}</p>"


@settings(deadline=None, database=None, max_examples=100)
@given(st.one_of(st.text(), splices()))
def test_no_splice_of_payloads_comes_through(markdown):
    html = render_or_refuse(markdown)
    assert dangers(html) == []
    assert sanitise(html) == html
    assert len(excerpt(html)) <= 240
