"""The page of a reward model's report: what it gets right, beside whom, how true its certainty is, where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tutelage.evaluation.reward_report import Against, Calibration, Report, Slice, Value
from tutelage.records import Estimate, Figure, Undefined
from tutelage.report.blocks import (
    Beside,
    Block,
    Callout,
    CurveChart,
    FigureCard,
    FigureTable,
    IntervalChart,
    Page,
    PairSample,
    Prose,
    Reference,
    ReliabilityChart,
    Section,
    Series,
    Tone,
)
from tutelage.report.words import interval_text, value_text

SHARE = "share"
MOST_SHOWN, LONGEST, SPOKEN = 6, 900, 5


def page_of(report: Report) -> Page:
    """One page; every figure on it is one of the report's."""
    sections = [_answer(report), _beside_people(report), _calibration(report), _where(report)]
    sections += [_against(report.against)] if report.against else []
    sections += [_value(report.value)] if report.value else []
    sections += [_worst(report)] if report.worst else []
    facts = f"{report.pairs:,} pairs of {report.rows:,} rows in {report.groups:,} groups; {report.how}"
    return Page(
        "Reward model report",
        f"{report.model}: {facts}.",
        "supported" if report.beats_baseline else "not supported",
        tuple(sections),
        footer=f"{report.model} {report.digest[:19]}".strip(),
    )


def _answer(r: Report) -> Section:
    kind, words = _verdict(r)
    cards = (
        FigureCard("Accuracy", _share(r.accuracy), "sides with people's verdict"),
        FigureCard("A person, left out", _share(r.ceiling.person), "sides with the majority of the others"),
        FigureCard("Calibration error", _share(r.calibration_error), "of the stated share, after one temperature"),
        FigureCard(f"Best simple rule: {r.baseline}", _share(r.baseline_accuracy), "chosen on these very pairs"),
        FigureCard("Gain over it", _share(r.gain), "paired, the same pairs"),
        FigureCard("Accuracy at equal length", _share(r.length_matched_accuracy), "answers within 10 % of length"),
    )
    blocks = (Callout(kind, words, "In one sentence"), Beside(cards[:3]), Beside(cards[3:]))
    ties = f" {r.ties_left_out:,} stated ties are in no accuracy." if r.ties_left_out else ""
    return Section("Is it any good?", f"Held-out pairs; intervals rest on groups, not on pairs.{ties}", blocks)


def _verdict(r: Report) -> tuple[Tone, str]:
    if isinstance(r.gain, Undefined):
        return "warn", f"Whether it beats {r.baseline} cannot be told: {r.gain.why}."
    gain = f"{value_text(r.gain, SHARE)} ({interval_text(r.gain, SHARE)})"
    people, beside = r.ceiling.model_less_person, ""
    if isinstance(people, Estimate):
        word = "reaches" if people.lo >= 0 else "stays below" if people.hi < 0 else "cannot be told from"
        beside = f" Against the majority of the others it {word} a single person."
    if not r.beats_baseline:
        return "warn", f"It is not shown to beat the best simple rule ({r.baseline}): the gain is {gain}.{beside}"
    equal, length = r.length_matched_gain, ""
    if isinstance(equal, Estimate) and equal.lo <= 0:
        length = " At equal length no gain is shown."
    return ("warn" if length else "good"), f"It beats the best simple rule ({r.baseline}) by {gain}.{beside}{length}"


def _beside_people(r: Report) -> Section:
    c = r.ceiling
    blocks: list[Block] = [
        IntervalChart(
            "Accuracy on the same pairs",
            (("this model", _share(r.accuracy)), *((b.name, _share(b.accuracy)) for b in r.baselines)),
            Reference(c.person.value, "a person, left out")
            if isinstance(c.person, Estimate)
            else Reference(0.5, "chance"),
            SHARE,
            r.baseline_chosen,
        ),
        IntervalChart(
            "This model less each rule, pair by pair", tuple((b.name, _share(b.gain)) for b in r.baselines),
            Reference(0.0, "no gain"), SHARE,
        ),
    ]  # fmt: skip
    if c.pairs:
        rows = (
            ("the others' majority", _share(c.model), _share(c.person), _share(c.model_less_person)),
            ("one other vote", _share(c.model_and_vote), _share(c.two_votes), "–"),
        )
        blocks.append(
            FigureTable("People's own agreement", ("held against", "the model", "a person", "difference"), rows,
                        f"{c.pairs:,} pairs judged by two people or more; a tie is half a vote for each side.")
        )  # fmt: skip
    else:
        blocks.append(Callout("warn", f"The ceiling is unknown: {_why(c.person)}.", "No second opinion"))
    return Section(
        "Beside people and simple rules", "What a person reaches, and what needs no model at all.", tuple(blocks)
    )


def _calibration(r: Report) -> Section:
    blocks: list[Block] = [
        Beside((_reliability("Share of people", r.calibration), _reliability("Verdict", r.verdict_calibration))),
        FigureTable(
            "Error before and after one temperature",
            ("foretold", "before", "after", "nats before", "nats after", "temperature"),
            tuple(
                (c.of, _share(c.error_before), _share(c.error_after), c.nats_before, c.nats_after, _temperatures(c))
                for c in (r.calibration, r.verdict_calibration)
            ),
            f"Temperature fitted {r.calibration.split}. A temperature above 1: the model was too sure.",
        ),
    ]
    lead = "Of pairs where it says 80 %, do 80 % of people agree? What it states against what was seen."
    return Section("Does it know how sure to be?", lead, tuple(blocks))


def _reliability(what: str, c: Calibration) -> ReliabilityChart:
    bins = tuple((b.stated, _share(b.observed)) for b in c.reliability)
    return ReliabilityChart(
        f"{what}, after calibration" if c.temperature else f"{what}, as stated", bins, "stated", "observed"
    )


def _temperatures(c: Calibration) -> str:
    return "none" if c.temperature is None else f"{c.temperature[0]:.2f} to {c.temperature[1]:.2f} over the folds"


def _where(r: Report) -> Section:
    blocks: list[Block] = []
    if len(r.by_domain) > 1:
        blocks.append(_slices("By domain", r.by_domain))
    blocks.append(_slices("By the model's margin", r.by_margin))
    if len(r.by_certainty) > 1:
        blocks.append(_slices("By how far people agree", r.by_certainty))
    return Section("Where it is right", "Intervals within a single group rest on its pairs alone.", tuple(blocks))


def _slices(title: str, slices: Sequence[Slice]) -> IntervalChart:
    rows = tuple((f"{s.name} ({s.pairs:,})", _share(s.accuracy)) for s in slices)
    return IntervalChart(title, rows, Reference(0.5, "chance"), SHARE, "In brackets: pairs.")


def _against(a: Against) -> Section:
    changed = [t for t in a.topics if t.word in ("improved", "degraded")]
    told = ", ".join(f"{t.topic} {t.word}" for t in changed) or "no topic is shown to have changed"
    rows = tuple(
        (t.topic, f"{t.pairs:,}", _share(t.before), _share(t.after), _share(t.delta), f"{t.adjusted:.3f}", t.word)
        for t in a.topics[:40]
    )
    blocks: tuple[Block, ...] = (
        FigureCard("This model", _share(a.accuracy)),
        FigureCard("The other", _share(a.other_accuracy)),
        FigureCard("Difference", _share(a.difference), "paired, the same pairs"),
        FigureCard("Log loss saved", a.nats_saved, "above 0: this model foretells votes better"),
        Callout("note", f"{a.sentence} By topic: {told}.", f"Against {a.other}"),
        FigureTable(
            "Topic by topic", ("topic", "pairs", "other", "this model", "difference", "p, Holm", "reading"), rows,
            "Exact sign-flip test over groups, Holm's correction over topics; intervals are not corrected.",
        ),
    )  # fmt: skip
    return Section("Against another model", "The same held-out pairs, judged by both.", blocks)


def _value(v: Value) -> Section:
    points = [(p.rows, p.accuracy) for p in v.curve if isinstance(p.accuracy, Estimate)]
    series = Series(
        "accuracy", tuple(float(n) for n, _ in points), tuple(f.value for _, f in points),
        tuple(f.lo for _, f in points), tuple(f.hi for _, f in points),
        "mean over draws of rows, 95 % over held-out groups",
    )  # fmt: skip
    rows = tuple(
        (s.name, f"{s.judgments:,}", str(s.cost) if s.cost else "not stated", s.moved, f"{s.adjusted:.3f}", s.next)
        for s in v.slices
    )
    how = next((s.cost.how for s in v.slices if s.cost), "no cost stated")
    blocks: tuple[Block, ...] = (
        FigureTable(
            "Leave one slice out",
            ("slice", "judgments", "cost", "moved accuracy by", "p, Holm", f"the next {v.more:,} would buy"), rows,
            f"Costs: {how}. Accuracy in shares: 0.01 is one point. {v.how}.",
        ),
        CurveChart("Learning curve", (series,), "rows trained on", "held-out accuracy"),
        FigureCard(f"The next {v.more:,} rows like all of these", v.next),
        Prose("\n\n".join(s.sentence for s in sorted(v.slices, key=lambda s: s.adjusted)[:SPOKEN])),
    )  # fmt: skip
    return Section("What the judgments bought", "Each slice left out in turn, the fast head refitted.", blocks)


def _worst(r: Report) -> Section:
    samples: list[Block] = [
        Callout("note", "Confident errors where people agree, worst first. The texts are people's and models' own "
                "and may offend.", "To be read"),
    ]  # fmt: skip
    for w in r.worst[:MOST_SHOWN]:
        ids = ", ".join(w.contributions) + (" …" if w.votes > len(w.contributions) else "")
        samples.append(
            PairSample(
                w.prompt[-LONGEST:], w.better_text[:LONGEST], w.worse_text[:LONGEST], "left",
                f"{w.share:.0%} of {w.votes} votes" if w.votes > 1 else "one verdict",
                f"the model prefers B by {-w.margin:.2f} logits. Judgments: {ids or 'not named'}.",
                "A", "B", f"Row {w.row}, {w.domain[:60]}",
            )
        )  # fmt: skip
    return Section("The pairs to look at", "What a reader should see before trusting any figure above.", tuple(samples))


def _share(figure: Figure) -> Figure:
    """The same figure, printed in per cent."""
    if not isinstance(figure, Estimate) or figure.unit:
        return figure
    return replace(figure, unit=SHARE)


def _why(figure: Figure) -> str:
    return figure.why if isinstance(figure, Undefined) else "it was not asked"
