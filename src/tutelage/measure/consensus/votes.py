"""Votes as codes, and what a consensus of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tutelage.errors import BadInput, Where
from tutelage.measure.arrays import Codes, Floats, codes, same_length, tally

Names = npt.NDArray[Any]


@dataclass(frozen=True)
class Votes:
    """A long table of votes as codes: row r is judge[r] giving value[r] to item[r].

    item, judge, value     (n,) codes
    items, judges, values  their names; I, J and K of them
    weight                 (n,) how much each vote counts, or None for 1
    """

    item: Codes
    judge: Codes
    value: Codes
    items: Names
    judges: Names
    values: Names
    weight: Floats | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(I, J, K)."""
        return self.items.size, self.judges.size, self.values.size

    def shares(self) -> Floats:
        """(I, K) share of each item's votes; an item whose votes weigh nothing gets equal shares."""
        i, _, k = self.shape
        table = tally(self.item * k + self.value, self.weight, i * k).reshape(i, k)
        total = table.sum(1, keepdims=True)
        table /= np.where(total > 0, total, 1)
        table[total[:, 0] <= 0] = 1 / k
        return table

    def table(self) -> sparse.csr_array:
        """(I, J·K) sparse, one where judge j gave value l to item i, in column j·K + l; repeats add up."""
        i, j, k = self.shape
        small = self.item.size < 2**31 and j * k < 2**31  # half the memory of the index, which is most of the table
        kind = np.int32 if small else np.int64
        column = (self.judge * k + self.value).astype(kind, copy=False)
        weight = np.ones(self.item.size) if self.weight is None else self.weight
        if (self.item[1:] >= self.item[:-1]).all():  # item after item, as tables usually come: nothing to sort
            start = np.searchsorted(self.item, np.arange(i + 1, dtype=self.item.dtype)).astype(kind, copy=False)
            return sparse.csr_array((weight, column, start), shape=(i, j * k))
        return sparse.csr_array((weight, (self.item.astype(kind, copy=False), column)), shape=(i, j * k))

    def keep(self, rows: npt.NDArray[Any]) -> Votes:
        """The votes of these rows; items, judges and values keep their codes."""
        weight = None if self.weight is None else self.weight[rows]
        return Votes(self.item[rows], self.judge[rows], self.value[rows], self.items, self.judges, self.values, weight)

    def counted(self, times: Floats) -> Votes:
        """Each judge's votes counted `times` (J,) as often."""
        own = times[self.judge]
        weight = own if self.weight is None else own * self.weight
        return Votes(self.item, self.judge, self.value, self.items, self.judges, self.values, weight)


def votes(
    items: npt.ArrayLike,
    judges: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    order: Sequence[Any] | None = None,
    families: Mapping[Any, str] | None = None,
) -> Votes:
    """A long table of names (n,) as votes.

    order     all values that may be given, in order; without it those that occur, sorted
    families  AI judge → model family. Judges of one family share their errors, so on each item their votes together
              count as one; a person belongs to no family. Leave AI judges' rows out where people alone shall decide.
    """
    item, item_names = codes(items, "items")
    judge, judge_names = codes(judges, "judges")
    value, value_names = codes(values, "values")
    same_length(items=item, judges=judge, values=value)
    if order is not None:
        place = {v: k for k, v in enumerate(order)}
        unknown = [v for v in value_names.tolist() if v not in place]
        if unknown:
            raise BadInput(
                f"The value {unknown[0]!r} is not in `order`.", expected=f"one of {list(order)}",
                remedy="Correct the column or the order.", where=Where(field="values"),
            )  # fmt: skip
        value = np.array([place[v] for v in value_names.tolist()], dtype=np.int64)[value]
        value_names = np.array(list(order))
    weight = _block_weights(item, judge, judge_names, families) if families else None
    if max(item_names.size, judge_names.size) * max(1, value_names.size) < 2**31:
        # half the memory; the product with the number of values, which every table is indexed by, still fits
        item, judge, value = (cast(Codes, c.astype(np.int32)) for c in (item, judge, value))
    return Votes(item, judge, value, item_names, judge_names, value_names, weight)


def _block_weights(item: Codes, judge: Codes, names: Names, families: Mapping[Any, str]) -> Floats:
    """1 over the votes that a judge's family has on the item; 1 for judges of no family."""
    family_of = [families.get(name) for name in names.tolist()]
    known = {f: k for k, f in enumerate(sorted({f for f in family_of if f is not None}))}
    family = np.array([-1 if f is None else known[f] for f in family_of])[judge]
    weight = np.ones(item.size)
    in_family = family >= 0
    key = item[in_family] * max(1, len(known)) + family[in_family]
    _, inverse, times = np.unique(key, return_inverse=True, return_counts=True)
    weight[in_family] = 1 / times[inverse]
    return weight


@dataclass(frozen=True)
class Consensus:
    """What the votes amount to.

    posterior      (I, K) probability of each value under the method (majority: the shares of the votes)
    confusion      (J, K, K) probability that judge j gives value l where k is true, or None
    prior          (K,) how common each value is
    log_posterior  the objective after each round; it never falls
    notes          what a reader must know: thin judges, gold used, restarts
    """

    method: str
    items: Names
    judges: Names
    values: Names
    posterior: Floats
    prior: Floats
    confusion: Floats | None = None
    kappa: float | None = None
    log_posterior: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def code(self) -> Codes:
        """(I,) code of the most probable value; −1 where two are equally probable: a tie stays a tie."""
        top = self.posterior.max(1)
        tied = (self.posterior >= top[:, None] - 1e-12).sum(1) > 1
        return np.where(tied, -1, self.posterior.argmax(1)).astype(np.int64)

    @property
    def confidence(self) -> Floats:
        """(I,) probability of the most probable value."""
        out: Floats = self.posterior.max(1)
        return out

    def value_of(self) -> dict[Any, Any]:
        """Item → value; None where two values tie."""
        names = [*self.values.tolist(), None]  # code −1 is the last
        return {item: names[code] for item, code in zip(self.items.tolist(), self.code.tolist(), strict=True)}

    def right(self, truth: Codes) -> Floats:
        """(I,) chance that the consensus, ties drawn by lot, is `truth` (I,) codes; rows of −1 give 0."""
        top = self.posterior >= self.posterior.max(1, keepdims=True) - 1e-12
        share = top / top.sum(1, keepdims=True)
        found = share[np.arange(truth.size), np.maximum(truth, 0)]
        return np.where(truth >= 0, found, 0.0)


def gold_codes(v: Votes, gold: Mapping[Any, Any]) -> Codes:
    """(I,) code of each item's known answer, −1 where there is none; gold on items without votes is left out."""
    out = np.full(v.items.size, -1, np.int64)
    place = {name: k for k, name in enumerate(v.values.tolist())}
    for row, name in enumerate(v.items.tolist()):
        if name in gold:
            answer = gold[name]
            if answer not in place:
                raise BadInput(
                    f"The gold answer {answer!r} of item {name!r} is not among the values {v.values.tolist()}.",
                    expected="a value that a judge may give",
                    remedy="Pass `order` with every possible value, or correct the gold.",
                    where=Where(field="gold"),
                )  # fmt: skip
            out[row] = place[answer]
    return out
