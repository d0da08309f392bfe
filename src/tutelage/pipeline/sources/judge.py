"""An AI judge ranks the answers: by its opinion on every pair, in both orders where order could matter."""

from __future__ import annotations

from itertools import combinations

from tutelage import judges
from tutelage.judges import Duel, Preferred, Tied
from tutelage.pipeline.sources import Complete, Request
from tutelage.records import Ids, Judgment


class AskedJudge:
    """A judge by its SPEC: `reward:DIR`, `head:DIR`, `rule:NAME`, `replay:FILE`."""

    def __init__(self, spec: str) -> None:
        self._spec = spec

    def poll(self, request: Request, ids: Ids, seed: int) -> Complete:  # noqa: ARG002  the protocol's
        """One ranking an item, by wins among its pairs; an item with an unscored pair is `cannot_rate`."""
        judge = judges.load(self._spec)
        responses = {r.id: r.messages for r in request.responses}
        duels, places = [], []
        for n, item in enumerate(request.items):
            for i, j in combinations(range(len(item.responses)), 2):
                duels.append(Duel(item.messages, responses[item.responses[i]], responses[item.responses[j]]))
                places.append((n, i, j))
        wins: list[list[float] | None] = [[0.0] * len(item.responses) for item in request.items]
        for (n, i, j), opinion in zip(places, judge.compare_all(duels), strict=True):
            row = wins[n]
            if row is None:
                continue
            if isinstance(opinion, Preferred):
                row[i if opinion.side == "first" else j] += 1
            elif isinstance(opinion, Tied):
                row[i] += 0.5
                row[j] += 0.5
            else:
                wins[n] = None
        judgments = tuple(
            Judgment(ids.new(), item.id, judge.record.id, _answer(row), guideline_version=request.guideline_version)
            for item, row in zip(request.items, wins, strict=True)
        )
        return Complete(judgments, (judge.record,))


def _answer(wins: list[float] | None) -> dict[str, object]:
    if wins is None:
        return {"type": "cannot_rate", "why": "the judge could not score every pair"}
    levels = sorted(set(wins), reverse=True)
    return {"type": "ranking", "ranks": [levels.index(w) + 1 for w in wins]}
