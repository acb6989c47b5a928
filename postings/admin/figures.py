"""A posting's figures: its click-throughs, and the secret link at which the employer sees them."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from postings.admin.base import NotedAdmin, only_by
from postings.admin.statistics import statistics_link
from postings.models import DailyClicks, FiguresLink, Posting
from postings.statistics import Figures


class FiguresAdmin(NotedAdmin):
    """The part of the postings' admin that is about their figures."""

    @admin.display(description="clicks on apply")
    def click_counts(self, posting: Posting) -> SafeString | str:
        if not posting.pk:
            return "–"
        counts = DailyClicks.objects.filter(posting=posting).order_by().values_list("kind").annotate(Sum("count"))
        figures = Figures(dict(counts))
        others = ", ".join(f"{number:,} {label}" for label, number, _ in figures.explained[1:])
        said = "<strong>{} by people</strong>; besides {}; {} in all. {}"
        return format_html(said, f"{figures.people:,}", others, f"{figures.raw:,}", statistics_link(posting))

    # --- The secret link ----------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.figures_link_view)
        return [path("<path:object_id>/figures-link/", view, name="postings_posting_figures_link"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        posting = kwargs.get("obj")
        link = FiguresLink.objects.filter(posting=posting).first() if posting else None
        if link:
            own = link.get_absolute_url()
            address = f"{settings.SITE_URL}{own}" if settings.SITE_URL else request.build_absolute_uri(own)
            context |= {"figures_link": link, "figures_address": address}
        return super().render_change_form(request, context, *args, **kwargs)

    @only_by("POST")
    def figures_link_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Makes the link, replaces it by another, or takes it away."""
        posting = self.get_object(request, unquote(object_id))
        if posting is None:
            raise Http404(f"no posting {object_id!r}")
        if not self.has_change_permission(request, posting):
            raise PermissionDenied
        with transaction.atomic():
            said = self._change_figures_link(posting, request.POST.get("do", ""))
            if said:
                self.log_change(request, posting, said)
        # Pressed twice, or by two at once: the link that the first of them got goes on working.
        self.message_user(request, said or "It has a secret link already.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:postings_posting_change", args=[posting.pk]))

    def _change_figures_link(self, posting: Posting, do: str) -> str:
        """What was done, in a sentence; empty where a link is to be made and one is there."""
        match do:
            case "make":
                _, is_new = FiguresLink.objects.make(posting)
                return "Made the secret link to its figures." if is_new else ""
            case "replace":
                FiguresLink.objects.replace(posting)
                return "Replaced the secret link to its figures; the old one no longer works."
            case "remove":
                FiguresLink.objects.filter(posting=posting).delete()
                return "Took the secret link to its figures away; it no longer works."
        raise BadRequest(f"nothing that can be done with a link is called {do!r}")
