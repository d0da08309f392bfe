"""People's answers that come back as files: the run waits until every item has its judgments."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tutelage.errors import BadInput, Where
from tutelage.pipeline.sources import Complete, Request, Waiting
from tutelage.records import Ids, Judge, Judgment, jsonl, standing


class AnswersInFile:
    """A directory with `judgments.jsonl` and `judges.jsonl`, about the items of the request."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def poll(self, request: Request, ids: Ids, seed: int) -> Complete | Waiting:  # noqa: ARG002  the protocol's
        """Complete when each item has `per_item` standing judgments. Raises BadInput for items nobody asked about."""
        needed = request.per_item * len(request.items)
        path = self._directory / "judgments.jsonl"
        if not path.is_file():
            return Waiting(0, needed)
        judgments: list[Judgment] = list(jsonl.read(path, Judgment))
        known = {item.id for item in request.items}
        if strange := next((j for j in judgments if j.item_id not in known), None):
            raise BadInput(
                f"The judgment {strange.id} is about item {strange.item_id!r}, which this run did not ask about.",
                expected="judgments about the items of the request",
                remedy="Answer the items in waiting/gather.json of this run.",
                where=Where(str(path), field="item_id"),
            )
        counts = Counter(j.item_id for j in standing(judgments))
        done = sum(min(counts[name], request.per_item) for name in known)
        if done < needed:
            return Waiting(done, needed)
        return Complete(tuple(judgments), tuple(jsonl.read(self._directory / "judges.jsonl", Judge)))
