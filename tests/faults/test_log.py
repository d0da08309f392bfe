"""Kill -9 while appending: no contribution without leaf, no leaf without contribution, none with two."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.faults.harness import kill_at
from tests.provenance.people_at_work import KEK, LOG

from tutelage.provenance.log import opened
from tutelage.provenance.merkle import leaf_hash

ROOT = Path(__file__).parents[2]
COUNT = 400


def kill_until_done(root: Path, kills: int, rng: np.random.Generator) -> int:
    """Start, kill at a random moment, and start again on the same log; gives how many kills hit."""
    argv = [sys.executable, str(Path(__file__).parent / "appending.py"), str(root), str(COUNT)]
    root.mkdir()
    hit = 0
    for _ in range(kills):
        frames = root / "log.frames"
        attempt = kill_at(argv, {"PYTHONPATH": str(ROOT)}, rng.uniform(0, 0.05), after=frames, cwd=ROOT)
        hit += attempt.killed
        assert attempt.killed or attempt.code == 0, attempt.stderr
        if not attempt.killed:
            break
        intact(root)
    assert kill_at(argv, {"PYTHONPATH": str(ROOT)}, 120, cwd=ROOT).code == 0
    return hit


def intact(root: Path) -> int:
    """Every promise is kept, every leaf has its contribution, and no contribution has two; gives how many."""
    if not (root / "log.frames").exists():
        return 0
    promised = dict(line.split() for line in (root / "promised").read_text().splitlines() if " " in line.strip())
    with opened(root, LOG, KEK) as log:
        receipts = []
        for index in range(len(log)):
            one = log.given(index)
            assert one is not None
            assert log.tree.leaf(index) == leaf_hash(one.receipt.payload())
            receipts.append(one.receipt.id)
        assert len(set(receipts)) == len(receipts)
        for name, leaf in promised.items():
            assert log.index_of(name) == int(leaf)
            assert receipts[int(leaf)] == f"r-{name}"
        return len(log)


@pytest.mark.parametrize("kills", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_a_killed_append_leaves_each_contribution_with_one_leaf_or_not_at_all(tmp_path: Path, kills: int) -> None:
    hit, rounds = 0, 0
    while hit < kills:
        root = tmp_path / str(rounds)
        hit += kill_until_done(root, kills - hit, np.random.default_rng(rounds))
        assert intact(root) == COUNT
        rounds += 1
        assert rounds <= kills
