"""The walk's scenes without a browser: a certificate sealed behind its draw, and what must be done anew when."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from tutelage.records import Person, Simulated
from tutelage.web.shared.refusals import Refused
from tutelage.web.tour import actions, breaking, queries, scenes, votes
from tutelage.web.tour.models import Scene, Tour
from tutelage.web.work import actions as work
from tutelage.web.work import queries as seats

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def no_votes_yet(db: None) -> Iterator[None]:
    """Nothing kept from another test's walk, and nothing remembered of it."""

    def forget() -> None:
        shutil.rmtree(votes.kept(), ignore_errors=True)
        votes.corpus.cache_clear()
        votes.facts.cache_clear()

    forget()
    yield
    forget()


@pytest.fixture
def tour(no_votes_yet: None) -> Tour:
    """A walk on votes that say they are people's: 80 pairs, four votes each."""
    made_up = votes.simulated(groups=8, each=10)
    people = tuple(Person(j.id) if isinstance(j, Simulated) else j for j in made_up.judges)
    replace(made_up, judges=people).write(votes.kept())
    return actions.prepare()[0]


def do(tour: Tour, name: str, **asked: Any) -> Any:
    """A step as asked for and worked off."""
    scene = actions.ask(tour, name, asked)
    actions.play(scene.pk, NOW)
    scene.refresh_from_db()
    tour.refresh_from_db()
    assert scene.state == "done", scene.result
    return scene.result


def judge(tour: Tour, count: int) -> None:
    task = work.take(seats.seat_for(tour.user, tour.project_id), NOW) or {}
    for _ in range(count):
        token = task["lease"]["token"]
        done = work.submit(tour.user, token, f"key-{token}", {"type": "prefer", "winner": "first"}, "", {}, NOW)
        task = done.next or {}


def test_the_certificate_is_sealed_behind_its_draw_and_again_behind_the_next(tour: Tour) -> None:
    """320 votes: 32 of the 56 pairs that nobody gave the sceptic are drawn; `verify.py` finds draw before labels."""
    judge(tour, 2)
    for times, seed in enumerate((1, 5), 1):
        made = do(tour, "claim", seed=seed, enough=0.5)
        assert (made["pairs"], made["slice"], made["times"], made["seed"]) == (56, 32, times, seed)
        sealed = do(tour, "release")
        assert (sealed["refused"], sealed["again"]) == ("", [])
        assert "of 32 labelled items of 56" in sealed["checked"]["said"], sealed["checked"]["said"]
        assert all(route["ok"] is not False for route in sealed["second"])


def test_the_claim_that_is_shown_is_the_one_that_was_sealed(tour: Tour) -> None:
    made = do(tour, "claim", seed=3, enough=0.5)
    assert do(tour, "release")["claim"] == made["claim"]
    opened = do(tour, "reveal")
    assert (opened["lo"], opened["hi"]) == (made["estimate"]["lo"], made["estimate"]["hi"])


def test_what_rests_on_a_step_goes_when_it_is_done_anew(tour: Tour) -> None:
    do(tour, "claim", seed=1, enough=0.5)
    do(tour, "reveal")
    do(tour, "release")
    do(tour, "claim", seed=2, enough=0.5)
    assert set(Scene.objects.values_list("name", flat=True)) == {"claim"}
    assert set(scenes.behind("release")) == {"models", "flip", "delete", "mine"}
    with pytest.raises(Refused, match="needs what `release` gives"):
        actions.ask(tour, "flip", {"file": "pay.json", "at": 1})


@pytest.mark.parametrize("file", ["certificate/certificate.json", "proof/checkpoint", "data/judgments.jsonl.gz"])
def test_a_flipped_bit_is_laid_to_its_file(tour: Tour, file: str) -> None:
    do(tour, "claim", seed=1, enough=0.5)
    do(tour, "release")
    for at in (0, 100):
        found = do(tour, "flip", file=file, at=at)
        assert not found["checked"]["ok"]
        assert any(fault.startswith(file) for fault in found["checked"]["faults"]), found["checked"]["said"]
        assert int(found["was"], 16) ^ int(found["now"], 16) == 1
    assert breaking.verify(scenes.place(tour) / "release")["ok"], "only a copy was touched"


def test_a_judgment_is_deleted_by_its_id_or_refused(tour: Tour) -> None:
    judge(tour, 3)
    do(tour, "claim", seed=1, enough=0.5)
    do(tour, "release")
    third = queries.own(tour)[2]
    found = do(tour, "delete", judgment=third.id)
    assert third.id in found["line"]
    assert any(f"row {found['row']}" in fault for fault in found["checked"]["faults"])
    judge(tour, 1)
    late = actions.ask(tour, "delete", {"judgment": queries.own(tour)[3].id})
    actions.play(late.pk, NOW)
    late.refresh_from_db()
    assert (late.state, "does not hold this judgment" in late.result["why"]) == ("failed", True)


def test_no_release_certifies_a_judge_by_votes_of_nobody(no_votes_yet: None) -> None:
    votes.simulated(groups=8, each=10).write(votes.kept())
    tour = actions.prepare()[0]
    assert tour.votes == votes.SIMULATED
    do(tour, "claim", seed=1, enough=0.5)
    sealed = do(tour, "release")
    assert "no person gave" in sealed["refused"]
    assert sealed["checked"]["ok"]
    assert sealed["again"] == []


def test_the_sceptics_pairs_train_a_model_whatever_one_more_person_says(tour: Tour) -> None:
    """Others lead by two votes on each of the 24, and no draw is made from them."""
    whole = votes.corpus()
    few = {item.id for item in votes.few(whole, 24)}
    assert queries.offered(tour) == few
    assert few <= set(votes._leaning(whole))
    assert not few & set(votes.first(whole, few).ids)
