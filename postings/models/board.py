"""What the search and the sets in memory are kept up to date by."""

from django.db import models
from django.utils import timezone


class BoardVersion(models.Model):
    """One row: a number that is raised in every transaction that changes what the list may show (`changes`)."""

    number = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now, help_text="When it was raised.")

    def __str__(self) -> str:
        return str(self.number)


class ChangedPosting(models.Model):
    """With which version of the board a posting last changed. The row outlives a posting that is deleted."""

    posting_id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.posting_id}: {self.version}"


class Word(models.Model):
    """A word that some posting has or had, folded as it is searched for; misspelt ones are compared with these."""

    word = models.CharField(max_length=40, primary_key=True)

    def __str__(self) -> str:
        return self.word
