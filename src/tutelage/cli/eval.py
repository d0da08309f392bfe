"""`tutelage eval head-to-head | reward-model | run | suite`."""

from __future__ import annotations

from pathlib import Path

import click

from tutelage.cli import console
from tutelage.cli.eval_reward import reward_model
from tutelage.cli.eval_run import run

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(epilog="Example:  tutelage eval head-to-head before/ after/ --prompts p.jsonl --judge rule:longer")
def command() -> None:
    """Evaluate: one model against another, a reward model, a training run, a verifiable suite."""


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


command.add_command(reward_model)
command.add_command(run)


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
