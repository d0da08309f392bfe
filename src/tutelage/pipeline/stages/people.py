"""What real people's votes teach the fast reward model: cross-fitted, so that no debate is judged by what it taught.

The data are read in place, from `$TUTELAGE_DATA` or `../shared/data`, and never copied into a run.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tutelage.errors import BadInput, Where
from tutelage.evaluation.reward_model import evaluate_cross_fitted
from tutelage.measure import agreement
from tutelage.models import head
from tutelage.models.head import HeadReward
from tutelage.pipeline.stage import Stage, StageContext, StageSpec
from tutelage.pipeline.stages.shared import MODEL_PACKAGES, write_json
from tutelage.records import RankedRow, assistant, encode, user
from tutelage.training.head import HeadConfig, fit, installed_blocks

FOLDS = 4  # of whole debates: the bench leaves out one at a time


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes `figures.json`: the votes, their agreement, and the reward model beside its baselines."""
    rows, votes = READERS[config["data"]](inputs["data"])
    done = 0
    with tempfile.TemporaryDirectory(dir=ctx.scratch) as temporary:
        scratch = Path(temporary)

        def train(some: Sequence[RankedRow], rng: np.random.Generator) -> HeadReward:
            nonlocal done
            place = Path(tempfile.mkdtemp(dir=scratch)) / "head"
            fit(some, out=place, config=HeadConfig(cache=scratch / "cache"), rng=rng)
            done += 1
            ctx.progress(done, FOLDS, "folds")
            return head.load(place, cache=scratch / "cache")

        name = f"head ({' + '.join(installed_blocks())})"
        report = evaluate_cross_fitted(rows, train, k=FOLDS, rng=ctx.rng, name=name)
    alpha = agreement.alpha(votes["pair_id"].to_numpy(), votes["value"].to_numpy())
    people = votes["worker"].n_unique()
    figures = {"account": encode(report), "votes": votes.height, "people": people, "alpha": encode(alpha)}
    write_json(out / "figures.json", {"data": config["data"], **figures})


def ukp_convarg(folder: Path) -> tuple[list[RankedRow], pl.DataFrame]:
    """Which of two arguments convinces more: strict pairs with the share of their votes, and every vote."""
    texts = {r["arg_id"]: r for r in pl.read_parquet(folder / "arguments.parquet").to_dicts()}
    votes = pl.read_parquet(folder / "votes.parquet")
    cast = {v["pair_id"]: v["value"] for v in votes.group_by("pair_id").agg("value").to_dicts()}
    rows = []
    for pair in pl.read_parquet(folder / "pairs.parquet").drop_nulls("strict_label").to_dicts():
        both = [texts[pair[a]] for a in ("arg1", "arg2")]
        given, won = cast[pair["pair_id"]], pair["strict_label"]
        rows.append(
            RankedRow(
                prompt=user(f"{pair['topic'].replace('-', ' ')}\n{both[0]['stance']}"),
                responses=tuple(assistant(b["text"]) for b in both),
                ranks=(1, 2) if won == "a1" else (2, 1),
                contributions=tuple(f"{pair['pair_id']}/{n}" for n in range(len(given))),
                group=pair["topic"],
                certainty=(given.count(won) + given.count("equal") / 2) / len(given),
            )
        )
    return rows, votes


Reader = Callable[[Path], tuple[list[RankedRow], pl.DataFrame]]
READERS: dict[str, Reader] = {"ukp_convarg": ukp_convarg}
STAGE = Stage("people", 1, run, (*MODEL_PACKAGES, "scipy", "polars"))


def place(name: str) -> Path:
    """Where the data set would lie."""
    if name not in READERS:
        raise BadInput(
            f"There is no data set {name!r}.",
            expected="one of " + ", ".join(READERS),
            remedy="Correct `people`.",
            where=Where(field="people"),
        )
    return Path(os.environ.get("TUTELAGE_DATA", "../shared/data")) / name


def available(name: str) -> bool:
    """Whether the data set is on this machine."""
    return place(name).is_dir()


def spec(name: str) -> StageSpec:
    """The stage for one data set."""
    return StageSpec(STAGE, {"data": place(name)}, {"data": name}, name=f"people {name}")
