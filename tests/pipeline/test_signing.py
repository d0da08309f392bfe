"""A signed decision follows from its files, or says which does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tutelage.errors import Failed
from tutelage.gate import Evidence, Signature, criteria, decide, evidence
from tutelage.measure.intervals import rate
from tutelage.pipeline import signing
from tutelage.pipeline.driver import placed
from tutelage.pipeline.recipe import Recipe
from tutelage.pipeline.signing import Signed
from tutelage.store import write_json

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ASKED = b'[[criteria]]\nmetric = "a"\nside = "at_least"\nbound = 0.4\n[roles]\nalways = ["lead"]\n'


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """45 of 50 against 0.4, and one role that has to sign."""
    seen, asked = Evidence("sha256:1", NOW, {"a": rate(45, 50)}), criteria.parse(ASKED)
    (tmp_path / "checkpoint").mkdir()
    evidence.write(tmp_path / signing.EVIDENCE, seen)
    write_json(tmp_path / signing.CRITERIA, asked.model_dump(mode="json"))
    write_json(tmp_path / signing.GATE, decide(asked, seen, now=NOW))
    return tmp_path


def word(run: Path, person: str = "Ann", **change: object) -> Signed:
    said = {"role": "lead", "team": "safety", "model": "sha256:1", "approves": True, "statement": "Fine.", "at": NOW,
            "expires": NOW + timedelta(days=9)} | change  # fmt: skip
    return Signed(Signature(person, **said), signing.on_the_table(run)[2], "password")  # type: ignore[arg-type]  one field each


def test_a_signature_that_was_asked_for_makes_the_decision_and_twice_is_once(run: Path) -> None:
    assert signing.verify(run)[0].outcome == "insufficient"
    for _ in range(2):
        assert signing.sign(run, word(run), now=NOW).outcome == "pass"
    decision, proven = signing.verify(run)
    assert decision.outcome == "pass" and len(proven) == 1 and signing.broken(run) == ""


def test_a_signature_over_other_evidence_counts_for_nothing(run: Path) -> None:
    one = word(run)
    evidence.write(run / signing.EVIDENCE, Evidence("sha256:1", NOW, {"a": rate(30, 50)}))
    with pytest.raises(Failed, match="other criteria or evidence"):
        signing.sign(run, one, now=NOW)


def test_a_passkey_without_its_assertion_is_none(run: Path) -> None:
    one = word(run)
    with pytest.raises(Failed, match="is not there"):
        signing.check(Signed(one.signature, one.basis, "passkey"), one.basis)


def test_a_signature_added_past_us_is_found(run: Path) -> None:
    signing.sign(run, word(run), now=NOW)
    with (run / signing.SIGNATURES).open("a") as out:
        out.write((run / signing.SIGNATURES).read_text().replace("Ann", "Ben"))
    assert "differ" in signing.broken(run)


def test_a_base_model_is_called_by_its_name_in_the_directory_of_models_and_never_by_a_way_out_of_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    place = str(tmp_path / "models")
    assert placed(Recipe(name="x", base="local:tiny"), place).base == f"local:{place}/tiny"
    for base in ("local:../models", "local:smollm2", "local:", "endpoint:tiny"):
        assert placed(Recipe(name="x", base=base), place).base == base
