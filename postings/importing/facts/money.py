"""Sums of money and ranges of them in running text, in any local style. Pure; facts.salary says which are pay."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

# What stands for a currency. A bare dollar stays "$": which dollar it is, only the posting's countries tell.
_CODES = (
    "USD", "EUR", "GBP", "CAD", "AUD", "NZD", "SGD", "HKD", "CHF", "SEK", "NOK", "DKK", "PLN",
    "CZK", "HUF", "RON", "BGN", "RSD", "UAH", "RUB", "TRY", "ILS", "AED", "SAR", "EGP", "ZAR",
    "NGN", "KES", "INR", "PKR", "LKR", "BDT", "PHP", "IDR", "MYR", "THB", "VND", "JPY", "CNY",
    "KRW", "TWD", "BRL", "MXN", "ARS", "CLP", "COP", "PEN", "UYU",
)  # fmt: skip
_CURRENCIES = {code.casefold(): code for code in _CODES} | {
    "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₴": "UAH", "₱": "PHP", "₪": "ILS", "₺": "TRY",
    "₩": "KRW", "₦": "NGN", "₫": "VND", "฿": "THB", "zł": "PLN", "kč": "CZK", "rs": "INR", "lpa": "INR", "p": "PHP",
    "kr": "kr",
    "euro": "EUR", "euros": "EUR", "eura": "EUR", "pounds": "GBP", "us": "USD", "ca": "CAD", "c": "CAD", "a": "AUD",
    "au": "AUD", "nz": "NZD", "s": "SGD", "sg": "SGD", "hk": "HKD", "mx": "MXN", "r": "BRL", "dollars": "$",
}  # fmt: skip
DOLLARS = {"CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "US": "USD"}
_CODE = "|".join(_CODES)
_CODE_AFTER = rf"(?:{_CODE})(?![A-Z]{{2}}|(?-i:[a-z]))"  # "USDCalifornia": two lines that were run together
_SYMBOL = "[€£¥₹₽₴₱₪₺₩₦₫฿]"
_DOLLAR = rf"(?:(?:\b(?:(?:{_CODE}|US|U\.S\.|R)\s?|CA|AU|NZ|SG|HK|MX|C|A|S))?\$(?:\s?\(?(?:USD|CAD|AUD|NZD|SGD)\b\)?)?)"
_BEFORE = rf"(?:{_DOLLAR}|(?:\b(?:{_CODE})\)?\s?:?\s?)?{_SYMBOL}|\b\(?(?:{_CODE})\)?:?|\b(?:Rs\.?|Php|kr\.?|P)|zł)"
_AFTER = rf"(?:\(?{_CODE_AFTER}\)?|{_SYMBOL}|\$(?!\s?\d)|zł|kč|euros?\b|eura\b|kr\b|dollars\b|pounds\b|lpa\b)"
# 174,000 · 80.000 · 181 000 · 118'000 · 7,50,000 · 62.50 · 5.500,- · 1.200,00
_DIGITS = (
    r"(?<=[$€£])\d{1,3}(?:,[ ]\d{3})+(?!\d)|\d{1,2}(?:,\d{2})+,\d{3}(?!\d)|\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+(?!\d)"
    r"|\d{1,9}(?!\d)"
)
_AMOUNT = re.compile(
    rf"(?<![\d.,])(?P<digits>{_DIGITS})(?P<cents>[.,](?:\d{{1,2}}(?!\d)|-))?"
    rf"(?P<scale>\s?(?:k(?![a-z])|k(?=(?:{_CODE})\b)|lakhs?\b|lacs?\b|lpa\b))?"
    rf"(?!\d|\s?%|(?:th|st|nd|rd)\b|:\d)"
    r"(?P<huge>\s?(?:(?:m|mm|mn|mln|mio|b|bn|t|tn|mrd|cr|crores?)\b|[mb](?=\+|illi|illones)|(?:m|b|tr)illi?[oaó]"
    r"|milli))?"
    rf"(?P<after>\s?{_AFTER})?",
    re.IGNORECASE,
)
_AHEAD = re.compile(rf"(?P<before>{_BEFORE})[\s\[(]{{0,2}}$", re.IGNORECASE)  # the currency before a number
_AHEAD_LENGTH = 12
_TOKEN = re.compile(r"[^\W\d_]+|[^\w\s]")
_SCALES = {"k": 1_000, "l": 100_000}

_PERIODS = {
    "hour": r"hours?|hourly|hrs?|h|std\.?|stunde|stündlich|heure|horas?|ora|uur|godz\w*|hod\w*",
    "day": r"days?|daily|jours?|j|tag|tägl\w*|d[ií]a|dzień|dag",
    "week": r"weeks?|weekly|wk|semaine|woche|semana|week|tydzień",
    "month": r"months?|monthly|mo|mth|pcm|mois|mensuel\w*|monat(?:lich)?|m[eê]s|mensual(?:es)?|mensa[il]\w*|mese|maand"
    r"|mies\w*|měsíc\w*",
    "year": r"years?|yearly|yr|annum|annual(?:ly|ized|ised)?|an|a[nñ]o|anual(?:es)?|annuel\w*|année|jahr|jährlich|jaar"
    r"|rok|rocznie|anno|annui|annue",
}
_UNIT = "|".join(f"(?P<{period}>{words})" for period, words in _PERIODS.items())
_PER = r"(?:/|\bper\b|\ban?\b|\bpro\b|\bpar\b|\bpor\b|\bal?\b|\bje\b|\bim\b|\bp\.|\bna\b|\bza\b)"
# "per year", "/hr", "annually", "p.a.": what follows a sum and says for how long it is.
_PERIOD_BEHIND = re.compile(
    rf"{_PER}\s*(?:{_UNIT})\b|(?P<year_short>\bp\.?\s?a\b\.?|(?<=\d)pa\b|\blpa\b)|(?P<hour_short>^\s?p\.?h\b)|"
    r"\b(?P<alone>hourly|daily|weekly|monthly|yearly|annual(?:ly|ized|ised)?|monatlich|jährlich|mensuel\w*"
    r"|mensual(?:es)?"
    r"|mensais|anual(?:es)?|annuels?|miesięcznie|rocznie|year|month|hour)\b",
    re.IGNORECASE,
)
_ALONE = re.compile("|".join(f"(?P<{period}>(?:{words})$)" for period, words in _PERIODS.items()), re.IGNORECASE)
_WORDS_TO_PERIOD = 34  # characters between a sum and its period: "PLN gross/monthly", "base salary per year"

# What joins two sums to a range. "and" joins only behind "between", as in "between 80k and 90k".
_UNITS = "|".join(_PERIODS.values())
_BETWEEN_UNITS = rf"(?:\s?(?:{_PER}\s?)?(?:{_UNITS})\b|\s?(?:gross|net|brutto|base)\b)?"
_DASH = re.compile(
    rf"[\s)\]+]*{_BETWEEN_UNITS}\s*(?:[-–—−‒~]+>?|\bto\b|\buntil\b|\bup to\b|\bupto\b|\bthrough\b|\bbis\b|\bà\b|\ba\b"
    rf"|\bal?\b"
    r"|\baté\b|\bhasta\b|\bdo\b|\btot\b)(?:\s+up\s+to|\s+a\s+maximum\s+of)?[\s(\[]*",
    re.IGNORECASE,
)
_AND = re.compile(rf"[\s)\]]*{_BETWEEN_UNITS}\s*(?:and|et|und|y|e|i|en|a)\s+(?:up\s+to\s+)?", re.IGNORECASE)
_WIDE_TO = re.compile(r"[^.;:\d$€£]{0,60}?\b(?:up\s+)?to\b(?:\s+a\s+maximum\s+of)?\s*", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\b(?:between|entre|zwischen|tussen|tra|fra|między|mezi|compris\w*|range\w*|from|spans?)\b[^.;\d]{0,40}$",
    re.IGNORECASE,
)
_MAX_GAP = 90

_FROM = re.compile(
    r"(?:\b(?:from|starting(?:\s+(?:from|at))?|starts?(?:\s+(?:from|at))?|at\s+least|minimum(?:\s+of)?|min\.?"
    r"|more\s+than|over"
    r"|ab|mindestens|à\s+partir\s+de|desde|a\s+partir\s+de|vanaf|od|a\s+partire\s+da)"
    r"|>=?)\s*(?:a\s+)?(?:minimum\s+of\s*)?:?\s*$|\bminimum\b[^.;,]{0,40}\bis\s*$",
    re.IGNORECASE,
)
_UP_TO = re.compile(
    r"(?:\b(?:up\s?to|max(?:imum)?\.?(?:\s+of)?|bis(?:\s+zu)?|jusqu['’]à|hasta|até|fino\s+a|tot|capped\s+at"
    r"|no\s+more\s+than)"
    r"|<=?)(?:\s+(?:an?|average|of|around|approximately))*\s*:?\s*$|\bmax(?:imum)\b[^.;,]{0,40}\bis\s*$",
    re.IGNORECASE,
)
_PLUS = re.compile(r"\+(?!\s?(?:bonus|equity|benefits|commission|stock))", re.IGNORECASE)  # 135k+, not "135k + bonus"
_MOST_AMOUNTS = 200


@dataclass(frozen=True, slots=True)
class Money:
    """One sum or range, text[start:end]. Both ends are given where they are the same: "$50" has min = max = 50."""

    start: int
    end: int
    min: float | None
    max: float | None
    currency: str  # an ISO code; "$" a dollar that nothing names; "kr" a crown; "" nothing said
    period: str  # hour, day, week, month, year; "" nothing said
    is_range: bool
    is_scaled: bool  # written with k, lakh or thousands apart: a sum of money even where no currency is named

    @property
    def ends(self) -> tuple[float, ...]:
        return tuple(end for end in (self.min, self.max) if end is not None)


@dataclass(slots=True)
class _Amount:
    start: int
    end: int
    value: float
    scale: int  # what k or lakh multiplied by; 1 without
    currency: str
    is_grouped: bool  # 120,000
    is_named: bool  # a currency stands beside it


def find(text: str) -> list[Money]:
    """The sums and ranges of one line, in its order, millions and more left out.

    >>> [(money.min, money.max, money.currency, money.period) for money in find("$95-110k, 1.200,00 EUR per month")]
    [(95000.0, 110000.0, '$', ''), (1200.0, 1200.0, 'EUR', 'month')]
    >>> [(money.min, money.max, money.currency) for money in find("ab 45 000 €, up to £60k, raised $22M")]
    [(45000.0, None, 'EUR'), (None, 60000.0, 'GBP')]
    """
    amounts = list(_amounts(text))
    found: list[Money] = []
    at = 0
    while at < len(amounts):
        last = at
        while last + 1 < len(amounts) and _are_joined(text, amounts[last], amounts[last + 1]):
            last += 1
        group = amounts[at : last + 1]
        found.append(_range(group) if len(group) > 1 else _single(text, group[0]))
        at = last + 1
    limits = [money.start for money in found[1:]] + [len(text)]
    return [_with_period(text, money, limit) for money, limit in zip(found, limits, strict=False)]


def _amounts(text: str) -> Iterator[_Amount]:
    count = 0
    for match in _AMOUNT.finditer(text):
        if match["huge"] or (match["digits"] == "401" and match["scale"]):  # the pension plan
            continue
        value = float(re.sub(r"\D", "", match["digits"]))
        if match["cents"] and match["cents"][1:].isdigit():
            value += float(f"0.{match['cents'][1:]}")
        grouped = len(match["digits"]) > 4 and not match["digits"].isdigit()
        # "85,000k" says thousand twice.
        scale = _SCALES[match["scale"].strip()[0].lower()] if match["scale"] and not grouped else 1
        ahead = _AHEAD.search(text, max(0, match.start() - _AHEAD_LENGTH), match.start())
        currency, behind = _currency(ahead and ahead["before"]), _currency(match["after"])
        if not currency or (currency == "$" and behind):
            currency = behind  # 120.000 EUR, $120,000 CAD
        if scale == 100_000:
            currency = currency or "INR"
        start = ahead.start() if ahead else match.start()
        yield _Amount(start, match.end(), value * scale, scale, currency, grouped, bool(currency))
        count += 1
        if count == _MOST_AMOUNTS:
            return


def _currency(printed: str | None) -> str:
    """The code for a currency as printed beside a sum; "" for none."""
    tokens = _TOKEN.findall(printed.casefold().replace(".", "")) if printed else []
    named = [_CURRENCIES[token] for token in tokens if token in _CURRENCIES]
    return named[0] if named else "$" if "$" in tokens else ""


def _are_joined(text: str, left: _Amount, right: _Amount) -> bool:
    """Whether two neighbouring sums are the ends of one range."""
    gap = text[left.end : right.start]
    if not (right.is_named or right.is_grouped or right.scale > 1) and right.value * 10 < left.value:
        return False  # "$45.00 per hour - 6 month term"
    if len(gap) > _MAX_GAP or not _same_currency(left.currency, right.currency):
        return False
    if not gap.strip():
        # "$185,000$221,000": the dash was lost on the way.
        return not gap and left.is_named and text[right.start] in "$€£" and left.value < right.value
    if _DASH.fullmatch(gap):
        return True
    before = text[max(0, left.start - 60) : left.start]
    return bool((_AND.fullmatch(gap) or _WIDE_TO.fullmatch(gap)) and _BETWEEN.search(before))


def _same_currency(left: str, right: str) -> bool:
    if left == right or not left or not right:
        return True
    return "$" in (left, right) and {left, right} - {"$"} <= set(DOLLARS.values())


def _range(group: list[_Amount]) -> Money:
    scale = group[-1].scale
    values: list[float] = []
    for amount in group:
        value = amount.value
        if scale > 1 and amount.scale == 1 and value < 1_000:
            value *= scale  # 95-110k, 20 to 45 lakhs
        elif amount is not group[-1] and value < 1_000 <= value * 1_000 <= group[-1].value and group[-1].is_grouped:
            value *= 1_000  # 10-15,000
        values.append(value)
    low: float | None = min(values)
    high = max(values)
    if values[0] == 0 and high:
        low = None  # 0 - 90,000: up to 90,000
    currency = next((amount.currency for amount in group if len(amount.currency) == 3), "")
    currency = currency or next((amount.currency for amount in group if amount.currency), "")
    is_scaled = any(amount.is_grouped or amount.scale > 1 for amount in group)
    return Money(group[0].start, group[-1].end, low, high, currency, "", True, is_scaled)


def _single(text: str, amount: _Amount) -> Money:
    low: float | None = amount.value
    high: float | None = amount.value
    before = text[max(0, amount.start - 60) : amount.start]
    if _UP_TO.search(before):
        low = None
    elif _FROM.search(before) or _PLUS.match(text, amount.end):
        high = None
    return Money(amount.start, amount.end, low, high, amount.currency, "", False, amount.is_grouped or amount.scale > 1)


def _with_period(text: str, money: Money, limit: int) -> Money:
    behind = text[money.end : min(limit, money.end + _WORDS_TO_PERIOD)]
    behind = re.split(r"[.;:!?]\s|\n", behind, maxsplit=1)[0]
    match = _PERIOD_BEHIND.search(behind)
    inside = text[money.start : money.end + 4]
    if not match and money.is_range:
        match = _PERIOD_BEHIND.search(inside)  # $90,000/year to $110,000
    return replace(money, period=_period(match)) if match else money


def _period(match: re.Match[str]) -> str:
    if match["alone"]:
        alone = _ALONE.match(match["alone"])
        return alone.lastgroup or "" if alone else ""
    return next((period for period in _PERIODS if match[period]), "") or ("year" if match["year_short"] else "hour")
