"""Click-throughs on apply, and the secret links at which employers see them."""

import re
import secrets
from typing import TYPE_CHECKING, Any

from django.db import models
from django.urls import reverse
from django.utils import timezone

if TYPE_CHECKING:
    from postings.models.posting import Posting


class DailyClicksQuerySet(models.QuerySet["DailyClicks"]):
    def of_people(self) -> "DailyClicksQuerySet":
        """What an operator sees first."""
        return self.filter(kind=DailyClicks.Kind.PERSON)


class DailyClicks(models.Model):
    """Click-throughs of one posting on one day (UTC), by what made them; raw clicks are the sum over the kinds.

    No visitor's address is stored. `clicks` tells the kinds apart and writes the rows.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "people"
        REPEAT = "repeat", "repeats"
        BURST = "burst", "bursts"
        BOT = "bot", "bots"
        PREFETCH = "prefetch", "prefetches and previews"
        UNTOLD = "untold", "not told apart"

    posting = models.ForeignKey("postings.Posting", models.CASCADE, related_name="daily_clicks")
    day = models.DateField()
    kind = models.CharField(max_length=10, choices=Kind)
    count = models.PositiveIntegerField(default=0)

    objects = DailyClicksQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["posting", "day", "kind"], name="clicks_one_row_a_day")]
        # What the figures of a span of days are read from, without the rows.
        indexes = [models.Index(fields=["day", "kind", "posting", "count"], name="clicks_by_day")]
        verbose_name = verbose_name_plural = "click-throughs"

    def __str__(self) -> str:
        return f"{self.day}: {self.count} ({self.get_kind_display()})"


class VisitorKey(models.Model):
    """The key of the hashes that visitors have on one day (UTC): one row, deleted when the day is over (`visitors`)."""

    day = models.DateField(primary_key=True)
    key = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"the key of {self.day}"


class VisitorClick(models.Model):
    """That a visitor, known by a hash of today, went on from a posting; deleted with the day's key."""

    day = models.DateField()
    visitor = models.BinaryField(max_length=16)
    posting_id = models.BigIntegerField()
    second = models.PositiveIntegerField(help_text="Of the day.")
    is_burst = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "visitor", "posting_id"], name="visitor_once_a_posting")]
        indexes = [models.Index(fields=["day", "visitor", "second"], name="visitor_latest")]

    def __str__(self) -> str:
        return f"a visitor of {self.day} at posting {self.posting_id}"


class FoldedClicks(models.Model):
    """How many records of a click journal are in the database already, written with them (`journal`)."""

    journal = models.UUIDField(primary_key=True)
    records = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.records} of journal {self.journal}"


class FiguresLinkQuerySet(models.QuerySet["FiguresLink"]):
    def make(self, posting: "Posting") -> "tuple[FiguresLink, bool]":
        """Gives a posting a secret address, and says whether it did: one that it has already stays."""
        return self.get_or_create(posting=posting, defaults=self._new())

    def replace(self, posting: "Posting") -> None:
        """Gives a posting another secret address; the one that it has stops working."""
        self.update_or_create(posting=posting, defaults=self._new())

    @staticmethod
    def _new() -> dict[str, Any]:
        return {"key": secrets.token_urlsafe(32), "created_at": timezone.now()}

    def of_key(self, key: str) -> "FiguresLink":
        """Raises DoesNotExist for what is no key, before any database has to make sense of it."""
        if not _FIGURES_KEY.fullmatch(key):
            raise FiguresLink.DoesNotExist
        return (
            self.select_related("posting__company").defer("posting__body_markdown", "posting__body_html").get(key=key)
        )


_FIGURES_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


class FiguresLink(models.Model):
    """The secret address at which an employer sees a posting's figures without an account."""

    posting = models.OneToOneField("postings.Posting", models.CASCADE, related_name="figures_link")
    key = models.CharField(max_length=43, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = FiguresLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"figures of {self.posting}"

    def get_absolute_url(self) -> str:
        return reverse("postings:figures", args=[self.key])
