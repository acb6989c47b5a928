"""Google's rules for a JobPosting, written down a second time, to hold what the board emits against them.

Knows nothing of `postings.structured_data`: a mistake there is no mistake here. `problems` reads JSON as a search
engine does, and beside it what is stored of the posting.
"""

import datetime as dt
import re
from typing import Any

from postings.models import Posting

EMPLOYMENT = {"FULL_TIME", "PART_TIME", "CONTRACTOR", "TEMPORARY", "INTERN", "VOLUNTEER", "PER_DIEM", "OTHER"}
UNITS = {"HOUR", "DAY", "WEEK", "MONTH", "YEAR"}
REQUIRED = {"@context", "@type", "title", "description", "datePosted", "hiringOrganization"}
KNOWN = REQUIRED | {
    "validThrough", "jobLocation", "jobLocationType", "applicantLocationRequirements", "employmentType", "baseSalary",
    "directApply",
}  # fmt: skip
DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?")


def problems(job: dict[str, Any], posting: Posting) -> list[str]:
    """What is wrong with a JobPosting, in words; an empty list where nothing is. Needs for_detail()."""
    found = [f"{name} is missing" for name in REQUIRED - job.keys()]
    found += [f"{name} is not known" for name in job.keys() - KNOWN]
    if found:
        return found
    return [
        problem
        for is_wrong, problem in (
            (job["@type"] != "JobPosting", "it is no JobPosting"),
            (job["@context"] not in ("https://schema.org", "https://schema.org/"), "it is not of schema.org"),
            (job["title"] != posting.title, "the title was changed"),
            (not posting.is_live, "the posting is not live"),
            (job.get("directApply") is not False, "applying leads elsewhere, and it says otherwise"),
        )
        if is_wrong
    ] + [
        *_of_description(job["description"], posting),
        *_of_dates(job, posting),
        *_of_organisation(job["hiringOrganization"], posting),
        *_of_place(job, posting),
        *_of_employment(job.get("employmentType", []), posting),
        *(_of_salary(job["baseSalary"], posting) if "baseSalary" in job else []),
    ]


def _of_description(description: str, posting: Posting) -> list[str]:
    found = []
    words = re.sub(r"<[^>]+>", " ", description).split()
    if not words or words == posting.title.split():
        found.append("the description says no more than the title")
    if not re.search(r"<p|<br|\n", description):
        found.append("the description is one line")
    if description != posting.body_html:
        found.append("the description is not what the visitor sees")
    return found


def _of_dates(job: dict[str, Any], posting: Posting) -> list[str]:
    found = []
    length = 7 if posting.published_precision == Posting.Precision.MONTH else 10
    if not DATE.fullmatch(job["datePosted"]):
        found.append("datePosted is no date")
    elif job["datePosted"] != str(posting.published_on)[:length]:
        found.append("datePosted is not the employer's, as far as it is known")
    end = job.get("validThrough")
    if end is not None:
        if not posting.end_is_employers:
            found.append("validThrough is the board's own end")
        elif not re.search(r"T.+(?:Z|[+-]\d\d:\d\d)$", end) or dt.datetime.fromisoformat(end) != (
            posting.expires_at and posting.expires_at.replace(microsecond=0)
        ):
            found.append("validThrough is not when it ends")
    elif posting.end_is_employers:
        found.append("validThrough is missing, and the employer said an end")
    return found


def _of_organisation(organisation: dict[str, Any], posting: Posting) -> list[str]:
    if organisation.get("@type") != "Organization" or not organisation.get("name"):
        return ["hiringOrganization is not a named Organization"]
    return [] if posting.company and organisation["name"] == posting.company.name else ["it is another company"]


def _codes(posting: Posting, kind: str) -> set[str]:
    return {link.tag.code for link in posting.posting_tags.all() if link.tag.kind == kind}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _of_place(job: dict[str, Any], posting: Posting) -> list[str]:
    countries = _codes(posting, "country")
    if "jobLocationType" in job:
        found = [] if job["jobLocationType"] == "TELECOMMUTE" else ["jobLocationType has one value, and this is not it"]
        if _codes(posting, "workplace") != {"remote"}:
            found.append("TELECOMMUTE is for what is remote and nothing else")
        eligible = _listed(job.get("applicantLocationRequirements", []))
        if not eligible or any(each.get("@type") != "Country" or not each.get("name") for each in eligible):
            found.append("TELECOMMUTE without a country")
        elif len(eligible) != len(countries):
            found.append("other countries than the posting names")
        return found
    if "applicantLocationRequirements" in job:
        return ["applicantLocationRequirements without TELECOMMUTE"]
    if not job.get("jobLocation"):
        return ["neither a place nor TELECOMMUTE"]
    found = []
    named = set()
    for place in _listed(job["jobLocation"]):
        address = place.get("address", {})
        if place.get("@type") != "Place" or address.get("@type") != "PostalAddress":
            found.append("jobLocation is no Place with a PostalAddress")
        if not re.fullmatch(r"[A-Z]{2}", address.get("addressCountry", "")):
            found.append("a place without a country")
        named.add(address.get("addressCountry"))
        printed = {address[part] for part in ("addressLocality", "addressRegion") if part in address}
        if any(part not in posting.place for part in printed):
            found.append("a town that the place does not name")
    return found + ([] if named <= countries else ["other countries than the posting names"])


def _of_employment(types: Any, posting: Posting) -> list[str]:
    found = [f"{each} is no employmentType" for each in _listed(types) if each not in EMPLOYMENT]
    return found + ([] if len(_listed(types)) == len(_codes(posting, "employment")) else ["another employment"])


def _of_salary(salary: dict[str, Any], posting: Posting) -> list[str]:
    value = salary.get("value", {})
    numbers = {name: value[name] for name in ("value", "minValue", "maxValue") if name in value}
    found = []
    if salary.get("@type") != "MonetaryAmount" or value.get("@type") != "QuantitativeValue":
        found.append("baseSalary is no MonetaryAmount with a QuantitativeValue")
    if salary.get("currency") != posting.salary_currency:
        found.append("another currency")
    if value.get("unitText") not in UNITS or value["unitText"] != posting.salary_period.upper():
        found.append("another period")
    if numbers.keys() not in ({"value"}, {"minValue", "maxValue"}):
        found.append("neither one number nor a range")
    elif not all(isinstance(number, int | float) and number > 0 for number in numbers.values()):
        found.append("pay that is no number")
    elif {min(numbers.values()), max(numbers.values())} != {posting.salary_min, posting.salary_max}:
        found.append("another pay")
    elif "minValue" in numbers and not numbers["minValue"] < numbers["maxValue"]:
        found.append("a range whose ends are not in order")
    if re.search(r"\bestimat|\bapprox|\bOTE\b", posting.salary_evidence, re.IGNORECASE):
        found.append("an estimate, or more than base pay")
    return found
