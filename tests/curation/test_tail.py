"""Diversity: visible arithmetic, and an interval that covers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.curation import diversity, kept, tail
from tutelage.errors import BadInput
from tutelage.records import Estimate, Undefined

WORDS = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5), min_size=2, max_size=12)


def zipf(n: int, rng: np.random.Generator, *, power: float = 1.0, size: int = 200) -> list[str]:
    """n texts of six words from a vocabulary of `size` whose shares fall as rank to the minus `power`."""
    p = np.arange(1, size + 1) ** -power
    return [" ".join(f"w{i}" for i in rng.choice(size, 6, p=p / p.sum())) for _ in range(n)]


def test_distinct_counts_different_pairs_of_neighbours() -> None:
    """a b a b: the pairs are ab, ba, ab, so 2 of 3."""
    assert tail.distinct([["a", "b", "a", "b"]], 2) == pytest.approx(2 / 3)


def test_the_tail_is_what_the_rarest_fifth_of_the_words_is_made_of() -> None:
    """Ten words: a 6 times, b twice, c and d once. A fifth of ten is two: c and d."""
    assert tail.rarest([["a"] * 6 + ["b"] * 2 + ["c", "d"]], 0.2) == {"c", "d"}


def test_tail_entropy_is_the_tail_s_part_of_the_entropy() -> None:
    """c and d at 1/10 each: 2 · (1/10) · ln 10 = 0.4605 nats; the other words count in the whole alone."""
    assert tail.tail_entropy([["a"] * 8 + ["c", "d"]], frozenset("cd")) == pytest.approx(0.2 * math.log(10))


def test_similarity_is_the_mean_cosine_of_two_different_texts() -> None:
    """ab·ab = 1, ab·cd = 0 twice: one third."""
    assert tail.similarity([["a", "b"], ["a", "b"], ["c", "d"]]) == pytest.approx(1 / 3)


@given(WORDS)
def test_similarity_equals_the_mean_over_all_pairs(texts: list[list[str]]) -> None:
    """The sum over pairs, written out."""
    rows = np.array([[t.count(w) for w in "abcdefgh"] for t in texts], float)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    i, j = np.triu_indices(len(texts), 1)
    assert tail.similarity(texts) == pytest.approx(float((rows @ rows.T)[i, j].mean()))


@given(WORDS)
def test_no_figure_depends_on_the_order_of_the_texts(texts: list[list[str]]) -> None:
    """They are figures of a collection."""
    turned = texts[::-1]
    rare = tail.rarest(texts, 0.2)
    assert rare == tail.rarest(turned, 0.2)
    assert tail.tail_entropy(texts, rare) == pytest.approx(tail.tail_entropy(turned, rare))
    assert tail.distinct(texts, 2) == tail.distinct(turned, 2)


def test_another_sample_of_the_same_people_keeps_all_of_the_tail() -> None:
    """60 simulated collections: the mean is 1 within 3 %, and 95 % intervals hold 1 in more than 52 of them."""
    rng = np.random.default_rng(3)
    values, hits = [], 0
    for _ in range(60):
        figure = kept(zipf(100, rng), zipf(200, rng), rng=rng).tail_entropy
        assert isinstance(figure, Estimate)
        values.append(figure.value)
        hits += figure.lo <= 1 <= figure.hi
    assert np.mean(values) == pytest.approx(1, abs=0.03)
    assert hits > 52


def test_texts_from_a_steeper_distribution_lose_tail() -> None:
    """Rank to the minus 1.5 instead of minus 1: rare words are rarer, and the interval says so."""
    rng = np.random.default_rng(4)
    figure = kept(zipf(300, rng, power=1.5), zipf(600, rng), rng=rng).tail_entropy
    assert isinstance(figure, Estimate)
    assert figure.hi < 0.8


def test_repeating_one_text_leaves_no_diversity() -> None:
    """60 times the same: similarity 1, one pair of words in 60."""
    found = diversity(["red blue"] * 60, rng=np.random.default_rng(0))
    assert isinstance(found.self_similarity, Estimate)
    assert isinstance(found.distinct_2, Estimate)
    assert found.self_similarity.value == pytest.approx(1)
    assert found.distinct_2.value == pytest.approx(1 / 60)


def test_few_texts_give_no_figure() -> None:
    """Fewer than 40: nothing is claimed."""
    rng = np.random.default_rng(0)
    assert isinstance(kept(["a"] * 10, ["a"] * 100, rng=rng).tail_entropy, Undefined)
    assert isinstance(diversity(["a"] * 10, rng=rng).distinct_1, Undefined)


def test_a_tail_that_is_no_share_is_refused() -> None:
    """All words, or none, are no tail."""
    with pytest.raises(BadInput, match="tail is 1"):
        kept([], [], rng=np.random.default_rng(0), tail=1)
