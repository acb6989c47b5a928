"""What two bodies are compared by, made of one of them alone: its words, and numbers that are alike where these are.

Pure: no Django, so that an import's readers sign what they read (`importing.reading`); `duplicates` compares.
"""

import re
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from rensa import RMinHash

# A body of fewer words says too little to be compared by.
FEWEST_WORDS = 12
# Jaccard's measure over runs of three words, estimated by so many numbers.
NUMBERS = 64
_SEED = 1

_WORD = re.compile(r"[^\W_]+")


class BodySignature(NamedTuple):
    """Of a body; empty where that has too few words."""

    key: str  # alike where the words are
    shingles: bytes


def fold(text: str) -> str:
    """The words alone: case, blanks and punctuation are nothing.

    >>> fold("Sr. Engineer – Backend (C++)"), fold("sr engineer, backend C++")
    ('sr engineer backend c', 'sr engineer backend c')
    """
    return " ".join(_WORD.findall(text.casefold()))


def digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def sign(folded: str) -> bytes:
    """The MinHash of a folded body; empty where it has too few words."""
    words = folded.split()
    if len(words) < FEWEST_WORDS:
        return b""
    runs = [" ".join(run) for run in zip(words, words[1:], words[2:], strict=False)]
    [numbers] = RMinHash.digests_from_token_sets([runs], num_perm=NUMBERS, seed=_SEED)
    return np.array(numbers, dtype="<u4").tobytes()


def sign_body(markdown: str) -> BodySignature:
    folded = fold(markdown)
    shingles = sign(folded)
    return BodySignature(digest(folded) if shingles else "", shingles)
