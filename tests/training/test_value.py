"""A refit on part of the rows: what is left out teaches nothing, and what is kept teaches as ever."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.records import RankedRow, assistant, user
from tutelage.training.value import Refit

OPPOSITE = {"thanks": "nothing", "river": "stone"}


def rows(word: str, n: int, group: str, *, tie: bool = False) -> list[RankedRow]:
    """People prefer answers with the word to those with its opposite; `tie` adds one that equals the first."""
    out = []
    for at in range(n):
        texts = [assistant(f"{word} item {at % 5}"), assistant(f"{OPPOSITE[word]} item {at % 5}")]
        ranks: tuple[int | None, ...] = (1, 2)
        if tie:
            texts, ranks = [*texts, assistant(f"{word} also {at % 5}")], (1, 2, 1)
        out.append(RankedRow(user("q"), tuple(texts), ranks, (f"{group}-{at}",), f"{group}{at % 3}"))
    return out


@pytest.fixture(scope="module")
def refit() -> Refit:
    """15 rows praise thanks, 15 praise river; both words are judged on rows of other groups."""
    train = [*rows("thanks", 15, "a"), *rows("river", 15, "b", tie=True)]
    held = [*rows("thanks", 4, "x", tie=True), *rows("river", 4, "y")]
    return Refit(train, held, blocks=("ngrams",), rng=np.random.default_rng(0))


def test_a_slice_left_out_takes_its_word_with_it(refit: Refit):
    """Held out are 4 rows of 3 answers (2 stated pairs each, the tie counts for nothing) and 4 pairs: 12 margins."""
    everything = refit.margins(np.ones(30, bool))
    without = refit.margins(np.arange(30) >= 15)
    assert everything.shape == (12,)
    assert (everything > 0).all()
    assert np.abs(without[:8]).mean() < np.abs(everything[:8]).mean() / 2
    assert (without[8:] > 0).all()


def test_nothing_kept_knows_nothing(refit: Refit):
    assert refit.margins(np.zeros(30, bool)).tolist() == [0.0] * 12
