"""Principles that people vote on: what every group of opinion agrees to becomes a constitution, dissent kept beside it.

Sources: Small et al. 2021 (group-aware consensus); Korn and Graubard 1998 (exact intervals of weighted shares);
the idea of asking the public: Collective Constitutional AI, Huang et al. 2024, arXiv:2406.07814.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput, Where
from tutelage.judges.constitution.principles import Constitution, Principle, Support
from tutelage.measure.consensus import votes
from tutelage.measure.intervals import clopper_pearson
from tutelage.measure.perspectives import SMALLEST_GROUP, Perspectives, perspectives
from tutelage.records import Estimate, Figure, Undefined

AGREE = "agree"
VALUES = (AGREE, "disagree", "pass")
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ballots:
    """(n,) who voted what on which principle, and how many people each voter stands for (1 without a design)."""

    principle: Sequence[str]
    voter: Sequence[str]
    vote: Sequence[str]
    weight: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of one principle. consensus: its place by the product over groups of the share who agree."""

    principle: str
    support: Support
    consensus: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Poll:
    """constitution: the principles kept, None where there is none; standings: all of them, the most shared first."""

    constitution: Constitution | None
    standings: tuple[Standing, ...]
    groups: tuple[int, ...]
    claim: str


def poll(
    candidates: Constitution, ballots: Ballots, *, rng: np.random.Generator, floor: float = 0.5, level: float = 0.95
) -> Poll:
    """Hold principles against votes: one is kept where, in every group of opinion, surely more than `floor` agree.

    Surely: the lower end of the interval of each group's share. A pass counts as not agreeing. Groups are those of
    `measure.perspectives`; a group with fewer than 5 votes on a principle is not told, and does not ratify it.
    Raises BadInput for a vote on an unknown principle, an unknown vote or a weight that is not above 0.
    """
    _check(candidates, ballots)
    who = np.array(ballots.voter, dtype=object)
    names, said = np.array(ballots.principle, dtype=object), np.array(ballots.vote, dtype=object)
    weight = np.ones(who.size) if ballots.weight is None else np.array(ballots.weight, float)
    found = perspectives(names, who, said, rng=rng)
    group, sizes = _groups(found, ballots)
    of = np.array([group.get(v, -1) for v in who])
    shared = _shared(found)
    place = {p.id: n for n, p in enumerate(sorted(candidates.principles, key=lambda p: -shared.get(p.id, 0.0)))}
    standings = []
    for principle in candidates.principles:
        here = names == principle.id
        parts = tuple(_share(said, weight, here & (of == g), level) for g in range(len(sizes)))
        support = Support(int(here.sum()), _share(said, weight, here, level), parts)
        kept = all(isinstance(f, Estimate) and f.lo > floor for f in parts)
        standings.append(Standing(principle.id, support, place[principle.id], kept))
    claim = found.claim if isinstance(found, Perspectives) else f"one group is assumed: {found.why}"
    ordered = tuple(sorted(standings, key=lambda s: s.consensus))
    return Poll(_ratified(candidates, ordered), ordered, sizes, claim)


def _check(candidates: Constitution, ballots: Ballots) -> None:
    known = {p.id for p in candidates.principles}
    weights = ballots.weight if ballots.weight is not None else [1.0] * len(ballots.voter)
    for n, (name, said, weight) in enumerate(zip(ballots.principle, ballots.vote, weights, strict=True), 1):
        wrong = {
            "principle": (name not in known, f"Row {n} is about {name!r}.", "the id of a principle"),
            "vote": (said not in VALUES, f"Row {n} votes {said!r}.", " or ".join(VALUES)),
            "weight": (not weight > 0, f"Row {n} weighs {weight:g}.", "more than 0"),
        }
        field = next((f for f, (bad, _, _) in wrong.items() if bad), None)
        if field is not None:
            _, seen, expected = wrong[field]
            raise BadInput(seen, expected=expected, remedy="Correct the row.", where=Where(field=field))


def _groups(found: Perspectives | Undefined, ballots: Ballots) -> tuple[Mapping[str, int], tuple[int, ...]]:
    """(voter -> group, its size); unaligned voters are in none and count in the share of everybody."""
    if isinstance(found, Undefined) or len(found.groups) == 1:
        everyone = sorted(set(ballots.voter))
        return dict.fromkeys(everyone, 0), (len(everyone),)
    judges = votes(ballots.principle, ballots.voter, ballots.vote).judges.tolist()
    at = found.membership.argmax(1) - 1
    return dict(zip(judges, at.tolist(), strict=True)), tuple(g.size for g in found.groups)


def _shared(found: Perspectives | Undefined) -> dict[str, float]:
    if isinstance(found, Undefined) or AGREE not in found.values.tolist():
        return {}
    column = found.values.tolist().index(AGREE)
    return dict(zip(found.items.tolist(), found.shared[:, column].tolist(), strict=True))


def _share(said: npt.NDArray[np.object_], weight: npt.NDArray[np.float64], here: Mask, level: float) -> Figure:
    """The weighted share who agree; its interval is exact at the number of unweighted votes that tell as much."""
    n = int(here.sum())
    if n < SMALLEST_GROUP:
        return Undefined(f"fewer than {SMALLEST_GROUP} votes")
    w, agrees = weight[here], said[here] == AGREE
    value = float((w * agrees).sum() / w.sum())
    effective = float(w.sum() ** 2 / np.square(w).sum())
    lo, hi = clopper_pearson(value * effective, effective, level)
    return Estimate(
        value, min(lo, value), max(hi, value), "Korn-Graubard", n, level=level,
        assumptions=("voters are drawn as their weights say", "groups of opinion are taken as given"),
    )  # fmt: skip


def _ratified(candidates: Constitution, standings: Sequence[Standing]) -> Constitution | None:
    by_id: dict[str, Principle] = {p.id: p for p in candidates.principles}
    kept = tuple(replace(by_id[s.principle], support=s.support) for s in standings if s.kept)
    return replace(candidates, principles=kept) if kept else None
