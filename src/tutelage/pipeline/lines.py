"""On which line of a TOML file a value stands, so that what is wrong with it can be pointed at."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_SAID = re.compile(r"line (\d+)")
Place = tuple[str | int, ...]


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The line (from 1) of `("criteria", 1, "bound")`; of the nearest table around it where it is not written down.

    None where nothing of it is written. Values over several lines are named by their first.
    """
    best: tuple[int, int | None] = (0, None)
    for number, found in _places(text):
        depth = _shared(found, tuple(place))
        if depth == len(found) and depth > best[0]:
            best = (depth, number)
    return best[1]


def line_said(message: str, text: str) -> int | None:
    """The line of a text that its parser's own words name."""
    found = _SAID.search(message)
    if found is None and "end of document" in message:
        return max(1, len(text.splitlines()))
    return int(found[1]) if found else None


def _places(text: str) -> list[tuple[int, Place]]:
    """(line, place) of every table and key; elements of an array of tables are counted."""
    counts: dict[Place, int] = {}
    table: Place = ()
    found: list[tuple[int, Place]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if head := _TABLE.match(line):
            name = _parts(head[2])
            if head[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                name = (*name, counts[name])
            table = name
            found.append((number, table))
        elif key := _KEY.match(line):
            found.append((number, (*table, *_parts(key[1]))))
    return found


def _parts(dotted: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _shared(one: Place, other: Place) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
