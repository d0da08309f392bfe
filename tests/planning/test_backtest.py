"""Whether bands hold what they promise: of the world they assume, of past projects, and of a back-test itself."""

from __future__ import annotations

import numpy as np
from pytest import approx

from tutelage.planning import Request, backtest, make

# N = 20,000, 6 % hard, crowd 20–30 and experts 100–170 an hour, 2.5 / 7 minutes, 1.6 judgments, take 30–40 %
SUPPORT_BOT = Request.model_validate(
    {"items": 20000, "judgments": [1.3, 1.6, 2.2], "axes": {"rarity": 1}, "bench": {"crowd": 1000, "expert": 10}}
)


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


def test_bands_learnt_from_thirty_finished_projects_cover_eight_in_ten_of_the_next() -> None:
    """400 firms whose minutes, takes and judgments differ between projects: 30 finished, then one more.

    P10–P90 of the plan holds its cost: .80 ± 3 SE = ± .06.
    """
    rng = np.random.default_rng(12)
    lo, hi, real = [], [], []
    for _ in range(400):
        seen = {
            "minutes_crowd": rng.lognormal(np.log(2.5), 0.4, 31), "minutes_expert": rng.lognormal(np.log(7), 0.3, 31),
            "hard_share": rng.beta(3, 40, 31), "judgments": 1 + rng.gamma(2, 0.4, 31), "take": rng.beta(20, 40, 31),
        }  # fmt: skip
        request = SUPPORT_BOT.model_copy(
            update={"judgments": None, "history": {name: tuple(v[:30]) for name, v in seen.items()}}
        )
        cost = make(request).cost
        v = {name: float(a.draw(1, rng)[0]) for name, a in request.assumptions().items()}
        v |= {name: float(values[30]) for name, values in seen.items()}
        hours = 20000 * 1.05 * v["judgments"] * (1 + v["rework"]) * (1 + v["instruction"]) / 60
        hour = (1 - v["hard_share"]) * v["minutes_crowd"] * v["rate_crowd"]
        hour += v["hard_share"] * v["minutes_expert"] * v["rate_expert"]
        lo.append(cost.lo), hi.append(cost.hi), real.append(hours * hour / (1 - v["take"]) * 100)
    found = backtest(lo, hi, real)
    assert found.covered.value == approx(0.8, abs=0.06)  # type: ignore[union-attr]  # 400 rows have a rate


def test_the_back_test_says_by_how_much_to_widen() -> None:
    """Bands of ± .64 SD must be 1.28 / .64 = 2 times as wide to hold 80 % of normal errors."""
    real = np.random.default_rng(3).normal(size=4000)
    assert backtest([-0.64] * 4000, [0.64] * 4000, real).widen == approx(2.0, rel=0.06)


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
