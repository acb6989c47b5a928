"""What several models share."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.dispatch import Signal

from postings import addresses
from postings.importing import layout


def validate_slug(slug: str) -> None:
    try:
        # Without the number that tells twins apart, which may come on top of the longest.
        addresses.check_slug(re.sub(r"-\d{1,9}\Z", "", slug))
    except addresses.BadAddress:
        raise ValidationError("No slash, blank or invisible character, please.") from None


def validate_visible(text: str) -> None:
    if not layout.is_visible(text):
        raise ValidationError("There is nothing to see in it.")


def tidy_fields(row: models.Model, *names: str) -> dict[str, list[str]]:
    """Takes out of lines that were typed by hand what an import takes out of files: what cannot be seen, or misleads.

    By field, why what is left of it is not taken: composing letters makes a few texts longer than they were.
    """
    errors = {}
    for name in names:
        value = " ".join(layout.tidy(getattr(row, name)).split())
        setattr(row, name, value)
        try:
            if value:  # whether it may be empty was asked before
                field: Any = row._meta.get_field(name)
                field.run_validators(value)
        except ValidationError as error:
            errors[name] = list(error.messages)
    return errors


# Rows were written by statement and not one by one: Django sends no signal for those. Receivers get the model as
# `sender`, the primary keys as `ids`, and the names of the written fields as `fields` (None: new rows).
written_in_bulk = Signal()


class RecordedQuerySet(models.QuerySet):
    """Tells of writes by statement too, in their transaction, so that `changes` misses none."""

    def update(self, **values: Any) -> int:
        with transaction.atomic(using=self.db, savepoint=False):
            ids = list(self.order_by().values_list("pk", flat=True))
            written = super().update(**values)
            written_in_bulk.send(sender=self.model, ids=ids, fields=set(values))
        return written

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        with transaction.atomic(using=self.db, savepoint=False):
            created = super().bulk_create(objs, *args, **kwargs)
            written_in_bulk.send(sender=self.model, ids=[each.pk for each in created], fields=None, rows=created)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]
