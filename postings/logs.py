"""How a line of the log is written: as text for people who start the board by hand, as JSON for programs; and nothing
in it that tells who asked for what. Pure: no Django."""

import logging
import re
import sys
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

# The request that this thread answers; empty between requests.
request_id: ContextVar[str] = ContextVar("request_id", default="")

REQUESTS = "postings.requests"
MAX_PATH_LENGTH = 300
_MAX_QUERY_LENGTH = 2000
# Names as the board's own parameters have them; what else stands there a visitor may have written.
_PARAMETER = re.compile(r"(?:^|&)([a-z_]{1,24})=")
# Whoever knows the address of a posting's figures may read them, so it is as good as a password.
_SECRET = re.compile(r"(figures/+)[^/\s]+", re.IGNORECASE)


class Seldom:
    """Has something said at most once a minute, with how often it was left unsaid in between."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._said_at: float | None = None
        self._unsaid = 0

    def due(self) -> int | None:
        """How often it was left unsaid since the last time, where it is to be said now; else None."""
        now = time.monotonic()
        with self._lock:
            if self._said_at is not None and now - self._said_at < self._seconds:
                self._unsaid += 1
                return None
            unsaid, self._unsaid, self._said_at = self._unsaid, 0, now
            return unsaid

    def is_over(self) -> bool:
        """Begins anew; whether it had been said since the last beginning."""
        if self._said_at is None:
            return False
        with self._lock:
            was_said, self._said_at, self._unsaid = self._said_at is not None, None, 0
        return was_said


def shown_path(path: str) -> str:
    """A path as it may be written down: without the key of a page that is secret, and no longer than is useful."""
    if "igures/" in path.casefold():
        path = _SECRET.sub(r"\1-", path)
    return path[:MAX_PATH_LENGTH]


def parameters(query: str) -> list[str]:
    """The names in a query string, each once; what was asked for by them stays with whoever asked.

    >>> parameters("q=nurse+in+Graz&skill=c&skill=python")
    ['q', 'skill']
    """
    return [*dict.fromkeys(_PARAMETER.findall(query[:_MAX_QUERY_LENGTH]))] if query else []


class Answered(NamedTuple):
    """What is written down of a request, in either form.

    Not a message to `logging`: that and its JSON library would take ten times as long.
    """

    id: str
    method: str
    path: str
    query: str
    status: int
    bytes: int
    milliseconds: float
    kept: str  # whether the page cache had it: "hit", "miss", or nothing where it was not asked

    def as_text(self, now: float) -> str:
        names = parameters(self.query)
        # Escaped as in JSON, so that a line stays one line.
        path = quoted(shown_path(self.path))[1:-1] + ("?" + "&".join(names) if names else "")
        kept = f" {self.kept}" if self.kept else ""
        return (
            f"{_local(now)} INFO {REQUESTS} [{self.id}]: {quoted(self.method)[1:-1]} {path} {self.status}, "
            f"{self.bytes} bytes in {self.milliseconds:.1f} ms{kept}\n"
        )

    def as_json(self, now: float) -> str:
        names = '","'.join(parameters(self.query))
        kept = f',"page_cache":"{self.kept}"' if self.kept else ""
        return (
            f'{{"time":"{_utc(now)}","level":"INFO","logger":"{REQUESTS}","request_id":"{self.id}",'
            f'"method":{quoted(self.method)},"path":{quoted(shown_path(self.path))},'
            f'"parameters":{f"""["{names}"]""" if names else "[]"},'
            f'"status":{self.status},"bytes":{self.bytes},"ms":{self.milliseconds:.1f}{kept}}}\n'
        )


def write(line: str) -> None:
    """To standard error, where all lines go; nobody's request fails because the disk is full or nobody reads."""
    # None where it was closed before the start, and its number may be a file's by now.
    if sys.stderr:
        with suppress(OSError, ValueError):
            sys.stderr.write(line)


def _utc(now: float) -> str:
    return f"{_second(int(now))}.{int(now % 1 * 1000):03}Z"


def _local(now: float) -> str:
    """As `logging` writes it."""
    return f"{_local_second(int(now))},{int(now % 1 * 1000):03}"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


@lru_cache(maxsize=2)
def _local_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


class DuringRequest(logging.Filter):
    """Adds the id of the request that a line was written during, and takes secret paths out of Django's own lines.

    Django's line about a 503 goes: what makes the board answer so has said why, and not once for each visitor. So does
    the traceback of what the visitor did wrong: anybody can send a NUL or a thousand parameters, as often as they like.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.request" and getattr(record, "status_code", 0) == 503:
            return False
        if record.name.startswith("django.") and 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = None
        record.request_id = request_id.get()
        # Django says by the path what was not found or went wrong.
        if isinstance(record.args, tuple) and hasattr(record, "request"):
            record.args = tuple(shown_path(each) if isinstance(each, str) else each for each in record.args)
        return True


class TextLines(logging.Formatter):
    """`2026-11-22 15:04:05,678 INFO postings.requests [id of the request]: GET / 200 …`"""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}{during}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:
        during = getattr(record, "request_id", "")
        record.during = f" [{during}]" if during else ""
        return super().formatMessage(record)


class JsonLines(JsonFormatter):
    """One JSON object a line, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "exception"},
            # Django adds the whole request, whose address says what somebody searched for.
            reserved_attrs=[*RESERVED_ATTRS, "request", "request_id", "during"],
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return _utc(record.created)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        super().add_fields(log_data, record, message_dict)
        if during := getattr(record, "request_id", ""):
            log_data["request_id"] = during


class Stderr(logging.StreamHandler):
    """Keeps to itself that nobody reads or that the disk is full: there is no better place to say it."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handleError(record)


FORMATS: dict[str, type[logging.Formatter]] = {"text": TextLines, "json": JsonLines}
