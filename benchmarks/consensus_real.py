"""How good is the consensus method that gold picks, against the best one, on real crowds – and without gold.

    python benchmarks/consensus_real.py [--draws 300]

On bluebirds, adult2 and dices_350 a random part of the gold is shown to `measure.consensus.choose`, the items of the
rest are scored (never the same), `--draws` times: half of the gold, and 10, 20, 30, 50 items. Regret: accuracy of the
method that is best on all gold, less that of the one chosen, on the items scored. Raters are the same in both parts:
what is left open is the choice, not the crowd. That held-out votes count as one gold item was found on these sets, so
the figures for little gold flatter; those for half of the gold hardly depend on it. On llmfao, ukp_convarg and
pandalm_test the choice is by held-out votes; on the three with gold too, to see what it would have cost.
Data: $TUTELAGE_DATA. Writes `benchmarks/results/consensus_real.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np
import polars as pl

from tutelage.measure.consensus import Consensus, Votes, choose, votes
from tutelage.measure.consensus.choose import ENOUGH_GOLD, METHODS, UNDECIDED, best_on_gold, turned
from tutelage.measure.consensus.votes import gold_codes
from tutelage.measure.ratings import once

RESULTS = Path(__file__).parent / "results" / "consensus_real.json"
DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
SIZES: tuple[float, ...] = (0.5, 10, 20, 30, 50)
CROWDS = {  # name → file, item, judge, value, gold file, gold's item, gold's answer
    "bluebirds": ("labels", "task", "worker", "label", "gold", "task", "gold"),
    "adult2": ("labels", "task", "worker", "label", "gold", "task", "gold"),
    "dices_350": ("ratings", "id", "rater", "label", "items", "id", "expert_gold"),
    "llmfao": ("votes", "pair_id", "worker", "winner", None, "", ""),
    "ukp_convarg": ("votes", "pair_id", "worker", "value", None, "", ""),
    "pandalm_test": ("pairs", "idx", "worker", "label", None, "", ""),
}


def crowd(name: str) -> tuple[Votes, dict]:
    """The votes (the last of a judge on an item counts), and item → known answer."""
    file, item, judge, value, gold, gold_item, answer = CROWDS[name]
    table = pl.read_parquet(DATA / name / f"{file}.parquet")
    if name == "pandalm_test":
        raters = [f"annotator{k}" for k in (1, 2, 3)]
        table = table.unpivot(on=raters, index="idx", variable_name=judge, value_name=value)
    table = table[once(table[item].to_numpy(), table[judge].to_numpy(), "last")]
    v = votes(table[item].to_numpy(), table[judge].to_numpy(), table[value].to_numpy())
    if gold is None:
        return v, {}
    known = pl.read_parquet(DATA / name / f"{gold}.parquet")
    return v, dict(zip(known[gold_item].to_list(), known[answer].to_list(), strict=True))


def with_gold(v: Votes, known: np.ndarray, draws: int, rng: np.random.Generator) -> dict:
    """Regret and share of Dawid–Skene's gain, by how much gold is shown."""
    blind = {name: fit(v, None) for name, fit in METHODS.items()}
    plain = choose(v, rng=0)
    name, by, claim = plain.method, plain.by, plain.claim
    hint = None if claim == UNDECIDED else name
    rows = np.flatnonzero(known >= 0)
    right = {m: c.right(known) for m, c in blind.items() if isinstance(c, Consensus)}
    accuracy = {m: float(r[rows].mean()) for m, r in right.items()}
    best = max(accuracy, key=accuracy.__getitem__)
    out: dict = {"items": int(v.items.size), "judges": int(v.judges.size), "gold": int(rows.size), "accuracy": accuracy}
    out["without_gold"] = {"method": name, "by": by, "claim": claim, "regret": accuracy[best] - accuracy[name],
                           "turned": {m: turned(v, c) for m, c in blind.items()}}  # fmt: skip
    for size in SIZES:
        n = int(size * rows.size) if size < 1 else int(size)
        regret, gain, took = [], [], []
        for _ in range(draws):
            order = rng.permutation(rows)
            shown, scored = order[:n], order[n:]
            chosen = best_on_gold({m: r[shown] for m, r in right.items()}, hint if n < ENOUGH_GOLD else None)
            mean = {m: float(r[scored].mean()) for m, r in right.items()}
            regret.append(mean[best] - mean[chosen])
            gain.append((mean[chosen] - mean["majority"], mean["dawid-skene"] - mean["majority"]))
            took.append(chosen)
        had, could = np.mean(gain, axis=0)
        out[f"gold shown {size:g}"] = {
            "gold_items": n, "regret": float(np.mean(regret)),
            "mc_error": float(np.std(regret) / np.sqrt(draws)),
            "share_of_dawid_skene_gain": float(had / could) if could > 0.01 else None,
            "chosen": {m: took.count(m) / draws for m in METHODS if m in took},
        }  # fmt: skip
    return out


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=300)
    draws = parser.parse_args().draws
    began, out = time.time(), {}
    for name in CROWDS:
        v, gold = crowd(name)
        if gold:
            out[name] = with_gold(v, gold_codes(v, gold), draws, np.random.default_rng(1))
        else:
            c = choose(v, rng=0)
            out[name] = {"method": c.method, "by": c.by, "claim": c.claim,
                         "gain": {m: [g.value, g.lo, g.hi] for m, g in c.gain.items()}}  # fmt: skip
        print(name, json.dumps(out[name], indent=1))
    three = ("bluebirds", "adult2", "dices_350")
    mean = {f"{s:g}": float(np.mean([out[n][f"gold shown {s:g}"]["regret"] for n in three])) for s in SIZES}
    print("mean regret by gold shown:", mean)
    whole = {
        "command": f"python benchmarks/consensus_real.py --draws {draws}", "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "load": os.getloadavg()[0],
        "seconds": time.time() - began, "mean_regret": mean, "sets": out,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
