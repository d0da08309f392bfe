"""The decoding step without modules: what the model itself computes, with and without adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("transformers", reason="the training extra is not installed")

from pytest import approx  # noqa: E402  after the extra is known to be there

from tutelage.models import local_lora, local_small  # noqa: E402  as above
from tutelage.models.local_decode import decode, rows_for  # noqa: E402  as above
from tutelage.models.local_layout import Flat, Tree, token_logprobs  # noqa: E402  as above
from tutelage.models.local_lean import fits  # noqa: E402  as above
from tutelage.models.local_load import load  # noqa: E402  as above
from tutelage.records import Sampling  # noqa: E402  as above

PROMPTS = [(5, 6, 7, 8), (9, 10), (11,) * 9]
WARM = Sampling("x", seed=3, max_tokens=10)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return local_small.make(tmp_path_factory.mktemp("small"), ["a few words of no weight"], hidden=64, layers=2)


def gap(model: Any) -> float:
    """Largest difference of a token's log-probability between the decoder and one pass of the model over all."""
    rows = rows_for(PROMPTS, 2, WARM, 10)
    decode(model, rows, WARM, max_tokens=10, end=-1)
    flat = Flat([Tree(row.prompt, (tuple(row.ids),)) for row in rows])
    with torch.no_grad():
        passed = token_logprobs(model, flat)
    return float((passed - torch.tensor([x for row in rows for x in row.logprobs])).abs().max())


def test_the_decoder_says_what_the_model_says(directory: Path) -> None:
    loaded = load(f"local:{directory}", dtype="fp32")
    assert fits(loaded.model)
    assert gap(loaded.model) == approx(0, abs=1e-4)


def test_adapters_are_followed_as_they_are_trained(directory: Path) -> None:
    """After the adapters have moved the decoder moves with them; switched off it is the base again."""
    model = load(f"local:{directory}", dtype="fp32").model
    parameters = local_lora.inject(model, rank=4, alpha=8, seed=0)
    assert gap(model) == approx(0, abs=1e-4)
    with torch.no_grad():
        for p in parameters:
            p.add_(0.05)
    assert gap(model) == approx(0, abs=1e-4)
    with local_lora.off(model):
        assert gap(model) == approx(0, abs=1e-4)


def test_packed_weights_are_as_near_as_rounding_and_follow_a_change(directory: Path) -> None:
    """In bf16 the frozen weights are packed and kept; a weight changed in place is packed again."""
    model = load(f"local:{directory}", dtype="bf16").model
    assert gap(model) < 0.1
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight.mul_(-20)
        model.get_output_embeddings().weight.mul_(1.5)
    assert gap(model) < 0.3


def test_a_model_of_another_kind_is_decoded_through_its_own_modules(directory: Path) -> None:
    model = load(f"local:{directory}", dtype="fp32").model
    model.config.model_type = "other"
    assert not fits(model)
    assert gap(model) == approx(0, abs=1e-4)
