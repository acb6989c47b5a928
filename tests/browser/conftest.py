"""A window on the board, a board worth looking at, and every kind of page that it has."""

import datetime as dt
import os
from typing import NamedTuple

import pytest
from django.db import OperationalError
from django.urls import Resolver404, include, path, resolve
from django.utils import timezone
from playwright.sync_api import sync_playwright

from jobboard import urls
from postings import applying, reports
from postings.models import DailyClicks, FiguresLink, Posting, PostingTag, Tag
from tests.browser import CHROMIUM, HOW_TO_GET_CHROMIUM
from tests.browser.visit import Visit
from tests.factories import make_posting

MARKS = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium here; {HOW_TO_GET_CHROMIUM}"),
]


def pytest_itemcollected(item):
    """Marks every test of this folder; pytest asks only for those."""
    for mark in MARKS:
        item.add_marker(mark)


@pytest.fixture(scope="package")
def chromium():
    # Playwright keeps an event loop in this thread, on which Django would refuse its database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def visit(chromium, live_server):
    windows = []

    def begin(**options) -> Visit:
        windows.append(Visit(chromium, live_server.url, **options))
        return windows[-1]

    yield begin
    for window in windows:
        window.context.close()


# --- A board -----------------------------------------------------------------------------------------

WIDE_BODY = "\n\n".join(
    [
        f"|{' a column |' * 30}\n|{'---|' * 30}\n|{' a cell |' * 30}",
        f"```\n{'a long line of code ' * 30}\n```",
        f"https://jobs.example/{'path' * 80}",
        "- a\n  - b\n    - c",
        f"> {'quoted' * 40}",
    ]
)
# Headings, lists, a table, code and links, as the sources write them.
PLAIN_BODY = """## What you will do

You will look after [our orchards](https://jobs.example/orchards) and those who visit them.

- Prune in winter, `graft` in spring
- Write down what grew, on [a sheet](https://jobs.example/sheet)

### What we offer

| | Summer | Winter |
|---|---|---|
| Hours | 40 | 30 |
"""


@pytest.fixture
def board(transactional_db):
    """30 postings as the wild has them, one of them with everything that is wide or long."""
    for number in range(28):
        make_posting(
            slug=f"gardener-{number}",
            title=f"Gardener {number}",
            company=f"Garden {number}",
            place="Remote, Austria" if number % 2 else "Graz, Austria",
            salary_text="€40,000 - €48,000",
            categories=("Gardening",) if number % 2 else ("Kitchen", "Gardening"),
            body_markdown=PLAIN_BODY,
            published_on=f"2025-01-{number + 1:02}",
        )
    make_posting(
        slug="wide",
        title="Senior/Principal-Rindfleischetikettierungsüberwachungsaufgabenübertragung " + "x" * 120,
        company="Donaudampfschifffahrt",
        place="; ".join(f"Place number {number} of many" for number in range(40)),
        salary_text="$" + "174,000/yr-" * 12,
        other_tags=["❤️ " + "onewordwithoutanyend" * 10, "שלום עולם"],
        categories=("A category with a name that is nearly as long as names of categories can be, and ends at last",),
        body_markdown=WIDE_BODY,
        apply_keyword="PIPPIN",
        published_on="2025-02-01",
    )
    tag_postings()
    make_posting(slug="closed", title="Closed " + "z" * 100, company="Garden 3", status=Posting.Status.CLOSED)


def tag_postings() -> None:
    """Gives every other posting a country, a region, a workplace and skills, for the pages that these have."""
    tags = [
        Tag.objects.create(kind=kind, code=code, name=name)
        for kind, code, name in (
            ("skill", "go", "Go"), ("skill", "c++", "C++"), ("country", "AT", "Austria"),
            ("region", "eu", "European Union"), ("workplace", "remote", "Remote"),
        )
    ]  # fmt: skip
    tagged = Posting.objects.filter(place="Remote, Austria")
    PostingTag.objects.bulk_create(PostingTag(posting=posting, tag=tag) for posting in tagged for tag in tags)


# --- Every kind of page ------------------------------------------------------------------------------


class Kind(NamedTuple):
    """A kind of page, and how one gets there: by its address, or by sending it a form."""

    address: str
    status: int = 200
    form: dict[str, str] | None = None
    sender: str = ""


KINDS = {
    "list": Kind("/"),
    "second page": Kind("/?page=2"),
    "filtered": Kind("/?q=gardener&category=gardening&place=Austria&company=garden-3&company=" + "w" * 190),
    "nothing found": Kind("/?q=" + "astronaut" * 20),
    "ways out": Kind("/?q=gardner&place=Graz&salary_min=60k&currency=usd&posted=3"),
    "left out": Kind("/?sort=x&page=0&skill=" + "w" * 190),
    "empty board": Kind("/"),
    "all companies": Kind("/all/company/?q=gardener&company=garden-3"),
    "all categories": Kind("/all/category/"),
    "companies": Kind("/companies/"),
    "company": Kind("/companies/donaudampfschifffahrt/"),
    "skill": Kind("/skills/c-plus-plus/"),
    "skill in a country": Kind("/skills/go/austria/"),
    "category with a long name": Kind(
        "/categories/a-category-with-a-name-that-is-nearly-as-long-as-names-of-categories-can-be-and-ends-at-last/"
    ),
    "all skills": Kind("/skills/"),
    "detail": Kind("/jobs/gardener-3/"),
    "wide detail": Kind("/jobs/wide/"),
    "detail from right to left": Kind("/jobs/bustanai/"),
    "report": Kind("/jobs/wide/report/"),
    "report without a reason": Kind("/jobs/wide/report/", 422, {}),
    "report with too many words": Kind("/jobs/wide/report/", 422, {"reason": "scam", "words": "x" * 2_000}),
    "report by a program": Kind("/jobs/wide/report/", 422, {"reason": "scam", "homepage": "x"}),
    "report that is too large": Kind("/jobs/wide/report/", 413, {"reason": "scam", "words": "x" * 70_000}),
    "report too many": Kind("/jobs/many/report/", 429, {"reason": "scam"}),
    "report that is lost": Kind("/jobs/lost/report/", 503, {"reason": "scam"}),
    "report from elsewhere": Kind("/jobs/wide/report/", 403, {"reason": "scam"}, sender="about:blank"),
    "thanks": Kind("/jobs/wide/report/thanks/"),
    "closed": Kind("/jobs/closed/", 410),
    "not found": Kind("/no-such-page", 404),
    "bad request": Kind("/jobs/a%00b/", 400),
    "only to look at": Kind("/", 405, {}),
    "failure": Kind("/broken", 500),
    "database away": Kind("/apply/away", 503),
    "figures": Kind("/figures/{key}/"),
    "about": Kind("/about/"),
    "admin login": Kind("/admin/login/"),
}


def broken(request):
    raise RuntimeError("as it should: somebody looks at the page for failures")


# This module is the urls.py of `kind`: the board's own addresses, and one that fails.
urlpatterns = [path("broken", broken), path("", include(urls.urlpatterns))]
handler500 = urls.handler500


@pytest.fixture(params=KINDS)
def kind(request, settings):
    """Each kind of page in turn, on a board that has it."""
    settings.ROOT_URLCONF = __name__
    found = KINDS[request.param]
    try:
        resolve(found.address.partition("?")[0])
    except Resolver404:
        if found.status != 404:
            pytest.skip(f"no page at {found.address}")
    if request.param == "empty board":
        request.getfixturevalue("transactional_db")
        return found
    request.getfixturevalue("every_kind")
    return found._replace(address=found.address.format(key=figures_key()))


@pytest.fixture
def every_kind(board, settings, monkeypatch):
    """A board that has every kind of page, but for the empty one."""
    settings.ROOT_URLCONF = __name__
    for slug in ("many", "lost"):
        make_posting(slug=slug)
    make_posting(
        slug="bustanai",
        title="בוסתנאי",
        company="בוסתן רחובות",
        place="רחובות",
        body_markdown="## מה עושים\n\nאנחנו מגדלים עצים, ומחפשים מי שמכיר אותם.",
    )
    monkeypatch.setattr(applying, "find", find_nothing)
    monkeypatch.setattr(reports, "file", take_none)


def find_nothing(slug):
    raise OperationalError("as a database says that is away")


def take_none(posting, *_):
    raise reports.TooMany if posting.slug == "many" else OperationalError("as a database says that is away")


def figures_key() -> str:
    posting = Posting.objects.get(slug="gardener-3")
    for days_ago, kind, count in ((0, "person", 3), (0, "bot", 40), (2, "person", 4), (2, "repeat", 5)):
        day = timezone.now().date() - dt.timedelta(days=days_ago)
        DailyClicks.objects.create(posting=posting, day=day, kind=kind, count=count)
    link, _ = FiguresLink.objects.make(posting)
    return link.key
