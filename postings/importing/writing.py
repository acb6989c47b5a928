"""A posting's parts in, its file out: the other way of `importing.layout`, so that what is exported is read as the same
posting. Pure: no Django, no clock.

Most postings are written plainly. What the plain form cannot say has a form of its own that the reader knows:

| what | how |
| --- | --- |
| a name that is not the last part of the apply address | `(address "slug=gardener-2")`, a link's title |
| a body that an import would mend (written by hand: an apply line, a paragraph twice) | `(address "body=as-is")` |
| brackets of a title that would be taken for the link's | `\\[`, `\\]` |
| an address whose parentheses are not balanced | `(<address>)` |
| a company that is literally called “None” | `` `None` `` |
| a back-tick in a tag | a longer run of back-ticks around it, of three or more |
"""

import re
from urllib.parse import quote

from postings import addresses
from postings.importing import layout

FILE_NAME = "README.md"
_NOT_SAID = "-"


def write(parts: layout.Layout, states_name: bool = False) -> str:
    """The file of a posting. It `states_name` where neither its address nor its folder does (`folder`)."""
    address = parts.apply_url if _BALANCED.fullmatch(parts.apply_url) else f"<{parts.apply_url}>"
    said = [f"slug={quote(parts.slug, safe='')}"] if states_name else []
    if layout.tidy_body(parts.body.rstrip()) != parts.body:
        said.append("body=as-is")
    title = f' "{"&".join(said)}"' if said else ""
    return (
        f"{_title_line(parts.title, address, title)}  \n"
        f"### {_company(parts.company)}  \n"
        f"####{_tags(parts)}  \n\n{parts.body}{layout.BEFORE_CLOSING}## CLICK TO [APPLY]({address})\n\n"
    )


_BALANCED = re.compile(r"[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*")
# A backslash that the reader would take for the mark of what follows.
_MARKING = re.compile(r"\\(?=[!-/:-@\[-`{-~]|\Z)")
_BRACKETS = re.compile(r"[\[\]]")


def _says(address: str, folder: str) -> str:
    """The name that a reader makes of an address and a folder; empty where it would refuse the address for it."""
    try:
        return addresses.slug_of(address) or folder
    except addresses.BadAddress:
        return ""


def _title_line(title: str, address: str, said: str) -> str:
    text = _MARKING.sub(r"\\\\", title)
    line = f"# [{text}]({address}{said})"
    if "[" in title and layout.title_of(line) != title:
        escaped = _BRACKETS.sub(r"\\\g<0>", text)
        return f"# [{escaped}]({address}{said})"
    return line


def _company(name: str | None) -> str:
    if name is None:
        return "None"
    if layout.is_not_named(name):
        return f"`{name}`"
    text = _MARKING.sub(r"\\\\", name)
    if layout.is_not_named(name.strip("`")):
        return text.replace("`", r"\`")
    # A link would be read as its words.
    return text.replace("](", r"]\(")


def _tags(parts: layout.Layout) -> str:
    printed = [f"💰 {parts.salary_text}" if parts.salary_text else "", f"🌎 {parts.place}" if parts.place else ""]
    return "".join(f" {_span(tag)}" for tag in (*printed, *parts.other_tags) if tag)


def _span(tag: str) -> str:
    if "`" not in tag:
        return f"`{tag}`"
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", tag))))
    return f"{marks} {tag} {marks}"


# --- Where it lies -----------------------------------------------------------------------------------

# What cannot stand in the name of a folder, or would say something else there: separators, the dot that hides it, the
# `-` that says nothing, blanks at its ends; and the mark of what was written so.
_IN_A_NAME = re.compile(r"[/\\]|^\.|^-\Z|^ | \Z|%(?=2F|5C|2E|2D|20|25)")
_WRITTEN_OUT = re.compile("%(2F|5C|2E|2D|20|25)")
_LONGEST_NAME = 200  # bytes; the disks that archives are unpacked on take 255


def part(name: str) -> str:
    """A name as one part of a path; `plain_part` gives it back.

    >>> [part(name) for name in ("C#", "CI/CD", ".NET", "", "-", "100%", "50%2F50")]
    ['C#', 'CI%2FCD', '%2ENET', '-', '%2D', '100%', '50%252F50']
    """
    return _IN_A_NAME.sub(lambda match: f"%{ord(match[0]):02X}", name) if name else _NOT_SAID


def plain_part(part: str) -> str:
    return _WRITTEN_OUT.sub(lambda match: chr(int(match[1], 16)), part)


def folder(slug: str, address: str) -> tuple[str, bool]:
    """The folder of a posting, and whether the file itself has to state its name, for neither the address nor the
    folder says it."""
    shown = part(slug).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return shown, _says(address, shown) != slug
