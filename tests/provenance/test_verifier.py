"""The verifier: the standard library alone; whatever is changed in a release is found and named."""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.provenance.released import corpus, rewrite, rows, sealed, source, verify

from tutelage.provenance.release.project import Project
from tutelage.provenance.release.seal import seal
from tutelage.provenance.verifier import script
from tutelage.provenance.verifier.formats import jcs
from tutelage.provenance.verifier.signatures import P256, Ed25519, ssh_key
from tutelage.store import canonical

JUDGMENTS = "data/judgments.jsonl.gz"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(release, the operator's key kept elsewhere)."""
    root = tmp_path_factory.mktemp("sealed")
    release = sealed(root)
    key = root / "operator.pub"
    shutil.copy(release / "keys/operator.pub", key)
    return release, key


@pytest.fixture
def copy(made: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "copy"))


@pytest.fixture(scope="module")
def inside(made: tuple[Path, Path]) -> types.ModuleType:
    """The joined file as a module, for many verifications in one process."""
    module = types.ModuleType("joined_verify")
    sys.modules["joined_verify"] = module
    exec(compile(script(), "verify.py", "exec"), module.__dict__)
    return module


def judged(module: types.ModuleType, release: Path, key: Path) -> tuple[bool, str]:
    options = argparse.Namespace(trust=str(key), explain=None, revocations=None, require=None, known=None)
    found = module.Release(release, options)
    return found.verify(), found.table()


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32), st.integers(0, 63), st.integers(1, 255))
def test_ed25519_accepts_what_cryptography_signed_and_nothing_near(m: bytes, seed: bytes, at: int, flip: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    raw, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(m))
    assert Ed25519.verify(raw, bytes(signature), m)
    assert not Ed25519.verify(raw, bytes(signature), m + b"x")
    signature[at] ^= flip
    assert not Ed25519.verify(raw, bytes(signature), m)


def test_p256_accepts_what_cryptography_signed_and_nothing_near() -> None:
    for n in range(20):
        key, message = generate_private_key(SECP256R1()), bytes([n]) * n
        raw = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        signature = key.sign(message, ECDSA(SHA256()))
        assert P256.verify(raw, signature, message)
        assert not P256.verify(raw, signature, message + b"x")
        changed = bytearray(signature)
        changed[8 + n] ^= 1
        assert not P256.verify(raw, bytes(changed), message)


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
))  # fmt: skip
def test_its_canonical_json_is_that_of_rfc8785(value: object) -> None:
    assert jcs(value).encode() == canonical(value)


def test_a_release_verifies_outside_our_package_and_says_what_it_shows(made: tuple[Path, Path]) -> None:
    """12 judgments: 3 each by ana, bo, the simulation and somebody: 50 % by people."""
    code, told = verify(*made, "--explain", "j003")
    assert code == 0, told
    assert "50.0% person, 0.0% ai, 25.0% simulated, 25.0% anonymous" in told
    assert "levels: H0 12" in told
    assert '"id":"j003"' in told
    assert b"tutelage.provenance" not in script()


def test_it_needs_no_network_and_no_module_but_python_s_own(made: tuple[Path, Path], tmp_path: Path) -> None:
    """Every import and every socket is asked for first; the same run refuses one that is not the standard library's."""
    own = tmp_path / "verify.py"
    own.write_bytes(script())
    guard = (
        "import runpy, sys\n"
        "def refuse(event, given):\n"
        "    name = str(given[0]).split('.')[0] if event == 'import' else ''\n"
        "    if event.startswith('socket.') or (name and name not in sys.stdlib_module_names):\n"
        "        raise RuntimeError(f'{event} {given}')\n"
        "sys.addaudithook(refuse)\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    run = [sys.executable, "-I", "-S", "-c", guard]
    asked = [str(own), str(made[0]), "--trust", str(made[1])]
    done = subprocess.run([*run, *asked], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("VERIFIED\n")
    for bad in ("import tutelage", "import socket; socket.socket()"):
        own.write_text(bad)
        assert b"RuntimeError" in subprocess.run([*run, *asked], capture_output=True, check=False).stderr


def test_the_second_route_is_ssh_keygen_and_sha256sum(copy: Path) -> None:
    sums = (copy / "SHA256SUMS").read_bytes()
    argv = [
        "ssh-keygen",
        "-Y",
        "verify",
        "-f",
        "keys/allowed_signers",
        "-I",
        "operator",
        "-n",
        "tutelage-release",
        "-s",
        "SHA256SUMS.sig",
    ]
    assert subprocess.run(argv, cwd=copy, input=sums, capture_output=True, check=False).returncode == 0
    assert subprocess.run(argv, cwd=copy, input=sums + b"\n", capture_output=True, check=False).returncode != 0
    check = ["sha256sum", "-c", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=copy, capture_output=True, check=False).returncode == 0
    with (copy / JUDGMENTS).open("ab") as out:
        out.write(b"x")
    assert subprocess.run(check, cwd=copy, capture_output=True, check=False).returncode != 0


def test_keys_and_signatures_of_ssh_keygen_itself_are_read(tmp_path: Path, inside: types.ModuleType) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "k"], cwd=tmp_path, check=True)
    (tmp_path / "m").write_bytes(b"words")
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", "k", "-n", "spaces", "m"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    key, signature = ssh_key((tmp_path / "k.pub").read_text()), (tmp_path / "m.sig").read_text()
    assert inside.ssh_signature(signature, "spaces", b"words") == key
    assert inside.ssh_signature(signature, "spaces", b"other") is None
    assert inside.ssh_signature(signature, "place", b"words") is None


@pytest.mark.parametrize("flips", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_flipped_byte_anywhere_is_found_and_its_file_named(
    made: tuple[Path, Path], copy: Path, inside: types.ModuleType, flips: int
) -> None:
    """Files in turn, so that small ones are hit too; positions at random."""
    rng = np.random.default_rng(1)
    files = sorted(p for p in copy.rglob("*") if p.is_file() and p.stat().st_size)
    for n in range(flips):
        path = files[n % len(files)]
        was = path.read_bytes()
        changed = bytearray(was)
        changed[rng.integers(len(was))] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        holds, told = judged(inside, copy, made[1])
        assert not holds
        assert path.relative_to(copy).as_posix() in told, told
        path.write_bytes(was)
    assert judged(inside, copy, made[1])[0]


def test_removed_inserted_changed_and_reordered_rows_are_named(
    made: tuple[Path, Path], copy: Path, inside: types.ModuleType
) -> None:
    for part in ("judgments", "responses", "items", "judges", "verdicts"):
        path = copy / f"data/{part}.jsonl.gz"
        was = rows(path)
        for lines, expected in (
            (was[:1] + was[2:], "row 2 as sealed: it is missing"),
            ([was[0], was[0][:-1] + b',"x":1}', *was[1:]], "row 2: it is not a row that was sealed"),
            ([was[1], was[0], *was[2:]], "row 1: rows stand twice or in another order"),
            ([was[0].replace(b"{", b"{ ", 1), *was[1:]], "row 1: it is not canonical"),
        ):
            rewrite(path, lines)
            holds, told = judged(inside, copy, made[1])
            assert not holds
            assert f"data/{part}.jsonl.gz {expected}" in told
        rewrite(path, was)


def test_a_file_beside_those_sealed_a_missing_one_and_a_link_are_named(
    made: tuple[Path, Path], copy: Path, inside: types.ModuleType
) -> None:
    (copy / "more").write_text("x")
    assert "more: it stands in the release but not in SHA256SUMS" in judged(inside, copy, made[1])[1]
    (copy / "more").unlink()
    (copy / "card.html").unlink()
    assert "card.html: the file is missing" in judged(inside, copy, made[1])[1]
    (copy / "card.html").symlink_to(made[0] / "card.html")
    assert not judged(inside, copy, made[1])[0]


def test_another_key_is_not_believed(made: tuple[Path, Path], tmp_path: Path, inside: types.ModuleType) -> None:
    other = sealed(tmp_path) / "keys/operator.pub"
    holds, told = judged(inside, made[0], other)
    assert not holds
    assert "SHA256SUMS.sig: signed by a key that is not trusted" in told
    assert "the checkpoint is not signed by a trusted key" in told


def test_an_operator_who_seals_again_cannot_change_a_row_that_was_receipted(tmp_path: Path) -> None:
    """The operator signs everything anew, with the real key, around a judgment that is not the one receipted."""
    release = sealed(tmp_path)
    project = Project("small", tmp_path / "project")
    lines = rows(release / JUDGMENTS)
    rewrite(release / JUDGMENTS, [lines[0].replace(b'"first"', b'"second"'), *lines[1:]])
    from tutelage.provenance.release.sshsig import sign

    sums = (release / "SHA256SUMS").read_text().splitlines()
    import hashlib

    new = [f"{hashlib.sha256((release / s[66:]).read_bytes()).hexdigest()}  {s[66:]}\n" for s in sums]
    (release / "SHA256SUMS").write_text("".join(new))
    (release / "SHA256SUMS.sig").write_text(sign("".join(new).encode(), project.operator()))
    code, told = verify(release, release / "keys/operator.pub")
    assert code == 1
    assert "ok    signature" in told
    assert "ok    files" in told
    assert f"{JUDGMENTS} row 1: its receipt is for another row" in told


def test_the_next_release_continues_the_log_and_a_forked_one_does_not(tmp_path: Path) -> None:
    """Two releases of one log; a third of a copy of the log, taken before the second and continued otherwise."""
    first = sealed(tmp_path, "r1", corpus(6))
    shutil.copytree(tmp_path / "project", tmp_path / "fork" / "project")
    second = sealed(tmp_path, "r2", corpus(12))
    key = first / "keys/operator.pub"
    (tmp_path / "operator.pub").write_bytes(key.read_bytes())
    key = tmp_path / "operator.pub"
    known = ("--known", str(first / "proof/checkpoint"))
    assert verify(second, key, *known)[0] == 0
    assert verify(first, key, "--known", str(second / "proof/checkpoint"))[0] == 1
    forked = sealed(tmp_path / "fork", "r3", corpus(9))
    assert verify(forked, key, *known)[0] == 0
    code, told = verify(second, key, "--known", str(forked / "proof/checkpoint"))
    assert code == 1
    assert "FAIL  history" in told
    same = sealed(tmp_path / "fork", "r4", corpus(12))
    code, told = verify(same, key, "--known", str(second / "proof/checkpoint"))
    assert code == 1
    assert "FORK: two roots for one size" in told


def test_rows_of_too_low_a_level_are_named_when_a_level_is_required(made: tuple[Path, Path]) -> None:
    code, told = verify(*made, "--require", "H2")
    assert code == 1
    assert f"{JUDGMENTS} row 1: H0, not H2" in told


def test_revoked_rows_are_named_from_a_signed_list_alone(tmp_path: Path) -> None:
    from tutelage.provenance.erasure import Revocations, sign_revocations

    release, project = sealed(tmp_path), Project("small", tmp_path / "project")
    gone = json.loads(rows(release / "receipts.jsonl.gz")[4])["id"]
    listed = sign_revocations(Revocations(project.origin, 12, (gone,)), project.operator())
    path = tmp_path / "revoked.json"
    path.write_text(json.dumps(listed))
    code, told = verify(release, release / "keys/operator.pub", "--revocations", str(path))
    assert code == 0
    assert "row 5 (j004): revoked, drop it" in told
    listed = {**listed, "payload": base64.b64encode(b"{}").decode()}
    path.write_text(json.dumps(listed))
    assert verify(release, release / "keys/operator.pub", "--revocations", str(path))[0] == 1


@pytest.mark.parametrize("mutants", [120, pytest.param(10_000, marks=pytest.mark.slow)])
def test_mutated_releases_never_crash_it_and_are_never_accepted(
    made: tuple[Path, Path], copy: Path, inside: types.ModuleType, mutants: int
) -> None:
    """Packed files are mutated unpacked, so that parsers see the mutants: cut, doubled, swapped or random bytes."""
    rng = np.random.default_rng(7)
    files = sorted(p for p in copy.rglob("*") if p.is_file() and p.parent.name not in ("derived", "keys"))
    for n in range(mutants):
        path = files[int(rng.integers(len(files)))]
        was = path.read_bytes()
        packed = path.suffix == ".gz" and n % 2
        text = bytearray(b"".join(line + b"\n" for line in rows(path)) if packed else was)
        at, end = sorted(int(x) for x in rng.integers(0, len(text) + 1, 2))
        new = [b"", bytes(text[at:end]) * 2, rng.bytes(3), b"[" * 3000, b'{"a":1e999}', b"null"][int(rng.integers(6))]
        text[at:end] = new
        if packed:
            rewrite(path, bytes(text).split(b"\n")[:-1])
        else:
            path.write_bytes(text)
        if path.read_bytes() != was:
            holds, told = judged(inside, copy, made[1])
            assert not holds, (path, at, end, new)
            assert path.relative_to(copy).as_posix() in told
        path.write_bytes(was)


def test_seal_refuses_a_judgment_that_is_not_what_was_logged(tmp_path: Path) -> None:
    from dataclasses import replace

    from tutelage.errors import BadInput

    sealed(tmp_path, "r1")
    data = corpus()
    other = replace(data.judgments[0], answer={"type": "prefer", "winner": "second"})
    changed = replace(data, judgments=(other, *data.judgments[1:]))
    with pytest.raises(BadInput, match="is not what was logged"):
        seal(
            source(changed),
            Project("small", tmp_path / "project"),
            tmp_path / "r2",
            now=source().corpus.judgments[0].at,
        )
    assert not (tmp_path / "r2").exists()
