"""Pure decisions of the queue: order, attention, what is shown in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from tutelage import kinds
from tutelage.errors import BadInput
from tutelage.records import Item, Json, Judgment, Person, Settled
from tutelage.store import canonical

LONGEST_PAUSE_MS = 120_000  # a longer silence is a pause, not attention
UNDO_S = 10
LETTERS = "AB"
SIDES = {"first": "A", "second": "B"}


def attention(saved_ms: int, last: datetime, now: datetime) -> int:
    """Milliseconds of attention: what drafts showed so far, and the time since, up to the longest pause."""
    return saved_ms + min(max(int((now - last).total_seconds() * 1000), 0), LONGEST_PAUSE_MS)


def shown_order(responses: int, slot: int, epoch: int, user: str) -> list[int]:
    """The order in which responses are shown to one person: the same whenever asked, recorded with the answer."""
    seed = hashlib.sha256(f"{slot}:{epoch}:{user}".encode()).digest()
    return np.random.default_rng(int.from_bytes(seed[:8], "big")).permutation(responses).tolist()


def value_of(item: Item, answer: Json) -> str:
    """What an answer amounts to under its kind, without how strongly it was meant."""
    given = Judgment(id="j", item_id=item.id, judge_id="p", answer=answer)
    try:
        verdict = kinds.get(item.kind).fold(item, [given], {"p": Person("p")})
    except BadInput:
        return canonical(answer).decode()
    return verdict.value if isinstance(verdict, Settled) else canonical(answer).decode()


def ranks(strategy: str, domains: Sequence[str], gold: Sequence[bool], rng: np.random.Generator) -> list[int]:
    """(n,) places in the queue. Every strategy is an order, so that claiming is one statement whatever it is.

    random        shuffled;  stratified: domains in turn;  gold: known answers first
    sequential, uncertainty  as they came (the latter is reordered while verdicts come in)
    """
    n = len(domains)
    place = np.arange(n)
    if strategy == "random":
        return rng.permutation(n).tolist()
    if strategy == "stratified":
        seen: dict[str, int] = {}
        turn = np.array([seen.setdefault(d, 0) for d in domains])
        for i, domain in enumerate(domains):
            turn[i], seen[domain] = seen[domain], seen[domain] + 1
        order = np.lexsort((place, turn))
    elif strategy == "gold":
        order = np.lexsort((place, ~np.asarray(gold, dtype=bool)))
    else:
        return place.tolist()
    out = np.empty(n, dtype=int)
    out[order] = place
    return out.tolist()


def in_words(answer: Json, sides: Mapping[str, str] = SIDES) -> str:
    """An answer in a line. Responses are A, B … in the order of the item, or by `sides` in that which was shown."""
    kind = answer.get("type")
    if kind == "prefer":
        side = {"side": sides.get(str(answer.get("winner")), "")}
        return _("%(side)s is better") % side + (f" ({answer['strength']}/3)" if answer.get("strength") else "")
    plain = {"tie": _("equally good"), "both_bad": _("both bad"), "cannot_rate": _("cannot be rated"),
             "withdrawn": _("taken back")}  # fmt: skip
    if kind == "harmful":
        return _("harmful: %(which)s") % {"which": ", ".join(sides.get(w, w) for w in answer.get("which", ()))}
    return plain.get(str(kind)) or " · ".join(
        _flat(v) for k, v in answer.items() if k != "type" and v not in (None, "")
    )


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_flat(v)}" for k, v in value.items() if v not in (None, ""))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_flat(v) for v in value)
    return str(value)
