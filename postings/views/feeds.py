"""Every list as a feed: Atom and JSON Feed at the list's own parameters."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.http import http_date

from postings import feeds
from postings.filters import FeedFilter
from postings.links import of_host
from postings.views.answers import has_empty_parameters, public, without_empty_parameters


@public
def atom(request: HttpRequest) -> HttpResponse:
    return _feed(request, feeds.ATOM, feeds.atom, "application/atom+xml; charset=utf-8")


@public
def json(request: HttpRequest) -> HttpResponse:
    return _feed(request, feeds.JSON, feeds.as_json, "application/feed+json")


def _feed(
    request: HttpRequest, name: str, write: Callable[[feeds.Feed], str | bytes], content_type: str
) -> HttpResponse:
    if has_empty_parameters(request):
        return without_empty_parameters(request)
    asked = FeedFilter(request.GET)
    try:
        feed = feeds.read(asked, request.GET, name, of_host(request))
    except feeds.NoSuchPage as reason:
        # A program asks: it gets the sentence and no page around it.
        return HttpResponseBadRequest(f"{reason}\n", content_type="text/plain; charset=utf-8")
    response = HttpResponse(write(feed), content_type=content_type, headers={"X-Robots-Tag": "noindex"})
    if changed_at := feeds.last_modified(asked):
        response["Last-Modified"] = http_date(changed_at.timestamp())
    return response
