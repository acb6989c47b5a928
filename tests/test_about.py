"""The page about the board, /about/, and the icon that nobody names."""

import gzip
import re
from pathlib import Path

import pytest

from postings import rendering
from postings.models import DailyClicks
from tests.factories import make_posting

pytestmark = pytest.mark.django_db


def read(client) -> str:
    response = client.get("/about/")
    assert response.status_code == 200
    assert not response.cookies
    return response.content.decode().partition("<main")[2].partition("</main>")[0]


def test_with_nothing_set_it_speaks_of_nobody(client):
    html = read(client)
    for unsaid in ("Who runs it", "run by", "Write to", "mailto:", "None", 'class="description"'):
        assert unsaid not in html
    assert html.count("<h1>") == 1


def test_says_who_runs_the_board_and_how_to_reach_them(client, settings):
    settings.OPERATOR = "Ada & <Söhne>"
    settings.CONTACT = "mailto:hello@jobs.example"
    html = read(client)
    assert "This board is run by <bdi>Ada &amp; &lt;Söhne&gt;</bdi>." in html
    assert 'Write to <a href="mailto:hello@jobs.example"><bdi>hello@jobs.example</bdi></a>.' in html


def test_a_contact_may_be_a_page_elsewhere(client, settings):
    settings.CONTACT = "https://ada.example/contact/"
    html = read(client)
    assert "Who runs it" in html
    assert 'reached at <a href="https://ada.example/contact/"><bdi>ada.example/contact</bdi></a>.' in html
    assert "run by" not in html


def test_shows_the_operators_own_words(client, settings):
    settings.ABOUT = rendering.render("We **prune**.\n\n## Since 1999\n\n<script>alert(1)</script>")
    html = read(client)
    assert "<p>We <strong>prune</strong>.</p>" in html
    assert "Since 1999</h2>" in html
    assert "<script" not in html


def test_names_every_kind_of_click_that_is_counted(client):
    html = read(client)
    for kind in DailyClicks.Kind:
        assert f"<dt>{kind.label.capitalize()}</dt>" in html
    assert "The pages set no cookie" in html


@pytest.mark.parametrize(
    ("days", "words"), [(60, "For 60 days after"), (1, "For 1 day after"), (0, "Until they are closed")]
)
def test_says_how_long_postings_stay(client, settings, days, words):
    settings.POSTING_LIFETIME_DAYS = days
    assert words in read(client)


def test_every_page_leads_to_it(client):
    posting = make_posting()
    for address in ("/", "/companies/", posting.get_absolute_url(), "/about/", "/no-such-page"):
        html = client.get(address).content.decode()
        assert '<a href="/about/">About</a>' in html
        assert '<a href="/about/#counted">What is counted</a>' in html


def test_only_get_and_head_are_allowed(client):
    assert client.post("/about/")["Allow"] == client.post("/favicon.ico")["Allow"] == "GET, HEAD"


def test_the_icon_is_where_browsers_look_for_one(client):
    response = client.get("/favicon.ico")
    assert (response.status_code, response["Location"]) == (301, "/static/img/icon.svg")
    assert response["Cache-Control"] == "max-age=86400"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_windows_frame_has_the_colour_of_the_page(client, scheme):
    css = (Path(__file__).parent.parent / "static" / "css" / "board.css").read_text()
    paper = dict(zip(["light", "dark"], re.findall(r"--paper: (#\w{6});", css), strict=False))
    html = client.get("/about/").content.decode()
    assert f'<meta name="theme-color" content="{paper[scheme]}" media="(prefers-color-scheme: {scheme})">' in html


def test_companies_are_told_apart_by_their_initials(client):
    make_posting(company="Lindenhof Labs")
    html = client.get("/companies/").content.decode()
    assert re.search(r'<li><span class="initials tint-[1-6]" aria-hidden="true">LL</span><a href="/companies/', html)


def test_the_style_sheet_stays_light():
    css = Path(__file__).parent.parent / "static" / "css" / "board.css"
    assert len(gzip.compress(css.read_bytes(), 9)) < 12 * 1024
