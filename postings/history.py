"""The history of postings: a row for each that a transaction changed, with what it was then, who did it and why.

`changes` hears of every write, and calls `record` at the end of the transaction that it is about.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Max
from django.utils import timezone

from postings.batches import batches
from postings.models import PastBody, Posting, PostingTag
from postings.models.history import Cause, because, present_cause

__all__ = ["Cause", "because", "present_cause", "record"]

_AT_ONCE = 250
_FIELDS = [field.attname for field in Posting.history.model.tracked_fields]
# What tells two rows apart.
_COMPARED = [*_FIELDS, "past_body_id", "past_tags"]


def record(causes: Mapping[int, Cause]) -> None:
    """Writes a row for each of these that differs from its last one, or is gone; in the caller's transaction."""
    now = timezone.now()
    for batch in batches(sorted(causes), _AT_ONCE):
        rows: list[Any] = []
        bodies: dict[str, str] = {}
        for type, values in _differing(batch):
            cause = causes[values["id"]]
            if "body" in values:
                bodies[values["past_body_id"]] = values.pop("body")
            said = {"history_user": cause.user, "history_change_reason": cause.reason}
            rows.append(Posting.history.model(**values, **said, history_type=type, history_date=now))
        # In order, so that two who bring the same ones do not wait for each other.
        PastBody.objects.bulk_create([PastBody.of(bodies[digest]) for digest in sorted(bodies)], ignore_conflicts=True)
        Posting.history.bulk_create(rows)


def _differing(ids: Sequence[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is not as its last row says: whether it came, changed or went, and its values; `body` where that is
    another one."""
    last = {row.id: row for row in _last_rows(ids)}
    tags = _tags_of(ids)
    for values in Posting.objects.filter(pk__in=ids).order_by("pk").values(*_FIELDS, "body_markdown"):
        body = values.pop("body_markdown")
        values |= {"past_body_id": PastBody.digest_of(body), "past_tags": tags[values["id"]]}
        before = last.pop(values["id"], None)
        if before is None or before.history_type == "-":
            yield "+", values | {"body": body}
        elif before.past_body_id != values["past_body_id"]:
            yield "~", values | {"body": body}
        elif any(getattr(before, name) != values[name] for name in _COMPARED):
            yield "~", values  # its body is kept already
    for gone in last.values():
        if gone.history_type != "-":
            yield "-", {name: getattr(gone, name) for name in _COMPARED}


def _last_rows(ids: Sequence[int]) -> Iterable[Any]:
    of_each = Posting.history.filter(id__in=ids).order_by().values("id").annotate(last=Max("history_id"))
    return Posting.history.filter(history_id__in=of_each.values("last")).order_by()


def _tags_of(ids: Sequence[int]) -> dict[int, list[list[Any]]]:
    tags: dict[int, list[list[Any]]] = defaultdict(list)
    links = PostingTag.objects.filter(posting__in=ids).order_by("tag_id")
    for posting, *tag in links.values_list("posting_id", "tag_id", "tag__kind", "tag__name"):
        tags[posting].append(tag)
    return tags
