"""Every list as a feed: Atom and JSON Feed at the list's own parameters."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

from postings import feeds
from postings.filters import FeedFilter
from postings.links import of_host
from postings.views.answers import has_empty_parameters, kept, without_empty_parameters

_PARAMETERS = {*FeedFilter.base_filters, "page", "before"}


@kept(reads=_PARAMETERS)
def atom(request: HttpRequest) -> HttpResponse:
    return _feed(request, feeds.ATOM, feeds.atom, "application/atom+xml; charset=utf-8")


@kept(reads=_PARAMETERS)
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
    return HttpResponse(write(feed), content_type=content_type, headers={"X-Robots-Tag": "noindex"})
