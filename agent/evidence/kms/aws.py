"""Asks AWS KMS for a signature. Each one is a line in CloudTrail."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.evidence.aws import open_client, told
from agent.evidence.kms.settings import AwsKmsSettings
from agent.evidence.signatures import ED25519, P256
from agent.evidence.store import StoreUnsigned

_ALGORITHM = {ED25519: "ED25519_SHA_512", P256: "ECDSA_SHA_256"}
"""docs.aws.amazon.com/kms, symm-asymm-choose-key-spec: both over the message itself (RAW)."""


class AwsKms:
    """A key of AWS KMS: a `Kms`."""

    def __init__(self, settings: AwsKmsSettings) -> None:
        """Nothing is asked yet."""
        self.place, self._settings = settings.arn, settings
        self._client: Any = None

    def public(self) -> bytes:
        """Give the DER SubjectPublicKeyInfo. Raises `StoreUnsigned`."""
        return self._ask("get_public_key", "PublicKey")

    def sign(self, message: bytes, kind: int) -> bytes:
        """Sign; ECDSA comes as DER. Raises `StoreUnsigned`."""
        how = {"MessageType": "RAW", "SigningAlgorithm": _ALGORITHM[kind]}
        return self._ask("sign", "Signature", Message=message, **how)

    def _ask(self, operation: str, member: str, **params: Any) -> bytes:
        """Give one member of the answer; with new credentials after an error: a role's run out."""
        try:
            if self._client is None:
                self._client = open_client("kms", self._settings)
            try:
                return bytes(getattr(self._client, operation)(KeyId=self.place, **params)[member])
            except ClientError:
                self._client = open_client("kms", self._settings)
                return bytes(getattr(self._client, operation)(KeyId=self.place, **params)[member])
        except (BotoCoreError, ClientError) as error:
            raise StoreUnsigned(f"{self.place}: cannot be asked: {told(error)}") from error
        except KeyError as error:
            raise StoreUnsigned(f"{self.place}: its answer has no {member}") from error
