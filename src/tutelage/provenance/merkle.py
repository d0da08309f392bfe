"""The Merkle tree of RFC 6962 and RFC 9162: appended to one leaf at a time, with proofs in logarithmic time.

All hashes are 32 bytes of SHA-256; indices count from 0; `size` is a number of leaves.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

from tutelage.errors import BadInput, Failed

WIDTH = 32
EMPTY = sha256(b"").digest()


def leaf_hash(payload: bytes) -> bytes:
    """H(0x00 ‖ payload)."""
    return sha256(b"\x00" + payload).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """H(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


class Tree:
    """Leaf hashes and every complete subtree above them: 64 bytes a leaf. Appending costs two hashes on average."""

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    def __len__(self) -> int:
        return len(self._levels[0]) // WIDTH

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash; gives its index."""
        levels = self._levels
        index = position = len(levels[0]) // WIDTH
        node, height = leaf, 0
        levels[0] += node
        while position & 1:
            row = levels[height]
            node = sha256(b"\x01" + row[-2 * WIDTH :]).digest()
            height += 1
            position >>= 1
            if height == len(levels):
                levels.append(bytearray())
            levels[height] += node
        return index

    def leaf(self, index: int) -> bytes:
        """The leaf hash at an index."""
        self._within(index + 1, len(self))
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves, all by default."""
        size = self._sized(size)
        return self._range(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of a leaf in the tree of `size` leaves, from the leaf up (RFC 9162, 2.1.3.1)."""
        size = self._sized(size)
        self._within(index + 1, size)
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return tuple(reversed(path))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """What shows that the first `old` leaves are a prefix of the first `size` (RFC 9162, 2.1.4.1)."""
        size = self._sized(size)
        self._within(old, size)
        path, low, high = [], 0, size
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        if low:
            path.append(self._range(low, high))
        return tuple(reversed(path))

    def inclusion_of_many(self, indices: Sequence[int], size: int | None = None) -> tuple[bytes, ...]:
        """One proof for many leaves: the hashes of the largest subtrees that hold none of them, left to right.

        indices  ascending, none twice
        """
        size = self._sized(size)
        _ascending(indices, size)
        return tuple(self._range(low, high) for low, high, one in _cover(indices, size) if one is None)

    def _range(self, low: int, high: int) -> bytes:
        """The root over leaves `low` up to `high`, where `low` is where RFC 9162 would split."""
        node = b""
        for start, height in reversed(list(_complete(low, high))):
            left = self._node(height, start >> height)
            node = node_hash(left, node) if node else left
        return node

    def _node(self, height: int, position: int) -> bytes:
        return bytes(self._levels[height][position * WIDTH : (position + 1) * WIDTH])

    def _sized(self, size: int | None) -> int:
        if size is None:
            return len(self)
        self._within(size, len(self))
        return size

    def _within(self, number: int, limit: int) -> None:
        if not 0 < number <= limit:
            raise BadInput(
                f"Leaf number {number} of a tree of {limit}.",
                expected=f"1 … {limit}",
                remedy="Ask for a leaf or size that the log has.",
            )


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise Failed unless `path` leads from the leaf at `index` to the root of `size` leaves (RFC 9162, 2.1.3.2)."""
    last, here, node = size - 1, index, leaf
    _proven(0 <= index < size, "the leaf is outside the tree")
    for step in path:
        _proven(last > 0, "the path is too long")
        if here & 1 or here == last:
            node = node_hash(step, node)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            node = node_hash(node, step)
        here, last = here >> 1, last >> 1
    _proven(last == 0, "the path is too short")
    _proven(node == root, "the path leads to another root")


def check_consistency(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> None:
    """Raise Failed unless the tree of `old` leaves is a prefix of that of `size` (RFC 9162, 2.1.4.2)."""
    _proven(0 < old <= size, "the older tree is empty or the larger one")
    if old == size:
        _proven(not path and old_root == root, "two roots for one size")
        return
    _proven(bool(path), "the path is empty")
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    here, last = old - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        _proven(last > 0, "the path is too long")
        if here & 1 or here == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = node_hash(second, step)
        here, last = here >> 1, last >> 1
    _proven(last == 0, "the path is too short")
    _proven(first == old_root, "the older leaves were changed")
    _proven(second == root, "the path leads to another root")


def check_inclusion_of_many(
    leaves: Sequence[bytes], indices: Sequence[int], size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise Failed unless these leaves stand at these ascending indices of the tree with this root."""
    _ascending(indices, size)
    _proven(len(leaves) == len(indices), "there are not as many leaves as indices")
    rest = iter(proof)
    stack: list[tuple[int, int, bytes]] = []
    for low, high, one in _cover(indices, size):
        node = next(rest, b"") if one is None else leaves[one]
        _proven(len(node) == WIDTH, "the proof is too short")
        while stack and _joins(stack[-1][0], low, high, size):
            low, _, left = stack.pop()
            node = node_hash(left, node)
        stack.append((low, high, node))
    _proven(not next(rest, b""), "the proof is too long")
    _proven(len(stack) == 1 and stack[0][2] == root, "the leaves lead to another root")


def _joins(left: int, low: int, high: int, size: int) -> bool:
    """Whether a subtree from `left` to `low` and one from `low` to `high` are the two sides of one node."""
    width = low - left
    return width & (width - 1) == 0 and left % (2 * width) == 0 and (high - low == width or high == size)


def _cover(indices: Sequence[int], size: int) -> Iterator[tuple[int, int, int | None]]:
    """(low, high, which) left to right: single leaves by their place in `indices`, and subtrees without any (None)."""
    waiting = [(0, size, 0, len(indices))]
    while waiting:
        low, high, start, stop = waiting.pop()
        if start == stop:
            yield low, high, None
        elif high - low == 1:
            yield low, high, start
        else:
            middle = low + _split(high - low)
            cut = bisect_left(indices, middle, start, stop)
            waiting += [(middle, high, cut, stop), (low, middle, start, cut)]


def _complete(low: int, high: int) -> Iterator[tuple[int, int]]:
    """(first leaf, height) of the complete subtrees that make up a range, left to right."""
    while low < high:
        height = (high - low).bit_length() - 1
        yield low, height
        low += 1 << height


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _ascending(indices: Sequence[int], size: int) -> None:
    _proven(bool(indices) and indices[0] >= 0 and indices[-1] < size, "there is no leaf, or one outside the tree")
    _proven(all(a < b for a, b in pairwise(indices)), "the leaves are not in ascending order")


def _proven(holds: bool, why: str) -> None:
    if not holds:
        raise Failed(
            f"The proof does not hold: {why}.",
            expected="a proof by RFC 9162 for these leaves and this root",
            remedy="Treat the log as forked or damaged, and keep both checkpoints.",
        )
