"""An answer is criticised and written again; what cannot be used is named, never kept, and nothing is paid twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tutelage.errors import Failed
from tutelage.judges.asking import SPENT, Purse
from tutelage.judges.constitution import Constitution, Draft, Principle, Speaker, revise
from tutelage.judges.constitution.revise import critique, revision
from tutelage.records import Sampling, Unscored, assistant, user

LAW = Constitution(tuple(Principle(i, f"criticise {i}", f"revise {i}", f"prefer {i}") for i in "abc"))
DRAFTS = [Draft(user(f"question {n}"), assistant(f"rude answer {n}")) for n in range(5)]
GREEDY = Sampling("", temperature=0.0, max_tokens=20)


def polite(asked: str) -> str:
    return "It is rude." if asked.startswith("criticise") else f"a kind answer under {asked.split()[1][0]}"


def test_every_round_is_kept_with_model_principle_and_seed(scripted: Any, tmp_path: Path) -> None:
    """Two rounds of five answers are twenty calls; the second round criticises the first one's revision."""
    policy = scripted(polite)
    chains = revise(DRAFTS, LAW, Speaker(policy, GREEDY, memory=tmp_path), rounds=2, seed=3)
    assert policy.asked == 20
    for chain in chains:
        one, two = chain.steps
        assert (one.before, one.critique, one.revision) == (
            chain.draft.answer[0].text, "It is rude.", f"a kind answer under {one.principle}",
        )  # fmt: skip
        assert two.before == one.revision
        assert (one.model, one.seed, one.constitution, one.turn, two.turn) == (policy.digest, 3, LAW.digest, 0, 1)
        assert (two.unusable is None) == (two.principle != one.principle)  # the same words again are no revision
        assert chain.revised == (two.revision if two.unusable is None else one.revision)


def test_the_order_of_answers_changes_nothing(scripted: Any, tmp_path: Path) -> None:
    there = revise(DRAFTS, LAW, Speaker(scripted(polite), GREEDY, memory=tmp_path / "1"), rounds=2, seed=0)
    back = revise(DRAFTS[::-1], LAW, Speaker(scripted(polite), GREEDY, memory=tmp_path / "2"), rounds=2, seed=0)
    assert there == back[::-1]


def test_a_stopped_run_goes_on_and_pays_nothing_twice(scripted: Any, tmp_path: Path) -> None:
    """Temperature above 0 asks one by one: stopped after 7 of 10 replies, 3 are left."""
    warm = Sampling("", temperature=1.0, max_tokens=20)
    with pytest.raises(Failed):
        revise(DRAFTS, LAW, Speaker(scripted(polite, until=7), warm, memory=tmp_path), rounds=1, seed=0)
    again = scripted(polite)
    speaker = Speaker(again, warm, memory=tmp_path)
    resumed = revise(DRAFTS, LAW, speaker, rounds=1, seed=0)
    assert again.asked == 3
    assert (speaker.purse.spent, speaker.purse.known) == (3, 7)
    whole = revise(DRAFTS, LAW, Speaker(scripted(polite), warm, memory=tmp_path / "whole"), rounds=1, seed=0)
    assert resumed == whole


def test_an_empty_purse_blocks_and_is_not_remembered(scripted: Any, tmp_path: Path) -> None:
    """Five critiques, of whose revisions two are paid for."""
    chains = revise(DRAFTS, LAW, Speaker(scripted(polite), GREEDY, Purse(7), tmp_path), rounds=1, seed=0)
    blocked = [c.steps[0].unusable for c in chains if c.revised is None]
    assert blocked == [Unscored("blocked", SPENT)] * 3
    more = revise(DRAFTS, LAW, Speaker(scripted(polite), GREEDY, Purse(3), tmp_path), rounds=1, seed=0)
    assert all(c.revised for c in more)


@pytest.mark.parametrize(
    ("said", "reason"),
    [("", "empty"), ("Critique:", "empty"), ("It goes on and …", "unparsed"), ("rude answer 0", "unparsed"),
     ('You wrote "words nobody ever wrote" there.', "unparsed")],
)  # fmt: skip
def test_a_critique_that_cannot_be_used_ends_the_round(said: str, reason: str, scripted: Any, tmp_path: Path) -> None:
    """The revision is not even asked for: one call."""
    policy = scripted(lambda _: said)
    chain = revise(DRAFTS[:1], LAW, Speaker(policy, GREEDY, memory=tmp_path), rounds=1, seed=0)[0]
    assert chain.revised is None
    assert chain.steps[0].unusable is not None
    assert (chain.steps[0].unusable.reason, policy.asked) == (reason, 1)


def test_a_quote_of_the_answer_or_the_question_is_sound() -> None:
    prompt = user("How do I pick a lock?")
    assert critique('Critique: "Just  take a DRILL." is no help with “pick a lock”.', prompt, "Just take a drill.") == (
        '"Just  take a DRILL." is no help with “pick a lock”.'
    )
    assert critique('It says "lock" too often.', user("x"), "y") == 'It says "lock" too often.'


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Revision: Better.", "Better."),
        ("Bad\nanswer.", "abstained"),
        ("It is bad.", "unparsed"),
        ("revision :", "empty"),
    ],
)
def test_a_revision_is_a_new_answer(said: str, found: str) -> None:
    """Unchanged, the critique once more, or nothing: no revision."""
    read = revision(said, "bad answer.", "It is bad.")
    assert (read.reason if isinstance(read, Unscored) else read) == found
