"""Fills a database with copies of real postings: the same words and tags, other titles, companies, dates and pay.

The copies are made by the database itself, straight in the tables, from a temporary table that says how each differs
from its original. All that differs is drawn from a seed: the same postings make the same board.
"""

import datetime as dt
import itertools
import random
from collections.abc import Iterator

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from postings import changes, search, words
from postings.importing import run
from postings.models import ChangedPosting, Company, Posting, PostingTag, Word
from postings.slugs import slug_for

YEARS = 5  # the dates of a board
COPIES_WITH_ONE_WORD = 10  # how many have the same invented word in their titles: what a rare word finds
COPIES = "copies"  # their source
_COMPANY_KINDS = ["Labs", "Systems", "Group", "Works", "Partners", "Studio", "Networks", "GmbH"]
_AT_ONCE = 50_000


def make(size: int, source: str, cut: int | None) -> None:
    """Makes a board in a database that is thrown away where this does not come to its end."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY"):
                cursor.execute(f"PRAGMA {pragma}")
    call_command("migrate", verbosity=0)
    fill(size, source, cut)
    if connection.vendor == "postgresql":
        # At once what its own housekeeping would do in a moment, while something is measured.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def fill(size: int, source: str, cut: int | None = None) -> None:
    """Makes `size` live postings of those in a folder or archive, with bodies of at most `cut` characters."""
    run.run_import([source], run.Options(source="originals"))
    if not Posting.objects.exists():
        raise ValueError(f"There is no posting in {source}.")
    with transaction.atomic(), changes.together():
        surplus = Posting.objects.order_by("pk").values_list("pk", flat=True)[size:]
        Posting.objects.filter(pk__in=list(surplus)).delete()
        Posting.objects.update(expires_at=None)
        for posting in Posting.objects.order_by("pk") if cut else ():
            posting.body_markdown = posting.body_markdown[:cut]
            posting.render_body()
            posting.save(update_fields=["body_markdown", "body_html", "excerpt"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copies (id bigint PRIMARY KEY, original bigint, company bigint, title text,"
            " title_index text, listed_on date, precision_ varchar(5), expires_at timestamp with time zone,"
            " pay double precision)"
        )
        copies = _copies(size)
        while chunk := list(itertools.islice(copies, _AT_ONCE)):
            cursor.executemany("INSERT INTO copies VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)", chunk)
        _copy_rows()
        _copy_index()
        cursor.execute("DROP TABLE copies")


def _copies(size: int) -> Iterator[tuple]:
    """The rows of the temporary table: everything that a copy does not have from its original."""
    originals = [
        (pk, company, title[:250], words.tokens(title[:250]))
        for pk, company, title in Posting.objects.order_by("pk").values_list("pk", "company", "title")
    ]
    number = size - len(originals)
    title_words = max(1, number // COPIES_WITH_ONE_WORD)
    companies = _companies(len(originals), size, first_word=title_words)
    draw = random.Random(size)
    today = timezone.now().date()
    later = connection.ops.adapt_datetimefield_value(timezone.now() + dt.timedelta(days=3650))
    for pk in range(originals[-1][0] + 1, originals[-1][0] + 1 + number):
        original, company, title, tokens = draw.choice(originals)
        word = invented_word(draw.randrange(title_words))
        listed_on = today - dt.timedelta(days=draw.randrange(YEARS * 365))
        is_exact = draw.random() < 0.5
        yield (
            pk,
            original,
            # The square makes a few of them large: the first of n has one in √n of all.
            company and companies[int(len(companies) * draw.random() ** 2)],
            f"{title}, {word}",
            _title_index([*tokens, word.lower()]),
            (listed_on if is_exact else listed_on.replace(day=1)).isoformat(),
            Posting.Precision.DAY if is_exact else Posting.Precision.MONTH,
            later if draw.random() < 0.1 else None,
            draw.choice([0.8, 0.9, 1.0, 1.1, 1.2]),
        )


def _title_index(tokens: list[str]) -> str:
    text = words.index_text(tokens, with_stems=True)
    return text if connection.vendor == "sqlite" else search.vector(text)


def _companies(originals: int, size: int, first_word: int) -> list[int]:
    """The primary keys of all companies; their number grows like the square root of how often each posting is there."""
    new = round(Company.objects.count() * ((size / originals) ** 0.5 - 1))
    names = (f"{invented_word(first_word + each)} {_COMPANY_KINDS[each % len(_COMPANY_KINDS)]}" for each in range(new))
    Company.objects.bulk_create([Company(name=name, slug=slug_for(name)) for name in names], batch_size=1000)
    return list(Company.objects.order_by("pk").values_list("pk", flat=True))


def invented_word(number: int) -> str:
    """A word that no posting has, another for each number; none looks like another's plural to a stemmer."""
    number = number * 7_368_787 % 60**4
    syllables = []
    for _ in range(4):
        number, syllable = divmod(number, 60)
        syllables.append("bcdfghjklmnprstvwxyz"[syllable // 3] + "aou"[syllable % 3])
    return "".join(syllables).capitalize()


def _copy_rows() -> None:
    slug = "substr(original.slug, 1, 190) || '-copy-' || copies.id"
    _insert(
        Posting,
        "postings_posting AS original ON original.id = copies.original",
        {
            "id": "copies.id",
            "source": f"'{COPIES}'",
            "source_slug": slug,
            "slug": slug,
            "title": "copies.title",
            "company_id": "copies.company",
            "published_on": "copies.listed_on",
            "listed_on": "copies.listed_on",
            "published_precision": "copies.precision_",
            "expires_at": "copies.expires_at",
            **{
                name: f"round(original.{name} * copies.pay)"
                for name in ("salary_min", "salary_max", "salary_yearly_min", "salary_yearly_max")
            },
        },
    )
    _insert(
        PostingTag,
        "postings_postingtag AS original ON original.posting_id = copies.original",
        {"id": None, "posting_id": "copies.id"},
    )
    version = changes.raise_version()
    _insert(ChangedPosting, "", {"posting_id": "copies.id", "version": str(version)})
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Posting]):
            cursor.execute(statement)


def _copy_index() -> None:
    """What search.index() would write, without its reading the same words again for every copy."""
    is_sqlite = connection.vendor == "sqlite"
    key, title = ("rowid", "copies.title_index") if is_sqlite else ("id", "copies.title_index::tsvector")
    with connection.cursor() as cursor:
        # From a table of their own: FTS5 does not read what it is writing.
        cursor.execute(
            f"CREATE TEMPORARY TABLE texts AS SELECT {key} AS original, place, body FROM postings_searchtext"
        )
        cursor.execute(
            f"INSERT INTO postings_searchtext ({key}, title, place, body)"
            f" SELECT copies.id, {title}, texts.place, texts.body"
            " FROM copies JOIN texts ON texts.original = copies.original ORDER BY copies.id"
        )
        cursor.execute("SELECT DISTINCT title FROM copies")
        new = {title.split()[-1].lower() for (title,) in cursor}
        cursor.execute("DROP TABLE texts")
    Word.objects.bulk_create([Word(word=word) for word in sorted(new)], ignore_conflicts=True)


def _insert(model: type[Model], join: str, other: dict[str, str | None]) -> None:
    """Copies the rows of a table for every copy, with other values in some columns; None: the database's own."""
    columns = {field.column: f"original.{field.column}" for field in model._meta.concrete_fields} | other
    taken = {column: value for column, value in columns.items() if value is not None}
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(taken)}) SELECT {', '.join(taken.values())}"
            f" FROM copies {join and f'JOIN {join}'} ORDER BY copies.id"
        )
