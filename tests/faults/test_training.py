"""Kill -9 in a real training: it goes on from its checkpoint and ends with the bits of an undisturbed one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.faults.harness import complete, finished_stages, kill_at, leftovers, scratch_bytes

pytestmark = [pytest.mark.slow, pytest.mark.train, pytest.mark.weights]
SCRIPT = str(Path(__file__).with_name("trained.py"))


def test_sft_and_dpo_killed_5_times_end_with_the_weights_of_an_undisturbed_run(tmp_path: Path) -> None:
    """Kills fall uniformly between the first and the last second of what an undisturbed run takes after it began."""
    pytest.importorskip("torch")
    from tutelage.models.local_weights import present

    if not present("smollm2"):
        pytest.skip("the SmolLM2 package is not installed: `tutelage models add smollm2`")
    quiet = complete([sys.executable, SCRIPT, str(tmp_path / "a"), str(tmp_path / "quiet")], {}, tmp_path / "quiet")
    out = tmp_path / "out"
    argv, home = [sys.executable, SCRIPT, str(tmp_path / "b"), str(out)], tmp_path / "b"
    further = 0
    for life in np.random.default_rng(5).uniform(1, quiet.seconds, size=5):
        done, scratch = finished_stages(home), scratch_bytes(home)
        kill_at(argv, {}, life, after=out / "events.jsonl")
        assert done <= finished_stages(home)
        further += finished_stages(home) != done or scratch_bytes(home) != scratch
    assert further >= 1, "no kill left anything to resume from"
    assert complete(argv, {}, out).artefacts == quiet.artefacts
    assert leftovers(home) == []
