"""The board's pages."""

from django.urls import path

from postings import views

app_name = "postings"
urlpatterns = [
    path("", views.posting_list, name="list"),
    path("jobs/<str:slug>/", views.posting_detail, name="detail"),
    path("apply/<str:slug>", views.apply, name="apply"),
]
