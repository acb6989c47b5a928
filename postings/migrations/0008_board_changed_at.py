import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """When the board's version was raised, for Last-Modified."""

    dependencies = [("postings", "0007_structured_data")]

    operations = [
        migrations.AddField(
            model_name="boardversion",
            name="changed_at",
            field=models.DateTimeField(default=django.utils.timezone.now, help_text="When it was raised."),
        ),
    ]
