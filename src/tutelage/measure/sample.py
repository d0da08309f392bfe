"""Which items people look at: chances committed before the draw, a draw anyone can repeat, honest totals after it.

An item's place in the draw is SHA-256(seed, item id): no generator to install, no order of rows, no hidden state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from tutelage.errors import BadInput, Where
from tutelage.measure.certify.design import profile, region
from tutelage.measure.exact import Floats, Ints
from tutelage.records import Estimate, Undefined

LEAST_UNIFORM = 0.30

Design = Literal["fixed", "poisson"]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """A draw planned: who may be drawn with what chance. `drawn` follows from `seed` and `ids` alone.

    pi          (N,) inclusion probability of every item, in (0, 1]
    cell        (N,) items of one cell have one pi; a fixed draw takes exactly `takes[cell]` of each
    """

    ids: tuple[str, ...]
    pi: Floats
    cell: Ints
    takes: tuple[int, ...]
    seed: int
    design: Design

    def __post_init__(self) -> None:
        if not ((self.pi > 0) & (self.pi <= 1)).all():
            raise _bad("Some items could never be drawn.", "0 < pi <= 1 for every item", "Raise the size.", "pi")

    @property
    def commitment(self) -> str:
        """SHA-256 over seed, design, ids, cells and chances: publish it before anyone looks."""
        hasher = hashlib.sha256(f"tutelage-draw/1 {self.seed} {self.design} {self.takes}\n".encode())
        for i in np.argsort(np.asarray(self.ids)):
            hasher.update(f"{self.ids[i]}\t{self.cell[i]}\t{float(self.pi[i]).hex()}\n".encode())
        return "sha256:" + hasher.hexdigest()

    def drawn(self) -> NDArray[np.bool_]:
        """(N,) whether each item is in the slice."""
        place = places(self.ids, self.seed)
        if self.design == "poisson":
            return np.asarray(place < self.pi)
        out = np.zeros(len(self.ids), dtype=bool)
        for cell, take in enumerate(self.takes):
            rows = np.flatnonzero(self.cell == cell)
            out[rows[np.argsort(place[rows], kind="stable")[:take]]] = True
        return out

    def order(self) -> Ints:
        """(N,) rank in which to look at items; where all chances are equal, every prefix of the slice is uniform."""
        return np.asarray(np.argsort(np.argsort(places(self.ids, self.seed) / self.pi, kind="stable"), kind="stable"))


def places(ids: Sequence[str], seed: int) -> Floats:
    """(N,) a number in [0, 1) per item: the first 53 bits of SHA-256("seed\\nid")."""
    lead = f"{seed}\n".encode()
    heads = [hashlib.sha256(lead + x.encode()).digest()[:8] for x in ids]
    return np.asarray((np.frombuffer(b"".join(heads), dtype=">u8") >> np.uint64(11)) / float(1 << 53), dtype=np.float64)


def _bad(seen: str, expected: str, remedy: str, name: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=name))


def _check(ids: Sequence[str], size: int, uniform: float) -> None:
    if len(set(ids)) != len(ids) or not ids:
        raise _bad("The item ids are empty or repeat.", "one distinct id per item", "Use the item's own id.", "ids")
    if not 1 <= size <= len(ids):
        raise _bad(f"A slice of {size} from {len(ids)} items.", f"1 to {len(ids)}", "Change the size.", "size")
    if not LEAST_UNIFORM <= uniform <= 1:
        raise _bad(f"The uniform share is {uniform}.", f"at least {LEAST_UNIFORM}",
                   "Keep it: it protects the claim from a wrong guess about where errors are.", "uniform")  # fmt: skip


def _takes(cells: Ints, wanted: Floats, size: int, least: Ints) -> tuple[int, ...]:
    """Whole numbers per cell: near `wanted`, at least `least`, at most the cell, in all `size` (largest remainders)."""
    room = np.bincount(cells, minlength=len(wanted))
    least = np.minimum(least, room)
    if least.sum() > size:
        raise _bad(f"The minima of the strata add up to {least.sum()}.", f"at most the slice of {size}",
                   "Raise the size or lower the minimum.", "minimum")  # fmt: skip
    ideal = np.clip(wanted, least, room).astype(np.float64)
    for _ in range(60):  # scale what is free until the whole fits
        free = (ideal > least) & (ideal < room) if ideal.sum() > size else ideal < room
        gap = size - ideal.sum()
        if abs(gap) < 1e-9 or not free.any():
            break
        weight = np.where(free, np.maximum(ideal, 1e-9), 0.0)
        ideal = np.clip(ideal + gap * weight / weight.sum(), least, room)
    take = np.floor(ideal + 1e-9).astype(np.int64)
    for cell in np.argsort(-(ideal - take), kind="stable"):
        if take.sum() < size and take[cell] < room[cell]:
            take[cell] += 1
    for cell in np.argsort(-(room - take), kind="stable"):
        take[cell] += min(size - int(take.sum()), int(room[cell] - take[cell]))
    return tuple(int(x) for x in take)


def _codes(strata: Sequence[object] | None, N: int) -> Ints:
    if strata is None:
        return np.zeros(N, dtype=np.int64)
    if len(strata) != N:
        raise _bad(f"{len(strata)} strata for {N} items.", "one stratum per item", "Align them.", "strata")
    return np.unique(np.asarray([str(x) for x in strata]), return_inverse=True)[1].astype(np.int64)


def _planned(
    ids: Sequence[str], chance: Floats, groups: Ints, size: int, seed: int, uniform: float, minimum: int,
    strata: Ints, design: Design,
) -> Draw:  # fmt: skip
    """A draw with the given relative chances, mixed with `uniform`, every stratum at least `minimum`."""
    N = len(ids)
    mixed = uniform * size / N + (1 - uniform) * size * chance / chance.sum()
    cells = np.unique(np.stack([strata, groups]), axis=1, return_inverse=True)[1].astype(np.int64).ravel()
    room = np.bincount(cells)
    wanted = np.bincount(cells, weights=mixed)
    in_stratum = np.zeros(len(room), dtype=np.int64)
    in_stratum[cells] = strata
    stratum_room = np.bincount(strata)
    floors = np.maximum(1, np.ceil(uniform * size * room / N - 1e-9)).astype(np.int64)
    short = np.minimum(minimum, stratum_room)[in_stratum] * room / stratum_room[in_stratum]
    least = np.maximum(floors, np.ceil(short - 1e-9).astype(np.int64)) if minimum else floors
    if least.sum() > size:  # rounding up every cell can overshoot by less than one item per cell
        least = np.maximum(1, np.floor(np.maximum(uniform * size * room / N, short if minimum else 0))).astype(np.int64)
    takes = _takes(cells, np.asarray(wanted, dtype=np.float64), size, least)
    pi = (np.asarray(takes) / room)[cells]
    return Draw(tuple(ids), pi, cells, takes, seed, design)


def plan_uniform(
    ids: Sequence[str], size: int, *, seed: int, strata: Sequence[object] | None = None, minimum: int = 0,
    design: Design = "fixed",
) -> Draw:  # fmt: skip
    """Every item with the same chance, except that each stratum gets at least `minimum` items.

    ids   distinct item ids;  strata  (N,) domain, language, hardness …; proportional above the minimum
    """
    _check(ids, size, 1.0)
    N, code = len(ids), _codes(strata, len(ids))
    if minimum == 0:
        return Draw(tuple(ids), np.full(N, size / N), np.zeros(N, dtype=np.int64), (size,), seed, design)
    return _planned(ids, np.ones(N), np.zeros(N, dtype=np.int64), size, seed, LEAST_UNIFORM, minimum, code, design)


def plan_doubt(
    ids: Sequence[str], size: int, doubt: ArrayLike, *, seed: int, cost: ArrayLike | None = None,
    uniform: float = LEAST_UNIFORM, strata: Sequence[object] | None = None, minimum: int = 0, design: Design = "fixed",
) -> Draw:  # fmt: skip
    """More of what the judge probably gets wrong: chance ~ sqrt(doubt / cost), rounded to two levels.

    doubt  (N,) expected squared error of the judge per item, from past batches or its own confidence; never from labels
    cost   (N,) relative cost of a label;  uniform  >= 0.3: share of the slice spread evenly whatever the doubt
    Neyman allocation; rounding its chances to two levels keeps inference exact (two rates are tested together).
    """
    _check(ids, size, uniform)
    guess = np.asarray(doubt, dtype=np.float64)
    price = np.ones(len(ids)) if cost is None else np.asarray(cost, dtype=np.float64)
    if guess.shape != (len(ids),) or not (guess >= 0).all() or not (price > 0).all():
        raise _bad("`doubt` or `cost` does not fit.", "doubt >= 0 and cost > 0 per item", "Correct them.", "doubt")
    chance = np.sqrt(guess / price) + 1e-12
    groups = _two_levels(chance)
    level = np.bincount(groups, weights=chance) / np.maximum(np.bincount(groups), 1)
    return _planned(ids, level[groups], groups, size, seed, uniform, minimum, _codes(strata, len(ids)), design)


def _two_levels(chance: Floats) -> Ints:
    """(N,) 0 or 1: the cut, of nineteen quantiles, after which Neyman allocation has the least variance."""
    cuts = np.unique(np.quantile(chance, np.linspace(0.05, 0.95, 19)))

    def spread(cut: float) -> float:
        parts = (chance[chance <= cut], chance[chance > cut])
        return sum(len(x) * float(np.sqrt((x**2).mean())) for x in parts if len(x))

    return np.asarray(chance > min(cuts, key=spread), dtype=np.int64)


def plan_residual(
    ids: Sequence[str], size: int, confidence: ArrayLike, *, error: float, seed: int, level: float = 0.95,
    uniform: float = LEAST_UNIFORM, strata: Sequence[object] | None = None, minimum: int = 0,
) -> Draw:  # fmt: skip
    """A slice drawn where acceptance will be decided: dense among the most confident items, 30 % everywhere.

    The dense region is as large as can be expected to pass at residual error `error`, taking the judge's confidence
    with a grain of salt. A judge that overstates its confidence costs share, never validity.
    """
    _check(ids, size, uniform)
    sure = np.asarray(confidence, dtype=np.float64)
    if sure.shape != (len(ids),) or not np.isfinite(sure).all():
        raise _bad("`confidence` does not fit.", "one finite number per item", "Correct it.", "confidence")
    falling = np.sort(sure)[::-1]
    top, _ = region(profile(falling), size, error, 1 - level, uniform)
    least = falling[top - 1]
    inside = (sure >= least).astype(np.int64)
    return _planned(ids, inside + 1e-9, inside, size, seed, uniform, minimum, _codes(strata, len(ids)), "fixed")


def redraw(ids: Sequence[str], pi: ArrayLike, cell: ArrayLike, *, seed: int, design: Design = "fixed") -> Draw:
    """The draw that these columns of a slice file claim to be: what anyone needs to check it.

    pi, cell  (N,) as written by the draw; each cell of a fixed draw holds pi * its size items of the slice
    Raises BadInput where a cell has two chances or a fixed cell's chances do not add to a whole number of items.
    """
    chance, cells = np.asarray(pi, dtype=np.float64), np.asarray(cell, dtype=np.int64)
    if chance.shape != (len(ids),) or cells.shape != chance.shape or not len(ids) or cells.min() < 0:
        raise _bad("The columns do not fit.", "one pi and one cell per item", "Keep what the draw wrote.", "cell")
    room = np.bincount(cells)
    wanted = np.bincount(cells, weights=chance)
    takes = tuple(int(x) for x in np.rint(wanted))
    steady = np.abs(chance - (wanted / np.maximum(room, 1))[cells]).max() < 1e-9
    if not steady or (design == "fixed" and np.abs(wanted - np.rint(wanted)).max() > 1e-6):
        raise _bad("The chances do not belong to a draw by cells.", "one pi per cell, whole numbers of items",
                   "Do not round or edit the pi column.", "pi")  # fmt: skip
    if design == "fixed":  # exactly as drawn, whatever digits a spreadsheet kept
        chance = (np.asarray(takes) / np.maximum(room, 1))[cells]
    return Draw(tuple(ids), chance, cells, takes, seed, design)


def check(draw: Draw, commitment: str, drawn: ArrayLike) -> list[str]:
    """What is wrong with a slice that claims to be this draw: [] if the commitment and every item agree."""
    wrong = []
    if draw.commitment != commitment:
        wrong.append(f"the commitment is {commitment}, but this draw has {draw.commitment}")
    given, right = np.asarray(drawn, dtype=bool), draw.drawn()
    wrong.extend(
        f"{draw.ids[i]} is {'' if given[i] else 'not '}in the slice, and should {'not ' * bool(given[i])}be"
        for i in np.flatnonzero(given != right)[:10]
    )
    return wrong


def hajek(y: ArrayLike, pi: ArrayLike, *, level: float = 0.95) -> Estimate | Undefined:
    """Mean over a batch from drawn items and their chances, by weights that add to one; asymptotic.

    y, pi  (n,) values and inclusion probabilities of the drawn items. Undefined below 30 items.
    Source: Hájek 1971; linearised variance for an independent (Poisson) draw, conservative for a fixed one.
    """
    values, chance = np.asarray(y, dtype=np.float64), np.asarray(pi, dtype=np.float64)
    n = len(values)
    if n < 30:
        return Undefined(f"{n} drawn items; a normal interval needs 30")
    weight = 1 / chance
    value = float(weight @ values / weight.sum())
    error = float(np.sqrt((((values - value) * weight) ** 2 * (1 - chance)).sum())) / float(weight.sum())
    reach = error * float(norm.isf((1 - level) / 2))
    return Estimate(value, value - reach, value + reach, "Hájek (asymptotic)", n, level,
                    assumptions=("pi committed before the draw",))  # fmt: skip


def aipw(
    y: ArrayLike, judge_drawn: ArrayLike, pi: ArrayLike, judge_all: ArrayLike, *, level: float = 0.95
) -> Estimate | Undefined:
    """Mean human value of a batch: the judge's mean plus the weighted mistakes seen on the slice; asymptotic.

    y, judge_drawn, pi  (n,) of the drawn items;  judge_all  (N,) of the whole batch
    Unbiased over draws whatever the judge. Undefined below 30 disagreements (see `certify.ppi`).
    """
    gap = np.asarray(y, dtype=np.float64) - np.asarray(judge_drawn, dtype=np.float64)
    chance, whole = np.asarray(pi, dtype=np.float64), np.asarray(judge_all, dtype=np.float64)
    N, n = len(whole), len(gap)
    differ = int((np.abs(gap) > 1e-12).sum())
    if differ < 30:
        return Undefined(f"{differ} disagreements in the slice; a normal interval needs 30")
    value = float(whole.mean() + (gap / chance).sum() / N)
    error = float(np.sqrt(((gap / chance) ** 2 * (1 - chance)).sum())) / N
    reach = error * float(norm.isf((1 - level) / 2))
    return Estimate(value, value - reach, value + reach, "AIPW (asymptotic)", n, level, rows=N,
                    assumptions=("pi committed before the draw", "independent draw"))  # fmt: skip
