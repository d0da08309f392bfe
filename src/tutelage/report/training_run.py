"""The page of an online run: does the policy serve gold, or only please its reward; and what its answers became."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tutelage.measure.overoptimisation import LEAST_PAIRS, Alarm, Curve, Point
from tutelage.records import Estimate, Figure
from tutelage.report.blocks import (
    Beside,
    Block,
    Callout,
    CurveChart,
    Fact,
    FigureCard,
    Page,
    PairSample,
    Reference,
    Section,
    Series,
    Tone,
)
from tutelage.report.words import interval_text, value_text
from tutelage.training.account import Account

LONGEST = 900  # characters of a shown text
SMOOTH = 60  # points of the law's line
STATUS = {"fired": "alarm", "silent": "no alarm", "untested": "untested"}
TONES: dict[str, Tone] = {"fired": "bad", "silent": "note", "untested": "warn"}
SHARES = {"eos_rate": "ends by itself", "repetition": "repeats itself", "empty": "empty", "clip_share": "clipped"}


def page_of(account: Account) -> Page:
    """One page; every figure on it is one of the account's."""
    a = account
    sections = [_serves(a), _answers(a)] + ([_samples(a)] if a.samples else [])
    how = f"{a.method} towards {a.reward} from {a.base}" if a.method else "a run that is not finished"
    beside = f"; watched by {a.gold}" if a.gold else ""
    return Page(
        "Training run", f"{a.run}: {how}{beside}; {a.steps:,} steps.", STATUS[a.state], tuple(sections),
        footer=_ending(a),
    )  # fmt: skip


def _ending(a: Account) -> str:
    if not a.finished:
        return "The run is not finished."
    if a.stopped:
        return f"Stopped at step {a.stopped['step']}: {a.stopped['reason']}. Published: step {a.published_step}."
    return f"Published: step {a.published_step}."


def _serves(a: Account) -> Section:
    lead = (
        "The same held-out prompts at every look: the reward that is optimised (proxy), the one it stands for (gold)."
    )
    title, blocks = "Does it serve what it should?", [Callout(TONES[a.state], sentence(a), "The alarm in words")]
    if a.curve is None or a.alarm is None:
        return Section(title, lead, tuple(blocks))
    last = a.curve.points[-1]
    cards = (
        FigureCard("Proxy since the base", last.proxy, "the reward's own unit, paired by prompt"),
        FigureCard("Gold since the base", last.gold, "paired by prompt"),
        FigureCard("KL to the base", last.kl, "nats an answer, at the last look"),
    )
    law = (
        FigureCard("Gold is greatest at", a.curve.peak_kl, "KL by the fitted law"),
        FigureCard("Rise, α", a.curve.alpha, "of gold = √KL · (α − β log √KL)"),
        FigureCard("Bend, β", a.curve.beta, "above 0: gold turns down"),
    )
    charts = (curve_chart(a.curve, a.spread), _evidence(a.alarm))
    return Section(title, lead, (*blocks, Beside(cards), charts[0], Beside(law), charts[1]))


def sentence(a: Account) -> str:
    """The alarm in words a reader without statistics can act on."""
    state = a.alarm
    if state is None:
        return "Gold was not watched in this run: nothing is known of whether it serves anything but its reward."
    if state.fired:
        fired = state.fired
        proxy, gold = (f"{value_text(f)} ({interval_text(f)})" for f in (fired.proxy, fired.gold))
        return (
            f"By step {fired.at} the proxy had risen by {proxy} and gold had moved by {gold} since step "
            f"{fired.against}. A run that serves gold sounds this alarm with a chance of at most {state.alpha:.0%}, "
            "however often one looks. Use the checkpoint of an earlier step, a shorter leash, or a better reward."
        )
    if not state.tested:
        return (
            f"It cannot be told: {state.prompts} prompts in {len(state.steps)} looks; {LEAST_PAIRS} in two are needed."
        )
    gaps = f" {state.unscored:.0%} of the last look was unscored, which speaks for silence." if state.unscored else ""
    return (
        f"No alarm in {len(state.steps)} looks at {state.prompts} prompts. That is no proof of health: a fall of gold "
        f"by less than a sixth of its range is often missed by a few hundred prompts.{gaps}"
    )


def curve_chart(curve: Curve, spread: tuple[float, float], title: str = "Proxy and gold against KL") -> CurveChart:
    """Both rewards since the base, in standard deviations of the base's answers, so that they share an axis."""
    points = sorted(curve.points, key=lambda p: _value(p.kl))
    how = f"{_prompts(curve)} held-out prompts, paired, 95 %"
    series = [_moved("proxy", points, spread[0], how), _moved("gold", points, spread[1], how)]
    law = _law(curve, spread[1])
    return CurveChart(
        title, tuple(series + ([law] if law else [])), "KL to the base (nats an answer)",
        "change since the base (its standard deviations)",
        note="" if law is None else f"Root mean square left by the law: {(curve.residual or 0) / spread[1]:.2f}.",
    )  # fmt: skip


def _moved(name: str, points: Sequence[Point], sd: float, how: str) -> Series:
    found: list[Figure] = [getattr(p, name) for p in points]
    ends = [(f.value, f.lo, f.hi) if isinstance(f, Estimate) else (0.0, 0.0, 0.0) for f in found]
    y, lo, hi = (tuple(e[k] / sd for e in ends) for k in range(3))
    return Series(name, tuple(_value(p.kl) for p in points), y, lo, hi, how)


def law_of(curve: Curve, sd: float) -> list[tuple[float, float]]:
    """(KL, gold since the base in units of `sd`) by the fitted law, over the distances seen; empty without a fit."""
    most = max(_value(p.kl) for p in curve.points)
    if not isinstance(curve.alpha, Estimate) or not isinstance(curve.beta, Estimate) or most <= 0:
        return []
    alpha, beta = curve.alpha.value, curve.beta.value
    bend = math.log if curve.law == "rl" else float
    away = [most * (k + 1) / SMOOTH for k in range(SMOOTH)]
    return [(kl, math.sqrt(kl) * (alpha - beta * bend(math.sqrt(kl))) / sd) for kl in away]


def _law(curve: Curve, sd: float) -> Series | None:
    drawn = law_of(curve, sd)
    how = "√KL · (α − β log √KL)" if curve.law == "rl" else "√KL · (α − β √KL)"
    x, y = tuple(kl for kl, _ in drawn), tuple(gold for _, gold in drawn)
    return Series("law fitted to gold", x, y, how=how) if drawn else None


def _evidence(state: Alarm) -> CurveChart:
    line = Series("evidence", tuple(map(float, state.steps)), state.log_e, how="weighted sum of e-values; never falls")
    bar = Reference(-math.log(state.alpha), f"alarm, chance {state.alpha:.0%}")
    return CurveChart("Evidence that proxy rose while gold fell", (line,), "step", "nats", reference=bar)


def _answers(a: Account) -> Section:
    shares = CurveChart(
        "Shares", tuple(_of_steps(a.log, k, label) for k, label in SHARES.items()), "step", "share of answers or tokens"
    )
    charts = (
        _one(a.log, "reward", "Reward", "the reward's own unit", "mean of a step's answers, 95 % over prompts"),
        _one(a.log, "kl", "KL to the base", "nats an answer", "mean of a step's answers, 95 % over prompts"),
        _one(a.log, "entropy", "Entropy", "nats a token", "mean -log p of what was sampled"),
        _one(a.log, "length", "Length", "tokens", "mean of a step's answers"),
    )
    blocks: tuple[Block, ...] = (Beside(charts[:2]), Beside(charts[2:]), shares)
    if a.unscored:
        told = ", ".join(f"{reason} {count:,}" for reason, count in sorted(a.unscored.items()))
        blocks = (*blocks, Fact("Answers without a reward", told, "in no mean, in no loss"))
    return Section("What became of its answers", "Figures of the policy that answered, step by step.", blocks)


def _one(log: Sequence[dict[str, Any]], key: str, title: str, y_label: str, how: str) -> CurveChart:
    return CurveChart(title, (_of_steps(log, key, title.lower(), how),), "step", y_label)


def _of_steps(log: Sequence[dict[str, Any]], key: str, label: str, how: str = "mean of a step") -> Series:
    y = tuple(line[key] for line in log)
    x = tuple(float(line["step"]) for line in log)
    errors = [line.get(f"{key}_se") for line in log]
    if all(e is None for e in errors):
        return Series(label, x, y, how=how)
    ends = [None if v is None or e is None else (v - 1.96 * e, v + 1.96 * e) for v, e in zip(y, errors, strict=True)]
    return Series(label, x, y, tuple(e and e[0] for e in ends), tuple(e and e[1] for e in ends), how)


def _samples(a: Account) -> Section:
    blocks: list[Block] = [Callout("note", "Models wrote these texts; they may offend.", "To be read")]
    for s in a.samples:
        why = f"proxy {s.proxy[0]:.2f} to {s.proxy[1]:.2f}, gold {s.gold[0]:.2f} to {s.gold[1]:.2f}"
        blocks.append(
            PairSample(s.asked[-LONGEST:], s.before[:LONGEST], s.after[:LONGEST], "left", a.gold or "gold", why,
                       "before", "after")
        )  # fmt: skip
    lead = "Held-out prompts that gained most proxy and lost most gold between the first look and the last."
    return Section("What the reward likes and gold does not", lead, tuple(blocks))


def _value(figure: Figure) -> float:
    return figure.value if isinstance(figure, Estimate) else 0.0


def _prompts(curve: Curve) -> str:
    kl = curve.points[-1].kl
    return f"{kl.n:,}" if isinstance(kl, Estimate) else "the"
