"""On PostgreSQL, an index of names in the order of their letters: what begins so is found, and goes on from there."""

from typing import Any

from django.db import migrations

INDEX = 'CREATE INDEX runs_item_name ON work_item (project_id, name COLLATE "C")'


def make(apps: Any, schema: Any) -> None:
    """SQLite's own index is in that order already."""
    if schema.connection.vendor == "postgresql":
        schema.execute(INDEX)


def drop(apps: Any, schema: Any) -> None:
    """Without it."""
    if schema.connection.vendor == "postgresql":
        schema.execute("DROP INDEX runs_item_name")


class Migration(migrations.Migration):
    dependencies = (("runs", "0004_loops"),)
    operations = (migrations.RunPython(make, drop, elidable=False),)
