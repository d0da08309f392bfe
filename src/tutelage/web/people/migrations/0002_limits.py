"""When a token may ask next; and Django's cache as a table, which all processes share."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("people", "0001_initial"),)

    operations = (
        migrations.AddField("token", "next_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Kept",
            fields=[
                ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "people_kept"},
        ),
    )
