"""The log: one writer appends entries, each followed by a signed checkpoint.

The writer holds an operating-system lock for as long as it lives, so a second agent on the same
store is refused. After a write that failed, or that is said to have failed, the log reads where it
stands from the store before it writes again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any, Self

from agent.evidence.coverage import schedules, unaccounted
from agent.evidence.entry import (
    EntryError,
    Kind,
    blobs_of,
    encode_entry,
    to_micros,
    to_rfc3339,
)
from agent.evidence.keyring import ROTATED, read_keyring
from agent.evidence.note import Checkpoint, Note, NoteInvalid, NoteSigner
from agent.evidence.rebuild import rebuild
from agent.evidence.seal import RuleVersion, Run
from agent.evidence.slots import Scheduled, from_seconds, to_body, to_seconds
from agent.evidence.store import (
    KeyMismatch,
    Reading,
    Store,
    StoreCorrupt,
    StoreLocked,
    StoreReadOnly,
    Writing,
)
from agent.evidence.store.spool import clear_spools
from agent.evidence.tree import Frontier, leaf_hash


class Log:
    """The one writer of a store; safe to use from several threads."""

    def __init__(self, store: Store, signer: NoteSigner, lock: int) -> None:
        self.store = store
        self.signer = signer
        self._lock: int | None = lock
        self._turn = RLock()
        self._frontier: Frontier | None = None
        self._pending: Frontier | None = None
        self._accounted: dict[str, int] = {}

    @classmethod
    def open(cls, store: Store, signer: NoteSigner, *, at: datetime) -> Self:
        """Become the writer of `store`; an empty one becomes the log of `signer`.

        Raises `StoreLocked` when another agent is the writer, `KeyMismatch` for the key of another
        log, `StoreCorrupt` when the newest checkpoint does not fit the entries.
        """
        log = cls(store, signer, _take_lock(store.path))
        try:
            clear_spools(store.path)
            if store_is_empty(store):
                log._begin(at)
            log._ready()
        except BaseException:
            log.close()
            raise
        return log

    def append(
        self,
        kind: Kind | str,
        body: Mapping[str, Any],
        at: datetime,
        contents: Collection[bytes] = (),
    ) -> int:
        """Append an entry and its checkpoint; gives the entry's index.

        `contents` are kept as the blobs that members of the body cite (`{"blob": ..., "size": ...}`
        as `entry.blobs_of` finds them). Raises `StoreError`, and `EntryError` for a body that
        cannot be sealed.
        """
        cited = {sha256(content).hexdigest() for content in contents}
        if cited != set(blobs_of(body)):
            raise EntryError("the body of an entry cites other blobs than those that come with it")
        with self._writing() as writing:
            for content in contents:
                writing.blob_id(content)
            size, _ = self.put(writing, Kind(kind), body, at)
        return size - 1

    def run(
        self,
        *,
        target: str,
        slot: datetime | None,
        rules: Mapping[str, RuleVersion],
        at: datetime,
        trigger: str = "schedule",
    ) -> Run:
        """Start a run of `rules` on `target` (`aws:111122223333`) at the time `at`.

        By hand: no slot, trigger `manual`. Raises `StoreError` when its spool cannot be made.
        """
        return Run(self, target=target, slot=slot, trigger=trigger, rules=rules, at=at)

    def schedule(
        self,
        targets: Mapping[str, Mapping[str, Scheduled]],
        *,
        valid_from: datetime,
        at: datetime,
    ) -> int | None:
        """Append what will run from `valid_from` on; None when that is in force already.

        Raises `StoreError`.
        """
        with self._turn:
            with self.store.reading() as view:
                known = schedules(view)
            wanted = {target: dict(rules) for target, rules in targets.items()}
            if known and known[-1].targets == wanted:
                return None
            return self.append(Kind.SCHEDULE, to_body(targets, valid_from), at)

    def record_missed(
        self,
        at: datetime,
        *,
        before: datetime | None = None,
        reason: str = "agent_down",
        author: str = "agent",
        note: str = "",
        pending: Collection[tuple[str, datetime]] = (),
        only: str | None = None,
    ) -> list[int]:
        """Append a `gap` for all slots before `before` (default: `at`) that nobody accounts for.

        Of one target, when `only` names it. Slots in a row make one entry a target. `pending` are
        (target, slot) that still run. Gives the indexes of the entries; raises `StoreError`.
        """
        running = {(target, to_seconds(slot)) for target, slot in pending}
        with self._turn:
            with self.store.reading() as view:
                found = unaccounted(view, to_seconds(before or at), self._accounted, running)
            missed = [(target, part) for target, part in found if only in {None, target}]
            if not missed:
                return []
            with self._writing() as writing:
                indexes = []
                for target, part in missed:
                    body = {
                        "target": target,
                        "from": to_rfc3339(from_seconds(part.start)),
                        "to": to_rfc3339(from_seconds(part.end)),
                        "slots": part.slots,
                        "reason": reason,
                        "author": author,
                        "note": note,
                    }
                    indexes.append(self.put(writing, Kind.GAP, body, at)[0] - 1)
            for target, part in missed:
                still = [slot for name, slot in running if name == target]
                self._accounted[target] = min((part.end, *still))
            return indexes

    def rotate(self, signer: NoteSigner, *, reason: str, by: str, at: datetime) -> int:
        """Hand the log over to another key; gives the entry, whose checkpoint both keys sign.

        Raises `StoreError`; `KeyMismatch` for a key under another name, or the same one.
        """
        old, new = self.signer.verifier, signer.verifier
        if new.name != old.name or new == old:
            raise KeyMismatch(f"{self.store.path}: {new} is no other key for the log {old.name}")
        body = {
            "event": ROTATED,
            "origin": new.name,
            "vkey": str(new),
            "previous": str(old),
            "reason": reason,
            "by": by,
        }
        with self._turn:
            with self._writing() as writing:
                size, _ = self.put(writing, Kind.KEY, body, at, also=signer)
            self.signer = signer
        return size - 1

    def rebuild_projection(self) -> None:
        """Build the projections again from the truth. Raises `StoreError`."""
        with self.sealing() as (writing, standing):
            rebuild(writing, standing)

    def checkpoint(self) -> bytes:
        """Give the newest signed checkpoint: what others should hold."""
        with self.store.reading() as view:
            return view.checkpoint() or b""

    def close(self) -> None:
        """Stop being the writer."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def sealing(self) -> Iterator[tuple[Writing, Reading]]:
        """Give a transaction and, beside it, the view of the store from before it."""
        with self._writing() as writing, self.store.reading() as standing:
            yield writing, standing

    def put(
        self,
        writing: Writing,
        kind: Kind,
        body: Mapping[str, Any],
        at: datetime,
        *,
        also: NoteSigner | None = None,
    ) -> tuple[int, bytes]:
        """Append an entry inside a transaction of this log; gives the size and root with it.

        `also` signs its checkpoint beside the log's own key.
        """
        frontier = self._grown(writing)
        data, blobs = encode_entry(kind, at, body)
        for content in blobs.values():
            writing.blob_id(content)
        leaf = leaf_hash(data)
        writing.put_entry(frontier.size, kind, to_micros(at), leaf, data)
        frontier.append(leaf)
        root = frontier.root()
        text = str(Checkpoint(self.signer.name, frontier.size, root))
        signers = [self.signer] if also is None else [self.signer, also]
        signatures = [line for each in signers for line in each.sign(text).signatures]
        writing.put_checkpoint(frontier.size, root, bytes(Note(text, tuple(signatures))))
        return frontier.size, root

    @contextmanager
    def _writing(self) -> Iterator[Writing]:
        with self._turn:
            if self._lock is None:
                raise StoreLocked(f"{self.store.path}: this log was closed")
            ready, self._pending = self._ready(), None
            self._frontier = None  # unless all of it succeeds, it is read from the store again
            self._pending = ready.copy()
            with self.store.writing() as writing:
                yield writing
            self._frontier, self._pending = self._pending, None

    def _grown(self, writing: Writing) -> Frontier:
        if self._pending is None or self._pending.size != writing.size():
            raise StoreCorrupt(f"{self.store.path}: entries were added by somebody else")
        return self._pending

    def _begin(self, at: datetime) -> None:
        verifier = self.signer.verifier
        with self._turn, self.store.writing() as writing:
            writing.put_meta({"origin": verifier.name, "vkey": str(verifier)})
            self._pending = Frontier()
            schema = writing.schema_digest()
            body = {"origin": verifier.name, "vkey": str(verifier), "schema": schema}
            self.put(writing, Kind.KEY, body, at)

    def _ready(self) -> Frontier:
        """Know where the log stands, from the store when memory cannot be trusted."""
        if self._frontier is None:
            with self.store.reading() as view:
                self._frontier = _stand(view, self.signer, self.store.path)
        return self._frontier


def store_is_empty(store: Store) -> bool:
    """Whether a store has no log yet."""
    with store.reading() as view:
        return view.size() == 0


def _stand(view: Reading, signer: NoteSigner, path: Path) -> Frontier:
    frontier = Frontier(view.hashes())
    try:
        keyring = read_keyring(view)
        if keyring.newest != signer.verifier:
            raise KeyMismatch(
                f"{path}: this log belongs to the key {keyring.newest}, not to {signer.verifier};"
                " `assay evidence rotate` hands it over"
            )
        head = keyring.open(view.checkpoint() or b"")
    except NoteInvalid as error:
        raise StoreCorrupt(f"{path}: newest checkpoint: {error}; verify the store") from error
    if (head.size, head.root) != (frontier.size, frontier.root()):
        raise StoreCorrupt(
            f"{path}: its entries do not fit its newest checkpoint; verify the store"
        )
    return frontier


def _take_lock(path: Path) -> int:
    place = path.with_name(path.name + ".lock")
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreReadOnly(f"{place}: cannot be made: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
        os.close(handle)
        raise StoreLocked(
            f"{path}: another agent (process {holder or 'unknown'}) writes to it; stop that one, "
            "or give this one its own store"
        ) from error
    with suppress(OSError):  # the number is only for people; a full disk must not hide the lock
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle
