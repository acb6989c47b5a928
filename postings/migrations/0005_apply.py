import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Click-throughs by more kinds, what tells the kinds apart for a day, secret links to figures, and reports."""

    dependencies = [
        ("postings", "0004_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FiguresLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=43, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="FoldedClicks",
            fields=[
                ("journal", models.UUIDField(primary_key=True, serialize=False)),
                ("records", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("closed", "It is closed already"),
                            ("wrong", "Something in it is wrong"),
                            ("scam", "It looks like a scam"),
                        ],
                        max_length=10,
                    ),
                ),
                ("words", models.TextField(blank=True, help_text="What the visitor wrote.", max_length=1000)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("visitor", models.BinaryField(max_length=16, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="VisitorClick",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("visitor", models.BinaryField(max_length=16)),
                ("posting_id", models.BigIntegerField()),
                ("second", models.PositiveIntegerField(help_text="Of the day.")),
                ("is_burst", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="VisitorKey",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("key", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.AlterModelOptions(
            name="dailyclicks",
            options={"verbose_name": "click-throughs", "verbose_name_plural": "click-throughs"},
        ),
        migrations.AlterField(
            model_name="dailyclicks",
            name="kind",
            field=models.CharField(
                choices=[
                    ("person", "people"),
                    ("repeat", "repeats"),
                    ("burst", "bursts"),
                    ("bot", "bots"),
                    ("prefetch", "prefetches and previews"),
                    ("untold", "not told apart"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="dailyclicks",
            index=models.Index(fields=["day", "kind", "posting", "count"], name="clicks_by_day"),
        ),
        migrations.AddField(
            model_name="figureslink",
            name="posting",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="figures_link", to="postings.posting"
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="posting",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="reports", to="postings.posting"
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="settled_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="visitorclick",
            index=models.Index(fields=["day", "visitor", "second"], name="visitor_latest"),
        ),
        migrations.AddConstraint(
            model_name="visitorclick",
            constraint=models.UniqueConstraint(fields=("day", "visitor", "posting_id"), name="visitor_once_a_posting"),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["settled_at", "posting"], name="report_open"),
        ),
    ]
