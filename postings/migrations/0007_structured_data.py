from django.db import migrations, models


def judge(apps, schema_editor):
    """Says of every posting whether search engines are told of it, and if not why."""
    # The rule stands there alone. A later one is applied by `manage.py index_postings`.
    from postings import structured_data

    postings, links = apps.get_model("postings", "Posting"), apps.get_model("postings", "PostingTag")
    ids = list(postings.objects.order_by("pk").values_list("pk", flat=True))
    structured_data.judge(ids, postings, links)


class Migration(migrations.Migration):
    """Whether a posting's end is the employer's own, and why search engines are told nothing of it."""

    dependencies = [("postings", "0006_reports")]

    operations = [
        migrations.AddField(
            model_name="posting",
            name="end_is_employers",
            field=models.BooleanField(
                default=False,
                help_text="The employer’s own closing date: only such an end is told to search engines.",
                verbose_name="end is the employer’s",
            ),
        ),
        migrations.AddField(
            model_name="posting",
            name="withheld",
            field=models.CharField(
                blank=True,
                choices=[
                    ("company", "no company"),
                    ("date", "no date"),
                    ("body", "no text"),
                    ("remote", "remote, no country"),
                    ("place", "no country"),
                ],
                editable=False,
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["withheld", "status", "-listed_on", "-id", "expires_at"], name="posting_withheld"
            ),
        ),
        migrations.RunPython(judge, migrations.RunPython.noop),
    ]
