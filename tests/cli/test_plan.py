"""`tutelage plan`: one screen first, the rest below it; a plan below its floor is no plan."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from tutelage.cli import root
from tutelage.planning.request import EXAMPLE


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(root, ["plan", *arguments])
    return done.exit_code, done.output


def test_the_example_is_answered_with_cost_calendar_and_what_to_do_next(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(EXAMPLE)
    code, said = run(str(tmp_path / "p.toml"))
    assert code == 0
    for part in ("where ", "cost ", "calendar ", "next ", "Ways to do it", "What drives the cost", "A take of 15 %"):
        assert part in said
    assert said.index("next ") < said.index("Layer")
    assert max(map(len, said.splitlines())) <= 100


def test_a_page_can_be_handed_on(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(EXAMPLE)
    assert run(str(tmp_path / "p.toml"), "--html", str(tmp_path / "page.html"))[0] == 0
    page = (tmp_path / "page.html").read_text()
    for part in ("Plan: support-bot", "vetted pool", "minutes_expert", "AI judge, human slice", "our guess"):
        assert part in page


def test_the_json_has_bands_under_both_names(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(EXAMPLE)
    found = json.loads(run(str(tmp_path / "p.toml"), "--json")[1])
    cost = found["cost"]
    assert (cost["p10"], cost["p50"], cost["p90"]) == (cost["lo"], cost["value"], cost["hi"])
    assert cost["level"] == 0.8
    assert found["channel"]["channel"] == "vetted pool"


def test_pay_below_the_floor_exits_3(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[pay]\ncrowd = 2\n")
    code, said = run(str(tmp_path / "p.toml"))
    assert code == 3
    assert "Raise the pay" in said


def test_without_a_plan_it_says_how_to_start() -> None:
    code, said = run()
    assert code == 2
    assert "tutelage example plan > plan.toml" in said


def test_the_rule_and_the_defaults_can_be_printed() -> None:
    assert run("--channels")[1].count("\n") == 28
    assert "our guess" in run("--defaults")[1]
    assert len(json.loads(run("--channels", "--json")[1])) == 27


def test_past_projects_are_held_against_their_bands(tmp_path: Path) -> None:
    (tmp_path / "done.csv").write_text("lo,hi,actual\n" + "1,2,3\n" * 12 + "1,2,1.5\n" * 3)
    code, said = run("--backtest", str(tmp_path / "done.csv"))
    assert code == 0
    assert "too narrow (12 above, 0 below)" in said
