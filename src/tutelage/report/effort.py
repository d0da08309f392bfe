"""What judgments cost those who gave them: time and reasons, as counts of the file (exact, not estimated)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.measure.arrays import Floats

if TYPE_CHECKING:
    from tutelage.report.taken import Names


def effort(seconds: Floats | None = None, reasons: Names | None = None) -> dict[str, Any]:
    """Times in seconds (NaN: not known; a time below 0 is none) and reasons (None: none given); {} where neither is.

    `again`: judgments whose reason another judgment gives too, word for word, case and blanks apart.
    """
    out: dict[str, Any] = {}
    known = np.empty(0) if seconds is None else seconds[np.isfinite(seconds) & (seconds >= 0)]
    if known.size:
        tenth, median, most = (float(q) for q in np.quantile(known, [0.1, 0.5, 0.9]))
        out["seconds"] = {"known": int(known.size), "median": median, "tenth": tenth, "ninetieth": most,
                          "hours": float(known.sum() / 3600)}  # fmt: skip
    given = [] if reasons is None else [" ".join(text.lower().split()) for text in reasons.tolist() if text is not None]
    if reasons is not None and given:
        again = sum(n for n in Counter(given).values() if n > 1)
        out["reasons"] = {"judgments": int(reasons.size), "given": len(given), "again": again}
    return out
