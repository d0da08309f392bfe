"""Where marks fall, and which pictures are refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.records import Estimate, Undefined
from tutelage.report import CurveChart, FigureTable, IntervalChart, Reference, Series
from tutelage.report.charts import NARROW, WIDE, clear_of, curve_chart, interval_chart
from tutelage.report.svg import linear, logarithmic, tick_texts


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_a_scale_holds_every_value_between_few_round_ticks(values: list[float]) -> None:
    scale, ticks = linear(values, 0.0, 100.0)
    assert 2 <= len(ticks) <= 9
    assert all(-1e-3 <= scale(v) <= 100.001 for v in values)


def test_a_logarithmic_scale_puts_equal_ratios_at_equal_distances() -> None:
    """1, 2, 4, …, 32: five equal steps over 100 pixels are 20 each."""
    scale, ticks = logarithmic([1, 2, 4, 8, 16, 32], 0.0, 100.0)
    assert ticks == [1, 2, 4, 8, 16, 32]
    assert math.isclose(scale(4) - scale(2), 20.0)


def test_tick_labels_share_their_decimals() -> None:
    assert tick_texts([-0.5, 0.0, 0.5]) == ["\u22120.5", "0.0", "0.5"]
    assert tick_texts([0.0, 0.25], share=True) == ["0\u202f%", "25\u202f%"]


def test_a_figure_is_clear_only_with_its_whole_claimed_interval() -> None:
    assert clear_of(Estimate(0.3, 0.1, 0.5, "m", 9), 0.0)
    assert not clear_of(Estimate(0.3, -0.1, 0.5, "m", 9), 0.0)
    assert not clear_of(Estimate(-0.3, -0.5, -0.1, "m", 9, sided="lower"), 0.0)
    assert not clear_of(Undefined("none."), 0.0)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_chart_of_only_undefined_figures_is_still_a_chart(width: float) -> None:
    chart = IntervalChart("Empty", (("a", Undefined("nothing.")),), Reference(0.5, "half"))
    assert "undefined" in interval_chart(chart, width, "c")


def test_a_missing_point_breaks_its_curve_in_two() -> None:
    series = Series("a", (1, 2, 3, 4, 5), (1.0, 2.0, None, 2.0, 1.0))
    assert curve_chart(CurveChart("C", (series,), "x", "y"), WIDE, "c").count("<polyline") == 2


def test_shapes_that_do_not_agree_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="series 'a' has parts of"):
        Series("a", (1, 2), (1.0,))
    with pytest.raises(ValueError, match="without the other"):
        Series("a", (1,), (1.0,), lo=(0.5,))
    with pytest.raises(ValueError, match="not above 0"):
        CurveChart("C", (Series("a", (0,), (1.0,)),), "x", "y", log_x=True)
    with pytest.raises(ValueError, match="row 0 of 'T' has 1 cells, not 2"):
        FigureTable("T", ("a", "b"), (("only",),))
