"""Ours beside the peers, one case a process: CPU seconds, peak memory, and the answer, so that equality is seen.

    python benchmarks/measure_peers.py --out benchmarks/measure_peers.json     # everything that is installed
    python benchmarks/measure_peers.py --case ds_ours --n 1000000              # one case, one line of JSON

Peers are optional: crowd-kit, evalica, choix, krippendorff (`pip install` them in an environment of their own and name
its interpreter with --peers). Data are made anew from fixed seeds; making them is not counted. One thread (with
--case, set OMP_NUM_THREADS=1 yourself).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SEED = 20260101


def labels(n, k=4, workers=1000, per=5):
    """n labels, 5 a task; 1 000 workers, accuracy Beta(8, 3), Dirichlet errors, 5 % spammers."""
    rng = np.random.default_rng(SEED)
    t = n // per
    z = rng.choice(k, t, p=[0.4, 0.3, 0.2, 0.1])
    acc = rng.beta(8, 3, workers)
    conf = np.zeros((workers, k, k))
    for c in range(k):
        conf[:, c, np.arange(k) != c] = rng.dirichlet(np.ones(k - 1), workers) * (1 - acc)[:, None]
        conf[:, c, c] = acc
    spam = rng.choice(workers, workers // 20, replace=False)
    conf[spam] = rng.dirichlet(np.ones(k), len(spam))[:, None, :]
    steps = np.cumsum(rng.integers(1, 200, (t, per - 1)), 1)
    w = (rng.integers(0, workers, t)[:, None] + np.concatenate([np.zeros((t, 1), int), steps], 1)) % workers
    task, w = np.repeat(np.arange(t, dtype=np.int32), per), w.ravel().astype(np.int32)
    y = (rng.random(t * per)[:, None] > np.cumsum(conf, 2)[w, z[task]][:, :-1]).sum(1).astype(np.int8)
    return task, w, y, z


def comparisons(n, items=1000, workers=1000):
    """n comparisons of 1 000 items, strengths N(0, 1)."""
    rng = np.random.default_rng(SEED + 1)
    theta = rng.normal(0, 1, items)
    a = rng.integers(0, items, n).astype(np.int32)
    b = ((a + rng.integers(1, items, n)) % items).astype(np.int32)
    u, w = rng.random(n), rng.integers(0, workers, n).astype(np.int32)
    return a, b, (u < 1 / (1 + np.exp(theta[b] - theta[a]))).astype(np.int8), w, theta - theta.mean()


def ratings(n, levels=101, raters=5):
    """About n ratings by 5 raters, 10 % missing, as (raters, units) with NaN."""
    rng = np.random.default_rng(SEED + 2)
    units = int(n / raters / 0.9)
    x = rng.normal(0, 1, units)[None, :] + rng.normal(0, 0.7, (raters, units))
    v = np.searchsorted(np.quantile(x, np.linspace(0, 1, levels + 1)[1:-1]), x).astype(float)
    v[rng.random(v.shape) < 0.1] = np.nan
    return v


CASES = {}


def case(make):
    """Register a case: a function of n that returns (call, answer of its result)."""
    CASES[make.__name__] = make
    return make


def sha(codes):
    return hashlib.sha256(np.ascontiguousarray(codes, dtype=np.int8).tobytes()).hexdigest()[:16]


ROUNDS = 20


@case
def ds_ours(n):
    from tutelage.measure.consensus.categorical import _Em
    from tutelage.measure.consensus.votes import votes

    task, worker, label, truth = labels(n)

    def call():
        v = votes(task, worker, label)
        return _Em(v, None).run(v.shares(), 0.0, None, -1e9, ROUNDS, must=False)[0]

    return call, lambda p: {"rounds": ROUNDS, "labels": sha(p.argmax(1)), "right": float((p.argmax(1) == truth).mean())}


@case
def ds_crowdkit(n):
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    task, worker, label, truth = labels(n)
    frame = pd.DataFrame({"task": task, "worker": worker, "label": label.astype(int)})

    def call():
        return DawidSkene(n_iter=ROUNDS, tol=-1e9).fit(frame).labels_.sort_index().to_numpy()

    return call, lambda y: {"rounds": ROUNDS, "labels": sha(y), "right": float((y == truth).mean())}


@case
def ds_shrunken_ours(n):
    from tutelage.measure.consensus import dawid_skene, votes

    task, worker, label, truth = labels(n)
    return (lambda: dawid_skene(votes(task, worker, label))), lambda c: {
        "kappa": c.kappa, "right": float((c.code == truth).mean()),
    }  # fmt: skip


def _scores(theta, truth):
    theta = theta - theta.mean()
    return {"first": [round(float(t), 8) for t in theta[:3]], "rmse": float(np.sqrt(np.mean((theta - truth) ** 2)))}


@case
def bt_ours_with_errors(n):
    from tutelage.measure.preference import bradley_terry

    a, b, y, _w, truth = comparisons(n)
    return (lambda: bradley_terry(a, b, y)), lambda s: _scores(s.theta, truth) | {"mean_se": float(s.se.mean())}


@case
def bt_ours_clustered(n):
    from tutelage.measure.preference import bradley_terry

    a, b, y, w, truth = comparisons(n)
    return (
        lambda: bradley_terry(a, b, y, judges=w)
    ), lambda s: _scores(s.theta, truth) | {"mean_se": float(s.se.mean())}


@case
def bt_evalica_without_errors(n):
    import evalica

    a, b, y, _w, truth = comparisons(n)
    won = [evalica.Winner.Y, evalica.Winner.X]
    a, b, y = a.tolist(), b.tolist(), [won[v] for v in y.tolist()]

    def call():
        return evalica.bradley_terry(a, b, y, tolerance=1e-8, limit=1000)

    return call, lambda r: _scores(np.log(r.scores.sort_index().to_numpy()), truth)


@case
def alpha_ours_with_interval(n):
    from tutelage.measure.agreement import alpha
    from tutelage.measure.ratings import from_matrix

    items, _judges, values = from_matrix(ratings(n))
    return (lambda: alpha(items, values, scale="interval")), lambda e: {"alpha": e.value, "lo": e.lo, "hi": e.hi}


@case
def alpha_evalica(n):
    import evalica
    import pandas as pd

    table = pd.DataFrame(ratings(n))
    return (lambda: evalica.alpha(table, distance="interval")), lambda r: {"alpha": float(r.alpha)}


@case
def alpha_krippendorff(n):
    import krippendorff

    table = ratings(n)
    return (lambda: krippendorff.alpha(reliability_data=table, level_of_measurement="interval")), lambda a: {
        "alpha": float(a)
    }


OURS_ALL = ("ds_ours", "ds_shrunken_ours", "alpha_ours_with_interval", "bt_ours_with_errors", "bt_ours_clustered")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PLAN = [
    *[(c, n) for c in OURS_ALL
      for n in (100_000, 1_000_000, 10_000_000)],
    ("ds_crowdkit", 100_000), ("ds_crowdkit", 1_000_000), ("alpha_evalica", 1_000_000), ("alpha_krippendorff", 100_000),
    ("bt_evalica_without_errors", 1_000_000), ("bt_evalica_without_errors", 10_000_000),
]  # fmt: skip
OURS = "ours"


def measure(name, n):
    call, answer = CASES[name](n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, wall = time.process_time(), time.perf_counter()
    found = call()
    cpu, wall = time.process_time() - start, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "case": name, "n": n, "cpu_s": round(cpu, 3), "wall_s": round(wall, 3), "peak_mb": round(peak),
        "mb_before": round(before), "load": round(os.getloadavg()[0], 1), "answer": answer(found),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--peers", default=sys.executable, help="interpreter of the environment that has the peers")
    parser.add_argument("--out")
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case, options.n)))
        return
    rows = []
    for name, n in PLAN:
        python = sys.executable if OURS in name else options.peers
        command = [python, __file__, "--case", name, "--n", str(n)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=900, env=os.environ | ONE_THREAD
        )  # fmt: skip
        last = done.stderr.strip().splitlines()[-1:] or ["no output"]
        rows.append(json.loads(done.stdout) if done.returncode == 0 else {"case": name, "n": n, "not_run": last[0]})
        print(json.dumps(rows[-1]), flush=True)
    if options.out:
        conditions = {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "threads": 1,
            "cores": os.cpu_count(),
        }
        command = "python benchmarks/measure_peers.py --peers PEERS/bin/python --out benchmarks/measure_peers.json"
        found = {"command": command, "conditions": conditions, "rows": rows}
        Path(options.out).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
