from django.db import migrations, models


class Migration(migrations.Migration):
    """The board's version, which postings changed with it, the words they hold, and an index that holds all that
    the catalogue reads."""

    dependencies = [("postings", "0002_facts")]

    operations = [
        migrations.CreateModel(
            name="BoardVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="ChangedPosting",
            fields=[
                ("posting_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("version", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Word",
            fields=[("word", models.CharField(max_length=40, primary_key=True, serialize=False))],
        ),
        migrations.RemoveIndex(model_name="posting", name="posting_list_order"),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=[
                    "status",
                    "-listed_on",
                    "-id",
                    "expires_at",
                    "company",
                    "salary_currency",
                    "salary_yearly_min",
                    "salary_yearly_max",
                ],
                name="posting_catalogue",
            ),
        ),
    ]
