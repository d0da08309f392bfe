"""The store: content has one name, appears whole or not at all, and damage is named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.errors import BadInput, StoreDamaged
from tutelage.store import LocalStore, digest_file, digest_tree


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_equal_directories_have_one_digest_and_are_stored_once(store: LocalStore, tmp_path: Path) -> None:
    one = store.put(tree(tmp_path / "a", {"x.txt": "1", "sub/y.txt": "2"}))
    two = store.put(tree(tmp_path / "b", {"sub/y.txt": "2", "x.txt": "1"}))
    assert one == two == digest_tree(tmp_path / "a")
    assert store.digests() == [one]
    assert (store.path(one) / "sub/y.txt").read_text() == "2"


def test_a_file_is_stored_under_the_digest_of_its_bytes(store: LocalStore, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("a,b\n")
    assert store.put(path) == digest_file(path)
    assert store.path(digest_file(path)).read_text() == "a,b\n"
    assert path.exists(), "the source is copied"


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.binary(max_size=20), max_size=5))
def test_a_directorys_digest_depends_on_names_and_bytes_and_on_nothing_else(files: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        for name, data in files.items():
            (Path(one) / name).write_bytes(data)
        for name, data in reversed(files.items()):
            (Path(two) / name).write_bytes(data)
        assert digest_tree(Path(one)) == digest_tree(Path(two))
        (Path(two) / "extra").write_bytes(b"")
        assert digest_tree(Path(one)) != digest_tree(Path(two))


def test_a_moved_source_is_gone_and_stored_files_are_read_only(store: LocalStore, tmp_path: Path) -> None:
    source = tree(tmp_path / "store/new", {"x": "1"})
    stored = store.path(store.put(source, move=True))
    assert not source.exists()
    assert (stored / "x").stat().st_mode & 0o222 == 0


def test_a_moved_source_that_is_stored_already_is_gone_too(store: LocalStore, tmp_path: Path) -> None:
    first = store.put(tree(tmp_path / "a", {"x": "1"}))
    again = tree(tmp_path / "b", {"x": "1"})
    assert store.put(again, move=True) == first
    assert not again.exists()


def test_a_link_inside_an_artefact_is_refused_and_named(store: LocalStore, tmp_path: Path) -> None:
    source = tree(tmp_path / "a", {"x": "1"})
    (source / "leak").symlink_to("/etc/passwd")
    with pytest.raises(BadInput) as refused:
        store.put(source)
    assert refused.value.where.file is not None
    assert refused.value.where.file.endswith("/leak")
    assert store.digests() == []


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lambda at: (at / "sub/y").write_text("3"), "sub/y"),
        (lambda at: (at / "sub/y").unlink(), "sub/y"),
        (lambda at: (at / "z").write_text("new"), "z"),
    ],
    ids=["changed", "missing", "added"],
)
def test_damage_is_named_by_file(store: LocalStore, tmp_path: Path, harm: Callable[[Path], object], named: str) -> None:
    digest = store.put(tree(tmp_path / "a", {"x": "1", "sub/y": "2"}))
    store.verify(digest)
    at = store.path(digest)
    (at / "sub/y").chmod(0o644)
    harm(at)
    with pytest.raises(StoreDamaged) as damaged:
        store.verify(digest)
    assert damaged.value.where.file == str(at / named)


def test_a_damaged_listing_is_named_and_storing_again_heals_both(store: LocalStore, tmp_path: Path) -> None:
    source = tree(tmp_path / "a", {"x": "1"})
    digest = store.put(source)
    listing = next((store.root / "listings").glob("*.json"))
    listing.write_text("[]")
    (store.path(digest) / "x").chmod(0o644)
    (store.path(digest) / "x").write_text("9")
    with pytest.raises(StoreDamaged, match="listing"):
        store.verify(digest)
    assert store.put(source) == digest
    store.verify(digest)


def test_an_unknown_or_malformed_digest_says_what_to_do(store: LocalStore) -> None:
    with pytest.raises(BadInput, match="Run the recipe"):
        store.path("sha256:" + "0" * 64)
    with pytest.raises(BadInput, match="64 hex digits"):
        store.path("sha256:../../etc")


def test_collection_removes_what_nobody_keeps(store: LocalStore, tmp_path: Path) -> None:
    """Four artefacts: one pinned, one pinned while a run's file exists, one passed as `keep`, one nobody's."""
    digests = [store.put(tree(tmp_path / n, {"x": n})) for n in "abcd"]
    run_file = tmp_path / "run.json"
    run_file.write_text("{}")
    store.keep("someone", [digests[0]])
    store.keep("a run", [digests[1]], while_exists=run_file)
    assert store.gc([digests[2]], dry_run=True).digests == (digests[3],)
    assert len(store.digests()) == 4, "a dry run removes nothing"
    assert store.gc([digests[2]]).bytes == 1
    assert store.digests() == sorted(digests[:3])
    run_file.unlink()
    assert set(store.gc().digests) == {digests[1], digests[2]}, "the run is gone, and nobody passed `keep`"
    store.keep("someone", [])
    store.gc()
    assert store.digests() == []
    assert list((store.root / "listings").iterdir()) == []


def test_collection_waits_for_no_run_but_refuses(store: LocalStore) -> None:
    with store.in_use(), pytest.raises(BadInput, match="A run is using the store"):
        store.gc()


def test_usage_counts_artefacts_bytes_and_what_is_kept(store: LocalStore, tmp_path: Path) -> None:
    store.put(tree(tmp_path / "a", {"x": "123", "y": "45"}))
    store.keep("me", [store.put(tree(tmp_path / "b", {"x": "6789"}))])
    usage = store.du()
    assert (usage.artefacts, usage.bytes, usage.kept_artefacts, usage.kept_bytes) == (2, 9, 1, 4)


PUT_MANY = """
import sys
from pathlib import Path
from tutelage.store import LocalStore
store, source = LocalStore(Path(sys.argv[1])), Path(sys.argv[2])
for number in range(20):
    (source / str(number)).mkdir(parents=True)
    (source / str(number) / "x").write_text(str(number))
    store.put(source / str(number))
"""


def test_two_processes_that_store_the_same_things_end_with_each_once(store: LocalStore, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", PUT_MANY, str(store.root)]
    workers = [subprocess.Popen([*argv, str(tmp_path / name)]) for name in ("one", "two")]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0]
    assert len(store.digests()) == 20
    for digest in store.digests():
        store.verify(digest)
    assert list((store.root / "tmp").iterdir()) == []


def test_what_a_killed_process_left_is_tidied_and_a_living_ones_is_not(store: LocalStore, tmp_path: Path) -> None:
    """A process that has ended wrote one temporary name, this one the other."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    listings = store.root / "listings"
    tree(listings, {f".a.json.1f.{ended.pid}.tmp": "", f".b.json.1f.{os.getpid()}.tmp": ""})
    store.tidy()
    assert [p.name for p in listings.iterdir()] == [f".b.json.1f.{os.getpid()}.tmp"]
