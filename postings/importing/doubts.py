"""What may mislead people in a posting that is taken all the same: for an operator to look at. Pure: no Django.

A word in letters of two alphabets that look alike is an old trick, and often a slip of the keyboard: either way, who
searches for it does not find it. What cannot be seen was taken out by the reader (`layout`), and is told of.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

import idna

from postings.importing.layout import Layout, without_unwanted

# Alphabets whose letters can be taken for one another's; of the others each may stand beside Latin in one word, as
# Japanese does it (https://www.unicode.org/reports/tr39/#Restriction_Level_Detection).
_ALIKE = {"LATIN": "Latin", "CYRILLIC": "Cyrillic", "GREEK": "Greek", "ARMENIAN": "Armenian", "CHEROKEE": "Cherokee"}
_WORD = re.compile(r"[^\W\d_]+")
# They hide where an applicant is sent.
SHORTENERS = {
    "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "s.id", "shorturl.at",
    "t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd",
}  # fmt: skip
# Names that lead somewhere only in one house.
_OF_A_HOUSE = re.compile(r"(?:\A|\.)(?:localhost|local|internal|intranet|lan|home\.arpa)\.?\Z")


def of(data: bytes, parts: Layout) -> tuple[str, ...]:
    """What may mislead in a posting, in sentences; `data` is what it was read from."""
    said = [*_unseen(data)]
    for name, text in (("title", parts.title), ("company", parts.company or "")):
        said += [f"In the {name} “{word}” mixes {scripts} letters." for word, scripts in _mixed(text)]
    return (*said, *_of_address(parts.apply_url))


def _unseen(data: bytes) -> list[str]:
    text = data.decode("utf-8", "ignore").removeprefix("\ufeff")
    lines = (line for line in text.splitlines() if without_unwanted(line).strip())
    names = ("title", "company")
    return [
        f"Invisible or misleading characters were taken out of the {name}."
        for name, line in zip(names, lines, strict=False)
        if without_unwanted(line) != line
    ]


def _mixed(text: str) -> list[tuple[str, str]]:
    """The words of more than one of these alphabets, each with their names.

    >>> _mixed("S\u0435nior gardener")
    [('S\u0435nior', 'Latin and Cyrillic')]
    >>> _mixed("QA-\u0438\u043d\u0436\u0435\u043d\u0435\u0440")
    []
    """
    found = []
    for word in () if text.isascii() else dict.fromkeys(_WORD.findall(text)):
        scripts = dict.fromkeys(name for letter in word if (name := _ALIKE.get(_script(letter))))
        if len(scripts) > 1:
            found.append((word, " and ".join(scripts)))
    return found


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _of_address(apply_url: str) -> list[str]:
    """`apply_url`: canonical (`postings.addresses`)."""
    if apply_url.startswith("mailto:"):
        host = apply_url.partition("?")[0].rpartition("@")[2]
    else:
        host = urlsplit(apply_url).hostname or ""
    said = []
    if host.removeprefix("www.") in SHORTENERS:
        said.append(f"The apply address hides behind a shortened one ({host}).")
    if _OF_A_HOUSE.search(host) or _is_private(host):
        said.append(f"The apply address leads to a private network ({host}).")
    if "xn--" in host:
        shown = idna.decode(host)
        said += [
            f"The apply address leads to “{shown}”, where “{word}” mixes {both} letters."
            for word, both in _mixed(shown)
        ]
    return said


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
