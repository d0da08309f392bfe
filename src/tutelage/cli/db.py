"""`tutelage db backup | restore | check | ledger`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from tutelage.cli import console

DATA = click.Path(exists=True, file_okay=False, path_type=Path)
data_option = click.option("--data", type=DATA, help="Data directory; default: as `tutelage serve`.")


@click.group(epilog="Example:  tutelage db backup --out monday.db")
def command() -> None:
    """Back the platform's database up, put a backup back, check that all is whole, write its ledger out.

    Keys are not in a backup: keep DATA/keys apart, or nobody can read what it holds.
    """


@command.command(epilog="Example:  tutelage db backup --out monday.db")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: DATA/backups/<time>.")
@data_option
def backup(out: Path | None, data: Path | None) -> None:
    """Write a backup while the platform goes on: whole, or not at all."""
    from tutelage.web import serving

    hall = serving.set_up(data)
    from tutelage.web.database import backup as copies

    now = datetime.now(UTC)
    target = out or hall / "backups" / f"{now:%Y%m%dT%H%M%S}{copies.suffix()}"
    console.say(f"{copies.save(target.absolute())}  ({target.stat().st_size / 1e6:.1f} MB)")


@command.command(epilog="Example:  tutelage serve --stop && tutelage db restore monday.db")
@click.argument("backup_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def restore(backup_file: Path, data: Path | None) -> None:
    """Put a backup in the place of the database. Refused while a server or worker uses it."""
    from tutelage.web import serving

    hall = serving.set_up(data)
    from tutelage.web.database import backup as copies

    with serving.alone(hall):
        kept = copies.restore(backup_file.absolute(), datetime.now(UTC))
    console.say(f"Restored {backup_file}." + (f" What was there is kept as {kept}." if kept else ""))


@command.command(epilog="Example:  tutelage db check --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@data_option
def check(as_json: bool, data: Path | None) -> None:
    """Check the file, its migrations, the ledger, the log and every receipt. Exits 3 where something is wrong."""
    from tutelage.errors import FAILED
    from tutelage.web import serving

    serving.set_up(data)
    from tutelage.web.database import checks

    found = []
    for one in checks.run():
        found.append(one)
        if not as_json:
            console.say(f"{'ok   ' if one.ok else 'WRONG'}  {one.name:<11}{one.seen}")
    whole = all(one.ok for one in found)
    if as_json:
        console.emit({"ok": whole, "checks": [one._asdict() for one in found]})
    raise SystemExit(0 if whole else FAILED)


@command.command(epilog="Example:  tutelage db ledger --beancount ledger.beancount && bean-check ledger.beancount")
@click.option("--beancount", "out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="The file to write.")  # fmt: skip
@data_option
def ledger(out: Path, data: Path | None) -> None:
    """Write all money that moved as a Beancount file, for a check that is none of ours.

    Its last lines say what the database makes of every account; bean-check adds the transfers up anew.
    """
    from tutelage.store import write_whole
    from tutelage.web import serving

    serving.set_up(data)
    from tutelage.web.database.reading import one_moment
    from tutelage.web.pay import beancount

    with one_moment():
        write_whole(out, "".join(beancount.lines()).encode())
    console.say(f"{out}  (bean-check {out} adds it up)")
