"""Where the work is done: at a place, as precisely as the posting says it, or from home in certain countries."""

import re
from functools import lru_cache
from typing import Any

from postings.importing.facts import names
from postings.importing.facts.gazetteer import TOWNS, WORD, Mention, fold, gazetteer, mentions
from postings.models import Posting, Tag
from postings.structured_data.withholding import Basis

# A place that says so is about nothing but this job.
_REMOTE_PLACE = re.compile(r"\b(?:remot[eoa]|telecommute|anywhere|worldwide|wfh|home[- ]based)\b", re.IGNORECASE)
# Words by which the job, or all jobs of the company, are done from home all of the time …
_REMOTE_JOB = re.compile(
    r"""
      # "fully remote", "100% distributed"
      \b (?:full|fully|100\s?%|completely|entirely|all|permanently) [\s-]+ (?:remote|distributed|telecommut)
      # "this role can be done remotely"
    | \b (?:role|position|job|work|working|opportunity|opportunities|locations?|workplace) \b .{0,40}
      \b remote(?:ly)? \b
      # "remote position", "remote-first", "remote within Poland"
    | \b remote [\s-]+
      (?:eligible|position|role|job|opportunity|first|based|only|us\b|usa\b|in\b|within\b|from\b|work\W*$)
    | \b (?:from\s+(?:home|anywhere) | \#?LI[- ]?remote | telecommut\w+ | telework\w*)
      # standing by itself: "Gardener (Remote)", "Remote - Poland", "Gardener | Remote"
    | \b remote \s* (?: $ | [|:,()/\]] | [-–—]\s | \s[-–—])
    | (?: ^ | [-–—|:,(/\[]\s*) remote \s (?!access|sensing)
    """,
    re.IGNORECASE | re.VERBOSE,
)
# … and words by which it is only some of it, or something else that is done so.
_NOT_THE_JOB = re.compile(
    r"""
      # a part: "ten days a year", "50% of your time", "occasionally"
      \b (?:\d+|a\ few|some|several|two|three) \s (?:\w+\s)? (?:days?|weeks?|months?|jours?) \b
    | \b [1-9]\d?\s?% | \b partial\w* | \b occasional\w* | \b hybrid | \b up\ to \b
      # something else: a way of working together, a perk, other people, a product
    | \b (?:collaborat\w+|environments?|setting|friendly|permits?|whether|others|customers?|products?) \b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def _is_said_to_be_remote(posting: Posting) -> bool:
    """Whether the page says so of all the work of this job, and not of a colleague, a device or ten days a year.

    The tag `remote` says less: that somebody who asks for remote jobs should see it. What an operator tagged by hand
    has no words to look at, and stands.
    """
    words = next(link.evidence for link in posting.links if link.tag.kind == Tag.Kind.WORKPLACE)
    if not words or _REMOTE_PLACE.search(posting.place):
        return True
    return _REMOTE_JOB.search(words) is not None and not _NOT_THE_JOB.search(words)


def where(posting: Posting, basis: Basis) -> dict[str, list[Any] | str]:
    """The properties of a JobPosting that say where; of a basis that is not withheld. Needs for_detail()."""
    countries = basis.known_countries
    if basis.is_remote_only and _is_said_to_be_remote(posting):
        eligible = [{"@type": "Country", "name": names.name_of("country", code)} for code in countries]
        return {"jobLocationType": "TELECOMMUTE", "applicantLocationRequirements": eligible}
    parts = _parts_of(posting.place, countries[0]) if len(countries) == 1 else {}
    addresses = [{"@type": "PostalAddress", **parts, "addressCountry": code} for code in countries]
    return {"jobLocation": [{"@type": "Place", "address": address} for address in addresses]}


# What may stand beside the one town of a place that names nothing else.
_BESIDE_A_TOWN = frozenset(["remote", "hybrid", "onsite", "on", "site", "in", "office", "telecommute"])
# In the table of places, but neither town nor state.
_AREAS = frozenset({"bay area", "silicon valley", "delhi ncr", "metro manila"})


# Many postings say the same place.
@lru_cache(maxsize=10_000)
def _parts_of(place: str, country: str) -> dict[str, str]:
    """Town and state as printed, where the place is nothing but one of that country; else nothing.

    >>> _parts_of("Hybrid - San Diego, CA", "US")
    {'addressLocality': 'San Diego', 'addressRegion': 'CA'}
    >>> _parts_of("New York, NY", "US"), _parts_of("Ontario, Canada", "CA")
    ({'addressLocality': 'New York', 'addressRegion': 'NY'}, {'addressRegion': 'Ontario'})
    >>> _parts_of("Vienna or Graz, Austria", "AT"), _parts_of("Greater Toronto Area", "CA"), _parts_of("Vienna", "US")
    ({}, {}, {})
    """
    found = mentions(place)
    beside = place
    for each in reversed(found):
        beside = f"{beside[: each.start]} {beside[each.end :]}"
    named = {each.name: (_part_of(each, country), each) for each in reversed(found)}
    parts = [part for part, _ in named.values()]
    if not set(map(fold, WORD.findall(beside))) <= _BESIDE_A_TOWN or re.search(r"\d", beside) or "" in parts:
        return {}
    within = [each for part, each in reversed(named.values()) if part != "country"]
    printed = [place[each.start : each.end] for each in within]
    match [part for part in reversed(parts) if part != "country"]:
        # A name that several countries have is its largest one's, unless the country stands beside it.
        case ["town"] if within[0].values[0] == country or "country" in parts:
            return {"addressLocality": printed[0]}
        case ["state"]:
            return {"addressRegion": printed[0]}
        case ["town", "state"]:
            return {"addressLocality": printed[0], "addressRegion": printed[1]}
        case ["state", "state"] if [each.name for each in within] == ["new york", "NY"]:
            return {"addressLocality": printed[0], "addressRegion": printed[1]}
    return {}


def _part_of(mention: Mention, country: str) -> str:
    """What a name is one of in this country: `country`, `state` or `town`; "" for what lies elsewhere or is unsure."""
    table = gazetteer()
    if mention.kind == "code":
        if table.codes.get(mention.name) == country:
            return "country"
        return "state" if table.states.get(mention.name) == country else ""
    if country not in mention.values or mention.name in _AREAS:
        return ""
    return "town" if mention.kind in TOWNS else mention.kind
