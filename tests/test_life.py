"""The life of a posting: draft, live, expired, closed, and back; for visitors, for imports and in the admin."""

import datetime as dt
import re
from io import StringIO

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from postings import changes, life, visitors
from postings.models import Posting, Report, VisitorClick, VisitorKey
from tests.factories import make_posting
from tests.test_admin import LIST, act, change_page, edit, open_form, rows
from tests.test_store import UNCHANGED, UPDATED, dated, outcomes, take

pytestmark = pytest.mark.django_db

END = dt.datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=dt.UTC)
A_MICROSECOND = dt.timedelta(microseconds=1)
A_DAY = dt.timedelta(days=1)


def at(moment: dt.datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def close_expired(*arguments: str) -> str:
    out = StringIO()
    call_command("close_expired", *arguments, stdout=out)
    return out.getvalue().strip()


# --- Where visitors meet a posting -------------------------------------------------------------------

# Feeds, sitemap and structured data join these when the board has them.
PLACES = {
    "list": ("/", "Orchard keeper"),
    "total": ("/", 'data-total="2"'),
    "search": ("/?q=orchard", "Orchard keeper"),
    "facet": ("/", 'Gardening</bdi></span> <span class="count">2<'),
    "facet of its own": ("/", 'Pruning</bdi></span> <span class="count">1<'),
    "company's page": ("/companies/obsthof-ried/", "Orchard keeper"),
    "companies": ("/companies/", "Obsthof Ried"),
    "all categories": ("/all/category/", 'Pruning</bdi></span> <span class="count">1<'),
    "all companies": ("/all/company/", "Obsthof Ried"),
    "suggestions": ("/suggest?q=orch", "Orchard keeper"),
    "similar ones": ("/jobs/neighbour/", "Orchard keeper"),
}
OWN_PAGES = {"detail": "/jobs/keeper/", "apply": "/apply/keeper", "report": "/jobs/keeper/report/"}


def where(client) -> set[str]:
    """In which of these places a visitor meets the posting."""
    met = {name for name, (address, words) in PLACES.items() if words in read(client, address)}
    statuses = {name: client.get(address).status_code for name, address in OWN_PAGES.items()}
    assert set(statuses.values()) <= {200, 302, 404, 410}
    return met | {name for name, status in statuses.items() if status in (200, 302)}


def read(client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


EVERYWHERE = PLACES.keys() | OWN_PAGES.keys()


@pytest.fixture
def posting():
    """A posting that expires at END; another of its kind and one of another company stay."""
    with at(END - 30 * A_DAY):
        make_posting(slug="neighbour", title="Plum picker", categories=("Gardening",), expires_at=None)
        return make_posting(
            slug="keeper",
            title="Orchard keeper",
            company="Obsthof Ried",
            categories=("Gardening", "Pruning"),
            expires_at=END,
        )


def test_expiry_holds_everywhere_to_the_microsecond_while_cron_sleeps(client, posting):
    with at(END - A_MICROSECOND):
        assert where(client) == EVERYWHERE
    with at(END):
        assert where(client) == set()
    assert Posting.objects.get(slug="keeper").status == Posting.Status.LIVE


def test_what_expires_is_gone_and_not_missing(client, posting):
    with at(END):
        for address in OWN_PAGES.values():
            response = client.get(address)
            assert response.status_code == 410
            assert "This posting is closed" in response.content.decode()
            assert "Plum picker" in response.content.decode()


def test_what_is_closed_in_the_admin_leaves_everywhere_at_once(client, admin_client, posting):
    with at(END - A_DAY):
        assert where(client) == EVERYWHERE
        act(admin_client, "close", posting)
        assert where(client) == set()


def test_what_the_command_closes_was_nowhere_before_and_is_nowhere_after(client, posting):
    with at(END + A_DAY):
        assert where(client) == set()
        assert close_expired() == "1 expired posting closed."
        assert where(client) == set()
    assert Posting.objects.get(slug="keeper").status == Posting.Status.CLOSED


def test_from_draft_to_live_to_closed_and_back(client, admin_client, posting):
    with at(END - A_DAY):
        Posting.objects.filter(pk=posting.pk).update(status=Posting.Status.DRAFT)
        assert where(client) == set()
        assert client.get("/jobs/keeper/").status_code == 404
        assert act(admin_client, "publish", posting) == ["1 posting was published."]
        assert where(client) == EVERYWHERE
        assert act(admin_client, "close", posting) == ["1 posting was closed."]
        assert client.get("/jobs/keeper/").status_code == 410
        assert act(admin_client, "publish", posting) == ["1 posting was published."]
        assert where(client) == EVERYWHERE
    with at(END):
        assert where(client) == set()
        close_expired()
        assert act(admin_client, "publish", posting) == ["1 posting was published."]
        assert where(client) == EVERYWHERE
    with at(END + 60 * A_DAY):
        assert where(client) == set()


# --- manage.py close_expired -------------------------------------------------------------------------


def test_the_command_closes_what_is_past_its_end_and_nothing_else(posting):
    kept = {
        "later": make_posting(slug="later", expires_at=END + 2 * A_DAY),
        "for ever": make_posting(slug="for-ever", expires_at=None),
        "draft": make_posting(slug="draft", status=Posting.Status.DRAFT, expires_at=END),
        "closed": make_posting(slug="closed", status=Posting.Status.CLOSED, expires_at=END),
    }
    before = {name: Posting.objects.filter(pk=each.pk).values().get() for name, each in kept.items()}
    with at(END + A_DAY):
        assert close_expired() == "1 expired posting closed."
        assert close_expired() == "0 expired postings closed."
        posting.refresh_from_db()
        assert (posting.status, posting.changed_at) == (Posting.Status.CLOSED, timezone.now())
        assert (posting.expires_at, posting.pinned_fields) == (END, [])
    assert {name: Posting.objects.filter(pk=each.pk).values().get() for name, each in kept.items()} == before


def test_a_dry_run_of_the_command_says_how_many_and_writes_nothing(posting):
    VisitorKey.objects.create(day=END.date() - A_DAY, key=b"k" * 32)
    with at(END):
        assert close_expired("--dry-run") == "Dry run, nothing was written: 1 expired posting to close."
    posting.refresh_from_db()
    assert (posting.status, VisitorKey.objects.count()) == (Posting.Status.LIVE, 1)


def test_the_command_closes_in_batches_and_each_is_one_change_of_the_board(posting, monkeypatch):
    monkeypatch.setattr(life, "_AT_ONCE", 2)
    for _ in range(4):
        make_posting(expires_at=END)
    version = changes.version()
    with at(END):
        assert close_expired() == "5 expired postings closed."
    assert changes.version() == version + 3
    assert not Posting.objects.expired().exists()


def test_the_command_closes_what_was_published_by_hand_and_keeps_the_pin(posting):
    Posting.objects.filter(pk=posting.pk).update(pinned_fields=["status"])
    with at(END):
        close_expired()
    posting.refresh_from_db()
    assert (posting.status, posting.pinned_fields) == ("closed", ["status"])


def test_what_is_extended_while_the_command_runs_stays(posting, monkeypatch):
    with at(END):
        ids = [posting.pk]
        Posting.objects.filter(pk=posting.pk).update(expires_at=END + A_DAY)
        assert life._close_batch(ids) == 0
    posting.refresh_from_db()
    assert posting.status == Posting.Status.LIVE


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the database and not its rows")
@pytest.mark.django_db(transaction=True)
def test_the_command_waits_for_nobody_who_writes_a_posting(posting):
    from threading import Thread

    other = make_posting(expires_at=END)
    said: list[str] = []

    def run() -> None:
        try:
            said.append(close_expired())
        finally:
            connection.close()

    with at(END):
        with transaction.atomic():
            Posting.objects.select_for_update().get(pk=posting.pk)
            thread = Thread(target=run)
            thread.start()
            thread.join(10)
            assert said == ["1 expired posting closed."]
        assert close_expired() == "1 expired posting closed."
    other.refresh_from_db()
    assert other.status == Posting.Status.CLOSED


def test_a_database_that_does_not_take_it_is_a_sentence_and_status_3(posting, monkeypatch):
    def locked(*arguments: object) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr(life, "_close_batch", locked)
    with at(END), pytest.raises(CommandError, match="It stopped: database is locked") as stopped:
        close_expired()
    assert stopped.value.returncode == 3


def test_the_command_forgets_the_visitors_of_past_days(posting):
    visitors.forget_all()
    yesterday = END - A_DAY
    for day in (yesterday, END):
        VisitorKey.objects.create(day=day.date(), key=b"k" * 32)
        VisitorClick.objects.create(day=day.date(), visitor=b"v" * 16, posting_id=posting.pk, second=1)
        hashes = {"visitor": day.isoformat().encode()[:16], "network": b"n" * 16}
        Report.objects.create(posting=posting, reason="scam", created_at=day, **hashes)
    with at(END):
        close_expired()
    assert [key.day for key in VisitorKey.objects.all()] == [END.date()]
    assert [click.day for click in VisitorClick.objects.all()] == [END.date()]
    past, today = Report.objects.order_by("created_at")
    assert (past.visitor, past.network) == (None, None)
    assert today.visitor and today.network


# --- Imports of what is over -------------------------------------------------------------------------

AGAIN = {
    "unchanged": dated("2026-01", title="Gardener"),
    "changed": dated("2026-01", title="Head gardener"),
    "reposted": dated("2026-02", title="Gardener"),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
def test_an_import_makes_the_same_of_what_is_over_whether_cron_closed_it_or_not(client, again):
    shown = []
    for is_closed_by_cron in (False, True):
        Posting.objects.all().delete()
        take(dated("2026-01", title="Gardener"))
        Posting.objects.update(expires_at=timezone.now() - A_DAY)
        if is_closed_by_cron:
            close_expired()
        [result] = take(again)
        posting = Posting.objects.get()
        status = client.get(posting.get_absolute_url()).status_code
        shown.append((result.outcome, result.changed, posting.title, posting.is_expired, status))
    assert shown[0] == shown[1]
    # What comes is taken, and the posting stays over.
    outcome = UNCHANGED if again is AGAIN["unchanged"] else shown[0][0]
    assert shown[0][0] == outcome
    assert shown[0][2:] == ((again is AGAIN["changed"] and "Head gardener") or "Gardener", True, 410)


def test_an_import_opens_what_a_dump_had_closed_before_its_end():
    take(dated("2026-01"))
    Posting.objects.update(status=Posting.Status.CLOSED)
    end = Posting.objects.get().expires_at
    assert outcomes(take(dated("2026-01"))) == [UPDATED]
    posting = Posting.objects.get()
    assert (posting.is_live, posting.expires_at) == (True, end)


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
def test_an_import_undoes_no_extension_and_no_reopening(admin_client, again):
    take(dated("2026-01", title="Gardener"))
    Posting.objects.update(expires_at=timezone.now() - A_DAY)
    close_expired()
    act(admin_client, "publish", Posting.objects.get())
    act(admin_client, "extend", Posting.objects.get())
    end = Posting.objects.get().expires_at
    take(again)
    posting = Posting.objects.get()
    assert (posting.is_live, posting.expires_at) == (True, end)
    assert end > timezone.now() + 119 * A_DAY


# --- Extending ---------------------------------------------------------------------------------------


def extended(posting: Posting) -> dt.datetime | None:
    return Posting.objects.get(pk=posting.pk).expires_at


def test_extending_counts_from_the_end_or_from_now_where_that_is_past(admin_client):
    with at(END):
        ahead, past = make_posting(expires_at=END + A_DAY), make_posting(expires_at=END - A_DAY)
        assert act(admin_client, "extend", ahead, past) == ["2 postings were extended by 60 days."]
        assert (extended(ahead), extended(past)) == (END + 61 * A_DAY, END + 60 * A_DAY)
        assert Posting.objects.live().count() == 2
        assert Posting.objects.filter(pinned_fields=[]).count() == 2


def test_extending_goes_by_the_lifetime_that_is_set(admin_client, settings):
    for lifetime, days in ((0, 30), (7, 7)):
        settings.POSTING_LIFETIME_DAYS = lifetime
        with at(END):
            posting = make_posting(expires_at=END)
            assert f"Extend the selected postings by {days} days" in admin_client.get(LIST).content.decode()
            assert act(admin_client, "extend", posting) == [f"1 posting was extended by {days} days."]
            assert extended(posting) == END + days * A_DAY


def test_what_has_no_end_is_left_alone_and_said(admin_client):
    with at(END):
        endless, ending = make_posting(expires_at=None), make_posting(expires_at=END)
        before = endless.changed_at
        said = act(admin_client, "extend", endless, ending)
    assert said == ["1 posting was extended by 60 days."]
    endless.refresh_from_db()
    assert (endless.expires_at, endless.changed_at) == (None, before)
    assert [entry.object_id for entry in LogEntry.objects.all()] == [str(ending.pk)]


def test_what_is_closed_is_extended_on_its_page_alone_and_stays_closed(admin_client):
    posting = make_posting(status=Posting.Status.CLOSED)
    asked = admin_client.post(LIST, {"action": "extend", "_selected_action": posting.pk})
    assert "nothing to do" in asked.content.decode()
    [said] = [str(each) for each in step(admin_client, posting, "extend", follow=True).context["messages"]]
    assert said == "1 extended by 60 days. 1 of them is closed, which extending does not change: reopen."
    assert Posting.objects.get().status == Posting.Status.CLOSED


def test_an_end_that_lies_at_the_end_of_time_is_no_error(admin_client):
    far = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)
    posting = make_posting(expires_at=far)
    assert act(admin_client, "extend", posting) == ["1 posting was extended by 60 days."]
    assert extended(posting) > far


def test_many_are_extended_by_few_statements_and_logged(admin_client):
    from django.test.utils import CaptureQueriesContext

    def queries(number: int) -> int:
        postings = [make_posting() for _ in range(number)]
        with CaptureQueriesContext(connection) as captured:
            act(admin_client, "extend", *postings)
        return len(captured)

    assert queries(20) == queries(2)
    assert LogEntry.objects.count() == 22
    assert {entry.get_change_message() for entry in LogEntry.objects.all()} == {"Extended by 60 days from the list."}


# --- The list's filter and the buttons of a page -----------------------------------------------------


def test_the_filter_tells_live_from_expired_as_the_column_does(admin_client):
    make_posting(slug="live")
    make_posting(slug="expired", expires_at=timezone.now())
    make_posting(slug="closed", status=Posting.Status.CLOSED, expires_at=timezone.now())
    make_posting(slug="draft", status=Posting.Status.DRAFT, expires_at=timezone.now())
    for state in ("live", "expired", "closed", "draft"):
        response = admin_client.get(f"{LIST}?status={state}")
        assert [posting.slug for posting in response.context["cl"].result_list] == [state]
        assert [posting.state for posting in response.context["cl"].result_list] == [state]
    assert rows(admin_client.get(f"{LIST}?status=nonsense")) == 4


def step(admin_client, posting: Posting, name: str, **more: object):
    return admin_client.post(f"{LIST}{posting.pk}/{name}/now/", **more)


def buttons(admin_client, posting: Posting) -> list[str]:
    return re.findall(r'<button type="submit" class="button">(.*?)</button>', read(admin_client, change_page(posting)))


def test_the_buttons_of_a_posting_are_those_that_change_something(admin_client):
    past = timezone.now()
    for fields, expected in (
        ({}, ["Extend by 60 days", "Close posting"]),
        ({"expires_at": None}, ["Close posting"]),
        ({"expires_at": past}, ["Reopen posting", "Extend by 60 days", "Close posting"]),
        ({"status": Posting.Status.CLOSED}, ["Reopen posting", "Extend by 60 days"]),
        ({"status": Posting.Status.DRAFT}, ["Publish posting", "Extend by 60 days", "Close posting"]),
    ):
        assert buttons(admin_client, make_posting(**fields)) == expected


def test_a_posting_is_closed_reopened_and_extended_on_its_page(admin_client, client):
    posting = make_posting()
    page, end = change_page(posting), posting.expires_at
    for name, status, said, logged in (
        ("close", 410, "1 closed.", "Closed from its page."),
        ("reopen", 200, "1 published.", "Published from its page."),
        ("extend", 200, "1 extended by 60 days.", "Extended by 60 days from its page."),
    ):
        response = step(admin_client, posting, name, follow=True)
        assert response.redirect_chain == [(page, 302)]
        assert said in response.content.decode()
        assert client.get(posting.get_absolute_url()).status_code == status
        assert LogEntry.objects.latest("pk").get_change_message() == logged
    posting.refresh_from_db()
    assert (posting.expires_at, posting.pinned_fields) == (end + 60 * A_DAY, ["status"])


def test_what_is_made_live_in_its_form_is_seen_although_it_had_run_out(admin_client, client, posting):
    with at(END):
        close_expired()
        stored = edit(admin_client, posting, status=Posting.Status.LIVE)
        assert (stored.is_live, stored.expires_at) == (True, END + 60 * A_DAY)
        past = (END - A_DAY).date().isoformat()
        edit(admin_client, posting, status=Posting.Status.CLOSED)
        # An end that somebody typed is meant.
        assert not edit(admin_client, posting, status=Posting.Status.LIVE, expires_at_0=past).is_live


def test_a_form_that_stood_open_beside_the_command_is_not_taken(admin_client, posting):
    with at(END):
        data = open_form(admin_client, change_page(posting))
    with at(END + A_DAY):
        close_expired()
        response = admin_client.post(change_page(posting), {**data, "title": "Late"})
        assert "changed this posting" in response.content.decode()


def test_a_step_is_for_who_may_change_postings_sent_by_post_from_the_admin(client, admin_user, django_user_model):
    posting = make_posting()
    address = f"{LIST}{posting.pk}/close/now/"
    assert client.post(address).headers["Location"].startswith("/admin/login/")
    looker = django_user_model.objects.create_user("bob", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_posting"))
    client.force_login(looker)
    assert client.post(address).status_code == 403
    assert '<form method="post" action="/admin/postings' not in read(client, change_page(posting))
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(admin_user)
    assert forged.post(address).status_code == 403
    client.force_login(admin_user)
    assert client.get(address).status_code == 405
    assert client.post(f"{LIST}{posting.pk}/explode/now/").status_code == 404
    assert client.post(f"{LIST}{10**30}/close/now/").status_code == 404
    assert Posting.objects.get().is_live
