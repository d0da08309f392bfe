"""What counts as the same answer, how an answer reads, and by when things are due. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tutelage.measure.intervals import rate
from tutelage.records import Item, Json
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
