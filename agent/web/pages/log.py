"""The log: its head, its entries, and the proofs that a browser checks by itself (RFC 6962)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from agent.evidence.keyring import read_keyring
from agent.evidence.rows import words_of
from agent.evidence.store import Reading, paging
from agent.reports.model import Seal
from agent.reports.sealed import read_seal
from agent.web.pages.desk import Desk

PAGE = 50
LONGEST = 160
"""Characters of what an entry is about, in the list."""


class Entry(Struct, frozen=True, kw_only=True):
    """An entry in one line."""

    index: int
    kind: str
    at: str
    what: str


class Log(Struct, frozen=True, kw_only=True):
    """The head of the log, and one page of its entries, the newest first."""

    seal: Seal
    entries: tuple[Entry, ...]
    before: int
    """Where the next page begins; 0: there is none."""


class Proven(Struct, frozen=True, kw_only=True):
    """An entry, byte for byte, with the path from its leaf to the root of the newest checkpoint."""

    index: int
    size: int
    """Of the checkpoint."""
    body: Mapping[str, Any]
    data: str
    """Base64 of the bytes that were sealed."""
    text: str
    proof: tuple[str, ...]
    """Base64, from the leaf up; empty with `size` 0: no checkpoint has the entry yet."""
    checkpoint: str
    vkey: str


def read_log(desk: Desk, kind: str, before: int) -> Log:
    """Read the entries of a kind (empty: all) before an index. Raises `StoreError`."""
    with desk.store.reading() as view:
        found = list(paging.entries_before(view, before or view.size(), PAGE + 1, kind or None))
    seal = desk.memo.ask(
        "seal", lambda: read_seal(desk.store, verify=False, now=desk.now(), roots=desk.roots)
    )
    entries = tuple(_entry(int(index), json.loads(data)) for index, data in found[:PAGE])
    return Log(seal=seal, entries=entries, before=entries[-1].index if len(found) > PAGE else 0)


def read_entry(desk: Desk, index: int) -> Proven | None:
    """Read an entry and its proof; None: there is none. Raises `StoreError`."""
    with desk.store.reading() as view:
        data = view.entry(index)
        if data is None:
            return None
        head, note = checkpoint_size(view), view.checkpoint() or b""
        key = read_keyring(view).newest
        proof = desk.subtrees.inclusion(view, index, head) if index < head else []
    return Proven(
        index=index,
        size=head,
        body=_object(data),
        data=base64.b64encode(data).decode(),
        text=data.decode(errors="replace"),
        proof=_texts(proof),
        checkpoint=note.decode(errors="replace"),
        vkey=str(key),
    )


def read_consistency(desk: Desk, first: int) -> dict[str, Any]:
    """Prove that the newest checkpoint extends the first `first` entries. Raises `ValueError`."""
    with desk.store.reading() as view:
        size, note = checkpoint_size(view), view.checkpoint() or b""
        proof = desk.subtrees.consistency(view, first, size)
    return {
        "first": first,
        "size": size,
        "proof": list(_texts(proof)),
        "checkpoint": note.decode(errors="replace"),
    }


def checkpoint_size(view: Reading) -> int:
    """Count the entries that the newest checkpoint is of."""
    lines = (view.checkpoint() or b"").split(b"\n")
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0


def _entry(index: int, body: Mapping[str, Any]) -> Entry:
    return Entry(index=index, kind=body["kind"], at=body["at"], what=words_of(body)[:LONGEST])


def _object(data: bytes) -> Mapping[str, Any]:
    """Read the bytes of an entry; what was tampered with may be no JSON any more."""
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _texts(hashes: list[bytes]) -> tuple[str, ...]:
    return tuple(base64.b64encode(each).decode() for each in hashes)
