"""Reporting a posting: the form, who may send it how often, and the operator's queue."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from postings import changes, reports, visitors
from postings.models import Posting, Report, VisitorKey
from tests.factories import make_posting
from tests.test_admin import LIST, change_page
from tests.test_apply import FIREFOX
from tests.test_detail import Page

pytestmark = pytest.mark.django_db

FORM, THANKS = "/jobs/gardener/report/", "/jobs/gardener/report/thanks/"
HERE = {"Sec-Fetch-Site": "same-origin", "User-Agent": FIREFOX}


@pytest.fixture
def posting():
    return make_posting(slug="gardener", title="Gardener & keeper")


@pytest.fixture
def person():
    """A browser, for which nothing is a token and an exception is an answer."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def send(person, address: str = FORM, headers: dict[str, str] | None = None, ip: str = "192.0.2.1", **fields: object):
    data = {"reason": "scam", "words": "", "homepage": "", **fields}
    return person.post(address, data, headers={**HERE, **(headers or {})}, REMOTE_ADDR=ip)


def stored() -> list[tuple[str, str]]:
    return list(Report.objects.order_by("pk").values_list("reason", "words"))


# --- The form ----------------------------------------------------------------------------------------


def test_a_posting_links_to_its_form_and_the_form_names_it(person, posting):
    [link] = Page(person.get(posting.get_absolute_url()).content.decode()).all("a", href=FORM)
    assert link["rel"] == "nofollow"
    response = person.get(FORM)
    page = Page(response.content.decode())
    assert page.text_in("h1") == "Report this posting"
    assert "Gardener & keeper" in page.text_in("main")
    assert "Lindenhof Labs" in page.text_in("main")
    assert [field["value"] for field in page.all("input", type="radio", name="reason")] == ["closed", "wrong", "scam"]
    assert page.all("textarea", name="words", maxlength="1000")
    assert page.all("form", method="post", action=FORM)


def test_the_form_is_not_indexed_sets_no_cookie_and_needs_no_script(person, posting):
    for address in (FORM, THANKS):
        response = person.get(address)
        assert response["X-Robots-Tag"] == "noindex"
        assert not response.cookies
        assert "<script" not in response.content.decode()


def test_the_form_has_an_etag_and_answers_head(person, posting):
    response = person.get(FORM)
    assert person.get(FORM, headers={"If-None-Match": response["ETag"]}).status_code == 304
    assert (person.head(FORM).status_code, person.head(FORM).content) == (200, b"")


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_405(person, posting, method):
    response = getattr(person, method)(FORM)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST")
    assert "css/board.css" in response.content.decode()


def test_the_thanks_take_nothing(person, posting):
    assert person.post(THANKS, headers=HERE).status_code == 405


def test_a_report_is_kept_and_thanked_and_a_reload_sends_nothing(person, posting):
    response = send(person, reason="wrong", words="  It says\r\nVienna.\u202e ")
    assert (response.status_code, response["Location"]) == (303, THANKS)
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    thanks = person.get(THANKS)
    assert "<h1>Thank you</h1>" in thanks.content.decode()
    assert "Gardener &amp; keeper" in thanks.content.decode()
    assert stored() == [("wrong", "It says\nVienna.")]
    report = Report.objects.get()
    assert (report.posting, report.settled_at) == (posting, None)
    # Hashes, and nothing that says who it was.
    assert len(bytes(report.visitor)) == len(bytes(report.network)) == 16


def test_a_report_changes_nothing_that_visitors_see(person, posting):
    version = changes.version()
    send(person)
    assert changes.version() == version


def test_a_form_without_a_reason_says_so_beside_it_and_keeps_the_words(person, posting):
    response = send(person, reason="", words="Vienna <b>")
    assert (response.status_code, response["Cache-Control"]) == (422, "no-store")
    page = Page(response.content.decode())
    assert len(page.all("p", id="reason-error")) == 1
    assert "Choose what is wrong with the posting." in response.content.decode()
    assert page.all("fieldset", **{"aria-describedby": "reason-error"})
    assert page.text_in("textarea") == "Vienna <b>"
    assert page.text_in("title").startswith("Error: ")
    assert stored() == []


def test_too_many_words_are_refused_beside_them_and_the_rest_is_kept(person, posting):
    assert send(person, words="ä" * 1000).status_code == 303
    # A browser lets 1,000 be typed and sends the end of a line as two.
    assert send(person, ip="192.0.2.3", words="ä\r\n" * 499 + "ä").status_code == 303
    response = send(person, ip="192.0.2.2", words="ä" * 1001)
    page = Page(response.content.decode())
    assert response.status_code == 422
    assert "These are 1,001 characters; up to 1,000 can be sent." in response.content.decode()
    assert page.all("textarea", **{"aria-invalid": "true"})
    assert [field["value"] for field in page.all("input", type="radio") if "checked" in field] == ["scam"]
    assert page.text_in("textarea") == "ä" * 1001
    assert len(stored()) == 2


def test_what_fills_in_the_field_that_nobody_sees_is_told(person, posting):
    page = Page(person.get(FORM).content.decode())
    assert page.all("input", name="homepage", tabindex="-1", autocomplete="off")
    response = send(person, homepage="https://pills.example/")
    assert response.status_code == 422
    assert "Programs fill in this field." in response.content.decode()
    assert stored() == []


# --- Which postings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": Posting.Status.DRAFT}, 404),
        ({"status": Posting.Status.CLOSED}, 410),
        ({"expires_at": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)}, 410),
    ],
)
def test_what_is_not_shown_is_not_reported(person, posting, fields, status):
    Posting.objects.update(**fields)
    assert person.get(FORM).status_code == status
    response = send(person)
    assert response.status_code == status
    if status == 410:
        assert "This posting is closed" in response.content.decode()
    assert stored() == []


def test_a_posting_that_is_not_there_is_404_and_a_nul_400(person):
    for address, status in (("/jobs/none/report/", 404), ("/jobs/a%00b/report/", 400)):
        assert person.get(address).status_code == status
        assert send(person, address).status_code == status


# --- Sent from where ---------------------------------------------------------------------------------

ELSEWHERE = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour's domain": {"Sec-Fetch-Site": "same-site"},
    "a header that is nonsense": {"Sec-Fetch-Site": "same-origin, cross-site"},
    "another site, whatever it says besides": {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    "another origin": {"Origin": "http://evil.example", "Referer": "http://testserver/"},
    "an origin that begins alike": {"Origin": "http://testserver.evil.example"},
    "another port": {"Origin": "http://testserver:8080"},
    "a user before the host": {"Origin": "http://testserver@evil.example"},
    "no origin": {"Origin": "null", "Referer": "http://testserver/"},
    "a broken origin": {"Origin": "http://[testserver"},
    "another page": {"Referer": "http://evil.example/testserver"},
    "nothing said": {},
}
FROM_HERE = {
    "fetch metadata": {"Sec-Fetch-Site": "same-origin"},
    "a tab restored": {"Sec-Fetch-Site": "none"},
    "origin": {"Origin": "http://testserver"},
    "origin in capitals": {"Origin": "http://TestServer"},
    "referer": {"Referer": "http://testserver/jobs/gardener/report/"},
}


@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_form_from_elsewhere_is_refused_in_the_boards_dress(person, posting, headers):
    response = person.post(FORM, {"reason": "scam"}, headers=headers)
    assert response.status_code == 403
    html = response.content.decode()
    assert "This report was not sent from a page of this board" in html
    assert 'class="wordmark" href="/">Job board</a>' in html
    assert stored() == []


@pytest.mark.parametrize("headers", FROM_HERE.values(), ids=FROM_HERE)
def test_a_form_from_here_is_taken(person, posting, headers):
    assert person.post(FORM, {"reason": "scam"}, headers=headers).status_code == 303
    assert stored() == [("scam", "")]


# --- Hostile requests --------------------------------------------------------------------------------

FORM_TYPE = "application/x-www-form-urlencoded"
PART = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'


def multipart(*parts: tuple[str, str]) -> bytes:
    return ("".join(PART.format(*part) for part in parts) + "--x--\r\n").encode()


SCAM = multipart(("reason", "scam"), ("words", "\\ud800 +2AA-"))
HOSTILE = {
    "nothing": (b"", FORM_TYPE, 422),
    "NUL": (b"reason=scam&words=a%00b", FORM_TYPE, 422),
    "NUL as a reason": (b"reason=%00", FORM_TYPE, 422),
    "unknown reason": (b"reason=boredom", FORM_TYPE, 422),
    "half a character": (b"reason=scam&words=%ED%A0%80", FORM_TYPE, 303),
    "not UTF-8": (b"reason=scam&words=\xff\xfe%ff", FORM_TYPE, 303),
    "reasons": (b"reason=wrong&reason=scam&words=a&words=b", FORM_TYPE, 303),
    "1 MB": (b"reason=scam&words=" + b"x" * 1_000_000, FORM_TYPE, 413),
    "many fields": (b"reason=scam" + b"&a=" * 5000, FORM_TYPE, 400),
    "another charset": (b"reason=scam", f"{FORM_TYPE}; charset=utf-16", 303),
    "a charset that is none": (b"reason=scam", f"{FORM_TYPE}; charset=hex", 303),
    "multipart in a charset that is none": (SCAM, "multipart/form-data; boundary=x; charset=hex", 303),
    "multipart in halves": (SCAM, "multipart/form-data; boundary=x; charset=raw_unicode_escape", 303),
    "multipart without a boundary": (SCAM, "multipart/form-data", 400),
    "multipart cut off": (SCAM[:40], "multipart/form-data; boundary=x", 422),
    "multipart of nothing": (b"", "multipart/form-data; boundary=x", 422),
    "JSON": (b'{"reason": "scam"}', "application/json", 422),
    "no type": (b"reason=scam", "", 422),
}


@pytest.mark.parametrize(("body", "content_type", "status"), HOSTILE.values(), ids=HOSTILE)
def test_no_request_is_too_much(person, posting, body, content_type, status):
    response = person.generic("POST", FORM, body, content_type=content_type, headers=HERE)
    assert response.status_code == status
    assert len(stored()) == (status == 303)


def test_a_file_is_no_reason(person, posting):
    file = SimpleUploadedFile("scam", b"scam")
    assert send(person, reason=file).status_code == 422
    assert send(person, words=file).status_code == 303
    assert stored() == [("scam", "")]


def test_a_length_that_is_none_is_not_read(person, posting):
    for length in ("-1", "1e3", "9" * 5000, "٣"):
        assert person.post(FORM, {"reason": "scam"}, headers=HERE, CONTENT_LENGTH=length).status_code in (413, 422)
    assert stored() == []


def test_what_was_typed_stays_text(person, posting):
    html = send(person, reason='"><svg onload=x>', words="</textarea><svg>", homepage='"><svg>').content.decode()
    assert "<svg" not in html


# --- How often ---------------------------------------------------------------------------------------

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def forms(at_noon):
    """The addresses of eight postings' forms."""
    return [f"/jobs/{make_posting(expires_at=None).slug}/report/" for _ in range(8)]


def test_the_sixth_report_of_a_day_is_too_many(person, forms, at_noon):
    assert [send(person, form).status_code for form in forms[:6]] == [303] * 5 + [429]
    response = send(person, forms[6])
    assert (response.status_code, response["Retry-After"]) == (429, str(12 * 3600))
    assert response["X-Robots-Tag"] == "noindex"
    html = response.content.decode()
    assert "<h1>That is enough for today</h1>" in html
    assert 'class="wordmark"' in html
    assert len(stored()) == 5
    at_noon.move_to(NOON + dt.timedelta(hours=12))
    assert send(person, forms[6]).status_code == 303


def test_what_is_not_taken_does_not_count(person, forms):
    for _ in range(7):
        send(person, forms[0], reason="")
    assert send(person, forms[0]).status_code == 303


def test_the_same_visitors_second_report_of_a_posting_is_thanked_and_not_kept(person, forms, at_noon):
    assert send(person, forms[0], words="First.").status_code == 303
    assert send(person, forms[0], words="Second.").status_code == 303
    assert stored() == [("scam", "First.")]
    for form in forms[1:5]:
        send(person, form)
    # Even when nothing else is taken any more.
    assert send(person, forms[0]).status_code == 303
    at_noon.move_to(NOON + dt.timedelta(days=1))
    send(person, forms[0], words="The next day.")
    assert stored()[-1] == ("scam", "The next day.")


def test_the_database_keeps_one_report_a_visitor_and_posting(posting):
    make_report(posting, visitor=b"v" * 16)
    make_report(posting, visitor=None)
    make_report(posting, visitor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_report(posting, visitor=b"v" * 16)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time anyway")
@pytest.mark.django_db(transaction=True)
def test_reports_that_come_at_once_are_counted_one_by_one(person):
    addresses = [f"/jobs/{make_posting().slug}/report/" for _ in range(8)]
    send(person, addresses[0])  # the day's key is there

    def post(address: str) -> int:
        try:
            return send(Client(), address).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(7) as threads:
        answers = sorted(threads.map(post, addresses[1:]))
    assert answers == [303] * 4 + [429] * 3
    assert len(stored()) == 5


def test_others_behind_the_same_address_are_not_held_up(person, forms):
    for form in forms[:6]:
        send(person, form)
    assert send(person, forms[6], headers={"User-Agent": "Mozilla/5.0 (Macintosh) Safari/605"}).status_code == 303


def test_changing_the_user_agent_comes_to_an_end(person, forms, monkeypatch):
    monkeypatch.setattr(reports, "MOST_OF_A_NETWORK", 7)
    answers = [send(person, forms[0], headers={"User-Agent": f"Bot/{number}"}).status_code for number in range(9)]
    assert answers == [303] * 7 + [429] * 2
    assert send(person, forms[0], ip="198.51.100.1").status_code == 303
    assert reports.MOST_OF_A_NETWORK == 7


def test_a_network_may_send_a_hundred():
    assert (reports.MOST_OF_A_VISITOR, reports.MOST_OF_A_NETWORK) == (5, 100)


def test_a_second_before_midnight_says_a_second(at_noon):
    for moment, seconds in (
        (NOON, 43_200),
        (NOON.replace(hour=23, minute=59, second=59), 1),
        (NOON.replace(hour=23, minute=59, second=59, microsecond=999_999), 1),
        (NOON.replace(hour=0), 86_400),
    ):
        at_noon.move_to(moment)
        assert reports.seconds_to_midnight() == seconds


def test_hashes_of_visitor_and_network_go_with_their_day(person, forms, at_noon):
    send(person, forms[0])
    at_noon.move_to(NOON + dt.timedelta(days=1))
    send(person, forms[1])
    visitors.forget_before(visitors.today())
    past, today = Report.objects.order_by("pk")
    assert (past.visitor, past.network) == (None, None)
    assert today.visitor and today.network and bytes(today.visitor) != bytes(today.network)
    assert [key.day for key in VisitorKey.objects.all()] == [timezone.now().date()]


@pytest.mark.parametrize("what", ["visitor", "file"])
def test_a_database_that_cannot_take_it_is_said_and_the_words_are_kept(person, posting, monkeypatch, caplog, what):
    def locked(*arguments: object, **more: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(*{"visitor": (visitors, "visitor", locked), "file": (Report.objects, "create", locked)}[what])
    response = send(person, words="Vienna")
    assert (response.status_code, response["Cache-Control"]) == (503, "no-store")
    html = response.content.decode()
    assert "Your report could not be kept just now" in html
    assert Page(html).text_in("textarea") == "Vienna"
    assert "database is locked" in caplog.text
    assert stored() == []


# --- The operator's queue ----------------------------------------------------------------------------

QUEUE = "/admin/postings/report/"


def make_report(posting: Posting, reason: str = "scam", **fields: object) -> Report:
    return Report.objects.create(posting=posting, reason=reason, **fields)


def act(admin_client, action: str, *chosen: Report) -> list[str]:
    data = {"action": action, "_selected_action": [report.pk for report in chosen]}
    response = admin_client.post(QUEUE, data, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def queue(admin_client, query: str = "") -> list[Report]:
    return list(admin_client.get(f"{QUEUE}?{query}").context["cl"].result_list)


def test_the_queue_shows_open_reports_first_and_the_latest_of_each_first(admin_client, posting):
    now = timezone.now()
    an_hour = dt.timedelta(hours=1)
    settled_first = make_report(posting, settled_at=now - 2 * an_hour)
    settled_last = make_report(posting, settled_at=now - an_hour)
    old, new = make_report(posting, created_at=now - an_hour), make_report(posting, created_at=now)
    assert queue(admin_client) == [new, old, settled_last, settled_first]
    assert queue(admin_client, "settled=no") == [new, old]
    assert queue(admin_client, "settled=yes") == [settled_last, settled_first]
    assert queue(admin_client, "reason__exact=wrong") == []
    assert queue(admin_client, f"posting={posting.pk}&settled=no") == [new, old]


def test_the_queue_leads_to_the_posting_and_never_shows_who_reported(admin_client, posting):
    hashes = {"visitor": b"v" * 16, "network": b"n" * 16}
    report = make_report(posting, words="<b>It is gone</b>", **hashes)
    make_report(make_posting(slug="draft", status=Posting.Status.DRAFT))
    for address in (QUEUE, f"{QUEUE}{report.pk}/change/"):
        html = admin_client.get(address).content.decode()
        assert change_page(posting) in html
        assert f'href="{posting.get_absolute_url()}"' in html
        assert "It looks like a scam" in html
        assert "&lt;b&gt;It is gone" in html
        for said in ("vvvv", "nnnn", "visitor_", "network"):
            assert said not in html
    assert "/jobs/draft/" not in admin_client.get(QUEUE).content.decode()


def test_reports_are_settled_and_it_is_known_by_whom(admin_client, admin_user, posting):
    first, second, other = (make_report(posting) for _ in range(3))
    assert act(admin_client, "settle", first, second) == ["2 settled."]
    assert act(admin_client, "settle", first, other) == ["1 settled."]
    first.refresh_from_db()
    assert first.settled_by == admin_user
    assert not Report.objects.open().exists()
    assert Posting.objects.get().is_live
    assert {entry.get_change_message() for entry in LogEntry.objects.all()} == {"Settled: nothing wrong."}
    assert LogEntry.objects.count() == 3


def test_a_posting_is_closed_from_the_queue_with_all_that_is_open_about_it(admin_client, client, posting):
    first, *_ = (make_report(posting) for _ in range(3))
    elsewhere = make_report(make_posting(slug="elsewhere"))
    assert act(admin_client, "close_postings", first) == ["1 posting closed, 3 settled."]
    posting.refresh_from_db()
    assert (posting.status, posting.pinned_fields) == ("closed", ["status"])
    assert client.get(posting.get_absolute_url()).status_code == 410
    assert list(Report.objects.open()) == [elsewhere]
    messages = [entry.get_change_message() for entry in LogEntry.objects.all()]
    assert sorted(messages) == ["Closed after a report."] + ["Settled: the posting is closed."] * 3


def test_nothing_is_half_done_where_settling_fails(admin_user, posting, monkeypatch):
    make_report(posting)

    def locked(*arguments: object, **more: object) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr(reports, "settle", locked)
    with pytest.raises(OperationalError):
        reports.close_and_settle(Report.objects.all(), admin_user)
    assert Posting.objects.get().is_live
    assert Report.objects.open().exists()


def test_reports_are_not_added_or_edited_by_hand(admin_client, posting):
    report = make_report(posting, words="As it was.")
    page = f"{QUEUE}{report.pk}/change/"
    assert admin_client.get(f"{QUEUE}add/").status_code == 403
    assert admin_client.post(page, {"words": "Mine", "reason": "wrong"}).status_code == 403
    assert 'name="_save"' not in admin_client.get(page).content.decode()
    assert stored() == [("scam", "As it was.")]


def test_a_posting_is_deleted_with_its_reports(admin_client, posting):
    make_report(posting)
    admin_client.post(f"{LIST}{posting.pk}/delete/", {"post": "yes"})
    assert not Report.objects.exists()


def test_the_queue_is_for_who_was_given_the_right_to_it(client, django_user_model, posting):
    report = make_report(posting)
    user = django_user_model.objects.create_user("bob", is_staff=True)
    client.force_login(user)
    assert client.get(QUEUE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_report"))
    assert act(client, "settle", report) == []
    assert Report.objects.open().exists()
    # Who may settle reports may not for that close postings.
    user.user_permissions.add(Permission.objects.get(codename="change_report"))
    assert 'value="close_postings"' not in client.get(QUEUE).content.decode()
    act(client, "close_postings", report)
    assert Posting.objects.get().is_live
    assert act(client, "settle", report) == ["1 settled."]


def test_more_reports_take_no_more_queries(admin_client, django_assert_num_queries):
    from django.test.utils import CaptureQueriesContext

    def fill() -> None:
        for _ in range(5):
            make_report(make_posting(company=f"Company {Posting.objects.count()}"))

    fill()
    for address in (QUEUE, LIST):
        with CaptureQueriesContext(connection) as few:
            admin_client.get(address)
        fill()
        with django_assert_num_queries(len(few)):
            admin_client.get(address)


# --- For review --------------------------------------------------------------------------------------


def test_three_visitors_mark_a_posting_for_review(person, posting):
    for number, ip in enumerate(("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"), start=1):
        send(person, ip=ip)
        assert Posting.objects.for_review().exists() == (number == 4)


def test_settled_reports_mark_nothing(posting):
    for _ in range(3):
        make_report(posting)
    assert list(Posting.objects.for_review()) == [posting]
    Report.objects.filter(pk=Report.objects.first().pk).update(settled_at=timezone.now())
    assert list(Posting.objects.for_review()) == []


def test_the_list_says_how_many_are_open_and_finds_what_is_for_review(admin_client, posting):
    once, never = make_posting(slug="once"), make_posting(slug="never")
    make_report(once, "wrong")
    for reason in ("closed", "closed", "scam"):
        make_report(posting, reason)
    make_report(never, settled_at=timezone.now())
    html = admin_client.get(LIST).content.decode()
    columns = re.findall(r'class="field-notes(?: nowrap)?">(.*?)</td>', html)
    said = sorted(re.sub("<.*?>", "", column).partition("withheld")[0] for column in columns)
    assert said == ["", "1 report", "3 reports, for review"]
    for query, found in (("review", {posting}), ("open", {posting, once}), ("nonsense", {posting, once, never})):
        assert set(admin_client.get(f"{LIST}?reported={query}").context["cl"].result_list) == found


def test_a_postings_page_says_what_was_reported_and_leads_there(admin_client, posting):
    assert "For review" not in admin_client.get(change_page(posting)).content.decode()
    for reason in ("closed", "closed", "scam"):
        make_report(posting, reason)
    html = admin_client.get(change_page(posting)).content.decode()
    assert "For review: 3 open reports." in html
    assert "2 × “It is closed already”, 1 × “It looks like a scam”" in html
    assert f'href="{QUEUE}?posting={posting.pk}&amp;settled=no"' in html
    [address] = {link.replace("&amp;", "&") for link in re.findall(rf'href="({QUEUE}\?posting=[^"]*)"', html)}
    assert len(admin_client.get(address).context["cl"].result_list) == 3
