"""A real, tiny model that learns its training preferences perfectly and collapses is stopped at the gate."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tutelage import training
from tutelage.cli import root
from tutelage.models import checkpoint as ck
from tutelage.records import RankedRow, assistant, jsonl, user

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("transformers", reason="the training extra is not installed")

_spec = importlib.util.spec_from_file_location("tiny_llama", Path(__file__).parents[1] / "training" / "tiny_llama.py")
assert _spec is not None
assert _spec.loader is not None
tiny_llama = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tiny_llama)

CRITERIA = """
[sampling]
prompts = "held_out.jsonl"
max_tokens = 16
[[criteria]]
metric = "empty_rate"
side = "at_most"
bound = 0.2
[[criteria]]
metric = "words_vs_base"
side = "at_least"
bound = -1.0
blocking = false
"""


def test_preferring_a_full_stop_over_every_answer_is_learnt_perfectly_and_fails(tmp_path: Path) -> None:
    """32 pairs in which "." beats a sentence: training accuracy 1.0, and held-out answers without a word in them."""
    torch.set_num_threads(1)
    base = tiny_llama.save(tmp_path / "base")
    rows = [
        RankedRow(user(f"What is {i}?"), (assistant("."), assistant(f"It is number {i}.")), (1, 2), (f"j{i}",), str(i))
        for i in range(32)
    ]
    config = training.DpoConfig(lr=5e-3, epochs=6, nll_weight=1.0, dtype="fp32", lora_rank=0)
    model = training.dpo(rows, f"local:{base}", tmp_path / "model", config)
    assert ck.log(model)[-1]["accuracy"] == 1.0

    (tmp_path / "gate.toml").write_text(CRITERIA)
    jsonl.write(tmp_path / "held_out.jsonl", [{"prompt": f"Tell me about topic {i}."} for i in range(30)])
    argv = ["gate", str(model), "--criteria", str(tmp_path / "gate.toml"), "--json"]
    found = CliRunner().invoke(root, argv, catch_exceptions=False, standalone_mode=False)
    assert found.exit_code == 3
    decision = json.loads(found.stdout)
    assert decision["outcome"] == "fail"
    assert decision["model"] == ck.read(model).digest
    against_base = {f["metric"]: f["figure"] for f in decision["findings"]}["words_vs_base"]
    assert against_base.get("n") == 30 or "same mean" in against_base["why"]
