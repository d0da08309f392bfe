"""RLOO and GRPO against TRL, PPO against a plain padded loop: equal losses and gradients, however they are cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Rewarded
from tutelage.models import local_layout
from tutelage.models.local_layout import answer_states, target_logprobs, token_logprobs
from tutelage.records import user
from tutelage.training import GrpoConfig, PpoConfig, RlooConfig
from tutelage.training.methods.grpo import Grpo
from tutelage.training.methods.ppo import Ppo
from tutelage.training.methods.rloo import Rloo
from tutelage.training.parts import Look, Method, cut, whole
from tutelage.training.rollout import Answer, Group

CASES = json.loads(Path(__file__).with_name("trl_goldens.json").read_text())["cases"]
METHODS: dict[str, Any] = {
    "rloo": lambda g: Rloo(RlooConfig(beta=g["beta"])),
    "grpo": lambda g: Grpo(GrpoConfig(beta=g["beta"])),
    "grpo_paper": lambda g: Grpo(GrpoConfig(beta=g["beta"], unbiased_kl=False)),
    "grpo_tokens": lambda g: Grpo(GrpoConfig(beta=g["beta"], length="token")),
    "grpo_doctor": lambda g: Grpo(GrpoConfig(beta=0.0, scale=False, length="constant", max_response_tokens=64)),
}


def with_our_attention(model: Any) -> Any:
    local_layout.register()
    model.set_attn_implementation(local_layout.ATTENTION)
    return model


def groups_of(golden: dict[str, Any]) -> list[Group]:
    return [
        Group(
            i,
            Task(user("q"), "none"),
            tuple(g["prompt_ids"]),
            tuple(
                Answer(tuple(ids), "", ids[-1] == 257, (), Rewarded(r))
                for ids, r in zip(g["answer_ids"], g["rewards"], strict=True)
            ),
        )
        for i, g in enumerate(golden["groups"])
    ]


def learned(method: Method, tiny: Any, groups: list[Group], budget: int, golden: dict[str, Any]) -> tuple[float, Any]:
    """(loss, policy with its gradients) of one update, in passes of at most `budget` tokens."""
    before = with_our_attention(tiny.llama(golden["policy_seed"]))
    reference = with_our_attention(tiny.llama(golden["reference_seed"]))
    parts = cut(groups, budget, "cpu")
    for part in parts:
        with torch.no_grad():
            states = answer_states(before, part.flat)
            part.before, part.values = target_logprobs(before, states, part.flat.targets), method.values(states)
            part.reference = token_logprobs(reference, part.flat)
    method.prepare(parts, golden["beta"])
    now, of, total = tiny.move(before, tiny.llama(golden["towards_seed"]), golden["share"]), whole(parts), 0.0
    for part in parts:
        states = answer_states(now, part.flat)
        look = Look(target_logprobs(now, states, part.flat.targets), method.values(states))
        loss, _ = method.loss(part, look, of, golden["beta"])
        torch.autograd.backward(loss)
        total += float(loss.detach())
    return total, now


def norms(model: Any) -> dict[str, float]:
    return {n: float(p.grad.norm()) for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("case", METHODS)
@pytest.mark.parametrize("budget", [16, 150, 10_000])
def test_rloo_and_grpo_have_trls_loss_and_gradients_however_they_are_cut(
    tiny_llama: Any, case: str, budget: int
) -> None:
    """Off-policy by 6 % of the way to another model, so that some ratios are clipped; answers with and without end."""
    golden = CASES[case]
    loss, now = learned(METHODS[case](golden), tiny_llama, groups_of(golden), budget, golden)
    assert loss == approx(golden["loss"], rel=1e-4)
    assert norms(now) == approx(golden["gradients"], rel=1e-4, abs=1e-7)
    assert len(norms(now)) >= 18


@pytest.mark.parametrize("case", METHODS)
def test_the_order_of_groups_changes_nothing(tiny_llama: Any, case: str) -> None:
    golden = CASES[case]
    loss, now = learned(METHODS[case](golden), tiny_llama, groups_of(golden)[::-1], 150, golden)
    assert loss == approx(golden["loss"], rel=1e-4)
    assert norms(now) == approx(golden["gradients"], rel=1e-4, abs=1e-7)


def brute_force_ppo(
    tiny: Any, groups: list[Group], config: PpoConfig, golden: dict[str, Any]
) -> tuple[torch.Tensor, Any]:
    """PPO as the papers write it, one token at a time, on rows padded to the longest, through the unmodified model."""
    rows = [(g.prompt, a.ids, a.reward) for g in groups for a in g.answers]
    longest = max(len(p) + len(a) for p, a, _ in rows)
    ids = torch.tensor([[*p, *a] + [0] * (longest - len(p) - len(a)) for p, a, _ in rows])
    mask = torch.tensor([[1] * (len(p) + len(a)) + [0] * (longest - len(p) - len(a)) for p, a, _ in rows])

    def run(model: Any) -> tuple[torch.Tensor, torch.Tensor]:
        out = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        return out.logits.log_softmax(-1), out.hidden_states[-1] @ WEIGHT + BIAS

    before_model, reference_model = tiny.llama(golden["policy_seed"]), tiny.llama(golden["reference_seed"])
    with torch.no_grad():
        (before, old_values), (reference, _) = run(before_model), run(reference_model)
    now_model = tiny.move(before_model, tiny.llama(golden["towards_seed"]), golden["share"])
    now, values = run(now_model)
    old_log, new_log, advantages, errors = [], [], [], []
    for b, (p, a, reward) in enumerate(rows):
        at = [len(p) - 1 + t for t in range(len(a))]  # where the state stands that predicts token t
        old = [float(before[b, s, w]) for s, w in zip(at, a, strict=True)]
        ref = [float(reference[b, s, w]) for s, w in zip(at, a, strict=True)]
        v = [float(old_values[b, s]) for s in at] + [0.0]
        paid = [-config.beta * (o - r) for o, r in zip(old, ref, strict=True)]
        paid[-1] += reward
        own = [0.0] * (len(a) + 1)
        for t in reversed(range(len(a))):
            own[t] = paid[t] + config.gamma * v[t + 1] - v[t] + config.gamma * config.lam * own[t + 1]
        for t, (s, w) in enumerate(zip(at, a, strict=True)):
            held = v[t] + torch.clamp(values[b, s] - v[t], -config.value_clip, config.value_clip)
            target = own[t] + v[t]
            errors.append(0.5 * torch.maximum((values[b, s] - target) ** 2, (held - target) ** 2))
            old_log.append(old[t])
            new_log.append(now[b, s, w])
            advantages.append(own[t])
    a = torch.tensor(advantages)
    a = (a - a.mean()) / a.std(correction=0)
    ratio = (torch.stack(new_log) - torch.tensor(old_log)).exp()
    surrogate = -torch.minimum(ratio * a, ratio.clamp(1 - config.clip, 1 + config.clip) * a)
    loss = surrogate.mean() + config.value_weight * torch.stack(errors).mean()
    torch.autograd.backward(loss)
    return loss.detach(), now_model


WEIGHT = torch.linspace(-0.1, 0.1, 32)
BIAS = 0.25


@pytest.mark.parametrize("budget", [16, 150, 10_000])
def test_ppo_has_the_loss_and_gradients_of_a_plain_padded_loop(tiny_llama: Any, budget: int) -> None:
    golden = CASES["rloo"]
    config = PpoConfig(beta=golden["beta"], gamma=0.99, lam=0.9)
    method = Ppo(config, 32, "cpu")
    with torch.no_grad():
        method.weight.copy_(WEIGHT)
        method.bias.fill_(BIAS)
    loss, now = learned(method, tiny_llama, groups_of(golden), budget, golden)
    expected, reference = brute_force_ppo(tiny_llama, groups_of(golden), config, golden)
    assert loss == approx(float(expected), rel=1e-4)
    assert norms(now) == approx(norms(reference), rel=1e-4, abs=1e-7)
    assert float(method.weight.grad.norm()) > 0  # type: ignore[union-attr]  # backward was called


def one_part(lengths: list[int], rewards: list[float]) -> Any:
    """A part of one group with given lengths, whose log-probabilities a test sets."""
    answers = tuple(
        Answer(tuple(range(1, n + 1)), "", True, (), Rewarded(r)) for n, r in zip(lengths, rewards, strict=True)
    )
    (part,) = cut([Group(0, Task(user("q"), "none"), (5, 6), answers)], 10_000, "cpu")
    part.before = torch.full((part.tokens,), -1.0)
    part.reference = part.before.clone()
    return part


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.floats(-5, 5)), min_size=2, max_size=6),
    st.sampled_from(["rloo", "grpo", "grpo_tokens", "grpo_doctor"]),
)
def test_at_the_first_step_better_answers_become_likelier_and_worse_ones_less(
    answers: list[tuple[int, float]], case: str
) -> None:
    """On-policy and at no price of KL: d loss / d log p of a token has the opposite sign of its answer's advantage."""
    part = one_part([n for n, _ in answers], [r for _, r in answers])
    method = METHODS[case]({"beta": 0.0})
    method.prepare([part], 0.0)
    now = part.before.clone().requires_grad_()
    loss, figures = method.loss(part, Look(now, now.new_empty(0)), whole([part]), 0.0)
    torch.autograd.backward(loss)
    advantages = part.per_token(part.advantages)
    assert torch.equal(torch.sign(now.grad), -torch.sign(advantages))  # type: ignore[arg-type]  # backward was called
    assert figures["clip_share"] == 0.0
    assert float(part.advantages.sum()) == approx(0, abs=1e-4 * max(1, abs(float(part.advantages.abs().max()))))
