"""The list at /."""

import datetime as dt
import re
from html import unescape
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from postings.importing.facts.names import name_of
from postings.models import Company, Posting, PostingTag, Tag
from tests.factories import make_category, make_posting

pytestmark = pytest.mark.django_db

A_DAY = dt.timedelta(days=1)


def read(client, query: str = "") -> str:
    """The page's HTML; every list page is a 200."""
    response = client.get(f"/?{query}" if query else "/")
    assert response.status_code == 200
    return response.content.decode()


def titles(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r'class="row-title"><a [^>]*>(.*?)</a>', html)]


def total(html: str) -> int:
    [number] = re.findall(r'data-total="(\d+)"', html)
    return int(number)


def facts(html: str) -> str:
    """The words of the only row, without its title."""
    [row] = re.findall(r'<p class="row-facts">.*?</article>', html, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split())


def heading(html: str) -> str:
    [h1] = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return re.sub(r"<[^>]+>", "", h1)


def document_title(html: str) -> str:
    [title] = re.findall(r"<title>(.*?)</title>", html)
    return unescape(title)


def links(html: str) -> dict[str, str]:
    """The links of the page by the words a person sees or hears."""
    found = re.findall(r'<a\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {unescape(re.sub(r"<[^>]+>", "", words)).strip(): unescape(address) for address, words in found}


def category_counts(html: str) -> dict[str, int]:
    found = re.findall(
        r'name="category" value="([^"]*)"[^>]*>\s*<span>[^<]*</span>\s*<span class="count">([\d,]+)</span>', html
    )
    return {slug: int(number.replace(",", "")) for slug, number in found}


def ticked(html: str) -> list[str]:
    return re.findall(r'name="category" value="([^"]*)" checked', html)


# --- Order -------------------------------------------------------------------------------------------


def test_shows_the_newest_first(client):
    make_posting(title="Older", published_on="2025-01-01")
    make_posting(title="Newer", published_on="2025-03-01")
    page = client.get(reverse("postings:list")).content.decode()
    assert page.index("Newer") < page.index("Older")


def test_a_posting_without_a_date_stands_where_it_was_first_seen(client):
    make_posting(title="March", published_on="2025-03-01")
    make_posting(title="Seen in February", first_seen=dt.datetime(2025, 2, 10, tzinfo=dt.UTC), expires_at=None)
    make_posting(title="January", published_on="2025-01-01")
    assert titles(read(client)) == ["March", "Seen in February", "January"]


def test_the_employers_date_counts_and_not_when_it_was_first_seen(client):
    make_posting(title="New", published_on="2025-03-01", first_seen=timezone.now() - A_DAY)
    make_posting(title="Old, seen late", published_on="2025-01-01", first_seen=timezone.now())
    assert titles(read(client)) == ["New", "Old, seen late"]


def test_of_one_day_the_later_row_comes_first(client):
    for title in ("First", "Second", "Third"):
        make_posting(title=title, published_on="2025-01-01")
    assert titles(read(client)) == ["Third", "Second", "First"]


# --- What is there, and what is not ------------------------------------------------------------------


def test_drafts_closed_and_expired_postings_are_not_listed(client):
    make_posting(title="Live")
    make_posting(title="Draft", status=Posting.Status.DRAFT)
    make_posting(title="Closed", status=Posting.Status.CLOSED)
    make_posting(title="Expired", expires_at=timezone.now())
    html = read(client)
    assert titles(html) == ["Live"]
    assert total(html) == 1


def test_a_posting_without_an_expiry_and_one_before_it_are_listed(client):
    make_posting(title="For ever", expires_at=None)
    make_posting(title="A minute left", expires_at=timezone.now() + dt.timedelta(minutes=1))
    assert total(read(client)) == 2


def test_an_empty_board_says_so(client):
    html = read(client)
    assert total(html) == 0
    assert "There is no posting here yet." in html
    assert "Clear all filters" not in html


# --- A row -------------------------------------------------------------------------------------------


def test_a_row_says_title_company_place_salary_and_month(client):
    posting = make_posting(
        title="Orchard keeper",
        company="Obsthof Ried",
        place="Vienna, Austria",
        salary_text="€40,000 - €48,000",
        published_on="2025-01-01",
        published_precision=Posting.Precision.MONTH,
    )
    html = read(client)
    assert facts(html) == (
        "Obsthof Ried Vienna, Austria €40,000 - €48,000 January 2025 Apply for Orchard keeper at Obsthof Ried"
    )
    assert '<time datetime="2025-01">' in html
    assert links(html)["Orchard keeper"] == posting.get_absolute_url()
    assert links(html)["Apply for Orchard keeper at Obsthof Ried"] == f"/apply/{posting.slug}"


def test_a_date_that_is_known_to_the_day_is_shown_to_the_day(client):
    make_posting(published_on="2025-01-31")
    html = read(client)
    assert "31 January 2025" in facts(html)
    assert '<time datetime="2025-01-31">' in html


def test_a_posting_without_a_date_shows_none(client):
    make_posting(published_on=None)
    assert "<time" not in read(client)


def test_a_company_that_is_not_named_is_said_to_be_so(client):
    make_posting(company=None, place="", title="Gardener")
    assert facts(read(client)) == "Company not named Apply for Gardener"


@pytest.mark.parametrize("noise", ["~0k", "385000.0", "65k-95k USD", "Competitive", "$Competitive", "null", "$1~$1"])
def test_a_salary_that_states_no_pay_is_not_shown(client, noise):
    make_posting(salary_text=noise)
    html = read(client)
    assert noise not in html
    assert 'class="salary"' not in html


def test_of_many_places_a_row_shows_three_and_that_there_are_more(client):
    make_posting(place="Austria, Belgium, Chile, Denmark, Estonia, France, Greece, Hungary")
    text = facts(read(client))
    assert "Austria, Belgium, Chile and more" in text
    assert "Denmark" not in text


def test_hostile_text_in_a_row_stays_text(client):
    hostile = '"><svg onload=alert(1)>{{ 7*7 }}</title>'
    make_posting(title=hostile, company=hostile, place=hostile, salary_text=f"$90,000 {hostile}", categories=(hostile,))
    html = read(client)
    assert titles(html) == [hostile]
    assert "<svg onload" not in html
    assert "&lt;svg onload=alert(1)&gt;{{ 7*7 }}" in html
    assert html.count("</title>") == 1


# --- Pages -------------------------------------------------------------------------------------------


@pytest.fixture
def three_pages(db):
    """55 postings, “Job 55” the newest."""
    return [make_posting(title=f"Job {number}", categories=("Backend",)) for number in range(1, 56)]


def test_there_are_25_rows_to_a_page(client, three_pages):
    html = read(client)
    assert titles(html) == [f"Job {number}" for number in range(55, 30, -1)]
    assert total(html) == 55


def test_the_last_page_holds_the_rest(client, three_pages):
    assert titles(read(client, "page=3")) == ["Job 5", "Job 4", "Job 3", "Job 2", "Job 1"]


def test_no_posting_is_on_two_pages_and_none_is_left_out(client, three_pages):
    seen = [title for page in (1, 2, 3) for title in titles(read(client, f"page={page}"))]
    assert sorted(seen) == sorted(posting.title for posting in three_pages)


def test_heading_and_title_say_the_count_and_the_page(client, three_pages):
    first, second = read(client), read(client, "page=2")
    assert heading(first) == "55 jobs"
    assert document_title(first) == "55 jobs – Job board"
    assert heading(second) == "55 jobs, page 2 of 3"
    assert document_title(second) == "55 jobs, page 2 – Job board"


def test_one_posting_is_one_job(client):
    make_posting()
    html = read(client)
    assert heading(html) == "1 job"
    assert document_title(html) == "1 job – Job board"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("4", 3),
        ("999999999", 3),
        ("1000000000", 3),
        ("0", 1),
        ("-1", 1),
        ("x", 1),
        ("1e9", 1),
        ("1.5", 1),
        ("9" * 5000, 3),
        ("%00", 1),
    ],
)
def test_a_page_that_does_not_exist_shows_one_that_does(client, three_pages, asked, shown):
    html = read(client, f"page={asked}")
    assert heading(html) == ("55 jobs" if shown == 1 else f"55 jobs, page {shown} of 3")
    assert titles(html)


def test_page_links_keep_the_filters(client, three_pages):
    found = links(read(client, "category=backend&q=Job&page=2"))
    assert found["Next page"] == "?category=backend&q=Job&page=3"
    assert found["Page 3"] == "?category=backend&q=Job&page=3"
    # The first page has one address only.
    assert found["Previous page"] == found["Page 1"] == "?category=backend&q=Job"


def test_the_first_page_links_to_no_page_before_it_and_the_last_to_none_after(client, three_pages):
    assert "Previous page" not in links(read(client))
    assert "Next page" not in links(read(client, "page=3"))


def test_a_single_page_has_no_page_links(client):
    make_posting()
    assert 'class="pages"' not in read(client)


def test_every_page_has_a_link_and_the_one_shown_is_marked(client, three_pages):
    html = read(client, "page=2")
    assert {"Page 1", "Page 3"} <= links(html).keys()
    assert re.findall(r'aria-current="page"><span[^>]*>Page </span>(\d+)', html) == ["2"]


# --- Filters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Rust welder"},
        {"company": "Rusty Gate"},
        {"place": "Rust, Austria"},
        {"body_markdown": "You scrape off rust."},
    ],
    ids=["title", "company", "place", "body"],
)
def test_a_keyword_is_looked_for_in_title_company_place_and_body(client, fields):
    make_posting(**fields)
    make_posting(title="Something else")
    assert total(read(client, "q=RUST")) == 1


def test_every_word_must_be_there_but_not_in_the_same_place(client):
    make_posting(title="Gardener", place="Graz")
    make_posting(title="Gardener", place="Linz")
    assert total(read(client, "q=graz+gardener")) == 1


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", '"', "*", "?"])
def test_signs_that_mean_something_to_a_database_are_only_signs(client, sign):
    make_posting(title=f"One {sign} more", body_markdown="Plain.")
    make_posting(title="One more", body_markdown="Plain.")
    assert titles(read(client, urlencode({"q": sign}))) == [f"One {sign} more"]


def test_only_the_beginning_of_a_very_long_text_is_looked_for(client):
    make_posting(title="a" * 210, place="b" * 210)
    assert total(read(client, "q=" + "a" * 250)) == 1
    assert total(read(client, "place=" + "b" * 250)) == 1


def test_place_finds_what_the_place_says_and_nothing_else(client):
    make_posting(title="There", place="Remote, Poland; Graz, Austria")
    make_posting(title="Not there", place="Linz, Austria", body_markdown="Not in Graz.")
    assert titles(read(client, "place=graz")) == ["There"]
    assert titles(read(client, "place=graz,++austria")) == ["There"]


def test_several_categories_are_alternatives(client):
    make_posting(title="B", categories=("Backend",))
    make_posting(title="D", categories=("Design",))
    make_posting(title="S", categories=("Sales",))
    assert sorted(titles(read(client, "category=backend&category=design"))) == ["B", "D"]


def test_a_posting_in_two_of_the_categories_is_listed_once(client):
    make_posting(title="Both", categories=("Backend", "Design"))
    html = read(client, "category=backend&category=design")
    assert titles(html) == ["Both"]
    assert total(html) == 1


@pytest.mark.parametrize(
    "asked", ["obsthof-ried-and-co", "Obsthof Ried & Co", "obsthof ried & co", "OBSTHOF+RIED+%26+CO"]
)
def test_a_company_is_found_by_its_slug_and_by_its_name_as_it_is_typed(client, asked):
    make_posting(title="There", company="Obsthof Ried & Co")
    make_posting(title="Not there", company="Obsthof")
    query = asked if "%" in asked else urlencode({"company": asked})
    assert titles(read(client, f"company={query}" if "%" in asked else query)) == ["There"]


def test_several_companies_are_alternatives(client):
    for name in ("Ahorn", "Birke", "Cypress"):
        make_posting(title=f"At {name}", company=name)
    assert sorted(titles(read(client, "company=ahorn&company=Birke"))) == ["At Ahorn", "At Birke"]


def test_filters_of_different_kinds_must_all_hold(client):
    make_posting(title="All Rust", company="Ahorn", place="Graz", categories=("Backend",))
    make_posting(title="Other company, Rust", company="Birke", place="Graz", categories=("Backend",))
    make_posting(title="Other place, Rust", company="Ahorn", place="Linz", categories=("Backend",))
    make_posting(title="Other category, Rust", company="Ahorn", place="Graz", categories=("Design",))
    make_posting(title="Other words", company="Ahorn", place="Graz", categories=("Backend",))
    assert titles(read(client, "q=rust&company=ahorn&place=graz&category=backend")) == ["All Rust"]


def test_what_was_asked_for_stands_in_the_form_again(client):
    make_posting(company="Ahorn", categories=("Backend",))
    html = read(client, "q=%22rust%22&place=Graz&category=backend&company=ahorn")
    assert 'name="q" value="&quot;rust&quot;"' in html
    assert 'name="place" value="Graz"' in html
    assert 'name="company" list="companies" value="Ahorn"' in html
    assert ticked(html) == ["backend"]


def test_companies_with_live_postings_are_suggested_and_no_others(client):
    make_posting(company="Ahorn & Co")
    make_posting(company="Birke", status=Posting.Status.CLOSED)
    assert re.findall(r"<option value=[^>]*>", read(client)) == ['<option value="Ahorn &amp; Co">']


def test_sending_the_form_again_finds_the_same(client):
    make_posting(title="At Foo", company="Foo")
    make_posting(title="At Foo!", company="Foo!")
    html = read(client, "company=foo-2")
    assert titles(html) == ["At Foo!"]
    [value] = re.findall(r'name="company" list="companies" value="([^"]*)"', html)
    assert titles(read(client, urlencode({"company": unescape(value)}))) == ["At Foo!"]


# --- Category counts ---------------------------------------------------------------------------------


def test_a_category_says_how_many_there_are_under_the_other_filters(client):
    make_posting(place="Graz", categories=("Backend", "Design"))
    make_posting(place="Linz", categories=("Backend",))
    make_posting(place="Graz", categories=("Backend",), status=Posting.Status.CLOSED)
    make_category("Sales")
    assert category_counts(read(client)) == {"backend": 2, "design": 1, "sales": 0}
    assert category_counts(read(client, "place=Graz")) == {"backend": 1, "design": 1, "sales": 0}


def test_a_category_that_is_ticked_does_not_change_the_counts_of_the_others(client):
    make_posting(categories=("Backend",))
    make_posting(categories=("Design",))
    html = read(client, "category=backend")
    assert total(html) == 1
    # The number beside “Design” is what ticking it, too, would add.
    assert category_counts(html) == {"backend": 1, "design": 1}


def test_a_category_that_would_find_nothing_cannot_be_ticked_but_can_be_unticked(client):
    make_category("Sales")
    assert 'value="sales" disabled' in read(client)
    assert 'value="sales" checked' in read(client, "category=sales")


CATEGORIES, COMPANIES, PLACES = ("Backend", "Design", "Sales"), ("Ahorn", "Birke"), ("Graz", "Linz, Graz", "Linz", "")
a_posting = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["Rust", "Trust fund", "Cook"]),
        "categories": st.sets(st.sampled_from(CATEGORIES)).map(sorted).map(tuple),
        "company": st.sampled_from([*COMPANIES, None]),
        "place": st.sampled_from(PLACES),
        "status": st.sampled_from(["live", "live", "live", "draft", "closed"]),
        "published_on": st.sampled_from([dt.date(2025, 1, 1), dt.date(2025, 2, 1)]),
    }
)
a_question = st.fixed_dictionaries(
    {},
    optional={
        "q": st.sampled_from(["rust", "RUST fund", "cook"]),
        "place": st.sampled_from(["graz", "linz", "Linz, Graz"]),
        "category": st.lists(st.sampled_from([*map(str.lower, CATEGORIES), "unknown"]), min_size=1, max_size=3),
        "company": st.lists(st.sampled_from(["ahorn", "Birke", "unknown"]), min_size=1, max_size=2),
    },
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    # Found and made small; explaining it would take a minute more.
    phases=[Phase.generate, Phase.shrink],
    # The client and the database are the test's; what an example leaves there, the next one clears away.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(a_posting, max_size=8), a_question)
def test_a_drawn_board_is_filtered_counted_and_ordered_as_going_through_it_by_hand_does(client, drawn, asked):
    for model in (Posting, Tag, Company):
        model.objects.all().delete()
    for name in CATEGORIES:
        make_category(name)
    board = [(make_posting(body_markdown="Plain.", **fields), fields) for fields in drawn]

    def holds(fields, without=()):
        text = f"{fields['title']} {fields['company'] or ''} {fields['place']} Plain.".lower()
        conditions = {
            "q": lambda words: all(word in text for word in words.lower().split()),
            "place": lambda place: place.lower() in fields["place"].lower(),
            "category": lambda slugs: {name.lower() for name in fields["categories"]} & set(slugs),
            "company": lambda names: (fields["company"] or "").lower() in {name.lower() for name in names},
        }
        return fields["status"] == "live" and all(
            conditions[name](value) for name, value in asked.items() if name not in without
        )

    found = [posting for posting, fields in board if holds(fields)]
    found.sort(key=lambda posting: (posting.published_on, posting.pk), reverse=True)
    html = read(client, urlencode(asked, doseq=True))
    assert re.findall(r'class="row-title"><a href="/jobs/([^/]*)/"', html) == [posting.slug for posting in found]
    assert total(html) == len(found)
    assert category_counts(html) == {
        name.lower(): sum(name in fields["categories"] and holds(fields, {"category"}) for _, fields in board)
        for name in CATEGORIES
    }


# --- Facts -------------------------------------------------------------------------------------------


def make_tag(kind: str, code: str) -> Tag:
    return Tag.objects.get_or_create(kind=kind, code=code, defaults={"name": name_of(kind, code)})[0]


def make_with(title: str, facts: tuple[str, ...] = (), pay: tuple = (), **fields) -> Posting:
    """A posting with tags, written `country:PL`, and with base pay for a year: currency, least, most."""
    if pay:
        currency, low, high = pay
        fields |= {"salary_currency": currency, "salary_period": "year", "salary_min": low, "salary_max": high}
        fields |= {"salary_yearly_min": low, "salary_yearly_max": high}
    posting = make_posting(title=title, **fields)
    for fact in facts:
        PostingTag.objects.create(posting=posting, tag=make_tag(*fact.split(":")), evidence=f"It says {fact}.")
    return posting


def found(client, query: str) -> set[str]:
    html = read(client, query)
    assert total(html) == len(titles(html))
    return set(titles(html))


def counts(html: str, kind: str) -> dict[str, int]:
    pattern = rf'name="{kind}" value="([^"]*)"[^>]*>\s*<span>[^<]*</span>\s*<span class="count">([\d,]+)</span>'
    return {unescape(code): int(number.replace(",", "")) for code, number in re.findall(pattern, html)}


@pytest.mark.parametrize(
    ("kind", "asked", "codes"),
    [
        ("workplace", ["remote"], {"remote"}),
        ("workplace", ["remote", "hybrid"], {"remote", "hybrid"}),
        ("employment", ["part-time", "contract", "no-such"], {"part-time", "contract"}),
        ("seniority", ["senior", "lead"], {"senior", "lead"}),
        ("visa", ["offered"], {"offered"}),
        ("skill", ["c#", "rust"], {"c#", "rust"}),
        ("country", ["PL", "AT"], {"PL", "AT"}),
        ("region", ["nordics", "latam"], {"nordics", "latam"}),
        ("skill", ["no-such"], set()),
    ],
)
def test_values_of_one_kind_are_alternatives(client, kind, asked, codes):
    for kinds_code in (
        "workplace:remote", "workplace:hybrid", "workplace:onsite", "employment:part-time", "employment:contract",
        "employment:full-time", "seniority:senior", "seniority:lead", "seniority:mid", "visa:offered",
        "visa:not-offered", "skill:c#", "skill:c", "skill:c++", "skill:rust", "country:PL", "country:AT", "country:DE",
        "region:nordics", "region:latam", "region:apac",
    ):  # fmt: skip
        make_with(kinds_code, (kinds_code,))
    make_with("says nothing")
    assert found(client, urlencode({kind: asked}, doseq=True)) == {f"{kind}:{code}" for code in codes}


def test_kinds_must_all_hold(client):
    make_with("both", ("country:PL", "skill:rust"))
    make_with("one", ("country:PL", "skill:go"))
    make_with("other", ("country:AT", "skill:rust"))
    assert found(client, "country=PL&skill=rust") == {"both"}
    assert found(client, "country=PL&country=AT&skill=rust") == {"both", "other"}


def test_a_posting_with_several_of_the_values_is_listed_once(client):
    make_with("all", ("skill:rust", "skill:go", "country:PL", "region:europe"))
    assert found(client, "skill=rust&skill=go&region=europe&region=eu") == {"all"}


@pytest.mark.parametrize(
    ("kind", "code", "asked"),
    [
        ("country", "PL", ["PL", "pl", "Pl", "Poland", "poland", "POLAND", " poland "]),
        ("country", "US", ["us", "United States", "united-states", "united states"]),
        ("skill", "c#", ["c#", "C#", "c-sharp"]),
        ("skill", "c++", ["C++", "c-plus-plus"]),
        ("skill", ".net", [".NET", ".net", "dot-net"]),
        ("skill", "ci-cd", ["ci-cd", "CI/CD", "ci/cd"]),
        ("skill", "node.js", ["Node.js", "node-js", "NODE.JS"]),
        ("region", "middle-east", ["middle-east", "Middle East", "MIDDLE EAST"]),
        ("region", "eu", ["EU", "European Union"]),
        ("workplace", "onsite", ["onsite", "On site", "ON-SITE"]),
        ("employment", "full-time", ["Full-time", "FULL-TIME"]),
        ("visa", "not-offered", ["not-offered", "Visa not sponsored", "NOT-OFFERED"]),
        ("seniority", "mid", ["mid", "Mid-level", "MID"]),
    ],
)
def test_a_value_is_found_by_code_slug_and_name_as_it_is_typed(client, kind, code, asked):
    make_with("There", (f"{kind}:{code}",))
    make_with("Nearby", ("skill:c", "country:CL", "region:asia", "workplace:remote", "visa:offered", "seniority:lead"))
    for each in asked:
        html = read(client, urlencode({kind: each}))
        assert titles(html) == ["There"], each
        # Whatever was typed: said by its name, and held in the form.
        name = name_of(kind, code)
        assert f"Remove filter: {name}" in links(html)
        held = re.findall(rf'name="{kind}" value="([^"]*)"(?: checked| maxlength)', html)
        assert [unescape(value) for value in held] in ([code], [name]), each


def test_a_region_finds_the_countries_that_lie_in_it_and_a_country_finds_nothing_else(client):
    make_with("Poland", ("country:PL",))
    make_with("Europe", ("region:europe",))
    make_with("EU", ("region:eu",))
    make_with("Switzerland", ("country:CH",))
    make_with("Chile", ("country:CL",))
    make_with("worldwide", ("region:worldwide",))
    make_with("not said")
    for asked in ("europe", "EUROPE", "Europe"):
        assert found(client, f"region={asked}") == {"Poland", "Europe", "Switzerland"}
    # By its name, too, and where no posting names the region itself.
    assert found(client, "region=European+Union") == {"Poland", "EU"}
    assert found(client, "region=South+America") == found(client, "region=latam") == {"Chile"}
    assert found(client, "region=latam&region=eu") == {"Chile", "Poland", "EU"}
    assert found(client, "region=worldwide") == {"worldwide"}
    assert found(client, "region=atlantis") == set()
    assert found(client, "country=PL") == {"Poland"}
    assert found(client, "country=PL&region=latam") == set()


def test_a_place_as_printed_is_not_a_country(client):
    make_with("Georgia in Europe", ("country:GE",), place="Tbilisi")
    make_with("Georgia, US", ("country:US",), place="Atlanta, Georgia")
    assert found(client, "country=georgia") == {"Georgia in Europe"}


@pytest.fixture
def paid(db):
    make_with("30 to 50", pay=("EUR", 30_000, 50_000))
    make_with("60", pay=("EUR", 60_000, 60_000))
    make_with("up to 70", pay=("EUR", None, 70_000))
    make_with("from 40", pay=("EUR", 40_000, None))
    make_with("80 in dollars", pay=("USD", 80_000, 80_000))
    make_with("not said", salary_text="~0k")


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("20000", {"30 to 50", "60", "up to 70", "from 40"}),
        ("50000", {"30 to 50", "60", "up to 70", "from 40"}),
        ("50001", {"60", "up to 70", "from 40"}),
        ("60000", {"60", "up to 70", "from 40"}),
        ("70000", {"up to 70", "from 40"}),
        ("1000000", {"from 40"}),
        ("0", {"30 to 50", "60", "up to 70", "from 40"}),
    ],
)
def test_a_range_that_reaches_the_sum_is_found(client, paid, asked, titles):
    assert found(client, f"salary_min={asked}&currency=EUR") == titles


@pytest.mark.parametrize(
    "asked", ["60000", "60,000", "60 000", "60.000", "60'000", "60k", "60K", " 60 k ", "60\u00a0000"]
)
def test_a_sum_is_read_as_people_type_it(client, paid, asked):
    html = read(client, urlencode({"salary_min": asked, "currency": "eur"}))
    assert set(titles(html)) == {"60", "up to 70", "from 40"}
    assert "Remove filter: At least EUR 60,000 a year" in links(html)


@pytest.mark.parametrize("asked", ["much", "-1", "1e5", "60000 EUR", "6٠k0", "%00"])
def test_what_is_no_sum_asks_for_nothing(client, paid, asked):
    html = read(client, urlencode({"salary_min": asked}))
    assert total(html) == 6
    assert not [label for label in links(html) if label.startswith("Remove filter")]


def test_a_sum_without_a_currency_is_in_the_one_that_most_pay_in(client, paid):
    assert found(client, "salary_min=1") == {"30 to 50", "60", "up to 70", "from 40"}
    assert found(client, "salary_min=1&currency=usd") == {"80 in dollars"}
    assert found(client, "salary_min=1&currency=CHF") == set()
    # A currency alone says only what a sum would mean.
    assert total(read(client, "currency=CHF")) == 6


@pytest.mark.parametrize("asked", ["stated", "Stated", "STATED"])
def test_pay_that_is_stated_at_all_can_be_asked_for(client, paid, asked):
    html = read(client, f"salary_min={asked}&currency=EUR")
    assert set(titles(html)) == {"30 to 50", "60", "up to 70", "from 40", "80 in dollars"}
    assert links(html)["Remove filter: Pay stated"] == "/?currency=EUR"


@pytest.mark.parametrize(
    "asked",
    ["workplace=remote", "country=PL", "region=europe", "seniority=senior", "employment=contract", "visa=offered",
     "skill=rust", "salary_min=0", "salary_min=stated"],
)  # fmt: skip
def test_what_is_not_said_never_matches(client, asked):
    make_with("says it", ("workplace:remote", "country:PL", "region:europe", "seniority:senior", "employment:contract",
                          "visa:offered", "skill:rust"), pay=("USD", 1.0, 2.0))  # fmt: skip
    make_with("says nothing")
    assert found(client, asked) == {"says it"}


def test_each_fact_that_is_asked_for_can_be_taken_back_by_itself(client):
    make_with("one", ("country:PL", "skill:c#", "workplace:remote", "region:middle-east", "visa:offered"))
    asked = {
        ("country", "pl"): "Poland",
        ("skill", "c#"): "C#",
        ("skill", "no such"): "no such",
        ("workplace", "REMOTE"): "Remote",
        ("region", "middle-east"): "Middle East",
        ("visa", "offered"): "Visa sponsored",
        ("salary_min", "60k"): "At least USD 60,000 a year",
    }
    found = links(read(client, urlencode([*asked, ("page", "2")])))
    for pair, label in asked.items():
        _, _, query = found[f"Remove filter: {label}"].partition("?")
        assert sorted(parse_qsl(query)) == sorted(set(asked) - {pair})


def test_sending_the_form_again_keeps_every_fact_that_was_asked_for(client):
    make_with("one", ("country:US", "country:PL", "skill:c#", "skill:.net", "region:eu"))
    asked = [("country", "us"), ("country", "pl"), ("skill", "c#"), ("skill", ".net"), ("region", "eu"),
             ("salary_min", "60k"), ("currency", "eur")]  # fmt: skip
    html = read(client, urlencode(asked))
    fields = re.findall(r'<input form="search"(?! type="checkbox")[^>]* name="([^"]*)"[^>]* value="([^"]*)"', html)
    fields = [(name, unescape(value)) for name, value in fields if value]
    assert fields == [
        ("skill", "C#"), ("skill", ".NET"), ("country", "United States"), ("country", "Poland"),
        ("region", "European Union"), ("salary_min", "60k"), ("currency", "eur"),
    ]  # fmt: skip
    again = read(client, urlencode(fields))
    assert {label for label in links(again) if label.startswith("Remove")} == {
        label for label in links(html) if label.startswith("Remove")
    }


FACTS = {
    "workplace": ("remote", "hybrid", "onsite"),
    "seniority": ("junior", "senior"),
    "employment": ("full-time", "contract"),
    "visa": ("offered", "not-offered"),
    "country": ("PL", "CL", "US"),
    "region": ("europe", "latam"),
    "skill": ("rust", "c#"),
}
some_facts = st.fixed_dictionaries({kind: st.sets(st.sampled_from(codes), max_size=2) for kind, codes in FACTS.items()})
some_pay = st.none() | st.tuples(
    st.sampled_from(["EUR", "USD"]), st.sampled_from([None, 30_000, 50_000]), st.sampled_from([50_000, 70_000, None])
).filter(lambda pay: pay[1] or pay[2])
a_demand = st.fixed_dictionaries(
    {},
    optional={
        **{
            kind: st.lists(st.sampled_from([*codes, "unknown"]), min_size=1, max_size=2)
            for kind, codes in FACTS.items()
        },
        "salary_min": st.sampled_from(["40k", "60,000", "stated"]),
        "currency": st.sampled_from(["eur", "USD"]),
    },
)
LIES_IN = {"europe": {"PL"}, "latam": {"CL"}}


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(some_facts, some_pay, st.sampled_from(["live", "live", "closed"])), max_size=6), a_demand)
def test_a_drawn_board_is_filtered_by_facts_and_counted_as_going_through_it_by_hand_does(client, drawn, asked):
    for model in (Posting, Tag, Company):
        model.objects.all().delete()
    for kind, codes in FACTS.items():
        for code in codes:
            make_tag(kind, code)
    # Decides which currency a sum is in where none is asked for.
    drawn = [*drawn, *[({kind: set() for kind in FACTS}, ("EUR", None, 1.0), "live")] * 10]
    for number, (facts, pay, status) in enumerate(drawn):
        make_with(str(number), tuple(f"{k}:{c}" for k in facts for c in facts[k]), pay or (), status=status)

    def pays(pay):
        least = asked.get("salary_min")
        if least is None or pay is None:
            return least is None
        if least == "stated":
            return True
        currency, _, high = pay
        sum_ = {"40k": 40_000, "60,000": 60_000}[least]
        return currency == asked.get("currency", "EUR").upper() and (high is None or high >= sum_)

    def holds(facts, pay, status, without=""):
        said = {**facts, "region": facts["region"] | {r for r, inside in LIES_IN.items() if inside & facts["country"]}}
        return (
            status == "live"
            and pays(pay)
            and all(set(asked[kind]) & said[kind] for kind in FACTS if kind in asked and kind != without)
        )

    html = read(client, urlencode(asked, doseq=True))
    assert set(titles(html)) == {str(number) for number, each in enumerate(drawn) if holds(*each)}
    assert total(html) == len(titles(html))
    for kind in ("workplace", "seniority", "employment", "visa"):
        assert counts(html, kind) == {
            code: sum(code in each[0][kind] and holds(*each, without=kind) for each in drawn) for code in FACTS[kind]
        }


def test_filters_by_facts_cost_a_query_for_each_kind_that_is_ticked(client, django_assert_num_queries):
    make_with("one", ("workplace:remote", "seniority:senior", "skill:rust", "country:PL"))
    with django_assert_num_queries(9):
        # The six of any list; the names of what was asked for; the counts without each of the two kinds.
        html = read(client, "workplace=remote&seniority=senior&skill=rust&country=PL&region=europe")
    assert total(html) == 1


# --- Applied filters ---------------------------------------------------------------------------------


def test_without_a_filter_nothing_is_said_to_be_applied(client):
    make_posting()
    assert "Remove filter" not in read(client)


def test_each_applied_filter_can_be_removed_by_itself(client):
    make_posting(company="Ahorn", categories=("Backend", "Site Design"))
    asked = {
        ("q", "a b"),
        ("category", "backend"),
        ("category", "site-design"),
        ("company", "ahorn"),
        ("place", "Graz"),
    }
    # From the third page: what is left is read from its beginning.
    found = links(read(client, urlencode([*asked, ("page", "3")])))
    for name, value, label in [
        ("q", "a b", "“a b”"),
        ("category", "backend", "Backend"),
        ("category", "site-design", "Site Design"),
        ("company", "ahorn", "Ahorn"),
        ("place", "Graz", "Graz"),
    ]:
        path, _, query = found[f"Remove filter: {label}"].partition("?")
        assert path == "/"
        assert sorted(parse_qsl(query)) == sorted(asked - {(name, value)})
    assert found["Clear all filters"] == "/"


def test_removing_the_only_filter_leads_to_the_whole_list(client):
    make_posting()
    assert links(read(client, "q=gardener"))["Remove filter: “gardener”"] == "/"


def test_an_unknown_category_or_company_finds_nothing_and_can_be_removed(client):
    make_posting()
    for name in ("category", "company"):
        html = read(client, f"{name}=no-such")
        assert total(html) == 0
        assert links(html)["Remove filter: no-such"] == "/"


def test_where_nothing_is_found_the_page_says_how_to_find_more(client):
    make_posting(title="Gardener")
    html = read(client, "q=astronaut&place=Moon")
    assert heading(html) == "0 jobs"
    assert "No posting has all of this." in html
    found = links(html)
    assert found["Search without “astronaut”"] == "/?place=Moon"
    assert found["Search without Moon"] == "/?q=astronaut"
    assert found["See all jobs"] == "/"


# --- Addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "clean"),
    [
        ("/?q=", "/"),
        ("/?q=&place=&category=&company=", "/"),
        ("/?q=&category=backend", "/?category=backend"),
        ("/?category=&category=backend&company=", "/?category=backend"),
        ("/?page=", "/"),
        ("/?utm_source=", "/"),
        ("/?q=a%26b&place=", "/?q=a%26b"),
    ],
)
def test_empty_parameters_are_dropped_for_good(client, asked, clean):
    response = client.get(asked)
    assert response.status_code == 301
    assert response["Location"] == clean
    assert client.get(clean).status_code == 200


def test_parameters_the_board_does_not_know_change_nothing(client):
    make_posting()
    assert total(read(client, "utm_source=news&sort=title%3Bdrop")) == 1


def test_head_answers_like_get_without_the_page(client):
    make_posting()
    response = client.head("/?q=gardener")
    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_only_get_and_head_are_allowed(method):
    from django.test import Client

    # With CSRF checks on, as for a visitor: the answer is 405, not 403.
    response = getattr(Client(enforce_csrf_checks=True), method)("/")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


# --- Hostile parameters ------------------------------------------------------------------------------

PARAMETERS = [
    "q", "place", "category", "company", "page", "workplace", "country", "region", "seniority", "employment", "visa",
    "skill", "salary_min", "currency",
]  # fmt: skip
HOSTILE = {
    "NUL": "%00",
    "NUL inside": "a%00b",
    "5,000 characters": "a" * 5000,
    "1,000 words": "+".join(["word"] * 1000),
    "percent": "%25",
    "many percents": "%25" * 150,
    "underscore": "_",
    "single quote": "%27+OR+1=1--",
    "double quote": "%22",
    "backslash": "%5C",
    "full text operators": quote('NEAR( "a" AND NOT b* -c ^d:e'),
    "emoji": quote("👩‍🌾"),
    "right to left": quote("\u202eשלום\u202c"),
    "lone surrogate": "%ED%A0%80",
    "half a character": "%C3",
    "overlong": "%C0%AF",
    "not a digit": quote("١٢٣"),
    "template": quote("{{ 7*7 }}{% debug %}"),
    "line ends": "a%0D%0ASet-Cookie:x=1",
    "markup": quote('"><svg onload=alert(1)>'),
    "formula": "=1+1",
    "path": "..%2F..%2Fetc%2Fpasswd",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("name", PARAMETERS)
def test_hostile_parameters_give_a_page(client, name, value):
    make_posting()
    response = client.get(f"/?{name}={value}")
    assert response.status_code == 200
    assert b"<svg onload" not in response.content
    assert not response.cookies


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_same_parameter_a_hundred_times_gives_a_page(client, name):
    make_posting()
    response = client.get("/?" + "&".join([f"{name}=backend"] * 100))
    assert response.status_code == 200
    assert len(response.content) < 50_000


def test_names_of_parameters_can_be_hostile_too(client):
    make_posting()
    assert total(read(client, f"q%00=1&{quote('q__regex')}=(a%2B)%2B&{quote('<svg onload>')}=1&company__name=x")) == 1


def test_more_parameters_than_anyone_sends_are_refused(client):
    assert client.get("/?" + "&".join(["category=a"] * 1001)).status_code == 400


def test_a_nul_beside_another_filter_leaves_that_filter_in_sight(client):
    make_posting(categories=("Backend",))
    make_posting(categories=("Design",))
    html = read(client, "q=%00&category=backend")
    assert total(html) == 1
    assert ticked(html) == ["backend"]
    assert "Remove filter: Backend" in links(html)


# --- Queries -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "tags"), [(1, 1), (25, 30)])
def test_more_rows_and_more_tags_take_no_more_queries(client, django_assert_num_queries, rows, tags):
    names = tuple(f"Category {number}" for number in range(tags))
    for number in range(rows):
        make_posting(company=f"Company {number}", categories=names)
    with django_assert_num_queries(6):
        # 1 how many there are
        # 2 the values that can be ticked
        # 3 how many postings each of them has
        # 4 the currency that most postings pay in
        # 5 the companies that are suggested
        # 6 the rows of the page, with their companies
        html = read(client)
    assert len(titles(html)) == rows


def test_a_filter_by_company_takes_two_more_queries(client, django_assert_num_queries):
    make_posting(company="Ahorn")
    with django_assert_num_queries(8):
        # The six above, and the companies that were asked for: once for the rows, once for the counts.
        html = read(client, "company=ahorn")
    assert titles(html)


def test_where_nothing_is_found_no_rows_are_fetched(client, django_assert_num_queries):
    make_posting(categories=("Backend",))
    with django_assert_num_queries(5):
        # 1 how many there are
        # 2 the values that can be ticked
        # 3 how many postings each of them has
        # 4 the currency that most postings pay in
        # 5 the companies that are suggested
        html = read(client, "q=astronaut")
    assert total(html) == 0


def test_a_page_of_rows_does_not_fetch_their_bodies(client, django_assert_num_queries):
    make_posting(body_markdown="Word " * 10)
    with django_assert_num_queries(6) as queries:
        read(client)
    assert not any("body_html" in query["sql"] for query in queries.captured_queries)
