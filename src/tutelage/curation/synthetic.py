"""The guard against collapse: a cap on what a model wrote and nobody verified, people's rows in every generation, and
a watch on the tail.

Models trained on what models wrote lose what is rare first (Shumailov et al. 2024); people's data kept in every
generation prevents it (Gerstgrasser et al. 2024). Refusals name the share and the cap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.curation import origins
from tutelage.curation.origins import Human, Sampled, Sourced
from tutelage.curation.tail import Diversity, Kept, diversity, kept
from tutelage.errors import BadInput, TutelageError, Where
from tutelage.records import DemonstrationRow, Estimate, LabelledRow, Message, RankedRow, Row, decode, jsonl, text_of
from tutelage.store import digest

FILE = "guard.json"


@dataclass(frozen=True, slots=True)
class Guard:
    """What a mixture must keep to; shares are of the rows' weight.

    cap     most that may be sampled and unverified
    people  least that people must have written
    warn    share of the people's tail entropy below which a generation is warned about
    refuse  share below which, its interval included, it is refused
    """

    cap: float = 0.2
    people: float = 0.3
    warn: float = 0.95
    refuse: float = 0.8

    def __post_init__(self) -> None:
        for name in ("cap", "people", "warn", "refuse"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise BadInput(
                    f"Saw {value}.", expected="a share in [0, 1]", remedy="Correct it.", where=Where(field=name)
                )


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the weight of all rows: people's, verified samples, unverified samples. They add up to 1."""

    human: float
    verified: float
    unverified: float
    rows: int

    @property
    def synthetic(self) -> float:
        """What models wrote, verified or not."""
        return self.verified + self.unverified


@dataclass(frozen=True, slots=True)
class Admission:
    """What was let in, and what a reader of the data set should know.

    generations  diversity of what each generation wrote, by its number; 0 is the people
    kept         what the newest generation keeps of the people's diversity; None where nothing was sampled
    """

    shares: Shares
    generations: dict[str, Diversity] = field(default_factory=dict)
    kept: Kept | None = None
    warnings: tuple[str, ...] = ()


def shares(rows: Iterable[Sourced]) -> Shares:
    """The shares of a mixture by weight. Raises BadInput where all weights are 0."""
    human = verified = unverified = 0.0
    count = 0
    for sourced in rows:
        weight, count = sourced.row.weight, count + 1
        if isinstance(sourced.origin, Human):
            human += weight
        elif sourced.origin.verified_by is not None:
            verified += weight
        else:
            unverified += weight
    whole = human + verified + unverified
    if whole <= 0:
        raise BadInput(f"{count} rows weigh nothing.", expected="rows of weight above 0", remedy="Check the weights.")
    return Shares(human / whole, verified / whole, unverified / whole, count)


def admit(
    rows: Sequence[Sourced],
    guard: Guard | None = None,
    *,
    anchor: Sequence[Row] = (),
    rng: np.random.Generator,
) -> Admission:
    """Let a mixture in, or say why not.

    anchor  people's rows that every generation must hold; also what diversity is measured against, where given
    Raises BadInput where a row that a model proposed is unverified, where the cap or the people's share is broken,
    where a row of the anchor is missing, and where the newest generation has certainly lost its tail.
    """
    guard = guard or Guard()
    found = shares(rows)
    _proposals_are_verified(rows)
    _shares_are_kept(found, guard)
    _anchor_is_whole(rows, anchor)
    people = [a for r in anchor for a in answers(r)] or [
        a for r in rows if isinstance(r.origin, Human) for a in answers(r.row)
    ]
    said = by_generation(rows)
    figures = {"0": diversity(people, rng=rng)} | {str(g): diversity(texts, rng=rng) for g, texts in said.items()}
    if not said:
        return Admission(found, figures)
    newest = kept(said[max(said)], people, rng=rng)
    return Admission(found, figures, newest, _tail_is_kept(newest, guard, max(said)))


def checked(directory: Path, rows: Sequence[Row]) -> Shares | None:
    """The door of training: what may be asked of rows without another look at their texts.

    None for a directory without `origins.jsonl` (nothing in it is said to be sampled). `guard.json` beside it says what
    it was made under. Raises BadInput as `admit` does, the tail apart.
    """
    if not (directory / origins.FILE).is_file():
        return None
    place = directory / FILE
    guard: Guard = decode(Guard, jsonl.parse(place.read_bytes(), place)) if place.is_file() else Guard()
    sourced = origins.read(directory, rows)
    found = shares(sourced)
    try:
        _proposals_are_verified(sourced)
        _shares_are_kept(found, guard)
    except TutelageError as error:
        raise error.at(file=directory / origins.FILE) from None
    return found


def answers(row: Row) -> list[str]:
    """What a row says: its answer, or all answers of a ranking."""
    return [text_of(r) for r in _RESPONSES[type(row)](row)]


def by_generation(rows: Iterable[Sourced]) -> dict[int, list[str]]:
    """The sampled texts of each generation, the oldest first."""
    out: defaultdict[int, list[str]] = defaultdict(list)
    for sourced in rows:
        if isinstance(sourced.origin, Sampled):
            out[sourced.origin.generation] += answers(sourced.row)
    return dict(sorted(out.items()))


Said = tuple[tuple[Message, ...], ...]
_RESPONSES: dict[type[Row], Callable[[Any], Said]] = {
    DemonstrationRow: lambda row: (row.response,),
    LabelledRow: lambda row: (row.response,),
    RankedRow: lambda row: tuple(row.responses),
}


def _proposals_are_verified(rows: Iterable[Sourced]) -> None:
    bad = [
        r for r in rows if isinstance(r.origin, Sampled) and r.origin.proposed and r.origin.verified_by is None
    ]  # fmt: skip
    if bad:
        raise BadInput(
            f"{len(bad)} rows were proposed by a model and no verifier has passed them; the first is "
            f"{text_of(bad[0].row.prompt)[:60]!r}.",
            expected="a verifier's name on every question that a model wrote itself",
            remedy="Pass them through `tutelage.curation.verify`, or leave them out.",
        )


def _shares_are_kept(found: Shares, guard: Guard) -> None:
    if found.unverified > guard.cap:
        raise BadInput(
            f"{found.unverified:.1%} of the weight was written by a model and verified by nobody; the cap is "
            f"{guard.cap:.1%}.",
            expected=f"at most {guard.cap:.1%}",
            remedy="Verify some of it, leave some out, or add what people wrote.",
        )
    if found.human < guard.people:
        raise BadInput(
            f"{found.synthetic:.1%} of the weight was written by a model; people wrote {found.human:.1%}.",
            expected=f"at least {guard.people:.1%} from people",
            remedy="Keep the human anchor in every generation, or leave samples out.",
        )


def _anchor_is_whole(rows: Iterable[Sourced], anchor: Sequence[Row]) -> None:
    there = {digest(r.row) for r in rows if isinstance(r.origin, Human)}
    missing = sum(digest(row) not in there for row in anchor)
    if missing:
        raise BadInput(
            f"{missing} of the {len(anchor)} rows of the human anchor are missing.",
            expected="all of them in every generation",
            remedy="Add the anchor's rows again.",
        )


def _tail_is_kept(newest: Kept, guard: Guard, generation: int) -> tuple[str, ...]:
    figure = newest.tail_entropy
    if not isinstance(figure, Estimate):
        return (f"Whether generation {generation} keeps the people's tail is not known: {figure.why}.",)
    said = f"{figure.value:.1%} [{figure.lo:.1%}, {figure.hi:.1%}]"
    if figure.hi < guard.refuse:
        raise BadInput(
            f"Generation {generation} keeps {said} of the tail entropy of what people wrote.",
            expected=f"at least {guard.refuse:.0%}",
            remedy="Sample at temperature 1 without truncation and verify instead, or add people's rows.",
        )
    below = f"Generation {generation} keeps {said} of the people's tail entropy, less than {guard.warn:.0%}."
    return (below,) if figure.value < guard.warn else ()
