"""Does the improvement come from the judgments? One recipe, four arms, several seeds.

    python benchmarks/bench_causal.py [--seeds 1 2 3] [--recipe causal] [--out runs/causal]

Arms: verdicts as they are, 30 % of the rankings turned round, ranks permuted, and SFT only (what each is held
against). Figures are paired by prompt and pooled over seeds; intervals rest on topics. Finished stages are kept, so a
second call is quick. Writes `benchmarks/bench_causal.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from itertools import pairwise
from pathlib import Path

from tutelage.measure import intervals
from tutelage.pipeline import loop
from tutelage.pipeline.progress import choose
from tutelage.pipeline.recipe import load
from tutelage.records import Estimate, encode

RESULTS = Path(__file__).with_suffix(".json")
# What a gain may not cost, against SFT only: the whole interval must stay on the good side of the margin.
MARGINS = {"relevance": (-0.05, "least"), "repeated_share": (0.05, "most")}
WORDS_MARGIN = 0.2  # of the SFT model's mean length, either way


def main(seeds: list[int], recipe_name: str, out: Path) -> None:
    started = time.time()
    passes: dict[str, list[float]] = {}
    groups: list[str] = []
    metrics = []
    for seed in seeds:
        recipe = load(recipe_name).model_copy(update={"seed": seed})
        done = loop.run_recipe(recipe, out / f"seed-{seed}", progress=choose(as_json=False))
        metrics.append(done.metrics)
        state = json.loads((done.out / "run.json").read_text())
        rows = json.loads((Path(state["stages"]["evaluate"]["path"]) / "passes.json").read_text())
        for name, row in rows.items():
            passes.setdefault(name, []).extend(row["passes"])
        groups.extend(rows["sft"]["groups"])
    arms = list(load(recipe_name).arms)
    gains = {a: intervals.paired_difference(passes[a], passes["sft"], clusters=groups) for a in arms}
    steps = {
        f"{a} over {b}": intervals.paired_difference(passes[a], passes[b], clusters=groups) for a, b in pairwise(arms)
    }
    rates = {n: intervals.win_rate(p, clusters=groups) for n, p in passes.items()}
    result = {
        "command": f"python benchmarks/bench_causal.py --seeds {' '.join(map(str, seeds))} --recipe {recipe_name}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "seconds": round(time.time() - started, 1),
        "seeds": seeds,
        "pass_rate": encode(rates),
        "gain_over_sft": encode(gains),
        "steps": encode(steps),
        "per_seed": [m["arms"] for m in metrics],
        "what_it_cost": [m["models"][arms[0]]["vs_sft"] for m in metrics],
        "base_cut_short": [m["models"]["base"]["cut_short"] for m in metrics],
        "words_sft": [m["models"]["sft"]["words"] for m in metrics],
    }
    RESULTS.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n")
    for name, rate in rates.items():
        print(f"pass rate {name:<12} {rate}")
    for name, gain in {**gains, **steps}.items():
        print(f"{name:<28} {gain}")
    for seed, cut in zip(seeds, result["base_cut_short"], strict=True):
        print(f"seed {seed}, base cut at its best word: {cut['value']:.3f} [{cut['lo']:.3f}, {cut['hi']:.3f}]")
    permuted = gains.get("permuted")
    if isinstance(permuted, Estimate):
        print("the permuted arm's interval covers 0:", permuted.lo <= 0 <= permuted.hi)
    for seed, cost in zip(seeds, result["what_it_cost"], strict=True):
        shown = {k: f"{v['value']:+.3f} [{v['lo']:+.3f}, {v['hi']:+.3f}]" for k, v in cost.items() if "value" in v}
        print(f"seed {seed}, true arm against SFT:", {k: shown[k] for k in ("relevance", "words", "repeated_share")})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--recipe", default="causal")
    parser.add_argument("--out", type=Path, default=Path("runs/causal"))
    given = parser.parse_args()
    main(given.seeds, given.recipe, given.out)
