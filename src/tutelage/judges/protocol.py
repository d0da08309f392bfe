"""What a judge of two answers is, and how one that may depend on their order is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from tutelage import records
from tutelage.records import Message, Unscored

Messages = tuple[Message, ...]
Side = Literal["first", "second"]
OTHER: dict[Side, Side] = {"first": "second", "second": "first"}


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of one of the answers, exactly as they stand there."""

    side: Side
    text: str


@dataclass(frozen=True, slots=True)
class Because:
    """Why a judge says what it says; a judge that only computes gives neither."""

    reason: str = ""
    quotes: tuple[Quote, ...] = ()

    def turned(self) -> Because:
        """The same about swapped sides."""
        return Because(self.reason, tuple(Quote(OTHER[q.side], q.text) for q in self.quotes))


@dataclass(frozen=True, slots=True)
class Preferred:
    """One side is better; `confidence` is the judge's own probability for it, in [0.5, 1]."""

    side: Side
    confidence: float = 1.0
    because: Because = field(default_factory=Because)
    type: Literal["preferred"] = "preferred"


@dataclass(frozen=True, slots=True)
class Tied:
    """Neither side is better."""

    because: Because = field(default_factory=Because)
    type: Literal["tied"] = "tied"


Opinion = Preferred | Tied | Unscored


class Duel(NamedTuple):
    """Two answers to one prompt. A judge is shown nothing else: not who wrote them, and not the item's id."""

    prompt: Messages
    first: Messages
    second: Messages
    item: str = ""

    def swapped(self) -> Duel:
        """The same two answers in the other order."""
        return Duel(self.prompt, self.second, self.first, self.item)


class Judge(Protocol):
    """Says which of two answers is better, that neither is, or that it cannot say."""

    @property
    def record(self) -> records.Judge:
        """Who judges, as it stands in judgments."""
        ...

    @property
    def order_free(self) -> bool:
        """Whether the opinion cannot depend on the order of the sides, by construction."""
        ...

    def compare(self, prompt: Messages, first: Messages, second: Messages) -> Opinion:
        """The opinion about one pair."""
        ...

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        """The opinions about many pairs, in order."""
        ...


class BothOrders:
    """A judge asked in both orders: what it says only in one of them is `Unscored("order_inconsistent")`."""

    order_free = True

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    @property
    def record(self) -> records.Judge:
        """The judge that is asked."""
        return self._judge.record

    def compare(self, prompt: Messages, first: Messages, second: Messages) -> Opinion:
        """See `Judge.compare`."""
        return self.compare_all([Duel(prompt, first, second)])[0]

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        """See `Judge.compare_all`; every pair is asked twice, both times in a row: a stop leaves few halves."""
        asked = self._judge.compare_all([side for d in duels for side in (d, d.swapped())])
        return [agreed(a, turned(b)) for a, b in zip(asked[::2], asked[1::2], strict=True)]


def in_both_orders(judge: Judge) -> Judge:
    """The judge itself if order cannot matter to it, else the judge asked in both orders."""
    return judge if judge.order_free else BothOrders(judge)


def turned(opinion: Opinion) -> Opinion:
    """An opinion about swapped sides, in terms of the sides as they were."""
    if isinstance(opinion, Preferred):
        return Preferred(OTHER[opinion.side], opinion.confidence, opinion.because.turned())
    return Tied(opinion.because.turned()) if isinstance(opinion, Tied) else opinion


def agreed(one: Opinion, other: Opinion) -> Opinion:
    """What two opinions about the same pair amount to; confidence is their mean, the reason the first one's."""
    for opinion in (one, other):
        if isinstance(opinion, Unscored):
            return opinion
    if isinstance(one, Preferred) and isinstance(other, Preferred) and one.side == other.side:
        return Preferred(one.side, (one.confidence + other.confidence) / 2, one.because)
    if isinstance(one, Tied) and isinstance(other, Tied):
        return one
    return Unscored("order_inconsistent", f"{_word(one)} in one order, {_word(other)} in the other")


def _word(opinion: Opinion) -> str:
    return opinion.side if isinstance(opinion, Preferred) else opinion.type
