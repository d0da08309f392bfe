"""Rows whose answer is probably wrong, from the other judges' answers and each one's habits."""

from __future__ import annotations

import numpy as np

from tutelage.errors import DidNotConverge
from tutelage.integrity.delivery import Delivery
from tutelage.integrity.findings import Finding, finding
from tutelage.measure.consensus import dawid_skene
from tutelage.measure.consensus.votes import Votes
from tutelage.measure.label_errors import find_label_errors, leave_out_evidence
from tutelage.records import Estimate, Undefined

SURE = 0.975
LEAST_ROWS = 100
MOST_ROWS = 300_000


def doubtful_rows(lot: Delivery, *, rng: np.random.Generator) -> list[Finding]:
    """One finding that lists the rows contradicted by the rest, most doubtful first; never counted as contamination:
    an honest mistake looks the same."""
    n, items = len(lot), len(lot.item_names)
    if lot.free_text or not LEAST_ROWS <= n <= MOST_ROWS or n < 1.5 * items or len(lot.value_names) < 2:
        return []
    names = (np.array(x, dtype=object) for x in (lot.item_names, lot.judge_names, lot.value_names))
    try:
        fit = dawid_skene(Votes(lot.item, lot.judge, lot.value, *names))
    except DidNotConverge:
        return []
    if isinstance(fit, Undefined) or fit.confusion is None:
        return []
    prior = np.tile(fit.prior, (items, 1))
    evidence = leave_out_evidence(prior, lot.item, lot.judge, lot.value, fit.confusion)
    found = find_label_errors(lot.value, evidence, rng=rng)
    rows = [r for r in found.order.tolist() if found.suspicion[r] >= SURE]
    if not rows:
        return []
    share = f"; {found.share.value:.1%} of all rows may be wrong" if isinstance(found.share, Estimate) else ""
    judges = [lot.judge_names[j] for j in np.unique(lot.judge[rows]).tolist()]
    return [finding("label errors", f"{len(rows)} rows that the other judges' answers contradict{share}",
                    judges[:50], lot.place[rows])]  # fmt: skip
