"""What the values of the facts are called on a page, and which countries lie in a region. Pure.

The countries' names and continents were made by make_countries.py, which names their sources and licences.
"""

from functools import cache
from pathlib import Path

from postings.importing.facts import employment, seniority, skills, workplace

TABLE = Path(__file__).with_name("data") / "countries.tsv"

_NAMES = {
    "apac": "Asia-Pacific",
    "emea": "EMEA",
    "eu": "European Union",
    "latam": "Latin America",
    "middle-east": "Middle East",
    "onsite": "On site",
    "offered": "Visa sponsored",
    "not-offered": "Visa not sponsored",
    "full-time": "Full-time",
    "part-time": "Part-time",
    "mid": "Mid-level",
}


def name_of(kind: str, code: str) -> str:
    """What a value is called.

    >>> name_of("country", "PL"), name_of("region", "north-america"), name_of("skill", "c#")
    ('Poland', 'North America', 'C#')
    """
    if kind == "country":
        return _countries()[code][1]
    if kind == "skill" and code in skills.DEFAULT.skills:
        return skills.DEFAULT.skills[code].name
    if kind == "region":
        return _NAMES.get(code) or code.replace("-", " ").title()
    return _NAMES.get(code) or code.replace("-", " ").capitalize()


# What a posting can say, in the order in which people expect it; places and skills have tables of their own.
VALUES = {
    "workplace": workplace.VALUES,
    "seniority": seniority.VALUES,
    "employment": employment.VALUES,
    "visa": ("offered", "not-offered"),
}


def codes(kind: str) -> list[str]:
    """The codes that postings can have of a kind, whether one of the board has them or not; none of those whose values
    are not known beforehand.

    >>> "AQ" in codes("country"), "worldwide" in codes("region"), codes("visa")
    (True, True, ['offered', 'not-offered'])
    """
    tables = {"country": _countries(), "region": [*_members(), "worldwide"], "skill": skills.DEFAULT.skills}
    return [*tables.get(kind, VALUES.get(kind, ()))]


@cache
def _countries() -> dict[str, tuple[str, str]]:
    """Continent and name of every country by its ISO code."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return {code: (continent, name) for code, continent, name in (line.split("\t") for line in lines)}


_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_MIDDLE_EAST = "AE BH EG IL IQ IR JO KW LB OM PS QA SA SY TR YE"
_CENTRAL_AMERICA = "BZ CR GT HN NI PA SV"
# Parts of the continent "AS" that nobody means by Asia-Pacific.
_NOT_APAC = f"{_MIDDLE_EAST} AM AZ CY GE KG KZ TJ TM UZ"


@cache
def countries_in(region: str) -> frozenset[str]:
    """The ISO codes of the countries that lie in a region; none for `worldwide`, which only a posting can say.

    >>> "PL" in countries_in("europe"), "MX" in countries_in("latam"), "IN" in countries_in("emea")
    (True, True, False)
    """
    return frozenset(_members().get(region, set()))


def regions() -> frozenset[str]:
    """The codes of the regions that countries lie in."""
    return frozenset(_members())


def region_of(text: str) -> str:
    """The code of a region by its code or its name, in any case; of anything else the text in small letters.

    >>> region_of("EU"), region_of("european union"), region_of("North America"), region_of("Atlantis")
    ('eu', 'eu', 'north-america', 'atlantis')
    """
    asked = " ".join(text.lower().replace("-", " ").split())
    names = {name_of("region", code).lower().replace("-", " "): code for code in _members()}
    return names.get(asked) or asked.replace(" ", "-")


@cache
def _members() -> dict[str, set[str]]:
    continents: dict[str, set[str]] = {}
    for code, (continent, _) in _countries().items():
        continents.setdefault(continent, set()).add(code)
    middle_east = set(_MIDDLE_EAST.split())
    return {
        "africa": continents["AF"],
        "americas": continents["NA"] | continents["SA"],
        "apac": (continents["AS"] | continents["OC"]) - set(_NOT_APAC.split()),
        "asia": continents["AS"],
        "central-america": set(_CENTRAL_AMERICA.split()),
        "emea": continents["EU"] | continents["AF"] | middle_east,
        "eu": set(_EU.split()),
        "europe": continents["EU"] | {"CY"},
        "latam": continents["SA"] | set(_CENTRAL_AMERICA.split()) | {"CU", "DO", "MX", "PR"},
        "middle-east": middle_east,
        "nordics": set(["DK", "FI", "IS", "NO", "SE"]),
        "north-america": set(["BM", "CA", "GL", "MX", "PM", "US"]),
        "oceania": continents["OC"],
        "south-america": continents["SA"],
    }
