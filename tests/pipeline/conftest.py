"""A run of the whole loop on a random two-layer model: every stage for real, in seconds."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tutelage.pipeline.recipe import Recipe

RECIPE = """\
name = "tiny"
base = "local:{model}"
arms = ["true", "permuted"]
[prompts]
topics = 4
held_out = 0.5
[demonstrations]
topics = 2
[sample]
n = 3
max_tokens = 12
[sft]
lora_rank = 2
[reward]
model = "trunk"
lora_rank = 2
epochs = 1
[dpo]
lora_rank = 2
[reinforce]
lora_rank = 2
steps = 2
batch_rows = 2
gold_prompts = 4
[evaluate]
n = 2
best_of = 2
best_of_prompts = 6
"""


def save_tiny_base(place: Path) -> Path:
    """Write a Hugging Face directory with a two-layer Llama of random weights."""
    pytest.importorskip("torch", reason="the training extra is not installed")
    path = Path(__file__).parents[1] / "training" / "tiny_llama.py"
    spec = importlib.util.spec_from_file_location("tiny_llama_for_runs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    place.mkdir(parents=True, exist_ok=True)
    saved: Path = module.save(place)
    return saved


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base of the tiny recipe."""
    return save_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def tiny_recipe(tiny_base: Path) -> Recipe:
    """A recipe that takes seconds."""
    from tutelage.pipeline.recipe import parse

    return parse(RECIPE.format(model=tiny_base), "tiny.toml")
