"""The same batch through TRL and us: equal losses and gradients. `benchmarks/trl_parity.py` makes the goldens."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pytest import approx

from tutelage.models import local_layout
from tutelage.models.local_layout import Flat, Tree, answer_sums, token_logprobs
from tutelage.training import DpoConfig, RewardConfig, SftConfig
from tutelage.training.methods import dpo, reward, sft
from tutelage.training.pack import Example

CASES = json.loads(Path(__file__).with_name("trl_goldens.json").read_text())["cases"]


def session(model: Any, config: Any) -> Any:
    """What a step needs of a session: the model with our attention, every weight trained."""
    local_layout.register()
    model.set_attn_implementation(local_layout.ATTENTION)
    return SimpleNamespace(model=model, config=config, loaded=SimpleNamespace(device="cpu"))


def pairs(rows: list[dict[str, Any]]) -> list[Example]:
    return [
        Example(
            i,
            Tree(tuple(r["prompt_ids"]), (tuple(r["chosen_ids"]), tuple(r["rejected_ids"]))),
            ("j",),
            1.0,
            pairs=((0, 1),),
            strength=r.get("margin", 0.0),
        )
        for i, r in enumerate(rows)
    ]


def agrees(figures: dict[str, float], model: Any, golden: dict[str, Any]) -> None:
    """Loss within 1e-5; the norm of every gradient within 0.01 %."""
    assert figures["loss"] == approx(golden["loss"], abs=1e-5)
    ours = {n: float(p.grad.norm()) for n, p in model.named_parameters() if p.grad is not None}
    theirs = golden["gradients"]
    assert ours == approx({n: theirs[n] for n in ours}, rel=1e-4, abs=1e-7)
    assert len(ours) >= 18


@pytest.mark.parametrize("budget", [16, 200, 10_000])
def test_sft_has_trls_loss_and_gradients_whatever_the_token_budget(tiny_llama: Any, budget: int) -> None:
    """Mean of -log p over answer tokens; passes of 16, 200 or all tokens sum to the same step."""
    golden = CASES["sft"]
    model = tiny_llama.llama(golden["seed"])
    batch = [
        Example(i, Tree(tuple(r["prompt_ids"]), (tuple(r["answer_ids"]),)), ("j",), 1.0)
        for i, r in enumerate(golden["rows"])
    ]
    agrees(sft.step(session(model, SftConfig(microbatch_tokens=budget)), batch), model, golden)


@pytest.mark.parametrize("case", ["dpo", "dpo_normalised"])
@pytest.mark.parametrize("budget", [16, 10_000])
def test_dpo_has_trls_loss_and_gradients(tiny_llama: Any, case: str, budget: int) -> None:
    """-log sigmoid(beta · (drift of chosen - drift of rejected)), the prompt encoded once instead of twice."""
    golden = CASES[case]
    config = DpoConfig(beta=golden["beta"], length_normalised=case == "dpo_normalised", microbatch_tokens=budget)
    batch = pairs(golden["rows"])
    known = dpo.reference(session(tiny_llama.llama(golden["reference_seed"]), config), batch)
    model = tiny_llama.llama(golden["policy_seed"])
    agrees(dpo.step(session(model, config), batch, known, config), model, golden)


@pytest.mark.parametrize("case", ["reward", "reward_margin_centred"])
def test_the_reward_model_has_trls_loss_and_gradients(tiny_llama: Any, case: str) -> None:
    """-log sigmoid(r_w - r_l - margin) + centre · (r_w + r_l)²."""
    golden = CASES[case]
    config = RewardConfig(margin_logits=1.0, centre=golden["centre"])
    model = tiny_llama.llama(golden["seed"])
    model.get_input_embeddings().padding_idx = None  # TRL padded with another token here, so the end token learns
    frame = SimpleNamespace(score=torch.nn.Linear(32, 1, bias=False))
    frame.named_parameters = lambda: [("score.weight", frame.score.weight)]
    head = torch.nn.Parameter(tiny_llama.fill(frame, golden["seed"]).score.weight[0].detach().clone())
    figures = reward.step(session(model, config), head, pairs(golden["rows"]), config)
    agrees(figures, model, golden)
    assert float(head.grad.norm()) == approx(golden["gradients"]["score.weight"], rel=1e-4)


def test_log_probabilities_equal_a_plain_padded_forward(tiny_llama: Any) -> None:
    """Three trees without padding against one sequence at a time through the unmodified model."""
    trees = [Tree((256, 5, 9), ((1, 2, 257), (3, 257))), Tree((7,), ((257,),)), Tree((8,) * 30, ((4,) * 20, (6, 5)))]
    plain = tiny_llama.llama(3)
    expected = []
    for tree in trees:
        for answer in tree.answers:
            ids = torch.tensor([[*tree.prompt, *answer]])
            logp = plain(ids).logits[0].detach().log_softmax(-1)
            p = len(tree.prompt)
            expected.append(sum(float(logp[p - 1 + i, t]) for i, t in enumerate(answer)))
    flat = Flat(trees)
    ours = session(tiny_llama.llama(3), None).model
    assert answer_sums(token_logprobs(ours, flat), flat.lengths).tolist() == approx(expected, abs=1e-4)
