"""How far each receiver was told: one small file a receiver, in the folder of the store.

It is replaced as a whole once a delivery is answered. Who is killed between the two delivers that
event again, with the id that it had.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from agent.evidence.store import Store, StoreError
from agent.webhooks.model import Place

LOG = logging.getLogger("assay")
FOLDER = "webhooks"
MOST_ASIDE = 16 << 20
"""Bytes of a file of events that were laid aside; those beyond it are only counted."""


class Progress(Struct, frozen=True, kw_only=True):
    """What a receiver got, and what it waits for."""

    vkey: str
    """Of the log that `place` is in: its first key, which `assay evidence rotate` leaves there."""
    place: Place
    announced: tuple[str, ...] = ()
    """Ids of what is overdue and was told."""
    delivered: int = 0
    failures: int = 0
    """Attempts that failed."""
    dead: int = 0
    """Events that were laid aside."""


class ProgressFile:
    """The file of one receiver."""

    def __init__(self, folder: Path, name: str) -> None:
        """`folder` is the store's."""
        self._path = folder / FOLDER / f"{name}.json"
        self.aside = folder / FOLDER / f"{name}.dead.jsonl"
        """What could not be delivered: one message a line."""

    def read(self) -> Progress | None:
        """Give what was written last; None: nothing, or nothing that can be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Progress)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            LOG.error("%s: cannot be read, it begins anew: %s", self._path, error)
            return None

    def write(self, progress: Progress) -> None:
        """Replace it. Raises `StoreError`."""
        new = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            with new.open("wb") as file:
                file.write(msgspec.json.encode(progress))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error

    def lay_aside(self, body: bytes) -> None:
        """Keep what could not be delivered for people, while there is room. Raises `StoreError`."""
        try:
            size = 0
            with suppress(FileNotFoundError):
                size = self.aside.stat().st_size
            if size + len(body) < MOST_ASIDE:
                with self.aside.open("ab") as file:
                    file.write(body + b"\n")
        except OSError as error:
            raise StoreError(f"{self.aside}: cannot be written: {error.strerror}") from error


def begin(store: Store, known: Progress | None) -> Progress:
    """Go on where a receiver was told last; a new one is told what comes from now on.

    So is one of another log, and one whose place is beyond the log, which then lost its end. Raises
    `StoreError`.
    """
    with store.reading() as view:
        vkey, size = view.meta().get("vkey", ""), view.size()
    if known is None:
        return Progress(vkey=vkey, place=Place(size))
    if known.vkey != vkey or known.place.entry > size:
        return msgspec.structs.replace(known, vkey=vkey, place=Place(size))
    return known
