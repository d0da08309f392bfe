"""One page on what judgments can and cannot support: `judgments("votes.csv")` in a notebook, or written as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from markupsafe import escape

from tutelage.errors import BadInput
from tutelage.records import Rate, encode
from tutelage.report.blocks import Page
from tutelage.report.judged_page import page_of
from tutelage.report.page import render, write
from tutelage.report.study import Study, study
from tutelage.report.taken import Taken, take
from tutelage.report.verdicts import Verdict, verdicts


@dataclass(frozen=True)
class Judged:
    """What judgments support. A notebook shows the page; `print` gives the sentences.

    taken     the judgments as they were read, with notes on what was left out
    study     every figure
    verdicts  what is supported, what is not, and what would settle it
    """

    taken: Taken
    study: Study
    verdicts: tuple[Verdict, ...]
    title: str = "What these judgments support"

    @property
    def page(self) -> Page:
        """The page as blocks."""
        return page_of(self.taken, self.study, self.verdicts, self.title)

    def html(self) -> str:
        """The page as one HTML text: no script, no network, light and dark."""
        return render(self.page)

    def write(self, path: Path | str) -> Path:
        """Write the page, whole or not at all; returns its path."""
        return write(self.page, path)

    def figures(self) -> dict[str, Any]:
        """Every figure as JSON values; estimates carry value, lo, hi, level, method and n."""
        s = self.study
        return {
            "source": self.taken.source, "shape": s.shape, "agreement": _plain(s.agreement),
            "consensus": _plain(s.consensus), "judges": _plain(s.judges), "preference": _plain(s.preference),
            "certificate": _plain(s.certificate), "perspectives": _plain(s.perspectives),
            "label_errors": _plain(s.suspects),
            "supported": [v.sentence for v in self.verdicts if v.holds],
            "not_supported": [v.sentence for v in self.verdicts if not v.holds],
            "verdicts": [_plain(v) for v in self.verdicts], "warnings": list(self.taken.notes),
        }  # fmt: skip

    def _repr_html_(self) -> str:
        """The page in a frame of its own: its style stays out of the notebook, the notebook's out of it."""
        return (
            f'<iframe title="{escape(self.title)}" sandbox srcdoc="{escape(self.html())}" '
            'style="width:100%;height:48rem;border:0"></iframe>'
        )

    def __str__(self) -> str:
        return "\n".join(v.sentence for v in self.verdicts)


def judgments(
    data: Any = None, *, item: Any = None, judge: Any = None, value: Any = None, gold: Any = None, left: Any = None,
    right: Any = None, winner: Any = None, prompt: Any = None, ai: Any = None, human: Any = None,
    confidence: Any = None, pi: Any = None, seconds: Any = None, reason: Any = None, level: float = 0.95, seed: int = 0,
    title: str = "What these judgments support",
) -> Judged:  # fmt: skip
    """Say what judgments can and cannot support, with figures, plots, and the sample that would settle what is open.

    data   a path (Parquet, JSONL, CSV), a directory written by `tutelage import`, a Corpus, a polars frame or mapping
           of columns; or None, with arrays for the columns
    item, judge, value   the name of a column, or (n,) an array: one judgment a row; gold: the known answer of the item
    left, right, winner  comparisons: left, right or tie, or the winner's name;  prompt: what about
    ai, human            an AI judge's answers and people's, empty outside the slice; confidence and pi beside
    seconds, reason      what a judgment took and why it was given: counted, not judged
    A table with one column a judge (`annotator1`, `annotator2`) is read as that.
    Columns with usual names are found and that is noted. Raises BadInput where no judgments can be found.
    About 7 CPU-seconds for a million judgments with something to find; a minute where all of them are coin tosses,
    because the choice of a method then converges slowly. What takes longer is left to its own command, and it says so.
    """
    if not 0.5 <= level < 1:
        raise BadInput(f"The level is {level}.", expected="0.5 <= level < 1", remedy="Use .95.")
    asked = {"item": item, "judge": judge, "value": value, "gold": gold, "left": left, "right": right,
             "winner": winner, "prompt": prompt, "ai": ai, "human": human, "pi": pi,
             "confidence": confidence, "seconds": seconds, "reason": reason}  # fmt: skip
    return judged(take(data, **asked), level=level, seed=seed, title=title)


def judged(taken: Taken, *, level: float = 0.95, seed: int = 0, title: str = "What these judgments support") -> Judged:
    """The same from judgments that were read already."""
    found = study(taken, level=level, seed=seed)
    return Judged(taken, found, verdicts(taken, found), title)


def _plain(value: Any) -> Any:
    """JSON values; a rate also says its value, k / n."""
    if isinstance(value, Rate):
        return {"value": value.value} | encode(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value
