"""What an adjudicator ruled is the verdict of record, votes beside it; AI judgments are released as what they are."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import timezone
from tests.web.review.test_review import A, B, at, judge, with_role

from tutelage import records
from tutelage.provenance.release.source import verdicts_of
from tutelage.web.proof import releasing
from tutelage.web.proof.models import Release
from tutelage.web.review import actions, queries
from tutelage.web.review.models import Case
from tutelage.web.runs import outside
from tutelage.web.runs.models import Outside
from tutelage.web.work import actions as work
from tutelage.web.work.models import Item
from tutelage.web.work.queries import corpus_of, everything_of

NOW = timezone.now().replace(microsecond=0)


def split(make_hall: Callable[..., Any], verdict: str, answer: Any) -> Any:
    """Two people disagree about one item, a reviewer asks an expert, who rules."""
    hall = make_hall(items=1, overlap=2)
    one = judge(hall, 0, A)
    judge(hall, 1, B)
    actions.decide(with_role(hall, "reviewer"), one, "expert", "They differ.", at(2))
    actions.rule(with_role(hall, "adjudicator"), Case.objects.get(), verdict, answer, "The second is safer.", at(3))
    return hall


def of_record(hall: Any) -> records.Verdict:
    return queries.of_record(hall.project, verdicts_of(corpus_of(hall.project)))[0]


def test_a_ruling_settles_what_votes_left_open_and_the_votes_stay(make_hall: Callable[..., Any]) -> None:
    """One vote each: open. The ruling says second; half and half stands beside it."""
    hall = split(make_hall, "answer", B)
    votes, found = verdicts_of(corpus_of(hall.project))[0], of_record(hall)
    assert isinstance(votes, records.Open) and isinstance(found, records.Settled)
    assert (found.value, found.method) == ("second", "ruling of an adjudicator")
    assert found.distribution == {"first": 0.5, "second": 0.5} and found.detail["ruling"] == "The second is safer."
    assert set(found.judgment_ids) == set(votes.judgment_ids)


def test_principled_disagreement_is_a_finding_and_leaves_the_item_open(make_hall: Callable[..., Any]) -> None:
    found = of_record(split(make_hall, "principled", None))
    assert isinstance(found, records.Open) and found.why == "principled disagreement"
    assert found.distribution == {"first": 0.5, "second": 0.5}


def sealed(hall: Any, part: str) -> list[dict[str, Any]]:
    """Rows of a part of a release that verifies."""
    one = releasing.ask(hall.owner, hall.project, licence="CC-BY-4.0", exclusive=True, certificate=None, now=NOW)
    releasing.build(one.pk, NOW)
    one = Release.objects.get(pk=one.pk)
    assert one.state == "done" and one.checked["ok"], (one.why, one.checked)
    found = sorted(Path(releasing.place(hall.project.pk, one.number)).rglob(f"*{part}.jsonl*"))
    text = gzip.decompress(found[0].read_bytes()) if found[0].suffix == ".gz" else found[0].read_bytes()
    return [json.loads(line) for line in text.splitlines()]


def test_a_release_holds_the_ruling_and_ai_judgments_marked_as_such(make_hall: Callable[..., Any]) -> None:
    """Two people and one AI: three judgments, and the AI's is of a judge of that sort; the verdict is the ruling's."""
    hall = split(make_hall, "answer", B)
    ai = records.AiJudge("gpt", "gpt-4", family="gpt")
    said = outside.Said(Item.objects.select_related("body").get(), ai, A, "", "key-00000001")
    outside.take_in(hall.owner, hall.project, [said], Outside.Via.API, NOW)
    assert len(corpus_of(hall.project).judgments) == 2 and len(everything_of(hall.project).judgments) == 3
    verdicts = sealed(hall, "verdicts")
    assert [v["value"] for v in verdicts] == ["second"]
    place = next(Path(releasing.place(hall.project.pk, 1)).rglob("*judges.jsonl*"))
    text = gzip.decompress(place.read_bytes()) if place.suffix == ".gz" else place.read_bytes()
    assert sorted(json.loads(line)["type"] for line in text.splitlines()) == ["ai", "person", "person"]


def test_the_reason_for_asking_again_is_beside_the_task(make_hall: Callable[..., Any]) -> None:
    hall = make_hall()
    one = judge(hall, 0, A)
    actions.decide(with_role(hall, "reviewer"), one, "redo", "Name the dose.", at(2))
    assert actions.begin_redo(hall.people[0], one, at(3))["redo"]["why"] == "Name the dose."
    again = work.take(hall.seat(0), at(4))
    assert again is not None and again["redo"]["why"] == "Name the dose."
