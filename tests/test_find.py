"""Finding: what can be ticked and counted, ways out of nothing, the best match, companies, suggestions."""

import datetime as dt
import re
from html import unescape
from urllib.parse import parse_qsl, urlencode

import pytest
from django.http import QueryDict
from django.test import Client

from postings.filters import PostingFilter
from postings.importing.facts.names import countries_in
from postings.models import Company, Posting, Tag
from postings.views import lists
from tests.factories import at_once, make_company, make_posting
from tests.test_list import (
    chips,
    counts,
    document_title,
    form,
    heading,
    ignored,
    links,
    make_tag,
    make_with,
    options,
    read,
    ticked,
    titles,
    total,
)

pytestmark = pytest.mark.django_db

HOSTILE = '"><svg onload=alert(1)>{{ 7*7 }}</title>\u202egnp'


def open_page(client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def number_at(client, address: str) -> int:
    """How many the list at an address says that it found."""
    return total(open_page(client, address))


def whole(number: str) -> int:
    return int(number.replace(",", ""))


def states(html: str, name: str) -> dict[str, str]:
    """Whether each box of a kind is checked, disabled or neither."""
    return {
        unescape(value): state.strip()
        for value, state in re.findall(rf'type="checkbox" name="{name}" value="([^"]*)"( checked| disabled)?>', html)
    }


# --- Chosen ------------------------------------------------------------------------------------------

CHOSEN = {
    "category": ("backend", "Backend"),
    "workplace": ("remote", "Remote"),
    "seniority": ("senior", "Senior"),
    "skill": ("c#", "C#"),
    "country": ("PL", "Poland"),
    "region": ("europe", "Europe"),
    "employment": ("full-time", "Full-time"),
    "visa": ("offered", "Visa sponsored"),
    "language": ("de", "German"),
    "company": ("a-and-b", "A & B"),
    "salary_min": ("60000", "At least EUR 60,000 a year"),
    "posted": ("7", "Last 7 days"),
}


@pytest.fixture
@at_once()
def somebody(db):
    """A posting that has everything in CHOSEN, and one that has nothing of it."""
    kinds = [kind for kind in CHOSEN if kind in Tag.Kind.values and kind not in ("category", "region")]
    Tag.objects.create(kind="language", code="de", name="German")
    facts = tuple(f"{kind}:{CHOSEN[kind][0]}" for kind in kinds)
    make_with("Gardener", facts, ("EUR", 50_000, 70_000), company="A & B", categories=("Backend",))
    make_posting(title="Gardener", company=None, published_on="2020-01-01")


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_chosen_is_marked_named_and_taken_back(client, somebody, name):
    value, label = CHOSEN[name]
    html = read(client, urlencode({"q": "gardener", name: value}))
    assert titles(html) == ["Gardener"]
    if name in ("salary_min", "posted"):
        assert [value for value, _, state in options(html, name) if state == "selected"] == [value]
    else:
        assert ticked(html, name) == [value]
    assert chips(html)[label] == "/?q=gardener"
    assert number_at(client, chips(html)[label]) == 2


def test_all_that_is_chosen_can_be_taken_back_at_once(client, somebody):
    query = urlencode({name: value for name, (value, _) in CHOSEN.items()})
    for address in (f"/?{query}", f"/all/skill/?{query}", f"/all/company/?{query}"):
        html = open_page(client, address)
        assert chips(html).keys() == {label for _, label in CHOSEN.values()}
        assert links(html)["Clear all filters"] == "/"
    assert f'Filters <span class="count">{len(CHOSEN)}</span>' in read(client, query)


def test_every_number_beside_a_value_is_what_choosing_it_finds(client, somebody):
    make_with("Cook", ("skill:rust", "country:PL", "workplace:hybrid"), ("EUR", None, 30_000), company="B")
    make_with("Cook", ("skill:c#", "country:CL", "seniority:lead"), ("USD", 90_000, None), published_on="2021-01-01")
    asked = [("skill", "c#"), ("country", "PL"), ("salary_min", "20000")]
    html = read(client, urlencode(asked))
    seen = 0
    for name in CHOSEN:
        others = [pair for pair in asked if pair[0] != name]
        for value, number in counts(html, name).items():
            assert number_at(client, f"/?{urlencode([*others, (name, value)])}") == number, (name, value)
            seen += 1
        for value, words, _ in options(html, name)[1:] if name in ("salary_min", "posted") else ():
            number = whole(re.search(r" \(([\d,]+)\)$", words)[1])
            assert number_at(client, f"/?{urlencode([*others, (name, value)])}") == number, (name, value)
            seen += 1
    assert seen > 25


def test_the_count_is_said_in_the_heading_the_title_and_the_data(client):
    day = dt.date(2025, 1, 1)
    Posting.objects.bulk_create(
        Posting(title="Gardener", slug=f"gardener-{number}", source_slug=f"{number}", listed_on=day)
        for number in range(1001)
    )
    html = read(client)
    assert total(html) == 1001
    assert heading(html) == "1,001 jobs"
    assert document_title(html) == "1,001 jobs – Job board"
    html = read(client, "q=astronaut")
    assert (total(html), heading(html), document_title(html)) == (0, "0 jobs", "0 jobs: “astronaut” – Job board")


@pytest.mark.parametrize("name", ["workplace", "skill", "company"])
def test_what_would_find_nothing_cannot_be_ticked_but_can_be_unticked(client, name):
    make_with("Gardener", ("workplace:remote", "skill:rust"), company="Ahorn", place="Graz")
    make_with("Cook", ("workplace:hybrid", "skill:go"), company="Birke", place="Linz")
    here, elsewhere = {"workplace": ("remote", "hybrid"), "skill": ("rust", "go"), "company": ("ahorn", "birke")}[name]
    boxes = states(read(client, "place=graz"), name)
    assert boxes[here] == ""
    # A company without any is not even there: there are many.
    assert boxes.get(elsewhere) == ("disabled" if name != "company" else None)
    html = read(client, f"place=graz&{name}={elsewhere}")
    assert states(html, name)[elsewhere] == "checked"
    assert html.count('class="choice off"') == len(re.findall('type="checkbox"[^>]* disabled', html))


def test_pay_and_time_that_would_find_nothing_cannot_be_chosen(client):
    for _ in range(5):
        make_posting(salary_currency="EUR", salary_yearly_max=50_000, published_on="2020-01-01", place="Graz")
        make_posting(salary_currency="EUR", salary_yearly_max=90_000, place="Linz")
    html = read(client, "place=graz")
    assert {value: state for value, _, state in options(html, "posted") if value} == dict.fromkeys(
        ["1", "3", "7", "30", "90"], "disabled"
    )
    sums = {value: state for value, _, state in options(html, "salary_min") if value}
    assert sums["stated"] == sums["50000"] == ""
    assert sums["90000"] == "disabled"
    html = read(client, "place=graz&salary_min=90000&posted=7")
    for name, value in (("salary_min", "90000"), ("posted", "7")):
        assert (value, "selected") in [(value, state) for value, _, state in options(html, name)]


def test_the_form_offers_pay_currencies_and_times_with_their_numbers(client):
    for amount in (40_000, 80_000) * 5:
        make_posting(salary_currency="EUR", salary_yearly_max=amount, published_on="2020-01-01")
    make_posting(salary_currency="USD", salary_yearly_max=90_000)
    html = read(client)
    assert options(html, "salary_min") == [
        ("", "Any", ""), ("stated", "Pay is stated (11)", ""), ("40000", "EUR 40,000 or more (10)", ""),
        ("80000", "EUR 80,000 or more (5)", ""),
    ]  # fmt: skip
    # The currency that most pay in is meant where none is said.
    assert options(html, "currency") == [("", "EUR (10)", "selected"), ("USD", "USD (1)", "")]
    assert options(html, "posted") == [
        ("", "Any time", ""), ("1", "Since yesterday (1)", ""), ("3", "Last 3 days (1)", ""),
        ("7", "Last 7 days (1)", ""), ("30", "Last 30 days (1)", ""), ("90", "Last 90 days (1)", ""),
    ]  # fmt: skip
    assert [words for _, words, _ in options(read(client, "currency=usd"), "salary_min")] == [
        "Any", "Pay is stated (11)", "USD 90,000 or more (1)",
    ]  # fmt: skip


# --- Long kinds --------------------------------------------------------------------------------------


def make_many(number: int, kind: str = "skill") -> None:
    """So many values of a kind: the first has most postings, the last one, and postings one place each."""
    with at_once():
        for place in range(1, number + 1):
            facts = tuple(f"{kind}:{kind}-{each:02}" for each in range(1, place + 1))
            make_with(f"Job {place}", facts, place="Graz" if place % 2 else "Linz", company=f"Company {place:02}")


def test_of_a_kind_with_few_values_all_are_shown(client):
    make_many(12)
    html = read(client)
    assert list(counts(html, "skill")) == [f"skill-{each:02}" for each in range(1, 13)]
    assert not [words for words in links(html) if words.endswith("skills")]


def test_of_a_kind_with_many_values_the_eight_most_frequent_are_shown_and_the_chosen(client):
    make_many(13)
    html = read(client, "place=graz&skill=skill-13&skill=skill-01")
    assert counts(html, "skill") == {
        **{f"skill-{each:02}": number for each, number in zip(range(1, 9), (7, 6, 6, 5, 5, 4, 4, 3), strict=True)},
        "skill-13": 1,
    }
    assert ticked(html, "skill") == ["skill-01", "skill-13"]
    assert links(html)["All 13 skills"] == "/all/skill/?place=graz&skill=skill-13&skill=skill-01"
    assert links(read(client))["All 13 skills"] == "/all/skill/"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("category", "categories"),
        ("seniority", "levels"),
        ("country", "countries"),
        ("region", "regions"),
        ("language", "languages"),
        ("company", "companies"),
    ],
)
def test_the_link_to_all_values_says_what_they_are(client, kind, words):
    if kind == "category":
        make_posting(categories=tuple(f"Category {number}" for number in range(13)))
    elif kind == "country":
        make_with("Everywhere", tuple(f"country:{code}" for code in sorted(countries_in("eu"))[:13]))
    else:
        make_many(13, "skill" if kind == "company" else kind)
    assert links(read(client))[f"All 13 {words}"] == f"/all/{kind}/"
    assert heading(open_page(client, f"/all/{kind}/")) == f"All 13 {words}"


def test_the_companies_with_most_postings_are_shown_and_the_chosen(client):
    with at_once():
        for number in range(10):
            for _ in range(number + 1):
                make_posting(company=f"Company {number}")
        make_posting(company=None)
    html = read(client, "company=company-0")
    assert list(counts(html, "company").items()) == [
        *((f"company-{number}", number + 1) for number in range(9, 1, -1)), ("company-0", 1),
    ]  # fmt: skip
    assert links(html)["All 10 companies"] == "/all/company/?company=company-0"


# --- All values of a kind ----------------------------------------------------------------------------


def test_all_values_have_the_numbers_that_they_find_under_the_other_filters(client):
    make_many(13)
    query = "q=job&place=graz&skill=skill-02"
    numbers = counts(open_page(client, f"/all/skill/?{query}"), "skill")
    assert list(numbers) == [f"skill-{each:02}" for each in range(1, 14)]
    for code, number in numbers.items():
        assert number_at(client, f"/?q=job&place=graz&skill={code}") == number
    shown = counts(read(client, query), "skill")
    assert shown == {code: numbers[code] for code in shown}


def test_all_values_keep_the_other_filters_and_what_is_ticked(client):
    make_many(13)
    query = "q=job&place=graz&skill=skill-13&salary_min=stated&currency=CHF&posted=7&sort=newest"
    html = open_page(client, f"/all/skill/?{query}")
    assert sorted(form(html)) == sorted(parse_qsl(query))
    assert ticked(html, "skill") == ["skill-13"]
    assert '<form class="values" method="get" action="/">' in html
    assert chips(html).keys() == {"“job”", "graz", "Skill 13", "Pay is stated", "Last 7 days"}


def test_what_would_find_nothing_is_off_among_all_values_too(client):
    make_many(13)
    boxes = states(open_page(client, "/all/skill/?q=%22job+3%22&skill=skill-12"), "skill")
    off = {code for code, state in boxes.items() if state == "disabled"}
    assert off == {f"skill-{each:02}" for each in range(4, 14)} - {"skill-12"}
    assert boxes["skill-12"] == "checked"


def test_all_values_are_named_in_the_title_and_not_indexed(client):
    make_many(13)
    html = open_page(client, "/all/skill/")
    assert document_title(html) == "All 13 skills – Job board"
    assert '<meta name="robots" content="noindex">' in html
    assert document_title(open_page(client, "/all/workplace/")) == "All 0 workplaces – Job board"


def test_all_values_say_what_was_left_out(client):
    make_posting()
    html = open_page(client, "/all/skill/?skill=no-such&salary_min=x")
    assert ignored(html) == [
        "There is no skill “no-such” here, so it was left out.",
        "“x” is not a sum of money, so it was left out.",
    ]


def test_empty_parameters_are_dropped_for_good_there_too(client):
    for address, clean in (
        ("/all/skill/?q=&place=Graz", "/all/skill/?place=Graz"),
        ("/all/company/?page=", "/all/company/"),
        ("/companies/ahorn/?q=", "/companies/ahorn/"),
    ):
        make_company("Ahorn")
        response = client.get(address)
        assert (response.status_code, response["Location"]) == (301, clean)


@pytest.mark.parametrize("name", ["nonsense", "q", "salary_min", "posted", "Skill", "%00", "..", "skill%2F", "a" * 300])
def test_there_is_no_page_of_what_is_no_kind(client, name):
    assert client.get(f"/all/{name}/").status_code == 404


@pytest.fixture
def five_companies(monkeypatch, db):
    """Ahorn, birke … by name, in pages of two."""
    monkeypatch.setattr(lists, "COMPANIES_PER_PAGE", 2)
    for name in ("Eiche", "birke", "Ahorn", "Cypress", "Dattel"):
        make_posting(company=name, place="Graz" if name != "Cypress" else "Linz")


def test_all_companies_come_in_pages_by_name(client, five_companies):
    pages = [open_page(client, f"/all/company/?page={page}") for page in (1, 2, 3)]
    assert [list(counts(html, "company")) for html in pages] == [["ahorn", "birke"], ["cypress", "dattel"], ["eiche"]]
    assert [heading(html) for html in pages] == [
        "All 5 companies", "All 5 companies, page 2 of 3", "All 5 companies, page 3 of 3",
    ]  # fmt: skip


def test_all_companies_keep_what_is_ticked_on_other_pages_and_the_other_filters(client, five_companies):
    query = "place=graz&company=ahorn&company=dattel"
    html = open_page(client, f"/all/company/?{query}&page=2")
    # Cypress has none in Graz.
    assert list(counts(html, "company")) == ["dattel", "eiche"]
    assert ticked(html, "company") == ["dattel"]
    assert sorted(form(html)) == [("company", "ahorn"), ("company", "dattel"), ("place", "graz")]
    assert links(html)["Previous page"] == f"?{query}"
    assert links(open_page(client, f"/all/company/?{query}"))["Next page"] == f"?{query}&page=2"
    assert number_at(client, f"/?{urlencode(form(html))}") == 2


def test_all_companies_keep_one_that_has_nothing_any_more(client, five_companies):
    make_posting(company="Ficus", status=Posting.Status.CLOSED)
    html = open_page(client, "/all/company/?company=ficus")
    assert form(html) == [("company", "ficus")]


def test_all_companies_have_the_numbers_of_the_list(client, monkeypatch):
    make_many(13)
    numbers = counts(open_page(client, "/all/company/?skill=skill-05&company=company-13"), "company")
    assert numbers == {f"company-{each:02}": 1 for each in range(5, 14)}
    shown = counts(read(client, "skill=skill-05&company=company-13"), "company")
    assert shown == {slug: numbers[slug] for slug in shown}


def test_the_link_to_all_companies_says_how_many_there_will_be(client):
    with at_once():
        for number in range(14):
            make_posting(company=f"Company {number}", place="Graz" if number < 11 else "Linz")
    for place, number in (("graz", 11), ("linz", 3)):
        html = open_page(client, f"/all/company/?place={place}")
        assert heading(html) == f"All {number} companies"
        assert len(counts(html, "company")) == number
        said = [words for words in links(read(client, f"place={place}")) if words.endswith("companies")]
        assert said == ([heading(html)] if number > 8 else [])


@pytest.mark.parametrize("address", ["/all/company/", "/companies/"])
def test_a_page_of_companies_that_there_is_not_is_named(client, five_companies, address):
    html = open_page(client, f"{address}?page=9")
    assert ignored(html) == ["There are only 3 pages; this is the last."]
    assert "page 3 of 3" in heading(html)
    assert ignored(open_page(client, f"{address}?page=-1")) == ["That is no page, so this is the first."]


# --- Companies ---------------------------------------------------------------------------------------


def company_rows(html: str) -> list[tuple[str, str, int]]:
    found = re.findall(r'</span><a href="([^"]*)"><bdi>(.*?)</bdi></a> <span class="count">([\d,]+)<', html)
    return [(unescape(name), unescape(address), whole(number)) for address, name, number in found]


def test_companies_with_live_postings_are_listed_by_name_with_their_numbers(client):
    for name in ("Eiche", "birke", "birke", "Ahorn & Co"):
        make_posting(company=name)
    make_posting(company="Closed", status=Posting.Status.CLOSED)
    make_posting(company="Draft", status=Posting.Status.DRAFT)
    make_posting(company=None)
    make_company("Nothing")
    html = open_page(client, "/companies/")
    rows = company_rows(html)
    assert rows == [
        ("Ahorn & Co", "/companies/ahorn-and-co/", 1), ("birke", "/companies/birke/", 2),
        ("Eiche", "/companies/eiche/", 1),
    ]  # fmt: skip
    assert heading(html) == "3 companies"
    assert document_title(html) == "3 companies – Job board"
    for _, address, number in rows:
        assert number_at(client, address) == number
    assert links(read(client))["Companies"] == "/companies/"


def test_companies_come_in_pages(client, five_companies):
    first, second = open_page(client, "/companies/"), open_page(client, "/companies/?page=2")
    assert [name for name, _, _ in company_rows(second)] == ["Cypress", "Dattel"]
    assert heading(second) == "5 companies, page 2 of 3"
    assert document_title(second) == "5 companies, page 2 – Job board"
    assert links(first)["Next page"] == "?page=2"
    assert links(second)["Previous page"] == "."


def test_one_company_is_one_and_none_is_said_to_be_so(client):
    assert "There is no posting here yet." in open_page(client, "/companies/")
    make_posting(company="Ahorn")
    assert heading(open_page(client, "/companies/")) == "1 company"


def test_a_company_has_a_list_of_its_own(client):
    make_posting(title="Gardener", company="Ahorn & Co")
    make_posting(title="Cook", company="Ahorn & Co")
    make_posting(title="Gardener elsewhere", company="Birke")
    html = open_page(client, "/companies/ahorn-and-co/")
    assert titles(html) == ["Cook", "Gardener"]
    assert heading(html) == "2 jobs at Ahorn &amp; Co"
    assert document_title(html) == "2 jobs at Ahorn & Co – Job board"
    assert ticked(html, "company") == ["ahorn-and-co"]
    assert chips(html) == {"Ahorn & Co": "/"}


def test_a_companys_list_is_filtered_like_any_other_and_of_no_other_company(client):
    make_posting(title="Gardener", company="Ahorn")
    make_posting(title="Cook", company="Ahorn")
    make_posting(title="Gardener elsewhere", company="Birke")
    html = open_page(client, "/companies/ahorn/?q=gardener&company=birke")
    assert titles(html) == ["Gardener"]
    assert chips(html) == {"“gardener”": "/?company=ahorn", "Ahorn": "/?q=gardener"}
    assert form(html) == [("q", "gardener"), ("company", "ahorn")]


def test_the_pages_of_a_company_stay_on_its_list(client):
    for number in range(60):
        make_posting(title=f"Job {number}", company="Ahorn")
    html = open_page(client, "/companies/ahorn/?q=job&page=2")
    assert heading(html) == "60 jobs at Ahorn, page 2 of 3"
    assert links(html)["Next page"] == "?q=job&page=3"
    assert links(html)["Previous page"] == "?q=job"
    assert links(open_page(client, "/companies/ahorn/?page=2"))["Previous page"] == "."


def test_a_company_without_live_postings_has_an_empty_list(client):
    make_posting(company="Ahorn", status=Posting.Status.CLOSED)
    make_posting(company="Birke")
    html = open_page(client, "/companies/ahorn/")
    assert heading(html) == "0 jobs at Ahorn"
    assert ways(html) == [("Without Ahorn", "/", 1)]


def test_an_unknown_company_is_not_found(client):
    make_posting(company="Ahorn")
    for name in ("no-such", "Ahorn", "ahorn%20", "a" * 3000, "%ED%A0%80", "..%2f"):
        assert client.get(f"/companies/{name}/").status_code == 404


def test_a_nul_in_a_companys_name_is_a_bad_request(client):
    assert client.get("/companies/a%00b/").status_code == 400


@pytest.mark.parametrize("address", ["/companies/", "/companies/ahorn/", "/all/skill/", "/all/company/", "/suggest"])
def test_only_get_and_head_are_allowed(address):
    make_posting(company="Ahorn")
    visitor = Client(enforce_csrf_checks=True)
    for method in ("post", "put", "patch", "delete", "options"):
        response = getattr(visitor, method)(address)
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    response = visitor.head(address)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("slug", ["", "a&b=c;d", "100%", "what?", "#", "..a", "ä" * 200, '"x"'])
def test_a_company_with_a_hostile_name_is_shown_and_found(client, slug):
    make_posting(company=HOSTILE)
    if slug:
        # An operator chose its name in addresses.
        Company.objects.update(slug=slug)
    [(name, address, _)] = company_rows(open_page(client, "/companies/"))
    assert name == HOSTILE
    for page in ("/companies/", address, "/", "/all/company/", f"/?{urlencode({'company': HOSTILE})}"):
        html = open_page(client, page)
        assert "<svg onload" not in html
        assert "&lt;svg onload=alert(1)&gt;{{ 7*7 }}" in html
        assert html.count("</title>") == 1
    assert number_at(client, address) == 1
    [box] = counts(read(client), "company")
    assert number_at(client, f"/?{urlencode({'company': box})}") == 1


@pytest.mark.parametrize("kind", ["skill", "category", "country"])
def test_hostile_names_of_values_stay_text(client, kind):
    for number in range(13):
        tag = Tag.objects.create(kind=kind, code=f"{HOSTILE}{number}", name=f"{HOSTILE}{number}")
        make_posting().tags.add(tag)
    for address in ("/", f"/all/{kind}/"):
        html = open_page(client, address)
        assert "<svg onload" not in html
        assert html.count("</title>") == 1
        for value, number in counts(html, kind).items():
            assert number_at(client, f"/?{urlencode({kind: value})}") == number == 1


# --- Order -------------------------------------------------------------------------------------------


@pytest.fixture
def in_disorder(db):
    """Each the first by another order: “Old” by words, “New” by date, “Paid” by pay."""
    make_posting(title="Old rust", published_on="2020-01-01", salary_currency="EUR", salary_yearly_max=50_000)
    make_posting(title="Paid", body_markdown="Rust.", published_on="2020-01-02", salary_currency="EUR",
                 salary_yearly_min=60_000)  # fmt: skip
    make_posting(title="New", body_markdown="Rust.", published_on="2020-01-03", salary_currency="USD",
                 salary_yearly_max=90_000)  # fmt: skip
    make_posting(title="Silent", body_markdown="Rust.", published_on="2020-01-01")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["New", "Paid", "Silent", "Old rust"]),
        ("sort=newest", ["New", "Paid", "Silent", "Old rust"]),
        ("q=rust", ["Old rust", "New", "Paid", "Silent"]),
        ("q=rust&sort=relevance", ["Old rust", "New", "Paid", "Silent"]),
        ("q=rust&sort=newest", ["New", "Paid", "Silent", "Old rust"]),
        ("sort=salary", ["Paid", "Old rust", "New", "Silent"]),
        ("sort=SALARY&currency=usd", ["New", "Paid", "Silent", "Old rust"]),
        ("q=rust&sort=salary", ["Paid", "Old rust", "New", "Silent"]),
        ("q=-astronaut", ["New", "Paid", "Silent", "Old rust"]),
    ],
)
def test_the_order_is_the_one_that_was_asked_for(client, in_disorder, query, expected):
    html = read(client, query)
    assert titles(html) == expected
    assert ignored(html) == []
    said = re.findall(r'<p class="order-note">(.*?)</p>', html)
    assert [note.partition(",")[0] for note in said] == (
        [f"Highest pay in {'USD' if 'usd' in query else 'EUR'} first"] if "salary" in query.lower() else []
    )


def sorts(html: str) -> dict[str, str]:
    """The orders to choose from and their addresses; of the chosen one none."""
    [inside] = re.findall(r'<div class="sorts">(.*?)</div>', html, re.DOTALL)
    found = re.findall(r'<li>(?:<strong aria-current="true">|<a href="([^"]*)">)([^<]*)</', inside)
    return {label: unescape(address) for address, label in found}


def test_the_orders_are_links_that_keep_the_filters(client, in_disorder):
    assert sorts(read(client)) == {"Newest": "", "Highest pay": "/?sort=salary"}
    assert sorts(read(client, "sort=salary")) == {"Newest": "/", "Highest pay": ""}
    found = sorts(read(client, "q=rust&posted=9999&page=1"))
    assert found == {
        "Newest": "/?q=rust&posted=9999&sort=newest",
        "Best match": "",
        "Highest pay": "/?q=rust&posted=9999&sort=salary",
    }
    assert sorts(read(client, "q=rust&sort=newest"))["Best match"] == "/?q=rust"
    # Nothing is looked for, so nothing matches best.
    assert sorts(read(client, "q=-rusty")) == {"Newest": "", "Highest pay": "/?q=-rusty&sort=salary"}


def test_the_order_stays_with_the_next_search(client, in_disorder):
    assert ("sort", "salary") in form(read(client, "sort=salary"))
    assert form(read(client, "q=rust&sort=relevance")) == [("q", "rust")]


def test_what_has_the_words_in_a_better_place_comes_first(client):
    places = {
        "body": {"body_markdown": "We write Rust.", "published_on": "2025-01-05"},
        "place": {"place": "Rust, Austria", "published_on": "2025-01-04"},
        "skills": {"facts": ("skill:rust",), "published_on": "2025-01-03"},
        "company": {"company": "Rust & Gate", "published_on": "2025-01-02"},
        "title, Rust": {"published_on": "2025-01-01"},
    }
    for title, fields in places.items():
        make_with(title, **fields)
    assert titles(read(client, "q=rust")) == ["title, Rust", "company", "skills", "place", "body"]


def test_the_name_of_a_country_counts_like_the_place(client):
    make_posting(title="body", body_markdown="Not in Poland.", published_on="2025-01-03")
    make_with("country", ("country:PL",), published_on="2025-01-02")
    make_posting(title="place", place="Lublin, Poland", published_on="2025-01-01")
    assert titles(read(client, "q=poland")) == ["country", "place", "body"]


def test_what_has_more_of_the_words_in_the_title_comes_first_and_of_equal_ones_the_newest(client):
    make_posting(title="Rust welder", published_on="2025-01-01")
    make_posting(title="Welder", company="Rust & Gate", body_markdown="Rust.", published_on="2025-01-02")
    make_posting(title="Welder", body_markdown="Rust.", published_on="2025-01-03")
    make_posting(title="Keeper", company="Rust & Welder", published_on="2025-01-04")
    make_posting(title="Welder of rust", published_on="2025-01-05")
    html = read(client, "q=welder+rust")
    assert titles(html) == ["Welder of rust", "Rust welder", "Welder", "Welder", "Keeper"]
    assert re.findall(r'<span class="company"><bdi>(.*?)</bdi>', html)[2] == "Rust &amp; Gate"


def test_a_word_that_is_to_be_absent_ranks_nothing(client):
    make_posting(title="Rust welder", published_on="2025-01-01")
    make_posting(title="Welder", body_markdown="Plain.", published_on="2025-01-02")
    assert titles(read(client, "q=welder+-rust")) == ["Welder"]


def test_the_best_match_goes_on_over_the_pages(client):
    for number in range(40):
        make_posting(title=f"Job {number}", body_markdown="Rust.")
    for number in range(20):
        make_posting(title=f"Rust {number}", published_on="2020-01-01")
    found = [title for page in (1, 2, 3) for title in titles(read(client, f"q=rust&page={page}"))]
    assert found == [
        *(f"Rust {number}" for number in range(19, -1, -1)),
        *(f"Job {each}" for each in range(39, -1, -1)),
    ]


# --- What is found in the body -----------------------------------------------------------------------


def excerpts(html: str) -> list[str]:
    return re.findall(r'<p class="row-excerpt" dir="auto">(.*?)</p>', html, re.DOTALL)


def test_words_found_in_the_body_are_shown_and_marked(client):
    make_posting(body_markdown="# What you do\n\nYou *grow* lime trees. " + "Plain words. " * 100 + "An old oak tree.")
    [excerpt] = excerpts(read(client, "q=tree"))
    assert "lime <mark>trees</mark>." in excerpt
    assert len(excerpt) < 300
    # Where both are, if anywhere.
    [excerpt] = excerpts(read(client, "q=tree+oak"))
    assert excerpt.endswith("An old <mark>oak</mark> <mark>tree</mark>.")
    assert excerpt.startswith("…")


def test_what_only_the_title_says_has_no_excerpt(client):
    make_posting(title="Astronaut")
    html = read(client, "q=astronaut")
    assert total(html) == 1
    assert excerpts(html) == []
    assert excerpts(read(client)) == []


def test_an_excerpt_is_text_whatever_it_says(client):
    body = "Trees & `<svg onload=alert(1)>` <b>bold</b> {{ 7*7 }} &lt;mark&gt; [trees](https://a.example/trees)"
    make_posting(body_markdown=body)
    assert "<mark>Trees &amp; &lt;svg</mark> onload=alert(1)&gt;" in read(client, "q=%22trees+svg%22")
    [excerpt] = excerpts(read(client, "q=svg+trees"))
    assert re.findall(r"<[^>]*>", excerpt) == ["<mark>", "</mark>"] * 3
    text = unescape(re.sub(r"</?mark>", "", excerpt))
    assert text.startswith("Trees & <svg onload=alert(1)>")
    assert "{{ 7*7 }}" in text
    assert text.endswith("trees")


@pytest.mark.parametrize("asked", ['"<svg onload=alert(1)>"', "<mark>", "&lt;", "trees<svg>"])
def test_what_is_looked_for_is_text_too(client, asked):
    make_posting(body_markdown="Trees, `<svg onload=alert(1)>` and `<mark>`, lt.")
    html = read(client, urlencode({"q": asked}))
    assert total(html) == 1
    assert "<svg onload" not in html
    assert html.count("<mark>") == html.count("</mark>") > 0


# --- What cannot be asked for ------------------------------------------------------------------------

ONCE = "What was given more than once counts once."
CANNOT = {
    "page=-1": "That is no page, so this is the first.",
    "page=1e9": "That is no page, so this is the first.",
    "page=999999999999999999999999": "There is only one page; this is the last.",
    "salary_min=x": "“x” is not a sum of money, so it was left out.",
    "sort=x": "There is no order “x”, so it was left out.",
    "sort=relevance": "There is no search to match best, so the newest are first.",
    "posted=x": "“x” is not a number of days, so it was left out.",
    "posted=0": "“0” is not a number of days, so it was left out.",
    "posted=-1": "“-1” is not a number of days, so it was left out.",
    "posted=99999999": "“99999999” is not a number of days, so it was left out.",
    "posted=%D9%A3": "“٣” is not a number of days, so it was left out.",
    "currency=x": "“X” is not a currency, so it was left out.",
    "currency=%E2%82%AC%E2%82%AC%E2%82%AC": "“€€€” is not a currency, so it was left out.",
    "skill=no-such": "There is no skill “no-such” here, so it was left out.",
    "skill=" + "x" * 300: f"There is no skill “{'x' * 39}…” here, so it was left out.",
    "q=" + "x" * 300: "Only the first 200 signs of a text were read.",
    "q=%25": "There is no word to search for in “%”.",
    "place=%3F": "There is no place in “?”.",
    "q=%00": "Signs that nobody can type were left out.",
    "skill=%00": "Signs that nobody can type were left out.",
    "salary_min=%00": "Signs that nobody can type were left out.",
    "&".join(["q=gardener"] * 100): ONCE,
    "&".join(["country=PL"] * 100): ONCE,
    "&".join(["company=ahorn"] * 100): ONCE,
    "&".join(["posted=7"] * 100): ONCE,
    "&".join(["country=PL", "country=AQ", "country=PL"]): ONCE,
}


@pytest.mark.parametrize(("query", "sentence"), CANNOT.items(), ids=[query[:30] for query in CANNOT])
def test_what_cannot_be_asked_for_is_named(client, query, sentence):
    make_with("Gardener", ("country:PL",), company="Ahorn")
    assert sentence in ignored(read(client, query))


LEFT_OUT = [query for query, said in CANNOT.items() if "left out." in said or "no word" in said or "no place" in said]


@pytest.mark.parametrize("query", LEFT_OUT, ids=[query[:30] for query in LEFT_OUT])
def test_what_is_left_out_changes_nothing(client, query):
    make_with("Gardener", ("country:PL",), company="Ahorn")
    html = read(client, query)
    assert titles(html) == ["Gardener"]
    assert chips(html) == {}


def test_several_that_cannot_be_asked_for_are_all_named(client):
    make_posting()
    html = read(client, "salary_min=x&sort=y&posted=z&skill=a&skill=b&page=0&q=%25")
    assert len(ignored(html)) == 7
    assert total(html) == 1


def test_what_can_be_asked_for_says_nothing(client):
    make_with("Gardener", ("country:PL", "skill:rust"), ("EUR", 1, 2), company="Ahorn", place="Graz")
    html = read(client, "q=gardener&place=graz&country=pl&skill=Rust&company=Ahorn&salary_min=1&posted=7&sort=salary")
    assert total(html) == 1
    assert 'class="ignored"' not in html


@pytest.mark.parametrize("name", ["skill", "company", "salary_min", "posted", "sort", "currency"])
def test_what_was_left_out_is_named_as_text(client, name):
    make_posting()
    html = read(client, urlencode({name: "<svg onload=alert(1)>"}))
    assert "<svg onload" not in html.lower()
    [said] = ignored(html)
    assert "“<svg onload=alert(1)>”" in said.lower()


def test_the_links_of_a_page_have_one_spelling(client):
    with at_once():
        for number in range(60):
            facts = ("skill:c#", "country:PL", "workplace:remote")
            make_with(f"Job {number}", facts, ("USD", 1, 70_000), company="Ahorn")
    query = [("sort", "salary"), ("page", "2"), ("posted", "07"), ("currency", "usd"), ("salary_min", "60k"),
             ("company", "Ahorn"), ("country", "poland"), ("skill", "C#"), ("workplace", "REMOTE"), ("q", " job  "),
             ("utm_source", "news")]  # fmt: skip
    make_posting(salary_currency="EUR", salary_yearly_max=1)
    html = read(client, urlencode(query))
    assert total(html) == 60
    shown = "q=job&workplace=remote&skill=c%23&country=PL&company=ahorn&salary_min=60000&posted=7&sort=salary"
    assert links(html)["Previous page"] == f"?{shown}"
    assert links(html)["Next page"] == f"?{shown}&page=3"
    addresses = [*chips(html).values(), *filter(None, sorts(html).values())]
    assert len(addresses) == 9
    for address in addresses:
        asked = address.partition("?")[2]
        assert PostingFilter(QueryDict(asked)).query == asked


# --- Nothing found -----------------------------------------------------------------------------------


def ways(html: str) -> list[tuple[str, str, int]]:
    """The ways out: words, address, number."""
    [inside] = re.findall(r'<ul class="ways-out">(.*?)</ul>', html, re.DOTALL)
    found = re.findall(r'<li><a href="([^"]*)">(.*?)</a> <span class="count">([\d,]+) jobs?</span></li>', inside)
    return [(unescape(re.sub("</?bdi>", "", words)), unescape(to), whole(number)) for to, words, number in found]


def meant(html: str) -> list[tuple[str, str, int]]:
    """The words that may have been meant: word, address, number."""
    found = re.findall(r"<p>Did you mean (.*?)\?</p>", html, re.DOTALL)
    assert len(found) < 2
    return [
        (unescape(word), unescape(address), whole(number))
        for address, word, number in re.findall(
            r'<a href="([^"]*)"><bdi>(.*?)</bdi></a> \(([\d,]+) jobs?\)', "".join(found)
        )
    ]


@pytest.fixture
@at_once()
def varied(db):
    """Postings that differ in everything; in pounds one only, and in euros most."""
    make_with("Head gardener", ("skill:rust", "country:AT"), ("EUR", 30_000, 40_000), company="Ahorn", place="Graz",
              published_on=dt.date.today() - dt.timedelta(days=20))  # fmt: skip
    make_with("Gardener", ("skill:go", "country:AT"), ("EUR", 40_000, 50_000), company="Birke", place="Linz",
              published_on=dt.date.today() - dt.timedelta(days=100))  # fmt: skip
    make_with("Cook", ("skill:rust", "skill:go", "country:PL"), ("GBP", 90_000, 90_000), company="Cypress",
              place="Lublin")  # fmt: skip
    make_with("Keeper", ("skill:c#", "country:PL"), company="Cypress", place="Warsaw")
    make_with("Closed", ("skill:cobol",), company="Dattel", place="Rome", status=Posting.Status.CLOSED)


def test_without_the_one_condition_the_rest_is_found(client, varied):
    html = read(client, "q=astronaut&place=Graz")
    assert "No posting has all of this. These find some:" in html
    assert ways(html) == [("Without “astronaut”", "/?place=Graz", 1), ("Everything", "/", 4)]


def test_the_way_out_that_finds_most_comes_first(client, varied):
    html = read(client, "q=cook&skill=c%23&country=PL")
    assert ways(html) == [
        ("Without “cook”", "/?skill=c%23&country=PL", 1),
        ("Without C#", "/?q=cook&country=PL", 1),
        ("Everything", "/", 4),
    ]
    html = read(client, "place=graz&country=PL")
    assert ways(html)[:2] == [("Without graz", "/?country=PL", 2), ("Without Poland", "/?place=graz", 1)]


def test_a_lower_sum_is_a_way_out(client, varied):
    html = read(client, "q=gardener&salary_min=60k")
    found = ways(html)
    assert ("Without At least EUR 60,000 a year", "/?q=gardener", 2) in found
    [(label, address, number)] = [way for way in found if way[0].startswith("At ")]
    assert re.fullmatch(r"At EUR \d\d,000 or more", label)
    assert number_at(client, address) == number > 0


def test_an_older_posting_is_a_way_out(client, varied):
    found = ways(read(client, "place=graz&posted=3"))
    assert ("Last 30 days", "/?place=graz&posted=30", 1) in found
    assert ("Without Last 3 days", "/?place=graz", 1) in found


def test_one_word_less_is_a_way_out(client, varied):
    assert ways(read(client, 'q=head+"gardener"+astronaut')) == [
        ('Without “head "gardener" astronaut”', "/", 4),
        ("Without the word “astronaut”", "/?q=head+%22gardener%22", 1),
    ]


def test_where_no_two_conditions_go_together_each_is_offered_by_itself(client, varied):
    found = ways(read(client, "place=graz&company=birke&salary_min=60k&currency=GBP"))
    assert found == [
        ("Only graz", "/?place=graz", 1),
        ("Only Birke", "/?company=birke", 1),
        ("Only At least GBP 60,000 a year", "/?salary_min=60000&currency=GBP", 1),
        ("Everything", "/", 4),
    ]


NOTHING = [
    "q=astronaut",
    "q=astronaut&place=graz",
    "q=head+cook",
    "q=head+-gardener",
    'q="gardener+head"',
    "q=gardener+cook+keeper",
    "q=head+gardener&sort=newest&skill=go",
    "skill=c%23&skill=go&company=ahorn",
    "skill=rust&skill=go&place=warsaw",
    "skill=cobol",
    "country=AQ",
    "country=AQ&country=PL&place=graz",
    "region=latam&skill=rust",
    "company=dattel",
    "company=ahorn&company=birke&country=PL",
    "salary_min=60k&place=graz",
    "salary_min=1000000",
    "salary_min=stated&q=keeper",
    "salary_min=60k&currency=USD",
    "salary_min=95k&currency=GBP&skill=rust",
    "posted=3&q=gardener",
    "posted=10&place=linz&skill=go",
    "place=graz&skill=go&salary_min=60000&currency=GBP",
    "place=graz&company=birke&salary_min=60k&currency=GBP&sort=salary",
    "place=graz&skill=c%23&posted=1&q=linz",
    "category=backend&workplace=remote&visa=offered",
]


@pytest.mark.parametrize("query", NOTHING)
def test_every_way_out_leads_to_just_as_many_postings_as_it_says(client, varied, query):
    make_posting(title="Draft", categories=("Backend",), status=Posting.Status.DRAFT)
    html = read(client, query)
    assert total(html) == 0
    found = ways(html)
    numbers = [number for label, _, number in found if label != "Everything"]
    assert numbers == sorted(numbers, reverse=True)
    assert 4 in (number for *_, number in found)
    for label, address, number in [*found, *meant(html)]:
        assert number_at(client, address) == number > 0, label


def test_where_nothing_helps_everything_is_still_offered(client, varied):
    html = read(client, "skill=cobol&country=AQ")
    assert ways(html) == [("Everything", "/", 4)]
    assert "These find some" not in html


def test_an_empty_board_offers_nothing(client):
    html = read(client, "q=gardener")
    assert "No posting has all of this." in html
    assert ways(html) == []


@pytest.mark.parametrize("asked", ["gardner", "gradener", "gardenre", "GARDNER", "gärdner!", "gardner’s"])
def test_for_a_misspelt_word_the_nearest_is_offered(client, asked):
    make_posting(title="Gardener", body_markdown="Plain.")
    make_posting(title="Cook", body_markdown="Plain.")
    html = read(client, urlencode({"q": asked}))
    assert total(html) == 0
    [(word, address, number)] = meant(html)
    assert (word, number) == ("gardener", 1)
    assert titles(open_page(client, address)) == ["Gardener"]


def test_the_nearest_words_have_the_numbers_under_the_other_filters(client):
    for place in ("Graz", "Linz", "Linz"):
        make_posting(title="Gardener", place=place)
    [(_, address, number)] = meant(read(client, "q=gardner&place=graz"))
    assert chips(open_page(client, address)).keys() == {"“gardener”", "graz"}
    assert number_at(client, address) == number == 1


def test_where_the_other_filters_leave_none_the_nearest_word_is_offered_by_itself(client):
    make_posting(title="Gardener", place="Linz")
    make_posting(title="Cook", place="Graz")
    assert meant(read(client, "q=gardner&place=graz")) == [("gardener", "/?q=gardener", 1)]


def test_the_numbers_of_the_nearest_words_count_all_their_forms(client):
    make_posting(title="Gardener", body_markdown="Plain.")
    make_posting(title="Gardeners", body_markdown="Plain.")
    make_with("Kubernetes in the facts", ("skill:kubernetes",))
    make_posting(title="Kubernetes in the title")
    for asked in ("gardner", "kuberntes"):
        found = meant(read(client, f"q={asked}"))
        assert found
        for _, address, number in found:
            assert number_at(client, address) == number == 2


@pytest.mark.parametrize(
    "asked", ["head gardner", "gardner,head", "gardner;head", '"gardner" head', "gardner -astronaut"]
)
def test_only_the_misspelt_word_of_several_is_replaced(client, asked):
    make_posting(title="Head gardener", body_markdown="Plain.")
    make_posting(title="Gardener", body_markdown="Plain.")
    found = meant(read(client, urlencode({"q": asked})))
    assert [word for word, _, _ in found] == ["gardener"]
    [(_, address, number)] = found
    assert number_at(client, address) == number == (2 if "astronaut" in asked else 1)


def test_the_nearest_word_may_be_in_a_companys_name(client):
    make_posting(title="Cook", company="Obsthof Ried")
    assert meant(read(client, "q=obsthoff")) == [("obsthof", "/?q=obsthof", 1)]


def test_at_most_three_nearest_words_are_offered(client):
    for word in ("gardens", "gardent", "gardenu", "gardenv"):
        make_posting(title=word, body_markdown="Plain.")
    assert len(meant(read(client, "q=gardenx"))) == 3


def test_a_rare_slip_is_not_offered_beside_what_many_write(client):
    make_posting(title="Gardner", body_markdown="Plain.")
    for _ in range(25):
        make_posting(title="Gardener", body_markdown="Plain.")
    assert [word for word, _, _ in meant(read(client, "q=gardnr"))] == ["gardener"]


def test_words_that_are_live_no_more_are_not_offered(client):
    make_posting(title="Gardener", body_markdown="Plain.", status=Posting.Status.CLOSED)
    make_posting(title="Cook", body_markdown="Plain.")
    assert meant(read(client, "q=gardner")) == []


def test_excluded_begun_and_known_words_are_not_corrected(client):
    make_posting(title="Gardener", body_markdown="Plain.", place="Graz")
    for asked in ("q=gardener&place=linz", "q=gardener+plain+-gardner&place=linz", "q=gardne*&place=linz"):
        html = read(client, asked)
        assert total(html) == 0
        assert meant(html) == []


def test_a_hostile_misspelling_stays_text(client):
    make_posting(title="Gardener", body_markdown="Plain.")
    html = read(client, urlencode({"q": "<svg/onload=x> gardner"}))
    assert total(html) == 0
    assert [word for word, _, _ in meant(html)] == ["gardener"]
    assert "<svg" not in html.replace('<svg aria-hidden="true"', "")


# --- Suggestions -------------------------------------------------------------------------------------


def suggested(client, text: str) -> list[tuple[str, str, int]]:
    response = client.get(f"/suggest?{urlencode({'q': text})}")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json().keys() == {"suggestions"}
    assert all(each.keys() == {"text", "kind", "number"} for each in response.json()["suggestions"])
    return [(each["kind"], each["text"], each["number"]) for each in response.json()["suggestions"]]


def test_skills_companies_and_titles_are_suggested_the_most_frequent_first(client):
    for title, company, facts in (
        ("Rust gardener", "Rust & Gate", ("skill:rust",)),
        ("Rust gardener", "Rust & Gate", ("skill:rust",)),
        ("Rust keeper", "Rusty", ("skill:rust", "skill:go")),
        ("Trusty keeper", "Trust", ("skill:go",)),
    ):
        make_with(title, facts, company=company, body_markdown="Rust, and ruste.")
    assert suggested(client, "RUST") == [
        ("skill", "Rust", 3), ("company", "Rust & Gate", 2), ("company", "Rusty", 1), ("title", "Rust gardener", 2),
        ("title", "Rust keeper", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "typed", ["gar", "GÄR", "head gar", "  head   gard", "orch", "gar*", '"head gard', "the orchard"]
)
def test_any_word_of_a_name_may_be_begun(client, typed):
    make_posting(title="Head gardener at the orchard", company=None)
    make_posting(title="Cook", company=None)
    assert suggested(client, typed) == [("title", "Head gardener at the orchard", 1)]


def test_words_in_another_order_are_not_suggested(client):
    make_posting(title="Head gardener", company=None)
    assert suggested(client, "gardener head") == []
    assert suggested(client, "ardener") == []


@pytest.mark.parametrize("typed", ["", "g", " g ", "%", "%%%", "''--", "\0", "\0\0\0", "g\0", "\u202e\u202d"])
def test_too_little_or_no_words_suggest_nothing(client, typed):
    make_with("Gardener", ("skill:go",), company="Gärten")
    assert suggested(client, typed) == []


def test_two_letters_suggest_skills_only(client):
    make_with("Go keeper", ("skill:go",), company="Go & Go")
    assert suggested(client, "go") == [("skill", "Go", 1)]


@pytest.mark.parametrize(
    "typed",
    [
        "x" * 5000,
        "word " * 1000,
        '"><svg onload=alert(1)>',
        "' OR 1=1--",
        'NEAR("a" AND NOT b*)',
        "gard\0ener",
        "👩‍🌾👩‍🌾",
        "\u202eשלום",
        "{{ 7*7 }}",
        "a\r\nSet-Cookie: x=1",
    ],
)
def test_hostile_text_is_only_text(client, typed):
    make_with("Gardener", ("skill:rust",))
    suggested(client, typed)
    assert not client.cookies


@pytest.mark.parametrize("query", ["", "q", "q=%ED%A0%80ab", "q=%C3%28ab", "q=a&q=gard", "p=gard"])
def test_a_strange_question_gets_an_answer(client, query):
    make_posting(title="Gardener", company=None)
    found = client.get(f"/suggest?{query}").json()["suggestions"]
    assert [each["text"] for each in found] == (["Gardener"] if query == "q=a&q=gard" else [])


def test_hostile_names_are_suggested_as_json(client):
    make_with(f"Gard {HOSTILE}", company=f"Gard {HOSTILE}")
    response = client.get("/suggest?q=gard")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert [each["text"] for each in response.json()["suggestions"]] == [f"Gard {HOSTILE}"] * 2


def test_only_what_is_live_is_suggested_and_counted(client):
    make_with("Rust gardener", ("skill:rust",), company="Rust & Gate")
    for fields in ({"status": "closed"}, {"status": "draft"}, {"expires_at": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)}):
        make_with("Rust gardener", ("skill:rust",), company="Rust & Gate", **fields)
        make_with("Rust cook", ("skill:rust",), company="Rusty", **fields)
    assert suggested(client, "rust") == [
        ("skill", "Rust", 1),
        ("company", "Rust & Gate", 1),
        ("title", "Rust gardener", 1),
    ]


def test_at_most_eleven_are_suggested(client):
    for number in range(6):
        tag = make_tag("skill", f"garden-{number}")
        make_posting(title=f"Gardener {number}", company=f"Garden {number}").tags.add(tag)
    found = [kind for kind, *_ in suggested(client, "gard")]
    assert found == ["skill"] * 4 + ["company"] * 3 + ["title"] * 4


def test_what_is_suggested_finds_what_it_is_about(client):
    make_with("Senior gardener", ("skill:rust",), company="Gardens & Co")
    make_with("Cook", ("skill:c++",), company=None)
    for typed, number in (("sen", 1), ("gard", 2), ("c++", 1), ("rust", 1)):
        found = suggested(client, typed)
        assert len(found) == number
        for _, text, postings in found:
            assert number_at(client, f"/?{urlencode({'q': text})}") == postings


def test_suggestions_take_few_queries(client, django_assert_num_queries):
    for number in range(20):
        make_with(f"Gardener {number}", ("skill:garden",), company=f"Garden {number}")
    suggested(client, "cook")
    with django_assert_num_queries(4):
        # 1 the board's version
        # 2 which postings and companies have a word that goes on so
        # 3 the companies' names
        # 4 the titles
        assert suggested(client, "gard")


def test_the_search_field_has_a_place_for_suggestions(client):
    make_posting(company="Ahorn")
    html = read(client)
    assert 'list="suggestions" data-suggest="/suggest"' in html
    assert html.count("<datalist") == 1
    assert '<datalist id="suggestions"></datalist>' in html
    assert re.search(r'<script src="/static/js/suggest\.js" defer></script>', html)


# --- From a posting to the list ----------------------------------------------------------------------


LANDED = ("/skills/", "/categories/", "/countries/", "/regions/", "/workplaces/")


def test_every_fact_of_a_posting_leads_to_a_list_that_has_it(client):
    facts = ("workplace:remote", "country:PL", "region:eu", "seniority:senior", "employment:full-time",
             "visa:not-offered", "skill:c#", "skill:c++", "skill:.net", "skill:ci-cd")  # fmt: skip
    posting = make_with("Gardener", facts, ("EUR", 40_000, 48_000), company="A & B", categories=("Site & Design",))
    Posting.objects.filter(pk=posting.pk).update(salary_text="€40k - €48k")
    posting.tags.add(Tag.objects.create(kind="language", code="de", name="German"))
    make_posting(title="Other", company="Birke", salary_currency="USD", salary_yearly_max=90_000)
    html = open_page(client, posting.get_absolute_url())
    article = html[html.index("<article") : html.index("</article>")]
    ways = {address for address in links(article).values() if address.startswith(("/?", "/companies/", *LANDED))}
    # Each fact but those shown in other words; the category, the pay and the company.
    assert len(ways) >= len(facts) + 3
    for address in ways:
        listed = open_page(client, address)
        assert titles(listed) == ["Gardener"], address
        assert ignored(listed) == []
        assert posting.get_absolute_url() in links(listed).values()
