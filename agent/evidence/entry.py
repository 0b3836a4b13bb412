"""Canonical bytes (RFC 8785) of what is sealed: entries of the log, values, reasons, times.

An entry is `{"v": 1, "kind": ..., "at": <RFC 3339 UTC>, ...}` without floats, below 64 KiB (a
bundle of c2sp.org/tlog-tiles counts an entry's bytes in 16 bits); a longer part is a blob and the
entry keeps `{"blob": <SHA-256>, "size": <bytes>}` in its place.

    EntryError    a value that cannot be sealed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec
import rfc8785

from checks.canonical import may_be_inexact, quick_bytes

VERSION = 1
DELETED = "deleted"
"""What an entry of the kind `retention` is `of` when the agent has deleted contents."""
MAX_ENTRY = 0xFFFF
"""Bytes: the most that a length of 16 bits can say."""
MAX_INT = 2**53 - 1
"""Beyond it a JSON number is not exact (RFC 8785 section 3.2.2.3), so it is sealed as a string."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class EntryError(Exception):
    """A value cannot be sealed; the message names it."""


class Kind(StrEnum):
    """What an entry of the log records."""

    AGENT = "agent"
    SCHEDULE = "schedule"
    RUN = "run"
    GAP = "gap"
    WAIVER = "waiver"
    ATTESTATION = "attestation"
    RESPONSE = "response"
    CONFIG = "config"
    POPULATION = "population"
    SAMPLE = "sample"
    EXPORT = "export"
    RETENTION = "retention"
    KEY = "key"
    ANCHOR = "anchor"


def encode_entry(
    kind: Kind, at: datetime, body: Mapping[str, Any]
) -> tuple[bytes, dict[str, bytes]]:
    """Write an entry; gives its bytes, and by hex digest the blobs that were too long for it.

    Integers beyond 2^53 become decimal strings. Raises `EntryError` for a float, a key that is not
    text, a reserved member, or a body that is too long even so.
    """
    taken = {"v", "kind", "at"} & body.keys()
    if taken:
        raise EntryError(f"reserved members in the body of an entry: {', '.join(sorted(taken))}")
    entry = {"v": VERSION, "kind": str(kind), "at": to_rfc3339(at), **_exact(body, "")}
    blobs: dict[str, bytes] = {}
    data = rfc8785.dumps(entry)
    while len(data) > MAX_ENTRY:
        parts = [(rfc8785.dumps(part), name) for name, part in _longest(entry)]
        content, name = max(parts, key=lambda part: len(part[0]))
        digest = sha256(content).hexdigest()
        blobs[digest] = content
        entry[name] = {"blob": digest, "size": len(content)}
        data = rfc8785.dumps(entry)
    return data, blobs


def decode_entry(data: bytes) -> dict[str, Any]:
    """Read an entry. Raises `EntryError` when its bytes are not the canonical ones."""
    try:
        entry = msgspec.json.decode(data)
        canonical = isinstance(entry, dict) and rfc8785.dumps(entry) == data
    except (msgspec.DecodeError, rfc8785.CanonicalizationError, UnicodeError) as error:
        raise EntryError(f"not JSON: {error}") from error
    if not canonical:
        raise EntryError("not canonical JSON (RFC 8785)")
    return dict(entry)


def blobs_of(entry: Mapping[str, Any]) -> list[str]:
    """Give the hex digests of the blobs that an entry's members cite."""
    return [
        part["blob"]
        for part in entry.values()
        if isinstance(part, dict) and part.keys() == {"blob", "size"}
    ]


def deleted_by(entry: Mapping[str, Any], content: Callable[[bytes], bytes | None]) -> list[str]:
    """Give the hex digests of the contents that an entry says the agent has deleted by policy.

    What somebody says of a legal hold deletes nothing, whatever else it says.
    """
    if (entry["kind"], entry.get("of")) != (Kind.RETENTION, DELETED):
        return []
    return list(whole(entry["deleted"], content) or ())


def whole(part: Any, content: Callable[[bytes], bytes | None]) -> Any:
    """Give a member of an entry, read from its blob when it was too long for the entry."""
    if isinstance(part, dict) and part.keys() == {"blob", "size"}:
        return msgspec.json.decode(content(bytes.fromhex(part["blob"])) or b"null")
    return part


def canonical(value: Any) -> bytes:
    """Write any JSON value as RFC 8785 says; floats are allowed. Raises `EntryError`."""
    try:
        quick = quick_bytes(value)
        return rfc8785.dumps(_to_json(value)) if quick is None else quick
    except (rfc8785.CanonicalizationError, UnicodeError, TypeError, ValueError) as error:
        raise EntryError(f"cannot be written as canonical JSON: {error}") from error


def encode_values(values: Mapping[str, Any]) -> bytes:
    """Write what a rule read as canonical bytes; empty for nothing.

    An integer beyond 2^53 becomes a decimal string, and the member `integers` lists where, so that
    `decode_values` gives it back as it was. Raises `EntryError`.
    """
    if not values:
        return b""
    try:
        return canonical(values)
    except EntryError:
        where: list[list[Any]] = []
        shortened = _shorten(values, [], where)
        if not where:
            raise
        return canonical({**shortened, "integers": where})


def decode_values(data: bytes) -> dict[str, Any]:
    """Read what `encode_values` wrote."""
    if not data:
        return {}
    values: dict[str, Any] = msgspec.json.decode(data)
    if may_be_inexact(data):
        values = _to_doubles(values)
    for path in values.pop("integers", ()):
        holder: Any = values
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = int(holder[path[-1]])
    return values


def to_rfc3339(moment: datetime) -> str:
    """Write `2026-01-31T08:00:00Z`, with six decimals only when there is a fraction of a second."""
    if moment.tzinfo is None:
        raise EntryError("a time without its zone cannot be sealed")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """Read what `to_rfc3339` wrote. Raises `EntryError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise EntryError(f"not a time: {text[:40]!r}") from error
    if moment.tzinfo is None or to_rfc3339(moment) != text:
        raise EntryError(f"not a time in UTC: {text[:40]!r}")
    return moment


def to_micros(moment: datetime) -> int:
    """Count microseconds since 1970-01-01T00:00:00Z, as the store keeps times."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Give the instant of `to_micros`."""
    return _EPOCH + micros * _MICROSECOND


def _longest(entry: dict[str, Any]) -> list[tuple[str, Any]]:
    parts = [
        (name, part)
        for name, part in entry.items()
        if isinstance(part, dict | list) and not (isinstance(part, dict) and "blob" in part)
    ]
    if not parts:
        raise EntryError(f"an entry is at most {MAX_ENTRY} bytes, and this one has no long part")
    return parts


def _exact(value: Any, path: str) -> Any:
    """Copy a value that has no floats, with large integers as strings, with tuples as lists."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return value if -MAX_INT <= value <= MAX_INT else str(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise EntryError(f"a key that is not text in {path or 'the entry'}")
        return {str(key): _exact(part, f"{path}.{key}") for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(part, f"{path}[{index}]") for index, part in enumerate(value)]
    raise EntryError(f"{path or 'the entry'} is a {type(value).__name__}, which is never sealed")


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _to_json(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(part) for part in value]
    return str(value) if isinstance(value, str) else value


def _to_doubles(value: Any) -> Any:
    """Read whole numbers beyond 2^53 as the doubles that RFC 8785 writes so."""
    if isinstance(value, dict):
        return {key: _to_doubles(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_to_doubles(part) for part in value]
    large = type(value) is int and not -MAX_INT <= value <= MAX_INT
    return float(value) if large else value


def _shorten(value: Any, path: list[Any], where: list[list[Any]]) -> Any:
    if isinstance(value, Mapping):
        return {key: _shorten(part, [*path, key], where) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_shorten(part, [*path, index], where) for index, part in enumerate(value)]
    if isinstance(value, int) and not -MAX_INT <= value <= MAX_INT:
        where.append(path)
        return str(value)
    return value
