"""The history of postings: a row for each that a transaction changed, with what it was then, who did it and why.

`changes` hears of every write, and calls `record` at the end of the transaction that it is about.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from postings.batches import batches
from postings.models import PastBody, Posting, PostingTag
from postings.models.history import Cause, because, present_cause

__all__ = ["Cause", "because", "present_cause", "record"]

_AT_ONCE = 250
# Asked by their own manager: `Posting.history` makes a class anew whenever it is read.
_Past = Posting.history.model
_FIELDS = [field.attname for field in _Past.tracked_fields]
_COLUMNS = [field.column for field in _Past.tracked_fields]
# What tells two rows apart.
_COMPARED = [*_FIELDS, "past_body_id", "past_tags"]


def record(causes: Mapping[int, Cause]) -> None:
    """Writes a row for each of these that differs from its last one, or is gone; in the caller's transaction."""
    now = timezone.now()
    for batch in batches(sorted(causes), _AT_ONCE):
        last = {row.id: row for row in _last_rows(batch)}
        tags = _tags_of(batch)
        bodies: dict[str, str] = {}
        rows = sorted([*_new(batch, last, tags, bodies), *_differing(batch, last, tags, bodies)])
        # In order, so that two who bring the same ones do not wait for each other.
        PastBody.objects.bulk_create([PastBody.of(bodies[digest]) for digest in sorted(bodies)], ignore_conflicts=True)
        _copy(rows, causes, now)
        _Past.objects.bulk_create(_gone(batch, last, causes, now))


class _Row(NamedTuple):
    """What a row of the history has that does not stand in the posting's own."""

    posting_id: int
    type: str  # + or ~
    past_body_id: str
    past_tags: list[list[Any]]


def _new(
    ids: Sequence[int], last: Mapping[int, Any], tags: Mapping[int, list[list[Any]]], bodies: dict[str, str]
) -> Iterator[_Row]:
    """Those that have no row yet."""
    new = [pk for pk in ids if pk not in last]
    for pk, body in Posting.objects.filter(pk__in=new).values_list("pk", "body_markdown") if new else ():
        digest = PastBody.digest_of(body)
        bodies[digest] = body
        yield _Row(pk, "+", digest, tags[pk])


def _differing(
    ids: Sequence[int], last: Mapping[int, Any], tags: Mapping[int, list[list[Any]]], bodies: dict[str, str]
) -> Iterator[_Row]:
    """Those that are not as their last row says."""
    known = [pk for pk in ids if pk in last]
    for values in Posting.objects.filter(pk__in=known).values(*_FIELDS, "body_markdown") if known else ():
        pk, body = values["id"], values.pop("body_markdown")
        before, digest = last[pk], PastBody.digest_of(body)
        values |= {"past_body_id": digest, "past_tags": tags[pk]}
        is_back = before.history_type == "-"
        if is_back or before.past_body_id != digest:
            bodies[digest] = body
        if is_back or any(getattr(before, name) != values[name] for name in _COMPARED):
            yield _Row(pk, "+" if is_back else "~", digest, tags[pk])


def _gone(ids: Sequence[int], last: Mapping[int, Any], causes: Mapping[int, Cause], now: dt.datetime) -> Iterator[Any]:
    """A row for each that is gone since its last one."""
    there = set(Posting.objects.filter(pk__in=list(last)).values_list("pk", flat=True)) if last else set()
    for pk in ids:
        if pk in last and pk not in there and last[pk].history_type != "-":
            values = {name: getattr(last[pk], name) for name in _COMPARED}
            said = {"history_user": causes[pk].user, "history_change_reason": causes[pk].reason}
            yield _Past(**values, **said, history_type="-", history_date=now)


_COPY = """
    INSERT INTO {history} ({columns}, past_body_id, past_tags, history_type, history_change_reason, history_user_id,
        history_date)
    SELECT {values}, said.body, said.tags, said.type, said.reason, said.user_id, %s
    FROM {said} JOIN {postings} ON {postings}.id = said.id
    ORDER BY said.id
"""
# The rows as one parameter each database takes: a list of lists, or a list for each column.
_SAID_TO_SQLITE = """(
    SELECT value ->> 0 AS id, value ->> 1 AS type, value ->> 2 AS body, value ->> 3 AS tags, value ->> 4 AS reason,
        value ->> 5 AS user_id
    FROM json_each(%s)) AS said"""
_SAID_TO_POSTGRESQL = """(
    SELECT id, type, body, tags::jsonb, reason, user_id
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
        AS each (id, type, body, tags, reason, user_id)) AS said"""


def _copy(rows: Sequence[_Row], causes: Mapping[int, Cause], now: dt.datetime) -> None:
    """Writes rows whose other values the database copies out of the postings themselves."""
    if not rows:
        return
    said = [
        (*row[:3], json.dumps(row.past_tags), causes[row.posting_id].reason, _key(causes[row.posting_id].user))
        for row in rows
    ]
    is_sqlite = connection.vendor == "sqlite"
    parameters: list[Any] = [json.dumps(said)] if is_sqlite else [list(column) for column in zip(*said, strict=True)]
    quote, postings = connection.ops.quote_name, Posting._meta.db_table
    statement = _COPY.format(
        history=_Past._meta.db_table,
        columns=", ".join(map(quote, _COLUMNS)),
        values=", ".join(f"{postings}.{quote(column)}" for column in _COLUMNS),
        said=_SAID_TO_SQLITE if is_sqlite else _SAID_TO_POSTGRESQL,
        postings=postings,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.ops.adapt_datetimefield_value(now), *parameters])


def _key(user: Any) -> int | None:
    return user.pk if user else None


def _last_rows(ids: Sequence[int]) -> Iterable[Any]:
    of_each = _Past.objects.filter(id__in=ids).order_by().values("id").annotate(last=Max("history_id"))
    return _Past.objects.filter(history_id__in=of_each.values("last")).order_by()


def _tags_of(ids: Sequence[int]) -> dict[int, list[list[Any]]]:
    tags: dict[int, list[list[Any]]] = defaultdict(list)
    links = PostingTag.objects.filter(posting__in=ids).order_by("tag_id")
    for posting, *tag in links.values_list("posting_id", "tag_id", "tag__kind", "tag__name"):
        tags[posting].append(tag)
    return tags
