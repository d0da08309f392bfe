"""The log on disk: one leaf a contribution, nothing cut off unseen, and a person can be erased from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.provenance.people_at_work import KEK, LOG, NOW, given

from tutelage.errors import BadInput, Failed, StoreDamaged
from tutelage.provenance.erasure import Revocations, erase, open_revocations, receipts_of, sign_revocations
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.log import FileLog, Submission, opened
from tutelage.provenance.merkle import check_consistency, check_inclusion, leaf_hash
from tutelage.provenance.people import People

OPERATOR = SigningKey("operator", bytes(range(32)))


def fill(log: FileLog, who: str, count: int) -> list[int]:
    return log.add([Submission(f"{who}-{i}", who, given(who, f"{who}-{i}", f"words of {who}")) for i in range(count)])


def test_what_was_logged_is_there_when_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path, LOG, KEK) as log:
        assert fill(log, "ana", 3) == [0, 1, 2]
        assert log.publish(b'{"schema":"x"}') == 3
        first = log.checkpoint(OPERATOR)
    with opened(tmp_path, LOG, KEK) as log:
        assert log.tree.root() == first.root
        assert list(log.published()) == [(3, b'{"schema":"x"}')]
        one = log.given(1)
        assert one is not None
        assert b"words of ana" in one.contribution
        check_inclusion(leaf_hash(one.receipt.payload()), 1, 4, log.tree.inclusion(1), first.root)
        with pytest.raises(Failed):
            log.given(3)


def test_a_contribution_sent_again_keeps_its_leaf(tmp_path: Path) -> None:
    with opened(tmp_path, LOG, KEK) as log:
        assert fill(log, "ana", 2) == fill(log, "ana", 2) == [0, 1]
        one = Submission("j", "ana", given("ana", "j"))
        assert log.add([one, one]) == [2, 2]
        assert len(log) == 3


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path, LOG, KEK), pytest.raises(BadInput, match="Another process"), opened(tmp_path, LOG, KEK):
        pass


def test_a_torn_tail_is_cut_at_every_byte_and_damage_before_the_end_is_not(tmp_path: Path) -> None:
    with opened(tmp_path, LOG, KEK) as log:
        fill(log, "ana", 2)
        two = (tmp_path / "log.frames").stat().st_size
        fill(log, "ben", 1)
    whole = (tmp_path / "log.frames").read_bytes()
    for cut in range(two + 1, len(whole), 37):
        (tmp_path / "log.frames").write_bytes(whole[:cut])
        with opened(tmp_path, LOG, KEK) as log:
            assert len(log) == 2
    (tmp_path / "log.frames").write_bytes(whole[:100] + b"\x00\xff" + whole[102:])
    with pytest.raises(StoreDamaged, match="at byte"), opened(tmp_path, LOG, KEK):
        pass


def test_leaves_that_were_signed_for_may_not_vanish(tmp_path: Path) -> None:
    with opened(tmp_path, LOG, KEK) as log:
        fill(log, "ana", 2)
        size = (tmp_path / "log.frames").stat().st_size
        log.checkpoint(OPERATOR)
    with (tmp_path / "log.frames").open("r+b") as file:
        file.truncate(size - 1)
    with pytest.raises(StoreDamaged, match="checkpoint of 2"), opened(tmp_path, LOG, KEK):
        pass


def test_erasure_takes_words_and_links_and_leaves_every_earlier_proof(tmp_path: Path) -> None:
    """Ana gave three, Ben two. After Ana's erasure all that was proven before still is.

    A copy taken before: with the people's keys and the operator's key all of it reads, as any backup of both would;
    a copy of the log without `people/` reads nothing, though it still groups entries by a random owner.
    """
    store, copy = tmp_path / "store", tmp_path / "copy"
    with opened(store, LOG, KEK) as log:
        fill(log, "ana", 3)
        fill(log, "ben", 2)
        before = log.checkpoint(OPERATOR)
        kept = [log.given(i) for i in range(5)]
        paths = [log.tree.inclusion(i) for i in range(5)]
        nym = kept[0].receipt.nym  # type: ignore[union-attr]  none was erased yet
        owner = People(store / "people", KEK).owner_of("ana")
    shutil.copytree(store, copy)
    with opened(store, LOG, KEK) as log:
        gone = receipts_of(log, nym)
        lists: list[Revocations] = []
        after = erase(log, "ana", nym, Revocations(LOG, 0), "request", NOW, lists.append)
        assert gone == list(after.receipts) == ["r-ana-0", "r-ana-1", "r-ana-2"]
        assert lists == [after]
        assert [log.given(i) is None for i in range(5)] == [True, True, True, False, False]
        assert log.index_of("ana-0") is None
        later = log.checkpoint(OPERATOR)
        proof = log.tree.consistency(before.size)
        assert after.digest().encode() in dict(log.published())[5]  # the tombstone names the list
        assert b"r-ana" not in dict(log.published())[5]  # and nobody's receipt
        assert open_revocations(sign_revocations(after, OPERATOR), [OPERATOR.public]) == after
        assert log.erase("ana") == 0
    check_consistency(before.size, before.root, later.size, later.root, proof)
    for i, one in enumerate(kept):
        check_inclusion(leaf_hash(one.receipt.payload()), i, 5, paths[i], before.root)  # type: ignore[union-attr]  none was erased yet
    left = b"".join(p.read_bytes() for p in store.rglob("*") if p.is_file())
    assert owner is not None
    for trace in (b"words of ana", nym.encode(), b"ana-0", owner, owner.hex().encode()):
        assert trace not in left
    assert owner.hex() not in " ".join(map(str, store.rglob("*")))
    with opened(copy, LOG, KEK) as log:  # stated: whoever kept both and the operator's key reads it
        assert log.given(0) is not None
    shutil.rmtree(copy / "people")
    with opened(copy, LOG, KEK) as log:
        assert [log.given(i) for i in range(5)] == [None] * 5
    assert (copy / "log.frames").read_bytes().count(owner) == 3


def test_an_erasure_that_was_killed_is_finished_on_opening(tmp_path: Path) -> None:
    with opened(tmp_path, LOG, KEK) as log:
        fill(log, "ana", 2)
        owner = People(tmp_path / "people", KEK).owner_of("ana")
    assert owner is not None
    (tmp_path / "erasing").mkdir()
    (tmp_path / "erasing" / owner.hex()).touch()
    with opened(tmp_path, LOG, KEK) as log:
        assert log.given(0) is None
        assert len(log) == 2
    assert not list((tmp_path / "erasing").iterdir())


def test_who_was_erased_is_not_logged_again_and_a_key_from_a_backup_is_deleted(tmp_path: Path) -> None:
    """Ben, who never gave anything, is erased too: nothing of his will be logged. Only keyed hashes are kept."""
    with opened(tmp_path, LOG, KEK) as log:
        fill(log, "ana", 2)
        shutil.copytree(tmp_path / "people", tmp_path / "backup")
        shutil.copy(tmp_path / "log.frames", tmp_path / "backup.frames")
        assert (log.erase("ana"), log.erase("ben")) == (2, 0)
        for who in ("ana", "ben"):
            with pytest.raises(BadInput, match="were erased"):
                fill(log, who, 1)
    shutil.copytree(tmp_path / "backup", tmp_path / "people", dirs_exist_ok=True)
    shutil.copy(tmp_path / "backup.frames", tmp_path / "log.frames")
    with opened(tmp_path, LOG, KEK) as log:
        assert [log.given(i) for i in range(2)] == [None, None]
        assert not list((tmp_path / "people").iterdir())
        with pytest.raises(BadInput, match="were erased"):
            fill(log, "ana", 1)
        assert fill(log, "cy", 1) == [2]
    names = " ".join(p.name for p in (tmp_path / "erased").iterdir())
    assert len(names.split()) == 2
    assert "ana" not in names


def test_a_payload_about_a_person_is_erased_with_them(tmp_path: Path) -> None:
    """A batch holds pay, seconds and a key: it is under the person's key, reads back as published, and goes with it."""
    batch, enrolment = b'{"schema":"batch/1"}', b'{"nym":"n","schema":"enrolment/1"}'
    with opened(tmp_path, LOG, KEK) as log:
        fill(log, "ana", 1)
        assert (log.publish(batch, about="ana"), log.publish(enrolment), log.publish(batch, about="ana")) == (1, 2, 1)
        assert batch not in (tmp_path / "log.frames").read_bytes()
    with opened(tmp_path, LOG, KEK) as log:
        assert dict(log.published()) == {1: batch, 2: enrolment}
        assert len(log.enrolled) == 1
        root = log.tree.root()
        with pytest.raises(Failed):
            log.given(1)
        log.erase("ana")
        assert dict(log.published()) == {2: enrolment}
        assert log.tree.root() == root


def test_another_operators_key_opens_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, LOG, KEK) as log:
        fill(log, "ana", 1)
    with pytest.raises(StoreDamaged), opened(tmp_path, LOG, KEK[::-1]):
        pass
