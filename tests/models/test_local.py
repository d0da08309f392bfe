"""A local policy: sampling, log-probabilities, specs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from pytest import approx

from tutelage import models
from tutelage.errors import BadInput, MissingExtra
from tutelage.models import local_weights
from tutelage.models.local import LocalPolicy
from tutelage.models.local_decode import choose, decode, rows_for
from tutelage.models.local_layout import Flat, Tree, answer_sums, token_logprobs
from tutelage.records import Message, Sampling, assistant, user

PROMPTS = [user("a"), user("a much longer question than the others, is it not?"), user("bc"), user("the third")]
WARM = Sampling("tiny", temperature=1.0, max_tokens=12, seed=7)


@pytest.fixture(scope="module")
def policy(tiny: Path) -> LocalPolicy:
    return LocalPolicy.load(str(tiny), dtype="fp32")


def test_the_same_seed_gives_the_same_answers_and_another_seed_others(policy: LocalPolicy) -> None:
    first, again = policy.sample(PROMPTS, n=3, sampling=WARM), policy.sample(PROMPTS, n=3, sampling=WARM)
    other = policy.sample(PROMPTS, n=3, sampling=Sampling("tiny", max_tokens=12, seed=8))
    assert first == again
    assert [g.text for g in first[0]] != [g.text for g in other[0]]


def test_an_answer_does_not_depend_on_its_neighbours_in_the_batch(policy: LocalPolicy) -> None:
    """Each row draws from its own stream: alone, reversed or together, a prompt gets the same words."""
    together = policy.sample(PROMPTS, n=2, sampling=WARM)
    alone = [policy.sample([p], n=2, sampling=WARM)[0] for p in PROMPTS]
    backwards = policy.sample(PROMPTS[::-1], n=2, sampling=WARM)[::-1]
    words = [[g.text for g in answers] for answers in together]
    assert words == [[g.text for g in answers] for answers in alone]
    assert words == [[g.text for g in answers] for answers in backwards]


def test_what_prompts_begin_with_is_encoded_once_and_changes_no_word(
    policy: LocalPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prompts of 30 to 40 tokens whose first 20 are the same: as one tree, or each by itself."""
    prompts = [user("what all of them say, and then " + q) for q in ("a", "bb", "b", "that")]
    shared = policy.sample(prompts, n=2, sampling=WARM)
    monkeypatch.setattr("tutelage.models.local_decode.SHARED", 10**6)
    apart = policy.sample(prompts, n=2, sampling=WARM)
    assert [[g.text for g in row] for row in shared] == [[g.text for g in row] for row in apart]
    assert [g.logprob for row in shared for g in row] == approx([g.logprob for row in apart for g in row], abs=1e-4)


def test_a_prompt_given_twice_is_answered_as_with_n_2(policy: LocalPolicy) -> None:
    """Otherwise two rows of one prompt would be the same sample counted twice."""
    twice = policy.sample([PROMPTS[0], PROMPTS[0]], n=1, sampling=WARM)
    both = policy.sample([PROMPTS[0]], n=2, sampling=WARM)[0]
    assert [g.text for (g,) in twice] == [g.text for g in both]


def test_greedy_decoding_equals_the_plain_model_token_by_token(policy: LocalPolicy, tiny: Path) -> None:
    """Our cache and layout against a full forward pass for every token."""
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(str(tiny))
    answers = policy.sample(PROMPTS, sampling=Sampling("tiny", temperature=0, max_tokens=8))
    for prompt, (answer,) in zip(PROMPTS, answers, strict=True):
        ids, total = list(policy.text.prompt(prompt)), 0.0
        start = len(ids)
        while len(ids) - start < 8 and (len(ids) == start or ids[-1] != policy.text.end):
            with torch.no_grad():
                logp = plain(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
            ids.append(int(logp.argmax()))
            total += float(logp.max())
        assert policy.text.read(ids[start:]) == answer.text
        assert answer.logprob == approx(total, abs=1e-4)
        assert (answer.tokens, answer.ended) == (len(ids) - start, ids[-1] == policy.text.end)


def test_answers_that_do_not_end_are_cut_and_say_so(policy: LocalPolicy) -> None:
    for answers in policy.sample(PROMPTS, n=4, sampling=WARM):
        for g in answers:
            assert g.ended or g.tokens == 12
            assert g.logprob < 0


def test_sampled_tokens_have_the_models_frequencies() -> None:
    """20 000 draws from (0.5, 0.3, 0.2): each share within 4 standard errors, 4·sqrt(0.25/20 000) = 0.014."""
    logits = torch.tensor([[0.5, 0.3, 0.2]]).log().expand(20_000, 3)
    noise = torch.from_numpy(np.random.default_rng(0).random(20_000))
    drawn = choose(logits, noise, Sampling("x"))
    shares = torch.bincount(drawn, minlength=3) / 20_000
    assert shares.tolist() == approx([0.5, 0.3, 0.2], abs=0.015)


def test_top_p_keeps_the_smallest_set_that_holds_the_mass() -> None:
    """top_p = 0.6 of (0.5, 0.3, 0.2) keeps the first two, at 5/8 and 3/8."""
    logits = torch.tensor([[0.2, 0.5, 0.3]]).log().expand(20_000, 3)
    noise = torch.from_numpy(np.random.default_rng(1).random(20_000))
    drawn = choose(logits, noise, Sampling("x", top_p=0.6))
    shares = torch.bincount(drawn, minlength=3) / 20_000
    assert shares.tolist() == approx([0, 5 / 8, 3 / 8], abs=0.015)


def test_temperature_sharpens() -> None:
    """At temperature 1/2 odds are squared: 0.8² : 0.2² = 16 : 1."""
    logits = torch.tensor([[0.8, 0.2]]).log().expand(20_000, 2)
    noise = torch.from_numpy(np.random.default_rng(2).random(20_000))
    drawn = choose(logits, noise, Sampling("x", temperature=0.5))
    assert float((drawn == 0).double().mean()) == approx(16 / 17, abs=0.01)


def test_log_probabilities_of_an_answer_include_its_end(policy: LocalPolicy) -> None:
    """An empty answer is the end token alone: one token, below 0 nats."""
    (empty,) = policy.logprobs([PROMPTS[0]], [assistant("")])
    (word,) = policy.logprobs([PROMPTS[0]], [assistant("ab")])
    assert (empty.tokens, word.tokens) == (1, 3)
    assert empty.total < 0


def test_the_sampled_log_probability_is_the_scored_one(policy: LocalPolicy) -> None:
    """What the decoder adds up step by step is what one pass over the finished answers gives."""
    model = policy.loaded.model
    rows = rows_for([policy.text.prompt(p) for p in PROMPTS], 3, WARM, 12)
    decode(model, rows, WARM, max_tokens=12, end=policy.text.end)
    flat = Flat([Tree(row.prompt, (tuple(row.ids),)) for row in rows])
    with torch.no_grad():
        scored = answer_sums(token_logprobs(model, flat), flat.lengths).tolist()
    assert [row.logprob for row in rows] == approx(scored, abs=1e-3)


def test_a_response_that_is_not_one_assistant_message_is_refused(policy: LocalPolicy) -> None:
    with pytest.raises(BadInput, match="assistant \\+ user"):
        policy.logprobs([PROMPTS[0]], [(Message("assistant", "a"), Message("user", "b"))])


@pytest.mark.parametrize("spec", ["local", "local:", "elsewhere:x", "local:/nowhere/at/all", "endpoint:nohost"])
def test_a_spec_that_names_nothing_is_refused(spec: str) -> None:
    with pytest.raises(BadInput):
        models.load(spec)


def test_weights_that_were_not_added_name_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path))
    with pytest.raises(MissingExtra, match="tutelage models add smollm2"):
        local_weights.path("smollm2")


@pytest.mark.weights
def test_smollm2_answers_in_english() -> None:
    """Greedy, 12 tokens: the capital of France."""
    if not local_weights.present("smollm2"):
        pytest.skip("SmolLM2 is not on this machine: run `tutelage models add smollm2`")
    answer = models.load("local:smollm2").sample(
        [user("What is the capital of France?")], sampling=Sampling("smollm2", temperature=0, max_tokens=12)
    )[0][0]
    assert "Paris" in answer.text
    assert math.isfinite(answer.logprob)
