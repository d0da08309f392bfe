"""Votes of judges traded at random, so that each item keeps what it got and each judge what they gave.

What judges have in common beyond that – groups – is broken up: the measure of a structure that chance alone gives.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from tutelage.measure.arrays import Codes, Floats, tally
from tutelage.measure.consensus.votes import Votes

ROUNDS = 10  # of trades: in each one every judge meets one other
MOST_CELLS = 20_000_000
STEPS = 12  # of power iteration: the statistic is what they reach, for the data and the permutations alike


class Trades:
    """Random swaps of two judges' answers on items both judged, within blocks of judges.

    block  (J,) codes: only judges of one block trade; None: all do. Margins of item × block are then kept too.
    """

    def __init__(self, v: Votes, block: Codes | None = None) -> None:
        self.v = v
        self.i, self.j, self.k = v.shape
        self.block = np.zeros(self.j, np.int64) if block is None else block
        self.by_judge = np.lexsort((v.item, v.judge))
        self.key = v.judge[self.by_judge] * self.i + v.item[self.by_judge]
        self.size = np.bincount(v.judge, minlength=self.j)
        self.start = np.cumsum(self.size) - self.size
        self.table: Codes | None = None
        if self.i * self.j <= MOST_CELLS:  # finding a row by its place is 10x faster than by search
            self.table = np.full(self.i * self.j, -1, np.int64)
            self.table[self.key] = self.by_judge

    def permuted(self, rng: np.random.Generator, rounds: int = ROUNDS) -> Codes:
        """(n,) the values after `rounds` of trades from the data anew, rows as in the votes."""
        value = self.v.value.copy()
        for _ in range(rounds):
            self._round(value, self._partners(rng), rng)
        return value

    def _round(self, value: Codes, partner: Codes, rng: np.random.Generator) -> None:
        one = np.flatnonzero(partner[self.v.judge] > self.v.judge)
        two = self._rows(partner[self.v.judge[one]] * self.i + self.v.item[one])
        one, two = one[two >= 0], two[two >= 0]
        differ = value[one] != value[two]
        one, two = one[differ], two[differ]
        x, y = value[one], value[two]
        low, high = np.minimum(x, y), np.maximum(x, y)
        kind = (self.v.judge[one] * self.k + low) * self.k + high
        up = np.empty(kind.size, bool)
        # how often each of the two gave the higher answer stays; on which items is drawn anew
        up[np.argsort(kind)] = (x > y)[np.argsort(kind + rng.random(kind.size))]
        value[one], value[two] = np.where(up, high, low), np.where(up, low, high)

    def _rows(self, key: Codes) -> Codes:
        """Row of each (judge, item); −1 where the judge did not judge it."""
        if self.table is not None:
            return self.table[key]
        at = np.minimum(np.searchsorted(self.key, key), self.key.size - 1)
        return np.where(self.key[at] == key, self.by_judge[at], -1)

    def _partners(self, rng: np.random.Generator) -> Codes:
        """(J,) who trades with whom, −1 with nobody: two who judged one item first, then whoever is left."""
        pick = self.by_judge[self.start + (rng.random(self.j) * self.size).astype(np.int64)]
        partner = np.full(self.j, -1, np.int64)
        for meeting in (self.block * self.i + self.v.item[pick], self.block):
            free = np.flatnonzero(partner < 0)
            order = free[np.argsort(meeting[free] + rng.random(free.size))]
            m = meeting[order]
            first = np.searchsorted(m, m)
            ahead = np.flatnonzero(((np.arange(m.size) - first) % 2 == 0)[:-1] & (m[1:] == m[:-1]))
            partner[order[ahead]], partner[order[ahead + 1]] = order[ahead + 1], order[ahead]
        return partner


class Structure:
    """How strongly judges' residuals line up: a vote less the share of its item within the block, less the judge's own
    mean of that. All of it but the vote is fixed by the margins that trades keep.
    """

    def __init__(self, v: Votes, block: Codes | None = None) -> None:
        i, j, k = v.shape
        b = np.zeros(j, np.int64) if block is None else block
        cell = b[v.judge] * i + v.item
        cells = i * (int(b.max(initial=0)) + 1)
        count = tally(cell * k + v.value, None, cells * k).reshape(cells, k)
        usual = (count / np.maximum(count.sum(1, keepdims=True), 1))[cell]
        n = np.maximum(tally(v.judge, None, j), 1)
        given = tally(v.judge * k + v.value, None, j * k).reshape(j, k)
        own = np.stack([given[:, c] - tally(v.judge, usual[:, c], j) for c in range(k)], 1) / n[:, None]
        self.scale = 1 / np.sqrt(n)[v.judge]
        self.fixed = -(usual + own[v.judge]) * self.scale[:, None]
        self.by_judge = np.lexsort((v.item, v.judge))
        self.ends = np.concatenate([[0], np.cumsum(np.bincount(v.judge, minlength=j))]) * k
        self.column = (v.item[self.by_judge, None] * k + np.arange(k)).ravel()
        self.shape = (j, i * k)

    def matrix(self, value: Codes) -> sparse.csr_array:
        """(J, I·K) residuals of these values."""
        data = self.fixed.copy()
        data[np.arange(value.size), value] += self.scale
        return sparse.csr_array((data[self.by_judge].ravel(), self.column, self.ends), shape=self.shape)

    def strength(self, value: Codes, start: Floats) -> float:
        """Length that STEPS of power iteration reach from `start` (J,)."""
        r = self.matrix(value)
        x = start / np.linalg.norm(start)
        size = 0.0
        for _ in range(STEPS):
            y = r.T @ x
            x = r @ y
            size = float(np.linalg.norm(x))
            if size == 0:
                return 0.0
            x /= size
        return size
