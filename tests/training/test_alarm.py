"""The over-optimisation alarm of a run, during it, after it, and after a stop in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tutelage import training
from tutelage.environments.graders import Task
from tutelage.environments.rewards import Finding, Rewarded
from tutelage.errors import BadInput
from tutelage.records import user
from tutelage.training import RlooConfig, alarm
from tutelage.training.gold import FILE

LOOKS = 5


def lines(step: int, proxy: np.ndarray, gold: np.ndarray) -> list[dict[str, Any]]:
    """One look, as a run writes it."""
    return [
        {"step": step, "prompt": i, "prompt_id": f"sha256:{i}", "proxy": float(p), "gold": float(g), "kl": 0.1 * step,
         "tokens": 3, "ended": True, "answer": "a b c", "unscored": {}}
        for i, (p, g) in enumerate(zip(proxy, gold, strict=True))
    ]  # fmt: skip


def looks(prompts: int = 256, fall: float = 0.15) -> list[list[dict[str, Any]]]:
    """Five looks: the proxy rises by 1 a look and gold, 0 or 1, is right on 80 % of prompts and loses `fall` a look."""
    rng = np.random.default_rng(7)
    luck, noise = rng.random(prompts), rng.normal(size=(LOOKS, prompts))
    return [lines(10 * k, k + noise[k], (luck < 0.8 - fall * k).astype(float)) for k in range(LOOKS)]


def write(place: Path, found: list[list[dict[str, Any]]]) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    (place / FILE).write_text("".join(json.dumps(line) + "\n" for look in found for line in look))
    return place


def test_the_alarm_and_the_curve_of_a_finished_run_are_read_from_its_looks(tmp_path: Path) -> None:
    """Gold falls from 80 % to 20 % while the proxy rises by 4: an alarm, and a curve of five points."""
    course = alarm.read(write(tmp_path / "run", looks()))
    assert course.steps == (0, 10, 20, 30, 40)
    assert course.gold.shape == (5, 256)
    found = alarm.alarm(course, bounds=(0.0, 1.0))
    assert found.fired is not None
    assert alarm.alarm(course).fired is not None  # by rise and fall alone, where gold has no bounds
    assert alarm.state_of(found) == "fired"
    assert len(alarm.curve(course).points) == 5


def test_an_unfinished_run_is_read_too_and_half_a_look_is_none(tmp_path: Path) -> None:
    """Killed while it wrote: four whole looks, 100 lines of the fifth, and half a line."""
    half = looks()
    half[-1] = half[-1][:100]
    place = write(tmp_path / ".run.0123456789abcdef.partial", half)
    with (place / FILE).open("a") as stream:
        stream.write('{"step": 40, "pro')
    assert alarm.read(tmp_path / "run").steps == (0, 10, 20, 30)


def test_where_gold_stays_the_alarm_is_silent() -> None:
    """The proxy rises as before, gold is what it was."""
    assert alarm.state_of(alarm.alarm(alarm.course(looks(fall=0.0)), bounds=(0.0, 1.0))) == "silent"


def test_fewer_than_256_prompts_are_said_at_the_start_and_silence_is_not_called_healthy() -> None:
    """255 prompts, of which gold loses every one: nothing is tested, and the words say so."""
    said: list[str] = []
    on_gold = alarm.watching(say=said.append, stop=True)
    assert [on_gold(look) for look in looks(prompts=255, fall=0.2)] == [None] * 5
    assert "too few" in said[0]
    assert "silence says nothing" in said[0]
    assert sum("too few" in line for line in said) == 1
    assert "cannot be told" in said[-1]
    assert "no alarm" not in "".join(said)
    assert alarm.state_of(alarm.alarm(alarm.course(looks(prompts=255)))) == "untested"


def test_one_look_is_no_test() -> None:
    """There is nothing to compare the base with."""
    state = alarm.alarm(alarm.course(looks()[:1]))
    assert alarm.state_of(state) == "untested"
    assert alarm.words(state) == "nothing to compare with yet"


def test_a_watch_that_is_told_the_earlier_looks_again_says_what_it_would_have_said() -> None:
    """Stopped after look 2 and gone on: the same states, and with `stop` the same look ends the run."""
    whole: list[Any] = []
    reasons = [alarm.watching(bounds=(0.0, 1.0), stop=True, on_look=whole.append)(look) for look in looks()[:1]]
    on_gold = alarm.watching(bounds=(0.0, 1.0), stop=True, on_look=whole.append)
    reasons = [on_gold(look) for look in looks()]
    again = alarm.watching(bounds=(0.0, 1.0), stop=True)
    for look in looks()[:3]:
        again(look)
    assert [again(look) for look in looks()[3:]] == reasons[3:]
    assert reasons[-1] == alarm.REASON
    assert whole[-1].fired


def test_looks_at_other_prompts_are_refused() -> None:
    """The third look asks 255 of the 256 prompts in another order."""
    found = looks()
    found[2] = found[2][1:] + found[2][:1]
    with pytest.raises(BadInput, match="step 20"):
        alarm.course(found)


def test_a_run_without_looks_is_told_how_to_get_some(tmp_path: Path) -> None:
    """No gold.jsonl anywhere."""
    with pytest.raises(BadInput, match="--gold"):
        alarm.read(tmp_path / "run")


def test_reading_a_run_needs_no_torch() -> None:
    """The alarm, the account and the page are imported in a fresh interpreter; torch is not among its modules."""
    code = (
        "import sys, tutelage.training.alarm, tutelage.report.training_run, tutelage.cli.eval_run; "
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


class Short:
    """Likes short answers; as gold it dislikes them."""

    bounds = (0.0, 1.0)

    def __init__(self, sign: int) -> None:
        self.sign, self.name, self.digest = sign, f"short {sign}", f"sha256:short{sign}"

    def grades(self, tasks: Any, answers: Any) -> list[Finding]:
        return [Rewarded(0.5 - 0.5 * self.sign * min(1.0, len(a) / 30)) for a in answers]


@pytest.mark.parametrize("stop", [True, False])
def test_a_real_run_that_serves_the_proxy_alone_is_marked_and_with_stop_ends_there(
    stop: bool, tiny: Path, tmp_path: Path
) -> None:
    """Towards short answers, where gold wants long ones: run.json says so, and whoever asked for it gets the stop."""
    tasks = [Task(user(f"q{i}"), "none") for i in range(300)]
    config = RlooConfig(lora_rank=0, lr=2e-2, steps=12, gold_every=4, batch_rows=8, answers=8, beta=0.0,
                        max_response_tokens=10, device="cpu")  # fmt: skip
    told: list[str] = []
    watching = alarm.watching(bounds=(0.0, 1.0), stop=stop, say=told.append)
    out = training.rloo(
        tasks[256:], f"local:{tiny}", tmp_path / "out", Short(1), config, gold=Short(-1), gold_tasks=tasks[:256],
        on_gold=watching,
    )  # fmt: skip
    run = json.loads((out / "run.json").read_text())
    assert run["alarm"]["state"] == "fired"
    assert alarm.recorded(out) == run["alarm"]
    assert any("ALARM" in line for line in told)
    if stop:
        assert run["stopped"] == {"reason": "over_optimisation", "step": run["alarm"]["fired"]["at"]}
        assert run["published_step"] == run["alarm"]["fired"]["at"]
    else:
        assert run["stopped"] is None
