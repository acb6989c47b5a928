"""Imports, and the files that they read."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from postings.models.posting import Posting


class ImportRun(models.Model):
    """One import: what it took and what it refused. Without `finished_at` it still runs, or was cut off."""

    source = models.CharField(max_length=50)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0, help_text="Files that are not .md, .markdown or .txt.")

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{self.source}, {self.started_at:%Y-%m-%d %H:%M}"


class RefusedFile(models.Model):
    """A file that an import did not take, and why."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="refused_files")
    path = models.TextField()
    reason = models.TextField()

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ImportedFile(models.Model):
    """A file that a posting was read from; by its fingerprint the next import passes over it.

    Several files can hold one posting (reposted in another month, listed in another category): the one that
    `is_text` gave the posting its text.
    """

    source = models.CharField(max_length=50)
    # SHA-256 over the bytes and over what was said beside them (importing.store).
    fingerprint = models.CharField(max_length=64)
    posting = models.ForeignKey(Posting, models.CASCADE, related_name="files")
    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="files")
    path = models.TextField()
    # What it is compared by: its date or, where it has none, the date of the text that it corrected.
    ranked_on = models.DateField()
    is_dated = models.BooleanField()
    is_text = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "fingerprint"], name="file_fingerprint_unique_in_source"),
            models.UniqueConstraint(fields=["posting", "path"], name="file_path_unique_in_posting"),
            models.UniqueConstraint(fields=["posting"], condition=Q(is_text=True), name="file_one_text_per_posting"),
        ]

    def __str__(self) -> str:
        return self.path
