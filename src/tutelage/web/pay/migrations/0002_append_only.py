"""Transfers and entries are never changed or deleted, whoever asks: the database refuses."""

from django.db import migrations

TABLES = ("pay_transfer", "pay_entry")
SAID = "the ledger is append-only: correct by another transfer"


def refuse(apps, schema):
    for table in TABLES:
        if schema.connection.vendor == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                schema.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
                )
        else:
            schema.execute(
                "CREATE OR REPLACE FUNCTION pay_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{SAID}'; END $$"
            )
            schema.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION pay_append_only()"
            )


def allow(apps, schema):
    for table in TABLES:
        if schema.connection.vendor == "sqlite":
            for verb in ("update", "delete"):
                schema.execute(f"DROP TRIGGER {table}_no_{verb}")
        else:
            schema.execute(f"DROP TRIGGER {table}_append_only ON {table}")


class Migration(migrations.Migration):
    dependencies = [("pay", "0001_initial")]
    operations = [migrations.RunPython(refuse, allow, elidable=False)]
