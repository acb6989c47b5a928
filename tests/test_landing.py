"""Landing pages: one value's list at an address of its own, its words, its neighbours; and which pages are indexed."""

import datetime as dt
import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from postings import catalogue, landing
from postings.importing.facts import names
from postings.models import Posting, PostingTag, Tag
from tests.factories import at_once, make_posting
from tests.test_list import chips, document_title, links, make_with, titles, total

pytestmark = pytest.mark.django_db

PAGES = {
    "/skills/c-sharp/": ("skill", "c#", "1 C# job"),
    "/categories/site-and-design/": ("category", "site-and-design", "1 job in the category Site & Design"),
    "/countries/poland/": ("country", "PL", "1 job in Poland"),
    "/countries/netherlands/": ("country", "NL", "1 job in the Netherlands"),
    "/regions/european-union/": ("region", "eu", "1 job in the European Union"),
    "/regions/worldwide/": ("region", "worldwide", "1 job open worldwide"),
    "/workplaces/on-site/": ("workplace", "onsite", "1 on-site job"),
}


def read(client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.headers.get("Location")
    return response.content.decode()


def heading(html: str) -> str:
    [text] = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", text))


def meta(html: str, name: str) -> str | None:
    found = re.findall(rf'<meta (?:name|property)="{name}" content="([^"]*)">', html)
    assert len(found) < 2
    return unescape(found[0]) if found else None


def canonical(html: str) -> str | None:
    found = re.findall(r'<link rel="canonical" href="http://testserver([^"]*)">', html)
    assert len(found) < 2
    return unescape(found[0]) if found else None


def is_indexed(html: str) -> bool:
    return meta(html, "robots") is None


@pytest.fixture
def somebody(db):
    """A posting that is on every page of PAGES, and one that is on none."""
    facts = tuple(f"{kind}:{code}" for kind, code, _ in PAGES.values() if kind != "category")
    make_with("Gardener", facts, categories=("Site & Design",))
    make_posting(title="Cook")


@pytest.mark.parametrize("path", PAGES)
def test_a_value_has_a_page_with_a_heading_title_and_description_of_its_own(client, somebody, path):
    kind, value, words = PAGES[path]
    html = read(client, path)
    assert titles(html) == ["Gardener"]
    assert total(html) == 1
    assert heading(html) == words
    assert document_title(html) == f"{words} – Job board"
    assert meta(html, "description").startswith(words.replace("1 ", "1 open ", 1))
    assert (canonical(html), is_indexed(html)) == (path, True)
    # The list inside is the one that the parameter finds, its box ticked.
    assert re.search(rf'name="{kind}" value="{re.escape(value)}" checked', html)
    assert titles(read(client, f"/?{kind}={value.replace('#', '%23')}")) == ["Gardener"]


@pytest.mark.parametrize("path", PAGES)
def test_the_same_asked_by_parameters_names_the_page_as_its_address(client, somebody, path):
    kind, value, words = PAGES[path]
    html = read(client, f"/?{kind}={value.replace('#', '%23')}")
    assert (canonical(html), is_indexed(html), heading(html)) == (path, True, words)


def test_a_skill_in_a_country_has_a_page_from_either_order(client):
    for number in range(3):
        make_with(f"Gardener {number}", ("skill:go", "country:DE"))
    make_with("Cook", ("skill:go", "country:AT"))
    html = read(client, "/skills/go/germany/")
    assert heading(html) == "3 Go jobs in Germany"
    assert (canonical(html), is_indexed(html)) == ("/skills/go/germany/", True)
    for query in ("skill=go&country=DE", "country=de&skill=Go"):
        assert canonical(read(client, f"/?{query}")) == "/skills/go/germany/"
    assert chips(html) == {"Go": "/?country=DE", "Germany": "/?skill=go"}


def test_a_pair_with_fewer_than_three_postings_is_neither_linked_nor_indexed(client):
    postings = [make_with(f"Gardener {number}", ("skill:go", "country:DE", "country:AT")) for number in range(3)]
    pair = "/skills/go/austria/"
    for path in ("/skills/go/", "/countries/austria/", "/skills/go/germany/"):
        assert pair in links(read(client, path)).values()
    assert {link.path for link in landing.pairs(catalogue.current())} == {pair, "/skills/go/germany/"}
    postings[0].tags.remove(Tag.objects.get(kind="country", code="AT"))
    for path in ("/skills/go/", "/countries/austria/", "/skills/go/germany/"):
        assert pair not in links(read(client, path)).values()
    assert {link.path for link in landing.pairs(catalogue.current())} == {"/skills/go/germany/"}
    html = read(client, pair)
    assert (total(html), canonical(html), is_indexed(html)) == (2, pair, False)


def test_a_pair_of_nothing_but_postings_that_are_open_nearly_everywhere_is_no_page(client):
    countries = [code for code in names.codes("country")][: landing.MOST_COUNTRIES + 1]
    for number in range(3):
        make_with(f"Gardener {number}", ("skill:go", *(f"country:{code}" for code in countries)))
    assert landing.pairs(catalogue.current()) == []
    path = f"/skills/go/{names.name_of('country', countries[0]).lower()}/"
    assert (total(read(client, path)), is_indexed(read(client, path))) == (3, False)
    assert path not in links(read(client, "/skills/go/")).values()
    # One that means this country is enough.
    make_with("Cook", ("skill:go", f"country:{countries[0]}"))
    assert [(link.path, link.number) for link in landing.pairs(catalogue.current())] == [(path, 4)]
    assert is_indexed(read(client, path))


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/skills/C%23/", "/skills/c-sharp/"),
        ("/skills/C-Sharp/", "/skills/c-sharp/"),
        ("/countries/PL/", "/countries/poland/"),
        ("/countries/pl/?page=2&q=", "/countries/poland/?page=2"),
        ("/regions/eu/?sort=salary", "/regions/european-union/?sort=salary"),
        ("/skills/c%23/PL/", "/skills/c-sharp/poland/"),
    ],
)
def test_another_spelling_leads_to_the_page_at_once(client, somebody, asked, path):
    response = client.get(asked)
    assert (response.status_code, response.headers["Location"]) == (301, path)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "tags",
    [(("Alder", "a", "b"), ("Birch", "b", "a")), (("Alder", "a", "b"), ("Birch", "A", "c"))],
    ids=["called by each other's code", "told apart by case alone"],
)
@pytest.mark.parametrize(("kind", "plural"), [("skill", "skills"), ("category", "categories")])
def test_each_page_is_at_its_slug_whatever_others_are_called(client, kind, plural, tags):
    for name, slug, code in tags:
        tag = Tag.objects.create(kind=kind, name=name, slug=slug, code=code)
        PostingTag.objects.create(posting=make_posting(title=f"Gardener, {name}"), tag=tag)
    for name, slug, _ in tags:
        html = read(client, f"/{plural}/{slug}/")
        assert (titles(html), canonical(html)) == ([f"Gardener, {name}"], f"/{plural}/{slug}/")


@pytest.mark.parametrize("query", ["country=FJ", "region=oceania", "workplace=hybrid", "skill=c%23&country=FJ"])
def test_what_is_known_by_name_alone_has_no_page_to_be_named_or_linked(client, somebody, query):
    html = read(client, f"/?{query}")
    assert (total(html), canonical(html), is_indexed(html)) == (0, f"/?{query}", False)
    for path in set(links(html).values()):
        read(client, path)


@pytest.mark.parametrize("name", ["what?", "a#b", "%41", "50%", "a&b;c=d"])
def test_empty_parameters_are_dropped_whatever_the_page_is_called(client, name):
    posting = make_posting(categories=("Forest",))
    for named in (posting.company, posting.tags.get()):
        named.slug = name
        named.save()
    for path in (reverse("postings:company", args=[name]), reverse("postings:landing", args=["categories", name])):
        response = client.get(f"{path}?q=", follow=True)
        assert [status for _, status in response.redirect_chain] == [301]
        html = response.content.decode()
        assert (total(html), canonical(html)) == (1, path)


def test_a_page_whose_name_is_not_ascii_is_found(client):
    posting = make_posting(title="Gardener", categories=("園芸",))
    path = posting.tags.get().get_absolute_url()
    assert titles(read(client, path)) == ["Gardener"]


@pytest.mark.parametrize(
    "path",
    ["/skills/cobol/", "/skills/c-sharp/atlantis/", "/skills/cobol/poland/", "/countries/x%00y/", "/employments/x/",
     "/skills/%2e%2e/", "/countries/poland/c-sharp/"],
)  # fmt: skip
def test_what_is_no_value_has_no_page(client, somebody, path):
    read(client, path, 404)


def test_a_value_that_no_live_posting_has_is_shown_but_not_indexed_or_linked(client, somebody):
    Posting.objects.filter(title="Gardener").update(status=Posting.Status.CLOSED)
    html = read(client, "/skills/c-sharp/")
    assert (total(html), is_indexed(html)) == (0, False)
    assert "/skills/c-sharp/" not in read(client, "/skills/")


def test_an_empty_pair_leads_to_what_has_postings_alone(client):
    make_with("Cook", ("skill:go", "country:AT"), status=Posting.Status.CLOSED)
    make_with("Gardener", ("skill:go",))
    leads = links(read(client, "/skills/go/austria/")).values()
    assert "/skills/go/" in leads
    assert "/countries/austria/" not in leads


def test_the_pages_of_a_kind_are_listed_with_exact_numbers(client, somebody):
    make_with("Cook", ("skill:go", "country:PL"))
    html = read(client, "/countries/")
    for path, number in (("/countries/netherlands/", 1), ("/countries/poland/", 2)):
        assert re.search(rf'<a href="{path}">.*?<span class="count">{number}<', html)
        assert total(read(client, path)) == number
    assert (heading(html), is_indexed(html), canonical(html)) == ("Jobs by country", True, "/countries/")


def test_an_empty_kind_is_not_indexed(client):
    assert not is_indexed(read(client, "/skills/"))


def test_every_neighbours_number_is_what_its_page_holds(client):
    """Of all pages that are reached from one another."""
    for number in range(12):
        facts = [f"skill:{('go', 'rust', 'c#')[number % 3]}", "skill:sql", f"country:{('DE', 'AT')[number % 2]}"]
        make_with(f"Gardener {number}", (*facts, f"workplace:{('remote', 'hybrid')[number % 2]}", "region:worldwide"))
    pages, waiting = {}, ["/skills/sql/"]
    while waiting:
        path = waiting.pop()
        if path not in pages:
            pages[path] = read(client, path)
            waiting += neighbours(pages[path])
    for path, html in pages.items():
        for to, number in neighbours(html).items():
            assert (total(pages[to]), is_indexed(pages[to])) == (number, True), (path, to)
    assert {"/skills/sql/germany/", "/countries/austria/", "/regions/europe/", "/skills/go/"} <= pages.keys()


def neighbours(html: str) -> dict[str, int]:
    [part] = re.findall(r'<nav class="neighbours".*?</nav>', html, re.DOTALL)
    found = re.findall(r'<a href="([^"]*)">.*?<span class="count">([\d,]+)<', part)
    return {path: int(number.replace(",", "")) for path, number in found}


def test_the_description_says_how_the_postings_are_divided(client):
    for number in range(2):
        make_with(
            "Gardener", ("skill:go", "country:DE", "workplace:remote"), ("EUR", 40_000, 50_000), slug=f"g-{number}"
        )
    make_with("Cook", ("skill:go", "country:US", "workplace:onsite"))
    assert meta(read(client, "/skills/go/"), "description") == (
        "3 open Go jobs: 2 remote, 2 in Germany, 1 in the United States, 2 that state their pay."
    )


# --- One address for each list ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "address", "indexed"),
    [
        ("/", "/", True),
        ("/?utm_source=x", "/", True),
        ("/?sort=newest", "/", True),
        ("/?page=1", "/", True),
        ("/?page=2", "/?page=2", False),
        ("/?sort=salary", "/?sort=salary", False),
        ("/?q=gardener", "/?q=gardener", False),
        ("/?country=PL&skill=go&workplace=remote", "/?workplace=remote&skill=go&country=PL", False),
        ("/?skill=rust&skill=go", "/?skill=rust&skill=go", False),
        ("/skills/go/?page=2", "/skills/go/?page=2", False),
        ("/skills/go/?sort=salary", "/?skill=go&sort=salary", False),
        ("/skills/go/?workplace=remote", "/?workplace=remote&skill=go", False),
        ("/?company=ahorn", "/companies/ahorn/", True),
        ("/companies/ahorn/", "/companies/ahorn/", True),
        ("/companies/ahorn/?skill=go", "/?skill=go&company=ahorn", False),
        ("/companies/", "/companies/", True),
        ("/all/skill/", None, False),
    ],
)
def test_each_list_has_one_address_and_combinations_are_not_indexed(client, asked, address, indexed):
    facts = ("skill:go", "skill:rust", "country:PL", "workplace:remote")
    with at_once():
        for number in range(30):
            make_with(f"Gardener {number}", facts, company="Ahorn")
    html = read(client, asked)
    assert (canonical(html), is_indexed(html)) == (address, indexed)
    if address and not indexed:
        # What it names is the same list, and names itself.
        assert titles(read(client, address)) == titles(html)
        assert canonical(read(client, address)) == address


def test_the_address_is_the_public_one(client, settings):
    settings.SITE_URL = "https://jobs.example.org"
    assert '<link rel="canonical" href="https://jobs.example.org/">' in read(client, "/")


def test_a_list_of_nothing_is_not_indexed(client):
    assert not is_indexed(read(client, "/"))


# --- Postings -----------------------------------------------------------------------------------------


def test_postings_that_share_title_and_company_are_told_apart_in_the_title(client):
    graz, linz, again = (
        make_posting(title="Gardener", company="Ahorn", place=place, slug=slug, body_markdown=f"In {slug}.")
        for place, slug in (("Graz", "gardener-1001"), ("Linz", "gardener-1002"), ("Linz", "gardener-1003"))
    )
    assert [document_title(read(client, posting.get_absolute_url())) for posting in (graz, linz, again)] == [
        "Gardener at Ahorn, Graz – Job board",
        "Gardener at Ahorn, Linz (1002) – Job board",
        "Gardener at Ahorn, Linz (1003) – Job board",
    ]


def test_postings_that_share_the_number_too_are_told_apart_by_their_whole_names(client):
    one, two, third = (
        make_posting(title="Gardener", company="Ahorn", place="Graz", slug=slug, body_markdown=f"In {slug}.")
        for slug in ("gardener-1001", "gardener-graz-1001", "gardener-1002")
    )
    assert [document_title(read(client, posting.get_absolute_url())) for posting in (one, two, third)] == [
        "Gardener at Ahorn, Graz (gardener-1001) – Job board",
        "Gardener at Ahorn, Graz (gardener-graz-1001) – Job board",
        "Gardener at Ahorn, Graz (1002) – Job board",
    ]


def test_a_copy_names_the_first_of_its_kind_for_as_long_as_that_is_live(client):
    first, copy, other = (
        make_posting(title="Gardener", company=None, place="Linz", body_markdown=body, slug=f"gardener-{number}")
        for number, body in ((2001, "Trees."), (2002, "Trees."), (2003, "Shrubs."))
    )
    address = {each: canonical(read(client, each.get_absolute_url())) for each in (first, copy, other)}
    assert address == {first: "/jobs/gardener-2001/", copy: "/jobs/gardener-2001/", other: "/jobs/gardener-2003/"}
    Posting.objects.filter(pk=first.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert canonical(read(client, copy.get_absolute_url())) == "/jobs/gardener-2002/"


def test_long_lists_of_places_that_look_the_same_are_told_apart(client):
    places = "Austria, Belgium, Chile, Denmark, Estonia, France, Greece"
    one, two = (make_posting(title="Gardener", place=f"{places}, {last}") for last in ("Hungary", "Italy"))
    assert document_title(read(client, one.get_absolute_url())) != document_title(read(client, two.get_absolute_url()))


def test_a_closed_posting_has_no_address_to_keep(client):
    posting = make_posting(status=Posting.Status.CLOSED)
    response = client.get(posting.get_absolute_url())
    assert response.status_code == 410
    assert canonical(response.content.decode()) is None


@pytest.mark.parametrize("address", ["/", "/skills/go/", "/companies/", "/about/", "posting"])
def test_what_is_shared_has_a_title_a_text_and_a_picture(client, address):
    posting = make_with("Gardener", ("skill:go",), body_markdown='You say "hello" & prune.')
    html = read(client, posting.get_absolute_url() if address == "posting" else address)
    assert document_title(html) == f"{meta(html, 'og:title')} – Job board"
    assert meta(html, "og:description") == meta(html, "description") != ""
    assert meta(html, "og:url") == f"http://testserver{canonical(html)}"
    assert meta(html, "og:site_name") == "Job board"
    assert meta(html, "twitter:card") == "summary_large_image"


def test_pages_that_are_said_in_words_of_their_own_share_no_title(client):
    """Skill and category of one name, country and region, the lists of a company of that name."""
    make_with("Go", ("skill:go", "country:DE"), company="Go", categories=("Go",))
    addresses = ["/", "/skills/", "/categories/", "/countries/", "/companies/", "/about/", "/skills/go/"]
    addresses += ["/categories/go/", "/companies/go/", "/countries/germany/", Posting.objects.get().get_absolute_url()]
    found = [document_title(read(client, address)) for address in addresses]
    assert len(set(found)) == len(found)
