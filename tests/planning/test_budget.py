"""The worked example of the sourcing study, and what a plan must never do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytest import approx

from tutelage.errors import BadInput
from tutelage.planning import Request, backtest, load, make
from tutelage.planning.assumed import ENOUGH, defaults
from tutelage.planning.budget import DRAWS
from tutelage.planning.request import EXAMPLE

# N = 20,000, 6 % hard, crowd 20–30 and experts 100–170 an hour, 2.5 / 7 minutes, 1.6 judgments, take 30–40 %
SUPPORT_BOT = Request.model_validate(
    {"items": 20000, "judgments": [1.3, 1.6, 2.2], "axes": {"rarity": 1}, "bench": {"crowd": 1000, "expert": 10}}
)


@pytest.mark.parametrize(
    ("way", "low", "middle", "high"),
    [
        ("layered", 102, 127, 156),
        ("everything by experts", 264, 360, 480),
        ("everything by the crowd", 50, 68, 89),
        ("AI judge, human slice, experts on the hard", 51, 68, 92),
    ],
)
def test_the_four_ways_cost_what_the_study_says(way: str, low: float, middle: float, high: float) -> None:
    """Thousands of dollars. Its ranges are guesses and not all written down: the middle within 4 %, the ends 11 %."""
    cost = next(a.cost for a in make(SUPPORT_BOT).alternatives if a.name == way)
    assert cost.value / 1e5 == approx(middle, rel=0.04)
    assert cost.lo / 1e5 == approx(low, rel=0.11)
    assert cost.hi / 1e5 == approx(high, rel=0.11)


@pytest.mark.parametrize(("experts", "weeks"), [(5, 24.5), (10, 13.5), (20, 8.0), (40, 5.2)])
def test_300_expert_hours_take_as_long_as_the_study_says(experts: int, weeks: float) -> None:
    """Lead 2.5 weeks and 300 h / (10 × 2.7 h a week) = 11.1 weeks."""
    made = make(SUPPORT_BOT.model_copy(update={"bench": SUPPORT_BOT.bench.model_copy(update={"expert": experts})}))
    assert made.weeks.value == approx(weeks, rel=0.08)
    assert made.bottleneck == f"{experts} expert people"


def test_ten_active_experts_take_some_570_letters() -> None:
    """366 to 920 in the study."""
    found = make(SUPPORT_BOT).recruit["experts_to_contact"]
    assert (found.value, found.lo, found.hi) == (approx(570, rel=0.1), approx(366, rel=0.1), approx(920, rel=0.1))


def test_judgments_and_minutes_drive_the_cost_more_than_rates_so_a_pilot_is_advised() -> None:
    made = make(SUPPORT_BOT)
    assert made.drivers[0].name == "judgments"
    assert any("pilot of 50 items" in line for line in made.advice)


def test_what_fifty_observations_show_replaces_the_guess() -> None:
    """Minutes observed at 2.0 ± .1 fifty times: their mean is known to ± .02, so they no longer drive the cost."""
    seen = tuple(np.random.default_rng(1).normal(2.0, 0.1, 50).tolist())
    made = make(SUPPORT_BOT.model_copy(update={"history": {"minutes_crowd": seen}}))
    row = next(a for a in made.assumptions if a["name"] == "minutes_crowd")
    assert row["basis"] == "50 observations of your own"
    swing = {d.name: d.high - d.low for d in made.drivers}
    assert swing["minutes_crowd"] < swing["judgments"] / 20


def test_a_few_observations_are_too_few_and_it_says_so() -> None:
    made = make(SUPPORT_BOT.model_copy(update={"history": {"minutes_crowd": (2.0,) * (ENOUGH - 1)}}))
    row = next(a for a in made.assumptions if a["name"] == "minutes_crowd")
    assert "29 observations are too few" in str(row["basis"])


def test_no_plan_pays_below_its_floor() -> None:
    made = make(Request.model_validate({"pay": {"crowd": [1, 1.5, 2]}}))
    assert made.blocked == ("crowd pay of 1 an hour is below the floor of 15",)


def test_a_question_about_a_rate_judges_only_the_items_it_needs() -> None:
    """± 3 points need 1,068 of 20,000 items, one judgment each."""
    made = make(Request.model_validate({"items": 20000, "target": {"within": 0.03}}))
    assert made.items == 1068
    assert made.needed.judgments_per_item == 1.0


def test_equal_requests_give_equal_plans_and_every_band_says_how_it_was_made() -> None:
    assert make(SUPPORT_BOT) == make(SUPPORT_BOT)
    cost = make(SUPPORT_BOT).cost
    assert (cost.n, cost.level) == (DRAWS, 0.8)
    assert cost.lo <= cost.value <= cost.hi


def test_every_default_says_where_it_comes_from_and_when() -> None:
    for assumed in defaults().values():
        assert assumed.source
        assert assumed.date
        assert assumed.low <= assumed.likely <= assumed.high


def test_the_example_is_a_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(EXAMPLE)
    assert make(load(tmp_path / "plan.toml")).name == "support-bot"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("itmes = 5", "itmes"),
        ("[target]\naccuracy = 0.9\nwithin = 0.1", "accuracy and within"),
        ("[target]", "names nothing"),
        ("take = [0.4, 0.3, 0.2]", "least, likely, most"),
        ("hard_share = 6", "write 6 % as 0.06"),
        ("[axes]\nrarity = 3", "rarity"),
        ("[history]\nminutes = [1.0]", "no assumption"),
        ("items = ", "TOML"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        load(tmp_path / "plan.toml")


def test_the_band_covers_eight_in_ten_projects_of_the_world_it_assumes() -> None:
    """2,000 projects drawn from the assumptions end within their plan's band 80 % of the time (± 3 SE = 2.7 points)."""
    made = make(SUPPORT_BOT)
    rng = np.random.default_rng(7)
    v = {name: a.draw(2000, rng) for name, a in SUPPORT_BOT.assumptions().items()}
    each = 20000 * 1.05 * v["judgments"] * (1 + v["rework"]) * (1 + v["instruction"]) / 60
    easy, hard = (1 - v["hard_share"]) * v["minutes_crowd"], v["hard_share"] * v["minutes_expert"]
    real = each * (easy * v["rate_crowd"] + hard * v["rate_expert"]) / (1 - v["take"]) * 100
    found = backtest([made.cost.lo] * 2000, [made.cost.hi] * 2000, real)
    assert found.covered.value == approx(0.8, abs=0.027)  # type: ignore[union-attr]  # 2,000 rows have a rate
    assert found.verdict == "as promised"


def test_a_band_half_as_wide_as_it_should_be_is_found_out() -> None:
    """Normal errors: ± .64 SD covers 48 % and not 80 %."""
    real = np.random.default_rng(3).normal(size=40)
    assert backtest([-0.64] * 40, [0.64] * 40, real).verdict == "too narrow"
    assert backtest([-4] * 40, [4] * 40, real).verdict == "too wide"
    assert backtest([-1], [1], [0.0]).verdict == "too few projects"


def test_a_true_promise_is_called_broken_at_most_one_time_in_twenty() -> None:
    """400 histories of 30 projects each, covered with probability .8: false alarms ≤ 5 % + 2 SE = 7.2 %."""
    rng = np.random.default_rng(11)
    alarms = sum(
        backtest([0] * 30, [1] * 30, np.where(rng.random(30) < 0.8, 0.5, 2.0)).verdict != "as promised"
        for _ in range(400)
    )
    assert alarms / 400 <= 0.072
