"""Coverage and width beside every other method in use, the short form of `benchmarks/interval_coverage.py`."""

import json
from pathlib import Path

import pytest
from benchmarks.interval_coverage import table

KEPT = Path(__file__).parents[2] / "benchmarks" / "results" / "interval_coverage.json"


def _missed(rows):
    """Designs on which ours is not valid, or more than 1.15 times as wide as the best valid method."""
    return {r["design"] for r in rows if not r["reached"]}


@pytest.mark.parametrize("family", ["rates", "means", "wins"])
def test_ours_cover_and_are_at_most_115_percent_of_the_best_valid_width(family):
    """100 draws a truth: too few to see that others' win rates fail; their width is left to the long form."""
    rows = table(100, (family,))
    assert all(r["ours_valid"] for r in rows)
    assert family == "wins" or not _missed(rows)


def test_the_long_form_says_the_same():
    rows = json.loads(KEPT.read_text(encoding="utf-8"))["rows"]
    assert all(r["ours_valid"] for r in rows)
    assert _missed(rows) <= {"win rate of 5 people"}


@pytest.mark.slow
def test_ours_cover_and_are_narrow_long_form():
    """2 000 draws a truth, all families; about 5 minutes."""
    rows = table(2000)
    assert all(r["ours_valid"] for r in rows)
    assert _missed(rows) <= {"win rate of 5 people"}
