"""What people do on the board, from the first search to the employer and back; with JavaScript and without."""

import re

import pytest

from postings.models import Posting
from tests.browser.visit import SIZES

with_javascript_and_without = pytest.mark.parametrize(
    "javascript", [False, True], ids=["without JavaScript", "with JavaScript"]
)
in_each_size = pytest.mark.parametrize("size", SIZES)


@with_javascript_and_without
@in_each_size
def test_a_seeker_searches_filters_reads_applies_and_comes_back(visit, board, javascript, size):
    window = visit(java_script_enabled=javascript, viewport=SIZES[size])
    page = window.page
    window.open("/")
    assert window.total() == "29"

    # Search.
    page.get_by_role("searchbox", name="Keyword").or_(page.get_by_label("Keyword")).first.fill("gardener")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?*q=gardener*")
    page.get_by_role("heading", level=1, name=re.compile("^28 jobs")).wait_for()

    # Tick two filters; on a narrow window they are folded away.
    window.tick("Kitchen")
    window.tick("Gardening")
    window.until(lambda address: "category=kitchen" in address and "category=gardening" in address)
    assert "q=gardener" in window.path()
    # What was left empty is not in the address.
    assert "place=" not in window.path()
    page.locator("[data-total='28']").wait_for()
    first_page = window.titles()
    assert len(first_page) == 25

    # Change the page.
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**page=2*")
    page.get_by_role("heading", level=1, name="page 2").wait_for()
    assert len(window.titles()) == 3
    assert not set(window.titles()) & set(first_page)
    page.go_back()
    page.wait_for_url(lambda address: "page=2" not in address)

    # Open a posting far down, and apply.
    list_address = window.path()
    link = page.get_by_role("link", name="Gardener 6", exact=True)
    link.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    assert place > 200
    link.click()
    page.wait_for_url("**/jobs/gardener-6/*")
    assert page.get_by_role("heading", level=1).inner_text().strip() == "Gardener 6"
    posting = Posting.objects.get(slug="gardener-6")
    page.get_by_role("link", name=re.compile(r"^(CLICK TO )?APPLY\b", re.IGNORECASE)).first.click()
    page.wait_for_url(posting.apply_url)
    assert page.title() == "The employer"
    assert window.elsewhere == [posting.apply_url]
    assert posting.daily_clicks.get().count == 1

    # Back, and back once more: the same list, filters and place.
    page.go_back()
    page.wait_for_url("**/jobs/gardener-6/*")
    page.go_back()
    page.wait_for_url(window.home + list_address)
    page.locator("[data-total='28']").wait_for()
    assert window.titles() == first_page
    assert page.get_by_label("Keyword").first.input_value() == "gardener"
    for name in ("Kitchen", "Gardening"):
        assert window.box(name).is_checked()
    page.wait_for_timeout(200)  # for a script that takes one back to the place
    assert abs(page.evaluate("scrollY") - place) < 100

    # Take a filter off.
    page.get_by_role("link", name="Remove filter: Gardening").click()
    page.wait_for_url(lambda address: "category=gardening" not in address)
    page.locator("[data-total='14']").wait_for()
    assert "category=kitchen" in window.path()
    assert window.problems == []


@with_javascript_and_without
@in_each_size
def test_a_seeker_goes_back_to_a_later_page(visit, board, javascript, size):
    window = visit(java_script_enabled=javascript, viewport=SIZES[size])
    page = window.page
    window.open("/?q=gardener")
    page.get_by_role("link", name="Next page").click()
    page.get_by_role("heading", level=1, name="page 2").wait_for()
    second_page, titles = window.path(), window.titles()
    page.get_by_role("link", name="Gardener 1", exact=True).click()
    page.wait_for_url("**/jobs/gardener-1/*")
    page.go_back()
    page.wait_for_url(window.home + second_page)
    page.get_by_role("heading", level=1, name="page 2").wait_for()
    assert window.titles() == titles
    page.get_by_role("link", name="Previous page").click()
    page.wait_for_url(lambda address: "page=2" not in address)
    assert "q=gardener" in window.path()
    assert window.problems == []


@with_javascript_and_without
@in_each_size
def test_a_seeker_picks_from_all_companies(visit, board, javascript, size):
    window = visit(java_script_enabled=javascript, viewport=SIZES[size])
    page = window.page
    window.open("/?q=gardener")
    window.tick("Garden 1")
    window.until(lambda address: "company=garden-1" in address)
    page.locator("[data-total='1']").wait_for()
    everyone = page.get_by_role("link", name=re.compile("All 2. companies"))
    if not everyone.is_visible():
        window.open_filters()
    everyone.click()
    page.wait_for_url("**/all/company/*")
    page.get_by_label("Garden 27").check()
    page.get_by_role("button", name=re.compile(r"^Show\b.*\bjobs")).first.click()
    page.wait_for_url("**company=garden-27*")
    assert window.titles() == ["Gardener 27", "Gardener 1"]
    assert "q=gardener" in window.path()
    assert window.box("Garden 27").is_checked()
    assert window.problems == []
