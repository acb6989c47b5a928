"""A window on the board, and what people do in it; by what things are called, so that a new look breaks no test."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Error, Locator

SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 360, "height": 740}}
# Long enough for a list that is renewed in place, short enough to press the button where it is not.
IN_PLACE_MS = 1_500


class Visit:
    """A window on the board that notes what should not happen there."""

    def __init__(self, browser: Browser, home: str, **options) -> None:
        self.home = home
        self.problems: list[str] = []  # errors, violations of the policy, dialogs
        self.elsewhere: list[str] = []  # requests to any other host, of which none gets out
        self.requests: list[str] = []  # what was asked for since the last page was opened
        self.context = browser.new_context(base_url=home, **options)
        self.context.set_default_timeout(10_000)
        self.context.route(lambda url: urlsplit(url).netloc != urlsplit(home).netloc, self._keep_inside)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
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

    def open(self, address: str, status: int = 200, form: dict[str, str] | None = None, sender: str = "") -> None:
        """Goes to an address, or sends a form to it from the page `sender`, and sees that it answers as expected."""
        self.requests.clear()
        if form is None:
            response = self.page.goto(address)
        else:
            self.page.goto(sender or address)
            with self.page.expect_navigation() as navigation:
                self.page.evaluate(SEND, [self.home + address, form])
            response = navigation.value
        assert response.status == status, f"{address} answers {response.status}"

    def sign_in(self, user) -> None:
        """Makes the window a member of staff's, who came in by the form some time ago."""
        browser = Client()
        browser.force_login(user)
        key = browser.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": self.home}])

    def titles(self) -> list[str]:
        return self.page.locator("[data-total] li :is(h2, h3) a").all_inner_texts()

    def total(self) -> str | None:
        return self.page.locator("[data-total]").get_attribute("data-total")

    def too_wide_by(self) -> int:
        """How far the page reaches beyond the window, in pixels."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def path(self) -> str:
        return self.page.url.removeprefix(self.home)

    def unfold(self) -> None:
        """Opens all that is folded in the page: it has to be as good as the rest."""
        self.page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")

    # --- What people do ----------------------------------------------------------------------------

    def tick(self, name: str) -> None:
        """Ticks a filter, once it is in sight: on a narrow window the filters, in any a group, are folded away."""
        box = self.box(name)
        if not _can_be_seen(box):
            self.open_filters()
        if not _can_be_seen(box):
            group = self.page.locator("details:not([open])").filter(has=box).last
            group.locator("summary").first.click()
        box.check()

    def box(self, name: str) -> Locator:
        """A filter's box, folded away or not; the number of jobs stands behind its name."""
        name_of_it = re.compile(rf"^\s*{re.escape(name)}(\s|$)")
        return self.page.get_by_role("checkbox", name=name_of_it, include_hidden=True).first

    def open_filters(self) -> None:
        opener = self.page.locator("summary, button, a, [role=button]").filter(has_text=re.compile(r"^\s*Filter"))
        opener.filter(visible=True).first.click()

    def until(self, has_come: Callable[[str], bool]) -> None:
        """Waits for an address; where the page does not go there by itself, the filters' button is pressed."""
        if not self._comes_by_itself(has_come):
            button = self.page.get_by_role(
                "button", name=re.compile(r"^(Apply filters|Show\b.*\bjobs?)", re.IGNORECASE)
            )
            button.filter(visible=True).last.click()
            self.page.wait_for_url(lambda address: has_come(address))

    def _comes_by_itself(self, has_come: Callable[[str], bool]) -> bool:
        try:
            self.page.wait_for_url(lambda address: has_come(address), timeout=IN_PLACE_MS)
        except Error:
            return False
        return True


def _can_be_seen(box: Locator) -> bool:
    """Also where the box itself is drawn by its label. One that was drawn anew in that moment is asked again."""
    while True:
        seen = box.evaluate(
            """box => box.isConnected ? [box, ...box.labels].some((each) =>
                 each.checkVisibility({visibilityProperty: true}) && each.getBoundingClientRect().width > 1) : null"""
        )
        if seen is not None:
            return seen


SEND = """([address, fields]) => {
    const form = document.createElement("form");
    Object.assign(form, {method: "post", action: address, hidden: true});
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement("textarea");
        Object.assign(field, {name, value});
        form.append(field);
    }
    document.body.append(form);
    form.submit();
}"""
