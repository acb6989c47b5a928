"""What search engines are told of a posting: schema.org's JobPosting and the way to its page, as JSON-LD.

On the page of a live posting alone, and only what is certain: no estimate, no end that the board set, no place that
the posting does not name. A posting of which too little is known for a valid JobPosting gets none; `reasons` says
why, on the page, in the admin and in what is stored (`judge`). The rules are Google's:
https://developers.google.com/search/docs/appearance/structured-data/job-posting
"""

import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.functions import Substr
from django.urls import reverse

from postings.importing.facts import names, salary
from postings.importing.facts.gazetteer import TOWNS, WORD, Mention, fold, gazetteer, mentions
from postings.importing.facts.text import Text
from postings.models import Posting, PostingTag, Tag
from postings.words import plain_text

Withheld = Posting.Withheld

TO_DO = {
    Withheld.COMPANY: "No company is named: choose one, where you know it.",
    Withheld.DATE: "When the employer published it is not known: fill in “Published on”, where you know it.",
    Withheld.BODY: "Its text is empty or repeats the title alone: write what the job is.",
    Withheld.REMOTE: (
        "It is remote only, and no country is known: add the tag of every country in which the person may work. "
        "A region is not enough."
    ),
    Withheld.PLACE: "No country is known: add the tag of the country in which the work is done.",
}

# --- Whether it may be told ---------------------------------------------------------------------------


class Basis(NamedTuple):
    """All that decides whether a posting is told of."""

    title: str
    has_company: bool
    published_on: dt.date | None
    body: str  # HTML; of a long one the first ENOUGH characters will do
    workplace: set[str]
    countries: set[str]  # the codes of its tags, of which an operator may have made one up

    @property
    def is_remote_only(self) -> bool:
        """Whether all of the work is done from home: what Google means by TELECOMMUTE."""
        return self.workplace == {"remote"}

    @property
    def known_countries(self) -> list[str]:
        """ISO 3166-1 alpha-2, sorted."""
        return sorted(self.countries & _country_codes())


ENOUGH = 4096  # characters of HTML: more than any title can take
_CUT_TAG = re.compile(r"<[^>]*\Z")


def reasons(basis: Basis) -> list[Withheld]:
    """Why a posting is withheld, all that there is to mend; an empty list where it is told of."""
    found = []
    if not basis.has_company:
        found.append(Withheld.COMPANY)
    if not basis.published_on:
        found.append(Withheld.DATE)
    if not _says_something(basis.body[:ENOUGH], basis.title):
        found.append(Withheld.BODY)
    if not basis.known_countries:
        found.append(Withheld.REMOTE if basis.is_remote_only else Withheld.PLACE)
    return found


def _says_something(body: str, title: str) -> bool:
    words = plain_text(_CUT_TAG.sub("", body)).split()
    is_title = words == title.split() and len(body) < ENOUGH
    return bool(words) and not is_title and any(mark in body for mark in ("<p", "<br", "\n"))


@cache
def _country_codes() -> frozenset[str]:
    return frozenset(names.codes("country"))


def basis_of(posting: Posting) -> Basis:
    """Needs for_detail()."""
    codes = _codes(posting)
    return Basis(
        posting.title,
        posting.company_id is not None,
        posting.published_on,
        posting.body_html,
        codes[Tag.Kind.WORKPLACE],
        codes[Tag.Kind.COUNTRY],
    )


def _codes(posting: Posting) -> defaultdict[str, set[str]]:
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for link in posting.posting_tags.all():
        codes[link.tag.kind].add(link.tag.code)
    return codes


# --- What is stored of it, for the admin ----------------------------------------------------------------

_AT_ONCE = 500


def judge(ids: Iterable[int], postings: type[Model] = Posting, links: type[Model] = PostingTag) -> None:
    """Stores why each of these postings is withheld, where that differs. Stands in the transaction that changed them.

    It follows from what was written and is no change of its own: `changed_at` stays, and `changes` hears nothing. A
    migration gives the models of its time.
    """
    in_order = sorted(ids)
    for start in range(0, len(in_order), _AT_ONCE):
        _judge_batch(in_order[start : start + _AT_ONCE], QuerySet(postings), QuerySet(links))


def judge_all() -> None:
    """After something went around the models; each batch is a transaction of its own."""
    ids = list(Posting.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _AT_ONCE):
        with transaction.atomic():
            judge(ids[start : start + _AT_ONCE])


def _judge_batch(ids: list[int], postings: QuerySet[Any], links: QuerySet[Any]) -> None:
    # Locked before its tags are read: of two who change the tags of one posting, the second sees both changes.
    locked = postings.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    rows = list(
        locked.values_list("pk", "title", "company", "published_on", Substr("body_html", 1, ENOUGH), "withheld")
    )
    codes: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    of_interest = links.filter(posting__in=ids, tag__kind__in=[Tag.Kind.WORKPLACE, Tag.Kind.COUNTRY])
    for pk, kind, code in of_interest.values_list("posting", "tag__kind", "tag__code"):
        codes[pk, kind].add(code)
    differing: defaultdict[str, list[int]] = defaultdict(list)
    for pk, title, company, published_on, body, stored in rows:
        workplace, countries = codes[pk, Tag.Kind.WORKPLACE], codes[pk, Tag.Kind.COUNTRY]
        found = reasons(Basis(title, company is not None, published_on, body, workplace, countries))
        reason = found[0].value if found else ""
        if reason != stored:
            differing[reason].append(pk)
    for reason, pks in differing.items():
        postings.filter(pk__in=pks).update(withheld=reason)


# --- JobPosting -----------------------------------------------------------------------------------------

EMPLOYMENT = {
    "full-time": "FULL_TIME",
    "part-time": "PART_TIME",
    "contract": "CONTRACTOR",
    "temporary": "TEMPORARY",
    "internship": "INTERN",
    "volunteer": "VOLUNTEER",
}


def job_posting(posting: Posting) -> dict[str, Any] | None:
    """None where it is withheld. Needs for_detail(), and that the posting is live."""
    basis = basis_of(posting)
    if reasons(basis):
        return None
    employment = [EMPLOYMENT[code] for code in EMPLOYMENT if code in _codes(posting)[Tag.Kind.EMPLOYMENT]]
    job = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        # As the employer wrote it: boards of others' jobs are asked not to mend titles.
        "title": posting.title,
        "description": posting.body_html,
        "datePosted": posting.published_machine,
        "validThrough": _end(posting),
        "hiringOrganization": {"@type": "Organization", "name": str(posting.company)},
        **_where(posting, basis),
        "employmentType": _one_or_all(employment),
        "baseSalary": _base_salary(posting),
        # Applying means going on to the employer's page.
        "directApply": False,
    }
    return {name: value for name, value in job.items() if value is not None}


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values or None


def _end(posting: Posting) -> str | None:
    """The employer's own closing date. Where the board ends it by its lifetime, no date is said."""
    if not posting.end_is_employers or posting.expires_at is None:
        return None
    return posting.expires_at.astimezone(dt.UTC).isoformat(timespec="seconds")


# --- Where ----------------------------------------------------------------------------------------------

# A place that says so is about nothing but this job.
_REMOTE_PLACE = re.compile(r"\b(?:remot[eoa]|telecommute|anywhere|worldwide|wfh|home[- ]based)\b", re.IGNORECASE)
# Words by which the job, or all jobs of the company, are done from home all of the time …
_REMOTE_JOB = re.compile(
    r"\b(?:full|fully|100\s?%|completely|entirely|all|permanently)[\s-]+(?:remote|distributed|telecommut)"
    r"|\b(?:role|position|job|work|working|opportunity|opportunities|locations?|workplace)\b.{0,40}\bremote(?:ly)?\b"
    r"|\bremote[\s-]+(?:eligible|position|role|job|opportunity|first|based|only|us\b|usa\b|in\b|within\b|from\b|work\W*$)"
    r"|\b(?:from\s+(?:home|anywhere)|#?LI[- ]?remote|telecommut\w+|telework\w*)"
    r"|\bremote\s*(?:$|[|:,()/\]]|[-–—]\s|\s[-–—])|(?:^|[-–—|:,(/\[]\s*)remote\s(?!access|sensing)",
    re.IGNORECASE,
)
# … and words by which it is only some of it, or something else that is done so.
_NOT_THE_JOB = re.compile(
    r"\b(?:\d+|a few|some|several|two|three)\s(?:\w+\s)?(?:days?|weeks?|months?|jours?)\b|\b[1-9]\d?\s?%|\bwhether\b"
    r"|\bpartial\w*|\boccasional\w*|\bup to\b|\bhybrid|\bwhere applicable\b|\bcollaborat\w+|\bsetting\b"
    r"|\bfriendly\b|\bpermits?\b|\bothers\b|\benvironments?\b|\bcustomers?\b|\bproducts?\b|\bbusiness from\b",
    re.IGNORECASE,
)


def _is_said_to_be_remote(posting: Posting) -> bool:
    """Whether the page says so of all the work of this job, and not of a colleague, a device or ten days a year.

    The tag `remote` says less: that somebody who asks for remote jobs should see it. What an operator tagged by hand
    has no words to look at, and stands.
    """
    words = next(link.evidence for link in posting.posting_tags.all() if link.tag.kind == Tag.Kind.WORKPLACE)
    if not words or _REMOTE_PLACE.search(posting.place):
        return True
    return _REMOTE_JOB.search(words) is not None and not _NOT_THE_JOB.search(words)


def _where(posting: Posting, basis: Basis) -> dict[str, Any]:
    countries = basis.known_countries
    if basis.is_remote_only and _is_said_to_be_remote(posting):
        eligible = [{"@type": "Country", "name": names.name_of("country", code)} for code in countries]
        return {"jobLocationType": "TELECOMMUTE", "applicantLocationRequirements": _one_or_all(eligible)}
    parts = _parts_of(posting.place, countries[0]) if len(countries) == 1 else {}
    addresses = [{"@type": "PostalAddress", **parts, "addressCountry": code} for code in countries]
    return {"jobLocation": _one_or_all([{"@type": "Place", "address": address} for address in addresses])}


# What may stand beside the one town of a place that names nothing else.
_BESIDE_A_TOWN = frozenset(["remote", "hybrid", "onsite", "on", "site", "in", "office", "telecommute"])
# In the table of places, but neither town nor state.
_AREAS = frozenset({"bay area", "silicon valley", "delhi ncr", "metro manila"})


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


# --- Pay ------------------------------------------------------------------------------------------------

# The employer's "expected" or "anticipated" range is what it means to pay; these say that it does not know.
_ESTIMATE = re.compile(
    r"\b(?:estimat\w*|est\.|approx\w*|roughly|around|about|circa|ca\.|averag\w+|typical\w*|similar|e\.g\.|"
    r"for example|example)(?!\w)|≈|(?<![\dkKmM])(?<![\dkKmM]\s)~\s?(?:[A-Z]{3}\s?)?[^\w\s]?\d",
    re.IGNORECASE,
)
# Pay with commission, bonus or shares in it.
_ON_TARGET = re.compile(r"\bOTE\b|\bon[- ]target\b", re.IGNORECASE)
_TOTAL = re.compile(r"\btotal\s+(?:\w+\s+){0,2}(?:comp|compensation|earnings|cash|pay)\b", re.IGNORECASE)
_BASE = re.compile(r"\bbas(?:e|ic)\b", re.IGNORECASE)

# The same in the lines above, and anywhere in the text: a tag may print as a fact what the text calls an estimate.
_TOTAL_ABOVE = re.compile(r"\bOTE\b|\bon[- ]target\b|\btotal\s+(?:\w+\s+)?cash\b", re.IGNORECASE)
_PAY = r"\b(?:salary|pay|compensation|base|wage|rate|OTE)\b"
_ESTIMATED_PAY = re.compile(
    rf"\bestimate[sd]?\b[^.\n]{{0,60}}{_PAY}|{_PAY}[^.\n]{{0,60}}\bestimate[sd]?\b", re.IGNORECASE
)
# Where no period is printed, sums of this size pass for a year's. In these currencies they are, elsewhere a month's.
_A_YEARS_SUM_ELSEWHERE = 120_000
_STRONG = frozenset(["USD", "EUR", "GBP", "CAD", "AUD", "NZD", "SGD", "CHF"])
_PERIOD = re.compile(
    r"year|annu|yr|month|week|hour|/\s?h|\bday|p\.\s?a\.|\bpa\b|\blpa\b|miesi|rok|roczn", re.IGNORECASE
)


def _base_salary(posting: Posting) -> dict[str, Any] | None:
    """The posting's own base pay, both ends of it, where its words call it neither an estimate nor more than that."""
    low, high = posting.salary_min, posting.salary_max
    if low is None or high is None or not posting.salary_period:
        return None
    # An operator may have typed anything.
    if not 0 < low <= high or not re.fullmatch("[A-Z]{3}", posting.salary_currency):
        return None
    words = posting.salary_evidence or posting.stated_salary
    if _ESTIMATE.search(words) or _ESTIMATED_PAY.search(posting.body_markdown):
        return None
    is_more_than_base = _TOTAL.search(words) and not _BASE.search(words)
    if is_more_than_base or _ON_TARGET.search(words) or _TOTAL_ABOVE.search(_lines_above(posting)):
        return None
    if not _is_shown(posting) or _may_be_a_months(posting, words):
        return None
    ends = {"value": _number(low)} if low == high else {"minValue": _number(low), "maxValue": _number(high)}
    return {
        "@type": "MonetaryAmount",
        "currency": posting.salary_currency,
        "value": {"@type": "QuantitativeValue", **ends, "unitText": posting.salary_period.upper()},
    }


def _lines_above(posting: Posting) -> str:
    """The two lines above the one that says the pay, which may be their heading; empty where that is in a tag."""
    first = posting.salary_evidence.strip("… ").partition("…")[0].strip()
    lines = posting.text.lines
    number = next((number for number, line in enumerate(lines) if first and first in line), 0)
    return "\n".join(lines[max(0, number - 2) : number])


def _is_shown(posting: Posting) -> bool:
    """Whether the page says these figures: in the words they were read from, or by themselves where nothing is printed.

    What an operator typed beside a printed salary is only told where both say the same.
    """
    if posting.salary_evidence or not posting.stated_salary:
        return True
    printed = salary.read(Text("", posting.salary_text))
    return printed is not None and (printed.value["min"], printed.value["max"]) == (
        posting.salary_min,
        posting.salary_max,
    )


def _may_be_a_months(posting: Posting, words: str) -> bool:
    is_guessed = posting.salary_period == "year" and bool(words) and not _PERIOD.search(words)
    is_small = (posting.salary_min or 0) < _A_YEARS_SUM_ELSEWHERE
    return is_guessed and is_small and posting.salary_currency not in _STRONG


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value


# --- The way to the page --------------------------------------------------------------------------------


def crumbs(posting: Posting) -> list[tuple[str, str]]:
    """Names and paths from the list to the posting: by its first category, or else its company. Needs for_detail()."""
    way = [("Jobs", reverse("postings:list"))]
    categories = [link.tag for link in posting.posting_tags.all() if link.tag.kind == Tag.Kind.CATEGORY]
    if categories:
        first = min(categories, key=lambda tag: tag.name)
        way.append((first.name, first.get_absolute_url()))
    elif posting.company:
        way.append((posting.company.name, reverse("postings:company", args=[posting.company.slug])))
    return [*way, (posting.title, posting.get_absolute_url())]


def breadcrumb_list(posting: Posting, absolute: Callable[[str], str]) -> dict[str, Any]:
    """`absolute` makes a path an address."""
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
        for position, (name, path) in enumerate(crumbs(posting), start=1)
    ]
    return {"@context": "https://schema.org/", "@type": "BreadcrumbList", "itemListElement": items}


# --- On the page ----------------------------------------------------------------------------------------

# Nothing that an element or a comment could begin or end with; and two ends of lines that scripts once had of their
# own. Within JSON's strings, the only place where they can stand, each is the same character in another spelling.
_IN_A_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def as_script(data: dict[str, Any]) -> str:
    """JSON that can stand in a script element, whatever its strings hold."""
    return json.dumps(data, ensure_ascii=False).translate(_IN_A_SCRIPT)
