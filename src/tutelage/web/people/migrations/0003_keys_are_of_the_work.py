"""Keys are kept by kind of task (`work.Keys`); these were read by nobody."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0002_limits")]
    operations = [migrations.RemoveField("user", "keys")]
