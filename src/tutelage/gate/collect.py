"""From a checkpoint's answers to held-out prompts to the standard evidence of a gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tutelage.environments.graders import Task
from tutelage.evaluation import compare, quality, suite
from tutelage.evaluation.prompts import Answers, HeldOut
from tutelage.evaluation.relevance import Embedder, hashed
from tutelage.evaluation.shares import share
from tutelage.evaluation.stored import sample
from tutelage.gate.criteria import OVER_REFUSAL, Criteria
from tutelage.gate.evidence import Capability, Evidence
from tutelage.models import Generation, Policy
from tutelage.records import Figure, Sampling
from tutelage.training import alarm

VS_BASE, PASS_RATE = "_vs_base", "pass_rate"


def collect(
    model: str,
    answers: Answers,
    *,
    at: datetime,
    base: Sequence[Generation] | None = None,
    tasks: Sequence[Task] = (),
    task_answers: Sequence[Sequence[Generation]] = (),
    capabilities: dict[str, Capability] | None = None,
    level: float = 0.95,
    embed: Embedder = hashed,
) -> Evidence:
    """The evidence that answers to held-out prompts give about the model of that digest.

    base   the untuned model's answers to the same prompts: gives each figure's paired change, `NAME_vs_base`
    tasks  verifiable tasks with `task_answers`: gives `pass_rate` and `pass_rate.GRADER`
    Figures: empty_rate, repetition_rate, refusal_rate, over_refusal_rate (benign prompts), wrong_language_rate,
    echo_rate, ended_rate, relevance, words, repeated_share.
    """
    groups = answers.groups
    seen = quality.assess(answers, embed=embed)
    figures: dict[str, Figure] = dict(quality.figures(seen, groups, level=level))
    benign = [i for i, p in enumerate(answers.prompts) if p.benign]
    figures[OVER_REFUSAL] = share([seen[i].refusal for i in benign], [groups[i] for i in benign], level=level)
    if base is not None:
        before = quality.assess(Answers(answers.prompts, base), embed=embed)
        changes = compare.differences(before, seen, groups, level=level)
        figures |= {f"{name}{VS_BASE}": change for name, change in changes.items()}
    figures |= _graded(tasks, task_answers, level)
    return Evidence(
        model=model,
        at=at,
        figures=figures,
        capabilities=capabilities or {},
        notes=(f"{len(answers.prompts)} prompts, stated to be held out", "refusals are recognised by English phrases"),
    )


def _graded(tasks: Sequence[Task], answers: Sequence[Sequence[Generation]], level: float) -> dict[str, Figure]:
    if not tasks:
        return {}
    found = suite.run(tasks, answers, level=level)
    return {PASS_RATE: found.pass_rate} | {f"{PASS_RATE}.{name}": rate for name, rate in found.by_grader.items()}


def from_models(
    criteria: Criteria,
    model: Policy,
    prompts: Sequence[HeldOut],
    *,
    at: datetime,
    base: Policy | None = None,
    tasks: Sequence[Task] = (),
) -> Evidence:
    """Ask the model (and its base) and collect; one answer a prompt, at the highest level the criteria name."""
    plan = criteria.sampling

    sampling = Sampling(model.name, temperature=plan.temperature, max_tokens=plan.max_tokens, seed=plan.seed)
    questions = [p.prompt for p in prompts]
    return collect(
        model.digest,
        Answers(prompts, sample(model, questions, sampling)),
        at=at,
        base=sample(base, questions, sampling) if base is not None else None,
        tasks=tasks,
        task_answers=[[g] for g in sample(model, [t.prompt for t in tasks], sampling)] if tasks else [],
        level=max(c.level for c in criteria.criteria),
    )


def with_alarm(evidence: Evidence, checkpoint: Path) -> Evidence:
    """The evidence, and the over-optimisation alarm that sounded in the checkpoint's own run, if one did."""
    found = alarm.recorded(checkpoint)
    if found is None:
        return evidence
    told = f"over-optimisation: {found['words']}"
    if found["state"] == "fired":
        return replace(evidence, alarms=tuple(dict.fromkeys((*evidence.alarms, told))))
    return replace(evidence, notes=tuple(dict.fromkeys((*evidence.notes, told))))


def needs_base(criteria: Criteria) -> bool:
    """Whether a criterion compares with the untuned model."""
    return any(c.metric.endswith(VS_BASE) for c in criteria.criteria)
