"""CPU time of a residual certificate (1M judged, 5k labels, at most .5 s).  python benchmarks/residual_speed.py"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np

from tutelage.measure.certify import certify

N, SLICE, SEED, BAR = 1_000_000, 5_000, 20261121, 0.5


def main() -> None:
    """Five runs on one batch; the median counts."""
    rng = np.random.default_rng(SEED)
    sure = rng.beta(6, 0.9, N)
    ai = rng.integers(0, 2, N)
    human = np.where(rng.random(N) < sure, ai, 1 - ai).astype(float)
    unseen = np.ones(N, bool)
    unseen[rng.choice(N, SLICE, replace=False)] = False
    human[unseen] = np.nan
    took = []
    for _ in range(5):
        start = time.process_time()
        found = certify(ai, human, target="residual", error=0.05, confidence=sure)
        took.append(time.process_time() - start)
    cpu = float(np.median(took))
    out = {
        "command": "python benchmarks/residual_speed.py", "load": round(os.getloadavg()[0], 1), "n": N, "labels": SLICE,
        "cpu_s": round(cpu, 3), "runs": [round(t, 3) for t in took], "bar": BAR, "reached": cpu <= BAR,
        "figure": str(found.figures["residual"]),
    }  # fmt: skip
    Path(__file__).with_name("results").joinpath("residual_speed.json").write_text(json.dumps(out, indent=1) + "\n")
    print(json.dumps(out))


if __name__ == "__main__":
    main()
