"""Addresses of the board's own pages, for those who read them elsewhere: machines, feeds, paper."""

from django.conf import settings
from django.http import HttpRequest


def absolute(request: HttpRequest, path: str) -> str:
    """The complete address of a path of the board: at SITE_URL, or where that is not set at the host that was asked."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else request.build_absolute_uri(path)
