"""`plan.toml`: read, or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutelage.errors import BadInput
from tutelage.planning import load, make
from tutelage.planning.request import EXAMPLE


def test_history_may_be_a_file_of_columns_beside_the_plan(tmp_path: Path) -> None:
    (tmp_path / "past.csv").write_text("take,lead_weeks\n" + "0.2,3\n" * 30 + "0.2,\n")
    (tmp_path / "plan.toml").write_text('history = "past.csv"')
    assumed = load(tmp_path / "plan.toml").assumptions()
    assert (assumed["take"].basis, assumed["lead_weeks"].basis) == (
        "31 finished projects of yours",
        "30 finished projects of yours",
    )


def test_the_example_is_a_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(EXAMPLE)
    assert make(load(tmp_path / "plan.toml")).name == "support-bot"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("itmes = 5", "Did you mean `items`"),
        ("accuracy = 0.9", r"belongs in \[target\]"),
        ("[pay]\ncrwod = 20", "Did you mean `crowd`"),
        ("take = nan", "least, likely, most"),
        ("[minutes]\ncrowd = inf", "least, likely, most"),
        ('currency = "JPY"', "default pay is in USD"),
        ("[pilot]\ntake = [0.3]", "belongs in history"),
        ("[pilot]\nhard_share = [2]", "cannot be 2"),
        ("[history]\ntake = [1.0]", "cannot be 1"),
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
