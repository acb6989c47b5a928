"""What programs ask a board for by a name that they all know: robots.txt, security.txt and the manifest of an app."""

import datetime as dt

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

from postings.links import absolute
from postings.views.answers import public

# Links that count clicks, and what is asked while somebody types or fills in a form.
SHUT = ("/apply/", "/suggest", "/jobs/*/report/")
# A reader should doubt a file that says it is good for longer than a year (RFC 9116, 2.5.5).
SECURITY_TXT_LASTS = dt.timedelta(days=180)
PAPER = "#fbfaf7"  # as in board.css


@public
def robots(request: HttpRequest) -> HttpResponse:
    """Where crawlers should not go, and where the sitemap is."""
    if not settings.SEARCH_ENGINES:
        return _text(["User-agent: *", "Disallow: /"])
    shut: tuple[str, ...] = SHUT
    if settings.ADMIN_URL == settings.DEFAULT_ADMIN_URL:
        # Everybody knows it. One that the owner chose would be given away here; its own pages ask not to be listed.
        shut = (f"/{settings.ADMIN_URL}", *SHUT)
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in shut), ""]
    for name in settings.BLOCKED_CRAWLERS:
        lines += [f"User-agent: {name}", "Disallow: /", ""]
    return _text([*lines, f"Sitemap: {absolute(request, reverse('postings:sitemap'))}"])


@public
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a hole in the board (RFC 9116); not there where the settings name nobody."""
    if not settings.SECURITY_CONTACT:
        raise Http404("no contact is set")
    # By the day, so that the file stays the same for as long.
    expires = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + SECURITY_TXT_LASTS
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    lines += [f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: en"]
    if settings.SITE_URL:
        lines.append(f"Canonical: {absolute(request, request.path)}")
    if settings.SECURITY_POLICY:
        lines.append(f"Policy: {settings.SECURITY_POLICY}")
    return _text(lines)


@public
def manifest(request: HttpRequest) -> HttpResponse:
    """The board as an app that can be put on a home screen, with a bar to go back by."""
    start = reverse("postings:list")
    return JsonResponse(
        {
            "id": start,
            "name": settings.SITE_NAME,
            "short_name": settings.SITE_NAME,
            "start_url": start,
            "scope": start,
            "display": "minimal-ui",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [
                {"src": static("img/icon.svg"), "type": "image/svg+xml", "sizes": "any"},
                *(
                    {"src": static(f"img/icon-{size}.png"), "type": "image/png", "sizes": f"{size}x{size}"}
                    for size in (192, 512)
                ),
                {
                    "src": static("img/icon-maskable.png"),
                    "type": "image/png",
                    "sizes": "512x512",
                    "purpose": "maskable",
                },
            ],
        },
        content_type="application/manifest+json",
    )


def _text(lines: list[str]) -> HttpResponse:
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
