"""Ask for judgments: the sampled answers become items, a source judges them, and the whole becomes one corpus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutelage.errors import WaitingForPeople
from tutelage.formats import Corpus
from tutelage.pipeline import sources
from tutelage.pipeline.engine import REQUEST
from tutelage.pipeline.recipe import Judgments
from tutelage.pipeline.sources import Request, Waiting
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.prompts import group_of
from tutelage.pipeline.stages.shared import (
    Answer,
    by_prompt,
    finding,
    ids,
    read_answers,
    read_tasks,
    write_json,
)
from tutelage.records import Item, Response, Sampling, Source, assistant, decode, encode
from tutelage.store import digest


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes a corpus of ranking items. Raises WaitingForPeople, leaving the request where people find it.

    config: judgments (the recipe's part), sampling (of the answers)
    """
    wanted = Judgments.model_validate(config["judgments"])
    request = _request(inputs["sample"], wanted, decode(Sampling, config["sampling"]), ctx.seed)
    found = sources.load(wanted, inputs.get("answers")).poll(request, ids(ctx.seed, "judgments"), ctx.seed)
    if isinstance(found, Waiting):
        shown = {"items": encode(request.items), "responses": encode(request.responses), "per_item": request.per_item}
        write_json(ctx.scratch / REQUEST, {**shown, "guideline": wanted.guideline})
        raise WaitingForPeople(
            f"{found.done} of {found.needed} judgments are there.",
            expected=f"{request.per_item} judgments on each of {len(request.items)} items",
            remedy=sources.remedy(wanted),
        )
    ctx.log("judgments.gathered", items=len(request.items), judgments=len(found.judgments), judges=len(found.judges))
    Corpus(tuple(request.items), tuple(request.responses), found.judgments, found.judges).write(out)


def _request(sample: Path, wanted: Judgments, sampling: Sampling, seed: int) -> Request:
    tasks, answers = read_tasks(sample / "tasks.jsonl"), by_prompt(read_answers(sample / "answers.jsonl"))
    new = ids(seed, "items").new
    items, responses, grades = [], [], []
    for task, row in zip(tasks, answers, strict=True):
        given = [_response(new(), a, sampling) for a in row]
        responses += given
        grades.append([finding(task, a) for a in row])
        source = Source("tutelage run")
        items.append(
            Item(new(), "ranking", task.prompt, responses=tuple(r.id for r in given), group=group_of(task),
                 language="en", source=source)
        )  # fmt: skip
    version = "guideline/" + digest(wanted.guideline).removeprefix("sha256:")[:12]
    return Request(items, responses, grades, wanted.per_item, version)


def _response(name: str, answer: Answer, sampling: Sampling) -> Response:
    return Response(name, assistant(answer.text), author=sampling.model, sampling=sampling, language="en")


STAGE = Stage("gather", 1, run)
