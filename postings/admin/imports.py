"""Import runs: what each took, and what it refused."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from postings.admin.base import ReadOnlyAdmin
from postings.admin.home import IMPORT_DAYS
from postings.models import ImportRun, RefusedFile


class RefusedFileInline(admin.TabularInline):
    model = RefusedFile
    fields = ["path", "reason"]
    readonly_fields = ["path", "reason"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HasRefused(admin.SimpleListFilter):
    title = "refusals"
    parameter_name = "refusing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("lately", f"Refused something in the last {IMPORT_DAYS} days"), ("yes", "Refused something")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("lately", "yes"):
            return queryset
        refusing = queryset.filter(refused__gt=0)
        since = timezone.now() - dt.timedelta(days=IMPORT_DAYS)
        return refusing.filter(started_at__gte=since) if self.value() == "lately" else refusing


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ["source", "started_at", "took", "created", "updated", "unchanged", "refused", "closed"]
    list_filter = [HasRefused, "source"]
    date_hierarchy = "started_at"
    inlines = [RefusedFileInline]
    fields = [
        "source", "started_at", "took", "created", "updated", "unchanged", "refused", "closed", "skipped", "postings",
    ]  # fmt: skip

    @admin.display(description="took")
    def took(self, run: ImportRun) -> str:
        if run.finished_at is None:
            return "not finished: it still runs, or was cut off"
        return f"{(run.finished_at - run.started_at).total_seconds():,.1f} seconds"

    @admin.display(description="postings")
    def postings(self, run: ImportRun) -> SafeString:
        url = reverse("admin:postings_posting_changelist")
        return format_html('<a href="{}?{}">Postings of this source</a>', url, urlencode({"source": run.source}))
