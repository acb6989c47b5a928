"""One line in the log for each request, under an id that its other lines and its answer carry, too."""

import logging
import random
import re
from collections.abc import Callable, Iterator
from time import perf_counter, time
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse

from postings import logs

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class RequestLog:
    """Stands above all other middleware: static files, refusals and errors have a line as well.

    Its time ends when the answer is made and the request is read to its end, and of what is streamed when that is sent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.is_wanted = settings.LOG_REQUESTS and logging.getLogger(logs.REQUESTS).isEnabledFor(logging.INFO)
        self.is_json = settings.LOG_FORMAT == "json"

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = perf_counter()
        id = _id_of(request)
        logs.request_id.set(id)
        response = self.get_response(request)
        response.headers[HEADER] = id
        if self.is_wanted:
            if isinstance(response, StreamingHttpResponse) and "Content-Length" not in response.headers:
                # How much it is and how long it takes is known only at its end.
                response.streaming_content = _Counted(
                    iter(response), lambda length: self._write(request, response, id, begun, length)
                )
            else:
                self._write(request, response, id, begun, _length(request, response))
        return response

    def _write(self, request: HttpRequest, response: HttpResponseBase, id: str, begun: float, length: int) -> None:
        answered = logs.Answered(
            id,
            request.method or "",
            request.path,
            request.META.get("QUERY_STRING", ""),
            response.status_code,
            length,
            (perf_counter() - begun) * 1000,
            getattr(response, "kept", None) or "",
        )
        now = time()
        logs.write(answered.as_json(now) if self.is_json else answered.as_text(now))


def _id_of(request: HttpRequest) -> str:
    """The proxy's, where there is one that was declared: anybody else could write what he likes into the log."""
    if settings.PROXY_COUNT and (said := request.META.get("HTTP_X_REQUEST_ID")) and _WELL_FORMED.fullmatch(said):
        return said
    # Nobody gains by guessing it; each worker is seeded anew by itself.
    return f"{random.getrandbits(64):016x}"


def _length(request: HttpRequest, response: HttpResponseBase) -> int:
    if request.method == "HEAD":
        return 0
    if said := response.headers.get("Content-Length"):
        return int(said)
    return len(response.content) if isinstance(response, HttpResponse) else 0


@receiver(request_finished)
def _is_over(**kwargs: Any) -> None:
    """Only now, since Django itself writes of an answer that has left all middleware, and a stream while it is sent."""
    logs.request_id.set("")


class _Counted:
    """What is streamed, piece by piece; it says how much it was when the server is through with it."""

    def __init__(self, pieces: Iterator[bytes], end: Callable[[int], None]) -> None:
        self._pieces = pieces
        self._end: Callable[[int], None] | None = end
        self._length = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self._length += len(piece)
        return piece

    def close(self) -> None:
        end, self._end = self._end, None
        if end:
            end(self._length)
