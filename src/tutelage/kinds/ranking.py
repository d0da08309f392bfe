"""Put 2 to 9 responses in order; ties are equal ranks, what was not ranked is null."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from tutelage.kinds.folding import before_rating, harm_rows, hear, is_harm
from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.shared import CannotRate, bad, check_responses, group_of, payload
from tutelage.records import (
    Item,
    Json,
    Judge,
    Judgment,
    Person,
    RankedRow,
    Response,
    Row,
    Settled,
    Verdict,
    assistant,
    decode,
    standing,
    user,
)

FEWEST, MOST = 2, 9
METHOD = "mean pairwise share (Borda)"
Ranks = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """ranks (K,): 1 is best, equal ranks are ties, None was not ranked."""

    ranks: tuple[int | None, ...]
    type: Literal["ranking"] = "ranking"


@dataclass(frozen=True, slots=True)
class Harmful:
    """Some of the responses must not be shown to anybody. which: their places in the item, from 0."""

    which: tuple[int, ...]
    type: Literal["harmful"] = "harmful"


Answer = Ranking | CannotRate | Harmful


@dataclass(frozen=True, slots=True)
class Payload:
    """question: what the order is by, where the guideline does not say it."""

    question: str | None = None


class RankingKind:
    """K responses to one prompt, in order."""

    name = "ranking"
    summary = "Put 2 to 9 responses in order"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A prompt and 2 to 9 different responses."""
        payload(Payload, item)
        check_responses(item, responses, FEWEST, MOST)

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "ranking", "ranks": [2, 1, null]}`: one rank a response, two or more of them stated."""
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Ranking):
            _check_ranks(parsed.ranks, len(item.responses))
        if isinstance(parsed, Harmful) and not (
            0 < len(parsed.which) == len(set(parsed.which)) and set(parsed.which) <= set(range(len(item.responses)))
        ):
            raise bad(f"Saw {list(parsed.which)}.", "the place of each harmful response, once", "which")
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Responses by their mean share of pairwise wins (a tie is half a win each); equal means are equal ranks.

        value is the order, best first, as indices: "2>0=1". The distribution is over the orders that were given,
        and confidence is the share of the judges' pairwise statements that the order agrees with.
        """
        heard = hear(item, judgments, judges, self.parse_answer, Harmful)
        early = before_rating(heard)
        if early is not None:
            return early
        given = [v.answer.ranks for v in heard.voices]
        pairs = _pairs(given)
        ranks = _order(pairs, len(item.responses))
        shares = {order: n / len(given) for order, n in Counter(map(order_text, given)).items()}
        if _level(ranks) and not all(map(_level, given)):
            return heard.open("the rankings cancel out", shares)
        detail = {"ranks": list(ranks), "rankings": len(given)}
        return heard.settled(order_text(ranks), shares, _agreement(ranks, pairs), METHOD, detail)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """Of each pair of responses: the first is better, the second, or neither."""
        ranks = answer["ranks"]
        placed = [(i, rank) for i, rank in enumerate(ranks) if rank is not None]
        return [(f"{i}/{j}", "tie" if a == b else "first" if a < b else "second")
                for (i, a), (j, b) in combinations(placed, 2)]  # fmt: skip

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """One ranked row of all K responses."""
        if not isinstance(verdict, Settled):
            return []
        if is_harm(verdict):
            answers = [self.parse_answer(item, j.answer) for j in standing(list(judgments))]
            flags = [a.which for a in answers if isinstance(a, Harmful)]
            # condemned by most of those who found harm, so that one slip condemns no response
            condemned = [n for i, n in enumerate(item.responses) if 2 * sum(i in f for f in flags) > len(flags)]
            return harm_rows(item, responses, verdict, condemned)
        return [
            RankedRow(
                item.messages,
                tuple(responses[name].messages for name in item.responses),
                tuple(verdict.detail["ranks"]),
                verdict.judgment_ids,
                group_of(item),
                certainty=verdict.confidence,
            )
        ]

    def exhibit(self) -> Exhibit:
        """Three responses, two of them equally good."""
        names = ("response-1", "response-2", "response-3")
        item = Item("item-1", self.name, user("Name a prime above 10."), responses=names)
        responses = tuple(Response(n, assistant(t)) for n, t in zip(names, ("11", "13", "15"), strict=True))
        judgment = Judgment("judgment-1", item.id, "person-1", {"type": "ranking", "ranks": [1, 1, 2]})
        return Exhibit(item, responses, Person("person-1"), judgment)


def order_text(ranks: Ranks) -> str:
    """Indices from best to worst: (2, 1, 2, None) is "1>0=2"."""
    stated = sorted({r for r in ranks if r is not None})
    return ">".join("=".join(str(i) for i, r in enumerate(ranks) if r == level) for level in stated)


def _level(ranks: Ranks) -> bool:
    return len({r for r in ranks if r is not None}) == 1


def _check_ranks(ranks: Ranks, count: int) -> None:
    if len(ranks) != count:
        raise bad(f"Saw {len(ranks)} ranks.", f"{count} ranks, one a response", "ranks", "Use null for unranked.")
    for i, rank in enumerate(ranks):
        if rank is not None and not 1 <= rank <= count:
            raise bad(f"Saw rank {rank}.", f"a rank from 1 to {count}, or null", f"ranks[{i}]")
    if sum(rank is not None for rank in ranks) < FEWEST:
        raise bad("Fewer than two responses are ranked.", "two ranks or more", "ranks", "Answer cannot_rate instead.")


@dataclass(slots=True)
class _Said:
    """What the judges who ranked both i and j said of i against j."""

    won: int = 0
    lost: int = 0
    tied: int = 0

    def share(self) -> float:
        return (self.won + self.tied / 2) / (self.won + self.lost + self.tied)


Pairs = dict[tuple[int, int], _Said]


def _pairs(given: Sequence[Ranks]) -> Pairs:
    """(i, j) with i < j -> what was said of the pair."""
    out: Pairs = {}
    for ranks in given:
        for i, j in combinations(range(len(ranks)), 2):
            a, b = ranks[i], ranks[j]
            if a is not None and b is not None:
                said = out.setdefault((i, j), _Said())
                said.won += a < b
                said.lost += a > b
                said.tied += a == b
    return out


def _order(pairs: Pairs, count: int) -> Ranks:
    """Ranks by mean pairwise share; None for a response that nobody compared."""
    shares: dict[int, list[float]] = {}
    for (i, j), said in pairs.items():
        shares.setdefault(i, []).append(said.share())
        shares.setdefault(j, []).append(1 - said.share())
    # rounded, so that equal shares reached by different sums stay equal
    means = {i: round(sum(s) / len(s), 9) for i, s in shares.items()}
    levels = sorted(set(means.values()), reverse=True)
    return tuple(levels.index(means[i]) + 1 if i in means else None for i in range(count))


def _agreement(ranks: Ranks, pairs: Pairs) -> float:
    """Share of the judges' pairwise statements that the order repeats; a tie against a preference is half."""
    agreed = total = 0.0
    for (i, j), said in pairs.items():
        a, b = ranks[i], ranks[j]
        assert a is not None and b is not None  # a compared response has a rank  # noqa: S101
        strict = said.won if a < b else said.lost
        agreed += said.tied + (said.won + said.lost) / 2 if a == b else strict + said.tied / 2
        total += said.won + said.lost + said.tied
    return agreed / total


KIND = RankingKind()
