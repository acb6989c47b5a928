"""What a seeker may ask the list for: the only place that knows the parameters' names and meanings."""

import re
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property

from postings.importing.facts.names import countries_in, region_of
from postings.models import Company, Posting, PostingTag, Tag
from postings.slugs import slug_for

# Longer words find nothing; the rest of them is not read.
MAX_TEXT_LENGTH = 200
MAX_WORDS = 10
TICKED_KINDS = {
    Tag.Kind.CATEGORY: "Category",
    Tag.Kind.WORKPLACE: "Workplace",
    Tag.Kind.SENIORITY: "Level",
    Tag.Kind.EMPLOYMENT: "Employment",
    Tag.Kind.VISA: "Visa",
    Tag.Kind.LANGUAGE: "Language of the posting",
}
TYPED_KINDS = {Tag.Kind.SKILL: "Skill", Tag.Kind.COUNTRY: "Country", Tag.Kind.REGION: "Region"}
STATED = "stated"  # salary_min=stated: any pay at all


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
    category = _Slugs(method="with_tags", label="Category")
    workplace = _Slugs(method="with_tags", label="Workplace")
    country = _Slugs(method="with_tags", label="Country")
    region = _Slugs(method="in_regions", label="Region")
    seniority = _Slugs(method="with_tags", label="Level")
    employment = _Slugs(method="with_tags", label="Employment")
    visa = _Slugs(method="with_tags", label="Visa sponsorship")
    language = _Slugs(method="with_tags", label="Language of the posting")
    skill = _Slugs(method="with_tags", label="Skill")
    salary_min = _Text(method="paying", label="Pay at least")
    currency = _Text(method="unfiltered", label="Currency")

    class Meta:
        model = Posting
        fields: list[str] = []

    def with_words(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Every word stands somewhere in the title, company, place or body."""
        for word in value.split()[:MAX_WORDS]:
            postings = postings.filter(
                Q(title__icontains=word)
                | Q(company__name__icontains=word)
                | Q(place__icontains=word)
                | Q(body_markdown__icontains=word)
            )
        return postings

    def in_place(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """The words stand in the place as printed, one after the other."""
        return postings.filter(place__icontains=value)

    def of_companies(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Slugs; a name as it is typed means the same."""
        companies = [company for _, company in self.companies_asked if company]
        return postings.filter(company__in=companies) if value else postings

    def with_tags(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        """One of these values of the kind that the parameter is named after, by code or slug, in any case."""
        if not value:
            return postings
        # A subquery, not a join: a posting with two of the values is still one row.
        return postings.filter(pk__in=_with_tags(_one_of(name, value)))

    def in_regions(self, postings: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Those that name one of the regions, or a country that lies in it."""
        if not value:
            return postings
        countries = {code for region in value for code in countries_in(region_of(region))}
        lies_in = Q(kind=Tag.Kind.COUNTRY, code__in=countries)
        return postings.filter(pk__in=_with_tags(_one_of(Tag.Kind.REGION, value) | lies_in))

    def paying(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Those whose range reaches a yearly sum of the currency; `stated` means any pay at all.

        Not said never matches, and what is no number asks for nothing.
        """
        if value.casefold() == STATED:
            return postings.exclude(salary_currency="")
        if (least := _sum_of(value)) is None:
            return postings
        reaches = Q(salary_yearly_max__gte=least) | Q(salary_yearly_max=None, salary_yearly_min__isnull=False)
        return postings.filter(reaches, salary_currency=self.salary_currency)

    def unfiltered(self, postings: QuerySet, name: str, value: str) -> QuerySet:
        """Only says what `salary_min` means."""
        return postings

    @property
    def is_pay_stated(self) -> bool:
        return self.form.is_valid() and self.form.cleaned_data["salary_min"].casefold() == STATED

    @cached_property
    def salary_currency(self) -> str:
        """The currency that `salary_min` is in: the one asked for, else the one that most postings pay in."""
        asked = str(self.form.cleaned_data.get("currency") or "").upper() if self.form.is_valid() else ""
        if asked:
            return asked
        paid = Posting.objects.live().exclude(salary_currency="").order_by().values_list("salary_currency")
        ranked = paid.annotate(number=Count("pk")).order_by("-number", "salary_currency")
        return next((code for code, _ in ranked[:1]), "USD")

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
    def groups(self) -> list[dict[str, Any]]:
        """The kinds that are ticked, each with its values: how many live postings a value has under the filters of
        the other kinds, and whether it is ticked."""
        tags = list(Tag.objects.filter(kind__in=TICKED_KINDS).order_by("name"))
        # Kinds in which nothing is ticked are all counted under the same filters: one query for them together.
        ticked = {kind: {each.lower() for each in self._asked(kind)} for kind in TICKED_KINDS}
        numbers = self._numbers(self.data)
        numbers_of = {kind: self._numbers(_without(self.data, kind)) if ticked[kind] else numbers for kind in ticked}
        return [
            {
                "kind": kind.value,
                "label": label,
                "choices": [
                    {
                        "code": tag.slug if kind == Tag.Kind.CATEGORY else tag.code,
                        "name": tag.name,
                        "number": numbers_of[kind].get(tag.pk, 0),
                        "ticked": bool({tag.code.lower(), tag.slug.lower(), tag.name.lower()} & ticked[kind]),
                    }
                    for tag in tags
                    if tag.kind == kind
                ],
            }
            for kind, label in TICKED_KINDS.items()
        ]

    def _numbers(self, data: QueryDict | None) -> dict[int, int]:
        """How many live postings that these parameters find have a tag, by the tag's id."""
        found = PostingFilter(data, Posting.objects.live()).qs.order_by()
        links = PostingTag.objects.filter(tag__kind__in=TICKED_KINDS, posting__in=found).order_by()
        return dict(links.values_list("tag").annotate(Count("pk")))

    @cached_property
    def typed(self) -> list[dict[str, Any]]:
        """The kinds that have too many values to tick, each with the names of what was asked for."""
        return [
            {"kind": kind, "label": label, "names": [self._names.get((kind, each.lower()), each) for each in asked]}
            for kind, label in TYPED_KINDS.items()
            for asked in [self._asked(kind)]
        ]

    @cached_property
    def applied(self) -> list[dict[str, str]]:
        """What is asked for, each with the words for it and the query string without it."""
        if not self.form.is_valid():
            return []
        said = self.form.cleaned_data
        applied = []
        if text := said["q"]:
            applied.append({"label": f"“{text}”", "without": self._query_without("q")})
        for kind in Tag.Kind.values:
            for asked in said[kind]:
                label = self._names.get((kind, asked.lower()), asked)
                applied.append({"label": label, "without": self._query_without(kind, asked)})
        for asked, name in zip(said["company"], self.company_names, strict=True):
            applied.append({"label": name, "without": self._query_without("company", asked)})
        if text := said["place"]:
            applied.append({"label": text, "without": self._query_without("place")})
        if said["salary_min"].casefold() == STATED:
            applied.append({"label": "Pay stated", "without": self._query_without("salary_min")})
        elif (least := _sum_of(said["salary_min"])) is not None:
            label = f"At least {self.salary_currency} {least:,.0f} a year"
            applied.append({"label": label, "without": self._query_without("salary_min")})
        return applied

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        """The names of the tags that were asked for, by kind and by code or slug in small letters."""
        said = self.form.cleaned_data
        asked = [_one_of(kind, said[kind]) for kind in Tag.Kind.values if said[kind]]
        tags = Tag.objects.filter(reduce(or_, asked)) if asked else []
        return {(tag.kind, key.lower()): tag.name for tag in tags for key in (tag.code, tag.slug, tag.name)}

    def _query_without(self, name: str, value: str | None = None) -> str:
        data = _without(self.data, name)
        if value is not None:
            data.setlist(name, [each for each in self.data.getlist(name) if clean_text(each) != value])
        data.pop("page", None)
        return data.urlencode()


def _one_of(kind: str, values: list[str]) -> Q:
    """Tags of a kind by code, slug or name, in any case (codes of countries are capitals, all others small)."""
    cases = {case for value in values for case in (value, value.lower(), value.upper(), slug_for(value))}
    return Q(kind=kind) & (Q(code__in=cases) | Q(slug__in=cases))


def _with_tags(condition: Q) -> QuerySet:
    return PostingTag.objects.filter(tag__in=Tag.objects.filter(condition)).values("posting")


def _sum_of(text: str) -> float | None:
    """A sum as people type it: 60000, 60,000, 60 000, 60k; None for anything else."""
    match = re.fullmatch(r"(\d{1,9}(?:[ ,.']\d{3})*)\s*(k?)", text.strip(), re.IGNORECASE)
    return float(re.sub(r"\D", "", match[1])) * (1000 if match[2] else 1) if match else None


def _without(data: Mapping[str, Any] | None, name: str) -> QueryDict:
    copy = data.copy() if isinstance(data, QueryDict) else QueryDict(mutable=True)
    copy.pop(name, None)
    return copy
