"""The board's pages."""

from django.urls import path

from postings import views

app_name = "postings"
urlpatterns = [
    path("", views.posting_list, name="list"),
    path("all/<str:name>/", views.values, name="values"),
    path("suggest", views.suggest, name="suggest"),
    path("companies/", views.companies, name="companies"),
    path("companies/<str:slug>/", views.company, name="company"),
    path("jobs/<str:slug>/", views.posting_detail, name="detail"),
    path("jobs/<str:slug>/report/", views.report, name="report"),
    path("jobs/<str:slug>/report/thanks/", views.reported, name="reported"),
    path("apply/<str:slug>", views.apply, name="apply"),
    path("about/", views.about, name="about"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("figures/<str:key>/", views.figures, name="figures"),
]
