"""`tutelage eval head-to-head | reward-model | suite`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.records import RankedRow

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ROWS = click.Path(exists=True, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(epilog="Example:  tutelage eval head-to-head before/ after/ --prompts p.jsonl --judge rule:longer")
def command() -> None:
    """Evaluate: one model against another, a reward model, a verifiable suite."""


@command.command("head-to-head", epilog="Example:  tutelage eval head-to-head a/ b/ --prompts p.jsonl --judge head:rm/")
@click.argument("a")
@click.argument("b")
@click.option("--prompts", type=FILE, required=True, help="JSONL of prompts or items, none of them trained on.")
@click.option("--judge", "spec", required=True, help="rule:longer, head:DIR, reward:DIR, replay:FILE, task:FILE.")
@click.option("--max-tokens", default=128, show_default=True, help="Longest answer.")
@click.option("--seed", default=0, show_default=True, help="Of the sides and of sampling.")
@AS_JSON
def head_to_head(a: str, b: str, prompts: Path, spec: str, max_tokens: int, seed: int, as_json: bool) -> None:
    """Put the answers of A and B before a judge who knows neither.

    A and B are checkpoint directories, model SPECs, or JSONL files of stored answers ({"text": …} a line).
    """
    import numpy as np

    from tutelage.environments.graders.judge import load_judge
    from tutelage.evaluation import head_to_head as duel
    from tutelage.evaluation import prompts as asked
    from tutelage.evaluation.stored import answers_of
    from tutelage.records import Sampling

    judge = load_judge(spec)
    held_out = asked.read(prompts)
    questions = [p.prompt for p in held_out]
    first, second = (answers_of(m, questions, Sampling(m, 0.0, max_tokens=max_tokens, seed=seed)) for m in (a, b))
    found = duel.head_to_head(asked.Answers(held_out, first), second, judge, rng=np.random.default_rng(seed))
    if as_json:
        console.emit(found)
        return
    console.say(f"A = {a}\nB = {b}\n{found.summary()}")


@command.command("reward-model", epilog="Example:  tutelage eval reward-model rm/ --pairs held_out.jsonl --json")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--pairs", type=ROWS, required=True, help="Rows, an imported directory or a file to import; held out.")
@click.option("--train", "train_file", type=ROWS, help="The rows it was trained on: the baseline is chosen on these.")
@click.option("--seed", default=0, show_default=True, help="Of the intervals.")
@AS_JSON
def reward_model(directory: Path, pairs: Path, train_file: Path | None, seed: int, as_json: bool) -> None:
    """Accuracy of a reward model on held-out pairs, beside simple baselines and the people's own agreement.

    DIRECTORY is a trained network (`reward:DIR`) or a fast head (`head:DIR`).
    """
    import numpy as np

    from tutelage import models
    from tutelage.evaluation.reward_model import evaluate
    from tutelage.models import checkpoint as ck

    train = _ranked(train_file) if train_file else None
    kind = "reward" if ck.is_checkpoint(directory) and ck.read(directory).head else "head"
    model = models.load_reward(f"{kind}:{directory}")
    found = evaluate(model, _ranked(pairs), train=train, rng=np.random.default_rng(seed))
    if as_json:
        console.emit(found)
        return
    for name in ("accuracy", "baseline_accuracy", "gain", "length_matched_accuracy", "calibration_error",
                 "human_agreement"):  # fmt: skip
        console.say(f"{name.replace('_', ' '):<24} {getattr(found, name)}")
    console.say(
        f"baseline: {found.baseline} ({found.baseline_chosen}); beaten: {'yes' if found.beats_baseline else 'no'}"
    )


def _ranked(path: Path) -> list[RankedRow]:
    """Rows of ours, an imported directory, or any file of comparisons that `tutelage import` reads."""
    from tutelage.records import RankedRow
    from tutelage.training.dataset import of_type, read_rows

    return of_type(read_rows(path), RankedRow, path, "a comparison or ranking")


@command.command(epilog="Example:  tutelage eval suite after/ --tasks sums.jsonl --samples 4 --json")
@click.argument("checkpoint")
@click.option("--tasks", type=FILE, required=True, help="JSONL of tasks with their graders.")
@click.option("--samples", default=1, show_default=True, help="Answers to each task; more than one gives pass@k.")
@click.option("--max-tokens", default=128, show_default=True, help="Longest answer.")
@click.option("--seed", default=0, show_default=True, help="Of sampling.")
@AS_JSON
def suite(checkpoint: str, tasks: Path, samples: int, max_tokens: int, seed: int, as_json: bool) -> None:
    """Pass rate and pass@k on tasks whose answers a rule can check.

    CHECKPOINT is a directory, a model SPEC, or a JSONL file of stored answers (one a task).
    """
    from tutelage.environments import graders
    from tutelage.evaluation import suite as suites
    from tutelage.evaluation.stored import policy_of, read
    from tutelage.records import Sampling

    known = graders.read(tasks)
    if Path(checkpoint).is_file():
        answers = [[g] for g in read(Path(checkpoint), len(known))]
    else:
        sampling = Sampling(checkpoint, 0.0 if samples == 1 else 1.0, max_tokens=max_tokens, seed=seed)
        answers = policy_of(checkpoint).sample([t.prompt for t in known], n=samples, sampling=sampling)
    found = suites.run(known, answers)
    if as_json:
        console.emit(found)
        return
    console.say(f"pass rate   {found.pass_rate}")
    for name, rate in found.by_grader.items():
        console.say(f"  {name:<9} {rate}")
    for k, figure in found.pass_at.items():
        console.say(f"pass@{k:<6} {figure}")
