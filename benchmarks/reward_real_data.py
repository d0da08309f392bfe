"""The fast reward model on real human preferences, cross-fitted over groups, beside the best baseline.

    OMP_NUM_THREADS=1 python benchmarks/reward_real_data.py [ukp_convarg] [hh_harmless]

Reads `$TUTELAGE_DATA` or `../shared/data`; prints the table and writes `benchmarks/reward_real_data.json`.
UKP leaves one debate out at a time and clusters by debate; hh_harmless uses 5 folds of prompts and clusters by prompt.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from tutelage.evaluation.reward_model import evaluate_cross_fitted
from tutelage.formats.texts import transcript
from tutelage.models.head import HeadReward, load
from tutelage.pipeline.stages import people
from tutelage.records import RankedRow, assistant, encode
from tutelage.training.head import HeadConfig, fit, installed_blocks

DATA = Path(os.environ.get("TUTELAGE_DATA", "../shared/data"))
RESULTS = Path(__file__).with_suffix(".json")
SEED = 20261121


def ukp_convarg(folder: Path) -> list[RankedRow]:
    """Strict pairs with the share of their votes; the prompt is the debate and the stance."""
    return people.ukp_convarg(folder)[0]


def hh_harmless(folder: Path) -> list[RankedRow]:
    """Pairs of answers to the last turn of a dialogue; one vote each."""
    return [
        RankedRow(transcript(r["prompt"]), (assistant(r["chosen"]), assistant(r["rejected"])), (1, 2),
                  (str(r["id"]),), r["prompt"])
        for r in pl.read_parquet(folder / "pairs.parquet").to_dicts()
    ]  # fmt: skip


SETS = {"ukp_convarg": (ukp_convarg, None), "hh_harmless": (hh_harmless, 5)}


def main(names: list[str]) -> None:
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names or list(SETS):
        read, k = SETS[name]
        rows = read(DATA / name)
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as temporary:
            scratch = Path(temporary)

            def train(some: list[RankedRow], rng: np.random.Generator, scratch: Path = scratch) -> HeadReward:
                out = Path(tempfile.mkdtemp(dir=scratch)) / "head"
                fit(some, out=out, config=HeadConfig(cache=scratch / "cache"), rng=rng)
                return load(out, cache=scratch / "cache")

            report = evaluate_cross_fitted(
                rows, train, k=k, rng=np.random.default_rng(SEED), name=f"head ({' + '.join(installed_blocks())})"
            )
        seconds = time.perf_counter() - started
        results[name] = {
            "command": f"OMP_NUM_THREADS=1 python benchmarks/reward_real_data.py {name}",
            "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
            f"{os.cpu_count()} shared cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}",
            "seed": SEED,
            "seconds": round(seconds, 1),
            **{key: value for key, value in encode(report).items() if key != "worst"},
        }
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        show(name, report, seconds)


def show(name: str, report: object, seconds: float) -> None:
    print(f"{name}: {seconds:.0f} s")
    for key in ("rows", "pairs", "groups", "baseline", "baseline_chosen", "accuracy", "baseline_accuracy", "gain",
                "beats_baseline", "length_matched_accuracy", "length_matched_gain", "calibration_error",
                "human_agreement"):  # fmt: skip
        print(f"  {key:24s} {getattr(report, key)}")


if __name__ == "__main__":
    main(sys.argv[1:])
