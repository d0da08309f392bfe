"""`tutelage run`: a recipe from prompts to a gated model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.pipeline.forecast import Forecast

EXAMPLE = """\b
Example: tutelage run demo
         tutelage run mine.toml --out runs/mine --seed 2
         tutelage run causal --dry-run
"""


@click.command(epilog=EXAMPLE)
@click.argument("recipe")
@click.option("--out", type=click.Path(path_type=Path), help="The run's directory.  [runs/NAME]")
@click.option("--seed", type=int, help="Instead of the recipe's.")
@click.option("--on", default="local", metavar="WHERE", help="local, ray or ray://HOST:PORT: batch stages.  [local]")
@click.option("--dry-run", is_flag=True, help="Say what it would take: time, disk, money.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the run's metrics.")
def command(recipe: str, out: Path | None, seed: int | None, on: str, dry_run: bool, as_json: bool) -> None:
    """Drive RECIPE (a TOML file, or: demo, causal, mini) from prompts to a gated model.

    Run the same command again after any interruption: finished stages are kept.
    Writes report.html, metrics.json, gate.json and the checkpoint.
    """
    from tutelage.pipeline import loop
    from tutelage.pipeline.progress import choose
    from tutelage.pipeline.ray_runner import chosen as chosen_runner
    from tutelage.pipeline.recipe import load

    chosen = load(recipe)
    chosen = chosen if seed is None else chosen.model_copy(update={"seed": seed})
    place = out or Path("runs") / chosen.name
    if dry_run:
        _show(loop.expect(chosen), as_json)
        return
    with chosen_runner(on) as runner:
        found = loop.run_recipe(chosen, place, progress=choose(as_json=as_json), runner=runner)
    if as_json:
        console.emit(found.metrics)
        return
    console.say(found.summary())


def _show(found: Forecast, as_json: bool) -> None:
    """Time, disk and money of a run that has not begun."""
    from tutelage.pipeline.progress import duration

    if as_json:
        money = found.money_minor
        console.emit({"stages": found.stages, "seconds": found.seconds, "disk_bytes": found.disk_bytes, "money": money})
        return
    for stage in found.stages:
        known = duration(stage.effort.seconds) if stage.effort.seconds is not None else "unknown"
        console.say(f"{stage.stage:<28} {'done before' if stage.cached else known}")
    spent = ", ".join(f"{v / 100:.2f} {k}" for k, v in found.money_minor.items()) or "none"
    console.say(f"Time {duration(found.seconds)}, disk {found.disk_bytes / 2**20:.0f} MiB, money {spent}")
    if found.unknown:
        console.say(f"Not in these sums, never run here: {', '.join(found.unknown)}")
