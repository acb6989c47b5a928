"""The admin's pages on which a posting is edited, in a browser: with JavaScript and without, wide and narrow."""

import re

import pytest

from postings.models import Posting
from tests.browser.test_axe import in_both_schemes
from tests.browser.visit import SIZES
from tests.factories import make_company, make_posting, posting_text

ADD, PASTE = "/admin/postings/posting/add/", "/admin/postings/posting/paste/"
DRAFT = "/jobs/orchard-keeper/"
WIDE_ENOUGH = {"width": 1440, "height": 900}  # for the text and its preview side by side
LONG = "Donaudampfschifffahrtsgesellschaft" * 3


@pytest.fixture
def posting(transactional_db):
    posting = make_posting(
        slug="orchard-keeper",
        title="ORCHARD KEEPER (REF4711)",
        company="Obsthof Ried",
        status=Posting.Status.DRAFT,
        place="Vienna, Austria",
        salary_text="€40,000 - €48,000",
        other_tags=["❤️ Apples"],
        categories=("Gardening", LONG),
        body_markdown="## Work\n\nYou *prune* trees.\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        apply_keyword="PIPPIN",
    )
    posting.pin(["title", "countries"])
    posting.save()
    return posting


@pytest.fixture
def desk(visit, posting, admin_user):
    """Opens a window of somebody who is signed in."""

    def begin(**options):
        window = visit(**options)
        window.sign_in(admin_user)
        return window

    return begin


def change_page(posting) -> str:
    return f"/admin/postings/posting/{posting.pk}/change/"


def pages(posting) -> list[str]:
    return [change_page(posting), ADD, PASTE, DRAFT]


def open_all(page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")


def preview(page):
    """Presses the preview's button: what opens."""
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Preview in a new tab").click()
    popup.value.wait_for_load_state()
    return popup.value


@pytest.mark.parametrize("size", [*SIZES, "widest"])
def test_axe_finds_nothing_and_nothing_reaches_beyond_the_window(desk, posting, size):
    window = desk(viewport=SIZES.get(size, WIDE_ENOUGH), reduced_motion="reduce")
    for address in pages(posting):
        window.open(address)
        open_all(window.page)
        window.page.wait_for_timeout(600)  # for the live preview
        assert in_both_schemes(window.page) == [], address
        assert window.too_wide_by() == 0, address
    window.open(change_page(posting))
    shown = preview(window.page)
    assert in_both_schemes(shown) == []
    assert shown.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert window.elsewhere == []


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_where_something_is_refused(desk, posting, size):
    window = desk(viewport=SIZES[size], reduced_motion="reduce")
    window.open(PASTE)
    window.page.get_by_label("The whole file as text").fill("no posting")
    window.page.get_by_role("button", name="Fill in the form").click()
    window.page.get_by_text("Not taken").wait_for()
    assert in_both_schemes(window.page) == []
    window.open(change_page(posting))
    window.page.get_by_label("Apply address:").fill("nonsense")
    window.page.get_by_role("button", name="Save", exact=True).click()
    window.page.get_by_text("Not taken").wait_for()
    assert in_both_schemes(window.page) == []
    assert window.too_wide_by() == 0


def live(page):
    """The posting in the live preview."""
    return page.locator(".live-preview .sheet article.posting")


def test_the_preview_follows_what_is_typed(desk, posting):
    window = desk(viewport=WIDE_ENOUGH)
    page = window.page
    window.open(change_page(posting))
    live(page).get_by_text("prune").wait_for()
    page.get_by_label("Title:").fill("Head keeper")
    page.get_by_label("Body:").fill("You *graft*.\n\n- a\n- b")
    live(page).get_by_role("heading", name="Head keeper", level=1).wait_for()
    assert live(page).locator("em").inner_text() == "graft"
    assert live(page).locator("li", has_text=re.compile("^[ab]$")).count() == 2
    # In the board's own dress, whatever the admin wears.
    assert (
        live(page).locator(".apply a").evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(23, 89, 76)"
    )
    assert live(page).locator("h1").evaluate("each => getComputedStyle(each).fontFamily").startswith("system-ui")
    posting.refresh_from_db()
    assert posting.title == "ORCHARD KEEPER (REF4711)"
    assert (window.problems, window.elsewhere) == ([], [])


def test_a_preview_that_cannot_be_made_says_so_and_comes_back(desk, posting):
    window = desk(viewport=WIDE_ENOUGH)
    page = window.page
    window.open(change_page(posting))
    live(page).get_by_text("prune").wait_for()
    page.get_by_label("Body:").fill("x" * 70_000)
    page.locator(".live-preview .unpublished").get_by_text("Not taken: over 64 KiB.").wait_for()
    page.get_by_label("Body:").fill("x" * 3_000_000)
    page.get_by_text("The preview could not be made: it is too large.").wait_for()
    page.get_by_label("Body:").fill("You graft.")
    live(page).get_by_text("You graft.").wait_for()
    assert not page.get_by_text("The preview could not be made").is_visible()


def test_on_a_narrow_window_the_preview_is_folded_away_and_asks_for_nothing(desk, posting):
    window = desk(viewport=SIZES["narrow"])
    window.open(change_page(posting))
    window.page.get_by_label("Title:").fill("Head keeper")
    window.page.wait_for_timeout(700)
    assert not any("preview/" in address for address in window.requests)
    window.page.get_by_text("Live preview").click()
    live(window.page).get_by_role("heading", name="Head keeper", level=1).wait_for()
    assert window.too_wide_by() == 0


def test_a_link_in_the_preview_does_not_take_the_form_away(desk, posting):
    window = desk(viewport=WIDE_ENOUGH)
    window.open(change_page(posting))
    links = live(window.page).locator("a[href]")
    links.first.wait_for()
    assert {link.get_attribute("target") for link in links.all()} == {"_blank"}


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_the_preview_opens_by_its_button_and_saves_nothing(desk, posting, scripts):
    window = desk(java_script_enabled=scripts)
    window.open(change_page(posting))
    window.page.get_by_label("Title:").fill("Head keeper")
    shown = preview(window.page)
    assert shown.get_by_role("heading", name="Head keeper", level=1).is_visible()
    assert shown.get_by_text("Preview: nothing is saved yet.").is_visible()
    assert window.page.get_by_text("Live preview").is_visible() is scripts
    posting.refresh_from_db()
    assert posting.title == "ORCHARD KEEPER (REF4711)"


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_enter_in_a_field_saves(desk, posting, scripts):
    """The first button of the form is another one than the first that is seen."""
    window = desk(java_script_enabled=scripts)
    window.open(change_page(posting))
    window.page.get_by_label("Title:").fill("Head keeper")
    window.page.get_by_label("Title:").press("Enter")
    window.page.wait_for_url("**/admin/postings/posting/")
    posting.refresh_from_db()
    assert posting.title == "Head keeper"
    assert window.problems == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_file_is_pasted_looked_at_and_saved(desk, scripts):
    window = desk(java_script_enabled=scripts)
    page = window.page
    window.open(ADD)
    page.get_by_role("link", name="Paste a whole posting").click()
    text = posting_text(title="Cook", company="Gasthaus Linde", slug="cook", body="You *cook*.")
    page.get_by_label("The whole file as text").fill(text)
    page.get_by_role("button", name="Fill in the form").click()
    page.get_by_text("Filled in from what you pasted. Nothing is saved yet.").wait_for()
    assert page.get_by_label("Company:").input_value() == "Gasthaus Linde"
    assert preview(page).get_by_role("heading", name="Cook", level=1).is_visible()
    assert not Posting.objects.filter(title="Cook").exists()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Made the company “Gasthaus Linde”").wait_for()
    made = Posting.objects.get(slug="cook")
    assert (made.title, made.company.name, made.body_markdown) == ("Cook", "Gasthaus Linde", "You *cook*.")
    assert (window.problems, window.elsewhere) == ([], [])


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_fact_is_taken_from_the_text_and_pinned_with_one_press_each(desk, posting, scripts):
    window = desk(java_script_enabled=scripts, viewport=SIZES["narrow"])
    page = window.page
    window.open(change_page(posting))
    page.get_by_role("button", name="Take the text’s value for countries").press("Enter")
    page.wait_for_url("**/change/#fact-countries")
    assert page.locator("#fact-countries").get_by_text("Austria").is_visible()
    page.get_by_role("button", name="Pin countries").press("Enter")
    page.get_by_role("button", name="Unpin countries").wait_for()
    posting.refresh_from_db()
    assert posting.pinned_fields == ["countries", "title"]
    assert [tag.code for tag in posting.tags.filter(kind="country")] == ["AT"]
    assert window.problems == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_country_is_ticked_among_many_by_keyboard(desk, posting, scripts):
    window = desk(java_script_enabled=scripts)
    page = window.page
    window.open(change_page(posting))
    group = page.get_by_role("group", name="Countries")
    group.locator("summary").press("Enter")
    if scripts:
        group.get_by_label("Show those with").press_sequentially("slov")
        assert group.get_by_role("checkbox").count() == 2
        # It narrows the list, and does not save the form.
        group.get_by_label("Show those with").press("Enter")
    group.get_by_label("Slovenia", exact=True).press("Space")
    if scripts:
        assert group.locator("summary strong").inner_text() == "Slovenia"
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()
    assert [tag.name for tag in posting.tags.filter(kind="country")] == ["Slovenia"]


def test_companies_that_are_there_are_offered(desk, posting):
    make_company("Obsthof Grau")
    window = desk()
    window.open(change_page(posting))
    window.page.get_by_label("Company:").fill("")
    window.page.get_by_label("Company:").press_sequentially("obsth")
    options = window.page.locator("#companies option")
    options.first.wait_for(state="attached")
    assert [option.get_attribute("value") for option in options.all()] == ["Obsthof Grau", "Obsthof Ried"]
    assert window.problems == []


def test_the_browser_asks_before_what_is_typed_gets_lost(desk, posting):
    window = desk()
    page = window.page
    window.open(change_page(posting))
    page.get_by_role("button", name="Pin company").click()
    page.wait_for_url("**/change/#fact-company")
    assert window.problems == []
    page.get_by_label("Place:").press_sequentially("Linz")
    page.get_by_role("button", name="Unpin company").click()
    page.wait_for_timeout(300)
    assert len(window.problems) == 1 and window.problems[0].startswith("dialog:")
    assert "Linz" in page.get_by_label("Place:").input_value()


def test_what_a_person_can_press_is_large_enough(desk, posting):
    window = desk(viewport=SIZES["narrow"])
    window.open(change_page(posting))
    small = window.page.evaluate(
        """() => [...document.querySelectorAll(".fact button, .boxes summary, .boxes:not(.long) label")]
             .filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < 24)
             .map((each) => each.textContent.trim())"""
    )
    assert small == []
