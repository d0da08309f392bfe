"""`mix:FILE.toml`: a weighted sum of rewards. The weights are part of its digest; every part is reported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tutelage.environments.graders import Task
from tutelage.environments.rewards.files import read_toml
from tutelage.environments.rewards.model import work_in
from tutelage.environments.rewards.protocol import Finding, Reward, Rewarded, rewarded
from tutelage.errors import BadInput, TutelageError, Where
from tutelage.records import Unscored, decode
from tutelage.store import digest

EXAMPLE = """\
[[parts]]
name = "right"
reward = "graders"
weight = 1.0

[[parts]]
name = "liked"
reward = "head:rm/"          # paths are seen from this file
weight = 0.2
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One reward of a mixture, by its SPEC."""

    name: str
    reward: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight) or self.weight == 0:
            raise ValueError(f"the weight of {self.name!r} is {self.weight}: leave out a part that weighs nothing")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A mixture's file."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        names = [p.name for p in self.parts]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"the parts are called {names}: one or more, each with a name of its own")


class Weighted(NamedTuple):
    """A loaded part."""

    name: str
    reward: Reward
    weight: float


class Mixture:
    """The sum of weight × value over its parts; an answer that a part cannot judge is Unscored as a whole.

    contributions  the work in all parts
    """

    def __init__(self, parts: Sequence[Weighted], name: str) -> None:
        self._parts, self.name = parts, name
        self.contributions = work_in([p.reward for p in parts])
        self.digest = digest({"reward": "mix/1", "parts": [[p.name, p.reward.digest, p.weight] for p in parts]})

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """See `Reward.grades`; `parts` are the values before weighting."""
        rows = zip(*(p.reward.grades(tasks, answers) for p in self._parts), strict=True)
        return [self._sum(row) for row in rows]

    def _sum(self, row: Sequence[Finding]) -> Finding:
        total, values = 0.0, {}
        for part, found in zip(self._parts, row, strict=True):
            if isinstance(found, Unscored):
                return Unscored(found.reason, f"{part.name}: {found.detail}")
            total += part.weight * found.value
            values[part.name] = found.value
        found = rewarded(total, values)
        within = {p.name: f.parts for p, f in zip(self._parts, row, strict=True) if isinstance(f, Rewarded) and f.parts}
        return Rewarded(total, values, {"within": within}) if within and isinstance(found, Rewarded) else found


def load(kind: str, argument: str) -> Reward:
    """The mixture of a file. Raises BadInput naming the field at fault."""
    from tutelage.environments import rewards

    path = Path(argument)
    value = read_toml(path)
    try:
        recipe: Recipe = decode(Recipe, value)
    except TutelageError as error:
        raise error.at(file=path) from None
    parts = []
    for number, part in enumerate(recipe.parts):
        if part.reward.startswith("mix:"):
            raise BadInput(
                "A mixture is made of a mixture.",
                expected="rewards of other kinds",
                remedy="Write its parts here, with their weights multiplied.",
                where=Where(str(path), field=f"parts[{number}].reward"),
            )
        parts.append(Weighted(part.name, rewards.load(_from(path.parent, part.reward)), part.weight))
    return Mixture(parts, f"{kind}:{argument}")


def _from(folder: Path, spec: str) -> str:
    """The SPEC with its relative paths seen from the file that names them."""
    kind, colon, argument = spec.partition(":")
    inner = [part for part in argument.split(",") if part]
    seen = [f"{k}:{folder / rest}" if (k := p.partition(":")[0]) in ("reward", "head") and (rest := p.partition(":")[2])
            else str(folder / p) for p in inner]  # fmt: skip
    return f"{kind}{colon}{','.join(seen)}"
