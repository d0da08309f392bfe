"""What can be seen of each answer without a judge: empty, repeating, refusing, in the wrong language, cut short."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tutelage.environments.graders.language import in_language
from tutelage.evaluation.prompts import Answers
from tutelage.evaluation.relevance import Embedder, hashed, relevance
from tutelage.evaluation.shares import average, share
from tutelage.records import Figure, text_of

NGRAM, LEAST_WORDS, CHARACTERS, LEAST_CHARACTERS = 3, 12, 6, 24
REPEATED_SHARE = 0.4  # an ordinary English answer of 200 words stays below 0.1
_LONGEST_LOOP = 40

_CANNOT = r"(?:can(?:['’]?t|not)|won['’]t|will not|am unable to|am not able to|['’]m unable to|['’]m not able to)"
_DO_IT = (
    r"(?:help|assist|answer|do|provide|comply|fulfil|fulfill|discuss|respond|give|support|engage|create|write|"
    r"generate|continue)"
)
_REFUSAL = re.compile(
    rf"\bI(?:['’]m| am)(?: very| so| truly)? (?:sorry|afraid)\b[^.!?]{{0,60}}\b(?:{_CANNOT}|unable|not able)"
    rf"|\bI(?: simply| really)? ?{_CANNOT} {_DO_IT}\b"
    r"|\b(?:I must|I have to|I['’]ll have to) (?:decline|refuse)\b"
    rf"|\bas an? (?:AI|artificial intelligence)(?: language)?(?: model| assistant)?,? I ?{_CANNOT}"
    r"|\bI do(?: not|n['’]t) feel comfortable\b",
    re.IGNORECASE,
)
_REFUSAL_WINDOW = 200


@dataclass(frozen=True, slots=True)
class Quality:
    """One answer.

    relevance       cosine with the question, in [0, 1] for the default embedder
    words, tokens   length
    distinct_2      share of its word pairs that are different; None below two words
    repeated        share of its n-grams that stood in it before
    repeating       `repeated` above 0.4, or an end that is one phrase over and over
    right_language  None where it cannot be told
    ended           whether the model ended by itself
    """

    relevance: float
    words: int
    tokens: int
    distinct_2: float | None
    repeated: float
    repeating: bool
    empty: bool
    echo: bool
    refusal: bool
    right_language: bool | None
    ended: bool


def assess(answers: Answers, *, embed: Embedder = hashed) -> list[Quality]:
    """The quality of every answer, in order."""
    texts = [g.text for g in answers.generations]
    close = relevance([p.prompt for p in answers.prompts], texts, embed=embed)
    return [
        _one(text_of(p.prompt[-1:]), g.text, g.tokens, g.ended, p.language, float(c))
        for p, g, c in zip(answers.prompts, answers.generations, close, strict=True)
    ]


def _one(question: str, text: str, tokens: int, ended: bool, language: str, close: float) -> Quality:
    words = text.casefold().split()
    pairs = list(pairwise(words))
    repeated = repeated_share(text)
    empty = not any(c.isalnum() for c in text)
    return Quality(
        relevance=close,
        words=len(words),
        tokens=tokens,
        distinct_2=len(set(pairs)) / len(pairs) if pairs else None,
        repeated=repeated,
        repeating=repeated > REPEATED_SHARE or loops(words),
        empty=empty,
        echo=not empty and _bare(text) == _bare(question),
        refusal=is_refusal(text),
        right_language=None if empty else in_language(text, language),
        ended=ended,
    )


def repeated_share(text: str) -> float:
    """The share of word 3-grams (in texts of few words: of 6 characters) that stood in the text before."""
    words: Sequence[str] = text.casefold().split()
    n = NGRAM
    if len(words) < LEAST_WORDS:
        words, n = "".join(text.casefold().split()), CHARACTERS
        if len(words) < LEAST_CHARACTERS:
            return 0.0
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return 1 - len(set(grams)) / len(grams)


def loops(words: Sequence[str]) -> bool:
    """Whether the text ends in one phrase (1–40 words) said three times or more, over at least 6 words."""
    for period in range(1, min(_LONGEST_LOOP, len(words) // 3) + 1):
        times = max(3, -(-6 // period))
        end = words[-period * times :]
        if len(end) == period * times and all(end[i] == end[i % period] for i in range(len(end))):
            return True
    return False


def is_refusal(text: str) -> bool:
    """Whether an answer begins by declining: English phrases in its first 200 characters, nothing cleverer."""
    return _REFUSAL.search(text[:_REFUSAL_WINDOW]) is not None


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


FLAGS: dict[str, Callable[[Quality], bool | None]] = {
    "empty_rate": lambda q: q.empty,
    "repetition_rate": lambda q: q.repeating,
    "refusal_rate": lambda q: q.refusal,
    "wrong_language_rate": lambda q: None if q.right_language is None else not q.right_language,
    "echo_rate": lambda q: q.echo,
    "ended_rate": lambda q: q.ended,
}
BOUNDS = {"relevance": (-1.0, 1.0), "repeated_share": (0.0, 1.0)}
MEANS: dict[str, Callable[[Quality], float]] = {
    "relevance": lambda q: q.relevance,
    "words": lambda q: float(q.words),
    "repeated_share": lambda q: q.repeated,
}


def figures(qualities: Sequence[Quality], groups: Sequence[str], *, level: float = 0.95) -> dict[str, Figure]:
    """Every share and mean over the answers, with intervals that rest on groups."""
    out: dict[str, Figure] = {}
    for name, flag in FLAGS.items():
        out[name] = share([flag(q) for q in qualities], groups, level=level)
    for name, value in MEANS.items():
        out[name] = average([value(q) for q in qualities], groups, level=level, bounds=BOUNDS.get(name))
    return out
