"""How much goes over the wire: what a phone on a poor connection has to wait for."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from postings.models import Posting
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

MOST_BYTES_OF_A_LIST = 20 * 1024
MOST_BYTES_OF_STYLE_SHEETS = 12 * 1024
MOST_BYTES_OF_SCRIPTS = 20 * 1024
PER_PAGE = 25


@pytest.fixture
def board():
    """The samples, which have every kind of fact to filter by."""
    call_command("load_samples", verbosity=0)
    assert Posting.objects.live().count() > PER_PAGE


def fetch(client, address: str):
    response = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert response.status_code == 200
    assert response["Content-Encoding"] == "gzip"
    return response


def html_of(response) -> str:
    return gzip.decompress(response.content).decode()


def assets(html: str, pattern: str) -> list[Path]:
    found = re.findall(rf'(?:href|src)="/static/({pattern})"', html)
    return [Path(finders.find(name)) for name in dict.fromkeys(found)]


def compressed(files: list[Path]) -> int:
    """As WhiteNoise stores them."""
    return sum(len(gzip.compress(file.read_bytes(), compresslevel=9, mtime=0)) for file in files)


@pytest.mark.parametrize("address", ["/", "/?q=the&sort=salary"])
def test_a_list_of_25_rows_with_all_filters(client, board, address):
    response = fetch(client, address)
    html = html_of(response)
    assert len(re.findall(r'href="/apply/', html)) == PER_PAGE
    assert html.count("<fieldset") >= 5
    weight = len(response.content)
    assert weight <= MOST_BYTES_OF_A_LIST


@pytest.mark.parametrize("address", ["/", "/jobs/gardener/", "/companies/", "/jobs/gardener/report/"])
def test_style_sheets_and_scripts(client, board, address):
    make_posting(slug="gardener")
    html = html_of(fetch(client, address))
    sheets, scripts = assets(html, r"[^\"]+\.css"), assets(html, r"[^\"]+\.js")
    assert sheets
    assert compressed(sheets) <= MOST_BYTES_OF_STYLE_SHEETS
    assert compressed(scripts) <= MOST_BYTES_OF_SCRIPTS


def test_no_script_holds_the_page_up(client, board):
    make_posting(slug="gardener")
    for address in ("/", "/jobs/gardener/", "/companies/", "/jobs/gardener/report/"):
        for tag in re.findall(r"<script\b[^>]*>", html_of(fetch(client, address))):
            # Data is no script: nothing runs, and nothing waits for it.
            assert re.search(r'\bdefer\b|type="module"|type="application/ld\+json"', tag), tag
