"""The board's pages: list, detail, apply."""

import logging
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page

from postings import addresses, clicks
from postings.filters import PostingFilter
from postings.models import Company, Posting

log = logging.getLogger(__name__)

ALLOWED_METHODS = ["GET", "HEAD"]
PER_PAGE = 25
MOST_COMPANIES_SUGGESTED = 100
MOST_SIMILAR = 5


def public(view: Any) -> Any:
    """A page for everyone that only GET and HEAD may ask for: with an ETag, compressed, asked for anew each time.

    Exempt from CSRF, which has nothing to guard here and would answer 403 before 405 could. Compressed, because
    no secret stands on it that its length could give away.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ALLOWED_METHODS:
            return HttpResponseNotAllowed(ALLOWED_METHODS, render_to_string("405.html", request=request))
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    return csrf_exempt(gzip_page(conditional_page(answer)))


class ApplyRedirect(HttpResponseRedirect):
    """The way to the employer: never cached, never indexed."""

    allowed_schemes = ["http", "https", "mailto"]

    def __init__(self, address: str) -> None:
        super().__init__(
            address,
            headers={
                "Cache-Control": "no-store",
                "X-Robots-Tag": "noindex, nofollow",
                "Referrer-Policy": "strict-origin-when-cross-origin",
            },
        )


@public
def posting_list(request: HttpRequest) -> HttpResponse:
    """The live postings, filtered, 25 to a page."""
    if any("" in values for _, values in request.GET.lists()):
        return _without_empty_parameters(request)
    asked = PostingFilter(request.GET, Posting.objects.live().for_list())
    paginator = Paginator(asked.qs, PER_PAGE)
    page = paginator.get_page(_page_number(request))
    context = {
        "filter": asked,
        "page": page,
        "page_numbers": list(paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)),
        "total": paginator.count,
        "suggested_companies": Company.objects.most_postings()[:MOST_COMPANIES_SUGGESTED],
    }
    return render(request, "postings/posting_list.html", context)


def _page_number(request: HttpRequest) -> int:
    """The page asked for; the first for everything that is not a number of one. Beyond the end is the paginator's."""
    asked = request.GET.get("page", "")
    if not (asked.isascii() and asked.isdecimal()):
        return 1
    # More digits than any board has pages are cut: the last page it is, and no number too long to be read.
    return max(1, int(asked.lstrip("0")[:9] or 1))


def _without_empty_parameters(request: HttpRequest) -> HttpResponse:
    """A form sends the fields that were left empty, too; the address without them is the page's own."""
    query = request.GET.copy()
    for name, values in request.GET.lists():
        query.setlist(name, [value for value in values if value])
    encoded = query.urlencode()
    return HttpResponsePermanentRedirect(f"{request.path}?{encoded}" if encoded else request.path)


@public
def posting_detail(request: HttpRequest, slug: str) -> HttpResponse:
    posting = _published(slug)
    if not posting.is_live:
        return _gone(request, posting)
    return render(request, "postings/posting_detail.html", {"posting": posting})


@public
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Sends the applicant on, and counts it. Nothing but what is stored decides where it goes."""
    posting = _published(slug)
    if not posting.is_live:
        return _gone(request, posting)
    try:
        address = addresses.canonical(posting.apply_url)
    except addresses.BadAddress as reason:
        # Stored by something that went around the checks: the person is told, nobody is sent astray.
        log.error("Posting %s leads nowhere: %s", posting.pk, reason)
        raise Http404(f"posting {posting.pk}: {reason}") from None
    if request.method == "GET":
        clicks.count(posting, request)
    return ApplyRedirect(address)


def _published(slug: str) -> Posting:
    if "\0" in slug:
        raise BadRequest("NUL in a posting's name")
    try:
        return Posting.objects.ever_shown().for_detail().get(slug=slug)
    except Posting.DoesNotExist:
        raise Http404(f"no posting {slug!r}") from None


def _gone(request: HttpRequest, posting: Posting) -> HttpResponse:
    """410 with a page that helps on."""
    similar = Posting.objects.similar_to(posting)[:MOST_SIMILAR]
    response = render(request, "410.html", {"posting": posting, "similar": similar}, status=410)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500 in the board's own dress, from nothing but the template: whatever broke may still be broken."""
    return HttpResponse(render_to_string("500.html"), status=500, headers={"Cache-Control": "no-store"})
