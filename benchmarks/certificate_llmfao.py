"""Do certificates of two real AI judges keep their word on real people's votes, and what do they save?

    python benchmarks/certificate_llmfao.py [--draws 500]

llmfao ($TUTELAGE_DATA; CC BY 4.0): 8,931 votes of 124 people on 2,139 pairs, GPT-4 and GPT-3.5 as judges of all pairs.
The batch is all votes: which side the person preferred, beside what the judge said of the same pair. Each draw is what
`tutelage slice draw` does with that seed; the votes outside the slice are hidden, and the claim is held against all.

agreement, mean  coverage of the two-sided 95 % claim, and its median width beside intervals from the same slice. A peer
                 is valid where it covered at least .95 - 2 SE here; `best_valid` is the narrowest of those.
residual         share let out at an error of at most x, on a slice drawn for it; broken: more than x of it is wrong.
                 The judges gave no confidence: the other judge's vote stands in (agrees: surer; a tie: less), then how
                 much longer one answer is. `oracle`: the most that anyone who knows every vote could let out.
limit            1 / (1 - R2) from all votes: what one label can at most become worth for the mean. Below 1.2 a
                 certificate says "No gain"; `said_no_gain` counts how often it did.
Writes `benchmarks/results/certificate_llmfao.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from tutelage.measure.certify import certify
from tutelage.measure.exact import share_interval
from tutelage.measure.sample import plan_residual, plan_uniform

RESULTS = Path(__file__).parent / "results" / "certificate_llmfao.json"
DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[2] / "shared" / "data")) / "llmfao"
LEVEL, SHARES, ERRORS = 0.95, (0.05, 0.10, 0.20), (0.05, 0.10, 0.20, 0.50)
VALUES = {"left": 1.0, "tie": 0.5, "right": 0.0}
JUDGES = {"gpt-4": "gpt-3.5", "gpt-3.5": "gpt-4"}  # and who stands in for its confidence
Floats = np.ndarray
Interval = tuple[float, float]


@dataclass(frozen=True)
class Votes:
    """All votes beside one judge's verdict: `ai`, `human` labels, the judge's `sure`ness, an id each."""

    ids: list[str]
    ai: np.ndarray
    human: np.ndarray
    sure: Floats


def read(judge: str) -> Votes:
    """The batch of one judge."""
    import polars as pl

    said = pl.read_parquet(DATA / "judge_votes.parquet")
    by = {j: said.filter(pl.col("judge") == j).select("pair_id", pl.col("winner").alias(j)) for j in JUDGES}
    table = pl.read_parquet(DATA / "votes.parquet")
    for other in (*by.values(), pl.read_parquet(DATA / "pairs.parquet")):
        table = table.join(other, on="pair_id")
    table = table.sort("pair_id", "worker")
    own, second = table[judge].to_numpy(), table[JUDGES[judge]].to_numpy()
    longer = np.abs(np.log1p(table["response_x"].str.len_chars()) - np.log1p(table["response_y"].str.len_chars()))
    sure = np.where(own == "tie", 0.0, np.where(own == second, 2.0, 1.0)) + np.clip(longer.to_numpy() / 10, 0, 0.99)
    ids = (table["pair_id"] + "/" + table["worker"] + "/" + pl.Series(range(len(table))).cast(pl.String)).to_list()
    return Votes(ids, own, table["winner"].to_numpy(), sure)


def numbers(labels: np.ndarray) -> Floats:
    return np.array([VALUES[x] for x in labels])


def wald(right: Floats, _all: Floats) -> Interval:
    """The textbook interval of a share."""
    p, reach = right.mean(), norm.isf((1 - LEVEL) / 2)
    return p - reach * (p * (1 - p) / len(right)) ** 0.5, p + reach * (p * (1 - p) / len(right)) ** 0.5


def clopper(right: Floats, _all: Floats) -> Interval:
    """Exact for a share of an endless batch."""
    return share_interval(int(right.sum()), len(right), level=LEVEL)


def labels_alone(gap: Floats, whole: Floats) -> Interval:
    """Student's t on people's votes alone, for the finite batch; `gap` is human minus nothing."""
    n, N = len(gap), len(whole)
    reach = student.isf((1 - LEVEL) / 2, n - 1) * gap.std(ddof=1) * ((1 - n / N) / n) ** 0.5
    return gap.mean() - reach, gap.mean() + reach


PEERS: dict[str, dict[str, Callable[[Floats, Floats], Interval]]] = {
    "agreement": {"Wald": wald, "Clopper-Pearson": clopper, "Student, finite batch": labels_alone},
    "mean": {"labels alone: Student, finite batch": labels_alone},
}  # fmt: skip


def ppi(y: Floats, f: Floats, f_all: Floats) -> Interval:
    """PPI of weight one, normal (Angelopoulos et al. 2023)."""
    gap = y - f
    reach = gap.std(ddof=1) / len(y) ** 0.5 * norm.isf((1 - LEVEL) / 2)
    return f_all.mean() + gap.mean() - reach, f_all.mean() + gap.mean() + reach


def covered(found: dict[str, list[Interval]], truth: float) -> dict[str, object]:
    """Coverage and median width of every interval; the narrowest that covered is the best valid one."""
    ours, draws = found["ours"], len(found["ours"])
    cover = {who: float(np.mean([lo - 1e-12 <= truth <= hi + 1e-12 for lo, hi in x])) for who, x in found.items()}
    width = {who: round(float(np.median([hi - lo for lo, hi in x])), 5) for who, x in found.items()}
    floor = LEVEL - 2 * (LEVEL * (1 - LEVEL) / draws) ** 0.5
    best = min((w for w in found if cover[w] >= floor), key=lambda w: width[w], default="none covered")
    return {
        "truth": round(truth, 5), "coverage": {w: round(c, 4) for w, c in cover.items()}, "floor": round(floor, 4),
        "median_width": width, "best_valid": best, "ours_over_best": round(width["ours"] / width.get(best, np.nan), 3),
        "holds": cover["ours"] >= floor, "example": [round(x, 4) for x in ours[0]], "draws": draws,
    }  # fmt: skip


def claims(votes: Votes, share: float, draws: int) -> dict[str, object]:
    """Agreement and mean over `draws` uniform slices of this share of the votes."""
    y, f = numbers(votes.human), numbers(votes.ai)
    right, size = (votes.ai == votes.human).astype(float), round(share * len(y))
    found: dict[str, dict[str, list[Interval]]] = {"agreement": {}, "mean": {}}
    said, limits, saved = 0, [], []
    for seed in range(draws):
        draw = plan_uniform(votes.ids, size, seed=seed)
        rows = draw.drawn()
        human = np.where(rows, votes.human, None)
        for target in found:
            made = certify(votes.ai, human, target=target, pi=draw.pi, level=LEVEL,  # type: ignore[arg-type]  # a literal
                           values=VALUES if target == "mean" else None)  # fmt: skip
            seen = right[rows] if target == "agreement" else y[rows]
            answers = {"ours": (made.estimate.lo, made.estimate.hi)}
            answers |= {who: ask(seen, y) for who, ask in PEERS[target].items()}
            if target == "mean":
                answers["PPI, normal"] = ppi(y[rows], f[rows], f)
                said += "No gain" in made.claim
                limits.append(made.saving.limit if made.saving else np.nan)
                saved.append(made.saving.achieved if made.saving else np.nan)
            for who, ends in answers.items():
                found[target].setdefault(who, []).append(ends)
    return {
        "slice": size, "agreement": covered(found["agreement"], float(right.mean())),
        "mean": covered(found["mean"], float(y.mean())), "said_no_gain": said / draws,
        "estimated_limit": round(float(np.nanmedian(limits)), 3), "achieved": round(float(np.nanmedian(saved)), 3),
    }  # fmt: skip


def limit(votes: Votes) -> float:
    """1 / (1 - R2) of the verdict for the vote's value, from all votes."""
    y = numbers(votes.human)
    means = {v: y[votes.ai == v].mean() for v in VALUES if (votes.ai == v).any()}
    rest = y - np.array([means[v] for v in votes.ai])
    return float(y.var() / rest.var())


def oracle(sure: Floats, wrong: np.ndarray, error: float) -> float:
    """The largest share above a threshold with at most `error` wrong, by one who knows every vote."""
    falling = np.argsort(-sure, kind="stable")
    ends = np.append(np.diff(sure[falling]) != 0, True)
    good = np.flatnonzero(ends & (np.cumsum(wrong[falling]) / np.arange(1, len(wrong) + 1) <= error))
    return 0.0 if not len(good) else (good[-1] + 1) / len(wrong)


def residual(votes: Votes, share: float, error: float, draws: int) -> dict[str, object]:
    """What goes out at this error, how often the claim is broken, and what it saves."""
    wrong, size = votes.ai != votes.human, round(share * len(votes.ids))
    out, broken, no_gain = [], 0, 0
    for seed in range(draws):
        draw = plan_residual(votes.ids, size, votes.sure, error=error, seed=seed, level=LEVEL)
        human = np.where(draw.drawn(), votes.human, None)
        made = certify(votes.ai, human, target="residual", error=error, level=LEVEL, confidence=votes.sure, pi=draw.pi)
        accepted = votes.sure >= made.threshold if made.threshold is not None else np.zeros(len(wrong), dtype=bool)
        out.append(float(accepted.mean()))
        broken += bool(accepted.any() and wrong[accepted].mean() > error)
        no_gain += made.claim.startswith("No gain")
    mean = float(np.mean(out))
    allowed = 1 - LEVEL + 2 * (LEVEL * (1 - LEVEL) / draws) ** 0.5
    return {
        "share": round(mean, 4), "broken": broken / draws, "holds": broken / draws <= allowed,
        "votes_saved": round(mean * len(wrong) * (1 - share)), "oracle": round(oracle(votes.sure, wrong, error), 4),
        "said_no_gain": no_gain / draws, "draws": draws,
    }  # fmt: skip


def judged(judge: str, draws: int) -> dict[str, object]:
    """All figures of one judge."""
    votes = read(judge)
    most = limit(votes)
    found: dict[str, object] = {
        "votes": len(votes.ids), "wrong": round(float((votes.ai != votes.human).mean()), 4),
        "limit": round(most, 3), "gain_possible": most >= 1.2,
    }  # fmt: skip
    for share in SHARES:
        row = claims(votes, share, draws)
        row["residual"] = {f"{error:.0%}": residual(votes, share, error, draws) for error in ERRORS}
        found[f"{share:.0%}"] = row
        print(told(judge, f"{share:.0%}", row, most), flush=True)
    return found


def told(judge: str, share: str, row: dict[str, object], most: float) -> str:
    """One slice in words."""
    lines = [f"{judge}, {share} of the votes ({row['slice']} labels)"]
    for target in ("agreement", "mean"):
        x: dict = row[target]  # type: ignore[assignment]  # rows of our own
        lines.append(f"  {target:<10} covers {x['coverage']['ours']:.3f} (at least {x['floor']:.3f}), width "
                     f"{x['median_width']['ours']:.4f}: {x['ours_over_best']} x {x['best_valid']}")  # fmt: skip
    lines.append(f"  one label is worth at most {most:.3f}: "
                 f"{'a gain' if most >= 1.2 else 'no gain'}, said in {row['said_no_gain']:.0%} of draws")  # fmt: skip
    for error, x in row["residual"].items():  # type: ignore[attr-defined]  # rows of our own
        lines.append(f"  error {error:>3}    {x['share']:.1%} out ({x['votes_saved']:,} votes saved), oracle "
                     f"{x['oracle']:.1%}, broken {x['broken']:.3f}, no gain said {x['said_no_gain']:.0%}")  # fmt: skip
    return "\n".join(lines)


def main(draws: int) -> None:
    started, found = time.process_time(), {judge: judged(judge, draws) for judge in JUDGES}
    RESULTS.write_text(json.dumps({
        "command": f"python benchmarks/certificate_llmfao.py --draws {draws}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "cpu_s": round(time.process_time() - started, 1),
        "asked": "coverage >= .95 - 2 SE over the redraws; broken <= .05 + 2 SE; no gain said where the limit is < 1.2",
        "judges": found,
    }, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500)
    main(parser.parse_args().draws)
