"""Kill -9 while sealing: the release is whole or absent, and every judgment has one leaf."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.faults.harness import kill_at
from tests.provenance.released import corpus, verify

from tutelage.provenance.release.project import Project

COUNT = 3000


@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_a_killed_seal_leaves_no_half_release_and_no_judgment_with_two_leaves(tmp_path: Path, kills: int) -> None:
    rng = np.random.default_rng(3)
    corpus(COUNT).write(tmp_path / "j")
    env = {"TUTELAGE_HOME": str(tmp_path / "home")}
    hit, rounds, seconds = 0, 0, 3.0
    while hit < kills:
        assert rounds < 4 * kills
        project, out = f"p{rounds % 5}", tmp_path / f"r{rounds}"
        log = tmp_path / "home" / "projects" / project / "log" / "lock"
        argv = [sys.executable, "-m", "tutelage", "release", "seal", str(tmp_path / "j"), "--out", str(out)]
        started = log if not log.exists() else None
        attempt = kill_at([*argv, "--project", project], env, rng.uniform(0, seconds), after=started)
        rounds += 1
        hit += attempt.killed
        assert not out.exists() or whole(out)
        if attempt.killed and not out.exists():
            again = kill_at([*argv, "--project", project], env, 120)
            assert again.code == 0, again.stderr
        assert whole(out)
        assert not list(tmp_path.glob(".*.tmp"))
        with Project(project, tmp_path / "home" / "projects" / project).log() as found:
            assert len(found) == COUNT


def whole(release: Path) -> bool:
    """Whether it verifies."""
    return verify(release, release / "keys/operator.pub")[0] == 0
