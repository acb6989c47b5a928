"""What visitors reported: a queue to go through, open ones first."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from postings import reports
from postings.admin.base import NotedAdmin
from postings.admin.exports import ExportAdmin
from postings.models import Posting, Report
from postings.resources import ReportResource

CHARACTERS_IN_LIST = 160


class IsSettled(admin.SimpleListFilter):
    title = "state"
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Open"), ("yes", "Settled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        is_open = {"no": True, "yes": False}.get(self.value() or "")
        return queryset if is_open is None else queryset.filter(settled_at__isnull=is_open)


@admin.register(Report)
class ReportAdmin(NotedAdmin, ExportAdmin):
    """Looked at and settled, by actions; what a visitor wrote is not edited."""

    export_resource = ReportResource

    list_display = ["about", "reason", "said", "when", "number_open", "state"]
    list_display_links = ["reason"]
    list_filter = [IsSettled, "reason"]
    list_select_related = ["posting__company", "settled_by"]
    search_fields = ["posting__title", "posting__company__name", "words"]
    search_help_text = "Title, company, or what the visitor wrote."
    ordering = [F("settled_at").desc(nulls_first=True), "-created_at", "-pk"]
    list_per_page = 50
    actions = ["settle", "close_postings", "export_selected"]
    fields = readonly_fields = ("about", "reason", "words", "when", "number_open", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # The hashes of visitor and network tell an operator nothing and stay where they are.
        counted = Report.objects.annotate(posting_open=Report.objects.number_open(of=OuterRef("posting_id")))
        return counted.defer("visitor", "network", "posting__body_markdown", "posting__body_html")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To settle, which is done from the list; a single one has nothing that could be edited."""
        return obj is None and super().has_change_permission(request)

    def has_close_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and request.user.has_perm("postings.change_posting")

    # --- Columns ------------------------------------------------------------------------------------

    @admin.display(description="posting", ordering="posting__title")
    def about(self, report: Report) -> SafeString:
        posting = report.posting
        change = reverse("admin:postings_posting_change", args=[posting.pk])
        company = f" at {posting.company}" if posting.company else ""
        if posting.status == Posting.Status.DRAFT:
            return format_html('<a href="{}">{}</a>{} ({})', change, posting, company, posting.state)
        return format_html(
            '<a href="{}">{}</a>{} ({}, <a href="{}">view</a>)',
            change,
            posting,
            company,
            posting.state,
            posting.get_absolute_url(),
        )

    @admin.display(description="words")
    def said(self, report: Report) -> str:
        return Truncator(report.words).chars(CHARACTERS_IN_LIST)

    @admin.display(description="when (UTC)", ordering="created_at")
    def when(self, report: Report) -> str:
        return f"{report.created_at:%Y-%m-%d %H:%M}"

    @admin.display(description="open now", ordering="posting_open")
    def number_open(self, report: Any) -> int:
        return report.posting_open

    @admin.display(description="state", ordering="settled_at")
    def state(self, report: Report) -> str:
        if not report.settled_at:
            return "open"
        by = f" by {report.settled_by}" if report.settled_by else ""
        return f"settled {report.settled_at:%Y-%m-%d %H:%M}{by}"

    # --- Actions ------------------------------------------------------------------------------------

    @admin.action(description="Settle the selected reports: nothing wrong", permissions=["change"])
    def settle(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.message_user(request, f"{reports.settle(queryset, request.user):,} settled.", messages.SUCCESS)

    @admin.action(description="Close their postings and settle", permissions=["close"])
    def close_postings(self, request: HttpRequest, queryset: QuerySet) -> None:
        closed, settled = reports.close_and_settle(queryset, request.user)
        postings = "posting" if closed == 1 else "postings"
        self.message_user(request, f"{closed:,} {postings} closed, {settled:,} settled.", messages.SUCCESS)
