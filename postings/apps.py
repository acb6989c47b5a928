from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate


class PostingsConfig(AppConfig):
    name = "postings"

    def ready(self) -> None:
        from postings import changes, checks, lockout, second_factor, sessions  # noqa: F401  register what they look at

        changes.connect()
        post_migrate.connect(_index_missing, sender=self)


def _index_missing(**rest: Any) -> None:
    """A board that was filled before it had a search index gets one with the migration that brings it."""
    from postings import search, similar_words

    if search.exists():  # it does not where the migrations went back behind it
        search.index_missing()
        if not similar_words.are_there(connection):
            # Somebody else may have made the extension since the migration that wanted it.
            similar_words.make(connection)
