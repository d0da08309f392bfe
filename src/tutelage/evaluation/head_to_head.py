"""Two models' answers to the same prompts before a judge who knows neither: win rate, ties half, length beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tutelage import records
from tutelage.evaluation.prompts import Answers
from tutelage.evaluation.shares import share
from tutelage.judges import Duel, Judge, Opinion, Preferred, Tied, in_both_orders
from tutelage.judges.protocol import turned
from tutelage.measure import intervals, power
from tutelage.models import Generation
from tutelage.records import Estimate, Figure, Undefined, Unscored, assistant, text_of

Outcome = Literal["win", "tie", "loss", "unscored"]
_VALUE = {"win": 1.0, "tie": 0.5, "loss": 0.0}
LENGTH_MATCHED = 0.1  # lengths within 10 % of the longer


@dataclass(frozen=True, slots=True)
class Bout:
    """One prompt: what became of A's answer. `shown` is the side on which the judge saw it."""

    prompt: str
    a: str
    b: str
    shown: Literal["first", "second"]
    outcome: Outcome
    confidence: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """A against B.

    win_rate             of A: wins + ½ ties over scored prompts, interval over groups
    unscored             how many prompts the judge could not decide, by reason: in no other figure
    smallest_detectable  the smallest true difference from ½ that this many groups show with chance 0.8
    length_matched       the win rate among pairs whose lengths differ by at most 10 %
    longer_wins          share of decided pairs won by the longer answer
    """

    win_rate: Estimate | Undefined
    wins: int
    ties: int
    losses: int
    unscored: dict[str, int]
    smallest_detectable: float | None
    length_matched: Estimate | Undefined
    longer_wins: Figure
    judge: records.Judge
    bouts: list[Bout]

    def summary(self) -> str:
        """The result in a few lines."""
        beside = ", ".join(f"{n} {why}" for why, n in self.unscored.items())
        power_note = "" if self.smallest_detectable is None else f"{0.5 + self.smallest_detectable:.1%}"
        return "\n".join(
            [
                f"A wins       {self.win_rate}",
                f"             {self.wins} wins, {self.ties} ties, {self.losses} losses; unscored: {beside or 'none'}",
                f"Power        a true win rate of {power_note or '(too few prompts)'} would be seen 8 times in 10",
                f"Same length  {self.length_matched}",
                f"Longer wins  {self.longer_wins}",
                f"Judge        {self.judge.id}",
            ]
        )


def head_to_head(
    a: Answers,
    b: Sequence[Generation],
    judge: Judge,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
) -> HeadToHead:
    """Put A's and B's answers to the same prompts before a judge, on sides drawn by `rng`, identities hidden.

    A judge to whom order could matter is asked in both; an inconsistent opinion is unscored. Equal texts tie
    without being asked about.
    """
    groups = a.groups
    flips = rng.random(len(groups)) < 0.5
    bouts = _bouts(a, b, in_both_orders(judge), flips)
    scored = [(bout, g) for bout, g in zip(bouts, groups, strict=True) if bout.outcome != "unscored"]
    tally = Counter(bout.outcome for bout in bouts)
    matched = [(x, g) for x, g in scored if _same_length(x)]
    decided = [(x, g) for x, g in scored if x.outcome != "tie" and _length(x.a) != _length(x.b)]
    n = len({g for _, g in scored})
    return HeadToHead(
        win_rate=_rate(scored, level),
        wins=tally["win"],
        ties=tally["tie"],
        losses=tally["loss"],
        unscored=dict(Counter(x.reason.split(":")[0] for x in bouts if x.outcome == "unscored")),
        smallest_detectable=power.smallest_detectable(n, p=0.5, level=level) if n >= 2 else None,
        length_matched=_rate(matched, level),
        longer_wins=share([_longer_won(x) for x, _ in decided], [g for _, g in decided], level=level),
        judge=judge.record,
        bouts=bouts,
    )


def _bouts(a: Answers, b: Sequence[Generation], judge: Judge, flips: np.typing.NDArray[np.bool_]) -> list[Bout]:
    duels = [
        Duel(p.prompt, assistant(x.text), assistant(y.text))
        for p, x, y in zip(a.prompts, a.generations, b, strict=True)
    ]
    asked = [i for i, d in enumerate(duels) if d.first != d.second]
    found = judge.compare_all([duels[i].swapped() if flips[i] else duels[i] for i in asked])
    opinions: dict[int, Opinion] = {i: turned(o) if flips[i] else o for i, o in zip(asked, found, strict=True)}
    return [_bout(d, opinions.get(i, Tied()), "second" if flips[i] else "first") for i, d in enumerate(duels)]


def _bout(duel: Duel, opinion: Opinion, shown: Literal["first", "second"]) -> Bout:
    texts = text_of(duel.prompt), text_of(duel.first), text_of(duel.second)
    if isinstance(opinion, Unscored):
        return Bout(*texts, shown, "unscored", None, f"{opinion.reason}: {opinion.detail}".rstrip(": "))
    if isinstance(opinion, Preferred):
        return Bout(*texts, shown, "win" if opinion.side == "first" else "loss", opinion.confidence)
    return Bout(*texts, shown, "tie", None)


def _rate(bouts: Sequence[tuple[Bout, str]], level: float) -> Estimate | Undefined:
    if not bouts:
        return Undefined("no such pair was scored")
    return intervals.win_rate([_VALUE[x.outcome] for x, _ in bouts], clusters=[g for _, g in bouts], level=level)


def _length(text: str) -> int:
    return len(text.split())


def _same_length(bout: Bout) -> bool:
    short, long = sorted((_length(bout.a), _length(bout.b)))
    return long - short <= LENGTH_MATCHED * long


def _longer_won(bout: Bout) -> bool:
    return (_length(bout.a) > _length(bout.b)) == (bout.outcome == "win")
