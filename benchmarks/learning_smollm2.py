"""One run a method on SmolLM2-135M: the same code on a real model. One seed and few steps: a demonstration, no figure.

    nice -n 15 python benchmarks/learning_smollm2.py [--steps 10] [--methods ppo,rloo,grpo]

Tasks: the starter prompts with a form that a rule checks ("one sentence with the word often", …), LoRA of rank 8.
Every step asks 6 prompts and samples 4 answers of at most 40 tokens to each. Kept: the line of every step.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from tutelage import training
from tutelage.environments import rewards
from tutelage.pipeline import starter
from tutelage.records import text_of
from tutelage.training import GrpoConfig, PpoConfig, RlooConfig

RESULTS = Path(__file__).parent / "results" / "learning_smollm2.json"
CONFIGS = {"ppo": PpoConfig, "rloo": RlooConfig, "grpo": GrpoConfig}
COMMON: dict[str, Any] = {
    "lr": 5e-4, "batch_rows": 6, "answers": 4, "max_response_tokens": 40, "epochs": 1, "beta": 0.02, "device": "cpu",
}  # fmt: skip
KEPT = ("step", "reward", "kl", "entropy", "length", "eos_rate", "empty", "repetition")
WORDS = ("often", "That is all", "Hello!")  # forms that the untrained model sometimes meets


def run(method: str, steps: int) -> dict[str, Any]:
    """The course of one run."""
    tasks = [t for t in starter.tasks() if any(word in text_of(t.prompt) for word in WORDS)]
    with tempfile.TemporaryDirectory() as folder:
        out, started = Path(folder) / "run", time.process_time()
        config = CONFIGS[method](**COMMON, steps=steps)
        getattr(training, method)(tasks, "local:smollm2", out, rewards.load("graders"), config)
        spent = time.process_time() - started
        lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        shutil.rmtree(out)
    kept = [{k: round(line[k], 4) if line[k] is not None else None for k in KEPT} for line in lines]
    return {"method": method, "steps": steps, "cpu_s": round(spent, 1), "log": kept}


def main(steps: int, methods: list[str]) -> None:
    """Methods that are not in the results yet."""
    runs = json.loads(RESULTS.read_text())["runs"] if RESULTS.exists() else []
    for method in methods:
        if any(r["method"] == method for r in runs):
            continue
        runs.append(run(method, steps))
        RESULTS.write_text(json.dumps({
            "command": f"python benchmarks/learning_smollm2.py --steps {steps}",
            "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread of "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
            "asked": "one documented run a method on SmolLM2-135M", "settings": COMMON, "runs": runs,
        }, indent=1) + "\n")  # fmt: skip
        print(json.dumps(runs[-1]), flush=True)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--methods", default="ppo,rloo,grpo")
    given = parser.parse_args()
    main(given.steps, given.methods.split(","))
