"""What every kind needs: the answer "cannot rate", checks that name the field, plurality, and groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from tutelage.errors import BadInput, Where
from tutelage.records import Item, Judgment, Open, Response, Settled, Verdict, decode, standing, text_of
from tutelage.store.canonical import digest

T = TypeVar("T", bound=Hashable)
METHOD = "plurality"


@dataclass(frozen=True, slots=True)
class CannotRate:
    """The judge looked and cannot say; it counts as an answer given, never as a vote."""

    why: str = ""
    type: Literal["cannot_rate"] = "cannot_rate"


def bad(seen: str, expected: str, field: str, remedy: str = "Correct the value.") -> BadInput:
    """An error about one field of an item or answer."""
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))


def group_of(item: Item) -> str:
    """What keeps rows on one side of a split: the stated group, else the digest of the prompt."""
    return item.group if item.group is not None else digest(item.messages)


def check_responses(item: Item, responses: Mapping[str, Response], least: int, most: int) -> None:
    """Raise BadInput unless the item has `least` to `most` distinct, known responses and a prompt.

    A response may be empty, and two may read the same: models do both, and people have judged it.
    """
    if not item.messages or not text_of(item.messages).strip():
        raise bad("The prompt is empty.", "at least one message with text", "messages", "Add the prompt.")
    count = len(item.responses)
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise bad(f"The item has {count} responses.", f"{wanted} responses", "responses", "Correct the list.")
    for i, name in enumerate(item.responses):
        field = f"responses[{i}]"
        if name not in responses:
            raise bad(f"There is no response {name!r}.", "the id of a response", field, "Add the response.")
        if name in item.responses[:i]:
            raise bad(f"The response {name!r} is named twice.", "distinct responses", field, "Name it once.")
        if not responses[name].messages:
            raise bad(f"The response {name!r} has no message.", "one message or more", field, "Add it, even if empty.")


def payload(kind: Any, item: Item) -> Any:
    """The item's payload as the kind's own type; what other rooms keep there (`split`) is left aside."""
    own = {k: v for k, v in item.payload.items() if k not in COMMON}
    try:
        return decode(kind, own)
    except BadInput as error:
        raise error.at(field="payload") from None


COMMON = frozenset({"split"})  # any kind of item may state which side of a split it is on


def plurality(votes: Sequence[T]) -> tuple[T | None, dict[T, float]]:
    """The most frequent vote and the share of each; None where the first place is shared. At least one vote."""
    counts = Counter(votes)
    top = max(counts.values())
    leaders = [v for v, n in counts.items() if n == top]
    shares = {v: n / len(votes) for v, n in counts.items()}
    return (leaders[0] if len(leaders) == 1 else None), shares


def verdict_of(item: Item, judgments: Sequence[Judgment], votes: Sequence[str], unable: int) -> Verdict:
    """Plurality of `votes` as a verdict; `unable` judges could not rate and are counted beside the votes.

    Confidence is the plurality's share of the votes: what the judges said, not a model of them.
    """
    ids = tuple(j.id for j in standing(list(judgments)))
    if not votes:
        return Open(item.id, "nobody has judged it" if not unable else "no judge could rate it", ids)
    value, shares = plurality(votes)
    if value is None:
        counts = sorted(Counter(votes).values(), reverse=True)
        return Open(item.id, "votes are split " + "–".join(map(str, counts)), ids, distribution=shares)
    detail = {"votes": len(votes), "cannot_rate": unable}
    return Settled(item.id, value, shares, shares[value], METHOD, ids, detail=detail)
