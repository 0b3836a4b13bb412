"""The signing key in a file that only its owner may read.

A key protects nothing against its owner: what makes the log tamper-evident is a checkpoint that
somebody else holds (EVIDENCE.md, "The log").

    KeyFileError    the file is missing, readable by others, or not a key; says what to do
"""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.evidence.note import NoteInvalid, Signer, check_name
from agent.evidence.signatures import ED25519, KEY_SIZE

_PREFIX = "PRIVATE+KEY+"


class KeyFileError(Exception):
    """A key file cannot be used; the message is one line and says what to do."""


def generate(path: Path, origin: str) -> Signer:
    """Make a new key for the log `origin` and write it, mode 0400, to a file that must not exist.

    The file holds the private form of c2sp.org/signed-note's reference implementation:
    `PRIVATE+KEY+<name>+<id>+<base64>`. Raises `KeyFileError`.
    """
    try:
        check_name(origin)
    except NoteInvalid as error:
        raise KeyFileError(str(error)) from error
    signer = Signer(origin, Ed25519PrivateKey.generate())
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    except FileExistsError as error:
        raise KeyFileError(f"{path}: exists already; a key is never overwritten") from error
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "w") as file:
        file.write(to_text(signer) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return signer


def load(path: Path) -> Signer:
    """Read a key file. Raises `KeyFileError`, also when others than its owner may read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except FileNotFoundError as error:
        raise KeyFileError(f"{path}: no such key; make one with `assay init`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot be read: {error}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f"{path}: others may read this key; run `chmod 0400 {path}`")
    try:
        return from_text(text.removesuffix("\n"))
    except NoteInvalid as error:
        raise KeyFileError(f"{path}: not a signing key: {error}") from error


def to_text(signer: Signer) -> str:
    """`PRIVATE+KEY+<name>+<id>+<base64>`: a secret."""
    raw = bytes([ED25519]) + signer.private.private_bytes_raw()
    encoded = base64.b64encode(raw).decode()
    return f"{_PREFIX}{signer.name}+{signer.verifier.key_id.hex()}+{encoded}"


def from_text(text: str) -> Signer:
    """Read what `to_text` wrote. Raises `NoteInvalid`."""
    if not text.startswith(_PREFIX):
        raise NoteInvalid(f"it does not start with {_PREFIX}")
    name, _, rest = text.removeprefix(_PREFIX).partition("+")
    _, _, encoded = rest.partition("+")
    check_name(name)
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise NoteInvalid("bad base64") from error
    if len(raw) != 1 + KEY_SIZE or raw[0] != ED25519:
        raise NoteInvalid("only Ed25519 keys (type 0x01) are kept in files")
    signer = Signer(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))
    if to_text(signer) != text:
        raise NoteInvalid("its key id does not belong to it: is it damaged?")
    return signer
