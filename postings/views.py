"""The board's pages: list, companies, detail, report, apply, about."""

import logging
from collections.abc import Sequence
from functools import partial, wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator
from django.db import Error
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page

from postings import addresses, applying, catalogue, clicks, reports, statistics, visitors
from postings import figures as pages_of_figures
from postings.filters import Facet, PostingFilter, clean_text
from postings.finding import similar
from postings.models import Company, DailyClicks, FiguresLink, Posting, Tag
from postings.rows import rows
from postings.statistics import Scope
from postings.suggesting import suggestions

log = logging.getLogger(__name__)

ALLOWED_METHODS = ["GET", "HEAD"]
FORM_METHODS = [*ALLOWED_METHODS, "POST"]
PER_PAGE = 25
COMPANIES_PER_PAGE = 200
MOST_SIMILAR = 5
RETRY_AFTER = 5  # seconds
SECRET_PAGE = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}


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


@public
def posting_list(request: HttpRequest) -> HttpResponse:
    """The live postings, filtered, 25 to a page."""
    return _list(request, request.GET)


@public
def company(request: HttpRequest, slug: str) -> HttpResponse:
    """The list of one company's postings."""
    if "\0" in slug:
        raise BadRequest("NUL in a company's name")
    company = get_object_or_404(Company, slug=slug)
    query = request.GET.copy()
    query.setlist("company", [company.slug])
    return _list(request, query, {"company": company})


def _list(request: HttpRequest, query: QueryDict, more: dict[str, Any] | None = None) -> HttpResponse:
    if any("" in values for _, values in request.GET.lists()):
        return _without_empty_parameters(request)
    asked = PostingFilter(query)
    paginator: Paginator[Any] = Paginator(cast(Any, asked.finding), PER_PAGE)
    page = paginator.get_page(_page_number(request, asked, paginator))
    context = {
        "filter": asked,
        "page": page,
        "rows": rows(
            asked.snapshot,
            list(page),
            asked.criteria.terms,
            {value.code for value in asked.criteria.values.get(Tag.Kind.SKILL, ())},
        ),
        "page_numbers": _page_numbers(page),
        "page_query": urlencode([pair for pair in asked.pairs if not more or pair[0] != "company"]),
        "total": paginator.count,
        **(more or {}),
    }
    return render(request, "postings/posting_list.html", context)


def _page_numbers(page: Page) -> list[int | str]:
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))


def _page_number(request: HttpRequest, asked: PostingFilter, paginator: Paginator) -> int:
    """The page asked for, the last one where it is beyond the end, the first where it is no page; says which."""
    text = request.GET.get("page", "")
    if not text:
        return 1
    # More digits than any board has pages are cut: the last page it is, and no number too long to be read.
    number = int(text.lstrip("0")[:9] or 0) if text.isascii() and text.isdecimal() else 0
    if number < 1:
        asked.ignored.append("That is no page, so this is the first.")
        return 1
    if number > paginator.num_pages:
        pages = f"{paginator.num_pages:,} pages" if paginator.num_pages > 1 else "one page"
        asked.ignored.append(f"There {'are' if paginator.num_pages > 1 else 'is'} only {pages}; this is the last.")
    return number


@public
def values(request: HttpRequest, name: str) -> HttpResponse:
    """All values of one kind that can be ticked, with their counts under the other filters."""
    if name != "company" and name not in Tag.Kind.values:
        raise Http404(f"nothing to filter by is called {name!r}")
    if any("" in given for _, given in request.GET.lists()):
        return _without_empty_parameters(request)
    asked = PostingFilter(request.GET)
    context: dict[str, Any] = {"filter": asked, "other_pairs": asked.pairs_without(name)}
    if name == "company":
        ids = asked.finding.company_counts.ids() | {company.pk for company in asked.criteria.companies}
        page = _company_page(request, asked, ids)
        shown = {company.slug for company in page}
        context |= {"page": page, "page_numbers": _page_numbers(page), "page_query": asked.query}
        context["elsewhere"] = [each.slug for each in asked.criteria.companies if each.slug not in shown]
        choices = [asked.company_choice(each) for each in page]
        context["facet"] = Facet("company", "Company", choices, page.paginator.count)
    else:
        context["facet"] = asked.facet(name, is_whole=True)
    return render(request, "postings/values.html", context)


@public
def companies(request: HttpRequest) -> HttpResponse:
    """All companies that have live postings, by name, with how many."""
    asked = PostingFilter(QueryDict())
    counts = asked.finding.company_counts
    page = _company_page(request, asked, counts.ids())
    listed = [{"company": each, "number": counts[each.pk]} for each in page]
    context = {
        "filter": asked,
        "page": page,
        "page_numbers": _page_numbers(page),
        "rows": listed,
        "total": page.paginator.count,
    }
    return render(request, "postings/companies.html", context)


def _company_page(request: HttpRequest, asked: PostingFilter, ids: set[int]) -> Page:
    """A page of these companies, by name."""
    in_order = [pk for pk in asked.snapshot.companies_by_name if pk in ids]
    paginator: Paginator[Any] = Paginator(in_order, COMPANIES_PER_PAGE)
    page = paginator.get_page(_page_number(request, asked, paginator))
    companies = asked.snapshot.named_companies(list(page))
    page.object_list = [companies[pk] for pk in page.object_list if pk in companies]
    return page


@public
def suggest(request: HttpRequest) -> JsonResponse:
    """Skills, companies and titles that go on as what is being typed: for the search field, where scripts run."""
    text = clean_text(request.GET.get("q", ""))
    return JsonResponse({"suggestions": suggestions(catalogue.current(), text)})


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
    applying.remember_posting(posting)
    own = reverse("postings:apply", args=[posting.slug])
    context = {
        "posting": posting,
        "similar": _similar_to(posting),
        # For paper, where no link can be followed.
        "apply_address_in_full": f"{settings.SITE_URL}{own}" if settings.SITE_URL else request.build_absolute_uri(own),
    }
    return render(request, "postings/posting_detail.html", context)


@public_form
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """The form that tells the operator what is wrong with a posting, and what becomes of it."""
    response = _report(request, slug)
    response.headers.setdefault("X-Robots-Tag", "noindex")
    if request.method == "POST":
        response.headers["Cache-Control"] = "no-store"
    return response


def _report(request: HttpRequest, slug: str) -> HttpResponse:
    posting = _published(slug)
    if not posting.is_live:
        return _gone(request, posting)
    if request.method != "POST":
        return _report_page(request, posting, reports.ReportForm())
    if not reports.is_from_here(request):
        return render(request, "postings/report_not_from_here.html", status=403)
    if reports.is_too_large(request):
        return render(request, "postings/report_too_large.html", {"posting": posting}, status=413)
    # Whatever encoding the request claims, which may be none that a form can have, or give halves of characters that no
    # database takes: pages are in UTF-8, and so browsers send their forms.
    request.encoding = "utf-8"
    form = reports.ReportForm(request.POST)
    if not form.is_valid():
        return _report_page(request, posting, form, status=422)
    try:
        reports.file(posting, request, form.cleaned_data["reason"], form.cleaned_data["words"])
    except reports.TooMany:
        context = {"most": reports.MOST_OF_A_VISITOR, "posting": posting}
        response = render(request, "postings/report_too_many.html", context, status=429)
        response["Retry-After"] = str(reports.seconds_to_midnight())
        return response
    except Error:
        log.exception("A report of posting %s could not be kept", posting.pk)
        return _report_page(request, posting, form, status=503, is_lost=True)
    return SeeOther(reverse("postings:reported", args=[posting.slug]))


def _report_page(
    request: HttpRequest, posting: Posting, form: reports.ReportForm, status: int = 200, is_lost: bool = False
) -> HttpResponse:
    context = {"posting": posting, "form": form, "is_lost": is_lost}
    return render(request, "postings/report.html", context, status=status)


@public
def reported(request: HttpRequest, slug: str) -> HttpResponse:
    """Thanks: a page of its own, so that loading it again sends nothing again."""
    response = render(request, "postings/reported.html", {"posting": _published(slug)})
    response["X-Robots-Tag"] = "noindex"
    return response


def _similar_to(posting: Posting) -> list[Posting]:
    tags = [link.tag for link in posting.posting_tags.all()]
    snapshot = catalogue.current()
    return rows(snapshot, similar(snapshot, tags, posting.pk, MOST_SIMILAR, posting.company_id))


@public
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Sends the applicant on, and counts it. Nothing but what is stored decides where it goes."""
    if "\0" in slug:
        raise BadRequest("NUL in a posting's name")
    try:
        found = applying.find(slug)
    except Error:
        log.exception("Posting %r: where it leads cannot be read", slug)
        return _unavailable(request)
    if found is None:
        raise Http404(f"no posting {slug!r}")
    if not found.is_live:
        try:
            return _gone(request, _published(slug))
        except Error:
            log.exception("Posting %r: it is over, and what to show instead cannot be read", slug)
            return _unavailable(request)
    try:
        location = applying.location(found.address)
    except addresses.BadAddress as reason:
        # Stored by something that went around the checks: the person is told, nobody is sent astray.
        log.error("Posting %s leads nowhere: %s", found.posting_id, reason)
        raise Http404(f"posting {found.posting_id}: {reason}") from None
    if request.method == "GET":
        clicks.count(found.posting_id, request)
    return ApplyRedirect(location)


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


@public
def about(request: HttpRequest) -> HttpResponse:
    """Who runs the board, what it counts, and how long postings stay; what the settings leave open is left out."""
    context = {
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


def _published(slug: str) -> Posting:
    if "\0" in slug:
        raise BadRequest("NUL in a posting's name")
    try:
        return Posting.objects.ever_shown().for_detail().get(slug=slug)
    except Posting.DoesNotExist:
        raise Http404(f"no posting {slug!r}") from None


def _gone(request: HttpRequest, posting: Posting) -> HttpResponse:
    """410 with a page that helps on."""
    context = {"posting": posting, "similar": _similar_to(posting)}
    response = render(request, "410.html", context, status=410)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store"
    return response


def _unavailable(request: HttpRequest) -> HttpResponse:
    """503: the database cannot be read, and is asked again in a moment."""
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 in the board's own dress, from nothing but the template: whatever broke may still be broken."""
    return HttpResponse(render_to_string("500.html"), status=500, headers={"Cache-Control": "no-store"})
