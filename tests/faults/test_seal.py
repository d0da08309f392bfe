"""Kill -9 while sealing: the release is whole or absent, and every judgment has one leaf."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.faults.harness import kill_at
from tests.provenance.released import corpus, verify

from tutelage.provenance.release.project import Project


@pytest.mark.parametrize(("kills", "count"), [(3, 600), pytest.param(50, 3000, marks=pytest.mark.slow)])
def test_a_killed_seal_leaves_no_half_release_and_no_judgment_with_two_leaves(
    tmp_path: Path, kills: int, count: int, record_property: Callable[[str, object], None]
) -> None:
    """Each kill hits a project's first sealing, from the moment on that its log is opened; then it is sealed again.

    The time to the kill is drawn up to a limit that follows how long sealing takes, so that kills fall in all of it.
    """
    rng = np.random.default_rng(3)
    corpus(count).write(tmp_path / "j")
    env = {"TUTELAGE_HOME": str(tmp_path / "home")}
    hit, half, rounds, longest = 0, 0, 0, 1.0
    while hit < kills:
        assert rounds < 4 * kills
        home, out = tmp_path / "home" / "projects" / f"p{rounds}", tmp_path / f"r{rounds}"
        argv = [sys.executable, "-m", "tutelage", "release", "seal", str(tmp_path / "j"), "--out", str(out)]
        argv += ["--project", home.name]
        attempt = kill_at(argv, env, rng.uniform(0, longest), after=home / "log" / "log.frames")
        rounds += 1
        hit += attempt.killed
        longest *= 1.05 if attempt.killed else 0.85
        assert attempt.killed or attempt.code == 0, attempt.stderr
        assert not out.exists() or whole(out)
        half += attempt.killed and bool(list(tmp_path.glob(".*.tmp")))
        if not out.exists():
            again = kill_at(argv, env, 120)
            assert again.code == 0, again.stderr
        assert whole(out)
        assert not list(tmp_path.glob(".*.tmp"))
        with Project(home.name, home).log() as found:
            assert len(found) == count
    record_property("kills", f"{hit}, {half} of them with files half written; {rounds} rounds")
    assert half or kills < 20, "no kill hit the writing of files: nothing was tested"


def whole(release: Path) -> bool:
    """Whether it verifies."""
    return verify(release, release / "keys/operator.pub")[0] == 0
