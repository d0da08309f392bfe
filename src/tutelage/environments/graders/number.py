"""Numbers: read as people write them, compared within a tolerance, never rewarded for guessing twice."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tutelage.environments.graders.protocol import Prompt, without_echo
from tutelage.records import Grade, Scored, Unscored

_DIGITS = r"(?:\d{1,3}(?:[,'_]\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_POWER = r"(?:[eE][-+]?\d{1,3}|\s?[x×*]\s?10\^?\{?(?P<power>[-+]?\d{1,3})\}?)?"
_NUMBER = re.compile(
    rf"(?<![\w.])(?P<sign>[-+]?)\$?(?:(?P<whole>\d+)\s+(?=\d+\s?/))?(?P<top>(?:{_DIGITS}){_POWER})"
    r"(?:\s?/\s?(?P<bottom>\d+(?:\.\d+)?))?(?P<percent>\s?(?:%|percent\b|per cent\b))?(?!\d)"
)
_MARK = re.compile(r"\\boxed\{|\banswer(?:\s+is)?(?!\s+(?:is\s+)?not\b)\s*[:=]?\s*(?=[^\n]*\d)", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(?:(?:could|might|may) be|maybe|perhaps|possibly|alternatively|either|I also think)\b", re.IGNORECASE
)
# what makes a number the start, or the end, of an expression whose value is another
_GOES_ON = re.compile(r"\s*(?:\^|√|π|±|\\(?:sqrt|pi|cdot|times|pm|ln|log)\b)")
_BEGAN = re.compile(r"(?:√|\\sqrt(?:\[\d\])?\{?|\^\{?|±|\\pm|\\(?:ln|log|sin|cos|tan)[({]?)\s*$")
# between two numbers of a list of guesses stands nothing but this
_GUESSING = re.compile(r"(?:[\s,;/|.:()*•–-]|\b(?:or|and|maybe|perhaps|possibly|either|it|is)\b)*", re.IGNORECASE)
_UNFINISHED = re.compile(r"[-+*/=×÷^]\s*$")


class Reading(NamedTuple):
    """A number in a text: as written (percent not divided), whether it is a percentage, and where it stands."""

    value: float
    percent: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Number:
    """Right when the number given is the reference, within `absolute` or `relative` tolerance.

    read     "marked" takes the number after `Answer:` or in \\boxed{}, else as "last": the last one that the question
             does not hold itself, if there is one
    decimal  the decimal sign of the answers; the other one then groups thousands
    units    what a unit is worth in the reference's unit, for example {"km": 1, "m": 0.001}
    unit_required  whether a number without one of the units is wrong
    Reads 1,234.5, 3/4, 1 1/2, ½, 75 %, 1.2e3, 1.2 × 10^3 and −5. A percentage equals its share. Several numbers
    offered side by side or with a "maybe", or several different `Answer:`, are a guess: wrong, or `several="unscored"`
    (which takes a hedge out of the denominator too). A sum left unfinished is wrong; a number that is only part of an
    expression (2√3, 2^10) cannot be read and is `Unscored("unparsed")`. LaTeX fractions and \\text are read.
    """

    absolute: float = 1e-9
    relative: float = 1e-6
    read: Literal["marked", "last"] = "marked"
    decimal: Literal[".", ","] = "."
    units: Mapping[str, float] = field(default_factory=dict)
    unit_required: bool = False
    several: Literal["wrong", "unscored"] = "wrong"

    def grade(self, prompt: Prompt, answer: str, reference: str | None) -> Grade:
        """1 or 0; Unscored where the reference is no number."""
        wanted = numbers(self._plain(reference or ""))
        if len(wanted) != 1:
            return Unscored("no_reference", f"the reference is {reference!r}")
        text = self._plain(without_echo(prompt, answer))
        got = self._given(text, {r.value for r in numbers(self._plain(prompt[-1].text))} if prompt else set())
        if isinstance(got, str):
            if self.several == "unscored" and got.startswith("several"):
                return Unscored("unparsed", got)
            return Scored(0.0, {"why": got})
        if _GOES_ON.match(text, got.end) or _BEGAN.search(text[: got.start]):
            return Unscored("unparsed", f"{got.value:g} is part of an expression")
        scale = self._unit(text[got.end :])
        if scale is None:
            return Scored(0.0, {"why": "no unit", "got": got.value})
        right = any(self._close(value * scale, want) for value, want in _pairs(got, wanted[0]))
        return Scored(float(right), {"got": got.value * scale, "want": wanted[0].value})

    def _plain(self, text: str) -> str:
        text = plain(text)
        return text if self.decimal == "." else text.translate(str.maketrans(",.", ".,"))

    def _given(self, text: str, asked: set[float]) -> Reading | str:
        if _UNFINISHED.search(text):
            return "unfinished"
        found = numbers(text)
        if not found:
            return "no number"
        marks = [m.end() for m in _MARK.finditer(text)] if self.read == "marked" else []
        marked = [r for r in (_first_from(found, at) for at in marks) if r is not None]
        if len({(r.value, r.percent) for r in marked}) > 1:
            return "several different answers"
        # "12 + 30 = 42, which adds 12 and 30": numbers of the question are restated more often than answered
        own = [r for r in found if r.value not in asked]
        chosen = marked[-1] if marked else (own or found)[-1]
        others = own if chosen in own else found
        if _is_guess(text, found, others, chosen):
            return "several numbers side by side"
        if not marked and len({r.value for r in own}) > 1 and _HEDGE.search(text):
            return "several numbers, and no decision"
        return chosen

    def _unit(self, rest: str) -> float | None:
        """What the unit after the number is worth: 1 without one, None where one is required and missing."""
        for unit in sorted(self.units, key=len, reverse=True):
            if re.match(rf"\s*{re.escape(unit)}(?![A-Za-z])", rest):
                return self.units[unit]
        return None if self.unit_required else 1.0

    def _close(self, got: float, want: float) -> bool:
        return math.isclose(got, want, rel_tol=self.relative, abs_tol=self.absolute)


def plain(text: str) -> str:
    """The text with typographic and LaTeX forms of numbers in plain characters; markdown stars removed."""
    text = re.sub(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}|\\[dt]?frac(\d)(\d)", r"\1\3/\2\4", text)
    text = text.replace("{,}", ",")  # 1{,}234 keeps TeX from setting a space
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009](?=\d{3}(?!\d))", "", text)  # 1 234 with a space that does not break
    text = re.sub(r"(?<=\d)(?=[¼-¾⅐-⅞])", " ", text)  # 1½ is 1 1/2, not 11/2
    text = unicodedata.normalize("NFKC", text).replace("⁄", "/").replace("−", "-")
    return re.sub(r"\*\*|\\%|\\,|\\!", lambda m: "%" if m.group() == r"\%" else "", text)


def numbers(text: str) -> list[Reading]:
    """Every number of a plain text, in order; those too large for a float are left out."""
    out = []
    for m in _NUMBER.finditer(text):
        value = _value(m)
        if value is not None and math.isfinite(value):
            out.append(Reading(value, m["percent"] is not None, m.start(), m.end()))
    return out


def _value(m: re.Match[str]) -> float | None:
    top = re.sub(r"[,'_]", "", re.split(r"\s?[x×*]", m["top"])[0])
    value = float(top) * (10.0 ** int(m["power"]) if m["power"] else 1.0)
    if m["bottom"]:
        if float(m["bottom"]) == 0:
            return None
        value = value / float(m["bottom"]) + float(m["whole"] or 0)
    return -value if m["sign"] == "-" else value


def _pairs(got: Reading, want: Reading) -> list[tuple[float, float]]:
    """The readings to compare: a percentage against a bare number may be meant as a share or as it is written."""
    if got.percent == want.percent:
        return [(got.value, want.value)]
    if got.percent:
        return [(got.value, want.value), (got.value / 100, want.value)]
    return [(got.value, want.value), (got.value, want.value / 100)]


def _first_from(found: list[Reading], at: int) -> Reading | None:
    return next((r for r in found if r.end > at), None)


def _is_guess(text: str, found: list[Reading], others: list[Reading], chosen: Reading) -> bool:
    """Whether one of `others` that differs stands next to the chosen number with list signs or an "or" between."""
    at = found.index(chosen)
    beside = [(found[i], found[i + 1]) for i in (at - 1, at) if 0 <= i < len(found) - 1]
    return any(
        a.value != b.value and a in others and b in others and _GUESSING.fullmatch(text[a.end : b.start])
        for a, b in beside
    )  # fmt: skip
