"""Writes the log as static files in the form of c2sp.org/tlog-tiles, for other people's tools.

A tile has up to 256 hashes: tile N of level L those of the complete subtrees of 256^L leaves from
number 256 N on. A bundle has the entries of a tile of level 0, each after its length in 16 bits.
What is full never changes, so it is written once; the checkpoint is written last, so that whoever
reads in between sees the log as it was before.

    TilesError    the place holds another log's, or cannot be written; the message is one line
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from agent.evidence.keyring import read_keyring
from agent.evidence.note import Checkpoint, NoteInvalid
from agent.evidence.store import Reading, Store
from agent.evidence.tree import HASH_SIZE, Frontier

WIDTH = 256
"""Hashes of a full tile, and entries of a full bundle."""
CHECKPOINT = "checkpoint"
ENTRIES = "entries"
_LENGTH = 2
"""Bytes of an entry's length."""


class TilesError(Exception):
    """The tiles cannot be written."""


class Written(Struct, frozen=True, kw_only=True):
    """What was written."""

    size: int
    """Entries of the log."""
    before: int
    """Entries that were there."""
    files: int


class Shelf(Protocol):
    """Where static files are. What goes wrong raises `TilesError` or `OSError`."""

    name: str
    """What messages call it."""

    def read(self, path: str) -> bytes | None:
        """Give a file; None: it is not there."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole or not at all; a reader sees the one before until then."""
        ...

    def is_empty(self) -> bool:
        """Whether nothing is there."""
        ...

    def drop(self, folder: str) -> None:
        """Take away what stood for a tile before it was full, where that costs nothing."""
        ...


class Folder:
    """A folder as a `Shelf`."""

    def __init__(self, folder: Path) -> None:
        """It is made when something is written."""
        self.folder, self.name = folder, str(folder)

    def read(self, path: str) -> bytes | None:
        """Give a file; None: it is not there."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.part")
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(place)

    def is_empty(self) -> bool:
        """Whether nothing is there."""
        return not self.folder.exists() or not any(self.folder.iterdir())

    def drop(self, folder: str) -> None:
        """Remove a folder."""
        shutil.rmtree(self.folder / folder, ignore_errors=True)


def write_tiles(store: Store, shelf: Shelf) -> Written:
    """Bring static files up to the newest checkpoint. Raises `TilesError` and `StoreError`."""
    try:
        with store.reading() as view:
            return _Writing(view, shelf).write()
    except OSError as error:
        raise TilesError(f"{shelf.name}: cannot be written: {error.strerror}") from None


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Give the path of a tile or, for the level `entries`, of a bundle.

    The index is in groups of three digits, `x` before all but the last: 1234067 is x001/x234/067.
    """
    digits = f"{index % 1000:03d}"
    while index := index // 1000:
        digits = f"x{index % 1000:03d}/{digits}"
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{digits}{partial}"


class _Writing:
    """One view of the log on its way to where static files are."""

    def __init__(self, view: Reading, shelf: Shelf) -> None:
        self.view, self.shelf = view, shelf
        note = view.checkpoint()
        if note is None:
            raise TilesError("the log has no checkpoint yet")
        self.note = note
        self.keyring = read_keyring(view)
        self.size = self.keyring.open(note).size
        self.before = self._standing()
        self.files = 0

    def write(self) -> Written:
        """Write what is new."""
        if self.before < self.size:
            self._bundles()
            self._level(0, self.view.hashes())
            self._put(CHECKPOINT, self.note)
        return Written(size=self.size, before=self.before, files=self.files)

    def _standing(self) -> int:
        """Give the size of what is there, which must be the beginning of this log."""
        place, found = f"{self.shelf.name}/{CHECKPOINT}", self.shelf.read(CHECKPOINT)
        if found is None:
            if not self.shelf.is_empty():
                raise TilesError(
                    f"{self.shelf.name}: has other files and no checkpoint; name another"
                )
            return 0
        try:
            head = self.keyring.open(found)
        except NoteInvalid as error:
            raise TilesError(f"{place}: not a checkpoint of this log: {error}") from None
        if head.size and not self._has(head):
            raise TilesError(f"{place}: this log has another root at size {head.size}")
        return head.size

    def _has(self, head: Checkpoint) -> bool:
        ours = self.view.checkpoint(head.size)
        return ours is not None and self.keyring.open(ours) == head

    def _bundles(self) -> None:
        first = self.before // WIDTH
        entries = self.view.entries(start=first * WIDTH)
        number, bundle, count = first, bytearray(), 0
        for index, data in entries:
            if index >= self.size:
                break
            bundle += len(data).to_bytes(_LENGTH, "big") + data
            count += 1
            if count == WIDTH:
                self._tile(ENTRIES, number, bytes(bundle), count)
                number, bundle, count = number + 1, bytearray(), 0
        if count:
            self._tile(ENTRIES, number, bytes(bundle), count)

    def _level(self, level: int, hashes: Iterator[bytes]) -> None:
        """Write the tiles of a level, and those above it."""
        whole = self.before // WIDTH ** (level + 1)
        above: list[bytes] = []
        for number, tile in enumerate(_groups(hashes)):
            full = len(tile) == WIDTH
            if number >= whole or not full:
                self._tile(level, number, b"".join(tile), len(tile))
            if full:
                above.append(Frontier(tile).root())
        if above:
            self._level(level + 1, iter(above))

    def _tile(self, level: int | str, number: int, content: bytes, width: int) -> None:
        self._put(tile_path(level, number, width), content)
        if width == WIDTH:
            self.shelf.drop(f"{tile_path(level, number)}.p")

    def _put(self, path: str, content: bytes) -> None:
        self.shelf.write(path, content)
        self.files += 1


def _groups(hashes: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Split into tiles; the last may not be full."""
    tile: list[bytes] = []
    for each in hashes:
        if len(each) != HASH_SIZE:
            raise TilesError("a hash of the log is damaged; run `assay evidence verify`")
        tile.append(each)
        if len(tile) == WIDTH:
            yield tile
            tile = []
    if tile:
        yield tile
