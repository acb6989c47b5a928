"""One posting: its page, the way to apply, and the form that reports it."""

import logging

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import BadRequest
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from postings import (
    addresses,
    applying,
    catalogue,
    clicks,
    crumbs,
    exporting,
    heads,
    reports,
    shown,
    structured_data,
    twins,
)
from postings.duplicates import merging
from postings.finding import similar
from postings.links import absolute, of_host, path
from postings.middleware import answer_if_away
from postings.models import Posting
from postings.rows import Row, rows
from postings.views.answers import ApplyRedirect, SeeOther, kept, public, public_form, unavailable

log = logging.getLogger(__name__)

MOST_SIMILAR = 5


@kept
def posting_detail(request: HttpRequest, slug: str) -> HttpResponse:
    posting = shown.at(_readable(slug))
    if posting is None:
        if not _may_see_drafts(request):
            raise Http404(f"no posting {slug!r}")
        return _draft(request, slug)
    snapshot = catalogue.current()
    shown.read_links(posting, snapshot)
    if not posting.is_live:
        return _over(request, posting, "postings:detail", snapshot)
    applying.remember_posting(posting)
    job = structured_data.job_posting(posting)
    way = crumbs.to_posting(posting)
    complete = of_host(request)
    breadcrumbs = structured_data.breadcrumb_list(way, complete)
    context = {
        "posting": posting,
        "head": heads.of_posting(posting),
        "is_unpublished": False,
        "similar": _similar_to(posting, snapshot),
        "crumbs": way,
        "structured_data": [job, breadcrumbs] if job else [breadcrumbs],
        # For paper, where no link can be followed.
        "apply_address_in_full": complete(path("postings:apply", posting.slug)),
    }
    return render(request, "postings/posting_detail.html", context)


def _may_see_drafts(request: HttpRequest) -> bool:
    """Asked where a visitor finds nothing, draft or not: so nobody learns from the answer's headers which it was.

    Who brings no session is not looked at, and the answer does not vary by cookies.
    """
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    rights = ("postings.view_posting", "postings.change_posting")
    return admin.site.has_permission(request) and any(request.user.has_perm(right) for right in rights)


def _draft(request: HttpRequest, slug: str) -> HttpResponse:
    """A draft's page, for staff: as it will be, but that nothing on it is counted, told to machines or leads on."""
    posting = get_object_or_404(Posting.objects.for_detail(), slug=slug, status=Posting.Status.DRAFT)
    context = {
        "posting": posting,
        "head": heads.of_unpublished(posting),
        "is_unpublished": True,
        "mark": "Draft: only staff sees this page.",
        "meaning": "Everybody else is told that there is none.",
        "edit_address": reverse("admin:postings_posting_change", args=[posting.pk]),
        "notes": [],
    }
    response = render(request, "postings/posting_unpublished.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "private, no-store"
    return response


@kept
def posting_markdown(request: HttpRequest, slug: str) -> HttpResponse:
    """The posting in the layout that it came in."""
    posting = _published(slug)
    if not posting.is_live:
        return _over(request, posting, "postings:posting_markdown")
    response = HttpResponse(exporting.as_markdown(posting), content_type="text/markdown; charset=utf-8")
    page = reverse("postings:detail", args=[twins.find(posting).original_slug])
    response["Link"] = f'<{absolute(request, page)}>; rel="canonical"'
    response["X-Robots-Tag"] = "noindex"
    return response


@public
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Sends the applicant on, and counts it. Nothing but what is stored decides where it goes."""
    try:
        found = applying.find(_readable(slug))
    except Error as error:
        return _unread(request, error, slug)
    if found is None:
        raise Http404(f"no posting {slug!r}")
    if not found.is_live:
        try:
            return _over(request, _published(slug), "postings:apply")
        except Error as error:
            return _unread(request, error, slug)
    try:
        location = applying.location(found.address)
    except addresses.BadAddress as reason:
        # Stored by something that went around the checks: the person is told, nobody is sent astray.
        log.error("Posting %s leads nowhere: %s", found.posting_id, reason)
        raise Http404(f"posting {found.posting_id}: {reason}") from None
    if request.method == "GET":
        clicks.count(found.posting_id, request)
    return ApplyRedirect(location)


def _unread(request: HttpRequest, error: Error, slug: str) -> HttpResponse:
    """An applicant is told to come back, whatever was wrong with reading where to go."""
    if answer := answer_if_away(request, error):
        return answer
    log.error("Posting %r: where it leads cannot be read", slug, exc_info=error)
    return unavailable(request)


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
        return _over(request, posting, "postings:report")
    if request.method != "POST":
        return _report_page(request, posting, reports.ReportForm())
    if not reports.is_from_here(request):
        return render(request, "postings/report_not_from_here.html", status=403)
    if reports.is_too_large(request):
        return render(request, "postings/report_too_large.html", {"posting": posting}, status=413)
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
    context = {
        "head": heads.of_report(posting, bool(form.errors)),
        "posting": posting,
        "form": form,
        "is_lost": is_lost,
    }
    return render(request, "postings/report.html", context, status=status)


@public
def reported(request: HttpRequest, slug: str) -> HttpResponse:
    """Thanks: a page of its own, so that loading it again sends nothing again."""
    posting = _published(slug)
    response = render(request, "postings/reported.html", {"head": heads.of_thanks(posting), "posting": posting})
    response["X-Robots-Tag"] = "noindex"
    return response


def _readable(slug: str) -> str:
    if "\0" in slug:
        raise BadRequest("NUL in a posting's name")
    return slug


def _published(slug: str) -> Posting:
    try:
        return Posting.objects.ever_shown().for_detail().get(slug=_readable(slug))
    except Posting.DoesNotExist:
        raise Http404(f"no posting {slug!r}") from None


def _over(
    request: HttpRequest, posting: Posting, page: str, snapshot: catalogue.Snapshot | None = None
) -> HttpResponse:
    """What is no longer live: where an operator merged it into another, the way to the same page of that one."""
    slug = merging.stands_for(posting)
    if slug is None:
        return _gone(request, posting, snapshot or catalogue.current())
    response = HttpResponsePermanentRedirect(reverse(page, args=[slug]))
    # Asked for anew each time, for they may be taken apart again.
    response["Cache-Control"] = "no-cache"
    if page != "postings:detail":
        response["X-Robots-Tag"] = "noindex"
    return response


def _gone(request: HttpRequest, posting: Posting, snapshot: catalogue.Snapshot) -> HttpResponse:
    """410 with a page that helps on."""
    context = {"posting": posting, "similar": _similar_to(posting, snapshot)}
    response = render(request, "410.html", context, status=410)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store"
    return response


def _similar_to(posting: Posting, snapshot: catalogue.Snapshot) -> list[Row]:
    tags = [link.tag for link in posting.links]
    return rows(snapshot, similar(snapshot, tags, posting.pk, MOST_SIMILAR, posting.company_id))
