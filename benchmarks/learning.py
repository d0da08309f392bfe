"""PPO, RLOO and GRPO on a policy of a million weights, against imitation and best-of-n at the same KL, seed by seed.

    nice -n 15 python benchmarks/learning.py [--seeds 10] [--work DIR] [--draw]

The world: `benchmarks/learning_world.py`. A seed draws everything anew: which questions are held out, people's errors,
the tokenizer, the weights, the order, the noise. All methods of a seed start from the same imitator.
gold   share of answers to held-out questions that are right, 16 questions, 8 answers each (imitator: 64 each)
KL     mean of log p - log p(imitator) over those answers, nats an answer
best-of-n at the same KL, two ways: by log n - (n-1)/n, the bound usually quoted, and by the KL that best-of-n has
on a reward of 0 and 1, from each question's own success rate: no policy of that KL does better on one question
free, leash   RLOO towards a proxy that likes long answers, at beta 0 and at beta LEASH: what the leash is for
Settings were chosen on seed 100, which is not in the table. Finished runs are kept: a stopped bench goes on.
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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from learning_world import Gold, Proxy, imitator, tasks
from scipy.special import rel_entr

from tutelage import models, training
from tutelage.environments.rewards import Rewarded
from tutelage.evaluation import bon
from tutelage.measure import intervals
from tutelage.records import Estimate, Figure, Sampling, encode
from tutelage.training import GrpoConfig, PpoConfig, RlooConfig

RESULTS = Path(__file__).parent / "results" / "learning.json"
PAGES = Path(__file__).parents[1] / "docs" / "explain"
TIMES, OF_BASE, MOST = 8, 64, 14  # answers a held-out question; of the imitator; tokens an answer
LEASH = 0.2
COMMON: dict[str, Any] = {
    "lora_rank": 0, "dtype": "fp32", "device": "cpu", "steps": 60, "gold_every": 20, "batch_rows": 8, "answers": 8,
    "max_response_tokens": MOST, "microbatch_tokens": 2048, "save_every_steps": 10_000,
}  # fmt: skip
RUNS: dict[str, tuple[str, Callable[[int], Any], type[Gold]]] = {
    "ppo": ("ppo", lambda seed: PpoConfig(**COMMON, lr=2e-4, beta=0.05, epochs=1, seed=seed), Gold),
    "rloo": ("rloo", lambda seed: RlooConfig(**COMMON, lr=3e-4, beta=0.05, seed=seed), Gold),
    "grpo": ("grpo", lambda seed: GrpoConfig(**COMMON, lr=3e-4, beta=0.05, seed=seed), Gold),
    "free": ("rloo", lambda seed: RlooConfig(**COMMON, lr=1e-3, beta=0.0, seed=seed), Proxy),
    "leash": ("rloo", lambda seed: RlooConfig(**COMMON, lr=1e-3, beta=LEASH, seed=seed), Proxy),
}
AXES = {"by log n - (n-1)/n": "bound", "by its own KL": "exact"}
METHODS = ("ppo", "rloo", "grpo")


def imitation(seed: int, at: Path) -> dict[str, Any]:
    """How often the imitator is right on each held-out question."""
    if not (at / "sft").exists():
        shutil.rmtree(at, ignore_errors=True)
        imitator(at, seed)
    _, held_out = tasks(seed)
    how = Sampling("", max_tokens=MOST, seed=seed)
    said = models.load(f"local:{at / 'sft'}").sample([t.prompt for t in held_out], n=OF_BASE, sampling=how)
    found = [Gold().grades([t] * OF_BASE, [a.text for a in answers]) for t, answers in zip(held_out, said, strict=True)]
    return {"right": [sum(f.value == 1 for f in row if isinstance(f, Rewarded)) for row in found], "of": OF_BASE}


def learn(seed: int, name: str, at: Path) -> dict[str, Any]:
    """One run: the held-out figures of every look."""
    method, config, reward = RUNS[name]
    train, held_out = tasks(seed)
    out = at / name
    shutil.rmtree(out, ignore_errors=True)
    getattr(training, method)(
        train, f"local:{at / 'sft'}", out, reward(), config(seed), gold=Gold(), gold_tasks=held_out * TIMES
    )
    lines = [json.loads(line) for line in (out / "gold.jsonl").read_text().splitlines()]
    shutil.rmtree(out)
    return {"looks": [look(lines, step) for step in sorted({line["step"] for line in lines})]}


def look(lines: Sequence[dict[str, Any]], step: int) -> dict[str, Any]:
    """Means of one look."""
    own = [line for line in lines if line["step"] == step]
    keys = ("gold", "proxy", "kl", "tokens", "ended")
    return {"step": step, **{k: round(float(np.mean([line[k] for line in own])), 4) for k in keys}}


def best_of(found: dict[str, Any]) -> dict[str, np.ndarray]:
    """Best-of-n of an imitator, n = 1 … 32: gold (unbiased, from all its answers), and its KL both ways."""
    k, big, ns = np.array(found["right"]), found["of"], np.arange(1, 33)
    answers = (np.arange(big)[None] < k[:, None]).astype(float)  # (questions, answers)
    p = k / big
    q = 1 - (1 - p) ** ns[:, None]  # (n, questions)
    exact = (rel_entr(q, p) + rel_entr(1 - q, 1 - p)).mean(1)
    return {
        "gold": np.array([bon.best_of(int(n), answers, answers).mean() for n in ns]),
        "bound": np.array([bon.kl_nats(int(n)) for n in ns]),
        "exact": exact,
    }


def at_kl(curve: dict[str, np.ndarray], kl: float, axis: str) -> float:
    """Gold of best-of-n at a KL, between whole n by a line."""
    return float(np.interp(kl, curve[axis], curve["gold"]))


def table(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """One row a method, every figure a mean over seeds with its t interval; differences are paired by seed."""
    base = {r["seed"]: best_of(r) for r in runs if r["run"] == "sft"}
    rows: dict[str, dict[str, Figure]] = {"sft": {"gold": share([float(c["gold"][0]) for c in base.values()])}}
    for name in RUNS:
        ends = [(r["seed"], r["looks"][-1]) for r in runs if r["run"] == name]
        if len(ends) < 2:
            continue
        rows[name] = {
            "gold": share([e["gold"] for _, e in ends]), "kl": over([e["kl"] for _, e in ends]),
            "gain_over_sft": over([e["gold"] - base[s]["gold"][0] for s, e in ends]),
            "proxy": over([e["proxy"] for _, e in ends]), "tokens": over([e["tokens"] for _, e in ends]),
            "ended": share([e["ended"] for _, e in ends]),
        }  # fmt: skip
        for axis in AXES.values() if name in METHODS else ():
            best = [at_kl(base[s], e["kl"], axis) for s, e in ends]
            rows[name][f"best_of_n_{axis}"] = share(best)
            rows[name][f"over_best_of_n_{axis}"] = over([e["gold"] - b for (_, e), b in zip(ends, best, strict=True)])
    return {name: {k: encode(f) for k, f in row.items()} for name, row in rows.items()}


def over(values: Sequence[float]) -> Figure:
    """Mean over seeds."""
    return intervals.mean(np.array(values))


def share(values: Sequence[float]) -> Figure:
    """The same, cut to [0, 1]: each value is a mean over a hundred answers and more."""
    found = over(values)
    return replace(found, lo=max(0.0, found.lo), hi=min(1.0, found.hi)) if isinstance(found, Estimate) else found


def draw(runs: Sequence[dict[str, Any]]) -> None:
    """Gold over KL: the looks of each method beside best-of-n; and best-of-n alone, by both measures of its KL."""
    from _chart import Line, chart

    curves = [best_of(r) for r in runs if r["run"] == "sft"]

    def best(axis: str, picked: Sequence[int]) -> list[tuple[float, Figure]]:
        return [
            (float(np.mean([c[axis][n - 1] for c in curves])), over([c["gold"][n - 1] for c in curves])) for n in picked
        ]

    lines = [Line("best of n", best("bound", (1, 2, 3, 4, 6, 8)))]
    for name in METHODS:
        own = [r["looks"] for r in runs if r["run"] == name]
        at = range(len(own[0]) if own else 0)
        points = [(float(np.mean([o[i]["kl"] for o in own])), over([o[i]["gold"] for o in own])) for i in at]
        lines.append(Line(name.upper(), points))
    x = "KL to the imitator, nats an answer"
    chart(PAGES / "learning.svg", "Right answers to held-out questions, by KL", lines, x=x, y="gold")
    both = [Line(words, best(axis, (1, 2, 3, 4, 6, 8, 12, 16, 24, 32))) for words, axis in AXES.items()]
    chart(PAGES / "best-of-n.svg", "What the best of n is worth, n from 1 to 32", both, x=x, y="gold")


def write(runs: Sequence[dict[str, Any]], seeds: int) -> None:
    """The results file, whole."""
    RESULTS.write_text(json.dumps({
        "command": f"python benchmarks/learning.py --seeds {seeds}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread of "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "asked": "10 seeds, against imitation and best-of-n at equal KL; beta 0 drifts, the leash prevents it",
        "settings": {name: encode(config(0)) for name, (_, config, _) in RUNS.items()},
        "table": table(runs), "runs": list(runs),
    }, indent=1) + "\n")  # fmt: skip


def main(seeds: int, work: Path) -> None:
    """Everything that is not in the results yet."""
    runs = json.loads(RESULTS.read_text())["runs"] if RESULTS.exists() else []
    for seed in range(seeds):
        for name in ("sft", *RUNS):
            if any((r["seed"], r["run"]) == (seed, name) for r in runs):
                continue
            started, at = time.process_time(), work / str(seed)
            if not (at / "sft").exists() or name == "sft":
                found = imitation(seed, at)
            if name != "sft":
                found = learn(seed, name, at)
            runs.append({"seed": seed, "run": name, "cpu_s": round(time.process_time() - started, 1), **found})
            write(runs, seeds)
            print(seed, name, runs[-1]["cpu_s"], found.get("looks", [{}])[-1] or found["right"], flush=True)
    write(runs, seeds)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tutelage-learning")
    parser.add_argument("--draw", action="store_true", help="no runs, the table and the figure alone")
    given = parser.parse_args()
    if not given.draw:
        main(given.seeds, given.work)
    kept = json.loads(RESULTS.read_text())["runs"]
    write(kept, given.seeds)
    draw(kept)
