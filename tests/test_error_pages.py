"""What a visitor sees where something is wrong: the board's own dress, and nothing of its inside."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client
from django.urls import include, path

from jobboard import urls
from postings.models import Posting
from tests.factories import make_posting

SECRET = "the contents of a local variable"


def broken(request, **kwargs):
    secret = SECRET
    raise RuntimeError(f"{secret} in a message")


def refused(request):
    raise PermissionDenied(SECRET)


def suspicious(request):
    raise SuspiciousOperation(SECRET)


# This module is the project's urls.py for these tests: the board's own addresses, and some that fail.
urlpatterns = [
    path("broken/<str:word>", broken),
    path("refused", refused),
    path("suspicious", suspicious),
    path("", include(urls.urlpatterns)),
]
handler500 = urls.handler500


@pytest.fixture(autouse=True)
def _some_addresses_fail(settings):
    settings.ROOT_URLCONF = __name__
    settings.DEBUG = False


@pytest.fixture
def visitor():
    # As on a server: an exception becomes an answer.
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def assert_in_the_boards_dress(response, status: int, words: str) -> str:
    """The page's HTML, once it is sure that it is one of the board's own."""
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    html = response.content.decode()
    assert f"<h1>{words}</h1>" in html
    assert 'class="wordmark" href="/">Job board</a>' in html
    assert "css/board.css" in html
    assert '<p class="way-on"><a href="/">See all jobs</a></p>' in html
    assert '<a href="/about/">About</a>' in html
    assert " – Job board</title>" in html
    for inside in ("Traceback", SECRET, "Exception", "urlconf", "DEBUG", "Django"):
        assert inside not in html
    return html


ECHO = "echo<svg onload=alert(1)>'\""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        f"/{ECHO}",
        f"/jobs/{ECHO}/",
        f"/apply/{ECHO}",
        f"/companies/{ECHO}/",
        f"/all/{ECHO}/",
        f"/no-such-page?{ECHO}",
    ],
)
def test_404(visitor, address):
    html = assert_in_the_boards_dress(visitor.get(address), 404, "Page not found")
    # A page that repeats an address lets anyone write on it, and share the link.
    assert "echo" not in html


@pytest.mark.django_db
def test_410(visitor):
    make_posting(slug="gone", status=Posting.Status.CLOSED)
    for address in (f"/jobs/gone/?{ECHO}", f"/apply/gone?{ECHO}"):
        html = assert_in_the_boards_dress(visitor.get(address), 410, "This posting is closed")
        assert "echo" not in html


@pytest.mark.parametrize("address", ["/suspicious", "/jobs/a%00b/", "/apply/a%00b", "/companies/a%00b/"])
def test_400(visitor, address):
    assert_in_the_boards_dress(visitor.get(address), 400, "This request could not be understood")


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver:80:80", "test server", "[::1"])
def test_400_for_a_host_that_is_not_the_boards(visitor, host):
    html = assert_in_the_boards_dress(
        visitor.get("/", headers={"Host": host}), 400, "This request could not be understood"
    )
    assert "evil" not in html


def test_403(visitor):
    html = assert_in_the_boards_dress(visitor.get("/refused"), 403, "You may not do this")
    assert "Your account does not have the right" in html


def test_403_for_a_form_without_its_token(visitor):
    response = visitor.post("/admin/login/", {"username": "ada", "password": "apple pie"})
    html = assert_in_the_boards_dress(response, 403, "You may not do this")
    assert "This form was open for too long, or cookies are off." in html


@pytest.mark.django_db
def test_405(visitor):
    response = visitor.post("/")
    assert response["Allow"] == "GET, HEAD"
    assert_in_the_boards_dress(response, 405, "This page can only be looked at")


@pytest.mark.django_db
def test_405_says_which_methods_there_are(visitor):
    response = visitor.post("/jobs/any/")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_500(visitor, caplog):
    html = assert_in_the_boards_dress(visitor.get(f"/broken/{ECHO}"), 500, "Something went wrong here")
    assert "echo" not in html
    # The cause is in the log, for the operator.
    assert SECRET in caplog.text


def test_500_is_not_kept(visitor):
    assert visitor.get("/broken/x")["Cache-Control"] == "no-store"


def test_500_asks_the_database_nothing(visitor):
    # Without the django_db mark every query raises: what broke may be the database.
    assert visitor.get("/broken/x").status_code == 500


def test_a_database_that_is_away_gives_the_boards_500(visitor):
    """Here it is pytest-django that keeps the database away; a stopped server looks the same to the page."""
    assert_in_the_boards_dress(visitor.get("/"), 500, "Something went wrong here")


def test_500_stands_without_collected_static_files(visitor, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    assert_in_the_boards_dress(visitor.get("/broken/x"), 500, "Something went wrong here")


@pytest.mark.django_db
def test_error_pages_answer_head_and_set_no_cookie(visitor):
    for address, status in (("/no-such", 404), ("/suspicious", 400), ("/refused", 403), ("/broken/x", 500)):
        response = visitor.head(address)
        assert (response.status_code, response.content) == (status, b"")
        assert not visitor.get(address).cookies
