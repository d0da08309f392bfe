"""Texts that were copied: the same reason from two judges, or one template over many items."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tutelage.integrity.findings import ByJudge
from tutelage.integrity.outliers import low_tail
from tutelage.measure.exact import Ints

LEAST_WORDS = 10  # shorter texts are given twice by honest people: "A1 goes into more detail than A2 does"
TEMPLATE_WORDS = 6
ALIKE = 0.8
HASHES, BANDS = 64, 16
PRIME = (1 << 31) - 1
GROUP = 50
_WORD = re.compile(r"\w+")


def words_of(text: str | None) -> list[str]:
    """Lower-cased words, punctuation gone."""
    return _WORD.findall(text.lower()) if text else []


def shingles(words: Sequence[str], size: int = 3) -> frozenset[int]:
    """Hashes of every run of `size` words."""
    return frozenset(
        zlib.crc32(" ".join(words[k : k + size]).encode()) % PRIME for k in range(max(1, len(words) - size + 1))
    )


def near_pairs(texts: Sequence[str | None], *, least_words: int = LEAST_WORDS) -> list[tuple[int, int]]:
    """Pairs (i < j) of texts of at least `least_words` words that share 80 % of their three-word runs.

    Candidates by MinHash in 16 bands of 4 (Broder 1997), then checked exactly; within large groups of equal texts
    each is paired with its predecessor only, so the pairs connect every group without being quadratic in it.
    """
    long = [k for k, text in enumerate(texts) if len(words_of(text)) >= least_words]
    if len(long) < 2:
        return []
    sets = {k: shingles(words_of(texts[k])) for k in long}
    signature = _minhash([sets[k] for k in long])
    pairs: set[tuple[int, int]] = set()
    width = HASHES // BANDS
    for band in range(BANDS):
        groups: dict[bytes, list[int]] = defaultdict(list)
        for place, k in enumerate(long):
            groups[signature[place, band * width : (band + 1) * width].tobytes()].append(k)
        for group in groups.values():
            for b in range(1, len(group)):
                for a in range(max(0, b - GROUP) if len(group) <= GROUP else b - 1, b):
                    pair = (group[a], group[b])
                    if pair not in pairs and _alike(sets[pair[0]], sets[pair[1]]):
                        pairs.add(pair)
    return sorted(pairs)


def _alike(a: frozenset[int], b: frozenset[int]) -> bool:
    both = len(a & b)
    return both >= ALIKE * (len(a) + len(b) - both)


def _minhash(sets: Sequence[frozenset[int]]) -> npt.NDArray[np.int64]:
    """(n, HASHES) least value of each of HASHES fixed linear hashes over each set."""
    rng = np.random.default_rng(1)
    a, b = rng.integers(1, PRIME, HASHES), rng.integers(0, PRIME, HASHES)
    flat = np.fromiter((x for s in sets for x in s), np.int64)
    starts = np.cumsum([0, *(len(s) for s in sets)])[:-1]
    out = np.empty((len(sets), HASHES), np.int64)
    for k in range(HASHES):
        out[:, k] = np.minimum.reduceat((flat * a[k] + b[k]) % PRIME, starts)
    return out


def across_judges(texts: Sequence[str | None], judge: Ints) -> list[tuple[int, int]]:
    """Pairs of rows by different judges with (nearly) the same long text."""
    return [(a, b) for a, b in near_pairs(texts) if judge[a] != judge[b]]


def templates(texts: Sequence[str | None], judge: Ints, item: Ints, names: list[str]) -> ByJudge:
    """Judges most of whose texts of six words or more repeat another of their own on another item."""
    by = np.argsort(judge, kind="stable")  # in a large group a text is held against the one before it: a judge's own
    found = near_pairs([texts[k] for k in by.tolist()], least_words=TEMPLATE_WORDS)
    pairs = [(int(by[a]), int(by[b])) for a, b in found]
    own = {row for a, b in pairs if judge[a] == judge[b] and item[a] != item[b] for row in (a, b)}
    long = np.array([len(words_of(text)) >= TEMPLATE_WORDS for text in texts])
    n = np.bincount(judge[long], minlength=len(names))
    k = np.bincount(judge[np.fromiter(own, np.int64, len(own))], minlength=len(names))
    share = np.where(n >= 5, k / np.maximum(n, 1), np.nan)
    error = np.sqrt(0.25 / np.maximum(n, 1))
    p = np.where(share >= 0.5, low_tail(-share, error, floor=0.12), 1.0)
    words = {
        j: f"{names[j]}: {k[j]} of {n[j]} reasons repeat another of their own"
        for j in np.flatnonzero(p < 0.05).tolist()
    }
    return ByJudge("templated reasons", p, words)
