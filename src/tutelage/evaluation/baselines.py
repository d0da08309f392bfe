"""What a reward model must beat: the longer answer, the shorter answer, a bag of words; the best chosen on train."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tutelage.errors import BadInput
from tutelage.models import Prompt, RewardModel
from tutelage.records import RankedRow, text_of
from tutelage.training.head import bradley_terry, grouped_folds, pairs_of

Floats = npt.NDArray[np.float64]
Fit = Callable[[Sequence[RankedRow], np.random.Generator], RewardModel]
_WORD = re.compile(r"\w+")
_FOLDS = 4


@dataclass(frozen=True)
class Longer:
    """Prefers the answer with more characters (`sign` 1), or with fewer (`sign` −1)."""

    sign: int = 1

    @property
    def name(self) -> str:
        """`longer` or `shorter`."""
        return "longer" if self.sign > 0 else "shorter"

    @property
    def digest(self) -> str:
        """Of the rule's name: there is nothing else in it."""
        return "sha256:" + hashlib.sha256(self.name.encode()).hexdigest()

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> Floats:  # noqa: ARG002 – the protocol
        """(n,) ± the logarithm of an answer's characters."""
        return self.sign * np.log1p([len(text_of(r)) for r in responses])


@dataclass(frozen=True)
class BagOfWords:
    """Logistic regression on tf-idf differences of lower-cased words."""

    vocabulary: dict[str, int]
    idf: Floats
    weights: Floats
    name: str = "bag of words"

    @property
    def digest(self) -> str:
        """Of the weights."""
        return "sha256:" + hashlib.sha256(self.weights.tobytes()).hexdigest()

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> Floats:  # noqa: ARG002 – the protocol
        """(n,) logits of being preferred."""
        X = _tfidf([text_of(r) for r in responses], self.vocabulary, self.idf)
        return np.asarray(X @ self.weights, np.float64)

    @classmethod
    def fit(cls, rows: Sequence[RankedRow]) -> BagOfWords:
        """Words seen in at least two answers; ridge as scikit-learn's default C = 1 on unit rows."""
        pairs = pairs_of(rows)
        texts = [text_of(r) for r in pairs.responses]
        seen: dict[str, int] = {}
        for text in texts:
            for word in set(_WORD.findall(text.lower())):
                seen[word] = seen.get(word, 0) + 1
        kept = sorted(w for w, n in seen.items() if n > 1)
        vocabulary = {w: at for at, w in enumerate(kept)}
        idf = np.array([np.log((1 + len(texts)) / (1 + seen[w])) + 1 for w in kept])
        X = _tfidf(texts, vocabulary, idf)
        everything = np.arange(pairs.first.size)
        # C = 1 is a penalty of ½|w|² beside the summed loss; ours stands beside the mean loss
        (weights,), _ = bradley_terry([X], [1.0], pairs, everything, ridge=1 / pairs.weight.sum())
        return cls(vocabulary, idf, weights)


def _tfidf(texts: Sequence[str], vocabulary: dict[str, int], idf: Floats) -> sparse.csr_matrix:
    row, column = [], []
    for at, text in enumerate(texts):
        found = [vocabulary[w] for w in _WORD.findall(text.lower()) if w in vocabulary]
        row += [at] * len(found)
        column += found
    counts = sparse.coo_matrix((np.ones(len(row)), (row, column)), shape=(len(texts), len(vocabulary))).tocsr()
    weighted = counts.multiply(idf).tocsr() if len(vocabulary) else counts
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
    return (sparse.diags_array(1 / np.where(length > 0, length, 1.0)) @ weighted).tocsr()


CANDIDATES: dict[str, Fit] = {
    "longer": lambda _rows, _rng: Longer(1),
    "shorter": lambda _rows, _rng: Longer(-1),
    "bag of words": lambda rows, _rng: BagOfWords.fit(rows),
}


def best_on(rows: Sequence[RankedRow], *, rng: np.random.Generator) -> tuple[RewardModel, dict[str, float]]:
    """The strongest of the three on training rows, refitted on all of them, and each one's accuracy there.

    Accuracy is cross-fitted over groups, so that a bag of words that only remembers does not win. With one group
    no bag of words can be judged, and it does not compete.
    """
    accuracy: dict[str, float] = {}
    groups = {row.group for row in rows}
    for name, candidate in CANDIDATES.items():
        if name == "bag of words" and len(groups) < 2:
            continue
        right = pair_correct(rows, cross_fit(rows, min(_FOLDS, len(groups)), candidate, rng=rng))
        accuracy[name] = float(right.mean())
    best = max(accuracy, key=lambda n: accuracy[n])
    return CANDIDATES[best](rows, rng), accuracy


def row_scores(model: RewardModel, rows: Sequence[RankedRow]) -> list[Floats]:
    """The (K,) scores of each row's answers; an answer that stands in many rows is scored once."""
    answers: dict[tuple[Prompt, Prompt], int] = {}
    at = [[answers.setdefault((row.prompt, r), len(answers)) for r in row.responses] for row in rows]
    scores = model.scores([p for p, _ in answers], [r for _, r in answers])
    return [scores[index] for index in at]


def pair_correct(rows: Sequence[RankedRow], scores: Sequence[Floats]) -> Floats:
    """(pairs,) 1 where the better answer scores higher, ½ where both score the same; stated ties are left out."""
    margins = [s[i] - s[j] for row, s in zip(rows, scores, strict=True) for i, j in row.pairs()]
    if not margins:
        raise BadInput(
            f"{len(rows)} rows prefer no answer to another.",
            expected="rows with two ranked answers that are not tied",
            remedy="Give rows with preferences.",
        )
    return (np.sign(margins) + 1) / 2


def cross_fit(rows: Sequence[RankedRow], k: int | None, fit: Fit, *, rng: np.random.Generator) -> list[Floats]:
    """The (K,) scores of each row, each by a model fitted on other groups only.

    k  folds of whole groups; None leaves one group out at a time
    One group cannot be held out: the model is then fitted on none of it, which only a fixed rule survives.
    """
    names = {g: n for n, g in enumerate(dict.fromkeys(row.group for row in rows))}
    group = np.array([names[row.group] for row in rows])
    fold = grouped_folds(group, len(names) if k is None else k, rng)
    seeds = rng.spawn(int(fold.max()) + 1)
    out: list[Floats] = [np.empty(0)] * len(rows)
    for f, inner in enumerate(seeds):
        model = fit([row for row, at in zip(rows, fold, strict=True) if at != f], inner)
        inside = np.flatnonzero(fold == f).tolist()
        for at, score in zip(inside, row_scores(model, [rows[n] for n in inside]), strict=True):
            out[at] = score
    return out
