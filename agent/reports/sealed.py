"""The head of the log that a report was gathered from, and what can be said of its integrity."""

from __future__ import annotations

from agent.evidence.note import NoteInvalid, open_checkpoint, parse_vkey
from agent.evidence.store import Store, StoreError
from agent.evidence.verify import LogInvalid, verify_store
from agent.reports.model import Seal

UNANCHORED = "chained, not anchored"


def read_seal(store: Store, *, verify: bool) -> Seal:
    """Read the newest checkpoint; `verify`: check every byte of the evidence against it."""
    with store.reading() as view:
        meta, note = view.meta(), view.checkpoint() or b""
    vkey = meta.get("vkey", "")
    try:
        head = open_checkpoint(note, parse_vkey(vkey))
    except NoteInvalid as error:
        size, root, wrong = 0, "", f"invalid: {error}"
    else:
        size, root, wrong = head.size, head.root.hex(), ""
    return Seal(
        origin=meta.get("origin", ""),
        vkey=vkey,
        size=size,
        root=root,
        checkpoint=note.decode(errors="replace"),
        verified=wrong or (_verified(store, vkey) if verify else ""),
        anchored=UNANCHORED,
    )


def _verified(store: Store, vkey: str) -> str:
    try:
        verify_store(store, vkey)
    except (LogInvalid, NoteInvalid, StoreError) as error:
        return f"invalid: {error}"
    return "valid"
