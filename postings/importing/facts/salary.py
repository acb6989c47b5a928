"""The pay that a salary tag states.

The tags of the wild are half noise: the sum of both ends of a range with nothing beside it (`385000.0`), a filler
that hundreds of companies share (`65k-95k USD`), zeros (`~0k`, `$1~$1`), words (`Competitive`). Such a tag states
no pay and is never shown.
"""

import re

MAX_LENGTH = 200

_FILLER = re.compile(r"65k\s*-\s*95k\s*USD", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# A number in any local style: 174,000 · 80.000 · 181 000 · 118'000 · 1.200,00 · 144k · 62.50
_NUMBER = re.compile(
    r"(?P<digits>\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+(?!\d)|\d{1,15}(?!\d))(?P<cents>[.,]\d{1,2}(?!\d))?\s*(?P<k>k\b)?"
    r"(?!\d|\s*%|th\b|st\b|nd\b|rd\b)",
    re.IGNORECASE,
)


def stated(tag: str) -> str:
    """The tag as printed where it states pay, else an empty string.

    >>> stated("$174,000/yr - $235,000/yr")
    '$174,000/yr - $235,000/yr'
    >>> stated("385000.0"), stated("65k-95k USD"), stated("~0k"), stated("$1~$1"), stated("Competitive")
    ('', '', '', '', '')
    >>> stated("$13th salary + stock options")
    ''
    """
    # A tag is a few words; what goes on for longer is none. A 401(k) is a pension plan.
    tag = tag.strip()
    if len(tag) > MAX_LENGTH or _FILLER.fullmatch(tag) or _BARE_NUMBER.fullmatch(tag):
        return ""
    amounts = [_amount(match) for match in _NUMBER.finditer(re.sub(r"(?i)\b401\s?\(?k\b\)?", "", tag))]
    return tag if any(amount > 1 for amount in amounts) else ""


def _amount(match: re.Match[str]) -> float:
    digits = re.sub(r"\D", "", match["digits"])
    return float(digits[:15]) * (1000 if match["k"] else 1)
