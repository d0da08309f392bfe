"""What people vote for becomes a principle only where every group of opinion agrees, surely."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pytest import approx

from tutelage.cli.constitution import command
from tutelage.errors import BadInput
from tutelage.judges import constitution
from tutelage.judges.constitution import Ballots, Constitution, Principle, poll
from tutelage.measure.intervals import clopper_pearson
from tutelage.records import Estimate, Undefined

MANY = Constitution(tuple(Principle(f"p{n}", "c", "r", "q") for n in range(24)))


ONE_BALLOT = Ballots(["p0"], ["v"], ["agree"], [1.0])


def camps(size: int = 30, *, seed: int = 0) -> Ballots:
    """Two camps of `size`: all agree to p0 to p7 (9 in 10); of the rest each camp likes one half and not the other."""
    rng, said = np.random.default_rng(seed), []
    for voter in range(2 * size):
        camp = voter % 2
        for n in range(24):
            likes = 0.9 if n < 8 or n % 2 == camp else 0.1
            said.append((f"p{n}", f"v{voter:02}", "agree" if rng.random() < likes else "disagree"))
    return Ballots(*(list(column) for column in zip(*said, strict=True)))


def test_only_what_both_camps_share_is_kept_and_dissent_stays_beside_it() -> None:
    """Half of everybody likes p8 to p23: a majority vote over people would not tell them from a coin."""
    found = poll(MANY, camps(), rng=np.random.default_rng(0))
    assert len(found.groups) == 2
    assert sum(found.groups) >= 57  # a voter or two may answer like neither camp
    assert found.constitution is not None
    assert {p.id for p in found.constitution.principles} == {f"p{n}" for n in range(8)}
    assert {s.principle for s in found.standings[:8]} == {f"p{n}" for n in range(8)}
    for one in found.standings[8:]:
        shares = sorted(f.value for f in one.support.groups if isinstance(f, Estimate))
        assert shares[0] < 0.4 < 0.6 < shares[1]


def test_a_camp_of_most_people_does_not_outvote_the_other() -> None:
    """45 of 60 voters like the even ones: three quarters of everybody, and still left out."""
    rng, said = np.random.default_rng(1), []
    for voter in range(60):
        camp = int(voter >= 45)
        for n in range(24):
            likes = 0.95 if n < 8 or n % 2 == camp else 0.05
            said.append((f"p{n}", f"v{voter:02}", "agree" if rng.random() < likes else "disagree"))
    found = poll(MANY, Ballots(*(list(c) for c in zip(*said, strict=True))), rng=np.random.default_rng(0))
    assert {s.principle for s in found.standings if s.kept} == {f"p{n}" for n in range(8)}
    even = next(s for s in found.standings if s.principle == "p8").support.everyone
    assert isinstance(even, Estimate)
    assert even.lo > 0.5


def test_weights_widen_the_interval_as_their_design_effect_says() -> None:
    """Weights 1 and 3, half each: Σw = 40, Σw² = 100, so 20 voters tell as much as 40²/100 = 16; share 30/40."""
    one = Constitution((Principle("p", "c", "r", "q"),))
    ballots = Ballots(
        ["p"] * 20, [f"v{n}" for n in range(20)], ["disagree"] * 10 + ["agree"] * 10, [1.0] * 10 + [3.0] * 10
    )
    share = poll(one, ballots, rng=np.random.default_rng(0)).standings[0].support.everyone
    assert isinstance(share, Estimate)
    assert share.value == approx(0.75)
    assert (share.lo, share.hi) == approx(clopper_pearson(12.0, 16.0))
    assert share.n == 20


def test_shares_of_weighted_voters_are_covered_at_their_level() -> None:
    """400 polls of 60 voters with weights from 1 to 3, true share 0.7: at least 93.5 % of 95 % intervals hold it."""
    rng, one, held = np.random.default_rng(0), Constitution((Principle("p", "c", "r", "q"),)), 0
    for _ in range(400):
        vote = np.where(rng.random(60) < 0.7, "agree", "pass").tolist()
        ballots = Ballots(["p"] * 60, [str(n) for n in range(60)], vote, rng.uniform(1, 3, 60).tolist())
        share = poll(one, ballots, rng=rng).standings[0].support.everyone
        assert isinstance(share, Estimate)
        held += share.lo <= 0.7 <= share.hi
    assert held / 400 > 0.935


def test_few_votes_are_not_told_and_ratify_nothing() -> None:
    """Four votes: people could be recognised."""
    one = Constitution((Principle("p", "c", "r", "q"),))
    found = poll(one, Ballots(["p"] * 4, list("abcd"), ["agree"] * 4), rng=np.random.default_rng(0))
    assert isinstance(found.standings[0].support.everyone, Undefined)
    assert found.constitution is None


@pytest.mark.parametrize(
    ("change", "field"),
    [({"vote": ["yes"]}, "vote"), ({"principle": ["x"]}, "principle"), ({"weight": [0.0]}, "weight")],
)
def test_a_ballot_that_cannot_be_read_is_named(change: dict[str, list[str]], field: str) -> None:
    with pytest.raises(BadInput, match="Row 1") as found:
        poll(MANY, replace(ONE_BALLOT, **change), rng=np.random.default_rng(0))  # type: ignore[arg-type]  # by name
    assert found.value.where.field == field


def test_the_command_writes_a_constitution_with_its_voters(tmp_path: Path) -> None:
    ballots = camps()
    lines = ["principle,voter,vote", *map(",".join, zip(ballots.principle, ballots.voter, ballots.vote, strict=True))]
    (tmp_path / "votes.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "all.toml").write_text(constitution.to_toml(MANY))
    told = ["poll", str(tmp_path / "votes.csv"), "--principles", str(tmp_path / "all.toml")]
    done = CliRunner().invoke(command, [*told, "--out", str(tmp_path / "ours.toml"), "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    assert len(json.loads(done.stdout)["standings"]) == 24
    ours = constitution.read(tmp_path / "ours.toml")
    assert len(ours.principles) == 8
    assert all(p.support is not None and p.support.voters == 60 for p in ours.principles)
    none = CliRunner().invoke(command, [*told, "--out", str(tmp_path / "none.toml"), "--floor", "1"])
    assert (none.exit_code, (tmp_path / "none.toml").exists()) == (3, False)
    assert "left out p0" in none.stdout
