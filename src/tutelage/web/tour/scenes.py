"""What each step of the walk does, in the background: figures in, one JSON result out."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from tutelage.pipeline import sceptic
from tutelage.pipeline.sceptic_models import CONTRIBUTIONS, contend
from tutelage.provenance.release import seal
from tutelage.provenance.release.source import Source
from tutelage.records import encode
from tutelage.web.proof.log import HallProject
from tutelage.web.tour import votes
from tutelage.web.tour.models import Tour
from tutelage.web.work import queries as work

SEED, DRAWS = 1, 200
Tell = Callable[[int, int], None]
FLIPPED, DELETED = "data/judgments.jsonl.gz", "data/judgments.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Step:
    """One step's work: it tells how far it is, and gives what the page shows."""

    work: Callable[[Tour, Tell, datetime], Mapping[str, Any]]
    after: str | None = None  # the step whose result it needs


def place(tour: Tour) -> Path:
    """Where a walk's files lie."""
    return Path(settings.HALL) / "tour" / str(tour.pk)


def claim(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """The AI judge has graded everything; a tenth of people's votes certifies it."""
    found = votes.votes()
    made = sceptic.claim(found, seed=SEED)
    return {"judge": found.judge, "batch": len(found), "slice": int(made.drawn.sum()), "seed": SEED,
            "claim": made.certificate.claim, "estimate": encode(made.estimate)}  # fmt: skip


def reveal(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """All votes open: truth beside claim, and beside the claims of 200 other draws."""
    found, others = votes.votes(), []
    for n, one in enumerate(sceptic.again(found, range(SEED + 1, SEED + 1 + DRAWS)), 1):
        others.append(one)
        if n % 10 == 0:
            tell(n, DRAWS)
    opened = sceptic.reveal(found, sceptic.claim(found, seed=SEED), others)
    return {
        "truth": opened.truth, "lo": opened.claim.lo, "hi": opened.claim.hi, "inside": opened.inside,
        "held": encode(opened.held), "again": [[a.lo, a.hi, a.held] for a in opened.again],
    }  # fmt: skip


def release(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """Everything sealed into one directory: people's votes, the judge's verdicts, and one's own judgments."""
    out = place(tour) / "release"
    shutil.rmtree(out, ignore_errors=True)
    whole = votes.merged(votes.corpus(), work.corpus_of(tour.project))
    made = seal(Source("sceptic", whole, ()), HallProject(tour.project), out, now=now,
                licence="CC-BY-4.0" if tour.votes == "llmfao" else "CC0-1.0")  # fmt: skip
    return {"judgments": made.judgments, "items": made.items, "levels": dict(made.levels), "digest": made.digest,
            "by": dict(made.judgments_by), "out": str(out), "checked": _verify(out)}  # fmt: skip


def models(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """A reward model from the release's votes and one from the same votes shuffled, before one gate."""
    rows = votes.rows(votes.merged(votes.corpus(), work.corpus_of(tour.project)))
    found: dict[str, Any] = {"rows": len(rows)}
    for n, (name, shuffle) in enumerate((("votes", False), ("shuffled", True))):
        tell(n, 2)
        out = place(tour) / name
        shutil.rmtree(out, ignore_errors=True)
        one = contend(rows, out, seed=SEED, now=now, shuffle=shuffle, cache=Path(settings.HALL) / "tour" / "embeddings")
        found[name] = {
            "outcome": one.decision.outcome, "model": one.decision.model, "out": str(out),
            "accuracy": encode(one.accuracy), "bits": encode(one.bits), "text": one.decision.text(),
        }  # fmt: skip
    return found


def flip(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """One byte in the middle of the judgments is changed; the verifier names the file."""

    def change(path: Path) -> str:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        return f"byte {len(data) // 2:,} of {path.name}"

    return _tampered(tour, FLIPPED, change)


def delete(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """The first judgment of one's own disappears, neatly: the file is packed again without it."""
    mine = {str(j.judgment.pk) for j in work.mine(work.seat_for(tour.user, tour.project_id))}

    def change(path: Path) -> str:
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        at = next((n for n, line in enumerate(lines) if json.loads(line)["id"] in mine), len(lines) // 2)
        gone = json.loads(lines.pop(at))["id"]
        path.write_bytes(gzip.compress(b"".join(lines), mtime=0))
        return f"judgment {gone}, row {at + 1:,}"

    return _tampered(tour, DELETED, change)


def mine(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """The checkpoint opened: which of one's own judgments are in it, with receipt, leaf and pay."""
    trained = place(tour) / "votes"
    used = {json.loads(line)["id"] for line in (trained / CONTRIBUTIONS).read_text(encoding="utf-8").splitlines()}
    rows = []
    project = HallProject(tour.project)
    with project.log() as log:
        for one in work.mine(work.seat_for(tour.user, tour.project_id)):
            if one.withdrawn or one.judgment.answer.get("type") == "withdrawn":
                continue
            index = log.index_of(str(one.judgment.pk))
            rows.append({"item": one.judgment.item.name, "answer": one.answer, "receipt": one.receipt, "leaf": index,
                         "minor": one.judgment.pay_minor, "in": str(one.judgment.pk) in used})  # fmt: skip
        size, root = len(log), log.tree.root().hex()
    return {"checkpoint": str(trained), "rows": rows, "size": size, "root": root,
            "minor": sum(r["minor"] for r in rows), "currency": tour.project.currency}  # fmt: skip


STEPS: dict[str, Step] = {
    "claim": Step(claim),
    "reveal": Step(reveal, after="claim"),
    "release": Step(release),
    "models": Step(models, after="release"),
    "flip": Step(flip, after="release"),
    "delete": Step(delete, after="release"),
    "mine": Step(mine, after="models"),
}


def _tampered(tour: Tour, file: str, change: Callable[[Path], str]) -> Mapping[str, Any]:
    with TemporaryDirectory() as scratch:
        copy = Path(scratch) / "release"
        shutil.copytree(place(tour) / "release", copy)
        what = change(copy / file)
        return {"what": what, "file": file, "checked": _verify(copy, place(tour) / "release" / "keys" / "operator.pub")}


def _verify(release: Path, key: Path | None = None) -> dict[str, Any]:
    """What `verify.py` says: the untouched release's own copy, in a Python that does not see our package."""
    trust = key or release / "keys" / "operator.pub"
    checker = (key.parents[1] if key else release) / "verify.py"
    argv = [sys.executable, "-I", "-S", str(checker), str(release), "--trust", str(trust)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    return {"ok": done.returncode == 0, "said": (done.stdout + done.stderr)[-4000:],
            "command": f"python verify.py {release.name} --trust operator.pub"}  # fmt: skip
