"""A posting as it is read in a real browser: on a screen, with the keyboard, on paper; and the way back."""

import pytest

from tests.factories import make_posting

PHONE = {"width": 360, "height": 740}
SENTENCE = "In spring we prune the old trees, and in autumn those who pruned them pick what has grown since. "


@pytest.fixture
def posting(transactional_db):
    for number in range(28):
        make_posting(title=f"Cook {number}", company="Kitchen", published_on=f"2025-01-{number + 1:02}")
    links = "\n\n".join(f"[More of it](https://ried.example/{number}) {SENTENCE}" for number in range(30))
    return make_posting(
        slug="keeper",
        title="Orchard keeper",
        company="Obsthof Ried",
        body_markdown=f"**What you do**\n\n{SENTENCE * 8}\n\n{links}\n\n|{' a column |' * 20}\n|{'---|' * 20}\n",
        apply_keyword="PIPPIN",
        published_on="2024-01-01",
    )


def eventually(page, question: str) -> bool:
    """Whether it comes true within two seconds; Playwright's own waiting would need what the policy forbids."""
    for _ in range(40):
        if page.evaluate(question):
            return True
        page.wait_for_timeout(50)
    return False


@pytest.mark.parametrize("address", ["/?q=keeper&sort=-published", "/?page=2", "/companies/obsthof-ried/"])
def test_back_to_the_list_is_where_one_was(visit, posting, address):
    page = visit(viewport={"width": 1000, "height": 400}, reduced_motion="reduce").page
    page.goto(address)
    there = page.url
    way = page.get_by_role("link", name="Orchard keeper", exact=True)
    way.scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 20)")
    place = page.evaluate("scrollY")
    assert place > 0
    way.click()
    page.wait_for_url("**/jobs/keeper/")
    # The address says the same, for a new tab.
    assert page.get_by_text("Back to the list").get_attribute("href") == there
    page.get_by_text("Back to the list").click()
    page.wait_for_url(there)
    assert eventually(page, f"scrollY === {place}")
    # It went back: what comes next is the posting that was left.
    page.go_forward()
    page.wait_for_url("**/jobs/keeper/")


@pytest.mark.parametrize("before", [None, "/jobs/keeper/report/", "/companies/", "https://elsewhere.example/"])
def test_from_anywhere_else_it_leads_to_the_list_from_its_beginning(visit, posting, before):
    window = visit()
    window.page.goto(
        "/jobs/keeper/", referer=before and (before if before.startswith("https") else window.home + before)
    )
    window.page.get_by_text("Back to the list").click()
    window.page.wait_for_url(f"{window.home}/")


def test_without_a_script_it_leads_to_the_list_from_its_beginning(visit, posting):
    window = visit(java_script_enabled=False)
    window.page.goto("/?page=2")
    window.page.get_by_role("link", name="Orchard keeper", exact=True).click()
    window.page.get_by_text("Back to the list").click()
    assert window.path() == "/"


def test_on_a_phone_the_apply_link_stays_in_reach_and_hides_no_focus(visit, posting):
    page = visit(viewport=PHONE, reduced_motion="reduce").page
    page.goto("/jobs/keeper/")
    apply = page.get_by_role("link", name="CLICK TO APPLY")
    hidden = """() => {
        const element = document.activeElement, closing = document.querySelector(".closing");
        if (closing.contains(element)) return [];
        const bar = closing.getBoundingClientRect(), box = element.getBoundingClientRect();
        return box.bottom > bar.top && box.top < bar.bottom ? [element.outerHTML] : [];
    }"""
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(hidden) == []
        # The word to mention is there with it.
        for each in (apply, page.locator(".keyword")):
            edge = each.bounding_box()
            assert edge["y"] >= 0 and edge["y"] + edge["height"] <= PHONE["height"]


@pytest.mark.parametrize("viewport", [{"width": 740, "height": 360}, {"width": 1440, "height": 900}])
def test_on_a_low_or_wide_screen_it_stands_at_the_end(visit, posting, viewport):
    page = visit(viewport=viewport).page
    page.goto("/jobs/keeper/")
    assert page.locator(".closing").evaluate("each => getComputedStyle(each).position") == "static"


def test_a_line_is_as_long_as_is_good_to_read(visit, posting):
    page = visit(viewport={"width": 1440, "height": 900}).page
    page.goto("/jobs/keeper/")
    paragraph = page.locator(".description > p", has_text=SENTENCE * 8)
    lines = paragraph.evaluate(
        "each => each.getBoundingClientRect().height / parseFloat(getComputedStyle(each).lineHeight)"
    )
    assert 60 <= len(SENTENCE) * 8 / lines <= 75


def test_a_wide_table_scrolls_with_the_keyboard(visit, posting):
    window = visit(viewport=PHONE)
    window.page.goto("/jobs/keeper/")
    box = window.page.get_by_role("group", name="Table")
    box.focus()
    window.page.keyboard.press("ArrowRight")
    assert eventually(window.page, "document.querySelector('.table-box').scrollLeft > 0")
    assert window.too_wide_by() == 0


def test_on_paper_there_is_the_posting_and_nothing_else(visit, posting):
    window = visit(color_scheme="dark")
    window.page.emulate_media(media="print")
    window.page.goto("/jobs/keeper/")
    text = window.page.locator("body").inner_text()
    for part in ("Orchard keeper", "Obsthof Ried", "What you do", "PIPPIN", f"Apply at {window.home}/apply/keeper"):
        assert part in text
    for part in ("Job board", "Companies", "Back to", "Report", "Similar", "CLICK", "tracked", "Skip"):
        assert part not in text
    ink, paper = window.page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_wears_the_boards_colours(visit, posting, scheme):
    window = visit(color_scheme=scheme)
    colour = "getComputedStyle(document.body).backgroundColor"
    window.page.goto("/")
    board = window.page.evaluate(colour)
    window.page.goto("/admin/login/")
    assert window.page.evaluate(colour) == board
    button = window.page.get_by_role("button", name="Log in")
    login = button.evaluate("each => getComputedStyle(each).backgroundColor")
    window.page.goto("/")
    search = window.page.get_by_role("button", name="Search", exact=True)
    assert login == search.evaluate("each => getComputedStyle(each).backgroundColor")
    assert window.problems == []
