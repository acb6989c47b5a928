"""Postings, put together from the parts of their screens."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from postings.admin.duplicates import MergesAdmin
from postings.admin.figures import FiguresAdmin
from postings.admin.life import LifeAdmin
from postings.admin.posting_editing import EditingAdmin
from postings.admin.posting_list import ListAdmin
from postings.admin.structured_data import StructuredDataAdmin
from postings.models import Posting


@admin.register(Posting)
class PostingAdmin(EditingAdmin, FiguresAdmin, MergesAdmin, LifeAdmin, StructuredDataAdmin, ListAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return Posting.objects.with_clicks().with_open_reports().with_merges().defer("body_html")
