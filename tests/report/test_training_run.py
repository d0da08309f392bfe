"""The account and the page of an online run, from its files alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tutelage.cli.eval import command
from tutelage.errors import BadInput
from tutelage.report.page import render
from tutelage.report.training_run import page_of
from tutelage.training import account
from tutelage.training.gold import FILE

STEPS = 40
HOSTILE = "<script>alert('x')</script>"


def look(step: int, proxy: np.ndarray, gold: np.ndarray) -> list[dict[str, Any]]:
    return [
        {"step": step, "prompt": i, "prompt_id": f"sha256:{i}", "proxy": float(p), "gold": float(g),
         "kl": 0.2 * step + 0.01 * (i % 7), "tokens": 3, "ended": True, "asked": f"question {i} {HOSTILE}",
         "answer": f"answer {i} at {step} {HOSTILE}", "unscored": {}}
        for i, (p, g) in enumerate(zip(proxy, gold, strict=True))
    ]  # fmt: skip


def run(place: Path, *, prompts: int = 256, fall: float = 0.02, gold: bool = True) -> Path:
    """40 steps and five looks of a run that is not finished: proxy rises by 0.1 a step, gold falls from 80 %."""
    work = place.parent / f".{place.name}.0123456789abcdef.partial"
    work.mkdir(parents=True)
    rng = np.random.default_rng(3)
    log = [
        {"step": s + 1, "of": STEPS, "reward": 0.1 * s, "reward_se": 0.05, "kl": 0.2 * s,
         "kl_se": None if s == 3 else 0.1,
         "entropy": 2 - 0.03 * s, "length": 8 + s, "eos_rate": 1 - 0.01 * s, "repetition": 0.01 * s, "empty": 0.0,
         "clip_share": 0.0, "unscored": {"timeout": 1} if s == 0 else {}}
        for s in range(STEPS)
    ]  # fmt: skip
    (work / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log))
    luck, noise = rng.random(prompts), rng.normal(size=(5, prompts))
    looks = [look(10 * k, k + noise[k], (luck < 0.8 - 10 * k * fall).astype(float)) for k in range(5)]
    if gold:
        (work / FILE).write_text("".join(json.dumps(line) + "\n" for one in looks for line in one))
    return place


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_page_says_the_alarm_in_words_and_draws_both_rewards_over_kl(tmp_path: Path) -> None:
    """Gold is right on 80 % of prompts at first and on none at step 40: an alarm; the curve ends at 8 nats."""
    found = account.of(run(tmp_path / "rl"))
    assert found.state == "fired"
    assert found.curve is not None
    assert [p.step for p in found.curve.points] == [0, 10, 20, 30, 40]
    html = render(page_of(found))
    said = words(html)
    assert "The alarm in words" in said
    assert "the proxy had risen by" in said
    assert "Proxy and gold against KL" in said
    assert "Evidence that proxy rose while gold fell" in said
    for title in ("Entropy", "Length", "Reward", "ends by itself", "repeats itself", "empty", "clipped", "timeout 1"):
        assert title in said


def test_every_text_of_a_model_is_escaped(tmp_path: Path) -> None:
    """Prompts and answers hold a script; the page holds none."""
    html = render(page_of(account.of(run(tmp_path / "rl"))))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_samples_gained_proxy_and_lost_gold(tmp_path: Path) -> None:
    """Gold fell from 1 to 0 in each of the six; the proxy rose; the first gained most."""
    samples = account.of(run(tmp_path / "rl")).samples
    assert len(samples) == 6
    assert all(s.gold == (1.0, 0.0) and s.proxy[1] > s.proxy[0] for s in samples)
    gains = [s.proxy[1] - s.proxy[0] for s in samples]
    assert gains == sorted(gains, reverse=True)


def test_silence_is_not_called_health(tmp_path: Path) -> None:
    """Gold stays: no alarm, and the page says what 256 prompts cannot show."""
    found = account.of(run(tmp_path / "rl", fall=0.0))
    assert found.state == "silent"
    assert "no proof of health" in words(render(page_of(found)))


@pytest.mark.parametrize(
    ("more", "said"), [({"prompts": 100}, "256 in two are needed"), ({"gold": False}, "not watched")]
)
def test_a_run_that_could_not_be_tested_says_so(more: dict[str, Any], said: str, tmp_path: Path) -> None:
    """100 prompts, or no gold at all: the page's word is untested."""
    page = page_of(account.of(run(tmp_path / "rl", **more)))
    assert page.status == "untested"
    assert said in words(render(page))


def test_the_command_writes_the_page_and_the_same_figures_as_json(tmp_path: Path) -> None:
    """An alarm exits with 3; a run that was not watched with 4."""
    place = run(tmp_path / "rl")
    called = CliRunner().invoke(command, ["run", str(place), "--out", str(tmp_path / "page.html"), "--json"])
    assert called.exit_code == 3
    printed = json.loads(called.stdout)
    assert printed["state"] == "fired"
    assert printed["curve"]["points"][-1]["kl"]["n"] == 256
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    called = CliRunner().invoke(command, ["run", str(run(tmp_path / "other", gold=False))])
    assert called.exit_code == 4
    assert "not watched" in called.stdout


def test_where_there_is_no_run_the_error_says_what_was_expected(tmp_path: Path) -> None:
    """A directory that does not exist."""
    with pytest.raises(BadInput, match="No online run"):
        account.of(tmp_path / "nothing")


def test_a_run_that_learned_from_rows_is_no_online_run(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "of": 1, "loss": 0.7}\n')
    with pytest.raises(BadInput, match="No online run"):
        account.of(tmp_path)
