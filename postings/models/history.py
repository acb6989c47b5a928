"""What things were before: a row for every change of a posting, a company or a tag (django-simple-history).

A posting's rows are written by `history`, which hears of every write; those of the others by the library itself.
"""

import hashlib
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import models
from simple_history.models import HistoricalRecords


class Cause(NamedTuple):
    """Why something is changed, as a sentence, and by whom; None: no person."""

    reason: str = ""
    user: Any = None


class _Present(threading.local):
    cause = Cause()


_present = _Present()


@contextmanager
def because(reason: str, user: Any = None) -> Iterator[None]:
    """Within it, what this thread changes is done for this reason ("Closed from the list.") and by this user.

    The innermost reason counts, but of what is changed twice in one transaction the first; a user that is said further
    out stays.
    """
    before = _present.cause
    _present.cause = Cause(reason, user or before.user)
    try:
        yield
    finally:
        _present.cause = before


def present_cause() -> Cause:
    return _present.cause


class PastBody(models.Model):
    """The Markdown that some posting has or had, packed, and kept once however many changes it outlives."""

    digest = models.CharField(max_length=64, primary_key=True)
    packed = models.BinaryField()

    def __str__(self) -> str:
        return self.digest

    @classmethod
    def of(cls, markdown: str) -> "PastBody":
        """Not saved."""
        return cls(digest=cls.digest_of(markdown), packed=zlib.compress(markdown.encode()))

    @staticmethod
    def digest_of(markdown: str) -> str:
        """By which one is known, without packing what most changes leave as it is."""
        return hashlib.sha256(markdown.encode()).hexdigest()

    @property
    def markdown(self) -> str:
        return zlib.decompress(self.packed).decode()


class PastPosting(models.Model):
    """What a row of a posting's history holds beside its fields."""

    past_body = models.ForeignKey(PastBody, models.PROTECT, related_name="+")
    # [primary key, kind, name] of each, in order of the keys; the names as they were then.
    past_tags = models.JSONField(default=list)

    class Meta:
        abstract = True


class History(HistoricalRecords):
    """Rows with the reason and the user of `because`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            history_id_field=models.BigAutoField(),
            history_change_reason_field=models.TextField(null=True),
            get_user=lambda **rest: present_cause().user,
            **options,
        )

    def get_change_reason_for_object(self, instance: Any, history_type: str, using: Any) -> str:
        return present_cause().reason


class PostingHistory(History):
    """Written by `history.record` once for all that a transaction does to a posting, its tags included."""

    def post_save(self, instance: Any, created: bool, using: Any = None, **rest: Any) -> None:
        pass

    def post_delete(self, instance: Any, using: Any = None, **rest: Any) -> None:
        pass

    def pre_delete(self, instance: Any, **rest: Any) -> None:
        pass
