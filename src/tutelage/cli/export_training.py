"""`tutelage export training`: a data set as a directory that another engine trains from."""

from __future__ import annotations

from pathlib import Path

import click

from tutelage.cli import console

EXAMPLE = """\\b
Example: tutelage export training judgments/ --for trl --out elsewhere
         cd elsewhere && pip install -r requirements.txt && python train.py --out ../tuned
         tutelage import checkpoint ../tuned --from .
"""


@click.command(options_metavar="--for ENGINE --out DIR [OPTIONS]", epilog=EXAMPLE.replace("\\\\b", "\\b"))
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--for", "engine", required=True, metavar="ENGINE", help="trl, openrlhf or verl.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The directory to make.")
@click.option("--base", default="local:smollm2", show_default=True, metavar="MODEL", help="What will be trained.")
@click.option("--method", metavar="METHOD", help="sft, dpo, reward, grpo.  [what the rows are for]")
@click.option("--reward", metavar="SPEC", help="For grpo: graders, reward:DIR, rubric:FILE …")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of `tutelage train`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def training(
    dataset: Path,
    engine: str,
    out: Path,
    base: str,
    method: str | None,
    reward: str | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write data, recipe and reward for another engine, with whose work is in every row.

    The directory holds the rows in that engine's shape, a script that trains from them, and tutelage.json, by
    which `tutelage import checkpoint` knows what came back.
    """
    import dataclasses

    from tutelage.cli.train.lineage import work_in, work_of
    from tutelage.cli.train.online import _models
    from tutelage.cli.train.rows import configured
    from tutelage.environments import rewards
    from tutelage.environments.rewards.model import behind
    from tutelage.training import exchange

    method = method or exchange.method_for(dataset, engine)
    kind = exchange.CONFIGS.get(method)
    config = dataclasses.asdict(configured(kind, settings)) if kind else None
    if reward:
        rewards.load(reward)  # what is exported can be called
    models = _models(reward) if reward else []
    work = work_of(dataset) if dataset.is_dir() else {}
    for place in models:
        work |= work_in(place)
    made = exchange.export(
        dataset, engine, out, base=base, method=method, reward=reward, config=config,
        reward_work=[c for place in models for c in behind(place)], work=work,
    )  # fmt: skip
    if as_json:
        console.emit(made)
        return
    console.say(
        f"{made.path}  {made.rows:,} rows for {made.engine} {made.method}; {made.contributions:,} contributions"
    )
    if made.needs_reward:
        console.say("  No reward was named: the recipe asks for one as TUTELAGE_REWARD.")
    if not made.lineage:
        console.say("  No lineage: these rows come without their judgments. Export a directory of `tutelage import`.")
    run = "python" if made.recipe.endswith(".py") else "bash"
    flag = "--out " if made.recipe.endswith(".py") else ""
    console.say(f"  Train: {run} {made.path}/{made.recipe} {flag}CHECKPOINT")
    console.say(f"  Then:  tutelage import checkpoint CHECKPOINT --from {made.path}")
