"""A fifth of 350 dialogues may go to the expert: which ones? Area under accuracy gained, as a share of the oracle's.

    python benchmarks/routing_dices.py [--draws 400]

dices_350: 123 raters and one expert, who is the truth here. Up to 20 % of the items are asked of the expert, 7 at a
time. `value`: `measure.route.route` on posteriors that `recalibrated` corrects by what the expert said so far.
`confidence`: the least certain crowd verdict first. `confidence, corrected`: the same order on corrected posteriors,
so that the gain of correcting and of routing can be told apart. `random`. The oracle asks about wrong verdicts only.
Area: mean gain of accuracy over the batches, over the oracle's. Intervals: items resampled, and raters resampled.
Data: $TUTELAGE_DATA (CC BY 4.0). Writes `benchmarks/results/routing_dices.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from tutelage.measure.route import recalibrated, route

RESULTS = Path(__file__).parent / "results" / "routing_dices.json"
DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
SHARE, BATCH = 0.2, 7

Pick = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def by_value(p: np.ndarray, known: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """What the expert's answer is expected to bring, budget of a batch."""
    sure = np.eye(2)[None]
    found = route(recalibrated(p, known), sure, [1.0], budget=BATCH, worth=1e6, eligible=(known < 0)[:, None])
    return np.flatnonzero(found.choice == 0)


def by_confidence(p: np.ndarray, known: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """The least certain verdicts of the crowd."""
    return np.argsort(np.where(known >= 0, 9.0, p.max(axis=1)), kind="stable")[:BATCH]


def by_lot(_: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Any that were not asked yet."""
    return rng.permutation(np.flatnonzero(known < 0))[:BATCH]


POLICIES: dict[str, tuple[Pick, bool]] = {
    "value": (by_value, True),
    "confidence, corrected": (by_confidence, True),
    "confidence": (by_confidence, False),
    "random, corrected": (by_lot, True),
    "random": (by_lot, False),
}


def area(p: np.ndarray, truth: np.ndarray, pick: Pick, corrected: bool, rng: np.random.Generator) -> float:
    """Share of the oracle's area."""
    known, gained = np.full(len(truth), -1), []
    start = (p.argmax(axis=1) == truth).mean()
    batches = round(SHARE * len(truth) / BATCH)
    for _ in range(batches):
        asked = pick(p, known, rng)
        known[asked] = truth[asked]
        now = recalibrated(p, known) if corrected else np.where((known >= 0)[:, None], np.eye(2)[known], p)
        gained.append((now.argmax(axis=1) == truth).mean() - start)
    oracle = [min(BATCH * (m + 1) / len(truth), 1 - start) for m in range(batches)]
    return float(np.mean(gained) / np.mean(oracle))


def crowd(unsafe: np.ndarray, safe: np.ndarray) -> np.ndarray:
    """(I, 2) shares of those who did not say unsure."""
    share = np.clip(unsafe / np.maximum(unsafe + safe, 1), 0.01, 0.99)
    return np.stack([1 - share, share], axis=1)


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=400)
    draws = parser.parse_args().draws
    began = time.time()
    items = pl.read_parquet(DATA / "dices_350" / "items.parquet").sort("id")
    truth = (items["expert_gold"] == "unsafe").to_numpy().astype(int)
    ratings = pl.read_parquet(DATA / "dices_350" / "ratings.parquet").sort("id", "rater")
    label = ratings["label"].to_numpy().reshape(len(truth), -1)  # every rater rated every item
    said = {name: (label == name).astype(float) for name in ("unsafe", "safe")}
    whole = crowd(said["unsafe"].sum(1), said["safe"].sum(1))

    def over_items(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        rows = rng.integers(0, len(truth), len(truth))
        return whole[rows], truth[rows]

    def over_raters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        who = rng.integers(0, label.shape[1], label.shape[1])
        return crowd(said["unsafe"][:, who].sum(1), said["safe"][:, who].sum(1)), truth

    out: dict = {"crowd accuracy": float((whole.argmax(1) == truth).mean())}
    for name, (pick, corrected) in POLICIES.items():
        point = np.mean([area(whole, truth, pick, corrected, np.random.default_rng(s)) for s in range(10)])
        out[name] = {"share_of_oracle": float(point)}
    for unit, resample in (("items", over_items), ("raters", over_raters)):
        each = {name: np.empty(draws) for name in POLICIES}
        for d in range(draws):
            p, t = resample(np.random.default_rng(d))
            for name, (pick, corrected) in POLICIES.items():
                each[name][d] = area(p, t, pick, corrected, np.random.default_rng(d))
        for name in POLICIES:
            out[name][f"95 % over {unit}"] = np.quantile(each[name], [0.025, 0.975]).tolist()
            out[name][f"value less this, 95 % over {unit}"] = np.quantile(
                each["value"] - each[name], [0.025, 0.975]
            ).tolist()
            out[name][f"value is better, share of draws over {unit}"] = float((each["value"] > each[name]).mean())
    print(json.dumps(out, indent=1))
    RESULTS.write_text(json.dumps({
        "command": f"python benchmarks/routing_dices.py --draws {draws}", "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "load": os.getloadavg()[0],
        "seconds": time.time() - began, "policies": out,
    }, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
