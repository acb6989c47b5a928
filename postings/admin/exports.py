"""What a list shows, as a file: a page to choose from, beside each list, and an action for selected rows.

Whoever sees a list and may take the board out (`postings.export_posting`) may export it.
"""

import logging
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from postings import downloads, spreadsheets
from postings.admin.base import UNASKABLE
from postings.models import PostingQuerySet
from postings.resources import BoardResource, PostingResource, ids_of

log = logging.getLogger(__name__)

_MEANINGS = {
    "csv": "for any spreadsheet",
    "xlsx": "for Excel and LibreOffice; made whole before it comes, so of a large board CSV is quicker",
    "json": "for programs: one array, facts as lists",
    "archive": "the files that an import takes, in a .tar.gz, from which it makes the same board",
}


class ExportForm(forms.Form):
    format = forms.ChoiceField(widget=forms.RadioSelect, initial="csv")
    bodies = forms.BooleanField(required=False, label="With the bodies, in Markdown")

    def __init__(self, resource: type[BoardResource], number: int, data: Any = None) -> None:
        super().__init__(data)
        self.number = number
        formats = downloads.FORMATS if resource is PostingResource else downloads.TABLES
        choices = [(key, f"{format.name}: {_MEANINGS[key]}") for key, format in formats.items()]
        cast(forms.ChoiceField, self.fields["format"]).choices = choices
        if not resource.has_bodies:
            del self.fields["bodies"]

    def clean_format(self) -> str:
        chosen: str = self.cleaned_data["format"]
        if chosen == "xlsx" and self.number >= spreadsheets.MOST_ROWS:
            raise forms.ValidationError(f"A sheet holds {spreadsheets.MOST_ROWS - 1:,} rows: take CSV.")
        return chosen


class ExportAdmin(admin.ModelAdmin):
    """The part of a model's admin that lets its rows out, as `export_resource` says them."""

    export_resource: type[BoardResource]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("postings.export_posting")

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With the way to the page, which keeps the filters."""
        if self.has_export_permission(request):
            filters = request.GET.copy()
            filters.pop(PAGE_VAR, None)
            address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")
            extra_context = {"export_address": f"{address}?{filters.urlencode()}", **(extra_context or {})}
        return super().changelist_view(request, extra_context)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Of all that the list shows under the filters in the address."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request)
        except UNASKABLE:
            # As the list itself does, which then says so.
            return HttpResponseRedirect(f"{self._list_address()}?{ERROR_FLAG}=1")
        is_filtered = bool(shown.get_filters_params() or shown.query)
        return self._page_or_file(request, shown.get_queryset(request), {"is_filtered": is_filtered})

    @admin.action(description="Export the selected %(verbose_name_plural)s", permissions=["export"])
    def export_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseBase:
        # What Django's own list sends with an action, so that the page comes back to this one.
        sent = ("action", "select_across", "index", ACTION_CHECKBOX_NAME)
        kept = [(name, value) for name in sent for value in request.POST.getlist(name)]
        return self._page_or_file(request, queryset, {"kept": kept, "is_selected": True})

    def _list_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _page_or_file(self, request: HttpRequest, rows: QuerySet, context: dict[str, Any]) -> HttpResponseBase:
        number = rows.count()
        is_sent = request.method == "POST" and "export" in request.POST
        form = ExportForm(self.export_resource, number, request.POST if is_sent else None)
        if is_sent and form.is_valid():
            return self._file(request, form.cleaned_data, ids_of(rows))
        context |= {
            **self.admin_site.each_context(request),
            "title": f"Export {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "form": form,
            "number": number,
            "list_address": f"{self._list_address()}?{request.GET.urlencode()}",
        }
        if isinstance(rows, PostingQuerySet) and self.export_resource is PostingResource:
            context["number_not_live"] = number - rows.live().count()
        return TemplateResponse(request, "admin/postings/export.html", context)

    def _file(self, request: HttpRequest, chosen: dict[str, Any], ids: Sequence[int]) -> HttpResponseBase:
        format = downloads.FORMATS[chosen["format"]]
        plural = str(self.opts.verbose_name_plural)
        # Who took what out of the house; nothing of it is in the admin's history, for nothing changed.
        log.info("%r exports %s %s as %s", request.user.get_username(), f"{len(ids):,}", plural, format.name)
        pieces = format.make(self.export_resource(with_bodies=chosen.get("bodies", False)), ids)
        name = f"{plural}-{timezone.now():%Y-%m-%d}.{format.ending}"
        disposition = content_disposition_header(as_attachment=True, filename=name)
        headers = {"Content-Disposition": disposition or "attachment", "Cache-Control": "no-store"}
        return StreamingHttpResponse(pieces, content_type=format.content_type, headers=headers)
