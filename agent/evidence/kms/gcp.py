"""Asks Cloud KMS for a signature.

API: cloud.google.com/kms/docs/reference/rest, cryptoKeyVersions: getPublicKey, asymmetricSign.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import Any

import google.auth
import google.oauth2.service_account
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests import RequestException

from agent.evidence.kms.settings import GcpKmsSettings
from agent.evidence.signatures import P256
from agent.evidence.store import StoreUnsigned

_SCOPES = ("https://www.googleapis.com/auth/cloudkms",)
_HOST = "https://cloudkms.googleapis.com"
_SECONDS = 20
_OK = 200


class GcpKms:
    """A version of a key of Cloud KMS: a `Kms`."""

    def __init__(self, settings: GcpKmsSettings, credentials_file: str) -> None:
        """Nothing is asked yet. No file: the default credentials of the environment."""
        self.place, self._file = settings.version, credentials_file
        self._url = f"{settings.endpoint_url or _HOST}/v1/{settings.version}"
        self._session: Any = None

    def public(self) -> bytes:
        """Give the DER SubjectPublicKeyInfo. Raises `StoreUnsigned`."""
        lines = str(self._ask("GET", "/publicKey", "pem")).split("\n")
        return self._decoded("".join(line for line in lines if not line.startswith("-----")))

    def sign(self, message: bytes, kind: int) -> bytes:
        """Sign; P-256 over a digest, Ed25519 over the message. Raises `StoreUnsigned`."""
        if kind == P256:
            digest = base64.b64encode(sha256(message).digest()).decode()
            body: dict[str, Any] = {"digest": {"sha256": digest}}
        else:
            body = {"data": base64.b64encode(message).decode()}
        return self._decoded(self._ask("POST", ":asymmetricSign", "signature", json=body))

    def _decoded(self, text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise StoreUnsigned(f"{self.place}: its answer is not base64") from error

    def _ask(self, method: str, verb: str, member: str, **more: Any) -> str:
        """Give one member of what KMS answers."""
        try:
            if self._session is None:
                kind: Any = AuthorizedSession  # Google ships no types
                self._session = kind(self._credentials())
            answer = self._session.request(method, self._url + verb, timeout=_SECONDS, **more)
            if answer.status_code == _OK:
                return str(answer.json()[member])
            said = f"{answer.status_code}: {answer.text[:300]}"
        except (GoogleAuthError, RequestException, OSError, ValueError, KeyError) as error:
            said = f"cannot be asked: {error}"
        raise StoreUnsigned(f"{self.place}: {' '.join(said.split())}")

    def _credentials(self) -> Any:
        if self._file:
            kind: Any = google.oauth2.service_account.Credentials
            return kind.from_service_account_file(self._file, scopes=_SCOPES)
        return google.auth.default(scopes=_SCOPES)[0]
