"""Twenty filters over the real corpus: the list's totals against counts made from the export alone."""

import datetime as dt
import json
import os
import re

import pytest
from django.core.management import call_command

from postings.importing.facts.names import countries_in
from postings.importing.facts.salary import PERIODS_A_YEAR
from postings.models import Company

pytestmark = [pytest.mark.slow, pytest.mark.corpus]


def tops(each: dict, currency: str) -> float | None:
    """The upper end of yearly pay in a currency; without one, infinity; None where the posting says no such pay."""
    pay = each["salary"]
    if not pay or pay["currency"] != currency:
        return None
    return float("inf") if pay["max"] is None else pay["max"] * PERIODS_A_YEAR[pay["period"]]


def pays(each: dict, currency: str, least: float) -> bool:
    top = tops(each, currency)
    return top is not None and top >= least


SOME_DAY = dt.date(2025, 1, 1)
FILTERS = {
    "": lambda each: True,
    "skill=python": lambda each: "python" in each["skills"],
    "skill=c%23&skill=c%2B%2B": lambda each: {"c#", "c++"} & set(each["skills"]),
    "skill=go&workplace=remote": lambda each: "go" in each["skills"] and "remote" in each["workplace"],
    "country=PL": lambda each: "PL" in each["countries"],
    "country=us&country=CA&seniority=senior": lambda each: (
        {"US", "CA"} & set(each["countries"]) and "senior" in each["seniority"]
    ),
    "region=europe": lambda each: "europe" in each["regions"] or countries_in("europe") & set(each["countries"]),
    "region=latam&skill=react": lambda each: (
        ("latam" in each["regions"] or countries_in("latam") & set(each["countries"])) and "react" in each["skills"]
    ),
    "region=worldwide": lambda each: "worldwide" in each["regions"],
    "workplace=hybrid&workplace=onsite": lambda each: {"hybrid", "onsite"} & set(each["workplace"]),
    "employment=contract": lambda each: "contract" in each["employment"],
    "employment=full-time&seniority=lead&seniority=staff": lambda each: (
        "full-time" in each["employment"] and {"lead", "staff"} & set(each["seniority"])
    ),
    "visa=offered": lambda each: each["visa"] == "offered",
    "visa=not-offered&country=US": lambda each: each["visa"] == "not-offered" and "US" in each["countries"],
    "category=python": lambda each: "Python" in each["categories"] or "python" in each["categories"],
    "salary_min=stated": lambda each: each["salary"],
    "salary_min=150000&currency=USD": lambda each: pays(each, "USD", 150_000),
    "salary_min=60k&currency=EUR&workplace=remote": lambda each: (
        pays(each, "EUR", 60_000) and "remote" in each["workplace"]
    ),
    "salary_min=100000&currency=USD&skill=rust&skill=go&country=US": lambda each: (
        pays(each, "USD", 100_000) and {"rust", "go"} & set(each["skills"]) and "US" in each["countries"]
    ),
    # Nearly all of them are older than any number of days that could be written here.
    f"posted={(dt.datetime.now(dt.UTC).date() - SOME_DAY).days}": lambda each: listed_on(each) >= SOME_DAY,
}


def listed_on(each: dict) -> dt.date:
    if not each["published_on"]:
        return dt.datetime.now(dt.UTC).date()  # first seen now
    return dt.date.fromisoformat(f"{each['published_on']}-01"[:10])


def total(client, query: str) -> int:
    [number] = re.findall(r'data-total="(\d+)"', client.get(f"/?{query}").content.decode())
    return int(number)


@pytest.mark.skipif("POSTINGS_CORPUS" not in os.environ, reason="POSTINGS_CORPUS names no archive")
@pytest.mark.django_db
def test_totals_over_the_corpus_are_what_the_export_says(client, capsys):
    call_command("import_postings", os.environ["POSTINGS_CORPUS"], verbosity=0)
    capsys.readouterr()
    call_command("export_postings")
    exported = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(exported) > 5000
    by_company: dict[str, int] = {}
    for each in exported:
        by_company[each["company"]] = by_company.get(each["company"], 0) + 1
    del by_company[None]
    most = sorted(by_company, key=by_company.get, reverse=True)[:3]

    expected = {query: sum(bool(holds(each)) for each in exported) for query, holds in FILTERS.items()}
    expected |= {f"company={Company.objects.get(name=name).slug}": by_company[name] for name in most}
    assert {query: total(client, query) for query in expected} == expected
    # None of these is true of a list that ignores what it is asked.
    assert all(0 < number < len(exported) for query, number in expected.items() if query)
