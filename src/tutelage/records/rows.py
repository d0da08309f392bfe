"""Rows a trainer eats: what verdicts and demonstrations become. Every row keeps the ids of the human work in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from tutelage.records.messages import Message


@dataclass(frozen=True, slots=True)
class DemonstrationRow:
    """An answer to imitate. `contributions` are the judgment or artefact ids it rests on."""

    prompt: tuple[Message, ...]
    response: tuple[Message, ...]
    contributions: tuple[str, ...]
    group: str
    weight: float = 1.0
    type: Literal["demonstration"] = "demonstration"
    schema: Literal["row/1"] = "row/1"


@dataclass(frozen=True, slots=True)
class RankedRow:
    """K >= 2 answers to one prompt with their ranks: K = 2 is a pair.

    ranks      (K,) 1 is best; equal ranks are ties; None was not ranked
    strength   how much better the better ones are, in [0, 1]; 1 where nobody said
    certainty  probability that the stated order is right; below 1 it is a soft label
    """

    prompt: tuple[Message, ...]
    responses: tuple[tuple[Message, ...], ...]
    ranks: tuple[int | None, ...]
    contributions: tuple[str, ...]
    group: str
    strength: float = 1.0
    certainty: float = 1.0
    weight: float = 1.0
    type: Literal["ranked"] = "ranked"
    schema: Literal["row/1"] = "row/1"

    def pairs(self) -> list[tuple[int, int]]:
        """Every (better, worse) index pair that the ranks state; ties and unranked answers give none."""
        out = []
        for i, j in combinations(range(len(self.responses)), 2):
            a, b = self.ranks[i], self.ranks[j]
            if a is not None and b is not None and a != b:
                out.append((i, j) if a < b else (j, i))
        return out

    def ties(self) -> list[tuple[int, int]]:
        """Every index pair that the ranks state to be equal."""
        k = range(len(self.responses))
        return [(i, j) for i, j in combinations(k, 2) if self.ranks[i] is not None and self.ranks[i] == self.ranks[j]]


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One answer that was found good or bad (unpaired preference), or given a score in [0, 1]."""

    prompt: tuple[Message, ...]
    response: tuple[Message, ...]
    score: float
    contributions: tuple[str, ...]
    group: str
    weight: float = 1.0
    criterion: str | None = None
    type: Literal["labelled"] = "labelled"
    schema: Literal["row/1"] = "row/1"


Row = DemonstrationRow | RankedRow | LabelledRow
