"""The board's addresses, and beside them the least that Django can answer with."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

_PAGE = b"<!doctype html><title>Bare</title>" + b"<p>Nothing was asked of the database.</p>\n" * 730
BARE_BYTES = len(_PAGE)


def bare(request: HttpRequest) -> HttpResponse:
    """30 KB of HTML through the same server and middleware: what no page can be quicker than."""
    return HttpResponse(_PAGE)


urlpatterns = [
    path("bare/", bare),
    path("", include("jobboard.urls")),
]

handler500 = "postings.views.site.server_error"
