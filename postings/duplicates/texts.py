"""What two postings are compared by: their titles without places, and the words of their bodies. Pure: no Django."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from postings.importing.facts.gazetteer import fold_word, is_filler, places_in
from postings.signing import NUMBERS

# From so many percent on a body is nearly the same. On real postings, what lies below tells jobs of one company apart
# that share everything but the paragraph about the work; what lies above differs by a place or a salary.
NEARLY_THE_SAME = 90
# Word for word the same, and long enough that no notice ("turn on JavaScript") is: then the title may differ by a word.
FEWEST_WORDS_OF_A_COPY = 60
TITLES_RELATED = 75
# Longer ones are compared by their beginnings, or two hostile ones would take minutes.
_MOST_CHARACTERS = 20_000

# Of the numbers of a signature: in 16 bands of four, two bodies that share 80 % of their runs meet with a probability
# of 99.98 %, and those that share 30 % with one of 12 %.
BANDS = 16
# Below this estimate no pair of bodies was ever nearly the same.
LEAST_ESTIMATE = 0.5

_WORD_IN_TITLE = re.compile(r"[^\W_]+[#+]*")
_PEOPLE = frozenset(["m", "f", "d", "w", "x", "h", "div", "gn", "all", "genders", "gender"])  # (m/f/d)


def fold_title(title: str) -> str:
    """The same for a title, in which `C`, `C++` and `C#` are three.

    >>> fold_title("Sr. Engineer – Backend (C++)"), fold_title("SR  engineer, backend C#")
    ('sr engineer backend c++', 'sr engineer backend c#')
    """
    return " ".join(_WORD_IN_TITLE.findall(title.casefold()))


def bands(signatures: Sequence[bytes]) -> NDArray[np.uint64]:
    """A row for each signature, a number for each band: two bodies that share one are worth a look."""
    numbers = np.frombuffer(b"".join(signatures), dtype="<u4").reshape(-1, BANDS, NUMBERS // BANDS).astype(np.uint64)
    keys = np.zeros(numbers.shape[:2], dtype=np.uint64)
    for column in range(numbers.shape[2]):
        keys = (keys ^ numbers[:, :, column]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def estimate(first: bytes, second: bytes) -> float:
    """How many of their runs of words two bodies share, roughly: 0 to 1."""
    return float(np.mean(np.frombuffer(first, dtype="<u4") == np.frombuffer(second, dtype="<u4")))


def likeness(first: str, second: str, least: int = 0) -> int:
    """How much of two folded bodies is the same, in percent; 0 where it is less than `least`."""
    if first == second:
        return 100 if first else 0
    # Only equal ones are wholly alike.
    return min(99, round(fuzz.ratio(first[:_MOST_CHARACTERS], second[:_MOST_CHARACTERS], score_cutoff=least)))


@dataclass(frozen=True, slots=True)
class Compared:
    """What stands above the body."""

    title: str
    company: str
    place: str


def is_same_job(first: Compared, second: Compared) -> bool:
    """Whether two titles say the same but for places, people and numbers of requisitions.

    >>> german = Compared("Backend Engineer (Remote, Germany) (m/f/d)", "Astwerk", "Berlin")
    >>> is_same_job(german, Compared("Backend Engineer, remote - Spain", "Astwerk", "Spain"))
    True
    >>> is_same_job(german, Compared("Senior Backend Engineer (Germany)", "Astwerk", "Berlin"))
    False
    """
    one, other = _job_words(first.title), _job_words(second.title)
    beside = _beside(first.company, first.place) | _beside(second.company, second.place)
    return one ^ other <= beside and not one <= beside


def is_related(first: Compared, second: Compared) -> bool:
    """Whether two titles have most of their words in common."""
    return fuzz.token_set_ratio(fold_title(first.title), fold_title(second.title)) >= TITLES_RELATED


@lru_cache(20_000)
def _job_words(title: str) -> frozenset[str]:
    for place in reversed(places_in(title)):
        title = f"{title[: place.start]} {title[place.end :]}"
    words = (fold_word(word) for word in _WORD_IN_TITLE.findall(title))
    return frozenset(
        word for word in words if not is_filler(word) and word not in _PEOPLE and not (word.isdigit() and len(word) > 2)
    )


@lru_cache(20_000)
def _beside(company: str, place: str) -> frozenset[str]:
    return frozenset(fold_word(word) for word in _WORD_IN_TITLE.findall(f"{company} {place}"))
