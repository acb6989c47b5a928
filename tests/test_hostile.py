"""A board on which every field is hostile, page by page and file by file: what is text comes out as that text, and
nothing is there that is not on a board that says harmless things."""

import csv
import io
import json
import re
import tarfile
import time
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from html.parser import HTMLParser
from itertools import islice
from typing import NamedTuple

import openpyxl
import pytest
from django.db import transaction
from django.test import Client, override_settings
from hypothesis import HealthCheck, given, settings

from postings import applying, catalogue, page_cache, spreadsheets
from postings.importing import layout
from postings.importing.run import Options, run_import
from postings.models import Company, Posting, Tag
from tests import hostile_board
from tests.factories import posting_text
from tests.hostile import (
    HOST,
    LINE_PAYLOADS,
    Page,
    dangers,
    harmless_parts,
    hostile_parts,
    one_line,
    splices,
)
from tests.test_admin import Form, errors, open_form

HARMLESS, HOSTILE = "harmless", "hostile"
FORMATS = ("csv", "xlsx", "json", "archive")
EXPORTED = ("posting", "company", "tag", "report")


class Answer(NamedTuple):
    address: str
    status: int
    headers: dict[str, str]
    body: bytes
    has_cookie: bool

    @property
    def text(self) -> str:
        return self.body.decode()


class Board(NamedTuple):
    """All that one board answers, and what is stored on it."""

    postings: list[Posting]
    answers: dict[str, list[Answer]]
    exports: dict[tuple[str, str], bytes]  # by model and format


# Of how many postings the quick tests take one; what is hostile about each is another thing.
ONE_OF = 12


@pytest.fixture(scope="module", params=[ONE_OF, pytest.param(1, marks=pytest.mark.slow)], ids=["some", "all"])
def boards(request, django_db_setup, django_db_blocker, tmp_path_factory):
    """Both boards, each asked once for everything that it has; then nothing of them is left."""
    return {
        name: _asked(django_db_blocker, tmp_path_factory.mktemp(name), islice(parts, None, None, request.param))
        for name, parts in ((HARMLESS, harmless_parts()), (HOSTILE, hostile_parts()))
    }


def _asked(blocker, folder, parts) -> Board:
    own_files = {"CATALOGUE_FILE": folder / "catalogue", "CLICK_JOURNAL": folder / "clicks.journal"}
    with blocker.unblock(), override_settings(**own_files), transaction.atomic():
        for remembered in (catalogue.forget, page_cache.forget, applying.forget_all):
            remembered()
        postings = hostile_board.seed(folder / "files", parts)
        public, staff = Client(), Client()
        staff.force_login(hostile_board.operator())
        answers = defaultdict(list)
        for browser, addresses in (
            (public, hostile_board.pages(postings)),
            (public, hostile_board.machine_files(postings)),
            (staff, {f"admin: {kind}": many for kind, many in hostile_board.admin_pages(postings).items()}),
        ):
            for kind, address in hostile_board.each(addresses):
                answers[kind].append(_answer(browser, address))
        exports = {(model, format): _export(staff, model, format) for model in EXPORTED for format in FORMATS}
        companies = Company.objects.in_bulk()
        for posting in postings:
            posting.company = companies[posting.company_id]
        transaction.set_rollback(True)
    return Board(postings, answers, exports)


def _answer(browser: Client, address: str) -> Answer:
    response = browser.get(address)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return Answer(address, response.status_code, dict(response.headers), body, bool(response.cookies))


def _export(browser: Client, model: str, format: str) -> bytes:
    if format == "archive" and model != "posting":
        return b""
    response = browser.post(f"/admin/postings/{model}/export/", {"export": "Export", "format": format, "bodies": "on"})
    assert response.status_code == 200 and response.streaming, (model, format)
    return response.getvalue()


# What `hostile_board` names; a kind that is added there is tried without a word here.
PUBLIC = [
    "list", "filtered", "nothing found", "values", "posting", "closed", "report", "thanks", "company", "companies",
    "landing page", "landing pages", "figures", "not found",
]  # fmt: skip
ADMIN = [
    f"admin: {kind}"
    for kind in (
        "home", "postings", "posting", "history", "a past", "delete", "export", "reports", "companies", "company",
        "tags", "tag", "duplicates", "clicks", "imports", "import",
    )
]  # fmt: skip
FILES = ["atom", "json", "suggestions", "sitemaps", "markdown", "others"]
STATUSES = {"closed": 410, "not found": 404}


def test_every_kind_of_page_is_tried(boards):
    assert set(boards[HOSTILE].answers) == {*PUBLIC, *ADMIN, *FILES}


# --- Pages -------------------------------------------------------------------------------------------


class Known(NamedTuple):
    """What stands on any page of the harmless board: which filter is folded or what has a title differs by page."""

    elements: set
    addresses: set[str]
    odd: set[str]
    scripts: list[str]


@pytest.fixture(scope="module")
def known(boards):
    found = {}
    for kinds in (PUBLIC, ADMIN):
        pages = [Page(answer.text) for kind in kinds for answer in boards[HARMLESS].answers[kind]]
        found |= dict.fromkeys(
            kinds,
            Known(
                set().union(*(page.elements for page in pages)),
                set().union(*(page.addresses for page in pages)),
                {odd for page in pages for odd in page.odd},
                [script for page in pages for script in page.scripts],
            ),
        )
    return found


@pytest.mark.parametrize("kind", [*PUBLIC, *ADMIN])
def test_a_page_has_nothing_that_a_harmless_board_does_not_have(boards, known, kind):
    assert len(known[kind].elements) > 100
    for answer in boards[HOSTILE].answers[kind]:
        assert answer.status == STATUSES.get(kind, 200), answer.address
        page = Page(answer.text)
        assert page.elements - known[kind].elements == set(), answer.address
        assert set(page.odd) <= known[kind].odd, answer.address
        strange = page.addresses - known[kind].addresses
        assert [address for address in strange if not _is_harmless_address(address)] == [], answer.address
        for script in set(page.scripts) - set(known[kind].scripts):
            json.loads(script)  # none that anything would run
            assert not set("<>&\u2028\u2029") & set(script)


def _is_harmless_address(address: str) -> bool:
    """Of the board itself, of the employer that every posting names, or what the sanitiser lets a body link to."""
    is_own = re.match(r"(?:http://testserver)?(?:/(?!/)|\Z)|[?#]", address)
    return bool(is_own) or address.startswith(HOST) or not dangers(f'<a rel="nofollow noopener ugc" href="{address}">x')


@pytest.mark.parametrize("kind", [*PUBLIC, *ADMIN, *FILES])
def test_an_answer_has_the_headers_of_a_harmless_board(boards, kind):
    # What is long enough to be compressed says that it varies by it.
    known = {"Vary"}.union(*(answer.headers for answer in boards[HARMLESS].answers[kind]))
    for answer in boards[HOSTILE].answers[kind]:
        assert answer.status == STATUSES.get(kind, 200), answer.address
        assert set(answer.headers) <= known
        assert all(value.isprintable() and value.isascii() for value in answer.headers.values())
        assert "'unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert kind in ADMIN or not answer.has_cookie


def test_a_postings_page_says_every_field_as_it_is(boards):
    board = boards[HOSTILE]
    for posting, answer in zip(board.postings, board.answers["posting"], strict=False):
        page = Page(answer.text)
        for said in (posting.title, posting.company.name, posting.apply_keyword, *posting.other_tags):
            assert one_line(said) in page.text, answer.address
        [job] = [each for each in map(json.loads, page.scripts[-2:]) if each["@type"] == "JobPosting"]
        assert (job["title"], job["hiringOrganization"]["name"]) == (posting.title, posting.company.name)
        assert job["description"] == posting.body_html
        assert dangers(job["description"]) == []


def test_what_is_shown_to_other_sites_is_the_text_and_a_picture_of_the_boards_own(boards):
    board = boards[HOSTILE]
    for posting, answer in zip(board.postings, board.answers["posting"], strict=False):
        named = {name: content for name, content in _metas(answer.text) if name}
        # `heads` shortens; what it leaves is the beginning.
        assert named["og:title"][:30] == one_line(posting.title)[:30]
        assert named["og:image"].startswith("http://testserver/static/img/board")
        assert named["og:url"].startswith("http://testserver/jobs/hostile-")


def _metas(html: str) -> list[tuple[str, str]]:
    class Metas(HTMLParser):
        found: list[tuple[str, str]]

        def handle_starttag(self, tag, attrs):
            if tag == "meta":
                meta = dict(attrs)
                self.found.append((meta.get("property") or meta.get("name") or "", meta.get("content") or ""))

    parser = Metas()
    parser.found = []
    parser.feed(html)
    return parser.found


def test_lists_say_every_title(boards):
    for kind in ("list", "admin: postings"):
        texts = " ".join(Page(answer.text).text for answer in boards[HOSTILE].answers[kind])
        titles = [one_line(posting.title) for posting in boards[HOSTILE].postings if posting.is_live]
        assert [title for title in titles if title not in texts] == []


def test_a_form_holds_what_is_stored_and_nothing_else(boards):
    board = boards[HOSTILE]
    for posting, answer in zip(board.postings, board.answers["admin: posting"], strict=False):
        data = Form(answer.text).data
        assert data["title"] == [posting.title]
        assert data["company"] == [posting.company.name]
        assert data["body_markdown"] == [posting.body_markdown.replace("\n", "\r\n")]
        assert data["apply_url"] == [posting.apply_url]


# --- Files -------------------------------------------------------------------------------------------


def _xml(data: bytes) -> ElementTree.Element:
    assert b"<!DOCTYPE" not in data and b"<!ENTITY" not in data
    return ElementTree.fromstring(data)


def _names(tree: ElementTree.Element) -> set[tuple[str, frozenset[str]]]:
    return {(element.tag, frozenset(element.attrib)) for element in tree.iter()}


@pytest.mark.parametrize("kind", ["atom", "sitemaps"])
def test_xml_has_the_elements_of_a_harmless_board(boards, kind):
    known = set().union(*(_names(_xml(answer.body)) for answer in boards[HARMLESS].answers[kind]))
    for answer in boards[HOSTILE].answers[kind]:
        tree = _xml(answer.body)
        assert _names(tree) <= known
        for element in tree.iter():
            addresses = [element.attrib.get("href"), element.text if element.tag.endswith("}loc") else None]
            assert all(address.startswith("http://testserver/") for address in addresses if address)


def test_feeds_say_the_texts_and_harmless_html(boards):
    board = boards[HOSTILE]
    live = {posting.title: posting for posting in board.postings if posting.is_live}
    [answer] = board.answers["json"]
    items = {item["title"]: item for item in json.loads(answer.body)["items"]}
    assert set(live) <= set(items)
    for title, posting in live.items():
        assert items[title]["content_html"] == posting.body_html
        assert dangers(items[title]["content_html"]) == []
    [answer] = board.answers["atom"]
    atom = "{http://www.w3.org/2005/Atom}"
    entries = {entry.findtext(f"{atom}title"): entry for entry in _xml(answer.body).iter(f"{atom}entry")}
    assert {one_line(title) for title in live} <= {one_line(title) for title in entries}
    for entry in entries.values():
        assert dangers(entry.findtext(f"{atom}content")) == []
        assert entry.find(f"{atom}content").attrib["type"] == "html"


def test_the_markdown_of_a_page_is_text_and_reads_as_the_same_posting(boards):
    board = boards[HOSTILE]
    for posting, answer in zip(board.postings, board.answers["markdown"], strict=False):
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
        parts = layout.read(answer.body)
        assert (parts.title, parts.company, parts.body) == (posting.title, posting.company.name, posting.body_markdown)
        assert parts.apply_url.startswith("http://testserver/apply/hostile-") or parts.apply_url == posting.apply_url


def test_suggestions_and_manifest_are_json(boards):
    answers = [*boards[HOSTILE].answers["suggestions"], boards[HOSTILE].answers["others"][1]]
    assert [bool(json.loads(answer.body)) for answer in answers].count(True) >= 2
    assert all("json" in answer.headers["Content-Type"] for answer in answers)


# --- Exports -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", EXPORTED)
def test_spreadsheets_have_the_cells_of_a_harmless_board_and_no_formula(boards, model):
    tables = {}
    for name, board in boards.items():
        lines = csv.reader(io.StringIO(board.exports[model, "csv"].decode("utf-8-sig"), newline=""), strict=True)
        tables[name] = list(lines)
        book = openpyxl.load_workbook(io.BytesIO(board.exports[model, "xlsx"]))
        assert len(book.worksheets) == 1
        cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n", "b"}
        assert not any(cell.hyperlink or cell.comment for cell in cells)
        assert [cell.value for cell in cells if isinstance(cell.value, str) and _is_formula(cell.value)] == []
    assert tables[HARMLESS][0] == tables[HOSTILE][0]
    assert {len(row) for row in tables[HOSTILE]} == {len(tables[HARMLESS][0])}
    assert [cell for row in tables[HOSTILE] for cell in row if _is_formula(cell)] == []


def _is_formula(cell: str) -> bool:
    return spreadsheets.harmless(cell) != cell or cell[:1] in tuple("=+-@\t\r\n")


def test_json_says_every_field_as_it_is(boards):
    board = boards[HOSTILE]
    said = {each["slug"]: each for each in json.loads(board.exports["posting", "json"])}
    for posting in board.postings:
        each = said[posting.slug]
        assert (each["title"], each["company"], each["body"]) == (
            posting.title,
            posting.company.name,
            posting.body_markdown,
        )


def test_an_archive_has_plain_names_and_reads_as_the_same_postings(boards):
    board = boards[HOSTILE]
    titles = set()
    with tarfile.open(fileobj=io.BytesIO(board.exports["posting", "archive"])) as archive:
        for member in archive:
            assert member.isreg() and not member.name.startswith("/") and ".." not in member.name.split("/")
            titles.add(layout.read(archive.extractfile(member).read()).title)
    assert {posting.title for posting in board.postings if posting.is_live} <= titles


# --- Typed by hand -----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("text", LINE_PAYLOADS.values(), ids=LINE_PAYLOADS.keys())
def test_what_an_operator_types_is_harmless_too(admin_client, client, text):
    add = "/admin/postings/posting/add/"
    typed = {
        "title": text,
        "company": text,
        "place": text,
        "salary_text": f"$90,000 {text}",
        "other_tags": text,
        "apply_keyword": text[:100],
        "body_markdown": text,
        "apply_url": f"{HOST}typed",
        "slug": "typed",
        "status": "live",
    }
    response = admin_client.post(add, {**open_form(admin_client, add), **typed, "_save": "Save"}, follow=True)
    assert not errors(response)
    assert _handlers(Page(response.content.decode())) == []
    posting = Posting.objects.select_related("company").get(slug="typed")
    assert posting.title == posting.company.name == one_line(layout.tidy(text))
    page = Page(client.get("/jobs/typed/").content.decode())
    assert posting.title in page.text
    assert page.odd == [] and dangers(posting.body_html) == []
    assert _handlers(page) == []
    assert {"svg", "iframe", "style", "base", "object"} & {element.tag for element in page.elements} == set()
    tag = "/admin/postings/tag/add/"
    made = {"kind": "category", "name": text[:100], "spellings": text}
    admin_client.post(tag, {**open_form(admin_client, tag), **made, "_save": "Save"})
    assert Tag.objects.filter(kind="category", name=one_line(layout.tidy(text[:100]))).exists()


def _handlers(page: Page) -> list[str]:
    return [name for element in page.elements for name in element.attributes if name.startswith("on")]


# --- Any splice, the whole way -----------------------------------------------------------------------


@pytest.mark.django_db
@settings(deadline=None, database=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=splices(), body=splices(), company=splices(), tag=splices())
def test_any_splice_goes_the_whole_way_harmless_and_quickly(client, tmp_path, line, body, company, tag):
    """From a file's bytes by the importer and the database to its page."""
    one, other, third = (re.sub(r"[\r\n]", " ", text) for text in (line, company, tag))
    file = tmp_path / "oak.md"
    file.write_text(posting_text(title=one, company=other, tags=(third,), body=body, slug="oak"), errors="replace")
    begun = time.monotonic()
    with transaction.atomic():
        summary = run_import([str(file)], Options())
        assert summary.files == 1
        for posting in Posting.objects.all():
            response = client.get(f"/jobs/{posting.slug}/")
            assert response.status_code == 200
            page = Page(response.content.decode())
            assert one_line(posting.title) in page.text
            assert page.odd == [] and dangers(posting.body_html) == []
            assert _handlers(page) == []
            tags = {element.tag for element in page.elements}
            assert not tags & {"svg", "iframe", "style", "base", "object", "math", "img", "textarea", "template"}
        transaction.set_rollback(True)
    assert time.monotonic() - begun < 1
