"""The board itself: who runs it, its icon, and what it says when it broke."""

import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.template.loader import render_to_string

from postings import heads, logs, statistics
from postings.middleware import answer_if_away
from postings.models import DailyClicks
from postings.views.answers import public


@public
def about(request: HttpRequest) -> HttpResponse:
    """Who runs the board, what it counts, and how long postings stay; what the settings leave open is left out."""
    context = {
        "head": heads.of_about(),
        "about": settings.ABOUT,
        "operator": settings.OPERATOR,
        "contact": settings.CONTACT,
        "contact_in_words": settings.CONTACT.removeprefix("mailto:").removeprefix("https://").rstrip("/"),
        "lifetime": settings.POSTING_LIFETIME_DAYS,
        "kinds": [(kind.label, statistics.MEANINGS[kind]) for kind in DailyClicks.Kind],
    }
    return render(request, "postings/about.html", context)


@public
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for an icon that no page named, as for a CSV file or a bare address."""
    # By its plain address: a permanent answer must not lead to one that the next version changes.
    response = HttpResponsePermanentRedirect(f"{settings.STATIC_URL}img/icon.svg")
    response["Cache-Control"] = "max-age=86400"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500 in the board's own dress, from nothing but the template: whatever broke may still be broken.

    503 where it was the database that was away, while a session was read or written around the page.
    """
    if answer := answer_if_away(request, sys.exc_info()[1]):
        return answer
    page = render_to_string("500.html", {"request_id": logs.request_id.get()})
    return HttpResponse(page, status=500, headers={"Cache-Control": "no-store"})
