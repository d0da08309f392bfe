"""What people themselves reach: one person's vote against the others', on the same pairs and by the same rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tutelage.evaluation.reward_report.held import Floats, Held
from tutelage.records import Figure, Undefined


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Pairs judged by two people or more. A tie is half a vote for each side.

    person             a left-out vote agrees with the majority of the others (an even split counts ½)
    model              the model agrees with that same majority
    model_less_person  the difference, pair by pair
    two_votes          two votes on the same pair agree
    model_and_vote     the model agrees with one vote
    """

    pairs: int
    person: Figure
    model: Figure
    model_less_person: Figure
    two_votes: Figure
    model_and_vote: Figure


def ceiling(right: Floats, data: Held, *, level: float) -> Ceiling:
    """From the votes behind each pair; right (p,) is 1 where the model sides with the verdict."""
    several = data.votes >= 2
    if not several.any():
        nobody = Undefined("no pair was judged by two people: how far people agree is not known")
        return Ceiling(0, nobody, nobody, nobody, nobody, nobody)
    n = np.maximum(data.votes, 2)
    k = np.round(2 * n * data.share) / 2  # votes for the better answer; half votes are ties
    first, second = k / n, 1 - k / n
    without_a_first = (np.sign((k - 1) - (n - k)) + 1) / 2  # the others' majority for the better answer: 1, ½ or 0
    without_a_second = (np.sign(k - (n - k - 1)) + 1) / 2
    person = first * without_a_first + second * (1 - without_a_second)
    others = first * without_a_first + second * without_a_second
    model = right * others + (1 - right) * (1 - others)
    two = np.clip((k * (k - 1) + (n - k) * (n - k - 1)) / (n * (n - 1)), 0, 1)
    with_a_vote = right * data.share + (1 - right) * (1 - data.share)
    return Ceiling(
        int(several.sum()),
        data.mean(person, several, level=level),
        data.mean(model, several, level=level),
        data.difference(model, person, several, level=level),
        data.mean(two, several, level=level),
        data.mean(with_a_vote, several, level=level),
    )
