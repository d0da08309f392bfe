"""Ours beside the peers, one case a process: CPU seconds, peak memory, and the answer, so that equality is seen.

    python benchmarks/measure_peers.py --peers PEERS/bin/python      # everything that is installed; writes the results
    python benchmarks/measure_peers.py --case ds_ours --n 1000000    # one case, one line of JSON

Peers are optional: crowd-kit, evalica, choix, statsmodels, krippendorff (`pip install` them in an environment of their
own and name its interpreter with --peers). Data are made from fixed seeds by a process of their own and read from a
file, so that neither the time nor the memory of making them is counted. One thread. Each pair of a comparison runs one
after the other. Results: benchmarks/results/measure_peers.json, with the bars and what was reached.
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
import tempfile
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
DATA = {"ds": labels, "bt": comparisons, "alpha": ratings}


def data(kind, n):
    """The arrays of one kind of case, from the file that another process has made."""
    folder = Path(os.environ.get("MEASURE_PEERS_DATA", tempfile.gettempdir()))
    path = folder / f"measure_peers_{kind}_{n}.npz"
    if not path.exists():
        maker = "import sys; sys.path.insert(0, sys.argv[1]); import measure_peers as m; m.make(*sys.argv[2:])"
        here = str(Path(__file__).parent)
        subprocess.run([sys.executable, "-c", maker, here, kind, str(n), str(path)], check=True)
    with np.load(path) as columns:
        return [columns[name] for name in columns.files]


def make(kind, n, path):
    """Write the arrays of one kind of case."""
    found = DATA[kind](int(n))
    np.savez(path, *(found if isinstance(found, tuple) else (found,)))


def case(make_call):
    """Register a case: a function of n that returns (call, answer of its result)."""
    CASES[make_call.__name__] = make_call
    return make_call


def sha(codes):
    return hashlib.sha256(np.ascontiguousarray(codes, dtype=np.int8).tobytes()).hexdigest()[:16]


ROUNDS = 20


@case
def ds_ours(n):
    from tutelage.measure.consensus.categorical import _Em
    from tutelage.measure.consensus.votes import votes

    task, worker, label, truth = data("ds", n)

    def call():
        v = votes(task, worker, label)
        return _Em(v, None).run(v.shares(), 0.0, None, -1e9, ROUNDS, must=False)[0]

    return call, lambda p: {"rounds": ROUNDS, "labels": sha(p.argmax(1)), "right": float((p.argmax(1) == truth).mean())}


@case
def ds_crowdkit(n):
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    task, worker, label, truth = data("ds", n)
    frame = pd.DataFrame({"task": task, "worker": worker, "label": label.astype(int)})

    def call():
        return DawidSkene(n_iter=ROUNDS, tol=-1e9).fit(frame).labels_.sort_index().to_numpy()

    return call, lambda y: {"rounds": ROUNDS, "labels": sha(y), "right": float((y == truth).mean())}


@case
def ds_shrunken_ours(n):
    from tutelage.measure.consensus import dawid_skene, votes

    task, worker, label, truth = data("ds", n)
    return (lambda: dawid_skene(votes(task, worker, label))), lambda c: {
        "kappa": c.kappa, "right": float((c.code == truth).mean()),
    }  # fmt: skip


def _scores(theta, truth):
    theta = theta - theta.mean()
    return {"first": [round(float(t), 8) for t in theta[:3]], "rmse": float(np.sqrt(np.mean((theta - truth) ** 2)))}


@case
def bt_ours_with_errors(n):
    from tutelage.measure.preference import bradley_terry

    a, b, y, _w, truth = data("bt", n)
    return (lambda: bradley_terry(a, b, y)), lambda s: _scores(s.theta, truth) | {"mean_se": float(s.se.mean())}


@case
def bt_ours_clustered(n):
    from tutelage.measure.preference import bradley_terry

    a, b, y, w, truth = data("bt", n)
    return (
        lambda: bradley_terry(a, b, y, judges=w)
    ), lambda s: _scores(s.theta, truth) | {"mean_se": float(s.se.mean())}


@case
def bt_evalica_without_errors(n):
    import evalica

    a, b, y, _w, truth = data("bt", n)
    won = [evalica.Winner.Y, evalica.Winner.X]
    a, b, y = a.tolist(), b.tolist(), [won[v] for v in y.tolist()]

    def call():
        return evalica.bradley_terry(a, b, y, tolerance=1e-8, limit=1000)

    return call, lambda r: _scores(np.log(r.scores.sort_index().to_numpy()), truth)


@case
def alpha_ours_with_interval(n):
    from tutelage.measure.agreement import alpha
    from tutelage.measure.ratings import from_matrix

    items, _judges, values = from_matrix(data("alpha", n)[0])
    return (lambda: alpha(items, values, scale="interval")), lambda e: {"alpha": e.value, "lo": e.lo, "hi": e.hi}


@case
def alpha_evalica(n):
    import evalica
    import pandas as pd

    table = pd.DataFrame(data("alpha", n)[0])
    return (lambda: evalica.alpha(table, distance="interval")), lambda r: {"alpha": float(r.alpha)}


@case
def alpha_krippendorff(n):
    import krippendorff

    table = data("alpha", n)[0]
    return (lambda: krippendorff.alpha(reliability_data=table, level_of_measurement="interval")), lambda a: {
        "alpha": float(a)
    }


@case
def certify_ours_mean(n):
    return _certify(n, "mean")


@case
def certify_ours_agreement(n):
    return _certify(n, "agreement")


def _certify(n, target):
    from tutelage.measure.certify import certify

    rng = np.random.default_rng(SEED + 3)
    ai = (rng.random(n) < 0.7).astype(np.int64)
    human = np.where(rng.random(n) < 0.06, 1 - ai, ai).astype(float)
    unseen = np.ones(n, bool)
    unseen[rng.choice(n, 5000, replace=False)] = False
    human[unseen] = np.nan
    return (lambda: certify(ai, human, target=target)), lambda c: {"figure": str(c.figure)}


ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PLAN = [
    *[(c, n) for n in (100_000, 1_000_000, 10_000_000) for c in ("ds_ours", "ds_crowdkit")],
    *[(c, n) for n in (1_000_000, 10_000_000) for c in ("bt_ours_with_errors", "bt_evalica_without_errors")],
    *[("bt_ours_clustered", n) for n in (1_000_000, 10_000_000)],
    ("alpha_ours_with_interval", 1_000_000), ("alpha_evalica", 1_000_000), ("alpha_krippendorff", 100_000),
    ("certify_ours_mean", 1_000_000), ("certify_ours_agreement", 1_000_000),
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


BARS = {
    "Dawid-Skene, 1M labels: CPU a round, crowd-kit over ours (at least 12)": (
        "ds_crowdkit", "ds_ours", 1_000_000, "cpu_s", 12.0),
    "Dawid-Skene, 1M labels: peak memory, crowd-kit over ours (at least 3)": (
        "ds_crowdkit", "ds_ours", 1_000_000, "peak_mb", 3.0),
    "Dawid-Skene, 10M labels: CPU a round, crowd-kit over ours": ("ds_crowdkit", "ds_ours", 10_000_000, "cpu_s", 12.0),
    "Dawid-Skene, 10M labels: peak memory, crowd-kit over ours": ("ds_crowdkit", "ds_ours", 10_000_000, "peak_mb", 3.0),
    "Bradley-Terry with errors, 10M: CPU, evalica without errors over ours (at least 10)": (
        "bt_evalica_without_errors", "bt_ours_with_errors", 10_000_000, "cpu_s", 10.0),
}  # fmt: skip
MOST = {
    "alpha with its interval, 1M values, 101 levels: CPU s (at most .05)": (
        "alpha_ours_with_interval", 1_000_000, 0.05),
    "certificate, 1M judged and 5k human: CPU s (at most .5)": ("certify_ours_mean", 1_000_000, 0.5),
    "certificate of agreement, 1M judged and 5k human: CPU s (at most .5)": ("certify_ours_agreement", 1_000_000, 0.5),
}  # fmt: skip


def shows(rows):
    """Each bar with what was reached; a case that did not run has no entry."""
    at = {(r["case"], r["n"]): r for r in rows if "cpu_s" in r}
    out = {}
    for words, (peer, ours, n, figure, least) in BARS.items():
        if (peer, n) in at and (ours, n) in at:
            p, o = at[peer, n], at[ours, n]
            ratio = (p[figure] / p["answer"].get("rounds", 1)) / (o[figure] / o["answer"].get("rounds", 1)) \
                if figure == "cpu_s" else p[figure] / o[figure]  # fmt: skip
            same = p["answer"].get("labels", p["answer"].get("first")) == o["answer"].get(
                "labels", o["answer"].get("first"))  # fmt: skip
            out[words] = {"ratio": round(ratio, 2), "bar": least, "reached": ratio >= least, "equal_answers": same}
    for words, (ours, n, most) in MOST.items():
        if (ours, n) in at:
            cpu = at[ours, n]["cpu_s"]
            out[words] = {"cpu_s": cpu, "bar": most, "reached": cpu <= most}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--peers", default=sys.executable, help="interpreter of the environment that has the peers")
    parser.add_argument("--out", default=str(Path(__file__).parent / "results" / "measure_peers.json"))
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case, options.n)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, n in PLAN:
            python = sys.executable if OURS in name else options.peers
            command = [python, __file__, "--case", name, "--n", str(n)]
            more = ONE_THREAD | {"MEASURE_PEERS_DATA": folder}
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=900, env=os.environ | more
            )  # fmt: skip
            last = done.stderr.strip().splitlines()[-1:] or ["no output"]
            rows.append(json.loads(done.stdout) if done.returncode == 0 else {"case": name, "n": n, "not_run": last[0]})
            print(json.dumps(rows[-1]), flush=True)
    conditions = {"python": platform.python_version(), "numpy": np.__version__, "threads": 1, "cores": os.cpu_count()}
    command = "python benchmarks/measure_peers.py --peers PEERS/bin/python"
    found = {"command": command, "conditions": conditions, "shows": shows(rows), "rows": rows}
    Path(options.out).write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found["shows"], indent=1))


if __name__ == "__main__":
    main()
