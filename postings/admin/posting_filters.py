"""What the list of postings is filtered by, as the column beside it offers it.

None of them joins: each is a condition on what the index `posting_desk` holds, or a set of primary keys that another
index gives.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import F, Q, QuerySet, Sum, Value
from django.http import HttpRequest

from postings import visitors
from postings.admin.searching import among, companies_named, listed
from postings.models import Company, DailyClicks, Posting, PostingQuerySet, PostingTag, Tag

LATELY = 28  # days


class ChoiceFilter(admin.SimpleListFilter):
    """A filter by one of a few conditions, each with its name: `choices_of` maps a value to both."""

    choices_of: ClassVar[Mapping[str, tuple[str, Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, name) for value, (name, _) in self.choices_of.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.choices_of.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


class IsNamed(ChoiceFilter):
    title = "company named"
    parameter_name = "named"
    choices_of = {"no": ("No company", Q(company=None)), "yes": ("Named", Q(company__isnull=False))}


class HasPlace(admin.SimpleListFilter):
    title = parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "No place")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return cast(PostingQuerySet, queryset).placeless() if self.value() == "no" else queryset


class HasSalary(ChoiceFilter):
    title = "salary"
    parameter_name = "salary"
    choices_of = {"yes": ("With a salary", ~Q(salary_currency="")), "no": ("Without", Q(salary_currency=""))}


class IsPinned(ChoiceFilter):
    title = "pinned"
    parameter_name = "pinned"
    choices_of = {"yes": ("Has pinned fields", ~Q(pinned_fields=[])), "no": ("Nothing pinned", Q(pinned_fields=[]))}


class Age(admin.SimpleListFilter):
    """By the date that orders the list: the employer's, or when it was first seen."""

    title = "age"
    parameter_name = "age"
    days_of = {"7": "Up to a week", "30": "Up to 30 days", "90": "Up to 90 days", "365": "Up to a year"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*self.days_of.items(), ("older", "Over a year")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value, today = self.value() or "", visitors.today()
        if value in self.days_of:
            return queryset.filter(listed_on__gte=today - dt.timedelta(days=int(value)))
        return queryset.filter(listed_on__lt=today - dt.timedelta(days=365)) if value == "older" else queryset


class End(admin.SimpleListFilter):
    """Live ones by when they end."""

    title = "end"
    parameter_name = "end"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("week", "Within a week"), ("month", "Within 30 days"), ("never", "Never")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        live, value = cast(PostingQuerySet, queryset).live(), self.value() or ""
        if value == "never":
            return live.filter(expires_at=None)
        days = {"week": 7, "month": 30}.get(value)
        return cast(PostingQuerySet, queryset).ending_within(days) if days else queryset


class Clicked(admin.SimpleListFilter):
    """By click-throughs of people in the last four weeks."""

    title = f"clicks in {LATELY} days"
    parameter_name = "clicked"
    least_of = {"1": "Any", "10": "10 and more", "100": "100 and more"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("0", "None"), *self.least_of.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value != "0" and value not in self.least_of:
            return queryset
        since = visitors.today() - dt.timedelta(days=LATELY - 1)
        lately = DailyClicks.objects.of_people().filter(day__gte=since).order_by().values("posting")
        clicked = lately.annotate(number=Sum("count")).filter(number__gte=max(int(value), 1)).values("posting")
        return queryset.exclude(pk__in=clicked) if value == "0" else queryset.filter(pk__in=clicked)


class FormFilter(admin.SimpleListFilter):
    """What has too many values for a list of links: a small form, which keeps all else that was asked for."""

    template = "admin/postings/filter_form.html"
    placeholder = ""  # of what is typed; empty where one of the values is chosen

    def value(self) -> str:
        # No database takes what cannot be in it.
        return (super().value() or "").replace("\0", "")

    def choices(self, changelist: Any) -> Iterator[Any]:
        asked = [("q", changelist.query), *changelist.get_filters_params().items()]
        others = [
            (name, each)
            for name, value in asked
            for each in (value if isinstance(value, list) else [value])
            if each and name != self.parameter_name
        ]
        yield {
            "parameter": self.parameter_name,
            "value": self.value(),
            "placeholder": self.placeholder,
            "options": self.lookup_choices,
            "others": others,
            "without": changelist.get_query_string(remove=[self.parameter_name]),
        }


class WithTag(FormFilter):
    """By a tag of one kind, by its name in addresses."""

    kind: Tag.Kind

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tags = _values(request).get(self.kind, [])
        return [("none", "None said"), *tags] if tags else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        is_none = self.value() == "none"
        tags = Tag.objects.filter(kind=self.kind, **({} if is_none else {"slug": self.value()}))
        found: Any = PostingTag.objects.filter(tag__in=tags).order_by().values_list("posting_id", flat=True)
        if is_none:
            # As a difference of two lists: asked otherwise, the database looks for the tags of each posting in turn.
            found = Posting.objects.order_by().values_list("pk", flat=True).difference(found)
        return among(queryset, set(found))


class InCategory(WithTag):
    title = parameter_name = "category"
    kind = Tag.Kind.CATEGORY


class InCountry(WithTag):
    title = parameter_name = "country"
    kind = Tag.Kind.COUNTRY


class AtWorkplace(WithTag):
    title = parameter_name = "workplace"
    kind = Tag.Kind.WORKPLACE


class FromSource(FormFilter):
    title = parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return _values(request).get("source", [])

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(source=self.value()) if self.value() else queryset


def _values(request: HttpRequest) -> Mapping[str, list[tuple[str, str]]]:
    """What may be chosen in each of the filters above, by their parameters: value and name. One query for a page."""
    if not hasattr(request, "values_to_filter_by"):
        kinds = [each.kind for each in (InCategory, InCountry, AtWorkplace)]
        tags = Tag.objects.filter(kind__in=kinds).order_by().values_list("kind", "slug", "name")
        sources = Posting.objects.order_by().values_list(Value(FromSource.parameter_name), "source", F("source"))
        values: dict[str, list[tuple[str, str]]] = {}
        for of, value, name in sorted(tags.union(sources.distinct(), all=True), key=lambda row: row[2].casefold()):
            values.setdefault(of, []).append((value, name))
        request.values_to_filter_by = values  # type: ignore[attr-defined]
    return request.values_to_filter_by  # type: ignore[attr-defined]


class TextFilter(FormFilter):
    """By what is typed."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # Django leaves a filter out that has none


class OfCompany(TextFilter):
    """By its name, or else by words of it."""

    title = parameter_name = "company"
    placeholder = "Words of its name"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value().strip()
        if not value:
            return queryset
        exact = Company.objects.filter(name=value).values_list("pk", flat=True).first()
        return queryset.filter(company__in=listed([exact] if exact else companies_named(value)))


class AtHost(TextFilter):
    title = "apply host"
    parameter_name = "host"
    placeholder = "jobs.example.org"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        host = self.value().strip().lower()
        return queryset.filter(Q(apply_host=host) | Q(apply_host__endswith=f".{host}")) if host else queryset
