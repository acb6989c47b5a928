"""What every fact is read from, and what every fact comes with. Pure: no Django, no clock, no network."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MAX_EVIDENCE_LENGTH = 200

_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*\)")
_UNDERSCORES = re.compile(r"_+")
_LINE_START = re.compile(r"(?m)^[^\S\n]*+(?:#{1,6}[^\S\n]*|>[^\S\n]*|[*+•·●○◦▪■‣–-][^\S\n]+|\d{1,3}[.)][^\S\n]+)*")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True)
class Text:
    """One posting's text, part by part (importing.layout)."""

    title: str
    salary_tag: str = ""
    place_tag: str = ""  # several place tags are joined by "; "
    other_tags: tuple[str, ...] = ()
    body: str = ""  # Markdown

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The body's lines that hold something, without Markdown's marks: headings, bullets, emphasis, links."""
        # All lines at once: a few passes over the body cost a fifth of the same passes line by line.
        lines = (" ".join(line.split()) for line in _unmarked(self.body).split("\n"))
        return tuple(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Found:
    """A value with the few words of the posting that say so (at most MAX_EVIDENCE_LENGTH characters)."""

    value: Any
    evidence: str


def plain(line: str) -> str:
    """One line of Markdown as the words that a reader sees.

    >>> plain("  * **Location:** [Kraków](https://x.example), Poland \\\\- hybrid")
    'Location: Kraków, Poland - hybrid'
    """
    return " ".join(_unmarked(line).split())


def _unmarked(text: str) -> str:
    text = _LINE_START.sub("", _LINK.sub(r"\1", text))
    text = text.replace("*", "").replace("`", "").replace("~~", "")
    if "_" in text:
        text = _UNDERSCORES.sub(_without_emphasis, text)
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _without_emphasis(match: re.Match[str]) -> str:
    """Underscores stay within a word (`snake_case`), and are marks at its ends."""
    text, start, end = match.string, match.start(), match.end()
    return match[0] if start and text[start - 1].isalnum() and text[end : end + 1].isalnum() else ""


def quote(text: str, start: int, end: int) -> str:
    """The words around text[start:end] as evidence: the sentence, cut at word ends to the length allowed.

    >>> quote("We are growing. You must be based in Poland. We pay well.", 20, 42)
    'You must be based in Poland.'
    """
    breaks = (". ", "! ", "? ", "\n")
    left = max(found + len(mark) if (found := text.rfind(mark, 0, start)) >= 0 else 0 for mark in breaks)
    right = min((found + 1 for mark in breaks if (found := text.find(mark, end)) >= 0), default=len(text))
    sentence = text[left:right].strip()
    if len(sentence) <= MAX_EVIDENCE_LENGTH:
        return sentence
    spare = max(0, MAX_EVIDENCE_LENGTH - (end - start) - 2) // 2
    left, right = max(left, start - spare), min(right, end + spare)
    cut = text[left:right].strip()
    return f"{'…' if left else ''}{cut[: MAX_EVIDENCE_LENGTH - 2]}{'…' if right < len(text) else ''}"
