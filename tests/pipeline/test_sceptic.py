"""The sceptic's scenes: a slice claims, all votes are opened, and other draws would have claimed as truly."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.pipeline import sceptic

DATA = Path(os.environ.get("TUTELAGE_DATA", "../shared/data")) / "llmfao"


def votes(n: int = 2000, right: float = 0.7) -> sceptic.Votes:
    rng = np.random.default_rng(1)
    human = rng.choice(["left", "right"], n).astype(object)
    same = rng.random(n) < right
    ai = np.where(same, human, np.where(human == "left", "right", "left")).astype(object)
    ids = tuple(f"v{i}" for i in range(n))
    return sceptic.Votes("judge", ids, np.array(ids, dtype=object), np.array(["p"] * n, dtype=object), human, ai)


def test_a_claim_rests_on_the_drawn_votes_alone() -> None:
    """200 of 2,000 are drawn; changing a vote that was not drawn changes nothing."""
    made = sceptic.claim(votes(), seed=3)
    assert made.drawn.sum() == made.certificate.slice == 200
    other = votes()
    other.human[np.flatnonzero(~made.drawn)[0]] = "tie"
    assert sceptic.claim(other, seed=3).estimate == made.estimate


def test_the_same_seed_draws_the_same_votes() -> None:
    assert (sceptic.claim(votes(), seed=3).drawn == sceptic.claim(votes(), seed=3).drawn).all()
    assert (sceptic.claim(votes(), seed=3).drawn != sceptic.claim(votes(), seed=4).drawn).any()


def test_of_a_hundred_claims_at_95_percent_hardly_any_is_false() -> None:
    """With exact coverage of .95, fewer than 88 of 100 held would happen once in a thousand."""
    v = votes()
    others = list(sceptic.again(v, range(100)))
    found = sceptic.reveal(v, sceptic.claim(v, seed=100), others)
    assert found.truth == v.agreement()
    assert sum(a.held for a in others) >= 88


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="llmfao is not there: set TUTELAGE_DATA")
def test_gpt_4_agrees_with_people_on_41_percent_and_the_slice_says_so() -> None:
    """GPT-4 hardly ever says tie, people do so on 39 % of votes: 3,705 of 8,931 votes agree."""
    v = sceptic.read_llmfao(DATA)
    assert round(v.agreement() * len(v)) == 3705
    made = sceptic.claim(v, seed=1)
    assert made.estimate.lo <= 3705 / 8931 <= made.estimate.hi


def test_votes_that_are_not_there_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no votes"):
        sceptic.read_llmfao(tmp_path)
