"""The list of postings: its columns, filters and search."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from postings.admin.life import IsInState, IsReported
from postings.admin.structured_data import IsTold
from postings.models import Posting, PostingTag, Tag


class IsPinned(admin.SimpleListFilter):
    title = "pinned"
    parameter_name = "pinned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Has pinned fields"), ("no", "Nothing pinned")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        nothing = Q(pinned_fields=[])
        return {"yes": queryset.exclude(nothing), "no": queryset.filter(nothing)}.get(self.value() or "", queryset)


class InCategory(admin.SimpleListFilter):
    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Tag.objects.filter(kind=Tag.Kind.CATEGORY).values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        tagged = PostingTag.objects.filter(tag__kind=Tag.Kind.CATEGORY, tag__slug=self.value())
        return queryset.filter(pk__in=tagged.values("posting"))


class ListAdmin(admin.ModelAdmin):
    """The part of the postings' admin that is their list."""

    list_display = [
        "title",
        "company",
        "state",
        "told",
        "reports",
        "published",
        "clicks",
        "place_short",
        "source",
        "pins",
    ]
    list_filter = [
        IsInState,
        IsReported,
        IsTold,
        "source",
        InCategory,
        ("company", admin.EmptyFieldListFilter),
        IsPinned,
    ]
    list_select_related = ["company"]
    search_fields = ["title", "company__name", "slug"]
    search_help_text = "Title, company or name in the address."
    date_hierarchy = "listed_on"
    ordering = ["-listed_on", "-id"]
    show_full_result_count = False
    list_per_page = 50
    actions = ["close", "publish", "extend", "export_selected"]

    @admin.display(description="place", ordering="place")
    def place_short(self, posting: Posting) -> str:
        return posting.place_summary

    @admin.display(description="published", ordering="listed_on")
    def published(self, posting: Posting) -> str:
        return posting.published

    @admin.display(description="clicks", ordering="clicks")
    def clicks(self, posting: Posting) -> int:
        """Click-throughs by people; the sum over all days is annotated once for the page."""
        return posting.clicks

    @admin.display(description="pinned")
    def pins(self, posting: Posting) -> str:
        return ", ".join(Posting.PINNABLE[name] for name in posting.pinned_fields if name in Posting.PINNABLE)
