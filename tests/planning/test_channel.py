"""The channel rule, all 27 cells written out: rarity, sensitivity, control."""

from __future__ import annotations

import pytest

from tutelage.planning.channel import Channel, Needs, cells, choose

CROWD: list[Channel] = ["crowd", "own vetted generalists", "own vetted generalists"]
POOL: list[Channel] = ["vetted pool"] * 3
RARE: list[Channel] = ["marketplace", "direct sourcing", "direct sourcing"]
BENCH: list[Channel] = ["own bench"] * 3
BY_RARITY_AND_SENSITIVITY = {
    (0, 0): CROWD, (0, 1): CROWD, (0, 2): BENCH,
    (1, 0): POOL, (1, 1): POOL, (1, 2): BENCH,
    (2, 0): RARE, (2, 1): RARE, (2, 2): BENCH,
}  # fmt: skip


def test_all_27_cells_are_decided_as_written() -> None:
    found = cells()
    assert len(found) == 27
    for needs, choice in found:
        assert choice.channel == BY_RARITY_AND_SENSITIVITY[needs.rarity, needs.sensitivity][needs.control], needs
        assert choice.why


def test_recurring_rare_work_recruits_directly() -> None:
    assert choose(Needs(2, 0, 0)).channel == "marketplace"
    assert choose(Needs(2, 0, 0, recurring=True)).channel == "direct sourcing"


@pytest.mark.parametrize("flag", ["health_or_eu_data", "competitor_owned_vendor", "low_resource_language"])
def test_an_override_is_shown_and_leaves_the_channel(flag: str) -> None:
    choice = choose(Needs(0, 0, 0, flags=(flag,)))  # type: ignore[arg-type]  # parametrized over the literals
    assert choice.channel == "crowd"
    assert len(choice.overrides) == 1


def test_clearance_overrides_every_cell() -> None:
    assert {choose(Needs(n.rarity, n.sensitivity, n.control, flags=("clearance",))).channel for n, _ in cells()} == {
        "own bench"
    }
