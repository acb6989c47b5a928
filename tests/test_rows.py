"""What a row of the list shows beside title, company, place and pay."""

import datetime as dt
import re

import pytest
import time_machine

from postings import catalogue
from postings.models import Posting, PostingTag, Tag
from postings.rows import RowFacts, rows
from tests.factories import make_posting

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 3, 20)


def tag(posting, kind, *names):
    for name in names:
        value, _ = Tag.objects.get_or_create(kind=kind, code=name.lower(), defaults={"name": name})
        PostingTag.objects.create(posting=posting, tag=value)


def facts(posting, **more) -> RowFacts:
    [row] = rows(catalogue.current(), [posting.pk], **more)
    return row.row_facts


def test_a_row_has_what_a_seeker_scans_for():
    posting = make_posting()
    tag(posting, "workplace", "Remote")
    tag(posting, "seniority", "Senior")
    tag(posting, "employment", "Contract")
    tag(posting, "skill", "Python")
    tag(posting, "country", "Austria")
    assert facts(posting) == RowFacts(("Remote",), ("Senior",), ("Contract",), ("Python",), 0)


def test_a_row_has_one_link_to_the_posting_and_one_to_apply(client):
    posting = make_posting(title="Gardener", company="Lindenhof")
    [row] = re.findall(r'<article class="row">.*?</article>', client.get("/").content.decode(), re.DOTALL)
    assert re.findall(r'href="(.*?)"', row) == [posting.get_absolute_url(), f"/apply/{posting.slug}"]
    assert 'Apply<span class="visually-hidden"> for Gardener at Lindenhof</span>' in row
    assert '<span class="company"><bdi>Lindenhof</bdi></span>' in row


def test_a_posting_that_says_nothing_has_no_facts(client):
    assert not facts(make_posting())
    assert "row-tags" not in client.get("/").content.decode()


def test_of_many_skills_three_are_shown_and_the_rest_counted(client):
    posting = make_posting(title="Rust Engineer")
    tag(posting, "skill", "Ansible", "Bash", "Docker", "Go", "Rust")
    for _ in range(2):
        tag(make_posting(), "skill", "Go")
    tag(make_posting(), "skill", "Docker")
    # The title's own first, then what most postings have.
    assert facts(posting).skills == ("Rust", "Go", "Docker")
    assert facts(posting).more_skills == 2
    assert '+2<span class="visually-hidden"> more skills</span>' in client.get("/?q=rust").content.decode()


def test_the_skill_that_is_filtered_by_comes_first(client):
    posting = make_posting(title="Rust Engineer")
    tag(posting, "skill", "Ansible", "Bash", "Docker", "Rust")
    assert facts(posting, asked_skills={"bash"}).skills == ("Bash", "Rust", "Ansible")
    page = client.get("/?skill=bash").content.decode()
    assert re.findall(r'<li class="skill">(.*?)</li>', page)[0] == "Bash"


def test_each_posting_has_its_own_facts():
    postings = [make_posting() for _ in range(5)]
    for number, posting in enumerate(postings):
        tag(posting, "skill", f"Skill {number}")
    shown = rows(catalogue.current(), [posting.pk for posting in reversed(postings)])
    assert [row.row_facts.skills for row in shown] == [(f"Skill {number}",) for number in (4, 3, 2, 1, 0)]


def test_facts_take_no_query(django_assert_num_queries):
    posting = make_posting()
    tag(posting, "skill", "Python")
    snapshot = catalogue.current()
    with django_assert_num_queries(1):
        assert rows(snapshot, [posting.pk])[0].row_facts.skills == ("Python",)


def test_what_came_after_the_snapshot_has_a_row_without_facts():
    snapshot = catalogue.current()
    posting = make_posting()
    tag(posting, "skill", "Python")
    [row] = rows(snapshot, [posting.pk])
    assert not row.row_facts


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (0, "today"),
        (1, "yesterday"),
        (2, "2 days ago"),
        (13, "13 days ago"),
        (14, "2 weeks ago"),
        (55, "7 weeks ago"),
        (56, "23 January 2026"),
        (-1, "21 March 2026"),
    ],
)
def test_says_how_long_ago_it_was_published(client, days, age):
    published = TODAY - dt.timedelta(days=days)
    with time_machine.travel(dt.datetime(2026, 3, 20, 23, 59, tzinfo=dt.UTC), tick=False):
        make_posting(published_on=published, expires_at=None)
        page = client.get("/").content.decode()
    [shown] = re.findall(rf'<time datetime="{published}"(.*?)>(.*?)</time>', page)
    assert shown[1] == age
    # Whoever wants the date finds it.
    assert ("title=" in shown[0]) is ("ago" in age or age.startswith(("today", "yesterday")))


def test_a_date_that_is_known_to_the_month_is_no_number_of_days():
    posting = Posting(published_on=dt.date(2026, 3, 1), published_precision="month")
    with time_machine.travel(dt.datetime(2026, 3, 2, tzinfo=dt.UTC)):
        assert posting.age == "March 2026"
    assert Posting(published_on=None).age == ""


def test_what_a_row_says_follows_its_posting(client):
    posting = make_posting(title="Oak", place="Rome", salary_text="$10,000 a year")
    assert "Oak" in client.get("/").content.decode()
    Posting.objects.filter(pk=posting.pk).update(title="Elm", place="Oslo")
    page = client.get("/").content.decode()
    assert "Elm" in page and "Oslo" in page and "Oak" not in page and "Rome" not in page


# --- Rows that were made before -----------------------------------------------------------------------


@pytest.fixture
def board(kept_pages):
    """Postings whose rows are kept, as they are on a board that is not tested."""
    postings = [make_posting(title=f"Gardener {number}", body_markdown="We grow trees.") for number in range(4)]
    tag(postings[0], "skill", "Ansible", "Bash")
    return [posting.pk for posting in postings]


def test_rows_of_one_state_of_the_board_are_read_once(board, django_assert_num_queries):
    snapshot = catalogue.current()
    first = rows(snapshot, board[:3])
    with django_assert_num_queries(0):
        assert [row.title for row in rows(snapshot, board[2::-1])] == [row.title for row in reversed(first)]
    # One that no page has shown yet is read, and that one alone.
    with django_assert_num_queries(1):
        assert [row.pk for row in rows(snapshot, board)] == board


def test_a_row_that_was_made_before_is_written_once(client, board):
    catalogue.current()
    page = client.get("/").content.decode()
    again = client.get("/?category=none").content.decode()
    row = re.compile(r'<article class="row">.*?</article>', re.DOTALL)
    assert len(row.findall(page)) == 4 and row.findall(page) == row.findall(again)


def test_what_changes_is_another_row_at_once(client, board):
    assert "Gardener 1" in client.get("/").content.decode()
    posting = Posting.objects.get(pk=board[1])
    posting.title = "Cook"
    posting.save()
    page = client.get("/").content.decode()
    assert "Cook" in page and "Gardener 1" not in page


def test_each_day_has_its_own_rows(board):
    moment = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
    Posting.objects.update(published_on=moment.date(), published_precision="day", expires_at=None)
    catalogue.forget()
    for days, age in enumerate(["today", "yesterday"]):
        with time_machine.travel(moment + dt.timedelta(days=days), tick=False):
            [row] = rows(catalogue.current(), board[:1])
            assert row.published.age == age


def test_who_asks_for_a_skill_has_a_row_that_says_it_first(board):
    snapshot = catalogue.current()
    shown = [
        rows(snapshot, board[:1], asked_skills=asked)[0].row_facts.skills for asked in ((), ["bash"], (), ["bash"])
    ]
    assert shown == [("Ansible", "Bash"), ("Bash", "Ansible")] * 2


def test_rows_with_excerpts_are_not_kept(board, client):
    assert "<mark>trees</mark>" in client.get("/?q=trees").content.decode()
    assert "<mark>" not in client.get("/").content.decode()


def test_of_too_many_rows_those_that_came_first_go(board, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("postings.rows._MOST_ROWS_KEPT", 3)
    snapshot = catalogue.current()
    rows(snapshot, board)
    with django_assert_num_queries(0):
        rows(snapshot, board[1:])
    with django_assert_num_queries(1):
        rows(snapshot, board[:1])


def test_a_row_says_of_place_pay_and_date_what_the_posting_says():
    posting = make_posting(
        place="A, B, C, D, E, F, G",
        salary_min=40_000,
        salary_max=48_000,
        salary_currency="EUR",
        salary_period="year",
        published_on=TODAY,
    )
    [row] = rows(catalogue.current(), [posting.pk])
    assert (row.place, row.pay) == (posting.place_summary, posting.salary_in_words)
    assert row.published == (posting.published, posting.age, posting.published_machine)
    assert (row.path, row.apply_path) == (posting.get_absolute_url(), f"/apply/{posting.slug}")


def test_what_expired_since_the_snapshot_has_no_row():
    posting = make_posting()
    snapshot = catalogue.current()
    Posting.objects.filter(pk=posting.pk).update(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert rows(snapshot, [posting.pk]) == []
