"""The statistics: what is added up, what is compared with what, and the page that an operator opens."""

import csv
import datetime as dt
import io
import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postings import statistics
from postings.models import DailyClicks, Posting, Report, Tag
from postings.statistics import Scope, ask
from tests.factories import make_category, make_company, make_posting

pytestmark = pytest.mark.django_db

PAGE = "/admin/postings/dailyclicks/"
TODAY = dt.date(2026, 11, 18)  # a Wednesday
ALL_KINDS = {"person": 1, "repeat": 2, "burst": 4, "bot": 8, "prefetch": 16, "untold": 32}


def click(posting, day: dt.date | int = 0, **counts: int) -> None:
    """Click-throughs by kind on a day, or so many days before TODAY."""
    day = TODAY - dt.timedelta(days=day) if isinstance(day, int) else day
    DailyClicks.objects.bulk_create(
        DailyClicks(posting=posting, day=day, kind=kind, count=count) for kind, count in counts.items()
    )


def seen(days_ago: int, end: int | None = None, **fields):
    """A posting that was first seen so many days before TODAY, with an end so many days after that."""
    first_seen = dt.datetime.combine(TODAY - dt.timedelta(days=days_ago), dt.time(15), dt.UTC)
    expires_at = None if end is None else first_seen + dt.timedelta(days=end)
    return make_posting(first_seen=first_seen, expires_at=expires_at, **fields)


def series(scope=None, **parameters):
    asked = ask(parameters, TODAY, scope)
    return statistics.series(asked.scope, asked.span, TODAY)


def span(**parameters):
    return ask(parameters, TODAY).span


# --- Days and weeks ----------------------------------------------------------------------------------


def test_every_kind_is_counted_and_raw_is_their_sum():
    click(make_posting(), 3, **ALL_KINDS)
    total = series().total
    assert (total.people, total.others, total.raw) == (1, 62, 63)
    assert total.in_order == [1, 2, 4, 8, 16, 32]
    assert [label for label, _, _ in total.explained][:2] == ["people", "repeats"]


def test_every_kind_has_a_meaning():
    assert statistics.MEANINGS.keys() == set(DailyClicks.Kind)


def test_days_without_click_throughs_are_zeros():
    posting = make_posting()
    click(posting, 0, person=2)
    click(posting, 29, person=3)
    click(posting, 30, person=5)
    periods = series().periods
    assert len(periods) == 30
    assert [period.figures.people for period in periods] == [3, *[0] * 28, 2]
    assert (periods[0].first, periods[-1].first) == (dt.date(2026, 10, 20), TODAY)
    assert [period.is_over for period in periods] == [*[True] * 29, False]


def test_weeks_begin_on_monday_and_the_first_is_whole():
    posting = make_posting()
    for day in ("2026-10-18", "2026-10-19", "2026-10-25", "2026-10-26", "2026-11-16"):
        click(posting, dt.date.fromisoformat(day), person=1)
    found = series(by="week")
    assert [period.figures.people for period in found.periods] == [2, 1, 0, 0, 1]
    # 20 October is thirty days ago; its week began on the 19th, and 18 October is a Sunday.
    assert (found.periods[0].first, found.periods[0].last) == (dt.date(2026, 10, 19), dt.date(2026, 10, 25))
    assert [period.is_over for period in found.periods] == [True] * 4 + [False]
    assert found.before.people == 1


def test_weeks_go_across_the_end_of_a_year():
    click(make_posting(), dt.date(2026, 1, 1), person=1)
    asked = ask({"span": "30d", "by": "week"}, dt.date(2026, 1, 4))
    [week] = [each for each in statistics.series(asked.scope, asked.span, TODAY).periods if each.figures.people]
    assert (week.first, week.last, week.name) == (
        dt.date(2025, 12, 29),
        dt.date(2026, 1, 4),
        "29 Dec 2025 – 4 Jan 2026",
    )


@pytest.mark.parametrize("today", [dt.date(2026, 11, 15), dt.date(2026, 11, 16)], ids=["Sunday", "Monday"])
def test_the_week_of_today_is_marked_until_it_is_over(today):
    asked = ask({"by": "week"}, today)
    last = statistics.series(asked.scope, asked.span, today).periods[-1]
    assert last.first <= today <= last.last
    assert not last.is_over


def test_what_is_counted_is_compared_with_as_many_days_before():
    posting = make_posting()
    for days_ago, people in ((0, 4), (29, 2), (30, 3), (59, 1), (60, 100)):
        click(posting, days_ago, person=people)
    found = series()
    assert (found.total.people, found.before.people, found.change) == (6, 4, 50)
    assert found.change_in_words == "50 % more than"


@pytest.mark.parametrize(
    ("people", "said"),
    [(1000, "As many as"), (1004, "About as many as"), (996, "About as many as"), (990, "1 % fewer than")],
)
def test_only_what_is_as_many_is_called_so(people, said):
    posting = make_posting()
    click(posting, 0, person=people)
    click(posting, 30, person=1000)
    assert series().change_in_words == said


def test_nothing_is_compared_with_nothing():
    click(make_posting(), 0, person=4, bot=1)
    assert series().change is None
    assert series(span="all").before is None


def test_all_days_begin_with_the_first_click_through():
    click(make_posting(), 70, bot=1)
    assert span(span="all").first == TODAY - dt.timedelta(days=70)
    assert len(series(span="all", by="day").periods) == 71


def test_all_days_of_a_posting_go_from_when_it_was_seen_to_its_end():
    posting = seen(100, end=60)
    click(posting, 90, person=1)
    found = ask({"span": "all", "by": "day"}, TODAY, Scope(posting)).span
    assert (found.first, found.last) == (TODAY - dt.timedelta(days=100), TODAY - dt.timedelta(days=40))
    click(posting, 10, person=1)
    assert ask({"span": "all"}, TODAY, Scope(posting)).span.last == TODAY - dt.timedelta(days=10)
    click(posting, 120, person=1)
    assert ask({"span": "all"}, TODAY, Scope(posting)).span.first <= TODAY - dt.timedelta(days=120)


def test_a_long_span_goes_by_week_and_ends_somewhere():
    click(make_posting(), 400, person=1)
    asked = ask({"span": "all", "by": "day"}, TODAY)
    assert (asked.span.by, asked.ignored) == ("week", ["More than a year is shown by week."])
    assert (span(span="12m").by, span(span="12m", by="day").by, span(span="90d").by) == ("week", "day", "day")
    click(make_posting(), dt.date(1970, 1, 1), person=1)
    asked = ask({"span": "all"}, TODAY)
    assert len(statistics.series(asked.scope, asked.span, TODAY).periods) == statistics.MOST_WEEKS
    assert "is left out" in asked.ignored[0]


def test_a_clock_that_went_ahead_spoils_nothing():
    click(make_posting(), TODAY + dt.timedelta(days=3), person=1)
    assert [period.figures.people for period in series(span="all").periods] == [0] * 30


# --- Whose -------------------------------------------------------------------------------------------


def test_a_posting_company_or_category_has_its_own_figures_only():
    mine = make_posting(company="Ahorn", categories=("Gardening", "Design"))
    sister = make_posting(company="Ahorn")
    click(mine, person=1)
    click(sister, person=2)
    click(make_posting(company=None, categories=("Design",)), person=4)
    for of, people in (
        ("", 7),
        (f"posting:{mine.pk}", 1),
        (f"company:{mine.company_id}", 3),
        (f"category:{make_category('Design').pk}", 5),
        (f"category:{make_category('Gardening').pk}", 1),
    ):
        assert series(of=of).total.people == people, of
        asked = ask({"of": of}, TODAY)
        assert asked.scope.key == of
        assert sum(age.people for age in statistics.ages(asked.scope, asked.span)) == people, of
        assert sum(tally.people for tally in statistics.rankings(asked.scope, asked.span, TODAY).postings) == people, of


NONSENSE = [
    "x", "posting", "posting:", "posting:x", "posting:0", "posting:-1", "posting:999", "company:1.5", "category:٣",
    "\0", "posting:\0", "posting:1\n", "posting:" + "9" * 18, "posting:" + "9" * 19, "company:" + "9" * 5000, "=1+1",
]  # fmt: skip


@pytest.mark.parametrize("of", NONSENSE)
def test_what_is_not_there_is_the_whole_board_and_a_sentence(of):
    asked = ask({"of": of}, TODAY)
    assert asked.scope == Scope()
    assert asked.ignored[0].startswith("There is no such ")


def test_a_tag_of_another_kind_is_no_category():
    tag = Tag.objects.create(kind=Tag.Kind.SKILL, name="Pruning")
    assert ask({"of": f"category:{tag.pk}"}, TODAY).scope == Scope()


@pytest.mark.parametrize("value", ["x", "\0", "31d", "9" * 5000])
def test_a_span_that_is_none_falls_back_with_a_sentence(value):
    asked = ask({"span": value, "by": value}, TODAY)
    assert (asked.span.key, asked.span.by, len(asked.ignored)) == ("30d", "day", 2)


# --- The most clicked --------------------------------------------------------------------------------


def rankings(scope=None, **parameters):
    asked = ask(parameters, TODAY, scope)
    return statistics.rankings(asked.scope, asked.span, TODAY)


def test_postings_are_ranked_by_people_and_then_by_raw_clicks():
    few, bots, many, old = (seen(5, title=title) for title in ("few", "bots", "many", "old"))
    click(few, person=2)
    click(many, 1, person=2)
    click(many, 2, person=1, bot=1)
    click(bots, person=2, bot=90)
    click(old, 31, person=99)
    found = rankings()
    assert [(str(each.thing), each.people, each.raw) for each in found.postings] == [
        ("many", 3, 4),
        ("bots", 2, 92),
        ("few", 2, 2),
    ]
    assert found.posting_count == 3


def test_a_posting_says_its_age_and_its_people_per_live_day_of_the_span():
    for days_ago, end, age, live_days in ((4, None, 4, 5), (40, 20, 40, 10), (100, None, 100, 30), (40, 5, 40, 0)):
        posting = seen(days_ago, end=end)
        click(posting, person=30)
        [each] = [each for each in rankings().postings if each.thing == posting]
        # The 30 days begin 29 days ago: of the one whose end is 20 days ago these are ten.
        assert (each.age, each.live_days) == (age, live_days)
        assert each.per_live_day == (30 / live_days if live_days else None)


def test_the_live_days_of_a_closed_posting_are_not_known():
    click(seen(10, status=Posting.Status.CLOSED), person=3)
    [each] = rankings().postings
    assert (each.live_days, each.per_live_day, each.rate) == (None, None, "–")


def test_companies_and_categories_are_ranked_and_a_posting_counts_in_each_category():
    click(make_posting(company="Ahorn", categories=("Gardening", "Design")), person=3, bot=1)
    click(make_posting(company="Ahorn", categories=("Design",)), person=1)
    click(make_posting(company="Birke"), person=5)
    click(make_posting(company=None), person=9)
    found = rankings()
    assert [(str(each.thing), each.people, each.raw) for each in found.companies] == [("Birke", 5, 5), ("Ahorn", 4, 5)]
    assert [(str(each.thing), each.people) for each in found.categories] == [("Design", 4), ("Gardening", 3)]


def test_only_twenty_five_postings_are_named():
    for number in range(27):
        click(make_posting(), person=number + 1)
    found = rankings()
    assert (len(found.postings), found.posting_count) == (25, 27)
    assert [each.people for each in found.postings][:2] == [27, 26]


# --- Click-throughs against age ----------------------------------------------------------------------


def ages(**parameters):
    asked = ask(parameters, TODAY)
    return {age.name: age for age in statistics.ages(asked.scope, asked.span)}


def test_clicks_are_put_to_the_age_that_the_posting_had_then():
    posting = seen(20)
    for days_ago, people in (
        (20, 1),
        (19, 2),
        (18, 4),
        (17, 8),
        (16, 16),
        (14, 32),
        (13, 64),
        (7, 128),
        (6, 256),
        (0, 512),
    ):
        click(posting, days_ago, person=people, bot=1000)
    found = ages()
    assert [found[name].people for name in ("0", "1", "2–3", "4–6", "7–13", "14–29", "30–59")] == [
        1,
        2,
        12,
        48,
        192,
        768,
        0,
    ]


def test_clicks_are_divided_by_the_days_that_postings_spent_at_an_age():
    posting = seen(20)
    seen(5, end=3)  # spent one day at age 0 and 1, two at 2–3, none later
    click(posting, 19, person=3)
    click(posting, 15, person=3)
    found = ages()
    assert [(age.postings, age.posting_days) for age in found.values()] == [
        (2, 2), (2, 2), (2, 4), (1, 3), (1, 7), (1, 7), (0, 0), (0, 0), (0, 0),
    ]  # fmt: skip
    assert (found["1"].per_posting_day, found["4–6"].per_posting_day, found["30–59"].per_posting_day) == (
        1.5,
        1.0,
        None,
    )


def test_only_days_within_the_span_count_and_drafts_do_not():
    seen(40)  # was of age 11 when the span began
    seen(10, status=Posting.Status.DRAFT)
    seen(200, end=60)  # over before
    seen(-3)  # first seen by a clock that went ahead
    found = ages()
    assert found["4–6"].posting_days == 0
    assert [found[name].posting_days for name in ("7–13", "14–29", "30–59")] == [3, 16, 11]
    assert sum(age.posting_days for age in found.values()) == 30


def test_the_day_of_a_moment_is_that_of_utc():
    posting = make_posting(first_seen=dt.datetime(2026, 11, 17, 23, 59, 59, 999999, dt.UTC))
    click(posting, person=1)
    assert ages()["1"].people == 1


# --- The page ----------------------------------------------------------------------------------------


@pytest.fixture
def posting():
    posting = make_posting(title="Orchard keeper", company="Ahorn", categories=("Gardening",))
    click(posting, timezone.now().date(), **ALL_KINDS)
    return posting


def read(admin_client, query: str = "") -> str:
    response = admin_client.get(f"{PAGE}{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_shows_the_number_with_its_meaning_chart_and_table(admin_client, posting):
    html = read(admin_client)
    assert re.search(r"<strong>1</strong> <span>click-through by people", html)
    assert "A visitor’s first click-through on a posting that day." in html
    assert 'role="img"' in html
    assert "(so far)</th>" in html
    assert "days in UTC" in html
    for heading in ("Top postings", "Top companies", "Top categories", "Clicks against age"):
        assert heading in html
    assert 'class="breadcrumbs"' in html


def test_every_part_of_the_page_leads_on(admin_client, posting):
    html = read(admin_client, "?span=90d")
    for of in (f"posting:{posting.pk}", f"company:{posting.company_id}", f"category:{posting.tags.get().pk}"):
        assert f'"{PAGE}?of={of}&amp;span=90d"' in html
        assert "Orchard keeper" in read(admin_client, f"?of={of}")
    own = read(admin_client, f"?of=posting:{posting.pk}&by=week")
    assert f'href="?of=posting:{posting.pk}&amp;span=90d&amp;by=week"' in own
    assert "Top postings" not in own


@pytest.mark.parametrize("name", ["posting", "company", "tag"])
def test_the_way_to_the_statistics_is_in_the_admin(admin_client, posting, name):
    of = {"posting": posting, "company": posting.company, "tag": posting.tags.get()}[name]
    address = f"{PAGE}?of={Scope(of).key}"
    page = f"/admin/postings/posting/{posting.pk}/change/" if name == "posting" else f"/admin/postings/{name}/"
    assert f'<a href="{address}">Statistics</a>' in admin_client.get(page).content.decode()
    assert PAGE in admin_client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "of=%00",
        "of=posting:%00",
        "span=%00&by=%00&format=%00",
        "of=posting:" + "9" * 30,
        "of=company:9&span=x&by=y",
        "p=9&q=x&_popup=1",
    ],
)
def test_nonsense_in_the_address_never_breaks_the_page(admin_client, posting, query):
    for more in ("", "&format=csv", "&format=csv-postings"):
        response = admin_client.get(f"{PAGE}?{query}{more}")
        assert response.status_code == 200
        b"".join(response)


def test_an_empty_board_has_an_empty_page(admin_client):
    for name in statistics.SPANS:
        assert "No posting was clicked on these days." in read(admin_client, f"?span={name}")


@pytest.mark.parametrize("query", ["", "?format=csv", "?format=csv-postings"])
def test_only_staff_with_the_right_sees_them(client, django_user_model, query):
    user = django_user_model.objects.create_user("bob", is_staff=True)
    assert client.get(f"{PAGE}{query}").status_code == 302
    client.force_login(user)
    user.user_permissions.add(Permission.objects.get(codename="view_posting"))
    assert client.get(f"{PAGE}{query}").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_dailyclicks"))
    assert client.get(f"{PAGE}{query}").status_code == 200


def test_figures_are_looked_at_and_not_edited(admin_client, posting):
    row = DailyClicks.objects.first()
    for page in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
        assert admin_client.post(f"{PAGE}{page}", {"post": "yes"}).status_code == 404
    assert DailyClicks.objects.count() == len(ALL_KINDS)


def test_whoever_may_delete_a_posting_may_delete_what_hangs_on_it(client, django_user_model, posting):
    user = django_user_model.objects.create_user("bob", is_staff=True)
    codes = ["view_posting", "delete_posting", "change_posting"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client.force_login(user)
    posting.posting_tags.all().delete()
    Report.objects.create(posting=posting, reason="scam")
    client.post(f"/admin/postings/posting/{posting.pk}/delete/", {"post": "yes"})
    assert not Posting.objects.exists()
    assert not DailyClicks.objects.exists()


def test_hostile_names_stay_text(admin_client):
    hostile = "</title><script>alert(1)</script>"
    posting = make_posting(title=hostile, company=hostile, categories=(hostile,))
    click(posting, timezone.now().date(), person=1)
    for of in ("", f"posting:{posting.pk}", f"company:{posting.company_id}", f"category:{posting.tags.get().pk}"):
        html = read(admin_client, f"?of={of}")
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html
        assert not re.search(r"<style|<[^>]+\s(?:style|on\w+)=", html)


def test_nothing_is_ranked_for_a_single_posting(admin_client, posting, django_assert_num_queries):
    # Session and account, the posting, its days, its ages.
    with django_assert_num_queries(5):
        html = read(admin_client, f"?of=posting:{posting.pk}")
    assert "Top" not in html


@pytest.mark.parametrize("query", ["", "?span=12m", "?span=all&by=day", "?of=company", "?of=category"])
def test_more_postings_take_no_more_queries(admin_client, django_assert_num_queries, query):
    def fill(number):
        posting = make_posting(
            company="Ahorn" if number % 2 else f"Company {number}", categories=("Gardening", f"Category {number}")
        )
        for days_ago in range(5):
            click(posting, timezone.now().date() - dt.timedelta(days=days_ago), **ALL_KINDS)

    fill(1)
    query = query.replace("company", f"company:{make_company('Ahorn').pk}")
    query = query.replace("category", f"category:{make_category('Gardening').pk}")
    with CaptureQueriesContext(connection) as few:
        read(admin_client, query)
    # Session and account; the scope; all days' ends; days; ages; ranking, postings, companies (2), categories (2).
    assert len(few) <= 11
    for number in range(2, 12):
        fill(number)
    with django_assert_num_queries(len(few)):
        read(admin_client, query)


# --- CSV ---------------------------------------------------------------------------------------------


def download(client, address: str) -> list[list[str]]:
    response = client.get(address)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    text = b"".join(response).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_csv_has_a_row_a_posting_and_day_with_every_kind(admin_client, posting):
    today = timezone.now().date()
    click(posting, today - dt.timedelta(days=1), person=7)
    head, *rows = download(admin_client, f"{PAGE}?format=csv")
    assert head[:3] == ["posting", "title", "company"]
    assert head[-10:] == [
        "from",
        "to",
        "is over",
        "people",
        "repeats",
        "bursts",
        "bots",
        "prefetches and previews",
        "not told apart",
        "raw",
    ]
    assert [row[:3] for row in rows] == [[str(posting.pk), "Orchard keeper", "Ahorn"]] * 2
    yesterday = str(today - dt.timedelta(days=1))
    assert rows[0][-10:] == [yesterday, yesterday, "yes", "7", "0", "0", "0", "0", "0", "7"]
    assert rows[1][-10:] == [str(today), str(today), "no", "1", "2", "4", "8", "16", "32", "63"]


def test_the_csv_goes_by_week_and_by_scope_as_the_page_does(admin_client, posting):
    other = make_posting()
    monday = statistics.monday(timezone.now().date()) - dt.timedelta(days=7)
    for each in (posting, other):
        click(each, monday, person=1)
        click(each, monday + dt.timedelta(days=6), person=2, bot=1)
    rows = download(admin_client, f"{PAGE}?format=csv&by=week&of=posting:{other.pk}")[1:]
    assert [[row[0], *row[-10:-6], row[-1]] for row in rows] == [
        [str(other.pk), str(monday), str(monday + dt.timedelta(days=6)), "yes", "3", "4"]
    ]


def test_the_whole_ranking_is_in_a_csv_of_its_own(admin_client, posting):
    for number in range(30):
        click(make_posting(), timezone.now().date(), person=100 + number)
    rows = download(admin_client, f"{PAGE}?format=csv-postings")[1:]
    assert [row[0] for row in rows] == [str(rank) for rank in range(1, 32)]
    assert (rows[0][-2:], rows[-1][-2:]) == (["129", "129"], ["1", "63"])


def test_formulas_in_names_are_made_harmless(admin_client):
    posting = make_posting(title='=HYPERLINK("https://evil.example")', company="+Ahorn")
    click(posting, timezone.now().date(), person=1)
    for format in ("csv", "csv-postings"):
        [row] = download(admin_client, f"{PAGE}?format={format}")[1:]
        assert '\'=HYPERLINK("https://evil.example")' in row
        assert "'+Ahorn" in row


def test_a_csv_takes_as_many_queries_as_it_has_batches(admin_client, django_assert_num_queries):
    for _ in range(20):
        click(make_posting(), timezone.now().date(), **ALL_KINDS)
    # Session and account; which postings; of these the names and the click-throughs.
    with django_assert_num_queries(5):
        assert len(download(admin_client, f"{PAGE}?format=csv")) == 21
