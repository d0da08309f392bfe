"""`tutelage eval run`: an online run's account, as figures and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.training.account import Account


@click.command(epilog="Example:  tutelage eval run runs/ppo --out run.html")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the page here.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def run(directory: Path, out: Path | None, as_json: bool) -> None:
    """Whether a run serves gold or only pleases its reward: the alarm, the curve, the answers.

    DIRECTORY is the --out of `tutelage train ppo`, `rloo` or `grpo`, finished or not.
    Exits 3 where the over-optimisation alarm sounded, 4 where gold was not watched at
    256 prompts or more.
    """
    from tutelage.training import account

    found = account.of(directory)
    if out:
        from tutelage.report import write
        from tutelage.report.training_run import page_of

        write(page_of(found), out)
    if as_json:
        console.emit(found)
    else:
        _say(found, out)
    raise SystemExit({"fired": 3, "untested": 4}.get(found.state, 0))


def _say(found: Account, out: Path | None) -> None:
    console.say(f"{found.run}: {found.steps} steps{'' if found.finished else ', not finished'}")
    console.say(f"  {found.words}")
    if found.curve:
        last = found.curve.points[-1]
        console.say(f"  proxy  {last.proxy}\n  gold   {last.gold}\n  KL     {last.kl}")
        console.say(f"  gold is greatest at {found.curve.peak_kl}")
    if out:
        console.say(f"  page   {out}")
