"""`tutelage compare`: two runs side by side."""

from __future__ import annotations

from pathlib import Path

import click

from tutelage.cli import console

EXAMPLE = """\b
Example: tutelage compare runs/demo runs/mine
"""


@click.command(epilog=EXAMPLE)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Every figure, not only those that differ.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(first: Path, second: Path, everything: bool, as_json: bool) -> None:
    """Set two finished runs side by side: their figures, and which stages made the same bytes.

    A star marks figures whose intervals do not touch.
    """
    from tutelage.pipeline.compare import compare

    found = compare(first, second)
    if as_json:
        console.emit(found)
        return
    for row in found.figures:
        if everything or row.first != row.second:
            console.say(f"{'*' if row.apart else ' '} {row.name}")
            console.say(f"    {row.first if row.first is not None else 'absent'}")
            console.say(f"    {row.second if row.second is not None else 'absent'}")
    console.say(f"The same bytes: {', '.join(found.same_stages) or 'no stage'}")
    console.say(f"Different: {', '.join(found.other_stages) or 'no stage'}")
