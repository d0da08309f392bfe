"""Before and after, answer by answer on the same prompts."""

from __future__ import annotations

from collections.abc import Sequence

from tutelage.errors import BadInput
from tutelage.evaluation.quality import FLAGS, MEANS, Quality
from tutelage.measure import intervals
from tutelage.records import Estimate, Undefined

# the largest change there can be
_BOUNDS = {"relevance": (-2.0, 2.0), "repeated_share": (-1.0, 1.0)}


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
        out[name] = difference([r[0] for r in told], [r[1] for r in told], [r[2] for r in told], level, (-1.0, 1.0))
    for name, value in MEANS.items():
        out[name] = difference(
            [value(q) for q in after], [value(q) for q in before], groups, level, _BOUNDS.get(name)
        )  # fmt: skip
    return out


def difference(
    after: Sequence[float],
    before: Sequence[float],
    groups: Sequence[str],
    level: float,
    bounds: tuple[float, float] | None,
) -> Estimate | Undefined:
    """The mean of after − before, clustered by group; see `measure.intervals.paired_difference`."""
    return intervals.paired_difference(after, before, clusters=list(groups), level=level, bounds=bounds)
