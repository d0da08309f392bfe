"""Critique and revision: an answer, what is wrong with it under a principle, and the answer written again.

Each round draws one principle. What cannot be used stops that round alone, with its reason; the answer stays as it was.
Source: Bai et al. 2022, arXiv:2212.08073, section 3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tutelage.judges.constitution.principles import Constitution, Principle
from tutelage.judges.constitution.saying import Speaker, Talk
from tutelage.records import Unscored, assistant, text_of, user
from tutelage.store import digest

LEAST_QUOTE = 8  # characters: shorter passages in quotation marks are words talked about
ASK_CRITIQUE = "{request} Be specific and brief; quote only words that stand there. Do not write a new answer yet."
ASK_REVISION = "{request} Reply with the new answer alone."
_QUOTED = re.compile(r"[“\"]([^“”\"\n]+)[”\"]")
_LABEL = re.compile(r"^\s*(?:revised answer|revised response|revision|critique|critique request)\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A prompt and the answer to start from."""

    prompt: Talk
    answer: Talk

    @property
    def digest(self) -> str:
        """`sha256:…` of what is said: what principles are drawn by."""
        return digest([self.prompt, self.answer])


@dataclass(frozen=True, slots=True)
class Step:
    """One round on one answer, with all that decides it.

    before    the answer criticised;  critique, revision: what the model said, "" where it said nothing
    unusable  why this round changed nothing; None where `revision` is the answer from now on
    """

    draft: str
    turn: int
    principle: str
    before: str
    critique: str
    revision: str
    model: str
    seed: int
    constitution: str
    unusable: Unscored | None = None
    schema: Literal["revision/1"] = "revision/1"


@dataclass(frozen=True, slots=True)
class Chain:
    """All rounds on one draft, in order."""

    draft: Draft
    steps: tuple[Step, ...]

    @property
    def revised(self) -> str | None:
        """The last usable revision; None where no round gave one."""
        return next((s.revision for s in reversed(self.steps) if s.unusable is None), None)

    @property
    def principles(self) -> tuple[str, ...]:
        """Those that changed the answer."""
        return tuple(s.principle for s in self.steps if s.unusable is None)


def revise(
    drafts: Sequence[Draft], constitution: Constitution, speaker: Speaker, *, rounds: int, seed: int
) -> list[Chain]:
    """Criticise and revise every draft, `rounds` times under drawn principles; see `Speaker.say` for stops."""
    answers = [text_of(d.answer) for d in drafts]
    steps: list[list[Step]] = [[] for _ in drafts]
    for turn in range(rounds):
        for n, step in enumerate(_round(drafts, answers, constitution, speaker, turn, seed)):
            steps[n].append(step)
            answers[n] = step.revision if step.unusable is None else answers[n]
    return [Chain(d, tuple(s)) for d, s in zip(drafts, steps, strict=True)]


def _round(
    drafts: Sequence[Draft], answers: Sequence[str], constitution: Constitution, speaker: Speaker, turn: int, seed: int
) -> list[Step]:
    drawn = [constitution.draw(seed, d.digest, turn) for d in drafts]
    asked = [criticise(d.prompt, a, p) for d, a, p in zip(drafts, answers, drawn, strict=True)]
    critiques = [
        said if isinstance(said, Unscored) else critique(said, d.prompt, a)
        for said, d, a in zip(speaker.say(asked), drafts, answers, strict=True)
    ]
    usable = [n for n, said in enumerate(critiques) if isinstance(said, str)]
    again = [rewrite(asked[n], str(critiques[n]), drawn[n]) for n in usable]
    revisions: dict[int, str | Unscored] = {
        n: said if isinstance(said, Unscored) else revision(said, answers[n], str(critiques[n]))
        for n, said in zip(usable, speaker.say(again), strict=True)
    }
    found = [revisions.get(n, said) for n, said in enumerate(critiques)]
    return [
        Step(
            d.digest, turn, p.id, a, c if isinstance(c, str) else "", r if isinstance(r, str) else "",
            speaker.policy.digest, seed, constitution.digest, r if isinstance(r, Unscored) else None,
        )
        for d, p, a, c, r in zip(drafts, drawn, answers, critiques, found, strict=True)
    ]  # fmt: skip


def criticise(prompt: Talk, answer: str, principle: Principle) -> Talk:
    """The conversation that ends with the critique request."""
    return prompt + assistant(answer) + user(ASK_CRITIQUE.format(request=principle.critique))


def rewrite(asked: Talk, said: str, principle: Principle) -> Talk:
    """The conversation that goes on with the critique and ends with the revision request."""
    return asked + assistant(said) + user(ASK_REVISION.format(request=principle.revision))


def critique(said: str, prompt: Talk, answer: str) -> str | Unscored:
    """A critique that can be used: it says something, and what it quotes stands in the conversation."""
    text = _LABEL.sub("", said).strip()
    if not text:
        return Unscored("empty", "a label without a critique")
    there = _plain(text_of(prompt) + "\n" + answer)
    for quoted in _QUOTED.findall(text):
        if len(quoted) >= LEAST_QUOTE and _plain(quoted).strip(" .,;:!?…") not in there:
            return Unscored("unparsed", f"it quotes what nobody said: {quoted[:60]!r}")
    if _plain(text) == _plain(answer):
        return Unscored("unparsed", "the critique is the answer once more")
    return text


def revision(said: str, answer: str, criticism: str) -> str | Unscored:
    """A revision that can be used: an answer, another one than before, and not the critique once more."""
    text = _LABEL.sub("", said).strip()
    if not text:
        return Unscored("empty", "a label without a revision")
    if _plain(text) == _plain(answer):
        return Unscored("abstained", "the answer is unchanged")
    if _plain(text) == _plain(criticism):
        return Unscored("unparsed", "the revision is the critique once more")
    return text


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
