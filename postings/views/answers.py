"""How pages are answered: by which methods, under which headers, and which are kept."""

from collections.abc import Collection, Sequence
from functools import partial, wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
    QueryDict,
)
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.encoding import escape_uri_path
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page

from postings import catalogue, page_cache
from postings.page_cache import Page

ALLOWED_METHODS = ["GET", "HEAD"]
FORM_METHODS = [*ALLOWED_METHODS, "POST"]
RETRY_AFTER = 5  # seconds
_CONDITIONS = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"}


def public(view: Any, methods: Sequence[str] = ALLOWED_METHODS) -> Any:
    """A page for everyone, by GET and HEAD unless more is said: with an ETag, compressed, asked for anew each time.

    Exempt from CSRF, which has nothing to guard here and would answer 403 before 405 could. Compressed, because
    no secret stands on it that its length could give away.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in methods:
            return HttpResponseNotAllowed(methods, render_to_string("405.html", request=request))
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    return csrf_exempt(gzip_page(conditional_page(answer)))


# A page with a form that anybody may send; without a cookie there is no token, and the view itself sees to where it
# was sent from.
public_form = partial(public, methods=FORM_METHODS)


def kept(view: Any = None, *, reads: Collection[str] = ()) -> Any:
    """A page for everyone like `public`, which is the same until the board changes: it is rendered once and kept as
    bytes (`page_cache`), and caches in front may keep it for a moment, too.

    `reads`: the parameters that decide what it shows. The view sees no others, and these in one order, so that two
    addresses that mean the same are one page.
    """
    if view is None:
        return partial(kept, reads=reads)
    known = tuple(sorted(reads))

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        query = _canonical_query(request, known) if settings.PAGE_CACHE_MB else None
        if request.method not in ALLOWED_METHODS or query is None:
            return by_itself(request, *args, **kwargs)
        request.GET = QueryDict(query)
        # First the board and then the page: it may come to show more than this state says, and never less.
        snapshot = catalogue.current()
        address = f"{_origin(request)}{request.path}?{query}"
        encoding = page_cache.encoding_for(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        found, is_kept = page_cache.find(
            snapshot.state_key(), address, encoding, lambda: view(request, *args, **kwargs)
        )
        if not isinstance(found, Page):
            return finished(request, found)
        page_cache.remember(_as_asked(request), address)
        return _of_page(request, found, snapshot, is_kept)

    by_itself = public(_for_caches(view))
    finished = gzip_page(conditional_page(_as_it_is))
    return csrf_exempt(answer)


def again(request: HttpRequest) -> HttpResponse | None:
    """The page that was asked for in these very words before, if it is kept; for a middleware, before the address is
    looked up and all that a page for everybody does not need is made ready."""
    if request.method not in ALLOWED_METHODS or not settings.PAGE_CACHE_MB:
        return None
    address = page_cache.remembered(_as_asked(request))
    if address is None:
        return None
    snapshot = catalogue.current()
    encoding = page_cache.encoding_for(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    page = page_cache.known(snapshot.state_key(), address, encoding)
    return _of_page(request, page, snapshot, is_kept=True) if page else None


def _as_asked(request: HttpRequest) -> tuple[str, ...]:
    """All that decides which page a request for one of these is about, as it was sent: a host that was believed once
    is believed again."""
    meta = request.META
    return (
        meta.get("wsgi.url_scheme", ""),
        meta.get("HTTP_HOST", ""),
        request.path,
        meta.get("QUERY_STRING", ""),
    )


def _for_caches(view: Any) -> Any:
    """What a view answers with 200 may be kept by caches in front, if it says nothing else."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response.headers.setdefault("Cache-Control", _cache_control())
        return response

    return answer


def _cache_control() -> str:
    """Browsers ask each time, with what they have. A cache that stands before many of them may show a page for a moment
    without asking, and for as long again while it asks."""
    return f"public, max-age=0, s-maxage={settings.CDN_SECONDS}, stale-while-revalidate={settings.CDN_SECONDS}"


def _canonical_query(request: HttpRequest, known: Sequence[str]) -> str | None:
    """The query string of the parameters that are known, in one order; None where one was left empty, which has an
    answer of its own."""
    if not request.META.get("QUERY_STRING"):
        return ""
    if has_empty_parameters(request):
        return None
    asked = request.GET
    return urlencode([(name, value) for name in known if name in asked for value in asked.getlist(name)])


def _origin(request: HttpRequest) -> str:
    """What a page says of where it is: the same for all who ask where SITE_URL is set, else as they ask."""
    return "" if settings.SITE_URL else f"{request.scheme}://{request.get_host()}"


def _as_it_is(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


def _of_page(request: HttpRequest, page: Page, snapshot: catalogue.Snapshot, is_kept: bool) -> HttpResponse:
    """The answer that is made of a kept page; 304 without a body where the visitor has it already."""
    response = page.response()
    response.headers["Cache-Control"] = _cache_control()
    modified = snapshot.last_modified(is_by_day=True)
    if modified:
        response.headers["Last-Modified"] = http_date(modified.timestamp())
    if not _CONDITIONS.isdisjoint(request.META):
        seconds = int(modified.timestamp()) if modified else None
        response = cast(HttpResponse, get_conditional_response(request, page.etag, seconds, response))
    # For the log.
    response.kept = "hit" if is_kept else "miss"  # type: ignore[attr-defined]
    return response


def has_empty_parameters(request: HttpRequest) -> bool:
    return any("" in values for _, values in request.GET.lists())


def without_empty_parameters(request: HttpRequest, path: str = "") -> HttpResponse:
    """A form sends the fields that were left empty, too; the address without them is the page's own.

    `path`: where the page is, if it was asked for by another name.
    """
    query = request.GET.copy()
    for name, values in request.GET.lists():
        query.setlist(name, [value for value in values if value])
    encoded = query.urlencode()
    # Decoded by now; a question mark that is part of a name would else begin the parameters.
    path = path or escape_uri_path(request.path)
    return HttpResponsePermanentRedirect(f"{path}?{encoded}" if encoded else path)


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


class SeeOther(HttpResponseRedirect):
    """After a form: the browser goes on by GET."""

    status_code = 303


def unavailable(request: HttpRequest, template: str = "503.html") -> HttpResponse:
    """503: the database cannot be read, and is asked again in a moment."""
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return HttpResponse(render_to_string(template), status=503, headers=headers)
