"""A recipe driven to its end: the stages, then what folds them – lineage, gate, metrics, report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tutelage.gate import Decision
from tutelage.pipeline import closing, engine, sources
from tutelage.pipeline.forecast import Forecast, forecast
from tutelage.pipeline.plan import plan
from tutelage.pipeline.progress import Progress
from tutelage.pipeline.recipe import Recipe
from tutelage.pipeline.runner import Runner


@dataclass(frozen=True)
class Finished:
    """A finished run: its directory, its figures and the gate's decision."""

    out: Path
    metrics: Mapping[str, Any]
    decision: Decision

    def summary(self) -> str:
        """What a person wants to know first."""
        return "\n".join(
            [*closing.headlines(self.metrics), self.decision.text(), f"Report  {self.out / 'report.html'}"]
        )


def run_recipe(
    recipe: Recipe,
    out: Path,
    *,
    progress: Progress | None = None,
    home: Path | None = None,
    runner: Runner | None = None,
    halt: Callable[[], bool] = lambda: False,
) -> Finished:
    """Run every stage that is not finished yet, decide, and write lineage, gate.json, metrics.json, report.html.

    Raises WaitingForPeople while judgments are missing, Halted where `halt` says so between stages; the same call
    goes on. See `engine.run`.
    """
    stages = plan(recipe, out / sources.PEOPLE)
    done = engine.run(stages, out=out, seed=recipe.seed, progress=progress, home=home, runner=runner, halt=halt)
    metrics, decision = closing.close(recipe, done, now=datetime.now(UTC))
    return Finished(out, metrics, decision)


def expect(recipe: Recipe, *, home: Path | None = None) -> Forecast:
    """What a run would take, stage by stage."""
    return forecast(plan(recipe), seed=recipe.seed, home=home)
