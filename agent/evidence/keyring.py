"""The keys of a log: the one that it began with, and each to which the one before it handed over.

An entry of the kind `key` with the event `rotated` names the next key. The checkpoint that covers
it has two signatures: of the key before, which hands over, and of the next, which takes the whole
log so far for its own. From the checkpoint after it on the next key signs alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from msgspec import Struct

from agent.evidence.entry import Kind
from agent.evidence.note import (
    Checkpoint,
    NoteInvalid,
    Verifier,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    verify_note,
)
from agent.evidence.store import Reading

ROTATED = "rotated"


class Keyring(Struct, frozen=True):
    """Who must have signed the checkpoint of a size."""

    turns: tuple[tuple[int, Verifier], ...]
    """(first size, key), from the first key on."""

    @property
    def newest(self) -> Verifier:
        """The key that signs now."""
        return self.turns[-1][1]

    @property
    def keys(self) -> tuple[Verifier, ...]:
        """All keys, the first one first."""
        return tuple(key for _, key in self.turns)

    def signers(self, size: int) -> tuple[Verifier, ...]:
        """Give the key that signs at a size, and the next where this checkpoint hands over."""
        first = next(key for start, key in reversed(self.turns) if start <= max(size, 1))
        return (first, *(key for start, key in self.turns if start == size + 1 > 1))

    def open(self, data: bytes) -> Checkpoint:
        """Parse a checkpoint and verify it with all that must have signed it.

        Raises `NoteInvalid`.
        """
        note = parse_note(data)
        first, *others = self.signers(parse_checkpoint(note.text).size)
        head = open_checkpoint(data, first)
        for other in others:
            verify_note(note, other)
        return head


def read_keyring(view: Reading) -> Keyring:
    """Read the keys of a log. Raises `NoteInvalid` when they do not follow from each other."""
    return keyring_of(
        view.meta().get("vkey", ""),
        ((index, json.loads(data)) for index, data in view.entries(Kind.KEY)),
    )


def keyring_of(vkey: str, entries: Iterator[tuple[int, Mapping[str, Any]]]) -> Keyring:
    """Follow the `key` entries of a log from the key that it began with. Raises `NoteInvalid`."""
    turns = [(1, parse_vkey(vkey))]
    for index, body in entries:
        if index == 0:
            continue
        key = parse_vkey(str(body.get("vkey", "")))
        before = turns[-1][1]
        if body.get("event") != ROTATED or body.get("previous") != str(before):
            raise NoteInvalid(f"entry {index}: does not hand over from the key {before}")
        if key.name != before.name or key == before:
            raise NoteInvalid(f"entry {index}: hands over to {key}, which is no other key of it")
        turns.append((index + 2, key))
    if any(first >= second for (first, _), (second, _) in pairwise(turns)):
        raise NoteInvalid("the entries that hand over are out of order")
    return Keyring(tuple(turns))
