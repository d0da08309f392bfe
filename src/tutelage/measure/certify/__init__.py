"""Hold an AI judge against a slice of human labels and say what may be claimed of the whole, finite batch.

Every guarantee here is for this batch, holds at every slice size and for any judge however bad, unless the figure's
method says "asymptotic". What must be true of the draw is in each figure's assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from tutelage.errors import BadInput, Where
from tutelage.measure.certify.agreement import agreement, by_domain, slice_to_settle
from tutelage.measure.certify.design import size_for_share
from tutelage.measure.certify.mean import Ask, label_values, mean, saving, share_of, undefined_mean
from tutelage.measure.certify.mean import by_domain as mean_by_domain
from tutelage.measure.certify.noise import ADVISED_SHARE, human_noise
from tutelage.measure.certify.residual import Release, largest_release
from tutelage.measure.certify.residual import by_domain as residual_by_domain
from tutelage.measure.certify.result import Certificate, DomainFinding, Noise, Saving, Target
from tutelage.measure.certify.slices import Mask, Slice, looks_uniform, read_slice
from tutelage.measure.certify.words import agreement_claim, mean_claim, residual_claim
from tutelage.measure.exact import Floats, Sided
from tutelage.measure.sequential import look_levels
from tutelage.records import Estimate, Figure, Undefined

FEW_LABELS = 12  # so many labels each get their own share
UNASKED = "Nothing was required, so nothing is decided."

__all__ = [
    "Certificate", "DomainFinding", "Look", "Noise", "Release", "Saving", "Slice", "Target",
    "certify", "largest_release", "read_slice",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """One of several planned looks at a growing slice: the `number`-th (from 1) of `fractions` of the planned slice."""

    number: int
    fractions: tuple[float, ...] = (1 / 3, 2 / 3, 1.0)

    def level(self, level: float) -> float:
        """The level to use at this look, so that all looks together keep `level` (O'Brien–Fleming spending)."""
        return look_levels(self.fractions, level=level)[self.number - 1]


def certify(
    ai: Sequence[object] | ArrayLike, human: Sequence[object] | ArrayLike, *,
    target: Target = "agreement", require: float | None = None, error: float | None = None, level: float = 0.95,
    confidence: ArrayLike | None = None, pi: ArrayLike | None = None,
    domain: Sequence[object] | ArrayLike | None = None,
    second: Sequence[object] | ArrayLike | None = None, order: ArrayLike | None = None,
    values: Mapping[str, float] | None = None, bounds: tuple[float, float] | None = None, method: str = "auto",
    never: ArrayLike | None = None, sequential: bool = False, look: Look | None = None, seed: int = 0,
) -> Certificate:  # fmt: skip
    """State what may be claimed of a judge that graded a whole batch, from the human labels of a slice of it.

    ai          (N,) the judge's verdicts: any labels; a tie is a label of its own
    human       (N,) a person's labels on the slice; None, "" or NaN elsewhere;  second: a second person's, for noise
    target      mean (what people would say on average), agreement (judge = people), residual (how much may go out
                without a person at error at most `error`)
    require     the least agreement, mean or share let out that is enough; without it nothing is called usable
    confidence  (N,) the judge's, more is surer: needed for `residual`
    pi          (N,) recorded inclusion probabilities; None: the slice is *declared* uniform and the claim says so
    values      what each label counts as, for `mean` of labels that are not numbers; bounds: least and greatest value
    method      for `mean`: auto, exact (finite-sample) or ppi++ (asymptotic; raises Insufficient where it is not valid)
    never       (N,) items that must go to a person whatever the judge says
    sequential  bounds that hold under looking after every label (needs `order`);  look: one of several planned looks
    seed        of the order of bets (`mean` of more than two values); exact methods need none
    Raises BadInput where the columns do not fit or contradict each other.
    """
    s = read_slice(ai, human, second=second, confidence=confidence, pi=pi, domain=domain, order=order)
    _check(level, require, error, target)
    now = look.level(level) if look is not None else level
    if target == "residual":
        mask = np.asarray(never, dtype=bool) if never is not None else None
        return _residual(s, require, error if error is not None else 0.05, now, level, mask, sequential)
    if target == "agreement":
        return _agreement(s, require, now, level, sequential)
    return _mean(s, require, level, Ask(now, "two", seed, method, sequential), values, bounds)


def _check(level: float, require: float | None, error: float | None, target: str) -> None:
    if not 0.5 <= level < 1:
        raise BadInput(
            f"The level is {level}.", expected="0.5 <= level < 1", remedy="Use .95.", where=Where(field="level")
        )
    if target not in ("mean", "agreement", "residual"):
        raise BadInput(f"The target is {target!r}.", expected="mean, agreement or residual", remedy="Name one of them.",
                       where=Where(field="target"))  # fmt: skip
    for name, value in (("require", require if target != "mean" else None), ("error", error)):
        if value is not None and not 0 <= value <= 1:
            raise BadInput(f"`{name}` is {value}.", expected="a share in [0, 1]", remedy="Write 95 % as 0.95.",
                           where=Where(field=name))  # fmt: skip


def _warnings(s: Slice) -> tuple[str, ...]:
    found = []
    if not looks_uniform(s):
        found.append(
            "The judge's verdicts or confidence on the slice differ from the rest (p < .001): it was hardly drawn "
            "uniformly, and the claim rests on that."
        )
    twice = int((s.drawn & (s.second >= 0)).sum())
    if twice < ADVISED_SHARE * int(s.drawn.sum()):
        found.append(
            f"{twice} of {int(s.drawn.sum())} items were judged twice (advised: {ADVISED_SHARE:.0%}): people's own "
            "noise counts against the judge."
        )
    return tuple(found)


def _certificate(
    s: Slice, target: Target, figures: dict[str, Figure], usable: bool | None, claim: str, open_: str, level: float,
    **more: object,
) -> Certificate:  # fmt: skip
    return Certificate(
        target, figures, usable, claim, open_, level, len(s.ai), int(s.drawn.sum()),
        noise=human_noise(s, level=level), warnings=_warnings(s), **more,  # type: ignore[arg-type]  # one dict of optional fields
    )  # fmt: skip


def _answered(bound: Callable[[Sided], Estimate], require: float | None) -> tuple[Estimate, bool | None]:
    """(the figure that answers, the answer): one-sided where it is decided, else two-sided.

    Each side is its own question at the whole alpha: only one of "enough" and "not enough" can be false.
    """
    if require is None:
        return bound("two"), None
    below = bound("lower")
    if below.lo >= require - 1e-12:
        return below, True
    above = bound("upper")
    return (above, False) if above.hi < require else (bound("two"), None)


def _agreement(s: Slice, require: float | None, now: float, level: float, anytime: bool) -> Certificate:
    found, usable = _answered(lambda sided: agreement(s, level=now, sided=sided, anytime=anytime), require)
    need, open_ = None, UNASKED if require is None else "Nothing is open."
    if require is not None and usable is None:
        need = slice_to_settle(1 - found.value, require, len(s.ai), now)
        open_ = (
            f"About {need:,} uniform labels in all would settle it, if agreement stays near {found.value:.1%}."
            if need is not None else "At the agreement seen, only judging the whole batch by people would settle it."
        )  # fmt: skip
    return _certificate(
        s, "agreement", {"agreement": found}, usable, agreement_claim(s, found, level, require, usable), open_, level,
        slice_to_settle=need, domains=by_domain(s, level=now, require=require, anytime=anytime),
    )  # fmt: skip


def _mean(
    s: Slice, require: float | None, level: float, ask: Ask, values: Mapping[str, float] | None,
    bounds: tuple[float, float] | None,
) -> Certificate:  # fmt: skip
    numbers = label_values(s, values)
    wanted = not ask.anytime and (2 if numbers is not None else 0) < s.label_count <= FEW_LABELS
    shares: dict[str, Figure] = {f"share:{x}": share_of(s, i, ask) for i, x in enumerate(s.labels if wanted else ())}
    if numbers is None:
        parts = ", ".join(f"{k.removeprefix('share:')} {f.value:.1%}" for k, f in shares.items()
                          if isinstance(f, Estimate))  # fmt: skip
        claim = f"People would say: {parts} of this batch, each with its own interval."
        return _certificate(s, "mean", {"mean": undefined_mean(s), **shares}, None, claim,
                            "Pass `values` to average labels that are names.", level)  # fmt: skip
    support = _support(numbers, values, bounds)
    both = mean(s, numbers, support, ask)
    saved = saving(s, numbers, (float(support[0]), float(support[-1])), both, ask)
    found, usable = _answered(
        lambda sided: both if sided == "two" else mean(s, numbers, support, replace(ask, sided=sided)), require
    )
    need = None
    if require is not None and usable is None and abs(found.value - require) > 0:
        factor = ((found.hi - found.lo) / 2 / abs(found.value - require)) ** 2
        need = min(len(s.ai), math.ceil(factor * found.n))
    open_ = UNASKED if require is None else "Nothing is open." if usable is not None else (
        f"About {need:,} uniform labels in all would settle it." if need is not None
        else "The mean seen is what was required: only judging the whole batch by people would settle it."
    )  # fmt: skip
    worth = dict(zip(s.labels, numbers.tolist(), strict=True)) if values is None and s.names is not None else None
    return _certificate(
        s, "mean", {"mean": found, **shares}, usable,
        mean_claim(s, found, level, saved, require, usable, worth), open_, level,
        saving=saved, slice_to_settle=need, domains=mean_by_domain(s, numbers, support, ask, require),
    )  # fmt: skip


def _support(numbers: Floats, values: Mapping[str, float] | None, bounds: tuple[float, float] | None) -> Floats:
    """Sorted values that a person could have given to an item nobody looked at: the extremes, and whether others."""
    seen = numbers if len(numbers) <= FEW_LABELS else np.array([numbers.min(), np.median(numbers), numbers.max()])
    possible = np.unique([*seen.tolist(), *(values.values() if values else ()), *(bounds or ())])
    only = float(possible[0])
    return possible if len(possible) > 1 else np.array([min(only, 0.0), max(only, min(only, 0.0) + 1.0)])


def _residual(
    s: Slice, require: float | None, error: float, now: float, level: float, never: Mask | None, anytime: bool
) -> Certificate:
    release = largest_release(s, error=error, level=now, never=never, anytime=anytime)
    N, count = len(s.ai), int(release.accepted.sum())
    share: Figure = Estimate(
        count / N, count / N, 1.0, "fixed-sequence testing, exact", int(s.drawn.sum()), now, "lower", rows=N,
        assumptions=("value is a decision: this share may go out", f"error at most {error:g} of what goes out"),
    )  # fmt: skip
    inside: Figure = Undefined("nothing may go out")
    if count:
        wrong, seen = release.seen
        value = min(wrong / seen, release.most_wrong / count) if seen else 0.0
        inside = Estimate(
            value, 0.0, release.most_wrong / count, "exact hypergeometric", seen, now, "upper", rows=count
        )
    open_ = "Nothing is open: the whole batch may go out."
    if release.first_set is not None:
        size, bound = release.first_set
        better = (
            "A slice drawn where acceptance is decided (`tutelage slice draw --target residual`) lets more out than a "
            "uniform one. " if s.one_rate else ""
        )  # fmt: skip
        open_ = (
            f"The next set, {size / N:.1%} of the batch, may hold up to {bound / size:.1%} errors. {better}"
            f"By the judge's own confidence, no slice could let out more than {release.ceiling:.1%}."
        )
    usable, need = (True if require is not None and count / N >= require else None), None
    if require is not None and usable is None and s.confidence is not None:
        need = size_for_share(s.confidence, require, error, 1 - now)
        open_ += (
            f" A slice of about {need:,} drawn that way can be expected to let {require:.1%} out, if "
            "its confidence is honest."
            if need is not None else f" No slice can be expected to let {require:.1%} out."
        )  # fmt: skip
    return _certificate(
        s, "residual", {"residual": share, "residual_error": inside}, usable, residual_claim(s, release, error, level),
        open_, level, threshold=release.threshold, slice_to_settle=need,
        domains=residual_by_domain(s, error=error, level=now, require=require, never=never, anytime=anytime),
    )  # fmt: skip
