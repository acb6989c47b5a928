"""The list of postings, a company's list, and the pages that show all values of a kind."""

from typing import Any, cast
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, render

from postings import catalogue, heads, landing
from postings.filters import Facet, PostingFilter, clean_text
from postings.models import Company, Tag
from postings.rows import rows
from postings.suggesting import suggestions
from postings.views.answers import has_empty_parameters, public, without_empty_parameters

PER_PAGE = 25
COMPANIES_PER_PAGE = 200


@public
def posting_list(request: HttpRequest) -> HttpResponse:
    """The live postings, filtered, 25 to a page."""
    return _list(request, {})


@public
def company(request: HttpRequest, slug: str) -> HttpResponse:
    """The list of one company's postings."""
    if "\0" in slug:
        raise BadRequest("NUL in a company's name")
    company = get_object_or_404(Company, slug=slug)
    return _list(request, {"company": company.slug})


@public
def landing_page(request: HttpRequest, plural: str, slug: str, country: str = "") -> HttpResponse:
    """The list of one value or, with a country, of a skill there."""
    snapshot = catalogue.current()
    asked: dict[str, str] = {landing.KINDS[plural]: slug}
    if country:
        asked[Tag.Kind.COUNTRY] = country
    values = [
        value for kind, name in asked.items() if (value := snapshot.value_at(kind, name) or snapshot.value(kind, name))
    ]
    if len(values) < len(asked):
        raise Http404(f"nothing among the {plural} is called {slug!r}, or no country {country!r}")
    if [value.slug for value in values] != [*asked.values()]:
        # Another spelling, or the code: one address for each.
        return without_empty_parameters(request, landing.path_of(*values))
    return _list(request, {value.kind: value.parameter for value in values})


@public
def landings(request: HttpRequest, plural: str) -> HttpResponse:
    """All pages of a kind that hold postings."""
    kind = landing.KINDS[plural]
    links = landing.all_of(catalogue.current(), kind)
    context = {"links": links, "head": heads.of_landings(plural, links)}
    return render(request, "postings/landings.html", context)


def _list(request: HttpRequest, said: dict[str, str]) -> HttpResponse:
    """`said`: the parameters that the path stands for."""
    if has_empty_parameters(request):
        return without_empty_parameters(request)
    query = request.GET.copy()
    for name, value in said.items():
        query.setlist(name, [value])
    asked = PostingFilter(query)
    paginator: Paginator[Any] = Paginator(cast(Any, asked.finding), PER_PAGE)
    page = paginator.get_page(_page_number(request, asked, paginator))
    # What the whole query is about, whether it was asked for by a path or by parameters.
    shown = landing.of(asked)
    company = asked.criteria.companies[0] if len(asked.criteria.companies) == 1 else None
    context = {
        "filter": asked,
        "head": heads.of_list(asked, page, company, shown),
        "list_heading": heads.heading_of_list(paginator.count, company, shown),
        "landing": shown,
        "neighbours": landing.neighbours(shown, asked.finding) if shown else [],
        "page": page,
        "rows": rows(
            asked.snapshot,
            list(page),
            asked.criteria.terms,
            {value.code for value in asked.criteria.values.get(Tag.Kind.SKILL, ())},
        ),
        "page_numbers": _page_numbers(page),
        "page_query": urlencode([pair for pair in asked.pairs if pair[0] not in said]),
        "total": paginator.count,
    }
    return render(request, "postings/posting_list.html", context)


def _page_numbers(page: Page) -> list[int | str]:
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))


def _page_number(request: HttpRequest, asked: PostingFilter, paginator: Paginator) -> int:
    """The page asked for, the last one where it is beyond the end, the first where it is no page; says which."""
    text = request.GET.get("page", "")
    if not text:
        return 1
    # More digits than any board has pages are cut: the last page it is, and no number too long to be read.
    number = int(text.lstrip("0")[:9] or 0) if text.isascii() and text.isdecimal() else 0
    if number < 1:
        asked.ignored.append("That is no page, so this is the first.")
        return 1
    if number > paginator.num_pages:
        pages = f"{paginator.num_pages:,} pages" if paginator.num_pages > 1 else "one page"
        asked.ignored.append(f"There {'are' if paginator.num_pages > 1 else 'is'} only {pages}; this is the last.")
    return number


@public
def values(request: HttpRequest, name: str) -> HttpResponse:
    """All values of one kind that can be ticked, with their counts under the other filters."""
    if name != "company" and name not in Tag.Kind.values:
        raise Http404(f"nothing to filter by is called {name!r}")
    if has_empty_parameters(request):
        return without_empty_parameters(request)
    asked = PostingFilter(request.GET)
    context: dict[str, Any] = {"filter": asked, "other_pairs": asked.pairs_without(name)}
    if name == "company":
        ids = asked.finding.company_counts.ids() | {company.pk for company in asked.criteria.companies}
        page = _company_page(request, asked, ids)
        shown = {company.slug for company in page}
        context |= {"page": page, "page_numbers": _page_numbers(page), "page_query": asked.query}
        context["elsewhere"] = [each.slug for each in asked.criteria.companies if each.slug not in shown]
        choices = [asked.company_choice(each) for each in page]
        context["facet"] = Facet("company", "Company", choices, page.paginator.count)
    else:
        context["facet"] = asked.facet(name, is_whole=True)
    context["head"] = heads.of_values(asked, context["facet"], context.get("page"))
    return render(request, "postings/values.html", context)


@public
def companies(request: HttpRequest) -> HttpResponse:
    """All companies that have live postings, by name, with how many."""
    asked = PostingFilter(QueryDict())
    counts = asked.finding.company_counts
    page = _company_page(request, asked, counts.ids())
    listed = [{"company": each, "number": counts[each.pk]} for each in page]
    context = {
        "filter": asked,
        "page": page,
        "page_numbers": _page_numbers(page),
        "page_query": "",
        "rows": listed,
        "total": page.paginator.count,
        "head": heads.of_companies(page),
    }
    return render(request, "postings/companies.html", context)


def _company_page(request: HttpRequest, asked: PostingFilter, ids: set[int]) -> Page:
    """A page of these companies, by name."""
    in_order = [pk for pk in asked.snapshot.companies_by_name if pk in ids]
    paginator: Paginator[Any] = Paginator(in_order, COMPANIES_PER_PAGE)
    page = paginator.get_page(_page_number(request, asked, paginator))
    companies = asked.snapshot.named_companies(list(page))
    page.object_list = [companies[pk] for pk in page.object_list if pk in companies]
    return page


@public
def suggest(request: HttpRequest) -> JsonResponse:
    """Skills, companies and titles that go on as what is being typed: for the search field, where scripts run."""
    text = clean_text(request.GET.get("q", ""))
    return JsonResponse({"suggestions": suggestions(catalogue.current(), text)})
