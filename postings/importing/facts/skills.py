"""The technologies and methods that a posting asks for, out of a vocabulary that an operator can extend."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from .sections import Passages
from .text import MAX_EVIDENCE_LENGTH, Found, Text, plain, quote

MOST_HITS = 500  # a real posting has 14, the longest 75; a hostile one could have 30,000


@dataclass(frozen=True, slots=True)
class Skill:
    """One row of the vocabulary. Without any spelling, its name is one."""

    slug: str
    name: str
    spellings: tuple[str, ...] = ()  # the skill wherever they stand
    exact: tuple[str, ...] = ()  # the skill only in these very capitals: "Swift", not "swift"
    beside: tuple[str, ...] = ()  # the skill only in the company of other technologies: "Go, Rust and C"
    never: tuple[str, ...] = ()  # longer phrases that hold a spelling and are something else: "go to market"
    near: tuple[str, ...] = ()  # where given, `beside` needs one of these words in its line and nothing else will do


class Sense(NamedTuple):
    """One thing that a spelling may say, and what it takes to say it."""

    slug: str
    written: str = ""  # only in these very capitals
    needs_company: bool = False
    near: re.Pattern[str] | None = None  # what that company is, where the skill says so itself


class Hit(NamedTuple):
    """A spelling found in the text."""

    start: int
    end: int
    senses: tuple[Sense, ...]
    is_technology: bool  # False for a phrase that is `never` one


class Vocabulary:
    """Skills with their spellings, compiled into one pattern that goes through a text once."""

    def __init__(
        self,
        skills: Iterable[Skill],
        companions: Iterable[str] = (),
        before: Iterable[str] = (),
        behind: Iterable[str] = (),
    ) -> None:
        self.skills = {skill.slug: skill for skill in skills}
        self.companions = tuple(companions)
        self.before, self.behind = frozenset(before), frozenset(behind)
        senses: dict[str, list[Sense]] = defaultdict(list)
        never: set[str] = set()
        for skill in self.skills.values():
            for spelling, sense in _told_by(skill):
                senses[_key(spelling)].append(sense)
            never.update(map(_key, skill.never))
        self._senses = {key: tuple(told) for key, told in senses.items()}
        self._companions = {_key(word) for word in self.companions}
        self._pattern = _one_pattern(never | self._companions | set(self._senses))

    def extended(self, skills: Iterable[Skill]) -> "Vocabulary":
        """This vocabulary with more skills, and with more spellings of those that it has."""
        more = dict(self.skills)
        for skill in skills:
            known = more.get(skill.slug)
            more[skill.slug] = replace(known, spellings=(*known.spellings, *skill.spellings)) if known else skill
        return Vocabulary(more.values(), self.companions, self.before, self.behind)

    def find(self, text: str) -> Iterator[Hit]:
        """Every spelling in the text, from left to right; the longest wins where several begin."""
        for match in self._pattern.finditer(_lower(text)):
            key = match[1].replace("-", " ").replace("‑", " ")
            senses = self._senses.get(key, ())
            yield Hit(match.start(1), match.end(), senses, bool(senses) or key in self._companions)


def _told_by(skill: Skill) -> Iterator[tuple[str, Sense]]:
    always = skill.spellings or (() if skill.exact or skill.beside else (skill.name,))
    yield from ((spelling, Sense(skill.slug)) for spelling in always)
    yield from ((spelling, Sense(skill.slug, spelling)) for spelling in skill.exact)
    near = re.compile(rf"\b(?:{'|'.join(map(re.escape, skill.near))})\b", re.IGNORECASE) if skill.near else None
    for spelling in skill.beside:
        yield spelling, Sense(skill.slug, "" if spelling.islower() else spelling, needs_company=True, near=near)


def _key(spelling: str) -> str:
    return " ".join(_lower(spelling).replace("-", " ").replace("‑", " ").split())


def _lower(text: str) -> str:
    lower = text.lower()
    # "İ" becomes two characters, and every place behind it would be off by one.
    return (
        lower if len(lower) == len(text) else "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    )


# What stands before a spelling. Beginning the pattern with a plain set lets `re` skip through the words in between:
# three times as fast as a look-behind.
_SEPARATOR = "[^a-z0-9ß-ɏ]"


def _one_pattern(keys: Iterable[str]) -> re.Pattern[str]:
    """One alternation in which spellings share their beginnings, so that a text is gone through once.

    A version number may follow ("Java17", "HTML5"); a letter, "#" or "++" may not ("C" is not in "C++").
    """
    tree: dict = {}
    for key in keys:
        node = tree
        for char in key:
            node = node.setdefault(char, {})
        node[""] = {}
    return re.compile(
        rf"{_SEPARATOR}({_branches(tree) or '(?!)'})(?:(?<=\w\w)\d{{1,2}}(?:\.\d{{1,2}})*)?(?![^\W_]|#|\+\+)"
    )


def _branches(tree: dict) -> str:
    """The tree as a pattern that takes the longest spelling first."""
    parts = [_char(char) + _branches(node) for char, node in tree.items() if char]
    whole = parts[0] if len(parts) == 1 and "" not in tree else f"(?:{'|'.join(parts)})" if parts else ""
    return (
        f"{whole}?" if parts and "" in tree and len(parts) > 1 else f"(?:{whole})?" if parts and "" in tree else whole
    )


def _char(char: str) -> str:
    return "[ ‑-]" if char == " " else re.escape(char)


def _load(path: Path) -> Vocabulary:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    lists = ("spellings", "exact", "beside", "never", "near")
    skills = (Skill(row["slug"], row["name"], *(tuple(row.get(key, ())) for key in lists)) for row in data["skill"])
    return Vocabulary(skills, data["companions"], data["company"]["before"], data["company"]["behind"])


DEFAULT = _load(Path(__file__).parent / "data" / "skills.toml")

# What may stand between two technologies of a list: "Go, Rust and C", "Python (or R)", "Java / Spring".
_BETWEEN = re.compile(
    r"[ \t,;:/|&+()·•–-]{0,4}(?:(?:and|or|and/or|et|und|oder|y|e|o|ou|i|w/|with|using|on|like|such as|including"
    r"|e\.g\.,?)"
    r"[\s,;:/|&+()]{1,3})?"
)
_YEAR_BEHIND = re.compile(r"\s*(?:semester\s*|term\s*)?(?:of\s*)?['’]?20\d\d\b")  # "Spring 2026"
_LIST_BEFORE = re.compile(r"(?:[,/(;|]|\b(?:and|or|e\.g\.))\s*\Z")
_LIST_BEHIND = re.compile(r"\s*(?:[,/;|)]|(?:and|or)\b)")
_WORD_BEFORE = re.compile(r"([^\W_][\w-]*)[\s(:/\"'“]{1,3}\Z")
_WORD_BEHIND = re.compile(r"[\s)/-]{0,3}([^\W_][\w-]*)")


def read(text: Text, vocabulary: Vocabulary = DEFAULT) -> list[Found]:
    """Each skill once, in the order of the text, with the words that name it first.

    >>> [found.value for found in read(Text("Go Engineer", body="You write Go and C++. We react quickly."))]
    ['go', 'c++']
    """
    passages = Passages(text)
    whole = passages.text
    hits = list(islice(vocabulary.find(whole), MOST_HITS))
    found: dict[str, Found] = {}
    evidence: dict[tuple[int, int], str] = {}  # a line often names ten of them
    for position, hit in enumerate(hits):
        if all(sense.slug in found for sense in hit.senses):
            continue
        for slug in _meant(whole, hits, position, vocabulary):
            if slug not in found and passages.is_about_the_job(hit.start):
                line = _line_around(whole, hit)
                if line not in evidence or line[1] - line[0] > MAX_EVIDENCE_LENGTH:
                    evidence[line] = _evidence(whole, hit)
                found[slug] = Found(slug, evidence[line])
    return list(found.values())


def _evidence(text: str, hit: Hit) -> str:
    start, end = _line_around(text, hit)
    line = text[start:end]
    return plain(line if len(line) <= MAX_EVIDENCE_LENGTH else quote(line, hit.start - start, hit.end - start))


def _line_around(text: str, hit: Hit) -> tuple[int, int]:
    end = text.find("\n", hit.end)
    return text.rfind("\n", 0, hit.start) + 1, end if end >= 0 else len(text)


def _meant(text: str, hits: list[Hit], position: int, vocabulary: Vocabulary) -> Iterator[str]:
    hit = hits[position]
    for sense in hit.senses:
        if sense.written and not text.startswith(sense.written, hit.start):
            continue
        if sense.near:
            meant = bool(sense.near.search(_line(text, hit)))
        else:
            meant = not sense.needs_company or _has_company(text, hits, position, vocabulary)
        if meant:
            yield sense.slug


def _line(text: str, hit: Hit) -> str:
    """The words of the line around the word, without it, so that the word is not its own company."""
    start, end = _line_around(text, hit)
    return f"{text[max(start, hit.start - 200) : hit.start]}…{text[hit.end : min(end, hit.end + 200)]}"


def _has_company(text: str, hits: list[Hit], position: int, vocabulary: Vocabulary) -> bool:
    hit = hits[position]
    ahead, back = text[hit.end : hit.end + 25], text[max(0, hit.start - 25) : hit.start]
    if _YEAR_BEHIND.match(ahead):
        return False
    before, behind = _WORD_BEFORE.search(back), _WORD_BEHIND.match(ahead)
    if (before and before[1].lower() in vocabulary.before) or (behind and behind[1].lower() in vocabulary.behind):
        return True
    in_list = text[hit.start].isupper() and (_LIST_BEFORE.search(back) or _LIST_BEHIND.match(ahead))
    neighbours = (hits[other] for other in (position - 1, position + 1) if 0 <= other < len(hits))
    return any(
        neighbour.is_technology
        and (_adjoin(text, hit, neighbour) or (in_list and _in_one_sentence(text, hit, neighbour)))
        for neighbour in neighbours
    )


def _adjoin(text: str, hit: Hit, neighbour: Hit) -> bool:
    between = text[min(hit.end, neighbour.end) : max(hit.start, neighbour.start)]
    return len(between) < 24 and bool(_BETWEEN.fullmatch(between))


def _in_one_sentence(text: str, hit: Hit, neighbour: Hit) -> bool:
    between = text[min(hit.end, neighbour.end) : max(hit.start, neighbour.start)]
    return len(between) < 60 and "\n" not in between and ". " not in between
