"""Training from rows to a checkpoint and back: what is learned, what is recorded, what survives a stop."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytest import approx

from tutelage import models, training
from tutelage.errors import BadInput, StoreDamaged
from tutelage.models import checkpoint as ck
from tutelage.models.spread import Distributional, between, share
from tutelage.records import DemonstrationRow, RankedRow, Sampling, assistant, user
from tutelage.store import digest_tree
from tutelage.training import DpoConfig, RewardConfig, SftConfig, loop
from tutelage.training.schedule import learning_rate

DEMOS = [DemonstrationRow(user(f"q{i}"), assistant("yes"), (f"demo-{i}",), f"g{i}") for i in range(12)]
PAIRS = [
    RankedRow(user(f"q{i}"), (assistant(f"good {i}"), assistant("bad" * (1 + i % 3))), (1, 2), (f"pair-{i}",), f"g{i}")
    for i in range(12)
]
RANKINGS = [
    RankedRow(user(f"q{i}"), (assistant("no"), assistant("yes yes"), assistant("yes")), (3, 1, 2), (f"r-{i}",), f"g{i}")
    for i in range(8)
]
SFT = SftConfig(lr=2e-2, epochs=4, batch_rows=4, dtype="fp32", save_every_steps=3)
DPO = DpoConfig(lr=1e-2, epochs=3, batch_rows=4, dtype="fp32", save_every_steps=2)
REWARD = RewardConfig(lr=1e-2, epochs=4, batch_rows=4, dtype="fp32", save_every_steps=2)


def test_sft_makes_the_demonstrated_answer_likelier_and_lists_its_contributions(tiny: Path, tmp_path: Path) -> None:
    out = training.sft(DEMOS, f"local:{tiny}", tmp_path / "sft", SFT)
    before, after = models.load(f"local:{tiny}"), models.load(f"local:{out}")
    asked = [user("q99")], [assistant("yes")]
    assert after.logprobs(*asked)[0].total > before.logprobs(*asked)[0].total + 1
    assert ck.contributions(out) == [ck.Contribution(f"demo-{i}", "sft") for i in sorted(map(str, range(12)))]
    log = ck.log(out)
    assert [line["step"] for line in log] == list(range(1, 13))
    assert log[-1]["loss"] < log[0]["loss"]


def test_dpo_starts_at_log_2_and_ends_preferring_what_was_preferred(tiny: Path, tmp_path: Path) -> None:
    """Policy and reference agree to the bit at the first step: loss log 2, margin 0."""
    out = training.dpo(PAIRS, f"local:{tiny}", tmp_path / "dpo", DPO)
    log = ck.log(out)
    assert log[0]["loss"] == approx(math.log(2), abs=1e-6)
    assert (log[0]["margin"], log[0]["chosen_drift"]) == (0.0, 0.0)
    assert log[-1]["accuracy"] == 1.0


def test_dpo_on_an_sft_checkpoint_stacks_and_keeps_both_stages_contributions(tiny: Path, tmp_path: Path) -> None:
    """The base's weights are never copied; both adapters are; the child lists the parent's people too."""
    sft = training.sft(DEMOS, f"local:{tiny}", tmp_path / "sft", SFT)
    dpo = training.dpo(PAIRS, f"local:{sft}", tmp_path / "dpo", DPO)
    made = ck.read(dpo)
    assert [a.file for a in made.adapters] == ["parent-0.safetensors", "adapter.safetensors"]
    assert made.parents == (ck.Parent(ck.read(sft).digest, "sft"),)
    assert {c.stage for c in ck.contributions(dpo)} == {"sft", "dpo"}
    assert not (dpo / "model.safetensors").exists()
    shutil.rmtree(sft)
    assert models.load(f"local:{dpo}").sample([user("q1")], sampling=Sampling("x", temperature=0, max_tokens=4))


def test_a_reward_model_orders_answers_as_people_did_with_mean_zero(tiny: Path, tmp_path: Path) -> None:
    out = training.reward(RANKINGS, f"local:{tiny}", tmp_path / "rm", REWARD)
    model = models.load_reward(f"reward:{out}")
    scores = np.stack([model.scores([row.prompt] * 3, row.responses) for row in RANKINGS])
    assert (scores[:, 1] > scores[:, 2]).all()
    assert (scores[:, 2] > scores[:, 0]).all()
    assert scores.mean() == approx(0, abs=1e-4)
    with pytest.raises(BadInput, match="reward model"):
        models.load(f"local:{out}")


def test_scores_do_not_depend_on_which_answers_are_scored_together(tiny: Path, tmp_path: Path) -> None:
    """Answers that share a prompt's encoding do not see one another."""
    model = models.load_reward(f"reward:{training.reward(RANKINGS, f'local:{tiny}', tmp_path / 'rm', REWARD)}")
    prompt, answers = user("q1"), [assistant("no"), assistant("yes yes"), assistant("a longer answer altogether")]
    together = model.scores([prompt] * 3, answers)
    alone = [float(model.scores([prompt], [a])[0]) for a in answers]
    assert together.tolist() == approx(alone, abs=1e-5)


@pytest.mark.parametrize(
    ("method", "rows", "config"), [("sft", DEMOS, SFT), ("dpo", PAIRS, DPO), ("reward", RANKINGS, REWARD)]
)
def test_a_run_stopped_anywhere_goes_on_to_the_same_bits(
    method: str, rows: list[Any], config: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after every single step in turn, each time started anew: the hashes equal an undisturbed run's."""
    train = getattr(training, method)
    whole = train(rows, f"local:{tiny}", tmp_path / "whole", config)
    out, alive_until = tmp_path / "stopped", 0

    class Killed(BaseException):
        pass

    real = loop.learning_rate

    def dies(config: Any, step: int, of: int) -> float:
        if step == alive_until:  # the loop below moves it
            raise Killed
        return real(config, step, of)

    monkeypatch.setattr(loop, "learning_rate", dies)
    for stop in (1, 2, 4, 5):
        alive_until = stop
        with pytest.raises(Killed):
            train(rows, f"local:{tiny}", out, config)
        assert not out.exists()
    monkeypatch.setattr(loop, "learning_rate", real)
    train(rows, f"local:{tiny}", out, config)
    assert ck.read(out).digest == ck.read(whole).digest
    for name in ("adapter.safetensors", "checkpoint.json", "contributions.jsonl"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    figures = [{k: v for k, v in line.items() if k != "tokens_per_s"} for line in ck.log(out)]
    assert figures == [{k: v for k, v in line.items() if k != "tokens_per_s"} for line in ck.log(whole)]
    assert not list(tmp_path.glob(".*partial"))


def test_a_process_killed_in_the_middle_goes_on_to_the_same_bits(tiny: Path, tmp_path: Path) -> None:
    """kill -9 once a state has been saved; the next run takes it up and ends with the undisturbed run's hash."""
    from tutelage.records import jsonl

    jsonl.write(tmp_path / "train.jsonl", PAIRS)
    config = dataclasses.replace(DPO, epochs=40, save_every_steps=5)
    settings = [f"{k}={json.dumps(v)}" for k, v in dataclasses.asdict(config).items()]
    argv = [sys.executable, "-m", "tutelage", "train", "dpo", str(tmp_path / "train.jsonl"), "--base", f"local:{tiny}"]
    argv += ["--out", str(tmp_path / "killed"), *(part for s in settings for part in ("--set", s))]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}  # as here: sums are split by the number of threads
    with subprocess.Popen(argv, env=one_thread, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(tmp_path.glob(".killed.*/state.safetensors")):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()
    resumed = training.dpo(PAIRS, f"local:{tiny}", tmp_path / "killed", config)
    whole = training.dpo(PAIRS, f"local:{tiny}", tmp_path / "whole", config)
    assert ck.read(resumed).digest == ck.read(whole).digest


def test_the_same_command_again_changes_nothing_and_another_is_refused(tiny: Path, tmp_path: Path) -> None:
    out = training.sft(DEMOS, f"local:{tiny}", tmp_path / "sft", SFT)
    before = digest_tree(out)
    training.sft(DEMOS, f"local:{tiny}", out, SFT)
    assert digest_tree(out) == before
    with pytest.raises(BadInput, match="something else"):
        training.sft(DEMOS, f"local:{tiny}", out, dataclasses.replace(SFT, lr=1e-3))


def test_nothing_written_is_a_pickle(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pickle disabled altogether, training, resuming and loading work; every file is JSON or safetensors."""
    import importlib

    import torch

    pickle = importlib.import_module("pickle")  # to forbid it

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("something was pickled")

    for module, name in ((pickle, "load"), (pickle, "dump"), (pickle, "Unpickler"), (torch, "save"), (torch, "load")):
        monkeypatch.setattr(module, name, refuse)
    out = training.dpo(PAIRS, f"local:{tiny}", tmp_path / "dpo", DPO)
    models.load(f"local:{out}")
    assert {p.suffix for p in out.iterdir()} == {".json", ".jsonl", ".safetensors"}


def test_training_every_weight_writes_a_model_that_stands_alone(tiny: Path, tmp_path: Path) -> None:
    full = dataclasses.replace(SFT, lora_rank=0, lr=3e-3)
    out = training.sft(DEMOS, f"local:{tiny}", tmp_path / "full", full)
    made = ck.read(out)
    assert made.adapters == ()
    assert made.weights is not None
    asked = [user("q99")], [assistant("yes")]
    gain = (
        models.load(f"local:{out}").logprobs(*asked)[0].total - models.load(f"local:{tiny}").logprobs(*asked)[0].total
    )
    assert gain > 1
    child = training.dpo(PAIRS, f"local:{out}", tmp_path / "child", DPO)
    assert ck.read(child).base_digest == made.weights
    assert {c.stage for c in ck.contributions(child)} == {"sft", "dpo"}


def test_a_changed_byte_is_named(tiny: Path, tmp_path: Path) -> None:
    out = training.sft(DEMOS, f"local:{tiny}", tmp_path / "sft", SFT)
    weights = out / "adapter.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(StoreDamaged, match=r"adapter\.safetensors"):
        models.load(f"local:{out}")


def test_the_place_of_the_base_is_no_part_of_the_identity(tiny: Path, tmp_path: Path) -> None:
    """The same base under another path gives a checkpoint with the same digest."""
    moved = tmp_path / "moved"
    shutil.copytree(tiny, moved)
    one = training.sft(DEMOS, f"local:{tiny}", tmp_path / "one", SFT)
    two = training.sft(DEMOS, f"local:{moved}", tmp_path / "two", SFT)
    assert ck.read(one).base != ck.read(two).base
    assert ck.read(one).digest == ck.read(two).digest


def test_rows_that_state_nothing_are_refused(tiny: Path, tmp_path: Path) -> None:
    ties = [dataclasses.replace(PAIRS[0], ranks=(1, 1))]
    with pytest.raises(BadInput, match="None of the 1 rows"):
        training.dpo(ties, f"local:{tiny}", tmp_path / "dpo", DPO)
    training.reward(ties, f"local:{tiny}", tmp_path / "rm", REWARD)


@pytest.mark.parametrize("change", [{"lr": 0.0}, {"label_smoothing": 0.6}, {"beta": -1.0}, {"warmup_share": 1.0}])
def test_a_setting_out_of_range_is_named(change: dict[str, float]) -> None:
    with pytest.raises(BadInput) as error:
        DpoConfig(**change)  # type: ignore[arg-type]  # wrong on purpose
    assert error.value.where.field == next(iter(change))


@pytest.mark.parametrize("schedule", ["linear", "constant", "cosine"])
def test_the_rate_rises_to_its_peak_and_never_reaches_zero(schedule: Any) -> None:
    """10 steps, warm-up of 2: 1/3 and 2/3 of the peak, then the peak."""
    config = SftConfig(lr=3.0, warmup_share=0.2, schedule=schedule)
    rates = [learning_rate(config, step, 10) for step in range(10)]
    assert rates[:3] == approx([1.0, 2.0, 3.0])
    assert all(0 < b <= a for a, b in pairwise(rates[2:]))


def test_the_command_trains_and_prints_one_object(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tutelage.cli import main
    from tutelage.records import jsonl

    jsonl.write(tmp_path / "train.jsonl", DEMOS)
    argv = ["train", "sft", str(tmp_path), "--base", f"local:{tiny}", "--out", str(tmp_path / "out"), "--json"]
    with pytest.raises(SystemExit) as done:
        main([*argv, "--set", "lr=0.01", "--set", "dtype=fp32"])
    assert done.value.code == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["rows"], printed["contributions"]) == (12, 12)
    with pytest.raises(SystemExit) as refused:
        main([*argv, "--set", "rl=0.01"])
    assert refused.value.code == 2
    assert "rl" in json.loads(capsys.readouterr().err)["field"]


def test_a_reward_network_learns_what_people_differ_about(tiny: Path, tmp_path: Path) -> None:
    """ "yes" beats "no" 9 to 1, "ok" splits people evenly: both shares are foretold, and leanings come with them."""
    rows = [
        RankedRow(user(f"q{i}"), (assistant(a), assistant("no")), (1, 2), (f"{a}-{i}",), f"g{i}", certainty=part)
        for i in range(12)
        for a, part in (("yes", 0.9), ("ok", 0.5))
    ]
    config = dataclasses.replace(REWARD, leanings=2, leaning_price=0.0, lr=2e-2)
    model = models.load_reward(f"reward:{training.reward(rows, f'local:{tiny}', tmp_path / 'rm', config)}")
    assert isinstance(model, Distributional)
    asked = [user("q1")] * 3, [assistant("yes"), assistant("ok"), assistant("no")]
    mean, at = model.scores(*asked), model.leanings(*asked)
    assert at.shape == (3, 2)
    shares = share(mean[:2] - mean[2], between(at[:2], at[[2, 2]]))
    assert shares[0] > 0.75 > 0.6 > shares[1] > 0.4
    plain = models.load_reward(f"reward:{training.reward(RANKINGS, f'local:{tiny}', tmp_path / 'plain', REWARD)}")
    assert isinstance(plain, Distributional)
    assert plain.leanings(*asked).shape == (3, 0)


def test_a_disk_without_room_is_said_with_what_to_do(tmp_path: Path) -> None:
    """The state of a run goes into a directory that is not there any more."""
    weight = torch.nn.Parameter(torch.zeros(2))
    with pytest.raises(BadInput, match="goes on from the last saved step"):
        loop.save(tmp_path / "gone", loop.Trainable({"w": weight}), torch.optim.AdamW([weight]), {"done": "1"})
