"""`tutelage train resume`."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from tutelage.cli.train import arguments
from tutelage.errors import BadInput, Where


@click.command(epilog="Example:  tutelage train resume runs/ppo")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def resume(directory: Path, as_json: bool) -> None:
    """Go on with an interrupted run of any method; DIRECTORY is its --out.

    The run goes on from its last saved step with the arguments it was begun with, in the directory it was begun in.
    On a CPU with the same number of threads it ends with the same bits as a run that was never stopped. A finished
    run is only described.
    """
    from tutelage.cli.train import command

    argv, begun_in = arguments.read(directory)
    argv = [*(a for a in argv if a != "--json"), *(["--json"] if as_json else [])]
    if not begun_in.is_dir():
        raise BadInput(
            f"The run was begun in {begun_in}, which is not there.",
            expected="that directory",
            remedy="Restore it, or give the training command again.",
            where=Where(str(directory)),
        )
    with contextlib.chdir(begun_in):
        command.main(args=argv, prog_name="tutelage train", standalone_mode=False)
