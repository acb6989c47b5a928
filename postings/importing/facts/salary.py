"""The pay of a posting: from its salary tag where that states pay, else from the body.

The tags of the wild are half noise: the sum of both ends of a range with nothing beside it (`385000.0`), a filler
that hundreds of companies share (`65k-95k USD`), zeros (`~0k`, `$1~$1`), words (`Competitive`). Such a tag states
no pay, is never shown, and leaves the word to the body.

In the body a sum is pay because of the words nearest to it: "salary", "base", "rate" against "bonus", "budget",
"raised". Rules, top to bottom: the tag; the candidate lines of the body; what a sum on such a line is; what several
sums of pay come to.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from postings.importing.facts import money
from postings.importing.facts.money import Money
from postings.importing.facts.text import MAX_EVIDENCE_LENGTH, Found, Text, plain, quote

# How many of each period a year has, for filtering: 40 hours and five days a week, 52 weeks.
PERIODS_A_YEAR = {"hour": 2080, "day": 260, "week": 52, "month": 12, "year": 1}

Value = dict[str, Any]  # min, max (numbers or None), currency (ISO 4217), period (of PERIODS_A_YEAR)


def read(text: Text, countries: Collection[str] = ()) -> Found | None:
    """Base pay as `{"min", "max", "currency", "period"}`, an end that is not said as None; None where unsure.

    `countries` are the posting's ISO codes: they tell which dollar a bare "$" is.

    >>> read(Text("Engineer", salary_tag="$90,000 - $120,000")).value
    {'min': 90000, 'max': 120000, 'currency': 'USD', 'period': 'year'}
    >>> read(Text("Engineer", salary_tag="210000.0", body="Base salary: $90k-120k"), ["CA"]).value
    {'min': 90000, 'max': 120000, 'currency': 'CAD', 'period': 'year'}
    >>> read(Text("Engineer", body="A $1,600 equipment budget; we raised $22M.")) is None
    True
    """
    tag = text.salary_tag.strip()
    if found := _stated_pay(tag, countries):
        return found
    pays = list(_body_pays(text.body, tag, countries))
    most = _about(tag)
    if most and not any(_agrees(most, end) for pay in pays for end in pay.money.ends):
        return Found(_value(None, most * 1000, _currency(_A_DOLLAR, tag, countries), "year"), tag)
    return _joined(pays)


def stated(tag: str) -> str:
    """The tag as printed where it states pay, else an empty string.

    >>> stated("$174,000/yr - $235,000/yr")
    '$174,000/yr - $235,000/yr'
    >>> stated("~166k"), stated("385000.0"), stated("65k-95k USD"), stated("~0k"), stated("$1~$1")
    ('~166k', '', '', '', '')
    >>> stated("$13th salary + stock options")
    ''
    """
    tag = tag.strip()
    return tag if _stated_pay(tag, ()) or _about(tag) else ""


def yearly(value: Value) -> dict[str, float | int | None]:
    """Both ends as one year's pay, by PERIODS_A_YEAR.

    >>> yearly({"min": 50, "max": None, "currency": "USD", "period": "hour"})
    {'min': 104000, 'max': None}
    """
    factor = PERIODS_A_YEAR[value["period"]]
    return {end: None if value[end] is None else _number(value[end] * factor) for end in ("min", "max")}


# --- The tag -----------------------------------------------------------------------------------------

_FILLER = re.compile(r"65k\s*-\s*95k\s*USD", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ABOUT = re.compile(r"~(?P<thousands>\d{1,4})k")  # ~166k: the upper end of a range, in thousands
_AGREEMENT = 1_000
_A_DOLLAR = Money(0, 0, None, None, "$", "", False, True)  # `~166k` names no currency
_MOST_OF_A_TAG = 300  # characters


def _stated_pay(tag: str, countries: Collection[str]) -> Found | None:
    """The pay of a tag that names a range or a sum of its own."""
    if not re.search(r"\d", tag) or any(noise.fullmatch(tag) for noise in (_FILLER, _BARE_NUMBER, _ABOUT)):
        return None
    pays = []
    for sum_ in money.find(tag[:_MOST_OF_A_TAG]):
        if not sum_.currency and not sum_.is_range:
            continue
        kind = _kind_by_words(tag, sum_)
        if kind in ("base", "on-target", "") and (pay := _pay(tag, sum_, kind or "base", countries)):
            pays.append(pay)
    found = _joined(pays)
    return Found(found.value, tag[:MAX_EVIDENCE_LENGTH]) if found else None


def _about(tag: str) -> int:
    """The thousands of a `~166k`; 0 for any other tag."""
    about = _ABOUT.fullmatch(tag)
    return int(about["thousands"]) if about else 0


def _agrees(thousands: int, end: float) -> bool:
    # `~94k` above "$75 - $94 an hour": the source took every number for thousands.
    return abs(thousands * 1000 - end) < _AGREEMENT or thousands == end


# --- The lines of the body that may hold pay ---------------------------------------------------------

_SIGN_BEFORE = re.compile(
    r"(?:[$€£¥₹₽₴₱₪₺₩₦₫฿]|\b(?:[A-Z]{3}|usd|eur|gbp|pln)\)?:?|zł|[Rr]s\.?|[Kk][Rr]|\bP|Php)\s?[\[(]?$"
)
_SIGN_BEHIND = re.compile(
    r"[.,]?-?\s?(?:[kK]\b|[kK]?\s?(?:[€£₹$]|zł|[Kk]č|USD|EUR|GBP|CAD|AUD|NZD|PLN|CZK|INR|CHF|SEK|NOK|DKK|BRL|ZAR"
    r"|[A-Z]{3}\b"
    r"|[Ee]uros?\b|dollars\b|pounds\b|usd|eur|gbp|pln|[Ll]akhs?|[Ll]acs?|LPA|lpa|kr\b))"
)
_NUMBER = re.compile(r"\d[\d.,'’\u00a0\u202f–-]*\d")
_GROUPED = re.compile(r"\d{2,3},\d{3}")
_PAY_AHEAD = re.compile(
    r"(?:salary|compensation|\bpay\b|\brate\b|remuneration|salario|wage)[^\n.]{0,90}$", re.IGNORECASE
)
_MOST_LINES = 60
_MOST_SUMS = 80
_NEAR = 8


def _candidate_lines(body: str) -> Iterator[tuple[int, int]]:
    """Start and end of the lines that hold a sum of money, found from their numbers: most lines have none."""
    done = -1
    count = 0
    for number in _NUMBER.finditer(body):
        start, end = number.span()
        if start < done:
            continue
        if not (
            _SIGN_BEFORE.search(body[max(0, start - _NEAR) : start])
            or _SIGN_BEHIND.match(body[end : end + _NEAR])
            or (_GROUPED.match(number[0]) and _PAY_AHEAD.search(body[max(0, start - 100) : start]))
        ):
            continue
        begin = body.rfind("\n", 0, start) + 1
        done = body.find("\n", end)
        done = len(body) if done < 0 else done
        yield begin, done
        count += 1
        if count == _MOST_LINES:
            return


def _headings(body: str, begin: int) -> str:
    """The last two lines with words before a line, for a sum that stands on a line of its own."""
    above = [line for line in map(plain, body[max(0, begin - 400) : begin].split("\n")[-7:]) if line]
    return " ¶ ".join(line[-160:] for line in above[-2:])


# --- What a sum on a line is -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pay:
    money: Money
    kind: str  # "base" or "on-target"
    currency: str
    period: str
    line: str


_WORDS = re.compile(
    r"\b(?:(?P<either>(?:salary|base)\s*/\s*OTE\b)"
    # Pay with its bonus in it. Before the base words, as "total cash compensation" holds one of them.
    r"|(?P<on_target>OTE\b|on[- ]?target\b(?:\s+earnings?)?|total\s+(?:\w+\s+){0,2}(?:comp\b|compensation|earnings"
    r"|cash)"
    r"|T[TC]C\b|target\s+(?:total\s+)?(?:cash|earnings))"
    r"|(?P<base>salar(?:y|ies)\b|bas(?:e|ic)(?:\s+pay)?\b|pay(?:ing|s)?\b|paid\s+range|compensation\b|comp\b"
    r"|remunerat\w+"
    r"|wages?\b|(?:hourly|daily|monthly|day|pay|hiring|bill|contract(?:or)?)\s+rates?\b|rates?\s*[:(-]|rate\s+(?:is"
    r"|range|of)"
    r"|earns?\b|expect\s+to\s+make\b|hiring\s+range|(?:hourly|annual(?:ly)?|yearly|monthly)\s*:|CTC\b|package\b"
    r"|\w*gehalts?\b|\w*gehalts\w+|verg[üu]tung|salaires?\b|r[ée]mun[ée]rat\w+|salarios?\b|sueldo|sal[áa]rio"
    r"|remunera\w+"
    r"|wynagrodzeni\w+|stipendio\b|retribuzione|RAL\b|salaris\b|brutto\w*|zarobki|mzda\b|plat\b|TJM\b|tarif\b|tarief"
    r"|B2B\b|UoP\b|contract\s+of\s+employment|employment\s+contract|umow\w+|CDI\b|CDD\b|freelance\b)"
    r"|(?P<extra>bonus(?:es)?\b|equity\b|commissions?\b|stocks?\b|RSUs?\b|shares?\b|incentives?\b|benefits?\b)"
    r"|(?P<other>revenues?\b|rais(?:ed|ing)\b|fund(?:s|ing|ed|raising)?\b|valuation|valued\b|ARR\b|budgets?\b"
    r"|stipends?\b"
    r"|allowances?\b|reimburs\w+|referrals?\b|sign(?:ing)?[- ]?on\b|insurance\b|401\b|match(?:ing)?\b|donat\w+"
    r"|credits?\b"
    r"|vouchers?\b|perks?\b|well(?:ness|being)\b|(?<!machine )(?<!deep )learning\b|education(?:al)?\b|training\b"
    r"|conferences?\b"
    r"|equipment\b|home[- ]office|laptops?\b|relocat\w+|loans?\b|deals?\b|transactions?\b|savings?\b|saved?\b"
    r"|invest\w*\b"
    r"|spend\w*\b|costs?\b(?!\s+of\s+(?:labou?r|living))|fees?\b|prizes?\b|grants?\b|deductible|coverage\b"
    r"|contribut\w+"
    r"|gifts?\b|pension\b|tuition\b|subsid\w+|reward\w*\b|receive\b|customers\b|users\b|worth\b|assets\b|in\s+sales\b"
    r"|sales\s+of\b|quota|contracts\b|contract\s+value|book(?:s|ings)\b|goals?\b|threshold|average\s+salary"
    r"|formation\b"
    r"|primes?\b|zuschuss|mobilit\w+|gutschein\w*|presupuesto|aux[íi]lio|vale\b|bono\b))"
    r"|(?P<sign>[💰💵💸💲💷💶])",
    re.IGNORECASE,
)
# Words that the range is said to leave out, or that come on top of it, tell nothing about the sum.
_ASIDE = re.compile(
    r"\([^()]{0,200}\)|\b(?:not\s+includ\w+|excluding|exclusive\s+of|in\s+addition\s+to|prior\s+to|before|without"
    r"|plus)\b[^.,;:$€£]{0,90}"
    r"|\+\s?[^.,;:$€£\d(]{0,40}",
    re.IGNORECASE,
)
_BEHIND_OTHER = re.compile(
    r"\s?(?:/|per\b)\s?(?!(?:hour|hr|h|day|week|wk|month|mo|mth|year|yr|annum|an|a)\b)[a-z]{3,}\s*(?:$|[,.;)]|\band\b)"
    r"|\s*(?:(?!(?:plus|and|with|in|excluding|including|inclusive|not|base|salary|pay|annual|depending|or|is|for|per"
    r"|the|of)\b)[\w'’-]+\s+){0,3}"
    r"(?:(?:per|a|an)\s+(?:year|month|quarter|week)\s+)?(?:(?:for|towards?|in|of|on|to|as)\s+(?:\w+\s+){0,3})?"
    r"(?:bonus(?:es)?|equity|budget|stipends?|allowances?|reimburse\w*|stock|RSUs?|expenses|internet|credits?"
    r"|vouchers?|match(?:ing)?|funding|revenue"
    r"|ARR|grants?|referrals?|sign[- ]?on|sign-?up|insurance|coverage|commissions?|perks?|wellness|(?:education"
    r"|learning|training)(?!\s+(?:and\s+\w+\s+)?(?:engineer|scientist|develop|research|special|manage|lead|team"
    r"|role))"
    r"|donation|equipment|contributions?|customers|users|companies|clients|employees|deals?|deductible|raised"
    r"|in\s+assets)\b",
    re.IGNORECASE,
)
_BEHIND_ON_TARGET = re.compile(
    r"(?:(?:(?!\band\b|\bwith\b|\bplus\b)[^.,;/\d(+]){0,25}?\b|\s?\()(?:OTE\b|on[- ]target"
    r"|total\s+(?:target\s+)?(?:comp|cash)|TTC\b"
    r"|inclu\w+\s+(?:of\s+)?(?:base\s+and\s+)?bonus)",
    re.IGNORECASE,
)
_BEHIND_BASE = re.compile(
    r"[^.;\d$€£]{0,25}?\b(?:base|salary|gross|brutto|bruto|netto?|compensation|DOE|depending\s+on|based\s+on|B2B"
    r"|gehalt|wage|lpa)\b",
    re.IGNORECASE,
)
_PERIOD_AHEAD = re.compile(
    r"(?P<hour>\bhourly|\bper\s+hour|stundenlohn|stundensatz)|(?P<day>\bdaily\b|\bday\s+rate|\bTJM\b|tagessatz)"
    r"|(?P<week>\bweekly)"
    r"|(?P<month>\bmonthly|monatsgehalt|\bmensuel\w*|\bmensual|\bmensal|monatlich|\bmiesięczn\w+|\bper\s+month)"
    r"|(?P<year>\bannual(?:ly|ized)?\b|\byearly|\bper\s+(?:annum|year)|jahresgehalt|jährlich|\banuale?s?\b"
    r"|\bannuel\w*|\broczn\w+)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?;]\s")
_NEAR_WORDS = 90
_AHEAD = 260  # characters before a sum that are looked at
_SHORT_LINE = 130
_LINE_HEAD = 30  # a sum at the head of a line is said by the heading, however long the line is
_HEADING = 80  # a longer line is a paragraph
_RANGE_AHEAD = re.compile(r"\brange\b[^.;]*$", re.IGNORECASE)


def _body_pays(body: str, tag: str, countries: Collection[str]) -> Iterator[_Pay]:
    above_end, above_kind = -1, ""  # the pay last found: the next bullet of a list of zones or levels is pay too
    for begin, end, line, sum_ in islice(_sums(body), _MOST_SUMS):
        kind = _kind_by_words(line, sum_)
        if not kind:
            carried = above_kind if begin - above_end <= 3 else ""
            kind = _kind_by_place(line, sum_, _headings(body, begin), carried)
        if kind in ("", "other") and _is_meant(tag, sum_):
            kind = "base"
        if kind in ("base", "on-target") and (pay := _pay(line, sum_, kind, countries)):
            above_end, above_kind = end, kind
            yield pay


def _sums(body: str) -> Iterator[tuple[int, int, str, Money]]:
    """The sums of the candidate lines, each with its line as a reader sees it and where that starts and ends."""
    for begin, end in _candidate_lines(body):
        line = plain(body[begin:end])
        for sum_ in money.find(line):
            # Without a currency it takes a range of thousands behind a pay word.
            if sum_.currency or (sum_.is_range and sum_.is_scaled and _PAY_AHEAD.search(line, 0, sum_.start)):
                yield begin, end, line, sum_


def _is_meant(tag: str, sum_: Money) -> bool:
    """Whether a tag that is no salary by itself was made of this range: the sum of its ends, or its upper end."""
    if not sum_.is_range or len(sum_.ends) < 2:
        return False
    if _BARE_NUMBER.fullmatch(tag):
        return abs(sum(sum_.ends) - float(tag)) < 1
    return bool(_about(tag)) and _agrees(_about(tag), sum_.ends[1])


def _kind_by_words(line: str, sum_: Money) -> str:
    """What the words of the line call a sum: "base", "on-target", "other"; "" where no word tells."""
    behind = line[sum_.end : sum_.end + 90]
    if _BEHIND_OTHER.match(behind):
        return "other"
    if _BEHIND_ON_TARGET.match(behind):
        return "on-target"
    ahead = _ASIDE.sub(" ", line[max(0, sum_.start - _AHEAD) : sum_.start])
    kind = _last_kind(ahead, sum_)
    if kind in ("", "other") and _BEHIND_BASE.match(behind) and not _last_kind(_SENTENCE_END.split(ahead)[-1], sum_):
        return "base"
    return kind


def _last_kind(words: str, sum_: Money) -> str:
    """The kind of the word nearest to a sum, among the words before it."""
    kind = _nearest(words[-_NEAR_WORDS:]) or _nearest(words)
    if kind not in ("extra", "other"):
        return kind
    if sum_.is_range and min(sum_.ends) >= 30_000:
        # "Salary, equity and bonus: $120k-$140k": a range of that size is not the bonus. Nor is it what some word
        # of the same sentence names: "The salary range of our Education Funds Manager is $90k-$110k".
        considered = words if kind == "extra" else _SENTENCE_END.split(words)[-1]
        if any(match.lastgroup in ("base", "either", "on_target") for match in _WORDS.finditer(considered)):
            return "base"
    return "other"


def _nearest(words: str) -> str:
    kinds = [match.lastgroup or "" for match in _WORDS.finditer(words)]
    return {"either": "base", "sign": "base", "on_target": "on-target"}.get(kinds[-1], kinds[-1]) if kinds else ""


def _kind_by_place(line: str, sum_: Money, above: str, carried: str) -> str:
    """What a sum is that no word of its line names: by the lines above, or as a range that stands alone."""
    is_whole_pay = bool(
        sum_.is_range and sum_.currency and (min(sum_.ends) >= 10_000 or sum_.period in ("month", "year"))
    )
    if is_whole_pay and _RANGE_AHEAD.search(line, max(0, sum_.start - 120), sum_.start):
        return "base"
    if len(line) > _SHORT_LINE and sum_.start > _LINE_HEAD:
        return "base" if is_whole_pay and sum_.period == "year" and min(sum_.ends) >= 10_000 else ""
    kind = _last_kind(_ASIDE.sub(" ", above), sum_)
    if kind in ("base", "on-target"):
        return kind
    if carried and len(line) <= _SHORT_LINE:
        return carried
    stands_alone = len(line) <= _SHORT_LINE and (is_whole_pay or (sum_.period in ("hour", "day") and sum_.currency))
    # A paragraph above may end on anything; only a heading says what the line below it is.
    return "base" if stands_alone and (not kind or len(above.split(" ¶ ")[-1]) > _HEADING) else ""


def _pay(line: str, sum_: Money, kind: str, countries: Collection[str]) -> _Pay | None:
    currency = _currency(sum_, line, countries)
    period = _period(line, sum_)
    if not currency or not _is_possible(sum_, currency, period):
        return None
    if not sum_.is_range and not sum_.period and max(sum_.ends) < 10_000 and not _period_ahead(line, sum_):
        return None  # "Salary and a 500 EUR voucher": one small sum that is for nothing in particular
    return _Pay(sum_, kind, currency, period, line)


_DOLLAR_BEHIND = re.compile(
    r"\s?(?:/\s?\w+|per\s\w+|a\s\w+|annually)?\s?\(?(?P<code>USD|CAD|AUD|NZD|SGD)\b"
)  # $90k/yr CAD
_CROWNS = {"SE": "SEK", "NO": "NOK", "DK": "DKK"}
_PESOS = {"MX": "MXN", "CO": "COP", "CL": "CLP", "AR": "ARS"}


def _currency(sum_: Money, line: str, countries: Collection[str]) -> str:
    """The ISO code; a bare dollar is the US one unless the job is in one other dollar country alone."""
    only = next(iter(countries)) if len(countries) == 1 else ""
    if sum_.currency == "kr":
        return _CROWNS.get(only, "")
    if sum_.currency and sum_.currency != "$":
        return sum_.currency
    if not sum_.currency and countries and not set(countries) & set(money.DOLLARS):
        return ""
    if behind := _DOLLAR_BEHIND.match(line, sum_.end):
        return behind["code"]
    around = line[max(0, sum_.start - 60) : sum_.end + 30]
    if re.search(r"\bpesos\b", around, re.IGNORECASE):
        return _PESOS.get(only, "")
    named = set(re.findall(r"\b(?:USD|CAD|AUD|NZD|SGD)\b", around))
    if len(named) == 1:
        return named.pop()
    return money.DOLLARS.get(only, "USD")


def _period(line: str, sum_: Money) -> str:
    most = max(sum_.ends)
    by_size = "year" if most >= 10_000 else "hour" if most < 250 else "month"
    if sum_.period:
        return sum_.period
    ahead = _period_ahead(line, sum_)
    # "Our hourly and annual staff …: $95,000": a word further off counts only where the sum can be meant.
    return ahead if ahead and 2_000 <= most * PERIODS_A_YEAR[ahead] <= 10_000_000 else by_size


def _period_ahead(line: str, sum_: Money) -> str:
    clause = _SENTENCE_END.split(line[max(0, sum_.start - 120) : sum_.start])[-1]
    periods = [match.lastgroup for match in _PERIOD_AHEAD.finditer(clause)]
    return periods[-1] or "" if periods else ""


# Currencies in which pay is written with the fewest digits: what is a month's elsewhere is a year's there.
STRONG = frozenset({"USD", "EUR", "GBP", "CAD", "AUD", "NZD", "SGD", "CHF"})


def _is_possible(sum_: Money, currency: str, period: str) -> bool:
    """Whether anybody is paid that: zeros, a lost digit ("100,000 - 150,00") and round-the-world sums are not pay."""
    ends = [end * PERIODS_A_YEAR[period] for end in sum_.ends]
    if not ends or min(ends) <= 0 or max(ends) > 20 * min(ends):
        return False
    return 2_100 <= max(ends) <= 3_000_000 if currency in STRONG else 10_000 <= max(ends) <= 10_000_000_000


# --- What several sums of pay come to ----------------------------------------------------------------


def _joined(pays: list[_Pay]) -> Found | None:
    """Base before on-target, ranges before single sums; the first currency and period; lowest to highest."""
    pays = [pay for pay in pays if pay.kind == "base"] or pays
    pays = [pay for pay in pays if pay.money.is_range] or pays
    if not pays:
        return None
    first = pays[0]
    alike = [
        pay for pay in pays if (pay.currency, pay.period) == (first.currency, first.period) and _is_near(pay, first)
    ]
    lowest = min(alike, key=lambda pay: min(pay.money.ends))
    highest = max(alike, key=lambda pay: max(pay.money.ends))
    low = None if any(pay.money.min is None for pay in alike) else lowest.money.min
    high = None if any(pay.money.max is None for pay in alike) else highest.money.max
    return Found(_value(low, high, first.currency, first.period), _evidence(lowest, highest))


def _is_near(pay: _Pay, first: _Pay) -> bool:
    """Zones and levels of one job differ by a factor of a few; what differs by more is something else."""
    return max(pay.money.ends) * 4 >= min(first.money.ends) and min(pay.money.ends) <= max(first.money.ends) * 4


def _evidence(lowest: _Pay, highest: _Pay) -> str:
    sentences = [quote(pay.line, pay.money.start, pay.money.end) for pay in (lowest, highest)]
    if lowest is highest or sentences[0] == sentences[1] or len(" … ".join(sentences)) > MAX_EVIDENCE_LENGTH:
        return sentences[0][:MAX_EVIDENCE_LENGTH]
    return " … ".join(sentences)


def _value(low: float | None, high: float | None, currency: str, period: str) -> Value:
    return {"min": _number(low), "max": _number(high), "currency": currency, "period": period}


def _number(value: float | None) -> float | int | None:
    return None if value is None else int(value) if value == int(value) else round(value, 2)
