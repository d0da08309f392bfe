"""`tutelage judge`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.judges.batch import Summary


@click.command(epilog="Example:  tutelage judge pairs.csv --judge local:smollm2 --out verdicts.jsonl")
@click.argument("items", type=click.Path(exists=True, path_type=Path))
@click.option("--judge", "spec", required=True, metavar="SPEC",
              help="replay:FILE, endpoint:URL#MODEL, local:MODEL, head:DIR, reward:DIR, rule:NAME.")  # fmt: skip
@click.option("--rubric", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="What makes an answer better: text, or TOML.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".jsonl, .csv, .parquet.")
@click.option("--map", "columns", multiple=True, metavar="ROLE=COLUMN", help="item, prompt, first, second.")
@click.option("--budget", type=click.IntRange(min=0), help="Most calls to a model; two a pair.")
@click.option("--at-once", type=click.IntRange(1, 64), default=8, show_default=True, help="Calls at the same time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    items: Path, spec: str, rubric: Path | None, out: Path, columns: tuple[str, ...], budget: int | None, at_once: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Let an AI judge compare the pairs of ITEMS: a table of pairs, or a directory of `tutelage import`.

    A pair is judged in both orders; what depends on the order is no verdict. Stopped, or out of budget (exit 4), run it
    again: nothing is asked twice.
    """
    import polars as pl

    from tutelage import judges
    from tutelage.errors import NOT_ENOUGH
    from tutelage.formats.frames import write_frame
    from tutelage.judges import batch
    from tutelage.judges import rubric as rubrics
    from tutelage.judges.asking import SPENT, Purse
    from tutelage.records import Unscored

    duels = batch.read(items, _mapped(columns))
    purse = Purse(budget)
    bar: Any = click.progressbar(length=2 * len(duels), label="Asking", file=sys.stderr)
    setting = judges.Setting(
        rubrics.read(rubric) if rubric else judges.Rubric(), purse, at_once=at_once, progress=lambda *_: bar.update(1)
    )
    judge = judges.load(spec, setting)
    opinions = judge.compare_all(duels)
    if purse.spent:
        console.note("")
    rows = [batch.row(d, o, judge.record) for d, o in zip(duels, opinions, strict=True)]
    write_frame(pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String) | {"confidence": pl.Float64}), out)
    found = batch.summary(opinions, judge, calls=purse.spent, known=purse.known)
    left = sum(isinstance(o, Unscored) and o.detail == SPENT for o in opinions)
    if as_json:
        console.emit({"summary": found, "left": left, "out": str(out)})
    else:
        _say(found, out, left)
    raise SystemExit(NOT_ENOUGH if left else 0)


def _mapped(columns: tuple[str, ...]) -> dict[str, str]:
    wrong = next((c for c in columns if "=" not in c), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} is not ROLE=COLUMN.", param_hint="--map")
    return {role: column for role, _, column in (c.partition("=") for c in columns)}


def _say(found: Summary, out: Path, left: int) -> None:
    from tutelage.records import Rate

    console.say(f"{found.judge.id} judged {found.items:,} pairs -> {out}")
    if isinstance(found.scored, Rate):
        console.say(f"  a verdict on {found.scored.value:.1%} [{found.scored.lo:.1%}, {found.scored.hi:.1%}]")
    for reason, n in found.unscored.items():
        console.say(f"  no verdict: {n:,} {reason.replace('_', ' ')}")
    if isinstance(found.first, Rate):
        console.say(f"  the side stated first preferred in {found.first.value:.1%} "
                    f"[{found.first.lo:.1%}, {found.first.hi:.1%}] of its preferences")  # fmt: skip
    if found.calls or found.known:
        console.say(f"  {found.calls:,} calls made, {found.known:,} answers known from before")
    if left:
        console.say(f"The budget is spent with {left:,} pairs open. Run it again with more: nothing is asked twice.")
    else:
        console.say("Next: tutelage slice draw, then people judge the slice, then tutelage certify.")
