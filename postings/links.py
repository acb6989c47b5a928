"""Addresses of the board's own pages: within it, and complete for those who read them elsewhere."""

import re
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

# Pages of which there are as many as names that end their address: it is made of what stands around a name.
_OF_NAMES = {
    f"postings:{page}"
    for page in ("detail", "posting_markdown", "apply", "report", "reported", "company", "landing", "landing_pair")
}
# What stands in an address as it is; any other name is Django's to spell.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SOMETHING = "something"


def absolute(request: HttpRequest, path: str) -> str:
    """The complete address of a path of the board: at SITE_URL, or where that is not set at the host that was asked."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else request.build_absolute_uri(path)


def path(name: str, *args: str) -> str:
    """What `reverse` says, which for the fifty links of a list took longer than all else about them."""
    if name not in _OF_NAMES:
        return _path(get_script_prefix(), name, *args)
    *before, last = args
    if not _PLAIN.fullmatch(last):
        return reverse(name, args=args)
    begin, end = _around_last(get_script_prefix(), name, *before)
    return f"{begin}{last}{end}"


@lru_cache(maxsize=256)
def _path(prefix: str, name: str, *args: str) -> str:
    return reverse(name, args=args)


@lru_cache(maxsize=4096)
def _around_last(prefix: str, name: str, *before: str) -> tuple[str, str]:
    """What stands before and behind the last part of an address."""
    begin, _, end = reverse(name, args=[*before, _SOMETHING]).rpartition(_SOMETHING)
    return begin, end
