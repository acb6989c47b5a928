"""Imports, what the admin was given for them, and the files that they read."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from postings.models.posting import Posting

# The process of an import gives a sign of life every half second; one that is silent for so long is gone.
SILENT_AFTER = dt.timedelta(seconds=30)


class Upload(models.Model):
    """A file or an archive that was uploaded in the admin to be imported.

    Its bytes are in the database, where every machine that shares it finds them; they go once they were imported, or
    when nobody wants them any more (`uploads.forget_old`).
    """

    name = models.CharField(max_length=200)
    data = models.BinaryField()
    size = models.PositiveIntegerField()
    uploaded_at = models.DateTimeField(default=timezone.now)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Since when its bytes are gone; name and size stay with the runs.
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ImportRunQuerySet(models.QuerySet):
    def for_page(self) -> "ImportRunQuerySet":
        """With what was uploaded and by whom, but without its bytes."""
        return self.select_related("upload", "started_by").defer("upload__data")

    def going_on(self) -> "ImportRunQuerySet":
        """Those whose process waits to begin, or is at it."""
        heard_of = timezone.now() - SILENT_AFTER
        signs = Q(last_sign__gt=heard_of) | Q(last_sign=None, started_at__gt=heard_of)
        return self.filter(signs, finished_at=None, stopped_because="").exclude(upload=None, last_sign=None)

    def lately(self, days: int) -> "ImportRunQuerySet":
        """Imports that began in so many days; no dry runs."""
        return self.filter(is_dry_run=False, started_at__gte=timezone.now() - dt.timedelta(days=days))

    def broken(self) -> "ImportRunQuerySet":
        """Those that were stopped or cut off."""
        gives_signs = Q(upload__isnull=False) | Q(last_sign__isnull=False)
        silent_since = timezone.now() - SILENT_AFTER
        is_silent = Q(last_sign__lte=silent_since) | Q(last_sign=None, started_at__lte=silent_since)
        return self.filter(~Q(stopped_because="") | (gives_signs & is_silent), finished_at=None)


class ImportRun(models.Model):
    """One import: what it took and what it refused. Of a dry run: what it would."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"  # its process has not begun
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        STOPPED = "stopped", "stopped"  # and says why
        CUT_OFF = "cut off", "cut off"  # silent, without having finished
        UNKNOWN = "unknown", "not finished: it still runs, or was cut off"  # gives no sign of life yet

    source = models.CharField(max_length=50)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0, help_text="Files that are not .md, .markdown or .txt.")

    # What was asked for in the admin.
    upload = models.ForeignKey(Upload, models.SET_NULL, null=True, related_name="runs")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    is_dry_run = models.BooleanField(default=False)
    category = models.CharField(max_length=100, blank=True)
    published_on = models.DateField(null=True)
    close_missing = models.BooleanField(default=False)

    # How it goes.
    files_total = models.PositiveIntegerField(null=True)
    last_sign = models.DateTimeField(null=True)
    stopped_because = models.TextField(blank=True)
    not_closed_because = models.TextField(blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{self.source}, {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def files_done(self) -> int:
        """How many files it has gone through."""
        return self.created + self.updated + self.unchanged + self.refused

    @property
    def state(self) -> State:
        """`objects.going_on()` says the same of many: they wait or run; and `objects.broken()`: stopped or cut off."""
        if self.finished_at:
            return self.State.FINISHED
        if self.stopped_because:
            return self.State.STOPPED
        if not self.upload_id and not self.last_sign:
            return self.State.UNKNOWN
        if timezone.now() - (self.last_sign or self.started_at) >= SILENT_AFTER:
            return self.State.CUT_OFF
        return self.State.RUNNING if self.last_sign else self.State.WAITING

    @property
    def is_going_on(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def state_in_words(self) -> str:
        """`running: 1,200 of 5,587 files so far`, `finished in 3.1 seconds`, `stopped: another import is running`."""
        match self.state:
            case self.State.WAITING:
                return "waiting for its process to begin"
            case self.State.RUNNING:
                total = f" of {max(self.files_done, self.files_total):,}" if self.files_total else ""
                return f"running: {self.files_done:,}{total} files so far"
            case self.State.FINISHED:
                assert self.finished_at  # noqa: S101  what the state says
                return f"finished in {(self.finished_at - self.started_at).total_seconds():,.1f} seconds"
            case self.State.STOPPED:
                return f"stopped: {self.stopped_because}"
            case self.State.CUT_OFF if self.last_sign is None:
                return "cut off before it began"
            case self.State.CUT_OFF:
                assert self.last_sign  # noqa: S101  what the case says
                sign = f"last sign of life at {self.last_sign:%Y-%m-%d %H:%M:%S} UTC"
                return f"cut off after {self.files_done:,} {'file' if self.files_done == 1 else 'files'} ({sign})"
        return str(self.state.label)


class PlannedFile(models.Model):
    """What a dry run found out about one file, or about one posting that it would close.

    A file that would change nothing has no row: the run counts it.
    """

    class Outcome(models.TextChoices):
        """By the names of the run's counts."""

        CREATED = "created", "new"
        UPDATED = "updated", "changed"
        REFUSED = "refused", "refused"
        CLOSED = "closed", "to close"

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="planned_files")
    path = models.TextField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    slug = models.CharField(max_length=210, blank=True)
    title = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True)  # why it is refused, or what may mislead in it
    differences = models.JSONField(default=list)  # of importing.planned_differences.Difference
    likely = models.JSONField(default=list)  # of importing.run.Likely: what it may be a copy of
    has_likely = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        indexes = [
            # The page of a dry run: one kind of them at a time, in order.
            models.Index(fields=["run", "outcome", "id"], name="planned_by_outcome"),
            models.Index(fields=["run", "has_likely", "id"], name="planned_with_likely"),
        ]

    def __str__(self) -> str:
        return self.path or self.slug


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
