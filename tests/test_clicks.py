"""What counts as what, how visitors are told apart for a day, and the way of a count through the journal."""

import datetime as dt
import os
import time
from collections import Counter
from contextlib import contextmanager
from io import StringIO
from threading import Thread

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.db.models import Sum
from django.test import Client, RequestFactory
from django.utils import timezone

from postings import clicks, memory, upkeep, visitors
from postings.clicks import Click, Kind
from postings.databases import limit, together
from postings.journal import Journal
from postings.models import DailyClicks, FoldedClicks, Posting, Report, VisitorClick, VisitorKey
from tests.factories import make_posting
from tests.test_apply import FIREFOX, counts, run_on_a_file

pytestmark = pytest.mark.django_db

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Safari/604.1"
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ADDRESS = "198.51.100.7"


@pytest.fixture
def posting():
    return make_posting(slug="gardener", expires_at=None)


@pytest.fixture
def postings():
    # At once, for only their addresses matter.
    said = {"title": "Cook", "body_markdown": "We eat fruit.", "listed_on": dt.date(2026, 3, 1)}
    return Posting.objects.bulk_create(
        Posting(slug=f"cook-{n}", source_slug=f"cook-{n}", apply_url=f"https://jobs.lindenhof.example/cook-{n}", **said)
        for n in range(15)
    )


def click(posting, address=ADDRESS, user_agent=FIREFOX, **headers):
    visitor = Client(REMOTE_ADDR=address, headers={"User-Agent": user_agent, **headers})
    response = visitor.get(f"/apply/{posting.slug}")
    # Whoever it was: the way on is open.
    assert response["Location"] == posting.apply_url
    return response


@contextmanager
def at(moment):
    with time_machine.travel(moment, tick=False):
        yield


# --- Kinds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"User-Agent": FIREFOX}, "person"),
        ({"User-Agent": SAFARI}, "person"),
        ({"User-Agent": FIREFOX, "Sec-Purpose": ""}, "person"),
        ({"User-Agent": FIREFOX, "Purpose": "apply"}, "person"),
        ({"User-Agent": FIREFOX, "Sec-Purpose": "prefetch"}, "prefetch"),
        ({"User-Agent": FIREFOX, "Sec-Purpose": "prefetch;prerender"}, "prefetch"),
        ({"User-Agent": FIREFOX, "Sec-Purpose": "prefetch;anonymous-client-ip"}, "prefetch"),
        ({"User-Agent": FIREFOX, "Purpose": "Prefetch"}, "prefetch"),
        ({"User-Agent": SAFARI, "Purpose": "preview"}, "prefetch"),
        ({"User-Agent": FIREFOX, "X-Purpose": "preview"}, "prefetch"),
        ({"User-Agent": FIREFOX, "X-Moz": "prefetch"}, "prefetch"),
        ({"User-Agent": "curl/8.5.0", "Sec-Purpose": "prefetch"}, "prefetch"),
        ({"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "bot"),
        ({"User-Agent": "Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"}, "bot"),
        ({"User-Agent": "curl/8.5.0"}, "bot"),
        ({"User-Agent": "python-requests/2.32.0"}, "bot"),
        ({"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}, "bot"),
        ({"User-Agent": ""}, "bot"),
        ({"User-Agent": "  "}, "bot"),
        ({}, "bot"),
        ({"User-Agent": FIREFOX + " \x00\r\nBot: x" * 5000}, "person"),
    ],
)
def test_what_made_the_request_is_told_by_what_it_says_of_itself(posting, headers, kind):
    assert Client(headers=headers).get("/apply/gardener")["Location"] == posting.apply_url
    assert counts() == {kind: 1}


@pytest.mark.parametrize("method", ["head", "post", "put", "patch", "delete", "options", "trace"])
def test_only_get_counts(posting, method):
    getattr(Client(headers={"User-Agent": FIREFOX}), method)("/apply/gardener")
    assert counts() == {}


def test_a_visitor_is_one_person_a_posting_and_day(posting):
    other = make_posting()
    for _ in range(3):
        click(posting)
    click(other)
    assert counts() == {"person": 2, "repeat": 2}


@pytest.mark.parametrize(
    "another",
    [{"address": "198.51.100.8"}, {"user_agent": SAFARI}, {"address": "2001:db8:1:2::7"}],
    ids=["address", "user agent", "protocol"],
)
def test_another_address_or_browser_is_another_person(posting, another):
    click(posting)
    click(posting, **another)
    assert counts() == {"person": 2}


def test_the_last_64_bits_of_an_address_tell_nobody_apart(posting):
    click(posting, address="2001:db8:1:2:aaaa::1")
    click(posting, address="2001:db8:1:2:bbbb::2")
    assert counts() == {"person": 1, "repeat": 1}
    click(posting, address="2001:db8:1:3::1")
    assert counts() == {"person": 2, "repeat": 1}


def test_bots_and_prefetches_are_no_visitors(posting):
    click(posting, user_agent="curl/8.5.0")
    click(posting, user_agent="curl/8.5.0")
    click(posting, **{"Sec-Purpose": "prefetch"})
    click(posting)
    assert counts() == {"bot": 2, "prefetch": 1, "person": 1}
    assert VisitorClick.objects.count() == 1


def test_clicks_add_up_in_one_row_per_posting_day_and_kind(posting):
    other = make_posting(slug="cook", expires_at=None)
    with at(NOON):
        click(posting)
        click(posting, address="198.51.100.8")
        click(posting, user_agent="")
        click(other)
    with at(NOON + dt.timedelta(days=1)):
        click(posting)
    rows = DailyClicks.objects.order_by("day", "posting", "kind").values_list("posting", "day", "kind", "count")
    assert list(rows) == [
        (posting.pk, dt.date(2026, 3, 1), "bot", 1),
        (posting.pk, dt.date(2026, 3, 1), "person", 2),
        (other.pk, dt.date(2026, 3, 1), "person", 1),
        (posting.pk, dt.date(2026, 3, 2), "person", 1),
    ]


def test_a_day_ends_at_midnight_utc(posting, settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    with at(dt.datetime(2026, 3, 1, 23, 59, 59, tzinfo=dt.UTC)):
        click(posting)
    with at(dt.datetime(2026, 3, 2, 0, 0, 0, tzinfo=dt.UTC)):
        click(posting)
    assert list(DailyClicks.objects.order_by("day").values_list("day", "kind", "count")) == [
        (dt.date(2026, 3, 1), "person", 1),
        (dt.date(2026, 3, 2), "person", 1),
    ]


# --- Bursts ------------------------------------------------------------------------------------------


def test_ten_postings_within_a_minute_are_still_a_person(postings):
    with at(NOON):
        for posting in postings[:10]:
            click(posting)
    assert counts() == {"person": 10}


def test_the_eleventh_within_a_minute_makes_all_of_the_day_a_burst(postings):
    with at(NOON - dt.timedelta(hours=5)):
        click(postings[14])
    with at(NOON):
        for posting in postings[:11]:
            click(posting)
    assert counts() == {"burst": 12}
    # From then on, too, however slowly.
    with at(NOON + dt.timedelta(hours=3)):
        click(postings[12])
        click(postings[12])
    assert counts() == {"burst": 14}


def test_what_was_a_repeat_before_a_burst_stays_one_and_raw_clicks_stay_the_same(postings):
    with at(NOON):
        click(postings[0])
        click(postings[0])
        for posting in postings[1:12]:
            click(posting)
    assert counts() == {"repeat": 1, "burst": 12}


def test_a_burst_is_of_one_visitor_and_one_day(postings):
    with at(NOON - dt.timedelta(days=1)):
        click(postings[0])
    with at(NOON):
        click(postings[0], user_agent=SAFARI)
        for posting in postings[:11]:
            click(posting)
        click(postings[1], user_agent=SAFARI)
    with at(NOON + dt.timedelta(days=1)):
        click(postings[0])
    assert counts() == {"burst": 11, "person": 4}


def test_eleven_postings_over_more_than_a_minute_are_no_burst(postings):
    for number, posting in enumerate(postings[:12]):
        with at(NOON + dt.timedelta(seconds=6 * number)):
            click(posting)
    assert counts() == {"person": 12}


def test_one_posting_again_and_again_is_a_repeat_and_no_burst(posting):
    with at(NOON):
        for _ in range(30):
            click(posting)
    assert counts() == {"person": 1, "repeat": 29}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway")
@pytest.mark.django_db(transaction=True)
def test_a_burst_that_begins_twice_at_once_is_moved_once(postings):
    def write(first, last, visitor):
        with transaction.atomic():
            clicks._write([Click(each.pk, today, 1, Kind.PERSON, visitor) for each in postings[first:last]], today)

    def write_beside():
        try:
            write(11, 12, b"v" * 16)
        finally:
            connection.close()

    today = visitors.today()
    # Without these, numbers below zero would give it away.
    write(0, 10, b"w" * 16)
    write(0, 10, b"v" * 16)
    beside = Thread(target=write_beside)
    with transaction.atomic():
        write(10, 11, b"v" * 16)
        beside.start()
        beside.join(0.5)
    beside.join(10)
    assert counts() == {"person": 10, "burst": 12}


# --- Visitors ----------------------------------------------------------------------------------------


def addressed(remote="198.51.100.7", **headers):
    return visitors.address(RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers))


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "198.51.100.7"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (2, "1.2.3.4, 203.0.113.9, 192.0.2.1", "203.0.113.9"),
        (3, "203.0.113.9, 192.0.2.1", "203.0.113.9"),
        (1, "", "198.51.100.7"),
        (1, " , ", "198.51.100.7"),
        (1, "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "203.0.113.9:50123", "203.0.113.9"),
        (1, "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        (1, "[2001:db8:1:2:3::4]", "2001:db8:1:2::/64"),
        (1, "unknown", "unknown"),
        (1, "x" * 100_000, "x" * 100_000),
    ],
)
def test_only_as_many_proxies_are_believed_as_there_are(settings, count, forwarded, expected):
    settings.PROXY_COUNT = count
    assert addressed(**{"X-Forwarded-For": forwarded}) == expected


def test_says_once_that_a_proxy_is_not_counted_on(caplog):
    visitors._say_once.cache_clear()
    for _ in range(3):
        addressed(**{"X-Forwarded-For": "203.0.113.9"})
    assert [record.getMessage() for record in caplog.records] == [
        "a request came through a proxy, and PROXY_COUNT is 0: visitors behind it are not told apart"
    ]


def test_behind_a_socket_there_is_no_address():
    assert addressed(remote="") == ""


def test_a_visitor_is_a_hash_that_differs_by_day_and_holds_no_address(posting):
    request = RequestFactory().get("/", REMOTE_ADDR=ADDRESS, headers={"User-Agent": FIREFOX})
    first, second = (visitors.visitor(request, day) for day in (dt.date(2026, 3, 1), dt.date(2026, 3, 2)))
    assert len(first) == len(second) == 16
    assert first != second
    assert visitors.visitor(request, dt.date(2026, 3, 2)) == second


def test_workers_share_the_days_key(posting):
    request = RequestFactory().get("/", REMOTE_ADDR=ADDRESS)
    first = visitors.visitor(request, visitors.today())
    visitors.forget_all()
    assert visitors.visitor(request, visitors.today()) == first
    assert VisitorKey.objects.count() == 1


def test_the_days_key_goes_with_the_first_click_of_the_next_day_and_all_hashes_soon_after(posting):
    with at(NOON):
        click(posting)
        report = Report.objects.create(posting=posting, reason="scam", visitor=b"x" * 16)
        [(day, key)] = VisitorKey.objects.values_list("day", "key")
    with at(NOON + dt.timedelta(days=1)):
        click(posting)
        [(next_day, next_key)] = VisitorKey.objects.values_list("day", "key")
        assert next_day == day + dt.timedelta(days=1)
        assert bytes(next_key) != bytes(key)
        upkeep.look_after()
        assert [each.day for each in VisitorClick.objects.all()] == [next_day]
        report.refresh_from_db()
        assert report.visitor is None
        assert list(visitors._keys) == [next_day]


def test_a_report_s_hash_goes_though_nobody_clicked(posting):
    with at(NOON):
        report = Report.objects.create(posting=posting, reason="scam", visitor=b"x" * 16)
    with at(NOON + dt.timedelta(days=1)):
        upkeep.look_after()
    report.refresh_from_db()
    assert report.visitor is None


def test_what_a_clock_that_went_ahead_has_left_goes_too_but_not_the_next_days(posting):
    for days in (1, 2):
        with at(NOON + dt.timedelta(days=days)):
            click(posting)
            VisitorKey.objects.get_or_create(day=NOON.date() + dt.timedelta(days=1), defaults={"key": b"k" * 32})
    with at(NOON):
        visitors.forget_before(NOON.date())
    assert [each.day.day for each in VisitorKey.objects.all()] == [NOON.day + 1]
    assert [each.day.day for each in VisitorClick.objects.all()] == [NOON.day + 1]


def test_the_days_key_goes_without_any_click_too(posting):
    with at(NOON):
        click(posting)
    with at(dt.datetime(2026, 3, 2, tzinfo=dt.UTC)):
        upkeep.look_after()
    assert list(VisitorKey.objects.values_list("day", flat=True)) == list(visitors._keys) == [dt.date(2026, 3, 2)]
    assert not VisitorClick.objects.exists()
    assert counts() == {"person": 1}


def test_no_thread_waits_long_for_the_one_that_reads_the_days_key(posting, monkeypatch):
    monkeypatch.setattr(visitors, "DRAWN_WITHIN", 0.01)
    with visitors._drawing:
        click(posting)
    assert clicks.fold() == 1
    assert counts() == {"untold": 1}


def test_a_key_that_another_worker_takes_away_at_midnight_holds_nobody_up(posting, monkeypatch):
    monkeypatch.setattr(type(VisitorKey.objects.all()), "bulk_create", lambda *args, **kwargs: [])
    with at(NOON):
        click(posting)
    assert clicks.fold() == 1
    assert counts() == {"untold": 1}


def test_a_journal_that_cannot_be_read_lets_no_hash_outlast_its_day(posting, monkeypatch):
    with at(NOON):
        click(posting)
    monkeypatch.setattr(Journal, "read", lambda self: 1 / 0)
    with at(NOON + dt.timedelta(days=1)), pytest.raises(ZeroDivisionError):
        upkeep.look_after()
    assert not VisitorClick.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_upkeep_goes_on_whatever_breaks(monkeypatch, caplog):
    """A round that breaks off is said once, and the next one comes."""
    rounds = []

    class Stop(BaseException):
        """Ends what goes on for ever."""

    def look_after():
        rounds.append(len(rounds))
        if len(rounds) == 3:
            raise Stop
        raise ValueError("a record that nobody understands")

    monkeypatch.setattr(upkeep, "look_after", look_after)
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.001)
    given_back = []
    monkeypatch.setattr(memory, "give_back_free", lambda: given_back.append(len(rounds)))
    with pytest.raises(Stop):
        upkeep._go_on()
    # Memory goes back after each round, whatever became of it.
    assert given_back == [1, 2]
    [record] = caplog.records
    assert record.getMessage().endswith("it goes on trying")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the next test has a SQLite file of its own")
@pytest.mark.django_db(transaction=True)
def test_what_is_forgotten_is_cleared_out_of_the_tables(posting):
    with at(NOON):
        click(posting)
    with at(NOON + dt.timedelta(days=1)):
        upkeep.look_after()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('postings_visitorclick')")
        assert cursor.fetchone() == (0,)


FORGOTTEN_IN_A_FILE = """
import datetime as dt, pathlib
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test.utils import setup_test_environment
setup_test_environment()
call_command("migrate", verbosity=0)
from postings import upkeep
from postings.models import VisitorClick, VisitorKey
from tests.factories import make_posting
from tests.test_clicks import NOON, at, click
posting = make_posting(expires_at=None)
with at(NOON):
    click(posting)
    secrets = [bytes(VisitorKey.objects.get().key), bytes(VisitorClick.objects.get().visitor)]
folder = pathlib.Path(connection.settings_dict["NAME"]).parent
stored = lambda: b"".join(file.read_bytes() for file in folder.iterdir())
print([secret in stored() for secret in secrets])
with at(NOON + dt.timedelta(days=1)):
    upkeep.look_after()
print([secret in stored() for secret in secrets])
"""


@pytest.mark.slow
@pytest.mark.parametrize("wal", [False, True])
def test_what_is_forgotten_is_cleared_out_of_the_files(tmp_path, wal):
    options = f"?init_command=PRAGMA journal_mode={'WAL' if wal else 'DELETE'};PRAGMA secure_delete=ON"
    done = run_on_a_file(FORGOTTEN_IN_A_FILE, tmp_path, options)
    assert done.stdout.splitlines() == ["[True, True]", "[False, False]"], done.stderr


def test_a_key_that_is_forgotten_in_the_moment_it_was_read_keeps_nobody(posting, monkeypatch):
    class Forgetful:
        """Midnight, between the reading of the day's key and its use."""

        def acquire(self, timeout):
            return True

        def release(self):
            visitors._keys.clear()

    monkeypatch.setattr(visitors, "_drawing", Forgetful())
    click(posting)
    assert counts() == {"person": 1}


def test_the_days_key_stays_while_the_day_lasts(posting):
    with at(NOON):
        click(posting)
    with at(NOON.replace(hour=23, minute=59, second=59)):
        upkeep.look_after()
        click(posting)
    assert counts() == {"person": 1, "repeat": 1}


def test_nothing_that_is_stored_holds_the_address_or_the_user_agent(posting, journal):
    click(posting, address="203.0.113.77")
    Journal(journal).append(Click(posting.pk, visitors.today(), 1, Kind.PERSON, b"x" * 16).packed())
    stored = journal.read_bytes()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if "search" not in table:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                stored += repr(cursor.fetchall()).encode()
    assert b"203.0.113.77" not in stored
    assert b"Firefox" not in stored


def test_a_visitors_click_is_kept_with_its_second_of_the_day(posting):
    with at(dt.datetime(2026, 3, 1, 17, 34, 56, 789_000, tzinfo=dt.UTC)):
        click(posting)
    seen = VisitorClick.objects.get()
    assert (str(seen.day), seen.second) == ("2026-03-01", 17 * 3600 + 34 * 60 + 56)


# --- By way of the journal ---------------------------------------------------------------------------


@contextmanager
def database_away(monkeypatch):
    """Within it no count can be written."""

    def write(*args):
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(clicks, "_write", write)
        yield


def said(caplog):
    """What the log says of click-throughs."""
    return [record.getMessage() for record in caplog.records if record.name == clicks.__name__]


@pytest.mark.parametrize("visitor", [b"", bytes(16), b"\xff" * 16])
@pytest.mark.parametrize("kind", [Kind.PERSON, Kind.BOT, Kind.PREFETCH])
def test_a_click_comes_out_of_the_journal_as_it_went_in(kind, visitor):
    put_by = Click(2**62, dt.date(2026, 12, 31), 86_399, kind, visitor, 2**63 + 1)
    assert Click.unpacked(put_by.packed()) == put_by


def test_the_log_says_of_what_was_put_by_which_posting_and_why(posting, monkeypatch, caplog):
    with database_away(monkeypatch):
        click(posting)
    # All that it says: the hash of the visitor does not go into the log.
    assert said(caplog) == [f"A click-through of posting {posting.pk} waits in the journal: database is locked"]


def test_what_was_put_by_is_told_apart_like_the_rest(posting, monkeypatch):
    other = make_posting()
    click(posting)
    with database_away(monkeypatch):
        click(posting)
        click(other)
        click(other)
        click(other, user_agent="")
        click(other, **{"Purpose": "prefetch"})
    assert counts() == {"person": 1}
    assert clicks.fold() == 5
    assert counts() == {"person": 2, "repeat": 2, "bot": 1, "prefetch": 1}
    assert clicks.fold() == 0
    assert not FoldedClicks.objects.exists()


def test_a_burst_that_was_put_by_is_one(postings, monkeypatch):
    with at(NOON):
        with database_away(monkeypatch):
            for posting in postings[:5]:
                click(posting)
        for posting in postings[5:13]:
            click(posting)
        assert clicks.fold() == 5
    assert counts() == {"burst": 13}


def test_bursts_that_were_put_by_whole_were_never_people(postings, monkeypatch):
    with at(NOON):
        with database_away(monkeypatch):
            for address in (ADDRESS, "198.51.100.8"):
                for posting in postings[:11]:
                    click(posting, address=address)
        assert clicks.fold() == 22
    assert list(DailyClicks.objects.values_list("kind", "count")) == [("burst", 2)] * 11


def test_a_click_that_comes_in_hours_later_begins_no_burst(postings, monkeypatch):
    with at(NOON), database_away(monkeypatch):
        click(postings[0])
    for number, posting in enumerate(postings[1:]):
        with at(NOON + dt.timedelta(minutes=10 * (number + 1))):
            click(posting)
    with at(NOON + dt.timedelta(hours=4)):
        clicks.fold()
    assert counts() == {"person": 15}


def test_whoever_waits_too_long_for_the_other_threads_puts_its_own_by(posting, journal, caplog):
    click(posting)
    with clicks._line._turn:
        click(posting)
    [put_by] = (Click.unpacked(each) for each in Journal(journal).read()[1])
    # No transaction took it; by the number of one it would be looked for in the database.
    assert put_by.transaction == 0
    assert said(caplog) == [
        f"A click-through of posting {posting.pk} waits in the journal: other click-throughs are still being written"
    ]
    # The next one finds nobody waiting.
    click(posting)
    assert counts() == {"person": 1, "repeat": 1}
    assert clicks.fold() == 1
    assert counts() == {"person": 1, "repeat": 2}


@pytest.fixture
def go_on_together(monkeypatch):
    """Call it, and so many threads wait in line until all are there; gives what broke off."""
    monkeypatch.setattr(clicks, "_line", clicks._Line())
    monkeypatch.setattr(clicks, "TAKEN_WITHIN", 20)
    broken_off = []

    def go_on(posting):
        try:
            clicks.count(posting.pk, RequestFactory().get("/"))
        except ArithmeticError as error:
            broken_off.append(error)
        finally:
            connection.close()

    def go_on_together(number, posting):
        threads = [Thread(target=go_on, args=[posting]) for _ in range(number)]
        with clicks._line._turn:
            for thread in threads:
                thread.start()
            given_up = time.monotonic() + 10
            while len(clicks._line._waiting) < number and time.monotonic() < given_up:
                time.sleep(0.001)
        for thread in threads:
            thread.join()
        return broken_off

    return go_on_together


@pytest.mark.django_db(transaction=True)
def test_whoever_s_turn_it_is_writes_for_all_that_wait(posting, journal, monkeypatch, go_on_together):
    written, write = [], clicks._write
    monkeypatch.setattr(clicks, "_write", lambda some, *rest: written.append(len(some)) or write(some, *rest))
    assert go_on_together(3, posting) == []
    assert counts() == {"bot": 3}
    assert written == [3]
    assert Journal(journal).read() is None


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_breaks_off_while_it_writes_for_all_loses_no_click_of_the_others(
    posting, journal, monkeypatch, caplog, go_on_together
):
    monkeypatch.setattr(clicks, "_write", lambda *args: 1 / 0)
    assert len(go_on_together(3, posting)) == 1
    assert len(Journal(journal).read()[1]) == 2
    waits = f"A click-through of posting {posting.pk} waits in the journal: the thread that wrote it broke off"
    assert said(caplog) == [waits, waits]


def test_what_the_days_key_took_is_not_waited_for_again(posting, monkeypatch, journal):
    visitor = visitors.visitor

    def take_long(*args):
        time.sleep(0.9)
        return visitor(*args)

    click(posting)
    monkeypatch.setattr(clicks, "TAKEN_WITHIN", 1.0)
    monkeypatch.setattr(visitors, "visitor", take_long)
    begun = time.monotonic()
    with clicks._line._turn:
        click(posting)
    assert time.monotonic() - begun < 1.8
    assert len(Journal(journal).read()[1]) == 1


def test_it_is_counted_on_its_own_day_and_not_claimed_to_be_a_person_when_the_key_is_gone(posting, monkeypatch):
    with at(NOON), database_away(monkeypatch):
        click(posting)
        click(posting, user_agent="")
    with at(NOON + dt.timedelta(days=1)):
        assert clicks.fold() == 2
    assert sorted(DailyClicks.objects.values_list("day", "kind", "count")) == [
        (NOON.date(), "bot", 1),
        (NOON.date(), "untold", 1),
    ]
    assert not VisitorClick.objects.exists()


def test_without_the_days_key_it_is_counted_and_not_told_apart(posting, monkeypatch, caplog):
    def fail(*args):
        raise OperationalError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr(visitors, "_key", fail)
        click(posting)
        click(posting)
    waits = f"A click-through of posting {posting.pk} waits in the journal: the database is away"
    assert said(caplog) == [waits, waits]
    assert clicks.fold() == 2
    assert counts() == {"untold": 2}


def test_a_fold_that_breaks_off_counts_nothing_twice(posting, monkeypatch, journal):
    with database_away(monkeypatch):
        for number in range(5):
            click(posting, address=f"198.51.100.{number}")
    monkeypatch.setattr(clicks, "_FOLDED_AT_ONCE", 2)
    write = clicks._write
    batches = []

    def write_twice(*args):
        if len(batches) == 2:
            raise OperationalError("database is locked")
        batches.append(args)
        write(*args)

    with monkeypatch.context() as broken:
        broken.setattr(clicks, "_write", write_twice)
        with pytest.raises(OperationalError):
            clicks.fold()
    assert counts() == {"person": 4}
    assert clicks.fold() == 1
    assert counts() == {"person": 5}


def test_a_fold_that_is_killed_before_it_empties_the_journal_counts_nothing_twice(posting, monkeypatch, journal):
    with database_away(monkeypatch):
        click(posting)
        click(posting)
    with monkeypatch.context() as killed:
        killed.setattr(Journal, "empty", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            clicks.fold()
    assert counts() == {"person": 1, "repeat": 1}
    with database_away(monkeypatch):
        click(posting)
    assert clicks.fold() == 1
    assert counts() == {"person": 1, "repeat": 2}
    assert Journal(journal).read() is None


def test_what_comes_while_it_is_folded_is_folded_too(posting, monkeypatch, journal):
    late = Click(posting.pk, visitors.today(), 1, Kind.BOT, b"")
    write = clicks._write
    rounds = []

    def write_and_append(*args):
        write(*args)
        rounds.append(args)
        if len(rounds) == 1:
            Journal(journal).append(late.packed())

    Journal(journal).append(late.packed())
    monkeypatch.setattr(clicks, "_write", write_and_append)
    assert clicks.fold() == 2
    assert counts() == {"bot": 2}


def test_two_that_fold_at_once_leave_it_to_one(posting, monkeypatch, journal):
    with database_away(monkeypatch):
        click(posting)
    with Journal(journal).being_folded():
        assert clicks.fold() == 0
    assert clicks.fold() == 1


def test_clicks_of_a_posting_that_was_deleted_meanwhile_go_with_it(posting, monkeypatch, journal):
    other = make_posting()
    with database_away(monkeypatch):
        click(posting)
        click(other)
    Posting.objects.filter(pk=posting.pk).delete()
    assert clicks.fold() == 2
    assert counts() == {"person": 1}
    assert Journal(journal).read() is None


def test_a_journal_of_many_is_folded_in_pieces(posting, journal, monkeypatch):
    monkeypatch.setattr(clicks, "_FOLDED_AT_ONCE", 7)
    for second in range(40):
        Journal(journal).append(Click(posting.pk, visitors.today(), second, Kind.BOT, b"").packed())
    assert clicks.fold() == 40
    assert counts() == {"bot": 40}


@pytest.mark.parametrize("damaged_one", [0, 1])
def test_a_damaged_record_does_not_keep_the_others_out(posting, journal, caplog, damaged_one):
    for second in range(5):
        Journal(journal).append(Click(posting.pk, visitors.today(), second, Kind.BOT, b"").packed())
    # Halving finds the last record without a look at the first two.
    damaged = bytearray(journal.read_bytes())
    begins = 64 * (damaged_one + 1)
    damaged[begins : begins + 56] = b"\xff" * 56
    journal.write_bytes(damaged)
    name, _ = Journal(journal).read()
    assert clicks.fold() == 4
    assert counts() == {"bot": 4}
    assert Journal(journal).read() is None
    assert said(caplog) == [f"Record {damaged_one} of journal {name} is none, and passed over"]


def test_behind_a_damaged_record_a_piece_ends_where_the_next_begins(posting, journal, monkeypatch):
    monkeypatch.setattr(clicks, "_FOLDED_AT_ONCE", 2)
    for second in range(6):
        Journal(journal).append(Click(posting.pk, visitors.today(), second, Kind.BOT, b"").packed())
    damaged = bytearray(journal.read_bytes())
    damaged[64 : 64 + 56] = b"\xff" * 56
    journal.write_bytes(damaged)
    assert clicks.fold() == 5
    assert counts() == {"bot": 5}


def test_a_journal_that_was_cut_off_behind_a_fold_comes_to_an_end(posting, monkeypatch, journal):
    for second in range(3):
        Journal(journal).append(Click(posting.pk, visitors.today(), second, Kind.BOT, b"").packed())
    with monkeypatch.context() as killed:
        killed.setattr(Journal, "empty", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            clicks.fold()
    os.truncate(journal, 64 * 3)
    # So that it fails and does not go on for ever.
    monkeypatch.setattr(Journal, "read", read_at_most(5))
    assert clicks.fold() == 0
    assert counts() == {"bot": 3}
    assert Journal(journal).read() is None


def read_at_most(times):
    read, left = Journal.read, iter(range(times))

    def counted(self):
        assert next(left, None) is not None, "it reads on and on"
        return read(self)

    return counted


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite there is a timeout of another kind")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seconds", [0.0, 0.0004, 0.1])
def test_the_rest_of_the_time_is_never_for_ever(seconds):
    """PostgreSQL takes a timeout of 0 for none at all."""
    with pytest.raises(OperationalError, match="timeout"), transaction.atomic(), connection.cursor() as cursor:
        together(limit(seconds))
        cursor.execute("SELECT pg_sleep(0.5)")


@pytest.fixture
def in_doubt(posting, journal):
    """A click-through whose transaction was not heard the end of: gives what puts it by under a number."""
    if connection.vendor != "postgresql":
        pytest.skip("only a database behind a network leaves the end of a transaction open")

    def put_by(number):
        Journal(journal).append(Click(posting.pk, visitors.today(), 1, Kind.BOT, b"", number).packed())

    return put_by


@pytest.mark.django_db(transaction=True)
def test_a_commit_that_took_place_without_an_answer_is_not_counted_again(in_doubt):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        number = int(cursor.fetchone()[0])
    in_doubt(number)
    assert clicks.fold() == 0
    assert counts() == {}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_did_not_take_place_is_counted(in_doubt, caplog):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        number = int(cursor.fetchone()[0])
        transaction.set_rollback(True)
    in_doubt(number)
    assert clicks.fold() == 1
    assert counts() == {"bot": 1}
    assert said(caplog) == []


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_the_database_knows_nothing_of_is_counted(in_doubt, caplog):
    in_doubt(1_000_000_000_000)
    assert clicks.fold() == 1
    assert counts() == {"bot": 1}
    assert said(caplog) == ["Nothing is known of transaction 1000000000000: its click-through is counted"]


@pytest.mark.skipif(connection.vendor == "postgresql", reason="the test before has it there")
def test_a_transaction_of_another_database_is_counted_on_sqlite(posting, journal):
    Journal(journal).append(Click(posting.pk, visitors.today(), 1, Kind.BOT, b"", 4711).packed())
    assert clicks.fold() == 1
    assert counts() == {"bot": 1}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_still_open_is_waited_for(in_doubt, journal):
    import psycopg

    options = connection.get_connection_params()
    with psycopg.connect(
        **{name: options[name] for name in ("dbname", "user", "host", "port", "password") if options.get(name)}
    ) as other:
        number = int(other.execute("SELECT pg_current_xact_id()::text").fetchone()[0])
        in_doubt(0)
        in_doubt(number)
        assert clicks.fold() == 1
        assert clicks.fold() == 0
        other.rollback()
    assert clicks.fold() == 1
    assert counts() == {"bot": 2}
    assert Journal(journal).read() is None


@pytest.mark.django_db(transaction=True)
def test_only_the_end_of_a_transaction_leaves_it_in_doubt(posting, monkeypatch, journal):
    """The number goes into the journal when what failed is the commit, and not for what failed before."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    click(posting)
    with monkeypatch.context() as broken:
        broken.setattr(clicks, "_told_apart", lambda *args: (_ for _ in ()).throw(OperationalError("before")))
        click(posting)

    def commit(self):
        raise OperationalError("the connection broke")

    with monkeypatch.context() as broken:
        broken.setattr(BaseDatabaseWrapper, "commit", commit)
        click(posting)
    before, at_end = (Click.unpacked(each) for each in Journal(journal).read()[1])
    assert before.transaction == 0
    assert bool(at_end.transaction) is (connection.vendor == "postgresql")
    assert clicks.fold() == 2
    assert counts() == {"person": 1, "repeat": 2}


# --- The command -------------------------------------------------------------------------------------


def test_the_command_says_how_many_it_folded(posting, monkeypatch):
    with database_away(monkeypatch):
        click(posting)
    out = StringIO()
    call_command("fold_clicks", stdout=out)
    assert out.getvalue() == "Folded 1 click-throughs.\n"
    assert counts() == {"person": 1}


def test_the_command_says_when_the_database_still_cannot_take_them(posting, monkeypatch, journal):
    with database_away(monkeypatch):
        click(posting)
        with pytest.raises(CommandError, match="none is lost: database is locked") as error:
            call_command("fold_clicks")
    assert error.value.returncode == 3
    assert len(Journal(journal).read()[1]) == 1


def test_raw_clicks_are_the_sum_of_the_kinds(postings, monkeypatch):
    """Whatever comes in whatever order: nothing is counted twice, nothing is missing."""
    sent = Counter()
    with at(NOON):
        for number in range(120):
            posting = postings[number % 7]
            agent = [FIREFOX, SAFARI, "", "curl/8"][number % 4]
            if number % 5 == 0:
                with database_away(monkeypatch):
                    click(posting, address=f"198.51.100.{number % 3}", user_agent=agent)
            else:
                click(posting, address=f"198.51.100.{number % 3}", user_agent=agent)
            sent[posting.pk] += 1
        clicks.fold()
    raw = dict(DailyClicks.objects.order_by().values_list("posting").annotate(Sum("count")))
    assert raw == sent
    assert timezone.now() > NOON
