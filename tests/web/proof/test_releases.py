"""What people did in the hall is sealed with the receipts they were given, and verifies without us."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from tutelage.provenance.release import seal
from tutelage.provenance.release.source import Source
from tutelage.web.proof.log import HallProject
from tutelage.web.work import actions, queries

NOW = timezone.now()


def test_a_release_holds_every_judgment_under_its_own_receipt(hall: Any, tmp_path: Path) -> None:
    """Three answers, one of them taken back: four rows, and `verify.py` finds nothing wrong."""
    task = actions.take(hall.seat(), NOW) or {}
    for n in range(3):
        done = actions.submit(
            hall.people[0], task["lease"]["token"], f"key-{n}-00000", {"type": "tie"}, "even", {}, NOW
        )
        task = done.next or {}
    actions.undo(hall.people[0], done.judgment.pk, "undo-0000001", NOW + timedelta(seconds=3))
    corpus = queries.corpus_of(hall.project)
    assert len(corpus.judgments) == 4
    project = HallProject(hall.project)
    made = seal(Source("answers", corpus, ()), project, tmp_path / "r", now=NOW, licence="CC-BY-4.0")
    assert made.judgments == 4 and made.levels["H1"] == 4
    with project.log() as log:
        assert len(log) >= 4 and log.tree.root().hex() == made.log["root"]
    checked = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "r" / "verify.py"), str(tmp_path / "r"), "--trust",
         str(tmp_path / "r" / "keys" / "operator.pub")], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
