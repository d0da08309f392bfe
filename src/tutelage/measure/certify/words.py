"""Claims in words: what may be said, under which conditions, and what is still open."""

from __future__ import annotations

from collections.abc import Mapping

from tutelage.measure.certify.residual import Release
from tutelage.measure.certify.result import Saving
from tutelage.measure.certify.slices import Slice
from tutelage.records import Estimate

DECLARED = " This holds if the slice was drawn uniformly from this batch, which nobody recorded."
COMMITTED = " The slice was drawn with recorded probabilities."


def percent(x: float) -> str:
    """`97.3 %`."""
    return f"{100 * x:.1f} %"


def drawn_how(s: Slice) -> str:
    """The condition that every claim ends with."""
    return DECLARED if s.declared_uniform else COMMITTED


def agreement_claim(s: Slice, found: Estimate, level: float, require: float | None, usable: bool | None) -> str:
    """The agreement claim; the word usable appears only where something was required."""
    sure = f"with {level:.0%} confidence" + (" over all looks" if found.level > level else "")
    if require is None:
        text = (
            f"On this batch of {len(s.ai):,} items the judge says what a person says on {percent(found.value)} "
            f"({percent(found.lo)} to {percent(found.hi)} {sure}). Whether that is enough was not asked."
        )
    else:
        text = {
            True: f"Usable as required: the judge agrees with people on at least {percent(found.lo)} of this batch "
                  f"{sure}; {percent(require)} was required.",
            False: f"Not usable as required: {sure} the judge agrees with people on less than {percent(require)} "
                   "of this batch.",
            None: f"Undecided: {percent(found.value)} agreement was seen, at least {percent(found.lo)} {sure}; "
                  f"{percent(require)} was required.",
        }[usable]  # fmt: skip
    return text + drawn_how(s)


def mean_claim(
    s: Slice, found: Estimate, level: float, saved: Saving | None, require: float | None, usable: bool | None,
    worth: Mapping[str, float] | None = None,
) -> str:  # fmt: skip
    """The claim about the mean, with what the judge saved and the most that any method could.

    worth  what each label was taken to count, where labels are words and nobody said it
    """
    figure = f"{found.value:.3f} on average ({found.lo:.3f} to {found.hi:.3f}, {level:.0%})"
    text = f"People would rate this batch {figure}"
    text += f", {', '.join(f'{name} counted as {value:g}' for name, value in worth.items())}." if worth else "."
    if require is not None:
        text += {
            True: f" At least {require:g} as required.",
            False: f" Below the required {require:g}.",
            None: f" Whether it is at least {require:g} is undecided.",
        }[usable]
    if saved is not None:
        labels = min(saved.achieved, saved.limit)  # both are estimates: what is above the limit is chance
        text += (
            f" One label with this judge is worth {labels:.2f} labels without it; at most {saved.limit:.2f} is "
            "possible with these verdicts."
        )
        text += "" if saved.gain else " No gain: judge the slice by people alone."
    return text + drawn_how(s)


def residual_claim(s: Slice, release: Release, error: float, level: float) -> str:
    """How much may go out, or that nothing may."""
    N = len(s.ai)
    if release.threshold is None:
        return (
            f"No gain: no part of this batch of {N:,} may go out without a person at an error of at most "
            f"{percent(error)} with {level:.0%} confidence." + drawn_how(s)
        )
    count = int(release.accepted.sum())
    return (
        f"{percent(count / N)} of this batch ({count:,} of {N:,} items, confidence at least {release.threshold:.4g}) "
        f"may go out on the judge's word: {level:.0%} sure that at most {percent(error)} of them are wrong "
        f"({release.seen[0]} of {release.seen[1]} looked at were)." + drawn_how(s)
    )
