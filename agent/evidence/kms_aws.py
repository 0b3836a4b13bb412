"""Signs checkpoints with an Ed25519 key of AWS KMS, which nobody can take away.

The signatures are those of a key file, so that whoever verifies need not know where the key is.
What KMS answers is verified before it is sealed. Each signature is a line in CloudTrail.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from agent.evidence.aws import open_client, told
from agent.evidence.kms import AwsKmsSettings
from agent.evidence.note import Note, NoteInvalid, Signature, Verifier, verify_note
from agent.evidence.store import StoreUnsigned

_ALGORITHM = "ED25519_SHA_512"
"""docs.aws.amazon.com/kms, symm-asymm-choose-key-spec: Ed25519 over the message itself (RAW)."""


class KmsSigner:
    """A key of AWS KMS under the name of a log: a `NoteSigner`."""

    def __init__(self, name: str, settings: AwsKmsSettings) -> None:
        """Ask for the public half. Raises `StoreUnsigned`."""
        self.name, self._arn, self._settings = name, settings.arn, settings
        self._client: Any = None
        self.verifier = Verifier(name, self._public())

    def sign(self, text: str) -> Note:
        """Have a text signed, and verify it. Raises `StoreUnsigned`."""
        answer = self._ask(
            "sign", Message=text.encode(), MessageType="RAW", SigningAlgorithm=_ALGORITHM
        )
        signed = Note(text, (Signature(self.name, self.verifier.key_id, answer["Signature"]),))
        try:
            verify_note(signed, self.verifier)
        except NoteInvalid as error:
            raise StoreUnsigned(f"{self._arn}: what it signed does not hold: {error}") from error
        return signed

    def _public(self) -> bytes:
        answer = self._ask("get_public_key")
        try:
            key = load_der_public_key(answer["PublicKey"])
        except (ValueError, UnsupportedAlgorithm) as error:
            raise StoreUnsigned(f"{self._arn}: its public key cannot be read: {error}") from error
        if not isinstance(key, Ed25519PublicKey):
            spec = answer.get("KeySpec", "another sort")
            raise StoreUnsigned(
                f"{self._arn}: is of {spec}; make a key for signing of ECC_NIST_EDWARDS25519"
            )
        return key.public_bytes_raw()

    def _ask(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call KMS; with new credentials after any error, for a role's run out."""
        try:
            if self._client is None:
                self._client = open_client("kms", self._settings)
            try:
                return dict(getattr(self._client, operation)(KeyId=self._arn, **params))
            except ClientError:
                self._client = open_client("kms", self._settings)
                return dict(getattr(self._client, operation)(KeyId=self._arn, **params))
        except (BotoCoreError, ClientError) as error:
            raise StoreUnsigned(f"{self._arn}: cannot be asked: {told(error)}") from error
