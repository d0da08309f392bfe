"""A model's preference is a soft label: both orders averaged, clamped where it reasons in words, never a person's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.judges import Duel, Preferred, Setting, Tied
from tutelage.judges.asking import Purse
from tutelage.judges.constitution import Constitution, Labelling, Principle, chooser, label
from tutelage.judges.constitution.pairs import PLAIN, REASONED, InWords, averaged, row, share
from tutelage.models.endpoint import EndpointPolicy
from tutelage.records import Unscored, assistant, user

LAW = Constitution(tuple(Principle(i, "c", "r", f"Which is better by {i}?") for i in "ab"))
DUELS = [Duel(user(f"q{n}"), assistant("safe"), assistant(f"wild {n}"), f"i{n}") for n in range(6)]


def safe(lean: float, place: float = 0.0) -> Any:
    """log p of a letter: `lean` logits for the answer "safe", `place` for the letter A, A and B together near 1."""

    def odds(asked: str, letter: str) -> float:
        a_is_safe = asked.index("safe") < asked.index("wild")
        logit = (lean if a_is_safe else -lean) + place
        return -math.log1p(math.exp(-logit if letter == "A" else logit))

    return odds


def test_the_label_is_the_probability_averaged_over_both_orders(scripted: Any, tmp_path: Path) -> None:
    """Logit 1 for the answer and ½ for the place: (σ(1.5) + σ(0.5)) / 2 = (0.818 + 0.622) / 2 = 0.720."""
    policy = scripted(odds=safe(1.0, 0.5))
    labels, judges = label(DUELS, LAW, chooser(policy), Labelling(), Setting(memory=tmp_path))
    assert [x.first for x in labels] == [approx(0.7200, abs=1e-4)] * 6
    assert labels[0].orders == (approx(0.8176, abs=1e-4), approx(0.6225, abs=1e-4))
    assert policy.asked == 6 * 2 * 2  # pairs, orders, letters
    assert {x.judge for x in labels} <= {j.id for j in judges} <= {"ai:scripted@a", "ai:scripted@b"}
    made = row(DUELS[0], labels[0], "c1")
    assert made is not None
    assert (made.ranks, made.certainty, made.contributions) == ((1, 2), approx(0.72, abs=1e-4), ("c1",))


def test_nothing_is_asked_twice_and_an_empty_purse_says_so(scripted: Any, tmp_path: Path) -> None:
    label(DUELS, LAW, chooser(scripted(odds=safe(1.0))), Labelling(), Setting(memory=tmp_path))
    again = scripted(odds=safe(1.0))
    labels, _ = label(DUELS, LAW, chooser(again), Labelling(), Setting(purse=Purse(0), memory=tmp_path))
    assert again.asked == 0
    assert all(x.first is not None for x in labels)
    poor, _ = label(DUELS, LAW, chooser(again), Labelling(), Setting(purse=Purse(0), memory=tmp_path / "new"))
    assert {x.unscored.reason for x in poor if x.unscored} == {"blocked"}


@pytest.mark.parametrize(("rule", "first"), [("unscored", None), ("tie", 0.5)])
def test_a_winner_that_depends_on_the_order_is_set_aside_or_a_tie(
    rule: Any, first: float | None, scripted: Any, tmp_path: Path
) -> None:
    """Place outweighs answer: σ(2.5) for A in one order, σ(−1.5) for the same answer in the other."""
    labels, _ = label(
        DUELS[:1], LAW, chooser(scripted(odds=safe(0.5, 2.0))), Labelling(inconsistent=rule), Setting(memory=tmp_path)
    )
    assert labels[0].first == first
    assert labels[0].orders == (approx(0.924, abs=1e-3), approx(0.182, abs=1e-3))
    assert (labels[0].unscored is None) == (rule == "tie")
    made = row(DUELS[0], labels[0], "c")
    assert made is None if rule == "unscored" else (made is not None and made.ranks == (1, 1))


def test_a_model_that_would_say_something_else_abstains(scripted: Any, tmp_path: Path) -> None:
    labels, _ = label(DUELS[:1], LAW, chooser(scripted(odds=lambda *_: -9.0)), Labelling(), Setting(memory=tmp_path))
    assert labels[0].unscored is not None
    assert (labels[0].first, labels[0].unscored.reason) == (None, "abstained")


def test_a_pair_without_a_prompt_is_named_before_anything_is_asked(scripted: Any, tmp_path: Path) -> None:
    policy = scripted(odds=safe(1.0))
    with pytest.raises(BadInput, match="'i9'"):
        label([*DUELS, Duel(user(" "), assistant("a"), assistant("b"), "i9")], LAW, chooser(policy), Labelling(),
              Setting(memory=tmp_path))  # fmt: skip
    assert policy.asked == 0


def test_the_principle_does_not_depend_on_which_answer_stands_first(scripted: Any, tmp_path: Path) -> None:
    how, setting = chooser(scripted(odds=safe(1.0))), Setting(memory=tmp_path)
    there, _ = label(DUELS, LAW, how, Labelling(), setting)
    back, _ = label([d.swapped() for d in DUELS], LAW, how, Labelling(), setting)
    assert [x.principle for x in there] == [x.principle for x in back]
    assert [x.first for x in there] == approx([1 - float(x.first or 0) for x in back])


def test_a_judge_that_reasons_in_words_is_clamped_to_40_to_60_percent() -> None:
    served = chooser(EndpointPolicy.load("http://127.0.0.1:1/v1#m"))
    assert isinstance(served, InWords)
    assert served.clamp == REASONED == (0.4, 0.6)
    assert averaged((0.99, 0.95), "unscored", REASONED) == (0.6, None)
    assert averaged((0.99, 0.95), "unscored", PLAIN) == (approx(0.97), None)


@pytest.mark.parametrize("clamp", [(0.4, 0.7), (0.6, 0.4), (-0.1, 1.1)])
def test_a_clamp_treats_both_sides_alike(clamp: tuple[float, float]) -> None:
    with pytest.raises(BadInput) as found:
        Labelling(clamp)
    assert found.value.where.field == "clamp"


@given(a=st.floats(0, 1), b=st.floats(0, 1), top=st.floats(0.5, 1))
def test_swapping_the_answers_mirrors_the_label(a: float, b: float, top: float) -> None:
    clamp = (1 - top, top)
    one, why = averaged((a, b), "unscored", clamp)
    other, too = averaged((1 - a, 1 - b), "unscored", clamp)
    assert (one is None) == (other is None) == (why is not None) == (too is not None)
    if one is not None and other is not None:
        assert one == approx(1 - other, abs=1e-12)
        assert clamp[0] <= one <= clamp[1]


def test_a_tie_is_one_half_and_no_opinion_is_none() -> None:
    assert [share(o) for o in (Tied(), Preferred("first", 0.8), Unscored("abstained"))] == [0.5, 0.8, None]
    assert share(Preferred("second", 0.8)) == approx(0.2)
