"""Which postings search engines are told of, and what is missing in the others."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from postings import structured_data
from postings.models import Posting, PostingQuerySet


class IsTold(admin.SimpleListFilter):
    """Of live postings alone: the pages of others are gone, and tell nothing."""

    title = "structured data"
    parameter_name = "told"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        why = [(value, f"Withheld: {label}") for value, label in Posting.Withheld.choices]
        return [("yes", "On its page"), ("no", "Withheld"), *why]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        live, value = cast(PostingQuerySet, queryset).live(), self.value() or ""
        if value == "no":
            # Each by its name: the index knows where these stand, but not where another one does not.
            return live.filter(withheld__in=Posting.Withheld.values)
        if value == "yes" or value in Posting.Withheld.values:
            return live.filter(withheld="" if value == "yes" else value)
        return queryset


class StructuredDataAdmin(admin.ModelAdmin):
    """The part of the postings' admin that is about what search engines are told."""

    @admin.display(description="structured data")
    def told(self, posting: Posting) -> str:
        if not posting.is_live:
            return "–"
        return posting.get_withheld_display() or "yes"

    @admin.display(description="structured data")
    def told_in_full(self, posting: Posting) -> str:
        """All that is missing, not only what the column names first. For one posting: it reads its tags."""
        if not posting.pk or not posting.is_live:
            return "–"
        found = structured_data.reasons(structured_data.basis_of(posting))
        if not found:
            return "On its page: search engines are told of it."
        return " ".join(["Withheld.", *(structured_data.TO_DO[reason] for reason in found)])
