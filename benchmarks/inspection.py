# ruff: noqa: ARG001 - every kind of cheating takes the same arguments
"""Incoming inspection: decisions on lots at 0, 5 and 20 % contamination by each kind of cheating, and on real sets.

    OMP_NUM_THREADS=1 python benchmarks/inspection.py --lots 100 --out benchmarks/results/inspection.json

Simulated lots: honest judges of mixed skill on items of mixed difficulty; a share of the *judges* cheats on all rows.
 Real lots (`resampled`): judges and items of a real set drawn again; `injected`: a fifth of a real set's judges
replaced by cheats. Bounds are exact binomial. What must hold: at 0 % reject at most the producer's risk, at 20 % accept
at most the buyer's; how often a cheat is caught (`reject` at 20 %) is power, reported by kind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from tutelage.integrity.delivery import Delivery
from tutelage.integrity.inspection import inspect
from tutelage.integrity.lot import Risks
from tutelage.measure.arrays import codes
from tutelage.measure.intervals import clopper_pearson

SEED = 20261121
NOUNS = [
    "argument",
    "claim",
    "source",
    "answer",
    "reply",
    "point",
    "example",
    "detail",
    "reason",
    "fact",
    "order",
    "tone",
    "style",
    "length",
    "proof",
    "case",
]
VERBS = [
    "gives",
    "shows",
    "misses",
    "repeats",
    "ignores",
    "explains",
    "names",
    "proves",
    "drops",
    "states",
    "supports",
    "weakens",
    "covers",
    "skips",
]
OPENINGS = [
    "I think",
    "Clearly",
    "To me",
    "Here",
    "On balance",
    "Honestly",
    "As I see it",
    "Mostly",
    "In the end",
    "For this one",
]


def sentence(rng):
    """An honest reason: five to twelve plain words after an opening, never the same twice but by chance."""
    words = [OPENINGS[rng.integers(len(OPENINGS))]]
    for _ in range(int(rng.integers(2, 5))):
        words += [
            "the",
            NOUNS[rng.integers(len(NOUNS))],
            VERBS[rng.integers(len(VERBS))],
            f"part {rng.integers(1, 400)}",
        ]
    return " ".join(words)


def honest(rng, *, items=400, judges=40, per_item=5, K=3, skill=(14, 2), hard=(1, 8), with_work=True):
    """An honest lot as columns: truth of mixed prevalence, item difficulty Beta(1, 8), judge skill Beta."""
    share = rng.dirichlet(np.full(K, 6.0))
    truth = rng.choice(K, items, p=share)
    difficult = rng.beta(*hard, items)
    able = rng.beta(*skill, judges)
    item = np.repeat(np.arange(items), per_item)
    judge = np.concatenate([rng.permutation(judges)[:per_item] for _ in range(items)])
    right = rng.random(len(item)) < able[judge] * (1 - difficult[item]) + difficult[item] / K
    slip = (truth[item] + rng.integers(1, K, len(item))) % K
    lot = {"item": item, "judge": judge, "value": np.where(right, truth[item], slip), "K": K, "truth": truth}
    if with_work:
        pace = np.exp(rng.normal(3.4, 0.35, judges))
        lot["seconds"] = pace[judge] * np.exp(rng.normal(0, 0.5, len(item)))
        lot["reason"] = [sentence(rng) for _ in item]
    return lot


CHEATS = {}


def cheat(f):
    """Register a kind of cheating: f(lot, cheats' rows by judge, rng) changes the lot in place."""
    CHEATS[f.__name__] = f
    return f


@cheat
def random_clicks(lot, mine, rng):
    for rows in mine.values():
        lot["value"][rows] = rng.integers(0, lot["K"], len(rows))


@cheat
def always_left(lot, mine, rng):
    for rows in mine.values():
        lot["value"][rows] = 0


@cheat
def alternating(lot, mine, rng):
    for rows in mine.values():
        lot["value"][rows] = np.arange(len(rows)) % 2


@cheat
def periodic(lot, mine, rng):
    for rows in mine.values():
        lot["value"][rows] = np.arange(len(rows)) % lot["K"]


@cheat
def flipping(lot, mine, rng):
    for rows in mine.values():
        lot["value"][rows] = (lot["value"][rows] + 1) % lot["K"]


@cheat
def colluding(lot, mine, rng):
    sheet = rng.integers(0, lot["K"], lot["item"].max() + 1)
    for rows in mine.values():
        lot["value"][rows] = sheet[lot["item"][rows]]


@cheat
def duplicate_accounts(lot, mine, rng):
    """One person behind each two names: honest but noisy answers, given once and entered under both on every item."""
    names = list(mine)
    for one, other in zip(names[::2], names[1::2], strict=False):
        rows = mine[one]
        sheet = (
            lot["truth"] + (rng.random(len(lot["truth"])) < 0.2) * rng.integers(1, lot["K"], len(lot["truth"]))
        ) % lot["K"]
        lot["value"][rows] = sheet[lot["item"][rows]]
        place = mine[other]
        lot["item"][place[: len(rows)]] = lot["item"][rows[: len(place)]]
        lot["value"][place] = sheet[lot["item"][place]]


@cheat
def too_fast(lot, mine, rng):
    for rows in mine.values():
        lot["value"][rows] = rng.integers(0, lot["K"], len(rows))
        if "seconds" in lot:
            lot["seconds"][rows] = rng.uniform(0.5, 2.5, len(rows))


@cheat
def too_fast_only(lot, mine, rng):
    """Answers stay right; only the seconds betray it (an assistant answers)."""
    for rows in mine.values():
        lot["seconds"][rows] = rng.uniform(0.5, 2.5, len(rows))


@cheat
def templated_reasons(lot, mine, rng):
    for rows in mine.values():
        for r in rows:
            lot["reason"][r] = f"Response {'AB'[lot['value'][r] % 2]} is better because it is clearer and more helpful"


@cheat
def copied_reasons(lot, mine, rng):
    source = rng.permutation(len(lot["item"]))
    for rows in mine.values():
        for r in rows:
            lot["reason"][r] = lot["reason"][source[r]]


@cheat
def row_by_row(lot, mine, rng):
    """A fifth of all rows, over all judges alike, clicked at random: no judge stands out."""
    rows = np.flatnonzero(rng.random(len(lot["item"])) < sum(map(len, mine.values())) / len(lot["item"]))
    lot["value"][rows] = rng.integers(0, lot["K"], len(rows))


def contaminate(lot, kind, share, rng):
    """A share of the judges cheats on every row."""
    names = np.unique(lot["judge"])
    chosen = rng.permutation(names)[: round(share * len(names))]
    mine = {int(j): np.flatnonzero(lot["judge"] == j) for j in chosen}
    if mine:
        CHEATS[kind](lot, mine, rng)
    return lot


def delivery(lot, *, place=None):
    """Columns as the command would read them."""
    i, j, v = (codes(np.asarray(lot[c]), c) for c in ("item", "judge", "value"))
    n = len(i[0])
    cells = [list(map(str, lot[c])) for c in ("item", "judge", "value", "seconds", "reason") if c in lot]
    return Delivery(
        i[0], j[0], v[0], *([str(x) for x in c[1]] for c in (i, j, v)), lot.get("reason"), lot.get("seconds"), None,
        len(v[1]) > max(20, 0.2 * n), np.arange(n), cells, {"item": "item", "judge": "judge", "value": "value"},
    )  # fmt: skip


WORDS_ONLY = {"templated_reasons", "copied_reasons"}


def simulated(lots, kinds, shares, *, seed=SEED, risks=None, **shape):
    """{kind: {share: counts of decisions}}."""
    out = {}
    for kind in kinds:
        out[kind] = {}
        for share in shares:
            seen = Counter()
            for k in range(lots):
                rng = np.random.default_rng([seed, sorted(CHEATS).index(kind), int(100 * share), k])
                lot = contaminate(honest(rng, **shape), kind, share, rng)
                if kind not in WORDS_ONLY:
                    lot.pop("reason", None)
                seen[inspect(delivery(lot), risks=risks or Risks(), rng=rng).decision] += 1
            out[kind][f"{share:.0%}"] = dict(seen)
            print(kind, f"{share:.0%}", dict(seen), file=sys.stderr, flush=True)
    return out


REAL = {
    "bluebirds": ("bluebirds/labels.parquet", ["task"], "worker", "label", None, None),
    "adult2": ("adult2/labels.parquet", ["task"], "worker", "label", None, None),
    "dices_350": ("dices_350/ratings.parquet", ["id"], "rater", "label", None, None),
    "ukp_convarg": ("ukp_convarg/votes.parquet", ["pair_id"], "worker", "value", "hit_seconds", "reason"),
    "llmfao": ("llmfao/votes.parquet", ["pair_id"], "worker", "winner", None, None),
    "crowdwsa2019": ("crowdwsa2019/answers.parquet", ["task"], "worker", "answer", None, None),
    "convabuse": ("convabuse/ratings.parquet", ["example"], "annotator", "severity", None, None),
    "xsum_faithfulness": (
        "xsum_faithfulness/factuality.parquet",
        ["bbcid", "system"],
        "worker_id",
        "is_factual",
        None,
        None,
    ),
}


def real(data, name):
    """A real set as columns."""
    import polars as pl

    file, items, judge, value, seconds, reason = REAL[name]
    t = pl.read_parquet(Path(data) / file)
    item = t.select(pl.concat_str([pl.col(c).cast(pl.String) for c in items], separator="·"))[:, 0]
    texts = {"item": item, "judge": t[judge].cast(pl.String), "value": t[value].cast(pl.String)}
    lot = {c: codes(x.to_numpy(), c)[0] for c, x in texts.items()}
    if seconds:
        lot["seconds"] = t[seconds].to_numpy().astype(float)
    if reason:
        lot["reason"] = t[reason].to_list()
    return lot


def redrawn(lot, rng):
    """Judges drawn again with replacement, each kept once (copies would be duplicates), then 80 % of items."""
    names, items = np.unique(lot["judge"]), np.unique(lot["item"])
    kept = np.unique(rng.choice(names, len(names)))
    some = rng.permutation(items)[: int(0.8 * len(items))]
    rows = np.flatnonzero(np.isin(lot["judge"], kept) & np.isin(lot["item"], some))
    return {c: (x[rows] if isinstance(x, np.ndarray) else [x[r] for r in rows]) for c, x in lot.items()}


def resampled(data, name, lots, *, seed=SEED, share=0.0, kind="random_clicks"):
    """Counts of decisions over redrawn real lots, a share of the judges replaced by cheats."""
    whole, seen = real(data, name), Counter()
    for k in range(lots):
        rng = np.random.default_rng([seed, k, int(100 * share)])
        lot = redrawn(whole, rng)
        if share:
            lot["value"], lot["K"] = lot["value"].copy(), int(lot["value"].max()) + 1
            contaminate(lot, kind, share, rng)
        seen[inspect(delivery(lot), risks=Risks(), rng=rng).decision] += 1
    print(name, f"{share:.0%}", kind if share else "", dict(seen), file=sys.stderr, flush=True)
    return dict(seen)


def rate(k, n):
    """k of n with its exact 95 % interval."""
    lo, hi = clopper_pearson(k, n, 0.95)
    return {"value": k / n, "lo": lo, "hi": hi, "k": k, "n": n}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lots", type=int, default=100)
    parser.add_argument("--real-lots", type=int, default=20)
    parser.add_argument("--strong-lots", type=int, default=40)
    parser.add_argument("--data", default=os.environ.get("TUTELAGE_DATA", "../shared/data"))
    parser.add_argument("--kinds", nargs="*", default=list(CHEATS))
    parser.add_argument("--sets", nargs="*", default=list(REAL))
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    started = time.process_time()
    found = {"simulated": simulated(asked.lots, asked.kinds, (0.0, 0.05, 0.2)), "real": {}, "injected": {}}
    # careful judges on easier items: lots that the others' agreement can accept, so that the buyer's risk is at work
    careful = {"skill": (198, 2), "items": 600, "hard": (1, 60)}
    answers_only = [k for k in asked.kinds if k not in WORDS_ONLY]
    found["careful"] = simulated(asked.strong_lots, answers_only, (0.0, 0.2), **careful)
    if Path(asked.data).is_dir():
        found["real"] = {name: resampled(asked.data, name, asked.real_lots) for name in asked.sets}
        for name in set(asked.sets) & {"dices_350", "llmfao", "bluebirds"}:
            found["injected"][name] = {
                kind: resampled(asked.data, name, asked.real_lots, share=0.2, kind=kind)
                for kind in ("random_clicks", "always_left", "alternating", "flipping")
            }
    clean = [found["simulated"][k]["0%"] for k in found["simulated"]]
    bad = [found["simulated"][k]["20%"] for k in found["simulated"]]
    found["summary"] = {
        "reject at 0 %": rate(sum(c.get("reject", 0) for c in clean), sum(sum(c.values()) for c in clean)),
        "accept at 0 %": rate(sum(c.get("accept", 0) for c in clean), sum(sum(c.values()) for c in clean)),
        "accept at 20 %": rate(sum(c.get("accept", 0) for c in bad), sum(sum(c.values()) for c in bad)),
        "reject at 20 %, by kind": {
            k: rate(c["20%"].get("reject", 0), asked.lots) for k, c in found["simulated"].items()
        },
        "accept at 20 %, by kind": {
            k: rate(c["20%"].get("accept", 0), asked.lots) for k, c in found["simulated"].items()
        },
        "careful judges, accept at 0 %": {
            k: rate(c["0%"].get("accept", 0), asked.strong_lots) for k, c in found["careful"].items()
        },
        "careful judges, accept at 20 %": {
            k: rate(c["20%"].get("accept", 0), asked.strong_lots) for k, c in found["careful"].items()
        },
        "reject of real sets": {k: rate(c.get("reject", 0), sum(c.values())) for k, c in found["real"].items()},
    }
    found["conditions"] = {
        "command": " ".join(["python", "benchmarks/inspection.py", *sys.argv[1:]]),
        "seed": SEED,
        "load": os.getloadavg()[0],
        "cpu_s": time.process_time() - started,
    }
    print(json.dumps(found["summary"], indent=1))
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
