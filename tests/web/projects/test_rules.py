"""Terms, findings, money and differences, as values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.web.projects import floors, rules

TODAY = date(2026, 11, 21)
GOOD = rules.Terms(
    project="p", organisation="Clinic", name="Answers", kind="comparison", purpose="To train an assistant for nurses.",
    client_class="A hospital", duties="Read two answers and choose one.", minutes=2.0, warnings=("none",),
    currency="EUR",
    piece_minor=60, instruction_minor=100, fee_bp=1000, guideline="word " * 400, guideline_version=1,
    guideline_digest="sha256:0",
)  # fmt: skip


def found(escrow: int = 0, needed: int = 0, today: date = TODAY, **other: Any) -> list[rules.Finding]:
    return rules.findings(replace(GOOD, **other), escrow_needed=needed, escrow=escrow, today=today)


def test_complete_terms_have_no_finding() -> None:
    """60 cents for 2 minutes is 18.00 an hour, above 13.90; 400 words are 2 minutes, 46.3 cents at the floor."""
    assert found() == []


@pytest.mark.parametrize(
    ("other", "line", "field"),
    [({"purpose": "To learn"}, 2, "purpose"), ({"client_class": ""}, 3, "client_class"),
     ({"duties": "  "}, 4, "duties"),
     ({"warnings": ()}, 5, "warnings"), ({"minutes": 0.0}, 6, "minutes"), ({"piece_minor": 46}, 7, "piece_minor"),
     ({"currency": "JPY"}, 7, "piece_minor"), ({"instruction_minor": 46}, 8, "instruction_minor"),
     ({"guideline": " "}, 9, "guideline"), ({"needed": 100, "escrow": 99}, 10, "escrow")],
)  # fmt: skip
def test_each_line_that_is_wrong_is_named(other: dict[str, Any], line: int, field: str) -> None:
    """46 cents for 2 minutes is 13.80 an hour, 10 cents below the floor; 47 cents are due for 2 minutes of reading."""
    assert [(f.line, f.field) for f in found(**other)] == [(line, field)]


def test_the_remedy_for_low_pay_names_an_amount_that_passes() -> None:
    """13.90 for 2 of 60 minutes is 46.33: 47 cents, which passes, and 46 does not."""
    assert "€0.47" in found(piece_minor=20)[0].remedy
    assert found(piece_minor=47) == [] and found(piece_minor=46) != []


def test_a_floor_older_than_eighteen_months_is_not_relied_on() -> None:
    assert floors.floor_for("EUR", today=date(2027, 7, 2)) is not None
    assert floors.floor_for("EUR", today=date(2027, 7, 4)) is None
    assert found(today=date(2027, 7, 4))[0].field == "piece_minor"


def test_both_sides_of_a_price_are_whole_and_agree() -> None:
    """60 cents and a tenth on top: the buyer pays 66, of which 6 are 9.1 %."""
    price = rules.money(60, 1000, 2.0)
    assert (price.you_get, price.buyer_pays, price.fee, price.you_get_hour, price.buyer_pays_hour) == (
        60,
        66,
        6,
        1800,
        1980,
    )
    assert round(price.take_pct, 1) == 9.1


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.floats(0.05, 480))
def test_what_the_buyer_pays_is_what_people_and_platform_get(piece: int, fee_bp: int, minutes: float) -> None:
    price = rules.money(piece, fee_bp, minutes)
    assert price.you_get + price.fee == price.buyer_pays >= price.you_get


@given(st.text(), st.text())
def test_a_difference_holds_both_versions_whole(old: str, new: str) -> None:
    runs = rules.word_diff(old, new)
    assert "".join(t for n, t in runs if n != "gone") == new
    assert "".join(t for n, t in runs if n != "new") == old


def test_a_difference_is_by_words() -> None:
    assert rules.word_diff("the red owl", "the grey owl") == [
        ("same", "the "), ("gone", "red"), ("new", "grey"), ("same", " owl"),
    ]  # fmt: skip
    assert rules.changed_words("the red owl", "the grey owl sings") == (1, 2)


def test_a_state_leads_only_where_it_may() -> None:
    allowed = {(a, b) for a in rules.MOVES for b in rules.MOVES if rules.may_move(a, b)}
    assert allowed == {
        ("draft", "open"),
        ("open", "paused"),
        ("open", "closed"),
        ("paused", "open"),
        ("paused", "closed"),
    }


@given(st.lists(st.text(max_size=8), max_size=4))
def test_a_short_name_is_always_new(names: list[str]) -> None:
    taken: list[str] = []
    for name in names:
        made = rules.slug(name, taken)
        assert made not in taken and 0 < len(made) <= 60
        taken.append(made)


@pytest.mark.parametrize(("minor", "said"), [(0, "€0.00"), (5, "€0.05"), (-150, "-€1.50"), (123_456, "€1,234.56")])
def test_an_amount_is_said_with_its_sign_and_two_places(minor: int, said: str) -> None:
    assert rules.amount(minor, "EUR") == said


@pytest.mark.parametrize(
    ("minor", "part", "whole", "due"), [(50, 1, 3, 17), (50, 3, 3, 50), (50, 9, 3, 50), (7, 0, 3, 0)]
)
def test_a_share_is_rounded_up_and_never_more_than_all(minor: int, part: int, whole: int, due: int) -> None:
    assert rules.share_of(minor, part, whole) == due
