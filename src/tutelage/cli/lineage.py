"""`tutelage lineage`: down from a checkpoint, forward from a contribution."""

from __future__ import annotations

from pathlib import Path

import click

from tutelage.cli import console
from tutelage.errors import NOT_ENOUGH

EXAMPLE = """\b
Example: tutelage lineage runs/demo/checkpoint
         tutelage lineage --of 019a3c1e-7f00-7000-8000-000000000001
"""


@click.command(epilog=EXAMPLE)
@click.argument("checkpoint", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--of", "contribution", metavar="ID", help="A contribution or contributor: what was made from it.")
@click.option("--in", "roots", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Where to look, besides here and $TUTELAGE_HOME.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every contribution.")
def command(checkpoint: Path | None, contribution: str | None, roots: tuple[Path, ...], as_json: bool) -> None:
    """From a checkpoint down to the judgments behind it, or --of a judgment forward to what learned from it.

    Down: checks that the weights are those the lineage was written for and that every contribution has an origin
    (exit 3 where not). People, AI judges, simulated and anonymous judges are counted apart. Forward: exit 4 where
    a damaged release or checkpoint could not be searched.
    """
    if (checkpoint is None) == (contribution is None):
        raise click.UsageError("Name a CHECKPOINT, or --of ID: one of them.")
    if checkpoint is not None:
        _down(checkpoint, as_json)
    else:
        _forward(str(contribution), roots, as_json)


def _down(checkpoint: Path, as_json: bool) -> None:
    from tutelage.provenance import check, read, to_text

    lineage = read(checkpoint)
    check(lineage, checkpoint)
    if as_json:
        console.emit({"graph": lineage.graph, "tallies": lineage.tallies(), "work": lineage.work})
    else:
        console.say(to_text(lineage))


def _forward(wanted: str, roots: tuple[Path, ...], as_json: bool) -> None:
    from tutelage.provenance import forward
    from tutelage.store import home

    every = forward.names(wanted, home() / "projects")
    damaged: dict[str, str] = {}
    places = [p for p in (home(), Path()) if p.is_dir()] + list(roots)
    found = forward.containing(every, places, unread=lambda place, why: damaged.update({str(place): why}))
    if as_json:
        retrain = [h.digest for h in found if h.type == "checkpoint"]
        console.emit({"of": wanted, "also": sorted(every - {wanted}), "in": found, "retrain": retrain,
                      "unread": damaged})  # fmt: skip
    else:
        console.say(forward.to_text(wanted, found))
        for why in damaged.values():
            console.note(f"Not read, so it may hold {wanted} too: {why}")
    if damaged:
        raise SystemExit(NOT_ENOUGH)
