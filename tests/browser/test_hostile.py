"""The hostile board in a browser, every kind of page of it: nothing moves, asks elsewhere or speaks up."""

import pytest

from tests import hostile_board
from tests.hostile import hostile_parts

# Time for what comes a moment after loading: a refresh, an animation, a focus.
A_MOMENT_MS = 60
WATCH = "window.violations = []; addEventListener('securitypolicyviolation', each => violations.push(each.blockedURI));"


@pytest.fixture
def postings(transactional_db, tmp_path):
    return hostile_board.seed(tmp_path, hostile_parts())


@pytest.mark.parametrize("bypass", [True, False], ids=["without the policy", "under the policy"])
def test_no_page_does_anything_that_a_posting_says(visit, postings, bypass):
    """Without the policy above all: it would hide what comes through."""
    window = visit(bypass_csp=bypass)
    window.context.add_init_script(WATCH)
    seen = 0
    for is_staff, addresses in ((False, hostile_board.pages(postings)), (True, hostile_board.admin_pages(postings))):
        if is_staff:
            window.sign_in(hostile_board.operator())
        # Of the pages that differ by nothing but the posting's own words some are enough, but all postings are read.
        some = {kind: many if kind == "posting" and not is_staff else many[:4] for kind, many in addresses.items()}
        for kind, address in hostile_board.each(some):
            response = window.page.goto(address)
            assert ("content-security-policy" in response.headers) and response.status in (200, 404, 410), address
            window.page.wait_for_timeout(A_MOMENT_MS)
            _touch(window)
            assert window.path() == address, kind
            assert window.page.evaluate("violations") == [], address
            assert (window.problems, window.elsewhere) == ([], []), address
            seen += 1
    assert seen > 80


def _touch(window) -> None:
    """Whatever a person could touch is touched; nothing is followed."""
    window.page.evaluate(
        """() => {
            document.querySelectorAll("details").forEach(each => { each.open = true; });
            document.querySelectorAll("a, button, input, summary, [tabindex]").forEach(each => {
                each.focus();
                for (const name of ["mouseover", "pointerover", "mouseenter"])
                    each.dispatchEvent(new MouseEvent(name, {bubbles: true}));
            });
        }"""
    )
