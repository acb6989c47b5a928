"""What programs ask for by names that they all know: robots.txt, security.txt, the manifest and its icons."""

import datetime as dt
import re
import struct
from fnmatch import fnmatch
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.test import Client

from postings.models import Posting
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

STATIC = Path(__file__).parent.parent / "static"


def read(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["ETag"]
    return response.content.decode()


# --- robots.txt ---------------------------------------------------------------------------------------


def test_crawlers_may_read_everything_but_links_that_count_forms_and_the_admin(client):
    assert read(client, "/robots.txt") == (
        "User-agent: *\n"
        "Disallow: /admin/\n"
        "Disallow: /apply/\n"
        "Disallow: /suggest\n"
        "Disallow: /jobs/*/report/\n"
        "\n"
        "Sitemap: http://testserver/sitemap.xml\n"
    )


def test_what_is_shut_is_what_these_pages_are_called(client):
    patterns = [f"{path}*" for path in re.findall("^Disallow: (.*)$", read(client, "/robots.txt"), re.MULTILINE)]
    make_posting(slug="gardener")
    for address in ("/apply/gardener", "/admin/login/", "/suggest?q=g", "/jobs/gardener/report/"):
        assert client.get(address).status_code in (200, 302)
        assert any(fnmatch(address, pattern) for pattern in patterns), address
    for address in ("/", "/?skill=python&page=2", "/jobs/gardener/", "/companies/lindenhof-labs/", "/sitemap.xml"):
        assert not any(fnmatch(address, pattern) for pattern in patterns), address


def test_the_sitemap_is_named_by_its_public_address(client, settings):
    settings.SITE_URL = "https://jobs.example"
    assert "\nSitemap: https://jobs.example/sitemap.xml\n" in read(client, "/robots.txt")


def test_a_blocked_crawler_is_told_to_stay_away_and_no_other(client, settings):
    settings.BLOCKED_CRAWLERS = ["GPTBot", "CCBot"]
    parser = RobotFileParser()
    parser.parse(read(client, "/robots.txt").splitlines())
    said = {name: parser.can_fetch(name, "/jobs/gardener/") for name in ("GPTBot", "CCBot", "Googlebot")}
    assert said == {"GPTBot": False, "CCBot": False, "Googlebot": True}
    assert parser.site_maps() == ["http://testserver/sitemap.xml"]


@pytest.fixture
def hidden(settings) -> Client:
    """A visitor of a board that no search engine should show."""
    settings.SEARCH_ENGINES = False
    settings.WHITENOISE_USE_FINDERS = True
    make_posting(slug="gardener")
    make_posting(slug="gone", status=Posting.Status.CLOSED)
    return Client(raise_request_exception=False)


def test_a_board_without_search_engines_shuts_everything_and_names_no_sitemap(hidden):
    assert read(hidden, "/robots.txt") == "User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    "address",
    ["/", "/jobs/gardener/", "/jobs/gone/", "/apply/gardener", "/no-such", "/a%00", "/static/img/icon.svg", "/?q="],
)
def test_every_answer_of_a_board_without_search_engines_asks_not_to_be_listed(hidden, address):
    response = hidden.get(address)
    assert "noindex" in response["X-Robots-Tag"]
    response.close()


def test_pages_of_other_boards_may_be_listed(client):
    make_posting(slug="gardener")
    for address in ("/", "/jobs/gardener/", "/robots.txt"):
        assert not client.get(address).has_header("X-Robots-Tag")


# --- security.txt -------------------------------------------------------------------------------------

SECURITY_TXT = "/.well-known/security.txt"
EVENING = dt.datetime(2025, 3, 10, 19, 20, tzinfo=dt.UTC)


def test_without_anybody_to_write_to_there_is_no_security_txt(client):
    assert client.get(SECURITY_TXT).status_code == 404


def test_says_whom_to_tell_of_a_hole(client, settings):
    settings.SITE_URL = "https://jobs.example"
    settings.SECURITY_CONTACT = ["mailto:holes@jobs.example", "https://jobs.example/holes"]
    settings.SECURITY_POLICY = "https://jobs.example/policy"
    with time_machine.travel(EVENING):
        assert read(client, SECURITY_TXT) == (
            "Contact: mailto:holes@jobs.example\n"
            "Contact: https://jobs.example/holes\n"
            "Expires: 2025-09-06T00:00:00Z\n"
            "Preferred-Languages: en\n"
            "Canonical: https://jobs.example/.well-known/security.txt\n"
            "Policy: https://jobs.example/policy\n"
        )


def test_security_txt_stays_the_same_for_a_day_and_does_not_run_out(client, settings):
    settings.SECURITY_CONTACT = ["mailto:holes@jobs.example"]
    with time_machine.travel(EVENING) as clock:
        texts = []
        for hours in (0, 4, 5):
            clock.move_to(EVENING + dt.timedelta(hours=hours))
            texts.append(read(client, SECURITY_TXT))
    assert texts[0] == texts[1] != texts[2]
    assert "Canonical" not in texts[0]
    assert "Policy" not in texts[0]


# --- The manifest and the pictures ----------------------------------------------------------------------


def manifest(client) -> dict:
    response = client.get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    return response.json()


def size_of(name: str) -> str:
    """Of a PNG, from its header."""
    data = (STATIC / "img" / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return "{}x{}".format(*struct.unpack(">II", data[16:24]))


def test_the_manifest_names_the_board_and_opens_its_list(client, settings):
    settings.SITE_NAME = "Obsthof <jobs>"
    said = manifest(client)
    assert said["name"] == said["short_name"] == "Obsthof <jobs>"
    assert said["start_url"] == said["scope"] == "/"
    assert said["display"] == "minimal-ui"


def test_the_apps_colours_are_the_pages(client):
    paper = re.findall(r"--paper: (#\w{6});", (STATIC / "css" / "board.css").read_text())[0]
    said = manifest(client)
    assert said["background_color"] == said["theme_color"] == paper


def test_every_icon_is_there_and_as_large_as_it_says(client):
    icons = manifest(client)["icons"]
    for icon in icons:
        name = icon["src"].removeprefix("/static/")
        assert finders.find(name)
        assert icon["sizes"] == ("any" if name.endswith(".svg") else size_of(name.removeprefix("img/")))
    assert {icon["sizes"] for icon in icons} == {"any", "192x192", "512x512"}
    assert [icon["sizes"] for icon in icons if icon.get("purpose") == "maskable"] == ["512x512"]


def test_icons_have_the_names_under_which_they_may_be_kept_for_ever(client, monkeypatch, settings):
    monkeypatch.setattr(ManifestStaticFilesStorage, "stored_name", lambda self, name: name.replace(".", ".0a1b2c."))
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    assert all(".0a1b2c." in icon["src"] for icon in manifest(client)["icons"])


@pytest.mark.parametrize(
    ("name", "size", "most"),
    [
        ("icon-192.png", "192x192", 4),
        ("icon-512.png", "512x512", 8),
        ("icon-maskable.png", "512x512", 8),
        ("apple-touch-icon.png", "180x180", 4),
        ("board.png", "1200x630", 60),
    ],
)
def test_pictures_have_their_size_and_stay_light(name, size, most):
    assert size_of(name) == size
    assert (STATIC / "img" / name).stat().st_size < most * 1024
