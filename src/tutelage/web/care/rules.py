"""Content classes, how severe each is, and how much of it a day holds. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

NONE = "none"
CLASSES = {"profanity": 1, "medical": 1, "hate": 2, "violence": 2, "sexual": 2, "self_harm": 3, "abuse": 3}
DOSE_S = {1: 8 * 3600, 2: 2 * 3600, 3: 3600}  # attention in any 24 hours, to this severity and above
STRETCH_S = 600  # of the severest without anything else between
BREAK_S = 300  # away from it that long, a new stretch begins
LONGEST_LOOK_S = 600  # silence over an open task counts as looking, up to this
DAY = timedelta(hours=24)


class Look(NamedTuple):
    """Attention to one task."""

    severity: int
    began: datetime
    seen: datetime
    ms: int
    open: bool


def real(classes: Iterable[str]) -> list[str]:
    """The classes without "nothing of the kind"; an unknown one counts, for it was named for a reason."""
    return [c for c in dict.fromkeys(classes) if c != NONE]


def classes_of(declared: Iterable[str], warnings: Sequence[str]) -> list[str]:
    """What a task may contain: what it says itself, else all that its project warns of."""
    said = list(declared)
    return real(said) if said else real(warnings)


def beyond(declared: Iterable[str], warnings: Sequence[str]) -> list[str]:
    """Classes of an item of which its project does not warn."""
    return [c for c in real(declared) if c not in warnings]


def severity(classes: Iterable[str]) -> int:
    """The severest of some classes, 0 for none; a class that we do not know is the severest."""
    return max((CLASSES.get(c, 3) for c in classes), default=0)


def looked_ms(look: Look, now: datetime) -> int:
    """Attention until now: what was heard of, and the silence since, up to the longest look. Never less than before."""
    if not look.open:
        return look.ms
    silent = (now - look.seen).total_seconds()
    return look.ms + int(1000 * min(max(silent, 0.0), LONGEST_LOOK_S))


def left_s(severe: int, looks: Sequence[Look], now: datetime, *, benign: datetime | None = None) -> int:
    """Seconds of attention that a person may still give to content of a severity; 0: not now.

    looks   their exposures of the last 24 hours, oldest first; what a clock set back puts into the future counts too
    benign  when they last finished a task without such content
    """
    spent = {s: sum(looked_ms(k, now) for k in looks if k.severity >= s) / 1000 for s in DOSE_S}
    left = min(DOSE_S[s] - spent[s] for s in DOSE_S if s <= severe)
    if severe == max(DOSE_S):
        left = min(left, STRETCH_S - stretch_ms(looks, now, benign) / 1000)
    return max(0, int(left))


def stretch_ms(looks: Sequence[Look], now: datetime, benign: datetime | None = None) -> int:
    """Attention to the severest content without a break or another task between, up to now."""
    run, later = 0, now
    for look in reversed([k for k in looks if k.severity == max(DOSE_S)]):
        ended = look.seen + timedelta(seconds=LONGEST_LOOK_S) if look.open else look.seen
        if (later - ended).total_seconds() >= BREAK_S or (benign is not None and look.began < benign):
            break
        run, later = run + looked_ms(look, now), look.began
    return run
