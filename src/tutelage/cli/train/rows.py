"""`tutelage train sft | reward | dpo`: from what people wrote and judged."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tutelage.cli import console
from tutelage.cli.train.arguments import Remembering, kept
from tutelage.cli.train.lineage import keep_work, trace
from tutelage.errors import BadInput


def shared(function: Callable[..., None]) -> Callable[..., None]:
    """What every method that learns from rows is told."""
    options = [
        click.argument("dataset", type=click.Path(path_type=Path)),
        click.option("--base", required=True, metavar="MODEL", help="local:smollm2, or local:DIR."),
        click.option("--out", required=True, type=click.Path(path_type=Path), help="The checkpoint's directory."),
        click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting, e.g. lr=2e-4."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(
    cls=Remembering, epilog="Example:  tutelage train sft demos.jsonl --base local:smollm2 --out sft --set epochs=2"
)
@shared
def sft(dataset: Path, base: str, out: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """Imitate demonstrations."""
    from tutelage import training
    from tutelage.records import DemonstrationRow
    from tutelage.training.dataset import of_type, read_rows

    config = configured(training.SftConfig, settings)
    rows = of_type(read_rows(dataset, "demonstration"), DemonstrationRow, dataset, "a demonstration")
    with kept(out):
        training.sft(rows, base, out, config, _progress(as_json))
    _finish(out, dataset, base, len(rows), as_json)


@click.command(cls=Remembering, epilog="Example:  tutelage train reward judgments/ --base local:smollm2 --out reward")
@shared
@click.option(
    "--labels",
    type=click.Choice(["verdict", "votes", "reliable"]),
    default="verdict",
    show_default=True,
    help="One row an item; every vote; votes weighed by judge.",
)
def reward(dataset: Path, base: str, out: Path, settings: tuple[str, ...], as_json: bool, labels: str) -> None:
    """Learn to score answers from comparisons and rankings.

    --base minilm fits the fast reward model: sentence vectors, n-grams and surface features, seconds on a CPU.
    --set spread=true (fast) or leanings=4 (network) also learns what people differ about.
    """
    from tutelage import training
    from tutelage.records import RankedRow
    from tutelage.training.dataset import of_type
    from tutelage.training.soft import rows_of

    rows = of_type(rows_of(dataset, labels), RankedRow, dataset, "a comparison or ranking")
    if base.removeprefix("local:") in ("minilm", "head"):
        _fast(rows, dataset, out, settings, as_json)
        return
    config = configured(training.RewardConfig, settings)
    with kept(out):
        training.reward(rows, base, out, config, _progress(as_json))
    _finish(out, dataset, base, len(rows), as_json)


@click.command(
    cls=Remembering, epilog="Example:  tutelage train dpo judgments/ --base local:sft --out dpo --set beta=0.1"
)
@shared
def dpo(dataset: Path, base: str, out: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """Prefer what people preferred, without a reward model."""
    from tutelage import training
    from tutelage.records import RankedRow
    from tutelage.training.dataset import of_type, read_rows

    config = configured(training.DpoConfig, settings)
    rows = of_type(read_rows(dataset), RankedRow, dataset, "a comparison or ranking")
    with kept(out):
        training.dpo(rows, base, out, config, _progress(as_json))
    _finish(out, dataset, base, len(rows), as_json)


def _fast(rows: list[Any], dataset: Path, out: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """The fast reward model; `--set seed=…` deals the groups into folds."""
    import numpy as np

    from tutelage.models.head import load
    from tutelage.training.head import HeadConfig, fit

    told = configured(_Fast, settings)
    config = HeadConfig(spread=told.spread, margin_logits=told.margin_logits)
    model = load(fit(rows, out=out, config=config, rng=np.random.default_rng(told.seed)))
    keep_work(out, dataset, [c for row in rows for c in row.contributions])
    if as_json:
        console.emit({"checkpoint": str(out), "digest": model.digest, "method": "head", "rows": len(rows)})
        return
    console.say(f"{out}  {model.digest}")
    console.say(f"  fast reward model on {len(rows)} rows. Next: tutelage eval reward-model {out} --pairs HELD_OUT")


@dataclasses.dataclass(frozen=True)
class _Fast:
    seed: int = 0
    spread: bool = False
    margin_logits: float = 0.0


def configured(kind: Any, settings: tuple[str, ...]) -> Any:
    """A config with `NAME=VALUE` settings on it. Raises BadInput naming an unknown or unfit one."""
    from tutelage.records import decode

    given: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            names = ", ".join(f.name for f in dataclasses.fields(kind))
            raise BadInput(f"Saw --set {setting}.", expected=f"NAME=VALUE; names: {names}", remedy="Add the value.")
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    try:
        return decode(kind, given)
    except BadInput as error:
        raise error.at(field="--set") from None


def _progress(as_json: bool) -> Callable[[int, int], None] | None:
    if as_json:
        return None

    def show(done: int, of: int) -> None:
        click.echo(f"\r  step {done} of {of}", nl=done == of, err=True)

    return show


def _finish(out: Path, dataset: Path, base: str, rows: int, as_json: bool) -> None:
    from tutelage.models import checkpoint

    traced = trace(out, dataset, base)
    made = checkpoint.read(out)
    log = checkpoint.log(out)
    work = len(checkpoint.contributions(out))
    if as_json:
        last = {k: v for k, v in log[-1].items() if k in ("loss", "accuracy", "margin", "chosen_drift")} if log else {}
        console.emit(
            {"checkpoint": str(out), "digest": made.digest, "method": made.method, "rows": rows, "steps": len(log),
             "contributions": work, "lineage": traced, "last_step": last}
        )  # fmt: skip
        return
    console.say(f"{out}  {made.digest}")
    console.say(f"  {made.method} on {rows} rows in {len(log)} steps; {work} contributions in it")
    if not traced:
        console.say(
            "  No lineage: these rows come without their judgments. Train from a directory of `tutelage import`."
        )
    if log:
        console.say(f"  training loss {log[0]['loss']:.3f} at the first step, {log[-1]['loss']:.3f} at the last")
        console.say("  Training figures say nothing about held-out prompts: run `tutelage eval` next.")
