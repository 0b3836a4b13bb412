"""The entry about a checkpoint that was handed to somebody to keep: an auditor, say.

It proves that the agent says so, and nothing more: what counts is the copy that they have.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from agent.evidence.note import parse_checkpoint, parse_note

WHAT = "checkpoint"


def handed(note: bytes, to: str) -> dict[str, Any]:
    """Give the body of the `export` entry. Raises `NoteInvalid`."""
    head = parse_checkpoint(parse_note(note).text)
    return {
        "what": WHAT,
        "to": to,
        "size": head.size,
        "root": head.root.hex(),
        "sha256": sha256(note).hexdigest(),
    }
