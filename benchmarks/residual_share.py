"""How much may go out without a person at residual error <= 5 % with 95 % confidence; how often that word is broken.

    python benchmarks/residual_share.py [--draws 1000]

One draw is one batch: N = 5,000 items, confidence Beta(6, .9), right with that probability; then what `tutelage slice
draw --target residual` and `tutelage certify --target residual` do. Judges that show another confidence than they have
follow, and GPT-4 on llmfao ($TUTELAGE_DATA; CC BY 4.0). A violation: more than 5 % of what went out is wrong.
Writes `benchmarks/results/residual_share.json`.
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
from scipy.stats import binom

from tutelage.measure.certify import certify
from tutelage.measure.sample import plan_residual

RESULTS = Path(__file__).parent / "results" / "residual_share.json"
DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
N, ERROR, LEVEL, SIZES = 5_000, 0.05, 0.95, (300, 600, 1_200)
LEAST = {300: 0.22, 600: 0.33, 1_200: 0.40}  # what the issue asks of the honest judge

FULL = ("honest", "shows c**.5", "shows c**.2", "shows .99 on half of the items")  # others: a quarter of the draws
Floats = np.ndarray
# shown confidence from the chance of being right
JUDGES: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "honest": lambda c, _: c,
    "shows c**.5": lambda c, _: c**0.5,
    "shows c**.2": lambda c, _: c**0.2,
    "shows .99 on half of the items": lambda c, r: np.where(r.random(len(c)) < 0.5, 0.99, c),
    "shows .99 wherever c > .7": lambda c, _: np.where(c > 0.7, 0.99, c),
    "confidence says nothing": lambda c, r: r.permutation(c),
    "confidence inverted": lambda c, _: 1 - c,
    "two decimals": lambda c, _: np.round(c, 2),
    "twenty levels": lambda c, _: np.round(c * 20) / 20,
    "a score of no scale": lambda c, _: 100 * c - 3,
}


def oracle(confidence: Floats, wrong: np.ndarray, error: float) -> float:
    """The largest share above a threshold with at most `error` wrong, by one who knows every answer."""
    falling = np.argsort(-confidence, kind="stable")
    ends = np.append(np.diff(confidence[falling]) != 0, True)
    good = np.flatnonzero(ends & (np.cumsum(wrong[falling]) / np.arange(1, len(wrong) + 1) <= error))
    return 0.0 if not len(good) else (good[-1] + 1) / len(wrong)


def one(confidence: Floats, wrong: np.ndarray, size: int, error: float, seed: int) -> tuple[float, bool]:
    """(share let out, whether more than `error` of it is wrong) by one drawn slice."""
    draw = plan_residual([str(i) for i in range(len(wrong))], size, confidence, error=error, seed=seed, level=LEVEL)
    human = np.where(draw.drawn(), np.where(wrong, 0.0, 1.0), np.nan)
    found = certify(np.ones(len(wrong)), human, target="residual", error=error, level=LEVEL, confidence=confidence,
                    pi=draw.pi)  # fmt: skip
    if found.threshold is None:
        return 0.0, False
    out = confidence >= found.threshold
    return float(out.mean()), bool(wrong[out].mean() > error)


def summary(rows: list[tuple[float, bool]], best: list[float]) -> dict[str, float]:
    bad = sum(b for _, b in rows)
    return {
        "share": round(float(np.mean([s for s, _ in rows])), 4),
        "violations": bad / len(rows),
        "p_if_5_percent": round(float(binom.sf(bad - 1, len(rows), 1 - LEVEL)), 4),
        "oracle": round(float(np.mean(best)), 4),
        "draws": len(rows),
    }


def synthetic(name: str, size: int, draws: int) -> dict[str, float]:
    rng = np.random.default_rng(11)
    rows, best = [], []
    for seed in range(draws):
        right = rng.beta(6, 0.9, N)
        wrong = rng.random(N) > right
        shown = JUDGES[name](right, rng)
        rows.append(one(shown, wrong, size, ERROR, seed))
        best.append(oracle(shown, wrong, ERROR))
    return summary(rows, best)


def llmfao(error: float, size: int, draws: int) -> dict[str, float] | None:
    """GPT-4 against one person's vote per pair. It gave no confidence: GPT-3.5's vote stands in (agrees: surer; a tie:
    less), then how much longer one answer is: a score of no scale that anyone would have."""
    if not (DATA / "llmfao").exists():
        return None
    import polars as pl

    pairs = pl.read_parquet(DATA / "llmfao" / "pairs.parquet")
    votes = pl.read_parquet(DATA / "llmfao" / "votes.parquet").sort("worker").group_by("pair_id").first()
    said = pl.read_parquet(DATA / "llmfao" / "judge_votes.parquet")
    by = {
        j: said.filter(pl.col("judge") == j).select("pair_id", pl.col("winner").alias(j)) for j in ("gpt-4", "gpt-3.5")
    }
    table = (
        votes.join(by["gpt-4"], on="pair_id")
        .join(by["gpt-3.5"], on="pair_id")
        .join(pairs, on="pair_id")
        .sort("pair_id")
    )
    first, second = table["gpt-4"].to_numpy(), table["gpt-3.5"].to_numpy()
    longer = np.abs(np.log1p(table["response_x"].str.len_chars()) - np.log1p(table["response_y"].str.len_chars()))
    sure = np.where(first == "tie", 0.0, np.where(first == second, 2.0, 1.0)) + np.clip(longer.to_numpy() / 10, 0, 0.99)
    wrong = first != table["winner"].to_numpy()
    rows = [one(sure, wrong, size, error, seed) for seed in range(draws)]
    return summary(rows, [oracle(sure, wrong, error)]) | {"wrong_overall": round(float(wrong.mean()), 4)}


def main(draws: int) -> None:
    started = time.process_time()
    found: dict[str, dict[str, object]] = {}
    for name in JUDGES:
        for size in SIZES:
            row = synthetic(name, size, draws if name in FULL else max(draws // 4, 1))
            found.setdefault(name, {})[str(size)] = row
            print(f"{name:<32} {size:>5}  {row}", flush=True)
    real = {
        f"error {e}, slice {n}": llmfao(e, n, max(draws // 4, 1)) for e in (0.05, 0.35, 0.5, 0.55) for n in (300, 600)
    }
    for key, row in real.items():
        print(f"llmfao {key:<25} {row}")
    reached = all(found["honest"][str(n)]["share"] >= LEAST[n] for n in SIZES)  # type: ignore[index]  # rows of our own
    RESULTS.write_text(json.dumps({
        "command": f"python benchmarks/residual_share.py --draws {draws}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "cpu_s": round(time.process_time() - started, 1),
        "asked": {"share_of_the_honest_judge": LEAST, "violations": 0.05, "reached": reached},
        "peers_on_the_honest_judge": {
            "potato-annotation 2.12.1": {"300": 0.0, "600": 0.04, "1200": 0.18},
            "uniform slice, fixed sequence": {"300": 0.03, "600": 0.14, "1200": 0.27},
        },
        "synthetic": found, "llmfao": real,
    }, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1_000)
    main(parser.parse_args().draws)
