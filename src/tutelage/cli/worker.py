"""`tutelage worker`."""

from __future__ import annotations

from pathlib import Path

import click

DATA = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(epilog="Example:  TUTELAGE_DATABASE_URL=postgres://… tutelage worker --data hall")
@click.option("--data", type=DATA, help="Data directory; default: $TUTELAGE_HALL, else $TUTELAGE_HOME/hall.")
@click.option("--once", is_flag=True, help="End when no task is left.")
def command(data: Path | None, once: bool) -> None:
    """Run background tasks: imports, exports, folds; and give expired leases back, sign the log.

    `tutelage serve` starts one; at scale start more, on any machine that reaches the database and has the same keys.
    Ctrl+C or SIGTERM ends it after the task it is at; a task that a crash broke off runs again.
    """
    from tutelage.errors import BadInput
    from tutelage.web import serving

    hall = serving.set_up(data)
    from tutelage.web import working
    from tutelage.web.database import migrating

    with serving.using(hall):
        found = migrating.state()
        if found.pending or found.broken:
            raise BadInput("The database is not in this version's shape.", expected="a migrated database",
                           remedy="Start `tutelage serve` first: it backs it up and migrates it.")  # fmt: skip
        working.work(hall, once=once)
