"""The report of a run: what was done, what came of it, how sure that is, and whose judgment it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.evaluation.head_to_head import Bout
from tutelage.gate import Decision
from tutelage.pipeline.engine import RunResult
from tutelage.pipeline.recipe import Recipe
from tutelage.pipeline.stages.shared import read_json
from tutelage.provenance import Lineage
from tutelage.records import Figure, decode, encode, jsonl
from tutelage.report import (
    Beside,
    Block,
    Callout,
    CurveChart,
    Fact,
    FigureCard,
    FigureTable,
    GateTable,
    IntervalChart,
    LineageTree,
    Node,
    Page,
    PairSample,
    Prose,
    Reference,
    ReliabilityChart,
    Section,
    Series,
    StageRow,
    StageTable,
)

NAMES = {"base": "Base model", "sft": "After SFT", "rl": "After reinforcement"}
NO_CHANGE = Reference(0.0, "no change")


def page(recipe: Recipe, done: RunResult, metrics: Mapping[str, Any], decision: Decision, found: Lineage) -> Page:
    """The page of a finished run."""
    sections = (
        _outcome(recipe, metrics, decision),
        _before_after(recipe, metrics),
        _samples(recipe, done, metrics),
        _data(recipe, metrics),
        *(_people(name, figures) for name, figures in metrics["people"].items()),
        _reward(metrics["reward"]),
        *_reinforcement(recipe, done, metrics),
        _training(recipe, done),
        _lineage(done, found),
    )
    footer = (
        f"Recipe {recipe.name}, seed {recipe.seed}. Every interval is stated with its method and n; nothing here was "
        "measured on prompts that a training stage had seen."
    )
    return Page(recipe.name.capitalize(), recipe.about, decision.outcome, sections, footer)


def figure(value: Mapping[str, Any]) -> Figure:
    """A figure as it stands in metrics.json."""
    found: Figure = decode(Figure, value)
    return found


def label(name: str) -> str:
    """What a reader calls a model."""
    return NAMES.get(name, "After DPO" if name == "true" else f"After DPO, verdicts {name}")


def _outcome(recipe: Recipe, metrics: Mapping[str, Any], decision: Decision) -> Section:
    final = recipe.arms[0]
    models = metrics["models"]
    cards = (
        FigureCard("Does what was asked", figure(models[final]["pass_rate"]), "held-out topics, final model"),
        FigureCard("Gained by judgments", figure(metrics["arms"][final]), "over the supervised model, same prompts"),
        FigureCard(
            "Wins blind", figure(metrics["head_to_head"]["win_rate"]), "against SFT, as the reward model sees it"
        ),
    )
    lead = "The gate looks only at held-out prompts; a criterion passes when its whole interval lies on the good side."
    return Section("Outcome", lead, (Beside(cards), GateTable(encode(decision))))


def _before_after(recipe: Recipe, metrics: Mapping[str, Any]) -> Section:
    models = metrics["models"]
    rates = (
        *((label(n), figure(m["pass_rate"])) for n, m in models.items()),
        ("Base, every answer cut at its best word", figure(models["base"]["cut_short"])),
    )
    blocks: list[Block] = [
        IntervalChart(
            "Share of held-out prompts answered as asked",
            rates,
            unit="share",
            note="The last line is a control: what brevity alone could have earned, chosen by one who knows the rule.",
        ),
        IntervalChart(
            "Gained over SFT",
            tuple((label(a), figure(v)) for a, v in metrics["arms"].items()),
            NO_CHANGE,
            unit="share",
            note="Permuted and flipped verdicts are controls: what they do not gain, the judgments did."
            if len(recipe.arms) > 1
            else "",
        ),
    ]
    forms = list(models["base"]["by_form"])
    shown = ["base", "sft", recipe.arms[0]]
    rows = tuple((form, *(figure(models[n]["by_form"][form]) for n in shown)) for form in forms)
    blocks.append(FigureTable("By form of answer", ("form", *map(label, shown)), rows))
    change = models[recipe.arms[0]]["vs_sft"]
    beside = {"relevance": "Relevance", "words": "Words", "repeated_share": "Repeated n-grams", "empty_rate": "Empty"}
    beside |= {"repetition_rate": "Repeating", "ended_rate": "Ended by itself", "refusal_rate": "Refusals"}
    table = tuple((said, figure(models[recipe.arms[0]][k]), figure(change[k])) for k, said in beside.items())
    note = "A gain that came from shorter, emptier or less relevant answers would show here."
    blocks.append(FigureTable("What else changed", ("", "final model", "change from SFT"), table, note))
    lead = "The same prompts, asked of each model. Intervals rest on topics, not on answers."
    return Section("Before and after", lead, tuple(blocks))


def _samples(recipe: Recipe, done: RunResult, metrics: Mapping[str, Any]) -> Section:
    bouts: list[Bout] = list(jsonl.read(done.stages["evaluate"].path / "bouts.jsonl", Bout))
    order = np.random.default_rng(recipe.seed).permutation(len(bouts))[:4]
    drawn = [_pair(bouts[i], f"Drawn at random, {n} of {len(order)}") for n, i in enumerate(order, 1)]
    lost = sorted((b for b in bouts if b.outcome == "loss"), key=lambda b: -(b.confidence or 0.0))[:3]
    worst = [_pair(b, "Among the worst: the judge was surest that this got worse") for b in lost]
    about = metrics["head_to_head"]
    note = (
        f"{about['wins']} wins, {about['ties']} ties, {about['losses']} losses, "
        f"{sum(about['unscored'].values())} unscored. The judge is the reward model trained on the same judgments: "
        "it is no independent witness, the rule-checked pass rate above is."
    )
    table = FigureTable(
        "Length beside preference",
        ("", "figure"),
        (
            ("wins among answers of the same length", figure(about["length_matched"])),
            ("decided pairs won by the longer answer", figure(about["longer_wins"])),
        ),
    )
    lead = "Pairs as the judge saw them, sides drawn at random, names hidden."
    return Section("Answers side by side", lead, (Callout("note", note), *drawn, *worst, table))


def _pair(bout: Bout, heading: str) -> PairSample:
    winner: Any = {"win": "left", "loss": "right", "tie": "tie", "unscored": "unscored"}[bout.outcome]
    why = bout.reason or (f"confidence {bout.confidence:.2f}" if bout.confidence is not None else "")
    return PairSample(bout.prompt, bout.a, bout.b, winner, "the reward model", why, "final model", "after SFT", heading)


def _data(recipe: Recipe, metrics: Mapping[str, Any]) -> Section:
    data, work = metrics["data"], metrics["contributions"]
    simulated = data["judges"].get("simulated", 0)
    blocks: list[Block] = []
    if simulated:
        text = (
            f"{simulated} simulated contributors with known biases gave these rankings. They are counted as simulated "
            "everywhere and never as people."
        )
        blocks.append(Callout("warn", text, "No people judged these answers"))
    facts = (
        Fact("Items ranked", f"{data['items']:,}", f"{recipe.sample.n} answers each"),
        Fact("Judgments", f"{data['judgments']:,}", ", ".join(f"{n} {t}" for t, n in data["judges"].items())),
        Fact("Verdicts", f"{data['settled']:,} settled", f"{data['open']:,} open"),
    )
    blocks.append(Beside(facts))
    blocks.append(FigureCard("Agreement (Krippendorff's α)", figure(data["alpha"]), "over pairs: first, second, tie"))
    rows = tuple(
        (sort, f"{t['judges']:,}", f"{t['contributions']:,}") for sort, t in work.items() if t["contributions"]
    )
    blocks.append(FigureTable("Whose work is in the final model", ("sort of judge", "judges", "contributions"), rows))
    if absent := [name for name in recipe.people if name not in metrics["people"]]:
        text = (
            f"{', '.join(absent)} is not on this machine: set TUTELAGE_DATA to the folder that holds it, and run again."
        )
        blocks.append(Callout("note", text, "No real people's votes in this report."))
    lead = "What the model learned from, and who gave it."
    return Section("Judgments", lead, tuple(blocks))


def _people(name: str, figures: Mapping[str, Any]) -> Section:
    account = figures["account"]
    cards = (
        FigureCard("Reward model", figure(account["accuracy"]), "pairs of debates it never saw"),
        FigureCard("Best baseline", figure(account["baseline_accuracy"]), str(account["baseline"])),
        FigureCard("Difference", figure(account["gain"]), "paired, clustered by debate"),
    )
    rows = (
        ("two people on the same pair agree", figure(account["human_agreement"])),
        ("agreement of people (α)", figure(figures["alpha"])),
        ("difference among pairs of the same length", figure(account["length_matched_gain"])),
    )
    lead = f"{figures['votes']:,} votes by {figures['people']:,} real people ({name}), cross-fitted over whole debates."
    return Section("What real people's votes teach", lead, (Beside(cards), FigureTable("Beside it", ("", ""), rows)))


def _reward(figures: Mapping[str, Any]) -> Section:
    account, curve = figures["account"], figures["curve"]
    blocks: list[Block] = []
    charts: list[Block] = []
    if account is None:
        blocks.append(Callout("warn", "No held-out prompt had both a right and a wrong answer: nothing to compare."))
    else:
        cards = (
            FigureCard("Accuracy", figure(account["accuracy"]), "held-out pairs, one right by rule, one wrong"),
            FigureCard("Best baseline", figure(account["baseline_accuracy"]), str(account["baseline"])),
            FigureCard("Difference", figure(account["gain"]), "paired, clustered by topic"),
        )
        blocks.append(Beside(cards))
        bins = tuple((b["claimed"], figure(b["observed"])) for b in account["reliability"])
        charts.append(ReliabilityChart("Is it as sure as it should be?", bins))
    points = curve["points"]
    series = tuple(
        Series(
            name,
            tuple(p["kl"] for p in points if p[key]["type"] == "estimate"),
            tuple(p[key]["value"] for p in points if p[key]["type"] == "estimate"),
            tuple(p[key]["lo"] for p in points if p[key]["type"] == "estimate"),
            tuple(p[key]["hi"] for p in points if p[key]["type"] == "estimate"),
            how="mean over held-out prompts, 95 % over topics",
        )
        for name, key in (("gold: the rule", "gold"),)
    )
    note = "Best of n by the reward model, n = " + ", ".join(str(p["n"]) for p in points) + ". KL is log n − (n−1)/n."
    title = "Best of n: what the rule finds as the reward model chooses harder"
    charts.append(CurveChart(title, series, "KL from the supervised model, nats", "share that pass", note=note))
    blocks.append(Beside(tuple(charts)))
    proxy = tuple((f"n = {p['n']}", figure(p["proxy"]), figure(p["gold"])) for p in points)
    blocks.append(FigureTable("Proxy against gold", ("best of", "reward (proxy)", "pass rate (gold)"), proxy))
    texts = figures["texts"]
    blocks.append(
        Prose(
            f"How many samples of the supervised model match one of the final model? {texts['worth']} where an ideal "
            f"chooser picks; {texts['worth_by_reward']} where the reward model picks."
        )
    )
    lead = "Trained on the same judgments, held against answers to topics it never saw."
    return Section("The reward model", lead, tuple(blocks))


def _reinforcement(recipe: Recipe, done: RunResult, metrics: Mapping[str, Any]) -> tuple[Section, ...]:
    if recipe.reinforce is None:
        return ()
    stage = done.stages["reinforce"].path
    log, course = _log(stage / "log.jsonl"), read_json(stage / "course.json")
    last, model = course["points"][-1], metrics["models"]["rl"]
    rows = (
        ("reward (what is optimised), change", figure(last["proxy"])),
        ("pass rate by rule (gold), change", figure(last["gold"])),
        ("KL from the supervised model, nats an answer", figure(last["kl"])),
        ("pass rate, all held-out prompts, over SFT", figure(model["vs_sft"]["pass_rate"])),
    )
    note = f"The first three on {course['prompts']} held-out prompts, the same at the start and at the end."
    charts = tuple(
        CurveChart(title, (_seen(title, log, key),), "step", unit)
        for title, key, unit in (("Reward of sampled answers", "reward", "logits"), ("KL to the start", "kl", "nats"))
    )
    lead = (
        f"{recipe.reinforce.method.upper()} from the supervised model against the reward model, {len(log)} steps with "
        "a price on every nat of KL. A reward that rises while gold falls is over-optimisation; so few prompts cannot "
        "show that there is none."
    )
    table = FigureTable("What the rule says, and what the reward says", ("", "figure"), rows, note)
    return (Section("Reinforcement under a leash", lead, (table, Beside(charts))),)


def _seen(title: str, log: Sequence[Mapping[str, Any]], key: str) -> Series:
    """A figure of every step that had one."""
    there = [(float(line["step"]), line[key]) for line in log if line[key] is not None]
    return Series(title, tuple(x for x, _ in there), tuple(y for _, y in there), how="each step's own answers")


def _training(recipe: Recipe, done: RunResult) -> Section:
    stages = {"SFT loss": ("sft", "loss")}
    if recipe.reward.model == "trunk":
        stages["Reward accuracy"] = ("reward", "accuracy")
    stages |= {f"DPO margin ({a})": (f"dpo {a}", "margin") for a in recipe.arms}
    charts: list[Block] = []
    for title, (stage, key) in stages.items():
        log = _log(done.stages[stage].path / "log.jsonl")
        series = Series(
            title, tuple(float(x["step"]) for x in log), tuple(x[key] for x in log), how="each training batch"
        )
        charts.append(CurveChart(title, (series,), "step", key))
    drift = _log(done.stages[f"dpo {recipe.arms[0]}"].path / "log.jsonl")
    drifts = tuple(
        Series(said, tuple(float(x["step"]) for x in drift), tuple(x[key] for x in drift), how="each training batch")
        for said, key in (("preferred answers", "chosen_drift"), ("others", "rejected_drift"))
    )
    note = "A preferred answer that falls by many nats is the first sign of collapse."
    charts.append(CurveChart("Drift from the supervised model", drifts, "step", "nats", note=note))
    lead = "Figures of training batches: they tell a sick run from a sound one, and nothing about how good it is."
    return Section("Training", lead, (Beside(tuple(charts[:2])), Beside(tuple(charts[2:4])), *charts[4:]))


def _lineage(done: RunResult, found: Lineage) -> Section:
    rows = tuple(
        StageRow(name, "done before" if s.cached else "done", s.seconds, s.key[:12], _size(s.peak_rss_bytes))
        for name, s in done.stages.items()
    )
    tree = LineageTree(_node(found, found.graph.root, set()))
    lead = "From the final weights down to every judgment; a contribution without an origin would have stopped the run."
    return Section("Lineage", lead, (tree, StageTable(rows)))


def _node(found: Lineage, name: str, seen: set[str]) -> Node:
    node = found.node(name)
    seen.add(name)
    facts = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in node.facts.items() if not isinstance(v, (dict, list)))
    below: Sequence[Any] = [n for n in found.below(name) if n.id not in seen]
    return Node(f"{node.type}: {node.label}", facts, node.digest or "", tuple(_node(found, n.id, seen) for n in below))


def _size(peak_rss_bytes: int) -> str:
    return f"peak {peak_rss_bytes / 2**20:,.0f} MiB" if peak_rss_bytes else ""


def _log(path: Path) -> list[dict[str, Any]]:
    return [value for _, value in jsonl.objects(path)]
