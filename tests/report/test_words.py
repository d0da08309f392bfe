"""How figures read."""

from __future__ import annotations

from tutelage.records import Estimate, Rate, Undefined
from tutelage.report.words import interval_text, method_text, number, sample_text, value_text

PER_CENT = "\u202f%"


def test_a_rate_is_a_per_cent_with_its_interval_method_and_n() -> None:
    """7 of 180 is 3.9 %."""
    rate = Rate(7, 180, 0.019, 0.078, method="Wilson", unscored=3)
    assert value_text(rate) == "3.9" + PER_CENT
    assert interval_text(rate) == "1.9 to 7.8" + PER_CENT
    assert sample_text(rate) == "n 180 (7 of them), 3 unscored"
    assert method_text(rate) == f"95{PER_CENT} interval, Wilson"


def test_decimals_follow_the_width_of_the_interval() -> None:
    """A half-width of 0.04 keeps two decimals, one of 0.002 three, one of 4.4 none."""
    assert value_text(Estimate(0.6123, 0.57, 0.65, "m", 9)) == "0.61"
    assert value_text(Estimate(0.6123, 0.6103, 0.6143, "m", 9)) == "0.612"
    assert value_text(Estimate(61.23, 56.8, 65.6, "m", 9, unit="words")) == "61\u00a0words"


def test_a_one_sided_claim_shows_one_side() -> None:
    assert interval_text(Estimate(0.2, 0.1, 0.3, "m", 9, sided="lower")) == "at least 0.10"
    assert interval_text(Estimate(0.2, 0.1, 0.3, "m", 9, sided="upper")) == "at most 0.30"


def test_minus_is_a_minus_and_zero_has_no_sign() -> None:
    assert number(-1234.5, 1) == "\u22121,234.5"
    assert number(-0.001, 2) == "0.00"


def test_an_undefined_figure_says_why() -> None:
    assert value_text(Undefined("no rows.")) == "undefined"
    assert interval_text(Undefined("no rows.")) == "no rows."
    assert sample_text(Undefined("no rows.")) == method_text(Undefined("no rows.")) == ""
