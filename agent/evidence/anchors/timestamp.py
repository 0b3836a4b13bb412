"""RFC 3161: asks for a timestamp of a checkpoint and verifies the reply at its own time.

The message is the whole signed note. Replies are read by rfc3161-client; what it refuses, openssl
judges: OpenSSL's own authority writes sets of certificates that are not in DER's order. Whoever
has no openssl learns what the library said.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from datetime import UTC, datetime
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

from agent.evidence.anchors.model import AnchorError

_SECONDS = 30
"""How long openssl may take."""
_TIME = re.compile(r"^Time stamp: (.+) GMT$", re.MULTILINE)
_NONCE = re.compile(r"^Nonce: 0x([0-9A-F]+)$", re.MULTILINE)
_DUMP = re.compile(r"^    [0-9a-f]{4} - ([0-9a-f -]{47})", re.MULTILINE)
_GRANTED = "Status: Granted."


class Query(Struct, frozen=True):
    """A request: its DER, and the nonce that the reply must repeat."""

    der: bytes
    nonce: int


class Stamp(Struct, frozen=True, kw_only=True):
    """What a reply says, whoever signed it."""

    time: datetime
    imprint: bytes
    """SHA-256 of the message."""
    nonce: int | None


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


def read_stamp(reply: bytes) -> Stamp:
    """Read what a reply says, without asking who signed it. Raises `AnchorError`."""
    try:
        info = decode_timestamp_response(reply).tst_info
        imprint = info.message_imprint.message
        return Stamp(time=info.gen_time.astimezone(UTC), imprint=imprint, nonce=info.nonce)
    except (ValueError, RuntimeError) as refused:
        return _read_by_openssl(reply, str(refused))


def _read_by_openssl(reply: bytes, refused: str) -> Stamp:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "reply")
        place.write_bytes(reply)
        told = _openssl(refused, "-reply", "-in", str(place), "-text")
    time, nonce = _TIME.search(told), _NONCE.search(told)
    if time is None or _GRANTED not in told:
        status = re.search(r"^(Status: .+|Status description: .+)$", told, re.MULTILINE)
        raise AnchorError(f"no timestamp was granted: {status[1] if status else refused}")
    dump = "".join(_DUMP.findall(told.partition("Message data:")[2].partition("Serial")[0]))
    spelled = re.sub(r"\.\d+", "", time[1])
    return Stamp(
        time=datetime.strptime(spelled, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC),
        imprint=bytes.fromhex(re.sub("[ -]", "", dump)),
        nonce=int(nonce[1], 16) if nonce else None,
    )


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
