"""Landing pages: the list of one value, or of one skill in one country, at an address of its own.

`/skills/python/` shows what `/?skill=python` shows, `/skills/python/germany/` what `/?skill=python&country=DE` shows;
the one with a path is the one that search engines are told of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from pyroaring import BitMap

from postings.catalogue import NOTHING, Snapshot, Value
from postings.crumbs import Crumb, way
from postings.filters import PLURALS, PostingFilter
from postings.finding import Finding
from postings.importing.facts.names import countries_in, regions
from postings.models import Tag

# The kinds whose values have a page, by what stands in its address.
KINDS = {plural: Tag.Kind(kind) for kind, plural in Tag.LANDED.items()}
# A pair with fewer postings is a page that nobody looks for: it answers, and is neither linked nor indexed.
LEAST_IN_PAIR = 3
# A posting that names more countries than this is open nearly everywhere. If no other is on a pair's page, that page
# says the same as those of a hundred other countries.
MOST_COUNTRIES = 20
MOST_NEIGHBOURS = 12
_WITH_ARTICLE = {
    "Americas", "Bahamas", "Caribbean Netherlands", "Central African Republic", "Comoros", "Dominican Republic",
    "European Union", "Gambia", "Isle of Man", "Maldives", "Middle East", "Netherlands", "Nordics", "Philippines",
    "Seychelles", "Vatican City",
}  # fmt: skip


@dataclass(frozen=True)
class Link:
    """Another landing page, and how many postings are on it."""

    name: str
    path: str
    number: int


@dataclass(frozen=True)
class Neighbours:
    heading: str
    links: list[Link]


@dataclass(frozen=True)
class Landing:
    """One value, or a skill and a country."""

    values: tuple[Value, ...]

    @property
    def path(self) -> str:
        return path_of(*self.values)

    @cached_property
    def _by_kind(self) -> dict[str, Value]:
        return {value.kind: value for value in self.values}

    @property
    def is_pair(self) -> bool:
        return len(self.values) > 1

    def holds_enough(self, snapshot: Snapshot) -> bool:
        """Whether it is worth a link and a search engine's notice."""
        return bool(_on_pair(snapshot, *self.values)) if self.is_pair else number_of(snapshot, self.values[0]) > 0

    def jobs(self, number: int) -> str:
        """What these postings are called, after their number: `Python jobs in Germany`."""
        jobs = "job" if number == 1 else "jobs"
        said = self._by_kind
        if skill := said.get(Tag.Kind.SKILL):
            jobs = f"{skill.name} {jobs}"
        if workplace := said.get(Tag.Kind.WORKPLACE):
            jobs = f"{_in_a_sentence(workplace)} {jobs}"
        if category := said.get(Tag.Kind.CATEGORY):
            # Not "Python jobs", which is what the skill's page is called.
            return f"{jobs} in the category {category.name}"
        place = said.get(Tag.Kind.COUNTRY) or said.get(Tag.Kind.REGION)
        return f"{jobs} {_in(place)}" if place else jobs

    @property
    def crumbs(self) -> list[Crumb]:
        """The way here from the list; the last one is this page."""
        kind = self.values[0].kind
        return way(
            Crumb(PLURALS[kind].capitalize(), reverse("postings:landings", args=[Tag.LANDED[kind]])),
            *(Crumb(value.name, path_of(*self.values[:length])) for length, value in enumerate(self.values, start=1)),
        )


def path_of(*values: Value) -> str:
    """The address of a value's page, or of a pair's."""
    if len(values) > 1:
        return reverse("postings:landing_pair", args=[value.slug for value in values])
    return reverse("postings:landing", args=[Tag.LANDED[values[0].kind], values[0].slug])


def of(asked: PostingFilter) -> Landing | None:
    """The landing page that shows what is asked for, in whatever order; None where there is none."""
    names = [each.name for each in asked.applied]
    if any(value.postings is NOTHING for values in asked.criteria.values.values() for value in values):
        # Known by name alone: no posting ever had it, and there is no page.
        return None
    if sorted(names) == [Tag.Kind.COUNTRY, Tag.Kind.SKILL]:
        pair = (Tag.Kind.SKILL, Tag.Kind.COUNTRY)
        return Landing(tuple(asked.criteria.values[kind][0] for kind in pair))
    if len(names) == 1 and names[0] in KINDS.values():
        return Landing((asked.criteria.values[names[0]][0],))
    return None


def all_of(snapshot: Snapshot, kind: str) -> list[Link]:
    """The pages of a kind that hold at least one posting, in the order of its values."""
    return list(_links((value, number_of(snapshot, value)) for value in snapshot.values[kind]))


def pairs(snapshot: Snapshot) -> list[Link]:
    """The pages of a skill in a country that hold enough postings."""
    return snapshot.once("pairs", lambda live: list(_pairs(snapshot)))


def _pairs(snapshot: Snapshot) -> Iterator[Link]:
    for skill in snapshot.values[Tag.Kind.SKILL]:
        for country in snapshot.values[Tag.Kind.COUNTRY]:
            if postings := _on_pair(snapshot, skill, country):
                yield Link(f"{skill.name} {_in(country)}", path_of(skill, country), len(postings))


def _on_pair(snapshot: Snapshot, skill: Value, country: Value) -> BitMap:
    """The postings on a pair's page; nothing where that is not worth a link."""
    if min(len(skill.postings), len(country.postings)) < LEAST_IN_PAIR:
        return NOTHING
    both = skill.postings & country.postings & snapshot.live()
    is_worth_it = len(both) >= LEAST_IN_PAIR and not both.issubset(_open_nearly_everywhere(snapshot))
    return both if is_worth_it else NOTHING


def _open_nearly_everywhere(snapshot: Snapshot) -> BitMap:
    return snapshot.once("open nearly everywhere", lambda live: snapshot.having_more(Tag.Kind.COUNTRY, MOST_COUNTRIES))


def number_of(snapshot: Snapshot, value: Value) -> int:
    return value.postings.intersection_cardinality(snapshot.live())


# --- Links among neighbours -------------------------------------------------------------------------


def neighbours(landing: Landing, finding: Finding) -> list[Neighbours]:
    """The pages that somebody on this one may want next, most postings first; each number is that page's own."""
    groups = {
        Tag.Kind.SKILL: _beside_skill,
        Tag.Kind.COUNTRY: _beside_country,
        Tag.Kind.REGION: _beside_region,
    }
    first = landing.values[0]
    find = _beside_pair if landing.is_pair else groups.get(Tag.Kind(first.kind), _beside_others)
    return [Neighbours(heading, links) for heading, links in find(landing, finding) if links]


def _beside_pair(landing: Landing, finding: Finding) -> Iterator[tuple[str, list[Link]]]:
    skill, country = landing.values
    yield f"{skill.name} jobs elsewhere", _in_countries(finding, skill, besides=country)
    yield f"Other jobs {_in(country)}", _with_skills(finding, country, besides=skill)
    wider = [(f"All {skill.name} jobs", skill), (f"All jobs {_in(country)}", country)]
    numbered = [(name, value, number_of(finding.snapshot, value)) for name, value in wider]
    yield "Wider", [Link(name, path_of(value), number) for name, value, number in numbered if number]


def _beside_skill(landing: Landing, finding: Finding) -> Iterator[tuple[str, list[Link]]]:
    [skill] = landing.values
    yield f"{skill.name} jobs by country", _in_countries(finding, skill)
    beside = sorted(
        (value for value in finding.snapshot.values[Tag.Kind.SKILL] if value.code != skill.code),
        key=lambda value: -value.postings.intersection_cardinality(finding.found),
    )
    yield f"Asked for beside {skill.name}", _own_pages(finding, beside[:MOST_NEIGHBOURS])


def _beside_country(landing: Landing, finding: Finding) -> Iterator[tuple[str, list[Link]]]:
    [country] = landing.values
    yield f"Jobs {_in(country)} by skill", _with_skills(finding, country)
    around = [region for region in regions() if country.code in countries_in(region)]
    if around:
        yield (
            "Countries nearby",
            _countries(finding, min(around, key=lambda region: len(countries_in(region))), country),
        )
        lies_in = [value for value in finding.snapshot.values[Tag.Kind.REGION] if value.code in around]
        yield "Regions that it lies in", _own_pages(finding, lies_in)


def _beside_region(landing: Landing, finding: Finding) -> Iterator[tuple[str, list[Link]]]:
    [region] = landing.values
    yield f"Countries {_in(region)}", _countries(finding, region.code)
    yield from _beside_others(landing, finding)


def _beside_others(landing: Landing, finding: Finding) -> Iterator[tuple[str, list[Link]]]:
    [value] = landing.values
    others = [other for other in finding.snapshot.values[value.kind] if other.code != value.code]
    yield f"Other {PLURALS[value.kind]}", _own_pages(finding, others)


def _countries(finding: Finding, region: str, besides: Value | None = None) -> list[Link]:
    lying_in = set(countries_in(region)) - ({besides.code} if besides else set())
    countries = [value for value in finding.snapshot.values[Tag.Kind.COUNTRY] if value.code in lying_in]
    return _own_pages(finding, countries)


def _own_pages(finding: Finding, values: Iterable[Value]) -> list[Link]:
    links = list(_links((value, number_of(finding.snapshot, value)) for value in values))
    return sorted(links, key=lambda link: -link.number)[:MOST_NEIGHBOURS]


def _links(values: Iterable[tuple[Value, int]]) -> Iterator[Link]:
    return (Link(value.name, path_of(value), number) for value, number in values if number)


def _in_countries(finding: Finding, skill: Value, besides: Value | None = None) -> list[Link]:
    """A skill's pairs with the countries that have most of it."""
    # One more than are shown, of which one may be this page's; counts leave the own condition of their kind out.
    countries = [value for value, _ in finding.most(Tag.Kind.COUNTRY, MOST_NEIGHBOURS + 1) if value is not besides]
    return list(_links_to_pairs(finding, ((each, skill, each) for each in countries)))[:MOST_NEIGHBOURS]


def _with_skills(finding: Finding, country: Value, besides: Value | None = None) -> list[Link]:
    """A country's pairs with the skills that it has most of."""
    skills = [value for value, _ in finding.most(Tag.Kind.SKILL, MOST_NEIGHBOURS + 1) if value is not besides]
    return list(_links_to_pairs(finding, ((each, each, country) for each in skills)))[:MOST_NEIGHBOURS]


def _links_to_pairs(finding: Finding, pairs: Iterable[tuple[Value, Value, Value]]) -> Iterator[Link]:
    """`pairs`: what the link is called by, the skill, and the country."""
    for named, skill, country in pairs:
        if postings := _on_pair(finding.snapshot, skill, country):
            yield Link(named.name, path_of(skill, country), len(postings))


# --- In words ---------------------------------------------------------------------------------------


def _in(place: Value) -> str:
    """`in Germany`, `in the Netherlands`, `open worldwide`."""
    if place.code == "worldwide":
        return "open worldwide"
    has_article = place.name in _WITH_ARTICLE or place.name.startswith(("United ", "U.S. ", "British "))
    has_article = has_article or place.name.endswith(("Islands", "Territories", "Territory"))
    return f"in the {place.name}" if has_article else f"in {place.name}"


def _in_a_sentence(workplace: Value) -> str:
    return {"onsite": "on-site"}.get(workplace.code, workplace.name.lower())


def details(landing: Landing, finding: Finding) -> str:
    """The largest parts of these postings, for a description: `80 remote, 45 in the United States, 61 with pay`."""
    said = {value.kind for value in landing.values}
    parts = []
    if Tag.Kind.WORKPLACE not in said:
        parts += [
            (number, value.name.lower()) for value, number in finding.counts("workplace") if value.code == "remote"
        ]
    if not said & {Tag.Kind.COUNTRY, Tag.Kind.REGION}:
        parts += [(number, _in(value)) for value, number in finding.most("country", 3)]
    if Tag.Kind.SKILL not in said:
        parts += [(number, f"with {value.name}") for value, number in finding.most("skill", 3)]
    paid = finding.found.intersection_cardinality(finding.snapshot.paid)
    parts.append((paid, "that states its pay" if paid == 1 else "that state their pay"))
    return ", ".join(f"{number:,} {words}" for number, words in parts if number)
