"""Postings, put together from the parts of their screens."""

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from postings.admin.actions import ActionsAdmin
from postings.admin.duplicates import MergesAdmin
from postings.admin.exports import ExportAdmin
from postings.admin.figures import FiguresAdmin
from postings.admin.history import PostingHistoryAdmin
from postings.admin.life import LifeAdmin
from postings.admin.posting_editing import EditingAdmin
from postings.admin.posting_list import ListAdmin
from postings.admin.structured_data import StructuredDataAdmin
from postings.models import Posting, PostingTag
from postings.resources import PostingResource


@admin.register(Posting)
class PostingAdmin(
    EditingAdmin,
    ActionsAdmin,
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
        return postings.prefetch_related(links).defer("body_markdown", "body_html")
