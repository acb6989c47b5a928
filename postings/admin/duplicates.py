"""Duplicates: the queue of what may be the same job, merging by hand, and taking apart."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from postings import duplicates
from postings.admin.base import ReadOnlyAdmin, noted_together, only_by
from postings.duplicates import merging
from postings.models import Likeness, Posting
from postings.text_differences import MOST_PIECES, Piece, by_words

GROUPS_A_PAGE = 20
# Of more, the rest comes when these are judged.
MOST_IN_A_GROUP = merging.MOST_AT_ONCE
# More are for the command: a worker would be stopped before it came to an end.
MOST_TO_LOOK_AT = 5000
_TEMPLATES = "admin/postings/likeness"


def may_merge(request: HttpRequest) -> bool:
    user: Any = request.user
    return user.has_perm("postings.merge_posting") and user.has_perm("postings.change_posting")


@dataclass(slots=True)
class Group:
    """What stands together in the queue."""

    number: int
    score: int
    pairs: list[Likeness] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    keep: Posting | None = None
    is_judged_in_part: bool = False
    more: int = 0  # postings that are not shown

    @property
    def reasons(self) -> str:
        found = {pair.reason for pair in self.pairs}
        return " · ".join(label for reason, label in Likeness.Reason.choices if reason in found).capitalize()

    @property
    def scores(self) -> str:
        low, high = min(pair.score for pair in self.pairs), max(pair.score for pair in self.pairs)
        return f"{low} %" if low == high else f"{low} to {high} %"

    @property
    def ticked(self) -> set[int]:
        """Which are proposed for merging: all but the one to keep, unless some were judged to be different."""
        if self.is_judged_in_part:
            return set()
        return {posting.pk for posting in self.postings if posting is not self.keep}


@admin.register(Likeness)
class LikenessAdmin(ReadOnlyAdmin):
    """A queue of groups; each is merged, or judged to be different jobs."""

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("postings.change_likeness")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.queue_view), name="postings_likeness_changelist"),
            path("group/<int:number>/", view(self.group_view), name="postings_likeness_group"),
            path("find/", view(self.find_view), name="postings_likeness_find"),
            path("merge/", view(self.merge_view), name="postings_likeness_merge"),
            path("settle/", view(self.settle_view), name="postings_likeness_settle"),
        ]

    # --- Looking ------------------------------------------------------------------------------------

    def queue_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        reason = request.GET.get("reason", "")
        open_pairs = Likeness.objects.open()
        if reason in Likeness.Reason:
            open_pairs = open_pairs.filter(reason=reason)
        found = open_pairs.order_by().values("group").annotate(best=Max("score"))
        # Read whole: counting them and reading a page of them would each go through all pairs.
        best_first = list(found.order_by("-best", "group").values_list("group", flat=True))
        page = Paginator(best_first, GROUPS_A_PAGE).get_page(request.GET.get("page"))
        return self._page(
            request,
            "queue",
            title="Duplicates",
            page=page,
            groups=_groups(list(page)),
            reason=reason,
            reasons=[("", "All"), *((value, label.capitalize()) for value, label in Likeness.Reason.choices)],
        )

    def group_view(self, request: HttpRequest, number: int) -> HttpResponseBase:
        """One group, with what differs in the bodies."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        # No key is larger; a database would not take it.
        found = _groups([number]) if number < 2**63 else []
        if not found:
            raise Http404(f"no group {number} to judge")
        [group] = found
        return self._page(
            request,
            "group",
            title="Duplicates",
            group=group,
            differing=_differing(group),
            most_pieces=MOST_PIECES,
        )

    @only_by("POST")
    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Compares what is new or changed: what the button sends."""
        if not self.has_settle_permission(request):
            raise PermissionDenied
        waiting = len(duplicates.unsigned())
        if waiting > MOST_TO_LOOK_AT:
            said = f"{waiting:,} postings are new or changed, too many for a page: run `manage.py find_duplicates`."
            self.message_user(request, said, messages.WARNING)
        else:
            self._find(request)
        return HttpResponseRedirect(reverse("admin:postings_likeness_changelist"))

    def _find(self, request: HttpRequest) -> None:
        try:
            found = duplicates.find()
        except IntegrityError:
            # The database found one of them gone when it was to be stored.
            said = "A posting was deleted while it was compared, so nothing was stored: look once more."
            self.message_user(request, said, messages.WARNING)
            return
        said = f"{found.looked_at:,} new or changed postings compared; {found.new:,} new suggestions."
        self.message_user(request, said, messages.SUCCESS)

    # --- Judging ------------------------------------------------------------------------------------

    @only_by("POST")
    def settle_view(self, request: HttpRequest) -> HttpResponse:
        """“These are different jobs”: the ticked ones and the one to keep, or what is ticked against the rest."""
        if not self.has_settle_permission(request):
            raise PermissionDenied
        ids = _ids(request.POST.getlist("ids"))
        others = [*_ids(request.POST.getlist("all")), *_ids(request.POST.getlist("keep"))]
        # Only what is in the queue is judged: any others would be remembered for nothing.
        members = _members({*ids, *others})
        ids, others = [pk for pk in ids if pk in members], [pk for pk in others if pk in members]
        if not ids or len({*ids, *others}) < 2:
            said = "Tick the postings that are different jobs. Nothing was changed."
            self.message_user(request, said, messages.WARNING)
        else:
            with noted_together(request):
                duplicates.settle(ids, others, request.user)
            what = "1 posting is" if len(ids) == 1 else f"{len(ids)} postings are"
            said = f"Remembered: {what} another job than the others, and not suggested with them again."
            self.message_user(request, said, messages.SUCCESS)
        return self._back(request)

    def merge_view(self, request: HttpRequest) -> HttpResponseBase:
        """What merging would do, and then does: from the queue, the list's action, or an address with ids."""
        if not may_merge(request):
            raise PermissionDenied
        sent = request.POST if request.method == "POST" else request.GET
        keep = next(iter(_ids(sent.getlist("keep"))), None)
        ids = _ids([*sent.getlist("ids"), *sent.getlist("keep")])
        if request.method == "POST" and sent.get("do") == "merge" and sent.get("shown") == str(keep):
            return self._merge(request, keep or 0, ids)
        plan = merging.plan(ids, keep)
        if plan is None:
            self.message_user(request, "Choose the postings to merge first.", messages.WARNING)
            return self._back(request)
        is_other = sent.get("do") == "merge"
        way = _way_back(sent)
        return self._page(
            request,
            "merge",
            title="Merge postings",
            plan=plan,
            is_other=is_other,
            back=urlencode(way),
            back_fields=way.items(),
        )

    def _merge(self, request: HttpRequest, keep: int, ids: Sequence[int]) -> HttpResponse:
        try:
            with noted_together(request):
                merged = duplicates.merge(keep, ids, request.user)
        except duplicates.Refused as reason:
            self.message_user(request, f"Nothing was merged. {reason}", messages.ERROR)
        else:
            what = "1 posting" if len(merged) == 1 else f"{len(merged)} postings"
            own = reverse("admin:postings_posting_change", args=[keep])
            said = '{} merged into <a href="{}">{}</a>. The addresses of what was closed lead to it.'
            self.message_user(request, format_html(said, what, own, merged[0].merged_into), messages.SUCCESS)
        return self._back(request)

    # --- Small parts --------------------------------------------------------------------------------

    def _page(self, request: HttpRequest, name: str, **context: Any) -> TemplateResponse:
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "media": self.media,
            "may_merge": may_merge(request),
            "may_settle": self.has_settle_permission(request),
        }
        return TemplateResponse(request, f"{_TEMPLATES}/{name}.html", {**shared, **context})

    def _back(self, request: HttpRequest) -> HttpResponse:
        """To the page of the queue that it came from."""
        queue = reverse("admin:postings_likeness_changelist")
        way = urlencode(_way_back(request.POST))
        return HttpResponseRedirect(f"{queue}?{way}" if way else queue)


def _way_back(sent: Any) -> dict[str, str]:
    """The parameters of the queue's page, and nothing else of what a form says."""
    kept = {name: sent.get(name, "") for name in ("page", "reason")}
    return {name: value for name, value in kept.items() if value and len(value) < 20}


def _ids(values: Sequence[str]) -> list[int]:
    """Whole numbers, alone or between commas, each once; what is none is passed over."""
    found = [part for value in values for part in value.split(",")]
    return list(dict.fromkeys(int(part) for part in found if part.isascii() and part.isdigit() and len(part) < 19))


def _members(ids: set[int]) -> set[int]:
    """Those of these that are in one group of the queue: that of most of them."""
    groups: dict[int, set[int]] = defaultdict(set)
    for group, *pair in Likeness.objects.unsettled().of_any(ids).values_list("group", "first", "second"):
        groups[group] |= ids.intersection(pair)
    return max(groups.values(), key=len, default=set())


def _groups(numbers: Sequence[int]) -> list[Group]:
    """These groups of the queue in this order: a query for their pairs, one for their postings, one for what was
    judged."""
    pairs: dict[int, list[Likeness]] = defaultdict(list)
    for pair in Likeness.objects.open().filter(group__in=numbers).order_by("first", "second"):
        pairs[pair.group].append(pair)
    ids = {number: _posting_ids(pairs[number]) for number in numbers if pairs[number]}
    shown = {pk for found in ids.values() for pk in found[:MOST_IN_A_GROUP]}
    postings = _postings(Posting.objects.filter(pk__in=shown)).in_bulk()
    judged = set(Likeness.objects.settled().filter(first__in=shown, second__in=shown).values_list("first", "second"))
    groups = []
    for number, found in ids.items():
        members = [postings[pk] for pk in found[:MOST_IN_A_GROUP] if pk in postings]
        group = Group(number, max(pair.score for pair in pairs[number]), pairs[number], members)
        group.keep = max(members, key=lambda each: (each.is_live, each.clicks, -each.pk), default=None)
        group.is_judged_in_part = any(first in found and second in found for first, second in judged)
        group.more = len(found) - len(members)
        groups.append(group)
    return groups


def _posting_ids(pairs: Sequence[Likeness]) -> list[int]:
    return sorted({pk for pair in pairs for pk in (pair.first_id, pair.second_id)})


def _postings(postings: Any) -> QuerySet:
    return postings.select_related("company").with_clicks().without_texts()


def _differing(group: Group) -> list[tuple[Posting, list[Piece]]]:
    """How the body of each differs from that of the one that is proposed to be kept."""
    ids = [posting.pk for posting in group.postings]
    bodies = dict(Posting.objects.filter(pk__in=ids).values_list("pk", "body_markdown"))
    if group.keep is None:
        return []
    own = bodies[group.keep.pk]
    return [(posting, by_words(own, bodies[posting.pk])) for posting in group.postings if posting.pk != group.keep.pk]
