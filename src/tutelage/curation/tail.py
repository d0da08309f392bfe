"""How many things a collection of texts says, with intervals, and how much of it a later generation keeps.

The tail is what goes first when models learn from models. Its measure here: the units (words) that make up the rarest
fifth of what people wrote, T, and the part of the entropy that they carry,

    H_T = -sum over u in T of p(u) ln p(u)        nats; p(u) is the share of u among all words of the texts

It falls when rare words become rarer and when some of them vanish, and does not rise when new ones are made up.
T is chosen on one half of the people's texts and compared on the other, for a word is rare in the very sample that
made it so; the two halves then change places, and the figures are averaged.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from tutelage.errors import BadInput
from tutelage.records import Estimate, Undefined

TAIL = 0.2  # share of the people's words that the rarest units make up
GROUPS = 20  # of the jackknife
FEWEST = 2 * GROUPS  # texts, for a figure with an interval
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
Texts = Sequence[Sequence[str]]  # each text as its words
Figure = Estimate | Undefined


@dataclass(frozen=True, slots=True)
class Diversity:
    """Figures of one collection of texts.

    distinct_1, distinct_2  different words (pairs of neighbours) per word (pair): depends on size, compare equal sizes
    self_similarity         mean cosine of the word counts of two different texts: 0 nothing shared, 1 all the same
    texts                   how many the figures rest on
    """

    distinct_1: Figure
    distinct_2: Figure
    self_similarity: Figure
    texts: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What a collection keeps of the diversity of people's texts: 1 is all of it. Equal numbers of texts.

    tail_entropy  H_T of the texts by H_T of the people's
    """

    tail_entropy: Figure
    distinct_2: Figure
    texts: int


def words(text: str) -> tuple[str, ...]:
    """The units: words in lower case, without punctuation."""
    return tuple(_WORD.findall(text.lower()))


def diversity(texts: Sequence[str], *, rng: np.random.Generator) -> Diversity:
    """Figures of texts. `rng` deals them into the groups of the jackknife."""
    given = _shuffled(texts, rng)
    one, two, alike = (
        _figure(given, statistic) for statistic in (lambda t: distinct(t, 1), lambda t: distinct(t, 2), similarity)
    )
    return Diversity(one, two, alike, len(given))


def kept(texts: Sequence[str], people: Sequence[str], *, rng: np.random.Generator, tail: float = TAIL) -> Kept:
    """How much of the diversity of people's texts other texts keep.

    people  the anchor: halved by `rng`; each half is compared with as many of `texts`
    Undefined with fewer than 40 texts in a half, and where people's rare words do not recur.
    Interval: delete-a-group jackknife over texts, people's as well.
    """
    if not 0 < tail < 1:
        raise BadInput(f"tail is {tail}.", expected="a share in (0, 1)", remedy="Use 0.2.")
    ours, theirs = _shuffled(texts, rng), _shuffled(people, rng)
    size = min(len(ours), len(theirs) // 2)
    if size < FEWEST:
        why = Undefined(f"{size} texts to compare; fewer than {FEWEST} say nothing about a tail")
        return Kept(why, why, size)
    halves = theirs[:size], theirs[size : 2 * size]
    ours = ours[:size]

    def entropy(of: Sequence[int]) -> float:
        a, b, g = ([half[i] for i in of] for half in (*halves, ours))
        one, two = rarest(a, tail), rarest(b, tail)
        return _ratio(tail_entropy(g, one) + tail_entropy(g, two), tail_entropy(b, one) + tail_entropy(a, two))

    def pairs(of: Sequence[int]) -> float:
        a, b, g = ([half[i] for i in of] for half in (*halves, ours))
        return _ratio(2 * distinct(g, 2), distinct(a, 2) + distinct(b, 2))

    return Kept(_jackknife(entropy, size), _jackknife(pairs, size), size)


def distinct(texts: Texts, n: int) -> float:
    """Different n-grams per n-gram (Li et al. 2016); 0 where there is none."""
    grams = [tuple(t[i : i + n]) for t in texts for i in range(len(t) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


def rarest(texts: Texts, share: float) -> frozenset[str]:
    """The rarest units whose counts together stay within `share` of all; units of one count come in by name."""
    counts = Counter(w for t in texts for w in t)
    room, out = share * counts.total(), []
    for word, count in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        room -= count
        if room < 0:
            break
        out.append(word)
    return frozenset(out)


def tail_entropy(texts: Texts, tail: frozenset[str]) -> float:
    """H_T in nats: what the units of `tail` carry of the entropy of the words of `texts`."""
    counts = Counter(w for t in texts for w in t)
    total = counts.total()
    shares = (counts[w] / total for w in sorted(tail) if counts[w])
    return -sum(p * math.log(p) for p in shares)


def similarity(texts: Texts) -> float:
    """Mean cosine of the word counts of two different texts, over all pairs, from one sum: (|Σv|² - n) / (n(n-1))."""
    summed: Counter[str] = Counter()
    n = 0
    for text in texts:
        counts = Counter(text)
        norm = math.sqrt(sum(c * c for c in counts.values()))
        n += norm > 0
        for word, count in counts.items():
            summed[word] += count / norm  # type: ignore[assignment]  # a Counter adds fractions as well
    return (sum(x * x for x in summed.values()) - n) / (n * (n - 1)) if n > 1 else 0.0


def _ratio(ours: float, theirs: float) -> float:
    return ours / theirs if theirs > 0 else math.nan


def _shuffled(texts: Sequence[str], rng: np.random.Generator) -> list[tuple[str, ...]]:
    return [words(texts[i]) for i in rng.permutation(len(texts))]


def _figure(texts: list[tuple[str, ...]], statistic: Callable[[Texts], float]) -> Figure:
    if len(texts) < FEWEST:
        return Undefined(f"{len(texts)} texts; fewer than {FEWEST} say nothing about a spread")
    return _jackknife(lambda of: statistic([texts[i] for i in of]), len(texts))


def _jackknife(statistic: Callable[[Sequence[int]], float], n: int, level: float = 0.95) -> Figure:
    """Delete-a-group jackknife of a statistic of n texts that have been shuffled (Kott 2001)."""
    value = statistic(range(n))
    without = [statistic([i for i in range(n) if i % GROUPS != g]) for g in range(GROUPS)]
    if not math.isfinite(value + math.fsum(without)):
        return Undefined("the rare words of one half of the people's texts do not recur in the other")
    se = math.sqrt((GROUPS - 1) / GROUPS * sum((x - math.fsum(without) / GROUPS) ** 2 for x in without))
    half = float(special.stdtrit(GROUPS - 1, 0.5 + level / 2)) * se
    return Estimate(
        value, value - half, value + half, f"delete-a-group jackknife, {GROUPS} groups", n, level=level,
        assumptions=("texts are independent of one another",),
    )  # fmt: skip
