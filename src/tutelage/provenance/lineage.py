"""From a checkpoint down to the judgments, judges, guidelines, recipe and code behind it; no orphan.

lineage.json           the graph: what rests on what, with digests, counts and seconds
lineage-work.jsonl.gz  every contribution in it, with its judge and the checkpoints that learned from it

Both lie in the checkpoint's directory and are no part of its digest: they hold times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tutelage.errors import BadInput, Failed, Where
from tutelage.provenance.checkpoint import (
    GRAPH,
    WORK,
    Sealed,
    about_checkpoint,
    checkpoint_digest,
    code_version,
    contributions,
)
from tutelage.provenance.contributions import JudgeType, Tally, Work, digest_of, tallies, tallies_json, used_work
from tutelage.records import AiJudge, Json, decode, jsonl
from tutelage.store import write_json

CHAIN: tuple[Literal["dataset", "verdicts", "judgments"], ...] = ("dataset", "verdicts", "judgments")


@dataclass(frozen=True, slots=True)
class Node:
    """One thing a checkpoint rests on. `facts` are counts and seconds for people to read."""

    id: str
    type: Literal["checkpoint", "base", "dataset", "verdicts", "judgments", "judges", "guideline", "recipe", "code"]
    label: str
    digest: str | None = None
    facts: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """`of` rests on `on` (ids of nodes)."""

    of: str
    on: str


@dataclass(frozen=True, slots=True)
class Graph:
    """What `lineage.json` holds. `work` is the digest of the list of contributions."""

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    work: str
    schema: Literal["lineage/1"] = "lineage/1"


@dataclass(frozen=True, slots=True)
class Lineage:
    """A checkpoint's graph and every contribution in it."""

    graph: Graph
    work: tuple[Work, ...]

    def tallies(self, checkpoint: str | None = None) -> dict[JudgeType, Tally]:
        """Counts for each sort of judge, of one checkpoint of the graph or of all; simulated ones are not people."""
        return tallies([w for w in self.work if checkpoint is None or checkpoint in w.checkpoints])

    def node(self, name: str) -> Node:
        """The node of this id. Raises KeyError."""
        return {n.id: n for n in self.graph.nodes}[name]

    def below(self, name: str) -> list[Node]:
        """What a node rests on, in the order stated."""
        return [self.node(e.on) for e in self.graph.edges if e.of == name]


def assemble(
    checkpoint: Path,
    *,
    work: Mapping[str, Work],
    chain: Sequence[Sealed],
    recipe: Sealed | None = None,
    ai_judges: Iterable[AiJudge] = (),
    parents: Sequence[Path] = (),
    seconds: float | None = None,
) -> Lineage:
    """The lineage of a trained checkpoint.

    work       every contribution of its data and its parents' data, by id (`trace`, `work_of`)
    chain      what lies between checkpoint and contributions: dataset, verdicts, judgments, in this order
    ai_judges  stated with model, revision and prompt hash
    parents    the checkpoints it was trained from, nearest first, each with its own contributions
    seconds    of training
    Raises Failed, naming the first, where a checkpoint learned from a contribution that is not in `work`.
    """
    tops = {path: _checkpoint_node(path, seconds if path == checkpoint else None) for path in (checkpoint, *parents)}
    root = tops[checkpoint]
    mine = used_work(work, {node.id: contributions(path) for path, node in tops.items()})
    graph = _Drawing([root], [])
    for parent in list(tops.values())[1:]:
        graph.under(root, parent)
    for path, node in tops.items():
        graph.under(node, *_base_nodes(path))
    last = root
    for kind, sealed in zip(CHAIN, chain, strict=False):
        last = graph.under(last, Node(f"{kind}:{sealed.label}", kind, sealed.label, sealed.digest, sealed.facts))
    graph.under(last, _judges_node(mine, ai_judges), *_guideline_nodes(mine))
    if recipe is not None:
        graph.under(root, Node(f"recipe:{recipe.label}", "recipe", recipe.label, recipe.digest, recipe.facts))
    code = code_version()
    graph.under(root, Node("code", "code", code.label, code.digest))
    return Lineage(Graph(root.id, tuple(graph.nodes), tuple(graph.edges), digest_of(mine)), mine)


@dataclass
class _Drawing:
    nodes: list[Node]
    edges: list[Edge]

    def under(self, upper: Node, *lower: Node) -> Node:
        """Let `upper` rest on each of `lower`; gives the last node drawn."""
        for node in lower:
            if node.id not in {n.id for n in self.nodes}:
                self.nodes.append(node)
            self.edges.append(Edge(upper.id, node.id))
        return lower[-1] if lower else upper


def write(lineage: Lineage, checkpoint: Path) -> None:
    """Write the lineage beside a checkpoint's weights."""
    jsonl.write(checkpoint / WORK, lineage.work)
    write_json(checkpoint / GRAPH, lineage.graph)


def read(checkpoint: Path) -> Lineage:
    """The lineage that lies beside a checkpoint's weights. Raises BadInput where there is none; see `check`."""
    if not (checkpoint / GRAPH).is_file():
        raise BadInput(
            f"This has no {GRAPH}.",
            expected="the directory of a checkpoint that `tutelage run` or `tutelage train` made",
            remedy="Point to the checkpoint's directory in the run; without its lineage nobody can say what is in it.",
            where=Where(str(checkpoint)),
        )
    graph: Graph = decode(Graph, jsonl.parse((checkpoint / GRAPH).read_bytes(), checkpoint / GRAPH))
    return Lineage(graph, tuple(jsonl.read(checkpoint / WORK, Work)))


def check(lineage: Lineage, checkpoint: Path) -> None:
    """Raise Failed, naming what is wrong, unless the lineage is whole and is this checkpoint's.

    The weights are those it was written for; every contribution they learned from is listed with its judge and
    nothing else is; the stated counts are those of the list; every edge has both ends and every node is reached.
    """
    graph, root = lineage.graph, lineage.graph.root
    _check_graph(graph)
    if lineage.node(root).digest != checkpoint_digest(checkpoint):
        raise _broken("The checkpoint's files are not those its lineage was written for.", checkpoint)
    if digest_of(lineage.work) != graph.work:
        raise _broken("The list of contributions was changed after the lineage was written.", checkpoint / WORK)
    listed = {w.id for w in lineage.work if root in w.checkpoints}
    learned = set(contributions(checkpoint))
    if orphans := sorted(learned - listed):
        raise _broken(f"{len(orphans)} contributions have no origin, the first {orphans[0]}.", checkpoint / WORK)
    if extra := sorted(listed - learned):
        raise _broken(f"{len(extra)} contributions were never learned from, the first {extra[0]}.", checkpoint / WORK)
    for node in (n for n in graph.nodes if n.type == "judges"):
        if node.facts.get("tallies") != tallies_json(lineage.work):
            raise _broken("The stated counts of judges are not those of the list.", checkpoint / GRAPH)


def _checkpoint_node(path: Path, seconds: float | None) -> Node:
    about, sealed = about_checkpoint(path), checkpoint_digest(path)
    method = str(about.get("method", path.name))
    facts: dict[str, Any] = {"method": method, "contributions": len(contributions(path))}
    if seconds is not None:
        facts["seconds"] = round(seconds, 1)
    return Node(f"checkpoint:{sealed[7:19]}", "checkpoint", method, sealed, facts)


def _base_nodes(path: Path) -> list[Node]:
    base: Any = about_checkpoint(path).get("base")
    if not isinstance(base, Mapping):
        return []
    label = str(base.get("name", "base"))
    return [Node(f"base:{label}", "base", label, base.get("digest"))]


def _judges_node(work: Sequence[Work], ai_judges: Iterable[AiJudge]) -> Node:
    seen = {w.judge_id for w in work}
    ai = [
        {"id": j.id, "model": j.model, "revision": j.revision, "prompt_hash": j.prompt_hash}
        for j in sorted(ai_judges, key=lambda j: j.id)
        if j.id in seen
    ]
    return Node("judges", "judges", "judges", None, {"tallies": tallies_json(work), "ai": ai})


def _guideline_nodes(work: Sequence[Work]) -> list[Node]:
    counts = Counter(w.guideline_version for w in work if w.type == "judgment")
    return [
        Node(f"guideline:{version or 'none stated'}", "guideline", version or "none stated", None, {"judgments": count})
        for version, count in sorted(counts.items(), key=lambda pair: pair[0] or "")
    ]


def _check_graph(graph: Graph) -> None:
    ids = [n.id for n in graph.nodes]
    if len(set(ids)) != len(ids):
        raise _broken("A node stands twice in the graph.", Path(GRAPH))
    reached, todo = set(), [graph.root]
    while todo:
        here = todo.pop()
        if here not in ids:
            raise _broken(f"The graph names {here!r} and does not say what it is.", Path(GRAPH))
        if here not in reached:
            reached.add(here)
            todo += [e.on for e in graph.edges if e.of == here]
    if lost := sorted(set(ids) - reached):
        raise _broken(f"Nothing rests on {lost[0]!r}.", Path(GRAPH))


def _broken(seen: str, place: Path) -> Failed:
    return Failed(
        seen,
        expected="a lineage that reaches from the weights to every judgment, and back",
        remedy="Do not rely on this checkpoint's origin; make it again from its recipe.",
        where=Where(str(place)),
    )
