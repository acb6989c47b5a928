"""What an operator does about a posting's life: close, publish or reopen, extend; from the list and from its page."""

from collections import Counter
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from postings import life
from postings.admin.base import NotedAdmin, noted_together, only_by
from postings.models import REPORTS_FOR_REVIEW, Posting, PostingQuerySet, Report

# --- The steps of a posting's life, in words --------------------------------------------------------

FROM_THE_LIST, FROM_THE_PAGE = "from the list", "from its page"


def _close(postings: PostingQuerySet, user: Any, where: str) -> tuple[int, str]:
    return messages.SUCCESS, f"{life.close(postings, user, where):,} closed."


def _reopen(postings: PostingQuerySet, user: Any, where: str) -> tuple[int, str]:
    done = life.reopen(postings, user, where)
    also = f" {done.renewed:,} of them had expired and got a new end." if done.renewed else ""
    return messages.SUCCESS, f"{done.number:,} published.{also}"


def _extend(postings: PostingQuerySet, user: Any, where: str) -> tuple[int, str]:
    done = life.extend(postings, user, where)
    said = f"{done.number:,} extended by {life.days_more()} days."
    if done.closed:
        said += f" {done.closed:,} of them {_is_or_are(done.closed)} closed, which extending does not change: reopen."
    if done.endless:
        said += f" {done.endless:,} without an end {'was' if done.endless == 1 else 'were'} left alone."
    return (messages.SUCCESS if done.number and not done.closed else messages.WARNING), said


def _is_or_are(number: int) -> str:
    return "is" if number == 1 else "are"


STEPS: dict[str, Callable[[PostingQuerySet, Any, str], tuple[int, str]]] = {
    "close": _close,
    "reopen": _reopen,
    "extend": _extend,
}


def _steps_for(posting: Posting) -> list[tuple[str, str]]:
    """The steps that would change something about a posting, with what their buttons say."""
    steps = []
    if not posting.is_live and not posting.merged_into_id:
        steps.append(("reopen", "Publish posting" if posting.status == Posting.Status.DRAFT else "Reopen posting"))
    if posting.expires_at:
        steps.append(("extend", f"Extend by {life.days_more()} days"))
    if posting.status != Posting.Status.CLOSED:
        steps.append(("close", "Close posting"))
    return steps


# --- Filters ----------------------------------------------------------------------------------------


class IsInState(admin.SimpleListFilter):
    """As the column says it: what is past its end is not called live."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("live", "Live: visitors see it"),
            ("expired", "Expired: past its end, not closed yet"),
            ("closed", "Closed"),
            ("draft", "Draft: not shown yet"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        postings = cast(PostingQuerySet, queryset)
        value = self.value() or ""
        if value in ("live", "expired"):
            return postings.live() if value == "live" else postings.expired()
        return postings.filter(status=value) if value in ("closed", "draft") else postings


class IsReported(admin.SimpleListFilter):
    title = "reported"
    parameter_name = "reported"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("review", f"For review: {REPORTS_FOR_REVIEW} or more open"), ("open", "Any open report")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        postings = cast(PostingQuerySet, queryset)
        match self.value():
            case "review":
                return postings.for_review()
            case "open":
                return postings.reported()
        return postings


# --- Columns, actions and buttons -------------------------------------------------------------------


def reports_address(posting: Posting) -> str:
    """The open reports of one posting in the admin."""
    return f"{reverse('admin:postings_report_changelist')}?{urlencode({'posting': posting.pk, 'settled': 'no'})}"


class LifeAdmin(NotedAdmin):
    """The part of the postings' admin that is about their life."""

    change_form_template = "admin/postings/posting/change_form.html"

    @admin.display(description="status", ordering="status")
    def state(self, posting: Posting) -> str:
        return posting.state

    @admin.display(description="open reports")
    def report_reasons(self, posting: Posting) -> str | SafeString:
        """What they say is wrong, and the way to them."""
        counted = Counter(posting.reports.open().values_list("reason", flat=True)) if posting.pk else Counter()
        if not counted:
            return "none"
        said = ", ".join(f"{counted[reason]} × “{label}”" for reason, label in Report.Reason.choices if counted[reason])
        return format_html('{} – <a href="{}">see them</a>', said, reports_address(posting))

    def _take_step(self, request: HttpRequest, step: str, postings: PostingQuerySet, where: str) -> None:
        level, sentence = STEPS[step](postings, request.user, where)
        self.message_user(request, sentence, level)

    # --- The same for one, on its page --------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/<str:step>/now/", view, name="postings_posting_step"), *super().get_urls()]

    @only_by("POST")
    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """Closes, reopens or extends one posting: what the buttons at the top of its page send."""
        if step not in STEPS:
            raise Http404(f"no step {step!r}")
        with noted_together(request):
            posting = get_object_or_404(Posting, pk=pk)
            if not self.has_change_permission(request, posting):
                raise PermissionDenied
            self._take_step(request, step, Posting.objects.filter(pk=pk), FROM_THE_PAGE)
        return HttpResponseRedirect(reverse("admin:postings_posting_change", args=[pk]))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        if obj and self.has_change_permission(request, obj):
            context["steps"] = [
                (reverse("admin:postings_posting_step", args=[obj.pk, step]), label) for step, label in _steps_for(obj)
            ]
        if obj:
            context["is_for_review"] = obj.reports_open >= REPORTS_FOR_REVIEW
            context["review_reasons"] = self.report_reasons(obj) if context["is_for_review"] else ""
        return super().render_change_form(request, context, *args, **kwargs)
