"""Compares a store with the copies of its checkpoints that others hold, and recovers from a loss.

A store that lacks what a copy proves was rolled back, cut short or written anew. It is refused
until a person says why: `recover` seals an entry with the reason, by whom, and what is lost. Copies
of what was lost then are excused from there on, and of nothing else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.evidence.anchors.model import Anchor, AnchorError, Copies
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.evidence.note import Checkpoint, NoteInvalid, Verifier, open_checkpoint
from agent.evidence.store import Reading, Store, StoreBehind

LOG = logging.getLogger("assay")
RECOVERY = "recovery"


class Lost(Struct, frozen=True, kw_only=True):
    """A checkpoint that somebody else holds and that is not one of this store."""

    place: str
    size: int
    root: str
    """Hex."""


def copies_among(anchors: Iterable[Anchor]) -> list[Copies]:
    """Pick the anchors from which checkpoints can be had again."""
    return [each for each in anchors if isinstance(each, Copies)]


def refuse_behind(store: Store, verifier: Verifier, anchors: Iterable[Anchor]) -> None:
    """Raise `StoreBehind` when a copy proves that the store lacks entries.

    Copies that cannot be had are warned of and stop nothing.
    """
    for place in copies_among(anchors):
        try:
            behind = compare(store, verifier, place)
        except AnchorError as error:
            LOG.warning("not compared with the copies in %s: %s", place.place, error)
            continue
        if behind:
            raise StoreBehind(
                f"{store.path}: {behind}: it was rolled back or written anew; put the right one"
                " back, or see `assay evidence recover --help`"
            )


def compare(store: Store, verifier: Verifier, place: Copies) -> str:
    """Say what a place holds that the store lacks; empty when it lacks nothing.

    Raises `AnchorError` when the place cannot be asked.
    """
    with store.reading() as view:
        lost = next(find_lost(view, verifier, place), None)
        size = view.size()
    if lost is None:
        return ""
    behind = f"ends at {size}" if lost.size > size else "has another checkpoint there"
    return f"{lost.place} holds a checkpoint of size {lost.size}, and this store {behind}"


def find_lost(view: Reading, verifier: Verifier, place: Copies) -> Iterator[Lost]:
    """Give the copies that this store does not contain, from the longest to the last one it does.

    What the key of the log did not sign, anybody can have put there: it is passed over. Raises
    `AnchorError`.
    """
    excused = list(_excused(view))
    for note in place.copies(0):
        try:
            head = open_checkpoint(note, verifier)
        except NoteInvalid as error:
            LOG.warning("%s: a copy that is no checkpoint of this log: %s", place.place, error)
            continue
        if _contains(view, head):
            return
        if not any(low < head.size <= high for low, high in excused):
            yield Lost(place=place.place, size=head.size, root=head.root.hex())


def recover(
    log: Log, anchors: Iterable[Anchor], *, reason: str, by: str, at: datetime
) -> tuple[Lost, ...]:
    """Seal what is lost, and why; gives the longest lost checkpoint of each place.

    Nothing is sealed when nothing is lost. Raises `AnchorError` when a place cannot be asked.
    """
    with log.store.reading() as view:
        found = (next(find_lost(view, log.signer.verifier, p), None) for p in copies_among(anchors))
        lost = tuple(each for each in found if each)
        size = view.size()
    if lost:
        body: dict[str, Any] = {
            "event": RECOVERY,
            "reason": reason,
            "by": by,
            "size": size,
            "lost": [{"place": e.place, "size": e.size, "root": e.root} for e in lost],
        }
        log.append(Kind.AGENT, body, at)
    return lost


def _contains(view: Reading, head: Checkpoint) -> bool:
    ours = view.checkpoint(head.size)
    return ours is not None and ours.decode().split("\n")[2] == str(head).split("\n")[2]


def _excused(view: Reading) -> Iterator[tuple[int, int]]:
    """Give (size that was left, longest that was lost) of each recovery."""
    for _, data in view.entries(Kind.AGENT):
        entry = json.loads(data)
        if entry.get("event") == RECOVERY:
            yield int(entry["size"]), max(int(each["size"]) for each in entry["lost"])
