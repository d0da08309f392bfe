"""The walk's certificate: a draw committed in the log, votes that come in behind it, a claim from the drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from tutelage.measure.sample import Draw, plan_uniform
from tutelage.pipeline import sceptic
from tutelage.provenance import certificate
from tutelage.provenance.certificate import Asked, Drawn
from tutelage.records import Json, encode
from tutelage.web.proof.actions import audit, publish, sequence
from tutelage.web.proof.models import Leaf
from tutelage.web.tour import queries, votes
from tutelage.web.tour.models import Tour
from tutelage.web.tour.rules import place

DRAWS = 200
Tell = Callable[[int, int], None]


def held(tour: Tour, times: int) -> sceptic.Votes:
    """What the claim is about: the first vote on every pair but those that the sceptic was given, and the verdicts."""
    return votes.first(votes.anew(times), queries.offered(tour))


def share(found: sceptic.Votes) -> float:
    """So many pairs are drawn that one vote of each makes a tenth of all votes."""
    return min(1.0, round(sceptic.SHARE * votes.facts().votes) / len(found))


def claim(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """The AI judge has graded everything. Draw, commit to the draw in the log, certify from the drawn votes alone."""
    asked, times = tour.scenes.get(name="claim").asked, tour.draws + 1
    seed, enough = int(asked["seed"]), float(asked["enough"])
    found = held(tour, times)
    planned = plan_uniform(found.ids, round(share(found) * len(found)), seed=seed)
    leaf = _commit(tour, planned, now)
    tour.draws = times
    tour.save(update_fields=["draws"])
    sheet, rows = certificate.made(found.judge, _rows(found, planned), seed, planned.design,
                                   Asked("agreement", seed=seed))  # fmt: skip
    certificate.write(sheet, rows, folder(tour))
    said = sheet.claims["agreement"]
    one = said["figures"]["agreement"]
    return {"judge": found.judge, "pairs": len(found), "slice": sheet.draw.size, "seed": seed, "enough": enough,
            "times": times, "claim": said["claim"], "estimate": one, "is_enough": one["lo"] >= enough,
            "too_little": one["hi"] < enough, "commitment": sheet.draw.commitment, "leaf": leaf}  # fmt: skip


def reveal(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """All votes open: truth beside claim, and beside the claims of 200 other draws."""
    made = tour.scenes.get(name="claim").result
    found, others = held(tour, made["times"]), []
    seeds = range(made["seed"] + 1, made["seed"] + 1 + DRAWS)
    for n, one in enumerate(sceptic.again(found, seeds, share=share(found)), 1):
        others.append(one)
        if n % 10 == 0:
            tell(n, DRAWS)
    opened = sceptic.reveal(found, sceptic.claim(found, seed=made["seed"], share=share(found)), others)
    return {
        "truth": opened.truth, "lo": opened.claim.lo, "hi": opened.claim.hi, "value": opened.claim.value,
        "inside": opened.inside, "held": encode(opened.held), "opened": len(found) - made["slice"],
        "every": votes.agreement(votes.corpus()), "agreeing": votes.facts().agreeing, "votes": votes.facts().votes,
        "again": [[a.lo, a.hi, a.held] for a in opened.again], "seeds": [seeds[0], seeds[-1]],
    }  # fmt: skip


def folder(tour: Tour) -> Path:
    """Where the certificate lies."""
    return place(tour) / certificate.FOLDER


def _commit(tour: Tour, planned: Draw, now: datetime) -> int | None:
    """Write into the log which draw is meant, before the votes it will be held against; gives its place there."""
    with transaction.atomic():
        drawn = Drawn.of(planned)
        leaf = publish(drawn.payload())
        audit(tour.user, "drew", "slice", leaf.pk, at=now, project=tour.project, commitment=drawn.commitment)
    sequence()
    return Leaf.objects.get(pk=leaf.pk).index


def _rows(found: sceptic.Votes, planned: Draw) -> list[Json]:
    """The certificate's rows: the verdict on every pair, people's label on drawn ones alone."""
    inside = planned.drawn()
    return [{"item": pair, "ai": str(found.ai[n]), "human": str(found.human[n]) if inside[n] else None, "second": None,
             "confidence": None, "pi": float(planned.pi[n]), "cell": int(planned.cell[n]), "in_slice": bool(inside[n]),
             "domain": None, "never": False} for n, pair in enumerate(found.ids)]  # fmt: skip
