from urllib.parse import urlsplit

from django.db import migrations, models

AT_ONCE = 1000


def fill_hosts(apps, schema_editor):
    """Where each apply address leads, as `models.posting.host_of` says it."""
    posting = apps.get_model("postings", "Posting")
    last = 0
    while batch := list(posting.objects.filter(pk__gt=last).order_by("pk").only("pk", "apply_url")[:AT_ONCE]):
        last = batch[-1].pk
        for each in batch:
            each.apply_host = _host_of(each.apply_url)
        posting.objects.bulk_update(batch, ["apply_host"], batch_size=200)


def _host_of(apply_url):
    if apply_url.startswith("mailto:"):
        return apply_url.removeprefix("mailto:").partition("?")[0][:255]
    try:
        return (urlsplit(apply_url).hostname or "")[:255]
    except ValueError:
        return ""


class Migration(migrations.Migration):
    dependencies = [
        ("postings", "0013_admin_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="posting",
            name="apply_host",
            field=models.CharField(default="", editable=False, max_length=255),
        ),
        migrations.RunPython(fill_hosts, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=[
                    "-listed_on",
                    "-id",
                    "status",
                    "expires_at",
                    "company",
                    "source",
                    "apply_host",
                    "salary_currency",
                    "pinned_fields",
                ],
                name="posting_desk",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("place", "")),
                fields=["status", "-listed_on", "-id", "expires_at", "place"],
                name="posting_placeless",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["status", "expires_at"], name="posting_ends"),
        ),
    ]
