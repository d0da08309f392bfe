"""What judgments support, what they do not, and about how many more would settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutelage.measure.power import n_for_width
from tutelage.records import Undefined
from tutelage.report.study import Study, coin
from tutelage.report.taken import Taken
from tutelage.report.words import THIN, interval_text, value_text

WELL, TENTATIVE = 0.8, 0.667  # Krippendorff's marks for alpha
ENOUGH = 0.95  # a consensus that is right this often is called settled
HALF_WIDTH = 0.05  # of an accuracy that one may act on
HOPELESS = 100  # judges an item beyond which more of the same is no advice
SKILLED = 0.1  # informedness from which a judge is worth asking
LEAST_TWICE = 20  # items judged twice, below which the typical judge is unknown
MOST_MORE = 100_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence of the page: a claim, whether it holds, why, and what would settle it where it does not.

    more  about how many more of `unit` would settle it; None: no number of them would, or it is settled
    """

    claim: str
    holds: bool
    because: str
    more: int | None = None
    unit: str = ""
    needs: str = ""

    @property
    def sentence(self) -> str:
        """`supported: …` or `not supported: … because …; to support it you need …`."""
        if self.holds:
            return f"supported: {self.claim} ({self.because})"
        about = f"about {self.more:,} more {self.unit}" if self.more is not None else ""
        needed = self.needs or about
        return f"not supported: {self.claim}, because {self.because}" + (
            f"; to support it you need {needed}" if needed else ""
        )


def verdicts(t: Taken, s: Study) -> tuple[Verdict, ...]:
    """All sentences, in the order of the page; parts that do not apply say nothing."""
    found = [
        _beyond_chance(s), _settled(t, s), _right(t, s), _told_apart(s), _other_judges(t), _connected(t, s),
        _first(s), _ai(s), _groups(s),
    ]  # fmt: skip
    return tuple(v for v in found if v is not None)


def _figure(x: Any, unit: str = "") -> str:
    return f"{value_text(x, unit)}, {interval_text(x, unit)}"


def scaled(n: int, half: float, wanted: float) -> int | None:
    """How many more than n bring an interval of ± half to ± wanted: width falls as 1/√n. None: beyond reason."""
    if wanted <= 0:
        return None
    total = n * (half / wanted) ** 2
    return max(1, math.ceil(total - n)) if total < MOST_MORE else None


def _beyond_chance(s: Study) -> Verdict | None:
    alpha = s.agreement["alpha"]
    claim = "judges agree well enough to build on (alpha 0.667 or more)"
    if isinstance(alpha, Undefined):
        needs = "a second judge on about 50 items" if not s.shape["items_judged_twice"] else "items that differ"
        return Verdict(claim, False, f"agreement cannot be told: {alpha.why}", needs=needs)
    said = f"alpha is {_figure(alpha)}"
    if alpha.lo >= TENTATIVE:
        strong = "judges agree well (alpha 0.8 or more)" if alpha.lo >= WELL else claim
        return Verdict(strong, True, said)
    if alpha.hi < TENTATIVE:
        more = "a clearer question or guideline: more judgments of this kind will not raise agreement"
        return Verdict(claim, False, said, needs=more)
    towards = alpha.value - TENTATIVE
    half = alpha.value - alpha.lo if towards > 0 else alpha.hi - alpha.value
    more_items = scaled(s.shape["items_judged_twice"], half, abs(towards))
    return Verdict(claim, False, said, more_items, "items judged twice, to tell which side of the mark it is on")


def judges_for(right: float, wanted: float = ENOUGH) -> int | None:
    """Odd number of judges, each right this often and apart, whose majority of two is right as often as wanted."""
    from scipy import stats

    for m in range(1, HOPELESS + 1, 2):
        if float(stats.binom.sf(m // 2, m, right)) >= wanted:
            return m
    return None


def _settled(t: Taken, s: Study) -> Verdict | None:
    sharp, raw = s.consensus["sharp"], s.agreement["raw"]
    claim = "nearly every item has an answer that more judges like these would not turn"
    if isinstance(sharp, Undefined):
        return None if t.beside is not None else Verdict(claim, False, sharp.why, needs=_second(s))
    typical = s.consensus["typical_judge_right"]
    method = s.consensus["method"] + (
        "" if typical is None else f" if judges are right {100 * typical:.0f}{THIN}% of the time"
    )
    said = f"{value_text(sharp)} of items are settled at 95{THIN}% by {method}, which only gold can check"
    if sharp.value >= 0.9:
        return Verdict(claim, True, said)
    per_item = t.n / max(1, t.items.size)
    if isinstance(raw, Undefined):
        return Verdict(claim, False, said)
    if s.shape["items_judged_twice"] < LEAST_TWICE:
        return Verdict(claim, False, said, 50 - s.shape["items_judged_twice"], "items judged twice, to see what"
                       " a typical judge is worth")  # fmt: skip
    right = coin(raw.value, t.values.size)
    wanted = judges_for(right)
    if wanted is None:
        return Verdict(claim, False, said, needs="a clearer question, or judges who know more: the typical one is "
                       f"right about {100 * right:.0f}{THIN}% of the time, and no number settles that")  # fmt: skip
    more = max(0, math.ceil((wanted - per_item) * t.items.size))
    if more == 0:
        open_items = sharp.n - sharp.k
        return Verdict(claim, False, said, needs=f"an expert on the {open_items:,} open items: a typical item has "
                       f"enough judges ({per_item:.1f}), these divide them")  # fmt: skip
    return Verdict(claim, False, said, more, f"judgments ({wanted} judges an item instead of {per_item:.1f})")


def _second(s: Study) -> str:
    shape = s.shape
    alone = shape["items"] - shape["items_judged_twice"]
    return f"about {2 * alone:,} more judgments (3 judges an item)" if alone and not shape["items_judged_twice"] else ""


def _right(t: Taken, s: Study) -> Verdict | None:
    accuracy = s.consensus["accuracy_on_gold"]
    claim = "how often the consensus is right is known to 5 points"
    if isinstance(accuracy, Undefined):
        if t.beside is not None:
            return None  # the certificate says it
        return Verdict(claim, False, "no item has a known answer that the consensus could be held against",
                       n_for_width(HALF_WIDTH, p=0.9), "items answered by an expert")  # fmt: skip
    half = (accuracy.hi - accuracy.lo) / 2
    said = f"it is right on {_figure(accuracy, 'share')} of {accuracy.n:,} gold items"
    if half <= HALF_WIDTH:
        return Verdict(claim, True, said)
    wanted = n_for_width(HALF_WIDTH, p=min(0.95, max(0.05, accuracy.value)))
    return Verdict(claim, False, said, max(1, wanted - accuracy.n), "gold items")


def _told_apart(s: Study) -> Verdict | None:
    claim = "each judge is better than guessing"
    found = s.judges
    if found["why"] is not None or not found["measured"]:
        return None
    said = f"{found['above_chance']:,} of {found['measured']:,} measured judges are, at {100 * s.level:g}{THIN}%"
    if not found["unclear"]:
        return Verdict(claim, True, said)
    known = [(r["labels"], r["informedness"]) for r in found["rows"] if not isinstance(r["informedness"], Undefined)]
    unclear = [(n, f) for n, f in known if f.lo <= 0]
    # an interval of half that width already tells a judge worth asking from one who is not
    open_ = [(n, (f.hi - f.lo) / 2) for n, f in unclear if f.hi >= SKILLED and (f.hi - f.lo) / 2 > SKILLED / 2]
    more = [found_ for n, half in open_ if (found_ := scaled(n, half, SKILLED / 2)) is not None]
    if not more:
        return Verdict(claim, False, said, needs="other judges: those who are unclear are near guessing, or worse")
    each = f"judgments by each judge who is unclear (the median), to tell guessing from an informedness of {SKILLED}"
    return Verdict(claim, False, said, int(np.median(more)), each)


def _other_judges(t: Taken) -> Verdict | None:
    claim = "the figures hold for other judges like these"
    if not t.judges_named:
        return Verdict(claim, False, "the file does not say who judged", needs="a column of judges")
    if t.judges.size < 5 and t.beside is None:
        said = f"{t.judges.size} judge{'s' if t.judges.size != 1 else ''} cannot show how judges vary"
        return Verdict(claim, False, said, max(1, 10 - int(t.judges.size)), "judges, drawn from those you mean")
    return None


def _connected(t: Taken, s: Study) -> Verdict | None:
    parts = s.shape["connected_parts"]
    if not t.judges_named or parts < 2:
        return None
    because = f"items and judges fall into {parts:,} parts with no judgment between them"
    return Verdict("judges can be compared with one another", False, because, parts - 1,
                   "judgments that join two parts each")  # fmt: skip


def _first(s: Study) -> Verdict | None:
    found = s.preference
    if found is None:
        return None
    if isinstance(found, Undefined):
        return Verdict("what was compared can be ranked", False, found.why, needs="comparisons that join the groups")
    first, maybe = found["rows"][0]["item"], found["may_be_first"]
    if len(maybe) == 1:
        return Verdict(f"{first} is the strongest", True, f"{100 * s.level:g}{THIN}% over all ranks")
    gap = found["gap_at_top"]
    more = None
    if not isinstance(gap, Undefined) and gap.value > 0:
        more = scaled(found["comparisons"], 1.43 * (gap.value - gap.lo), gap.value)  # 1.43: power 80 % beside 95 %
    because = f"{len(maybe)} of {found['items']} may be first"
    return Verdict(f"{first} is the strongest", False, because, more, "comparisons, on new prompts and by new judges",
                   needs="" if more else "not more comparisons: the two strongest cannot be told apart")  # fmt: skip


def _ai(s: Study) -> Verdict | None:
    found = s.certificate
    if found is None:
        return None
    claim = "how far the AI judge agrees with people is known to 5 points"
    if isinstance(found, Undefined):
        return Verdict(claim, False, found.why, n_for_width(HALF_WIDTH, p=0.9), "human answers, drawn at random")
    figure = found.figures["agreement"]
    if isinstance(figure, Undefined):
        return Verdict(claim, False, figure.why)
    half = (figure.hi - figure.lo) / 2
    said = f"agreement is {_figure(figure, 'share')}, on {found.slice:,} human answers"
    if half <= HALF_WIDTH:
        return Verdict(claim, True, said)
    return Verdict(claim, False, said, scaled(found.slice, half, HALF_WIDTH), "human answers, drawn at random")


def _groups(s: Study) -> Verdict | None:
    found = s.perspectives
    claim = "one consensus speaks for all judges"
    if isinstance(found, Undefined):
        return None
    if len(found["sizes"]) > 1:
        needs = "no more judgments but a decision: report the groups apart, or say whose answer counts"
        return Verdict(claim, False, found["claim"], needs=needs)
    return Verdict(
        "no group of judges is overridden by one consensus, as far as these votes show", True, found["claim"]
    )
