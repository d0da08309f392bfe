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
from tutelage.models import checkpoint as models
from tutelage.provenance.code import Sealed, code_version
from tutelage.provenance.contributions import JudgeType, Tally, Work, digest_of, tallies, tallies_json, used_work
from tutelage.records import AiJudge, Json, decode, jsonl
from tutelage.store import write_json

GRAPH, WORK = "lineage.json", "lineage-work.jsonl.gz"
RUN = "run.json"  # beside them: how the run went
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

    def tallies(self, stage: str | None = None) -> dict[JudgeType, Tally]:
        """Counts for each sort of judge, of one stage of training or of all; simulated ones are not people."""
        return tallies([w for w in self.work if stage is None or stage in w.stages])

    def node(self, name: str) -> Node:
        """The node of this id. Raises KeyError."""
        return {n.id: n for n in self.graph.nodes}[name]

    def below(self, name: str) -> list[Node]:
        """What a node rests on, in the order stated."""
        return [self.node(e.on) for e in self.graph.edges if e.of == name]


def assemble(
    directory: Path,
    *,
    work: Mapping[str, Work],
    chain: Sequence[Sealed],
    recipe: Sealed | None = None,
    ai_judges: Iterable[AiJudge] = (),
    seconds: float | None = None,
) -> Lineage:
    """The lineage of the checkpoint in a directory.

    work       every contribution of its data and of its parents' data, by id (`trace`, `work_of`)
    chain      what lies between checkpoint and contributions: dataset, verdicts, judgments, in this order
    ai_judges  stated with model, revision and prompt hash
    seconds    of training, this stage's
    Raises Failed, naming the first, where the checkpoint learned from a contribution that is not in `work`.
    """
    trained = models.read(directory)
    used = models.contributions(directory)
    mine = used_work(work, used)
    root = _checkpoint_node(trained, len({u.id for u in used}), seconds, _alarm(directory))
    graph = _Drawing([root], [])
    graph.under(root, Node(f"base:{trained.base}", "base", trained.base, trained.base_digest))
    graph.under(root, *(Node(f"checkpoint:{p.digest}", "checkpoint", p.method, p.digest) for p in trained.parents))
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


def write(lineage: Lineage, directory: Path) -> None:
    """Write the lineage beside a checkpoint's weights."""
    jsonl.write(directory / WORK, lineage.work)
    write_json(directory / GRAPH, lineage.graph)


def read(directory: Path) -> Lineage:
    """The lineage that lies beside a checkpoint's weights. Raises BadInput where there is none; see `check`."""
    if not (directory / GRAPH).is_file():
        raise BadInput(
            f"This has no {GRAPH}.",
            expected="the directory of a checkpoint that `tutelage run` or `tutelage train` made",
            remedy="Point to the checkpoint's directory in the run; without its lineage nobody can say what is in it.",
            where=Where(str(directory)),
        )
    graph: Graph = decode(Graph, jsonl.parse((directory / GRAPH).read_bytes(), directory / GRAPH))
    return Lineage(graph, tuple(jsonl.read(directory / WORK, Work)))


def check(lineage: Lineage, directory: Path) -> None:
    """Raise Failed, naming what is wrong, unless the lineage is whole and is this checkpoint's.

    The weights are those it was written for (StoreDamaged names a changed file); every contribution they learned
    from is listed with its judge and nothing else is; the stated counts are those of the list; every edge has both
    ends and every node is reached.
    """
    graph = lineage.graph
    _check_graph(graph)
    trained = models.read(directory)
    models.verify(directory, trained)
    if lineage.node(graph.root).digest != trained.digest:
        raise _broken("The checkpoint is not the one its lineage was written for.", directory)
    if digest_of(lineage.work) != graph.work:
        raise _broken("The list of contributions was changed after the lineage was written.", directory / WORK)
    listed = {(stage, w.id) for w in lineage.work for stage in w.stages}
    learned = {(c.stage, c.id) for c in models.contributions(directory)}
    if orphans := sorted(learned - listed):
        raise _broken(f"{len(orphans)} contributions have no origin, the first {orphans[0][1]}.", directory / WORK)
    if extra := sorted(listed - learned):
        raise _broken(f"{len(extra)} contributions were never learned from, as {extra[0][1]}.", directory / WORK)
    for node in (n for n in graph.nodes if n.type == "judges"):
        if node.facts.get("tallies") != tallies_json(lineage.work):
            raise _broken("The stated counts of judges are not those of the list.", directory / GRAPH)


def _alarm(directory: Path) -> str | None:
    """What the over-optimisation alarm of the run said, in words; None where gold was not watched."""
    place = directory / RUN
    said = jsonl.parse(place.read_bytes(), place).get("alarm") if place.is_file() else None
    return said["words"] if said else None


def _checkpoint_node(trained: models.Checkpoint, used: int, seconds: float | None, alarm: str | None) -> Node:
    facts: dict[str, Any] = {"contributions": used}
    if alarm is not None:
        facts["over-optimisation"] = alarm
    if seconds is not None:
        facts["seconds"] = round(seconds, 1)
    return Node(f"checkpoint:{trained.digest}", "checkpoint", trained.method, trained.digest, facts)


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
