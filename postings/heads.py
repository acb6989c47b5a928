"""What a page says of itself in its head: title, description, its one address, and whether search engines keep it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.core.paginator import Page
from django.urls import reverse

from postings import feeds, landing, links, twins
from postings.filters import Facet, PostingFilter, noun
from postings.landing import Landing, Link
from postings.models import Company, Posting


class Alternate(NamedTuple):
    """The same in another format."""

    type: str  # of its content
    title: str
    path: str
    name: str  # of the format, for a link


_MOST_NAMED = 5


@dataclass(frozen=True)
class Head:
    """Without a path the page has no address that should be kept or shared."""

    title: str  # without the board's name, which follows on every page
    description: str
    path: str = ""
    is_indexed: bool = True
    alternates: Sequence[Alternate] = ()


def feeds_of(asked: PostingFilter) -> list[Alternate]:
    """The feeds of what a list finds."""
    title = feeds.title(asked)
    return [
        Alternate("application/atom+xml", title, feeds.path(asked, feeds.ATOM), "Atom"),
        Alternate("application/feed+json", title, feeds.path(asked, feeds.JSON), "JSON Feed"),
    ]


def of_list(asked: PostingFilter, page: Page, company: Company | None, shown: Landing | None) -> Head:
    """Of a list, whichever of its addresses was asked for.

    Indexed are the whole list and the pages of one company, value or pair that hold enough, each by its first page:
    combinations of filters and later pages are without end, and every posting is in the sitemap.
    """
    number = page.paginator.count
    heading = heading_of_list(number, company, shown)
    # Nothing is asked for beside what its path stands for.
    is_own = len(asked.pairs) == (len(shown.values) if shown else 1 if company else 0)
    words = "" if shown else ", ".join(each.label for each in asked.applied if each.name != "company" or not company)
    title = f"{heading}: {words}" if words else heading
    if page.number > 1:
        title += f", page {page.number}"
    path = own_address(company, shown) if is_own else _combined(asked)
    holds_enough = shown.holds_enough(asked.snapshot) if shown else number > 0
    return Head(
        title=title,
        description=_description(asked, f"{number:,} open {_jobs(number, company, shown)}", shown),
        path=f"{path}{'&' if '?' in path else '?'}page={page.number}" if page.number > 1 else path,
        is_indexed=is_own and page.number == 1 and holds_enough,
        alternates=feeds_of(asked),
    )


def heading_of_list(number: int, company: Company | None, shown: Landing | None) -> str:
    """`123 Python jobs in Germany`."""
    return f"{number:,} {_jobs(number, company, shown)}"


def _jobs(number: int, company: Company | None, shown: Landing | None) -> str:
    """What so many are called, after their number."""
    jobs = shown.jobs(number) if shown else "job" if number == 1 else "jobs"
    return f"{jobs} at {company}" if company else jobs


def own_address(company: Company | None, shown: Landing | None) -> str:
    """Of a list that has a path of its own, and no filter or order beside what that stands for."""
    if shown:
        return shown.path
    return reverse("postings:company", args=[company.slug]) if company else reverse("postings:list")


def _combined(asked: PostingFilter) -> str:
    return f"{reverse('postings:list')}?{asked.query}"


def _description(asked: PostingFilter, open_jobs: str, shown: Landing | None) -> str:
    parts = landing.details(shown, asked.finding) if shown else ""
    return f"{open_jobs}: {parts}." if parts else f"{open_jobs} to browse, filter and apply for."


def of_posting(posting: Posting) -> Head:
    """A copy names the first of its kind as the one to keep, and of several alike each has a title of its own."""
    title, alike = twins.title(posting), twins.find(posting)
    markdown = links.path("postings:posting_markdown", posting.slug)
    return Head(
        title=f"{title} ({alike.mark})" if alike.mark else title,
        # A body of nothing but headings has no excerpt.
        description=posting.excerpt or f"{title}.",
        path=links.path("postings:detail", alike.original_slug),
        alternates=[Alternate("text/markdown", posting.title, markdown, "Markdown")],
    )


def of_unpublished(posting: Posting) -> Head:
    return Head(title=posting.title, description="Not published.", is_indexed=False)


def of_landings(plural: str, links: list[Link]) -> Head:
    most = sorted(links, key=lambda link: -link.number)[:_MOST_NAMED]
    names = ", ".join(f"{link.name} ({link.number:,})" for link in most)
    rest = f" and {len(links) - len(most):,} more" if len(links) > len(most) else ""
    kind = landing.KINDS[plural]
    return Head(
        title=f"Jobs by {noun(kind, 1)}",
        description=f"{_many(len(links), kind).capitalize()} with open jobs{f': {names}{rest}' if names else ''}.",
        path=reverse("postings:landings", args=[plural]),
        is_indexed=bool(links),
    )


def of_companies(page: Page) -> Head:
    said = _many(page.paginator.count, "company")
    return Head(
        title=said if page.number == 1 else f"{said}, page {page.number}",
        description=f"{said} with open jobs, by name.",
        path=reverse("postings:companies") + (f"?page={page.number}" if page.number > 1 else ""),
        is_indexed=page.number == 1 and page.paginator.count > 0,
    )


def of_values(asked: PostingFilter, facet: Facet, page: Page | None) -> Head:
    """Of a page to tick values on: a form, and nothing that is looked for."""
    words = ", ".join(each.label for each in asked.applied)
    return Head(
        title=f"All {facet.total:,} {facet.plural}"
        + (f": {words}" if words else "")
        + (f", page {page.number}" if page and page.number > 1 else ""),
        description=f"Every {facet.label.lower()} to filter jobs by, with the number of jobs that each finds.",
        is_indexed=False,
    )


def of_about() -> Head:
    by = f"Run by {settings.OPERATOR}. " if settings.OPERATOR else ""
    return Head(
        title="About",
        description=f"{by}What this job board counts, what it does not, and how long postings stay.",
        path=reverse("postings:about"),
    )


def of_report(posting: Posting, has_errors: bool) -> Head:
    return Head(
        title=f"{'Error: ' if has_errors else ''}Report: {posting.title}",
        description="Tell those who run this board what is wrong with a posting. No name and no address is asked.",
        is_indexed=False,
    )


def of_thanks(posting: Posting) -> Head:
    return Head(
        title=f"Thank you: {posting.title}",
        description="A report of a posting was sent to those who run this board.",
        is_indexed=False,
    )


def _many(number: int, name: str) -> str:
    return f"{number:,} {noun(name, number)}"
