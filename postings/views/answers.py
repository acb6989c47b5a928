"""How pages are answered: by which methods, under which headers."""

from collections.abc import Sequence
from functools import partial, wraps
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.template.loader import render_to_string
from django.utils.encoding import escape_uri_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page

ALLOWED_METHODS = ["GET", "HEAD"]
FORM_METHODS = [*ALLOWED_METHODS, "POST"]
RETRY_AFTER = 5  # seconds


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
