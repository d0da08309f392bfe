"""What must hold whatever the data: order, names, counts, halves put together, nothing at all, and the same bits twice.

The invariants of preference models and of agreement beyond these are below them; those of consensus, certificates,
sampling and perspectives stand with their own tests.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import TutelageError
from tutelage.measure import agreement, intervals, kappa
from tutelage.measure.preference import NotConnected, Scores, bradley_terry, plackett_luce
from tutelage.records import Estimate, Rate, Undefined

SEEDS = st.integers(0, 10**6)
FEW = settings(max_examples=25, deadline=None)
NAMES = np.array(["mo", "al", "zoë", "7", "bo", "cy", "di", "el", "fo", "gu"])


@dataclass
class Case:
    """An estimator of columns: which are names, and how to make n rows of them."""

    fit: object
    make: object
    names: tuple[int, ...]

    def __call__(self, *columns):
        """The figure, or the name of the error: few rows may leave a side or a tie without an end, which is refused."""
        try:
            return self.fit(*columns)
        except TutelageError as refused:
            return Undefined(type(refused).__name__)


def _ratings(rng, n):
    return rng.integers(0, max(2, n // 3), n), rng.integers(1, 5, n)


def _comparisons(rng, n):
    left = rng.integers(0, 4, n)
    return left, (left + rng.integers(1, 4, n)) % 4, rng.choice([1.0, 0.5, 0.0], n), rng.integers(0, 5, n)


def _rankings(rng, n):
    each = [rng.permutation(5)[:3] for _ in range(n)]
    return np.repeat(np.arange(n), 3), np.concatenate([*each, np.zeros(0, int)]), np.tile([1, 2, 2], n)


def _scored(rng, n):
    return rng.integers(0, 2, n).astype(float), rng.integers(0, 5, n)


def _both(rng, n):
    return rng.integers(0, 3, n), rng.integers(0, 3, n)


def _bt(left, right, outcome, judge):
    return bradley_terry(left, right, outcome, judges=judge, side=True, prior_sd=2)


def _bt_differing(left, right, outcome, judge):
    return bradley_terry(left, right, outcome, judges=judge, rater_effects=True, prior_sd=2)


def _pl(ranking, item, place):
    return plackett_luce(ranking, item, place, prior_sd=2)


CASES = {
    **{f"alpha {s}": Case(lambda i, v, s=s: agreement.alpha(i, v, scale=s), _ratings, (0,))
       for s in ("nominal", "ordinal", "interval", "ratio")},
    "alpha by a distance": Case(
        lambda i, v: agreement.alpha(i, v, scale=lambda a, b: abs(a - b) ** 0.5), _ratings, (0,)),
    "gwet AC1": Case(kappa.gwet, _ratings, (0,)),
    "gwet AC2": Case(lambda i, v: kappa.gwet(i, v, scale="ordinal"), _ratings, (0,)),
    "fleiss": Case(kappa.fleiss, _ratings, (0,)),
    "brennan-prediger": Case(kappa.brennan_prediger, _ratings, (0,)),
    "cohen": Case(kappa.cohen, _both, ()),
    "ceiling": Case(lambda i, v: agreement.ceiling(i, v).rest, _ratings, (0,)),
    "raw agreement": Case(agreement.raw, _ratings, (0,)),
    "mean": Case(lambda x, _c: intervals.mean(x), _scored, ()),
    "clustered mean": Case(lambda x, c: intervals.mean(x, clusters=c), _scored, (1,)),
    "win rate": Case(lambda x, _c: intervals.win_rate(x), _scored, ()),
    "clustered win rate": Case(lambda x, c: intervals.win_rate(x, clusters=c), _scored, (1,)),
    "bradley-terry": Case(_bt, _comparisons, (0, 1, 3)),
    "bradley-terry, judges who differ": Case(_bt_differing, _comparisons, (0, 1, 3)),
    "plackett-luce": Case(_pl, _rankings, (0, 1)),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", CASES)


def _numbers(found, order=None):
    """Every number of a result, items in the order of their old codes."""
    if isinstance(found, Scores):
        theta, se = found.theta, found.se
        if order is not None:
            place = [found.items.tolist().index(n) for n in order]
            theta, se = theta[place], se[place]
        return [*theta, *se, found.log_likelihood, *([found.side.lo, found.side.hi] if found.side else [])]
    return [found.value, found.lo, found.hi]


def _same(one, two, order=None, tolerance=1e-7):
    assert type(one) is type(two)
    if not isinstance(one, Undefined):
        assert _numbers(two, order) == pytest.approx(_numbers(one), rel=tolerance, abs=tolerance)


@EVERY
@FEW
@given(SEEDS, st.integers(12, 40))
def test_the_order_of_the_rows_does_not_matter(name, seed, n):
    rng = np.random.default_rng(seed)
    columns = CASES[name].make(rng, n)
    order = rng.permutation(columns[0].size)
    found = CASES[name](*columns)
    loose = 1e-4 if name.endswith("differ") else 1e-7  # a fixed point, reached to a hundredth of its spread
    _same(found, CASES[name](*(c[order] for c in columns)), tolerance=loose)


@EVERY
@FEW
@given(SEEDS, st.integers(12, 40), st.sampled_from(["texts", "numbers", "floats"]))
def test_names_do_not_matter_nor_whether_they_are_texts_or_numbers(name, seed, n, kind):
    rng = np.random.default_rng(seed)
    columns = list(CASES[name].make(rng, n))
    found = CASES[name](*columns)
    table = {"texts": NAMES[rng.permutation(10)], "numbers": rng.permutation(10) * 31 + 3, "floats": rng.random(10)}[
        kind
    ]
    if max((columns[c].max() for c in CASES[name].names), default=0) >= 10:
        table = np.array([f"{x}-{i}" for i in range(60) for x in "q"])[rng.permutation(60)]
    renamed = [table[c.astype(int)] if i in CASES[name].names else c for i, c in enumerate(columns)]
    order = [table[i].item() for i in found.items] if isinstance(found, Scores) else None
    loose = 1e-4 if name.endswith("differ") else 1e-7
    _same(found, CASES[name](*renamed), order, tolerance=loose)


@EVERY
@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_the_same_rows_give_the_same_bits(name, seed):
    columns = CASES[name].make(np.random.default_rng(seed), 20)
    one, two = (CASES[name](*(c.copy() for c in columns)) for _ in range(2))
    if not isinstance(one, Undefined):
        assert np.array(_numbers(one)).tobytes() == np.array(_numbers(two)).tobytes()


@EVERY
@pytest.mark.parametrize("what", ["no rows", "one row", "one item and judge", "one value", "all missing"])
def test_where_there_is_nothing_to_say_the_answer_is_typed_and_never_nan(name, what):
    """Undefined with a reason, an error of ours, or a figure with a real interval around it."""
    case = CASES[name]
    rng = np.random.default_rng(0)
    columns = [np.asarray(c) for c in case.make(rng, 24)]
    kept = {
        "no rows": [c[:0] for c in columns],
        "one row": [c[:1] for c in columns],
        "one item and judge": [np.zeros_like(c) if i in case.names else c for i, c in enumerate(columns)],
        "one value": [c if i in case.names else np.full_like(c, c[0]) for i, c in enumerate(columns)],
        "all missing": [np.full(c.size, np.nan) for c in columns],
    }[what]
    try:
        found = case.fit(*kept)
    except TutelageError as refused:
        assert refused.seen
        assert refused.remedy
        return
    if isinstance(found, Undefined):
        assert found.why
        return
    assert np.isfinite(_numbers(found)).all()
    if not isinstance(found, Scores):
        assert found.lo < found.hi
    assert what not in ("no rows", "all missing")


# --- duplicates are integer weights, and halves put together are the whole ------------------------------------------


@FEW
@given(SEEDS, st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
def test_a_rating_given_three_times_is_three_ratings(seed, scale):
    rng = np.random.default_rng(seed)
    items, values = _ratings(rng, 30)
    times = rng.integers(1, 4, 30)
    repeated = agreement.alpha(np.repeat(items, times), np.repeat(values, times), scale=scale)
    _same(repeated, agreement.alpha(items, values, scale=scale, times=times))


@FEW
@given(SEEDS, st.booleans(), st.booleans())
def test_a_comparison_seen_three_times_is_three_comparisons(seed, side, more):
    rng = np.random.default_rng(seed)
    left, right, outcome, who = _comparisons(rng, 40)
    x, times = rng.normal(size=40), rng.integers(1, 4, 40)
    length = {"length": x} if more else None
    counted = bradley_terry(
        left, right, outcome, judges=who, side=side, covariates=length, times=times, prior_sd=1
    )  # fmt: skip
    left, right, outcome, who, x = (np.repeat(c, times) for c in (left, right, outcome, who, x))
    length = {"length": x} if more else None
    _same(bradley_terry(left, right, outcome, judges=who, side=side, covariates=length, prior_sd=1), counted)


def _tally(*columns):
    """Equal rows once, with how often: what a store of counts would keep."""
    rows, times = np.unique(np.stack(columns, 1), axis=0, return_counts=True)
    return rows, times


@FEW
@given(SEEDS, st.integers(5, 35))
def test_counts_of_two_halves_put_together_are_the_whole(seed, cut):
    rng = np.random.default_rng(seed)
    for columns, fit in (
        (_ratings(rng, 40), lambda i, v, t: agreement.alpha(i, v, scale="ordinal", times=t)),
        (_comparisons(rng, 40)[:3], lambda a, b, y, t: bradley_terry(a, b, y, times=t, prior_sd=2)),
    ):
        halves = [_tally(*(c[part] for c in columns)) for part in (slice(cut), slice(cut, None))]
        rows, times = (np.concatenate(parts) for parts in zip(*halves, strict=True))
        _same(fit(*columns, np.ones(40)), fit(*rows.T, times))


@given(st.integers(0, 40), st.integers(1, 40))
def test_a_share_is_its_counts_and_a_win_rate_of_wins_and_losses_is_that_share(k, n):
    k = min(k, n)
    share, wins = intervals.rate(k, n), intervals.win_rate(np.arange(n) < k)
    assert isinstance(share, Rate)
    assert (wins.lo, wins.hi) == (pytest.approx(share.lo), pytest.approx(share.hi))


@FEW
@given(SEEDS, st.integers(2, 6))
def test_every_row_repeated_in_its_cluster_leaves_a_clustered_mean_alone(seed, times):
    rng = np.random.default_rng(seed)
    x, who = _scored(rng, 30)
    _same(
        intervals.mean(x, clusters=who), intervals.mean(np.repeat(x, times), clusters=np.repeat(who, times))
    )  # fmt: skip


# --- preference models ----------------------------------------------------------------------------------------------


@FEW
@given(SEEDS)
def test_swapping_all_sides_flips_side_and_covariates_and_leaves_strengths(seed):
    rng = np.random.default_rng(seed)
    left, right, outcome, _who = _comparisons(rng, 80)
    x = rng.normal(size=80)
    one = bradley_terry(left, right, outcome, side=True, covariates={"x": x}, prior_sd=2)
    two = bradley_terry(right, left, 1 - outcome, side=True, covariates={"x": -x}, prior_sd=2)
    assert two.theta == pytest.approx(one.theta, abs=1e-7)
    assert two.side.value == pytest.approx(-one.side.value, abs=1e-7)
    assert two.covariates["x"].value == pytest.approx(one.covariates["x"].value, abs=1e-7)
    assert two.ties.value == pytest.approx(one.ties.value, abs=1e-7)


@FEW
@given(SEEDS)
def test_reversing_every_outcome_negates_strengths_which_sum_to_zero(seed):
    left, right, outcome, _who = _comparisons(np.random.default_rng(seed), 80)
    one, two = (bradley_terry(left, right, y, prior_sd=2) for y in (outcome, 1 - outcome))
    assert two.theta == pytest.approx(-one.theta, abs=1e-7)
    assert one.theta.sum() == pytest.approx(0, abs=1e-9)


@FEW
@given(SEEDS)
def test_rankings_of_two_are_comparisons(seed):
    """Plackett–Luce with all K = 2 is Bradley–Terry, ties and errors too."""
    left, right, outcome, _who = _comparisons(np.random.default_rng(seed), 60)
    places = np.stack([1 + (outcome == 0), 1 + (outcome == 1)], 1)
    pl = plackett_luce(np.repeat(np.arange(60), 2), np.stack([left, right], 1).ravel(), places.ravel(), prior_sd=2)
    bt = bradley_terry(left, right, outcome, prior_sd=2)
    assert [*pl.theta, *pl.se] == pytest.approx([*bt.theta, *bt.se], abs=1e-6)
    assert pl.ties.value == pytest.approx(bt.ties.value, abs=1e-6)


def test_with_ever_fewer_ties_davidson_becomes_bradley_terry():
    """One tie among ever more of the same comparisons: ν → 0 and the strengths those without ties."""
    rng = np.random.default_rng(1)
    left, right, outcome, _who = _comparisons(rng, 60)
    outcome = np.round(outcome + 0.1)
    plain = bradley_terry(left, right, outcome)
    gap, ties = [], []
    for times in (1, 10, 1000):
        many = bradley_terry(
            np.append(left, 0), np.append(right, 1), np.append(outcome, 0.5), times=np.append(np.full(60, times), 1)
        )  # fmt: skip
        gap.append(np.abs(many.theta - plain.theta).max())
        ties.append(many.ties.value)
    assert ties[0] > ties[1] > ties[2]
    assert ties[2] < 1e-4
    assert gap[2] < 1e-3 < gap[0]
    assert plain.ties is None


@FEW
@given(SEEDS, st.booleans())
def test_an_item_that_never_lost_is_named_and_a_prior_makes_it_finite(seed, ranked):
    rng = np.random.default_rng(seed)
    left, right = np.array(["top"] * 4 + ["a", "b", "c"]), np.array(["a", "b", "c", "a", "b", "c", "a"])
    order = rng.permutation(7)
    if ranked:
        rows = np.repeat(np.arange(7), 2), np.stack([left, right], 1)[order].ravel(), np.tile([1, 2], 7)

        def fit(sd):
            return plackett_luce(*rows, prior_sd=sd)
    else:

        def fit(sd):
            return bradley_terry(left[order], right[order], np.ones(7), prior_sd=sd)

    with pytest.raises(NotConnected, match=r"\{top\} never lost"):
        fit(None)
    found = fit(1.0)
    assert np.isfinite(found.theta).all()
    assert found.items[np.argmax(found.theta)] == "top"


@FEW
@given(SEEDS)
def test_a_group_never_compared_leaves_the_others_contrasts_alone_and_is_told(seed):
    left, right, outcome, _who = _comparisons(np.random.default_rng(seed), 60)
    outcome = np.round(outcome + 0.1)  # a tie parameter would be shared by all groups
    alone = bradley_terry(left, right, outcome, prior_sd=1)
    more = bradley_terry(
        np.append(left, [90, 91]), np.append(right, [91, 90]), np.append(outcome, [1, 1]), prior_sd=1
    )  # fmt: skip
    assert more.theta[1:4] - more.theta[0] == pytest.approx(alone.theta[1:] - alone.theta[0], abs=1e-6)
    assert isinstance(more.difference(0, 90), Undefined)
    assert any("groups never compared" in note for note in more.notes)


@FEW
@given(SEEDS)
def test_the_score_is_zero_at_the_optimum_and_errors_halve_at_four_times_the_data(seed):
    left, right, outcome, _who = _comparisons(np.random.default_rng(seed), 100)
    found = bradley_terry(left, right, outcome)
    eta = found.theta[left] - found.theta[right]
    p = np.stack([np.exp(eta / 2), np.full(100, found.ties.value), np.exp(-eta / 2)], 1)
    p /= p.sum(1, keepdims=True)
    gap = outcome - p[:, 0] - p[:, 1] / 2
    assert np.bincount(left, gap) - np.bincount(right, gap) == pytest.approx(np.zeros(4), abs=1e-5)
    four = bradley_terry(left, right, outcome, times=np.full(100, 4))
    assert four.se == pytest.approx(found.se / 2, rel=1e-6)


@FEW
@given(SEEDS)
def test_duplicated_judges_are_no_new_judges(seed):
    """The cluster test: the same answers again under the same judges leave clustered errors, and naive ones shrink."""
    left, right, outcome, who = _comparisons(np.random.default_rng(seed), 100)
    one = bradley_terry(left, right, outcome, judges=who)
    two = bradley_terry(left, right, outcome, judges=who, times=np.full(100, 2))
    assert two.se == pytest.approx(one.se, rel=1e-6)


@FEW
@given(SEEDS)
def test_quasi_variances_of_three_items_are_exact_and_of_more_are_near(seed):
    """Three variances of differences, three unknowns: q_i + q_j is Var(θ_i − θ_j), where all q are positive."""
    left, right, outcome, _who = _comparisons(np.random.default_rng(seed), 200)
    for k, off in ((3, 1e-6), (4, 0.15)):
        keep = (left < k) & (right < k)
        found = bradley_terry(left[keep], right[keep], outcome[keep])
        q, v = found.quasi_variances(), found.covariance
        assert (q > 0).all()
        for i in range(k):
            for j in range(i):
                assert q[i] + q[j] == pytest.approx(v[i, i] + v[j, j] - 2 * v[i, j], rel=off)


# --- agreement ------------------------------------------------------------------------------------------------------


@FEW
@given(SEEDS, st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
def test_alpha_of_perfect_agreement_is_one_and_items_rated_once_are_ignored(seed, scale):
    rng = np.random.default_rng(seed)
    value = np.append(rng.integers(1, 5, 10), [1, 4])
    items = np.repeat(np.arange(12), 3)
    perfect = agreement.alpha(items, np.repeat(value, 3), scale=scale)
    assert perfect.value == pytest.approx(1.0)
    assert perfect.lo < 1.0
    lone = agreement.alpha(
        np.append(items, np.arange(90, 95)), np.append(np.repeat(value, 3), rng.integers(1, 5, 5)), scale=scale
    )  # fmt: skip
    _same(perfect, lone)


@FEW
@given(SEEDS)
def test_the_figures_of_agreement_lie_in_their_ranges(seed):
    items, values = _ratings(np.random.default_rng(seed), 40)
    for found in (agreement.alpha(items, values), kappa.gwet(items, values), kappa.fleiss(items, values)):
        if isinstance(found, Estimate):
            assert found.lo <= found.value <= found.hi <= 1.0
