import hashlib
import zlib

import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import postings.models.base

AT_ONCE = 500
NOW = django.utils.timezone.now()
FOUND = "As it was when the history began."


def begin_histories(apps, schema_editor):
    """What is there has one row from now on, so that the first change can be told from it."""
    for name in ("Tag", "Company"):
        model, past = apps.get_model("postings", name), apps.get_model("postings", f"Historical{name}")
        fields = [field.attname for field in model._meta.fields]
        batch = []
        for row in model.objects.order_by("pk").values(*fields).iterator(chunk_size=AT_ONCE):
            batch.append(past(**row, history_type="+", history_date=NOW, history_change_reason=FOUND))
            if len(batch) == AT_ONCE:
                past.objects.bulk_create(batch)
                batch = []
        past.objects.bulk_create(batch)
    _begin_postings(apps)


def _begin_postings(apps):
    posting = apps.get_model("postings", "Posting")
    past = apps.get_model("postings", "HistoricalPosting")
    past_body = apps.get_model("postings", "PastBody")
    link = apps.get_model("postings", "PostingTag")
    own = {"history_id", "history_date", "history_change_reason", "history_type", "history_user_id", "past_body_id"}
    names = [f.attname for f in past._meta.fields if f.attname not in own and f.attname != "past_tags"]
    last = 0
    while ids := list(posting.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        last = ids[-1]
        tags: dict = {}
        bodies, rows = {}, []
        links = link.objects.filter(posting__in=ids).order_by("tag_id")
        for pk, *tag in links.values_list("posting_id", "tag_id", "tag__kind", "tag__name"):
            tags.setdefault(pk, []).append(tag)
        for row in posting.objects.filter(pk__in=ids).order_by("pk").values(*names, "body_markdown"):
            data = row.pop("body_markdown").encode()
            digest = hashlib.sha256(data).hexdigest()
            bodies[digest] = past_body(digest=digest, packed=zlib.compress(data))
            row |= {"past_body_id": digest, "past_tags": tags.get(row["id"], [])}
            rows.append(past(**row, history_type="+", history_date=NOW, history_change_reason=FOUND))
        past_body.objects.bulk_create(bodies.values(), ignore_conflicts=True)
        past.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [
        ("postings", "0010_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PastBody",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("packed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="HistoricalCompany",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("name", models.CharField(max_length=200, validators=[postings.models.base.validate_visible])),
                (
                    "slug",
                    models.CharField(
                        blank=True,
                        help_text="Its name in addresses.",
                        max_length=220,
                        validators=[postings.models.base.validate_slug],
                    ),
                ),
                ("history_change_reason", models.TextField(null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a company",
                "verbose_name_plural": "changes of companies",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalTag",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("category", "category"),
                            ("skill", "skill"),
                            ("country", "country"),
                            ("region", "region"),
                            ("workplace", "workplace"),
                            ("employment", "employment"),
                            ("seniority", "seniority"),
                            ("visa", "visa sponsorship"),
                            ("language", "language of the posting"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        blank=True,
                        help_text="What it is called in parameters and exports: DE, remote, c#.",
                        max_length=120,
                    ),
                ),
                ("name", models.CharField(max_length=100, validators=[postings.models.base.validate_visible])),
                (
                    "slug",
                    models.CharField(
                        blank=True,
                        help_text="Its name in addresses and parameters.",
                        max_length=120,
                        validators=[postings.models.base.validate_slug],
                    ),
                ),
                (
                    "spellings",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Of a skill: what else postings call it. Then run `manage.py read_facts`.",
                    ),
                ),
                ("history_change_reason", models.TextField(null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a tag",
                "verbose_name_plural": "changes of tags",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPosting",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("past_tags", models.JSONField(default=list)),
                ("source", models.CharField(default="admin", help_text="Where it came from.", max_length=50)),
                ("source_slug", models.CharField(blank=True, help_text="Its name at its source.", max_length=200)),
                (
                    "slug",
                    models.CharField(
                        blank=True,
                        error_messages={"unique": "Another posting has this address."},
                        help_text="Its name in addresses.",
                        max_length=210,
                        validators=[postings.models.base.validate_slug],
                    ),
                ),
                ("title", models.CharField(max_length=300, validators=[postings.models.base.validate_visible])),
                (
                    "salary_text",
                    models.TextField(
                        blank=True, help_text="As printed, say “$90,000 - $120,000”.", verbose_name="salary"
                    ),
                ),
                ("place", models.TextField(blank=True, help_text="As printed, say “Remote, Poland”.")),
                ("salary_min", models.FloatField(blank=True, null=True)),
                ("salary_max", models.FloatField(blank=True, null=True)),
                ("salary_currency", models.CharField(blank=True, help_text="ISO 4217, say EUR.", max_length=3)),
                (
                    "salary_period",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("hour", "hour"),
                            ("day", "day"),
                            ("week", "week"),
                            ("month", "month"),
                            ("year", "year"),
                        ],
                        max_length=5,
                    ),
                ),
                ("salary_evidence", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "other_tags",
                    models.JSONField(blank=True, default=list, help_text="Further tags as printed, emoji included."),
                ),
                (
                    "apply_url",
                    models.CharField(help_text="http(s): or mailto:", max_length=2048, verbose_name="apply address"),
                ),
                (
                    "apply_keyword",
                    models.CharField(
                        blank=True, help_text="The word that applicants are asked to mention.", max_length=100
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "draft"), ("live", "live"), ("closed", "closed")],
                        default="live",
                        max_length=10,
                    ),
                ),
                (
                    "published_on",
                    models.DateField(
                        blank=True, help_text="The employer's date; empty: not known. It is never refreshed.", null=True
                    ),
                ),
                (
                    "published_precision",
                    models.CharField(
                        choices=[("day", "to the day"), ("month", "to the month")], default="day", max_length=5
                    ),
                ),
                ("first_seen", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("expires_at", models.DateTimeField(blank=True, help_text="Empty: never.", null=True)),
                (
                    "end_is_employers",
                    models.BooleanField(
                        default=False,
                        help_text="The employer’s own closing date: only such an end is told to search engines.",
                        verbose_name="end is the employer’s",
                    ),
                ),
                ("pinned_fields", models.JSONField(blank=True, default=list, editable=False)),
                ("history_change_reason", models.TextField(null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Empty: not named.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="postings.company",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "past_body",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="postings.pastbody"
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a posting",
                "verbose_name_plural": "changes of postings",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunPython(begin_histories, migrations.RunPython.noop),
    ]
