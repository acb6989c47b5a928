"""Every page of the admin that the board wrote, in a browser: what axe-core finds, and how it fits the window."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from postings import duplicates, second_factor, uploads
from postings.models import DailyClicks, ImportRun, Likeness, Posting, RefusedFile, Report, Upload
from tests.browser.test_axe import in_both_schemes
from tests.browser.test_layout import walk
from tests.browser.visit import SIZES
from tests.factories import make_company, make_posting, posting_text

HOME, LIST = "/admin/", "/admin/postings/posting/"
LONG = "Donaudampfschifffahrtsgesellschaft" * 2
A_BODY = " ".join(f"word{number}" for number in range(80))


@pytest.fixture
def full(board, admin_user, monkeypatch):
    """A board on which every page of the admin has something to show, some of it long."""
    monkeypatch.setattr(uploads, "start", lambda asked: uploads.carry_out(asked.pk))
    posting = Posting.objects.get(slug="wide")
    posting.title, posting.company = f"Keeper {LONG}", make_company(f"{LONG} und Söhne")
    posting.body_markdown += "\n\nMore of it."
    posting.pin(["title"])
    posting.save()
    for number, reason in enumerate(("scam", "wrong", "closed")):
        Report.objects.create(
            posting=posting, reason=reason, words=LONG * 3 if number else "It looks odd.", visitor=bytes([number])
        )
    for days in range(20):
        day = timezone.now().date() - dt.timedelta(days=days)
        DailyClicks.objects.create(posting=posting, day=day, kind="person", count=days + 1)
    for slug in ("twin-a", "twin-b", "twin-c"):
        make_posting(slug=slug, title=f"Cellar hand {LONG}", company="Gasthaus Linde", body_markdown=f"{A_BODY} {slug}")
    duplicates.find()
    texts = [posting_text(title=f"{LONG} {number}", slug=f"new-{number}") for number in range(2)]
    for text in (*texts, "no posting"):
        upload = uploads.take(SimpleUploadedFile(f"{LONG}.md", text.encode()), admin_user)
        dry = uploads.ask(upload, admin_user, source="files")
        uploads.run_again(dry, admin_user, is_dry_run=False)
    real = ImportRun.objects.filter(is_dry_run=False).latest("pk")
    RefusedFile.objects.get_or_create(run=real, path=f"{LONG * 3}/a.md", reason=f"No title: {LONG * 3}")
    ImportRun.objects.create(
        source="files", upload=Upload.objects.latest("pk"), last_sign=timezone.now(), files_total=200, created=20
    )
    return posting


def addresses(posting: Posting) -> dict[str, str]:
    admin = "/admin/postings"
    row = posting.history.earliest()
    dry, real = (ImportRun.objects.filter(is_dry_run=kind, finished_at__isnull=False) for kind in (True, False))
    going_on = ImportRun.objects.get(finished_at=None)
    twins = Likeness.objects.filter(first__slug__startswith="twin").first()
    assert twins is not None
    runs = f"{admin}/importrun"
    return {
        "home": HOME,
        "lists of the board": f"{admin}/",
        "postings": LIST,
        "postings, filtered": f"{LIST}?status=live&named=yes",
        "postings, searched": f"{LIST}?q=keeper",
        "postings, none found": f"{LIST}?q=astronaut",
        "a posting's history": f"{LIST}{posting.pk}/history/",
        "taking a posting back": f"{LIST}{posting.pk}/history/{row.history_id}/",
        "deleting a posting": f"{LIST}{posting.pk}/delete/",
        "exporting postings": f"{LIST}export/",
        "changes": f"{admin}/historicalposting/",
        "companies": f"{admin}/company/",
        "a company": f"{admin}/company/{posting.company_id}/change/",
        "exporting companies": f"{admin}/company/export/",
        "tags": f"{admin}/tag/",
        "a tag": f"{admin}/tag/{posting.tags.first().pk}/change/",
        "reports": f"{admin}/report/",
        "a report": f"{admin}/report/{Report.objects.latest('pk').pk}/change/",
        "statistics": f"{admin}/dailyclicks/",
        "a posting's statistics": f"{admin}/dailyclicks/?of=posting:{posting.pk}",
        "imports": f"{runs}/",
        "uploading": f"{runs}/add/",
        "a dry run": f"{runs}/{dry.earliest('pk').pk}/change/",
        "a dry run that refused": f"{runs}/{dry.latest('pk').pk}/change/?outcome=refused",
        "an import": f"{runs}/{real.latest('pk').pk}/change/",
        "an import that goes on": f"{runs}/{going_on.pk}/change/",
        "duplicates": f"{admin}/likeness/",
        "a group": f"{admin}/likeness/group/{twins.group}/",
        "merging": f"{admin}/likeness/merge/?ids={twins.first_id}&ids={twins.second_id}",
    }


@pytest.fixture
def desk(visit, full, admin_user):
    def begin(**options):
        window = visit(**options)
        window.sign_in(admin_user)
        return window

    return begin


# What reaches beyond its own box sideways, but for what is meant to be scrolled there.
SCROLLS_SIDEWAYS = """() => [...document.querySelectorAll("main *")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(each).overflowX))
    .filter((each) => !each.matches(".chart-box, .table-box, pre, textarea"))
    .map((each) => each.className || each.tagName)"""  # noqa: E501
# What is too small for a finger: under 24 pixels, and not in the middle of a sentence; the arrows of a sorted column
# are larger than their picture.
SMALL = """() => [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")]
    .filter((each) => each.checkVisibility({visibilityProperty: true}) && !each.closest("p, .help, .visually-hidden"))
    .filter((each) => !(each.matches("td a, dd a, li a, .readonly a") && getComputedStyle(each).display === "inline"))
    .filter((each) => !each.matches("input[type=checkbox], input[type=radio], .sortoptions a"))
    .map((each) => [each, each.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.bottom > 0 && Math.min(box.width, box.height) < 23.5)
    .map(([each, box]) => `${each.textContent.trim() || each.outerHTML}: ${box.width} × ${box.height}`)"""


def wrong_with(window) -> list[str]:
    page = window.page
    # First of all: axe-core itself sets styles that the page's policy has no room for.
    wrong = list(window.problems)
    wrong += in_both_schemes(page)
    window.problems.clear()
    if window.too_wide_by() > 0:
        wrong.append(f"{window.too_wide_by()} pixels too wide")
    wrong += [f"scrolls sideways: {each}" for each in page.evaluate(SCROLLS_SIDEWAYS)]
    wrong += [f"too small: {each}" for each in page.evaluate(SMALL)]
    return wrong


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_and_every_page_fits_its_window(desk, full, size):
    window = desk(viewport=SIZES[size], reduced_motion="reduce")
    wrong = {}
    for name, address in addresses(full).items():
        window.open(address)
        window.unfold()
        wrong[name] = wrong_with(window)
    assert {name: found for name, found in wrong.items() if found} == {}
    assert window.elsewhere == []


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_where_a_step_is_confirmed(desk, size):
    window = desk(viewport=SIZES[size], reduced_motion="reduce")
    page = window.page
    wrong = {}
    for step in ("Close the selected postings", "Set category or tags of the selected postings"):
        window.open(f"{LIST}?q=keeper")
        page.get_by_role("checkbox", name="Select this object").first.check()
        page.get_by_role("combobox", name="Action").select_option(label=step)
        page.get_by_role("button", name="Go").click()
        page.get_by_role("heading", name=step).wait_for()
        wrong[step] = wrong_with(window)
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("Which ones? Name at least one.").wait_for()
    wrong["with what is missing"] = wrong_with(window)
    assert {name: found for name, found in wrong.items() if found} == {}


def test_axe_finds_nothing_on_the_way_to_a_second_factor(visit, transactional_db, admin_user, monkeypatch):
    monkeypatch.setattr(second_factor, "verify_token", lambda user, device, code: code == "123456")
    wrong = {}
    for size, viewport in SIZES.items():
        second_factor.turn_off(admin_user)
        window = visit(viewport=viewport, reduced_motion="reduce")
        page = window.page
        window.sign_in(admin_user)
        window.open("/admin/second-factor/")
        wrong[size, "turning it on"] = wrong_with(window)
        for code, heading in (("000000", "Turn on a second factor"), ("123456", "Keep these recovery codes")):
            page.get_by_role("textbox", name="Code").fill(code)
            page.get_by_role("button", name="Turn it on").click()
            page.get_by_role("heading", name=heading).wait_for()
            wrong[size, code] = wrong_with(window)
        window.open("/admin/second-factor/")
        wrong[size, "changing it"] = wrong_with(window)
        window.sign_in(admin_user)
        window.open("/admin/")
        page.get_by_role("heading", name="Your code, please").wait_for()
        wrong[size, "asking for it"] = wrong_with(window)
        page.get_by_label("Code of your app").fill("123456")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("heading", name="What would you like to do?").wait_for()
    assert {where: found for where, found in wrong.items() if found} == {}


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_where_logging_in_is_refused(visit, transactional_db, settings, size):
    settings.AXES_FAILURE_LIMIT = 1
    window = visit(viewport=SIZES[size], reduced_motion="reduce")
    window.open("/admin/login/")
    window.page.get_by_label("Username").fill("ada")
    window.page.get_by_label("Password").fill("wrong")
    window.page.get_by_role("button", name="Log in").click()
    window.page.get_by_role("heading", name="Too many failed logins").wait_for()
    assert wrong_with(window) == []


def test_axe_finds_nothing_on_a_board_without_anything(visit, transactional_db, admin_user):
    window = visit(viewport=SIZES["narrow"], reduced_motion="reduce")
    window.sign_in(admin_user)
    wrong = {}
    models = ("posting", "company", "historicalposting", "report", "importrun", "dailyclicks", "likeness")
    for address in (HOME, *(f"/admin/postings/{model}/" for model in models)):
        window.open(address)
        wrong[address] = wrong_with(window)
    assert {address: found for address, found in wrong.items() if found} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_keyboard_sees_where_it_is(desk, full, size, scheme):
    window = desk(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce")
    for name in ("home", "postings, searched", "uploading", "merging"):
        window.open(addresses(full)[name])
        stops = walk(window)
        assert {stop: wrong for stop, wrong in stops.items() if wrong} == {}, name
        assert "Skip to main content" in next(iter(stops))


def test_the_switch_of_light_and_dark_works_in_the_boards_colours(desk):
    window = desk(viewport=SIZES["wide"], color_scheme="light")
    page = window.page

    def colours() -> list[str]:
        return page.evaluate(
            """["body", ".object-tools a.addlink"].map(
                   (each) => getComputedStyle(document.querySelector(each)).backgroundColor)"""
        )

    light, dark = ["rgb(251, 250, 247)", "rgb(23, 89, 76)"], ["rgb(20, 24, 22)", "rgb(127, 209, 187)"]
    window.open(LIST)
    assert colours() == light
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert colours() == dark
    # From what the system says to light, and on to dark, whatever the system says.
    toggle = page.get_by_role("button", name="Toggle theme")
    seen = []
    for _ in range(3):
        toggle.click()
        seen.append(colours())
    assert light in seen and dark in seen
    window.open(HOME)
    assert window.problems == []


def test_a_phone_goes_from_the_list_to_its_filters(desk):
    window = desk(viewport=SIZES["narrow"], java_script_enabled=False)
    window.open(LIST)
    window.page.get_by_role("link", name="Filters").click()
    assert window.path() == f"{LIST}#changelist-filter"
    assert window.page.get_by_role("heading", name="Filter").is_visible()
