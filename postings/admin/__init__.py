"""The operator's desk, one module a screen."""

from django.conf import settings
from django.contrib import admin

from postings.admin import (  # noqa: F401  each registers its screens
    duplicates,
    history,
    imports,
    names,
    postings,
    reports,
    statistics,
)

admin.site.site_header = admin.site.site_title = settings.SITE_NAME
admin.site.index_title = "What would you like to do?"
admin.site.empty_value_display = "–"
