"""Two runs side by side: what differs in their figures and in what they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.pipeline.stages.shared import read_json
from tutelage.records import Figure, decode

FIGURE_TYPES = ("estimate", "rate", "undefined")


@dataclass(frozen=True)
class Compared:
    """One figure in both runs; `apart` where their intervals do not touch: more than chance, without pairing."""

    name: str
    first: Figure | None
    second: Figure | None
    apart: bool


@dataclass(frozen=True)
class Comparison:
    """Figures by name, and the stages whose results are not the same bytes."""

    figures: tuple[Compared, ...]
    same_stages: tuple[str, ...]
    other_stages: tuple[str, ...]


def compare(first: Path, second: Path) -> Comparison:
    """Read two runs' `metrics.json`. Raises BadInput where one is not a finished run."""
    one, two = metrics_of(first), metrics_of(second)
    left, right = dict(figures(one)), dict(figures(two))
    names = dict.fromkeys((*left, *right))
    rows = tuple(Compared(n, left.get(n), right.get(n), _apart(left.get(n), right.get(n))) for n in names)
    made, other = one["artefacts"], two["artefacts"]
    stages = dict.fromkeys((*made, *other))
    same = tuple(s for s in stages if made.get(s) == other.get(s))
    return Comparison(rows, same, tuple(s for s in stages if s not in same))


def metrics_of(run: Path) -> dict[str, Any]:
    """What a finished run measured."""
    path = run / "metrics.json"
    if not path.is_file():
        raise BadInput(
            "This is not a finished run.",
            expected="a directory with metrics.json",
            remedy="Finish it: `tutelage run RECIPE --out DIR`.",
            where=Where(str(run)),
        )
    found: dict[str, Any] = read_json(path)
    return found


def figures(value: Any, name: str = "") -> Iterator[tuple[str, Figure]]:
    """Every figure in a tree of JSON, by its dotted path."""
    if isinstance(value, Mapping):
        if value.get("type") in FIGURE_TYPES:
            yield name, decode(Figure, value)
            return
        for key, inner in value.items():
            if key != "gate":
                yield from figures(inner, f"{name}.{key}" if name else str(key))


def _apart(one: Figure | None, two: Figure | None) -> bool:
    ends = [(f.lo, f.hi) for f in (one, two) if f is not None and f.type != "undefined"]
    return len(ends) == 2 and (ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0])
