"""From rows to batches: prompts once, nothing lost, judgment ids in every row, and invariance to the layout."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.models import local_layout
from tutelage.models.local_layout import Flat, Tree
from tutelage.models.local_text import Text
from tutelage.records import DemonstrationRow, RankedRow, assistant, user
from tutelage.training import RewardConfig, SftConfig, losses, pack
from tutelage.training.methods import reward, sft

tokens = st.lists(st.integers(0, 255), min_size=1, max_size=6).map(tuple)
trees = st.lists(st.builds(Tree, tokens, st.lists(tokens, min_size=1, max_size=3).map(tuple)), min_size=1, max_size=5)


@given(trees)
def test_the_layout_has_no_padding_and_predicts_every_answer_token_and_no_other(batch: list[Tree]) -> None:
    flat = Flat(batch)
    answers = [a for t in batch for a in t.answers]
    assert flat.ids.shape[1] == sum(len(t.prompt) + sum(map(len, t.answers)) for t in batch)
    assert flat.targets.tolist() == [i for a in answers for i in a]
    assert flat.lengths == [len(a) for a in answers]
    assert flat.ids[0, flat.ends].tolist() == [a[-1] for a in answers]


@given(trees)
def test_positions_start_again_behind_the_prompt_for_every_answer(batch: list[Tree]) -> None:
    """The token that predicts an answer's i-th token stands at position len(prompt) - 1 + i, whichever answer it is."""
    flat = Flat(batch)
    expected = [len(t.prompt) - 1 + i for t in batch for a in t.answers for i in range(len(a))]
    assert flat.positions[0, flat.predict_from].tolist() == expected


def example(index: int, tree: Tree, **more: Any) -> pack.Example:
    return pack.Example(index, tree, (f"j{index}",), 1.0, **more)


@given(trees, st.integers(1, 40))
def test_passes_keep_to_their_budget_and_lose_no_judgment(batch: list[Tree], budget: int) -> None:
    examples = [example(i, t) for i, t in enumerate(batch)]
    passes = pack.microbatches(examples, budget)
    assert sorted(i for part in passes for e in part for i in e.contributions) == sorted(
        f"j{i}" for i in range(len(batch))
    )
    assert all(sum(e.tree.tokens for e in part) <= budget or len(part) == 1 for part in passes)


def test_an_epoch_is_a_shuffle_that_depends_on_seed_and_epoch_alone() -> None:
    examples = [example(i, Tree((1,), ((2,),))) for i in range(10)]
    config = SftConfig(batch_rows=4)
    first = [[e.index for e in batch] for batch in pack.steps(examples, config, 0)]
    assert first == [[e.index for e in batch] for batch in pack.steps(examples, config, 0)]
    assert first != [[e.index for e in batch] for batch in pack.steps(examples, config, 1)]
    assert sorted(i for batch in first for i in batch) == list(range(10))
    assert [len(batch) for batch in first] == [4, 4, 2]


def test_every_row_carries_its_judgments_and_prompts_are_never_targets(tiny_llama: Any) -> None:
    text = Text(tiny_llama.tokenizer())
    rows = [DemonstrationRow(user("hello"), assistant("yes"), ("a", "b"), "g")]
    (made,) = pack.demonstrations(rows, text, SftConfig())
    assert made.contributions == ("a", "b")
    assert Flat([made.tree]).targets.tolist() == [*text.answer(assistant("yes"), end=False), text.end]


def test_a_long_prompt_loses_its_beginning_and_a_long_answer_its_end(tiny_llama: Any) -> None:
    text = Text(tiny_llama.tokenizer())
    rows = [DemonstrationRow(user("x" * 50), assistant("abcdef"), ("a",), "g")]
    (made,) = pack.demonstrations(rows, text, SftConfig(max_prompt_tokens=10, max_response_tokens=4))
    assert made.tree.prompt == text.prompt(rows[0].prompt)[-10:]
    assert made.tree.answers == (text.answer(assistant("abcd"), end=False),)


def test_answers_that_no_pair_names_are_not_computed(tiny_llama: Any) -> None:
    row = RankedRow(user("q"), (assistant("a"), assistant("b"), assistant("c")), (2, None, 1), ("j",), "g")
    (made,) = pack.rankings([row], Text(tiny_llama.tokenizer()), RewardConfig(), ties=False)
    assert len(made.tree.answers) == 2
    assert made.pairs == ((1, 0),)


def session(tiny_llama: Any, config: Any) -> Any:
    local_layout.register()
    model = tiny_llama.llama(4)
    model.set_attn_implementation(local_layout.ATTENTION)
    return SimpleNamespace(model=model, config=config, loaded=SimpleNamespace(device="cpu"))


def gradient(model: Any) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


THREE = Tree((9, 8, 7), ((1, 2, 257), (3, 257), (4, 4, 4, 257)))


def test_k_answers_in_one_row_equal_their_pairs_in_separate_rows(tiny_llama: Any) -> None:
    """K = 3, all three pairs: the loss over one shared encoding is the mean loss of three pair rows."""
    config, head = RewardConfig(centre=0.01), torch.linspace(-1, 1, 32)
    shared, apart = session(tiny_llama, config), session(tiny_llama, config)
    order = ((0, 1), (1, 2), (0, 2))
    once = reward.step(shared, head, [example(0, THREE, pairs=order)], config)
    rows = [
        example(i, Tree(THREE.prompt, (THREE.answers[a], THREE.answers[b])), pairs=((0, 1),))
        for i, (a, b) in enumerate(order)
    ]
    many = reward.step(apart, head, rows, config)
    assert once == approx(many, abs=1e-5)
    assert torch.allclose(gradient(shared.model), gradient(apart.model), atol=1e-5)


def test_the_order_of_rows_and_the_token_budget_do_not_change_a_step(tiny_llama: Any) -> None:
    rows = [
        example(0, Tree((1, 2), ((3, 257),))),
        example(1, Tree((5,) * 9, ((6,) * 7,))),
        example(2, Tree((8,), ((9,),))),
    ]
    seen = []
    for batch, budget in ((rows, 1000), (rows[::-1], 1000), (rows, 1)):
        at = session(tiny_llama, SftConfig(microbatch_tokens=budget))
        seen.append((sft.step(at, batch)["loss"], gradient(at.model)))
    for loss, slope in seen[1:]:
        assert loss == approx(seen[0][0], abs=1e-5)
        assert torch.allclose(slope, seen[0][1], atol=1e-5)


def test_a_frozen_head_gives_the_gradient_of_a_plain_one(tiny_llama: Any) -> None:
    """The gradient made in the forward pass is the one that autograd finds through the logits."""
    at = session(tiny_llama, SftConfig())
    states = torch.randn(5, 32, generator=torch.Generator().manual_seed(0))
    weight, targets = at.model.lm_head.weight.detach(), torch.tensor([1, 2, 3, 4, 257])
    ours, plain = states.clone().requires_grad_(), states.clone().requires_grad_()
    local_layout._FrozenHead.apply(ours, weight, targets).square().sum().backward()
    (plain @ weight.T).log_softmax(-1).gather(1, targets[:, None]).square().sum().backward()
    assert torch.allclose(ours.grad, plain.grad, atol=1e-4)


def test_a_tie_is_least_lossy_at_equal_rewards_and_a_soft_label_at_its_own_odds() -> None:
    """The minimum of -t log s(d) - (1-t) log s(-d) lies at s(d) = t."""
    d = torch.linspace(-4, 4, 801)
    for target in (0.5, 0.8):
        best = d[losses.preference(d, torch.full_like(d, target)).argmin()]
        assert float(torch.sigmoid(best)) == approx(target, abs=0.002)


def test_strength_asks_for_a_margin(tiny_llama: Any) -> None:
    """Equal answers, margin 2 at strength 1/2: loss = log(1 + e^1)."""
    config = RewardConfig(margin_logits=2.0, centre=0.0)
    row = example(0, Tree((1,), ((2, 257), (2, 257))), pairs=((0, 1),), strength=0.5)
    figures = reward.step(session(tiny_llama, config), torch.ones(32), [row], config)
    assert figures["loss"] == approx(float(torch.log1p(torch.exp(torch.tensor(1.0)))), abs=1e-5)


def test_a_row_of_many_pairs_weighs_as_much_as_a_row_of_one() -> None:
    rows = [example(0, THREE, pairs=((0, 1), (1, 2), (0, 2))), example(1, THREE, pairs=((0, 1),))]
    share = pack.pairs(rows, 2.0, "cpu").share.tolist()
    assert share == approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_weights_of_zero_leave_a_row_out(tiny_llama: Any, tmp_path: Path) -> None:
    rows = [dataclasses.replace(DemonstrationRow(user("q"), assistant("a"), ("j",), "g"), weight=0.0)]
    assert pack.demonstrations(rows, Text(tiny_llama.tokenizer()), SftConfig()) == []


@pytest.mark.parametrize("answers", [1, 4])
def test_shared_prompts_are_counted_once(answers: int) -> None:
    assert Tree((1,) * 10, ((2,) * 3,) * answers).tokens == 10 + 3 * answers


def test_votes_on_the_same_answers_are_one_row_with_the_gradient_of_all(tiny_llama: Any) -> None:
    """Three votes on a pair, two for the first, one of them of weight 2: share (1 + 2)/4; answers encoded once."""
    config, head = RewardConfig(centre=0.0), torch.linspace(-1, 1, 32)
    pair = Tree((9, 8, 7), ((1, 2, 257), (3, 257)))
    cast = [((0, 1), 1.0), ((0, 1), 2.0), ((1, 0), 1.0)]
    votes = [
        dataclasses.replace(example(i, pair, pairs=(order,)), weight=weight) for i, (order, weight) in enumerate(cast)
    ]
    (once,) = pack.merged(votes)
    assert [(s.first, s.second, s.target, s.strength) for s in once.stated] == [(0, 1, 0.75, 0.5)]
    assert (once.weight, once.contributions) == (4.0, ("j0", "j1", "j2"))
    together, apart = session(tiny_llama, config), session(tiny_llama, config)
    reward.step(together, head, [once], config)
    reward.step(apart, head, votes, config)
    assert torch.allclose(gradient(together.model), gradient(apart.model), atol=1e-6)


def test_a_row_that_stands_alone_is_not_touched_by_merging() -> None:
    alone = [example(0, THREE, pairs=((0, 1),)), example(1, Tree((1,), ((2,), (3,))), ties=((0, 1),))]
    assert pack.merged(alone) == alone
    (tied,) = pack.merged([alone[1], dataclasses.replace(alone[1], index=2)])
    assert tied.stated == (pack.Stated(0, 1, 0.5, 0.0, 2.0),)
