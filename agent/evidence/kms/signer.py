"""Signs checkpoints with a key of a KMS.

The signatures are of the sorts of `agent.evidence.signatures`, so whoever verifies need not know
where the key is. What a KMS answers is verified before it is sealed.
"""

from __future__ import annotations

from typing import Protocol

from agent.evidence.note import Note, NoteInvalid, Signature, Verifier, verify_note
from agent.evidence.signatures import KeyUnknown, read_spki
from agent.evidence.store import StoreUnsigned


class Kms(Protocol):
    """One key of a KMS. Both questions raise `StoreUnsigned`, in one line."""

    place: str
    """What messages call the key."""

    def public(self) -> bytes:
        """Give the DER SubjectPublicKeyInfo."""
        ...

    def sign(self, message: bytes, kind: int) -> bytes:
        """Sign, as c2sp.org/signed-note says for a key of this kind."""
        ...


class KmsSigner:
    """A key of a KMS under the name of a log: a `NoteSigner`."""

    def __init__(self, name: str, kms: Kms) -> None:
        """Ask for the public half. Raises `StoreUnsigned`."""
        self.name, self._kms = name, kms
        try:
            kind, public = read_spki(kms.public())
        except KeyUnknown as error:
            raise StoreUnsigned(f"{kms.place}: {error}; make a key for signing of these") from error
        self.verifier = Verifier(name, public, kind)

    def sign(self, text: str) -> Note:
        """Have a text signed, and verify it. Raises `StoreUnsigned`."""
        signature = self._kms.sign(text.encode(), self.verifier.kind)
        signed = Note(text, (Signature(self.name, self.verifier.key_id, signature),))
        try:
            verify_note(signed, self.verifier)
        except NoteInvalid as error:
            raise StoreUnsigned(
                f"{self._kms.place}: what it signed does not hold: {error}"
            ) from error
        return signed
