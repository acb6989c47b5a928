"""The headers that every answer carries: pages, redirects, error pages and static files."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from jobboard import urls
from postings.models import Posting
from tests.factories import at_once, make_posting

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}


def broken(request):
    raise RuntimeError


urlpatterns = [path("broken", broken), path("", include(urls.urlpatterns))]
handler500 = urls.handler500

ADDRESSES = {
    "list": ("/", 200),
    "redirect to the clean address": ("/?q=", 301),
    "nothing found": ("/?q=astronaut", 200),
    "all values of a kind": ("/all/skill/", 200),
    "companies": ("/companies/", 200),
    "company": ("/companies/lindenhof-labs/", 200),
    "suggestions": ("/suggest?q=gard", 200),
    "detail": ("/jobs/gardener/", 200),
    "report": ("/jobs/gardener/report/", 200),
    "thanks for a report": ("/jobs/gardener/report/thanks/", 200),
    "about": ("/about/", 200),
    "sitemap": ("/sitemap.xml", 200),
    "pages in the sitemap": ("/sitemap-pages-0.xml", 200),
    "robots.txt": ("/robots.txt", 200),
    "security.txt": ("/.well-known/security.txt", 200),
    "manifest": ("/manifest.webmanifest", 200),
    "icon where browsers look": ("/favicon.ico", 301),
    "apply": ("/apply/gardener", 302),
    "closed": ("/jobs/gone/", 410),
    "not found": ("/no-such", 404),
    "bad request": ("/jobs/a%00b/", 400),
    "server error": ("/broken", 500),
    "admin login": ("/admin/login/", 200),
    "way to the admin login": ("/admin/", 302),
    "style sheet": ("/static/css/board.css", 200),
    "icon": ("/static/img/icon.svg", 200),
    "script": ("/static/js/suggest.js", 200),
    "the admin's style sheet": ("/static/admin/css/base.css", 200),
}
STATIC = [name for name, (address, _) in ADDRESSES.items() if address.startswith("/static/")]
PAGES = [name for name in ADDRESSES if name not in STATIC]


@pytest.fixture
def visitor(settings):
    settings.ROOT_URLCONF = __name__
    settings.SECURITY_CONTACT = ["mailto:ada@jobs.example"]
    # Serve static files as they lie in the source; the middleware reads this when the client is made.
    settings.WHITENOISE_USE_FINDERS = True
    with at_once():
        make_posting(slug="gardener")
        make_posting(slug="gone", status=Posting.Status.CLOSED)
    return Client(raise_request_exception=False)


_answers: dict[str, HttpResponse] = {}


@pytest.fixture(params=ADDRESSES)
def answer(request):
    """What an address answers; asked once for all tests, which only read its headers."""
    if request.param not in _answers:
        address, status = ADDRESSES[request.param]
        response = request.getfixturevalue("visitor").get(address)
        assert response.status_code == status
        # A static file is open until its answer is.
        response.close()
        _answers[request.param] = response
    return _answers[request.param]


def test_the_content_security_policy_is_the_one_agreed_on(answer):
    directives = [directive.split(" ", 1) for directive in answer["Content-Security-Policy"].split("; ")]
    assert dict(directives) == POLICY
    assert len(directives) == len(POLICY)


def test_no_answer_is_guessed_at_or_shared_with_other_windows(answer):
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_no_answer_may_use_what_a_board_does_not_need(answer):
    features = answer["Permissions-Policy"].split(", ")
    assert {"camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()"} <= set(features)
    assert all(feature.endswith("=()") for feature in features)


# A static file is kept out of frames by its policy's frame-ancestors alone.
@pytest.mark.parametrize("answer", PAGES, indirect=True)
def test_no_page_is_framed(answer):
    assert answer["X-Frame-Options"] == "DENY"


def test_without_an_https_address_nothing_promises_tls(answer):
    assert not answer.has_header("Strict-Transport-Security")


# WhiteNoise lets style sheets and icons be read from anywhere: they are the same for everyone.
@pytest.mark.parametrize("answer", PAGES, indirect=True)
def test_no_page_may_be_read_by_another_site(answer):
    assert not answer.has_header("Access-Control-Allow-Origin")


def test_no_answer_names_its_server_or_framework(answer):
    assert not {"server", "x-powered-by"} & {name.lower() for name in answer.headers}


def test_a_host_that_is_not_the_boards_gets_the_headers_too(visitor):
    response = visitor.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_method_that_is_not_allowed_gets_the_headers_too(visitor):
    response = visitor.post("/")
    assert response.status_code == 405
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_pages_hold_no_inline_script_style_or_handler(visitor):
    """Under the policy they would be dead. Structured data is nothing that could run."""
    for name in PAGES:
        html = visitor.get(ADDRESSES[name][0]).content.decode()
        assert not re.search(
            r"<style|<script(?![^>]*\bsrc=| type=.application/ld\+json.>)|<[^>]+\s(?:style|on\w+)=", html
        ), name


def test_what_a_proxy_or_a_visitor_says_of_the_host_changes_no_page(visitor):
    plain = visitor.get("/?q=gardener").content
    for name in ("X-Forwarded-Host", "X-Original-URL", "X-Forwarded-Prefix", "Forwarded", "X-Rewrite-URL"):
        response = visitor.get("/?q=gardener", headers={name: "evil.example"})
        assert response.content == plain, name


def test_without_an_https_address_nobody_can_pretend_to_use_tls(visitor):
    response = visitor.get("/", headers={"X-Forwarded-Proto": "https"})
    assert not response.wsgi_request.is_secure()
    assert not response.has_header("Strict-Transport-Security")


@pytest.mark.parametrize(
    "address", ["/static/../manage.py", "/static/%2e%2e/manage.py", "/static//etc/passwd", "/.env"]
)
def test_nothing_but_static_files_is_served(visitor, address):
    assert visitor.get(address).status_code == 404


def test_the_sign_in_cookies_are_kept_from_scripts_and_other_sites(visitor, django_user_model):
    django_user_model.objects.create_superuser("ada", password="apple pie and custard")
    response = visitor.post("/admin/login/?next=/admin/", {"username": "ada", "password": "apple pie and custard"})
    assert response.status_code == 302
    for name in ("sessionid", "csrftoken"):
        cookie = response.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        # Over plain http, as without an https address, a Secure cookie would never come back.
        assert not cookie["secure"]
