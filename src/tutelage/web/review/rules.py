"""What counts as the same answer, how an answer reads, and by when things are due. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tutelage.measure.intervals import rate
from tutelage.records import Item, Json, Open, Settled, Verdict
from tutelage.records.figures import Rate
from tutelage.store import canonical
from tutelage.web.work.rules import in_words as in_words
from tutelage.web.work.rules import value_of

DISPUTE = timedelta(days=30)  # after a result, as long may it be disputed
ANSWER = timedelta(days=7)  # as long has an adjudicator
LEAST = 5  # known answers before a share of them says anything


def same(item: Item, one: Json, other: Json) -> bool:
    """Whether two answers say the same."""
    return canonical(one) == canonical(other) or value_of(item, one) == value_of(item, other)


def distinct(item: Item, answers: Iterable[Json]) -> list[Json]:
    """One answer of each value, in an order that says nothing about who or how many gave it."""
    found: dict[str, Json] = {}
    for answer in sorted(answers, key=canonical):
        found.setdefault(value_of(item, answer), answer)
    return list(found.values())


def accuracy(right: int, n: int) -> Rate | None:
    """The share of known answers met, with its interval; None while there are too few."""
    found = rate(right, n) if n >= LEAST else None
    return found if isinstance(found, Rate) else None


def percent(share: Rate | None) -> dict[str, int] | None:
    """A share as pages say it: whole per cent."""
    if share is None:
        return None
    ends = {"pct": share.k / share.n, "lo_pct": share.lo, "hi_pct": share.hi}
    return {"k": share.k, "n": share.n, **{name: round(100 * x) for name, x in ends.items()}}


def may_dispute(result_at: datetime, now: datetime) -> bool:
    """Whether a result of that time may still be disputed."""
    return now <= result_at + DISPUTE


RULING = "ruling of an adjudicator"


def of_record(votes: Verdict, ruled: str, value: str | None, reason: str) -> Verdict:
    """The verdict of record where somebody ruled; what the votes came to stands in its detail.

    value   of the answer that is right, for the ruling "answer"; any other ruling leaves the item open
    """
    if value is None:
        return Open(votes.item_id, OPEN_AS.get(ruled, ruled), votes.judgment_ids, distribution=votes.distribution)
    detail = {**(votes.detail if isinstance(votes, Settled) else {}), "ruling": reason,
              "votes_said": votes.value if isinstance(votes, Settled) else None}  # fmt: skip
    return Settled(votes.item_id, value, votes.distribution or {value: 1.0}, 1.0, RULING, votes.judgment_ids,
                   detail=detail)  # fmt: skip


def problem_of_record(
    votes: Verdict, right: Json, written: str, author: Json, conditions: Json, reason: str
) -> Verdict:  # fmt: skip
    """A disputed problem as ruled: live where its author's own answer is right, else broken."""
    found = of_record(votes, "answer", "live" if right.get("type") == "problem" else "broken", reason)
    about = {"problem": written, "use": author["use"], "pass_rate": conditions.get("pass_rate")}
    return replace(found, detail={**found.detail, **about}) if isinstance(found, Settled) else found


OPEN_AS = {"principled": "principled disagreement", "both": "both answers are valid", "neither": "no answer is valid"}
