"""What an export says of each thing, column by column (django-import-export); the files are made by `downloads`.

Facts go by the names and values of the guide, as in `exporting`. Of reports the hashes of visitor and network stay
here: they are of no use to anybody, and are gone tomorrow.
"""

import datetime as dt
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import IntegerField, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import Widget

from postings import catalogue, exporting
from postings.batches import batches
from postings.models import Company, Posting, Report, Tag

_AT_ONCE = 500


class _AsItIs(Widget):
    """The value itself, which each format prints in its own way; dates by ISO 8601."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        if isinstance(value, dt.datetime):
            return value.isoformat(timespec="seconds")
        return value.isoformat() if isinstance(value, dt.date) else value


def _columns(*names: str, **attributes: str) -> dict[str, Field]:
    """Columns that are attributes of their names; `company="company__name"` for others."""
    paths = {name: name for name in names} | attributes
    return {name: Field(path, name, widget=_AsItIs()) for name, path in paths.items()}


def _made(*names: str) -> dict[str, Field]:
    """Columns that are made by `dehydrate_<name>`."""
    return {name: Field(column_name=name) for name in names}


class BoardResource(ModelResource):
    """Rows of one model, a batch at a time."""

    has_bodies = False  # whether one may choose if they come along
    columns: dict[str, Field] = {}

    def __init__(self, with_bodies: bool = True) -> None:
        super().__init__()
        self.with_bodies = with_bodies and self.has_bodies
        self.fields = {**self.columns}
        if self.has_bodies and not with_bodies:
            self.fields.pop("body")

    def get_export_order(self) -> list[str]:
        return list(self.fields)

    @property
    def header(self) -> list[str]:
        return self.get_export_headers()

    def rows(self, ids: Sequence[int]) -> Iterator[list[Any]]:
        """Of those that are still there, in this order. No query outlives its batch: a slow client keeps nobody from
        writing."""
        for chunk in batches(ids, _AT_ONCE):
            found = {each.pk: each for each in self.queryset().filter(pk__in=list(chunk))}
            yield from (self.export_resource(found[pk]) for pk in chunk if pk in found)

    def queryset(self) -> QuerySet:
        raise NotImplementedError

    def export_resource(self, instance: Model, selected_fields: Any = None, **kwargs: Any) -> list[Any]:
        # The library looks each column up by its name again for every row, which costs more than all the rest.
        return [value_of(instance) for value_of in self._values]

    @cached_property
    def _values(self) -> list[Callable[[Any], Any]]:
        return [
            getattr(self, field.get_dehydrate_method(name), None) or field.export for name, field in self.fields.items()
        ]

    def as_object(self, row: Sequence[Any]) -> dict[str, Any]:
        """A row as JSON has it."""
        return dict(zip(self.fields, row, strict=True))


class PostingResource(BoardResource):
    has_bodies = True
    columns = {
        **_columns("slug", "source", "source_slug", "status", "title", company="company__name"),
        **_columns("place", "salary_text", "other_tags", "apply_url"),
        **_made("published_on", *exporting.LISTS, "categories", *Posting.PAY, "visa", "apply_keyword", "language"),
        **_made("evidence"),
        **_columns("first_seen", "expires_at", "end_is_employers", "changed_at", "pinned_fields"),
        **_columns("withheld", "clicks", "reports_open", body="body_markdown"),
    }

    class Meta:
        model = Posting
        fields = ()

    def queryset(self) -> QuerySet:
        postings = Posting.objects.with_clicks().with_open_reports().select_related("company")
        # In two steps, so that the few tags are made once a batch and not once a posting.
        postings = postings.prefetch_related("posting_tags__tag")
        return postings.defer(*(["body_html"] if self.with_bodies else ["body_html", "body_markdown"]))

    def export_resource(self, instance: Any, selected_fields: Any = None, **kwargs: Any) -> list[Any]:
        instance.exported = exporting.facts_of(instance)
        return super().export_resource(instance)

    def as_object(self, row: Sequence[Any]) -> dict[str, Any]:
        """With the salary in one, where its first part stands, as the guide has it."""
        said = super().as_object(row)
        salary = {name.removeprefix("salary_"): said[name] for name in Posting.PAY}
        said[Posting.PAY[0]] = salary if salary["currency"] else None
        names = {Posting.PAY[0]: "salary", **dict.fromkeys(Posting.PAY[1:])}
        return {name: value for key, value in said.items() if (name := names.get(key, key))}

    def dehydrate_published_on(self, posting: Posting) -> str | None:
        return posting.published_machine or None

    def dehydrate_categories(self, posting: Posting) -> list[str]:
        return sorted(tag.name for tag in posting.tags_of_kind(Tag.Kind.CATEGORY))

    def dehydrate_language(self, posting: Posting) -> str | None:
        return next((tag.code for tag in posting.tags_of_kind(Tag.Kind.LANGUAGE)), None)

    def dehydrate_evidence(self, posting: Posting) -> dict[str, Any]:
        """The words of the posting that say so, by fact and value."""
        said: dict[str, Any] = {}
        for link in sorted(posting.posting_tags.all(), key=lambda link: link.tag.code):
            if link.evidence:
                said.setdefault(Posting.PINNED_AS[Tag.Kind(link.tag.kind)], {})[link.tag.code] = link.evidence
        return said | ({"salary": posting.salary_evidence} if posting.salary_evidence else {})


def _fact(name: str) -> Callable[[PostingResource, Any], Any]:
    def dehydrate(self: PostingResource, posting: Any) -> Any:
        return posting.exported[name]

    return dehydrate


def _of_salary(name: str) -> Callable[[PostingResource, Any], Any]:
    def dehydrate(self: PostingResource, posting: Any) -> Any:
        return (posting.exported["salary"] or {}).get(name)

    return dehydrate


for _name in (*exporting.LISTS, "visa", "apply_keyword"):
    setattr(PostingResource, f"dehydrate_{_name}", _fact(_name))
for _name in Posting.PAY:
    setattr(PostingResource, f"dehydrate_{_name}", _of_salary(_name.removeprefix("salary_")))


class CompanyResource(BoardResource):
    columns = _columns("name", "slug", "postings_live")

    class Meta:
        model = Company
        fields = ()

    def queryset(self) -> QuerySet:
        return Company.objects.with_posting_counts()


class TagResource(BoardResource):
    columns = _columns("kind", "name", "code", "slug", "spellings", "postings_live")

    class Meta:
        model = Tag
        fields = ()

    def queryset(self) -> QuerySet:
        return with_live_postings(Tag.objects.all())


def with_live_postings(tags: QuerySet) -> QuerySet:
    """Annotates `postings_live`, as this worker's catalogue knows it: the database would go through every link of a
    tag, and to order by it through all of the board."""
    counts = json.dumps(catalogue.current().tag_counts())
    if connection.vendor == "sqlite":
        number = RawSQL("json_extract(%s, '$.\"' || postings_tag.id || '\"')", [counts], IntegerField())
    else:
        number = RawSQL("(%s::jsonb ->> postings_tag.id::text)::int", [counts], IntegerField())
    return tags.annotate(postings_live=Coalesce(number, 0))


class ReportResource(BoardResource):
    columns = _columns(
        "reason", "words", "created_at", "settled_at", posting="posting__slug", title="posting__title",
        company="posting__company__name", settled_by="settled_by__username",
    )  # fmt: skip

    class Meta:
        model = Report
        fields = ()

    def queryset(self) -> QuerySet:
        bodies = ("posting__body_markdown", "posting__body_html")
        return Report.objects.select_related("posting__company", "settled_by").defer("visitor", "network", *bodies)


def ids_of(queryset: QuerySet) -> Sequence[int]:
    """The primary keys of what a list shows, in its order: eight bytes each, and all that is kept of a large board."""
    keys: Iterable[int] = queryset.values_list("pk", flat=True).iterator(chunk_size=10_000)
    return array("q", keys)
