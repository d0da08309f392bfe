"""The tree of RFC 9162: its roots by the definition, its proofs for every leaf, and nothing else accepted."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.errors import BadInput, Failed
from tutelage.provenance.merkle import (
    EMPTY,
    Tree,
    check_consistency,
    check_inclusion,
    check_inclusion_of_many,
    leaf_hash,
    node_hash,
    root_of,
)

LEAVES = [leaf_hash(bytes([i])) for i in range(40)]
# The test vectors of Certificate Transparency: leaf inputs, and the root after each.
CT_INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def tree_of(size: int) -> Tree:
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    return tree


def test_roots_are_those_of_certificate_transparencys_vectors() -> None:
    leaves = [leaf_hash(bytes.fromhex(t)) for t in CT_INPUTS]
    assert {n: root_of(leaves[:n]).hex() for n in CT_ROOTS} == CT_ROOTS


def test_the_root_of_every_size_is_the_definitions() -> None:
    tree = tree_of(40)
    assert [tree.root(n) for n in range(1, 41)] == [by_definition(LEAVES[:n]) for n in range(1, 41)]
    assert Tree().root() == EMPTY


def test_every_leaf_and_every_prefix_of_every_size_is_proven() -> None:
    tree = tree_of(40)
    for size in range(1, 41):
        for i in range(size):
            check_inclusion(LEAVES[i], i, size, tree.inclusion(i, size), tree.root(size))
            check_consistency(i + 1, tree.root(i + 1), size, tree.root(size), tree.consistency(i + 1, size))


@given(st.data())
def test_one_proof_for_many_holds_for_them_and_for_no_others(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    chosen = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    tree, leaves = tree_of(size), [LEAVES[i] for i in chosen]
    proof, root = tree.inclusion_of_many(chosen), tree.root()
    check_inclusion_of_many(leaves, chosen, size, proof, root)
    assert (len(chosen) == size) == (proof == ()) or size == 1
    wrong = data.draw(st.integers(0, len(leaves) - 1))
    forged = [*leaves[:wrong], leaf_hash(b"forged"), *leaves[wrong + 1 :]]
    for bad_leaves, bad_proof in ((forged, proof), (leaves, (*proof, root)), (leaves[:-1], proof)):
        with pytest.raises(Failed):
            check_inclusion_of_many(bad_leaves, chosen, size, bad_proof, root)


@given(st.integers(2, 40), st.data())
def test_a_changed_leaf_index_step_or_root_is_refused(size: int, data: st.DataObject) -> None:
    tree, i = tree_of(size), data.draw(st.integers(0, size - 1))
    path, root = tree.inclusion(i), tree.root()
    for leaf, index, steps, top in (
        (LEAVES[i][::-1], i, path, root),
        (LEAVES[i], (i + 1) % size, path, root),
        (LEAVES[i], i, path[:-1], root),
        (LEAVES[i], i, (*path, root), root),
        (LEAVES[i], i, path, root[::-1]),
        (LEAVES[i], size, path, root),
    ):
        with pytest.raises(Failed):
            check_inclusion(leaf, index, size, steps, top)


@given(st.integers(1, 30), st.integers(1, 10), st.data())
def test_a_forked_log_is_consistent_with_no_earlier_root(old: int, more: int, data: st.DataObject) -> None:
    fork, changed = Tree(), data.draw(st.integers(0, old - 1))
    for i in range(old + more):
        fork.append(leaf_hash(b"forged") if i == changed else LEAVES[i])
    with pytest.raises(Failed):
        check_consistency(old, tree_of(old).root(), old + more, fork.root(), fork.consistency(old))


def test_what_the_tree_does_not_have_is_bad_input() -> None:
    tree = tree_of(3)
    for ask in (lambda: tree.inclusion(3), lambda: tree.root(4), lambda: tree.consistency(0), lambda: tree.leaf(-1)):
        with pytest.raises(BadInput):
            ask()


def test_pymerkle_agrees_where_it_is_installed() -> None:
    """The oracle: the same roots from another's code. It is a peer of the benchmarks, not a dependency."""
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle is not installed here")
    peer = pymerkle.InmemoryTree(algorithm="sha256")
    for n in range(1, 41):
        peer.append_entry(bytes([n - 1]))
        assert peer.get_root() == tree_of(n).root()
