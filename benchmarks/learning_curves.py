"""The course of one method each, step by step, for its page: what it is paid, what it is worth, how far it has gone.

    nice -n 15 python benchmarks/learning_curves.py [--seeds 5] [--work DIR] [--draw]

The world, the imitator and the held-out questions: `benchmarks/learning_world.py`. The reward is wrong in one way, as
reward models are (gold, and 0.3 for every word of the kind); the leash is short enough to bear it.
proxy, gold, kl   means over 16 held-out questions, 8 answers each, at every look
dpo               learns from up to 4 pairs a question of the imitator's own answers, right before wrong (`wrong pairs`:
                  ordered by that reward); a look is a run
drawn             what each has gained since step 0, where all runs of a seed are the same; t intervals over seeds
A finished run is appended to the results; a stopped bench goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learning_world import Gold, Proxy, imitator, tasks

from tutelage import models, training
from tutelage.environments.graders import Task
from tutelage.environments.rewards import Rewarded
from tutelage.measure import intervals
from tutelage.models import local_load
from tutelage.models.local_layout import Flat, answer_sums, token_logprobs
from tutelage.models.local_text import Text
from tutelage.records import Estimate, Figure, RankedRow, Sampling, assistant, encode
from tutelage.training import DpoConfig, GrpoConfig, PpoConfig, RlooConfig, rollout

RESULTS = Path(__file__).parent / "results" / "learning_curves.json"
PAGES = Path(__file__).parents[1] / "docs" / "explain"
TIMES = 8  # answers a held-out question
COMMON: dict[str, Any] = {
    "lora_rank": 0, "dtype": "fp32", "device": "cpu", "steps": 100, "gold_every": 10, "batch_rows": 8, "answers": 8,
    "max_response_tokens": 14, "microbatch_tokens": 2048, "save_every_steps": 10_000,
}  # fmt: skip
RUNS: dict[str, Callable[[int], Any]] = {
    "ppo": lambda seed: PpoConfig(**COMMON, lr=3e-4, beta=0.2, epochs=1, seed=seed),
    "rloo": lambda seed: RlooConfig(**COMMON, lr=5e-4, beta=0.2, seed=seed),
    "grpo": lambda seed: GrpoConfig(**COMMON, lr=5e-4, beta=0.5, seed=seed),
    "grpo, beta 0.2": lambda seed: GrpoConfig(**COMMON, lr=5e-4, beta=0.2, seed=seed),  # ran away on one seed of five
}
METHODS = ("ppo", "rloo", "grpo")
EPOCHS = (1, 2, 3, 4, 6, 8)
OFFLINE = {"dpo": Gold, "dpo, wrong pairs": Proxy}  # who orders the pairs
PAIRS, SAMPLED = 4, 16  # pairs of a question, from so many answers of the imitator


def dpo_config(seed: int, epochs: int) -> DpoConfig:
    """Constant rate: a run of 4 epochs begins with the run of 2."""
    keys = ("lora_rank", "dtype", "device", "microbatch_tokens", "save_every_steps")
    return DpoConfig(**{k: COMMON[k] for k in keys}, lr=1e-4, beta=0.2, batch_rows=16, schedule="constant",
                     epochs=epochs, seed=seed)  # fmt: skip


def preferred(start: Path, asked: Sequence[Task], seed: int, by: Gold) -> list[RankedRow]:
    """Its own answers in pairs, the one that `by` likes better first; two that it likes alike are no pair."""
    said = models.load(f"local:{start}").sample(
        [t.prompt for t in asked], n=SAMPLED, sampling=Sampling("", max_tokens=COMMON["max_response_tokens"], seed=seed)
    )
    rows = []
    for i, (task, answers) in enumerate(zip(asked, said, strict=True)):
        texts = list(dict.fromkeys(a.text for a in answers if a.text))
        paid = [f.value if isinstance(f, Rewarded) else 0.0 for f in by.grades([task] * len(texts), texts)]
        order = np.argsort(paid, kind="stable")[::-1]
        for k in range(min(PAIRS, len(order) // 2)):
            better, worse = order[k], order[-1 - k]
            if paid[better] > paid[worse]:
                pair = (assistant(texts[better]), assistant(texts[worse]))
                rows.append(RankedRow(task.prompt, pair, (1, 2), (f"vote-{i}-{k}",), f"g{i}"))
    return rows


def looked(at: Path, start: Path, held_out: Sequence[Task], seed: int) -> dict[str, float]:
    """Held-out figures of a checkpoint, as an online run takes them."""
    now, before = (local_load.load(f"local:{place}", dtype="fp32", device="cpu") for place in (at, start))
    asked = list(enumerate(held_out))
    how = {"seed": seed, "max_tokens": COMMON["max_response_tokens"], "max_prompt": 1 << 20}
    groups = rollout.sample(now.model, Text(now.tokenizer), asked, TIMES, **how)
    with torch.no_grad():
        flats = [Flat([g.tree]) for g in groups]
        nats = [answer_sums(token_logprobs(now.model, f) - token_logprobs(before.model, f), f.lengths) for f in flats]
    found = {"kl": float(torch.cat(nats).mean())}
    for name, reward in (("proxy", Proxy()), ("gold", Gold())):
        found[name] = float(np.mean([r for g in rollout.grade(groups, reward) for r in g.rewards]))
    return {k: round(v, 4) for k, v in found.items()}


def prefer(seed: int, at: Path, run: str) -> dict[str, Any]:
    """DPO on those pairs, a run for every number of epochs: a look each."""
    started = time.process_time()
    train, held_out = tasks(seed)
    start = at / "sft"
    rows = preferred(start, train, seed, OFFLINE[run]())
    looks = [{"step": 0, **looked(start, start, held_out, seed)}]
    for epochs in EPOCHS:
        out = at / f"dpo-{epochs}"
        shutil.rmtree(out, ignore_errors=True)
        training.dpo(rows, f"local:{start}", out, dpo_config(seed, epochs))
        looks.append({"step": epochs, **looked(out, start, held_out, seed)})
        shutil.rmtree(out)
    return {"seed": seed, "run": run, "cpu_s": round(time.process_time() - started, 1), "looks": looks}


def learn(seed: int, method: str, work: Path) -> dict[str, Any]:
    """One run: the means of every look."""
    at, started = work / str(seed), time.process_time()
    if not (at / "sft").exists():
        shutil.rmtree(at, ignore_errors=True)
        imitator(at, seed)
    if method in OFFLINE:
        return prefer(seed, at, method)
    train, held_out = tasks(seed)
    out = at / method
    shutil.rmtree(out, ignore_errors=True)
    getattr(training, method.partition(",")[0])(
        train, f"local:{at / 'sft'}", out, Proxy(), RUNS[method](seed), gold=Gold(), gold_tasks=held_out * TIMES
    )
    lines = [json.loads(line) for line in (out / "gold.jsonl").read_text().splitlines()]
    shutil.rmtree(out)
    looks = [look(lines, step) for step in sorted({line["step"] for line in lines})]
    return {"seed": seed, "run": method, "cpu_s": round(time.process_time() - started, 1), "looks": looks}


def look(lines: Sequence[dict[str, Any]], step: int) -> dict[str, Any]:
    """Means of one look."""
    own = [line for line in lines if line["step"] == step]
    return {"step": step, **{k: round(float(np.mean([line[k] for line in own])), 4) for k in ("proxy", "gold", "kl")}}


def course(runs: Sequence[dict[str, Any]], method: str, key: str) -> list[tuple[float, Figure]]:
    """(step, mean over seeds of what a figure has gained since the imitator) of a method; 0 at the start."""
    own = [r["looks"] for r in runs if r["run"] == method]
    gains = [(at[0]["step"], np.array([x[key] - r[0][key] for x, r in zip(at, own, strict=True)]))
             for at in zip(*own, strict=True)]  # fmt: skip
    start = Estimate(0.0, 0.0, 0.0, "by definition", len(own))
    return [(step, intervals.mean(values) if step else start) for step, values in gains]


def draw(runs: Sequence[dict[str, Any]]) -> None:
    """A figure a method: rewards above, nats beneath."""
    from _chart import Line, Panel, panels

    for method in METHODS:
        words = {"proxy": "the reward it sees", "gold": "right answers", "kl": "KL to the imitator"}
        lines = {key: Line(name, course(runs, method, key)) for key, name in words.items()}
        paid, nats = Panel("gain", [lines["proxy"], lines["gold"]]), Panel("nats an answer", [lines["kl"]])
        panels(PAGES / f"{method}.svg", f"{method.upper()} by step", [paid, nats], x="step")
    named = {"dpo": "right pairs", "dpo, wrong pairs": "wrong pairs"}
    gold = Panel("gain in right answers", [Line(words, course(runs, run, "gold")) for run, words in named.items()])
    kl = Panel("nats an answer", [Line(f"KL, {words}", course(runs, run, "kl")) for run, words in named.items()])
    panels(PAGES / "dpo.svg", "DPO by epochs", [gold, kl], x="epochs")


def write(runs: Sequence[dict[str, Any]], seeds: int) -> None:
    """The results file, whole."""
    last = {m: {k: encode(course(runs, m, k)[-1][1]) for k in ("proxy", "gold", "kl")}
            for m in (*RUNS, *OFFLINE) if any(r["run"] == m for r in runs)}  # fmt: skip
    RESULTS.write_text(json.dumps({
        "command": f"python benchmarks/learning_curves.py --seeds {seeds}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread of "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "settings": {name: encode(config(0)) for name, config in RUNS.items()} | {"dpo": encode(dpo_config(0, 1))},
        "gained_at_the_end": last, "runs": list(runs),
    }, indent=1) + "\n")  # fmt: skip


def main(seeds: int, work: Path) -> None:
    """Everything that is not in the results yet."""
    runs = json.loads(RESULTS.read_text())["runs"] if RESULTS.exists() else []
    for seed, method in ((s, m) for s in range(seeds) for m in (*RUNS, *OFFLINE)):
        if any((r["seed"], r["run"]) == (seed, method) for r in runs):
            continue
        runs.append(learn(seed, method, work))
        write(runs, seeds)
        print(seed, method, runs[-1]["cpu_s"], runs[-1]["looks"][0], runs[-1]["looks"][-1], flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tutelage-learning")
    parser.add_argument("--draw", action="store_true", help="no runs, the figures alone")
    given = parser.parse_args()
    if not given.draw:
        main(given.seeds, given.work)
    draw(json.loads(RESULTS.read_text())["runs"])
