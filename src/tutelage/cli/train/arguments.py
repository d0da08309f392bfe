"""What a run was told, kept where the run is: `tutelage train resume DIR` says it again.

Beside `out` while the run is on (so that it is there from the first moment), in it afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tutelage.errors import BadInput, Where
from tutelage.store import write_whole

FILE = "arguments.json"
_ARGV = f"{__name__}.argv"


class Remembering(click.Command):
    """A command that knows how it was called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See click."""
        ctx.meta[_ARGV] = [str(self.name), *args]
        return super().parse_args(ctx, args)


def beside(out: Path) -> Path:
    """Where the arguments of an unfinished run lie."""
    return out.parent / f".{out.name}.{FILE}"


@contextmanager
def kept(out: Path) -> Iterator[None]:
    """Keep the arguments of the command at hand, from now until `out` holds its result."""
    told = {"argv": click.get_current_context().meta[_ARGV], "cwd": str(Path.cwd())}
    place = beside(out)
    if not (out / FILE).exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, (json.dumps(told) + "\n").encode())
    try:
        yield
    except BadInput:
        if not list(out.parent.glob(f".{out.name}.*.partial")):
            place.unlink(missing_ok=True)  # nothing began
        raise
    if place.is_file():
        place.replace(out / FILE)


def read(out: Path) -> tuple[list[str], Path]:
    """(arguments of `tutelage train`, the directory they were given in). Raises BadInput."""
    place = next((p for p in (out / FILE, beside(out)) if p.is_file()), None)
    if place is None:
        raise BadInput(
            "No run that can be resumed is known here.",
            expected="the --out of a `tutelage train` that was begun",
            remedy="Give the training command again: it goes on from its last saved step.",
            where=Where(str(out)),
        )
    told = json.loads(place.read_text("utf-8"))
    return list(told["argv"]), Path(told["cwd"])
