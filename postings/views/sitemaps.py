"""The board's sitemaps: an index, and the files that it names."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from postings import catalogue, sitemaps
from postings.links import absolute
from postings.sitemaps import PER_FILE, Entry
from postings.views.answers import kept


@kept
def index(request: HttpRequest) -> HttpResponse:
    snapshot = catalogue.current()
    entries = [
        Entry(reverse("postings:sitemap_jobs", args=[part.number]), part.changed) for part in sitemaps.parts(snapshot)
    ]
    files = range(sitemaps.number_of_page_files(snapshot))
    entries += [Entry(reverse("postings:sitemap_pages", args=[number])) for number in files]
    return _xml(sitemaps.index(_site(request), entries))


@kept
def jobs(request: HttpRequest, part: int) -> HttpResponse:
    """The postings of a part as they are in the database now; a part without any is not there."""
    entries = sitemaps.postings(part)
    if not entries:
        raise Http404(f"no posting in part {part}")
    return _xml(sitemaps.urlset(_site(request), entries))


@kept
def pages(request: HttpRequest, number: int) -> HttpResponse:
    """A file of the pages that list postings."""
    paths = sitemaps.pages(catalogue.current())[number * PER_FILE : (number + 1) * PER_FILE]
    if not paths:
        raise Http404(f"no file {number} of pages")
    return _xml(sitemaps.urlset(_site(request), map(Entry, paths)))


def _site(request: HttpRequest) -> str:
    return absolute(request, "/").removesuffix("/")


def _xml(text: str) -> HttpResponse:
    # To be read, and not to be found itself.
    return HttpResponse(text, content_type="application/xml", headers={"X-Robots-Tag": "noindex"})
