"""How much an answer has to do with its question: a similarity, without a model by default."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tutelage.evaluation.prompts import Prompt
from tutelage.records import text_of

Floats = npt.NDArray[np.float64]
Embedder = Callable[[list[str]], npt.NDArray[np.floating]]

DIMENSIONS = 4096
_WORD = re.compile(r"\w+")


def hashed(texts: list[str]) -> Floats:
    """(n, 4096) unit rows: word stems weighted by 1 + log count, rarer words among these texts more (TF-IDF).

    A word is its first 6 letters, and pieces of 4; no model, no state, the same on every machine.
    """
    out = np.zeros((len(texts), DIMENSIONS))
    for row, text in enumerate(texts):
        for word in _WORD.findall(text.casefold()):
            out[row, zlib.crc32(word[:6].encode()) % DIMENSIONS] += 1.0
            for i in range(len(word) - 3):
                out[row, zlib.crc32(b"#" + word[i : i + 4].encode()) % DIMENSIONS] += 0.25
    np.log1p(out, out=out)
    out *= np.log((1 + len(texts)) / (1 + (out > 0).sum(0))) + 1
    norm = np.linalg.norm(out, axis=1, keepdims=True)
    return np.asarray(out / np.where(norm > 0, norm, 1), dtype=np.float64)


def relevance(prompts: Sequence[Prompt], answers: Sequence[str], *, embed: Embedder = hashed) -> Floats:
    """(n,) cosine of each answer with its last question; an answer without words has 0.

    A proxy: it falls when answers drift or empty, and is largest for an answer that only repeats the question.
    """
    if not answers:
        return np.zeros(0)
    questions = [text_of(p[-1:]) for p in prompts]
    vectors = np.asarray(embed([*questions, *answers]), dtype=np.float64)
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(norm > 0, norm, 1)
    cosine = (vectors[: len(questions)] * vectors[len(questions) :]).sum(1)  # (2n, d) -> (n,)
    return np.where([bool(_WORD.search(a)) for a in answers], np.clip(cosine, -1, 1), 0.0)
