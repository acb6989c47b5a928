"""On PostgreSQL an index of words by what they are made of, so that misspelt ones are not looked for in memory.

The extension is trusted since PostgreSQL 13: the owner of the database may make it. Where even that is not allowed the
board goes on as before, and a system check says so (`postings.W002`); what is missing is made by a later `migrate`.
"""

from django.db import migrations

from postings import similar_words


def make(apps, schema_editor):
    similar_words.make(schema_editor.connection)


def take_away(apps, schema_editor):
    similar_words.take_away(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("postings", "0016_board_stamps")]

    operations = [migrations.RunPython(make, take_away)]
