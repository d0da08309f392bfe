"""`tutelage train ppo | rloo | grpo | resume` as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("torch", reason="the training extra is not installed")
pytest.importorskip("transformers", reason="the training extra is not installed")

from tutelage import provenance, training
from tutelage.cli import main, root
from tutelage.cli.train.online import _models as models_of
from tutelage.environments.graders import Task
from tutelage.models import checkpoint as ck
from tutelage.models import local_small
from tutelage.records import jsonl, user

SMALL = ["steps=3", "batch_rows=3", "answers=2", "max_response_tokens=6", "dtype=fp32"]
Call = Callable[..., tuple[int, Any, str]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return local_small.make(tmp_path_factory.mktemp("small"), ["words"], hidden=32, layers=1)


@pytest.fixture
def call(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A command in a directory with tasks; (exit code, its JSON, its errors)."""
    monkeypatch.chdir(tmp_path)
    jsonl.write(
        tmp_path / "tasks.jsonl",
        [Task(user(f"q{i}"), "format", {"checks": [{"check": "lowercase"}]}) for i in range(9)],
    )

    def run(*argv: str, **options: str) -> tuple[int, Any, str]:
        given = [part for k, v in options.items() for part in (f"--{k}", v)]
        sets = [part for s in SMALL for part in ("--set", s)] if argv[0] != "resume" else []
        with pytest.raises(SystemExit) as stopped:
            main(["train", *argv, *given, *sets, "--json"])
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), json.loads(out) if out else None, err

    return run


@pytest.mark.parametrize("method", ["ppo", "rloo", "grpo"])
def test_a_file_of_tasks_becomes_a_checkpoint_with_figures_and_lineage(method: str, base: Path, call: Call) -> None:
    code, said, _ = call(method, "tasks.jsonl", base=f"local:{base}", reward="graders", out="run")
    assert code == 0
    assert (said["method"], said["tasks"], said["steps"], said["lineage"]) == (method, 9, 3, True)
    assert said["reward"]["type"] == "estimate"
    assert ck.read(Path("run")).config["reward"] == "graders"
    shown = CliRunner().invoke(root, ["lineage", "run"], catch_exceptions=False).stdout
    assert "dataset tasks.jsonl" in shown


def test_resume_says_what_a_finished_run_said(base: Path, call: Call) -> None:
    _, said, _ = call("rloo", "tasks.jsonl", base=f"local:{base}", reward="graders", out="run")
    assert call("resume", "run") == (0, said, "")


def test_resume_of_nothing_says_what_to_do(call: Call) -> None:
    code, _, err = call("resume", "nothing")
    assert code == 2
    assert "Give the training command again" in err


def test_gold_is_watched_on_prompts_that_are_not_trained_on(base: Path, call: Call) -> None:
    """9 prompts, at most a third held out: 6 are trained on, 3 are asked at steps 0 and 3."""
    code, said, _ = call("grpo", "tasks.jsonl", base=f"local:{base}", reward="graders", gold="graders", out="run")
    assert (code, said["tasks"]) == (0, 6)
    lines = [json.loads(line) for line in Path("run/gold.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 0, 0, 3, 3, 3]


def test_prompts_without_a_grader_need_a_reward_model(base: Path, call: Call, tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text('{"prompt": "q", "chosen": "a", "rejected": "b"}\n')
    code, _, err = call("rloo", "pairs.jsonl", base=f"local:{base}", reward="graders", out="run")
    assert code == 2
    assert "without a grader" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pairs.jsonl", "tasks.jsonl"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"reward": "nothing"}, "nothing"),
        ({"reward": "graders", "kl": "-1"}, "kl_budget"),
        ({"reward": "graders", "set": "seed=-1"}, "seed"),
    ],
)
def test_bad_input_is_named_and_nothing_is_begun(
    options: dict[str, str], named: str, base: Path, call: Call, tmp_path: Path
) -> None:
    code, _, err = call("ppo", "tasks.jsonl", base=f"local:{base}", out="run", **options)
    assert code == 2
    assert named in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tasks.jsonl"]


def a_reward_model(base: Path, place: Path) -> None:
    """`judged/`, eight imported comparisons, and `rm/`, what was learned from them."""
    (place / "pairs.jsonl").write_text(
        "".join(json.dumps({"prompt": f"q{i}", "chosen": "yes", "rejected": "no"}) + "\n" for i in range(8))
    )
    model = ["train", "reward", "judged", "--base", f"local:{base}", "--set", "dtype=fp32", "--out", "rm"]
    for argv in (["import", "pairs.jsonl", "--kind", "comparison", "--out", "judged"], model):
        assert CliRunner().invoke(root, argv, catch_exceptions=False).exit_code == 0


def test_the_people_behind_a_reward_model_are_in_what_is_trained_towards_it(
    base: Path, call: Call, tmp_path: Path
) -> None:
    """Judgments -> reward model -> policy: the policy's lineage names every judgment, with the stage that used it."""
    a_reward_model(base, tmp_path)
    code, said, err = call("rloo", "judged", base=f"local:{base}", reward="reward:rm", out="run")
    assert code == 0, err
    assert (code, said["lineage"]) == (0, True)
    stages = {c.stage for c in ck.contributions(Path("run"))}
    assert stages == {"rloo", "reward"}
    assert said["contributions"] == len(ck.contributions(Path("run")))
    assert CliRunner().invoke(root, ["lineage", "run"], catch_exceptions=False).exit_code == 0


def test_judgments_stand_under_the_reward_model_that_learned_them_not_under_tasks_that_nobody_judged(
    base: Path, call: Call, tmp_path: Path
) -> None:
    a_reward_model(base, tmp_path)
    code, _, err = call("rloo", "tasks.jsonl", base=f"local:{base}", reward="reward:rm", out="run")
    assert code == 0, err
    graph = provenance.read(Path("run")).graph
    named = {n.id: n.type for n in graph.nodes}
    above = {named[e.of] for e in graph.edges if named[e.on] in ("judges", "guideline")}
    assert above == {"checkpoint"}
    assert graph.root not in {e.of for e in graph.edges if named[e.on] == "judges"}


def test_the_lineage_says_what_the_alarm_said(base: Path, call: Call) -> None:
    """3 held-out prompts: it could not sound."""
    call("grpo", "tasks.jsonl", base=f"local:{base}", reward="graders", gold="graders", out="run")
    shown = CliRunner().invoke(root, ["lineage", "run"], catch_exceptions=False).stdout
    assert "over-optimisation cannot be told: 3 held-out prompts, 256 are needed" in shown


def test_the_reward_models_within_ensembles_and_mixtures_are_found(tmp_path: Path) -> None:
    """Paths of a mixture are seen from its file; an ensemble's penalty is no directory."""
    (tmp_path / "mix.toml").write_text(
        '[[parts]]\nname = "a"\nreward = "head:rm"\n[[parts]]\nname = "b"\nreward = "graders"\n'
    )
    assert models_of(f"mix:{tmp_path}/mix.toml") == [tmp_path / "rm"]
    assert models_of("ensemble:a,b@1.5") == [Path("a"), Path("b")]
    assert models_of("graders") == []


def test_every_method_is_a_command() -> None:
    assert {"ppo", "rloo", "grpo"} <= set(training.__all__)
