"""What a seeker may ask the list for: the only place that knows the parameters' names and meanings."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property

from postings.models import Company, Posting, PostingQuerySet, Tag
from postings.slugs import slug_for

# Longer words find nothing; the rest of them is not read.
MAX_TEXT_LENGTH = 200
MAX_WORDS = 10


class _TextField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_text(value or "")


class _Text(django_filters.CharFilter):
    """Text that a person typed: cut to a sane length, without the NUL that PostgreSQL refuses."""

    field_class = _TextField


def clean_text(value: str) -> str:
    return " ".join(value.replace("\0", " ")[:MAX_TEXT_LENGTH].split())


class _SlugsField(forms.Field):
    """Any number of slugs; those that nothing answers to find nothing, and are never an error."""

    widget = forms.SelectMultiple

    def clean(self, value: Any) -> list[str]:
        return list(dict.fromkeys(filter(None, (clean_text(each) for each in value or ()))))


class _Slugs(django_filters.Filter):
    field_class = _SlugsField


class PostingFilter(django_filters.FilterSet):
    """Values of one parameter are alternatives, different parameters must all hold."""

    q = _Text(method="with_words", label="Keyword")
    place = _Text(method="in_place", label="Place")
    company = _Slugs(method="of_companies", label="Company")
    category = _Slugs(method="in_categories", label="Category")

    class Meta:
        model = Posting
        fields: list[str] = []

    def __init__(self, data: QueryDict | None = None, queryset: PostingQuerySet | None = None, **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)

    def with_words(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Every word stands somewhere in the title, company, place or body."""
        for word in clean_text(value).split()[:MAX_WORDS]:
            postings = postings.filter(
                Q(title__icontains=word)
                | Q(company__name__icontains=word)
                | Q(place__icontains=word)
                | Q(body_markdown__icontains=word)
            )
        return postings

    def in_place(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """The words stand in the place as printed, one after the other."""
        text = clean_text(value)
        return postings.filter(place__icontains=text) if text else postings

    def of_companies(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Slugs; a name as it is typed means the same."""
        companies = [company for _, company in self.companies_asked if company]
        return postings.filter(company__in=companies) if value else postings

    def in_categories(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        if not value:
            return postings
        # A subquery, not a join: a posting in two of the categories is still one row.
        return postings.filter(pk__in=_with_tags(Tag.Kind.CATEGORY, value))

    @cached_property
    def companies_asked(self) -> list[tuple[str, Company | None]]:
        """What was asked for as a company, and which one it is: by slug, by name, by the slug of what was typed."""
        asked = self._asked("company")
        if not asked:
            return []
        found = Company.objects.filter(Q(slug__in=[*asked, *map(slug_for, asked)]) | Q(name__in=asked))
        by_slug = {company.slug: company for company in found}
        by_name = {company.name: company for company in found}
        return [(each, by_slug.get(each) or by_name.get(each) or by_slug.get(slug_for(each))) for each in asked]

    @property
    def company_names(self) -> list[str]:
        """The names of the companies that were asked for; of unknown ones the words themselves."""
        return [company.name if company else asked for asked, company in self.companies_asked]

    def _asked(self, name: str) -> list[str]:
        return self.form.cleaned_data.get(name) or [] if self.form.is_valid() else []

    @cached_property
    def category_choices(self) -> list[dict[str, Any]]:
        """Every category with how many live postings it has under the other filters, and whether it is ticked."""
        asked = self._asked("category")
        others = _without(self.data, "category")
        under_others = PostingFilter(others, Posting.objects.live()).qs.order_by()
        counts = (
            Tag.objects.filter(kind=Tag.Kind.CATEGORY)
            .annotate(number=Count("posting_tags", filter=Q(posting_tags__posting__in=under_others)))
            .order_by("name")
        )
        return [
            {"slug": tag.slug, "name": tag.name, "number": tag.number, "ticked": tag.slug in asked} for tag in counts
        ]

    @cached_property
    def applied(self) -> list[dict[str, str]]:
        """What is asked for, each with the words for it and the query string without it."""
        if not self.form.is_valid():
            return []
        said = self.form.cleaned_data
        applied = []
        if text := clean_text(said["q"]):
            applied.append({"label": f"“{text}”", "without": self._query_without("q")})
        names = {choice["slug"]: choice["name"] for choice in self.category_choices}
        for slug in said["category"]:
            applied.append({"label": names.get(slug, slug), "without": self._query_without("category", slug)})
        for asked, name in zip(said["company"], self.company_names, strict=True):
            applied.append({"label": name, "without": self._query_without("company", asked)})
        if text := clean_text(said["place"]):
            applied.append({"label": text, "without": self._query_without("place")})
        return applied

    def _query_without(self, name: str, value: str | None = None) -> str:
        data = _without(self.data, name)
        if value is not None:
            data.setlist(name, [each for each in self.data.getlist(name) if clean_text(each) != value])
        data.pop("page", None)
        return data.urlencode()


def _with_tags(kind: str, slugs: list[str]) -> QuerySet:
    return Tag.objects.filter(kind=kind, slug__in=slugs).values("postings")


def _without(data: Mapping[str, Any] | None, name: str) -> QueryDict:
    copy = data.copy() if isinstance(data, QueryDict) else QueryDict(mutable=True)
    copy.pop(name, None)
    return copy
