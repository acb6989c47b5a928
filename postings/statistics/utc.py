"""Days of moments."""

from django.db.models import DateField, Func


class UtcDate(Func):
    """The day of a moment: both databases' own function, which on SQLite is far quicker than Django's TruncDate.

    Django's connections to PostgreSQL are set to UTC, and SQLite holds UTC.
    """

    function = "DATE"
    output_field = DateField()
