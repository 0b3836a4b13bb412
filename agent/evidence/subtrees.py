"""Roots and proofs of a long log without hashing all of it again for each.

The leaves stand in the store; the roots of complete subtrees of 256 and of 65,536 leaves never
change, so they are kept once computed. A proof then reads some hundred leaves, whatever the size.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from agent.evidence.store import Reading
from agent.evidence.store.paging import hashes
from agent.evidence.tree import consistency_path, inclusion_path, root_hash

SMALL, LARGE = 1 << 8, 1 << 16
"""Leaves of the subtrees whose roots are kept; powers of two, so that RFC 6962 splits there."""
MOST = 1 << 16
"""Roots that are kept, 10 MB of them: those of 16 million entries."""


class Subtrees:
    """The tree over one log; safe to use from several threads."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def root(self, view: Reading, size: int) -> bytes:
        """Compute the root of the first `size` entries."""
        return self._root(view, 0, size)

    def inclusion(self, view: Reading, index: int, size: int) -> list[bytes]:
        """Give the audit path of an entry in the tree of `size`. Raises `ValueError`."""
        return inclusion_path(index, size, lambda low, high: self._root(view, low, high))

    def consistency(self, view: Reading, first: int, size: int) -> list[bytes]:
        """Prove that the tree of `size` continues that of `first`. Raises `ValueError`."""
        return consistency_path(first, size, lambda low, high: self._root(view, low, high))

    def _root(self, view: Reading, low: int, high: int) -> bytes:
        """Compute the root of [low, high), which begins where a subtree of its size can."""
        if high - low not in {SMALL, LARGE}:
            return self._computed(view, low, high)
        place = (low, high)
        with self._lock:
            known = self._known.get(place)
        if known is None:
            known = self._computed(view, low, high)
            with self._lock:
                self._known[place] = known
                while len(self._known) > MOST:
                    self._known.popitem(last=False)
        return known

    def _computed(self, view: Reading, low: int, high: int) -> bytes:
        """Hash leaves, or the roots of the subtrees that it is made of."""
        if high - low <= SMALL:
            return root_hash(hashes(view, low, high))
        step = SMALL if high - low <= LARGE else LARGE
        return root_hash(
            self._root(view, start, min(start + step, high)) for start in range(low, high, step)
        )
