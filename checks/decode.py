"""Decodes members that a provider sends as text: policies, JSON, CSV, base64, numbers in words.

Pure: text in, JSON values out; `DecodeError` when the text is not what it is said to be.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

from checks.canonical import canonical, rfc3339
from checks.paths import rewrite
from checks.policy import PolicyError, normalise
from checks.secret import LONGEST


class DecodeError(ValueError):
    """A value is not what its codec expects."""


def decode(value: Any, codecs: Mapping[str, str]) -> Any:
    """`value` with each member that `codecs` names decoded; absent members stay absent."""
    for path, codec in codecs.items():
        value = rewrite(value, path, partial(_decoded, CODECS[codec]))
    return value


def policy(value: Any) -> Any:
    """An IAM or resource policy, normalised (see `checks.policy`). Empty text is no policy."""
    if value == "":
        return None
    document = value if isinstance(value, Mapping) else from_json(_text(value))
    try:
        return normalise(document)
    except PolicyError as error:
        raise DecodeError(f"not a policy document: {error}") from error


def from_json(value: Any) -> Any:
    """JSON text, percent-encoded or not; a value that is decoded already stays as it is."""
    if isinstance(value, Mapping | list):
        return value
    text = _text(value).strip()
    if text[:1] == "%":
        text = unquote(text)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"not JSON: {error}") from error


def rows(value: Any) -> list[dict[str, Any]]:
    """CSV with a header, as the IAM credential report: one object a line.

    `true` and `false` become booleans, times RFC 3339 UTC, and the report's words for "there is
    none" are left out. The first two columns name the row and stay text: a user may be called
    `true`. Source: docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
    """
    text = _text(value)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header, *lines = [line for line in reader if line]
    except (ValueError, csv.Error) as error:
        raise DecodeError(f"not CSV with a header: {error}") from error
    if len(set(header)) < len(header):
        raise DecodeError("two columns have the same name")
    return [_row(header, line, number) for number, line in enumerate(lines, start=2)]


def from_base64(value: Any) -> str:
    """Base64 of UTF-8 text."""
    try:
        return base64.b64decode(_text(value), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise DecodeError(f"not base64 of text: {error}") from error


def user_data(value: Any) -> str:
    """The script that an EC2 instance starts with: base64 of text, compressed by gzip or not.

    Bytes that are no text are replaced, for it is only looked at and never kept. Parts of a MIME
    message that are base64 themselves stay so: what is in them is not seen.
    Source: docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
    """
    try:
        script = base64.b64decode(_text(value), validate=True)
        return (_unpacked(script) if script.startswith(_GZIP) else script).decode(errors="replace")
    except (ValueError, zlib.error) as error:
        raise DecodeError(f"not user data: {error}") from error


def time_within(value: Any) -> str | None:
    """The time inside a sentence, as in `User initiated (2026-01-31 10:00:00 GMT)`, if it has one.

    Source: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html (reason)
    """
    found = _TIME_WITHIN.search(_text(value))
    if not found:
        return None
    try:
        return rfc3339(datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00"))
    except ValueError as error:
        raise DecodeError(f"'{found[0]}' is not a time") from error


def boolean(value: Any) -> bool:
    """The texts `true` and `false`, in any case."""
    if isinstance(value, bool):
        return value
    word = _text(value).strip().lower()
    if word not in {"true", "false"}:
        raise DecodeError(f"'{word[:40]}' is neither true nor false")
    return word == "true"


def integer(value: Any) -> int:
    """A decimal integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    digits = _text(value).strip()
    if not re.fullmatch(r"[-+]?[0-9]{1,18}", digits):
        raise DecodeError(f"'{digits[:40]}' is not an integer")
    return int(digits)


def pairs(value: Any) -> dict[str, Any]:
    """A list of `{Key, Value}` (or `{Name, Value}`, in any case) as one object."""
    if isinstance(value, Mapping):
        return dict(value)
    result: dict[str, Any] = {}
    for pair in value:
        members = {name.lower(): inner for name, inner in pair.items()}
        name = members.get("key", members.get("name"))
        if not isinstance(name, str):
            raise DecodeError("a pair without a key")
        result[name] = members.get("value", "")
    return result


CODECS: Mapping[str, Callable[[Any], Any]] = {
    "policy": policy,
    "json": from_json,
    "csv": rows,
    "base64": from_base64,
    "user_data": user_data,
    "time_within": time_within,
    "bool": boolean,
    "int": integer,
    "kv": pairs,
}
"""Codec name -> function, as checks name them in `decode`."""

_NONE = frozenset({"N/A", "no_information", "not_supported", ""})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_TIME_WITHIN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9:]{8}) (?:GMT|UTC)")
_GZIP = b"\x1f\x8b"


def _decoded(codec: Callable[[Any], Any], value: Any) -> Any:
    return canonical(codec(value))


def _row(header: list[str], line: list[str], number: int) -> dict[str, Any]:
    if len(line) != len(header):
        raise DecodeError(f"line {number} has {len(line)} fields, the header {len(header)}")
    cells = zip(header, line, strict=True)
    return {
        name: cell if column < 2 else _cell(cell)  # noqa: PLR2004  # user and arn
        for column, (name, cell) in enumerate(cells)
        if column < 2 or cell not in _NONE  # noqa: PLR2004  # as above
    }


def _cell(cell: str) -> str | bool:
    if cell in {"true", "false", "TRUE", "FALSE"}:
        return cell.lower() == "true"
    if _TIME.match(cell):
        try:
            return rfc3339(datetime.fromisoformat(cell))
        except ValueError as error:
            raise DecodeError(f"'{cell[:40]}' is not a time") from error
    return cell


def _unpacked(packed: bytes) -> bytes:
    """Unpack no more than is looked at, whatever it would grow to."""
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    unpacked = gzip.decompress(packed, LONGEST)
    if not gzip.eof and len(unpacked) < LONGEST:
        raise ValueError("the compressed text ends too soon")
    return unpacked


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DecodeError("not UTF-8 text") from error
    if not isinstance(value, str):
        raise DecodeError(f"a {type(value).__name__} where text was expected")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
