"""Makes one JSON value out of whatever an SDK answers, always the same for the same facts.

Nulls are dropped, whole floats become integers, times RFC 3339 in UTC, bytes base64 text. What
JSON cannot hold (NaN, a lone surrogate, a key that is no text) is refused with `ValueError`.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
import rfc8785

from checks.paths import rewrite
from checks.secret import kind_of


def canonical(value: Any) -> Any:
    """`value` as canonical JSON values. A null inside a list stays, so that positions hold."""
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is dict:
        return {_key(key): canonical(inner) for key, inner in value.items() if inner is not None}
    if kind is list or kind is tuple:
        return [canonical(inner) for inner in value]
    if kind is bool or value is None:
        return value
    return _rarer(value)


def rfc3339(moment: datetime) -> str:
    """A time as `2026-01-31T10:00:00Z`, with a fraction only when there is one.

    A time without a zone is taken as UTC, which is what every AWS API without one means.
    """
    aware = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    text = aware.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def redacted(value: Any) -> Any:
    """The kind of each part of a secret in its place: the members' names stay, no value does."""
    if isinstance(value, Mapping):
        return {key: redacted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    if isinstance(value, str):
        return f"(redacted {kind_of(value)})"
    return f"(redacted {_KINDS.get(type(value), 'value')})"


def digest(attributes: Mapping[str, Any], volatile: Iterable[str] = ()) -> bytes:
    """SHA-256 over the RFC 8785 form of `attributes` without its volatile members."""
    for path in volatile:
        attributes = rewrite(attributes, path, lambda _: None)
    return hashlib.sha256(to_bytes(dict(attributes))).digest()


def to_bytes(value: Any) -> bytes:
    """Write JSON values as RFC 8785 says. Raises `rfc8785.CanonicalizationError`."""
    quick = quick_bytes(value)
    return rfc8785.dumps(value) if quick is None else quick


def quick_bytes(value: Any) -> bytes | None:
    """Write what RFC 8785 says in a tenth of the time; None where that may not be the same."""
    data = _sorted.encode(value)
    # Only among ASCII keys is the order of code points that of UTF-16 units.
    if data.isascii() and (not may_be_inexact(data) or _is_exact(value)):
        return data
    return None


def may_be_inexact(data: bytes) -> bool:
    """Whether there may be a float or a large integer in what `quick_bytes` wrote."""
    return data[:1] not in (b"{", b"[") or _INEXACT.search(data) is not None


def _is_exact(value: Any) -> bool:
    """Whether there is no float and no large integer in a value."""
    kind = type(value)
    if kind is dict:
        return all(map(_is_exact, value.values()))
    if kind is list or kind is tuple:
        return all(map(_is_exact, value))
    if kind is int:
        return bool(-SAFE < value < SAFE)
    return kind is str or kind is bool or value is None


_sorted = msgspec.json.Encoder(order="sorted")
_INEXACT = re.compile(rb"[:,\[](?:-?\d+(?:[.eE]|(?<=\d{16}))|null)")
"""Where a float (msgspec writes null for NaN) or a large integer may be; also in some strings."""
_KINDS = {bool: "boolean", int: "number", float: "number"}


SAFE = 2**53
"""Integers at and beyond this are not the same number in every reader of JSON (RFC 8259, 6)."""


def _rarer(value: Any) -> Any:
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return rfc3339(datetime.combine(value, time.min))
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, str | Mapping):
        return canonical(str(value) if isinstance(value, str) else dict(value))
    raise ValueError(f"a {type(value).__name__} is not a JSON value")


def _number(given: float | Decimal) -> int | float:
    value = float(given)
    if not math.isfinite(value):
        raise ValueError(f"{given} is not a JSON number")
    if isinstance(given, int) or value.is_integer():
        if abs(value) >= SAFE:
            raise ValueError(f"{given} is beyond the integers that JSON carries exactly")
        return int(given)
    return value


def _text(value: str) -> str:
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("text with half of a surrogate pair") from error
    return value


def _key(key: Any) -> str:
    if type(key) is not str:
        raise ValueError(f"a member named {key!r} is not text")
    return key
