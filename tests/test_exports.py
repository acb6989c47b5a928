"""Exports from the admin and the command: as tables, and as the Markdown from which an import makes the same board."""

import csv
import datetime as dt
import io
import json
import logging
import tarfile
import tempfile
from pathlib import Path

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from postings import catalogue, downloads, resources, spreadsheets
from postings.importing import layout
from postings.importing.run import Options, run_import
from postings.models import Company, DailyClicks, ImportedFile, ImportRun, Posting, PostingTag, Report, Tag
from tests.factories import at_once, make_category, make_posting
from tests.marks import slow_but
from tests.test_store import BEFORE, dated, described, loose, take
from tests.test_writing import PARAGRAPH, layouts

pytestmark = pytest.mark.django_db

PAGE = "/admin/postings/posting/export/"
STARTERS = ["=", "+", "-", "@", "\t", "\r", "\n", "\0"]
HIDDEN_STARTERS = ["\ufeff=", " =", "＝", "\u200b@", "\x01=", "\x1f-"]


def download(client, address: str = PAGE, **chosen: str) -> bytes:
    response = client.post(address, {"export": "Export", **chosen})
    assert response.status_code == 200 and response.streaming
    return response.getvalue()


def csv_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def xlsx_cells(data: bytes) -> list[list]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [list(row) for row in book.worksheets[0].iter_rows()]


def xlsx_rows(data: bytes) -> list[dict]:
    header, *rows = xlsx_cells(data)
    return [{name.value: cell.value for name, cell in zip(header, row, strict=True)} for row in rows]


# --- The page ---------------------------------------------------------------------------------------


def test_the_list_leads_to_the_export_and_keeps_its_filters(admin_client):
    html = admin_client.get("/admin/postings/posting/?status=closed&q=oak&p=1").content.decode()
    assert 'href="/admin/postings/posting/export/?status=closed&amp;q=oak"' in html


def test_the_page_says_how_many_there_are_and_what_the_markdown_leaves_out(admin_client):
    for status in ("live", "live", "closed", "draft"):
        make_posting(status=status)
    html = " ".join(admin_client.get(PAGE).content.decode().split())
    assert "<strong>4</strong> postings: all that there are." in html
    assert "<strong>2 are left out</strong>" in html
    html = " ".join(admin_client.get(f"{PAGE}?status=closed").content.decode().split())
    assert "<strong>1</strong> posting: what the list shows under its filters." in html
    html = " ".join(admin_client.get(f"{PAGE}?o=1").content.decode().split())
    assert "<strong>4</strong> postings: all that there are." in html
    html = " ".join(admin_client.get(f"{PAGE}?listed_on__year=1999").content.decode().split())
    assert "<strong>0</strong> postings: what the list shows under its filters." in html


def test_what_the_list_shows_is_what_comes_out_in_its_order(admin_client):
    for title, status in {"Oak": "live", "Lime": "closed", "Oak too": "closed", "Elm": "closed"}.items():
        make_posting(title=title, status=status)
    address = f"{PAGE}?status=closed&o=1"
    assert [row["title"] for row in csv_rows(download(admin_client, address, format="csv"))] == [
        "Elm", "Lime", "Oak too"
    ]  # fmt: skip
    assert [row["title"] for row in csv_rows(download(admin_client, f"{address}&q=oak", format="csv"))] == ["Oak too"]


def test_a_filter_that_there_is_not_leads_back_to_the_list(admin_client):
    response = admin_client.get(f"{PAGE}?nonsense__x=1")
    assert response["Location"] == "/admin/postings/posting/?e=1"


@pytest.mark.parametrize("chosen", [{}, {"format": "pdf"}])
def test_what_is_not_a_format_is_asked_for_again(admin_client, chosen):
    response = admin_client.post(PAGE, {"export": "Export", **chosen})
    assert not response.streaming and "errorlist" in response.content.decode()


def test_companies_have_no_markdown(admin_client):
    html = admin_client.get("/admin/postings/company/export/").content.decode()
    assert 'value="csv"' in html and 'value="archive"' not in html
    response = admin_client.post("/admin/postings/company/export/", {"export": "Export", "format": "archive"})
    assert not response.streaming


def test_more_rows_than_a_sheet_holds_are_refused_as_xlsx(admin_client, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", 2)
    make_posting()
    assert len(xlsx_rows(download(admin_client, format="xlsx"))) == 1
    make_posting()
    response = admin_client.post(PAGE, {"export": "Export", "format": "xlsx"})
    assert "A sheet holds 1 rows: take CSV." in response.content.decode()


def test_selected_rows_go_by_the_same_page(admin_client):
    first, second, _ = (make_posting(title=title) for title in ("Oak", "Lime", "Elm"))
    sent = {"action": "export_selected", "_selected_action": [first.pk, second.pk], "index": "0"}
    html = " ".join(admin_client.post("/admin/postings/posting/", sent).content.decode().split())
    assert "<strong>2</strong> postings: what you selected." in html
    for pk in (first.pk, second.pk):
        assert f'<input type="hidden" name="_selected_action" value="{pk}">' in html
    rows = csv_rows(download(admin_client, "/admin/postings/posting/", **sent, format="csv"))
    assert {row["title"] for row in rows} == {"Oak", "Lime"}


def test_all_that_are_found_can_be_selected_though_a_page_shows_fewer(admin_client):
    postings = [make_posting(title=f"Oak {number}") for number in range(60)]
    make_posting(title="Elm")
    sent = {"action": "export_selected", "_selected_action": [postings[0].pk], "select_across": "1", "index": "0"}
    rows = csv_rows(download(admin_client, "/admin/postings/posting/?q=oak", **sent, format="csv"))
    assert len(rows) == 60


def test_the_file_has_a_name_and_is_kept_by_no_cache(admin_client):
    response = admin_client.post(PAGE, {"export": "Export", "format": "xlsx"})
    assert 'filename="postings-20' in response["Content-Disposition"] and '.xlsx"' in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]
    response.close()


def test_the_log_says_who_took_how_many_and_as_what(client, caplog):
    client.force_login(User.objects.create_superuser("eve\nroot"))
    make_posting()
    with caplog.at_level(logging.INFO, "postings.admin.exports"):
        download(client, format="json")
    assert [record.getMessage() for record in caplog.records if record.name == "postings.admin.exports"] == [
        "'eve\\nroot' exports 1 postings as JSON"
    ]


@pytest.mark.parametrize("model", ["posting", "company", "tag", "report"])
def test_a_page_asks_few_questions_however_many_rows(admin_client, model, django_assert_max_num_queries):
    with at_once():
        for number in range(30):
            posting = make_posting(company=f"Lindenhof {number}", categories=(f"Garden {number}",))
            Report.objects.create(posting=posting, reason="wrong")
    catalogue.current()  # read once for each worker
    # Session, user; filters and counts; the rest is what the list asks for itself.
    with django_assert_max_num_queries(12):
        admin_client.get(f"/admin/postings/{model}/export/")


def test_a_file_asks_a_few_questions_for_many_postings(admin_client, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(resources, "_AT_ONCE", 10)
    with at_once():
        for _ in range(30):
            make_posting(categories=("Garden", "Forest"))
    ids = resources.ids_of(Posting.objects.newest_first())
    # For each of three pieces the postings, their links, and the tags of those.
    with django_assert_max_num_queries(3 * 3):
        assert b"".join(downloads.FORMATS["json"].make(resources.PostingResource(), ids)).count(b"Forest") == 30


# --- Tables -----------------------------------------------------------------------------------------


@pytest.fixture
def posting():
    take(dated("2026-01", category="Garden", **BEFORE))
    posting = Posting.objects.get()
    DailyClicks.objects.create(posting=posting, day="2026-01-01", kind="person", count=3)
    DailyClicks.objects.create(posting=posting, day="2026-01-01", kind="bot", count=9)
    return posting


def test_json_has_the_facts_by_the_names_and_values_of_the_guide(admin_client, posting):
    [said] = json.loads(download(admin_client, format="json", bodies="on"))
    times = {name: said.pop(name) for name in ("first_seen", "expires_at", "changed_at")}
    assert all("+00:00" in time for time in times.values())
    assert said.pop("body") == posting.body_markdown
    evidence = said.pop("evidence")
    assert (evidence["skills"], evidence["salary"]) == (
        {"python": "We grow trees. This is a full-time job. You know Python well."},
        "€40,000",
    )
    assert said == {
        "slug": "gardener", "source": "files", "source_slug": "gardener", "status": "live",
        "title": "Senior gardener", "company": "Lindenhof Labs", "place": "Vienna, Austria", "salary_text": "€40,000",
        "other_tags": ["🌳 outdoors"], "apply_url": "https://jobs.lindenhof.example/apply/gardener",
        "published_on": "2026-01", "workplace": ["onsite"], "countries": ["AT"], "regions": ["europe"],
        "employment": ["full-time"], "seniority": ["senior"], "skills": ["python"], "categories": ["Garden"],
        "salary": {"min": 40000, "max": 40000, "currency": "EUR", "period": "year"}, "visa": "offered",
        "apply_keyword": "OAK", "language": "de", "end_is_employers": False, "pinned_fields": [], "withheld": "",
        "clicks": 3, "reports_open": 0,
    }  # fmt: skip


def test_what_is_not_said_is_null_or_empty(admin_client):
    make_posting(company=None)
    [said] = json.loads(download(admin_client, format="json"))
    assert [said[name] for name in ("company", "salary", "visa", "published_on", "skills", "evidence")] == [
        None, None, None, None, [], {}
    ]  # fmt: skip
    assert "body" not in said


def test_spreadsheets_have_a_column_for_each_and_lists_in_one_cell(admin_client, posting):
    PostingTag.objects.create(posting=posting, tag=make_category("Forest"))
    as_csv = csv_rows(download(admin_client, format="csv", bodies="on"))
    as_xlsx = xlsx_rows(download(admin_client, format="xlsx", bodies="on"))
    for [row] in (as_csv, as_xlsx):
        assert (row["categories"], row["salary_currency"], str(row["salary_min"])) == ("Forest; Garden", "EUR", "40000")
        assert json.loads(row["evidence"])["visa"] == {"offered": "Visa sponsorship available."}
        assert (row["body"], str(row["clicks"])) == (posting.body_markdown, "3")
    assert list(as_csv[0]) == list(as_xlsx[0])
    assert as_xlsx[0]["salary_min"] == 40000 and as_xlsx[0]["clicks"] == 3


def test_an_empty_board_is_a_header_and_no_rows(admin_client):
    assert download(admin_client, format="json") == b"[]\n"
    assert csv_rows(download(admin_client, format="csv")) == []
    assert xlsx_rows(download(admin_client, format="xlsx")) == []


def test_a_report_says_nothing_of_who_sent_it(admin_client):
    posting = make_posting(title="Oak")
    Report.objects.create(
        posting=posting, reason="scam", words="They ask for money.", visitor=b"v" * 16, network=b"n" * 16
    )
    address = "/admin/postings/report/export/"
    [said] = json.loads(download(admin_client, address, format="json"))
    assert said.pop("created_at")
    assert said == {
        "posting": posting.slug, "title": "Oak", "company": "Lindenhof Labs", "reason": "scam",
        "words": "They ask for money.", "settled_at": None, "settled_by": None,
    }  # fmt: skip
    for format in ("csv", "json", "xlsx"):
        data = download(admin_client, address, format=format)
        assert b"vvvv" not in data and b"nnnn" not in data and b"7676" not in data


def test_companies_and_tags_come_with_their_live_postings(admin_client):
    make_posting(company="Lindenhof Labs", categories=("Garden",))
    make_posting(company="Lindenhof Labs", status="closed")
    assert json.loads(download(admin_client, "/admin/postings/company/export/", format="json")) == [
        {"name": "Lindenhof Labs", "slug": "lindenhof-labs", "postings_live": 1}
    ]
    assert json.loads(download(admin_client, "/admin/postings/tag/export/", format="json")) == [
        {"kind": "category", "name": "Garden", "code": "garden", "slug": "garden", "spellings": [], "postings_live": 1}
    ]


# --- Formulas ---------------------------------------------------------------------------------------

_TEXTS = ["source", "title", "place", "salary_text", "apply_keyword", "body_markdown"]


@at_once()
def _hostile(start: str) -> Posting:
    text = f"{start}1+1"
    texts = dict.fromkeys(_TEXTS, text)
    posting = make_posting(company=text, other_tags=[text], categories=(text,), salary_evidence=text, **texts)
    for kind in sorted(Tag.READ_FROM_TEXT):
        tag = Tag.objects.create(kind=kind, code=text, name=text, slug="x", spellings=[text])
        PostingTag.objects.create(posting=posting, tag=tag, evidence=text)
    Report.objects.create(posting=posting, reason="wrong", words=text)
    return posting


def _is_storable(start: str) -> bool:
    """PostgreSQL keeps no NUL: there none can come out."""
    return "\0" not in start or connection.vendor == "sqlite"


@pytest.mark.parametrize("start", slow_but("=@\t\0", STARTERS + HIDDEN_STARTERS), ids=repr)
def test_no_text_of_any_column_is_a_formula_in_a_spreadsheet(admin_client, start):
    if not _is_storable(start):
        pytest.skip("PostgreSQL keeps no NUL")
    _hostile(start)
    seen = set()
    for model in ("posting", "company", "tag", "report"):
        address = f"/admin/postings/{model}/export/"
        for row in csv_rows(download(admin_client, address, format="csv", bodies="on")):
            assert not any(spreadsheets.harmless(cell) != cell for cell in row.values())
            seen |= {name for name, cell in row.items() if cell.endswith("1+1")}
        header, *rows = xlsx_cells(download(admin_client, address, format="xlsx", bodies="on"))
        for row in rows:
            for name, cell in zip(header, row, strict=True):
                if isinstance(cell.value, str):
                    assert cell.data_type == "s" and spreadsheets.harmless(cell.value) == cell.value
                    assert not cell.value.endswith("1+1") or cell.value.startswith("'"), (name.value, cell.value)
                else:
                    assert cell.data_type in ("n", "b")
    # Every column that says what somebody else wrote was among them.
    assert {"company", "categories", "skills", "body", "words", "spellings", "title", "name", "code"} <= seen


def test_the_sign_in_front_is_no_part_of_json_or_markdown(admin_client):
    make_posting(title="=1+1", body_markdown="-1")
    [said] = json.loads(download(admin_client, format="json", bodies="on"))
    assert (said["title"], said["body"]) == ("=1+1", "-1")
    with tarfile.open(fileobj=io.BytesIO(download(admin_client, format="archive"))) as archive:
        [entry] = archive
        assert b"# [=1+1](" in archive.extractfile(entry).read()


@pytest.mark.parametrize(
    "text", ["#N/A", "#REF!", "TRUE", "1e5", "2026-01-01", "{=1}", "🌳" * 3, "two\nlines", "_x0041_"]
)
def test_a_text_that_looks_like_something_else_is_a_text_in_xlsx(admin_client, text):
    make_posting(title=text)
    header, row = xlsx_cells(download(admin_client, format="xlsx"))
    [cell] = [cell for name, cell in zip(header, row, strict=True) if name.value == "title"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_what_xml_cannot_hold_is_taken_out_of_xlsx(admin_client):
    make_posting(title="a\x01b\x0b\x1fc\ufffe\uffffd\te")
    [row] = xlsx_rows(download(admin_client, format="xlsx"))
    assert row["title"] == "abcd\te"


def test_what_a_cell_cannot_hold_is_cut_with_a_word():
    for letter in ("x", "🌳"):
        assert spreadsheets.for_xlsx(letter * 16_000).count(letter) == 16_000
        cut = spreadsheets.for_xlsx(letter * 33_000)
        assert cut.endswith("(cut here: a cell holds no more)")
        assert 32_765 <= len(cut.encode("utf-16-le")) // 2 <= 32_767


# --- The Markdown that came in ----------------------------------------------------------------------


def board() -> list:
    """All that a visitor sees of the live postings, but the days on which they were first seen and end."""
    fields = (
        "slug", "title", "company__name", "company__slug", "place", "salary_text", "other_tags", "body_markdown",
        "body_html", "excerpt", "apply_url", "apply_keyword", "published_on", "published_precision", "salary_min",
        "salary_max", "salary_currency", "salary_period", "salary_evidence",
    )  # fmt: skip
    postings = Posting.objects.live()
    links = PostingTag.objects.filter(posting__in=postings)
    return [
        *sorted(map(repr, postings.values_list(*fields))),
        *sorted(links.values_list("posting__slug", "tag__kind", "tag__code", "tag__name", "tag__slug", "evidence")),
        list(postings.newest_first().values_list("slug", flat=True)),
    ]


def clear() -> None:
    for model in (Posting, ImportedFile, ImportRun, Tag, Company):
        model.objects.all().delete()


def archive_of(*postings: Posting) -> bytes:
    ids = [posting.pk for posting in postings] or list(Posting.objects.values_list("pk", flat=True))
    return b"".join(downloads.FORMATS["archive"].make(resources.PostingResource(), ids))


def names_in(data: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def import_again(data: bytes, path) -> None:
    clear()
    path.write_bytes(data)
    problems: list[str] = []
    summary = run_import([str(path)], Options(), lambda each: problems.append(each.reason) if each.reason else None)
    assert (problems, summary.skipped) == ([], 0)


@pytest.fixture
def comes_back(tmp_path):
    """Exports the board, imports it into an empty one, and holds the two against each other."""

    def come_back() -> None:
        before, data = board(), archive_of()
        import_again(data, tmp_path / "export.tar.gz")
        assert board() == before
        # … and once more: what is written is the same.
        assert list(map(in_its_source, names_in(archive_of()))) == list(map(in_its_source, names_in(data)))

    def in_its_source(name: str) -> str:
        return name.partition("/")[2]

    return come_back


def taken(**fields) -> Posting:
    """A posting as an import makes it: facts and all that follows from its text."""
    categories = fields.pop("categories", ("Garden",))
    slug = fields.get("slug", "gardener")
    take(*(dated("2026-01", category=name, folder=slug, **{"slug": slug, **fields}) for name in categories))
    return Posting.objects.get(slug=slug)


def test_an_archive_has_a_folder_for_each_source_category_month_and_posting(admin_client):
    make_posting(slug="oak", source="trees", categories=("Garden", "Forest"), published_on="2026-01-01",
                 published_precision="month")  # fmt: skip
    make_posting(slug="lime", source="trees", published_on="2026-01-31")
    make_posting(slug="elm", source="CI/CD", categories=("C#/.NET",))
    assert names_in(download(admin_client, format="archive")) == [
        "trees/Forest/2026-01/oak/README.md",
        "trees/Garden/2026-01/oak/README.md",
        "trees/-/2026-01-31/lime/README.md",
        "CI%2FCD/C#%2F.NET/-/elm/README.md",
    ]


def test_a_board_comes_back(comes_back):
    taken(**BEFORE)
    taken(slug="cook", title="Cook [m/w/d] | Linz", company=None, tags=(), categories=("Kitchen", "CI/CD", ".NET"))
    taken(slug="baker", tags=("💰 ~0k", "🌎 Remote, Poland", "🌎 Berlin", "❤️ a|b"), body="")
    taken(slug="mail", address="mailto:jobs@lindenhof.example?subject=Gardener")
    taken(slug="h", address="https://lindenhof.example/apply/h?x=1&y=(2)")
    take(loose("smith.md", slug="smith"), loose("potter.md", slug="potter", published="2026-01-15"))
    comes_back()


def test_what_was_written_by_hand_comes_back(comes_back):
    """Facts are read from the text again: what differs is what an operator decided against it, which is not here."""
    for number, fields in enumerate([
        {"title": "a] [b", "body_markdown": f"\n{PARAGRAPH}\n\n{PARAGRAPH}\n\nApply for this job\n  "},
        {"company": "None", "other_tags": ["`ls` ```cd```"], "published_on": "2026-01-31"},
        {"apply_url": "https://lindenhof.example/a)b(", "slug": "named-otherwise"},
        {"apply_url": "mailto:jobs@lindenhof.example", "slug": ".hidden"},
        {"body_markdown": "Oak.\n\n## CLICK TO [APPLY](https://other.example/x)", "categories": ("-", "a b", "100%25")},
    ]):  # fmt: skip
        make_posting(**{"slug": f"oak-{number}", "published_on": "2026-01-30", **fields})
    call_command("read_facts", stdout=io.StringIO())
    comes_back()


def test_twins_of_two_sources_keep_their_addresses(comes_back):
    for source in ("files", "other"):
        take(dated("2026-01", slug="oak", company=source), source=source)
    assert {posting.slug for posting in Posting.objects.all()} == {"oak", "oak-2"}
    comes_back()


def test_lists_keep_their_order_where_days_are_the_same(comes_back):
    for name in ("c", "a", "b"):
        taken(slug=name, title=name)
    assert [posting.slug for posting in Posting.objects.newest_first()] == ["b", "a", "c"]
    comes_back()


def test_only_live_postings_are_in_an_archive():
    for status in ("live", "closed", "draft"):
        make_posting(slug=status, status=status)
    make_posting(slug="over", expires_at="2026-01-01T00:00Z")
    assert names_in(archive_of()) == ["files/-/-/live/README.md"]


@pytest.mark.slow
class TestAnything(TestCase):
    @settings(deadline=None, database=None, max_examples=25, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(layouts, min_size=1, max_size=3, unique_by=lambda said: said.slug.casefold()),
        st.sampled_from(["C#", "CI/CD", "-", ".NET", "%2F", "梅"]),
        st.sampled_from([None, "2026-01-31"]),
    )
    def test_any_board_comes_back(self, many: list[layout.Layout], category: str, day: str | None) -> None:
        clear()
        for said in many:
            make_posting(
                slug=said.slug, title=said.title, company=said.company, apply_url=said.apply_url, place=said.place,
                salary_text=said.salary_text, other_tags=said.other_tags, body_markdown=said.body,
                published_on=day, categories=(category, "Garden"),
            )  # fmt: skip
        call_command("read_facts", stdout=io.StringIO())
        with tempfile.TemporaryDirectory() as folder:
            before = board()
            import_again(archive_of(), Path(folder) / "export.tar.gz")
        self.assertEqual(board(), before)


# --- What the path says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "category", "date", "precision"),
    [
        ("Garden/2026-01/oak", "Garden", "2026-01-01", "month"),
        ("Garden/2026-01-31/oak", "Garden", "2026-01-31", "day"),
        ("Garden/-/oak", "Garden", None, "day"),
        ("-/2026-01/oak", None, "2026-01-01", "month"),
        ("-/-/oak", None, None, "day"),
        ("%2D/2026-01/oak", "-", "2026-01-01", "month"),
        ("CI%2FCD/2026-01/oak", "CI/CD", "2026-01-01", "month"),
        ("Garden/2026-02-30/oak", None, None, "day"),
        ("Garden/2026-1/oak", None, None, "day"),
        ("Garden/--/oak", None, None, "day"),
    ],
)
def test_a_path_says_category_and_date(path, category, date, precision):
    file = described(f"{path}/README.md", top="files")
    assert (file.category or None, str(file.published_on) if file.published_on else None) == (category, date)
    assert (file.published_precision, file.fallback_slug) == (precision, "oak")


def test_options_fill_in_what_a_path_leaves_open():
    day = dt.date(2026, 3, 4)
    file = described("-/-/oak/README.md", Options(category="Forest", published_on=day), top="files")
    assert (file.category, file.published_on, file.published_precision) == ("Forest", day, "day")


# --- The command ------------------------------------------------------------------------------------


def export(*args: str) -> str:
    out = io.StringIO()
    call_command("export_postings", *args, stdout=out)
    return out.getvalue()


def test_the_command_prints_tables_with_every_status(posting):
    make_posting(title="Closed", status="closed")
    assert {row["title"] for row in json.loads(export("--format", "json"))} == {"Senior gardener", "Closed"}
    assert {row["status"] for row in csv_rows(export("--format", "csv").encode())} == {"live", "closed"}
    assert "body" not in json.loads(export("--format", "json", "--without-bodies"))[0]
    assert len(json.loads(export("--format", "json", "--query", "q=gardener"))) == 1


def test_the_command_writes_a_file_whole(posting, tmp_path):
    out = tmp_path / "board.tar.gz"
    out.write_text("the one before")
    export("--format", "archive", "--output", str(out))
    assert names_in(out.read_bytes()) == ["files/Garden/2026-01/gardener/README.md"]
    assert [each.name for each in tmp_path.iterdir()] == ["board.tar.gz"]
    export("--output", str(out))
    assert json.loads(out.read_text())["slug"] == "gardener"


def test_a_file_that_breaks_off_leaves_the_one_before(posting, tmp_path, monkeypatch):
    out = tmp_path / "board.csv"
    out.write_text("the one before")

    def fail(*_):
        yield b"half"
        raise RuntimeError

    format = downloads.FORMATS["csv"]._replace(make=fail)
    monkeypatch.setitem(downloads.FORMATS, "csv", format)
    with pytest.raises(RuntimeError):
        export("--format", "csv", "--output", str(out))
    assert out.read_text() == "the one before" and len(list(tmp_path.iterdir())) == 1


def test_where_nothing_can_be_written_the_command_says_so(tmp_path):
    with pytest.raises(CommandError, match="cannot be written: no such file"):
        export("--format", "csv", "--output", str(tmp_path / "nowhere" / "board.csv"))


def test_bodies_are_not_left_out_of_markdown():
    with pytest.raises(CommandError, match="archive always has them"):
        export("--format", "archive", "--without-bodies")
