"""A batch that a judge has graded whole and people in part, as arrays, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom, chi2_contingency

from tutelage.errors import BadInput, Where
from tutelage.measure.exact import Floats, Ints, Stratum

Mask = NDArray[np.bool_]
ABSENT = -1
IMPLAUSIBLE = 1e-6
FEW_LEVELS = 256
MANY_RATES = 8  # more distinct inclusion probabilities than this are not strata any more


@dataclass(frozen=True, slots=True)
class Slice:
    """A batch of N judged items, n of them also labelled by a person.

    names, levels      what the codes stand for, sorted: texts, or numbers where every label is one (then `names` None)
    ai, human, second  (N,) codes into them; -1 where there is no (second) person's label
    rate               (N,) inclusion probability, committed before the draw; all equal where declared uniform
    rates, rate_code   the distinct ones (to twelve digits), and which of them each item has
    declared_uniform   True if no probabilities were recorded, so that the claim must say so
    confidence         (N,) of the judge, or None;  domain (N,) codes into `domains`
    order              (N,) the rank in which labels came in, or None
    """

    names: tuple[str, ...] | None
    levels: Floats
    ai: Ints
    human: Ints
    second: Ints
    rate: Floats
    rates: Floats
    rate_code: Ints
    declared_uniform: bool
    confidence: Floats | None
    domain: Ints
    domains: tuple[str, ...]
    order: Ints | None

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that occurs, as a text."""
        return self.names if self.names is not None else tuple(_name(v) for v in self.levels.tolist())

    @property
    def label_count(self) -> int:
        """How many labels occur."""
        return len(self.names) if self.names is not None else len(self.levels)

    @property
    def one_rate(self) -> bool:
        """Whether every item had the same chance."""
        return len(self.rates) == 1

    @property
    def drawn(self) -> Mask:
        """(N,) whether a person labelled the item."""
        return np.asarray(self.human != ABSENT)

    @property
    def wrong(self) -> Mask:
        """(N,) whether a person labelled the item and said something else than the judge."""
        return np.asarray(self.drawn & (self.human != self.ai))

    @property
    def own_rates(self) -> bool:
        """Whether items have so many different chances that these are no strata any more."""
        return len(self.rates) > MANY_RATES

    def strata(self, marked: Mask, inside: Mask | None = None) -> list[Stratum]:
        """One stratum per inclusion probability: within each, the slice is uniform."""
        keep = np.ones(len(self.ai), dtype=bool) if inside is None else inside
        people = self.drawn & keep
        found = people & marked
        counts = [np.bincount(self.rate_code[x], minlength=len(self.rates)).tolist() for x in (keep, people, found)]
        return [Stratum(M, n, k) for M, n, k in zip(*counts, strict=True) if M]

    def where(self, inside: Mask) -> Slice:
        """The same, for a part of the batch."""
        keep = np.flatnonzero(inside)
        rates, code = np.unique(self.rate_code[keep], return_inverse=True)
        return replace(
            self, ai=self.ai[keep], human=self.human[keep], second=self.second[keep], rate=self.rate[keep],
            rates=self.rates[rates], rate_code=code.astype(np.int64), domain=self.domain[keep],
            confidence=None if self.confidence is None else self.confidence[keep],
            order=None if self.order is None else self.order[keep],
        )  # fmt: skip


def coded(x: NDArray[np.generic]) -> tuple[NDArray[np.generic], Ints]:
    """(levels, (N,) codes into them): np.unique with its inverse, without sorting all N where levels are few."""
    few = len(np.unique(x[: 4 * FEW_LEVELS])) <= FEW_LEVELS
    levels = np.unique(x) if few else x[:0]
    if not few or len(levels) > FEW_LEVELS:
        levels, code = np.unique(x, return_inverse=True)
        return levels, code.astype(np.int64)
    return levels, np.searchsorted(levels, x).astype(np.int64)


def _bad(seen: str, expected: str, remedy: str, field: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))


Column = tuple[list[str] | Floats, Ints]


def _column(values: Sequence[object] | ArrayLike, N: int | None, field: str) -> Column:
    """A column of labels as (what occurs, (N,) codes into it, -1 where empty); numbers stay numbers and fast."""
    column = values if isinstance(values, np.ndarray) else np.asarray(values, dtype=object)
    if column.ndim != 1 or (N is not None and len(column) != N):
        raise _bad(
            f"`{field}` has shape {column.shape}.", f"one value per item ({N})", "Align it with the batch.", field
        )
    if column.dtype.kind in "iubf":
        there = ~np.isnan(column) if column.dtype.kind == "f" else np.ones(len(column), dtype=bool)
        if there.all():
            found, codes = coded(column)
            return found.astype(np.float64), codes
        found, inverse = coded(column[there])
        codes = np.full(len(column), ABSENT, dtype=np.int64)
        codes[there] = inverse
        return found.astype(np.float64), codes
    seen: dict[object, int] = {}
    raw = [seen.setdefault(v, len(seen)) for v in column.tolist()]
    absent = np.array([v is None or v == "" or (isinstance(v, float) and v != v) for v in seen], dtype=bool)
    names = ["" if gone else _name(v) for v, gone in zip(seen, absent, strict=True)]
    codes = np.asarray(raw, dtype=np.int64)
    return names, np.where(absent[codes], ABSENT, codes) if len(codes) else codes


def _name(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a column with gaps is read as floats: 1.0 and 1 are one label
    return str(value)


def _numbers(values: ArrayLike, N: int, field: str) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (N,) or not np.isfinite(column).all():
        raise _bad(
            f"`{field}` has shape {column.shape} or holds values that are not finite.",
            f"one finite number for each of the {N} items, drawn or not",
            "Keep the column that the draw wrote, for the whole batch.",
            field,
        )
    return column


def read_slice(
    ai: Sequence[object] | ArrayLike, human: Sequence[object] | ArrayLike, *,
    second: Sequence[object] | ArrayLike | None = None, confidence: ArrayLike | None = None,
    pi: ArrayLike | None = None, domain: Sequence[object] | ArrayLike | None = None, order: ArrayLike | None = None,
) -> Slice:  # fmt: skip
    """Check and code a judged batch. An empty, None or NaN human value means: not in the slice.

    Raises BadInput where the columns do not fit, no one looked at anything, or the slice contradicts its own pi.
    """
    machine = _column(ai, None, "ai")
    N = len(machine[1])
    if N == 0 or (machine[1] == ABSENT).any():
        where = int((machine[1] == ABSENT).argmax()) + 1 if N else 0
        raise _bad(f"The judge left row {where} of {N} without a verdict.", "a verdict for every item",
                   "Leave out items that were not graded, and say how many; they are not certified.", "ai")  # fmt: skip
    people = _column(human, N, "human")
    again = _column(second, N, "second") if second is not None else (np.empty(0), np.full(N, ABSENT, dtype=np.int64))
    if not (people[1] != ABSENT).any():
        raise _bad(
            "No item has a human label.", "a slice judged by people", "Draw one: `tutelage slice draw`.", "human"
        )
    names, levels, (judged, labelled, relabelled) = _shared(machine, people, again)
    domains, place = _domains(domain, N)
    if (place == ABSENT).any():
        raise _bad("Some items have no domain.", "a domain for every item", "Name it, for example `other`.", "domain")
    drawn = labelled != ABSENT
    rate = _numbers(pi, N, "pi") if pi is not None else np.full(N, drawn.mean())
    rates, rate_code = coded(np.round(rate, 12)) if pi is not None else (rate[:1], np.zeros(N, dtype=np.int64))
    slice_ = Slice(
        names, levels, judged, labelled, relabelled, rate, rates.astype(np.float64), rate_code, pi is None,
        _numbers(confidence, N, "confidence") if confidence is not None else None, place, domains,
        np.nan_to_num(np.asarray(order, dtype=np.float64), nan=np.inf).argsort(kind="stable").argsort()
        if order is not None else None,
    )  # fmt: skip
    _check_rates(slice_)
    return slice_


def _shared(*columns: Column) -> tuple[tuple[str, ...] | None, Floats, list[Ints]]:
    """Several coded columns over one sorted list: of numbers where all are, else of texts."""
    if all(isinstance(found, np.ndarray) for found, _ in columns):
        numbers = [np.asarray(found, dtype=np.float64) for found, _ in columns]
        levels = np.unique(np.concatenate(numbers))
        tables = [np.append(np.searchsorted(levels, found), ABSENT) for found in numbers]
        return None, levels, [table[codes] for table, (_, codes) in zip(tables, columns, strict=True)]
    texts = [[_name(v) for v in found.tolist()] if isinstance(found, np.ndarray) else found for found, _ in columns]
    names = sorted({name for found in texts for name in found if name})
    rank = {name: i for i, name in enumerate(names)}
    tables = [np.array([rank.get(x, ABSENT) for x in found] + [ABSENT], dtype=np.int64) for found in texts]
    return tuple(names), np.empty(0), [table[codes] for table, (_, codes) in zip(tables, columns, strict=True)]


def _domains(domain: Sequence[object] | ArrayLike | None, N: int) -> tuple[tuple[str, ...], Ints]:
    """(names, (N,) codes); one nameless domain where none are given."""
    if domain is None:
        return ("",), np.zeros(N, dtype=np.int64)
    names, levels, (code,) = _shared(_column(domain, N, "domain"))
    return names if names is not None else tuple(_name(v) for v in levels.tolist()), code


def _check_rates(s: Slice) -> None:
    if s.declared_uniform:
        return
    if not ((s.rate > 0) & (s.rate <= 1)).all():
        raise _bad("Some inclusion probabilities are not in (0, 1].", "0 < pi <= 1 for every item",
                   "An item that could not be drawn cannot be certified: leave it out of the batch.", "pi")  # fmt: skip
    rates, code = s.rates, s.rate_code
    if s.own_rates:  # chances of their own: only their sum can be held against the slice
        rates, code = np.array([s.rate.mean()]), np.zeros(len(s.rate), dtype=np.int64)
    sizes, taken = np.bincount(code), np.bincount(code[s.drawn], minlength=len(rates))
    likely = np.minimum(binom.cdf(taken, sizes, rates), binom.sf(taken - 1, sizes, rates))
    for rate, M, n in zip(rates[likely < IMPLAUSIBLE], sizes[likely < IMPLAUSIBLE], taken[likely < IMPLAUSIBLE],
                          strict=True):  # fmt: skip
        raise _bad(
            f"{int(n)} of the {int(M)} items with pi = {rate:.4g} carry a label, where about {M * rate:.0f} would.",
            "labels on the drawn items only, and on all of them",
            "Leave escalated or extra labels out, and label the rest of the draw.", "pi",
        )  # fmt: skip


def looks_uniform(s: Slice) -> bool:
    """Whether verdicts and confidence on the slice look like those on the rest (each p > .001); False: hardly."""
    if not s.declared_uniform or s.drawn.all():
        return True
    columns = [s.ai if s.label_count <= FEW_LEVELS else _tenths(s.ai)]
    if s.confidence is not None:
        columns.append(_tenths(s.confidence))
    return all(_alike(c, s.drawn) for c in columns)


def _tenths(x: Floats | Ints) -> Ints:
    """(N,) which tenth each value lies in, by the tenths of a part of them."""
    cuts = np.unique(np.quantile(x[:: max(1, len(x) // 20_000)], np.linspace(0.1, 0.9, 9)))
    return np.searchsorted(cuts, x).astype(np.int64)


def _alike(code: Ints, drawn: Mask) -> bool:
    table = np.stack([np.bincount(code[m], minlength=int(code.max()) + 1) for m in (drawn, ~drawn)])
    table = table[:, table.sum(axis=0) >= 10]
    return table.shape[1] < 2 or (table.sum(axis=1) == 0).any() or float(chi2_contingency(table).pvalue) > 0.001
