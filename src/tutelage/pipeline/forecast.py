"""What a plan would take, before it is run: `tutelage run --dry-run`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tutelage.pipeline.index import Index
from tutelage.pipeline.keys import stage_key, stage_seed
from tutelage.pipeline.stage import Effort, Plan, StageSpec, check
from tutelage.store import LocalStore, Store, digest_path, files


@dataclass(frozen=True)
class Expected:
    """One stage of a forecast.

    cached  its result is there already
    basis   where the figures come from: a finished run of the same stage, the stage's own estimate, or nowhere
    """

    stage: str
    cached: bool
    effort: Effort
    basis: Literal["cached", "past", "estimate", "unknown"]


@dataclass(frozen=True)
class Forecast:
    """What a plan would take; `unknown` stages are in no sum."""

    stages: tuple[Expected, ...]
    schema: str = "forecast/1"

    @property
    def seconds(self) -> float:
        """Expected wall seconds of the stages that are not cached."""
        return sum(s.effort.seconds or 0.0 for s in self.stages)

    @property
    def disk_bytes(self) -> int:
        """Expected bytes added to the store."""
        return sum(s.effort.disk_bytes or 0 for s in self.stages)

    @property
    def money_minor(self) -> dict[str, int]:
        """Expected spending, {currency: minor units}."""
        totals: dict[str, int] = {}
        for effort in (s.effort for s in self.stages if s.effort.money_minor):
            totals[effort.currency] = totals.get(effort.currency, 0) + effort.money_minor
        return totals

    @property
    def unknown(self) -> tuple[str, ...]:
        """Stages of which nothing is known."""
        return tuple(s.stage for s in self.stages if s.basis == "unknown")


def forecast(plan: Plan, *, seed: int = 0, store: Store | None = None, home: Path | None = None) -> Forecast:
    """For each stage: is it there already, and what would it take? Nothing is written or run."""
    check(plan)
    home = home if home is not None else files.home()
    store = store if store is not None else LocalStore(home / "store")
    index, known, rows = Index(home), dict[str, str](), []
    for spec in plan:
        artefact = _artefact(spec, known, seed, index, store)
        if artefact is not None:
            known[spec.label] = artefact
        rows.append(_expected(spec, artefact is not None, index))
    return Forecast(tuple(rows))


def _artefact(spec: StageSpec, known: dict[str, str], seed: int, index: Index, store: Store) -> str | None:
    if not spec.needs() <= known.keys():
        return None
    inputs = {n: known[g] if isinstance(g, str) else digest_path(g) for n, g in spec.inputs.items()}
    made = index.find(stage_key(spec.stage, inputs, spec.config, stage_seed(seed, spec.stage.name)))
    return made.artefact if made is not None and store.has(made.artefact) else None


def _expected(spec: StageSpec, cached: bool, index: Index) -> Expected:
    if cached:
        return Expected(spec.label, True, Effort(0.0, 0), "cached")
    own = spec.stage.estimate(spec.config) if spec.stage.estimate else None
    past = index.like(spec.stage.name, spec.config)
    if past is not None:
        # Money is never read off the past: prices are the configuration's.
        money, currency = (own.money_minor, own.currency) if own else (0, "USD")
        return Expected(spec.label, False, Effort(past.seconds, past.disk_bytes, money, currency), "past")
    return Expected(spec.label, False, own or Effort(), "estimate" if own else "unknown")
