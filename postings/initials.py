"""What stands for a company that has no logo: one or two letters of its name, on one of a few tints. Pure."""

import re
import unicodedata
import zlib
from collections.abc import Iterator

TINTS = 6
_JOINER = "\u200d"
_SELECTORS = "\ufe0e\ufe0f"  # before them: as text, as a picture


def initials(name: str) -> str:
    """The first letters of the first two words that have one; empty where nothing of the name can be seen.

    Two only where letters stand apart and have capitals: a pair of Chinese, Arabic or Hindi signs reads as a word.

    >>> initials("Lindenhof Labs"), initials("the ÉCOLE"), initials("3M"), initials("株式会社メルカリ")
    ('LL', 'TÉ', '3', '株')
    """
    signs = [sign for word in unicodedata.normalize("NFC", name).split() for sign in _first_sign(word)]
    letters = [sign for sign in signs if _is_letter(sign)]
    if len(letters) > 1 and all(_stands_apart(letter) for letter in letters[:2]):
        return _capital(letters[0]) + _capital(letters[1])
    return _capital((letters or signs or [""])[0])


def tint(name: str) -> int:
    """Which of the tints, from 1 on: for the same name the same one, on every machine."""
    return zlib.crc32(unicodedata.normalize("NFC", name).casefold().encode(errors="replace")) % TINTS + 1


def _first_sign(word: str) -> Iterator[str]:
    """The word's first letter or digit with the marks on it, else its first symbol with all that it is joined of."""
    begin = re.search(r"[^\W_]", word) or re.search(r"\S", "".join(c if _is_symbol(c) else " " for c in word))
    if not begin:
        return
    end = begin.start() + 1
    if _is_flag_half(word[begin.start()]) and _is_flag_half(word[end : end + 1]):
        end += 1
    while end < len(word) and (
        unicodedata.category(word[end]) in ("Mn", "Mc", "Me", "Sk")
        or word[end] in _SELECTORS + _JOINER
        or (word[end - 1] == _JOINER and _is_symbol(word[end]))
    ):
        end += 1
    yield word[begin.start() : end].rstrip(_JOINER)


def _is_letter(sign: str) -> bool:
    return sign[0].isalnum()


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sm", "Sc")


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _stands_apart(letter: str) -> bool:
    return letter[0].isdigit() or letter[0].lower() != letter[0].upper()


def _capital(sign: str) -> str:
    capital = sign.upper()
    return capital if len(capital) == len(sign) else sign
