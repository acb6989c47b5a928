"""Merging on the pages of postings: from the list, and on a posting's page what was merged and the way back."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from postings import duplicates
from postings.admin.base import NotedAdmin, noted_together, only_by
from postings.admin.duplicates import may_merge
from postings.duplicates import merging
from postings.models import Merge, Posting

_NAMED_BY = ("title", "slug")


class MergesAdmin(NotedAdmin):
    """The part of the postings' admin that is about merging."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.take_apart_view)
        return [path("<int:pk>/take-apart/", view, name="postings_posting_take_apart"), *super().get_urls()]

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return may_merge(request)

    @admin.action(description="Merge the selected postings", permissions=["merge"])
    def merge(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        """Leads to the page that says what it would do."""
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[: merging.MOST_AT_ONCE + 1])
        address = reverse("admin:postings_likeness_merge")
        return HttpResponseRedirect(f"{address}?{urlencode({'ids': ','.join(map(str, ids))}, safe=',')}")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        posting = kwargs.get("obj")
        if posting and (posting.merged_into_id or posting.is_kept):
            merges = list(
                Merge.objects.filter(Q(kept=posting) | Q(merged=posting))
                .select_related("kept", "merged", "by")
                .only("at", "by__username", *(f"{side}__{name}" for side in ("kept", "merged") for name in _NAMED_BY))
            )
            context["merge"] = next((each for each in merges if each.merged_id == posting.pk), None)
            context["merged_here"] = [each for each in merges if each.kept_id == posting.pk]
            context["may_take_apart"] = may_merge(request)
        return super().render_change_form(request, context, *args, **kwargs)

    @only_by("POST")
    def take_apart_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not may_merge(request):
            raise PermissionDenied
        get_object_or_404(Posting.objects.only("pk"), pk=pk)
        try:
            with noted_together(request):
                done = duplicates.take_apart(pk, request.user)
        except duplicates.Refused as reason:
            self.message_user(request, f"Nothing was taken apart. {reason}", messages.ERROR)
        else:
            left = f" Edited since, and so left as it is: {', '.join(done.left)}." if done.left else ""
            level = messages.WARNING if done.left else messages.SUCCESS
            self.message_user(request, f"Taken apart from “{done.kept}”.{left}", level)
        return HttpResponseRedirect(reverse("admin:postings_posting_change", args=[pk]))
