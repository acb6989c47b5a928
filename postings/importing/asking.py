"""What an import may be asked for: one rule for the command line and the admin."""

import datetime as dt

from postings.importing.run import MAX_CATEGORY_LENGTH
from postings.models import BY_HAND, SAMPLES, Posting, is_plausible_date

# What is made by hand must not be closed by a dump, nor what is imported live for ever as the samples do.
KEPT_SOURCES = {BY_HAND, SAMPLES}
MAX_SOURCE_LENGTH = Posting._meta.get_field("source").max_length or 0


class WrongOption(ValueError):
    """Its text says what would be right."""


def source(text: str) -> str:
    if not (text.strip() == text and text.isprintable() and 0 < len(text) <= MAX_SOURCE_LENGTH):
        raise WrongOption(f"a source has 1 to {MAX_SOURCE_LENGTH} printable characters: {text!r}")
    if text in KEPT_SOURCES:
        raise WrongOption(f"{text!r} is the board's own source: choose another name")
    return text


def category(text: str) -> str:
    if not (text.strip() == text and text.isprintable() and len(text) <= MAX_CATEGORY_LENGTH):
        raise WrongOption(f"a category has at most {MAX_CATEGORY_LENGTH} printable characters: {text!r}")
    return text


def published_on(text: str) -> dt.date:
    try:
        date = dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise WrongOption(f"not a day as YYYY-MM-DD: {text!r}") from None
    if not is_plausible_date(date):
        raise WrongOption(f"nobody can have published on that day: {text!r}")
    return date
