"""What search engines are told of a posting, on its page and nowhere else; and what is withheld, and why."""

import datetime as dt
import doctest
import json
import os
from collections import Counter
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postings import changes, crumbs, life, structured_data
from postings.importing.dry_run import dry_run
from postings.models import Posting, PostingTag, Tag
from postings.structured_data import where, withholding
from tests.factories import make_category, make_company, make_posting
from tests.job_posting_rules import problems
from tests.test_admin import LIST, act, change_page, edit, open_form, rows
from tests.test_detail import Page
from tests.test_store import dated, loose, take

pytestmark = pytest.mark.django_db

COUNTRIES = {"AT": "Austria", "DE": "Germany", "PL": "Poland", "US": "United States"}


def give(posting: Posting, kind: str, *codes: str, evidence: str = "") -> Posting:
    for code in codes:
        tag, _ = Tag.objects.get_or_create(kind=kind, code=code, defaults={"name": COUNTRIES.get(code, code.title())})
        PostingTag.objects.create(posting=posting, tag=tag, evidence=evidence)
    return posting


def make_job(
    countries: tuple[str, ...] = ("AT",),
    workplace: tuple[str, ...] = (),
    employment: tuple[str, ...] = (),
    said: str = "",
    **fields: Any,
) -> Posting:
    """A posting of which enough is known; `said`: the words that the workplace was read from."""
    posting = make_posting(**{"published_on": dt.date(2025, 1, 31), "place": "Vienna", **fields})
    give(posting, "country", *countries)
    give(posting, "workplace", *workplace, evidence=said)
    give(posting, "employment", *employment)
    return posting


def stored(posting: Posting) -> Posting:
    return Posting.objects.for_detail().get(pk=posting.pk)


def job_of(posting: Posting) -> dict[str, Any]:
    """What is told of it, which is held against the rules each time."""
    posting = stored(posting)
    job = structured_data.job_posting(posting)
    assert job is not None
    assert problems(job, posting) == []
    return job


def data_on(client, posting: Posting) -> dict[str, dict[str, Any]]:
    """The structured data of its page, by type, read as machines read it."""
    return {each["@type"]: each for each in scripts_in(client.get(posting.get_absolute_url()).content.decode())}


def scripts_in(html: str) -> list[dict[str, Any]]:
    """Each whole script: what a parser takes for its end is its end."""
    pieces = html.split('<script type="application/ld+json">')[1:]
    return [json.loads(piece.partition("</script")[0]) for piece in pieces]


def test_examples_in_the_docstrings_hold():
    found = doctest.testmod(where)
    assert found.attempted and not found.failed


# --- On the page, and nowhere else -------------------------------------------------------------------


def test_the_page_tells_all_that_is_known(client):
    posting = make_job(
        countries=("DE", "AT"),
        workplace=("remote",),
        employment=("full-time",),
        title="Gardener (m/f/d) #4711",
        salary_text="€40,000 - €48,000",
        salary_min=40000,
        salary_max=48000,
        salary_currency="EUR",
        salary_period="year",
        salary_evidence="€40,000 - €48,000",
        expires_at=dt.datetime(2126, 3, 1, 12, tzinfo=dt.UTC),
        end_is_employers=True,
    )
    assert data_on(client, posting)["JobPosting"] == {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": "Gardener (m/f/d) #4711",
        "description": posting.body_html,
        "datePosted": "2025-01-31",
        "validThrough": "2126-03-01T12:00:00+00:00",
        "hiringOrganization": {"@type": "Organization", "name": "Lindenhof Labs"},
        "jobLocationType": "TELECOMMUTE",
        "applicantLocationRequirements": [
            {"@type": "Country", "name": "Austria"},
            {"@type": "Country", "name": "Germany"},
        ],
        "employmentType": "FULL_TIME",
        "baseSalary": {
            "@type": "MonetaryAmount",
            "currency": "EUR",
            "value": {"@type": "QuantitativeValue", "minValue": 40000, "maxValue": 48000, "unitText": "YEAR"},
        },
        "directApply": False,
    }


@pytest.mark.parametrize(
    "over",
    [{"status": "closed"}, {"status": "draft"}, {"expires_at": dt.datetime(2025, 3, 1, tzinfo=dt.UTC)}],
    ids=["closed", "draft", "expired"],
)
def test_what_is_not_live_tells_nothing(client, over):
    response = client.get(make_job(**over).get_absolute_url())
    assert response.status_code in (404, 410)
    assert b"ld+json" not in response.content


def test_lists_tell_nothing(client):
    posting = make_job(categories=("Gardening",))
    pages = ["/", "/?q=gardener", "/?category=gardening", "/companies/", "/companies/lindenhof-labs/", "/about/"]
    pages += [f"{posting.get_absolute_url()}report/", f"{posting.get_absolute_url()}report/thanks/"]
    assert [page for page in pages if b"ld+json" in client.get(page).content] == []


def test_what_is_withheld_still_tells_its_way(client):
    assert data_on(client, make_job(company=None)).keys() == {"BreadcrumbList"}


def test_structured_data_costs_no_query(django_assert_num_queries, client):
    posting = stored(make_job(workplace=("remote",), categories=("Gardening",)))
    with django_assert_num_queries(0):
        assert structured_data.job_posting(posting)
        structured_data.breadcrumb_list(crumbs.to_posting(posting), str)


# --- Withheld ----------------------------------------------------------------------------------------

WITHHELD = {
    "no company": ({"company": None}, "company"),
    "no date": ({"published_on": None}, "date"),
    "no body": ({"body_markdown": ""}, "body"),
    "a body that shows nothing": ({"body_markdown": "* * *"}, "body"),
    "a body that is the title": ({"title": "Head gardener", "body_markdown": "# Head *gardener*"}, "body"),
    "remote without a country": ({"countries": (), "workplace": ("remote",)}, "remote"),
    "hybrid without a country": ({"countries": (), "workplace": ("hybrid",)}, "place"),
    "remote or hybrid without a country": ({"countries": (), "workplace": ("hybrid", "remote")}, "place"),
    "no workplace and no country": ({"countries": ()}, "place"),
    "a country that an operator made up": ({"countries": ("ruritania",)}, "place"),
}


@pytest.mark.parametrize(("fields", "reason"), WITHHELD.values(), ids=WITHHELD.keys())
def test_too_little_is_known(client, fields, reason):
    posting = make_job(**fields)
    assert structured_data.job_posting(stored(posting)) is None
    assert stored(posting).withheld == reason
    assert "JobPosting" not in data_on(client, posting)


def test_a_region_is_no_country():
    posting = give(make_job(countries=(), workplace=("remote",)), "region", "worldwide", "europe")
    assert structured_data.job_posting(stored(posting)) is None


def test_all_that_is_missing_is_said():
    posting = stored(make_job(company=None, published_on=None, countries=()))
    assert structured_data.reasons(structured_data.basis_of(posting)) == ["company", "date", "place"]


def test_every_reason_says_what_to_do():
    assert structured_data.TO_DO.keys() == set(Posting.Withheld)


def test_a_long_body_counts_though_only_its_beginning_is_read():
    posting = make_job(body_markdown="You prune. " * 1000)
    assert len(posting.body_html) > withholding.ENOUGH
    assert stored(posting).withheld == ""
    assert job_of(posting)["description"] == posting.body_html


# --- Dates -------------------------------------------------------------------------------------------


def test_the_date_is_no_more_precise_than_it_is_known():
    assert job_of(make_job(published_precision=Posting.Precision.MONTH))["datePosted"] == "2025-01"


def test_the_date_is_never_refreshed(admin_user):
    posting = make_job(status="closed")
    life.reopen(Posting.objects.all(), admin_user, "by a test")
    assert job_of(posting)["datePosted"] == "2025-01-31"


def test_the_boards_own_end_is_not_told():
    posting = make_job()
    assert posting.expires_at
    assert "validThrough" not in job_of(posting)


def employers_end() -> dict[str, Any]:
    return {"expires_at": timezone.now() + dt.timedelta(days=3), "end_is_employers": True}


def test_an_end_that_the_board_moves_is_its_own(admin_user):
    posting = make_job(**employers_end())
    assert "validThrough" in job_of(posting)
    life.extend(Posting.objects.all(), admin_user, "by a test")
    assert "validThrough" not in job_of(posting)


def test_an_end_that_is_renewed_is_the_boards_own(admin_user):
    posting = make_job(expires_at=timezone.now() - dt.timedelta(days=1), end_is_employers=True)
    life.reopen(Posting.objects.all(), admin_user, "by a test")
    assert "validThrough" not in job_of(posting)


def test_an_end_that_stays_ahead_stays_the_employers(admin_user):
    posting = make_job(status="closed", **employers_end())
    life.reopen(Posting.objects.all(), admin_user, "by a test")
    assert "validThrough" in job_of(posting)


def test_an_import_says_nothing_of_an_end():
    take(dated("2025-01"))
    Posting.objects.update(**employers_end())
    take(dated("2025-02", title="Head gardener"))
    assert Posting.objects.get().end_is_employers
    Posting.objects.all().delete()
    take(dated("2025-01", slug="other"))
    assert not Posting.objects.get().end_is_employers


# --- Where -------------------------------------------------------------------------------------------


def test_one_country_is_no_list():
    assert job_of(make_job(workplace=("remote",)))["applicantLocationRequirements"] == {
        "@type": "Country",
        "name": "Austria",
    }


@pytest.mark.parametrize("workplace", [(), ("hybrid",), ("onsite",), ("remote", "hybrid"), ("remote", "onsite")])
def test_only_what_is_remote_and_nothing_else_is_telecommuting(workplace):
    job = job_of(make_job(workplace=workplace, place=""))
    assert "jobLocationType" not in job
    assert job["jobLocation"] == {"@type": "Place", "address": {"@type": "PostalAddress", "addressCountry": "AT"}}


REMOTE = ["This is a fully remote position.", "Gardener (Remote, Austria)", "#LI-Remote", "Work from home", "Remote"]
NOT_REMOTE = [
    "You communicate well in a remote team environment.",
    "10 days of work from anywhere per year",
    "Up to 50% of your time you can work from anywhere.",
    "Whether your team is fully remote or in the office, our product helps.",
    "Sr Engineer - Remote Access Network",
]


@pytest.mark.parametrize("said", REMOTE)
def test_a_job_that_is_said_to_be_remote_is_telecommuting(said):
    assert "jobLocationType" in job_of(make_job(workplace=("remote",), said=said))


@pytest.mark.parametrize("said", NOT_REMOTE)
def test_words_that_speak_of_something_else_are_no_telecommuting(said):
    job = job_of(make_job(workplace=("remote",), said=said))
    assert job["jobLocation"]["address"]["addressCountry"] == "AT"


def test_a_place_that_says_remote_says_it_of_the_job():
    said = "You communicate well in a remote team environment."
    assert "jobLocationType" in job_of(make_job(workplace=("remote",), said=said, place="Austria, Remote"))


def test_several_countries_are_several_places():
    places = job_of(make_job(countries=("AT", "DE"), place="Vienna"))["jobLocation"]
    assert [place["address"] for place in places] == [
        {"@type": "PostalAddress", "addressCountry": "AT"},
        {"@type": "PostalAddress", "addressCountry": "DE"},
    ]


@pytest.mark.parametrize(
    ("place", "country", "parts"),
    [
        ("Graz", "AT", {"addressLocality": "Graz"}),
        ("Hybrid - Graz, Austria", "AT", {"addressLocality": "Graz"}),
        ("Boston, MA", "US", {"addressLocality": "Boston", "addressRegion": "MA"}),
        ("Remote,Austin, TX,US", "US", {"addressLocality": "Austin", "addressRegion": "TX"}),
        ("New York, NY", "US", {"addressLocality": "New York", "addressRegion": "NY"}),
        ("California, United States", "US", {"addressRegion": "California"}),
        ("Austria", "AT", {}),
        ("", "AT", {}),
        ("Graz or Vienna", "AT", {}),
        ("Boston, MA; Austin, TX", "US", {}),
        ("California, Texas", "US", {}),
        ("Greater Boston Area", "US", {}),
        ("Bay Area", "US", {}),
        ("Graz 8010", "AT", {}),
        ("Graz", "US", {}),
        ("Graz, EMEA", "AT", {}),
    ],
)
def test_a_town_is_told_where_the_place_is_nothing_else(place, country, parts):
    address = job_of(make_job(countries=(country,), place=place))["jobLocation"]["address"]
    assert address == {"@type": "PostalAddress", "addressCountry": country, **parts}


# --- Employment --------------------------------------------------------------------------------------


def test_every_employment_has_a_name():
    codes = ("full-time", "part-time", "contract", "temporary", "internship", "volunteer")
    assert job_of(make_job(employment=codes))["employmentType"] == [
        "FULL_TIME", "PART_TIME", "CONTRACTOR", "TEMPORARY", "INTERN", "VOLUNTEER",
    ]  # fmt: skip


def test_an_employment_that_is_not_said_is_left_out():
    assert "employmentType" not in job_of(make_job())


# --- Pay ---------------------------------------------------------------------------------------------


def paid(low: float | None, high: float | None, said: str, period: str = "year", **fields: Any) -> Posting:
    pay = {"salary_min": low, "salary_max": high, "salary_currency": "EUR", "salary_period": period}
    posting = make_job(**pay, salary_evidence=said, **fields)
    posting.set_yearly_salary()
    posting.save()
    return posting


def test_one_sum_is_one_value_in_its_own_period():
    salary = job_of(paid(30.5, 30.5, "Rate: €30.50 an hour", "hour"))["baseSalary"]
    assert salary["value"] == {"@type": "QuantitativeValue", "value": 30.5, "unitText": "HOUR"}


NO_PAY = {
    "an open end above": (40000, None, "from €40,000"),
    "an open end below": (None, 48000, "up to €48,000"),
    "an estimate": (40000, 48000, "The estimated salary range is €40,000 - €48,000."),
    "a best estimate": (40000, 48000, "Our best estimate of the pay range is €40k-48k"),
    "about": (6000, 6000, "around 6000€ / month"),
    "approximately": (40000, 40000, "approx. €40,000"),
    "a tilde": (40000, 40000, "~€40,000"),
    "an average": (40000, 40000, "Gardeners average €40,000 a year."),
    "on-target earnings": (40000, 48000, "OTE: €40,000 - €48,000"),
    "total cash": (40000, 48000, "Total target cash compensation: €40,000 - €48,000"),
}


@pytest.mark.parametrize(("low", "high", "said"), NO_PAY.values(), ids=NO_PAY.keys())
def test_pay_that_is_not_certain_is_left_out(low, high, said):
    assert "baseSalary" not in job_of(paid(low, high, said))


@pytest.mark.parametrize(
    "typed",
    [{"salary_min": 0, "salary_max": 0}, {"salary_min": 0}, {"salary_min": -5}, {"salary_min": 50000},
     {"salary_currency": "€"}, {"salary_currency": "eur"}, {"salary_currency": ""}],
)  # fmt: skip
def test_pay_that_cannot_be_is_left_out_whoever_typed_it(typed):
    posting = paid(40000, 48000, "")
    Posting.objects.filter(pk=posting.pk).update(**typed)
    assert "baseSalary" not in job_of(posting)


PAY = ["EUR €40.000~€48.000", "The expected base salary is €40,000 - €48,000.", "Anticipated range: €40k - €48k"]


@pytest.mark.parametrize("said", PAY)
def test_the_range_that_an_employer_expects_to_pay_is_told(said):
    assert "baseSalary" in job_of(paid(40000, 48000, said))


def test_a_tag_that_prints_what_the_text_calls_an_estimate_is_one():
    body = "We prune.\n\nA reasonable estimate of the base salary range is €40,000 - €48,000."
    assert "baseSalary" not in job_of(paid(40000, 48000, "EUR 40k~48k", body_markdown=body))


def test_a_heading_says_what_the_sums_below_it_are():
    body = "Total Target Cash, by country:\n\nAustria: €40,000 - €48,000"
    assert "baseSalary" not in job_of(paid(40000, 48000, "Austria: €40,000 - €48,000", body_markdown=body))


@pytest.mark.parametrize(
    ("currency", "low", "said", "is_told"),
    [
        ("CZK", 85000, "Range: 85,000 - 110,000 CZK", False),
        ("CZK", 85000, "Range: 85,000 - 110,000 CZK a year", True),
        ("CZK", 850000, "Range: 850,000 - 1,100,000 CZK", True),
        ("EUR", 85000, "Range: 85,000 - 110,000 EUR", True),
    ],
)
def test_a_sum_that_may_be_a_months_is_not_told_as_a_years(currency, low, said, is_told):
    posting = paid(low, low * 1.3, said)
    Posting.objects.update(salary_currency=currency)
    assert ("baseSalary" in job_of(posting)) is is_told


def test_pay_typed_by_hand_is_told_where_the_page_shows_it():
    assert "baseSalary" in job_of(paid(40000, 48000, ""))
    assert "baseSalary" in job_of(paid(40000, 48000, "", salary_text="€40,000 - €48,000"))
    assert "baseSalary" not in job_of(paid(44000, 48000, "", salary_text="€40,000 - €48,000"))


# --- The way -----------------------------------------------------------------------------------------


def way(client, posting: Posting) -> list[tuple[int, str, str]]:
    items = data_on(client, posting)["BreadcrumbList"]["itemListElement"]
    assert {item["@type"] for item in items} == {"ListItem"}
    return [(item["position"], item["name"], item["item"]) for item in items]


def test_leads_by_the_first_category(client, settings):
    settings.SITE_URL = "https://jobs.example"
    posting = make_job(title="Cook", slug="cook", categories=("Pruning", "Gardening & Trees"))
    assert way(client, posting) == [
        (1, "Jobs", "https://jobs.example/"),
        (2, "Gardening & Trees", "https://jobs.example/categories/gardening-and-trees/"),
        (3, "Cook", "https://jobs.example/jobs/cook/"),
    ]


def test_leads_by_the_company_where_there_is_no_category(client):
    [_, second, _] = way(client, make_job())
    assert second == (2, "Lindenhof Labs", "http://testserver/companies/lindenhof-labs/")


def test_leads_straight_where_there_is_neither(client):
    assert [name for _, name, _ in way(client, make_job(title="Cook", company=None))] == ["Jobs", "Cook"]


def test_the_way_stands_on_the_page_too(client):
    page = Page(client.get(make_job(categories=("Gardening",)).get_absolute_url()).content.decode())
    [crumbs] = [tags for text, tags in page.texts if text == "Gardening" and "ol" in tags]
    assert crumbs[-5:] == ["nav", "ol", "li", "a", "bdi"]
    assert page.all("a", href="/categories/gardening/")


# --- Hostile fields ----------------------------------------------------------------------------------

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</ScRiPt ><svg onload=alert(1)>",
    "<!--<script>",
    "-->]]>",
    "a\u2028b\u2029c",
    "\"quoted\" \\ 'too'",
    "tab\tbell\x07",
    "&lt;/script&gt; &amp;",
    "{{ 7*7 }}{% debug %}",
    "\u202egnp.exe 😀",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_field_stays_text(client, text):
    posting = make_job(
        title=f"{text} T", company=f"{text} C", categories=(f"{text} K",), body_markdown=f"{text} B\n\nwe prune"
    )
    html = client.get(posting.get_absolute_url()).content.decode()
    job, crumbs = scripts_in(html)
    assert (job["title"], job["hiringOrganization"]["name"]) == (posting.title, f"{text} C")
    assert job["description"] == posting.body_html
    assert [item["name"] for item in crumbs["itemListElement"]][1:] == [f"{text} K", posting.title]
    for script in html.split("ld+json")[1:]:
        # A parser that knows comments in scripts meets none, and nothing ends the line.
        inside = script.partition(">")[2].partition("</script>")[0]
        assert not set("<>&\u2028\u2029\n") & set(inside)


def test_the_policy_allows_no_script_on_the_page(client):
    policy = client.get(make_job().get_absolute_url())["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "nonce" not in policy


# --- What is stored follows every change ---------------------------------------------------------------


@pytest.fixture
def told() -> Posting:
    posting = make_job(title="Cook")
    assert stored(posting).withheld == ""
    return posting


BODY = "We grow trees and need somebody who knows them."
CHANGES = {
    "saved": (lambda posting: _save(posting, company=None), "company"),
    "saved in part": (lambda posting: _save(posting, published_on=None), "date"),
    "by statement": (lambda posting: Posting.objects.update(company=None), "company"),
    "in bulk": (lambda posting: Posting.objects.bulk_update([_with(posting, company=None)], ["company"]), "company"),
    "a body taken away": (lambda posting: Posting.objects.update(body_html=""), "body"),
    "a title that is the body": (lambda posting: Posting.objects.update(title=BODY), "body"),
    "a tag taken away": (lambda posting: posting.posting_tags.all().delete(), "place"),
    "a tag deleted": (lambda posting: Tag.objects.filter(code="AT").delete(), "place"),
    "a tag of another kind": (lambda posting: _save(Tag.objects.get(code="AT"), kind="region"), "place"),
    "tags by statement": (lambda posting: Tag.objects.update(code="ruritania"), "place"),
    "a link moved": (lambda posting: PostingTag.objects.update(tag=make_category()), "place"),
}  # fmt: skip


def _with(row: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def _save(row: Any, **fields: Any) -> None:
    _with(row, **fields).save(update_fields=list(fields))


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES.keys())
def test_what_is_stored_follows_a_change(told, change, reason):
    change(told)
    assert stored(told).withheld == reason
    assert structured_data.job_posting(stored(told)) is None


def test_what_is_mended_is_told_again():
    posting = make_job(countries=(), workplace=("remote",))
    assert stored(posting).withheld == "remote"
    give(posting, "country", "PL")
    assert stored(posting).withheld == ""


def test_a_remote_job_that_is_hybrid_too_lacks_a_place():
    posting = make_job(countries=(), workplace=("remote",))
    give(posting, "workplace", "hybrid")
    assert stored(posting).withheld == "place"


def test_what_an_import_brings_is_judged():
    take(
        dated("2025-01", slug="told"),
        dated("2025-01", slug="unnamed", company=None),
        dated("2025-01", slug="remote", tags=("🌎 Remote",)),
    )
    assert dict(Posting.objects.values_list("slug", "withheld")) == {
        "told": "",
        "unnamed": "company",
        "remote": "remote",
    }
    take(dated("2025-02", slug="told", company=None), dated("2025-02", slug="unnamed", company="Obsthof Ried"))
    assert dict(Posting.objects.values_list("slug", "withheld"))["told"] == "company"
    assert dict(Posting.objects.values_list("slug", "withheld"))["unnamed"] == ""


def test_what_an_import_brings_anew_is_written_once():
    with CaptureQueriesContext(connection) as queries:
        take(
            dated("2025-01", slug="unnamed", company=None),
            dated("2025-01", slug="remote", tags=("🌎 Remote",)),
            loose(slug="undated"),
        )
    assert {*Posting.objects.values_list("withheld", flat=True)} == {"company", "remote", "date"}
    assert not [each for each in queries.captured_queries if each["sql"].startswith('UPDATE "postings_posting"')]


def test_a_dry_run_judges_nothing_that_stays():
    with dry_run():
        take(dated("2025-01", company=None))
    assert not Posting.objects.exists()


def test_judging_is_no_change_of_its_own(told):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM postings_postingtag")
    changed_at, version = stored(told).changed_at, changes.version()
    structured_data.judge([told.pk])
    assert stored(told).withheld == "place"
    assert (stored(told).changed_at, changes.version()) == (changed_at, version)


def test_what_does_not_matter_is_not_judged(told):
    with CaptureQueriesContext(connection) as queries:
        Posting.objects.update(status="closed")
    assert not [each for each in queries.captured_queries if "SUBSTR" in each["sql"].upper()]


@pytest.mark.parametrize("number", [1, 40])
def test_a_batch_is_judged_by_three_queries(django_assert_num_queries, number):
    ids = [make_job(company=None).pk for _ in range(number)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE postings_posting SET withheld = ''")
    with django_assert_num_queries(3):
        # 1 the postings, 2 their tags, 3 those that are withheld for the same reason
        structured_data.judge(ids)
    with django_assert_num_queries(2):
        # Nothing differs any more.
        structured_data.judge(ids)


def test_what_went_around_the_models_is_judged_with_the_index(told):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE postings_posting SET company_id = NULL")
    assert stored(told).withheld == ""
    call_command("index_postings", verbosity=0)
    assert stored(told).withheld == "company"


# --- In the admin ------------------------------------------------------------------------------------


def test_the_list_says_of_which_postings_search_engines_are_told(admin_client):
    make_job(title="told")
    make_job(title="unnamed", company=None)
    make_job(title="remote", countries=(), workplace=("remote",))
    make_job(title="closed", company=None, status="closed")
    make_job(title="expired", expires_at=timezone.now() - dt.timedelta(days=1))
    response = admin_client.get(LIST)
    model_admin = response.context["cl"].model_admin
    assert {posting.title: model_admin.told(posting) for posting in response.context["cl"].result_list} == {
        "told": "yes",
        "unnamed": "no company",
        "remote": "remote, no country",
        "closed": "–",
        "expired": "–",
    }
    assert "remote, no country" in response.content.decode()


@pytest.mark.parametrize(
    ("told", "number"), [("", 5), ("yes", 1), ("no", 2), ("company", 1), ("remote", 1), ("date", 0), ("nonsense", 5)]
)
def test_the_list_is_filtered_by_it(admin_client, told, number):
    make_job()
    make_job(company=None)
    make_job(countries=(), workplace=("remote",))
    make_job(company=None, status="closed")
    make_job(expires_at=timezone.now() - dt.timedelta(days=1))
    assert rows(admin_client.get(f"{LIST}?told={told}" if told else LIST)) == number


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL reads so few rows one by one")
def test_the_filter_is_answered_from_an_index():
    withheld = Posting.objects.live().filter(withheld="company").newest_first()[:50]
    assert "posting_withheld" in withheld.explain()


def test_a_postings_page_says_all_that_is_missing(admin_client):
    posting = make_job(company=None, countries=(), workplace=("remote",))
    text = Page(admin_client.get(change_page(posting)).content.decode()).text_in("div")
    assert "Withheld. No company is named" in text and "It is remote only, and no country is known" in text
    posting = make_job()
    assert "search engines are told of it" in admin_client.get(change_page(posting)).content.decode()


def test_what_an_operator_mends_is_told(admin_client):
    posting = make_job(company=None)
    company = make_company("Obsthof Ried")
    assert edit(admin_client, posting, company=company.pk).withheld == ""
    assert edit(admin_client, posting, company="").withheld == "company"


def test_an_operator_says_that_an_end_is_the_employers(admin_client):
    posting = make_job(expires_at=timezone.now().replace(microsecond=0) + dt.timedelta(days=30))
    stored = edit(admin_client, posting, end_is_employers="on")
    assert stored.end_is_employers and stored.pinned_fields == []
    assert "validThrough" in job_of(posting)


def test_no_end_is_nobodys(admin_client):
    posting = make_job(**employers_end())
    assert not edit(admin_client, posting, expires_at_0="", expires_at_1="", end_is_employers="on").end_is_employers


def test_extending_takes_an_end_from_the_employer(admin_client):
    posting = make_job(**employers_end())
    act(admin_client, "extend", posting)
    assert "end_is_employers" not in open_form(admin_client, change_page(posting))


# --- The rules themselves ------------------------------------------------------------------------------


def test_the_rules_find_nothing_in_what_is_right():
    posting = stored(paid(40000, 48000, "€40k-48k", workplace=("remote",), employment=("contract",)))
    assert problems(structured_data.job_posting(posting), posting) == []


BROKEN = {
    "no title": ({"title": None}, "title is missing"),
    "another title": ({"title": "Gardener!!!"}, "the title was changed"),
    "another type": ({"@type": "Thing"}, "it is no JobPosting"),
    "an unknown property": ({"salary": 1}, "salary is not known"),
    "a description of nothing": ({"description": "<p></p>"}, "the description says no more than the title"),
    "a description of one line": ({"description": "We prune."}, "the description is one line"),
    "a description of its own": ({"description": "<p>We prune.</p>"}, "the description is not what the visitor sees"),
    "a date in words": ({"datePosted": "31 January 2025"}, "datePosted is no date"),
    "a refreshed date": ({"datePosted": "2025-02-28"}, "datePosted is not the employer's, as far as it is known"),
    "a rounded date": ({"datePosted": "2025-01"}, "datePosted is not the employer's, as far as it is known"),
    "the board's end": ({"validThrough": "2025-03-01T00:00:00+00:00"}, "validThrough is the board's own end"),
    "a company of no type": (
        {"hiringOrganization": {"name": "X"}},
        "hiringOrganization is not a named Organization",
    ),
    "another company": ({"hiringOrganization": {"@type": "Organization", "name": "X"}}, "it is another company"),
    "no country": ({"applicantLocationRequirements": None}, "TELECOMMUTE without a country"),
    "a country as text": ({"applicantLocationRequirements": {"name": "AT"}}, "TELECOMMUTE without a country"),
    "a workplace of its own": ({"jobLocationType": "REMOTE"}, "jobLocationType has one value, and this is not it"),
    "countries alone": ({"jobLocationType": None}, "applicantLocationRequirements without TELECOMMUTE"),
    "nowhere": (
        {"jobLocationType": None, "applicantLocationRequirements": None},
        "neither a place nor TELECOMMUTE",
    ),
    "an employment in small letters": ({"employmentType": "contractor"}, "contractor is no employmentType"),
    "direct": ({"directApply": True}, "applying leads elsewhere, and it says otherwise"),
    "pay as a number": ({"baseSalary": {"value": {}}}, "baseSalary is no MonetaryAmount with a QuantitativeValue"),
    "pay of a year": (
        {"baseSalary": {"value": {"minValue": 40000, "maxValue": 48001, "unitText": "YEAR"}, "currency": "EUR"}},
        "another pay",
    ),
    "pay with one end": ({"baseSalary": {"value": {"minValue": 40000}}}, "neither one number nor a range"),
    "pay an era": ({"baseSalary": {"value": {"unitText": "ERA"}}}, "another period"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "problem"), BROKEN.values(), ids=BROKEN.keys())
def test_the_rules_find_what_is_wrong(wrong, problem):
    posting = stored(paid(40000, 48000, "€40k-48k", workplace=("remote",), employment=("contract",)))
    job = {name: value for name, value in {**job_of(posting), **wrong}.items() if value is not None}
    assert problem in problems(job, posting)


def test_the_rules_find_what_the_posting_does_not_say():
    posting = stored(make_job(workplace=("hybrid", "remote"), place="Graz"))
    job = structured_data.job_posting(posting)
    assert problems({**job, "jobLocationType": "TELECOMMUTE"}, posting) == [
        "TELECOMMUTE is for what is remote and nothing else",
        "TELECOMMUTE without a country",
    ]
    town = {"@type": "PostalAddress", "addressCountry": "AT", "addressLocality": "Linz"}
    assert problems({**job, "jobLocation": {"@type": "Place", "address": town}}, posting) == [
        "a town that the place does not name"
    ]
    land = {"@type": "PostalAddress", "addressCountry": "DE"}
    assert problems({**job, "jobLocation": [{"@type": "Place", "address": land}]}, posting) == [
        "other countries than the posting names"
    ]


# --- The corpus --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif("POSTINGS_CORPUS" not in os.environ, reason="POSTINGS_CORPUS names no archive")
def test_everything_told_of_the_corpus_keeps_the_rules(capsys):
    call_command("import_postings", os.environ["POSTINGS_CORPUS"], verbosity=0)
    counts: Counter[str] = Counter()
    wrong: dict[str, list[str]] = {}
    for posting in Posting.objects.live().for_detail().iterator(chunk_size=500):
        job = structured_data.job_posting(posting)
        counts[posting.withheld or "told"] += 1
        assert (job is None) == bool(posting.withheld)
        if job:
            counts.update(
                name for name in ("jobLocationType", "jobLocation", "baseSalary", "employmentType") if name in job
            )
            assert job == json.loads(structured_data.as_script(job))
            if found := problems(job, posting):
                wrong[posting.slug] = found
    with capsys.disabled():
        print("\n", dict(counts))
    assert wrong == {}
    assert counts["told"] > 4000
    assert counts["date"] == counts["body"] == 0
    assert 200 < counts["company"] < 500 and 300 < counts["remote"] < 900 and 50 < counts["place"] < 300
    assert counts["jobLocationType"] > 2000 and counts["jobLocation"] > 1000 and counts["baseSalary"] > 1000
