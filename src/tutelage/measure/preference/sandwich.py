"""Errors that clusters allow: answers of one judge, or about one prompt, are not independent.

Everything is in parameter space: G (clusters, p) are the sums of score over each cluster's rows, H⁻¹ (p, p) the bread.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tutelage.measure.arrays import Codes, Floats, codes, tally
from tutelage.measure.intervals import _satterthwaite

CR2_WORK = 3e9  # clusters × p³ up to which the exact small-sample correction is computed

Gather = Callable[[Codes, int], Floats]  # (n,) cluster codes, clusters → (clusters, p) score sums
Information = Callable[[np.ndarray], Floats]  # rows of one cluster → (p, p) information


def clustered(
    bread: Floats, gather: Gather, information: Information, clusters: dict[str, Codes], times: Floats | None = None
) -> tuple[Floats, float, int, str]:
    """Covariance (p, p), degrees of freedom, clusters and name of errors clustered one or two ways.

    One way: CR2 (Bell and McCaffrey 2002), whose correction is computed exactly up to CR2_WORK and is G/(G − 1) above,
    where clusters are many; `times` (n,) is how often each row counts. Two ways: V_a + V_b − V_ab (Cameron, Gelbach and
    Miller 2011), never below either.
    """
    parts = {name: _one_way(bread, gather, information, code, times) for name, code in clusters.items()}
    if len(parts) == 1:
        ((name, (v, df, g, kind)),) = parts.items()
        return v, df, g, f"clustered by {name} ({kind})"
    (a, (va, dfa, ga, kind)), (b, (vb, dfb, gb, _)) = parts.items()
    both, _names = codes(clusters[a] * (int(clusters[b].max()) + 1) + clusters[b], "clusters")
    crossed = gather(both, int(both.max()) + 1)
    v = va + vb - bread @ (crossed.T @ crossed) @ bread
    values, vectors = np.linalg.eigh(v)
    v = (vectors * np.maximum(values, 0)) @ vectors.T
    # the difference of two matrices may fall short by chance: keep every direction at least as wide as the wider part
    grow = np.sqrt(np.maximum(np.maximum(np.diag(va), np.diag(vb)) / np.maximum(np.diag(v), 1e-300), 1))
    return v * np.outer(grow, grow), min(dfa, dfb), min(ga, gb), f"clustered by {a} and {b} ({kind})"


def _one_way(
    bread: Floats, gather: Gather, information: Information, code: Codes, times: Floats | None
) -> tuple[Floats, float, int, str]:
    g, p = int(code.max()) + 1, bread.shape[0]
    scores = gather(code, g)
    size = tally(code, times, g)
    df = _satterthwaite(size / size.sum()) if g > 1 else 1.0
    if g * float(p) ** 3 <= CR2_WORK:
        scores = _cr2(scores, bread, information, code, g)
        kind = "CR2"
    else:
        scores = scores * np.sqrt(g / (g - 1))
        kind = "CR1"
    half = bread @ scores.T
    return half @ half.T, df, g, kind


def _cr2(scores: Floats, bread: Floats, information: Information, code: Codes, g: int) -> Floats:
    """Scores (g, p) multiplied by H^(1/2) (I − B_c)^(−1/2) H^(−1/2), with B_c = H^(−1/2) H_c H^(−1/2)."""
    values, vectors = np.linalg.eigh(bread)
    values = np.maximum(values, 0)
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors * np.where(values > 0, 1 / np.sqrt(np.maximum(values, 1e-300)), 0.0)) @ vectors.T
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(np.bincount(code, minlength=g))
    out = np.empty_like(scores)
    for c in range(g):
        rows = order[ends[c - 1] if c else 0 : ends[c]]
        share, axes = np.linalg.eigh(root @ information(rows) @ root)
        # a direction that one cluster alone decides has no error to learn from; its leverage is capped below 1
        grow = 1 / np.sqrt(np.maximum(1 - share, 0.01))
        out[c] = inverse @ (axes * grow) @ axes.T @ (root @ scores[c])
    return out
