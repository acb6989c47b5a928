"""The history of a posting, company or tag: what changed, by whom and why, and the way back."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.contrib.admin.utils import label_for_field, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from postings import history, history_differences, reverting
from postings.admin.base import ReadOnlyAdmin, is_key
from postings.history_differences import NOTHING, Difference, in_words
from postings.models import Posting

ROWS_PER_PAGE = 50
ACTS_SHOWN = 100
_KINDS = {"+": "created", "~": "changed", "-": "deleted"}


class Entry(NamedTuple):
    """A row of a history with what differs from the one before it."""

    row: Any
    kind: str
    differences: Sequence[Difference]
    is_last: bool


class HistoryAdmin(admin.ModelAdmin):
    """The history of what a model's admin edits, deleted things included."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revert_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_revert"
        return [path("<int:pk>/history/<int:row>/", view, name=name), *super().get_urls()]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        key = int(unquote(object_id)) if is_key(unquote(object_id)) else 0
        obj = self.model._default_manager.filter(pk=key).first()
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        rows = self._rows(key)
        page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
        if not page.paginator.count and obj is None:
            raise Http404(f"no {self.opts.model_name} {object_id!r}")
        acts = LogEntry.objects.filter(content_type=get_content_type_for_model(self.model), object_id=str(key))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj or page.object_list[0]}",
            "opts": self.opts,
            "object": obj,
            "page_obj": page,
            "entries": self._entries(page),
            "acts": acts.select_related("user").order_by("-action_time")[:ACTS_SHOWN],
            "can_revert": self._may_revert(request, obj),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/postings/history.html", context)

    def revert_view(self, request: HttpRequest, pk: int, row: int) -> HttpResponse:
        """What taking it back would change; and, by POST, takes it back."""
        wanted = self._rows(pk).filter(history_id=row).first()
        if wanted is None or wanted.history_type == "-":
            raise Http404(f"no row {row} to go back to")
        obj = self.model._default_manager.filter(pk=pk).first()
        if not self._may_revert(request, obj):
            raise PermissionDenied
        last = self._rows(pk).first()
        # What is confirmed is what was shown; where somebody wrote in between, the question is asked again.
        is_asked_again = request.method == "POST" and request.POST.get("seen") != str(last.history_id)
        if request.method == "POST" and not is_asked_again:
            return self._revert(request, wanted)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Take back {wanted.instance}",
            "opts": self.opts,
            "object": obj,
            "key": pk,
            "row": wanted,
            "last": last,
            "is_asked_again": is_asked_again,
            "differences": self.differences_of([wanted, last])[0],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/postings/revert.html", context)

    def _revert(self, request: HttpRequest, row: Any) -> HttpResponse:
        own_history = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=[row.id])
        try:
            thing, said = self.revert(request, row)
        except reverting.NotReverted as reason:
            self.message_user(request, str(reason), messages.ERROR)
            return HttpResponseRedirect(own_history)
        sentence = f"{thing} is what it was on {row.history_date:%Y-%m-%d %H:%M} UTC."
        self.message_user(request, " ".join([sentence, *filter(None, said)]), messages.SUCCESS)
        return HttpResponseRedirect(own_history)

    def _may_revert(self, request: HttpRequest, obj: Any) -> bool:
        """What is there is changed; what was deleted is added again."""
        return self.has_change_permission(request, obj) and (obj is not None or self.has_add_permission(request))

    def _rows(self, key: int) -> Any:
        return self.model.history.filter(id=key).select_related("history_user").order_by("-history_id")

    def _entries(self, page: Page) -> list[Entry]:
        rows = list(page.object_list)
        # What the last one on the page is compared with stands on the next.
        older = self._rows(rows[-1].id).filter(history_id__lt=rows[-1].history_id).first() if rows else None
        found = self.differences_of([*rows, older] if older else rows)
        is_first_page = page.number == 1
        return [
            Entry(
                row,
                _KINDS[row.history_type],
                [] if row.history_type != "~" else differing,
                is_first_page and not number,
            )
            for number, (row, differing) in enumerate(zip(rows, [*found, []], strict=False))
        ]

    # --- What a kind of thing says and does for itself ----------------------------------------------

    def differences_of(self, rows: Sequence[Any]) -> list[list[Difference]]:
        """Between each of these, newest first, and the one after it: what it was before, and became."""
        return [
            [
                Difference(str(label_for_field(change.field, self.model)), in_words(change.old), in_words(change.new))
                for change in new.diff_against(old).changes
            ]
            for new, old in pairwise(rows)
        ]

    def revert(self, request: HttpRequest, row: Any) -> tuple[Any, list[str]]:
        """Makes it what the row says; and sentences on what could not be. Raises reverting.NotReverted."""
        thing = row.instance
        thing._state.adding = not self.model._default_manager.filter(pk=thing.pk).exists()
        try:
            thing.full_clean()
        except ValidationError as error:
            raise reverting.NotReverted(f"Not taken back: {' '.join(error.messages)}") from error
        reason = reverting.reason_of(row)
        with transaction.atomic(), history.because(reason, request.user):
            thing.save()
            self.log_change(request, thing, reason)
        return thing, []


class PostingHistoryAdmin(HistoryAdmin):
    """The part of the postings' admin that is their history."""

    def differences_of(self, rows: Sequence[Any]) -> list[list[Difference]]:
        reader = history_differences.Reader(rows)
        return [reader.differences(old, new) for new, old in pairwise(rows)]

    def revert(self, request: HttpRequest, row: Any) -> tuple[Any, list[str]]:
        return reverting.revert(row, request.user)


def _called(title: str, kind: type[admin.FieldListFilter]) -> Any:
    """A filter under the name that its column has."""

    class Called(kind):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return Called


@admin.register(Posting.history.model)
class ChangeAdmin(ReadOnlyAdmin):
    """All changes of all postings, newest first: where what was deleted is found."""

    list_display = ["when", "what", "posting", "reason", "who"]
    list_display_links = None
    list_filter = [
        ("history_type", _called("what", admin.ChoicesFieldListFilter)),
        ("history_user", _called("who", admin.RelatedOnlyFieldListFilter)),
        ("history_date", _called("when", admin.DateFieldListFilter)),
    ]
    show_facets = admin.ShowFacets.NEVER
    ordering = ["-history_id"]
    list_select_related = ["history_user"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .only(
                "history_id",
                "history_date",
                "history_type",
                "history_change_reason",
                "history_user__username",
                "id",
                "title",
            )
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A single row is looked at in its posting's history."""
        return obj is None and super().has_view_permission(request)

    @admin.display(description="when (UTC)", ordering="history_id")
    def when(self, row: Any) -> str:
        return f"{row.history_date:%Y-%m-%d %H:%M}"

    @admin.display(description="what")
    def what(self, row: Any) -> str:
        return _KINDS[row.history_type]

    @admin.display(description="posting")
    def posting(self, row: Any) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:postings_posting_history", args=[row.id]), row.title)

    @admin.display(description="why")
    def reason(self, row: Any) -> str:
        return row.history_change_reason or NOTHING

    @admin.display(description="who")
    def who(self, row: Any) -> str:
        return str(row.history_user) if row.history_user else NOTHING
