"""What happens to every request, and to every answer, static files and errors included."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from postings import databases, logs

log = logging.getLogger(__name__)


class NotForSearchEngines:
    """With SEARCH_ENGINES=0 asks for every answer to stay out of search results."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if settings.SEARCH_ENGINES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("X-Robots-Tag", "noindex")
        return response


class UnreadBodies:
    """Reads and drops what nobody has read of a body before the answer goes out: a connection that is closed on a
    client who still writes is reset, and nginx makes a 502 of what should have been the form to log in.

    gunicorn itself does so for the first 64 KiB, and for no more of what comes in chunks of a length that nobody told;
    nginx tells it. What is larger than `MOST_DROPPED`, or takes longer than `PATIENCE`, is cut off.
    """

    MOST_DROPPED = 100 * 1024 * 1024  # bytes; four times the largest upload
    PATIENCE = 10  # seconds

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.META.get("CONTENT_LENGTH", "") not in ("", "0"):
            # Only gunicorn has it, and not a test's client.
            connection: socket.socket | None = request.META.get("gunicorn.socket")
            with _patient(connection, self.PATIENCE) if connection else nullcontext():
                self._drop(request)
        return response

    def _drop(self, request: HttpRequest) -> None:
        left = self.MOST_DROPPED
        try:
            while left > 0 and (piece := request.read(64 * 1024)):
                left -= len(piece)
        except OSError:
            pass  # Nobody is there any more, or nobody who still sends.


@contextmanager
def _patient(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Within it nothing that is read waits longer than that, and after so long nothing waits at all: a piece may take
    many reads, and each of them a client who sends a byte now and then. gunicorn closes what a read broke off."""
    before = connection.gettimeout()
    connection.settimeout(seconds)
    end = threading.Timer(seconds, connection.settimeout, [0])
    end.start()
    try:
        yield
    finally:
        end.cancel()
        # What had begun to end it must not do so when the answer is being sent.
        end.join()
        connection.settimeout(before)


class KeptPages:
    """Serves what was rendered before (`page_cache`) before sessions, forms and addresses are looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Here, because the pages' module needs Django's apps.
        from postings.views import answers

        return answers.again(request) or self.get_response(request)


class CookiesOfTheAdminAlone:
    """Takes cookies off every public answer: Django mends a broken one that a visitor brings by setting another, and
    public pages are kept by caches for everybody.

    Stands above what sets them: sessions, and the token of forms.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.cookies and not is_admins(request):
            response.cookies.clear()
        return response


class FormsInUtf8:
    """Reads forms as UTF-8, whatever encoding the request claims: that may be none that a form can have, or give halves
    of characters that no database takes. Pages are in UTF-8, and so browsers send their forms.

    Stands before what reads a form first: the one that looks for the token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            request.encoding = "utf-8"
        return self.get_response(request)


class DatabaseAway:
    """Answers 503 where the database is away, locked or takes too long; what is wrong with a question stays a 500.

    What an operator sends may take as long as it takes: it is much that they change at once, or upload.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and is_admins(request):
            with databases.unhurried():
                return self.get_response(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return answer_if_away(request, error)


def answer_if_away(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """503 for an error of a database that is away; None for every other error."""
    if error is None or not databases.is_away(error):
        return None
    # Here, because the pages' module needs Django's apps.
    from postings.views.answers import unavailable

    databases.let_go()
    _note(databases.said_by(error))
    return unavailable(request, "admin/503.html" if is_admins(request) else "503.html")


def is_admins(request: HttpRequest) -> bool:
    return request.path_info.startswith(reverse("admin:index"))


_away = logs.Seldom()


def _note(reason: str) -> None:
    """Says that the database is away once in a while, and how often it was in between."""
    unsaid = _away.due()
    if unsaid is None:
        return
    before = f", after {unsaid:,} more since this was last said" if unsaid else ""
    log.error("The database cannot answer (%s): the visitor gets a 503%s", reason, before)


def forget_all() -> None:
    """For tests, each of which looks at what is said."""
    _away.is_over()
