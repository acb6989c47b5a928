"""What the nodes of a board share beside its database: bytes in Redis, where CACHE_URL names one.

It only ever saves work. Where nothing is set, where Redis is away, full or frozen, or gives what this board did not
write, there is simply nothing in it: no page fails by it, and none waits for it for longer than TIMEOUT now and then.
"""

import hashlib
import hmac
import json
import logging
import time
from functools import cache
from pathlib import Path
from typing import cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from postings import logs

log = logging.getLogger(__name__)

TIMEOUT = 0.2  # seconds, for connecting and for each answer
# After a failure nobody asks for so long: else each request would wait for TIMEOUT while Redis hangs.
PAUSE = 5.0
# Larger things are not worth their way.
MOST_BYTES = 64 * 2**20
_SEAL_BYTES = 16


class _Link:
    """This process's way to Redis, and whether it is worth trying."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """For tests, which have other settings."""
        self._redis: redis.Redis | None = None
        self._paused_until = 0.0
        self._away = logs.Seldom()

    @property
    def is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def redis(self) -> redis.Redis:
        if self._redis is None:
            self._redis = redis.Redis.from_url(
                settings.CACHE_URL,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                # A server that was started anew has closed what the pool holds: tried once more on a new connection.
                # One that hangs is not asked again.
                retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            )
        return self._redis

    def failed(self, reason: Exception) -> None:
        """Leaves Redis alone for a moment; said once a minute, with how often meanwhile."""
        self._paused_until = time.monotonic() + PAUSE
        unsaid = self._away.due()
        if unsaid is None:
            return
        # Its type and no more: the words of some name the server's address.
        log.warning(
            "The shared cache does not answer (%s%s); the board goes on without it",
            type(reason).__name__,
            f", and {unsaid} times since it was last said" if unsaid else "",
        )

    def answered(self) -> None:
        if self._away.is_over():
            log.info("The shared cache answers again")


_link = _Link()


def is_configured() -> bool:
    return bool(settings.CACHE_URL)


def get(key: str) -> bytes | None:
    """What was put under this key by a node of this board; None where there is nothing, or nothing to be had."""
    if not is_configured() or _link.is_paused:
        return None
    name = _name(key)
    try:
        value = cast("bytes | None", _link.redis().get(name))
    except (redis.RedisError, OSError) as reason:
        _link.failed(reason)
        return None
    _link.answered()
    return _opened(name, value) if value else None


def put(key: str, value: bytes, seconds: int) -> bool:
    """Keeps it for so long, unless Redis needs the room for something else; whether it was taken."""
    if not is_configured() or _link.is_paused or len(value) > MOST_BYTES:
        return False
    name = _name(key)
    try:
        _link.redis().set(name, _seal(name, value) + value, ex=seconds)
    except (redis.RedisError, OSError) as reason:
        _link.failed(reason)
        return False
    _link.answered()
    return True


def ping() -> bool:
    """Whether Redis answers, asked at once whatever was found lately."""
    try:
        return bool(_link.redis().ping())
    except (redis.RedisError, OSError):
        return False


def forget() -> None:
    """Begins anew: for tests, which have other settings."""
    _link.forget()
    _key_of_seals.cache_clear()


# --- Whose it is ------------------------------------------------------------------------------------


def _name(key: str) -> str:
    """Boards that share one Redis do not meet in it."""
    return f"jobboard:{_key_of_seals().hex()[:16]}:{key}"


@cache
def _key_of_seals() -> bytes:
    """Of this board alone: of its secret key and its database's name, which is the same on all its nodes."""
    database = str(settings.DATABASES["default"]["NAME"])
    return hmac.digest(settings.SECRET_KEY.encode(), f"shared cache of {database}".encode(), "sha256")


def _seal(name: str, value: bytes) -> bytes:
    """Without it, who can write to Redis could put words on the board's pages."""
    seal = hashlib.blake2b(value, digest_size=_SEAL_BYTES, key=_key_of_seals())
    seal.update(name.encode())
    return seal.digest()


def _opened(name: str, sealed: bytes) -> bytes | None:
    value = sealed[_SEAL_BYTES:]
    if hmac.compare_digest(sealed[:_SEAL_BYTES], _seal(name, value)):
        return value
    log.warning("Something in the shared cache was not put there by this board; it is passed over")
    return None


@cache
def release() -> str:
    """Of this code and these settings: nodes that differ in them make different things of the same board."""
    digest = hashlib.sha256()
    base = Path(settings.BASE_DIR)
    folders = [("postings", "*.py"), ("jobboard", "*.py"), ("templates", "*"), ("static", "*")]
    files = [path for folder, pattern in folders for path in (base / folder).rglob(pattern) if path.is_file()]
    for path in sorted([*files, base / "requirements.txt"]):
        digest.update(str(path.relative_to(base)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for name in sorted(_SAID_ON_PAGES):
        digest.update(json.dumps([name, getattr(settings, name)], default=str).encode())
    return digest.hexdigest()[:16]


# What of the settings decides how a page looks.
_SAID_ON_PAGES = {
    "ABOUT", "APPLY_PARAMETERS", "CDN_SECONDS", "CONTACT", "DEBUG", "LANGUAGE_CODE", "OPERATOR",
    "POSTING_LIFETIME_DAYS", "ROOT_URLCONF", "SEARCH_ENGINES", "SITE_NAME", "SITE_URL", "STATIC_URL", "TIME_ZONE",
}  # fmt: skip
