"""Learning from one's own answers: what is learned, what is written down, what survives a stop anywhere."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest import approx

from tutelage import models, training
from tutelage.cli import main
from tutelage.environments.graders import Task
from tutelage.environments.rewards import Finding, Rewarded
from tutelage.errors import BadInput
from tutelage.models import checkpoint as ck
from tutelage.records import DemonstrationRow, Sampling, Unscored, assistant, jsonl, user
from tutelage.training import GrpoConfig, OnlineConfig, PpoConfig, RlooConfig, online

TASKS = [Task(user(f"q{i}"), "format", {"checks": [{"check": "lowercase"}]}) for i in range(12)]
SHORT: dict[str, Any] = {
    "lr": 2e-2, "steps": 6, "batch_rows": 4, "answers": 4, "max_response_tokens": 8, "dtype": "fp32",
    "save_every_steps": 2, "beta": 0.01,
}  # fmt: skip
CONFIGS: dict[str, OnlineConfig] = {
    "ppo": PpoConfig(**SHORT), "rloo": RlooConfig(**SHORT), "grpo": GrpoConfig(**SHORT),
}  # fmt: skip
METHODS = list(CONFIGS)


class LowerCase:
    """Share of an answer's characters that are lower-case letters."""

    name, digest = "lower-case", "sha256:lower-case"

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        return [Rewarded(sum(c.islower() for c in a) / max(1, len(a))) for a in answers]


class Moody(LowerCase):
    """Finds nothing about answers that begin in certain ways."""

    def __init__(self, share: int) -> None:
        self.share = share

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        known = super().grades(tasks, answers)
        return [
            Unscored("timeout", "the box was slow") if ord((a or " ")[0]) % 8 < self.share else f
            for a, f in zip(answers, known, strict=True)
        ]


def train(method: str, tiny: Path, out: Path, config: OnlineConfig | None = None, **more: Any) -> Path:
    reward = more.pop("reward", LowerCase())
    made: Path = getattr(training, method)(
        more.pop("tasks", TASKS), f"local:{tiny}", out, reward, config or CONFIGS[method], **more
    )
    return made


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rank", [8, 0])
def test_the_reward_rises_and_the_line_of_every_step_says_how(
    method: str, rank: int, tiny: Path, tmp_path: Path
) -> None:
    """From 10 % lower-case letters of random bytes upwards, with adapters and with every weight; KL from exactly 0."""
    settings = {"steps": 14, "answers": 8, "lora_rank": rank, "lr": 2e-2 if rank else 5e-3}
    out = train(method, tiny, tmp_path / "out", dataclasses.replace(CONFIGS[method], **settings))
    log = ck.log(out)
    assert [line["step"] for line in log] == list(range(1, 15))
    assert np.mean([x["reward"] for x in log[-3:]]) > np.mean([x["reward"] for x in log[:3]]) + 0.03
    assert log[0]["kl"] == 0.0
    assert log[-1]["kl"] > 0.1
    assert log[0]["sampler_gap"] < 1e-5
    assert {"reward_se", "entropy", "length", "eos_rate", "repetition", "empty", "unscored", "clip_share", "beta",
            "decode_tokens_per_s", "train_tokens_per_s"} <= log[0].keys()  # fmt: skip
    assert ("value_loss" in log[0] and "explained_variance" in log[0]) == (method == "ppo")
    made = ck.read(out)
    assert made.config["reward"] == "lower-case"
    assert made.config["reward_digest"] == "sha256:lower-case"
    assert made.figures["steps"] == 14
    answer = models.load(f"local:{out}").sample([user("q1")], sampling=Sampling("x", max_tokens=4, seed=1))
    assert len(answer[0]) == 1


@pytest.mark.parametrize("method", METHODS)
def test_at_the_first_update_no_ratio_has_moved(method: str, tiny: Path, tmp_path: Path) -> None:
    """One update a step: the ratio is exactly 1, nothing is clipped, and the loss is minus the mean advantage: 0."""
    config = dataclasses.replace(CONFIGS[method], epochs=1, minibatches=1, beta=0.0, steps=2)
    log = ck.log(train(method, tiny, tmp_path / "out", config))
    assert [line["clip_share"] for line in log] == [0.0, 0.0]
    if method != "ppo":
        assert log[0]["loss"] == approx(0, abs=1e-6)
    # decoding and the training pass agree about every token, up to float32's rounding
    assert max(line["sampler_gap"] for line in log) < 1e-4


def bits(out: Path) -> tuple[str, list[dict[str, Any]], str]:
    """What must not depend on stops: the checkpoint, the log less its clock, the looks at held-out prompts."""
    lines = [{k: v for k, v in x.items() if not k.endswith("_per_s")} for x in ck.log(out)]
    gold = out / "gold.jsonl"
    return ck.read(out).digest, lines, gold.read_text() if gold.is_file() else ""


@pytest.mark.parametrize("method", METHODS)
def test_a_run_stopped_after_any_step_goes_on_to_the_same_bits(method: str, tiny: Path, tmp_path: Path) -> None:
    """Stopped after every step in turn; adaptive price, KL budget, demonstrations and looks at gold are all on."""
    config = dataclasses.replace(CONFIGS[method], kl_target=0.5, kl_budget=50.0, gold_every=2)
    more: dict[str, Any] = {
        "gold": LowerCase(), "gold_tasks": TASKS[:3],
        "demonstrations": [DemonstrationRow(user("q"), assistant("yes"), ("demo",), "g")],
    }  # fmt: skip
    whole = train(method, tiny, tmp_path / "whole", config, **more)

    class Killed(BaseException):
        pass

    for stop in range(1, 6):

        def dies(line: dict[str, Any], at: int = stop) -> None:
            if line["step"] == at:
                raise Killed

        with pytest.raises(Killed):
            train(method, tiny, tmp_path / "stopped", config, on_step=dies, **more)
        assert not (tmp_path / "stopped").exists()
    out = train(method, tiny, tmp_path / "stopped", config, **more)
    assert bits(out) == bits(whole)
    steps = [json.loads(line)["step"] for line in (out / "gold.jsonl").read_text().splitlines()]
    assert steps == [s for s in (0, 2, 4, 6) for _ in range(3)]
    assert {c.id for c in ck.contributions(out)} == {"demo"}


def begin(method: str, tiny: Path, where: Path, steps: int) -> list[str]:
    """The arguments of a run of `tutelage`, less its --out, in a directory with its tasks."""
    jsonl.write(where / "tasks.jsonl", TASKS)
    settings = {**SHORT, "steps": steps, "save_every_steps": 3}
    sets = [part for k, v in settings.items() for part in ("--set", f"{k}={json.dumps(v)}")]
    return ["train", method, "tasks.jsonl", "--base", f"local:{tiny}", "--reward", "graders", *sets, "--json", "--out"]


def killed(argv: list[str], where: Path, later: float) -> None:
    """Run `tutelage` in a process of its own; kill -9 so many seconds after it has saved a state of its own."""
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}  # as here: sums are split by the number of threads

    def saved() -> set[int]:
        return {p.stat().st_mtime_ns for p in where.glob(".killed.*.partial/state.safetensors")}

    before = saved()
    with subprocess.Popen(
        [sys.executable, "-m", "tutelage", *argv], cwd=where, env=one_thread,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        while process.poll() is None and saved() == before:
            time.sleep(0.005)
        time.sleep(later)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (where / "killed").exists()


def called(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(argv)
    assert not stopped.value.code


@pytest.mark.parametrize(
    ("method", "kills", "steps"),
    [
        ("grpo", 1, 40),
        *(pytest.param(m, 4, 150, marks=pytest.mark.slow) for m in METHODS),
    ],
)
def test_processes_killed_at_random_moments_are_resumed_to_the_same_bits(
    method: str, kills: int, steps: int, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 at random moments of a run, then `tutelage train resume`: weights, log and lineage of a whole run."""
    argv = begin(method, tiny, tmp_path, steps)
    for later in np.random.default_rng(METHODS.index(method)).uniform(0, 0.2, kills):
        killed([*argv, "killed"], tmp_path, later)
    monkeypatch.chdir(tmp_path)
    called(["train", "resume", "killed", "--json"])
    called([*argv, "whole"])
    assert bits(Path("killed")) == bits(Path("whole"))
    assert (Path("killed") / "lineage.json").is_file()
    assert not list(tmp_path.glob(".killed*"))


def test_an_unscored_answer_leaves_baseline_and_loss(tiny: Path, tmp_path: Path) -> None:
    """Counted by reason; a reward that never scores some answers trains as if they had not been sampled."""
    out = train("rloo", tiny, tmp_path / "out", reward=Moody(2))
    log = ck.log(out)
    assert sum(line["unscored"].get("timeout", 0) for line in log) > 0
    assert all(line["reward"] > 0 for line in log)


def test_a_run_ends_naming_the_reasons_when_most_answers_are_unscored(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"of 16 answers .* timeout \d+ \(the box was slow\)"):
        train("grpo", tiny, tmp_path / "out", reward=Moody(8))
    assert not (tmp_path / "out").exists()


def test_the_kl_budget_ends_the_run_and_publishes_the_last_policy_within_it(tiny: Path, tmp_path: Path) -> None:
    """The published weights are those of the step before: trained for exactly that many steps they are the same."""
    config = dataclasses.replace(CONFIGS["rloo"], steps=30, kl_budget=1.5, beta=0.0, warmup_share=0.0)
    out = train("rloo", tiny, tmp_path / "leashed", config)
    course = json.loads((out / "run.json").read_text())
    assert course["stopped"]["reason"] == "kl_budget"
    kept = course["published_step"]
    assert 1 <= kept == course["stopped"]["step"] - 1
    assert ck.read(out).figures["kl"] <= 1.5
    free = train("rloo", tiny, tmp_path / "free", dataclasses.replace(config, steps=kept, kl_budget=None))
    assert (out / "adapter.safetensors").read_bytes() == (free / "adapter.safetensors").read_bytes()


def test_a_price_on_kl_keeps_the_policy_nearer(tiny: Path, tmp_path: Path) -> None:
    """The same run at beta 0 and at beta 2."""
    last = [
        ck.log(train("rloo", tiny, tmp_path / f"{beta}", dataclasses.replace(CONFIGS["rloo"], beta=beta, steps=12)))
        for beta in (0.0, 2.0)
    ]
    assert last[1][-1]["kl"] < 0.5 * last[0][-1]["kl"]


def test_demonstrations_hold_the_policy_while_a_reward_pulls(tiny: Path, tmp_path: Path) -> None:
    """With a reward that is always equal nothing but the demonstrations teaches: their answer is likelier."""

    class Equal(LowerCase):
        def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
            return [Rewarded(1.0) for _ in answers]

    rows = [DemonstrationRow(t.prompt, assistant("yes"), (f"demo-{i}",), "g") for i, t in enumerate(TASKS)]
    out = train("ppo", tiny, tmp_path / "out", reward=Equal(), demonstrations=rows)
    asked = [TASKS[0].prompt], [assistant("yes")]
    gain = [models.load(f"local:{where}").logprobs(*asked)[0].total for where in (tiny, out)]
    assert gain[1] > gain[0] + 1
    assert len(ck.contributions(out)) == 12


def test_work_behind_tasks_and_reward_is_in_the_checkpoint(tiny: Path, tmp_path: Path) -> None:
    more = {"contributions": ["task-1"], "reward_contributions": [ck.Contribution("pair-1", "reward")]}
    out = train("grpo", tiny, tmp_path / "out", **more)
    assert ck.contributions(out) == [ck.Contribution("task-1", "grpo"), ck.Contribution("pair-1", "reward")]


def test_a_look_may_end_the_run(tiny: Path, tmp_path: Path) -> None:
    """Whoever watches the held-out prompts returns a reason; what was trained until then is published."""
    seen = []

    def watches(lines: list[dict[str, Any]]) -> str | None:
        seen.append(lines[0]["step"])
        return "enough" if lines[0]["step"] == 4 else None

    config = dataclasses.replace(CONFIGS["grpo"], gold_every=2)
    out = train("grpo", tiny, tmp_path / "out", config, gold=LowerCase(), gold_tasks=TASKS[:2], on_gold=watches)
    assert seen == [0, 2, 4]
    assert json.loads((out / "run.json").read_text())["stopped"] == {"reason": "enough", "step": 4}
    assert ck.read(out).figures["steps"] == 4


def test_looks_are_paired_and_begin_at_the_base(tiny: Path, tmp_path: Path) -> None:
    """The same prompts with the same noise at every look; at step 0 the KL of every answer is exactly 0."""
    out = train("grpo", tiny, tmp_path / "out", gold=LowerCase(), gold_tasks=TASKS[:3])
    found = [json.loads(line) for line in (out / "gold.jsonl").read_text().splitlines()]
    assert [x["kl"] for x in found[:3]] == [0.0, 0.0, 0.0]
    assert [x["prompt_id"] for x in found[:3]] == [x["prompt_id"] for x in found[3:]]
    assert all(x["proxy"] == x["gold"] for x in found)


def test_the_same_command_again_changes_nothing_and_another_reward_is_refused(tiny: Path, tmp_path: Path) -> None:
    out = train("rloo", tiny, tmp_path / "out")
    before = (out / "checkpoint.json").read_bytes()
    train("rloo", tiny, out)
    assert (out / "checkpoint.json").read_bytes() == before
    with pytest.raises(BadInput, match="something else"):
        train("rloo", tiny, out, reward=type("Other", (LowerCase,), {"digest": "sha256:other"})())


def test_no_task_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no task"):
        train("rloo", tiny, tmp_path / "out", tasks=[])


def test_prompts_come_once_a_lap_whatever_the_step(tiny: Path, tmp_path: Path) -> None:
    """12 tasks in steps of 4 prompts: three steps are a lap, and every task stands in it once."""
    asked: list[str] = []

    class Listens(LowerCase):
        def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
            asked.extend(t.prompt[0].text for t in tasks)
            return super().grades(tasks, answers)

    train("rloo", tiny, tmp_path / "out", reward=Listens())
    laps = [asked[lo : lo + 48] for lo in range(0, 96, 48)]
    assert [sorted(lap) for lap in laps] == [sorted(t.prompt[0].text for t in TASKS for _ in range(4))] * 2


def test_every_method_has_its_config() -> None:
    assert {name: kind for name, (kind, _) in online.METHODS.items()} == {
        "ppo": PpoConfig, "rloo": RlooConfig, "grpo": GrpoConfig,
    }  # fmt: skip
