"""Markdown → safe HTML, once, when a posting is stored. Pure: no Django, no clock, no network.

Two guards, each enough by itself: markdown-it runs without raw HTML, and nh3 lets only plain elements and plain
links through. Time and size are bounded: the source by its cap, the result by MAX_HTML_BYTES.
"""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, list_block
from markdown_it.token import Token

from postings.fences import fence_behind
from postings.importing.layout import without_unwanted
from postings.words import plain_text

MAX_HTML_BYTES = 256 * 1024
EXCERPT_LENGTH = 240


def _build_parser() -> MarkdownIt:
    # "code" is CommonMark's indented code: in the real files such lines are lists and paragraphs, never code.
    parser = MarkdownIt("js-default", {"maxNesting": 20}).disable("code")
    rules = parser.block.ruler

    def deep_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        # With or without "code", markdown-it takes a list's second item for its first one's text when both
        # are indented by four blanks or more beyond the text around them. It does so only where it knows
        # the outer list's indentation, which is what this hides from it.
        outer, state.listIndent = state.listIndent, -1
        taken = list_block(state, start, end, silent)
        state.listIndent = outer
        return taken

    rules.at("list", deep_list, {"alt": ["paragraph", "reference", "blockquote"]})
    return parser


_markdown = _build_parser()
_renderer = RendererHTML(_markdown)


class TooLarge(ValueError):
    """Markdown that would become more HTML than a page should carry."""


def render(markdown: str) -> str:
    """The body's HTML: headings under the page's own, no images, scripts, styles or foreign frames.

    Raises TooLarge where the result has over MAX_HTML_BYTES.
    """
    tokens = _markdown.parse(_free_lists(markdown))
    _drop_images(tokens)
    tokens = _without_empty(tokens)
    _nest_headings(tokens)
    html = _renderer.render(tokens, _markdown.options, {})
    if "\ufffd" not in markdown:
        # What an entity became whose number is no character's.
        html = html.replace("\ufffd", "")
    if len(html.encode()) > MAX_HTML_BYTES:
        raise TooLarge(f"its HTML would be over {MAX_HTML_BYTES // 1024} KiB")
    return sanitise(html)


# A link goes to a complete web address or one mail address; everything else stays as text.
_PLAIN_LINK = re.compile(r"https?://[^/\\@?#\s]+(?:[/?#][^\\]*)?|mailto:[^?@\s\\]+@[^?@\s\\]+", re.IGNORECASE)


def _plain_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if _PLAIN_LINK.fullmatch(value) else None
    if attribute == "start":
        return value if value.isdecimal() and len(value) < 10 else None
    return value


_cleaner = nh3.Cleaner(
    tags={
        "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
        "em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td",
    },
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    attribute_filter=_plain_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener ugc",
)  # fmt: skip


# What the cleaner leaves of a link whose address no browser could go to, such as one with the port 99999.
_LINK_WITHOUT_ADDRESS = re.compile(r'<a(?: title="[^"]*")? rel="[^"]*">(.*?)</a>', re.DOTALL)


def sanitise(html: str) -> str:
    """HTML with nothing in it but plain elements, and links that say they are not the board's own words.

    Entities may have brought back what the reader of the file took out: `&#x202e;` turns a line around.
    """
    return without_unwanted(_LINK_WITHOUT_ADDRESS.sub(r"\1", _cleaner.clean(html)))


# A paragraph of nothing but bold (or bold italic) words, with a colon behind them at most.
_BOLD_PARAGRAPH = re.compile(r"<p>((?:(?:<em>)?<strong>(?:<em>)?[^<]+(?:</em>)?</strong>(?:</em>)?[\s:\uff1a]*)+)</p>")
_LONGEST_SUBHEAD = 100


def dress(html: str) -> str:
    """A sanitised body for a page: what its author meant for a heading is one to the eye, and tables scroll alone.

    What is stored stays as it is: many employers' systems write their headings as bold paragraphs, and only a page
    wants to know. A table's box can be scrolled with the keyboard, too.
    """
    html = _BOLD_PARAGRAPH.sub(_as_subhead, html)
    # A heading of a column that says nothing is no heading.
    html = html.replace("<th></th>", "<td></td>")
    box = '<div class="table-box" role="group" aria-label="Table" tabindex="0"><table>'
    return html.replace("<table>", box).replace("</table>", "</table></div>")


def _as_subhead(paragraph: re.Match[str]) -> str:
    words = plain_text(paragraph[1]).strip()
    # A sentence in bold is a sentence; a single sign or two is no heading either.
    is_heading = 2 < len(words) <= _LONGEST_SUBHEAD and not words.endswith((".", "。", ";", ","))
    return f'<p class="subhead">{paragraph[1]}</p>' if is_heading else paragraph[0]


def excerpt(html: str) -> str:
    """The first words of a rendered body, at most EXCERPT_LENGTH characters, as plain text on one line."""
    # Headings say nothing by themselves, so that the excerpt begins with the first sentence.
    text = re.sub(r"<h([2-6])>.*?</h\1>", " ", html[: EXCERPT_LENGTH * 40], flags=re.DOTALL)
    text = re.sub(r"<[^>]*\Z", "", text)  # a tag that was cut in two
    words = plain_text(text).split()
    short = ""
    for word in words:
        if len(short) + len(word) + 1 > EXCERPT_LENGTH - 1:
            return f"{short or word[: EXCERPT_LENGTH - 1]}…"
        short = f"{short} {word}" if short else word
    return short


_LIST_ITEM = r" {4,}(?:[*+-]|\d{1,9}[.)]) "
_STUCK_LIST = re.compile(rf"(?m)^[^\s*+\-\d#].*\n{_LIST_ITEM}")


def _free_lists(markdown: str) -> str:
    """A blank line before an indented list that follows a paragraph's line, which would swallow it."""
    if not _STUCK_LIST.search(markdown):
        return markdown
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        if not fence and lines and _STUCK_LIST.match(f"{lines[-1]}\n{line}"):
            lines.append("")
        fence = fence_behind(line, fence)
        lines.append(line)
    return "\n".join(lines)


def _drop_images(tokens: list[Token]) -> None:
    """Every image becomes its own alternative text, which keeps the words and loads nothing."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                child.content = _renderer.renderInlineAsText(child.children, _markdown.options, {})
                child.type, child.tag, child.children = "text", "", None


def _nest_headings(tokens: list[Token]) -> None:
    """Headings by their place in the outline, from h2 on: pasted pages skip levels and start anywhere."""
    outline: list[int] = []
    for opening, closing in zip(tokens, tokens[2:], strict=False):
        if opening.type != "heading_open":
            continue
        level = int(opening.tag[1])
        while outline and outline[-1] >= level:
            outline.pop()
        outline.append(level)
        opening.tag = closing.tag = f"h{min(len(outline) + 1, 6)}"


def _without_empty(tokens: list[Token]) -> list[Token]:
    """The tokens without headings, paragraphs and links that hold nothing a person could see."""
    kept: list[Token] = []
    for token in tokens:
        if token.type == "inline":
            token.children = _tidy_inline(token.children or [])
        kept.append(token)
        if token.type in ("heading_close", "paragraph_close") and not _is_visible(kept[-2]):
            del kept[-3:]
    return kept


def _tidy_inline(children: list[Token]) -> list[Token]:
    """Inline tokens without links that lead nowhere or hold nothing; their words stay."""
    kept: list[Token] = []
    leads_nowhere, opening = False, 0  # of the link that is open; there are none inside another
    for child in children:
        if child.type == "link_open":
            opening = len(kept)
            leads_nowhere = not _PLAIN_LINK.fullmatch(str(child.attrGet("href")))
            if leads_nowhere:
                continue
        elif child.type == "link_close":
            if leads_nowhere:
                leads_nowhere = False
                continue
            if not any(token.content.strip() for token in kept[opening:]):
                del kept[opening]
                continue
        elif child.type == "text" and not child.content:
            # What an image without words leaves behind.
            continue
        kept.append(child)
    return kept


def _is_visible(inline: Token) -> bool:
    return any(child.content.strip() for child in inline.children or ())
