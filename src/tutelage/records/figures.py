"""No bare numbers: every published figure carries its interval, method and n."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from tutelage.records.messages import Json


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval.

    value, lo, hi  in `unit`; lo <= value <= hi
    level          confidence level of [lo, hi]; `sided` says whether one or both ends are claimed
    n              independent units the interval rests on (clusters, where the rows are clustered)
    assumptions    what must hold for the level to be kept
    """

    value: float
    lo: float
    hi: float
    method: str
    n: int
    level: float = 0.95
    sided: Literal["two", "lower", "upper"] = "two"
    unit: str = ""
    rows: int | None = None
    assumptions: tuple[str, ...] = ()
    seed: int | None = None
    type: Literal["estimate"] = "estimate"
    schema: Literal["estimate/1"] = "estimate/1"

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in (self.value, self.lo, self.hi)):
            raise ValueError(f"an Estimate is finite; got {self.value} [{self.lo}, {self.hi}]: use Undefined")
        if not self.lo <= self.value <= self.hi:
            raise ValueError(f"an Estimate lies in its interval; got {self.value} [{self.lo}, {self.hi}]")

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.value:.3f}{unit} [{self.lo:.3f}, {self.hi:.3f}] ({self.level:.0%}, n={self.n}, {self.method})"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share k of n, with its interval; `unscored` rows are beside it, in neither k nor n."""

    k: int
    n: int
    lo: float
    hi: float
    method: str
    level: float = 0.95
    unscored: int = 0
    assumptions: tuple[str, ...] = ()
    type: Literal["rate"] = "rate"
    schema: Literal["rate/1"] = "rate/1"

    @property
    def value(self) -> float:
        """k / n."""
        return self.k / self.n

    def __post_init__(self) -> None:
        if not 0 <= self.k <= self.n or self.n == 0:
            raise ValueError(f"a Rate has 0 <= k <= n and n > 0; got {self.k} of {self.n}: use Undefined")

    def __str__(self) -> str:
        beside = f", {self.unscored} unscored" if self.unscored else ""
        return (
            f"{self.k}/{self.n} = {self.value:.1%} [{self.lo:.1%}, {self.hi:.1%}] "
            f"({self.level:.0%}, {self.method}{beside})"
        )


@dataclass(frozen=True, slots=True)
class Undefined:
    """A figure that does not exist, and why. Never 0, never NaN."""

    why: str
    type: Literal["undefined"] = "undefined"
    schema: Literal["undefined/1"] = "undefined/1"

    def __str__(self) -> str:
        return f"undefined: {self.why}"


Figure = Estimate | Rate | Undefined


@dataclass(frozen=True, slots=True)
class Scored:
    """A grader's finding about one answer: a value in [0, 1] and what it rests on."""

    value: float
    evidence: Json = field(default_factory=dict)
    type: Literal["scored"] = "scored"


@dataclass(frozen=True, slots=True)
class Unscored:
    """An answer that could not be graded. It is not a 0."""

    reason: Literal[
        "grader_error",
        "timeout",
        "unparsed",
        "order_inconsistent",
        "abstained",
        "blocked",
        "empty",
        "no_reference",
        "no_sandbox",
    ]
    detail: str = ""
    type: Literal["unscored"] = "unscored"


Grade = Scored | Unscored
