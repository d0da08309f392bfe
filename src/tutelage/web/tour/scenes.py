"""What each step of the walk does, in the background: figures in, one JSON result out."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from tutelage.errors import BadInput
from tutelage.pipeline.sceptic_models import CONTRIBUTIONS, FOLDS, contend
from tutelage.provenance import certificate
from tutelage.provenance.release import seal
from tutelage.provenance.release.source import Source
from tutelage.records import encode
from tutelage.web.proof.log import HallProject
from tutelage.web.tour import breaking, claiming, queries, votes
from tutelage.web.tour.models import Tour
from tutelage.web.tour.rules import place
from tutelage.web.work import queries as work

SEED = 1
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step's work: it tells how far it is, and gives what the page shows."""

    work: Callable[[Tour, Tell, datetime], Mapping[str, Any]]
    after: str | None = None  # the step whose result it needs


def release(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """Everything sealed into one directory: people's votes, the judge's verdicts, one's own judgments, certificate."""
    out, real = place(tour) / "release", tour.votes != votes.SIMULATED
    times = tour.scenes.get(name="claim").result["times"]
    whole = votes.merged(votes.anew(times), work.corpus_of(tour.project))
    source, project = Source("sceptic", whole, ()), HallProject(tour.project)
    shutil.rmtree(out, ignore_errors=True)
    refused = ""
    try:
        made = seal(source, project, out, now=now, licence="CC-BY-4.0" if real else "CC0-1.0",
                    certificate=claiming.folder(tour))  # fmt: skip
    except BadInput as why:
        if real:
            raise
        refused = why.seen  # no release certifies an AI judge by the votes of nobody
        made = seal(source, project, out, now=now, licence="CC0-1.0")
    tell(1, 3)
    checked = breaking.verify(out)
    tell(2, 3)
    sheet = certificate.read(claiming.folder(tour) if refused else out)
    return {"judgments": made.judgments, "items": made.items, "levels": dict(made.levels), "digest": made.digest,
            "by": dict(made.judgments_by), "out": str(out), "checked": checked, "refused": refused,
            "again": certificate.differences(*sheet), "claim": sheet[0].claims["agreement"]["claim"],
            "files": sum(p.is_file() for p in out.rglob("*")), "second": breaking.second_route(out)}  # fmt: skip


def models(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """A reward model from the release's rows and one from the same rows with votes shuffled, before one gate."""
    rows = votes.rows(votes.of_release(place(tour) / "release"))
    seed, each = int(tour.scenes.get(name="models").asked["seed"]), FOLDS + 1
    found: dict[str, Any] = {"rows": len(rows), "seed": seed}
    for n, (name, shuffle) in enumerate((("votes", False), ("shuffled", True))):
        out, before = place(tour) / name, n * each
        tell(before, 2 * each)
        shutil.rmtree(out, ignore_errors=True)
        one = contend(rows, out, seed=seed, now=now, shuffle=shuffle, cache=Path(settings.HALL) / "tour" / "embeddings",
                      tell=_from(before, 2 * each, tell))  # fmt: skip
        found[name] = {
            "outcome": one.decision.outcome, "model": one.decision.model, "out": str(out),
            "accuracy": encode(one.accuracy), "bits": encode(one.bits), "text": one.decision.text(),
        }  # fmt: skip
    return found


def mine(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """The checkpoint opened: one's own judgments in the model, each followed by the verifier from its words to the log.

    The level is what the verifier shows of the sealed release, never what our tables say.
    """
    sealed, trained = place(tour) / "release", place(tour) / "votes"
    used = {json.loads(line)["id"] for line in (trained / CONTRIBUTIONS).read_text(encoding="utf-8").splitlines()}
    rows, own = [], queries.own(tour)
    for n, one in enumerate(own):
        tell(n, len(own))
        said = breaking.verify(sealed, explain=one.id)["said"]
        told = said[said.rfind(f"{breaking.JUDGMENTS} row") :].removesuffix("VERIFIED\n").strip()
        level, leaf = re.search(r"shown (H\d): (.*)", told), re.search(r"leaf (\d+) =", told)
        rows.append({"number": one.number, "id": one.id, "prompt": one.prompt, "answer": one.answer,
                     "receipt": one.receipt, "minor": one.minor, "in": one.id in used, "told": told,
                     "level": level[1] if level else "", "leaf": int(leaf[1]) if leaf else None})  # fmt: skip
    note = (sealed / "proof" / "checkpoint").read_text(encoding="utf-8")
    size, model = int(note.splitlines()[1]), tour.scenes.get(name="models").result["votes"]["model"]
    return {"checkpoint": str(trained), "model": model, "rows": rows, "size": size, "note": note,
            "used": sum(r["in"] for r in rows), "signed": sum(r["level"] == "H2" for r in rows),
            "all": len(used), "minor": sum(r["minor"] for r in rows), "currency": tour.project.currency}  # fmt: skip


def _from(before: int, of: int, tell: Tell) -> Callable[[int], None]:
    """A part's progress as progress of the whole."""
    return lambda done: tell(before + done, of)


STEPS: dict[str, Step] = {
    "claim": Step(claiming.claim),
    "reveal": Step(claiming.reveal, after="claim"),
    "release": Step(release, after="claim"),
    "models": Step(models, after="release"),
    "flip": Step(breaking.flip, after="release"),
    "delete": Step(breaking.delete, after="release"),
    "mine": Step(mine, after="models"),
}


def behind(name: str) -> list[str]:
    """The steps that rest on one, however far behind: when it is done anew, they have to be."""
    found = [other for other, step in STEPS.items() if step.after == name]
    return found + [deeper for other in found for deeper in behind(other)]
