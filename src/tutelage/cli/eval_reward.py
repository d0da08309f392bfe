"""`tutelage eval reward-model`: a reward model's account on held-out pairs, as figures and as a page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.errors import BadInput, Where

if TYPE_CHECKING:
    import numpy as np

    from tutelage.evaluation.reward_report import Costs, Report, Split, Value
    from tutelage.models import RewardModel
    from tutelage.records import RankedRow

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ROWS = click.Path(exists=True, path_type=Path)
MODEL = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("reward-model", epilog="Example:  tutelage eval reward-model rm/ --pairs held_out.jsonl --out rm.html")
@click.argument("checkpoint", type=MODEL, required=False)
@click.option("--pairs", type=ROWS, required=True, help="Held-out rows, an imported directory, a file to import.")
@click.option("--train", type=ROWS, help="What it was trained on: baselines are fitted there.")
@click.option("--against", type=MODEL, help="A second model on the same pairs, topic by topic.")
@click.option("--domains", type=FILE, help='JSONL of {"group", "domain"}.')
@click.option(
    "--slices", type=FILE, help='JSONL of {"group" or "contribution", "slice"}: value of each; needs --train.'
)
@click.option("--pay", help='JSONL of {"contribution", "minor", "currency"}, or a rate: 0.02USD.')
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the page here.")
@click.option("--seed", default=0, show_default=True, help="Of folds and intervals.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reward_model(
    checkpoint: Path | None, pairs: Path, train: Path | None, against: Path | None, domains: Path | None,
    slices: Path | None, pay: str | None, out: Path | None, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """A reward model beside people and simple rules: accuracy, calibration, worst pairs.

    CHECKPOINT is a trained network or a fast head. Without it the fast head is
    fitted here, each group scored by one that never saw it.
    """
    import dataclasses

    import numpy as np

    from tutelage.evaluation import reward_report as reports

    rng = np.random.default_rng(seed)
    rows, taught, named = ranked(pairs), ranked(train) if train else None, _domains(domains, pairs)
    if checkpoint is None:
        found = _cross_fitted(rows, named, rng)
    else:
        other = _model(against) if against else None
        found = reports.report(_model(checkpoint), rows, train=taught, other=other, domains=named, rng=rng)
        if known := _learned(checkpoint, taught, rows):
            said = f"trained before, on the judgments of {known} of these {len(rows)} rows: nothing here is held out"
            found = dataclasses.replace(found, how=said)
    if slices or pay:
        split = _split(taught, slices, rows)
        found = dataclasses.replace(found, value=_value(split, _costs(pay), rng))
    if out:
        from tutelage.report import write
        from tutelage.report.reward_model import page_of

        write(page_of(found), out)
    if as_json:
        console.emit(found)
        return
    _say(found, out)


def ranked(path: Path) -> list[RankedRow]:
    """Rows of ours, an imported directory, or any file of comparisons that `tutelage import` reads."""
    from tutelage.records import RankedRow
    from tutelage.training.dataset import of_type, read_rows

    return of_type(read_rows(path), RankedRow, path, "a comparison or ranking")


def _learned(checkpoint: Path, taught: list[RankedRow] | None, rows: list[RankedRow]) -> int:
    """How many of the rows hold a judgment that the model has learned from, as far as it or --train says."""
    from tutelage.environments.rewards.model import behind

    known = {c.id for c in behind(checkpoint)} | {c for row in taught or () for c in row.contributions}
    return sum(not known.isdisjoint(row.contributions) for row in rows)


def _model(directory: Path) -> RewardModel:
    from tutelage import models
    from tutelage.models import checkpoint as ck

    kind = "reward" if ck.is_checkpoint(directory) and ck.read(directory).head else "head"
    return models.load_reward(f"{kind}:{directory}")


def _cross_fitted(rows: list[RankedRow], named: dict[str, str] | None, rng: np.random.Generator) -> Report:
    from tutelage.evaluation.reward_report import cross_fitted
    from tutelage.models.head import HeadReward, load
    from tutelage.training.head import HeadConfig, fit, installed_blocks

    groups = len({row.group for row in rows})
    if groups < 2:
        raise BadInput(
            "All pairs are of one group.", expected="two groups or more, to fit on some and judge on others",
            remedy="Name a CHECKPOINT that was trained elsewhere.",
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)

        def train(some: Sequence[RankedRow], inner: np.random.Generator) -> HeadReward:
            made = Path(tempfile.mkdtemp(dir=place)) / "head"
            fit(some, out=made, config=HeadConfig(cache=place / "cache"), rng=inner)
            return load(made, cache=place / "cache")

        name = f"head ({' + '.join(installed_blocks())})"
        return cross_fitted(rows, train, k=None if groups <= 12 else 5, rng=rng, name=name, domains=named)


def _domains(file: Path | None, pairs: Path) -> dict[str, str] | None:
    """group → domain: of a file, else of the items of an imported directory, else none."""
    from tutelage.records import jsonl

    if file:
        return {str(_of(o, "group", file, n)): str(_of(o, "domain", file, n)) for n, o in jsonl.objects(file)}
    if not (pairs / "items.jsonl").is_file():
        return None
    from tutelage.formats import Corpus
    from tutelage.kinds.shared import group_of

    named = {group_of(item): item.domain for item in Corpus.read(pairs).items}
    return {g: d for g, d in named.items() if d} or None


def _of(line: Any, field: str, file: Path, number: int) -> Any:
    if not isinstance(line, dict) or field not in line:
        where = Where(str(file), number, field)
        raise BadInput(f"The line has no {field!r}.", expected=f"a {field!r}", remedy="Add it.", where=where)
    return line[field]


def _split(train: list[RankedRow] | None, slices: Path | None, rows: list[RankedRow]) -> Split:
    """Training rows with their slices: of the file, else their groups."""
    from tutelage.evaluation.reward_report import Split
    from tutelage.records import jsonl

    if train is None:
        raise BadInput("The training rows are not given.", expected="--train beside --slices or --pay",
                       remedy="Add --train ROWS: what is left out must be known.")  # fmt: skip
    if slices is None:
        return Split(train, [row.group for row in train], rows)
    lines = list(jsonl.objects(slices))
    keys = {str(o.get("contribution", o.get("group"))): str(_of(o, "slice", slices, n)) for n, o in lines}
    named = [keys.get(row.group) or next((keys[c] for c in row.contributions if c in keys), None) for row in train]
    if None in named:
        at = named.index(None)
        raise BadInput(f"Training row {at} is of no slice.", expected="a slice for every group or contribution",
                       remedy="Add a line for it.", where=Where(str(slices)))  # fmt: skip
    return Split(train, [n for n in named if n], rows)


def _costs(pay: str | None) -> Costs | None:
    import re

    from tutelage.evaluation.reward_report import Costs
    from tutelage.records import jsonl

    if pay is None:
        return None
    rate = re.fullmatch(r"(\d+)(?:\.(\d{1,2}))?\s*([A-Z]{3})", pay)
    if rate:
        return Costs(rate[3], rate=int(rate[1]) * 100 + int((rate[2] or "0").ljust(2, "0")))
    file = Path(pay)
    if not file.is_file():
        raise BadInput(f"Saw --pay {pay}.", expected="a file of pay lines, or a rate such as 0.02USD",
                       remedy="Correct it.")  # fmt: skip
    lines = list(jsonl.objects(file))
    currencies = {str(_of(o, "currency", file, n)) for n, o in lines}
    if len(currencies) != 1:
        raise BadInput(f"The pay lines are in {sorted(currencies)}.", expected="one currency",
                       remedy="Convert them first.", where=Where(str(file)))  # fmt: skip
    paid = {str(_of(o, "contribution", file, n)): int(_of(o, "minor", file, n)) for n, o in lines}
    return Costs(currencies.pop(), lines=paid)


def _value(split: Split, costs: Costs | None, rng: np.random.Generator) -> Value:
    from tutelage.evaluation.reward_report import value
    from tutelage.training.head import installed_blocks

    with tempfile.TemporaryDirectory() as scratch:
        return value([split], blocks=installed_blocks(), rng=rng, costs=costs, cache=Path(scratch))


_LINES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("accuracy", lambda r: r.accuracy),
    ("a person, left out", lambda r: r.ceiling.person),
    ("model less person", lambda r: r.ceiling.model_less_person),
    ("baseline accuracy", lambda r: r.baseline_accuracy),
    ("gain", lambda r: r.gain),
    ("length matched accuracy", lambda r: r.length_matched_accuracy),
    ("calibration error", lambda r: r.calibration_error),
    ("  before calibration", lambda r: r.calibration.error_before),
    ("human agreement", lambda r: r.human_agreement),
)


def _say(found: Report, out: Path | None) -> None:
    console.say(f"{found.model}: {found.pairs:,} pairs, {found.groups:,} groups; {found.how}")
    for name, figure in _LINES:
        console.say(f"{name:<24} {figure(found)}")
    console.say(f"baseline: {found.baseline}; beaten: {'yes' if found.beats_baseline else 'no'}")
    if found.against:
        console.say(f"against {found.against.other}: {found.against.difference}  {found.against.sentence}")
        changed = [t for t in found.against.topics if t.word in ("improved", "degraded")]
        for topic in changed:
            console.say(f"  {topic.word:<9} {topic.topic}: {topic.delta}  p {topic.adjusted:.4f} (Holm)")
        if not changed:
            console.say(f"  none of {len(found.against.topics)} topics is shown to have changed")
    if found.value:
        for one in found.value.slices:
            console.say(one.sentence)
        console.say(f"the next {found.value.more:,} rows like all of these: {found.value.next}")
    worst = ", ".join(str(w.row) for w in found.worst)
    console.say(f"worst rows: {worst or 'none'}" + (f"; page: {out}" if out else ""))
