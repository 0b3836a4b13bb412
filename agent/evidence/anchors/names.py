"""How copies are named: by size and root, so that a log that went another way has other names."""

from __future__ import annotations

from agent.evidence.anchors.model import AnchorError
from agent.evidence.note import NoteInvalid, parse_checkpoint, parse_note


def copy_name(prefix: str, note: bytes, size: int) -> str:
    """Give the name of the copy of a note below a prefix. Raises `AnchorError`."""
    try:
        root = parse_checkpoint(parse_note(note).text).root
    except NoteInvalid as error:
        raise AnchorError(str(error)) from error
    return f"{folder(prefix)}{size:020d}.{root.hex()[:16]}"


def size_in(prefix: str, name: str) -> int:
    """Read the size in the name of a copy; -1 for another object."""
    size = name.removeprefix(folder(prefix)).partition(".")[0]
    return int(size) if size.isdecimal() else -1


def folder(prefix: str) -> str:
    """Give the prefix as objects' names begin with it."""
    return f"{prefix}/" if prefix else ""
