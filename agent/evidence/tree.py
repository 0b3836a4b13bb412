"""The Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1: hashes, roots, proofs.

A frontier keeps one hash for each perfect subtree, so that appending and the root of a stream
need memory and time that grow with the logarithm of its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256().digest()
"""The root of a tree without leaves (RFC 6962 section 2.1)."""


RootOf = Callable[[int, int], bytes]
"""Gives the root over the leaves [low, high)."""


class ProofInvalid(Exception):  # noqa: N818 - named for what it says of the proof
    """A proof does not prove what it claims."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash a leaf: `SHA-256(0x00 || entry)`."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: `SHA-256(0x01 || left || right)`."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The compact range of a tree that grows at its end: the roots of its perfect subtrees."""

    __slots__ = ("_peaks", "size")

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        peaks, size = self._peaks, self.size
        while size & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Give the root of all leaves so far; `EMPTY_ROOT` when there are none."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> Frontier:
        """Give a frontier that grows apart from this one."""
        other = Frontier()
        other.size, other._peaks = self.size, list(self._peaks)
        return other


def root_hash(leaves: Iterable[bytes]) -> bytes:
    """Compute the root of the tree over the leaf hashes `leaves`, in their order."""
    return Frontier(leaves).root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Give the audit path of leaf `index` (RFC 6962 section 2.1.1). Raises `ValueError`."""
    return inclusion_path(index, len(leaves), lambda low, high: root_hash(leaves[low:high]))


def inclusion_path(index: int, size: int, root_of: RootOf) -> list[bytes]:
    """Give the audit path of leaf `index` among `size`, by the roots of subtrees.

    Raises `ValueError`.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(middle, high))
            high = middle
        else:
            path.append(root_of(low, middle))
            low = middle
    return path[::-1]


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Prove that the tree of the first `first` leaves is a prefix (RFC 6962 section 2.1.2).

    Raises `ValueError` when there is nothing to prove it from: `first` is 0 or beyond the tree.
    """
    return consistency_path(first, len(leaves), lambda low, high: root_hash(leaves[low:high]))


def consistency_path(first: int, size: int, root_of: RootOf) -> list[bytes]:
    """Prove that the first `first` of `size` leaves are a prefix, by the roots of subtrees.

    Raises `ValueError` when there is nothing to prove it from: `first` is 0 or beyond the tree.
    """
    if not 0 < first <= size:
        raise ValueError(f"no consistency proof from {first} to {size} leaves")
    low, high, path = 0, size, list[bytes]()
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(root_of(middle, high))
            high = middle
        else:
            path.append(root_of(low, middle))
            low = middle
    if low:
        path.append(root_of(low, high))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check an audit path (RFC 9162 section 2.1.3.2). Raises `ProofInvalid`."""
    if not 0 <= index < size:
        raise ProofInvalid(f"leaf {index} is outside a tree of {size}")
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof is too short")
    if result != root:
        raise ProofInvalid(f"leaf {index} is not in the tree of size {size}")


def verify_consistency(  # the names of RFC 9162: fn, sn, fr, sr
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that a tree of `second` leaves extends one of `first` (RFC 9162 section 2.1.4.2).

    Raises `ProofInvalid`. From the empty tree nothing is proven, so only an empty proof is valid.
    """
    if first in (0, second):
        _verify_trivial(first, second, first_root, second_root, proof)
        return
    if not 0 < first < second or not proof:
        raise ProofInvalid(f"no proof of consistency from {first} to {second}")
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofInvalid("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(sibling, fr), node_hash(sibling, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn or fr != first_root or sr != second_root:
        raise ProofInvalid(f"the tree of size {second} does not extend the one of size {first}")


def _verify_trivial(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    if proof:
        raise ProofInvalid("a proof where none is needed")
    if first == 0 and first_root != EMPTY_ROOT:
        raise ProofInvalid("the root of the empty tree is wrong")
    if first == second and first_root != second_root:
        raise ProofInvalid(f"two roots for one size {first}")


def _split(size: int) -> int:
    """Give the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
