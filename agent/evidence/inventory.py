"""The resources that a run saw beside those that were known: what differs is written."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from agent.evidence.leaf import resource_leaf
from agent.evidence.store import Reading, Writing
from agent.evidence.store import tables as t
from agent.evidence.store.spool import Spool, merge
from agent.evidence.tree import Frontier

_BATCH = 250
"""Rows of the projection that wait in memory."""


class Inventory:
    """Writes the sightings of one run, check by check."""

    def __init__(
        self, writing: Writing, standing: Reading, spool: Spool, of: tuple[int, int]
    ) -> None:
        """`of`: the numbers of the target and of the run."""
        self._writing, self._standing, self._spool = writing, standing, spool
        self._target, self._run = of
        self.written = 0
        """Sightings so far."""
        self._closed: list[tuple[int, ...]] = []
        self._opened: list[tuple[Any, ...]] = []

    def write(self, check: str, number: int, unseen: AbstractSet[tuple[str, str]]) -> Frontier:
        """Write what changed of a check; gives the tree of its resources.

        `unseen` are (check, region) that nobody could list, the empty region being the target.
        """
        tree = Frontier()
        known = iter(self._standing.known(self._target, number))
        for new, old in merge(self._spool.seen(check), known):
            lost = new is None and old is not None
            if lost and old is not None and unseen & {(check, ""), (check, old[1])}:
                new = old  # noqa: PLW2901 - nobody looked, so nothing is known against it
            if new is None:
                self._sight(number, old, None)
                continue
            tree.append(resource_leaf(new[0], new[1], new[2]))
            if old is None or new[1:3] != old[1:3]:
                self._sight(number, old, new)
        self._turn_over()
        return tree

    def _sight(self, check: int, old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> None:
        moved = old is not None and new is not None and old[1] != new[1]
        if old is not None and (new is None or moved):
            self._writing.add(t.sighting, (self._run, check, old[3], None))
            self.written += 1
            self._closed.append((self._target, check, old[3]))
        if new is not None:
            resource = self._writing.resource_id(self._target, new[0], new[1])
            self._writing.add(t.sighting, (self._run, check, resource, new[2]))
            self.written += 1
            self._opened.append((self._target, check, resource, new[2], self._run))
        if len(self._opened) >= _BATCH:
            self._turn_over()

    def _turn_over(self) -> None:
        self._writing.drop(t.inventory, self._closed)
        self._writing.replace(t.inventory, self._opened)
        self._closed, self._opened = [], []
