"""The log: one line a request, which tells a programmer everything and of a visitor nothing."""

import json
import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings as configured
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import include, path

from jobboard import urls
from postings import logs, request_log
from tests.factories import make_posting
from tests.test_settings import KEY

log = logging.getLogger("postings.anything")


def talkative(request):
    log.warning("on the way")
    return HttpResponse("done")


def streamed(request):
    def pieces():
        yield b"one, "
        log.warning("half of it")
        yield b"two"

    return StreamingHttpResponse(pieces())


def broken(request, **kwargs):
    raise RuntimeError("it broke")


def kept(request):
    response = HttpResponse("from the cache")
    response.kept = "hit"
    return response


# This module is the project's urls.py for these tests.
urlpatterns = [
    path("talkative", talkative),
    path("streamed", streamed),
    path("kept", kept),
    path("figures/<str:key>/broken", broken),
    path("broken", broken),
    path("", include(urls.urlpatterns)),
]
handler500 = urls.handler500


@pytest.fixture(autouse=True)
def _own_addresses(settings):
    settings.ROOT_URLCONF = __name__
    settings.DEBUG = False
    settings.LOG_FORMAT = "json"
    settings.LOG_REQUESTS = True


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


@pytest.fixture
def lines(capsys):
    """The requests that were written down since the last call, as JSON."""

    def read() -> list[dict]:
        said = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
        return [line for line in said if line["logger"] == logs.REQUESTS]

    return read


@pytest.fixture
def line(lines):
    def read() -> dict:
        [only] = lines()
        return only

    return read


# --- A line ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_request_is_one_line_of_json(visitor, line):
    response = visitor.get("/robots.txt")
    said = line()
    assert said["time"].endswith("Z")
    assert said.pop("ms") > 0
    del said["time"]
    assert said == {
        "level": "INFO",
        "logger": "postings.requests",
        "request_id": response["X-Request-ID"],
        "method": "GET",
        "path": "/robots.txt",
        "parameters": [],
        "status": 200,
        "bytes": len(response.content),
    }


@pytest.mark.django_db
def test_the_same_as_text(visitor, settings, capsys):
    settings.LOG_FORMAT = "text"
    response = visitor.get("/robots.txt?q=nurse&page=2")
    [line] = capsys.readouterr().err.splitlines()
    assert f" INFO postings.requests [{response['X-Request-ID']}]: GET /robots.txt?q&page 200, " in line
    assert line.endswith(" ms")


def test_says_what_the_page_cache_had(visitor, line):
    visitor.get("/kept")
    assert line()["page_cache"] == "hit"


@pytest.mark.django_db
def test_static_files_refusals_and_errors_have_a_line_as_well(visitor, lines, settings):
    settings.WHITENOISE_USE_FINDERS = True
    visitor.get("/static/img/icon.svg").close()
    visitor.get("/no-such-page")
    visitor.get("/", headers={"Host": "evil.example"})
    visitor.get("/broken")
    visitor.get("/healthz")
    assert [(each["path"], each["status"]) for each in lines()] == [
        ("/static/img/icon.svg", 200),
        ("/no-such-page", 404),
        ("/", 400),
        ("/broken", 500),
        ("/healthz", 200),
    ]


@pytest.mark.django_db
def test_no_body_no_bytes(visitor, lines):
    full = visitor.get("/robots.txt")
    visitor.head("/robots.txt")
    visitor.get("/robots.txt", headers={"If-None-Match": full["ETag"]})
    assert [(each["status"], each["bytes"]) for each in lines()] == [(200, len(full.content)), (200, 0), (304, 0)]


@pytest.mark.django_db
def test_what_is_streamed_is_written_down_at_its_end(visitor, lines):
    response = visitor.get("/streamed")
    assert not lines()
    assert b"".join(response.streaming_content) == b"one, two"
    response.close()
    assert [each["bytes"] for each in lines()] == [8]


@pytest.mark.django_db
def test_who_goes_before_the_end_has_a_line_too(visitor, lines):
    response = visitor.get("/streamed")
    pieces = iter(response.streaming_content)
    next(pieces)
    response.close()
    assert [each["bytes"] for each in lines()] == [5]


def test_can_be_switched_off_and_the_id_stays(visitor, lines, settings):
    settings.LOG_REQUESTS = False
    assert visitor.get("/talkative")["X-Request-ID"]
    assert not lines()


# --- What it does not say ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_neither_who_asked_nor_what_for(visitor, capsys):
    make_posting(slug="gardener")
    visitor.get(
        "/?q=burnout+therapist&place=Graz&jane@example.com&ref=1&JANE=2",
        headers={"User-Agent": "Jane's browser", "X-Forwarded-For": "198.51.100.7", "Referer": "http://a.example/jane"},
        REMOTE_ADDR="198.51.100.8",
    )
    visitor.get("/no-such-page?q=burnout", REMOTE_ADDR="198.51.100.8")
    said = capsys.readouterr().err
    assert '"parameters":["q","place","ref"]' in said
    for secret in ("burnout", "Graz", "ane", "198.51", "browser", "JANE"):
        assert secret not in said


SECRET = "Nq3xT8a-secret_key"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        f"/figures/{SECRET}/",
        f"/figures/{SECRET}",
        f"/figures/{SECRET}/broken",
        f"/figures//{SECRET}/",
        f"/board/Figures/{SECRET}/",
        f"/%66igures/{SECRET}/",
    ],
)
@pytest.mark.parametrize("form", ["json", "text"])
def test_the_key_of_an_employers_figures_is_in_no_line(visitor, settings, capsys, caplog, address, form):
    caplog.set_level("WARNING", "django.request")
    settings.LOG_FORMAT = form
    visitor.get(address)
    said = capsys.readouterr().err
    assert "igures/-" in said.replace("//-", "/-")
    assert SECRET not in said
    # Django writes of its own what was not found or went wrong; here as the board's handler does.
    ours = logs.Stderr()
    ours.addFilter(logs.DuringRequest())
    for formatter in (logs.TextLines(), logs.JsonLines()):
        ours.setFormatter(formatter)
        for record in caplog.records:
            ours.handle(record)
            assert "igures/" in record.getMessage()
    assert SECRET not in capsys.readouterr().err


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/jobs/a%00b/", "/apply/a%00b", "/companies/a%00b/", "/?" + "&".join(["a=1"] * 1001)]
)
def test_what_a_visitor_does_wrong_leaves_no_traceback(visitor, capsys, caplog, address):
    caplog.set_level("WARNING", "django.request")
    assert visitor.get(address).status_code == 400
    ours = logs.Stderr()
    ours.addFilter(logs.DuringRequest())
    ours.setFormatter(logs.TextLines())
    capsys.readouterr()
    records = [record for record in caplog.records if record.name.startswith("django.")]
    assert records
    for record in records:
        ours.handle(record)
    said = capsys.readouterr().err
    assert said.count("\n") == len(records)
    assert "Traceback" not in said


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_writes_lines_of_his_own(visitor, settings, capsys, form):
    settings.LOG_FORMAT = form
    visitor.get('/a%0d%0aINFO all is well%00"%E2%80%A8%1b[31m' + "x" * 5000 + "?%0a=1&q=%0d%0aINFO")
    said = [line for line in capsys.readouterr().err.splitlines() if "postings.requests" in line]
    assert len(said) == 1
    assert said[0].isprintable()
    assert said[0].isascii()
    assert len(said[0]) < 800


# --- Its id --------------------------------------------------------------------------------------------


def test_each_request_has_another_id(visitor):
    ids = {visitor.get("/healthz")["X-Request-ID"] for _ in range(20)}
    assert len(ids) == 20
    assert all(len(id) == 16 for id in ids)


@pytest.mark.parametrize(
    ("proxies", "said", "is_taken"),
    [
        (1, "4bf92f3577b34da6a3ce929d0e0e4736", True),
        (1, "req-2026.11_22", True),
        (0, "4bf92f3577b34da6a3ce929d0e0e4736", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, 'quote"quote"', False),
        (1, "two words here", False),
        (1, "new\nline-in-it", False),
        (1, "12345678\n", False),
    ],
)
def test_the_proxys_id_is_taken_where_a_proxy_is_declared_and_it_is_well_formed(
    visitor, settings, line, proxies, said, is_taken
):
    settings.PROXY_COUNT = proxies
    response = visitor.get("/healthz", HTTP_X_REQUEST_ID=said)
    assert (response["X-Request-ID"] == said) is is_taken
    assert line()["request_id"] == response["X-Request-ID"]


def noted(caplog, message: str) -> logging.LogRecord:
    [record] = [each for each in caplog.records if message in each.getMessage()]
    return record


@pytest.fixture
def with_ids(caplog):
    caplog.handler.addFilter(logs.DuringRequest())
    return caplog


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "message"), [("/talkative", "on the way"), ("/streamed", "half of it")])
def test_every_line_of_a_request_carries_its_id(visitor, with_ids, address, message):
    response = visitor.get(address)
    assert response.getvalue()
    response.close()
    assert noted(with_ids, message).request_id == response["X-Request-ID"]
    log.warning("nobody asked")
    assert noted(with_ids, "nobody asked").request_id == ""


def test_the_error_page_says_the_id_that_the_traceback_has(visitor, with_ids):
    response = visitor.get("/broken")
    assert f"<code>{response['X-Request-ID']}</code>" in response.content.decode()
    record = noted(with_ids, "Internal Server Error")
    assert record.request_id == response["X-Request-ID"]
    text = logs.TextLines().format(record)
    assert f" ERROR django.request [{record.request_id}]: Internal Server Error: /broken\n" in text
    said = json.loads(logs.JsonLines().format(record))
    assert said["request_id"] == record.request_id
    assert "RuntimeError: it broke" in said["exception"]
    assert (said["level"], said["logger"], said["message"]) == (
        "ERROR",
        "django.request",
        "Internal Server Error: /broken",
    )
    # The whole request, which Django adds, would say what was searched for.
    assert not {"request", "during"} & said.keys()


def test_a_line_that_django_writes_after_all_middleware_carries_the_id_too(visitor, with_ids):
    with_ids.set_level("WARNING", "django.request")
    response = visitor.get("/no-such-page")
    assert noted(with_ids, "Not Found").request_id == response["X-Request-ID"]


def test_a_503_is_said_by_whoever_answers_so():
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "%s: %s", ("Service Unavailable", "/"), None)
    record.status_code = 503
    assert not logs.DuringRequest().filter(record)
    record.status_code = 500
    assert logs.DuringRequest().filter(record)


def test_a_line_outside_of_requests_looks_as_it_did():
    record = logging.LogRecord("postings.upkeep", logging.INFO, "", 0, "Folded %s", (3,), None)
    assert logs.TextLines().format(record).endswith(" INFO postings.upkeep: Folded 3")


# --- Nothing fails by it ---------------------------------------------------------------------------------


class Full:
    def write(self, text):
        raise OSError(28, "No space left on device")

    def flush(self):
        raise OSError(28, "No space left on device")


class Closed:
    def write(self, text):
        raise ValueError("I/O operation on closed file.")

    flush = write


@pytest.mark.parametrize("stderr", [Full(), Closed(), None])
def test_a_log_that_cannot_be_written_fails_no_request(visitor, monkeypatch, stderr):
    monkeypatch.setattr(sys, "stderr", stderr)
    assert visitor.get("/healthz").status_code == 200
    handler = logs.Stderr(stderr)
    handler.handle(logging.LogRecord("a", logging.INFO, "", 0, "b", None, None))


def test_a_mistake_in_a_line_of_code_is_still_said(capsys):
    logs.Stderr().handle(logging.LogRecord("a", logging.INFO, "", 0, "%d", ("no number",), None))
    assert "--- Logging error ---" in capsys.readouterr().err


ASK = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "jobboard.settings"
import django
django.setup()
import logging
from django.test import Client
client = Client(headers={"Host": "localhost"})
for number in range(300):
    logging.getLogger("postings").warning("A line that finds no room %s", "x" * 100)
    assert client.get("/healthz").status_code == 200
print("all answered")
"""


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize("form", ["json", "text"])
def test_on_a_full_disk_and_with_standard_error_closed_requests_go_on(tmp_path, stderr, form):
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": KEY, "LOG_FORMAT": form}
    done = subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" {stderr}', sys.executable, ASK],
        cwd=configured.BASE_DIR,
        env=environment | {"DATABASE_URL": f"sqlite:///{tmp_path}/board"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.stdout == "all answered\n"


def test_what_the_settings_hand_to_logging_is_what_is_tested_here():
    [stderr] = configured.LOGGING["handlers"].values()
    assert stderr["()"] is logs.Stderr
    assert configured.LOGGING["filters"][stderr["filters"][0]]["()"] is logs.DuringRequest
    assert configured.LOGGING["formatters"][stderr["formatter"]]["()"] is logs.TextLines
    assert configured.MIDDLEWARE[0] == f"{request_log.__name__}.{request_log.RequestLog.__name__}"


def test_the_level_of_the_log_holds_for_requests_too(settings, monkeypatch, lines):
    monkeypatch.setattr(logging.getLogger(logs.REQUESTS), "level", logging.WARNING)
    logging.getLogger(logs.REQUESTS).manager._clear_cache()
    answer = request_log.RequestLog(lambda request: HttpResponse("done"))
    answer(SimpleNamespace(META={}, method="GET", path="/"))
    monkeypatch.undo()
    logging.getLogger(logs.REQUESTS).manager._clear_cache()
    assert not lines()
