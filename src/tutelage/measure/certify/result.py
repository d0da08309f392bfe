"""What a certificate says: figures, a claim in words, what is still open, and what no method could save."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tutelage.records import Estimate, Figure

Target = Literal["mean", "agreement", "residual"]


@dataclass(frozen=True, slots=True)
class Saving:
    """What the judge saves for the mean: how many labels one label becomes worth.

    limit     1 / (1 - R2), R2 out of sample: no use of this judge's verdicts can save more
    achieved  squared width ratio of the same interval without and with the judge
    """

    limit: float
    achieved: float
    gain: bool


@dataclass(frozen=True, slots=True)
class Noise:
    """What the double-judged share of the slice says about the people.

    between_people  how often two people agree: the ceiling for anyone judged against one of them
    judge_error     share of items where the judge is wrong once human noise is taken out; assumes that people err
                    independently of one another and of the judge, and that two wrong answers coincide only where
                    there are two labels
    """

    double_judged: int
    between_people: Figure
    judge_error: Figure


@dataclass(frozen=True, slots=True)
class DomainFinding:
    """One domain: its own figure, and whether it meets the requirement with false discoveries held over all domains."""

    domain: str
    figure: Figure
    e_value: float | None
    meets: bool | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What may be claimed of a judge on this batch, and how sure.

    figures    the target's figure under its own name, and those beside it
    usable     True, False, or None: undecided, or nothing was required (`--require` is what makes a judge usable)
    claim      the claim in words, with its conditions; open: what slice would settle what is open
    threshold  residual: items whose confidence is at least this may go out; None: none may
    """

    target: Target
    figures: dict[str, Figure]
    usable: bool | None
    claim: str
    open: str
    level: float
    batch: int
    slice: int
    threshold: float | None = None
    slice_to_settle: int | None = None
    saving: Saving | None = None
    noise: Noise | None = None
    domains: tuple[DomainFinding, ...] = ()
    warnings: tuple[str, ...] = ()
    seed: int | None = None
    schema: Literal["certificate/1"] = field(default="certificate/1")

    @property
    def figure(self) -> Figure:
        """The target's own figure."""
        return self.figures[self.target]

    @property
    def estimate(self) -> Estimate:
        """The target's figure where it exists; raises ValueError naming why where it does not."""
        figure = self.figure
        if not isinstance(figure, Estimate):
            raise ValueError(str(figure))  # noqa: TRY004 - the figure is what is undefined, not the caller's type
        return figure
