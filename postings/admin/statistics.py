"""The operator's statistics of click-throughs; a posting's own figures are in `figures`."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from postings import figures, statistics, visitors
from postings.admin.base import ReadOnlyAdmin
from postings.models import DailyClicks
from postings.statistics import Scope


@admin.register(DailyClicks)
class DailyClicksAdmin(ReadOnlyAdmin):
    """One page: there is nothing to see in a single row."""

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.statistics_view)
        return [path("", page, name="postings_dailyclicks_changelist")]

    def statistics_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = visitors.today()
        asked = statistics.ask(request.GET.dict(), today)
        scope, span = asked.scope, asked.span
        name = f"click-throughs {scope.key.replace(':', ' ')}".strip()
        match request.GET.get("format"):
            case "csv":
                return figures.csv_answer(statistics.posting_period_rows(scope, span, today), f"{name} by {span.by}")
            case "csv-postings":
                return figures.csv_answer(statistics.ranking_rows(scope, span), f"{name} by posting")
        ages = statistics.ages(scope, span)
        context = {
            **self.admin_site.each_context(request),
            **figures.context(asked, today),
            "title": self.model._meta.verbose_name_plural.capitalize(),
            "subtitle": str(scope) if scope.thing else None,
            "opts": self.model._meta,
            # Of a single posting there is nothing to rank.
            "rankings": statistics.rankings(scope, span, today) if scope.kind != "posting" else None,
            "ranking_address": figures.address(asked, format="csv-postings"),
            "span_query": urlencode({"span": span.key}),
            "ages": ages,
            "age_chart": figures.chart_of_ages(ages),
            "meaning_of_age": statistics.MEANING_OF_AGE,
        }
        return TemplateResponse(request, "admin/postings/dailyclicks/change_list.html", context)


def statistics_link(thing: Any) -> SafeString:
    """The way from a posting, company or category to its figures."""
    address = reverse("admin:postings_dailyclicks_changelist")
    return format_html('<a href="{}?of={}">Statistics</a>', address, Scope(thing).key)
