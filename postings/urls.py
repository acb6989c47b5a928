"""The board's pages."""

from django.urls import path

from postings.views import feeds, figures, lists, postings, site

app_name = "postings"
urlpatterns = [
    path("", lists.posting_list, name="list"),
    path("all/<str:name>/", lists.values, name="values"),
    path("suggest", lists.suggest, name="suggest"),
    path("companies/", lists.companies, name="companies"),
    path("companies/<str:slug>/", lists.company, name="company"),
    path("feed.atom", feeds.atom, name="feed_atom"),
    path("feed.json", feeds.json, name="feed_json"),
    path("jobs/<str:slug>.md", postings.posting_markdown, name="posting_markdown"),
    path("jobs/<str:slug>/", postings.posting_detail, name="detail"),
    path("jobs/<str:slug>/report/", postings.report, name="report"),
    path("jobs/<str:slug>/report/thanks/", postings.reported, name="reported"),
    path("apply/<str:slug>", postings.apply, name="apply"),
    path("about/", site.about, name="about"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("figures/<str:key>/", figures.figures, name="figures"),
]
