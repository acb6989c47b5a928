"""ADMIN_URL: where the admin is, and that an owner who moves it finds no trace of it in public."""

import json

import pytest
from django.urls import get_resolver

from jobboard import settings as board_settings
from postings import landing
from tests.test_settings import KEY, run

# A board of its own, of which each address is asked; what it answers is printed.
ASK = """
import json, sys
from jobboard import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("load_samples", verbosity=0, stdout=sys.stderr)
from postings.models import Posting
slug = Posting.objects.first().slug
client, answers = Client(raise_request_exception=False), {}
for address in json.loads(sys.argv[1]):
    response = client.get(address.format(slug=slug))
    headers = {name: value for name, value in response.headers.items()}
    answers[address] = [response.status_code, headers, str(response.cookies), response.content.decode(errors="replace")]
print(json.dumps(answers))
"""
PUBLIC = [
    *("/", "/?q=engineer", "/jobs/{slug}/", "/jobs/{slug}.md", "/jobs/{slug}/report/", "/apply/{slug}", "/about/"),
    *("/companies/", "/skills/", "/robots.txt", "/sitemap.xml", "/sitemap-pages-0.xml", "/feed.atom", "/feed.json"),
    *("/manifest.webmanifest", "/readyz", "/no-such-page", "/jobs/a%00b/", "/desk", "/admin"),
]
ADMINS = ["/desk-4711/", "/desk-4711/login/", "/admin/", "/admin/login/"]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What a board answers whose admin was moved."""
    database = tmp_path_factory.mktemp("board") / "board.sqlite3"
    environment = {
        "SECRET_KEY": KEY,
        "ADMIN_URL": "/desk-4711",
        "DATABASE_URL": f"sqlite:///{database}",
        "ALLOWED_HOSTS": "testserver",
        "DJANGO_SETTINGS_MODULE": "jobboard.settings",
        "LOG_LEVEL": "CRITICAL",
    }
    code = f"import sys; sys.argv[1:] = [{json.dumps(json.dumps(PUBLIC + ADMINS))}]\n{ASK}"
    done = run(code, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_admin_is_where_the_owner_put_it_and_nowhere_else(answers):
    said = {address: answers[address][0] for address in ADMINS}
    assert said == {"/desk-4711/": 302, "/desk-4711/login/": 200, "/admin/": 404, "/admin/login/": 404}
    assert answers["/desk-4711/"][1]["Location"] == "/desk-4711/login/?next=/desk-4711/"


def test_its_cookie_is_sent_to_it_alone(answers):
    assert "Path=/desk-4711/;" in answers["/desk-4711/login/"][2]


def test_its_pages_ask_not_to_be_found(answers):
    assert '<meta name="robots" content="NONE,NOARCHIVE">' in answers["/desk-4711/login/"][3]


@pytest.mark.parametrize("address", PUBLIC)
def test_no_public_page_names_it(answers, address):
    status, *said = answers[address]
    assert status < 500
    assert "desk-4711" not in json.dumps(said)


def test_robots_txt_names_neither_it_nor_where_it_was(answers):
    assert "Disallow: /apply/" in answers["/robots.txt"][3]
    assert "admin" not in answers["/robots.txt"][3]


def test_no_page_of_the_board_could_be_hidden_behind_it():
    """What its pages begin with is taken; a dot no ADMIN_URL can have."""
    board = next(each for each in get_resolver().url_patterns if getattr(each, "app_name", "") == "postings")
    firsts = {str(each.pattern).partition("/")[0] for each in board.url_patterns} - {""}
    firsts = {each for each in firsts if "." not in each} - {"<landed:plural>"} | set(landing.KINDS)
    assert firsts | {"static", "healthz", "readyz"} == board_settings._TAKEN
