"""A time-stamping authority over HTTP (RFC 3161, section 3.4) as an anchor."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from agent.evidence.anchors.model import AnchorError, Given
from agent.evidence.anchors.receipt import STAMP
from agent.evidence.anchors.timestamp import make_query, verify_reply

_SECONDS = 20.0
_MOST = 1 << 18
"""Bytes of a reply: with its certificates it has a few thousand."""


class Authority:
    """One authority: an `Anchor`."""

    kind = STAMP

    def __init__(self, url: str, roots: Path, every: timedelta) -> None:
        """`roots` is a PEM file, read when it is needed."""
        self.place, self.every, self._roots = url, every, roots

    def put(self, note: bytes, size: int) -> Given:
        """Have a note stamped and verify the reply. Raises `AnchorError`."""
        del size
        query = make_query(note)
        reply = self._ask(query.der)
        return Given(time=verify_reply(reply, note, self.roots(), query.nonce), proof=reply)

    def check(self) -> str:
        """Have a message stamped that says nothing. Raises `AnchorError`."""
        message = sha256(b"assay doctor").digest()
        given = self.put(message, 0)
        return f"it answers, and its stamp of {given.time:%Y-%m-%dT%H:%M:%SZ} holds"

    def roots(self) -> bytes:
        """The root certificates that the configuration names. Raises `AnchorError`."""
        try:
            return self._roots.read_bytes()
        except OSError as error:
            raise AnchorError(f"{self._roots}: cannot be read: {error.strerror}") from error

    def _ask(self, query: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - settings allow http and https only
            self.place, data=query, headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
                reply: bytes = answer.read(_MOST + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise AnchorError(f"it answers {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            raise AnchorError(f"it does not answer: {error}") from error
        if len(reply) > _MOST:
            raise AnchorError(f"its reply has more than {_MOST} bytes")
        return reply
