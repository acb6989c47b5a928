"""What may mislead in a posting that is taken all the same: told, and put into the queue of reports."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from postings import uploads
from postings.importing import doubts, layout
from postings.models import PlannedFile, Posting, Report
from tests.factories import posting_text

MIXED = "S\u0435nior gardener"  # the second letter is Cyrillic
SAID = "In the title “S\u0435nior” mixes Latin and Cyrillic letters."


def doubts_of(**said) -> list[str]:
    data = posting_text(**said).encode()
    return [*doubts.of(data, layout.read(data))]


@pytest.mark.parametrize(
    "title",
    [
        "Senior gardener",
        "Gärtner*in für Köln (m/w/d)",
        "Старший садовник",
        "QA-инженер",
        "1С программист",
        "Webエンジニア",  # as Japanese is written
        "Gardener für Φυτά",
        "Researcher, α-synuclein",
        "🌳 Keeper of trees №1",
        "50 µm optics",
    ],
)
def test_nothing_is_wrong_with_a_title_in_one_alphabet_a_word(title):
    assert doubts_of(title=title) == []


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ({"title": MIXED}, SAID),
        (
            {"title": "Gardener at p\u0430y\u0440al"},
            "In the title “p\u0430y\u0440al” mixes Latin and Cyrillic letters.",
        ),
        ({"title": "\u0391lpha"}, "In the title “\u0391lpha” mixes Greek and Latin letters."),
        ({"company": "Lind\u0435nhof"}, "In the company “Lind\u0435nhof” mixes Latin and Cyrillic letters."),
        ({"title": "Gar\u200bdener"}, "Invisible or misleading characters were taken out of the title."),
        ({"title": "\u202egnp.Gardener"}, "Invisible or misleading characters were taken out of the title."),
        ({"company": "Linden\u2066hof"}, "Invisible or misleading characters were taken out of the company."),
        (
            {"address": "https://bit.ly/gardener"},
            "The apply address hides behind a shortened one (bit.ly).",
        ),
        ({"address": "http://10.1.2.3/gardener"}, "The apply address leads to a private network (10.1.2.3)."),
        ({"address": "http://[::1]/gardener"}, "The apply address leads to a private network (::1)."),
        ({"address": "http://169.254.169.254/a"}, "The apply address leads to a private network (169.254.169.254)."),
        ({"address": "http://jobs.localhost/a"}, "The apply address leads to a private network (jobs.localhost)."),
        ({"address": "mailto:jobs@printer.local"}, "The apply address leads to a private network (printer.local)."),
        (
            {"address": "https://p\u0430ypal.example/gardener"},
            "The apply address leads to “p\u0430ypal.example”, where “p\u0430ypal” mixes Latin and Cyrillic letters.",
        ),
    ],
)
def test_what_may_mislead_is_said_in_a_sentence(said, doubt):
    assert doubts_of(**{"slug": "gardener", **said}) == [doubt]


@pytest.mark.parametrize(
    "said",
    [
        {"body": "We gr\u200bow tr\u0435es."},  # a body is read, not searched for or trusted by its look
        {"address": "https://orbit.ly.example/gardener"},
        {"address": "https://8.8.8.8/gardener"},
        {"address": "https://bücher.example/gardener"},
        {"address": "https://почта.example/gardener"},
        {"address": "https://localhost.example/gardener"},
    ],
)
def test_what_is_no_reason_to_doubt(said):
    assert doubts_of(**said) == []


def test_a_byte_order_mark_is_none_either():
    data = b"\xef\xbb\xbf" + posting_text().encode()
    assert doubts.of(data, layout.read(data)) == ()


# --- What becomes of it -------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Files between which one may mislead."""
    for name, title in (("a", "Gardener"), ("b", MIXED), ("c", "Cook")):
        (tmp_path / f"{name}.md").write_text(posting_text(title, slug=f"{name}-1"))
    return tmp_path


def doubtful() -> list[tuple[str, str]]:
    return [*Report.objects.filter(reason="doubt").order_by("pk").values_list("posting__slug", "words")]


@pytest.mark.django_db
def test_an_import_tells_and_the_queue_of_reports_has_it_once(folder, capsys):
    call_command("import_postings", str(folder))
    said = capsys.readouterr()
    assert f"doubtful {folder / 'b.md'}: {SAID}\n" in said.err
    assert said.out.startswith("3 created, 0 updated, 0 unchanged, 0 refused")
    assert Posting.objects.live().count() == 3
    assert doubtful() == [("b-1", SAID)]
    call_command("import_postings", str(folder))
    assert "doubtful" not in capsys.readouterr().err
    assert len(doubtful()) == 1


@pytest.mark.django_db
def test_a_doubt_is_told_again_only_where_something_in_it_changed(folder, capsys):
    call_command("import_postings", str(folder))
    Report.objects.update(settled_at="2026-01-01T00:00Z")
    (folder / "b.md").write_text(posting_text(MIXED, slug="b-1", body="We grow other trees."))
    call_command("import_postings", str(folder))
    assert len(doubtful()) == 1
    (folder / "b.md").write_text(posting_text(f"{MIXED} again", slug="b-1"))
    call_command("import_postings", str(folder))
    assert doubtful() == [("b-1", SAID)] * 2
    # As long as one is open, the same is not said twice.
    (folder / "b.md").write_text(posting_text(f"{MIXED} and again", slug="b-1"))
    call_command("import_postings", str(folder))
    assert len(doubtful()) == 2


@pytest.mark.django_db
def test_a_posting_that_two_files_of_one_run_hold_is_doubted_once(tmp_path, capsys):
    for category, month in (("Garden", "2026-01"), ("Garden", "2026-02")):
        file = tmp_path / category / month / "b-1" / "README.md"
        file.parent.mkdir(parents=True)
        file.write_text(posting_text(MIXED, slug="b-1"))
    call_command("import_postings", str(tmp_path))
    assert capsys.readouterr().err.count("doubtful") == 1
    assert doubtful() == [("b-1", SAID)]


@pytest.mark.django_db
def test_a_dry_run_tells_and_writes_nothing(folder, capsys):
    call_command("import_postings", "--dry-run", str(folder))
    assert SAID in capsys.readouterr().err
    assert doubtful() == []


@pytest.mark.django_db
def test_an_operator_reads_it_before_the_import_and_finds_it_afterwards(admin_client, folder, monkeypatch):
    monkeypatch.setattr(uploads, "start", lambda asked: uploads.carry_out(asked.pk))
    with (folder / "b.md").open("rb") as file:
        response = admin_client.post(
            reverse("admin:postings_importrun_add"), {"file": file, "source": "files"}, follow=True
        )
    assert [*PlannedFile.objects.values_list("outcome", "reason")] == [("created", SAID)]
    assert "mixes Latin and Cyrillic" in response.content.decode()
    assert doubtful() == []
    call_command("import_postings", str(folder))
    page = admin_client.get(reverse("admin:postings_report_changelist")).content.decode()
    assert "It may mislead" in page and "mixes Latin and Cyrillic" in page


@pytest.mark.django_db
def test_no_visitor_is_offered_a_doubt(client, folder):
    call_command("import_postings", str(folder), verbosity=0)
    assert "It may mislead" not in client.get("/jobs/b-1/report/").content.decode()
    headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0 Firefox/145.0"}
    assert client.post("/jobs/a-1/report/", {"reason": "doubt"}, headers=headers).status_code == 422
