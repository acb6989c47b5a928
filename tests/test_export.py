"""`manage.py export_postings`: what the postings say, as JSON lines or as the Markdown that is imported."""

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from postings import exporting
from postings.importing import layout, reading
from postings.models import Company, ImportRun, Posting, PostingTag, Tag
from tests.factories import make_posting
from tests.test_store import AFTER, BEFORE, dated, loose, take

pytestmark = pytest.mark.django_db

FIELDS = [
    "slug", "source", "status", "title", "company", "place", "published_on", "apply_url",
    "workplace", "countries", "regions", "employment", "seniority", "skills", "categories",
    "salary", "visa", "apply_keyword",
]  # fmt: skip


def export(*args: str) -> str:
    out = io.StringIO()
    call_command("export_postings", *args, stdout=out)
    return out.getvalue()


def lines() -> list[dict]:
    text = export()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def only() -> dict:
    [line] = lines()
    return line


def tag(posting: Posting, kind: str, *codes: str) -> None:
    for code in codes:
        tag, _ = Tag.objects.get_or_create(kind=kind, code=code, defaults={"name": f"{kind} {code}"})
        PostingTag.objects.create(posting=posting, tag=tag, evidence="It says so.")


# --- JSON --------------------------------------------------------------------------------------------


def test_an_empty_board_is_no_line():
    assert export() == ""


def test_a_line_has_the_posting_and_its_facts_by_the_names_and_values_of_the_guide():
    take(dated("2026-01", category="Garden", **BEFORE))
    assert only() == {
        "slug": "gardener",
        "source": "files",
        "status": "live",
        "title": "Senior gardener",
        "company": "Lindenhof Labs",
        "place": "Vienna, Austria",
        "published_on": "2026-01",
        "apply_url": "https://jobs.lindenhof.example/apply/gardener",
        "workplace": ["onsite"],
        "countries": ["AT"],
        "regions": ["europe"],
        "employment": ["full-time"],
        "seniority": ["senior"],
        "skills": ["python"],
        "categories": ["Garden"],
        "salary": {"min": 40000, "max": 40000, "currency": "EUR", "period": "year"},
        "visa": "offered",
        "apply_keyword": "OAK",
    }
    assert list(only()) == FIELDS


def test_what_is_not_said_is_null_or_an_empty_list():
    make_posting(company=None, published_on=None, place="")
    line = only()
    assert {name: line[name] for name in FIELDS[8:]} == {
        **{name: [] for name in FIELDS[8:15]},
        **dict.fromkeys(("salary", "visa", "apply_keyword")),
    }
    assert (line["company"], line["published_on"], line["place"]) == (None, None, "")


def test_lists_are_sorted():
    posting = make_posting(categories=("Zoo", "Garden"))
    tag(posting, "country", "PL", "AT", "US")
    tag(posting, "skill", "rust", "c#", ".net", "python")
    line = only()
    assert line["countries"] == ["AT", "PL", "US"]
    assert line["skills"] == [".net", "c#", "python", "rust"]
    assert line["categories"] == ["Garden", "Zoo"]


@pytest.mark.parametrize(
    ("low", "high", "printed"),
    [
        (40000.0, 48000.0, '"min": 40000, "max": 48000,'),
        (30.5, 40.0, '"min": 30.5, "max": 40,'),
        (None, 120000.0, '"min": null, "max": 120000,'),
        (90000.0, None, '"min": 90000, "max": null,'),
    ],
)
def test_a_whole_sum_is_a_whole_number(low, high, printed):
    make_posting(salary_min=low, salary_max=high, salary_currency="EUR", salary_period="hour")
    assert printed in export()


def test_a_salary_that_is_only_printed_is_null():
    make_posting(salary_text="~0k")
    assert only()["salary"] is None


@pytest.mark.parametrize(("precision", "date"), [("month", "2026-01"), ("day", "2026-01-31")])
def test_the_date_is_no_more_precise_than_it_is_known(precision, date):
    make_posting(published_on="2026-01-31", published_precision=precision)
    assert only()["published_on"] == date


def test_drafts_and_closed_ones_are_there_and_say_so_newest_first():
    for day, status in ((3, "live"), (2, "draft"), (1, "closed")):
        make_posting(status=status, published_on=f"2026-01-0{day}", title=status)
    assert [(line["title"], line["status"]) for line in lines()] == [
        (each, each) for each in ("live", "draft", "closed")
    ]


@pytest.mark.parametrize("text", ['"quoted" \\ {x}', "two\u2028lines\u2029or\x85three", "🌳 Gärtner 庭師", "</script>"])
def test_a_line_stays_one_line_whatever_it_says(text):
    make_posting(title=text, place=text, apply_keyword=text, company=text)
    text_out = export()
    assert text_out.count("\n") == 1
    line = json.loads(text_out)
    assert (line["title"], line["place"], line["apply_keyword"], line["company"]) == (text,) * 4
    # For people, too: as it is written, and not escaped.
    assert "\\u" not in text_out


def test_every_posting_is_there_over_more_than_one_piece(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(exporting, "_AT_ONCE", 3)
    slugs = {make_posting(categories=("Garden", "Forest")).slug for _ in range(8)}
    # The postings, and for each of three pieces its links and their tags.
    with django_assert_max_num_queries(1 + 3 * 2):
        found = lines()
    assert len(found) == 8 and {line["slug"] for line in found} == slugs
    assert all(line["categories"] == ["Forest", "Garden"] for line in found)


def test_an_unknown_format_is_refused():
    with pytest.raises(CommandError, match="format"):
        export("--format", "yaml")


# --- Markdown ----------------------------------------------------------------------------------------


def board() -> list[tuple]:
    """All that a file says of each posting, with the facts that were read from it."""
    fields = (
        "source_slug", "title", "company__name", "place", "salary_text", "other_tags", "body_markdown", "body_html",
        "excerpt", "apply_url", "apply_keyword", "salary_min", "salary_max", "salary_currency", "salary_period",
        "salary_yearly_min", "salary_yearly_max", "salary_evidence",
    )  # fmt: skip
    links = PostingTag.objects.filter(tag__kind__in=Tag.READ_FROM_TEXT)
    return [
        *Posting.objects.order_by("source_slug").values_list(*fields),
        *sorted(links.values_list("posting__source_slug", "tag__kind", "tag__code", "evidence")),
    ]


def import_again(texts: list[str], names: list[str]) -> None:
    """Where an address names no posting (a mail address), its file does: `names` are the files'."""
    Posting.objects.all().delete()
    ImportRun.objects.all().delete()
    Tag.objects.all().delete()
    Company.objects.all().delete()
    files = [
        reading.File(f"{name}.md", f"{name}.md", text.encode(), fallback_slug=name)
        for name, text in zip(names, texts, strict=True)
    ]
    results = take(*files)
    assert [result.outcome.value for result in results] == ["created"] * len(texts)


def postings_of(markdown: str) -> list[str]:
    """The pieces of an export: each begins with its title and ends with the line that leads to the employer."""
    return re.findall(r"# \[.*?\n## CLICK TO \[APPLY\]\([^\n]*\)\n\n", markdown, re.DOTALL)


@pytest.mark.parametrize(
    "title",
    ["Gardener", "Gardener [m/w/d]", "[Remote] Gardener", "Gardener | Vienna | Trees", "C++ & C# (senior) #2", "A ] b",
     "Gärtner 🌳", "*Star* gardener", "Back\\slash", "“Quoted” `code`"],
)  # fmt: skip
def test_a_title_comes_back_as_it_was(title):
    make_posting(title=title, source_slug="gardener", slug="gardener")
    [text] = postings_of(export("--format", "markdown"))
    assert layout.read(text.encode()).title == title


@pytest.mark.parametrize("name", [None, "Lindenhof Labs", "A|B [Labs]", "Äpfel & Söhne", "#1 Trees"])
def test_a_company_comes_back_as_it_was(name):
    make_posting(company=name)
    [text] = postings_of(export("--format", "markdown"))
    assert layout.read(text.encode()).company == name


FILES = [
    {**BEFORE, "slug": "a"},
    {**AFTER, "slug": "b", "address": "https://astwerk.example/apply/b"},
    {"slug": "c", "title": "Cook [m/w/d] | Linz", "company": None, "tags": ()},
    {
        "slug": "d",
        "title": "[Remote] Baker",
        "tags": ("💰 ~0k", "🌎 Remote, Poland", "🌎 Berlin", "❤️ a|b", "[x](y)", "🍎"),
    },
    {
        "slug": "e",
        "title": "C# & C++ developer",
        "body": "# Work\n\n* C#\n* C++\n\n```\n## CLICK TO\n```\n\n| a | b |\n|---|---|",
    },
    {
        "slug": "f",
        "tags": ("💰 $30 - $40 an hour", "💰 plus tips"),
        "body": "Two  \nlines\n\n    code\n\nMention the word ELM when applying.",
    },
    {"slug": "g", "title": "Gärtner – Köln 🌳", "company": "Äpfel|Söhne", "body": ""},
    {"slug": "h", "address": "https://lindenhof.example/apply/h?x=1&y=(2)", "body": "No end"},
    {"slug": "i", "address": "mailto:jobs@lindenhof.example?subject=Gardener"},
]


def test_an_export_in_markdown_imports_again_to_the_same_board():
    take(*(loose(f"{each['slug']}.md", **each) for each in FILES))
    before = board()
    assert Posting.objects.count() == len(FILES)
    texts = postings_of(export("--format", "markdown"))
    import_again(texts, [each["slug"] for each in reversed(FILES)])
    assert board() == before
    # … and says the same once more.
    assert sorted(postings_of(export("--format", "markdown"))) == sorted(texts)


@pytest.mark.slow
@override_settings(POSTING_LIFETIME_DAYS=0)
def test_the_samples_come_back_through_markdown():
    call_command("load_samples", stdout=io.StringIO())
    before = board()
    assert len(before) > 100
    samples = Posting.objects.select_related("company")
    import_again([exporting.as_markdown(each) for each in samples], [each.source_slug for each in samples])
    assert board() == before


def test_the_markdown_of_a_page_imports_again_to_the_same_posting(client):
    take(loose("a.md", **{**BEFORE, "slug": "a"}))
    before = board()
    text = client.get("/jobs/a.md").content.decode()
    import_again([text], ["a"])
    assert board() == before


# --- Of a query --------------------------------------------------------------------------------------


def test_of_a_query_what_the_list_finds_in_its_order(capsys):
    for title, fields in {
        "Old gardener": {"published_on": "2025-01-01"},
        "New gardener": {"published_on": "2025-02-01"},
        "Closed gardener": {"status": "closed"},
        "Cook": {"body_markdown": "No trees."},
    }.items():
        make_posting(title=title, **fields)
    call_command("export_postings", "--query", "?q=gardener&sort=newest")
    said = capsys.readouterr()
    assert [json.loads(line)["title"] for line in said.out.splitlines()] == ["New gardener", "Old gardener"]
    assert said.err == ""
    assert len(postings_of(export("--format", "markdown", "--query", "q=gardener"))) == 2
    # All that is live, which is not all.
    assert (export("--query", "").count("\n"), export().count("\n")) == (3, 4)


def test_of_a_query_what_was_ignored_is_said_apart(capsys):
    make_posting()
    call_command("export_postings", "--query", "skil=rust&skill=no-such&page=2")
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.err.splitlines() == [
        "There is no parameter “skil”, so it was left out.",
        "There is no parameter “page”, so it was left out.",
        "There is no skill “no-such” here, so it was left out.",
    ]


def test_a_query_over_more_than_one_piece_keeps_its_order(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(exporting, "_AT_ONCE", 3)
    slugs = [make_posting(categories=("Garden",), published_on=f"2025-01-0{day}").slug for day in range(1, 9)]
    text = export("--query", "category=garden")
    assert [json.loads(line)["slug"] for line in text.splitlines()] == slugs[::-1]
