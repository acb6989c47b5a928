"""Import runs: what each took, and what it refused; of dry runs, what each would."""

from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from postings.admin.home import IMPORT_DAYS
from postings.admin.uploading import UploadingAdmin, next_run
from postings.models import ImportRun, PlannedFile, Posting
from postings.models.imports import ImportRunQuerySet

ROWS_ON_PAGE = 100
LIKELY = "likely"
_SAID = {
    "created": ("created", "new"),
    "updated": ("updated", "changed"),
    "unchanged": ("unchanged", "unchanged"),
    "refused": ("refused", "refused"),
    "closed": ("closed", "to close"),
    LIKELY: ("", "likely duplicates"),
    "skipped": ("skipped, being no postings", "skipped, being no postings"),
}


class Count(NamedTuple):
    label: str
    number: int
    address: str  # of the rows that are counted; empty where there are none to see
    is_shown: bool


class IsDryRun(admin.SimpleListFilter):
    title = "what"
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("import", "Imports"), ("dry", "Dry runs")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        is_dry_run = {"import": False, "dry": True}.get(self.value() or "")
        return queryset if is_dry_run is None else queryset.filter(is_dry_run=is_dry_run)


class HasEnded(admin.SimpleListFilter):
    """Imports that were stopped or cut off; what they had taken is in, and running them again takes the rest."""

    title = "end"
    parameter_name = "ended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", f"Stopped or cut off in the last {IMPORT_DAYS} days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() != "no":
            return queryset
        return cast(ImportRunQuerySet, queryset).lately(IMPORT_DAYS).broken()


class HasRefused(admin.SimpleListFilter):
    title = "refusals"
    parameter_name = "refusing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("lately", f"Refused something in the last {IMPORT_DAYS} days"), ("yes", "Refused something")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("lately", "yes"):
            return queryset
        refusing = cast(ImportRunQuerySet, queryset).filter(refused__gt=0, is_dry_run=False)
        return refusing.lately(IMPORT_DAYS) if self.value() == "lately" else refusing


@admin.register(ImportRun)
class ImportRunAdmin(UploadingAdmin):
    list_display = ["source", "kind", "how", "counts", "started"]
    list_filter = [IsDryRun, HasRefused, HasEnded, "source"]
    date_hierarchy = "started_at"
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return ImportRun.objects.for_page()

    @admin.display(description="what")
    def kind(self, run: ImportRun) -> str:
        of = f" of {run.upload}" if run.upload else ""
        return f"{'dry run' if run.is_dry_run else 'import'}{of}"

    @admin.display(description="how it went")
    def how(self, run: ImportRun) -> str:
        return run.state_in_words

    @admin.display(description="counts")
    def counts(self, run: ImportRun) -> str:
        return ", ".join(f"{count.number:,} {count.label}" for count in _counts(run))

    @admin.display(description="started (UTC)", ordering="started_at")
    def started(self, run: ImportRun) -> str:
        return f"{run.started_at:%Y-%m-%d %H:%M}"

    # --- A run's page -------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        run = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        if run is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        outcome = request.GET.get("outcome", "")
        rows = _rows(run, outcome)
        page = Paginator(rows, ROWS_ON_PAGE).get_page(request.GET.get("p"))
        likely = run.planned_files.filter(has_likely=True).count() if run.is_dry_run else 0
        following = next_run(run) if self.has_add_permission(request) else None
        others = ImportRun.objects.for_page().filter(upload=run.upload).exclude(pk=run.pk) if run.upload else []
        context = {
            **self.admin_site.each_context(request),
            "title": f"{'Dry run' if run.is_dry_run else 'Import'} of {run.upload or run.source}",
            "opts": self.opts,
            "run": run,
            "counts": _counts(run, outcome, likely),
            "would_change": run.created + run.updated + run.closed,
            "following": following,
            "is_kept": run.upload is not None and run.upload.cleared_at is None,
            "may_add": self.has_add_permission(request),
            "others": others,
            "page": page,
            "pages": page.paginator.get_elided_page_range(page.number),
            "query": urlencode({"outcome": outcome}) if outcome else "",
            "postings_address": f"{reverse('admin:postings_posting_changelist')}?{urlencode({'source': run.source})}",
        }
        if run.is_dry_run:
            _link(page)
        return TemplateResponse(request, "admin/postings/importrun/run.html", context)


def _rows(run: ImportRun, outcome: str) -> QuerySet:
    if not run.is_dry_run:
        return run.refused_files.order_by("pk")
    rows = run.planned_files.order_by("pk")
    if outcome == LIKELY:
        return rows.filter(has_likely=True)
    return rows.filter(outcome=outcome) if outcome in PlannedFile.Outcome.values else rows


def _counts(run: ImportRun, outcome: str = "", likely: int = 0) -> list[Count]:
    """`likely`: how many have likely duplicates."""
    counts = []
    for name, labels in _SAID.items():
        number = likely if name == LIKELY else getattr(run, name)
        # What was not asked for, and what seldom comes, is named where there is some.
        if not number and name in ("closed", "skipped", LIKELY) and not (name == "closed" and run.close_missing):
            continue
        has_rows = run.is_dry_run and number and name not in ("unchanged", "skipped")
        address = f"?{urlencode({'outcome': name})}" if has_rows else ""
        counts.append(Count(labels[run.is_dry_run], number, address, bool(has_rows) and name == outcome))
    return counts


def _link(page: Page) -> None:
    """Gives each row the key of the posting that has its name by now, if any: one query."""
    slugs = {row.slug for row in page.object_list if row.slug}
    found = dict(Posting.objects.filter(slug__in=slugs).values_list("slug", "pk")) if slugs else {}
    for row in page.object_list:
        row.posting_id = found.get(row.slug)
