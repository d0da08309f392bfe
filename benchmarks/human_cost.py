"""What an AI judge saves people for the mean, beside the most that any use of its verdicts could: 1 / (1 - R2).

    python benchmarks/human_cost.py [--draws 40]

saving    (width of the interval without the judge / width with it) squared, medians over slices: labels per label
limit     from the whole batch, R2 out of sample of people by verdict; `said` is what the certificate prints
llmfao ($TUTELAGE_DATA; CC BY 4.0): left 1, tie 1/2, right 0; "people": the mean vote on a pair; "one": the first vote.
Writes `benchmarks/results/human_cost.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

import numpy as np

from tutelage.measure.certify import certify

RESULTS = Path(__file__).parent / "results" / "human_cost.json"
DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
N, SIZES = 6_000, (300, 600, 1_000)
VALUES = {"left": 1.0, "tie": 0.5, "right": 0.0}
Floats = np.ndarray


def scores(rho: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Scores in [0, 1] of people and a judge whose correlation is rho."""
    z = rng.standard_normal(N)
    y = rho * z + np.sqrt(1 - rho**2) * rng.standard_normal(N)
    return np.clip(0.5 + y / 8, 0, 1), np.clip(0.5 + z / 8, 0, 1)


def verdicts(rho: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Two verdicts, half and half; the judge errs on (1 - rho) / 2, so that the correlation is rho."""
    y = (rng.random(N) < 0.5).astype(float)
    return y, np.where(rng.random(N) < (1 - rho) / 2, 1 - y, y)


def llmfao() -> dict[str, tuple[Floats, Floats]]:
    """People's labels and the verdicts of the two AI judges, and of both together; empty where the data are absent."""
    if not (DATA / "llmfao").exists():
        return {}
    import polars as pl

    worth = pl.col("winner").replace_strict(VALUES)
    votes = pl.read_parquet(DATA / "llmfao" / "votes.parquet").sort("worker").group_by("pair_id", maintain_order=True)
    table = votes.agg(people=worth.mean(), one=worth.first())
    said = pl.read_parquet(DATA / "llmfao" / "judge_votes.parquet")
    for judge in ("gpt-4", "gpt-3.5"):
        table = table.join(said.filter(pl.col("judge") == judge).select("pair_id", worth.alias(judge)), on="pair_id")
    table = table.sort("pair_id").with_columns(both=(pl.col("gpt-4") + pl.col("gpt-3.5")) / 2)
    return {
        f"llmfao, {people}, {judge}": (table[people].to_numpy(), table[judge].to_numpy())
        for people in ("people", "one") for judge in ("gpt-4", "gpt-3.5", "both")
    }  # fmt: skip


def limit_of(y: Floats, f: Floats) -> float:
    """1 / (1 - R2) on the whole batch: means per verdict where they are few (less one item each), else a line."""
    if len(np.unique(f)) > 8:
        return 1 / (1 - float(np.corrcoef(y, f)[0, 1]) ** 2)
    left = sum(
        ((y[f == v] - y[f == v].mean()) ** 2).sum() * (f == v).sum() / ((f == v).sum() - 1) for v in np.unique(f)
    )
    return max(1.0, float(((y - y.mean()) ** 2).sum() / left))


def row(y: Floats, f: Floats, size: int, draws: int, rng: np.random.Generator) -> dict[str, object]:
    """Median saving over slices beside the limit."""
    widths, alone, said, hits, gains, methods = [], [], [], 0, 0, set()
    for _ in range(draws):
        human = np.full(len(y), np.nan)
        rows = rng.choice(len(y), size, replace=False)
        human[rows] = y[rows]
        found = certify(f, human, target="mean", bounds=(0, 1))
        without = certify(np.zeros(len(y)), human, target="mean", bounds=(0, 1)).estimate
        figure, saving = found.estimate, found.saving
        assert saving is not None
        widths.append(figure.hi - figure.lo)
        alone.append(without.hi - without.lo)
        said.append(saving.limit)
        gains += saving.gain
        hits += figure.lo <= y.mean() <= figure.hi
        methods.add(figure.method)
    limit, saved = limit_of(y, f), float((np.median(alone) / np.median(widths)) ** 2)
    return {
        "saving": round(saved, 3), "limit": round(limit, 3), "of_limit": round(saved / limit, 3),
        "limit_said": round(float(np.median(said)), 3), "said_gain": gains / draws, "covered": hits / draws,
        "width": round(float(np.median(widths)), 4), "methods": sorted(methods), "draws": draws,
    }  # fmt: skip


def main(draws: int) -> None:
    rng = np.random.default_rng(4)
    found: dict[str, dict[str, object]] = {}
    batches = {f"scores, rho {rho}": scores(rho, rng) for rho in (0.6, 0.8, 0.9)}
    batches |= {f"two verdicts, rho {rho}": verdicts(rho, rng) for rho in (0.6, 0.8, 0.9)} | llmfao()
    for name, (y, f) in batches.items():
        for size in SIZES:
            found.setdefault(name, {})[str(size)] = shown = row(y, f, size, draws, rng)
            print(
                f"{name:<28} n={size:<5} saving {shown['saving']} of {shown['limit']}: {shown['of_limit']}", flush=True
            )
    RESULTS.write_text(json.dumps({
        "command": f"python benchmarks/human_cost.py --draws {draws}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "asked": "saving at least .9 of the limit", "batches": found,
    }, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=40)
    main(parser.parse_args().draws)
