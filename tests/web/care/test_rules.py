"""How much severe content a day holds: attention adds up, over any 24 hours, with a break after ten minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as zone

from hypothesis import given
from hypothesis import strategies as st

from tutelage.web.care import rules
from tutelage.web.care.rules import Look
from tutelage.web.projects.rules import NONE, WARNINGS

T = datetime(2026, 3, 1, 12, tzinfo=zone.utc)  # noqa: UP017  the name of the time zone, not of the module


def look(minute: float, minutes: float, severity: int = 3, *, is_open: bool = False) -> Look:
    began = T + timedelta(minutes=minute)
    return Look(severity, began, began + timedelta(minutes=minutes), int(minutes * 60_000), is_open)


def at(minute: float) -> datetime:
    return T + timedelta(minutes=minute)


def test_the_classes_are_those_that_offers_warn_of() -> None:
    assert set(rules.CLASSES) == set(WARNINGS) - {NONE} and NONE == rules.NONE
    assert set(rules.CLASSES.values()) == {1, 2, 3} == set(rules.DOSE_S)


def test_an_item_that_says_nothing_may_contain_all_that_its_project_warns_of() -> None:
    assert rules.classes_of([], ["hate", "none"]) == ["hate"]
    assert rules.classes_of(["hate"], ["hate", "abuse"]) == ["hate"]
    assert rules.classes_of(["none"], ["hate"]) == []
    assert rules.beyond(["hate", "none"], ["abuse"]) == ["hate"]


def test_a_class_nobody_knows_is_the_severest() -> None:
    assert rules.severity(["profanity", "gore"]) == 3 and rules.severity([]) == 0


def test_sixty_minutes_of_severe_content_are_a_days_share() -> None:
    """Six stretches of 10 minutes, 15 minutes apart: nothing is left; the first leaves the window a day later."""
    looks = [look(15 * n, 10) for n in range(6)]
    assert rules.left_s(3, looks, at(120)) == 0
    assert rules.left_s(3, looks[:5], at(120)) == 600
    assert rules.left_s(2, looks, at(120)) == 3600  # two hours of distressing content, one of them spent on worse


def test_after_ten_minutes_comes_a_break_or_another_task() -> None:
    looks = [look(0, 6), look(6, 4)]
    assert rules.left_s(3, looks, at(10)) == 0
    assert rules.left_s(3, looks, at(14.9)) == 0
    assert rules.left_s(3, looks, at(15)) == 600
    assert rules.left_s(3, looks, at(11), benign=at(11)) == 600
    assert rules.left_s(3, looks, at(11), benign=at(3)) == 360  # a task between: only the last 4 minutes count
    assert rules.left_s(2, looks, at(10)) == 7200 - 600  # other content needs no break


def test_an_open_task_runs_while_nothing_is_heard_of_it_and_a_break_begins_only_when_it_cannot() -> None:
    looks = [look(0, 0, is_open=True)]
    assert rules.left_s(3, looks, at(4)) == 360
    assert rules.left_s(3, looks, at(14)) == 0
    assert rules.left_s(3, looks, at(15)) == 600
    assert rules.looked_ms(looks[0], at(60)) == 600_000


def test_a_clock_set_back_gives_nothing_back() -> None:
    looks = [look(0, 6), look(6, 3)]
    assert rules.left_s(3, looks, at(9)) == rules.left_s(3, looks, at(-300)) == 60


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10), st.sampled_from([1, 2, 3])), max_size=12), st.data())
def test_more_attention_never_leaves_more_time(steps: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """However tasks follow one another, one more of the same severity leaves less or as much, and at most the share."""
    looks, minute = [], 0.0
    for gap, minutes, severity in steps:
        looks.append(look(minute + gap, minutes, severity))
        minute += gap + minutes
    for severe in (1, 2, 3):
        before = rules.left_s(severe, looks, at(minute))
        assert 0 <= before <= rules.DOSE_S[severe]
        more = data.draw(st.integers(0, 10))
        after = rules.left_s(severe, [*looks, look(minute, more, severe)], at(minute + more))
        assert after <= max(before - 60 * more, 0) + (rules.BREAK_S if severe < 3 else 0)
