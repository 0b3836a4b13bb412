"""C2SP signed notes and checkpoints: the form in which a log states its head.

Specifications: c2sp.org/signed-note, c2sp.org/tlog-checkpoint. The parser is strict: what it
accepts is what it would write, byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from agent.evidence.signatures import ED25519, KeyUnknown, check_public, holds, key_id
from agent.evidence.tree import HASH_SIZE

MAX_SIGNATURES = 100
"""A verifier must accept 16 at least (c2sp.org/signed-note)."""
_MARK = "\N{EM DASH} "


class NoteInvalid(Exception):  # noqa: N818 - named for what it says of the note
    """A note, checkpoint or key is malformed, or its signature does not hold."""


class Signature(Struct, frozen=True):
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_MARK}{self.name} {_base64(self.key_id + self.signature)}\n"


class Note(Struct, frozen=True):
    """A text, which ends in a newline, and who signed it. Its `bytes()` are the signed note."""

    text: str
    signatures: tuple[Signature, ...]

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()


class Checkpoint(Struct, frozen=True):
    """The head of a log: which log, how many entries, which root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


class Verifier(Struct, frozen=True):
    """A public key under a name; `str()` is its vkey."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return key_id(self.kind, self.name, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"


class NoteSigner(Protocol):
    """What signs for a log, wherever its key is."""

    @property
    def name(self) -> str:
        """The name of the log."""
        ...

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        ...

    def sign(self, text: str) -> Note:
        """Sign a text that ends in a newline."""
        ...


class Signer(Struct, frozen=True):
    """A private key under a name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Note:
        """Sign a text that ends in a newline. Raises `NoteInvalid`."""
        _check_text(text)
        raw = self.private.sign(text.encode())
        return Note(text, (Signature(self.name, self.verifier.key_id, raw),))


def parse_vkey(vkey: str) -> Verifier:
    """Read `name+id+key`. Raises `NoteInvalid`."""
    name, _, rest = vkey.partition("+")
    stated, _, encoded = rest.partition("+")
    check_name(name)
    raw = _unbase64(encoded)
    verifier = Verifier(name, raw[1:], raw[0] if raw else 0)
    try:
        check_public(verifier.kind, verifier.public)
    except KeyUnknown as error:
        raise NoteInvalid(str(error)) from error
    if verifier.key_id.hex() != stated:
        raise NoteInvalid(f"the key id {stated} does not belong to this key: is it damaged?")
    return verifier


def parse_note(data: bytes) -> Note:
    """Read a signed note without checking who signed it. Raises `NoteInvalid`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NoteInvalid("the note is not UTF-8") from error
    head, blank, tail = text.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteInvalid("the note has no signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteInvalid(f"the note has more than {MAX_SIGNATURES} signatures")
    note = Note(head + "\n", tuple(map(_parse_signature, lines)))
    _check_text(note.text)
    if bytes(note) != data:
        raise NoteInvalid("the note is not written in the one way that the specification allows")
    return note


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint; extension lines are refused. Raises `NoteInvalid`."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:  # noqa: PLR2004 - origin, size, root, end
        raise NoteInvalid("a checkpoint is three lines: origin, size, root")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1], re.ASCII):
        raise NoteInvalid(f"the checkpoint's size is not a number: {lines[1][:40]}")
    root = _unbase64(lines[2])
    if len(root) != HASH_SIZE:
        raise NoteInvalid("the checkpoint's root is not a SHA-256 hash")
    return Checkpoint(lines[0], int(lines[1]), root)


def verify_note(note: Note, verifier: Verifier) -> None:
    """Check the signature of `verifier` on a note; others' are ignored. Raises `NoteInvalid`."""
    mine = [
        line.signature
        for line in note.signatures
        if line.name == verifier.name and line.key_id == verifier.key_id
    ]
    if not mine:
        raise NoteInvalid(f"the note is not signed by {verifier.name}+{verifier.key_id.hex()}")
    for signature in mine:
        if not holds(verifier.kind, verifier.public, signature, note.text.encode()):
            raise NoteInvalid(f"the signature of {verifier.name} does not hold")


def open_checkpoint(data: bytes, verifier: Verifier) -> Checkpoint:
    """Parse and verify a checkpoint of the log named by `verifier`. Raises `NoteInvalid`."""
    note = parse_note(data)
    verify_note(note, verifier)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != verifier.name:
        raise NoteInvalid(f"a checkpoint of {checkpoint.origin}, not of {verifier.name}")
    return checkpoint


def check_name(name: str) -> None:
    """Raise `NoteInvalid` unless `name` can name a key: no spaces, no plus, nothing unseen."""
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise NoteInvalid(f"not a key name: {name!r} (a host and path such as example.com/log)")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteInvalid("a note's text ends in a newline")
    if any(c < " " and c != "\n" for c in text):
        raise NoteInvalid("a note has no control characters")


def _parse_signature(line: str) -> Signature:
    if not line.startswith(_MARK):
        raise NoteInvalid("a signature line starts with an em dash and a space")
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    raw = _unbase64(encoded)
    if not space or len(raw) <= 4:  # noqa: PLR2004 - a key id of 4 bytes, then the signature
        raise NoteInvalid("a signature line is a name and a base64 signature")
    check_name(name)
    return Signature(name, raw[:4], raw[4:])


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("bad base64") from error
    if _base64(data) != text:
        raise NoteInvalid("bad base64: not in its one canonical form")
    return data
