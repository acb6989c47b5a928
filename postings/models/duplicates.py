"""Postings that may be the same job, and those that an operator joined."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from postings.models.posting import Posting


class Signature(models.Model):
    """What a posting is compared by, so that only new and changed ones are read again (`duplicates.finding`)."""

    posting = models.OneToOneField(Posting, models.CASCADE, primary_key=True, related_name="signature")
    of = models.DateTimeField(help_text="The posting’s `changed_at` when it was signed.")
    # Of its company and title; empty where it names no company, for a title alone says nothing.
    title_key = models.CharField(max_length=32, blank=True, db_index=True)
    body_key = models.CharField(max_length=32, blank=True)  # alike where the words of the bodies are
    shingles = models.BinaryField(help_text="MinHash of the body; empty where that has too few words.")

    def __str__(self) -> str:
        return f"Signature of {self.posting_id}"


class LikenessQuerySet(models.QuerySet["Likeness"]):
    def open(self) -> "LikenessQuerySet":
        """What nobody decided on: both postings may still be shown, and neither is merged."""
        found = self.unsettled()
        for over in (Posting.objects.filter(status=Posting.Status.CLOSED), Posting.objects.expired()):
            # Listed and looked up: asked one by one, a database goes through the rows with all their text.
            ids: Any = over.order_by().values("pk")
            found = found.exclude(first__in=ids).exclude(second__in=ids)
        return found

    def unsettled(self) -> "LikenessQuerySet":
        return self.filter(settled_at=None)

    def settled(self) -> "LikenessQuerySet":
        return self.filter(settled_at__isnull=False)

    def of_any(self, ids: Any) -> "LikenessQuerySet":
        return self.filter(Q(first__in=ids) | Q(second__in=ids))


class Likeness(models.Model):
    """Two postings that may be the same job; once an operator judged them different, they are never suggested again."""

    class Reason(models.TextChoices):
        TITLE = "title", "same company and title"
        BODY = "body", "nearly the same body"

    first = models.ForeignKey(Posting, models.CASCADE, related_name="+")
    second = models.ForeignKey(Posting, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason)
    score = models.PositiveSmallIntegerField(help_text="How much of the bodies is the same, in percent.")
    # The lowest key of all postings that are connected by what is not settled: what stands together in the queue.
    group = models.BigIntegerField()
    found_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = LikenessQuerySet.as_manager()

    class Meta:
        verbose_name = "duplicate"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="likeness_once_a_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="likeness_in_order"),
        ]
        indexes = [
            # The queue, which goes through all that is not settled.
            models.Index(
                fields=["group", "score", "first", "second"],
                condition=Q(settled_at__isnull=True),
                name="likeness_queue",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}: {self.get_reason_display()}"


class Merge(models.Model):
    """That one posting stands for another; taken away when they are taken apart."""

    kept = models.ForeignKey(Posting, models.CASCADE, related_name="merges")
    merged = models.OneToOneField(Posting, models.CASCADE, related_name="merge")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    # What was before, what it brought and what became of it, for taking apart (`duplicates.merging`).
    record = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.merged_id} in {self.kept_id}"
