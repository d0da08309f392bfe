"""Agreement: alpha in all its scales, kappas and the ceiling, with intervals that cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.measure import agreement, kappa
from tutelage.measure.agreement import alpha
from tutelage.measure.ratings import from_matrix, once
from tutelage.records import Estimate, Undefined

SCALES = ["nominal", "ordinal", "interval", "ratio"]


def table(rows):
    """Items and values of a list of items, each a list of its ratings."""
    return [i for i, row in enumerate(rows) for _ in row], [v for row in rows for v in row]


def test_two_raters_who_split_on_one_item_of_three_have_alpha_four_ninths():
    """aa, bb, ab: D_o = 2/6, D_e = 2·3·3/(6·5), alpha = 1 − D_o/D_e."""
    assert alpha(*table([["a", "a"], ["b", "b"], ["a", "b"]])).value == pytest.approx(4 / 9)


@pytest.mark.parametrize("scale", SCALES)
def test_perfect_agreement_is_one_but_not_certain(scale):
    """Ten items without a split: the share of split items may still be 1 − 0.025^(1/10) = 0.31."""
    found = alpha(*table([[1, 1], [2, 2]] * 5), scale=scale)
    assert found.value == pytest.approx(1.0)
    assert found.lo < 0.7 < found.hi == 1.0


@pytest.mark.parametrize(
    "rows", [[], [[1]], [[1], [2], [3]], [[1, 2]], [[1, 1], [1, 1]]], ids=["none", "one", "single", "one item", "same"]
)
@pytest.mark.parametrize("scale", SCALES)
def test_nothing_to_compare_is_undefined(rows, scale):
    assert isinstance(alpha(*table(rows), scale=scale), Undefined)


def test_names_on_an_interval_scale_are_refused():
    with pytest.raises(BadInput):
        alpha(*table([["a", "b"], ["a", "a"]]), scale="interval")


def test_a_value_outside_the_stated_order_is_refused_by_name():
    with pytest.raises(BadInput, match="'meh'"):
        alpha(*table([["good", "meh"], ["bad", "bad"]]), scale="ordinal", order=["bad", "good"])


def test_a_stated_order_overrules_the_alphabet():
    rows = [["low", "mid"], ["mid", "high"], ["high", "high"], ["low", "low"], ["low", "mid"]]
    as_numbers = [[{"low": 0, "mid": 1, "high": 2}[v] for v in row] for row in rows]
    found = alpha(*table(rows), scale="ordinal", order=["low", "mid", "high"])
    assert found.value == pytest.approx(alpha(*table(as_numbers), scale="ordinal").value)


def _direct(rows, distance):
    """Alpha by its definition over all pairs, in O(N²)."""
    rows = [r for r in rows if len(r) > 1]
    every = [v for r in rows for v in r]
    within = sum(distance(a, b) / (len(r) - 1) for r in rows for a in r for b in r) / len(every)
    between = sum(distance(a, b) for a in every for b in every) / (len(every) * (len(every) - 1))
    return 1 - within / between


ROWS = st.lists(st.lists(st.integers(0, 4), min_size=0, max_size=5), min_size=2, max_size=12)


@given(ROWS)
def test_alpha_is_its_definition_over_all_pairs(rows):
    found = {s: alpha(*table(rows), scale=s) for s in ("nominal", "interval", "ratio")}
    if isinstance(found["nominal"], Undefined):
        assert all(isinstance(f, Undefined) for f in found.values())
        return
    by = {
        "nominal": lambda a, b: float(a != b),
        "interval": lambda a, b: (a - b) ** 2,
        "ratio": lambda a, b: ((a - b) / (a + b)) ** 2 if a + b else 0.0,
    }
    for scale, distance in by.items():
        assert found[scale].value == pytest.approx(_direct(rows, distance), abs=1e-9)


@given(ROWS, st.randoms(use_true_random=False))
def test_alpha_ignores_order_names_and_items_rated_once(rows, random):
    items, values = table([*rows, [3]])
    order = list(range(len(items)))
    random.shuffle(order)
    renamed = [f"item {items[i] * 7}" for i in order], ["vwxyz"[values[i]] for i in order]
    first, second = alpha(*table(rows)), alpha(*renamed)
    if isinstance(first, Estimate):
        assert (second.value, second.lo) == (pytest.approx(first.value), pytest.approx(first.lo))
    else:
        assert isinstance(second, Undefined)


@given(ROWS, st.floats(-50, 50), st.floats(0.1, 50))
def test_interval_alpha_is_affine_invariant_ratio_scale_invariant_ordinal_monotone_invariant(rows, shift, scale):
    items, values = table(rows)
    x = np.array(values, dtype=float)
    moved = {"interval": shift + scale * x, "ratio": scale * x, "ordinal": np.exp(x) + shift}
    for name, y in moved.items():
        first, second = alpha(items, x, scale=name), alpha(items, y, scale=name)
        assert type(first) is type(second)
        if isinstance(first, Estimate):
            assert (second.value, second.lo) == (pytest.approx(first.value), pytest.approx(first.lo, abs=1e-6))


@given(st.lists(st.lists(st.integers(0, 1), min_size=2, max_size=5), min_size=2, max_size=15))
def test_with_two_values_nominal_ordinal_and_interval_are_one(rows):
    found = [alpha(*table(rows), scale=s) for s in ("nominal", "ordinal", "interval")]
    if isinstance(found[0], Estimate):
        assert [f.value for f in found] == pytest.approx([found[0].value] * 3)
        assert [f.lo for f in found] == pytest.approx([found[0].lo] * 3)


@pytest.mark.parametrize("scale", SCALES)
def test_the_jackknife_is_the_slope_of_alpha_by_the_weight_of_an_item(scale):
    """Weights as repeated items: d alpha/d w by one item more in 4 000 copies equals the closed form to 1 in 1 000."""
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, 5, rng.integers(2, 5)).tolist() for _ in range(6)]
    copies = 4000
    slopes = []
    base = alpha(*table(rows * copies), scale=scale)
    for row in rows:
        more = alpha(*table(rows * copies + [row] * 40), scale=scale)
        slopes.append((more.value - base.value) / 40 * copies)
    units = len(rows) * copies
    variance = (np.array(slopes) ** 2).sum() * copies / copies**2 * units / (units - 1)
    half = 1.9600 * np.sqrt(variance)
    assert (base.hi - base.lo) / 2 == pytest.approx(half, rel=0.02)


def test_random_labels_agree_as_chance_does():
    """60 tables of 200 items: the mean alpha is 0 within 4 of its standard errors."""
    rng = np.random.default_rng(1)
    found = [alpha(np.repeat(np.arange(200), 3), rng.integers(0, 3, 600)).value for _ in range(60)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(60)


def test_alpha_covers_at_its_level():
    """400 tables of 300 items and 3–5 raters; the one-sided 99.9 % binomial bound at 95 % is 91.3 %."""
    rng = np.random.default_rng(2)

    def draw(units):
        own = rng.normal(size=units)
        m = rng.integers(3, 6, units)
        items = np.repeat(np.arange(units), m)
        return items, np.digitize(own[items] + rng.normal(0, 0.7, items.size), [-1, 0, 1])

    for scale in ("nominal", "ordinal"):
        truth = alpha(*draw(400_000), scale=scale).value
        found = [alpha(*draw(300), scale=scale) for _ in range(400)]
        assert np.mean([f.lo <= truth <= f.hi for f in found]) > 0.913


def test_alpha_of_rare_splits_covers_from_below():
    """60 items, 1 in 50 split: a lower end too high in at most 2.5 % of draws (99.9 % bound of 1 000: 4.2 %)."""
    rng = np.random.default_rng(3)

    def draw():
        first = rng.integers(0, 2, 60)
        return np.repeat(np.arange(60), 2), np.stack([first, first ^ (rng.random(60) < 0.02)], 1).ravel()

    truth = 1 - 0.02 / 0.5  # each value half the time: D_e = 1/2, D_o = 0.02
    found = [alpha(*draw()) for _ in range(1000)]
    assert np.mean([f.lo > truth for f in found]) < 0.042


def test_cohen_of_fifty_proposals():
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o = .7, p_e = .5, kappa = .4."""
    a = ["y"] * 25 + ["n"] * 25
    b = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert kappa.cohen(a, b).value == pytest.approx(0.4)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_kappas_are_never_nan(pairs):
    a, b = zip(*pairs, strict=True)
    items, values = np.repeat(np.arange(len(a)), 2), np.array(pairs).ravel()
    found = [kappa.cohen(a, b), kappa.gwet(items, values), kappa.fleiss(items, values, scale="ordinal")]
    assert all(isinstance(f, (Estimate, Undefined)) for f in found)


def test_kappa_collapses_on_rare_values_and_gwet_does_not():
    """118 of 120 items alike: raw agreement .983, Fleiss near 0, AC1 near 1 (the prevalence paradox)."""
    items, values = table([[1, 1]] * 118 + [[1, 0], [0, 1]])
    assert agreement.raw(items, values).value == pytest.approx(118 / 120)
    assert abs(kappa.fleiss(items, values).value) < 0.02
    assert kappa.gwet(items, values).value > 0.98


def test_the_ceiling_is_what_one_person_in_three_allows():
    """aab, aab, abc: pairs agree 1/3, 1/3, 0 of the time. A rating left out of aab meets the plurality of the other
    two: an a meets {a, b} and shares a tie, 1/2; the b meets aa, 0: (1/2 + 1/2 + 0)/3. In abc never."""
    top = agreement.ceiling(*table([list("aab"), list("aab"), list("abc")]))
    assert top.pair.value == pytest.approx((1 / 3 + 1 / 3 + 0) / 3)
    assert top.rest.value == pytest.approx((1 / 3 + 1 / 3 + 0) / 3)


def test_a_judge_who_answers_twice_is_refused_unless_told_which_answer_counts():
    items, judges = [1, 1, 1, 2], ["a", "b", "a", "a"]
    with pytest.raises(BadInput, match="first at row 2"):
        once(items, judges)
    assert once(items, judges, "first").tolist() == [0, 1, 3]
    assert once(items, judges, "last").tolist() == [1, 2, 3]


@settings(max_examples=25)
@given(ROWS)
def test_the_summary_holds_figures_only(rows):
    for name, figure in agreement.summary(*table(rows)).items():
        if name == "per_value":
            assert all(isinstance(f, (Estimate, Undefined)) for f in figure.values())
        else:
            assert isinstance(figure, (Estimate, Undefined))


def test_a_matrix_with_gaps_is_a_long_table():
    items, judges, values = from_matrix([[1, np.nan], [2, 3]])
    assert (items.tolist(), judges.tolist(), values.tolist()) == ([0, 0, 1], [0, 1, 1], [1, 2, 3])


@pytest.mark.slow
@pytest.mark.parametrize("units", [30, 100, 1000])
@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval"])
def test_alpha_covers_long_form(units, scale):
    """2 000 tables each; the one-sided 99.9 % binomial bound at 95 % is 93.4 %. From 30 items on."""
    rng = np.random.default_rng(units)

    def draw(n):
        own = rng.normal(size=n)
        m = rng.integers(3, 6, n)
        items = np.repeat(np.arange(n), m)
        return items, np.digitize(own[items] + rng.normal(0, 0.7, items.size), [-1, 0, 1])

    truth = alpha(*draw(1_000_000), scale=scale).value
    found = [alpha(*draw(units), scale=scale) for _ in range(2000)]
    assert np.mean([f.lo <= truth <= f.hi for f in found]) > 0.934
