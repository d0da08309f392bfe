"""Judges who differ: in how far they follow the strengths, and in what the left is worth to them."""

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.measure.preference import bradley_terry
from tutelage.measure.preference.raters import Answers, RaterModel


def _crowd(seed, *, k=8, judges=60, per=60, g_sd=0.5, d_sd=0.4, ties=0.5, side=0.2, against=0):
    """Davidson comparisons of judges with their own sensitivity and side; the first `against` answer the reverse."""
    rng = np.random.default_rng(seed)
    theta = np.linspace(-1.5, 1.5, k)
    g, d = rng.normal(0, g_sd, judges), rng.normal(0, d_sd, judges)
    pull = np.exp(g) * np.where(np.arange(judges) < against, -1, 1)
    who = np.repeat(np.arange(judges), per)
    left = rng.integers(0, k, who.size)
    right = (left + rng.integers(1, k, who.size)) % k
    eta = (theta[left] - theta[right]) * pull[who] + side + d[who]
    p = np.stack([np.exp(eta / 2), np.full(eta.size, ties), np.exp(-eta / 2)], 1)
    outcome = (rng.random(who.size)[:, None] > np.cumsum(p / p.sum(1, keepdims=True), 1)).sum(1)
    return left, right, np.array([1, 0.5, 0])[outcome], who, theta, g, d


def test_sensitivities_and_sides_are_found_and_their_intervals_cover():
    """60 judges of 60 answers: 120 intervals of 95 % miss at most 15 (99.9 % binomial bound: 14)."""
    left, right, outcome, who, _theta, g, d = _crowd(0)
    found = bradley_terry(left, right, outcome, judges=who, side=True, rater_effects=True)
    r = found.raters
    assert np.corrcoef(r.sensitivity, g)[0, 1] > 0.8
    assert np.corrcoef(r.side, d)[0, 1] > 0.7
    assert (r.sensitivity_sd, r.side_sd) == (pytest.approx(0.5, abs=0.15), pytest.approx(0.4, abs=0.15))
    missed = sum(not r.sensitivity_of(j).lo <= g[j] - g.mean() <= r.sensitivity_of(j).hi for j in range(60))
    missed += sum(not r.side_of(j).lo <= d[j] - d.mean() <= r.side_of(j).hi for j in range(60))
    assert missed <= 14
    assert found.method == "davidson, rater effects"


def test_strengths_of_judges_who_differ_are_covered():
    """40 projects of 40 judges with 50 answers, 8 strengths each; 92 % is 3 standard errors below 95 %."""
    hit = []
    for seed in range(40):
        left, right, outcome, who, theta, _g, _d = _crowd(seed, judges=40, per=50)
        each = bradley_terry(left, right, outcome, judges=who, side=True, rater_effects=True).strengths()
        hit.append(np.mean([each[i].lo <= theta[i] <= each[i].hi for i in range(8)]))
    assert np.mean(hit) > 0.92


def test_a_crowd_that_is_alike_is_left_alike():
    """No spread planted: the fit is the plain one to 5 hundredths, and both spreads are near 0."""
    left, right, outcome, who, _t, _g, _d = _crowd(1, g_sd=0, d_sd=0)
    plain = bradley_terry(left, right, outcome, judges=who, side=True)
    found = bradley_terry(left, right, outcome, judges=who, side=True, rater_effects=True)
    assert max(found.raters.sensitivity_sd, found.raters.side_sd) < 0.2
    assert found.theta == pytest.approx(plain.theta, abs=0.05)
    assert found.se == pytest.approx(plain.se, rel=0.1)


def test_crowd_bts_judges_who_agree_guess_or_reverse_are_told_apart():
    """Crowd-BT's η is 1, ½ or 0: 40 who agree, 5 who guess, 5 who answer the reverse. The ten have the lowest g, and
    what they do no longer pulls the strengths together: the plain fit loses a quarter of their spread."""
    left, right, outcome, who, theta, _g, _d = _crowd(2, judges=50, per=100, g_sd=0.1, d_sd=0, side=0, against=5)
    guess = (who >= 5) & (who < 10)
    outcome = np.where(guess, np.random.default_rng(3).integers(0, 2, who.size), outcome)
    found = bradley_terry(left, right, outcome, judges=who, rater_effects=True)
    plain = bradley_terry(left, right, outcome, judges=who)
    assert set(np.argsort(found.raters.sensitivity)[:10].tolist()) == set(range(10))
    assert found.raters.sensitivity[:5].max() < -1.5  # reversed: below chance
    assert found.raters.sensitivity[5:10].max() < -0.5 < found.raters.sensitivity[10:].min()
    usual = np.exp(np.median(found.raters.sensitivity))  # g is measured from the mean of all, the reversed among them
    slope = [np.polyfit(theta, strengths, 1)[0] for strengths in (plain.theta, usual * found.theta)]
    assert slope[0] < 0.8 < slope[1] < 1.2


@pytest.mark.parametrize("judges", [None, ["ann"] * 4])
def test_one_judge_cannot_differ_from_the_others(judges):
    with pytest.raises(BadInput, match="fewer than 2 judges"):
        bradley_terry(list("abab"), list("baba"), [1, 1, 0, 0], judges=judges, rater_effects=True)


def test_the_order_of_rows_the_names_of_judges_and_counts_do_not_matter():
    left, right, outcome, who, _t, _g, _d = _crowd(4, judges=12, per=40)
    base = bradley_terry(left, right, outcome, judges=who, rater_effects=True)
    order = np.random.default_rng(5).permutation(who.size)
    names = np.array([f"judge {7 * j:02}" for j in range(12)])[who]
    again = bradley_terry(left[order], right[order], outcome[order], judges=names[order], rater_effects=True)
    assert again.theta == pytest.approx(base.theta, abs=1e-5)
    assert again.raters.sensitivity == pytest.approx(base.raters.sensitivity, abs=1e-4)
    counted = bradley_terry(left, right, outcome, judges=who, rater_effects=True, times=np.full(who.size, 3))
    tiled = bradley_terry(*(np.tile(c, 3) for c in (left, right, outcome)), judges=np.tile(who, 3), rater_effects=True)
    assert counted.theta == pytest.approx(tiled.theta, abs=1e-5)
    assert counted.se == pytest.approx(tiled.se, rel=1e-4)
    assert counted.rows == tiled.rows == 3 * who.size


def _model(ties):
    left, right, outcome, who, _t, _g, _d = _crowd(6, k=4, judges=5, per=30, ties=ties)
    x = np.stack([np.ones(who.size), np.sin(np.arange(who.size))], 1)
    model = RaterModel(
        Answers(left, right, (2 * outcome).astype(np.int8), who, x, np.ones(who.size), 4, 5), precision=1
    )
    rng = np.random.default_rng(7)
    return model, rng.normal(0, 0.5, model.p), rng.normal(0, 0.5, (5, 2))


@pytest.mark.parametrize("ties", [1e-9, 0.6])
def test_slopes_are_the_derivatives_of_the_penalised_likelihood(ties):
    """Central differences of 10⁻⁵, by every strength, effect, tie, sensitivity and side."""
    model, phi, u = _model(ties)
    model.u = u

    def value(flat):
        p, v = flat[: model.p], flat[model.p :].reshape(5, 2)
        return model._at(p, v).value - model._penalty(p, v)

    flat = np.append(phi, u)
    steps = 1e-5 * np.eye(flat.size)
    slope = np.array([(value(flat + s) - value(flat - s)) / 2e-5 for s in steps])
    by_phi, by_u = model._scores(model._at(phi, u), phi)
    assert np.append(by_phi, by_u) == pytest.approx(slope, abs=1e-5)


@pytest.mark.parametrize("ties", [1e-9, 0.6])
def test_eliminating_judges_one_by_one_is_the_inverse_of_everything_together(ties):
    """The expected information of all parameters, written out densely; its inverse's corner is the Schur complement's.

    Rows' slopes of η: ±exp(g) for strengths, x, exp(g)·gap for g, 1 for δ; a tie bends its own way."""
    model, phi, u = _model(ties)
    model.u = np.zeros_like(u)  # at g = 0 nobody answers against the crowd more than the expected slope says
    at = model._at(phi, model.u)
    n, k, p = at.lean.size, model.k, model.p
    j = np.zeros((n, p + 10))
    j[np.arange(n), model.d.left] = at.pull
    j[np.arange(n), model.d.right] = -at.pull
    j[:, k : k + 2] = model.d.x
    j[np.arange(n), p + 2 * model.d.judge] = at.gap
    j[np.arange(n), p + 2 * model.d.judge + 1] = 1
    h = j.T @ (j * at.variance[:, None])
    if model.ties:
        cross = j.T @ at.cross
        h[p - 1] += cross
        h[:, p - 1] += cross
        h[p - 1, p - 1] += at.tie.sum()
    h[np.arange(k), np.arange(k)] += 1
    bend = np.maximum(-np.bincount(model.d.judge, at.lean * at.gap, 5), 0)
    h[p + 2 * np.arange(5), p + 2 * np.arange(5)] += bend + 1 / model.spread[0] ** 2
    h[p + 2 * np.arange(5) + 1, p + 2 * np.arange(5) + 1] += 1 / model.spread[1] ** 2
    assert model._blocks(at)[0] == pytest.approx(np.linalg.inv(h)[:p, :p], abs=1e-10)
