"""What folds a finished run: metrics, evidence and gate, lineage, report. Cheap, and never cached: it holds times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from tutelage import provenance
from tutelage.gate import Criteria, Decision, Evidence, criteria, decide, evidence
from tutelage.models import checkpoint
from tutelage.pipeline import signing
from tutelage.pipeline.engine import RunResult
from tutelage.pipeline.recipe import Recipe
from tutelage.pipeline.stages.shared import read_json
from tutelage.provenance import Lineage, Sealed
from tutelage.records import Figure, decode, encode
from tutelage.store import digest, write_json


def close(recipe: Recipe, done: RunResult, *, now: datetime) -> tuple[dict[str, Any], Decision]:
    """Write `checkpoint/lineage.json`, `evidence.json`, `criteria.json`, `gate.json`, `metrics.json`, `report.html`.

    Signatures that lie in the run's directory already count: see `pipeline.signing`.
    """
    from tutelage.pipeline.page import page
    from tutelage.report import write as write_page

    figures = {name: _figures(done, name) for name in ("evaluate", "reward-report")}
    found = lineage(recipe, done)
    seen = to_evidence(recipe, done, figures["evaluate"]["models"][recipe.arms[0]], now)
    asked = criteria_of(recipe, done.out)
    write_json(done.out / signing.CRITERIA, asked.model_dump(mode="json"))
    decision = decide(asked, seen, signing.signatures(done.out), now=now)
    metrics = summarise(recipe, done, figures, decision, found)
    evidence.write(done.out / "checkpoint" / "evidence.json", seen)
    write_json(done.out / "gate.json", decision)
    write_json(done.out / "metrics.json", metrics)
    write_page(page(recipe, done, metrics, decision, found), done.out / "report.html")
    return metrics, decision


def criteria_of(recipe: Recipe, out: Path) -> Criteria:
    """The criteria a recipe names: ours, those in the run's directory, or a file."""
    if recipe.gate == "starter":
        text = (resources.files("tutelage.pipeline") / "criteria" / "starter.toml").read_bytes()
        return criteria.parse(text, file="starter.toml")
    beside = out / recipe.gate
    return criteria.load(beside if beside.is_file() else Path(recipe.gate))


def to_evidence(recipe: Recipe, done: RunResult, final: Mapping[str, Any], now: datetime) -> Evidence:
    """The final model's held-out figures under the names the gate knows; differences end in `_vs_base`, `_vs_sft`."""
    figures: dict[str, Figure] = {}
    for name, value in final.items():
        if name.startswith("vs_"):
            figures |= {f"{metric}_{name}": decode(Figure, v) for metric, v in value.items()}
        elif name != "by_form":
            figures[name] = decode(Figure, value)
    figures["over_refusal_rate"] = figures["refusal_rate"]  # every starter prompt is benign
    model = checkpoint.read(done.stages[f"dpo {recipe.arms[0]}"].path).digest
    return Evidence(model, now, figures, notes=("held-out topics that no stage of training has seen",))


def lineage(recipe: Recipe, done: RunResult) -> Lineage:
    """From the final checkpoint down to the judgments; written beside its weights. Fails on an orphan."""
    final = recipe.arms[0]
    at = {name: done.stages[name].path for name in ("demonstrations", "gather", "fold")}
    work = {**provenance.work_of(at["demonstrations"]), **provenance.work_of(at["gather"])}
    counts = read_json(at["fold"] / "agreement.json")
    dataset = done.stages[f"dataset {final}"]
    chain = [
        Sealed(final, dataset.digest, read_json(dataset.path / "about.json")),
        Sealed("verdicts", done.stages["fold"].digest, {k: counts[k] for k in ("settled", "open")}),
        Sealed("judgments", done.stages["gather"].digest, {k: counts[k] for k in ("items", "judgments")}),
    ]
    top = done.stages[f"dpo {final}"]
    found = provenance.assemble(
        top.path,
        work=work,
        chain=chain,
        recipe=Sealed(recipe.name, digest(recipe.model_dump(mode="json")), {"seed": recipe.seed}),
        seconds=top.seconds,
    )
    provenance.write(found, done.out / "checkpoint")
    return found


def summarise(
    recipe: Recipe, done: RunResult, figures: Mapping[str, Any], decision: Decision, found: Lineage
) -> dict[str, Any]:
    """All figures of a run in one object: equal runs give equal figures, so it holds no times."""
    models = figures["evaluate"]["models"]
    people = {n.partition(" ")[2]: _figures(done, n) for n in done.stages if n.startswith("people ")}
    return {
        "schema": "metrics/1",
        "recipe": recipe.name,
        "seed": recipe.seed,
        "gate": {"outcome": decision.outcome, "findings": encode(decision.findings), "matters": decision.matters},
        "data": read_json(done.stages["fold"].path / "agreement.json"),
        "contributions": encode(found.tallies()),
        "models": models,
        "arms": {arm: models[arm]["vs_sft"]["pass_rate"] for arm in recipe.arms},
        "head_to_head": figures["evaluate"]["head_to_head"],
        "reward": figures["reward-report"],
        "people": people,
        "artefacts": {name: stage.digest for name, stage in done.stages.items()},
    }


def headlines(metrics: Mapping[str, Any]) -> list[str]:
    """The figures a person asks for first, each with its interval."""
    models, final = metrics["models"], next(iter(metrics["arms"]))
    rows = [(name, models[name]["pass_rate"]) for name in ("base", "sft", final)]
    lines = [f"Pass rate on held-out topics, {name:<5} {decode(Figure, value)}" for name, value in rows]
    for arm, value in metrics["arms"].items():
        lines.append(f"Gained over SFT by judgments ({arm}): {decode(Figure, value)}")
    return lines


def _figures(done: RunResult, stage: str) -> Any:
    return json.loads((done.stages[stage].path / "figures.json").read_text(encoding="utf-8"))
