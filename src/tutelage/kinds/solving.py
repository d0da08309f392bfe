"""What it takes to compare solves: when two answers are one, when two prompts are, and how often a model passes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tutelage.errors import TutelageError
from tutelage.records import Grade, Judgment, Message, Rate, Scored, Undefined, decode, text_of
from tutelage.store.canonical import digest

NUMBER = re.compile(r"[-+]?\d{1,30}(\.\d{1,30}|/[1-9]\d{0,29})?")


def plain(text: str) -> str:
    """A text without case, spacing and a last full stop; a number as a fraction in lowest terms."""
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).removesuffix(".")
    return str(Fraction(words)) if NUMBER.fullmatch(words) else words


def pass_rate(grades: Sequence[Grade]) -> Rate | Undefined:
    """How often a model solved it: the share of full marks with its exact interval; unscored tries stand beside."""
    from tutelage.measure.intervals import rate  # here, so that reading a file of judgments needs no scipy

    scored = [g for g in grades if isinstance(g, Scored)]
    return rate(sum(g.value >= 1 for g in scored), len(scored), unscored=len(grades) - len(scored))


def same_answer(one: str, other: str) -> bool:
    """Whether two answers are one: numbers by value (0.5 is 1/2), words without case, spacing and a last full stop."""
    return plain(one) == plain(other)


def prompt_key(prompt: tuple[Message, ...]) -> str:
    """Equal for prompts that read the same: one key never stands on both sides of training and held-out."""
    return digest(plain(text_of(prompt)))


def condition(judgment: Judgment, name: str, kind: Any) -> Any:
    """What the server recorded beside a judgment under that name, as a `kind`; None where it recorded nothing."""
    found = judgment.conditions.get(name)
    if found is None:
        return None
    try:
        return decode(kind, found)
    except TutelageError as error:
        raise error.at(field=f"conditions.{name}") from None
