from django.db import migrations, models

import postings.models.board


class Migration(migrations.Migration):
    """What tells a board's own past from that of another that counted the same numbers."""

    dependencies = [("postings", "0015_roles")]

    operations = [
        migrations.AddField(
            model_name="boardversion",
            name="stamp",
            field=models.CharField(
                default=postings.models.board.new_stamp,
                help_text="Drawn anew with each number: a database that was restored counts the same numbers again.",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="boardversion",
            name="companies_at",
            field=models.BigIntegerField(default=0, help_text="The number with which companies last changed."),
        ),
        migrations.CreateModel(
            name="PastVersion",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("stamp", models.CharField(max_length=16)),
            ],
        ),
    ]
