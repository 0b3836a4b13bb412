"""RFC 3161: asks for a timestamp of a checkpoint and verifies the reply at its own time.

The message is the whole signed note. Signatures are judged by rfc3161-client; what it refuses,
openssl judges: OpenSSL's own authority writes sets of certificates that are not in DER's order.
Whoever has no openssl learns what the library said.
"""

from __future__ import annotations

import subprocess
import tempfile
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from msgspec import Struct
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from agent.evidence.anchors.der import Stamp, read_stamp
from agent.evidence.anchors.model import AnchorError

_SECONDS = 30
"""How long openssl may take."""


class Query(Struct, frozen=True):
    """A request: its DER, and the nonce that the reply must repeat."""

    der: bytes
    nonce: int


def make_query(note: bytes) -> Query:
    """Ask for a stamp of a note: SHA-256, a nonce, and the certificates with the reply."""
    made = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build()
    if made.nonce is None:
        raise AnchorError("the request has no nonce")
    return Query(made.as_bytes(), made.nonce)


def verify_reply(reply: bytes, note: bytes, roots: bytes, nonce: int | None = None) -> datetime:
    """Check a reply of an authority under `roots` (PEM); gives its time, at which it is verified.

    `nonce`: what was asked with, when the reply is new. Raises `AnchorError`.
    """
    stamp = read_stamp(reply)
    verify_imprint(stamp, note)
    if nonce is not None and stamp.nonce != nonce:
        raise AnchorError("the timestamp answers another request: its nonce differs")
    try:
        known = x509.load_pem_x509_certificates(roots)
        VerifierBuilder(roots=known).build().verify_message(decode_timestamp_response(reply), note)
    except (VerificationError, ValueError, RuntimeError) as refused:
        _verify_by_openssl(reply, note, roots, stamp.time, str(refused))
    return stamp.time


def verify_imprint(stamp: Stamp, note: bytes) -> None:
    """Check that a stamp is of this note. Raises `AnchorError`."""
    if stamp.imprint != sha256(note).digest():
        raise AnchorError("the timestamp is of another message")


def _verify_by_openssl(
    reply: bytes, note: bytes, roots: bytes, time: datetime, refused: str
) -> None:
    contents = {"reply": reply, "note": note, "roots": roots}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            Path(folder, name).write_bytes(content)
        told = _openssl(
            refused, "-verify", "-attime", str(int(time.timestamp())),
            "-data", str(Path(folder, "note")), "-in", str(Path(folder, "reply")),
            "-CAfile", str(Path(folder, "roots")),
        )  # fmt: skip
    if "Verification: OK" not in told:
        raise AnchorError(f"the timestamp does not hold: {refused}; nor does it for openssl")


def _openssl(refused: str, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, given only paths of our own
            ["openssl", "ts", *words],  # noqa: S607 - as the user's PATH has it
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"the timestamp was refused ({refused}), and openssl cannot judge it: {error}"
        raise AnchorError(message) from error
    return done.stdout + done.stderr
