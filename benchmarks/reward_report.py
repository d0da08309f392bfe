"""The reward-model report on real human preferences, and what soft labels and slices of votes are worth there.

    OMP_NUM_THREADS=1 python benchmarks/reward_report.py report ukp_convarg|hh_harmless|hhh_alignment [--out PAGE]
    OMP_NUM_THREADS=1 python benchmarks/reward_report.py soft           soft against majority labels, UKP
    OMP_NUM_THREADS=1 python benchmarks/reward_report.py value          votes by reliability of their workers, UKP
    OMP_NUM_THREADS=1 python benchmarks/reward_report.py crowd          heads on reliable and on unreliable votes, UKP
    python benchmarks/reward_report.py draw                             the figure of the documentation, no run
    OMP_NUM_THREADS=1 python benchmarks/reward_report.py rows NAME FILE the rows, for `tutelage eval reward-model`

Reads `$TUTELAGE_DATA` or `../shared/data`; results go to `benchmarks/results/reward_report.json`, texts never do.
UKP leaves one debate out at a time; hh_harmless and hhh_alignment take 5 folds of prompts. Whatever is fitted, the
temperature included, is fitted on other debates (prompts) than those it is judged by.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tutelage.evaluation.baselines import row_scores
from tutelage.evaluation.reward_report import Costs, Report, Split, against, cross_fitted, value
from tutelage.evaluation.reward_report.calibration import calibration_error
from tutelage.evaluation.reward_report.held import Held, held, of_scores
from tutelage.formats.texts import transcript
from tutelage.measure.intervals import mean
from tutelage.models.head import HeadReward, load
from tutelage.models.spread import between, flattened
from tutelage.pipeline.stages import people
from tutelage.records import Estimate, Figure, RankedRow, assistant, decode, encode, jsonl, user
from tutelage.training.head import HeadConfig, fit, installed_blocks
from tutelage.training.soft import Vote, majority, pooled, reliability, weighted

DATA = Path(os.environ.get("TUTELAGE_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "reward_report.json"
FIGURE = Path(__file__).parents[1] / "docs" / "explain" / "reward-model.svg"
SEED = 20261121
CACHE = Path(tempfile.gettempdir()) / "tutelage-reward-report-cache"
RATE_MINOR, CURRENCY = 2, "USD"  # a supposed rate a vote: the data do not say what was paid


@dataclass(frozen=True)
class Set:
    """Rows, the domain of each group where that is not the group itself, and how many folds."""

    rows: list[RankedRow]
    domains: dict[str, str] | None
    k: int | None


def ukp_convarg() -> Set:
    """Strict pairs with the share of their votes; the group is the debate."""
    return Set(people.ukp_convarg(DATA / "ukp_convarg")[0], None, None)


def hh_harmless() -> Set:
    """Pairs of answers to the last turn of a dialogue; one vote each, so how far people agree is not known."""
    rows = [
        RankedRow(transcript(r["prompt"]), (assistant(r["chosen"]), assistant(r["rejected"])), (1, 2),
                  (str(r["id"]),), r["prompt"])
        for r in pl.read_parquet(DATA / "hh_harmless" / "pairs.parquet").to_dicts()
    ]  # fmt: skip
    return Set(rows, None, 5)


def hhh_alignment() -> Set:
    """221 pairs of four subsets; one verdict each; the group is the prompt."""
    table = pl.read_parquet(DATA / "hhh_alignment" / "pairs.parquet").to_dicts()
    rows = [
        RankedRow(user(r["prompt"]), (assistant(r["chosen"]), assistant(r["rejected"])), (1, 2), (str(r["id"]),),
                  r["prompt"])
        for r in table
    ]  # fmt: skip
    return Set(rows, {r["prompt"]: r["subset"] for r in table}, 5)


SETS: dict[str, Callable[[], Set]] = {
    "ukp_convarg": ukp_convarg, "hh_harmless": hh_harmless, "hhh_alignment": hhh_alignment,
}  # fmt: skip


def trainer(config: HeadConfig) -> Callable[[Sequence[RankedRow], np.random.Generator], HeadReward]:
    """A way of training the fast head, embeddings cached."""

    def train(some: Sequence[RankedRow], rng: np.random.Generator) -> HeadReward:
        with tempfile.TemporaryDirectory() as scratch:
            out = fit(list(some), out=Path(scratch) / "head", config=replace(config, cache=CACHE), rng=rng)
            return load(out, cache=CACHE)

    return train


def report(name: str, page: Path | None) -> dict[str, Any]:
    chosen = SETS[name]()
    found = cross_fitted(
        chosen.rows, trainer(HeadConfig()), k=chosen.k, rng=np.random.default_rng(SEED), domains=chosen.domains,
        name=f"head ({' + '.join(installed_blocks())})",
    )  # fmt: skip
    if page:
        from tutelage.report import write
        from tutelage.report.reward_model import page_of

        write(page_of(found), page)
    show(found)
    # groups of hh_harmless are prompts: no text of anybody goes into the results
    told = {k: v for k, v in encode(found).items() if k != "worst"}
    told["worst"] = [{"row": w.row, "margin": w.margin, "share": w.share, "contributions": list(w.contributions)}
                     for w in found.worst]  # fmt: skip
    return told


def ukp_votes() -> tuple[list[Vote], dict[str, str]]:
    """Every vote on every pair (also those without a strict label) as a row; pair → debate."""
    texts = {r["arg_id"]: r for r in pl.read_parquet(DATA / "ukp_convarg" / "arguments.parquet").to_dicts()}
    pairs = {r["pair_id"]: r for r in pl.read_parquet(DATA / "ukp_convarg" / "pairs.parquet").to_dicts()}
    ranks: dict[str, tuple[int, int]] = {"a1": (1, 2), "a2": (2, 1), "equal": (1, 1)}
    answers = {a: assistant(r["text"]) for a, r in texts.items()}
    cast = []
    for n, v in enumerate(pl.read_parquet(DATA / "ukp_convarg" / "votes.parquet").to_dicts()):
        pair = pairs[v["pair_id"]]
        prompt = user(f"{pair['topic'].replace('-', ' ')}\n{texts[pair['arg1']]['stance']}")
        row = RankedRow(prompt, (answers[pair["arg1"]], answers[pair["arg2"]]), ranks[v["value"]], (f"vote-{n}",),
                        pair["topic"])  # fmt: skip
        cast.append(Vote(row, v["worker"]))
    return cast, {p: r["topic"] for p, r in pairs.items()}


def soft() -> dict[str, Any]:
    """Four ways to label the same votes, each cross-fitted by debate (4 folds).

    Shares are judged on every pair with its votes, clear or not: the strict pairs alone were chosen for agreement, and
    a model that is true to people would look too modest there. Accuracy is that on the strict pairs.
    """
    votes, _ = ukp_votes()
    # an even split has no better side; either will do, since half of people are on each
    data = held([replace(r, ranks=(1, 2)) if r.ties() else r for r in pooled(votes)])
    strict = {(r.group, r.responses[r.ranks.index(1)], r.responses[r.ranks.index(2)]) for r in ukp_convarg().rows}
    ends = [(data.rows[n].group, data.rows[n].responses[i], data.rows[n].responses[j]) for n, i, j in data.at]
    agrees = np.array([e in strict for e in ends])
    gold = agrees | np.array([(g, b, a) in strict for g, a, b in ends])
    out: dict[str, Any] = {"pairs": data.pairs, "strict_pairs": int(gold.sum())}
    ways: dict[str, tuple[Callable[[list[Vote]], list[RankedRow]], HeadConfig]] = {
        "majority": (lambda vs: [r for r in majority(pooled(vs)) if r.pairs()], HeadConfig()),
        "share": (pooled, HeadConfig()),
        "share with leanings": (pooled, HeadConfig(spread=True)),
        "share by reliability": (lambda vs: pooled(vs, reliability(vs)), HeadConfig()),
    }
    read = {name: judged(votes, data, *way) for name, way in ways.items()}
    nats = {}
    for name, (margin, variance, kept) in read.items():
        logit, rng = flattened(margin, variance), np.random.default_rng(SEED)
        nats[name] = np.logaddexp(0, logit) - data.share * logit
        right = (np.sign(margin) + 1) / 2
        out[name] = {
            "accuracy": encode(data.mean(np.where(agrees, right, 1 - right), gold, level=0.95)),
            "calibration_error": encode(calibration_error(logit, data.share, data, rng=rng, level=0.95)),
            "nats": encode(mean(nats[name], clusters=data.group, unit="nats")),
            "nats_saved_over_majority": encode(mean(nats["majority"] - nats[name], clusters=data.group, unit="nats")),
            "nats_saved_over_share": encode(mean(nats["share"] - nats[name], clusters=data.group, unit="nats"))
            if "share" in nats else None,
            "leanings_kept_in_folds": kept,
        }  # fmt: skip
        print(name, *(f"{k} {str(figure)[:28]}" for k, figure in told(out[name])), kept, flush=True)
    return out


def told(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Encoded figures in short: value and interval."""
    return [(k, f"{v['value']:.4f} [{v['lo']:.4f}, {v['hi']:.4f}]") for k, v in figures.items()
            if isinstance(v, dict) and "value" in v]  # fmt: skip


def judged(
    votes: list[Vote], data: Held, labels: Callable[[list[Vote]], list[RankedRow]], config: HeadConfig
) -> tuple[Any, Any, int]:
    """(margins, variances) of all pairs, each debate by a head trained on the votes of debates of other folds."""
    margin, variance, kept = np.empty(data.pairs), np.empty(data.pairs), 0
    train, debates = trainer(config), sorted(set(data.group))
    for n in range(4):
        out = set(debates[n::4])
        model = train(labels([v for v in votes if v.row.group not in out]), np.random.default_rng([SEED, n]))
        inside = np.flatnonzero(np.isin(data.group, list(out)))
        rows = [data.rows[data.at[p][0]] for p in inside]
        better, worse = ([r.responses[data.at[p][k]] for r, p in zip(rows, inside, strict=True)] for k in (1, 2))
        prompts = [r.prompt for r in rows]
        margin[inside] = model.scores(prompts, better) - model.scores(prompts, worse)
        first, second = model.leanings(prompts, better), model.leanings(prompts, worse)
        variance[inside] = between(first, second)
        kept += int(first.shape[1] > 0)
    return margin, variance, kept


def fourths(votes: list[Vote]) -> dict[str, int]:
    """Worker → 0 … 3, most reliable first, each fourth with about as many votes."""
    known = reliability(votes)
    order, so_far, out = sorted(known, key=lambda j: -known[j].weight), 0, {}
    for judge in order:
        out[judge] = min(int(4 * so_far / len(votes)), 3)
        so_far += known[judge].votes
    return out


def slices() -> dict[str, Any]:
    """Votes by fourths of workers: train on 9 debates, judge on 3, four times."""
    votes, _ = ukp_votes()
    strict = ukp_convarg().rows
    fourth, debates = fourths(votes), sorted({r.group for r in strict})
    splits = []
    for f in range(4):
        out = set(debates[f::4])
        inside = [v for v in votes if v.row.group not in out]
        named = [f"workers, fourth {fourth[v.judge] + 1} by reliability" for v in inside]
        splits.append(Split(weighted(inside), named, [r for r in strict if r.group in out]))
    costs = Costs(CURRENCY, rate=RATE_MINOR)
    found = value(splits, blocks=("surface", "ngrams"), rng=np.random.default_rng(SEED), costs=costs)
    for s in found.slices:
        print(s.sentence, f"p {s.adjusted:.3f}")
    print("all:", found.accuracy, [(p.rows, str(p.accuracy)) for p in found.curve], found.next)
    return dict(encode(found))


def crowd() -> dict[str, Any]:
    """Heads on as many votes of the most as of the least reliable fourth of workers, on strict pairs of other debates.

    The strict labels are the crowd's own, weighed by MACE: the nearest that UKP has to an expert hold-out. Reliability
    is measured without the debates that are judged.
    """
    votes, _ = ukp_votes()
    rows = ukp_convarg().rows
    out: dict[str, Any] = {}
    for size in (250, 1000, 4000):
        reads = []
        for which in (0, 3):
            scores: dict[int, Any] = {}
            for f in range(4):
                debates = set(sorted({r.group for r in rows})[f::4])
                inside = [v for v in votes if v.row.group not in debates]
                fourth = fourths(inside)
                rng = np.random.default_rng([SEED, size, f])
                mine = [v for v in inside if fourth[v.judge] == which]
                some = [mine[n] for n in rng.choice(len(mine), size, replace=False)]
                model = trainer(HeadConfig(blocks=("surface", "ngrams")))(weighted(some), rng)
                at = [n for n, r in enumerate(rows) if r.group in debates]
                scores |= dict(zip(at, row_scores(model, [rows[n] for n in at]), strict=True))
            data = held(rows)
            names = {0: "most reliable fourth", 3: "least reliable fourth"}
            reads.append(of_scores(names[which], "", [scores[n] for n in range(len(rows))], data))
        found = against(reads[0], reads[1], data, rng=np.random.default_rng(SEED), level=0.95)
        out[f"{size} votes"] = {k: v for k, v in encode(found).items() if k != "topics"}
        print(
            size, found.accuracy, found.other_accuracy, found.difference, found.nats_saved, found.sentence, flush=True
        )
    return out


def show(found: Report) -> None:
    shown = (
        "model", "rows", "pairs", "groups", "accuracy", "human_agreement", "baseline", "baseline_accuracy", "gain",
        "beats_baseline", "length_matched_accuracy", "length_matched_gain", "calibration_error",
    )  # fmt: skip
    for key in shown:
        print(f"  {key:24s} {getattr(found, key)}")
    print("  before                  ", found.calibration.error_before, found.calibration.temperature)
    print("  verdict                 ", found.verdict_calibration.error_after)
    for key in ("person", "model", "model_less_person", "model_and_vote"):
        print(f"  ceiling {key:16s} {getattr(found.ceiling, key)}")
    for rival in found.baselines:
        print(f"  {rival.name:24s} {rival.accuracy}")


def keep(name: str, arguments: str, found: dict[str, Any], seconds: float) -> None:
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = {
        "command": f"OMP_NUM_THREADS=1 python benchmarks/reward_report.py {arguments}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} shared cores, load {os.getloadavg()[0]:.1f}, "
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}",
        "seed": SEED, "seconds": round(seconds, 1), **found,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")


def draw(kept: dict[str, Any]) -> None:
    """What the model states of unseen pairs, against the share of people who did so."""
    from _chart import Line, chart

    def bins(name: str) -> list[tuple[float, Figure]]:
        found = [(b["stated"], decode(Figure, b["observed"])) for b in kept[name]["calibration"]["reliability"]]
        return [(float(stated), observed) for stated, observed in found]

    true = [(x, Estimate(x, x, x, "by definition", 1)) for x in (0.5, 0.95)]
    lines = [Line("UKP", bins("ukp_convarg")), Line("hh-harmless", bins("hh_harmless")), Line("perfect", true)]
    title = "The share who prefer an answer: stated by the model, observed among people"
    chart(FIGURE, title, lines, x="stated", y="observed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["report", "soft", "value", "crowd", "rows", "draw"])
    parser.add_argument("name", nargs="?", choices=SETS)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    started = time.perf_counter()
    if given.what == "draw":
        draw(json.loads(RESULTS.read_text("utf-8")))
        return
    if given.what == "rows":
        jsonl.write(given.file, SETS[given.name]().rows)
        return
    found = (
        report(given.name, given.out)
        if given.what == "report"
        else {"soft": soft, "value": slices, "crowd": crowd}[given.what]()
    )
    name = given.name or given.what
    keep(name, f"{given.what}{f' {given.name}' if given.name else ''}", found, time.perf_counter() - started)
    print(f"{name}: {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
