"""axe-core finds nothing on any kind of page: the rules of WCAG 2.2 at A and AA that a program can check, and more."""

from importlib.resources import files

import pytest

from tests.browser.visit import SIZES

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What only Django's own templates break, which the board does not write.
DJANGOS_OWN = {
    "/admin/login/": ["page-has-heading-one"],  # the site's name stands there in a div, and "Log in" is no heading
}
RUN = """async ([tags, excepted]) => {
    const rules = Object.fromEntries(excepted.map((rule) => [rule, {enabled: false}]));
    const {violations} = await axe.run(document, {runOnly: tags, rules, resultTypes: ["violations"]});
    return violations.flatMap(({id, help, nodes}) => nodes.map(({target}) => `${id} (${help}): ${target.join(" ")}`));
}"""


def findings(page, excepted=()) -> list[str]:
    """What axe-core says against the page as it is now. Its script comes by the debugger, past the page's policy."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(RUN, [RULES, list(excepted)])


def in_both_schemes(page, excepted=()) -> list[str]:
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {each}" for each in findings(page, excepted)]
    return found


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(visit, kind, size):
    window = visit(viewport=SIZES[size], reduced_motion="reduce")
    window.open(*kind)
    window.unfold()
    assert in_both_schemes(window.page, DJANGOS_OWN.get(kind.address, ())) == []


def test_axe_finds_nothing_where_a_person_opened_the_filters(visit, board):
    """As a drawer it may be more than unfolded, and hide the rest. axe-core itself cannot run without JavaScript."""
    window = visit(viewport=SIZES["narrow"], reduced_motion="reduce")
    window.open("/?category=gardening")
    window.open_filters()
    assert in_both_schemes(window.page) == []


def test_axe_is_run_at_all(visit, board):
    """A page that breaks a rule of each kind, on which it has to find them."""
    window = visit(viewport=SIZES["wide"])
    window.open("/")
    window.page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend",
             '<img src="/static/img/icon.svg"><p class="pale">pale</p><button></button><h6>y</h6>');
           document.querySelector(".pale").style.cssText = "color: #999; background: #aaa";"""
    )
    found = " ".join(in_both_schemes(window.page))
    for rule in ("image-alt", "color-contrast", "button-name", "heading-order"):
        assert f"light: {rule} " in found
        assert f"dark: {rule} " in found
