"""Whether this process lives, and whether a load balancer should send it visitors.

Probes call a node by its network address, which ALLOWED_HOSTS refuses, and rightly: what a page says of itself must not
come from whoever asks. These two answers say nothing of themselves, so they come before anything looks at the name.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase

from postings import catalogue, changes, shared
from postings.journal import Journal
from postings.views.answers import ALLOWED_METHODS

log = logging.getLogger(__name__)

ANSWERS_WITHIN = 1.5  # seconds; who probes waits two or more
# A question that hangs, say at a server that vanished without a word, holds up the next ones for so long at most.
GIVEN_UP_AFTER = 10.0
OK = "ok"
NO_ANSWER = "does not answer"
UNREADABLE = "cannot be read"
CACHE_AWAY = "does not answer; the board works without it"
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class Probes:
    """Answers /healthz and /readyz under any Host header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.views: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": live, "/readyz": ready}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if request.method not in ALLOWED_METHODS:
            return HttpResponseNotAllowed(ALLOWED_METHODS, headers=HEADERS)
        return view(request)


def live(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers at all: what it needs from others is not asked."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers=HEADERS)


class _Answer(threading.Event):
    """What is found out; set when it was."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = monotonic()
        self.said: str | int = UNREADABLE


class _Question:
    """Something that may take long to find out. It is asked in a thread, and only once at a time."""

    def __init__(self, ask: Callable[[], str | int], unknown: str = NO_ANSWER) -> None:
        self._ask = ask
        self._unknown = unknown
        self._lock = threading.Lock()
        self._last: _Answer | None = None

    def begin(self) -> _Answer:
        with self._lock:
            last = self._last
            if last is None or last.is_set() or monotonic() - last.begun > GIVEN_UP_AFTER:
                last = self._last = _Answer()
                threading.Thread(target=self._find_out, args=[last], name="readyz", daemon=True).start()
            return last

    def said(self, answer: _Answer, end: float) -> str | int:
        """What was found out, or what there is to say when it was not until then."""
        return answer.said if answer.wait(max(0.0, end - monotonic())) else self._unknown

    def _find_out(self, answer: _Answer) -> None:
        try:
            answer.said = self._ask()
        except (Error, OSError):
            # What it was may hold addresses; those who ran into it on a page have written it to the log.
            answer.said = UNREADABLE
        finally:
            connection.close()
            answer.set()


def _database() -> str:
    changes.state()
    return OK


def _cache() -> str:
    if not shared.is_configured():
        return "not used"
    return OK if shared.ping() else CACHE_AWAY


def _snapshot() -> str:
    """Reads the board where nobody has: a node that is probed first gets no visitor who would make it do so."""
    if not catalogue.is_ready():
        changes.state()
        catalogue.begin()
    return OK if catalogue.is_ready() else "is not there yet"


def _journal() -> int:
    return Journal(settings.CLICK_JOURNAL).waiting()


class _Readiness:
    """Asks everything at once, and notes in the log when the answer turns."""

    def __init__(self) -> None:
        self._questions = {
            "database": _Question(_database),
            "cache": _Question(_cache, CACHE_AWAY),
            "snapshot": _Question(_snapshot, "is being read"),
            "clicks_waiting": _Question(_journal),
        }
        self._was_ready = True

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """200 where pages can be made, else 503; each part by what is right or wrong with it."""
        begun = [(name, question, question.begin()) for name, question in self._questions.items()]
        end = monotonic() + ANSWERS_WITHIN
        said = {name: question.said(answer, end) for name, question, answer in begun}
        # Without the cache pages take longer, and without the journal clicks go to the database alone: no reason to
        # send visitors elsewhere, where it is no different.
        is_ready = said["database"] == said["snapshot"] == OK
        if is_ready != self._was_ready:
            self._was_ready = is_ready
            log.log(
                logging.INFO if is_ready else logging.WARNING,
                "This worker is %s: %s",
                "ready again" if is_ready else "not ready",
                ", ".join(f"{name} {answer}" for name, answer in said.items()),
            )
        return JsonResponse({"ready": is_ready, **said}, status=200 if is_ready else 503, headers=HEADERS)


ready = _Readiness()
