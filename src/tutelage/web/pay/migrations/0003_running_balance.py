"""What is left in each escrow, kept beside the ledger by the database itself, so that asking costs one row."""

from django.db import migrations, models

ADD = (
    "UPDATE pay_account SET balance = balance + NEW.minor WHERE id = NEW.account_id AND kind = 'escrow'"  # no hot rows
)


def keep(apps, schema):
    schema.execute(
        "UPDATE pay_account SET balance = COALESCE((SELECT SUM(e.minor) FROM pay_entry e "
        "WHERE e.account_id = pay_account.id), 0) WHERE kind = 'escrow'"
    )
    if schema.connection.vendor == "sqlite":
        schema.execute(f"CREATE TRIGGER pay_entry_balance AFTER INSERT ON pay_entry BEGIN {ADD}; END")
    else:
        schema.execute(
            "CREATE OR REPLACE FUNCTION pay_keep_balance() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {ADD}; RETURN NULL; END $$"
        )
        schema.execute(
            "CREATE TRIGGER pay_entry_balance AFTER INSERT ON pay_entry "
            "FOR EACH ROW EXECUTE FUNCTION pay_keep_balance()"
        )


def forget(apps, schema):
    where = "" if schema.connection.vendor == "sqlite" else " ON pay_entry"
    schema.execute(f"DROP TRIGGER pay_entry_balance{where}")


class Migration(migrations.Migration):
    dependencies = [("pay", "0002_append_only")]
    operations = [
        migrations.AddField("account", "balance", models.BigIntegerField(default=0, editable=False)),
        migrations.RunPython(keep, forget, elidable=False),
    ]
