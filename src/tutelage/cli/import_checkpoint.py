"""`tutelage import checkpoint`: weights that another engine trained, with whose work is in them."""

from __future__ import annotations

from pathlib import Path

import click

from tutelage.cli import console

EXAMPLE = """\b
Example: tutelage import checkpoint tuned --from elsewhere
         tutelage lineage tuned
"""
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(options_metavar="--from RUN [OPTIONS]", epilog=EXAMPLE)
@click.argument("directory", type=FOLDER)
@click.option("--from", "run", required=True, metavar="RUN", type=FOLDER, help="What `export training` wrote.")
@click.option("--out", type=click.Path(path_type=Path), help="Another directory.  [beside the weights]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def checkpoint(directory: Path, run: Path, out: Path | None, as_json: bool) -> None:
    """Make a checkpoint of a peft adapter or full weights, trained from RUN elsewhere.

    Base, data and weights are held against RUN's tutelage.json; what does not fit is named and nothing is written.
    The checkpoint lists the contributions in the rows it learned from: `tutelage lineage DIR`, and `local:DIR`.
    """
    from tutelage.models import checkpoint as ck
    from tutelage.training import exchange

    made, traced = exchange.checkin(directory, run, out)
    place = out or directory
    work = len({c.id for c in ck.contributions(place)})
    if as_json:
        console.emit({"checkpoint": str(place), "digest": made.digest, "method": made.method, "contributions": work,
                      "lineage": traced, "parents": made.parents, "figures": made.figures})  # fmt: skip
        return
    console.say(f"{place}  {made.digest}")
    console.say(f"  {made.method} on {made.figures['rows']} rows; {work} contributions in it")
    if not traced:
        console.say("  No lineage: the export came without the judgments behind its rows.")
    console.say(f"  Next: tutelage lineage {place}, tutelage eval")
