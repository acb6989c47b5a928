"""Postings, put together from the parts of their screens."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from postings.admin.exports import ExportAdmin
from postings.admin.figures import FiguresAdmin
from postings.admin.history import PostingHistoryAdmin
from postings.admin.life import LifeAdmin
from postings.admin.posting_editing import EditingAdmin
from postings.admin.posting_list import ListAdmin
from postings.admin.posting_merging import MergesAdmin
from postings.admin.posting_steps import StepsAdmin
from postings.admin.structured_data import StructuredDataAdmin
from postings.models import DailyClicks, Posting, PostingTag, Report
from postings.resources import PostingResource


@admin.register(Posting)
class PostingAdmin(
    EditingAdmin,
    StepsAdmin,
    FiguresAdmin,
    MergesAdmin,
    LifeAdmin,
    StructuredDataAdmin,
    PostingHistoryAdmin,
    ListAdmin,
    ExportAdmin,
):
    export_resource = PostingResource

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        postings = Posting.objects.with_clicks().with_open_reports().with_merges().select_related("company")
        if request.resolver_match and "object_id" in request.resolver_match.kwargs:
            return postings  # of a single one all is shown
        links = Prefetch("posting_tags", PostingTag.objects.select_related("tag"))
        return postings.prefetch_related(links).without_texts()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with a posting, in numbers and whoever may delete that: named one by one, as Django does, every day
        of clicks and every tag would be read."""
        [posting] = objs
        missing = set() if self.has_delete_permission(request, posting) else {str(self.opts.verbose_name)}
        going = {self.opts.verbose_name_plural: 1}
        for model in (DailyClicks, Report):
            going[model._meta.verbose_name_plural] = model._default_manager.filter(posting=posting).count()
        return [str(posting)], {name: number for name, number in going.items() if number}, missing, []
