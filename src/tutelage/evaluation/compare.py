"""Before and after, answer by answer on the same prompts."""

from __future__ import annotations

from collections.abc import Sequence

from tutelage.errors import BadInput
from tutelage.evaluation.quality import FLAGS, MEANS, Quality
from tutelage.evaluation.shares import average
from tutelage.measure import intervals
from tutelage.records import Estimate, Undefined

_BOUNDS = {"relevance": (-2.0, 2.0), "repeated_share": (-1.0, 1.0)}  # the largest change there can be


def differences(
    before: Sequence[Quality], after: Sequence[Quality], groups: Sequence[str], *, level: float = 0.95
) -> dict[str, Estimate | Undefined]:
    """after − before of every share and mean of `quality`, paired by prompt, with intervals over groups.

    A row whose share cannot be told on either side is left out of that share. Raises BadInput unless the three
    have one length.
    """
    if not len(before) == len(after) == len(groups):
        raise BadInput(
            f"{len(before)} answers before, {len(after)} after, {len(groups)} groups.",
            expected="the same prompts before and after",
            remedy="Ask both models the same prompts, in the same order.",
        )
    out: dict[str, Estimate | Undefined] = {}
    for name, flag in FLAGS.items():
        rows = [(flag(a), flag(b), g) for a, b, g in zip(after, before, groups, strict=True)]
        told = [(float(a), float(b), g) for a, b, g in rows if a is not None and b is not None]
        pair = [r[0] for r in told], [r[1] for r in told]
        out[name] = intervals.paired_difference(
            *pair, clusters=[r[2] for r in told], level=level, bounds=(-1.0, 1.0)
        )  # fmt: skip
    for name, value in MEANS.items():
        changes = [value(a) - value(b) for a, b in zip(after, before, strict=True)]
        out[name] = average(changes, groups, level=level, bounds=_BOUNDS.get(name))
    return out
