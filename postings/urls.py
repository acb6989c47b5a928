"""The board's pages."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from postings import landing
from postings.views import feeds, figures, lists, machines, postings, site, sitemaps

app_name = "postings"


class Landed(StringConverter):
    """The kinds that have landing pages, as they stand in addresses: `skills`."""

    regex = "|".join(landing.KINDS)


register_converter(Landed, "landed")

urlpatterns = [
    path("", lists.posting_list, name="list"),
    path("all/<str:name>/", lists.values, name="values"),
    path("suggest", lists.suggest, name="suggest"),
    path("companies/", lists.companies, name="companies"),
    path("companies/<str:slug>/", lists.company, name="company"),
    path("<landed:plural>/", lists.landings, name="landings"),
    path("<landed:plural>/<str:slug>/", lists.landing_page, name="landing"),
    path("skills/<str:slug>/<str:country>/", lists.landing_page, {"plural": "skills"}, name="landing_pair"),
    path("feed.atom", feeds.atom, name="feed_atom"),
    path("feed.json", feeds.json, name="feed_json"),
    path("jobs/<str:slug>.md", postings.posting_markdown, name="posting_markdown"),
    path("jobs/<str:slug>/", postings.posting_detail, name="detail"),
    path("jobs/<str:slug>/report/", postings.report, name="report"),
    path("jobs/<str:slug>/report/thanks/", postings.reported, name="reported"),
    path("apply/<str:slug>", postings.apply, name="apply"),
    path("about/", site.about, name="about"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("robots.txt", machines.robots, name="robots"),
    path(".well-known/security.txt", machines.security_txt, name="security_txt"),
    path("manifest.webmanifest", machines.manifest, name="manifest"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap-jobs-<int:part>.xml", sitemaps.jobs, name="sitemap_jobs"),
    path("sitemap-pages-<int:number>.xml", sitemaps.pages, name="sitemap_pages"),
    path("figures/<str:key>/", figures.figures, name="figures"),
]
