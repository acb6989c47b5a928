"""What every fact is read from, and what every fact comes with. Pure: no Django, no clock, no network."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MAX_EVIDENCE_LENGTH = 200

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(r"\*+|(?<![^\W_])_+|_+(?![^\W_])|`+|~~")
_LINE_START = re.compile(r"^\s*(?:#{1,6}\s*|>\s*|[*+•·●○◦▪■‣–-]\s+|\d{1,3}[.)]\s+)*")
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
        return tuple(line for line in map(plain, self.body.split("\n")) if line)


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
    text = _MARKS.sub("", _LINE_START.sub("", _LINK.sub(r"\1", line)))
    return " ".join(_ESCAPE.sub(r"\1", text).split())


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
