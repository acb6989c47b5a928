"""An import may have doubts about a posting, too: they stand in the queue of what visitors report."""

from django.db import migrations, models

REASONS = [
    ("closed", "It is closed already"),
    ("wrong", "Something in it is wrong"),
    ("scam", "It looks like a scam"),
    ("doubt", "It may mislead"),
]


class Migration(migrations.Migration):
    dependencies = [("postings", "0017_similar_words")]

    operations = [
        migrations.AlterField("report", "reason", models.CharField(choices=REASONS, max_length=10)),
        migrations.AlterField(
            "report",
            "words",
            models.TextField(blank=True, help_text="What the visitor wrote, or the import found.", max_length=1000),
        ),
    ]
