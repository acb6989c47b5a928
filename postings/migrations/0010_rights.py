from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("postings", "0009_sitemap"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="posting",
            options={
                "permissions": [("export_posting", "Can export postings"), ("merge_posting", "Can merge postings")]
            },
        ),
    ]
