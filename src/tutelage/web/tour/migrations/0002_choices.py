"""What the sceptic chose, and how many slices were drawn."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tour", "0001_initial")]

    operations = [
        migrations.AddField("tour", "draws", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("scene", "asked", models.JSONField(default=dict)),
    ]
