from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """One report of a posting by a visitor and day, and how many came from a network."""

    dependencies = [
        ("postings", "0005_apply"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="report",
            name="network",
            field=models.BinaryField(max_length=16, null=True),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(fields=("visitor", "posting"), name="report_once_a_visitor"),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("network__isnull", False)), fields=["network"], name="report_of_network"
            ),
        ),
    ]
