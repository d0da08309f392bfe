"""What a token may still ask is kept with the token (`people.Token.next_at`), for every machine address."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("runs", "0002_browsing"), ("people", "0002_limits"))

    operations = (migrations.DeleteModel("Bucket"),)
