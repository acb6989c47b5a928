"""What the search and the sets in memory are kept up to date by."""

import secrets

from django.db import models
from django.utils import timezone


def new_stamp() -> str:
    return secrets.token_hex(8)


class BoardVersion(models.Model):
    """One row: a number that is raised in every transaction that changes what the list may show (`changes`)."""

    number = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now, help_text="When it was raised.")
    stamp = models.CharField(
        max_length=16,
        default=new_stamp,
        help_text="Drawn anew with each number: a database that was restored counts the same numbers again.",
    )
    companies_at = models.BigIntegerField(default=0, help_text="The number with which companies last changed.")

    def __str__(self) -> str:
        return str(self.number)


class PastVersion(models.Model):
    """The stamps of the numbers before the present one, by which a snapshot proves that it is of this board's past."""

    number = models.BigIntegerField(primary_key=True)
    stamp = models.CharField(max_length=16)

    def __str__(self) -> str:
        return f"{self.number}: {self.stamp}"


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
