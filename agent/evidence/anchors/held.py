"""Compares a store with the copies of its checkpoints that others hold, and recovers from a loss.

A store that lacks what a copy proves was rolled back, cut short or written anew. It is refused
until a person says why: `recover` seals an entry with the reason, by whom, and each checkpoint that
is lost. Those are excused from there on, and nothing else: not what is lost later at such a size.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.evidence.anchors.model import Anchor, AnchorError, Copies
from agent.evidence.entry import Kind, whole
from agent.evidence.keyring import read_keyring
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


def compare(store: Store, verifier: Verifier, place: Copies, *, every: bool = False) -> str:
    """Say what a place holds that the store lacks; empty when it lacks nothing.

    `every` copy is read, or those from the longest to the first that the store has: whoever has the
    key and may write copies can put one of a log made anew on top. Raises `AnchorError` when the
    place cannot be asked.
    """
    with store.reading() as view:
        lost = next(find_lost(view, verifier, place, every=every), None)
        size = view.size()
    if lost is None:
        return ""
    behind = f"ends at {size}" if lost.size > size else "has another checkpoint there"
    return f"{lost.place} holds a checkpoint of size {lost.size}, and this store {behind}"


def find_lost(
    view: Reading, verifier: Verifier, place: Copies, *, every: bool = False
) -> Iterator[Lost]:
    """Give the copies that this store does not contain, the longest first.

    Not `every`: down to the first that it does contain.

    What no key of the log signed, anybody can have put there: it is passed over. `verifier` is the
    key of who asks, which a store from before it was handed over does not know. Raises
    `AnchorError`.
    """
    excused = set(_excused(view))
    keys = {*_keys(view), verifier}
    for note in place.copies(0):
        head = _opened(note, keys)
        if head is None:
            LOG.warning("%s: a copy that is no checkpoint of this log", place.place)
            continue
        if not _contains(view, head):
            lost = Lost(place=place.place, size=head.size, root=head.root.hex())
            if (lost.size, lost.root) not in excused:
                yield lost
        elif not every:
            return


def recover(
    log: Log, anchors: Iterable[Anchor], *, reason: str, by: str, at: datetime
) -> tuple[Lost, ...]:
    """Seal what is lost, and why; gives the longest lost checkpoint of each place.

    Nothing is sealed when nothing is lost. Raises `AnchorError` when a place cannot be asked.
    """
    with log.store.reading() as view:
        verifier, places = log.signer.verifier, copies_among(anchors)
        found = [list(find_lost(view, verifier, place, every=True)) for place in places]
        lost = [each for ones in found for each in ones]
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
    return tuple(ones[0] for ones in found if ones)


def _keys(view: Reading) -> tuple[Verifier, ...]:
    try:
        return read_keyring(view).keys
    except NoteInvalid:  # a store that is damaged there; opening or verifying it says so
        return ()


def _opened(note: bytes, keys: Iterable[Verifier]) -> Checkpoint | None:
    """Open a checkpoint that one of the keys signed; None: none did."""
    for key in keys:
        with suppress(NoteInvalid):
            return open_checkpoint(note, key)
    return None


def _contains(view: Reading, head: Checkpoint) -> bool:
    ours = view.checkpoint(head.size)
    return ours is not None and ours.decode().split("\n")[2] == str(head).split("\n")[2]


def _excused(view: Reading) -> Iterator[tuple[int, str]]:
    """Give (size, root) of every checkpoint that a recovery named."""
    for _, data in view.entries(Kind.AGENT):
        entry = json.loads(data)
        if entry.get("event") == RECOVERY:
            for each in whole(entry["lost"], view.content):
                yield int(each["size"]), str(each["root"])
