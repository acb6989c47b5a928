"""The places that a text names, and what each name stands for. Pure: no Django, no clock, no network.

Which of them are the job's is for places.py to say. The names are read once, on first use (25 ms, 5 MB). The table
was made by make_places.py, which names its sources and their licences (cities: GeoNames, CC BY 4.0). Written by hand
are only the short forms that no source has, and the regions of the guide.
"""

import gzip
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("data") / "places.txt.gz"

WORD = re.compile(r"\b(?:[^\W\d_]\.){1,3}[^\W\d_]\b\.?|[^\W\d_]+(?:['’][^\W\d_]+)*")

COUNTRIES = {
    "US": "US, USA, United States, United States of America",
    "GB": "UK, Great Britain, Britain, GBR",
    "AE": "UAE, Emirates",
    "SA": "KSA",
    "TR": "Turkey",
    "RU": "Russia",
    "CZ": "Czech Republic",
    "KR": "Korea, South Korea",
    "CI": "Ivory Coast",
    "CV": "Cape Verde",
    "SZ": "Swaziland",
    "MK": "Macedonia",
    "NL": "Holland",
    "HK": "Hong Kong",
    "MO": "Macau, Macao",
    "PS": "Palestine",
    "CG": "Congo",
    "CD": "DRC, DR Congo",
    "VA": "Vatican",
    "IE": "Republic of Ireland",
}
STATES = {"US": "D.C., District of Columbia", "DE": "Bavaria"}
CITIES = {
    "US": "Bay Area, Silicon Valley, NYC, New York City, Washington D.C., SF, Salt Lake",
    "IN": "Delhi, New Delhi, Gurgaon, Delhi NCR",
    "PH": "Metro Manila",
    "VN": "Ho Chi Minh",
}
REGIONS = {
    "latam": (
        "LATAM, Latin America, Latin Americas, Latinoamérica, América Latina, Amérique latine, Lateinamerika, "
        "Ameryka Łacińska"
    ),
    "americas": "Americas, AMER",
    "emea": "EMEA",
    "apac": "APAC, Asia Pacific, Asia and Pacific, APJ",
    "asia": "Asia, Asie, Asien",
    "africa": "Africa, Afrique",
    "europe": "Europe, Europa",
    "eu": "EU, European Union, Union européenne, Unión Europea, União Europeia, Europäische Union, Unia Europejska",
    "middle-east": "Middle East",
    "nordics": "Nordics, Nordic countries, Nordic region",
    "north-america": "North America, Northern America, Norteamérica, Amérique du Nord",
    "south-america": "South America, Sudamérica, América do Sul, América del Sur, Amérique du Sud",
    "central-america": "Central America, Centroamérica",
    "oceania": "Oceania",
    "worldwide": "Worldwide, Anywhere in the World, Anywhere in World, Anywhere on Earth, Anywhere, Global, Globally",
}
# Where a salary is stated for a country's employees; elsewhere such a word is about anything.
PEOPLES = {"canadian": "CA", "australian": "AU", "british": "GB", "indian": "IN", "irish": "IE", "german": "DE"}
# Words, or names of people, unless they stand in capitals.
CAPITALS_ONLY = frozenset(
    {"us", "usa", "uk", "uae", "eu", "ksa", "drc", "emea", "apac", "apj", "gbr", "sf", "nyc", "dc"}
)
# Towns bear the names of products (Solana) and of firms; they count only where nothing but a place is expected.
TOWNS = ("city", "town")


@dataclass(frozen=True, slots=True)
class Place:
    """What a name stands for; of a city's countries the first, the others have a place of that name too."""

    kind: str  # country, state, city, town (a small city) or region
    values: tuple[str, ...]  # alpha-2 codes, or the region


@dataclass(frozen=True, slots=True)
class Gazetteer:
    places: dict[str, Place]  # by folded name
    longest: dict[str, int]  # by first word: how many words the longest name has that starts with it
    codes: dict[str, str]  # alpha-2 by alpha-2 and alpha-3 code
    states: dict[str, str]  # country by the code of a state: ND → US, ON → CA


_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", ".": "", "'": "", "’": "", "ʻ": ""}
)


def fold(name: str) -> str:
    """The name as words in small letters without accents and dots, as every look-up has it.

    >>> fold("Kraków"), fold("Côte d'Ivoire"), fold("U.S."), fold("Cluj-Napoca"), fold("Łódź")
    ('krakow', 'cote divoire', 'us', 'cluj napoca', 'lodz')
    """
    return " ".join(map(fold_word, WORD.findall(name)))


def fold_word(word: str) -> str:
    word = word.lower()
    if word.isascii() and word.isalpha():
        return word
    marked = unicodedata.normalize("NFKD", word.translate(_LETTERS))
    return "".join(letter for letter in marked if not unicodedata.combining(letter))


@cache
def gazetteer() -> Gazetteer:
    found = Gazetteer({}, {}, {}, {})
    with gzip.open(TABLE, "rt", encoding="utf-8") as lines:
        for line in lines:
            kind, countries, names = line.rstrip("\n").split("\t")
            if kind == "codes":
                _add_codes(found, countries, names.split("|"))
            else:
                found.places.update(dict.fromkeys(names.split("|"), Place(kind, tuple(countries.split()))))
    for kind, by_value in (("city", CITIES), ("state", STATES), ("country", COUNTRIES), ("region", REGIONS)):
        for value, written in by_value.items():
            found.places.update(dict.fromkeys(map(fold, written.split(", ")), Place(kind, (value,))))
    found.places.update({name: Place("country", (code,)) for name, code in PEOPLES.items()})
    for name in found.places:
        first, *others = name.split(" ")
        found.longest[first] = max(found.longest.get(first, 0), 1 + len(others))
    return found


def _add_codes(found: Gazetteer, owner: str, codes: list[str]) -> None:
    if owner.startswith("states "):
        found.states.update(dict.fromkeys(codes, owner.removeprefix("states ")))
    else:
        found.codes.update(dict.fromkeys((owner, *codes), owner))


# --- Mentions: the names in a text -----------------------------------------------------------------------


@dataclass(slots=True)
class Mention:
    start: int
    end: int
    kind: str  # a Place's, or code: two or three capitals that may be a country's or a state's
    values: tuple[str, ...]
    name: str  # folded; a code as written


# Names begin with a capital; only `anywhere` and `worldwide` are also written small. The set of capitals comes first,
# for the scan then skips from capital to capital: lines without a name cost next to nothing.
_CAPITALS = "A-ZÀ-ÖØ-ÞĀĆĈĊČĎĐĒĖĘĚĢİĶĹĻĽŁŃŅŇŌŐŒŘŚŞŠŢŤŪŮŰŲŹŻŽȘȚ"
_NAME = rf"[{_CAPITALS}](?:(?:\.[^\W\d_])+\b\.?|[^\W\d_]*(?:['’][^\W\d_]+)*)"
_CAPITAL_NAME = re.compile(_NAME)
_ANY_NAME = re.compile(rf"{_NAME}|anywhere\b|worldwide\b")
# In one text. A tag that lists all countries names 250; no text is worth more looks than that takes.
_MOST_MENTIONS = 500
_MOST_LOOKS = 2000
_GAP_IN_NAME = re.compile(r"[\s,.'’()&-]{1,3}")


def mentions(text: str) -> list[Mention]:
    """The places named, the longest name first, left to right; codes undecided.

    >>> [(mention.name, mention.values) for mention in mentions("Remote from New York or Fargo, ND, not New England")]
    [('new york', ('US',)), ('fargo', ('US',)), ('ND', ())]
    """
    longest = gazetteer().longest
    found: list[Mention] = []
    free = looks = 0
    for word in (_ANY_NAME if "where" in text or "worldw" in text else _CAPITAL_NAME).finditer(text):
        written, start = word[0], word.start()
        first = written.lower() if written.isascii() and written.isalpha() else fold_word(written)
        is_code = len(written) in (2, 3) and written.isupper()
        if not (is_code or first in longest) or start < free or (start and text[start - 1].isalpha()):
            continue
        looks += 1
        mention = _longest(text, word, first, longest[first]) if first in longest else None
        if mention is None and is_code:
            mention = Mention(start, word.end(), "code", (), written)
        if mention:
            free = mention.end
            if not _is_something_else(text, mention):
                found.append(mention)
        if len(found) == _MOST_MENTIONS or looks == _MOST_LOOKS:
            break
    return found


def _longest(text: str, word: re.Match[str], first: str, most: int) -> Mention | None:
    places, names, end, best = gazetteer().places, [first], word.end(), None
    while True:
        name = " ".join(names)
        place = places.get(name)
        if place and _is_written_as_a_name(text[word.start() : end], name):
            best = Mention(word.start(), end, place.kind, place.values, name)
        gap = _GAP_IN_NAME.match(text, end) if len(names) < most else None
        following = WORD.match(text, gap.end()) if gap else None
        if not following:
            return best
        names.append(fold_word(following[0]))
        end = following.end()


def _is_written_as_a_name(written: str, name: str) -> bool:
    """Not `us`, which is a word, and not `America's`, which is about the place and not in it."""
    return (name not in CAPITALS_ONLY or written.isupper()) and not written.endswith(("'s", "’s"))


# `Southern Europe` and `Central Asia` are parts without a value of their own; `New England` is not England.
_PART_BEFORE = re.compile(
    r"\b(?:(?:South|North)(?:[ -]?(?:East|West))?(?:ern)?|(?:East|West)(?:ern)?|Central|Mid|New|Sub-Saharan)[\s-]+$",
    re.I,
)
_HAVE_PARTS = frozenset({"england", "macedonia"})
_NON = re.compile(r"\bnon[\s-]+$", re.IGNORECASE)
_JOINED = re.compile(r"[^\W\d_]+-$")
# `anywhere in Canada` is a limit and `anywhere you like` a way of speaking; neither is the whole world.
_ANYWHERE_OF = re.compile(r"\s+(?:in|within|across|on|near|you|else|that|from|between)\b")
# `Canadian employees: CAD 120,000`: of a people only before these words, which open a line of pay.
_PEOPLE_BEHIND = re.compile(r"\s+(?:residents|employees|candidates|applicants|salary|pay|base)\b", re.IGNORECASE)


def _is_something_else(text: str, mention: Mention) -> bool:
    if mention.name in PEOPLES:
        return _PEOPLE_BEHIND.match(text, mention.end) is None
    if mention.name == "anywhere":
        return _ANYWHERE_OF.match(text, mention.end) is not None
    before = text[max(0, mention.start - 16) : mention.start]
    if not before or before[-1] not in " -":
        return False
    if mention.kind in TOWNS and (joined := _JOINED.search(before)):
        return not is_filler(joined[0][:-1])  # KwaZulu-Natal, but Remote-Lisbon
    if mention.kind == "region" or mention.name in _HAVE_PARTS:
        return _PART_BEFORE.search(before) is not None
    return _NON.search(before) is not None


# Words that stand beside a place and say how, not where, one works there.
_FILLERS_TEXT = """
    remote remotely hybrid onsite on site in office fully full time part only based within anywhere from the or and of
    to at work working home wfh telecommute distributed national nationwide hub metro metropolitan area region greater
    city state flexible location locations preferred candidates residents open any either select all position role job
    friendly first remoto remota hibrido teletravail zdalnie zdalna praca permanent contract for other near around
    across both also y e et ou und oder lub i o eligible must be reside downtown global team employees country
"""
_FILLERS = frozenset(_FILLERS_TEXT.split())


def is_filler(word: str) -> bool:
    return fold_word(word) in _FILLERS


# --- What mentions stand for: `Fargo, ND`, `London, Ontario`, `Atlanta, Georgia` --------------------------

_BESIDE = re.compile(r"\s*[,(/-]?\s*")
_TOWN_BEFORE = re.compile(rf"(?:\b[{_CAPITALS}][\w.'’-]{{1,20}} ){{0,2}}\b[{_CAPITALS}][\w.'’-]{{0,20}}[a-zà-ž],\s*$")
# Codes that are words in capitals, or time zones.
_WORDS_IN_CAPITALS = frozenset(
    {
        "OR",
        "IN",
        "ME",
        "OK",
        "HI",
        "ID",
        "TO",
        "NO",
        "SO",
        "AT",
        "IT",
        "IS",
        "BE",
        "BY",
        "MY",
        "AM",
        "PM",
        "DO",
        "AND",
        "ARE",
        "EST",
        "NOR",
        "PER",
        "ANT",
    }
)


def places_in(text: str, in_prose: bool = False) -> list[Mention]:
    """The places named, each code and each city decided; what stays unsure is left out.

    In prose two capitals are a place only behind a comma and a place: CI, AI and ML are codes of countries too.

    >>> [mention.values[0] for mention in places_in("Remote; San Diego, CA; Toronto, CA; London, Ontario; Tokyo, JP")]
    ['US', 'CA', 'CA', 'JP']
    """
    return settled(text, mentions(text), in_prose)


def settled(text: str, named: list[Mention], in_prose: bool = False) -> list[Mention]:
    found: list[Mention] = []
    listed = _state_list(text) if in_prose and sum(mention.kind == "code" for mention in named) >= 3 else None
    for mention in named:
        if listed and listed.start <= mention.start < listed.end:
            found += [] if listed in found else [listed]
            continue
        last = found[-1] if found and _BESIDE.fullmatch(text, found[-1].end, mention.start) else None
        if mention.kind == "code":
            _add_code(found, text, mention, last, in_prose)
        elif last and last.kind in TOWNS and mention.kind in ("country", "state"):
            _add_behind_town(found, text, mention)
        elif not (last and last.kind == "country" and mention.kind in TOWNS and last.values[0] in mention.values):
            found.append(mention)  # else: `Costa Rica, San José`
    return _with_american_georgia(found)


def _add_behind_town(found: list[Mention], text: str, mention: Mention) -> None:
    """`London, Ontario`, `Waterloo (Australia)`: the place behind says which one is meant."""
    town = found[-1]
    if mention.name == "georgia" and town.values[0] == "US":
        found[-1] = Mention(town.start, mention.end, "state", ("US",), "")
    elif mention.values[0] in town.values or "(" in text[town.end : mention.start]:
        found[-1] = Mention(town.start, mention.end, mention.kind, mention.values, f"{town.name}, {mention.name}")
    else:
        found.append(mention)


def _add_code(found: list[Mention], text: str, code: Mention, last: Mention | None, in_prose: bool) -> None:
    country = _country_of_code(text, code, last, in_prose)
    if not country:
        return
    start = code.start
    if last and last.kind in (*TOWNS, "state"):
        start = found.pop().start
    elif town := _TOWN_BEFORE.search(text, max(0, start - 40), start):
        start = town.start()
    found.append(Mention(start, code.end, "country", (country,), code.name))


def _country_of_code(text: str, code: Mention, last: Mention | None, in_prose: bool) -> str:
    """The country of a code, '' where it may be several: CA is California and Canada, DE Delaware and Germany."""
    state, country = gazetteer().states.get(code.name, ""), gazetteer().codes.get(code.name, "")
    separator = text[last.end : code.start] if last else ""
    if last and last.kind == "country" and not in_prose:
        return country if "/" in separator and len(code.name) == 2 else ""  # US/CA
    if last and last.kind in (*TOWNS, "state") and "," in separator:
        return country if country == last.values[0] else state or country  # Toronto, CA · San Diego, CA
    town = _TOWN_BEFORE.search(text, max(0, code.start - 40), code.start)
    if town and state and not is_filler(WORD.findall(town[0])[-1]):
        return state
    if in_prose or (code.name in _WORDS_IN_CAPITALS and not text[: code.start].rstrip().endswith(",")):
        return ""
    return "" if state and country else state or country


# `AZ, CA, CO, FL and GA`: so many codes in a row are states.
_CODE_LIST = re.compile(r"\b[A-Z]{2}(?:(?:,\s?(?:(?:and|or)\s)?|\s(?:and|or)\s)[A-Z]{2}\b){2,59}")


def _state_list(text: str) -> Mention | None:
    codes = _CODE_LIST.search(text)
    if not codes:
        return None
    owners = [gazetteer().states.get(code) for code in WORD.findall(codes[0]) if code.isupper()]
    return Mention(*codes.span(), "state", ("US",), codes[0]) if owners.count("US") >= 0.8 * len(owners) else None


def _with_american_georgia(found: list[Mention]) -> list[Mention]:
    """Georgia among American states or cities is the state."""
    if not any(mention.values[0] == "US" and mention.kind in ("state", *TOWNS) for mention in found):
        return found
    state = ("state", ("US",), "")
    return [Mention(place.start, place.end, *state) if place.name == "georgia" else place for place in found]
