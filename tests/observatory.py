"""MDN's HTTP Observatory, by its own count: what an answer's headers are worth.

It is told at https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring: a hundred to begin with; what is
missing takes from it, and what is better than it must be adds to it where not more than ten are missing. 100 is an A+.
What needs more than one answer, the redirect from http, is left out: that is the proxy's.
"""

import re
from http.cookies import Morsel
from typing import NamedTuple

from django.http.response import HttpResponseBase

BEGINS_WITH = 100
ADDS_FROM = 90
SIX_MONTHS = 15_768_000
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
# Where scripts from anywhere, or of anybody, may run.
UNSAFE_SOURCES = {"'unsafe-inline'", "data:", "https:", "http:", "*", "'unsafe-hashes'"}


class Mark(NamedTuple):
    value: int
    why: str


def score(response: HttpResponseBase) -> int:
    values = [mark.value for mark in marks(response)]
    begun = BEGINS_WITH + sum(value for value in values if value < 0)
    return begun + sum(value for value in values if value > 0) if begun >= ADDS_FROM else begun


def marks(response: HttpResponseBase) -> list[Mark]:
    """All that counts, with its reason."""
    policy = _policy(response.get("Content-Security-Policy", ""))
    return [
        _of_policy(policy),
        _of_framing(policy, response.get("X-Frame-Options")),
        _of_types(response.get("X-Content-Type-Options")),
        _of_referrer(response.get("Referrer-Policy")),
        _of_transport(response.get("Strict-Transport-Security", "")),
        # One that is taken away is none.
        *_of_cookies([cookie for cookie in response.cookies.values() if cookie["max-age"] != 0]),
        _of_sharing(response.get("Access-Control-Allow-Origin"), response.get("Access-Control-Allow-Credentials")),
    ]


def _policy(text: str) -> dict[str, set[str]]:
    directives = [directive.split() for directive in text.split(";") if directive.strip()]
    return {name.lower(): set(sources) for name, *sources in directives}


def _of_policy(policy: dict[str, set[str]]) -> Mark:
    if not policy:
        return Mark(-25, "no policy")
    anywhere = policy.get("default-src", {"*"})
    scripts, styles = policy.get("script-src", anywhere), policy.get("style-src", anywhere)
    objects = policy.get("object-src", anywhere)
    if (scripts | objects) & UNSAFE_SOURCES:
        return Mark(-20, "scripts or objects of anybody")
    if "'unsafe-eval'" in scripts:
        return Mark(-10, "scripts out of text")
    if styles & UNSAFE_SOURCES:
        return Mark(0, "styles of anybody")
    if anywhere == {"'none'"} and "form-action" in policy and "base-uri" in policy:
        return Mark(10, "nothing but what is named")
    return Mark(5, "nothing unsafe")


def _of_framing(policy: dict[str, set[str]], options: str | None) -> Mark:
    if "*" not in policy.get("frame-ancestors", {"*"}):
        return Mark(5, "framed by nobody, by its policy")
    return Mark(0, "framed by nobody") if options in ("DENY", "SAMEORIGIN") else Mark(-20, "framed by anybody")


def _of_types(options: str | None) -> Mark:
    return Mark(0, "types are not guessed") if options == "nosniff" else Mark(-5, "types are guessed")


def _of_referrer(policy: str | None) -> Mark:
    if policy is None:
        return Mark(0, "no word on referrers")
    return Mark(5, "referrers are private") if policy in PRIVATE else Mark(-5, "referrers tell all")


def _of_transport(header: str) -> Mark:
    match = re.search(r"max-age=(\d+)", header)
    if not match:
        return Mark(-20, "no HSTS")
    return Mark(0, "HSTS") if int(match[1]) >= SIX_MONTHS else Mark(-10, "HSTS for less than six months")


def _of_cookies(cookies: "list[Morsel[str]]") -> list[Mark]:
    if all(cookie["secure"] and cookie["httponly"] and cookie["samesite"] for cookie in cookies):
        return [Mark(5, "cookies are kept from others")] if cookies else []
    return [mark for cookie in cookies for mark in _of_cookie(cookie)]


def _of_cookie(cookie: "Morsel[str]") -> list[Mark]:
    marks = []
    is_session, is_token = "session" in cookie.key, "csrf" in cookie.key
    if not cookie["secure"]:
        marks.append(Mark(-40 if is_session else -20, f"{cookie.key} goes over http"))
    if is_session and not cookie["httponly"]:
        marks.append(Mark(-30, f"{cookie.key} can be read by scripts"))
    if is_token and not cookie["samesite"]:
        marks.append(Mark(-20, f"{cookie.key} is sent from other sites"))
    return marks


def _of_sharing(origin: str | None, credentials: str | None) -> Mark:
    if origin and credentials == "true":
        return Mark(-50, "other sites read it as whoever is signed in")
    return Mark(0, "no other site reads it as whoever is signed in")
