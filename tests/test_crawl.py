"""The whole board as a crawler finds it: every link leads somewhere, and every page to be indexed is one of its own."""

import os
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from postings.models import DailyClicks
from tests.crawler import Crawl


def crawl_the_board(settings, sample: int) -> Crawl:
    visitor = Client(raise_request_exception=False)
    hosts = filter(None, [urlsplit(settings.SITE_URL).netloc])
    crawl = Crawl(lambda method, address: getattr(visitor, method)(address), hosts, sample).run()
    missing = [path for path in crawl.static if not finders.find(path.removeprefix("/static/"))]
    assert missing == []
    assert not DailyClicks.objects.exists() and not settings.CLICK_JOURNAL.exists()
    return crawl


def kind_of(address: str) -> str:
    """An address without what differs from page to page of a kind."""
    parts = urlsplit(address)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        name = parts.path
    return f"{name} ?{'&'.join(names)}" if names else name


@pytest.mark.django_db
def test_the_board_of_the_samples_has_no_dead_end_and_no_page_twice(settings):
    call_command("load_samples", verbosity=0)
    crawl = crawl_the_board(settings, sample=50)
    assert len(crawl.applied) >= 30
    assert {"/", "/about/", "/companies/"} <= {page.address for page in crawl.indexable()}
    problems = crawl.report()
    assert not problems, problems


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif("POSTINGS_CORPUS" not in os.environ, reason="POSTINGS_CORPUS names no archive")
@pytest.mark.django_db
def test_the_board_of_the_corpus_has_no_dead_end_and_no_page_twice(settings):
    call_command("import_postings", os.environ["POSTINGS_CORPUS"], verbosity=0)
    crawl = crawl_the_board(settings, sample=500)
    # Seen with `-s`, and where the test fails.
    print(crawl.counts(kind_of), f"{len(crawl.links_to_redirects()):6}        links to redirects", sep="\n")
    assert len(crawl.applied) > 5000
    problems = crawl.report()
    assert not problems, problems


# --- The crawler itself: each thing that can be wrong is found -----------------------------------------


def page(head: str = "", body: str = "", title: str = "Home", description: str = "All there is.", **headers):
    html = f'<title>{title}</title><meta name="description" content="{description}">{head}<body>{body}'
    return 200, html, {"Content-Type": "text/html", **headers}


def moved(to: str):
    return 301, "", {"Location": to}


NOINDEX = '<meta name="robots" content="noindex">'
NOTHING = (404, "", {"Content-Type": "text/html"})
XML = {"Content-Type": "application/xml"}
ROBOTS = (200, "User-agent: *\nSitemap: http://testserver/sitemap.xml", {"Content-Type": "text/plain"})


def sitemap(*addresses: str):
    locs = "".join(f"<url><loc>http://testserver{address}</loc></url>" for address in addresses)
    return 200, f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locs}</urlset>', XML


def crawl_of(pages: dict, sample: int = 10) -> tuple[Crawl, list[tuple[str, str]]]:
    asked = []

    def ask(method, address):
        asked.append((method, address))
        status, text, headers = pages.get(address, NOTHING)
        return HttpResponse(text, status=status, headers=headers)

    return Crawl(ask, sample=sample).run(), asked


def found_on(**changes) -> dict[str, list[str]]:
    """The problems of a board of two pages that is all right but for the changes; `_` stands for a slash."""
    pages = {
        "/robots.txt": ROBOTS,
        "/sitemap.xml": sitemap("/"),
        "/": page(body='<a href="/a">A</a>'),
        "/a": page(title="A", head='<link rel="canonical" href="http://testserver/a">'),
    }
    return crawl_of(pages | {name.replace("_", "/"): answer for name, answer in changes.items()})[0].problems()


def test_a_board_that_is_all_right_has_no_problem():
    assert found_on() == {}


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("does not answer", {"_a": NOTHING}),
        ("does not answer", {"_a": (500, "", {})}),
        ("does not answer", {"_": page('<link rel="alternate" href="/feed.atom">', '<a href="/a">A</a>')}),
        ("does not answer", {"_": page(body='<form action="/find"></form><a href="/a">A</a>')}),
        (
            "does not answer",
            {"_feed": NOTHING, "_a": (200, '{"items": [{"url": "/gone"}]}', {"Content-Type": "a/json"})},
        ),
        (
            "does not answer",
            {"_a": (200, '<feed><entry><link href="/gone"/></entry></feed>', {"Content-Type": "application/atom+xml"})},
        ),
        ("does not answer", {"_a": page(title="A", head='<meta property="og:image" content="/a.png">')}),
        (
            "does not answer",
            {"_a": (200, '{"icons": [{"src": "a.png"}]}', {"Content-Type": "application/manifest+json"})},
        ),
        ("leads to a redirect that leads on to another", {"_a": moved("/b"), "_b": moved("/")}),
        ("an apply link that is none", {"_a": page(title="A", body='<a href="/apply/x">Apply</a>')}),
        ("names a place that is not in the page", {"_a": page(title="A", body='<a href="/#counted">What</a>')}),
        ("has no title", {"_a": page(title=" ")}),
        ("has no description", {"_a": page(title="A", description=" ")}),
        ("share a title", {"_a": page(title="Home")}),
        (
            "its canonical page is none",
            {
                "_a": page(title="A", head='<link rel="canonical" href="/b">'),
                "_b": page('<meta name="robots" content="noindex">'),
            },
        ),
        ("its canonical page is none", {"_a": page('<link rel="canonical" href="/b">'), "_b": moved("/")}),
        (
            "is in a sitemap, and cannot be indexed",
            {"_a": page(**{"X-Robots-Tag": "noindex"}), "_sitemap.xml": sitemap("/a")},
        ),
    ],
)
def test_the_crawl_finds_what_is_wrong(what, changes):
    assert what in found_on(**changes)


def in_a_row(number: int) -> dict:
    pages = {f"/{each}": page(body=f'<a href="/{each + 1}">On</a>', title=str(each)) for each in range(number)}
    return {
        "/robots.txt": ROBOTS,
        "/sitemap.xml": sitemap("/"),
        **pages,
        "/": pages["/0"],
        f"/{number}": page(title="End"),
    }


def test_a_page_is_within_four_clicks_or_in_the_sitemap():
    pages = in_a_row(6)
    assert crawl_of(pages)[0].problems() == {
        "is too far from home, and in no sitemap": ["/5: 5 clicks", "/6: 6 clicks"],
    }
    assert crawl_of(pages | {"/sitemap.xml": sitemap("/5", "/6")})[0].problems() == {}


def test_pages_that_are_not_indexed_may_be_alike():
    for head in (NOINDEX, '<link rel="canonical" href="/">'):
        assert found_on(_a=page(head, title="Home", description="")) == {}


def test_a_page_that_is_not_indexed_may_name_another_one_as_canonical():
    other = page(NOINDEX + '<link rel="canonical" href="/b">')
    assert found_on(_a=other, _b=other) == {}
    assert "its canonical page is none" in found_on(_a=other, _b=page(NOINDEX + '<link rel="canonical" href="/c">'))
    assert "its canonical page is none" in found_on(_a=other, _b=NOTHING)


def test_a_combination_of_filters_is_only_looked_at_in_a_sample():
    links = "".join(f'<a href="/?a={number}&amp;b=1">One</a>' for number in range(20))
    pages = {
        "/robots.txt": ROBOTS,
        "/sitemap.xml": sitemap("/"),
        "/": page(body=links),
        **{f"/?a={number}&b=1": page(NOINDEX, links) for number in range(20)},
    }
    crawl, asked = crawl_of(pages, sample=5)
    assert sum("&b=1" in address for _, address in asked) == 5
    assert crawl.problems() == {}


def test_what_says_nofollow_is_only_looked_at_in_a_sample_and_leads_no_further():
    links = "".join(f'<a rel="nofollow" href="/{number}">One</a>' for number in range(9))
    pages = {f"/{number}": page(title=f"{number}", body='<a href="/gone">On</a>') for number in range(9)}
    asked = crawl_of({"/": page(body=links), **pages}, sample=4)[1]
    assert sum(address[1:].isdecimal() for _, address in asked) == 4
    assert ("get", "/gone") not in asked


def test_the_pages_of_the_whole_list_are_followed_although_they_are_not_indexed():
    pages = {f"/?page={each}": page(NOINDEX, f'<a href="/?page={each + 1}">Next</a>') for each in range(2, 9)}
    crawl = crawl_of({"/": page(body='<a href="/?page=2">Next</a>'), **pages}, sample=0)[0]
    assert crawl.pages["/?page=9"].status == 404


def test_of_an_apply_link_only_the_head_is_asked_for():
    _, asked = crawl_of(
        {"/": page(body='<a href="/apply/x">Apply</a>'), "/apply/x": (302, "", {"Location": "//e.example"})}
    )
    assert [method for method, address in asked if "apply" in address] == ["head"]


def test_what_is_wrong_is_said_with_where_it_is_linked_from():
    crawl, _ = crawl_of({"/": page(body='<a href="/gone">A</a>'), "/robots.txt": ROBOTS, "/sitemap.xml": sitemap("/")})
    assert crawl.report() == "does not answer: 1\n    /gone answers 404, linked from /"
