"""How often the judge says what a person says."""

from __future__ import annotations

import numpy as np
import pytest
from pytest import approx
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.measure.certify import Look, certify
from tutelage.measure.certify.agreement import slice_to_settle
from tutelage.measure.exact import count_interval
from tutelage.measure.sample import plan_doubt

N = 2_000


def batch(wrong: int, size: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """A batch with so many wrong verdicts, and a uniform slice of so many human labels."""
    ai = np.where(rng.random(N) < 0.5, "a", "b")
    truth = ai.copy()
    rows = rng.choice(N, wrong, replace=False)
    truth[rows] = np.where(ai[rows] == "a", "b", "a")
    human = np.full(N, "", dtype=object)
    seen = rng.choice(N, size, replace=False)
    human[seen] = truth[seen]
    return ai, human


def test_agreement_is_the_exact_count_interval_turned_round():
    """4 labels in a batch of 8, one differs: K of 8 wrong in [1, 5] at 95 % by the hypergeometric table."""
    found = certify(list("aaaabbbb"), ["a", "a", "b", "a", "", "", "", ""]).figure
    lo, hi = count_interval(1, 4, 8)
    assert (found.value, found.lo, found.hi) == approx((0.75, 1 - hi / 8, 1 - lo / 8))


@pytest.mark.parametrize(("wrong", "size"), [(10, 50), (10, 300), (110, 50), (110, 300)])
def test_coverage_with_rare_errors_and_clean_slices(wrong, size):
    """300 slices at 90 %: a normal interval covers a third of this at 50 labels and .5 % errors."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        k = int(rng.hypergeometric(wrong, N - wrong, size))
        lo, hi = count_interval(k, size, N, level=0.9)
        hits += lo <= wrong <= hi
    assert binom.cdf(hits, 300, 0.9) > 0.001


def test_without_a_requirement_nothing_is_called_usable():
    ai, human = batch(0, 500, np.random.default_rng(2))
    found = certify(ai, human)
    assert found.usable is None
    assert "usable" not in found.claim.lower()


def test_usable_undecided_and_not_usable():
    """98 % agreement seen on 500 of 2,000: at least .9 is shown, .985 is open and .995 is refuted."""
    ai, human = batch(40, 500, np.random.default_rng(3))
    found = {x: certify(ai, human, require=x) for x in (0.9, 0.98, 0.999)}
    assert [f.usable for f in found.values()] == [True, None, False]
    assert "Usable as required" in found[0.9].claim
    assert found[0.98].claim.startswith("Undecided")
    assert "Not usable" in found[0.999].claim


def test_a_false_usable_is_at_most_as_frequent_as_alpha():
    """The batch just misses the requirement (201 of 2,000 wrong, 90 % required): usable in <= 10 % of 200 slices."""
    rng = np.random.default_rng(4)
    false = 0
    for _ in range(200):
        ai, human = batch(201, 120, rng)
        false += certify(ai, human, require=0.9, level=0.9).usable is True
    assert binom.sf(false - 1, 200, 0.1) > 0.001


def test_an_undecided_certificate_says_what_slice_would_settle_it():
    ai, human = batch(30, 200, np.random.default_rng(5))
    found = certify(ai, human, require=0.97)
    assert found.usable is None and found.slice_to_settle is not None and 200 < found.slice_to_settle <= N
    assert f"{found.slice_to_settle:,}" in found.open


def test_no_slice_settles_a_judge_that_is_exactly_as_good_as_required():
    assert slice_to_settle(0.1, 0.9, N, 0.95) is None


def test_59_clean_labels_settle_95_percent_in_a_large_batch():
    assert slice_to_settle(0.0, 0.95, 1_000_000, 0.95) in range(59, 64)


def test_a_declared_uniform_slice_says_so_and_a_recorded_one_too():
    ai, human = batch(20, 200, np.random.default_rng(6))
    assert "nobody recorded" in certify(ai, human).claim
    assert "recorded probabilities" in certify(ai, human, pi=np.full(N, 0.1)).claim


def test_unequal_chances_are_undone():
    """Half of the batch is drawn ten times as densely and errs five times as often; 60 slices cover at 90 %."""
    rng = np.random.default_rng(7)
    wrong = np.zeros(N, dtype=bool)
    wrong[:60], wrong[1_000:1_012] = True, True
    pi = np.where(np.arange(N) < 1_000, 0.2, 0.02)
    ai, hits = np.full(N, "a"), 0
    for _ in range(60):
        seen = np.concatenate([rng.choice(1_000, 200, replace=False), 1_000 + rng.choice(1_000, 20, replace=False)])
        human = np.full(N, "", dtype=object)
        human[seen] = np.where(wrong[seen], "b", "a")
        found = certify(ai, human, pi=pi, level=0.9).figure
        hits += found.lo <= 1 - 72 / N <= found.hi
    assert binom.cdf(hits, 60, 0.9) > 0.001


def test_a_draw_by_doubt_is_certified_exactly():
    rng = np.random.default_rng(8)
    ids = [str(i) for i in range(N)]
    draw = plan_doubt(ids, 300, rng.random(N), seed=1)
    found = certify(np.full(N, "a"), np.where(draw.drawn(), "a", ""), pi=draw.pi).figure
    assert found.method == "exact, 2 sampling rates" and found.lo < found.value == 1


def test_labels_on_items_that_were_not_drawn_are_refused():
    """pi = .05 of 2,000 items: about 100 labels; 500 are there, because hard items were escalated too."""
    ai, human = batch(20, 500, np.random.default_rng(9))
    with pytest.raises(BadInput, match="escalated"):
        certify(ai, human, pi=np.full(N, 0.05))


def test_a_slice_that_was_hardly_uniform_is_warned_of():
    ai = np.repeat(["a", "b"], N // 2)
    human = np.where(np.arange(N) < 300, ai, "")
    assert any("uniformly" in w for w in certify(ai, human).warnings)
    sure = np.linspace(0, 1, N)
    same = np.full(N, "a")
    assert any("uniformly" in w for w in certify(same, np.where(sure > 0.9, "a", ""), confidence=sure).warnings)
    assert not any(
        "uniformly" in w for w in certify(same, np.where(np.arange(N) % 9, "", "a"), confidence=sure).warnings
    )


def test_looks_and_sequences_cost_width_in_the_right_order():
    """One look < the last of three planned looks < valid at any time."""
    ai, human = batch(60, 400, np.random.default_rng(10))
    order = np.arange(N)

    def width(**how):
        found = certify(ai, human, **how).figure
        return found.hi - found.lo

    once, planned = width(), width(look=Look(3))
    ever = width(sequential=True, order=order)
    assert once < planned < ever < 2 * once


def test_domains_each_get_a_figure_and_share_one_false_discovery_rate():
    """Two clean domains and one at 20 % errors; 97 % agreement required."""
    rng = np.random.default_rng(11)
    domain = np.repeat(["law", "medicine", "poetry"], [800, 800, 400])
    ai = np.full(N, "a")
    truth = np.where((domain == "poetry") & (rng.random(N) < 0.2), "b", "a")
    seen = rng.choice(N, 900, replace=False)
    human = np.full(N, "", dtype=object)
    human[seen] = truth[seen]
    found = {d.domain: d for d in certify(ai, human, domain=domain, require=0.97).domains}
    assert [found[d].meets for d in ("law", "medicine", "poetry")] == [True, True, None]
    assert found["poetry"].figure.hi < 0.9


def test_renaming_labels_and_permuting_rows_changes_nothing():
    rng = np.random.default_rng(12)
    ai, human = batch(50, 300, rng)
    first = certify(ai, human).figure
    rows = rng.permutation(N)
    name = {"a": "no", "b": "yes", "": ""}
    again = certify([name[x] for x in ai[rows]], [name[x] for x in human[rows]]).figure
    assert (first.value, first.lo, first.hi) == (again.value, again.lo, again.hi)


def test_judging_every_item_gives_the_exact_share():
    ai, human = batch(50, N, np.random.default_rng(13))
    found = certify(ai, human).figure
    assert (found.lo, found.value, found.hi) == (0.975, 0.975, 0.975)


def test_a_chance_of_its_own_for_every_item_uses_a_bound_for_independent_draws():
    """60 Poisson draws with chances from 5 to 25 %, more where the judge errs; covers at 90 %."""
    rng = np.random.default_rng(14)
    doubt = rng.random(N) * 0.2
    wrong = rng.random(N) < doubt
    pi = 0.05 + doubt
    hits = 0
    for _ in range(60):
        human = np.where(rng.random(N) < pi, np.where(wrong, "b", "a"), "")
        found = certify(np.full(N, "a"), human, pi=pi, level=0.9).estimate
        hits += found.lo <= 1 - wrong.mean() <= found.hi
    assert "Poisson" in found.method
    assert binom.cdf(hits, 60, 0.9) > 0.001


def test_a_sequence_needs_the_order_of_labels_and_one_chance():
    ai, human = batch(20, 200, np.random.default_rng(15))
    with pytest.raises(BadInput, match="order"):
        certify(ai, human, sequential=True)
    with pytest.raises(BadInput, match="order"):
        certify(ai, human, target="mean", values={"a": 0, "b": 1}, sequential=True)


def test_domains_without_a_requirement_get_figures_only():
    ai, human = batch(20, 200, np.random.default_rng(16))
    domain = np.where(np.arange(N) < 1_990, "big", "unseen")
    human[1_990:] = ""
    found = certify(ai, human, domain=domain).domains
    assert [d.meets for d in found] == [None, None]
    assert "no label" in str(found[1].figure)


def test_domains_drawn_at_two_rates_are_tested_by_their_weakest_stratum():
    rng = np.random.default_rng(17)
    ids = [str(i) for i in range(N)]
    draw = plan_doubt(ids, 900, rng.random(N), seed=1)
    domain = np.where(np.arange(N) % 2, "odd", "even")
    found = certify(np.full(N, "a"), np.where(draw.drawn(), "a", ""), pi=draw.pi, domain=domain, require=0.9)
    assert [d.meets for d in found.domains] == [True, True]
