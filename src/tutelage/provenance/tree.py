"""A lineage as a tree for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tutelage.provenance.contributions import JudgeType, Tally
from tutelage.provenance.lineage import Lineage, Node

SORTS: dict[JudgeType, tuple[str, str]] = {
    "person": ("people", ""),
    "ai": ("AI judges", ""),
    "simulated": ("simulated", ", never counted as people"),
    "anonymous": ("anonymous", ", never counted as independent people"),
}


def to_text(lineage: Lineage) -> str:
    """The tree from the checkpoint down; people, AI judges, simulated and anonymous ones each on a line of their own.

    A node that several rest on is drawn where it is met first.
    """
    return "\n".join(_lines(lineage, lineage.node(lineage.graph.root), set()))


def _lines(lineage: Lineage, node: Node, drawn: set[str]) -> list[str]:
    drawn.add(node.id)
    leaves = [[line] for line in _judge_lines(lineage)] if node.type == "judges" else []
    below = [n for n in lineage.below(node.id) if n.id not in drawn]
    drawn.update(n.id for n in below)
    lines = [_said(node)]
    branches = leaves + [_lines(lineage, n, drawn) for n in below]
    for number, inner in enumerate(branches, 1):
        branch, onward = ("└─ ", "   ") if number == len(branches) else ("├─ ", "│  ")
        lines += [branch + inner[0], *(onward + line for line in inner[1:])]
    return lines


def _said(node: Node) -> str:
    name = node.type if node.label == node.type else f"{node.type} {node.label}"
    about = [f"{key} {value}" for key, value in node.facts.items() if _plain(value) and value != node.label]
    short = [node.digest[7:19]] if node.digest else []
    return "  ".join([name, *short, *([f"({', '.join(about)})"] if about else [])])


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _judge_lines(lineage: Lineage) -> list[str]:
    ai = lineage.node("judges").facts.get("ai", [])
    lines = [_sort_line(SORTS[sort], tally) for sort, tally in lineage.tallies().items() if tally.contributions]
    return lines + [_ai_line(one) for one in ai]


def _sort_line(sort: tuple[str, str], tally: Tally) -> str:
    name, remark = sort
    timed = tally.contributions - tally.unmeasured
    attention = f"{_hours(tally.active_s)} of attention" if timed else "time not recorded"
    partly = f" (not recorded for {tally.unmeasured})" if timed and tally.unmeasured else ""
    return f"{name}: {tally.judges}, {tally.contributions} contributions, {attention}{partly}{remark}"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def _ai_line(judge: Mapping[str, Any]) -> str:
    parts = [f"{key} {judge[key]}" for key in ("model", "revision", "prompt_hash") if judge.get(key)]
    return f"AI judge {judge['id']}: {', '.join(parts)}"
