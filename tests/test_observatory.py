"""What the headers of every kind of answer are worth by MDN's HTTP Observatory, on a board with an https address."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from jobboard import urls
from postings import databases, reports
from postings.models import Posting
from tests import test_roles
from tests.factories import make_posting
from tests.observatory import score
from tests.test_roles import CATCH_ALLS, SUPERUSER, addresses, client_of, things  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db

WANTED = 120
PASSWORD = "apple pie and custard"
LOGIN = "/admin/login/?next=/admin/"
REPORT = "/jobs/gardener/report/"
HERE = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0 Firefox/140.0"}


def broken(request):
    raise RuntimeError


def away(request):
    raise databases.Away("the database is away")


def refused(request):
    raise PermissionDenied


urlpatterns = [
    path("broken", broken),
    path("away", away),
    path("refused", refused),
    path("", include(urls.urlpatterns)),
]
handler500 = urls.handler500


@pytest.fixture(autouse=True)
def _https(settings):
    """As an https SITE_URL sets them (tests/test_settings.py)."""
    settings.ROOT_URLCONF = __name__
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURITY_CONTACT = ["mailto:ada@jobs.example"]
    # Serves static files as they lie in the source; read when a client is made.
    settings.WHITENOISE_USE_FINDERS = True


class Browser(Client):
    """It came by https, and an exception is an answer."""

    def __init__(self, **defaults):
        super().__init__(raise_request_exception=False, **defaults)

    def request(self, **request):
        return super().request(**request | {"wsgi.url_scheme": "https"})


def test_what_is_missing_is_counted():
    """Each of these is worth what MDN's page says; without this, no score would mean anything."""
    whole = {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": "max-age=31536000",
    }

    def without(name, **instead):
        return HttpResponse(headers={key: value for key, value in whole.items() if key != name} | instead)

    def with_policy(policy):
        return without("Content-Security-Policy", **{"Content-Security-Policy": policy})

    def with_cookie(name, **how):
        response = HttpResponse(headers=whole)
        response.set_cookie(name, "1", **how)
        return response

    assert score(HttpResponse(headers=whole)) == 120
    assert score(HttpResponse()) == 100 - 25 - 20 - 5 - 20
    assert score(without("X-Content-Type-Options")) == 115
    assert score(without("Referrer-Policy")) == 115
    assert score(without("Referrer-Policy", **{"Referrer-Policy": "unsafe-url"})) == 110
    # Too much is missing for anything to be added.
    assert score(without("Strict-Transport-Security")) == 80
    assert score(without("Strict-Transport-Security", **{"Strict-Transport-Security": "max-age=60"})) == 110
    assert score(with_policy("default-src 'self'; frame-ancestors 'none'")) == 115
    assert score(with_policy("default-src 'none'; frame-ancestors 'none'")) == 115
    assert score(with_policy("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")) == 110
    assert score(with_policy("default-src 'none'; script-src 'unsafe-eval'; frame-ancestors 'none'")) == 100
    assert score(with_policy("default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'none'")) == 80
    assert score(with_policy("default-src 'none'; script-src https:; frame-ancestors 'none'")) == 80
    assert score(with_policy("frame-ancestors 'none'")) == 80
    assert score(with_policy("default-src 'none'; base-uri 'none'; form-action 'self'")) == 80
    assert score(with_cookie("sessionid", secure=True, httponly=True, samesite="Lax")) == 125
    assert score(with_cookie("sessionid", httponly=True, samesite="Lax")) == 60
    assert score(with_cookie("sessionid", secure=True, samesite="Lax")) == 70
    assert score(with_cookie("csrftoken", secure=True, httponly=True)) == 80
    taken_away = HttpResponse(headers=whole)
    taken_away.delete_cookie("sessionid")
    assert score(taken_away) == 120
    sharing = {"Access-Control-Allow-Origin": "https://evil.example", "Access-Control-Allow-Credentials": "true"}
    assert score(HttpResponse(headers=whole | sharing)) == 50


ADDRESSES = {
    "list": ("/", 200),
    "list in its canonical form": ("/?q=", 301),
    "suggestions": ("/suggest?q=gard", 200),
    "values": ("/all/skill/", 200),
    "companies": ("/companies/", 200),
    "company": ("/companies/lindenhof-labs/", 200),
    "posting": ("/jobs/gardener/", 200),
    "posting as Markdown": ("/jobs/gardener.md", 200),
    "report": (REPORT, 200),
    "about": ("/about/", 200),
    "Atom": ("/feed.atom", 200),
    "JSON Feed": ("/feed.json", 200),
    "sitemap": ("/sitemap.xml", 200),
    "robots.txt": ("/robots.txt", 200),
    "security.txt": ("/.well-known/security.txt", 200),
    "manifest": ("/manifest.webmanifest", 200),
    "healthz": ("/healthz", 200),
    "apply": ("/apply/gardener", 302),
    "apply to a closed posting": ("/apply/gone", 410),
    "closed posting": ("/jobs/gone/", 410),
    "figures that there are not": ("/figures/no-such-key/", 404),
    "not found": ("/no-such", 404),
    "feed not found": ("/jobs/no-such.md", 404),
    "bad request": ("/jobs/a%00b/", 400),
    "refused": ("/refused", 403),
    "server error": ("/broken", 500),
    "database away": ("/away", 503),
    "admin login": (LOGIN, 200),
    "way to the admin login": ("/admin/", 302),
    "admin page that there is not": ("/admin/no-such/", 302),
    "style sheet": ("/static/css/board.css", 200),
    "script": ("/static/js/list.js", 200),
    "icon": ("/static/img/icon.svg", 200),
    "the admin's script": ("/static/admin/js/theme.js", 200),
    "static file that there is not": ("/static/css/no-such.css", 404),
}


@pytest.fixture
def gardener():
    make_posting(slug="gone", status=Posting.Status.CLOSED)
    return make_posting(slug="gardener")


@pytest.mark.parametrize(("address", "status"), ADDRESSES.values(), ids=ADDRESSES)
def test_every_kind_of_answer(gardener, address, status):
    response = Browser().get(address)
    assert response.status_code == status
    assert score(response) >= WANTED
    # A static file is open until its answer is.
    response.close()


def too_many_reports():
    browser = Browser(headers=HERE)
    for _ in range(reports.MOST_OF_A_VISITOR):
        posting = make_posting()
        assert browser.post(f"/jobs/{posting.slug}/report/", {"reason": "scam"}).status_code == 303
    return browser.post(REPORT, {"reason": "scam"})


def too_many_logins():
    answers = [Browser().post(LOGIN, {"username": "ada", "password": "wrong"}) for _ in range(10)]
    return answers[-1]


def not_changed():
    browser = Browser()
    return browser.get("/", headers={"If-None-Match": browser.get("/")["ETag"]})


REFUSALS = {
    "not changed": (304, not_changed),
    "another host": (400, lambda: Browser().get("/", headers={"Host": "evil.example"})),
    "a method that is not allowed": (405, lambda: Browser().post("/")),
    "a method that there is not": (405, lambda: Browser().generic("BREW", "/jobs/gardener/")),
    "a probe's": (405, lambda: Browser().post("/healthz")),
    "a report from elsewhere": (403, lambda: Browser().post(REPORT, headers={"Sec-Fetch-Site": "cross-site"})),
    "a report that says nothing": (422, lambda: Browser(headers=HERE).post(REPORT)),
    "a report that is too large": (413, lambda: Browser(headers=HERE).post(REPORT, {"words": "x" * 1_000_000})),
    "a report": (303, lambda: Browser(headers=HERE).post(REPORT, {"reason": "scam"})),
    "too many reports": (429, too_many_reports),
    "a form without its token": (403, lambda: Browser(enforce_csrf_checks=True).post(LOGIN, {"username": "ada"})),
    "too many logins": (429, too_many_logins),
}


@pytest.mark.parametrize(("status", "send"), REFUSALS.values(), ids=REFUSALS)
def test_every_kind_of_refusal(gardener, kept_pages, status, send):
    response = send()
    assert response.status_code == status
    assert score(response) >= WANTED


def test_a_login_that_succeeded_keeps_its_cookies_from_others(django_user_model):
    django_user_model.objects.create_superuser("ada", password=PASSWORD)
    response = Browser().post(LOGIN, {"username": "ada", "password": PASSWORD})
    assert response.status_code == 302
    assert {"sessionid", "csrftoken"} <= response.cookies.keys()
    assert score(response) == 125


def test_every_page_of_the_admin(things):  # noqa: F811
    browser = Browser()
    browser.cookies = client_of(SUPERUSER).cookies
    scores = {}
    for name in sorted(addresses().keys() - CATCH_ALLS - {"logout"}):
        response = browser.get(test_roles.address_of(name, things))
        scores[f"{name} ({response.status_code})"] = score(response)
    assert len([name for name in scores if "(200)" in name]) > 40, scores
    assert {name: value for name, value in scores.items() if value < WANTED} == {}


def test_a_form_of_the_admin_that_is_too_large(db, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    browser = Browser()
    browser.cookies = client_of(SUPERUSER).cookies
    response = browser.post(reverse("admin:postings_importrun_add"), {str(number): "x" for number in range(9)})
    assert response.status_code == 400
    assert score(response) >= WANTED
