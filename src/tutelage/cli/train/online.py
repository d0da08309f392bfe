"""`tutelage train ppo | rloo | grpo`: from the policy's own answers, towards a reward."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tutelage.cli import console
from tutelage.cli.train.arguments import Remembering, kept
from tutelage.cli.train.lineage import trace
from tutelage.environments.rewards.model import behind
from tutelage.errors import BadInput, Where

EPILOG = """\b
Example:  tutelage train {} tasks.jsonl --reward graders --kl 10 \\
            --base local:smollm2 --out runs/{} --set steps=40
"""


@dataclass(frozen=True)
class Told:
    """What the command line said."""

    dataset: Path
    base: str
    reward: str
    kl: float | None
    gold: str | None
    held_out: int
    stop_on_alarm: bool
    mix: Path | None
    out: Path
    settings: tuple[str, ...]
    as_json: bool


def _online(function: Callable[..., None]) -> Callable[..., None]:
    options = [
        click.argument("dataset", metavar="DATASET", type=click.Path(path_type=Path)),
        click.option("--base", required=True, metavar="MODEL", help="local:smollm2, or local:DIR."),
        click.option("--reward", required=True, metavar="SPEC", help="graders, reward:DIR, head:DIR, …"),
        click.option("--kl", type=float, metavar="BUDGET", help="Nats per answer at which the run ends."),
        click.option("--gold", metavar="SPEC", help="A reward to watch on held-out prompts, not to train towards."),
        click.option("--held-out", type=click.IntRange(1), default=256, show_default=True, help="Prompts for --gold."),
        click.option("--stop-on-alarm", is_flag=True, help="End where --reward rises while --gold falls."),
        click.option("--mix", type=click.Path(path_type=Path), metavar="DATASET", help="Demonstrations to imitate."),
        click.option("--out", required=True, type=click.Path(path_type=Path), help="The checkpoint's directory."),
        click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting, e.g. beta=0.1."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command(cls=Remembering, epilog=EPILOG.format("ppo", "ppo"))
@_online
def ppo(**told: Any) -> None:
    """Towards a reward, token by token, with a learned value as the baseline."""
    _train("ppo", Told(**told))


@click.command(cls=Remembering, epilog=EPILOG.format("rloo", "rloo"))
@_online
def rloo(**told: Any) -> None:
    """Towards a reward, each answer against the mean of its siblings."""
    _train("rloo", Told(**told))


@click.command(cls=Remembering, epilog=EPILOG.format("grpo", "grpo"))
@_online
def grpo(**told: Any) -> None:
    """Towards a reward, each answer against its group, every token alike."""
    _train("grpo", Told(**told))


def _train(method: str, told: Told) -> None:
    from tutelage import training
    from tutelage.cli.train.rows import configured
    from tutelage.environments import rewards
    from tutelage.training import tasks as asked

    kinds = {"ppo": training.PpoConfig, "rloo": training.RlooConfig, "grpo": training.GrpoConfig}
    budget = () if told.kl is None else (f"kl_budget={told.kl}",)
    config = configured(kinds[method], (*told.settings, *budget))
    found = asked.read(told.dataset)
    reward = rewards.load(told.reward)
    gold = rewards.load(told.gold) if told.gold else None
    _need_graders([s for s in (told.reward, told.gold) if s], found.tasks, told.dataset)
    train, held_out = found.split(told.held_out, config.seed) if gold else (found, asked.Tasks((), ()))
    if gold is not None and not held_out.tasks:
        raise BadInput(
            f"Of {len(found.tasks)} prompts none can be held out.",
            expected="at least 3 prompts in groups of at most a third",
            remedy="Give more prompts, or leave --gold out.",
            where=Where(str(told.dataset)),
        )
    if told.stop_on_alarm and gold is None:
        raise BadInput(
            "--stop-on-alarm was given without --gold.", expected="a reward that is watched and not optimised",
            remedy="Add --gold SPEC.",
        )  # fmt: skip
    models = _models(told.reward)
    if not told.as_json:
        each = f"{config.batch_rows} prompts, {config.answers} answers to each"
        console.note(f"  {config.steps} steps of {each}; a line a step, the first after the first answers")
    with kept(told.out):
        getattr(training, method)(
            train.tasks, told.base, told.out, reward, config,
            contributions=train.work,
            reward_contributions=[c for place in models for c in behind(place)],
            demonstrations=_demonstrations(told.mix),
            gold=gold,
            gold_tasks=held_out.tasks,
            on_step=None if told.as_json else _show,
            on_gold=_watching(gold, config, told) if gold else None,
        )  # fmt: skip
    traced = trace(told.out, told.dataset, told.base, rewards=models, empty=True)
    _finish(method, told, len(train.tasks), traced)


def _need_graders(specs: list[str], tasks: tuple[Any, ...], place: Path) -> None:
    from tutelage.environments.graders import UNGRADED
    from tutelage.records import text_of

    without = [t for t in tasks if t.grader == UNGRADED]
    if without and "graders" in specs:
        raise BadInput(
            f"{len(without)} of {len(tasks)} prompts come without a grader, as {text_of(without[0].prompt)[:60]!r}.",
            expected="tasks with a grader, where the reward is `graders`",
            remedy="Give a JSONL of tasks, or score the answers with --reward reward:DIR.",
            where=Where(str(place)),
        )


def _models(spec: str, folder: Path | None = None) -> list[Path]:
    """The directories of the reward models that a SPEC names, also within an ensemble or a mixture.

    folder  where relative paths are seen from; None is here
    """
    kind, _, argument = spec.partition(":")
    if kind == "mix":
        place = Path(argument)
        parts = tomllib.loads(place.read_text("utf-8"))["parts"]
        return [p for part in parts for p in _models(part["reward"], place.parent)]
    if kind not in ("reward", "head", "ensemble"):
        return []
    names = [n.strip().removeprefix("reward:").removeprefix("head:") for n in argument.split(",")]
    if kind == "ensemble" and not _is_model((folder or Path()) / names[-1]):
        names[-1] = names[-1].rpartition("@")[0]  # its penalty
    return [(folder or Path()) / n for n in names if n]


def _is_model(place: Path) -> bool:
    return (place / "checkpoint.json").is_file() or (place / "head.json").is_file()


def _demonstrations(mix: Path | None) -> list[Any]:
    from tutelage.records import DemonstrationRow
    from tutelage.training.dataset import of_type, read_rows

    return of_type(read_rows(mix, "demonstration"), DemonstrationRow, mix, "a demonstration") if mix else []


def _watching(gold: Any, config: Any, told: Told) -> Callable[[list[dict[str, Any]]], str | None]:
    from tutelage.training import alarm

    say = None if told.as_json else _say_look
    return alarm.watching(bounds=alarm.bounds_of(gold), planned=config.looks, say=say, stop=told.stop_on_alarm)


def _say_look(text: str) -> None:
    loud = "ALARM" in text
    click.echo(click.style(f"\n  {text}", fg="red" if loud else None, bold=loud or None), err=True)


def _show(line: dict[str, Any]) -> None:
    reward = "–" if line["reward"] is None else f"{line['reward']:.3f}"
    nats = "–" if line["kl"] is None else f"{line['kl']:.2f}"
    text = f"\r  step {line['step']} of {line['of']}  reward {reward}  kl {nats} nats  length {line['length']:.0f}  "
    click.echo(text, nl=line["step"] == line["of"], err=True)


def _finish(method: str, told: Told, tasks: int, traced: bool) -> None:
    from tutelage.models import checkpoint as ck

    made, log, course = ck.read(told.out), ck.log(told.out), _course(told.out)
    figures = {name: _estimate(name, made.figures) for name in ("reward", "kl")}
    begun = {name: _estimate(name, log[0]) if log else None for name in ("reward", "kl")}
    if told.as_json:
        console.emit(
            {"checkpoint": str(told.out), "digest": made.digest, "method": method, "tasks": tasks,
             "steps": made.figures["steps"], "reward": figures["reward"], "kl": figures["kl"],
             "reward_before": begun["reward"], "unscored": _unscored(log), "stopped": course["stopped"],
             "alarm": course.get("alarm"), "contributions": len(ck.contributions(told.out)), "lineage": traced}
        )  # fmt: skip
        return
    console.say(f"{told.out}  {made.digest}")
    console.say(f"  {method} towards {told.reward} on {tasks} prompts; {made.figures['steps']} steps are in it")
    console.say(f"  reward {begun['reward']} at first\n         {figures['reward']} now\n  KL     {figures['kl']}")
    if course["stopped"]:
        console.say(f"  Stopped at step {course['stopped']['step']}: {course['stopped']['reason']}.")
    if "alarm" in course:
        console.say(f"  Over-optimisation: {course['alarm']['words']}.")
    if not traced:
        console.say("  No lineage: the judgments behind the prompts or the reward are not at hand.")
    console.say("  A reward that is optimised is no measure of quality: run `tutelage eval` next.")


def _course(out: Path) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads((out / "run.json").read_text("utf-8"))
    return found


def _unscored(log: list[dict[str, Any]]) -> dict[str, int]:
    from collections import Counter

    total = Counter[str]()
    for line in log:
        total.update(line["unscored"])
    return dict(total)


def _estimate(name: str, line: Any) -> Any:
    """A figure of a step, with the interval of its prompts."""
    from scipy import stats

    from tutelage.records import Estimate, Undefined

    value, se = line[name], line[f"{name}_se"]
    if value is None or se is None or not math.isfinite(se):
        return Undefined("fewer than two prompts of the step were scored")
    unit = {"kl": "nats per answer"}.get(name, "")
    half = float(stats.t.ppf(0.975, line["prompts"] - 1)) * se
    return Estimate(value, value - half, value + half, "t, prompts as clusters", line["prompts"], unit=unit)
