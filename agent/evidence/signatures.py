"""The two sorts of keys that sign notes: Ed25519, and ECDSA on P-256 where a KMS has no Ed25519.

Types and key ids are those of c2sp.org/signed-note: 0x01 is Ed25519 (RFC 8032) over the text, 0x02
is ECDSA with SHA-256, the signature in ASN.1 DER (RFC 3279 section 2.2.3) and the public key a DER
SubjectPublicKeyInfo. Of 0x02 only P-256 is known here, with its point uncompressed: one length.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

ED25519 = 0x01
P256 = 0x02
KEY_SIZE = 32
"""Bytes of an Ed25519 key, public or private."""
_SPKI_SIZE = 91
KINDS = "Ed25519 keys (type 0x01) and P-256 keys (type 0x02)"


class KeyUnknown(Exception):  # noqa: N818 - named for what it says of the key
    """A public key is of no sort that is known here, or damaged."""


def key_id(kind: int, name: str, public: bytes) -> bytes:
    """Give the four bytes by which a signature line names its key."""
    if kind == P256:
        return sha256(public).digest()[:4]
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def check_public(kind: int, public: bytes) -> None:
    """Raise `KeyUnknown` unless a verifier can be made of these bytes."""
    if kind == ED25519 and len(public) == KEY_SIZE:
        return
    if kind == P256 and len(public) == _SPKI_SIZE:
        read_spki(public)
        return
    raise KeyUnknown(f"only {KINDS} are known")


def read_spki(der: bytes) -> tuple[int, bytes]:
    """Give kind and public bytes of a SubjectPublicKeyInfo, as a KMS states it.

    Raises `KeyUnknown`.
    """
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnknown(f"the public key cannot be read: {error}") from error
    if isinstance(key, Ed25519PublicKey):
        return ED25519, key.public_bytes_raw()
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return P256, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raise KeyUnknown(f"only {KINDS} are known")


def holds(kind: int, public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a key made a signature of a message."""
    try:
        if kind == ED25519:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
            return True
        key = load_der_public_key(public)
        if not isinstance(key, EllipticCurvePublicKey):
            return False
        key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
