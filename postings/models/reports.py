"""What visitors find wrong, and what an import has doubts about."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.utils import timezone


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> "ReportQuerySet":
        return self.filter(settled_at=None)

    def number_open(self, of: Any) -> Coalesce:
        """How many open ones a posting has, as an expression: `of` points to its key."""
        counted = self.open().filter(posting=of).order_by().values("posting").annotate(number=Count("pk"))
        return Coalesce(models.Subquery(counted.values("number")), 0)


class Report(models.Model):
    """What a visitor says is wrong with a posting, or an import finds doubtful; open until an operator settles it."""

    class Reason(models.TextChoices):
        CLOSED = "closed", "It is closed already"
        WRONG = "wrong", "Something in it is wrong"
        SCAM = "scam", "It looks like a scam"
        DOUBT = "doubt", "It may mislead"  # an import's; no visitor is offered it

    posting = models.ForeignKey("postings.Posting", models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=10, choices=Reason)
    words = models.TextField(blank=True, max_length=1000, help_text="What the visitor wrote, or the import found.")
    created_at = models.DateTimeField(default=timezone.now)
    # Hashes of today (`visitors`), taken away with the day's key: of the visitor, by which few are taken, and of the
    # network address alone, by which a visitor who changes the user agent comes to an end as well.
    visitor = models.BinaryField(max_length=16, null=True, editable=False)
    network = models.BinaryField(max_length=16, null=True, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            # What makes the reports of one day independent; the visitor first, by whom they are counted.
            models.UniqueConstraint(fields=["visitor", "posting"], name="report_once_a_visitor")
        ]
        indexes = [
            models.Index(fields=["settled_at", "posting"], name="report_open"),
            # How many came from a network today; the rows of earlier days have no hash and stay out of it.
            models.Index(fields=["network"], name="report_of_network", condition=Q(network__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.posting}"
