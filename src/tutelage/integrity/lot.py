"""The lot plan: accept, reject or insufficient, at a stated producer's and buyer's risk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput
from tutelage.integrity.findings import ByJudge, least_true, more_than_chance
from tutelage.measure.exact import Floats, Ints, critical_count, lower_count, tail, upper_count
from tutelage.measure.intervals import clopper_pearson

LEAST_ITEMS = 20
AGREED = 0.9
ROW_SHARE = 0.2  # of the producer's risk, each: single rows, and wording


@dataclass(frozen=True, slots=True)
class Risks:
    """What buyer and producer agreed on.

    aql       contamination a good lot may have: such a lot is rejected with chance at most `producer`
    ltpd      contamination that must not pass: such a lot is accepted with chance at most `buyer`
    """

    aql: float = 0.01
    ltpd: float = 0.10
    producer: float = 0.05
    buyer: float = 0.10

    def __post_init__(self) -> None:
        if not (0 <= self.aql < self.ltpd < 1 and 0 < self.producer < 0.5 and 0 < self.buyer < 0.5):
            raise BadInput(
                f"AQL {self.aql}, LTPD {self.ltpd}, risks {self.producer} and {self.buyer}.",
                expected="0 <= aql < ltpd < 1 and risks in (0, 0.5)", remedy="Correct the options.",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contaminated:
    """Rows proven contaminated: at least `rows`, with confidence 1 - producer's risk; `judges` hold those of judges."""

    rows: int
    judges: Ints
    from_judges: int
    from_rows: int
    from_wording: int


def least_contaminated(
    checks: list[ByJudge], judge: Ints, bad_rows: Ints, model_share: float, texts: int, alpha: float
) -> Contaminated:
    """A lower bound on contaminated rows: what honest judges would exceed with chance at most alpha.

    checks       by judge, 3/5 of alpha: those that count crowds each by itself, the others by closed testing together
    bad_rows     single rows that no careful person gives (copied texts, repeated rows, unread), bound by the binomial
                 lower bound at alpha/5: up to the AQL of them is chance
    model_share  least share of `texts` texts that a model wrote, at alpha/5
    """
    judges = len(checks[0].p) if checks else int(judge.max(initial=-1)) + 1
    rows = np.bincount(judge, minlength=judges)
    alone, crowds = [c for c in checks if not c.crowd], [c for c in checks if c.crowd]
    share = (1 - 2 * ROW_SHARE) * alpha / max(1, bool(alone) + len(crowds))
    bounds = [more_than_chance(c.p, rows, share) for c in crowds]
    if alone:
        bounds.append(least_true(np.minimum(1.0, len(alone) * np.min([c.p for c in alone], axis=0)), rows, share))
    from_judges, flagged = max(bounds, key=lambda b: b[0], default=(0, np.zeros(0, np.int64)))
    single = bad_rows[~np.isin(judge[bad_rows], flagged)]
    least = int(np.floor(clopper_pearson(len(single), len(judge), 1 - 2 * ROW_SHARE * alpha)[0] * len(judge)))
    from_wording = int(np.floor(model_share * texts))
    total = max(from_judges + least, from_wording)  # a judge's texts and answers may be the same rows
    return Contaminated(total, flagged, from_judges, least, from_wording)


@dataclass(frozen=True, slots=True)
class Sound:
    """How much of the lot may still be contaminated, from rows held against a reference.

    most     upper bound on the contaminated share, confidence 1 - buyer's risk; 1 where nothing can be said
    value    1 - chance-corrected recall, the estimate of that bound's centre
    classes  answers that could be told apart;  rows, items  it rests on
    """

    most: float
    value: float
    rows: int
    items: int
    classes: int
    by: str


def most_contaminated(said: Ints, reference: Ints, item: Ints, values: int, beta: float, by: str) -> Sound:
    """Most of the lot that can be contaminated by answers that do not follow the item.

    said, reference, item  (R,) codes of rows with a reference that the row itself had no part in
    Whatever such answers are – random, constant, alternating – their mean recall over the classes is 1/K by chance,
    and lower if they go against the item. So with a share c of them the chance-corrected mean recall J of *all* rows
    is at most 1 - c, and c <= 1 - J. Honest mistakes only raise the bound: it needs no model of honest people.
    Recalls get exact binomial bounds on distinct items (rows on one item are not independent), beta split over
    classes; classes with fewer than 20 items are left out, chosen by the reference alone.
    """
    per_class = [np.flatnonzero(reference == k) for k in range(values)]
    kept = [(k, rows, len(np.unique(item[rows]))) for k, rows in enumerate(per_class)]
    kept = [(k, rows, n) for k, rows, n in kept if n >= LEAST_ITEMS]
    K = len(kept)
    if K < 2:
        return Sound(1.0, 1.0, len(said), len(np.unique(item)), K, by)
    recall = np.array([(said[rows] == k).mean() for k, rows, _ in kept])
    low = np.array([clopper_pearson(r * n, n, 1 - 2 * beta / K)[0] for r, (_, _, n) in zip(recall, kept, strict=True)])
    rescaled: Floats = 1 - (np.array([low.mean(), recall.mean()]) - 1 / K) / (1 - 1 / K)
    rows = sum(len(rows) for _, rows, _ in kept)
    most, value = np.clip(rescaled, 0, 1)
    return Sound(float(most), float(value), rows, sum(n for *_, n in kept), K, by)


@lru_cache(maxsize=256)
def single_plan(rows: int, risks: Risks) -> tuple[int, int]:
    """(n, c): the smallest uniform slice to re-judge, accepting at c bad rows or fewer, that keeps both risks.

    A lot at the AQL passes with chance 1 - producer, one at the LTPD with chance `buyer` at most; hypergeometric.
    """
    good, bad = int(np.floor(risks.aql * rows)), int(np.ceil(risks.ltpd * rows))
    for n in range(1, rows + 1):
        c = critical_count(n, rows, bad, risks.buyer)
        if c >= 0 and tail(c, good, n, rows) >= 1 - risks.producer:
            return n, c
    return rows, good


@dataclass(frozen=True, slots=True)
class Slice:
    """A re-judged uniform slice: n rows drawn of the lot, k of them marked bad by a person who looked."""

    n: int
    k: int

    def bounds(self, rows: int, producer: float, buyer: float) -> tuple[float, float]:
        """Exact bounds on the lot's share: lower at the producer's risk, upper at the buyer's."""
        return (lower_count(self.k, self.n, rows, producer) / rows, upper_count(self.k, self.n, rows, buyer) / rows)


Decision = Literal["accept", "reject", "insufficient"]


def decide(least: float, most: float, risks: Risks) -> Decision:
    """Reject where more than the AQL is proven, accept where the LTPD is excluded; else (or if both) insufficient."""
    bad, good = least > risks.aql, most < risks.ltpd
    if bad == good:
        return "insufficient"
    return "reject" if bad else "accept"


def unanimous(reference: npt.NDArray[np.float64], others: Ints, least: int) -> Ints:
    """(R,) the answer that nine in ten of `least` or more other judges gave, -1 where they differ or are fewer."""
    known = (others >= least) & (np.nan_to_num(reference).max(axis=1) >= AGREED)
    return np.where(known, np.nan_to_num(reference).argmax(axis=1), -1)
