"""Pure decisions of the queue: order, attention, what is shown in which order."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
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
FAR = 10**9  # more items than any project has
LANES = 1_000  # domains that are told apart within a turn
FROM_START = -(2**60)  # before every place
BY_NEED = ("uncertainty", "gold")  # always the first that is there, however far somebody is
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


def ranks(
    strategy: str, domains: Sequence[str], gold: Sequence[bool], rng: np.random.Generator, *, start: int = 0,
    seen: Mapping[str, int] | None = None,
) -> list[int]:  # fmt: skip
    """(n,) places in the queue. Every strategy is an order, so that claiming is one statement whatever it is.

    start   behind whatever is there already;  seen: how many of each domain are
    random        anywhere among all, however many come later;  stratified: domains in turn, over all imports
    gold          known answers before everything else
    sequential, uncertainty  as they came (the latter is reordered while answers come in: `uncertain_rank`)
    """
    if strategy == "random":
        return rng.integers(0, FAR, len(domains)).tolist()
    places = range(start, start + len(domains))
    if strategy == "gold":
        return [p - FAR if known else p for p, known in zip(places, gold, strict=True)]
    if strategy != "stratified":
        return list(places)
    turn, out = dict(seen or {}), []
    for domain in domains:
        turn[domain] = turn.get(domain, 0) + 1
        out.append(turn[domain] * LANES + zlib.crc32(domain.encode()) % LANES)
    return out


def uncertain_rank(place: int, values: Sequence[str]) -> int:
    """Where an item stands once it has answers of these values: split ones first, agreed ones last, the rest between.

    The more evenly they are split the sooner; the more of them agree the later.
    """
    if not values:
        return place
    share = Counter(values).most_common(1)[0][1] / len(values)
    return place + FAR * len(values) if share == 1 else place - int(FAR * (2 - share))


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
