"""`release.json`: what a release is, in numbers that its rows must bear out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tutelage.records import Json

LEVELS = ("H0", "H1", "H2", "H3", "H4")
FILE = "release.json"


@dataclass(frozen=True, slots=True)
class Decided:
    """A row under suspicion that a person decided to keep or leave out, and why."""

    judgment: str
    keep: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The figures of a release.

    digest          over the files under data/: what the release is, whenever and by whomever sealed
    judges          how many, by sort; simulated and anonymous ones are never people
    judgments_by    judgments, by the sort of who gave them
    simulated       judgments by simulated contributors;  simulated_share  their share of all judgments
    levels          judgments by how far the person behind them is known;  minimum_level  the least of them
    log             the transparency log: its size and root at sealing
    previous        digest of the release before it, if any
    """

    name: str
    digest: str
    origin: str
    licence: str
    exclusivity: str
    sealed_at: str
    items: int
    responses: int
    judgments: int
    judges: dict[str, int]
    judgments_by: dict[str, int]
    simulated: int
    simulated_share: float
    levels: dict[str, int]
    minimum_level: str
    guidelines: tuple[str, ...]
    log: Json
    previous: str | None = None
    decided: tuple[Decided, ...] = ()
    schema: Literal["release/1"] = "release/1"
