"""MiniLM from its package: meaning is near, embeddings repeat, the cache changes nothing."""

from pathlib import Path

import numpy as np
import pytest

from tutelage.models import local_minilm

pytestmark = [
    pytest.mark.weights,
    pytest.mark.skipif(not local_minilm.available(), reason="torch or the MiniLM weights are not installed"),
]


def test_sentences_that_mean_the_same_are_nearer_than_sentences_that_do_not():
    x = local_minilm.encode(["A man eats food.", "Someone is having a meal.", "The sky is blue today."])
    assert x.shape == (3, 384)
    assert np.allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    assert x[0] @ x[1] > 0.4 > x[0] @ x[2]


def test_order_and_company_move_an_embedding_only_by_rounding():
    texts = ["one", "a much longer text about nothing in particular, with many words in it", "", "three"]
    forward, backward = local_minilm.encode(texts), local_minilm.encode(texts[::-1])[::-1]
    assert np.abs(forward - backward).max() < 0.02
    assert np.array_equal(forward, local_minilm.encode(texts))


def test_a_cached_embedding_is_the_one_that_was_computed(tmp_path: Path):
    first = local_minilm.encode(["one", "two"], cache=tmp_path)
    assert np.array_equal(first, local_minilm.encode(["one", "two"], cache=tmp_path))
    assert len(list(tmp_path.glob("*.npz"))) == 1


def test_a_misspelt_word_falls_into_more_pieces():
    right, wrong = local_minilm.pieces(["because", "becuasse"])
    assert right == 1 < wrong
