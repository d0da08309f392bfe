"""Show 4: after erasure words and links are gone, earlier releases verify, buyers learn which rows to drop."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.provenance.people_at_work import NOW
from tests.provenance.released import NOW as SEALED
from tests.provenance.released import corpus, source, verify
from tests.provenance.world import World, honest

from tutelage.errors import BadInput, StoreDamaged
from tutelage.formats.corpus import Corpus
from tutelage.provenance import erasure
from tutelage.provenance.erasure import Revocations
from tutelage.provenance.release.erase import erase
from tutelage.provenance.release.project import Project
from tutelage.provenance.release.seal import seal


@pytest.fixture
def erased(tmp_path: Path) -> tuple[World, Path, Path]:
    """(the project after Ana's erasure, the release before it, a copy of the whole project before it)."""
    world, before = honest(tmp_path)
    shutil.copytree(world.project.root, tmp_path / "copy")
    erase(world.project, "ana", reason="request", now=NOW)
    return world, before, tmp_path / "copy"


def without_ana(count: int = 12) -> Corpus:
    """The twelve judgments less Ana's three and the responses' claim to be hers."""
    data = corpus(count)
    return replace(
        data,
        responses=tuple(replace(r, author="bo") for r in data.responses),
        judgments=tuple(j for j in data.judgments if j.judge_id != "ana"),
        judges=tuple(j for j in data.judges if j.id != "ana"),
    )


def everything(root: Path) -> bytes:
    """All bytes and names under a directory."""
    return b"".join(str(p).encode() + (p.read_bytes() if p.is_file() else b"") for p in sorted(root.rglob("*")))


def test_an_earlier_release_verifies_as_before_and_the_list_names_its_rows(
    erased: tuple[World, Path, Path], tmp_path: Path
) -> None:
    """Rows 1, 5 and 9 of twelve; levels too: what was proven stays proven."""
    world, before, _ = erased
    code, told = world.judge(before)
    assert code == 0
    assert "levels: H0 9, H3 3" in told
    code, told = world.judge(before, "--revocations", str(world.project.root / "revocations.json"))
    assert code == 0
    assert "3 rows are revoked" in told
    assert "row 5 (j004): revoked, drop it" in told


def test_the_project_keeps_of_her_a_pseudonym_a_public_key_and_a_keyed_hash(erased: tuple[World, Path, Path]) -> None:
    """Her enrolment stays, or somebody could enrol a second first key for her pseudonym. Nothing else does."""
    world, _, copy = erased
    left, nym = everything(world.project.root), world.nym("ana").encode()
    for trace in (b'"ana"', b"j004", b"j008", b'"batch/1"'):
        assert trace not in left
    assert left.count(nym) == 1
    assert left.count(world.ana.public.x.encode()) == 1
    assert (copy / "attestations.jsonl").read_bytes().count(b"\n") == 1
    assert (world.project.root / "attestations.jsonl").read_bytes() == b""  # the issuer's word about her key
    with world.project.log() as log:
        assert [log.index_of(f"j{n:03}") for n in (0, 4, 8)] == [None, None, None]
        assert log.index_of("j001") is not None


def test_sealing_again_refuses_a_source_that_still_holds_her_and_goes_on_without(
    erased: tuple[World, Path, Path], tmp_path: Path
) -> None:
    """The new release continues the log of the old one: 9 rows, and her leaves behind the proof."""
    world, before, _ = erased
    with world.project.log() as log:
        size = len(log)
    with pytest.raises(BadInput, match="'ana' first"):
        world.seal("again")
    with pytest.raises(BadInput, match="'ana' first"):  # nor as the author of a response alone
        seal(source(replace(corpus(), judgments=without_ana().judgments, judges=without_ana().judges)),
             world.project, tmp_path / "author", now=SEALED)  # fmt: skip
    assert not (tmp_path / "again").exists()
    with world.project.log() as log:
        assert len(log) == size
    seal(source(without_ana()), world.project, tmp_path / "after", now=SEALED)
    code, told = world.judge(tmp_path / "after", known=before)
    assert code == 0, told
    assert "levels: H0 9" in told
    assert world.nym("ana").encode() not in everything(tmp_path / "after")
    assert verify(before, world.trust())[0] == 0


def test_erasing_twice_changes_nothing_and_a_second_person_is_added_to_the_list(
    erased: tuple[World, Path, Path],
) -> None:
    """3 receipts of Ana's, then 3 of Bo's: the list is cumulative."""
    world, _, _ = erased
    path = world.project.root / "revocations.json"
    first = path.read_bytes()
    assert len(erase(world.project, "ana", reason="request", now=NOW).receipts) == 3
    assert path.read_bytes() == first
    assert len(erase(world.project, "bo", reason="legal", now=NOW).receipts) == 6


def test_what_a_copy_taken_before_still_gives(erased: tuple[World, Path, Path], tmp_path: Path) -> None:
    """Stated, because no erasure reaches a copy: it depends on which parts the copy has.

    log, people and secrets  everything, as before
    log and secrets          none of the words: sizes, which leaves are one person's, enrolments; whether a contribution
                             whose id somebody guesses was there
    log and people           nothing but enrolments: people's keys are wrapped by the operator's
    """
    world, _, copy = erased
    for parts in (("people", "secrets"), ("secrets",), ("people",)):
        root = tmp_path / "-".join(parts)
        for part in ("log", *parts):
            shutil.copytree(copy / part, root / part)
    whole, no_people, no_secrets = (
        Project("small", tmp_path / name) for name in ("people-secrets", "secrets", "people")
    )
    with whole.log() as log:
        given = log.given(log.index_of("j004") or 0)
        assert given is not None
        assert b'"j004"' in given.contribution
        assert any(b'"batch/1"' in payload for _, payload in log.published())
    with no_people.log() as log:
        assert log.given(log.index_of("j004") or 0) is None
        assert log.index_of("j004") is not None
        assert log.index_of("never given") is None
        assert [json.loads(p)["schema"] for _, p in log.published()] == ["enrolment/1"]
    raw = everything(no_people.root)
    assert b"j004" not in raw
    assert raw.count(world.nym("ana").encode()) == 1
    with pytest.raises(StoreDamaged), no_secrets.log():
        pass


def test_killed_before_the_list_is_kept_or_before_the_key_is_gone_it_can_be_done_again(tmp_path: Path) -> None:
    """The process dies before the list is written; done again, the list has her three and nothing reads."""
    world, _ = honest(tmp_path)
    nym = world.nym("ana")

    def dies(_: Revocations) -> None:
        raise KeyboardInterrupt

    with world.project.log() as log, pytest.raises(KeyboardInterrupt):
        erasure.erase(log, "ana", nym, Revocations(world.project.origin, 0), "request", NOW, dies)
    with world.project.log() as log:
        assert len(erasure.receipts_of(log, nym)) == 3
    assert len(erase(world.project, "ana", reason="request", now=NOW).receipts) == 3
    with world.project.log() as log:
        assert erasure.receipts_of(log, nym) == []
