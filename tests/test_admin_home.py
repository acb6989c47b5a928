"""The admin's home: what needs a person today, each with its number and the list that it is about."""

import datetime as dt
import html
import re

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.utils import timezone

from postings import visitors
from postings.models import DailyClicks, ImportRun, Likeness, Posting, Report
from tests.factories import make_posting
from tests.test_admin import rows

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 18, 12, tzinfo=dt.UTC)  # a Wednesday


def tasks(client) -> dict[str, tuple[int, str]]:
    """What is to do: its number, and where it leads."""
    page = " ".join(client.get("/admin/").content.decode().split())
    found = re.findall(r'<a href="([^"]+)"><strong>([\d,]+)</strong> (.+?)</a>', page)
    return {name: (int(number.replace(",", "")), html.unescape(address)) for address, number, name in found}


def clicked(posting: Posting, number: int, days_ago: int, kind: str = "person") -> None:
    day = visitors.today() - dt.timedelta(days=days_ago)
    DailyClicks.objects.create(posting=posting, day=day, kind=kind, count=number)


def test_an_empty_board_has_nothing_to_do(admin_client):
    page = " ".join(admin_client.get("/admin/").content.decode().split())
    assert tasks(admin_client) == {}
    assert "Nothing: no postings that many reported, no open reports, no imports that did not end" in page


@pytest.fixture
def busy(db):
    """Some of everything that an operator has to look at."""
    now = timezone.now()
    plain = [make_posting(place="Vienna") for _ in range(3)]
    for reason in ("scam", "wrong", "closed"):
        Report.objects.create(posting=plain[0], reason=reason)
    Report.objects.create(posting=plain[1], reason="scam")
    Report.objects.create(posting=plain[2], reason="scam", settled_at=now)
    make_posting(company=None, place="Vienna")
    make_posting(company=None, place="Vienna", status=Posting.Status.CLOSED)
    for _ in range(2):
        make_posting(place="")
    make_posting(place="", expires_at=now - dt.timedelta(days=1))
    make_posting(place="Vienna", expires_at=now + dt.timedelta(days=6))
    make_posting(place="Vienna", expires_at=now + dt.timedelta(days=8))
    make_posting(place="Vienna", status=Posting.Status.DRAFT)
    ImportRun.objects.create(source="files", refused=3, finished_at=now)
    ImportRun.objects.create(source="files", refused=0, finished_at=now)
    ImportRun.objects.create(source="files", refused=1, started_at=now - dt.timedelta(days=8))
    ImportRun.objects.create(source="files", stopped_because="another import is running")
    ImportRun.objects.create(source="files", refused=1, is_dry_run=True, finished_at=now)
    Likeness.objects.create(first=plain[0], second=plain[1], reason="title", score=90, group=plain[0].pk)
    Likeness.objects.create(first=plain[0], second=plain[2], reason="title", score=90, group=plain[0].pk)
    return plain


def test_each_task_has_its_number_and_leads_to_just_these(admin_client, busy):
    found = tasks(admin_client)
    assert {name: number for name, (number, _) in found.items()} == {
        "posting that many reported": 1,
        "open reports": 4,
        "import that did not end": 1,
        "import of the last 7 days with refusals": 1,
        "draft": 1,
        "posting that ends this week": 1,
        "posting without a company": 1,
        "postings without a place": 2,
        "group of likely duplicates": 1,
    }
    for name, (number, address) in found.items():
        response = admin_client.get(address)
        shown = len(response.context["groups"]) if "likeness" in address else rows(response)
        assert shown == number, name


def test_one_sees_only_what_one_may_see(client, busy, django_user_model):
    user = django_user_model.objects.create_user("bob", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_report"))
    client.force_login(user)
    assert tasks(client).keys() == {"posting that many reported", "open reports"}
    assert "Click-throughs by people" not in client.get("/admin/").content.decode()


def test_the_clicks_of_a_week_are_compared_with_the_week_before(admin_client):
    with time_machine.travel(NOON, tick=False):
        posting = make_posting()
        for days_ago, number in ((0, 7), (1, 20), (7, 10), (8, 15), (14, 10), (15, 1000)):
            clicked(posting, number, days_ago)
        clicked(posting, 1000, 1, kind="bot")
        page = " ".join(re.sub("<[^>]*>", "", admin_client.get("/admin/").content.decode()).split())
        assert "30 in the last seven days, 20% more than the 25 of the seven days before. Today so far: 7." in page
        assert "Tuesday, 17 March: 20" in page and "Wednesday, 18 March (so far): 7" in page


@pytest.mark.parametrize(
    ("last", "before", "said"),
    [
        (0, 0, "0 in the last seven days, as many as in the seven days before."),
        (5, 0, "5 in the last seven days, after none in the seven days before."),
        (5, 20, "5 in the last seven days, 75% fewer than the 20 of the seven days before."),
    ],
)
def test_weeks_are_compared_in_words(admin_client, last, before, said):
    posting = make_posting()
    clicked(posting, last, 1)
    clicked(posting, before, 8)
    assert said in " ".join(re.sub("<[^>]*>", "", admin_client.get("/admin/").content.decode()).split())


def test_it_takes_at_most_twelve_queries(admin_client, busy, django_assert_max_num_queries):
    for number in range(30):
        clicked(make_posting(), 1, number % 14)
    with django_assert_max_num_queries(12):
        admin_client.get("/admin/")
