"""Companies and tags: what postings are filed under."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from postings.admin.base import LinesField, NotedAdmin
from postings.admin.exports import ExportAdmin
from postings.admin.history import HistoryAdmin
from postings.admin.statistics import statistics_link
from postings.models import Company, Tag
from postings.resources import CompanyResource, TagResource, with_live_postings


@admin.register(Company)
class CompanyAdmin(HistoryAdmin, NotedAdmin, ExportAdmin):
    export_resource = CompanyResource
    list_display = ["name", "live_postings", "slug", "statistics"]
    actions = ["export_selected"]
    search_fields = ["name", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return Company.objects.with_posting_counts().order_by("name")

    @admin.display(description="live postings", ordering="postings_live")
    def live_postings(self, company: Any) -> int:
        return company.postings_live

    @admin.display(description="click-throughs")
    def statistics(self, company: Company) -> SafeString:
        return statistics_link(company)


class TagForm(forms.ModelForm):
    spellings = LinesField(
        required=False,
        help_text="Of a skill: what else postings call it, one a line. Then run `manage.py read_facts`.",
    )

    class Meta:
        model = Tag
        fields = ["kind", "name", "code", "slug", "spellings"]


@admin.register(Tag)
class TagAdmin(HistoryAdmin, NotedAdmin, ExportAdmin):
    export_resource = TagResource
    form = TagForm
    list_display = ["name", "kind", "live_postings", "code", "slug", "statistics"]
    list_filter = ["kind"]
    actions = ["export_selected"]
    search_fields = ["name", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_live_postings(super().get_queryset(request)).order_by("kind", "name")

    @admin.display(description="live postings", ordering="postings_live")
    def live_postings(self, tag: Any) -> int:
        return tag.postings_live

    @admin.display(description="click-throughs")
    def statistics(self, tag: Tag) -> SafeString | str:
        return statistics_link(tag) if tag.kind == Tag.Kind.CATEGORY else "–"
