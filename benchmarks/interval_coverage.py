"""Do the intervals cover, and what does that cost in width? Ours beside every other method that is in use.

    python benchmarks/interval_coverage.py            # about 5 minutes; writes results/interval_coverage.json
    python benchmarks/interval_coverage.py --short    # a tenth of the draws, nothing written

Nominal 95 %. A design is what one knows beforehand (how many rows or people); the truth in it is not known. A method is
*valid* on a design if on none of its truths the share of draws that cover is below .95 by more than 2.5 standard errors
(3 for strengths, whose draws are few; for shares the exact coverage at 200 truths is asked); the best valid method is
the one of least median width. Bars for ours: valid on every design, and on every truth at most 1.15 times as wide as
the best valid method there. Seeds are fixed; no peer is needed (their formulas are a line or two each).
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
from scipy import special, stats

from tutelage.measure.agreement import alpha
from tutelage.measure.intervals import clopper_pearson, mean, wilson, win_rate
from tutelage.measure.preference import bradley_terry

LEVEL, MOST_WIDTH = 0.95, 1.15
Z = float(special.ndtri(0.975))
Interval = tuple[float, float]
Method = Callable[..., Interval | None]


def _ends(figure) -> Interval | None:
    return (figure.lo, figure.hi) if hasattr(figure, "lo") else None


# --- shares of independent rows ---------------------------------------------------------------------------------------
def wald(k, n):
    p = k / n
    half = Z * math.sqrt(p * (1 - p) / n)
    return p - half, p + half


def agresti_coull(k, n):
    m = n + Z * Z
    p = (k + Z * Z / 2) / m
    half = Z * math.sqrt(p * (1 - p) / m)
    return max(p - half, 0.0), min(p + half, 1.0)


def jeffreys(k, n):
    lo = 0.0 if k == 0 else float(special.betaincinv(k + 0.5, n - k + 0.5, 0.025))
    return lo, 1.0 if k == n else float(special.betaincinv(k + 0.5, n - k + 0.5, 0.975))


@lru_cache(maxsize=100_000)
def blaker(k, n):
    """The narrower exact interval, by the acceptability of each share. Source: Blaker 2000."""
    lo, hi = clopper_pearson(k, n)

    def acceptable(p):
        below, above = float(stats.binom.cdf(k, n, p)), float(stats.binom.sf(k - 1, n, p))
        if above < below:
            return above + float(stats.binom.cdf(stats.binom.ppf(above, n, p) - 1, n, p)) > 0.05
        return below + float(stats.binom.sf(stats.binom.isf(below, n, p), n, p)) > 0.05

    ends = []
    for end in (lo, hi):
        out, inside = end, k / n
        for _ in range(30):
            middle = (out + inside) / 2
            out, inside = (out, middle) if acceptable(middle) else (middle, inside)
        ends.append(end if end in (0.0, 1.0) else out)
    return tuple(ends)


def least_coverage(method, n):
    """The least exact coverage over 200 true shares."""
    if method in (clopper_pearson, blaker):
        return LEVEL  # proved for every share
    ends = np.array([method(k, n) for k in range(n + 1)])
    shares = np.linspace(0.0025, 0.5, 200)
    held = (ends[:, 0] <= shares[:, None]) & (shares[:, None] <= ends[:, 1])
    return float((stats.binom.pmf(np.arange(n + 1), n, shares[:, None]) * held).sum(1).min())


RATES = {
    "ours": clopper_pearson,
    "blaker": blaker,
    "wilson": wilson,
    "jeffreys": jeffreys,
    "agresti-coull": agresti_coull,
    "wald": wald,
}


def rates(rng, rounds) -> Iterator:
    for n in (20, 100, 1000):
        for p in (0.5, 0.1, 0.02):
            draws = [(int(k), n) for k in rng.binomial(n, p, rounds)]
            yield f"share of {n}", f"{p}", RATES, draws, p


# --- means ------------------------------------------------------------------------------------------------------------
def z_mean(x):
    half = Z * x.std(ddof=1) / math.sqrt(x.size)
    return x.mean() - half, x.mean() + half


def boot_mean(x):
    rng = np.random.default_rng(zlib.crc32(x.tobytes()))
    lo, hi = np.quantile(x[rng.integers(0, x.size, (400, x.size))].mean(1), [0.025, 0.975])
    return float(lo), float(hi)


MEANS = {"ours": lambda x: _ends(mean(x)), "z": z_mean, "bootstrap": boot_mean}


def means(rng, rounds) -> Iterator:
    for n in (10, 50, 500):
        for shape, draw, truth in (
            ("normal", rng.normal, 0.0),
            ("uniform", rng.random, 0.5),
            ("five-point", lambda size: rng.choice(5, size, p=[0.1, 0.15, 0.25, 0.3, 0.2]) * 1.0, 2.35),
        ):
            yield f"mean of {n}", shape, MEANS, [(x,) for x in draw(size=(rounds, n))], truth


# --- win rates of people who differ -----------------------------------------------------------------------------------
def _of_clusters(y, who):
    m = np.bincount(who).astype(float)
    return m, np.bincount(who, y) - y.mean() * m


def naive_wilson(y, who):  # noqa: ARG001 - what is done when clusters are ignored
    return wilson(float(y.sum()), y.size)


def cluster_t(y, who):
    m, gap = _of_clusters(y, who)
    g = m.size
    se = math.sqrt(g / (g - 1) * float((gap**2).sum())) / y.size
    half = float(special.stdtrit(g - 1, 0.975)) * se
    return max(y.mean() - half, 0.0), min(y.mean() + half, 1.0)


def korn_graubard(y, who):
    """Exact interval at the effective rows, as printed in 1998: design effect and t by clusters, no more."""
    m, gap = _of_clusters(y, who)
    g, p = m.size, float(y.mean())
    v = g / (g - 1) * float((gap**2).sum()) / y.size**2
    if v == 0:
        return clopper_pearson(p * g, g)
    n = min(p * (1 - p) / v * (Z / float(special.stdtrit(g - 1, 0.975))) ** 2, y.size)
    return clopper_pearson(p * n, n)


def cluster_boot(y, who):
    m, sums = np.bincount(who), np.bincount(who, y)
    rng = np.random.default_rng(zlib.crc32(y.tobytes()))
    drawn = rng.integers(0, m.size, (400, m.size))
    lo, hi = np.quantile(sums[drawn].sum(1) / m[drawn].sum(1), [0.025, 0.975])
    return float(lo), float(hi)


WINS = {
    "ours": lambda y, who: _ends(win_rate(y, clusters=who)),
    "cluster t": cluster_t, "korn-graubard": korn_graubard, "cluster bootstrap": cluster_boot,
    "clusters ignored": naive_wilson,
}  # fmt: skip


def wins(rng, rounds) -> Iterator:
    def draw(g, mu, rho):
        own = rng.beta(mu * (1 / rho - 1), (1 - mu) * (1 / rho - 1), g)
        who = np.repeat(np.arange(g), rng.integers(1, 20, g))
        return (rng.random(who.size) < own[who]).astype(float), who

    for g in (5, 8, 10, 30, 100):
        for mu, rho in product((0.5, 0.9, 0.98), (0.1, 0.3, 0.5)):
            yield f"win rate of {g} people", f"{mu}, correlation {rho}", WINS, [
                    draw(g, mu, rho) for _ in range(rounds)
                ], mu  # fmt: skip


# --- alpha ------------------------------------------------------------------------------------------------------------
def pair_boot(items, values):
    """KALPHA's: pairs' disagreements drawn as if independent, expected disagreement held fixed (nominal)."""
    m, rng = np.bincount(items), np.random.default_rng(zlib.crc32(values.tobytes()))
    n = float(m.sum())
    share = np.bincount(values) / n
    expected = (1 - float(share @ share)) * n / (n - 1)
    v = values.reshape(-1, m[0])
    i, j = np.triu_indices(m[0], 1)
    split = float((v[:, i] != v[:, j]).mean())
    drawn = rng.binomial(v.shape[0] * i.size, split, 400) / (v.shape[0] * i.size)
    lo, hi = np.quantile(1 - drawn / expected, [0.025, 0.975])
    return float(lo), float(hi)


def unit_boot(items, values):
    m, rng = np.bincount(items)[0], np.random.default_rng(zlib.crc32(values.tobytes()))
    counts = np.stack([(values.reshape(-1, m) == k).sum(1) for k in range(values.max() + 1)], 1).astype(float)
    u = counts.shape[0]
    weight = rng.multinomial(u, np.full(u, 1 / u), 400)  # (B, U)
    n = float(u * m)
    observed = weight @ ((m**2 - (counts**2).sum(1)) / (m - 1))
    total = weight @ counts
    expected = n * n - (total**2).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        lo, hi = np.nanquantile(1 - observed * (n - 1) / expected, [0.025, 0.975])
    return float(lo), float(hi)


ALPHAS = {
    "ours": lambda i, v: _ends(alpha(i, v)),
    "bootstrap of items": unit_boot, "bootstrap of pairs": pair_boot,
}  # fmt: skip


def alphas(rng, rounds) -> Iterator:
    def draw(units, noise):
        own = rng.normal(size=units)
        items = np.repeat(np.arange(units), 5)
        return items, np.digitize(own[items] + rng.normal(0, noise, items.size), [-1, 0, 1])

    for noise in (0.3, 0.7, 2.0):
        truth = alpha(*draw(400_000, noise)).value
        for units in (30, 100, 1000):
            yield f"alpha of {units} items", f"noise {noise}", ALPHAS, [
                draw(units, noise) for _ in range(rounds // 2)
            ], truth  # fmt: skip


# --- Bradley–Terry where judges have tastes ---------------------------------------------------------------------------
def preferences(rng, rounds) -> Iterator:
    def draw(theta, judges, per, sd):
        k = theta.size
        taste = rng.normal(0, sd, (judges, k))
        who = np.repeat(np.arange(judges), per)
        left = rng.integers(0, k, who.size)
        right = (left + rng.integers(1, k, who.size)) % k
        eta = theta[left] - theta[right] + taste[who, left] - taste[who, right]
        return left, right, (rng.random(who.size) < special.expit(eta)).astype(float), who

    for k, judges, per in ((10, 8, 100), (10, 25, 60), (50, 200, 100)):
        theta = rng.normal(size=k)
        truth = bradley_terry(*draw(theta, 20_000, 100, 0.8)[:3]).theta
        yield f"strengths of {k}", f"{judges} judges of {per}", None, [
            draw(theta, judges, per, 0.8) for _ in range(max(20, rounds // (4 if k == 10 else 20)))
        ], truth  # fmt: skip


def strengths(draws, truth, rng):
    """Hits and widths of every item by method: clustered (ours), model errors, and a cluster bootstrap (one step)."""
    hits, widths = {}, {}
    for left, right, y, who in draws:
        ours = bradley_terry(left, right, y, judges=who)
        naive = bradley_terry(left, right, y)
        p = special.expit(naive.theta[left] - naive.theta[right])
        k, g = truth.size, who.max() + 1
        score = np.zeros((g, k))
        np.add.at(score, (who, left), y - p)
        np.add.at(score, (who, right), p - y)
        moved = (rng.multinomial(g, np.full(g, 1 / g), 400) @ score) @ naive.covariance
        drawn = np.quantile(naive.theta + moved, [0.025, 0.975], axis=0)
        bounds = {
            "ours": [(e.lo, e.hi) for e in ours.strengths().values()],
            "judges ignored": [(e.lo, e.hi) for e in naive.strengths().values()],
            "judge bootstrap": list(zip(*drawn.tolist(), strict=True)),
        }
        for name, ends in bounds.items():
            lo, hi = np.array(ends).T
            hits.setdefault(name, []).append(float(((lo <= truth) & (truth <= hi)).mean()))
            widths.setdefault(name, []).append(float(np.median(hi - lo)))
    # items of one draw are not independent: the standard error is that of the draws' means
    return {
        name: (float(np.mean(h)), float(np.std(h, ddof=1) / math.sqrt(len(h))), float(np.median(widths[name])), 0)
        for name, h in hits.items()
    }


def singles(methods: dict[str, Method], draws, truth):
    """(coverage, its standard error, median width, refusals) by method."""
    out = {}
    for name, method in methods.items():
        found = [method(*d) for d in draws]
        ends = np.array([f for f in found if f is not None])
        hit = (ends[:, 0] <= truth + 1e-12) & (truth - 1e-12 <= ends[:, 1])
        se = math.sqrt(LEVEL * (1 - LEVEL) / len(ends))
        out[name] = float(hit.mean()), se, float(np.median(ends[:, 1] - ends[:, 0])), len(found) - len(ends)
    return out


def rows_of(design, found, family):
    """The lines of one design: its methods that are valid at all of its truths, and ours against the best of them."""
    slack = 3.0 if family == "preferences" else 2.5
    methods = next(iter(found.values()))
    if family == "rates":
        valid = {name for name in methods if least_coverage(RATES[name], int(design.split()[-1])) >= LEVEL - 1e-9}
    else:
        valid = {
            name for name in methods
            if all(f[name][0] >= LEVEL - slack * f[name][1] and not f[name][3] for f in found.values())
        }  # fmt: skip
    for truth, each in found.items():
        best = min(valid, key=lambda name: each[name][2], default=None)
        ratio = each["ours"][2] / each[best][2] if best else None
        yield {
            "family": family, "design": design, "truth": truth, "ours_valid": "ours" in valid, "best_valid": best,
            "width_over_best": round(ratio, 3) if ratio else None,
            "reached": "ours" in valid and ratio <= MOST_WIDTH,
            "methods": {
                name: {"coverage": round(c, 4), "se": round(s, 4), "median_width": round(w, 5), "refused": r}
                for name, (c, s, w, r) in each.items()
            },
        }  # fmt: skip


FAMILIES = {"rates": rates, "means": means, "wins": wins, "alphas": alphas, "preferences": preferences}


def table(rounds: int, families=tuple(FAMILIES)) -> list[dict]:
    """Every design of the families, `rounds` draws each (fewer where a draw is dear)."""
    out = []
    for family in families:
        rng = np.random.default_rng(zlib.crc32(family.encode()))
        found = {}
        for design, truth_words, methods, draws, truth in FAMILIES[family](rng, rounds):
            one = strengths(draws, truth, rng) if methods is None else singles(methods, draws, truth)
            found.setdefault(design, {})[truth_words] = one
        for design, by_truth in found.items():
            for line in rows_of(design, by_truth, family):
                out.append(line)
                words = "  ".join(
                    f"{n} {m['coverage']:.3f}/{m['median_width']:.4g}" for n, m in line["methods"].items()
                )
                best = f"best valid: {line['best_valid']} x{line['width_over_best']}"
                print(f"{design + ', ' + line['truth']:42} {words}  {best}", flush=True)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", nargs="*", choices=FAMILIES, default=list(FAMILIES))
    options = parser.parse_args()
    rows = table(200 if options.short else 2000, options.only)
    missed = [r["design"] + ", " + r["truth"] for r in rows if not r["reached"]]
    print(f"{len(rows) - len(missed)} of {len(rows)} designs: valid and within {MOST_WIDTH} of the best valid method")
    print("\n".join(missed))
    if not options.short and len(options.only) == len(FAMILIES):
        out = {
            "command": "python benchmarks/interval_coverage.py", "python": platform.python_version(),
            "numpy": np.__version__, "level": LEVEL, "most_width": MOST_WIDTH,
            "reached": len(rows) - len(missed), "designs": len(rows), "rows": rows,
        }  # fmt: skip
        path = Path(__file__).parent / "results" / "interval_coverage.json"
        path.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
