"""Statements that are asked for on page after page: each is a queryset, whose SQL is made once.

To make SQL of a queryset costs the ORM several times what the database takes to answer it by a key.
"""

import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.expressions import Value


class Argument(Value):
    """Stands in a queryset for what is known only when it is asked, by its place among the arguments."""

    def __init__(self, place: int = 0) -> None:
        super().__init__(place)
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


class Statement:
    """Rows of a `values_list`: `Statement(lambda: Company.objects.filter(slug=Argument()).values_list("pk", "name"))`.

    An argument reaches the database as it is given, without what the ORM would make of it.
    """

    def __init__(self, make: Callable[[], QuerySet]) -> None:
        self._make = make
        # Each thread has a connection of its own, of which the ORM keeps hold in what it makes.
        self._of_thread = threading.local()

    def rows(self, *arguments: Any) -> Sequence[Sequence[Any]]:
        made: _Made | None = getattr(self._of_thread, "made", None)
        connection = connections[DEFAULT_DB_ALIAS]
        if made is None or made.connection is not connection:
            made = self._of_thread.made = _Made(self._make(), connection)
        parameters = [arguments[each.place] if isinstance(each, Argument) else each for each in made.parameters]
        with connection.cursor() as cursor:
            cursor.execute(made.sql, parameters)
            rows = cursor.fetchall()
        return made.converted(rows) if rows else []

    def row(self, *arguments: Any) -> Sequence[Any] | None:
        """The first one."""
        return next(iter(self.rows(*arguments)), None)


# A statement for each length would take memory in every thread, and a place among those that the database prepared.
_LENGTHS = (1, 2, 5, 10, 25, 50)
_MOST_LENGTHS = 20


class ListStatement:
    """The same for what is in a list, once for a few lengths:
    `ListStatement(lambda keys: Company.objects.filter(pk__in=keys).values_list("pk", "name"))`.

    A shorter list is filled up with its first, so the statement must not mind one that comes again.
    """

    def __init__(self, make: Callable[[list[Any]], QuerySet]) -> None:
        self._make = make
        self._of_length = lru_cache(maxsize=_MOST_LENGTHS)(self._statement)

    def rows(self, arguments: Sequence[Any]) -> Sequence[Sequence[Any]]:
        if not arguments:
            return []
        number = len(arguments)
        length = next((each for each in _LENGTHS if each >= number), -(-number // _LENGTHS[-1]) * _LENGTHS[-1])
        return self._of_length(length).rows(*arguments, *[arguments[0]] * (length - number))

    def _statement(self, length: int) -> Statement:
        return Statement(lambda: self._make([Argument(place) for place in range(length)]))


class _Made:
    """What the ORM makes of a queryset, for one connection."""

    def __init__(self, queryset: QuerySet, connection: Any) -> None:
        self.connection = connection
        compiler = queryset.query.get_compiler(connection=connection)
        self.sql, self.parameters = compiler.as_sql()
        self._converters = [
            (place, convert, expression)
            for place, (converters, expression) in compiler.get_converters(
                [expression for expression, _, _ in compiler.select]
            ).items()
            for convert in converters
        ]

    def converted(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """From what the database gives to what Python has for it: times, lists."""
        if not self._converters:
            return rows
        lists = [list(row) for row in rows]
        for place, convert, expression in self._converters:
            for row in lists:
                row[place] = convert(row[place], expression, self.connection)
        return lists
