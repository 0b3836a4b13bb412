"""Asks Azure Key Vault for a signature with a key on P-256.

API: learn.microsoft.com/rest/api/keyvault/keys, Get Key and Sign. A key is a JSON Web Key (RFC 7517
and 7518 section 6.2.1), a signature of ES256 the two numbers side by side (RFC 7518 section 3.4).
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import requests
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.evidence.kms.settings import AzureKeySettings
from agent.evidence.store import StoreUnsigned

_SCOPE = "https://vault.azure.net/.default"
_VERSION = "7.4"
_SECONDS = 20
_OK = 200
_HALF = 32
"""Bytes of each of the two numbers."""


class AzureKey:
    """A version of a key of Azure Key Vault: a `Kms`."""

    def __init__(self, settings: AzureKeySettings, credential: Any) -> None:
        """Nothing is asked yet. `credential` is one of azure-identity's."""
        self.place, self._credential = settings.id, credential

    def public(self) -> bytes:
        """Give the DER SubjectPublicKeyInfo. Raises `StoreUnsigned`."""
        key = self._ask("GET", "", "key")
        if not isinstance(key, dict) or key.get("crv") != "P-256":
            raise StoreUnsigned(f"{self.place}: is not a key on the curve P-256; make one")
        try:
            x, y = (int.from_bytes(_decoded(key[name])) for name in ("x", "y"))
            public = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
        except (KeyError, ValueError) as error:
            raise StoreUnsigned(f"{self.place}: its public key cannot be read: {error}") from error
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes, _kind: int) -> bytes:
        """Sign with ES256; gives the DER. Raises `StoreUnsigned`."""
        digest = base64.urlsafe_b64encode(sha256(message).digest()).decode().rstrip("=")
        raw = _decoded(str(self._ask("POST", "/sign", "value", {"alg": "ES256", "value": digest})))
        r, s = int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:])
        return encode_dss_signature(r, s)

    def _ask(self, method: str, verb: str, member: str, body: Any = None) -> Any:
        """Give one member of what the vault answers."""
        try:
            token = self._credential.get_token(_SCOPE).token
            answer = requests.request(
                method,
                self.place + verb,
                params={"api-version": _VERSION},
                headers={"Authorization": f"Bearer {token}"},
                json=body,
                timeout=_SECONDS,
            )
            if answer.status_code == _OK:
                return answer.json()[member]
            said = f"{answer.status_code}: {answer.text[:300]}"
        except (
            ClientAuthenticationError,
            requests.RequestException,
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            said = f"cannot be asked: {error}"
        raise StoreUnsigned(f"{self.place}: {' '.join(said.split())}")


def _decoded(text: str) -> bytes:
    """Read base64url without its padding. Raises `ValueError`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
