"""The head of the log that a report was gathered from, and what can be said of its integrity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from agent.evidence.anchors.model import AnchorError
from agent.evidence.anchors.standing import read_standing, words
from agent.evidence.keyring import read_keyring
from agent.evidence.note import NoteInvalid
from agent.evidence.store import Store, StoreError
from agent.evidence.verify import LogInvalid, verify_store
from agent.reports.model import Seal


def read_seal(
    store: Store, *, verify: bool, now: datetime, roots: Mapping[str, bytes] | None = None
) -> Seal:
    """Read the newest checkpoint; `verify`: check every byte of the evidence against it.

    `roots`: time-stamping authority -> PEM.
    """
    with store.reading() as view:
        meta, note = view.meta(), view.checkpoint() or b""
        vkey, size, root, wrong = meta.get("vkey", ""), 0, "", ""
        try:
            keyring = read_keyring(view)
            head = keyring.open(note)
            vkey, size, root = str(keyring.newest), head.size, head.root.hex()
        except NoteInvalid as error:
            wrong = f"invalid: {error}"
    return Seal(
        origin=meta.get("origin", ""),
        vkey=vkey,
        size=size,
        root=root,
        checkpoint=note.decode(errors="replace"),
        verified=wrong or (_verified(store, vkey) if verify else ""),
        anchored=_anchored(store, roots or {}, now),
    )


def _anchored(store: Store, roots: Mapping[str, bytes], now: datetime) -> str:
    try:
        return words(read_standing(store, roots, now=now))
    except (AnchorError, StoreError) as error:
        return f"invalid: {error}"


def _verified(store: Store, vkey: str) -> str:
    try:
        verify_store(store, vkey)
    except (LogInvalid, NoteInvalid, StoreError) as error:
        return f"invalid: {error}"
    return "valid"
