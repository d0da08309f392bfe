"""Exact match after normalisation."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from tutelage.environments.graders.protocol import Prompt
from tutelage.records import Grade, Scored, Unscored

_ANSWER = re.compile(r"(?:final )?answer(?: is)?\s*[::]\s*(.+)", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exact:
    """Right when the answer, normalised, equals the reference or one of `accept`.

    Normalised: Unicode NFKC, one space between words, no punctuation at the ends; case and leading articles as said.
    A line `Answer: …` is read instead of the whole; two such lines that differ are a guess, and wrong.
    """

    accept: tuple[str, ...] = ()
    case_matters: bool = False
    articles_matter: bool = False

    def grade(self, prompt: Prompt, answer: str, reference: str | None) -> Grade:  # noqa: ARG002  the protocol has it
        """1 or 0; Unscored where there is no reference."""
        wanted = {self.normalised(r) for r in (reference or "", *self.accept)} - {""}
        if not wanted:
            return Unscored("no_reference")
        marked = {self.normalised(m) for m in _ANSWER.findall(answer)}
        if len(marked) > 1:
            return Scored(0.0, {"why": "several different answers", "got": sorted(marked)})
        got = next(iter(marked)) if marked else self.normalised(answer)
        return Scored(float(got in wanted), {"got": got, "want": sorted(wanted)})

    def normalised(self, text: str) -> str:
        """The text as it is compared."""
        text = unicodedata.normalize("NFKC", text)
        if not self.case_matters:
            text = text.casefold()
        if not self.articles_matter:
            text = _ARTICLES.sub(" ", text)
        return " ".join(text.split()).strip(" .,;:!?\"'`*()[]“”‘’")
