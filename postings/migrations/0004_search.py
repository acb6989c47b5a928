"""The tables of the search index: no models, for each database has its own kind (`postings.search`)."""

from django.db import migrations

TABLES = {"postings_searchtext": ("title", "place", "body"), "postings_searchcompany": ("name",)}

SQLITE = [
    # `ascii` takes all beyond ASCII for letters, so that only blanks separate, whatever Unicode this SQLite knows of.
    """CREATE VIRTUAL TABLE {table} USING fts5 ({columns}, tokenize = "ascii tokenchars '+#.~'")""",
    # Merging less often and in larger pages than is usual: a third quicker to write, and no slower to look up.
    "INSERT INTO {table} ({table}, rank) VALUES ('automerge', 8)",
    "INSERT INTO {table} ({table}, rank) VALUES ('pgsz', 8000)",
]

POSTGRESQL_TABLE = "CREATE TABLE {table} (id bigint PRIMARY KEY, {vectors})"
POSTGRESQL_COLUMN = [
    # Not compressed: a phrase is looked for in the vectors themselves, and most of that would be unpacking them.
    "ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL",
    "CREATE INDEX {table}_{column} ON {table} USING gin ({column})",
]
# The planner does not know what it costs to fetch a vector that lies beside its row, and would rather read them all.
POSTGRESQL_FUNCTION = (
    "CREATE FUNCTION {table}_{field} (tsquery) RETURNS text LANGUAGE sql STABLE "
    "SET enable_seqscan = off SET jit = off "
    "AS 'SELECT string_agg(id::text, '','') FROM {table} WHERE {condition}'"
)


def create(apps, schema_editor):
    statements = sqlite if schema_editor.connection.vendor == "sqlite" else postgresql
    for table, columns in TABLES.items():
        for statement in statements(table, columns):
            schema_editor.execute(statement)


def sqlite(table, columns):
    for statement in SQLITE:
        yield statement.format(table=table, columns=", ".join(columns))


def postgresql(table, columns):
    yield POSTGRESQL_TABLE.format(table=table, vectors=", ".join(f"{column} tsvector NOT NULL" for column in columns))
    for column in columns:
        for statement in POSTGRESQL_COLUMN:
            yield statement.format(table=table, column=column)
    for field, fields in {"any": columns, **{column: [column] for column in columns}}.items():
        condition = " OR ".join(f"{each} @@ $1" for each in fields)
        yield POSTGRESQL_FUNCTION.format(table=table, field=field, condition=condition)


def drop(apps, schema_editor):
    for table, columns in TABLES.items():
        if schema_editor.connection.vendor == "postgresql":
            for field in ("any", *columns):
                schema_editor.execute(f"DROP FUNCTION {table}_{field} (tsquery)")
        schema_editor.execute(f"DROP TABLE {table}")


class Migration(migrations.Migration):
    dependencies = [("postings", "0003_board_version")]

    operations = [migrations.RunPython(create, drop)]
