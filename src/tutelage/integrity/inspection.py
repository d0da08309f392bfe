"""Incoming inspection: every kind of evidence over one lot, and what it amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tutelage.integrity import copies, patterns, repeats, rings, speed, wording
from tutelage.integrity.delivery import Delivery
from tutelage.integrity.findings import TAIL, ByJudge, Finding, discoveries, finding
from tutelage.integrity.labels import doubtful_rows
from tutelage.integrity.lot import (
    Contaminated,
    Decision,
    Risks,
    Slice,
    Sound,
    decide,
    least_contaminated,
    most_contaminated,
    single_plan,
    unanimous,
)  # fmt: skip
from tutelage.integrity.recheck import Rechecked
from tutelage.integrity.signal import independent_of_item, others, signal
from tutelage.measure.exact import Floats, Ints
from tutelage.records import Estimate, Figure, Undefined

AGREE_ON = 4  # other judges who must all agree before they stand for the truth, where items have so many
ENOUGH_UNANIMOUS = 2
ENOUGH_ROWS = 20
DOUBT = 0.25  # share of false ones among the judges whose rows count against acceptance: doubt keeps a lot open


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the lot amounts to. `why` says it in words; `contamination` is the share of bad rows with its bounds."""

    decision: Decision
    why: str
    contamination: Figure
    findings: tuple[Finding, ...]
    risks: Risks
    recheck_needed: int
    recheck_plan: dict[str, int]
    rows: int
    items: int
    judges: int
    columns: dict[str, str]
    assumed: tuple[str, ...]
    not_examined: tuple[str, ...]
    model_use: dict[str, object] | None = None


@dataclass
class _Look:
    """What the checks gathered before the decision."""

    by_judge: list[ByJudge] = field(default_factory=list)
    facts: list[Finding] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    blind: list[str] = field(default_factory=list)


def inspect(
    lot: Delivery, *, risks: Risks, rng: np.random.Generator, gold: Ints | None = None,
    rechecked: Rechecked | None = None, reader: wording.Reader | None = None,
) -> Inspection:  # fmt: skip
    """Inspect a lot of bought judgments.

    gold       (items,) known answers as value codes, -1 where unknown
    rechecked  a blind uniform slice that was judged again
    reader     a classifier of model texts, trained on this kind of work
    Reject: more than the AQL is proven contaminated, at the producer's risk (honest judges' figures spread as
    `outliers` says; Simes' inequality). Accept: contamination of the LTPD is excluded at the buyer's risk, from the
    re-judged slice, gold, or rows on which all others agree. Otherwise insufficient, with the slice that would settle.
    """
    look = _Look()
    votes = others(lot.item, lot.judge, lot.value, len(lot.value_names))
    _answers(lot, votes, gold, look)
    _work(lot, look)
    _texts(lot, look)
    model_use, model_share, flagged = _model_use(lot, reader, risks, look)
    look.facts += doubtful_rows(lot, rng=rng)
    half = risks.producer / 2 if rechecked is not None else risks.producer
    proven = least_contaminated(
        look.by_judge, lot.judge, np.array(sorted(look.bad), dtype=np.int64), model_share, flagged[1], half
    )
    listed, suspect = _listed(lot, look.by_judge, proven)
    bounds = _bounds(lot, votes, gold, rechecked, proven, risks, suspect | look.bad, look, flagged)
    outcome = decide(bounds[0], bounds[1], risks)
    plan = single_plan(len(lot), risks)
    done = int((rechecked.bad >= 0).sum()) if rechecked is not None else 0
    needed = 0 if outcome != "insufficient" else max(plan[0] - done, 0) or min(plan[0], len(lot) - done)
    return Inspection(
        outcome, _why(outcome, bounds, proven, risks, needed, plan, len(lot)), _figure(bounds, risks, len(lot)),
        tuple(listed + look.facts), risks, needed, {"rows": plan[0], "accept_at_most_bad": plan[1]}, len(lot),
        len(lot.item_names), len(lot.judge_names), lot.columns, tuple(lot.assumed), tuple(look.blind), model_use,
    )  # fmt: skip


def _answers(lot: Delivery, votes: Floats, gold: Ints | None, look: _Look) -> None:
    """Answers beside the others' and gold's: independent of the item, one answer, rhythm, rings."""
    if lot.free_text:
        look.blind.append("answers: they are texts of their own")
        return
    reference = votes.copy()
    if gold is not None:
        known = gold[lot.item] >= 0
        reference[known] = np.eye(len(lot.value_names))[gold[lot.item[known]]]
    overlap = ~np.isnan(reference).any(axis=1)
    if overlap.sum() >= ENOUGH_ROWS:
        found = signal(lot.judge, lot.value, reference, len(lot.judge_names))
        look.by_judge.append(independent_of_item(found, lot.judge_names))
    else:
        look.blind.append("answers against the item: no item has two judges, and there is no gold")
    expected = np.where(overlap, np.nan_to_num(reference).argmax(axis=1), -1)
    if overlap.sum() < ENOUGH_ROWS:  # else the dependence on the item has seen it, and knows the items
        look.by_judge.append(patterns.one_answer(lot.judge, lot.value, lot.judge_names, lot.value_names))
    look.by_judge.append(patterns.rhythm(lot.judge, lot.value, lot.order, expected, lot.judge_names))
    found_pairs = rings.pairs(lot.item, lot.judge, lot.value, len(lot.value_names), len(lot.judge_names))
    if found_pairs:
        rows = np.bincount(lot.judge, minlength=len(lot.judge_names))
        look.by_judge.append(rings.rings(found_pairs, lot.judge_names, rows))
    else:
        look.blind.append(f"copying between judges: no two share {rings.LEAST_SHARED} items")


def _work(lot: Delivery, look: _Look) -> None:
    """How fast, and whether twice."""
    seconds = lot.seconds
    if seconds is None and lot.at is not None and not np.isnan(lot.at).all():
        seconds = speed.seconds_between(lot.judge, lot.at)
    if seconds is None:
        look.blind.append("speed: no seconds and no times")
    else:
        look.by_judge.append(speed.too_fast(lot.judge, seconds, lot.judge_names))
        hurried = speed.hurried_rows(seconds)
        if len(hurried):
            look.bad |= set(hurried.tolist())
            look.facts.append(_rows(lot, "hurried rows", "less than a tenth of the middle row's time", hurried, True))
    whole = repeats.again(lot.cells) if lot.cells else np.zeros(0, np.int64)
    telling = lot.reason is not None or lot.seconds is not None or lot.at is not None
    if len(whole):
        # with three columns a second, equal answer by the same judge looks the same as a copied row
        text = "equal in every column to an earlier row" + ("" if telling else " (or the same answer given again)")
        look.facts.append(_rows(lot, "repeated rows", text, whole, telling))
        look.bad |= set(whole.tolist()) if telling else set()
    twice = np.setdiff1d(repeats.same_judge_again(lot.item, lot.judge), whole)
    if len(twice):
        look.facts.append(_rows(lot, "same judge again", "a judge judges an item a second time", twice, False))


def _texts(lot: Delivery, look: _Look) -> None:
    """Copied and templated reasons."""
    if lot.reason is None:
        return
    look.by_judge.append(copies.templates(lot.reason, lot.judge, lot.item, lot.judge_names))
    for a, b in copies.across_judges(lot.reason, lot.judge):
        look.bad.add(b)
        if len(look.facts) < 200:
            text = f"{lot.judge_names[lot.judge[a]]} and {lot.judge_names[lot.judge[b]]} give (nearly) the same reason"
            names = [lot.judge_names[lot.judge[a]], lot.judge_names[lot.judge[b]]]
            look.facts.append(finding("copied reason", text, names, lot.place[[a, b]], counts=True))


def _model_use(
    lot: Delivery, reader: wording.Reader | None, risks: Risks, look: _Look
) -> tuple[dict[str, object] | None, float, tuple[int, int]]:
    """The lot's share of reasons that read as a model's: the figures, its least share, and (flagged, texts)."""
    if lot.reason is None:
        return None, 0.0, (0, 0)
    if reader is None:
        look.blind.append("model use in reasons: no reference texts of this work (--reference)")
        return None, 0.0, (0, 0)
    rows = [k for k, text in enumerate(lot.reason) if text]
    texts = [lot.reason[k] or "" for k in rows]
    middle = float(np.median([len(t) for t in texts])) if texts else 0.0
    if not reader.length[0] <= middle <= reader.length[1]:
        look.blind.append(f"model use in reasons: the middle reason has {middle:.0f} characters, the reference fits "
                          f"{reader.length[0]:.0f} to {reader.length[1]:.0f}")  # fmt: skip
        return None, 0.0, (0, 0)
    above = reader.reads_as_model(texts)
    share = wording.share_by_model(int(above.sum()), len(texts), reader, 0.2 * risks.producer)
    figures: dict[str, object] = {
        "flagged": int(above.sum()), "texts": len(texts), "least_share": share, "auc": reader.auc,
        "false_positives": reader.false_positives, "by_group": reader.by_group, "found_of_model_texts": reader.found,
    }  # fmt: skip
    if share > 0:
        text = (f"{above.sum()} of {len(texts)} reasons read as a model's, where people's would "
                f"{reader.false_positives.value:.1%} of the time (at most {reader.false_positives.hi:.1%}); "
                "about the lot, not about a person")  # fmt: skip
        look.facts.append(finding("model use", text, [], lot.place[np.array(rows)[above]], counts=True))
    return figures, share, (int(above.sum()), len(texts))


def _rows(lot: Delivery, check: str, text: str, rows: Ints, counts: bool) -> Finding:
    judges = [lot.judge_names[j] for j in np.unique(lot.judge[rows]).tolist()]
    return finding(check, f"{len(rows)} rows: {text}", judges[:50], lot.place[rows], counts=counts)


def _listed(lot: Delivery, checks: Sequence[ByJudge], proven: Contaminated) -> tuple[list[Finding], set[int]]:
    """Findings by judge that stand among many (5 % false at most over all), and rows of judges in doubt."""
    listed: list[Finding] = []
    suspect: set[int] = set()
    stands = discoveries(np.concatenate([c.p for c in checks])) if checks else np.zeros(0, bool)
    counted = set(proven.judges.tolist())
    for check, kept in zip(checks, np.split(stands, len(checks)) if checks else [], strict=True):
        proof = np.isin(np.arange(len(kept)), proven.judges) & (check.p <= TAIL)
        for j in [j for j in np.flatnonzero(kept | proof).tolist() if j in check.words]:
            rows = np.flatnonzero(lot.judge == j)
            who, p = [lot.judge_names[j]], float(check.p[j])
            listed.append(finding(check.check, check.words[j], who, lot.place[rows], p=p, counts=j in counted))
        loose = np.flatnonzero(discoveries(check.p, DOUBT))
        suspect |= set(np.flatnonzero(np.isin(lot.judge, loose)).tolist())
    listed.sort(key=lambda f: f.p if f.p is not None else 1.0)
    return listed, suspect


def _references(
    lot: Delivery, votes: Floats, gold: Ints | None, rechecked: Rechecked | None, beta: float
) -> list[Sound]:
    """The routes to an upper bound that do not need a verdict on every row; beta split evenly over those there are."""
    K = len(lot.value_names)
    routes: list[tuple[Ints, Ints, str]] = []
    if rechecked is not None and (rechecked.said >= 0).any():
        kept = rechecked.said >= 0
        routes.append((rechecked.row[kept], rechecked.said[kept], "second answers"))
    if gold is not None and (gold[lot.item] >= 0).any():
        rows = np.flatnonzero(gold[lot.item] >= 0)
        routes.append((rows, gold[lot.item[rows]], "gold"))
    if not lot.free_text:
        n = np.bincount(lot.item)[lot.item] - 1
        least = int(np.clip(np.median(n), ENOUGH_UNANIMOUS, AGREE_ON))
        agreed = unanimous(votes, n, least)
        rows = np.flatnonzero(agreed >= 0)
        if len(rows):
            routes.append((rows, agreed[rows], f"rows on which {least} or more others agree"))
    return [
        most_contaminated(lot.value[rows], ref, lot.item[rows], K, beta / len(routes), by) for rows, ref, by in routes
    ]


def _bounds(
    lot: Delivery, votes: Floats, gold: Ints | None, rechecked: Rechecked | None, proven: Contaminated, risks: Risks,
    suspect: set[int], look: _Look, model: tuple[int, int],
) -> tuple[float, float, float, str]:  # fmt: skip
    """(least, most, value, how) of the contaminated share."""
    n = len(lot)
    least = proven.rows / n
    if rechecked is not None and len(rechecked.bad) and (rechecked.bad >= 0).all():
        part = Slice(len(rechecked.bad), int(rechecked.bad.sum()))
        low, high = part.bounds(n, risks.producer / 2, risks.buyer)
        value = part.k / part.n
        return max(least, low), max(high, least), min(max(value, least), max(high, least)), "re-judged slice, exact"
    sound = _references(lot, votes, gold, rechecked, risks.buyer)
    if not sound:
        return least, 1.0, least, "no reference to hold answers against"
    best = min(sound, key=lambda s: s.most)
    beside = (len(suspect) + model[0]) / n  # what agrees with the truth and is contaminated all the same
    most = min(1.0, best.most + beside)
    if any(b.startswith("model use") for b in look.blind):
        return least, 1.0, min(max(best.value, least), 1.0), "reasons not examined for model use"
    return least, max(most, least), float(np.clip(best.value, least, max(most, least))), best.by


def _figure(bounds: tuple[float, float, float, str], risks: Risks, n: int) -> Figure:
    least, most, value, how = bounds
    if most >= 1 and least <= 0:
        return Undefined(f"contamination can be anything: {how}")
    return Estimate(
        value, least, most, f"proven from below; from above {how}", n, 1 - risks.producer - risks.buyer,
        assumptions=(
            f"lower end at {risks.producer:.0%}, upper end at {risks.buyer:.0%} risk",
            "contaminated answers do not follow the item, or are seen by a check listed here",
            "honest judges differ as `outliers` says", "judges answer apart unless a finding says otherwise",
        ),
    )  # fmt: skip


def _why(
    outcome: Decision, bounds: tuple[float, float, float, str], proven: Contaminated, risks: Risks, needed: int,
    plan: tuple[int, int], n: int,
) -> str:  # fmt: skip
    least, most, _, how = bounds
    seen = f"{proven.rows} of {n} rows" if least <= proven.rows / n else f"{least:.1%} of the rows"
    if outcome == "reject":
        return f"At least {seen} ({least:.1%}) are contaminated, more than the {risks.aql:.1%} agreed; a good lot would look so with chance {risks.producer:.0%} at most."  # noqa: E501 - one sentence
    if outcome == "accept":
        return f"At most {most:.1%} of the rows can be contaminated ({how}), less than the {risks.ltpd:.0%} that must not pass; such a lot would look so with chance {risks.buyer:.0%} at most."  # noqa: E501 - one sentence
    return (
        f"Between {least:.1%} and {most:.1%} of the rows may be contaminated ({how}): neither more than "
        f"{risks.aql:.1%} nor less than {risks.ltpd:.0%} is shown. Re-judge {needed} rows blind "
        f"(--draw {needed} --out FILE, then --recheck FILE); {plan[0]} settle it: accept at {plan[1]} bad or fewer."
    )
