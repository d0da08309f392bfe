"""What waits while a slice is asked is held back, no longer closed: what was closed stays so when the slice is done."""

from django.db import migrations

CLOSED, HELD = 3, 5


def hold(apps, schema_editor):
    waiting = apps.get_model("proof", "Certified").objects.filter(rest=True).values("project")
    apps.get_model("work", "Slot").objects.filter(state=CLOSED, project__in=waiting).update(state=HELD)


def close(apps, schema_editor):
    apps.get_model("work", "Slot").objects.filter(state=HELD).update(state=CLOSED)


class Migration(migrations.Migration):
    dependencies = [("work", "0002_problems_and_rehearsals"), ("proof", "0003_slices")]
    operations = [migrations.RunPython(hold, close)]
