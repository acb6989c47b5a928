"""Pages in a browser: quiet, kept to themselves, and harmless whatever a posting brings."""

import pytest

from postings.models import Posting
from tests.browser.visit import SIZES
from tests.factories import make_posting

WATCH_SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const {value, hadRecentInput, sources} of list.getEntries())
            if (!hadRecentInput) window.shifts.push(`${value.toFixed(4)}: ${sources.map(({node}) =>
                node?.className || node?.nodeName).join(", ")}`);
    }).observe({type: "layout-shift", buffered: true});
"""
A_MOMENT_MS = 300  # for what comes after loading: a script, a font, a picture


@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_quiet_keeps_to_itself_and_stands_still(visit, kind, size):
    window = visit(viewport=SIZES[size])
    window.context.add_init_script(WATCH_SHIFTS)
    window.open(*kind)
    window.page.wait_for_timeout(A_MOMENT_MS)
    shifts = window.page.evaluate("shifts")
    window.unfold()
    assert (window.problems, window.elsewhere, shifts) == ([], [], [])


def test_the_watch_sees_what_moves(visit, board):
    window = visit(viewport=SIZES["wide"])
    window.context.add_init_script(WATCH_SHIFTS)
    window.open("/")
    window.page.evaluate(
        "setTimeout(() => { document.querySelector('main').style.marginTop = '90px'; }, 20)",
    )
    window.page.wait_for_timeout(A_MOMENT_MS)
    assert window.page.evaluate("shifts") != []


def test_the_list_asks_for_few_things_and_only_of_its_own_host(visit, board):
    window = visit(viewport=SIZES["wide"])
    window.open("/")
    window.page.wait_for_load_state("networkidle")
    assert len(window.requests) <= 6, window.requests
    assert all(address.startswith(window.home) for address in window.requests)
    assert window.elsewhere == []


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
    page.wait_for_url("**/?q=gard")
    page.get_by_role("heading", name="0 jobs", level=1).wait_for()
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
