"""An event as bytes, signed as Standard Webhooks says.

github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the signed
content is `{id}.{timestamp}.{body}`, the signature is `v1,` and the base64 of its HMAC-SHA256, and
while a secret is being replaced there is one signature for each, with a space between.

    SecretError    a secret that cannot be used
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from agent.evidence.entry import to_rfc3339
from agent.webhooks.model import Event

SCHEMA = "assay.webhook.v1"
PREFIX = "whsec_"
MOST_BYTES = 20_000
"""Of a body: the specification's advice is to keep below 20 kB."""
_LONGEST = {"resource": 1024, "message": 1000, "note": 1000, "title": 500}
"""Characters of texts that others write."""
_LONG = 200
_SHORT = 50
"""No text is cut below this: times and ids are shorter."""
_SHARES = (1, 4, 16)
"""By what the lengths are divided until a body is short enough: a character has up to 6 bytes."""
_KEY_BYTES = range(24, 65)
"""What the specification allows for a key."""
_SECRETS = 3
"""The newest, and those that are being replaced."""


class SecretError(Exception):
    """A secret cannot be used; the message says why, and never what it is."""


def parse_secrets(text: str) -> tuple[bytes, ...]:
    """Read `whsec_<base64>`, one or a few with white space between. Raises `SecretError`."""
    words = text.split()
    if not 1 <= len(words) <= _SECRETS:
        raise SecretError(f"1 to {_SECRETS} secrets are expected, and there are {len(words)}")
    return tuple(_parse(word) for word in words)


def encode(event: Event, origin: str) -> bytes:
    """Write the body: JSON in UTF-8, at most `MOST_BYTES`, the same for the same event."""
    longer = (_body(event, origin, share) for share in _SHARES[:-1])
    short = (body for body in longer if len(body) <= MOST_BYTES)
    return next(short, None) or _body(event, origin, _SHARES[-1])


def _body(event: Event, origin: str, share: int) -> bytes:
    return msgspec.json.encode(
        {
            "type": str(event.type),
            "timestamp": to_rfc3339(event.at),
            "schema": SCHEMA,
            "log": origin,
            "data": {name: _cut(name, value, share) for name, value in event.data.items()},
        }
    )


def sign(secrets: Sequence[bytes], event_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Give the headers of a delivery at `at`."""
    timestamp = str(int(at.timestamp()))
    content = f"{event_id}.{timestamp}.".encode() + body
    signed = (base64.b64encode(hmac.digest(key, content, sha256)).decode() for key in secrets)
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{each}" for each in signed),
    }


def _parse(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not word.startswith(PREFIX) or len(key) not in _KEY_BYTES:
        raise SecretError(
            f"a secret is {PREFIX} and the base64 of 24 to 64 random bytes; make one with"
            f' `echo "{PREFIX}$(openssl rand -base64 32)"`'
        )
    return key


def _cut(name: str, value: Any, share: int) -> Any:
    """Shorten a long text; what is missing is said by `…` at its end."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [{key: _cut(key, part, share) for key, part in each.items()} for each in value]
    most = _LONGEST.get(name, _LONG) // share
    if not isinstance(value, str) or len(value) <= max(most, _SHORT):
        return value
    return value[: max(most, _SHORT) - 1] + "…"
