"""Criteria are read strictly: an unknown key, a lone safety bound or a training figure is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutelage.errors import BadInput
from tutelage.gate.criteria import EXAMPLE, Criteria, load, parse
from tutelage.gate.findings import n_to_settle
from tutelage.measure.intervals import clopper_pearson, rate
from tutelage.records import Estimate, Rate

ONE = '[[criteria]]\nmetric = "empty_rate"\nside = "at_most"\nbound = 0.05\n'


def test_the_example_is_valid_and_the_schema_names_its_keys() -> None:
    found = parse(EXAMPLE.encode())
    assert len(found.criteria) == 7
    assert set(Criteria.model_json_schema()["properties"]) >= {"criteria", "capabilities", "roles", "sampling"}


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        (ONE + "colour = 1\n", "criteria[0].colour", "no key `colour`"),
        ("colour = 1\n" + ONE, "colour", "no key `colour`"),
        (ONE.replace("0.05", '"low"'), "criteria[0].bound", "number"),
        (ONE.replace("0.05", "nan"), "criteria[0].bound", "finite"),
        (ONE.replace("at_most", "below"), "criteria[0].side", "at_most"),
        (ONE + "level = 1.0\n", "criteria[0].level", "less than 1"),
        (ONE + "safety = true\n", None, "over_refusal_rate"),
        (ONE + "blocking = false\n", None, "no criterion is blocking"),
        (ONE + ONE, None, "stated twice"),
        ('capabilities = ["a", "a"]\n' + ONE, None, "listed twice"),
        ("criteria = []\n", "criteria", "at least 1"),
        ("name = ", None, "cannot be read"),
    ],
)
def test_a_mistake_is_named(text: str, field: str | None, says: str) -> None:
    with pytest.raises(BadInput, match=says) as error:
        parse(text.encode(), file="gate.toml")
    assert (error.value.where.file, error.value.where.field) == ("gate.toml", field)


def test_a_safety_criterion_is_accepted_with_over_refusal_beside_it() -> None:
    beside = ONE.replace("empty_rate", "over_refusal_rate")
    assert parse((ONE + "safety = true\n" + beside).encode()).criteria[0].safety
    with pytest.raises(BadInput):
        parse((ONE + "safety = true\n" + beside + "blocking = false\n").encode())


def test_criteria_come_in_toml_or_json(tmp_path: Path) -> None:
    toml, json = tmp_path / "c.toml", tmp_path / "c.json"
    toml.write_text(ONE)
    json.write_text('{"criteria": [{"metric": "empty_rate", "side": "at_most", "bound": 0.05}]}')
    assert load(toml) == load(json)
    with pytest.raises(BadInput):
        load(tmp_path / "absent.toml")


def test_the_number_of_rows_that_would_settle_a_share_is_exact() -> None:
    """0 of n below 5 %: one fewer row would not do."""
    figure = rate(0, 10)
    assert isinstance(figure, Rate)
    n = n_to_settle(figure, 0.05)
    assert n == 72
    assert clopper_pearson(0, 72)[1] <= 0.05 < clopper_pearson(0, 71)[1]


def test_for_an_estimate_the_half_width_shrinks_with_the_root_of_n() -> None:
    """Half width 0.2 at n = 25, gap 0.1: 25 × 2² = 100; on the bound nothing helps."""
    figure = Estimate(0.0, -0.2, 0.2, "t", 25)
    assert n_to_settle(figure, 0.1) == 100
    assert n_to_settle(figure, 0.0) is None
