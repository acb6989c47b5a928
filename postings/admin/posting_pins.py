"""Pins, one click each: what a field's buttons on a posting's page do, at once and without saving the form."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from postings import pinning
from postings.admin.base import noted_together, only_by
from postings.models import Posting

DEEDS: dict[str, Callable[[Posting, str, Any], str]] = {
    "pin": pinning.pin,
    "unpin": pinning.unpin,
    "take": pinning.take,
}


class PinsAdmin(admin.ModelAdmin):
    """The part of the postings' admin that is about their pins."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pin_view)
        return [path("<int:pk>/pins/", view, name="postings_posting_pins"), *super().get_urls()]

    @only_by("POST")
    def pin_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Does what a button says: `do` is the deed and the field's name, with a blank between them."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        deed, _, name = request.POST.get("do", "").partition(" ")
        if deed not in DEEDS or name not in (pinning.READ if deed == "take" else Posting.PINNABLE):
            raise BadRequest("nothing that can be done with a pin is called so")
        with noted_together(request):
            posting = get_object_or_404(Posting.objects.locked(), pk=pk)
            before = posting.changed_at
            said = DEEDS[deed](posting, name, request.user)
            if posting.changed_at != before:
                self.log_change(request, posting, said)
        self.message_user(request, said, messages.SUCCESS)
        page = reverse("admin:postings_posting_change", args=[pk])
        return HttpResponseRedirect(f"{page}#fact-{name}")
