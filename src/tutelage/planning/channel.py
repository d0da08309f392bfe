"""Where the people come from: a printed rule over 27 cells, no judgment call hidden in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

Axis = Literal[0, 1, 2]
Channel = Literal["own bench", "direct sourcing", "marketplace", "vetted pool", "crowd", "own vetted generalists"]
Flag = Literal["clearance", "health_or_eu_data", "competitor_owned_vendor", "low_resource_language"]


@dataclass(frozen=True, slots=True)
class Needs:
    """Where work stands on three axes, each 0 (low) to 2 (high), and what else binds it."""

    rarity: Axis
    sensitivity: Axis
    control: Axis
    recurring: bool = False
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A channel, why, and what the overrides add."""

    channel: Channel
    why: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    holds: Callable[[Needs], bool]
    channel: Channel
    why: str


# The first that holds decides. Sensitivity comes before all: data that must not leave decides where work is done.
RULES: tuple[_Rule, ...] = (
    _Rule(lambda n: n.sensitivity == 2, "own bench",
          "the data must not leave: named, vetted people under NDA, onshore, whatever else"),
    _Rule(lambda n: n.rarity == 2 and (n.control >= 1 or n.recurring), "direct sourcing",
          "rare credentials, and control or recurring work repays recruiting them yourself"),
    _Rule(lambda n: n.rarity == 2, "marketplace", "rare credentials for one project: rent the reach"),
    _Rule(lambda n: n.rarity == 1, "vetted pool", "a qualification that a vetted pool or marketplace can show"),
    _Rule(lambda n: n.control >= 1, "own vetted generalists", "common skills, but you must see who works and how"),
    _Rule(lambda n: True, "crowd", "common skills, open data, no special control"),  # noqa: ARG005  the last rule
)  # fmt: skip

OVERRIDES: dict[Flag, str] = {
    "clearance": "clearance: only cleared people on premises; no channel brings them, plan months",
    "health_or_eu_data": "health or EU personal data: processing agreement and EU hosting before the first item",
    "competitor_owned_vendor": "a vendor owned by a competitor sees your prompts: leave it out",
    "low_resource_language": "a language with few raters: recruit locally, pay for reach, expect weeks",
}


def choose(needs: Needs) -> Choice:
    """The channel for these needs. The clearance flag overrides all cells."""
    rule = next(rule for rule in RULES if rule.holds(needs))
    said = tuple(OVERRIDES[flag] for flag in needs.flags)
    if "clearance" in needs.flags:
        return Choice("own bench", "cleared people only", said)
    return Choice(rule.channel, rule.why, said)


def cells(*, recurring: bool = False) -> Sequence[tuple[Needs, Choice]]:
    """All 27 cells with their channels."""
    grid: tuple[Axis, ...] = (0, 1, 2)
    return [(n, choose(n)) for n in (Needs(r, s, c, recurring) for r, s, c in product(grid, grid, grid))]
