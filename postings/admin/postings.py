"""Postings, put together from the parts of their screens."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from postings.admin.figures import FiguresAdmin
from postings.admin.life import LifeAdmin
from postings.admin.posting_editing import EditingAdmin
from postings.admin.posting_list import ListAdmin
from postings.admin.structured_data import StructuredDataAdmin
from postings.models import Posting


@admin.register(Posting)
class PostingAdmin(EditingAdmin, FiguresAdmin, LifeAdmin, StructuredDataAdmin, ListAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        postings = Posting.objects.with_clicks().with_open_reports().select_related("company")
        # Of a single one all is shown; a list has no use for what is long.
        is_single = request.resolver_match and "object_id" in request.resolver_match.kwargs
        return postings if is_single else postings.defer("body_html")
