"""The findings of a run beside those that stood before it: what differs is written.

What was known before and is not seen now is gone, unless its place was lost: then it is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from agent.evidence.leaf import GONE, OUTCOMES, needs_text, quoted_leaf
from agent.evidence.store import Reading, Writing
from agent.evidence.store import tables as t
from agent.evidence.store.spool import Spool, merge
from agent.evidence.tree import Frontier
from agent.model import Outcome

_ERROR = OUTCOMES.index(Outcome.ERROR)
_BATCH = 250
"""Rows of the projection that wait in memory."""


class Lost(NamedTuple):
    """A place that a rule could not see: a region, or the whole target when it is empty."""

    region: str
    code: str
    message: str
    needs: Sequence[str] = ()


class Changes:
    """Writes the changes of one run, rule by rule; memory does not grow with the findings."""

    def __init__(
        self,
        writing: Writing,
        standing: Reading,
        spool: Spool,
        lost: Mapping[str, Sequence[Lost]],
        of: tuple[int, int],
    ) -> None:
        """`of`: the numbers of the target and of the run."""
        self._writing, self._standing, self._spool, self._lost = writing, standing, spool, lost
        self._target, self._run = of
        self.written = 0
        """Change rows so far."""
        self._closed: list[tuple[int, ...]] = []
        self._opened: list[tuple[Any, ...]] = []

    def write(self, rule: str, number: int) -> tuple[Frontier, list[int]]:
        """Write what changed of a rule; gives the tree of its findings and a count by outcome."""
        tree, tally = Frontier(), [0] * len(OUTCOMES)
        append = tree.append
        pairs = merge(
            self._spool.findings(rule), iter(self._standing.standing(self._target, number))
        )
        for new, old in pairs:
            if new is None:
                assert old is not None  # noqa: S101 - merge pairs at least one
                new = self._unseen(rule, old)  # noqa: PLW2901 - what is said of it now
                if new is None:
                    self._change(number, old, None)
                    continue
            append(new[2])
            tally[new[3]] += 1
            if old is None or new[2] != old[2]:
                self._change(number, old, new)
        self._turn_over()
        return tree, tally

    def _unseen(self, rule: str, old: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Say what becomes of a finding whose resource was not seen: an error, or None (gone).

        The elements of a resource (`<id>#<element>`) are as unseen as their list, when this run
        found that to be an error.
        """
        for place in self._lost.get(rule, ()):
            if place.region in ("", old[1]):
                words = (place.code, place.message, needs_text(place.needs))
                break
        else:
            found = self._list_of(rule, old[0])
            if found is None:
                return None
            words = found
        leaf = quoted_leaf(encode_basestring(rule), old[0], old[1], Outcome.ERROR, *words, "")
        return (old[0], old[1], leaf, _ERROR, *words, b"")

    def _list_of(self, rule: str, resource: str) -> tuple[str, str, str] | None:
        """Give why the list that an element is of could not be seen; None: it was, or it is none.

        An id may hold a `#` of its own, so every beginning of it may be the resource's.
        """
        steps = resource.split("#")
        for count in range(1, len(steps)):
            why = self._spool.reason(rule, "#".join(steps[:count]), _ERROR)
            if why is not None:
                return why
        return None

    def _change(self, rule: int, old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> None:
        moved = old is not None and new is not None and old[1] != new[1]
        if old is not None:
            _, _, _, resource, since, outcome, reason, blob = old
            key = (self._target, rule, resource)
            self._writing.add(t.span, (*key, since, self._run, outcome, reason, blob))
            if new is None or moved:
                self._row(rule, resource, GONE, None, None)
                self._closed.append(key)
        if new is None:
            return
        name, region, leaf, outcome, code, message, needs, digest = new
        resource = (
            old[3]
            if old is not None and not moved
            else self._writing.resource_id(self._target, name, region)
        )
        reason = self._writing.reason_id(code, message, needs)
        blob = self._blob(digest) if digest else None
        self._row(rule, resource, outcome, reason, blob)
        key = (self._target, rule, resource)
        self._opened.append((*key, leaf, self._run, outcome, reason, blob))
        if len(self._opened) >= _BATCH:
            self._turn_over()

    def _blob(self, digest: bytes) -> int:
        found = self._writing.blob_of(digest)
        return self._writing.blob_id(self._spool.content(digest)) if found is None else found

    def _row(
        self, rule: int, resource: int, outcome: int, reason: int | None, blob: int | None
    ) -> None:
        self._writing.add(t.change, (self._run, rule, resource, outcome, reason, blob))
        self.written += 1

    def _turn_over(self) -> None:
        self._writing.drop(t.current, self._closed)
        self._writing.replace(t.current, self._opened)
        self._closed, self._opened = [], []
