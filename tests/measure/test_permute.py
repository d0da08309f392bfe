"""Trades keep every margin, break up groups, and the strength of structure is the largest singular value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.measure.consensus.votes import votes
from tutelage.measure.permute import Structure, Trades


def table(seed, judges=12, items=30, values=3, share=0.8):
    rng = np.random.default_rng(seed)
    item, judge = np.tile(np.arange(items), judges), np.repeat(np.arange(judges), items)
    kept = rng.random(item.size) < share
    return votes(item[kept], judge[kept], rng.integers(0, values, kept.sum()), order=range(values)), rng


def margins(v, value, name, block):
    k = v.values.size
    code = getattr(v, name) * 3 + block[v.judge] if name == "item" else v.judge
    return np.bincount(code * k + value, minlength=(code.max() + 1) * k)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_trades_keep_what_every_item_got_in_its_block_and_every_judge_gave(seed, blocks, dense):
    v, rng = table(seed)
    block = np.arange(v.judges.size) % 3 if blocks else np.zeros(v.judges.size, np.int64)
    trades = Trades(v, block)
    if not dense:
        trades.table = None  # by search, as for tables too large to lay out
    moved = trades.permuted(rng)
    for name in ("item", "judge"):
        assert np.array_equal(margins(v, v.value, name, block), margins(v, moved, name, block))


def test_trades_move_a_fifth_of_the_votes_or_more_and_search_finds_what_the_table_finds():
    v, _ = table(1)
    one, two = Trades(v), Trades(v)
    two.table = None
    a, b = (t.permuted(np.random.default_rng(2)) for t in (one, two))
    assert np.array_equal(a, b)
    assert (a != v.value).mean() > 0.2
    assert np.array_equal(one.v.value, v.value)  # from the data anew, each time


def test_every_judge_meets_at_most_one_other_of_the_same_block():
    v, rng = table(3, judges=13)
    block = np.arange(13) % 2
    partner = Trades(v, block)._partners(rng)
    met = np.flatnonzero(partner >= 0)
    assert met.size == 12  # six and seven: one is left over
    assert np.array_equal(partner[partner[met]], met)
    assert (block[partner[met]] == block[met]).all()


def test_the_strength_is_the_square_of_the_largest_singular_value():
    """Two planted groups, so that the first direction stands out and power iteration is there in twelve steps."""
    rng = np.random.default_rng(4)
    yes = rng.choice([0.1, 0.9], 40)
    p = np.where(np.arange(20)[:, None] < 10, yes, 1 - yes)
    item, judge = np.tile(np.arange(40), 20), np.repeat(np.arange(20), 40)
    v = votes(item, judge, (rng.random(p.shape) < p).ravel().astype(int))
    s = Structure(v)
    size = np.linalg.svd(s.matrix(v.value).toarray(), compute_uv=False)[0]
    assert s.strength(v.value, np.random.default_rng(5).normal(size=20)) == pytest.approx(size**2, rel=1e-6)
    broken = s.strength(Trades(v).permuted(rng), np.ones(20) + rng.normal(size=20))
    assert broken < 0.5 * size**2


def test_residuals_of_a_judge_add_to_nothing():
    v, rng = table(6)
    s = Structure(v, np.arange(v.judges.size) % 2)
    for value in (v.value, Trades(v, np.arange(v.judges.size) % 2).permuted(rng)):
        assert s.matrix(value).sum(1) == pytest.approx(np.zeros(v.judges.size), abs=1e-9)
