"""`tutelage measure preference`: strengths and rank sets from whatever way a file says who won."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result
from pytest import approx

from tutelage.cli import root
from tutelage.errors import BadInput
from tutelage.measure.preference import NotConnected

LEFT, RIGHT, TIE = 0, 1, 2
# x beats y 3:1, y beats z 3:1, x beats z 9:1: Bradley–Terry gives worths 9/13, 3/13, 1/13 exactly
TOY = [("x", "y", LEFT)] * 3 + [("x", "y", RIGHT)] + [("y", "z", LEFT)] * 3 + [("z", "y", LEFT)]
TOY += [("z", "x", RIGHT)] * 9 + [("z", "x", LEFT)]


def write(path: Path, rows: list[tuple[str, str, int]], say: Callable[[str, str, int], Any]) -> Path:
    table = [(a, b, say(a, b, who)) for a, b, who in rows]
    pl.DataFrame(table, schema=["l", "r", "w"], orient="row", strict=False).write_csv(path)
    return path


def ask(file: Path, *more: str) -> Result:
    argv = ["measure", "preference", str(file), "--left", "l", "--right", "r", "--winner", "w", *more]
    return CliRunner().invoke(root, argv, catch_exceptions=False, standalone_mode=False)


def answer(file: Path, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(file, *more, "--json").stdout)
    return found


SPELLINGS: dict[str, Callable[[str, str, int], Any]] = {
    "left/right": lambda a, b, w: ("left", "right", "tie")[w],
    "L/R": lambda a, b, w: ("L", "R", "Tie")[w],
    "1/2/0": lambda a, b, w: (1, 2, 0)[w],
    "1.0/2.0": lambda a, b, w: (1.0, 2.0, 0.0)[w],
    "1/0/0.5": lambda a, b, w: (1, 0, 0.5)[w],
    "1/-1/0": lambda a, b, w: (1, -1, 0)[w],
    "a/b": lambda a, b, w: ("A", "B", "equal")[w],
    "model_a": lambda a, b, w: ("model_a", "model_b", "tie (bothbad)")[w],
    "both_bad": lambda a, b, w: ("model_a", "model_b", "both_bad")[w],
    "both bad": lambda a, b, w: ("model_a", "model_b", "tie (both bad)")[w],
    "name": lambda a, b, w: (a, b, "tie")[w],
    "true/false": lambda a, b, w: ("true", "false", "tie")[w],
}


@pytest.mark.parametrize("say", SPELLINGS.values(), ids=SPELLINGS)
def test_every_usual_way_to_name_the_winner_gives_the_same_strengths(
    tmp_path: Path, say: Callable[[str, str, int], Any]
) -> None:
    rows = [*TOY, ("x", "y", TIE), ("y", "z", TIE)]
    found = answer(write(tmp_path / "d.csv", rows, say))
    usual = answer(write(tmp_path / "u.csv", rows, SPELLINGS["left/right"]))
    assert found["scores"] == usual["scores"]
    assert found["ties"] == usual["ties"]


def test_wins_of_three_to_one_differ_by_the_logarithm_of_three(tmp_path: Path) -> None:
    """x left of y 6:2 and right of y 6:2, as y of z; no side is favoured: each step is log 3."""
    rows = [r for a, b in (("x", "y"), ("y", "z")) for r in
            [(a, b, LEFT)] * 6 + [(a, b, RIGHT)] * 2 + [(b, a, RIGHT)] * 6 + [(b, a, LEFT)] * 2]  # fmt: skip
    found = answer(write(tmp_path / "d.csv", rows, SPELLINGS["left/right"]))
    x, y, z = (found["scores"][name]["value"] for name in "xyz")
    assert (x - y, y - z) == (approx(1.0986123, abs=1e-5), approx(1.0986123, abs=1e-5))
    assert found["side"]["value"] == approx(0, abs=1e-6)
    assert list(found["scores"]) == ["x", "y", "z"]
    best = found["scores"]["x"]
    assert {"value", "lo", "hi", "level", "method", "n", "rank", "wins", "comparisons"} <= set(best)
    assert best["rank"][0] == 1


def test_zero_and_one_alone_are_right_and_left_and_it_is_said(tmp_path: Path) -> None:
    found = answer(write(tmp_path / "d.csv", TOY, lambda a, b, w: (1, 0)[w]))
    assert found["scores"]["x"]["value"] > found["scores"]["z"]["value"]
    assert any("1 left, 0 right" in text for text in found["warnings"])


def test_a_winner_that_is_nobody_is_named_with_its_row(tmp_path: Path) -> None:
    file = write(tmp_path / "d.csv", TOY, lambda a, b, w: "quark" if (a, w) == ("z", LEFT) else ("left", "right")[w])
    with pytest.raises(BadInput, match="Row 8 says that 'quark' won, of 'z' and 'y'"):
        ask(file)


def test_groups_never_compared_are_named_and_a_prior_settles_them(tmp_path: Path) -> None:
    rows = [("a", "b", LEFT), ("b", "a", LEFT), ("c", "d", LEFT), ("d", "c", LEFT)]
    file = write(tmp_path / "d.csv", rows, SPELLINGS["left/right"])
    with pytest.raises(NotConnected, match=r"\{a, b\}; \{c, d\}.*--prior-sd 2") as caught:
        ask(file)
    assert caught.value.exit_code == 4
    assert answer(file, "--prior-sd", "2")["components"] == [["a", "b"], ["c", "d"]]


def test_an_item_that_never_lost_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "d.csv", [("a", "b", LEFT), ("b", "c", LEFT), ("c", "b", LEFT)], SPELLINGS["name"])
    with pytest.raises(NotConnected, match=r"\{a\} never lost"):
        ask(file)


def test_errors_are_clustered_by_the_judge_who_is_named(tmp_path: Path) -> None:
    """Ten copies of each vote by one judge say no more than one: clustered errors are wider than those of rows."""
    rows = [r for r in [("x", "y", LEFT), ("y", "x", LEFT), ("x", "y", LEFT), ("y", "z", LEFT), ("z", "y", LEFT),
                        ("z", "x", RIGHT), ("x", "z", RIGHT)] for _ in range(10)]  # fmt: skip
    file = write(tmp_path / "d.csv", rows, SPELLINGS["left/right"])
    table = pl.read_csv(file).with_columns(pl.Series("who", [f"j{k // 10}" for k in range(len(rows))]))
    table.write_csv(tmp_path / "j.csv")
    alone, together = answer(file), answer(tmp_path / "j.csv", "--judge", "who")
    width = [f["scores"]["x"]["hi"] - f["scores"]["x"]["lo"] for f in (alone, together)]
    assert width[1] > 1.5 * width[0]
    assert "clustered by judge" in together["scores"]["x"]["method"]
    assert any("no judge is named" in text for text in alone["warnings"])


@pytest.mark.parametrize(("rows", "why"), [
    ([("a", "b", TIE), ("b", "a", TIE)], "every comparison is a tie"),
    ([("a", "a", LEFT)], "no comparisons"),
])  # fmt: skip
def test_what_cannot_be_ranked_is_undefined_and_says_why(tmp_path: Path, rows: list[Any], why: str) -> None:
    file = write(tmp_path / "d.csv", rows, SPELLINGS["left/right"])
    assert why in answer(file)["claim"]
    assert why in ask(file).stdout


def test_one_item_always_on_the_left_leaves_the_side_out_and_says_so(tmp_path: Path) -> None:
    """x is always left: being x and being left cannot be told apart."""
    found = answer(write(tmp_path / "d.csv", [("x", "y", LEFT), ("x", "y", RIGHT)] * 4, SPELLINGS["left/right"]))
    assert "no side effect" in found["side"]["why"]
    assert any("cannot be told apart" in text for text in found["warnings"])


def test_the_page_ranks_and_says_who_may_be_first(tmp_path: Path) -> None:
    shown = ask(write(tmp_path / "d.csv", TOY * 20, SPELLINGS["left/right"]))
    assert "x is the strongest" in shown.stdout
    assert "240/280" in shown.stdout or "x" in shown.stdout
