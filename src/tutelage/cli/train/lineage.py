"""The lineage beside what `tutelage train` makes: of its rows, of its base, of the reward it was trained towards."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from tutelage import provenance
from tutelage.models import checkpoint as ck
from tutelage.provenance.lineage import WORK, Edge, Graph, Node
from tutelage.records import jsonl
from tutelage.store import digest_path


def trace(out: Path, dataset: Path, base: str, *, rewards: Sequence[Path] = (), empty: bool = False) -> bool:
    """Write the lineage where the judgments behind every contribution are at hand; says whether they were.

    rewards  directories of the reward models that were trained towards
    empty    write it also where no human work is behind a checkpoint: tasks that a rule grades
    """
    from tutelage.training.constitution import sealed

    work = work_in(Path(base.removeprefix("local:"))) | work_of(dataset)
    for place in rewards:
        work |= work_in(place)
    used = {c.id for c in ck.contributions(out)}
    if used - work.keys() or not (used or empty):
        return False
    chain = [sealed(dataset)]
    drawn = provenance.assemble(out, work=work, chain=chain)
    own = bool(used & work_of(dataset).keys())
    provenance.write(dataclasses.replace(drawn, graph=_with_rewards(drawn, rewards, own=own)), out)
    return True


def _with_rewards(drawn: provenance.Lineage, rewards: Sequence[Path], *, own: bool) -> Graph:
    """The graph with the reward models in it, which rest on judgments as well.

    own  whether the data set holds any of the work; where it holds none, people's judgments are not under it
    """
    graph = drawn.graph
    models = {n.id: n for n in map(_reward_node, rewards)}
    known, people = {n.id for n in graph.nodes}, [n.id for n in graph.nodes if n.type in ("judges", "guideline")]
    above = [*models, *(n.id for n in graph.nodes if n.type == "checkpoint" and n.id not in (graph.root, *models))]
    moved = bool(above) and bool(drawn.work) and not own
    edges = [e for e in graph.edges if not (moved and e.on in people)] + [Edge(graph.root, n) for n in models]
    edges += [Edge(n, below) for n in (above if moved else models) for below in people]
    new = [n for n in models.values() if n.id not in known]
    return dataclasses.replace(graph, nodes=(*graph.nodes, *new), edges=tuple(dict.fromkeys(edges)))


def _reward_node(place: Path) -> Node:
    if ck.is_checkpoint(place):
        made = ck.read(place)
        return Node(f"checkpoint:{made.digest}", "checkpoint", made.method, made.digest)
    seen = digest_path(place / "head.json")
    return Node(f"checkpoint:{seen}", "checkpoint", "head", seen)


def work_of(dataset: Path) -> dict[str, provenance.Work]:
    """The work of a directory with its judgments; nothing where they are not there."""
    return provenance.work_of(dataset) if (dataset / "judgments.jsonl").is_file() else {}


def work_in(model: Path) -> dict[str, provenance.Work]:
    """The work that a model's directory lists."""
    place = model / WORK
    listed: list[provenance.Work] = list(jsonl.read(place, provenance.Work)) if place.is_file() else []
    return {w.id: w for w in listed}


def keep_work(model: Path, dataset: Path, used: Iterable[str]) -> None:
    """Write the work behind a reward model that is no checkpoint, so that what is trained towards it can name it."""
    known = work_of(dataset)
    kept = [dataclasses.replace(known[i], stages=("head",)) for i in sorted(set(used) & known.keys())]
    if kept:
        jsonl.write(model / WORK, kept)
