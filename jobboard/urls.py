"""Every address of the board: the public pages live in `postings.urls`."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path(settings.ADMIN_URL, admin.site.urls),
    path("", include("postings.urls")),
]

handler500 = "postings.views.site.server_error"
