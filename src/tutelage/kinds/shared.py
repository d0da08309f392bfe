"""What every kind needs: the answers "cannot rate" and "harmful", checks that name the field, groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tutelage.errors import BadInput, Where
from tutelage.records import (
    AiJudge,
    Item,
    Judge,
    Judgment,
    Open,
    Response,
    Settled,
    Undefined,
    Verdict,
    decode,
    standing,
    text_of,
)
from tutelage.store.canonical import digest


@dataclass(frozen=True, slots=True)
class CannotRate:
    """The judge looked and cannot say; it counts as an answer given, never as a vote."""

    why: str = ""
    type: Literal["cannot_rate"] = "cannot_rate"


@dataclass(frozen=True, slots=True)
class Harmful:
    """What is shown must not be shown to anybody; `why` says what was seen."""

    why: str = ""
    type: Literal["harmful"] = "harmful"


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


def verdict_of(
    item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge], given: Sequence[tuple[Judgment, str | None]]
) -> Verdict:
    """The majority of what was given as a verdict: (judgment, its vote, or None from a judge who could not rate).

    Confidence is the winner's share of the votes: what the judges said, not a model of them. AI judges of one
    family count as one voice, because they err together.
    """
    from tutelage.measure.consensus import majority  # here, so that reading a file of judgments needs no scipy
    from tutelage.measure.consensus import votes as table

    ids = tuple(j.id for j in standing(list(judgments)))
    votes = [(j.judge_id, value) for j, value in given if value is not None]
    families = {j.id: j.family for j in judges.values() if isinstance(j, AiJudge) and j.family is not None}
    found = (
        majority(table([item.id] * len(votes), [j for j, _ in votes], [v for _, v in votes], families=families))
        if votes
        else Undefined("no votes")
    )
    if isinstance(found, Undefined):
        return Open(item.id, "no judge could rate it" if given else "nobody has judged it", ids)
    shares = dict(zip(found.values.tolist(), found.posterior[0].tolist(), strict=True))
    value = found.value_of()[item.id]
    if value is None:
        counts = sorted(Counter(v for _, v in votes).values(), reverse=True)
        return Open(item.id, "votes are split " + "–".join(map(str, counts)), ids, distribution=shares)
    detail = {"votes": len(votes), "cannot_rate": len(given) - len(votes)}
    return Settled(item.id, value, shares, shares[value], found.method, ids, detail=detail)
