"""Reads what a reply of RFC 3161 says: just enough of DER for its time, message and nonce.

Who signed it is for `timestamp` to verify. This reader takes what the library refuses (sets out of
order) at a hundredth of the time that openssl needs, for verification reads every receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from agent.evidence.anchors.model import AnchorError

_INTEGER, _OCTETS, _SEQUENCE, _TIME, _FIRST = 0x02, 0x04, 0x30, 0x18, 0xA0
_LONG = 0x80
_SHA256 = bytes.fromhex("608648016503040201")
"""2.16.840.1.101.3.4.2.1."""
_GRANTED = {0, 1}
"""PKIStatus: granted, granted with modifications (RFC 3161, section 2.4.2)."""
_WRITTEN = re.compile(rb"(\d{14})(\.\d+)?Z")


class Stamp(Struct, frozen=True, kw_only=True):
    """What a reply says, whoever signed it."""

    time: datetime
    imprint: bytes
    """SHA-256 of the message."""
    nonce: int | None


def read_stamp(reply: bytes) -> Stamp:
    """Read a TimeStampResp. Raises `AnchorError`."""
    try:
        return _read(reply)
    except (ValueError, IndexError, StopIteration) as error:
        raise AnchorError(f"no timestamp was granted: the reply cannot be read: {error}") from error


def _read(reply: bytes) -> Stamp:
    status, *token = _parts(_only(reply, _SEQUENCE))
    number, *words = _parts(status[1])
    if int.from_bytes(number[1], "big") not in _GRANTED:
        said = b" ".join(text for _, text in _parts(words[0][1])) if words else b""
        raise AnchorError(
            f"no timestamp was granted: status {number[1].hex()} {said.decode(errors='replace')}"
        )
    _, explicit = _parts(_of(token[0], _SEQUENCE))  # ContentInfo: type, [0] content
    signed = list(_parts(_only(_of(explicit, _FIRST), _SEQUENCE)))  # SignedData
    _, content = _parts(_of(signed[2], _SEQUENCE))  # version, digests, encapsulated content
    info = list(_parts(_only(_only(_of(content, _FIRST), _OCTETS), _SEQUENCE)))  # TSTInfo
    algorithm, hashed = _parts(_of(info[2], _SEQUENCE))
    if next(_parts(_of(algorithm, _SEQUENCE)))[1] != _SHA256:
        raise AnchorError("the timestamp is of another hash than SHA-256")
    nonce = [value for tag, value in info[5:] if tag == _INTEGER]
    return Stamp(
        time=_time(_of(info[4], _TIME)),
        imprint=_of(hashed, _OCTETS),
        nonce=int.from_bytes(nonce[0], "big") if nonce else None,
    )


def _time(text: bytes) -> datetime:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("its time is not a GeneralizedTime in UTC")
    whole = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    digits = (found[2] or b".")[1:7].decode().ljust(6, "0")
    return whole.replace(microsecond=int(digits))


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give (tag, content) of the elements in a row."""
    place = 0
    while place < len(data):
        tag, length, place = data[place], data[place + 1], place + 2
        if length >= _LONG:
            count = length - _LONG
            length, place = int.from_bytes(data[place : place + count], "big"), place + count
            if not count:
                raise ValueError("a length without an end is not DER")
        if place + length > len(data):
            raise ValueError("it ends too soon")
        yield tag, data[place : place + length]
        place += length


def _of(part: tuple[int, bytes], tag: int) -> bytes:
    if part[0] != tag:
        raise ValueError(f"a part with the tag {part[0]:#04x} where {tag:#04x} is expected")
    return part[1]


def _only(data: bytes, tag: int) -> bytes:
    (part,) = _parts(data)
    return _of(part, tag)
