"""Every vote teaches: the distribution of verdicts as the label, each judgment with its own weight, none outvoted.

Cross-entropy is linear in its target, so the votes of a pair, each its own weighted row, give the very gradient of the
one row whose label is their weighted share. Votes therefore travel as `RankedRow`s, one a judgment: any trainer here
learns from them, every pair of a ranking has its own share, and the lineage names each vote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from tutelage.errors import BadInput, Where
from tutelage.measure import skill
from tutelage.records import Figure, RankedRow, Undefined, text_of
from tutelage.training.dataset import of_type, read_rows

FLOOR = 0.1  # no judge is silenced by arithmetic
PRIOR_VOTES = 20.0  # a judge of few votes is weighed as the crowd is


@dataclass(frozen=True, slots=True)
class Vote:
    """One judgment as a row of its own, and whose it is."""

    row: RankedRow
    judge: str


@dataclass(frozen=True, slots=True)
class Reliability:
    """How much a judge's votes tell, and the weight that follows; weights average 1 over the votes.

    informedness  0 is guessing, 1 is always with the others; measured on the others' votes alone
    """

    judge: str
    votes: int
    informedness: Figure
    weight: float


def read_votes(place: Path) -> list[Vote]:
    """Every judgment of an imported directory that states an order or a tie. Raises BadInput where there is none."""
    from tutelage.formats import Corpus, rows

    if not (place / "judgments.jsonl").is_file() and not (place / "judgments.jsonl.gz").is_file():
        raise BadInput(
            "There are no single judgments here.",
            expected="a directory with items, responses, judgments and judges",
            remedy="Make one with `tutelage import`; rows alone hold no votes.",
            where=Where(str(place)),
        )
    corpus = Corpus.read(place)
    by_id = {j.id: j.judge_id for j in corpus.judgments}
    found = [Vote(r, by_id[r.contributions[0]]) for r in rows(corpus, each=True) if isinstance(r, RankedRow)]
    if not found:
        raise BadInput(
            "No judgment here compares or ranks.",
            expected="comparisons or rankings",
            remedy="Choose another directory.",
            where=Where(str(place)),
        )
    return found


def reliability(votes: Sequence[Vote], *, group: Mapping[str, str] | None = None) -> dict[str, Reliability]:
    """Every judge's weight, from how well the *others'* votes foretell theirs (`measure.skill`), shrunk by few votes.

    group  judge → group of people who see things alike (`measure.perspectives`). Judges are then compared within
           their group: a minority that agrees with itself keeps its weight. Without it a judge who differs on
           principle looks like one who errs.
    """
    at: dict[tuple[object, ...], int] = {}
    judges: dict[str, int] = {}
    table: list[tuple[int, int, int]] = []
    for vote in votes:
        whose = group.get(vote.judge, "") if group else ""
        judge = judges.setdefault(vote.judge, len(judges))
        for first, second, value in _orders(vote.row):
            item = at.setdefault((whose, vote.row.prompt, first, second), len(at))
            table.append((item, judge, value))
    if not table:
        raise BadInput("No vote prefers anything.", expected="orders or ties", remedy="Give other rows.")
    columns = np.array(table, np.int64)
    ties = int((columns[:, 2] == 2).any())
    found = skill.skills(columns[:, 0], columns[:, 1], columns[:, 2], values=2 + ties)
    counts = np.bincount(columns[:, 1], minlength=len(judges)).astype(float)
    names = list(judges)
    seen = {s.rater: s.informedness for s in found}
    known = {r: f for r, f in seen.items() if not isinstance(f, Undefined)}
    crowd = sum(counts[r] * f.value for r, f in known.items()) / max(sum(counts[r] for r in known), 1.0)
    raw = np.full(len(names), max(crowd, FLOOR))
    for r, figure in known.items():
        shrunk = (counts[r] * figure.value + PRIOR_VOTES * crowd) / (counts[r] + PRIOR_VOTES)
        raw[r] = max(shrunk, FLOOR)
    raw *= counts.sum() / (raw * counts).sum()
    unheard = Undefined("nobody else judged what this judge judged")
    return {n: Reliability(n, int(counts[r]), seen.get(r, unheard), float(raw[r])) for n, r in judges.items()}


def _orders(row: RankedRow) -> list[tuple[object, object, int]]:
    """(one answer, the other, 0 first better | 1 second better | 2 tie), each pair in one fixed order."""
    out: list[tuple[object, object, int]] = []
    for i, j in combinations(range(len(row.responses)), 2):
        a, b = row.ranks[i], row.ranks[j]
        if a is None or b is None:
            continue
        value = 2 if a == b else int(a > b)
        if _text(row, i) > _text(row, j):
            i, j, value = j, i, (1, 0, 2)[value]
        out.append((row.responses[i], row.responses[j], value))
    return out


def _text(row: RankedRow, answer: int) -> str:
    return text_of(row.responses[answer])


def weighted(votes: Iterable[Vote], weights: Mapping[str, Reliability] | None = None) -> list[RankedRow]:
    """The votes as rows to train on, each with its judge's weight; without weights each counts 1."""
    if weights is None:
        return [vote.row for vote in votes]
    return [replace(v.row, weight=v.row.weight * weights[v.judge].weight) for v in votes]


def pooled(votes: Iterable[Vote], weights: Mapping[str, Reliability] | None = None) -> list[RankedRow]:
    """One pair row for each two answers that were compared: the winner by weight, certainty its weighted share.

    A tie is half a vote for each; an even split is a tie. strength is the mean signed strength towards the winner,
    so that 4 strong votes against 1 are (4 − 1)/5. What people said, to train on or to be held against.
    """
    cast: dict[tuple[object, ...], list[tuple[RankedRow, int, int, float, float]]] = defaultdict(list)
    for vote, row in ((v, r) for v in votes for r in [v.row]):
        w = row.weight * (weights[vote.judge].weight if weights else 1.0)
        for i, j in combinations(range(len(row.responses)), 2):
            a, b = row.ranks[i], row.ranks[j]
            if a is None or b is None:
                continue
            if _text(row, i) > _text(row, j):
                i, j, a, b = j, i, b, a
            lean = 0.0 if a == b else (1.0 if a < b else -1.0)
            cast[(row.prompt, row.responses[i], row.responses[j])].append((row, i, j, lean, w))
    return [_pool(given) for given in cast.values()]


def _pool(given: Sequence[tuple[RankedRow, int, int, float, float]]) -> RankedRow:
    row, i, j = given[0][:3]
    w = np.array([g[4] for g in given])
    lean = np.array([g[3] for g in given])
    strength = np.array([g[0].strength for g in given])
    first = float((w * (1 + lean) / 2).sum() / w.sum())  # weighted share for the first answer
    even = abs(first - 0.5) < 1e-12
    towards = float((w * lean * strength).sum() / w.sum()) * (1 if first > 0.5 else -1)
    return RankedRow(
        prompt=row.prompt,
        responses=(row.responses[i], row.responses[j]),
        ranks=(1, 1) if even else (1, 2) if first > 0.5 else (2, 1),
        contributions=tuple(dict.fromkeys(c for g in given for c in g[0].contributions)),
        group=row.group,
        strength=max(towards, 0.0),
        certainty=max(first, 1 - first),
    )


def majority(rows: Iterable[RankedRow]) -> list[RankedRow]:
    """The same rows as if everybody had agreed: what is lost is what this is for showing."""
    return [replace(row, certainty=1.0) for row in rows]


def rows_of(place: Path, labels: str) -> list[RankedRow]:
    """Training rows of a place by `labels`: "verdict" one row an item, "votes" every vote, "reliable" votes weighed."""
    if labels not in READERS:
        raise BadInput(
            f"labels {labels!r}.", expected=" or ".join(READERS), remedy="Correct it.", where=Where(field="labels")
        )
    return READERS[labels](place)


def _reliable(place: Path) -> list[RankedRow]:
    votes = read_votes(place)
    return weighted(votes, reliability(votes))


READERS = {
    "verdict": lambda place: of_type(read_rows(place), RankedRow, place, "a comparison or ranking"),
    "votes": lambda place: weighted(read_votes(place)),
    "reliable": _reliable,
}
