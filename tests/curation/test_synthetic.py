"""The guard: shares, the cap, the anchor, proposals, the tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage import curation
from tutelage.curation import Guard, Human, Sampled, Sourced
from tutelage.errors import BadInput
from tutelage.records import DemonstrationRow, Estimate, Grade, RankedRow, Row, Scored, Unscored, assistant, jsonl, user
from tutelage.training.dataset import read_rows

MODEL = Sampled("sha256:m", 1)
RNG = np.random.default_rng(0)


def row(text: str, weight: float = 1.0) -> DemonstrationRow:
    return DemonstrationRow(user("say"), assistant(text), (f"c-{text}",), "g", weight)


def people(n: int) -> list[Sourced]:
    return [Sourced(row(f"p{i}"), Human()) for i in range(n)]


def samples(n: int, origin: Sampled = MODEL) -> list[Sourced]:
    return [Sourced(row(f"s{i} {origin.generation}"), origin) for i in range(n)]


class Even:
    """Passes texts that end in an even digit; cannot judge those that end in 7."""

    name = "even"

    def grades(self, rows: Sequence[Row]) -> Sequence[Grade]:
        last = [int(curation.synthetic.answers(r)[0].split()[0][-1]) for r in rows]
        return [Unscored("timeout") if d == 7 else Scored(float(d % 2 == 0)) for d in last]


def test_shares_are_of_weight_and_not_of_rows() -> None:
    """One person's row of weight 3, one verified and one unverified sample of weight 1: 3/5, 1/5, 1/5."""
    verified = replace(MODEL, verified_by="even")
    mixed = [Sourced(row("p", 3.0), Human()), Sourced(row("a"), verified), Sourced(row("b"), MODEL)]
    found = curation.shares(mixed)
    assert (found.human, found.verified, found.unverified, found.rows) == pytest.approx((0.6, 0.2, 0.2, 3))
    assert found.synthetic == pytest.approx(0.4)


@given(st.lists(st.tuples(st.floats(0.1, 10), st.sampled_from("hvu")), min_size=1, max_size=20), st.floats(0, 1))
def test_shares_add_up_and_the_cap_decides_by_them_alone(parts: list[tuple[float, str]], cap: float) -> None:
    """Any weights, any mixture, any cap: let in exactly where the unverified share is within it."""
    of = {"h": Human(), "v": replace(MODEL, verified_by="even"), "u": MODEL}
    mixed = [Sourced(row(f"{i}", weight), of[kind]) for i, (weight, kind) in enumerate(parts)]
    found = curation.shares(mixed)
    assert found.human + found.synthetic == pytest.approx(1)
    try:
        curation.admit(mixed, Guard(cap=cap, people=0.0), rng=RNG)
        refused = False
    except BadInput:
        refused = True
    assert refused == (found.unverified > cap)


def test_more_unverified_text_than_the_cap_is_refused_with_both_named() -> None:
    """30 of 100 under a cap of 20 %."""
    with pytest.raises(BadInput, match=r"30\.0% of the weight.*the cap is 20\.0%"):
        curation.admit(people(70) + samples(30), Guard(cap=0.2), rng=RNG)


def test_verified_text_does_not_count_against_the_cap_but_people_stay() -> None:
    """60 % verified is let in under a cap of 0; 80 % leaves people less than 30 %."""
    verified = replace(MODEL, verified_by="even")
    found = curation.admit(people(40) + samples(60, verified), Guard(cap=0.0), rng=RNG)
    assert found.shares.verified == pytest.approx(0.6)
    with pytest.raises(BadInput, match=r"80\.0% of the weight was written by a model; people wrote 20\.0%"):
        curation.admit(people(20) + samples(80, verified), Guard(cap=0.0), rng=RNG)


def test_a_generation_without_the_whole_anchor_is_refused() -> None:
    """Two of ten rows of the anchor are missing."""
    anchor = [s.row for s in people(10)]
    with pytest.raises(BadInput, match="2 of the 10 rows of the human anchor"):
        curation.admit(people(8), anchor=anchor, rng=RNG)


def test_a_question_that_a_model_proposed_enters_through_a_verifier_alone() -> None:
    """One row among a hundred, far below the cap: still refused until somebody has passed it."""
    proposed = replace(MODEL, proposed=True)
    with pytest.raises(BadInput, match="1 rows were proposed by a model and no verifier has passed them"):
        curation.admit(people(99) + samples(1, proposed), rng=RNG)
    passed = curation.verify(samples(1, proposed), Even()).passed
    assert curation.admit(people(99) + passed, rng=RNG).shares.verified == pytest.approx(0.01)


def test_a_verifier_sorts_samples_and_what_it_cannot_judge_does_not_pass() -> None:
    """Of s0 … s9: five even pass, 7 is unscored, four odd fail. A person's row is not asked about."""
    found = curation.verify(people(1) + samples(10), Even())
    assert [len(found.passed), len(found.failed), len(found.unscored)] == [6, 4, 1]
    assert all(isinstance(s.origin, Human) or s.origin.verified_by == "even" for s in found.passed)
    assert found.unscored[0][1].reason == "timeout"


def zipf(power: float, n: int, origin: Human | Sampled, rng: np.random.Generator) -> list[Sourced]:
    """n answers of eight words out of 100 whose shares fall as rank to the minus `power`."""
    p = np.arange(1.0, 101) ** -power
    return [Sourced(row(" ".join(f"w{i}" for i in rng.choice(100, 8, p=p / p.sum()))), origin) for _ in range(n)]


def test_a_generation_that_lost_its_tail_is_warned_about_then_refused() -> None:
    """People's shares fall as 1/rank; a model's as rank^-1.1 (warned about) and as rank^-2 (refused)."""
    rng = np.random.default_rng(5)
    human, verified = zipf(1, 300, Human(), rng), replace(MODEL, verified_by="even")
    warned = curation.admit(human + zipf(1.1, 150, verified, rng), rng=rng)
    assert "Generation 1 keeps" in warned.warnings[0]
    with pytest.raises(BadInput, match=r"Generation 1 keeps .* of the tail entropy"):
        curation.admit(human + zipf(2, 150, verified, rng), rng=rng)


def test_diversity_is_stated_for_each_generation() -> None:
    """People are generation 0; the newest is compared with them."""
    verified = replace(MODEL, verified_by="even")
    rng = np.random.default_rng(1)
    later = replace(verified, generation=2)
    mixed = zipf(1, 100, Human(), rng) + zipf(1, 40, verified, rng) + zipf(1, 40, later, rng)
    found = curation.admit(mixed, rng=rng)
    assert list(found.generations) == ["0", "1", "2"]
    assert all(isinstance(d.distinct_1, Estimate) for d in found.generations.values())
    assert found.kept is not None
    assert found.kept.texts == 40


def test_people_who_never_repeat_a_word_leave_the_tail_unknown() -> None:
    """A hundred texts of one word each: said in a warning, not as a number."""
    found = curation.admit(people(100) + samples(50, replace(MODEL, verified_by="even")), rng=RNG)
    assert "not known: the rare words of one half" in found.warnings[0]


def test_rows_that_weigh_nothing_have_no_shares() -> None:
    """A share of nothing is not 0."""
    with pytest.raises(BadInput, match="1 rows weigh nothing"):
        curation.shares([Sourced(row("p", 0.0), Human())])


def test_a_guard_asks_for_shares() -> None:
    """150 % cannot be kept to."""
    with pytest.raises(BadInput, match="field `cap`"):
        Guard(cap=1.5)


def test_the_door_of_training_refuses_an_unverified_proposal(tmp_path: Path) -> None:
    """The same directory that training reads: its origins are looked at before any row is."""
    curation.write(tmp_path, people(9) + samples(1, replace(MODEL, proposed=True)))
    with pytest.raises(BadInput, match="proposed by a model"):
        read_rows(tmp_path)
    with pytest.raises(BadInput, match="proposed by a model"):
        read_rows(tmp_path / "train.jsonl")


def test_the_door_of_training_keeps_to_the_guard_that_lies_there(tmp_path: Path) -> None:
    """40 % unverified: refused under the default cap, read under one that `guard.json` raises."""
    curation.write(tmp_path, people(6) + samples(4))
    with pytest.raises(BadInput, match="the cap is 20"):
        read_rows(tmp_path)
    jsonl.write(tmp_path / "guard.json", [Guard(cap=0.5)])
    assert len(read_rows(tmp_path)) == 10


def test_a_directory_that_states_no_origins_is_read_as_before(tmp_path: Path) -> None:
    """Nothing in it is said to be sampled."""
    jsonl.write(tmp_path / "train.jsonl", [s.row for s in people(3)])
    assert curation.checked(tmp_path, []) is None
    assert len(read_rows(tmp_path)) == 3


def test_all_answers_of_a_ranking_are_texts_of_it() -> None:
    """What diversity is measured on."""
    ranked = RankedRow(user("say"), (assistant("a"), assistant("b")), (1, 2), (), "g")
    assert curation.synthetic.answers(ranked) == ["a", "b"]
