"""Verification of a whole store from its bytes: every row of every table is accounted for.

The log proves that what was recorded has not been changed or removed since somebody else held a
checkpoint; against the owner of the key only such a held checkpoint helps (EVIDENCE.md).

    LogInvalid    what is wrong first, and in which entry, run or row
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from agent.evidence.anchors.model import AnchorError
from agent.evidence.anchors.receipt import receipt_of, verify_receipt
from agent.evidence.entry import (
    EntryError,
    Kind,
    blobs_of,
    decode_entry,
    deleted_by,
    from_rfc3339,
    to_micros,
)
from agent.evidence.keyring import read_keyring
from agent.evidence.note import Checkpoint, NoteInvalid, Verifier, parse_vkey
from agent.evidence.replica import Replica, ReplicaError
from agent.evidence.store import Reading, Store, StoreCorrupt
from agent.evidence.store import tables as t
from agent.evidence.store.frames import FrameInvalid, checksum, unpack
from agent.evidence.tree import Frontier, leaf_hash


class LogInvalid(Exception):  # noqa: N818 - named for what it says of the log
    """The store does not hold what was sealed; the message is one line that names the place."""


def verify_store(
    store: Store, verifier: Verifier | str | None = None, held: Sequence[bytes] = ()
) -> None:
    """Check every byte of a store. Raises `LogInvalid`; `StoreError` when it cannot be read at all.

    `verifier` (a vkey) is the key that the reader expects, one of those that the log had; without
    it the store's own are taken, which shows damage but not a log that was made anew. `held` are
    signed checkpoints that somebody else kept: the log must contain each of them.
    """
    try:
        with store.auditing() as view:
            _Verification(view, verifier, held).verify()
    except (ReplicaError, NoteInvalid, EntryError) as error:
        raise LogInvalid(str(error)) from error
    except (UnicodeError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise LogInvalid(f"a row that cannot be read: {error!r}") from error


class _Verification:
    def __init__(
        self, view: Reading, verifier: Verifier | str | None, held: Sequence[bytes]
    ) -> None:
        self.view = view
        self.meta = view.meta()
        self.keyring = read_keyring(view)
        self.verifier = self.keyring.keys[0]
        expected = parse_vkey(verifier) if isinstance(verifier, str) else verifier
        if expected is not None and expected not in self.keyring.keys:
            raise LogInvalid(f"meta 'vkey': is {self.verifier}, not {expected}")
        self.held = [self._held(note) for note in held]
        self.cited: set[str] = set()
        self.replica = Replica(view)

    def verify(self) -> None:
        self._file()
        self._meta()
        self._entries()
        self.replica.verify_end()
        self._uncited()
        self._blobs()

    def _file(self) -> None:
        for line in self.view.damage():
            raise LogInvalid(f"the file is damaged: {line}")

    def _meta(self) -> None:
        wanted = {
            "schema_version": str(t.SCHEMA_VERSION),
            "origin": self.verifier.name,
            "vkey": str(self.verifier),
        }
        for key in sorted(wanted.keys() | self.meta):
            if self.meta.get(key) != wanted.get(key):
                raise LogInvalid(
                    f"meta {key!r}: is {self.meta.get(key)!r}, not {wanted.get(key)!r}"
                )

    def _held(self, note: bytes) -> Checkpoint:
        try:
            return self.keyring.open(note)
        except NoteInvalid as error:
            raise LogInvalid(f"the held checkpoint: {error}") from error

    def _entries(self) -> None:
        frontier = Frontier()
        roots = {0: frontier.root()}
        sizes = {head.size for head in self.held}
        heads = iter(self.view.table(t.checkpoint))
        for index, row in enumerate(self.view.table(t.entry)):
            entry = self._entry(index, row)
            frontier.append(row[3])
            self._checkpoint(next(heads, None), frontier)
            if frontier.size in sizes:
                roots[frontier.size] = frontier.root()
            self.cited.update(blobs_of(entry))
            self.replica.deleted.difference_update(blobs_of(entry))
            self.replica.deleted.update(deleted_by(entry, self.view.content))
            if entry["kind"] == Kind.RUN:
                self.cited.update(self.replica.verify_run(index, entry))
            elif entry["kind"] == Kind.ANCHOR:
                self._receipt(index, entry)
        if frontier.size == 0:
            raise LogInvalid("the log has no entries")
        extra = next(heads, None)
        if extra is not None:
            raise LogInvalid(f"checkpoint {extra[0]}: beyond the last entry {frontier.size - 1}")
        self._against_held(roots, frontier.size)

    def _entry(self, index: int, row: Any) -> dict[str, Any]:
        where = f"entry {index}"
        if row[0] != index:
            raise LogInvalid(f"{where}: is missing; the next is {row[0]}")
        if leaf_hash(row[4]) != row[3]:
            raise LogInvalid(f"{where}: its bytes do not have its hash")
        try:
            entry = decode_entry(row[4])
            at = to_micros(from_rfc3339(entry["at"]))
        except EntryError as error:
            raise LogInvalid(f"{where}: {error}") from error
        if (entry["kind"], at) != (row[1], row[2]):
            raise LogInvalid(f"{where}: kind or time of the row differ from what was sealed")
        if index == 0 and (entry["kind"], entry.get("vkey")) != (Kind.KEY, str(self.verifier)):
            raise LogInvalid(f"{where}: does not name the key {self.verifier}")
        if index == 0 and entry.get("schema") != self.view.schema_digest():
            raise LogInvalid("the tables, indexes or guards are not defined as they were sealed")
        return entry

    def _receipt(self, index: int, entry: dict[str, Any]) -> None:
        receipt = receipt_of(index, entry)
        note = self.view.checkpoint(receipt.size)
        try:
            verify_receipt(receipt, note, self.view.content(bytes.fromhex(receipt.proof)))
        except (AnchorError, StoreCorrupt) as error:
            raise LogInvalid(f"entry {index}: {error}") from error

    def _checkpoint(self, row: Any, frontier: Frontier) -> None:
        where = f"checkpoint {frontier.size}"
        if row is None or row[0] != frontier.size:
            raise LogInvalid(f"{where}: is missing")
        root = frontier.root()
        try:
            head = self.keyring.open(row[2])
        except NoteInvalid as error:
            raise LogInvalid(f"{where}: {error}") from error
        if (head.size, head.root) != (frontier.size, root):
            raise LogInvalid(
                f"{where}: signed another root: entry {frontier.size - 1} or an earlier one changed"
            )
        if row[1] != root:
            raise LogInvalid(f"{where}: the root of the row differs from what was signed")

    def _against_held(self, roots: dict[int, bytes], size: int) -> None:
        for head in self.held:
            if head.size > size:
                raise LogInvalid(
                    f"the held checkpoint of size {head.size}: this log ends at {size}: entries "
                    "were removed from its end"
                )
            if roots[head.size] != head.root:
                raise LogInvalid(
                    f"the held checkpoint of size {head.size}: this log has another root there: "
                    "it was rewritten"
                )

    def _uncited(self) -> None:
        for table, number in self.view.uncited():
            raise LogInvalid(f"{table} {number}: nothing that was sealed refers to it")
        for digest in self.view.uncited_blobs():
            if digest.hex() not in self.cited:
                raise LogInvalid(f"blob {digest.hex()}: nothing that was sealed refers to it")

    def _missing(self, where: str, digest: bytes) -> None:
        if digest.hex() not in self.replica.deleted:
            raise LogInvalid(f"{where}: its content is missing, and no retention deleted it since")

    def _blobs(self) -> None:
        bases: dict[int, bytes] = {}
        wanted = self.view.bases_of_contents()
        for expected, (number, digest, size, base, crc, body) in enumerate(self.view.contents(), 1):
            where = f"blob {number} ({digest.hex()})"
            self.cited.discard(digest.hex())
            if number != expected:
                raise LogInvalid(f"blob {expected}: is missing; the next is {number}")
            if body is None:
                self._missing(where, digest)
                continue
            if checksum(body, base) != crc:
                raise LogInvalid(f"{where}: its stored bytes changed")
            if base is not None and base not in bases:
                raise LogInvalid(f"{where}: is based on blob {base}, which is not a base before it")
            try:
                content = unpack(body, size, None if base is None else bases[base])
            except FrameInvalid as error:
                raise LogInvalid(f"{where}: cannot be expanded: {error}") from error
            if len(content) != size or sha256(content).digest() != digest:
                raise LogInvalid(f"{where}: its content does not have its digest or size")
            if base is None and number in wanted:
                bases[number] = content
        for digest in sorted(self.cited):
            raise LogInvalid(f"blob {digest}: an entry cites it, and it is not there")
