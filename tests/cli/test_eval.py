"""`tutelage eval`: models or stored answers before a judge, and suites."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tutelage.cli import root
from tutelage.environments.graders import Task
from tutelage.errors import BadInput
from tutelage.records import RankedRow, assistant, jsonl, user
from tutelage.training.head import HeadConfig, fit


def tutelage(*argv: str) -> Result:
    return CliRunner().invoke(root, list(argv), catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Ten prompts; A answers in two words, B in one."""
    jsonl.write(tmp_path / "p.jsonl", [{"prompt": f"question {i}"} for i in range(10)])
    jsonl.write(tmp_path / "a.jsonl", [{"text": f"{i} is"} for i in range(10)])
    jsonl.write(tmp_path / "b.jsonl", [{"text": f"{i}"} for i in range(10)])
    return tmp_path


def head_to_head(files: Path, *more: str, judge: str = "rule:longer") -> Result:
    a, b, p = (str(files / name) for name in ("a.jsonl", "b.jsonl", "p.jsonl"))
    return tutelage("eval", "head-to-head", a, b, "--prompts", p, "--judge", judge, *more)


def test_the_longer_wins_ten_of_ten_and_length_explains_it(files: Path) -> None:
    found = json.loads(head_to_head(files, "--json").stdout)
    assert (found["wins"], found["losses"], found["win_rate"]["value"]) == (10, 0, 1.0)
    assert (found["longer_wins"]["k"], found["longer_wins"]["n"]) == (10, 10)
    assert "Longer wins  10/10" in head_to_head(files).stdout


def test_a_judge_that_has_no_verdicts_leaves_everything_unscored(files: Path) -> None:
    (files / "none.jsonl").write_text("\n")
    found = json.loads(head_to_head(files, "--json", judge=f"replay:{files / 'none.jsonl'}").stdout)
    assert found["win_rate"]["type"] == "undefined"
    assert found["unscored"] == {"abstained": 10}


def test_answers_and_prompts_must_match_in_number(files: Path) -> None:
    jsonl.write(files / "b.jsonl", [{"text": "x"}])
    with pytest.raises(BadInput, match="1 answers to 10 prompts"):
        head_to_head(files)


def test_a_suite_gives_its_pass_rate(files: Path) -> None:
    jsonl.write(files / "t.jsonl", [Task(user(f"{i} + 1?"), "number", {}, str(i + 1)) for i in range(10)])
    jsonl.write(files / "answers.jsonl", [{"text": f"It is {i + 1 if i < 8 else 0}."} for i in range(10)])
    argv = ["eval", "suite", str(files / "answers.jsonl"), "--tasks", str(files / "t.jsonl")]
    found = json.loads(tutelage(*argv, "--json").stdout)
    assert (found["pass_rate"]["k"], found["pass_rate"]["n"]) == (8, 10)
    assert "8/10" in tutelage(*argv).stdout


@pytest.mark.parametrize(
    "argv", [["eval"], ["eval", "head-to-head"], ["eval", "reward-model"], ["eval", "suite"], ["gate"]]
)
def test_every_help_fits_one_screen_and_ends_with_an_example(argv: list[str]) -> None:
    lines = CliRunner().invoke(root, [*argv, "--help"], terminal_width=80).stdout.rstrip().splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    assert any("Example:" in line for line in lines[-3:])


def test_a_reward_model_is_held_against_baselines_and_judges_by_directory(files: Path) -> None:
    """People prefer "thanks"; both answers have three words, so that length decides nothing."""
    rows = [
        RankedRow(
            user("q"), (assistant(f"thanks item {i % 7}"), assistant(f"nothing item {i % 7}")), (1, 2), (), f"g{i}"
        )
        for i in range(40)
    ]
    head = fit(rows[:20], out=files / "head", config=HeadConfig(blocks=("ngrams",)), rng=np.random.default_rng(0))
    jsonl.write(files / "pairs.jsonl", rows[20:])
    argv = ["eval", "reward-model", str(head), "--pairs", str(files / "pairs.jsonl")]
    assert json.loads(tutelage(*argv, "--json").stdout)["accuracy"]["value"] == 1.0
    assert "baseline" in tutelage(*argv).stdout
    jsonl.write(files / "a.jsonl", [{"text": "thanks item 3"} for _ in range(10)])
    jsonl.write(files / "b.jsonl", [{"text": "nothing item 3"} for _ in range(10)])
    assert json.loads(head_to_head(files, "--json", judge=f"head:{head}").stdout)["wins"] == 10


def thankful(n: int) -> list[RankedRow]:
    """People prefer "thanks", by 4 votes of 5; equal lengths."""
    return [
        RankedRow(
            user("q"), (assistant(f"thanks item {i % 7}"), assistant(f"nothing item {i % 7}")), (1, 2),
            tuple(f"j{i}/{v}" for v in range(5)), f"g{i % 4}", certainty=0.8,
        )
        for i in range(n)
    ]  # fmt: skip


def test_without_a_checkpoint_the_fast_head_is_cross_fitted_and_the_page_is_written(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutelage.training.head.installed_blocks", lambda: ("ngrams",))
    jsonl.write(files / "pairs.jsonl", thankful(24))
    argv = ["eval", "reward-model", "--pairs", str(files / "pairs.jsonl"), "--out", str(files / "page.html")]
    found = json.loads(tutelage(*argv, "--json").stdout)
    assert found["how"] == "cross-fitted: each group left out once"
    assert (found["accuracy"]["value"], found["groups"]) == (1.0, 4)
    assert found["ceiling"]["person"]["value"] == pytest.approx(0.8)
    assert "In one sentence" in (files / "page.html").read_text()


def test_two_checkpoints_slices_and_pay_are_in_one_report(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 training rows of 5 judgments at 2 cents are 2.00 USD in all; half of them in each slice."""
    monkeypatch.setattr("tutelage.training.head.installed_blocks", lambda: ("ngrams",))
    rows, config = thankful(40), HeadConfig(blocks=("ngrams",))
    for name in ("one", "two"):
        fit(rows[:20], out=files / name, config=config, rng=np.random.default_rng(0))
    jsonl.write(files / "train.jsonl", rows[:20])
    jsonl.write(files / "pairs.jsonl", rows[20:])
    jsonl.write(
        files / "slices.jsonl", [{"group": f"g{g}", "slice": "even" if g % 2 == 0 else "odd"} for g in range(4)]
    )
    jsonl.write(files / "domains.jsonl", [{"group": f"g{g}", "domain": "low" if g < 2 else "high"} for g in range(4)])
    argv = ["eval", "reward-model", str(files / "one"), "--pairs", str(files / "pairs.jsonl"), "--train",
            str(files / "train.jsonl"), "--against", str(files / "two"), "--slices", str(files / "slices.jsonl"),
            "--domains", str(files / "domains.jsonl"), "--pay", "0.02USD"]  # fmt: skip
    found = json.loads(tutelage(*argv, "--json").stdout)
    assert found["against"]["difference"]["value"] == 0.0
    assert [t["topic"] for t in found["against"]["topics"]] == ["high", "low"]
    assert [(s["name"], s["cost"]["minor"]) for s in found["value"]["slices"]] == [("even", 100), ("odd", 100)]
    said = found["value"]["slices"][0]["sentence"]
    assert "this slice of 50 judgments cost 1.00 USD" in said
    assert "cannot be said" in said


def test_judgments_that_a_model_has_learned_are_not_called_held_out(files: Path) -> None:
    """12 of its own 20 training rows among 30."""
    rows = thankful(38)
    head = fit(rows[:20], out=files / "head", config=HeadConfig(blocks=("ngrams",)), rng=np.random.default_rng(0))
    for name, given, said in (
        ("mixed", rows[8:], "judgments of 12 of these 30 rows"),
        ("new", rows[20:], "held out by"),
    ):
        jsonl.write(files / f"{name}.jsonl", given)
        found = tutelage("eval", "reward-model", str(head), "--pairs", str(files / f"{name}.jsonl"), "--json")
        assert said in json.loads(found.stdout)["how"]


def test_slices_without_training_rows_are_refused(files: Path) -> None:
    jsonl.write(files / "pairs.jsonl", thankful(20))
    fit(thankful(20), out=files / "rm", config=HeadConfig(blocks=("ngrams",)), rng=np.random.default_rng(0))
    with pytest.raises(BadInput, match="training rows are not given"):
        tutelage("eval", "reward-model", str(files / "rm"), "--pairs", str(files / "pairs.jsonl"), "--pay", "1EUR")
