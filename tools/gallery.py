"""The plots of `docs/gallery`: one estimator, one real data set, one picture. `python -m tools.gallery [DATA] [OUT]`.

The data stay where they are ($TUTELAGE_DATA or ../shared/data); only derived figures are drawn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tutelage.records import Undefined
from tutelage.report import BarChart, CurveChart, IntervalChart, Reference, ReliabilityChart, Series, charts
from tutelage.report.page import stylesheet
from tutelage.report.svg import line, text

Chart = IntervalChart | CurveChart | ReliabilityChart | BarChart
PROJECT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TUTELAGE_DATA") or PROJECT.parent / "shared" / "data")
OUT = PROJECT / "docs" / "gallery"


@cache
def table(data: Path, name: str) -> pl.DataFrame:
    """One Parquet file of the data directory."""
    return pl.read_parquet(data / f"{name}.parquet")


@cache
def birds(data: Path) -> tuple[Any, Any]:
    """Bluebirds: votes, and gold by item."""
    from tutelage.measure.consensus import votes

    labels, gold = table(data, "bluebirds/labels"), table(data, "bluebirds/gold")
    return votes(labels["task"], labels["worker"], labels["label"]), dict(zip(gold["task"], gold["gold"], strict=True))


@cache
def pages(data: Path) -> tuple[Any, Any]:
    """Adult2: votes on web pages, and Dawid–Skene's consensus of them."""
    from tutelage.measure.consensus import dawid_skene, votes

    t = table(data, "adult2/labels")
    v = votes(t["task"].to_numpy(), t["worker"].to_numpy(), t["label"].to_numpy())
    return v, dawid_skene(v)


@cache
def pairs(data: Path) -> pl.DataFrame:
    """Llmfao: a pair a row, what GPT-4 and GPT-3.5 say, one person's vote (the first by name), a makeshift confidence.

    The judges gave no confidence: a tie is unsure, agreement of the two is sure, then how much longer one answer is.
    """
    person = table(data, "llmfao/votes").sort("worker").group_by("pair_id").first()
    wide = table(data, "llmfao/judge_votes").pivot("judge", index="pair_id", values="winner")
    both = person.join(wide, on="pair_id").join(table(data, "llmfao/pairs"), on="pair_id").sort("pair_id")
    longer = (both["response_x"].str.len_chars() + 1).log() - (both["response_y"].str.len_chars() + 1).log()
    steps = pl.when(pl.col("gpt-4") == "tie").then(0.0).when(pl.col("gpt-4") == pl.col("gpt-3.5")).then(2.0)
    return both.with_columns(sure=steps.otherwise(1.0) + (longer.abs() / 10).clip(0, 0.99))


def alpha(data: Path) -> Chart:
    """PandaLM: alpha beside its neighbours, and of each answer."""
    from tutelage.measure import agreement, kappa

    wide = table(data, "pandalm_test/pairs").select("idx", "^annotator.$")
    long = wide.unpivot(index="idx")
    item, value = long["idx"].to_numpy(), long["value"].to_numpy()
    each = agreement.per_value(item, value)
    names = {0: "alpha of “tie”", 1: "alpha of “first is better”", 2: "alpha of “second is better”"}
    return IntervalChart("Three annotators on 999 pairs (PandaLM)", (
        ("raw agreement", agreement.raw(item, value)), ("Gwet's AC1", kappa.gwet(item, value)),
        ("Krippendorff's alpha", agreement.alpha(item, value)), *((names[int(k)], f) for k, f in each.items()),
    ), Reference(0.8, "0.8"))  # fmt: skip


def consensus(data: Path) -> Chart:
    """Bluebirds: accuracy of each method on gold it did not see."""
    from tutelage.measure.consensus import choose

    v, gold = birds(data)
    picked = choose(v, gold=gold, rng=0)
    rows = tuple(picked.figures.items())
    return IntervalChart("Right on 108 photographs (bluebirds, 39 people)", rows, unit="share")


def bradley_terry(data: Path) -> Chart:
    """Llmfao: strengths of the 20 models ahead, errors clustered by person and prompt."""
    from tutelage.measure import preference

    t = table(data, "llmfao/votes")
    won = t["winner"].replace_strict({"left": 1.0, "right": 0.0, "tie": 0.5})
    scores = preference.bradley_terry(t["model_x"].to_numpy(), t["model_y"].to_numpy(), won.to_numpy(),
                                      judges=t["worker"].to_numpy(), prompts=t["prompt_id"].to_numpy())  # fmt: skip
    return _strengths(scores, "20 of 59 models, 8,931 comparisons (llmfao)")


def plackett_luce(data: Path) -> Chart:
    """Nascar 2002: drivers who finished 30 races or more."""
    from tutelage.measure import preference

    lines = (data / "reference" / "nascar_2002_places.csv").read_text(encoding="utf-8").split()
    rows = [(r, int(d), k) for r, race in enumerate(lines) for k, d in enumerate(race.split(",")) if int(d) < 84]
    scores = preference.plackett_luce(*zip(*rows, strict=True))
    return _strengths(scores, "20 of 83 drivers in 36 races (NASCAR 2002)", often={d for _, d, _ in rows
                      if sum(x[1] == d for x in rows) >= 30}, what="driver ")  # fmt: skip


def _strengths(scores: Any, title: str, often: set[Any] | None = None, what: str = "") -> Chart:
    strength, ranks = scores.strengths(), scores.rank_sets(rng=0)
    order = [scores.items[k] for k in np.argsort(-scores.theta, kind="stable").tolist()]
    shown = [name for name in order if often is None or name in often][:20]
    rows = tuple((f"{ranks[n][0]}–{ranks[n][1]}. {what}{n}", strength[n]) for n in shown)
    return IntervalChart(title, rows, Reference(0.0, "the mean of all"))


def certify_agreement(data: Path) -> Chart:
    """Llmfao: how often two AI judges say what a person says, from a slice of 400, beside what people reach."""
    from tutelage.measure import agreement
    from tutelage.measure.certify import certify

    t, drawn = pairs(data), _slice(2139, 400)
    human = [w if d else None for w, d in zip(t["winner"], drawn, strict=True)]
    found = {name: certify(t[name].to_list(), human).figures["agreement"] for name in ("gpt-4", "gpt-3.5")}
    people = table(data, "llmfao/votes")
    two = agreement.ceiling(people["pair_id"].to_numpy(), people["winner"].to_numpy())
    rows = (*((f"{name} and a person", figure) for name, figure in found.items()), ("two people", two.pair))
    return IntervalChart("Agreement on 2,139 pairs from 400 human answers (llmfao)", rows, unit="share")


def certify_mean(data: Path) -> Chart:
    """Llmfao: share of pairs where a person prefers the left, with and without the judge; the truth is known here."""
    from tutelage.measure.certify import certify
    from tutelage.measure.intervals import mean

    t, drawn = pairs(data), _slice(2139, 400)
    worth = {"left": 1.0, "tie": 0.0, "right": 0.0}
    ai = [worth[w] for w in t["gpt-4"]]
    people = np.array([worth[w] for w in t["winner"]])
    human = [float(w) if d else None for w, d in zip(people, drawn, strict=True)]
    return IntervalChart("How often people prefer the left, from 400 of 2,139 (llmfao)", (
        ("slice alone", mean(people[drawn])),
        ("slice and judge, any batch", certify(ai, human, target="mean", bounds=(0.0, 1.0)).figures["mean"]),
        ("slice and judge, ppi++", certify(ai, human, target="mean", method="ppi++").figures["mean"]),
    ), Reference(float(people.mean()), "all people asked"), unit="share")  # fmt: skip


def certify_residual(data: Path) -> Chart:
    """Llmfao: what may go out without a person at each error allowed, beside who knows every mistake."""
    from tutelage.measure.certify import certify
    from tutelage.measure.sample import plan_residual

    t = pairs(data)
    ai, people, sure = t["gpt-4"].to_numpy(), t["winner"].to_numpy(), t["sure"].to_numpy()
    order = np.argsort(-sure, kind="stable")
    wrong_so_far = np.cumsum((ai != people)[order]) / np.arange(1, len(ai) + 1)
    errors, ours, best = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6), [], []
    for error in errors:
        draw = plan_residual(t["pair_id"].to_list(), 600, sure, error=error, seed=1)
        human = [w if d else None for w, d in zip(people, draw.drawn(), strict=True)]
        found = certify(ai, human, target="residual", error=error, confidence=sure, pi=draw.pi)
        out = 0.0 if found.threshold is None else float((sure >= found.threshold).mean())
        ours.append(out)
        below = np.flatnonzero(wrong_so_far <= error)
        best.append(float(below[-1] + 1) / len(ai) if below.size else 0.0)
    return CurveChart("Share that may go out without a person (llmfao, GPT-4)", (
        Series("certified", errors, tuple(ours), how="600 human answers, 95 %"),
        Series("oracle", errors, tuple(best), how="knows every answer"),
    ), "error allowed among what goes out", "share of 2,139 pairs")  # fmt: skip


def slice_draw(data: Path) -> Chart:
    """Adult2: the chance with which each page is drawn, committed before the draw, by rank of stated confidence."""
    from tutelage.measure.sample import plan_residual, plan_uniform

    v, fit = pages(data)
    ids, order = [str(name) for name in v.items], np.argsort(-fit.confidence, kind="stable")
    at = np.unique(np.linspace(0, len(ids) - 1, 90).astype(int))
    x = tuple(float(k) for k in at)
    dense, even = plan_residual(ids, 600, fit.confidence, error=0.05, seed=1), plan_uniform(ids, 600, seed=1)
    return CurveChart(f"Chance of being asked about, 600 of {len(ids):,} pages (adult2)", (
        Series("for the residual target", x, tuple(dense.pi[order[at]].tolist()), how="dense where it is decided"),
        Series("uniform", x, tuple(even.pi[order[at]].tolist()), how="the same everywhere"),
    ), "pages by falling confidence", "chance to be drawn")  # fmt: skip


def perspectives(data: Path) -> Chart:
    """DICES: what each further group of raters adds to the prediction of votes nobody fitted."""
    from tutelage.measure.perspectives import perspectives as groups

    t = table(data, "dices_350/ratings")
    found = groups(t["id"].to_numpy(), t["rater"].to_numpy(), t["label"].to_numpy(), rng=0)
    assert not isinstance(found, Undefined)
    rows = tuple((f"{g} groups instead of {g - 1}", figure) for g, figure in found.gain.items())
    return IntervalChart("Groups among 123 raters of 350 dialogues (DICES)", rows, Reference(0.0, "nothing"),
                         unit="nats a vote")  # fmt: skip


def skill(data: Path) -> Chart:
    """Bluebirds: bits of truth in one label, person by person, measured on gold."""
    from tutelage.measure.skill import skills

    v, gold = birds(data)
    known = np.array([gold[name] for name in v.items.tolist()])
    found = skills(v.item, v.judge, v.value, values=2, gold=known)
    ranked = sorted(found, key=lambda s: -s.bits.value if not isinstance(s.bits, Undefined) else 9.0)
    rows = tuple((str(v.judges[s.rater]), s.bits) for s in (*ranked[:10], *ranked[-10:]))
    return IntervalChart(
        "Bits in one label: the ten best and ten last of 39 (bluebirds)", rows, Reference(0.0, "nothing")
    )


def drift(data: Path) -> Chart:
    """Llmfao: evidence that GPT-4 errs more than allowed, pair by pair; where a person saw a tie comes last."""
    from tutelage.measure.drift import watch_errors

    t = pairs(data)
    wrong, tie = (t["gpt-4"] != t["winner"]).to_numpy(), (t["winner"] == "tie").to_numpy()
    order = np.argsort(tie, kind="stable")
    found = watch_errors(wrong[order].astype(float), allowed=0.45)
    stop = len(wrong) if found.alarm_at is None else min(len(wrong), found.alarm_at + 100)
    at = [int(k) for k in np.unique(np.linspace(0, stop - 1, 80).astype(int))]
    change, alarm = int((~tie).sum()), "no alarm" if found.alarm_at is None else f"alarm after {found.alarm_at:,}"
    how = f"the ties begin after {change:,} pairs; {alarm}"
    evidence = tuple(float(found.log_e[k] / np.log(10)) for k in at)
    return CurveChart("Evidence that GPT-4 differs more than 45 % of the time (llmfao)", (
        Series("log10 of the e-value", tuple(float(k + 1) for k in at), evidence, how=how),
    ), "pairs a person looked at", "log10 e", reference=Reference(float(np.log10(20)), "alarm: 1 in 20"))  # fmt: skip


def label_errors(data: Path) -> Chart:
    """Adult2: of the labels flagged first, how many are wrong by the gold that the search did not see."""
    from tutelage.measure.intervals import rate
    from tutelage.measure.label_errors import find_label_errors, leave_out_evidence

    (v, fit), gold = pages(data), table(data, "adult2/gold")
    prior = np.tile(fit.prior, (v.items.size, 1))
    found = find_label_errors(v.value, leave_out_evidence(prior, v.item, v.judge, v.value, fit.confusion),
                              rng=np.random.default_rng(0))  # fmt: skip
    known = dict(zip(gold["task"], gold["gold"], strict=True))
    said = [(known.get(str(v.items[v.item[r]])), str(v.values[v.value[r]])) for r in found.order]
    wrong = np.array([truth != label for truth, label in said if truth is not None])
    kept = np.array([known.get(str(i)) for i in v.items[v.item]], dtype=object)
    there = np.array([truth is not None for truth in kept])
    base = (kept[there] != v.values[v.value[there]]).astype(int)
    rows = [
        (f"the {n} most suspicious", rate(int(wrong[:n].sum()), n)) for n in (25, 100, 400, 1600) if n <= wrong.size
    ]
    return IntervalChart("Really wrong among the labels flagged, by gold (adult2)",
                         (*rows, ("all labels", rate(int(base.sum()), int(base.size)))))  # fmt: skip


def calibration(data: Path) -> Chart:
    """Adult2: Dawid–Skene's stated probabilities against gold it did not see."""
    from tutelage.measure.calibration import reliability

    (v, fit), gold = pages(data), table(data, "adult2/gold")
    place = {str(name): k for k, name in enumerate(v.items)}
    rows = [(place[i], g) for i, g in gold.rows() if i in place]
    at = np.array([k for k, _ in rows])
    right = np.array([fit.code[k] >= 0 and str(v.values[fit.code[k]]) == g for k, g in rows])
    bins = tuple((b.stated, b.right) for b in reliability(fit.confidence[at], right, bins=6))
    return ReliabilityChart("Stated and right: 333 pages (adult2)", bins, "stated", "right")


def _slice(n: int, size: int) -> Any:
    """(n,) a uniform slice that anyone can draw again."""
    out = np.zeros(n, dtype=bool)
    out[np.random.default_rng(1).choice(n, size, replace=False)] = True
    return out


PLOTS: dict[str, Callable[[Path], Chart]] = {
    plot.__name__: plot for plot in (
        alpha, consensus, bradley_terry, plackett_luce, certify_agreement, certify_mean, certify_residual, slice_draw,
        perspectives, skill, drift, label_errors, calibration,
    )
}  # fmt: skip


def svg(chart: Chart, name: str) -> str:
    """A picture that stands alone: our style inside, light and dark, named and described; no script."""
    drawn = str(charts.DRAW[type(chart)](chart, charts.WIDE, name))
    css = stylesheet()
    colours, marks = css[css.index(":root{") : css.index("*{box")], css[css.index("svg{width") : css.index(".swatch{")]
    own = "svg{background:var(--surface)}svg .heading{font-size:15px;font-weight:600;fill:var(--ink)}"
    style = f"<style>{colours}{marks.replace('.narrow ', '.none ')}{own}</style>"
    head, _, rest = drawn.partition(">")
    box = head.split('viewBox="')[1].split('"')[0]
    _, _, width, height = (float(x) for x in box.split())
    below = 40 if isinstance(chart, CurveChart) else 16
    framed = head.replace(box, f"-20 -44 {width + 70:g} {height + 44 + below:g}")
    words = text(0, -18, chart.title, "heading")
    inner = rest[: -len("</svg>")]
    return f'{framed} xmlns="http://www.w3.org/2000/svg">{style}{words}{inner}{_key(chart, height)}</svg>\n'


def _key(chart: Chart, height: float) -> str:
    """The names of curves, beneath them: the page has them above, a picture alone has no page."""
    if not isinstance(chart, CurveChart):
        return ""
    marks = [
        line(60 + 380 * k, height + 14, 92 + 380 * k, height + 14, f"curve s{k}")
        + text(100 + 380 * k, height + 18, f"{s.label}: {s.how}" if s.how else s.label, "label")
        for k, s in enumerate(chart.series)
    ]
    return "".join(str(mark) for mark in marks)


def main(data: Path = DATA, out: Path = OUT) -> None:
    """Draw every plot again."""
    out.mkdir(parents=True, exist_ok=True)
    for name, plot in PLOTS.items():
        (out / f"{name}.svg").write_text(svg(plot(data), name), encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:3]))
