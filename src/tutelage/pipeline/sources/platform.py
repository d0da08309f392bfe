"""People of a project on the platform: it brings their judgments into the run's directory when enough are there.

A run asks for rankings. A project of comparisons can take those of two answers: they are put as comparisons there, and
what people say comes back as rankings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid5

from tutelage.errors import BadInput
from tutelage.kinds.ranking import RankingKind
from tutelage.pipeline.sources import Complete, Request, Waiting
from tutelage.records import Ids, Item, Json, Judge, Judgment, Response, jsonl, standing
from tutelage.store import digest

PAIR: dict[str, list[int]] = {"first": [1, 2], "second": [2, 1]}
KINDS = ("ranking", "comparison")
SPACE = UUID("5d0e2c0a-7b0f-5c52-9d0a-3f7a1b1e6f11")


class AskedPlatform:
    """`answers` is the directory to which judgments came back; None before. When they are enough, the platform says."""

    def __init__(self, answers: Path | None) -> None:
        self._answers = answers

    def poll(self, request: Request, ids: Ids, seed: int) -> Complete | Waiting:  # noqa: ARG002  the protocol's
        """Complete with what came back: all that was asked for, or as much as the owner went on with."""
        if self._answers is None:
            return Waiting(0, request.per_item * len(request.items))
        known = {item.id for item in request.items}
        given: list[Judgment] = list(jsonl.read(self._answers / "judgments.jsonl", Judgment))
        given = [j for j in standing(given) if j.item_id in known]
        if not given:
            raise BadInput("Nobody has judged an item of this run.", expected="one judgment or more",
                           remedy="Wait for people.")  # fmt: skip
        said = {j.judge_id for j in given}
        judges: list[Judge] = list(jsonl.read(self._answers / "judges.jsonl", Judge))
        return Complete(tuple(given), tuple(j for j in judges if j.id in said))


@dataclass(frozen=True, slots=True)
class Asked:
    """An item of a run as the project asks it; `of` is its id in the run."""

    of: str
    item: Item
    responses: tuple[Response, ...]


def asked_as(items: Sequence[Item], responses: Mapping[str, Response], kind: str) -> list[Asked]:
    """The run's items as a project of that kind asks them. Raises BadInput where it cannot.

    Their names are what they say: runs that ask the same share its judgments, others never meet (a run's own ids come
    from its seed alone).
    """
    fits = kind == RankingKind.name or (kind == "comparison" and all(len(item.responses) == 2 for item in items))
    if not fits:
        raise BadInput(
            f"A project of kind {kind!r} cannot ask for what this run needs.",
            expected="a ranking project, or a comparison project and `sample.n = 2`",
            remedy="Launch it from such a project, or take two answers a prompt.",
        )
    seen: Counter[str] = Counter()
    made = []
    for item in items:
        said = [responses[name] for name in item.responses]
        content = digest([[m.text for m in item.messages], [[m.text for m in r.messages] for r in said]])
        seen[content] += 1
        name = str(uuid5(SPACE, f"{content} {seen[content]}"))
        mine = tuple(replace(r, id=str(uuid5(SPACE, f"{name} {n}"))) for n, r in enumerate(said))
        asked = replace(item, id=name, kind=kind, responses=tuple(r.id for r in mine))
        made.append(Asked(item.id, asked, mine))
    return made


def as_ranking(answer: Json) -> Json:
    """What somebody said of a pair, as an answer to the run's ranking item; a ranking stays what it is."""
    make = _MADE.get(str(answer.get("type")))
    return answer if make is None else make(answer)


def _harmful(answer: Json) -> Json:
    places = {"first": 0, "second": 1}
    return {"type": "harmful", "which": [places.get(side, side) for side in answer["which"]]}


_MADE: dict[str, Callable[[Json], Json]] = {
    "prefer": lambda answer: {"type": "ranking", "ranks": PAIR[answer["winner"]]},
    "tie": lambda _: {"type": "ranking", "ranks": [1, 1]},
    "both_bad": lambda _: {"type": "ranking", "ranks": [1, 1]},  # a run learns from orders alone
    "harmful": _harmful,
}
