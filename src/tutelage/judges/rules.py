"""`rule:NAME`: judges that are a line of arithmetic. Baselines to beat, and stand-ins that say what they are."""

from __future__ import annotations

import re
from collections.abc import Callable

from tutelage.errors import BadInput
from tutelage.judges.protocol import Judge
from tutelage.judges.scores import ScoreJudge
from tutelage.records import AiJudge, text_of


def _words(text: str) -> float:
    return float(len(text.split()))


def _fewer_words(text: str) -> float:
    """An empty answer is not the best short one."""
    return -_words(text) if text.strip() else -1e9


def _complete(text: str) -> float:
    """1 for an answer of 5 words or more that ends as a sentence does."""
    return float(_words(text) >= 5 and re.search(r"[.!?][\"')\]”’]*\s*$", text) is not None)


RULES: dict[str, Callable[[str], float]] = {"longer": _words, "shorter": _fewer_words, "complete": _complete}


def load(kind: str, argument: str) -> Judge:
    """The rule of that name. Raises BadInput listing the rules."""
    if argument not in RULES:
        raise BadInput(
            f"There is no rule {argument!r}.",
            expected="one of " + ", ".join(RULES),
            remedy="Name one of them.",
        )
    rule = RULES[argument]
    return ScoreJudge(
        AiJudge(id=f"{kind}:{argument}", model=f"{kind}:{argument}", family=kind),
        lambda _, answers: [rule(text_of(a)) for a in answers],
    )
