"""The list of postings: its columns, filters and search."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from postings.admin import posting_filters as filters
from postings.admin import searching
from postings.admin.life import IsInState, IsReported, reports_address
from postings.admin.structured_data import IsTold
from postings.models import REPORTS_FOR_REVIEW, Posting, Tag

MOST_NAMES = 3
_KINDS_SHOWN = (Tag.Kind.CATEGORY, Tag.Kind.WORKPLACE, Tag.Kind.COUNTRY)


class InTwoSteps(ChangeList):
    """Finds which postings are on the page by an index that knows their order, and only then reads them: where the list
    is shown, and not for an action or an export of what it would show."""

    queryset: QuerySet

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        # Who acts on the whole list asks for it again, and would look for the same words and tags once more.
        if exclude_parameters is None and hasattr(self, "queryset"):
            return self.queryset.all()
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        of_page = self.result_list
        self.result_list = SimpleLazyObject(lambda: self._read(of_page))

    def _read(self, of_page: QuerySet) -> list[Posting]:
        ids = list(of_page.values_list("pk", flat=True))
        by_id = self.root_queryset.select_related("company").in_bulk(ids)
        return [by_id[pk] for pk in ids if pk in by_id]


class ListAdmin(admin.ModelAdmin):
    """The part of the postings' admin that is their list."""

    list_display = ["posting", "facts", "life", "clicks", "origin", "notes"]
    list_display_links = None
    list_filter = [
        IsInState,
        IsReported,
        filters.OfCompany,
        filters.AtHost,
        filters.FromSource,
        filters.InCategory,
        filters.InCountry,
        filters.AtWorkplace,
        filters.HasSalary,
        filters.IsNamed,
        filters.HasPlace,
        filters.Age,
        filters.End,
        filters.Clicked,
        filters.IsPinned,
        IsTold,
    ]
    search_fields = ["title"]  # for the box; get_search_results says what is looked at
    search_help_text = "Words of title and company, or a part of the address."
    ordering = ["-listed_on", "-id"]
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would count the whole board, a time for each choice
    list_per_page = 50
    list_max_show_all = 0  # no page with everything on it
    actions = ["merge", "export_selected"]  # beside the steps of StepsAdmin

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        return searching.matching(queryset, search_term), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return InTwoSteps

    @admin.display(description="posting", ordering="title")
    def posting(self, posting: Posting) -> SafeString:
        return format_html(
            '<a class="title" href="{}">{}</a><span class="of">{}</span><span class="of">{}</span>',
            reverse("admin:postings_posting_change", args=[posting.pk]),
            posting.title,
            posting.company or "no company",
            posting.place_summary,
        )

    @admin.display(description="facts")
    def facts(self, posting: Posting) -> SafeString:
        """Its pay, and of category, workplace and country the first few."""
        lines = [posting.salary_in_words]
        for kind in _KINDS_SHOWN:
            names = sorted(tag.name for tag in posting.tags_of_kind(kind))
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            lines.append(", ".join(names[:MOST_NAMES]) + more)
        return _lines(lines)

    @admin.display(description="status and age", ordering="listed_on")
    def life(self, posting: Posting) -> SafeString:
        ends = f"ends {posting.expires_at:%Y-%m-%d}" if posting.is_live and posting.expires_at else ""
        return _lines([posting.state, posting.age, ends])

    @admin.display(description="clicks", ordering="clicks")
    def clicks(self, posting: Posting) -> str:
        """Click-throughs by people; the sum over all days is annotated once for the page."""
        return f"{posting.clicks:,}"

    @admin.display(description="from")
    def origin(self, posting: Posting) -> SafeString:
        return _lines([posting.source, posting.apply_host])

    @admin.display(description="notes")
    def notes(self, posting: Posting) -> SafeString:
        """Its open reports, why search engines are not told of it, and what is pinned."""
        pins = ", ".join(Posting.PINNABLE[name] for name in posting.pinned_fields if name in Posting.PINNABLE)
        withheld = posting.get_withheld_display() if posting.is_live else ""
        said = [f"withheld: {withheld}" if withheld else "", f"pinned: {pins}" if pins else ""]
        return _lines([_reports(posting), *said])


def _reports(posting: Posting) -> str:
    if not posting.reports_open:
        return ""
    mark = ", for review" if posting.reports_open >= REPORTS_FOR_REVIEW else ""
    reports = "report" if posting.reports_open == 1 else "reports"
    return format_html('<a href="{}">{} {}{}</a>', reports_address(posting), posting.reports_open, reports, mark)


def _lines(texts: list[str]) -> SafeString:
    return format_html_join("", "<span>{}</span>", ((text,) for text in texts if text))
