"""What a plan assumes where it says nothing: labelled, dated, and replaced by what a pilot or past projects show."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

ENOUGH = 30  # real observations from which they are believed instead of a guessed range
Draws = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assumption:
    """A quantity nobody knows exactly.

    low, likely, high  of a triangular distribution
    observed           real observations; `ENOUGH` of them replace the triangle (empirical bootstrap)
    """

    name: str
    low: float
    likely: float
    high: float
    unit: str
    source: str
    date: str
    observed: tuple[float, ...] = ()

    @property
    def fixed(self) -> bool:
        """Whether nothing about it is uncertain."""
        return self.low == self.high and not self.measured

    @property
    def measured(self) -> bool:
        """Whether real observations have replaced the guess."""
        return len(self.observed) >= ENOUGH

    @property
    def basis(self) -> str:
        """In words, where the numbers come from."""
        if self.measured:
            return f"{len(self.observed)} observations of your own"
        few = f"; {len(self.observed)} observations are too few (from {ENOUGH})" if self.observed else ""
        return f"{self.source}, {self.date}{few}"

    def draw(self, n: int, rng: np.random.Generator) -> Draws:
        """(n,) values: of the mean of the observations where there are enough, else of the triangle."""
        if self.measured:
            seen = np.asarray(self.observed)
            return np.asarray(rng.choice(seen, (n, len(seen))).mean(axis=1), dtype=np.float64)
        if self.low == self.high:
            return np.full(n, self.low)
        return rng.triangular(self.low, self.likely, self.high, n)

    def at(self, where: str) -> float:
        """Its `low`, `likely` or `high` value; of observations the 10th, 50th and 90th percentile of their mean."""
        if not self.measured:
            return {"low": self.low, "likely": self.likely, "high": self.high}[where]
        means = self.draw(4000, np.random.default_rng(0))
        return float(np.percentile(means, {"low": 10, "likely": 50, "high": 90}[where]))


@cache
def defaults() -> dict[str, Assumption]:
    """Every default by name."""
    text = files("tutelage.planning").joinpath("defaults/work.toml").read_text(encoding="utf-8")
    return {name: _default(name, entry) for name, entry in tomllib.loads(text).items()}


def _default(name: str, entry: dict[str, Any]) -> Assumption:
    low, likely, high = (float(x) for x in entry["range"])
    return Assumption(name, low, likely, high, entry["unit"], entry["source"], entry["date"])


@cache
def pay_ladder() -> tuple[dict[str, Any], ...]:
    """Pay by tier, as claimed: {tier, pay: [low, high], source, note}."""
    text = files("tutelage.planning").joinpath("defaults/pay_ladder.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["rung"])
