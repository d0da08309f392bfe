"""Ensembles, rubrics and mixtures: what they are made of is reported, and what is missing is never a 0."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.environments.graders import Task, grade
from tutelage.environments.rewards import Finding, Rewarded, load
from tutelage.environments.rewards.ensemble import Ensemble
from tutelage.environments.rewards.mix import EXAMPLE as MIX
from tutelage.environments.rewards.mix import Mixture, Weighted
from tutelage.environments.rewards.rubric import EXAMPLE as RUBRIC
from tutelage.errors import BadInput
from tutelage.models.checkpoint import Contribution
from tutelage.records import RankedRow, Scored, Unscored, assistant, user
from tutelage.training.head import HeadConfig, fit

ASK = Task(user("What is 2 + 2?"), "number", {}, "4")


class Fixed:
    """A reward that gives every answer the same finding."""

    def __init__(self, name: str, found: Finding) -> None:
        self.name, self.digest, self._found = name, f"sha256:{name}", found

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        return [self._found] * len(answers)


def fixed(*values: float) -> list[Fixed]:
    return [Fixed(f"m{i}", Rewarded(v)) for i, v in enumerate(values)]


def one(found: list[Finding]) -> Rewarded:
    assert isinstance(found[0], Rewarded), found
    return found[0]


def test_an_ensemble_pays_the_mean_less_the_disagreement() -> None:
    """Members 1, 2, 3: mean 2, standard deviation 1; with penalty ½ the reward is 1.5."""
    found = one(Ensemble(fixed(1, 2, 3), "e", penalty=0.5).grades([ASK], ["4"]))
    assert found.value == pytest.approx(1.5)
    assert found.parts == {"m0": 1.0, "m1": 2.0, "m2": 3.0, "disagreement": 1.0}


def test_members_that_agree_pay_their_mean() -> None:
    assert one(Ensemble(fixed(0.7, 0.7), "e", penalty=9).grades([ASK], ["4"])).value == pytest.approx(0.7)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=6), st.floats(0, 4), st.floats(0, 4))
def test_more_penalty_never_pays_more(values: list[float], a: float, b: float) -> None:
    low, high = (one(Ensemble(fixed(*values), "e", penalty=p).grades([ASK], ["4"])).value for p in sorted((a, b)))
    assert high <= low + 1e-9


def test_what_one_member_cannot_score_the_ensemble_does_not_score() -> None:
    members = [*fixed(1), Fixed("ill", Unscored("timeout", "slow"))]
    assert Ensemble(members, "e").grades([ASK], ["4"]) == [Unscored("timeout", "ill: slow")]
    assert Mixture([Weighted(m.name, m, 1.0) for m in members], "m").grades([ASK], ["4"]) == [
        Unscored("timeout", "ill: slow")
    ]


def test_a_mixture_is_the_weighted_sum_and_names_its_parts() -> None:
    """1 × 3 + (−0.5) × 4 = 1."""
    right, long = fixed(3, 4)
    mixed = Mixture([Weighted("right", right, 1.0), Weighted("long", long, -0.5)], "m")
    assert one(mixed.grades([ASK], ["4"])) == Rewarded(1.0, {"right": 3.0, "long": 4.0})


def test_other_weights_are_another_reward() -> None:
    a, b = (Mixture([Weighted("x", fixed(1)[0], w)], "m").digest for w in (1.0, 2.0))
    assert a != b
    assert Ensemble(fixed(1, 2), "e", penalty=1).digest != Ensemble(fixed(1, 2), "e", penalty=2).digest


def head(at: Path, *, long: bool) -> Path:
    """A small reward model that likes long answers, or short ones."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        texts = [" ".join(["word"] * n) for n in rng.choice(np.arange(1, 40), 2, replace=False)]
        texts.sort(key=len, reverse=long)
        responses = tuple(assistant(t) for t in texts)
        rows.append(RankedRow(user(f"q{i}"), responses, (1, 2), (f"j{i}",), f"g{i}"))
    return fit(rows, out=at, config=HeadConfig(blocks=("surface",)), rng=rng)


def test_ensembles_and_mixtures_are_loaded_from_their_specs(tmp_path: Path) -> None:
    """Two models that disagree about length: the longer the answer, the larger their disagreement."""
    head(tmp_path / "a", long=True)
    head(tmp_path / "b", long=False)
    ensemble = load(f"ensemble:{tmp_path / 'a'},head:{tmp_path / 'b'}@2")
    short, long = ensemble.grades([ASK, ASK], ["word " * 15, "word " * 80])
    assert isinstance(short, Rewarded)
    assert isinstance(long, Rewarded)
    assert long.parts["disagreement"] > short.parts["disagreement"]
    assert long.value < short.value
    (tmp_path / "m.toml").write_text(MIX.replace("rm/", "a"))
    mixed = load(f"mix:{tmp_path / 'm.toml'}")
    found = one(mixed.grades([ASK], ["4"]))
    assert found.value == pytest.approx(1.0 * found.parts["right"] + 0.2 * found.parts["liked"])
    assert found.parts["right"] == 1.0
    with pytest.raises(BadInput, match="two reward models"):
        load(f"ensemble:{tmp_path / 'a'}")


BRIEF = {"checks": [{"check": "words", "lo": 1, "hi": 5}]}
CRITERIA = {
    "criteria": [
        {"id": "sum", "weight": 2.0, "grader": "number"},
        {"id": "short", "weight": 1.0, "grader": "format", "parameters": BRIEF},
        {"id": "shouts", "weight": -1.0, "grader": "format", "parameters": {"checks": [{"check": "uppercase"}]}},
    ]
}  # fmt: skip


def test_a_rubric_adds_what_is_kept_and_takes_off_what_is_forbidden() -> None:
    """Best is 2 + 1 = 3. Right, short, quiet: 3/3. Right, short, loud: (3 − 1)/3. Loud alone: −1/3, as a grade 0."""
    task = Task(user("What is 2 + 2?"), "rubric", CRITERIA, "4")
    values = {a: grade(task, a) for a in ("it is 4", "IT IS 4", "NO NO NO NO NO NO")}
    assert [round(g.value, 3) for g in values.values() if isinstance(g, Scored)] == [1.0, 0.667, 0.0]
    assert values["IT IS 4"].evidence == {  # type: ignore[union-attr]  scored, as the line above says
        "criteria": {"sum": 1.0, "short": 1.0, "shouts": 1.0}, "weight_graded": 1.0,
    }  # fmt: skip


def test_a_rubric_says_over_how_much_weight_it_stands() -> None:
    """Without a reference the sum (2 of 4 in weight) cannot be graded: half stands, which `least` allows or not."""
    task = Task(user("q"), "rubric", {**CRITERIA, "least": 0.5}, None)
    found = grade(task, "it is 4")
    assert found == Scored(
        1.0, {"criteria": {"sum": "no_reference", "short": 1.0, "shouts": 0.0}, "weight_graded": 0.5}
    )
    found = grade(Task(user("q"), "rubric", CRITERIA, None), "it is 4")
    assert isinstance(found, Unscored)
    assert found.reason == "no_reference"
    assert found.detail.startswith("50% of the weight was graded; sum")


def test_a_rubric_file_is_a_reward_that_can_be_negative(tmp_path: Path) -> None:
    """Brief weighs 2, flattery −1: brief flattery is (2 − 1)/2, long flattery −1/2."""
    path = tmp_path / "r.toml"
    path.write_text(RUBRIC)
    brief, long = load(f"rubric:{path}").grades(
        [ASK, ASK], ["Great question, my friend.", "Great question! " + "so " * 50]
    )
    assert brief == Rewarded(0.5, {"brief": 1.0, "flatters": 1.0}, {"weight_graded": 1.0})
    assert isinstance(long, Rewarded)
    assert long.value == -0.5


def test_a_judge_holds_a_criterion_against_the_reference() -> None:
    """`rule:shorter` prefers the shorter answer: shorter 1, as long ½, longer 0; nothing to compare with: Unscored."""
    shorter = {"criteria": [{"id": "terse", "judge": "rule:shorter"}]}
    task = Task(user("q"), "rubric", shorter, "two words")
    found = [grade(task, a) for a in ("one", "also two", "three whole words")]
    assert [g.value for g in found if isinstance(g, Scored)] == [1.0, 0.5, 0.0]
    assert isinstance(grade(Task(user("q"), "rubric", shorter, None), "one"), Unscored)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no `criteria`"),
        ('[[criteria]]\nid = "a"', "one grader or one judge"),
        ('[[criteria]]\nid = "a"\ngrader = "exact"\nweight = -1.0', "positive weight"),
        ('[[criteria]]\nid = "a"\ngrader = "exact"\nweight = 0.0', "weighs something"),
        ('[[criteria]]\nid = "a"\ngrader = "nope"', "no grader 'nope'"),
        ("not toml", "TOML"),
    ],
)
def test_a_rubric_that_cannot_stand_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=said) as found:
        load(f"rubric:{path}")
    assert found.value.where.file == str(path)


def test_a_mixture_of_mixtures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text('[[parts]]\nname = "a"\nreward = "mix:other.toml"\n')
    with pytest.raises(BadInput, match="made of a mixture"):
        load(f"mix:{path}")


def test_what_is_made_of_reward_models_has_the_work_in_all_of_them() -> None:
    """Whoever trains towards an ensemble or a mixture learns from the people behind each member."""
    a, b, c = fixed(1, 2, 3)
    ann, ben = Contribution("ann-1", "reward"), Contribution("ben-1", "head")
    a.contributions, b.contributions = (ann,), (ben, ann)  # type: ignore[attr-defined]  # a reward may say whose work
    assert Ensemble([a, b], "e").contributions == (ann, ben)
    assert Mixture([Weighted("a", a, 1.0), Weighted("c", c, 1.0)], "m").contributions == (ann,)
