"""One posting's click-throughs, for its employer."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from postings import figures as pages_of_figures
from postings import statistics, visitors
from postings.models import FiguresLink
from postings.statistics import Scope
from postings.views.answers import public

SECRET_PAGE = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}


@public
def figures(request: HttpRequest, key: str) -> HttpResponse:
    """One posting's click-throughs, for whoever holds its secret link; closed and expired ones too."""
    try:
        posting = FiguresLink.objects.of_key(key).posting
    except FiguresLink.DoesNotExist:
        raise Http404("no such link to figures") from None
    today = visitors.today()
    asked = statistics.ask(request.GET.dict(), today, Scope(posting), "all")
    context = pages_of_figures.context(asked, today)
    if request.GET.get("format") == "csv":
        rows = statistics.period_rows(context["series"].periods)
        response: Any = pages_of_figures.csv_answer(rows, f"{posting.slug} by {asked.span.by}")
    else:
        response = render(request, "postings/figures.html", {"posting": posting, **context})
    # The address is the secret: it is kept nowhere, and told nobody.
    for name, value in SECRET_PAGE.items():
        response[name] = value
    return response
