"""People's votes make a reward model that passes the gate; the same votes shuffled make one that fails."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tutelage.pipeline.sceptic_models import contend, shuffled
from tutelage.records import RankedRow, assistant, user

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WORDS = ["river", "stone", "cloud", "lamp", "garden", "winter", "bread", "window", "music", "paper"]


def rows(groups: int = 12, each: int = 12) -> list[RankedRow]:
    """People like the answer with the reason in it, but for one in eight; which side it is on is a coin's choice."""
    rng, found = np.random.default_rng(2), []
    for g in range(groups):
        for n in range(each):
            good = assistant(f"The {WORDS[n % 10]} matters because it is {WORDS[(g + n) % 10]}, as everyone can see.")
            bad = assistant(f"I do not know about the {WORDS[(g * n) % 10]} !!! ask somebody else {n}")
            first = bool(rng.integers(2))
            pair = (good, bad) if first else (bad, good)
            ranks = (1, 2) if first != (rng.random() < 1 / 8) else (2, 1)
            found.append(RankedRow(user(f"What about the {WORDS[g % 10]} {g}?"), pair, ranks, (f"j{g}-{n}",), f"g{g}"))
    return found


def test_votes_pass_and_shuffled_votes_fail(tmp_path: Path) -> None:
    """A coin tells 0 bits; the gate asks for .05 and sees the whole interval above it, or below."""
    true = contend(rows(), tmp_path / "true", seed=1, now=NOW)
    false = contend(rows(), tmp_path / "false", seed=1, now=NOW, shuffle=True)
    assert true.decision.outcome == "pass", true.decision.text()
    assert false.decision.outcome == "fail", false.decision.text()
    named = (true.directory / "contributions.jsonl").read_text(encoding="utf-8")
    assert all(f'"{one}"' in named for row in rows() for one in row.contributions)


def test_shuffling_keeps_the_pairs_and_deals_their_votes_anew() -> None:
    before = rows()
    after = shuffled(before, np.random.default_rng(0))
    assert [r.responses for r in after] == [r.responses for r in before]
    assert sorted(r.ranks for r in after) == sorted(r.ranks for r in before)
    assert [r.ranks for r in after] != [r.ranks for r in before]
