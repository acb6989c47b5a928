"""The board in a real browser: Debian's Chromium, driven by Playwright."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from postings.models import Posting
from tests.factories import make_posting

playwright_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here; on Debian and Ubuntu: apt install chromium"),
]


@pytest.fixture(scope="module")
def chromium():
    # Playwright keeps an event loop in this thread, on which Django would refuse its database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


class Visit:
    """A window on the board that notes what should not happen there."""

    def __init__(self, browser, live_server, **options) -> None:
        self.home = live_server.url
        self.problems: list[str] = []  # errors, violations of the policy, dialogs
        self.elsewhere: list[str] = []  # requests to any other host, of which none gets out
        self.context = browser.new_context(base_url=self.home, **options)
        self.context.set_default_timeout(10_000)
        self.context.route(lambda url: urlsplit(url).netloc != urlsplit(self.home).netloc, self._keep_inside)
        self.page = self.context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("dialog", self._on_dialog)

    def _keep_inside(self, route):
        self.elsewhere.append(route.request.url)
        route.fulfill(
            status=200, content_type="text/html", body="<!doctype html><title>The employer</title><h1>Welcome"
        )

    def _on_console(self, message):
        # The browser repeats every status of 400 and more as an error: that is asked for here.
        if message.type in ("error", "warning") and "the server responded with a status of" not in message.text:
            self.problems.append(f"{message.type}: {message.text}")

    def _on_dialog(self, dialog):
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def titles(self) -> list[str]:
        return self.page.locator(".row-title a").all_inner_texts()

    def too_wide_by(self) -> int:
        """How far the page reaches beyond the window, in pixels."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def path(self) -> str:
        return self.page.url.removeprefix(self.home)


@pytest.fixture
def visit(chromium, live_server):
    visits = []

    def begin(**options) -> Visit:
        visits.append(Visit(chromium, live_server, **options))
        return visits[-1]

    yield begin
    for each in visits:
        each.context.close()


WIDE_BODY = "\n\n".join(
    [
        f"|{' a column |' * 30}\n|{'---|' * 30}\n|{' a cell |' * 30}",
        f"```\n{'a long line of code ' * 30}\n```",
        f"https://jobs.example/{'path' * 80}",
        "- a\n  - b\n    - c",
        f"> {'quoted' * 40}",
    ]
)


@pytest.fixture
def board(transactional_db):
    """30 postings as the wild has them, one of them with everything that is wide or long."""
    for number in range(28):
        make_posting(
            title=f"Gardener {number}",
            company=f"Garden {number}",
            place="Remote, Austria" if number % 2 else "Graz, Austria",
            salary_text="€40,000 - €48,000",
            categories=("Gardening",) if number % 2 else ("Kitchen", "Gardening"),
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
    make_posting(slug="closed", title="Closed " + "z" * 100, company="Garden 3", status=Posting.Status.CLOSED)


PAGES = {
    "list": "/",
    "second page": "/?page=2",
    "filtered": "/?q=gardener&category=gardening&place=Austria&company=garden-3&company=" + "w" * 190,
    "nothing found": "/?q=" + "astronaut" * 20,
    "ways out": "/?q=gardner&place=Graz&salary_min=60k&currency=usd&posted=3",
    "left out": "/?sort=x&page=0&skill=" + "w" * 190,
    "all companies": "/all/company/?q=gardener&company=garden-3",
    "companies": "/companies/",
    "company": "/companies/donaudampfschifffahrt/",
    "detail": "/jobs/wide/",
    "report": "/jobs/wide/report/",
    "thanks": "/jobs/wide/report/thanks/",
    "closed": "/jobs/closed/",
    "not found": "/no-such-page",
    "admin login": "/admin/login/",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_pages_are_quiet_keep_to_themselves_and_fit(visit, board, width, scheme):
    window = visit(viewport={"width": width, "height": 800}, color_scheme=scheme)
    found = {}
    for name, address in PAGES.items():
        window.page.goto(address)
        # What is folded has to fit, too.
        window.page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
        found[name] = {
            "problems": window.problems[:],
            "elsewhere": window.elsewhere[:],
            "too wide by": window.too_wide_by(),
            "h1": window.page.locator("h1").count(),
        }
        window.problems.clear()
        window.elsewhere.clear()
    fine = {"problems": [], "elsewhere": [], "too wide by": 0}
    # Django's sign-in page calls its own name a heading, and itself nothing.
    assert found == {name: {**fine, "h1": 0 if name == "admin login" else 1} for name in PAGES}


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        pytest.param(
            "/jobs/gardener/",
            {"company": "Donaudampfschifffahrtsgesellschaft"},
        ),
        pytest.param(
            "/",
            {"categories": ("Donaudampfschifffahrtsgesellschaft" * 2,)},
        ),
        ("/", {"company": "Donaudampfschifffahrtsgesellschaft" * 4}),
        ("/jobs/gardener/", {"title": "x" * 300}),
        ("/jobs/gardener/", {"categories": ("Donaudampfschifffahrtsgesellschaft" * 2,)}),
        ("/jobs/gardener/", {"apply_keyword": "x" * 100}),
        ("/jobs/gardener/", {"apply_url": f"https://{'x' * 60}.{'y' * 60}.example/"}),
        ("/jobs/gardener/", {"company": "Donaudampfschifffahrtsgesellschaft" * 4, "status": "closed"}),
    ],
)
def test_one_long_word_does_not_make_a_narrow_page_wide(visit, transactional_db, address, fields):
    make_posting(**{"slug": "gardener", **fields})
    window = visit(viewport={"width": 360, "height": 800})
    window.page.goto(address)
    window.page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
    assert window.too_wide_by() == 0


def test_the_boards_style_sheet_is_in_force_and_follows_the_colour_scheme(visit, board):
    backgrounds = []
    for scheme in ("light", "dark"):
        window = visit(color_scheme=scheme)
        window.page.goto("/")
        backgrounds.append(window.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert "rgba(0, 0, 0, 0)" not in backgrounds
    assert backgrounds[0] != backgrounds[1]


@pytest.mark.parametrize("javascript", [False, True], ids=["without JavaScript", "with JavaScript"])
@pytest.mark.parametrize("width", [1440, 360])
def test_a_seeker_searches_filters_reads_applies_and_comes_back(visit, board, javascript, width):
    window = visit(java_script_enabled=javascript, viewport={"width": width, "height": 800})
    page = window.page
    page.goto("/")
    assert page.locator("[data-total]").get_attribute("data-total") == "29"

    # Search.
    page.get_by_label("Keyword").fill("gardener")
    page.get_by_role("button", name="Search", exact=True).click()
    assert page.locator("h1").inner_text() == "28 jobs"

    # Tick two categories; on a narrow window they are folded away.
    if not page.get_by_label("Kitchen").is_visible():
        page.locator("summary", has_text="Filters").click()
    page.get_by_label("Kitchen").check()
    page.get_by_label("Gardening").check()
    page.get_by_role("button", name="Apply filters").last.click()
    assert "category=kitchen" in window.path()
    assert "category=gardening" in window.path()
    assert "q=gardener" in window.path()
    # What was left empty is not in the address.
    assert "place=" not in window.path()
    assert page.locator("[data-total]").get_attribute("data-total") == "28"

    # Change the page.
    first_page = window.titles()
    assert len(first_page) == 25
    page.get_by_role("link", name="Next page").click()
    assert len(window.titles()) == 3
    assert not set(window.titles()) & set(first_page)
    second_page = window.path()

    # Open a posting, and apply.
    page.get_by_role("link", name="Gardener 1", exact=True).click()
    assert page.locator("h1").inner_text() == "Gardener 1"
    posting = Posting.objects.get(title="Gardener 1")
    page.get_by_role("link", name="CLICK TO APPLY").click()
    page.wait_for_url(posting.apply_url)
    assert page.title() == "The employer"
    assert window.elsewhere == [posting.apply_url]
    assert posting.daily_clicks.get().count == 1

    # Back, and back once more: where one was.
    page.go_back()
    assert page.locator("h1").inner_text() == "Gardener 1"
    page.go_back()
    assert window.path() == second_page
    page.get_by_role("link", name="Previous page").click()
    assert window.titles() == first_page
    assert page.get_by_label("Keyword").input_value() == "gardener"

    # Take a filter off.
    page.get_by_role("link", name="Remove filter: Gardening").click()
    assert "category=gardening" not in window.path()
    assert page.locator("[data-total]").get_attribute("data-total") == "14"
    assert window.problems == []


def test_a_seeker_picks_from_all_companies(visit, board):
    window = visit(viewport={"width": 1440, "height": 800})
    page = window.page
    page.goto("/?q=gardener")
    page.get_by_label("Garden 1", exact=False).first.check()
    page.get_by_role("button", name="Apply filters").last.click()
    assert page.locator("[data-total]").get_attribute("data-total") == "1"
    page.get_by_role("link", name=re.compile("All 2. companies")).click()
    page.get_by_label("Garden 27").check()
    page.get_by_role("button", name="Show jobs").first.click()
    assert window.titles() == ["Gardener 27", "Gardener 1"]
    assert "q=gardener" in window.path()
    assert page.get_by_label("Garden 27").is_checked()
    assert window.problems == []


def test_while_a_seeker_types_the_field_suggests(visit, board):
    window = visit()
    page = window.page
    page.goto("/")
    options = page.locator("#suggestions option")
    assert options.count() == 0
    field = page.get_by_label("Keyword")
    field.press_sequentially("gard")
    options.first.wait_for(state="attached")
    assert [option.get_attribute("value") for option in options.all()][:3] == ["Garden 0", "Garden 1", "Garden 2"]
    assert options.first.get_attribute("label") == "Garden 0 – company, 1 job"
    # What was typed is searched for, whatever was suggested.
    field.press("Enter")
    assert page.locator("h1").inner_text() == "0 jobs"
    page.get_by_label("Keyword").press_sequentially("e")
    page.get_by_label("Keyword").fill("")
    page.wait_for_timeout(300)
    assert options.count() == 0
    assert (window.problems, window.elsewhere) == ([], [])


def test_the_applicants_click_is_a_persons(visit, board):
    """The browser that drives the tests says that it is headless; a person's does not."""
    user_agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    window = visit(user_agent=user_agent)
    window.page.goto("/jobs/wide/")
    window.page.get_by_role("link", name="CLICK TO APPLY").click()
    window.page.wait_for_url("https://jobs.lindenhof.example/**")
    assert [clicks.kind for clicks in Posting.objects.get(slug="wide").daily_clicks.all()] == ["person"]


HOSTILE = [
    "<script>alert('script')</script>",
    "<img src=x onerror=alert('img')>",
    "<svg onload=alert('svg')><svg/onload=alert('svg2')>",
    "<svg><script>alert('svg script')</script></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<details open ontoggle=alert('details')>x</details>",
    "<video><source onerror=alert('video')></video>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe><iframe src=https://evil.example/frame></iframe>",
    "<object data=https://evil.example/object></object><embed src=https://evil.example/embed>",
    "<link rel=stylesheet href=https://evil.example/css><style>@import 'https://evil.example/import';</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/refresh'><base href=https://evil.example/>",
    "<form action=https://evil.example/><input autofocus onfocus=alert('focus')></form>",
    '<p style="background:url(https://evil.example/style)">x</p>',
    "<a href=x ping=https://evil.example/ping id=x name=body>x</a>",
    "![pixel](https://evil.example/pixel)",
    '![x](x "\'onerror=alert(1)")',
    "[click](javascript:alert('link'))",
    "[click](JaVaScRiPt&colon;alert('entity'))",
    "[click](java%0Ascript:alert('percent'))",
    "[click](data:text/html,<script>alert('data')</script>)",
    "<javascript:alert('autolink')>",
    "[click][ref]\n\n[ref]: javascript:alert('reference')",
    "[x](https://jobs.example/ \"' onmouseover=alert('title') '\")",
    "</section></article></main><script>alert('breakout')</script>",
    "```<script>alert('fence')</script>\n</code></pre><script>alert('in fence')</script>\n```",
    "| <img src=x onerror=alert('cell')> |\n|---|\n| <script>alert('cell 2')</script> |",
    "<!--><script>alert('comment')</script>-->",
    "<template><script>alert('template')</script></template><plaintext>",
]


@pytest.mark.parametrize("bypass", [True, False], ids=["without the policy", "under the policy"])
def test_a_hostile_posting_does_nothing(visit, bypass):
    """Without the policy above all: it would hide what the sanitiser lets through."""
    for number, body in enumerate(HOSTILE):
        make_posting(slug=f"hostile-{number}", body_markdown=f"Before\n\n{body}\n\nAfter", title=body, company=None)
    window = visit(bypass_csp=bypass)
    for number in range(len(HOSTILE)):
        window.page.goto(f"/jobs/hostile-{number}/")
        # Time for what comes a moment after loading: a refresh, an animation, a focus.
        window.page.wait_for_timeout(150)
        # Whatever a person could touch in the text is touched; what leads away is only looked at.
        for link in window.page.locator("section.description a").all():
            link.hover()
            link.focus()
            assert link.get_attribute("href").startswith("https://jobs.example/")
        assert window.path() == f"/jobs/hostile-{number}/"
        assert window.page.locator("section.description").count() == 1
        assert "CLICK TO APPLY" in window.page.locator("main").inner_text()
    window.page.goto("/")
    assert window.problems == []
    assert window.elsewhere == []
