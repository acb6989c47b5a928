from django.db import migrations, models
from django.db.models.functions import Length


class Migration(migrations.Migration):
    """By which copies of a posting are found, and when which part of the board changed."""

    dependencies = [("postings", "0008_board_changed_at")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                models.F("title"),
                models.F("company"),
                models.Func("place", template="substr(%(expressions)s, 1, 100)", output_field=models.TextField()),
                Length("body_html"),
                name="posting_copies",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["id", "status", "expires_at", "changed_at"], name="posting_changes"),
        ),
    ]
