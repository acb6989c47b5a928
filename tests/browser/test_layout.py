"""How pages are laid out: they fit, can be touched, and can be walked through with the keyboard."""

import pytest

from tests.browser.visit import SIZES

# 1280 pixels at 400 %, which is what WCAG's 1.4.10 measures by.
NARROWEST = 320
FONT_SIZE = "parseFloat(getComputedStyle(document.querySelector('main, #main')).fontSize)"
DJANGOS_OWN = "/admin/login/"


def test_a_page_fits_its_window_and_with_text_twice_as_large_too(visit, kind):
    window = visit()
    window.open(*kind)
    window.unfold()
    too_wide = {}
    for width in (NARROWEST, 360, 768, 1440):
        window.page.set_viewport_size({"width": width, "height": 800})
        too_wide[width] = window.too_wide_by()
    before = window.page.evaluate(FONT_SIZE)
    window.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    if kind.address != DJANGOS_OWN:  # which sets its text in pixels; browsers make those larger by zooming
        assert window.page.evaluate(FONT_SIZE) == 2 * before
    too_wide["text twice as large"] = window.too_wide_by()
    assert {name: by for name, by in too_wide.items() if by} == {}


def test_a_page_has_one_heading_and_the_landmarks(visit, kind):
    window = visit()
    window.open(*kind)
    if kind.address == DJANGOS_OWN:
        pytest.skip("Django's sign-in page calls its own name a heading, and itself nothing")
    page = window.page
    assert page.get_by_role("heading", level=1).count() == 1
    found = {role: page.get_by_role(role).count() for role in ("banner", "main", "contentinfo")}
    assert found == {"banner": 1, "main": 1, "contentinfo": 1}
    assert page.get_by_role("main").get_by_role("heading", level=1).count() == 1
    assert page.title().strip()
    assert page.locator("html[lang]").count() == 1


# --- Targets -----------------------------------------------------------------------------------------

# WCAG 2.5.8, without the way out that it leaves to small targets far from others. Links in running text are excepted
# there and here: their height is the line's. A box that has a label is as large as both together.
SMALL_TARGETS = """() => {
    const LEAST = 24;
    const SELECTOR = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]";
    const isInText = (target) => {
        if (getComputedStyle(target).display !== "inline") return false;
        if (target.closest("[aria-label=Description]")) return true;
        const text = target.closest("p, dd, td, figcaption");
        if (!text) return false;
        const others = text.cloneNode(true);
        others.querySelectorAll("a").forEach((each) => each.remove());
        return /\\p{L}{2}/u.test(others.textContent);
    };
    const box = (element) => {
        const rects = [element, ...(element.labels ?? []), ...element.querySelectorAll("*")]
            .map((each) => each.getBoundingClientRect()).filter(({width, height}) => width > 1 && height > 1);
        const edge = (side, pick) => pick(...rects.map((rect) => rect[side]));
        return rects.length && {
            width: edge("right", Math.max) - edge("left", Math.min),
            height: edge("bottom", Math.max) - edge("top", Math.min),
            right: edge("right", Math.max), bottom: edge("bottom", Math.max) + scrollY,
        };
    };
    // What is clipped away until it has the focus is no target yet; the field that is a trap for programs never is.
    const isClipped = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const {width, height} = each.getBoundingClientRect();
            if (getComputedStyle(each).overflow !== "visible" && width <= 1 && height <= 1) return true;
        }
        return false;
    };
    return [...document.querySelectorAll(SELECTOR)].flatMap((target) => {
        if (!target.checkVisibility({visibilityProperty: true}) || isInText(target)) return [];
        if (isClipped(target) && !target.labels?.length || target.tabIndex < 0) return [];
        const size = box(target);
        if (!size || size.right <= 0 || size.bottom <= 0) return [];
        if (size.width >= LEAST - 0.01 && size.height >= LEAST - 0.01) return [];
        const name = (target.ariaLabel || target.labels?.[0]?.textContent || target.textContent).trim().slice(0, 40);
        const {width, height} = size;
        const called = (element) => element.className || element.tagName;
        const place = `${called(target.parentElement)} > ${called(target)}`;
        return [`${place} “${name}”: ${width.toFixed(1)}×${height.toFixed(1)}`];
    });
}"""


def test_every_target_can_be_hit_by_a_finger(visit, kind):
    window = visit()
    window.open(*kind)
    window.unfold()
    if kind.address == DJANGOS_OWN:
        pytest.skip("Django's own style sheet")
    found = []
    for size in SIZES.values():
        window.page.set_viewport_size(size)
        found += window.page.evaluate(SMALL_TARGETS)
    assert found == []


# --- With the keyboard -------------------------------------------------------------------------------

# Where the focus is, and what is wrong there; null where it left the page or came round.
LOOK_AT_THE_FOCUS = """() => {
    const focused = document.activeElement;
    window.seen ??= new Set();
    if (!focused || focused === document.body || window.seen.has(focused)) return null;
    window.seen.add(focused);
    const drawn = [focused, ...(focused.labels ?? [])];
    const name = `${focused.tagName} “${(focused.ariaLabel || focused.labels?.[0]?.textContent || focused.textContent)
        .trim().slice(0, 40)}”`;
    const wrong = [];

    // In the window, and nothing above it (WCAG 2.4.11).
    const rects = drawn.flatMap((each) => [...each.getClientRects()]);
    const inside = rects.map(({left, top, right, bottom}) => [
        Math.max(left, 0), Math.max(top, 0), Math.min(right, innerWidth), Math.min(bottom, innerHeight),
    ]).filter(([left, top, right, bottom]) => right - left > 1 && bottom - top > 1);
    if (!inside.length) wrong.push("not in the window");
    else if (!inside.some(([left, top, right, bottom]) => {
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return drawn.some((each) => each.contains(hit) || hit?.contains(each));
    })) wrong.push("covered");

    // An outline, by the element or its label, that stands out against what is behind it (WCAG 2.4.7 and 1.4.11).
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const channels = (colour, below = [255, 255, 255]) => {
        canvas.fillStyle = `rgb(${below.join(" ")})`; canvas.fillRect(0, 0, 1, 1);
        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const luminance = (rgb) => rgb.map((each) => each / 255)
        .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = (element) => {
        const colours = [];
        for (let each = element.parentElement; each; each = each.parentElement)
            colours.unshift(getComputedStyle(each).backgroundColor);
        return colours.reduce((below, colour) => channels(colour, below), channels("Canvas"));
    };
    const outlined = drawn.find((each) => {
        const {outlineStyle, outlineWidth} = getComputedStyle(each);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
    });
    if (!outlined) wrong.push("no outline");
    else if (getComputedStyle(outlined).outlineStyle !== "auto") {  // the browser's own has two colours
        const below = behind(outlined);
        const [bright, dark] = [channels(getComputedStyle(outlined).outlineColor, below), below]
            .map(luminance).sort((a, b) => b - a);
        const contrast = (bright + 0.05) / (dark + 0.05);
        if (contrast < 3) wrong.push(`an outline of contrast ${contrast.toFixed(2)}`);
    }
    return [name, wrong];
}"""
MOST_STOPS = 400


def walk(window) -> dict[str, list[str]]:
    """Goes through the whole page with Tab; gives what is wrong at each stop."""
    stops = {}
    for number in range(MOST_STOPS):
        window.page.keyboard.press("Tab")
        stop = window.page.evaluate(LOOK_AT_THE_FOCUS)
        if stop is None:
            return stops
        stops[f"{number}: {stop[0]}"] = stop[1]
    raise AssertionError(f"more than {MOST_STOPS} stops: {list(stops)[-3:]}")


@pytest.mark.parametrize("address", ["/?category=gardening", "/jobs/gardener-3/"], ids=["list", "detail"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_keyboard_reaches_everything_in_sight(visit, board, address, scheme, size):
    window = visit(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce")
    window.open(address)
    if size == "wide":
        window.unfold()
    stops = walk(window)
    assert {stop: wrong for stop, wrong in stops.items() if wrong} == {}
    names = " ".join(stops)
    assert "Skip to" in next(iter(stops))
    assert ("Next" in names) if address.startswith("/?") else ("Report this posting" in names)


def test_the_walk_sees_what_is_covered_and_what_has_no_outline(visit, board):
    window = visit(viewport=SIZES["wide"])
    window.open("/jobs/gardener-3/")
    window.page.evaluate(
        """document.body.insertAdjacentHTML("beforeend", "<i id=cover></i>");
           document.getElementById("cover").style.cssText = "position:fixed;inset:0;background:#888";
           document.querySelectorAll("a").forEach((each) => { each.style.outline = "none"; });"""
    )
    wrong = [each for stop in walk(window).values() for each in stop]
    assert "covered" in wrong
    assert "no outline" in wrong
