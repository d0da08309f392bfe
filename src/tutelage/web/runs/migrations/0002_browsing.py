"""Indexes of the queue's items that only the owner's browser needs: each state's items in the project's order."""

from django.db import migrations

PARTS = {"open": "given = 0", "begun": "given > 0 AND given < needed", "settled": "given >= needed", "gold": "gold"}


class Migration(migrations.Migration):
    dependencies = (("runs", "0001_owner"),)

    operations = (
        *(
            migrations.RunSQL(
                f"CREATE INDEX runs_item_{name} ON work_item (project_id, rank, id) WHERE {which}",
                f"DROP INDEX runs_item_{name}",
            )
            for name, which in PARTS.items()
        ),
        migrations.RunSQL(
            "CREATE INDEX runs_item_domain ON work_item (project_id, domain, rank, id)", "DROP INDEX runs_item_domain"
        ),
    )
