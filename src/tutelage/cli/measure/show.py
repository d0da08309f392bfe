"""Figures as text: short, aligned, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tutelage.cli import console
from tutelage.records import Estimate, Rate, Undefined


def brief(figure: Any) -> str:
    """`0.864 [0.840, 0.887]`, or why there is no figure."""
    if isinstance(figure, Undefined):
        return f"undefined: {figure.why}"
    if isinstance(figure, (Estimate, Rate)):
        return f"{figure.value:.3f} [{figure.lo:.3f}, {figure.hi:.3f}]"
    return str(figure)


def table(rows: Sequence[Sequence[Any]], heads: Sequence[str] = ()) -> None:
    """Print rows in aligned columns; numbers to the right."""
    cells = [[brief(cell) if not isinstance(cell, str) else cell for cell in row] for row in rows]
    lines = ([list(heads)] if heads else []) + cells
    if not lines:
        return
    widths = [min(46, max(len(line[k]) for line in lines)) for k in range(len(lines[0]))]
    right = [all(isinstance(row[k], (int, float)) for row in rows) for k in range(len(widths))]
    for line in lines:
        text = "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        console.say(f"  {text}".rstrip())


def notes(texts: Sequence[str]) -> None:
    """Print what a reader must know, beside the result."""
    for text in texts:
        console.note(f"Note: {text}.")


def clipped(name: Any, most: int = 28) -> str:
    """A name that fits a table."""
    text = " ".join(str(name).split())
    return text if len(text) <= most else text[: most - 1] + "…"
