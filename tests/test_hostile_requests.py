"""What scanners and mistyped programs send: every public address, with bad values in its path, its parameters, its
headers and its body, answers quickly with a page or a plain refusal, and repeats nothing unescaped."""

import gzip
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest
from django.test import Client

from tests.factories import at_once, make_posting
from tests.hostile import LINE_PAYLOADS, Page
from tests.marks import slow_but
from tests.test_list import PARAMETERS

pytestmark = pytest.mark.django_db

CANARY = "oakcanary"
# As they stand in an address, quoted or not.
BAD_VALUES = [
    "", " ", "0", "-1", "1", "abc", "1.5", "1e9", "1e999", "NaN", "Infinity", "999999", "9" * 30, "9" * 5000,
    "-9223372036854775809", "18446744073709551616", "%00", "a%00b", "%ff%fe", "%c3%28", "%ed%a0%80", "%F0%9F%92%A9",
    "%u0041", "%", "%zz", "٣", "１", "１_0", "²", "½", "'", "%22", "%27%20OR%201=1--", "';SELECT%20pg_sleep(3)--",
    "1;DROP%20TABLE%20x", "%5c", "%25", "_", "%25%25%25%25%25_", f"%3Cscript%3E{CANARY}%3C/script%3E",
    f"%22%3E%3Csvg/onload={CANARY}%3E", "{{7*7}}{%25%20debug%20%25}", "$%7Bjndi:ldap://x%7D",
    f"%0d%0aX-Injected:%20{CANARY}", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "https://evil.example/",
    "//evil.example", "[]", "%7B%22a%22:1%7D", "true", "null", "-created_at", "password", "user__password", "id__gt",
    "%E2%80%AE", "%E2%80%A8", "%EF%BB%BF", "a" * 2000, "%20" * 500, "(a%2B)%2B$" + "a" * 60 + "!",
    *map(quote, LINE_PAYLOADS.values()),
]  # fmt: skip
SEARCHES = [
    '"', '""', '"unbalanced', "*", "a*", "*a", "-", "+", "c++", "c#", ".net", "AND", "OR", "NOT", "a AND", "NEAR",
    "NEAR(", "NEAR(a b, 5", "col:", "title:x", "description : x", "{title}: x", "^a", "a ^ b", "(", ")", "((((",
    "a OR b OR", "NOT NOT", "a -b", "'", "''", "a'b", ";", "--", "/*", "\\", "%", "_", ":*", "a:*", "a & b", "a | !b",
    "!", "<->", "a <-> b", "a <2> b", "\0", "é", "日本", "🙂", "\u202e", "((" * 200, "a OR " * 300 + "a", '"' * 501,
    "x " * 600, "NEAR(" * 60, "^" * 300, "a" * 3000, "a*b*" * 300, '"a b" ' * 200, "-" * 500,
]  # fmt: skip
ADDRESSES = [
    "/", "/feed.atom", "/feed.json", "/suggest", "/all/skill/", "/companies/", "/companies/lindenhof-labs/", "/skills/",
    "/categories/backend/", "/jobs/oak/", "/jobs/oak.md", "/jobs/oak/report/", "/jobs/oak/report/thanks/", "/apply/oak",
    "/jobs/closed/", "/about/", "/robots.txt", "/sitemap.xml", "/sitemap-jobs-0.xml", "/manifest.webmanifest",
    "/.well-known/security.txt", "/favicon.ico", "/healthz", "/figures/oak/", "/no-such-page",
]  # fmt: skip
PLACES = [
    "/{}", "/jobs/{}/", "/jobs/{}.md", "/jobs/{}/report/", "/apply/{}", "/companies/{}/", "/skills/{}/",
    "/skills/python/{}/", "/all/{}/", "/figures/{}/", "/sitemap-jobs-{}.xml", "/sitemap-{}.xml", "/static/{}",
    "/.well-known/{}",
]  # fmt: skip
ALLOWED = {200, 301, 302, 304, 400, 404, 405, 410, 413, 414, 422, 431}


@pytest.fixture(autouse=True)
@at_once()
def board():
    make_posting(slug="oak", categories=("Backend",))
    make_posting(slug="closed", status="closed")


@pytest.fixture
def visitor():
    # As on a server: an exception becomes an answer.
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def check(visitor, address: str, ask: Callable | None = None, allowed: set[int] = ALLOWED, **sent) -> None:
    begun = time.monotonic()
    response = (ask or visitor.get)(address, **sent)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if response.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    assert time.monotonic() - begun < 2, address
    assert response.status_code in allowed, (response.status_code, address)
    assert "X-Injected" not in response.headers
    assert not response.cookies
    if "Location" in response.headers and "/apply/oak" not in address:
        assert response["Location"].startswith("/") and not response["Location"].startswith("//"), address
    if response.headers.get("Content-Type", "").startswith("text/html"):
        page = Page(body.decode())
        handled = {name for element in page.elements for name in element.attributes if name.startswith("on")}
        assert not handled, address
        assert not any(CANARY in script for script in page.scripts), address


@pytest.mark.parametrize("address", slow_but(ADDRESSES[::4], ADDRESSES))
def test_no_address_fails_over_bad_parameters(visitor, address):
    for value in BAD_VALUES:
        check(visitor, f"{address}?" + "&".join(f"{name}={value}" for name in (*PARAMETERS, "before", "next", value)))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PARAMETERS, "before", "unknown"])
def test_no_list_fails_over_one_bad_parameter(visitor, name):
    for value in BAD_VALUES:
        for address in ("/", "/feed.json", "/suggest"):
            check(visitor, f"{address}?{name}={value}")


@pytest.mark.parametrize("place", slow_but(PLACES[::4], PLACES))
def test_no_address_fails_over_a_bad_path(visitor, place):
    for value in BAD_VALUES:
        check(visitor, place.replace("{}", value.replace("?", "%3F")))


@pytest.mark.parametrize("address", slow_but(["/"], ["/", "/feed.atom", "/feed.json", "/suggest", "/all/skill/"]))
def test_any_text_can_be_searched_for(visitor, address):
    for text in SEARCHES:
        for name in ("q", "place", "company"):
            check(visitor, f"{address}?{name}={quote(text)}", allowed={200, 301})


SIZES = {
    "100 KB of text": "q=" + "a" * 100_000,
    "one parameter 300 times": "page=1&" * 300,
    "1,200 parameters": "&".join(f"z{number}=" for number in range(1200)),
    "brackets": "q=a&q=b&q[]=c&q[0]=d",
    "unknown ones": f"utm_source=x&{CANARY}=1&__proto__=1",
    "nothing but signs": "&&&&=&==",
    "semicolons": "q=a;page=2",
    "all at once": "q=%22&page=-1&sort=x&skill=%00&country=zz&workplace=*&salary_min=NaN",
    "1,000 filters": "&".join(f"skill=s{number}" for number in range(999)),
}


@pytest.mark.parametrize("query", SIZES.values(), ids=SIZES)
def test_no_list_fails_over_the_size_of_a_query(visitor, query):
    for address in ("/", "/feed.atom", "/suggest", "/all/company/", "/companies/"):
        check(visitor, f"{address}?{query}")


@pytest.mark.parametrize("path", ["/jobs/" + "a" * 3000 + "/", "/jobs" + "/a" * 400, "//jobs//", "/" + "x" * 100_000])
def test_no_path_is_too_long(visitor, path):
    check(visitor, path, allowed={400, 404, 414})


HEADERS = [
    "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE", "HTTP_COOKIE", "HTTP_REFERER", "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PREFIX",
    "HTTP_FORWARDED", "HTTP_X_ORIGINAL_URL", "HTTP_X_REQUEST_ID", "HTTP_SEC_PURPOSE", "HTTP_ORIGIN", "REMOTE_ADDR",
    "CONTENT_TYPE", "CONTENT_LENGTH",
]  # fmt: skip
# As a server hands them on: Latin-1, whatever bytes were sent.
BAD_HEADERS = [
    "", "\0", "\xff\xfe", "a" * 8000, f"\"><svg onload={CANARY}>", "W/\"", '"' * 300, "*", "bytes=0-1,2-3,-1",
    "sessionid=\xff; csrftoken=\0; =;;;", "Thu, 99 Foo 99999 99:99:99 GMT", "gzip;q=NaN, *;q=-1", "::1%lo, evil",
    "evil.example", "for=\"[::1]:x\";host=evil.example", "9" * 5000, "multipart/form-data; boundary=",
    "text/html; charset=\xff",
]  # fmt: skip


@pytest.mark.parametrize("header", slow_but(HEADERS[::5], HEADERS))
def test_no_header_breaks_a_page(visitor, header):
    for value in BAD_HEADERS:
        for address in ("/", "/jobs/oak/", "/feed.atom", "/apply/oak", "/jobs/oak/report/"):
            check(visitor, address, allowed=ALLOWED | {412}, **{header: value})


FORM = "application/x-www-form-urlencoded"
BODIES = {
    "nothing": (b"", FORM),
    "bytes": (bytes(range(256)) * 20, FORM),
    "no boundary": (b"--x\r\n", "multipart/form-data"),
    "broken multipart": (
        b'--x\r\nContent-Disposition: form-data; name="words"\r\n\r\n\xff\0',
        "multipart/form-data; boundary=x",
    ),
    "another character set": ("reason=scam&words=ä".encode("utf-16"), f"{FORM}; charset=utf-16"),
    "a character set that there is not": (b"reason=scam", f'{FORM}; charset="><svg"'),
    "JSON, deep": (b"[" * 60_000, "application/json"),
    "2,000 fields": (b"&".join(b"a=1" for _ in range(2000)), FORM),
    "NUL": (b"reason=wrong&words=a%00b", FORM),
    "markup": (f"reason=wrong&words=%3Csvg onload={CANARY}%3E".encode(), FORM),
    "200 KB": (b"reason=wrong&words=" + b"a" * 200_000, FORM),
}


@pytest.mark.parametrize(("body", "kind"), BODIES.values(), ids=BODIES)
def test_no_body_breaks_an_address(visitor, body, kind):
    for address in ADDRESSES:
        sent = {"data": body, "content_type": kind}
        # As it is: the client's own post() would encode it once more.
        check(visitor, address, partial(visitor.generic, "POST"), ALLOWED | {303, 403}, **sent)


BROKEN_COOKIES = ["sessionid=x; csrftoken=x", "csrftoken=\0", "sessionid=", 'sessionid="; csrftoken="', "=;;=;"]


@pytest.mark.parametrize("cookies", BROKEN_COOKIES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_who_brings_broken_cookies_is_given_no_others(address, cookies):
    """A cache that keeps the page would give them to everybody."""
    assert not Client().get(address, HTTP_COOKIE=cookies).cookies
