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
MOST = 250  # observations resampled at a time; more of them only narrow the mean, and that is scaled
SHARES = ("hard_share", "agreement")  # of which a pilot observes yes or no, item by item
Draws = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assumption:
    """A quantity nobody knows exactly.

    low, likely, high  of a triangular distribution
    finished           what it was in finished projects, one value each: the next project is like one of them
    piloted            what it was on items of a pilot of this project: the project is like their mean
    `ENOUGH` of either replace the triangle by an empirical bootstrap; the pilot, being this project, comes first.
    """

    name: str
    low: float
    likely: float
    high: float
    unit: str
    source: str
    date: str
    finished: tuple[float, ...] = ()
    piloted: tuple[float, ...] = ()

    @property
    def fixed(self) -> bool:
        """Whether nothing about it is uncertain."""
        return self.low == self.high and not self.measured

    @property
    def measured(self) -> bool:
        """Whether real observations have replaced the guess."""
        return max(len(self.finished), len(self.piloted)) >= ENOUGH

    @property
    def basis(self) -> str:
        """In words, where the numbers come from."""
        if len(self.piloted) >= ENOUGH:
            return f"{len(self.piloted)} observations of your pilot"
        if len(self.finished) >= ENOUGH:
            return f"{len(self.finished)} finished projects of yours"
        seen = max(len(self.finished), len(self.piloted))
        few = f"; {seen} observations are too few (from {ENOUGH})" if seen else ""
        return f"{self.source}, {self.date}{few}"

    def draw(self, n: int, rng: np.random.Generator) -> Draws:
        """(n,) values it may have in this project."""
        if len(self.piloted) >= ENOUGH:
            seen = np.asarray(self.piloted)
            return _share_of(seen, n, rng) if self.name in SHARES else _mean_of(seen, n, rng)
        if len(self.finished) >= ENOUGH:
            return _like_one_of(np.asarray(self.finished), n, rng)
        if self.low == self.high:
            return np.full(n, self.low)
        return rng.triangular(self.low, self.likely, self.high, n)

    def at(self, where: str) -> float:
        """Its `low`, `likely` or `high` value; where it was observed the 10th, 50th and 90th percentile."""
        if not self.measured:
            return {"low": self.low, "likely": self.likely, "high": self.high}[where]
        drawn = self.draw(4000, np.random.default_rng(0))
        return float(np.percentile(drawn, {"low": 10, "likely": 50, "high": 90}[where]))


def _like_one_of(seen: Draws, n: int, rng: np.random.Generator) -> Draws:
    """Drawn between neighbouring order statistics at (k + 1) positions: a band of 80 % of them holds the next of any
    continuous distribution 80 % of the time, which resampling the values alone does not at k = 30."""
    return np.interp(rng.random(n) * (len(seen) + 1), np.arange(1, len(seen) + 1), np.sort(seen))


def _mean_of(seen: Draws, n: int, rng: np.random.Generator) -> Draws:
    """Bootstrap of the mean."""
    some = min(len(seen), MOST)
    means = rng.choice(seen, (n, some)).mean(axis=1)
    return np.asarray(seen.mean() + (means - seen.mean()) * np.sqrt(some / len(seen)), dtype=np.float64)


def _share_of(seen: Draws, n: int, rng: np.random.Generator) -> Draws:
    """Of yes and no: Jeffreys' posterior, because none of 50 does not show that there is none."""
    return rng.beta(seen.sum() + 0.5, len(seen) - seen.sum() + 0.5, n)


@cache
def defaults() -> dict[str, Assumption]:
    """Every default by name."""
    text = files("tutelage.planning").joinpath("defaults/work.toml").read_text(encoding="utf-8")
    return {name: _default(name, entry) for name, entry in tomllib.loads(text).items()}


def _default(name: str, entry: dict[str, Any]) -> Assumption:
    low, likely, high = (float(x) for x in entry["range"])
    return Assumption(name, low, likely, high, entry["unit"], entry["source"], entry["date"])


@cache
def pay_ladder() -> dict[str, list[dict[str, Any]]]:
    """What others pay, as claimed: `rung` an hour by tier, `price` a piece, each with source and date."""
    text = files("tutelage.planning").joinpath("defaults/pay_ladder.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
