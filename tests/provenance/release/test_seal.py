"""What sealing writes: pseudonyms, decisions on suspects, signed batches with their level; real votes verify."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.provenance.people_at_work import NOW, RP, Passkey
from tests.provenance.released import corpus, rows, sealed, verify

from tutelage.errors import BadInput
from tutelage.provenance.batches import Batch, Enrolment, challenge, pay_statement
from tutelage.provenance.commitments import pseudonym
from tutelage.provenance.forward import containing, names
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.merkle import leaf_hash
from tutelage.provenance.receipts import Receipt
from tutelage.provenance.release.diff import compare
from tutelage.provenance.release.project import Project
from tutelage.provenance.release.seal import ATTESTATIONS, seal
from tutelage.provenance.release.source import read
from tutelage.provenance.trust import Attestation, TrustList, attest
from tutelage.records import encode
from tutelage.store import canonical

DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[4] / "shared" / "data")) / "llmfao"


def test_no_contributor_is_named_anywhere_in_a_release(tmp_path: Path) -> None:
    release = sealed(tmp_path)
    for path in release.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            data = path.read_bytes()
            text = gzip.decompress(data) if path.suffix == ".gz" else data
            assert b'"ana"' not in text, path
            assert b'"bo"' not in text, path


def test_equal_rows_have_an_equal_digest_and_forward_lineage_finds_them(tmp_path: Path) -> None:
    one, two = sealed(tmp_path, "r1"), sealed(tmp_path, "r2")
    assert json.loads((one / "release.json").read_text())["digest"] in (two / "release.json").read_text()
    found = containing({"j003"}, [tmp_path])
    assert [(h.name, len(h.places)) for h in found] == [("small", 2)]


def test_a_contributor_is_found_by_id_and_by_the_pseudonym_on_a_receipt(tmp_path: Path) -> None:
    """ana gave 3 of 12; after she is erased nothing leads from her id to her pseudonym's key, nor back."""
    release, project = sealed(tmp_path / "projects"), Project("small", tmp_path / "projects" / "project")
    nym = pseudonym(project.secret("pepper"), "ana")
    assert names("ana", tmp_path / "projects") == names(nym, tmp_path / "projects") - {
        pseudonym(project.secret("pepper"), nym)
    }
    assert [len(h.ids) for h in containing(names("ana", tmp_path / "projects"), [release])] == [3]
    with project.log() as log:
        log.erase("ana")
    assert "ana" not in names(nym, tmp_path / "projects")


def test_a_difference_names_rows_added_removed_and_changed(tmp_path: Path) -> None:
    """From 6 judgments on 2 items to 12 on 4."""
    one, two = sealed(tmp_path, "r1", corpus(6)), sealed(tmp_path, "r2", corpus(12))
    rows_ = compare(one, two).rows
    assert len(rows_["judgments"].added) == 6
    assert rows_["items"].added == ("i002", "i003")
    assert compare(two, one).rows["judgments"].removed == rows_["judgments"].added


def test_a_row_under_suspicion_needs_a_recorded_decision(tmp_path: Path) -> None:
    corpus().write(tmp_path / "j")
    (tmp_path / "j" / "suspects.jsonl").write_text('{"judgment":"j001","why":"too fast"}\n')
    with pytest.raises(BadInput, match="under suspicion"):
        read(tmp_path / "j")
    (tmp_path / "j" / "decisions.jsonl").write_text('{"judgment":"j001","keep":false,"by":"eva","reason":"a bot"}\n')
    found = read(tmp_path / "j")
    assert len(found.corpus.judgments) == 11
    made = seal(found, Project("small", tmp_path / "p"), tmp_path / "r", now=NOW)
    assert made.judgments == 11
    assert "a bot" in (tmp_path / "r" / "card.html").read_text()


def signed_by(project: Project, name: str, release: Path, key: Passkey) -> None:
    """This person enrols and signs a batch of all of their receipts; both are logged."""
    nym = pseudonym(project.secret("pepper"), name)
    receipts = [r for r in map(Receipt.parse, rows(release / "receipts.jsonl.gz")) if r.nym == nym]
    pay = pay_statement(receipts, 60.0, NOW)
    signed = key.sign(challenge([leaf_hash(r.payload()) for r in receipts], pay))
    ids = tuple(r.id for r in receipts)
    batch = Batch(project.origin, project.name, nym, key.public.id(), ids, pay, signed)
    enrolment = Enrolment(project.origin, project.name, nym, key.public, RP, NOW)
    with project.log() as log:
        log.publish(enrolment.payload())
        log.publish(batch.payload())


def test_what_a_person_signed_is_h2_and_with_an_issuer_the_verifier_trusts_h3(tmp_path: Path) -> None:
    """ana's 3 of 12 judgments; the issuer counts only in the list of a verifier who names it."""
    release, project, key = sealed(tmp_path, "r1"), Project("small", tmp_path / "project"), Passkey()
    signed_by(project, "ana", release, key)
    issuer = SigningKey("university", bytes(range(32)))
    said = Attestation("university", key.public.id(), "institution", NOW, NOW.replace(year=2027))
    (project.root / ATTESTATIONS).write_bytes(canonical(attest(said, issuer)) + b"\n")
    second = sealed(tmp_path, "r2")
    assert json.loads((second / "release.json").read_text())["levels"]["H2"] == 3
    code, told = verify(second, second / "keys/operator.pub")
    assert code == 0
    assert "levels: H0 9, H2 3" in told
    trust = TrustList(project.origin, (project.operator().public.vkey(),), (), {"university": issuer.public.raw.hex()})
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(encode(trust)))
    code, told = verify(second, path)
    assert code == 0, told
    assert "levels: H0 9, H3 3" in told


def test_an_operator_cannot_sign_for_a_person_enrolled_before(tmp_path: Path) -> None:
    """With the log, every server key and the enrolment path, but another passkey: nothing of it counts."""
    release, project = sealed(tmp_path, "r1"), Project("small", tmp_path / "project")
    nym = pseudonym(project.secret("pepper"), "ana")
    with project.log() as log:
        log.publish(Enrolment(project.origin, project.name, nym, Passkey().public, RP, NOW).payload())
    signed_by(project, "ana", release, Passkey())
    second = sealed(tmp_path, "r2")
    code, told = verify(second, second / "keys/operator.pub")
    assert code == 0
    assert "without the first one's consent; not counted" in told
    assert "levels: H0 12" in told


@pytest.mark.real_data
def test_real_votes_verify_by_both_routes_and_any_of_200_flipped_bytes_is_found(tmp_path: Path) -> None:
    """llmfao: 8,931 votes of 124 people on 2,139 pairs."""
    if not DATA.is_dir():
        pytest.skip(f"no llmfao under {DATA.parent}: set TUTELAGE_DATA")
    env = os.environ | {"TUTELAGE_HOME": str(tmp_path / "home")}
    run = [sys.executable, "-m", "tutelage"]
    votes, pairs = DATA / "votes.parquet", DATA / "pairs.parquet"
    asked = ["import", str(votes), "--kind", "comparison", "--join", f"{pairs}:pair_id", "--out", "j", "--yes"]
    for argv in (asked, ["release", "seal", "j", "--out", "r", "--licence", "CC-BY-4.0"]):
        done = subprocess.run([*run, *argv], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    release, key = tmp_path / "r", tmp_path / "operator.pub"
    key.write_bytes((release / "keys/operator.pub").read_bytes())
    code, told = verify(release, key)
    assert code == 0, told
    check = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=release, check=False)
    assert check.returncode == 0
    rng, files = np.random.default_rng(5), sorted(p for p in release.rglob("*") if p.is_file() and p.stat().st_size)
    sizes = np.array([p.stat().st_size for p in files], float)
    for n in range(int(os.environ.get("TUTELAGE_FLIPS", "6"))):
        path = files[n % len(files)] if n % 2 else files[int(rng.choice(len(files), p=sizes / sizes.sum()))]
        was = path.read_bytes()
        data = bytearray(was)
        data[int(rng.integers(len(data)))] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        code, told = verify(release, key)
        path.write_bytes(was)
        assert code == 1
        assert path.relative_to(release).as_posix() in told
