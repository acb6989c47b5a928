"""A posting's file: bytes in, its parts out. Pure: no Django, no clock, no network.

The layout that the real files have:

    # [Title](apply address)
    ### Company
    #### `💰 salary` `🌎 place` `❤️ benefit`

    body in Markdown

    ## CLICK TO [APPLY](apply address)

What an export has to say beside that stands where Markdown keeps the title of a link, as parameters:
`# [Title](address "slug=gardener&body=as-is")`. The name is then not the last part of the address, and the body is
taken as it stands (`importing.writing`).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

import ftfy

from postings import addresses
from postings.fences import fence_behind, has_fence
from postings.importing.facts.text import Text

# Raised when the same bytes are read differently than before, so that files that were imported
# by an older reader are read again instead of being passed over as known.
READER_VERSION = 4

MAX_BYTES = 64 * 1024
MAX_TITLE_LENGTH = 300
MAX_COMPANY_LENGTH = 200


class Refused(ValueError):
    """A file that is not taken; its text is one sentence for people that says why."""


@dataclass(slots=True)
class Layout:
    """What one file says, part by part, as text."""

    title: str
    company: str | None  # None: not named
    apply_url: str  # canonical (postings.addresses)
    slug: str
    body: str  # Markdown, without what is not the posting
    place: str = ""  # as printed; several place tags are joined by "; "
    salary_text: str = ""  # as printed, useful or not
    other_tags: list[str] = field(default_factory=list)  # as printed, emoji included

    @property
    def text(self) -> Text:
        """What the facts are read from."""
        return Text(self.title, self.salary_text, self.place, tuple(self.other_tags), self.body)


def read(data: bytes, fallback_slug: str = "") -> Layout:
    """Read one posting.

    `fallback_slug` names the posting where its apply address does not (a `mailto:`, a bare host);
    without it the title does. Raises Refused, with the reason.
    """
    header, text = _split(decode(data))
    title, address, said = _title(header.title_line)
    body, closing_address = _without_closing(text)
    if not (address or closing_address):
        raise Refused("no apply address: neither the title nor a closing CLICK TO APPLY links to one")
    try:
        apply_url = addresses.canonical(address or closing_address)
        own = addresses.check_slug(said.slug) if said.slug else addresses.slug_of(apply_url)
        slug = own or addresses.check_slug(fallback_slug or _slugify(title))
    except addresses.BadAddress as reason:
        raise Refused(str(reason)) from None
    if not slug:
        raise Refused("nothing names the posting: no last part of the apply address, and no letter in the title")
    layout = Layout(
        title=title,
        company=_company(header.company_line),
        apply_url=apply_url,
        slug=slug,
        body=_as_it_stands(text) if said.is_body_as_is else tidy_body(body),
    )
    _sort_tags(layout, header.tags_line)
    return layout


# --- Bytes to text -----------------------------------------------------------------------------------

# A character that a UTF-8 lead byte becomes when read as Latin-1 or Windows-1252, and one that a
# continuation byte becomes. Text with none of these pairs cannot be mojibake of that kind, and looking
# for them costs a fortieth of what ftfy does.
_MOJIBAKE_MARK = re.compile(
    "[\u00c2-\u00f4][\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]"
)
# Invisible and misleading characters: C0 and C1 controls, zero-width blanks and BOMs, bidi controls, invisible
# operators, controls that Unicode gave up, what marks annotations, non-characters. The joiners U+200C and U+200D
# stay: emoji and several scripts need them.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff]"
)
# Those beyond the first plane stand apart: with them among the others, `re` looks at each range for each character,
# which takes twelve times as long.
_FAR = re.compile("[\U0001fffe-\U0010ffff]")
_FAR_NON_CHARACTERS = re.compile(
    f"[{''.join(f'{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}' for plane in range(0x1_0000, 0x11_0000, 0x1_0000))}]"
)


def without_unwanted(text: str) -> str:
    """The text without invisible and misleading characters."""
    text = _UNWANTED.sub("", text)
    return _FAR_NON_CHARACTERS.sub("", text) if _FAR.search(text) else text


# Letters and symbols by their category, blank by their look: fillers of Hangul, the pattern of Braille without a dot, a
# note without a head, and what stands for an object that is not there.
_BLANK_BY_LOOK = "\u115f\u1160\u3164\uffa0\u2800\U0001d159\ufffc"


def decode(data: bytes) -> str:
    """The text of a file: line ends as \\n, mojibake mended, invisible characters dropped, NFC.

    Raises Refused for what is over the cap or not UTF-8; no other encoding is ever guessed.
    """
    if len(data) > MAX_BYTES:
        raise Refused(f"over the cap of {MAX_BYTES // 1024} KiB for one posting")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"not UTF-8 at byte {error.start:,}") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _MOJIBAKE_MARK.search(text):
        # Line by line: a file may hold mended and broken lines side by side.
        text = "\n".join(ftfy.fix_encoding(line) if _MOJIBAKE_MARK.search(line) else line for line in text.split("\n"))
    return tidy(text)


def tidy(text: str) -> str:
    """The text in NFC and without invisible and misleading characters."""
    return unicodedata.normalize("NFC", without_unwanted(text))


def is_visible(text: str) -> bool:
    """Whether a reader would see anything: a letter, digit or symbol that is not itself invisible."""
    return any(unicodedata.category(char)[0] in "LNS" and char not in _BLANK_BY_LOOK for char in text)


# --- The three lines at the top ----------------------------------------------------------------------


@dataclass(slots=True)
class _Header:
    title_line: str
    company_line: str = ""
    tags_line: str = ""


_TITLE_LINE = re.compile(r"\s*#(?!#)\s*\S")
_COMPANY_LINE = re.compile(r"\s{0,3}###(?!#)(?P<text>.*)")
_TAGS_LINE = re.compile(r"\s{0,3}####(?!#)\s*(?:`|$)")  # empty where a posting has none
# One place tag in the wild is a list of countries broken over two lines.
_MOST_TAG_LINES = 8


def _split(text: str) -> tuple[_Header, str]:
    lines = text.split("\n")
    at = _next_filled(lines, 0)
    if at == len(lines):
        raise Refused("the file is empty")
    if not _TITLE_LINE.match(lines[at]):
        raise Refused("not a posting: its first line is not `# [Title](apply address)`")
    header = _Header(lines[at])
    at += 1
    company_at = at
    if at < len(lines) and not lines[at].strip():
        # Some tools put blank lines between headings. A `###` behind one is the company only when the
        # tags follow it; otherwise it is the body's first heading.
        following = _next_filled(lines, at)
        after = _next_filled(lines, following + 1)
        if after < len(lines) and _COMPANY_LINE.match(lines[following]) and _TAGS_LINE.match(lines[after]):
            company_at = following
    if company_at < len(lines) and (match := _COMPANY_LINE.match(lines[company_at])):
        header.company_line = match["text"]
        at = company_at + 1
    tags_at = _next_filled(lines, at)
    if tags_at < len(lines) and _TAGS_LINE.match(lines[tags_at]):
        header.tags_line, at = _tags_line(lines, tags_at)
    return header, "\n".join(lines[at:])


def _next_filled(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _tags_line(lines: list[str], at: int) -> tuple[str, int]:
    """The tags line and the number of the line behind it, put together where a tag was broken in two."""
    joined = lines[at].strip()
    for end in range(at + 1, min(at + _MOST_TAG_LINES, len(lines)) + 1):
        if _LONG_SPAN.sub("", joined).count("`") % 2 == 0:
            return joined, end
        if end == len(lines) or not lines[end].strip():
            break
        joined = f"{joined} {lines[end].strip()}"
    return lines[at].strip(), at + 1


# What an export says beside title and address (the module's docstring); any other link title says nothing.
_SAID = re.compile(r"(?:slug=(?P<slug>[^&\s]+))?&?(?P<as_is>body=as-is)?")


class _Said(NamedTuple):
    slug: str = ""
    is_body_as_is: bool = False


def _said(text: str | None) -> _Said:
    match = _SAID.fullmatch(text or "")
    return _Said(unquote(match["slug"] or ""), bool(match["as_is"])) if match else _Said()


# Parentheses in an address are its own where they are balanced: `(https://a.example/b(c))(m/w/d)`.
_BALANCED = r"[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*"
_LINK_TARGET = re.compile(
    rf"\]\(\s*(?:<(?P<whole>[^\s<>]*)>|<?(?P<address>{_BALANCED}|[^\s<>]*)>?)"
    r"(?:\s+\"(?P<said>[^\"]*)\")?\s*\)(?P<behind>.*)"
)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def _title(line: str) -> tuple[str, str, _Said]:
    """Title, apply address and what is said beside them; the address is empty where the title links nowhere."""
    if len(line) > 2 * (MAX_TITLE_LENGTH + addresses.MAX_LENGTH):
        raise Refused(
            f"the title has over {MAX_TITLE_LENGTH} characters, or its apply address over {addresses.MAX_LENGTH:,}"
        )
    text = line.strip().removeprefix("#").strip()
    address, said = "", _Said()
    if (end := text.rfind("](")) >= 0:
        target = _LINK_TARGET.fullmatch(text, end)
        if not target:
            raise Refused("the title's link cannot be read as `[Title](apply address)`")
        start = _opening_bracket(text, end)
        text = text[: max(start, 0)] + text[start + 1 : end] + target["behind"]
        address = target["address"] if target["whole"] is None else target["whole"]
        said = _said(target["said"])
    title = _one_line(text)
    if not is_visible(title):
        raise Refused("the title is empty")
    if len(title) > MAX_TITLE_LENGTH:
        raise Refused(f"the title has over {MAX_TITLE_LENGTH} characters")
    return title, address, said


def title_of(line: str) -> str | None:
    """The title that a first line says; None where it would be refused."""
    try:
        return _title(line)[0]
    except Refused:
        return None


def _opening_bracket(text: str, closing: int) -> int:
    """Where the link that closes at `closing` opens, -1 where nothing does; titles hold brackets of their own, balanced
    or not. Those behind a backslash are letters like any other."""
    text = _ESCAPE.sub("\\\\.", text[:closing]) + "]"
    depth = 0
    start = text.find("[")
    for at in range(closing, -1, -1):
        depth += (text[at] == "]") - (text[at] == "[")
        if depth == 0:
            # `[Gardener [m/w/d](…)`: a bracket before it that nobody closed is where the link began.
            before = text[:at]
            return at if before.count("[") <= before.count("]") else start
    return start


_NOT_NAMED = {"", "none", "null", "nan", "n/a", "undefined", "-"}


def is_not_named(name: str) -> bool:
    """Whether a company's line that says this names none."""
    return name.casefold() in _NOT_NAMED


def _company(text: str) -> str | None:
    literal = text.strip().strip("`")
    if is_not_named(literal) and text.strip() == f"`{literal}`" and is_visible(literal):
        return literal  # somebody called a company “None”, and meant it
    name = _one_line(_LINK.sub(r"\1", text))
    if is_not_named(name) or not is_visible(name):
        return None
    if len(name) > MAX_COMPANY_LENGTH:
        raise Refused(f"the company's name has over {MAX_COMPANY_LENGTH} characters")
    return name


def _one_line(text: str) -> str:
    return " ".join(_ESCAPE.sub(r"\1", text).split())


# A tag with back-ticks of its own stands between longer runs of them, of three or more: two in a row are an empty tag,
# and the wild has those.
_LONG_SPAN = re.compile(r"(?<!`)(?P<marks>`{3,})(?!`)(?P<long>.+?)(?<!`)(?P=marks)(?!`)")
_TAG = re.compile(rf"{_LONG_SPAN.pattern}|`(?P<plain>[^`]*)`")
_SALARY_MARK = "💰"
_PLACE_MARKS = ("🌎", "🌍", "🌏", "📍")


def _sort_tags(layout: Layout, tags_line: str) -> None:
    salaries, places = [], []
    for match in _TAG.finditer(tags_line):
        tag = " ".join((match["long"] or match["plain"] or "").split())
        if tag.startswith(_SALARY_MARK):
            salaries.append(tag.removeprefix(_SALARY_MARK).strip())
        elif tag.startswith(_PLACE_MARKS):
            places.append(tag[1:].lstrip("\ufe0f").strip())
        elif tag:
            layout.other_tags.append(tag)
    layout.salary_text = "; ".join(filter(None, salaries))
    layout.place = "; ".join(filter(None, places))


def _slugify(title: str) -> str:
    plain = "".join(char for char in unicodedata.normalize("NFKD", title) if not unicodedata.combining(char))
    return re.sub(r"[^\w]+", "-", plain.lower()).strip("-")[: addresses.MAX_SLUG_LENGTH]


# --- The body ----------------------------------------------------------------------------------------

_CLOSING = re.compile(
    r"^[ ]{0,3}\#{1,6}[ \t]*(?:\*\*)?CLICK[ ]TO[ ]\[APPLY\]"
    r"\((?:<(?P<whole>[^\s<>]*)>|(?P<address>[^\s()]*(?:\([^\s()]*\)[^\s()]*)*))\)[ \t*]*\Z",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_CLOSING = addresses.MAX_LENGTH + 100


def _closing(body: str) -> re.Match[str] | None:
    """The `## CLICK TO [APPLY](address)` at the very end: no need to look further back than it can be long."""
    return _CLOSING.search(body, max(0, len(body) - _LONGEST_CLOSING))


def _without_closing(body: str) -> tuple[str, str]:
    """The body without what closes it, and the address there (empty: none)."""
    body = body.rstrip()
    match = _closing(body)
    return (body[: match.start()].rstrip(), match["whole"] or match["address"] or "") if match else (body, "")


# What an export writes between a body and the line that closes the posting.
BEFORE_CLOSING = "\n\n  \n"


def _as_it_stands(text: str) -> str:
    """The body between the blank line that ends the head and the line that closes the posting, with nothing mended."""
    text = text.removeprefix("\n").rstrip()
    match = _closing(text)
    return (text[: match.start()] if match else text).removesuffix(BEFORE_CLOSING)


def tidy_body(body: str) -> str:
    """The body without what is not the posting: lines that only say where to apply, and what is there twice."""
    return _without_repeats(_without_apply_lines(body)).strip("\n")


_APPLY_LINE = re.compile(r"(?im)^[ \t]*[*_\[]*apply for this job(?:[*_]*\]\([^()\s]*\))?[*_]*[ \t]*$\n?")


def _without_apply_lines(body: str) -> str:
    return _APPLY_LINE.sub("", body)


_BLANKS = re.compile(r"(\n(?:[ \t]*\n)+)")
# What makes a block anything but a plain paragraph, by how one of its lines begins. Pasted pages draw their
# bullets as characters, or escape them; indentation may belong to a list.
_NOT_PLAIN_STARTS = (
    r"\#",  # heading
    r"[*+-][ \t]",  # list item
    r"\d{1,9}[.)][ \t]",
    r"\\[*+-][ \t]",
    r"[•·●○◦▪■‣⁃–—✓✔✅➢►]",
    r">",  # quotation
    r"\|",  # table
    r"(?=[^\n]*\|)[-:|][-:| \t]*$",
    r"(?:=+|-+|(?:_[ \t]*){3,})[ \t]*$",  # rule, or what underlines a heading
)
_NOT_PLAIN = re.compile(rf"(?m)^(?:[ \t]*+(?:{'|'.join(_NOT_PLAIN_STARTS)})|[ ]{{2,}}|\t)")
# Pasted pages use bold from end to end as a heading.
_ALL_BOLD = re.compile(r"\s*(\*{2,3}|_{2,3})(?:(?!\1).)+\1[\s:]*", re.DOTALL)


def _without_repeats(body: str) -> str:
    """The body without plain paragraphs of five words or more that stood there before, word for word."""
    pieces = _BLANKS.split(body)
    kept: list[str] = []
    seen: set[tuple[str, ...]] = set()
    fence = ""  # the marks that the code around this block began with
    for block, blanks in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        before, fence = fence, fence_behind(block, fence)
        if not before and not fence and not has_fence(block) and _is_plain(block):
            words = tuple(block.split())
            if len(words) >= 5 and words in seen:
                continue
            seen.add(words)
        kept += (block, blanks)
    return "".join(kept)


def _is_plain(block: str) -> bool:
    return not _NOT_PLAIN.search(block) and not _ALL_BOLD.fullmatch(block)
