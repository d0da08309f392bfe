"""`tutelage lineage CHECKPOINT`."""

from __future__ import annotations

from pathlib import Path

import click

from tutelage.cli import console


@click.command(epilog="Example:  tutelage lineage demo-out/dpo")
@click.argument("checkpoint", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every contribution.")
def command(checkpoint: Path, as_json: bool) -> None:
    """From a checkpoint down to the judgments behind it.

    Checks that the weights are those the lineage was written for and that every contribution they learned from
    has an origin (exit 3 where not). People, AI judges, simulated and anonymous judges are counted apart.
    """
    from tutelage.provenance import check, read, to_text

    lineage = read(checkpoint)
    check(lineage, checkpoint)
    if as_json:
        console.emit({"graph": lineage.graph, "tallies": lineage.tallies(), "work": lineage.work})
    else:
        console.say(to_text(lineage))
