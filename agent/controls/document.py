"""What people write down, read strictly: YAML into frozen values, each mistake with its place.

DocumentError    a document is wrong; the message starts with `file:line:column`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from checks.yaml import Map, YamlError, find_place, plain, read_yaml, unknown_key

T = TypeVar("T", bound=Struct)
Step = str | int


class DocumentError(Exception):
    """A document of the people's part is wrong; the message starts with its place."""


class Document:
    """What was written in one file, and where each thing in it stands."""

    def __init__(self, file: Path) -> None:
        """Read the mapping in `file`. Raises `DocumentError`."""
        self.file = file
        try:
            keys = read_yaml(file)
        except YamlError as error:
            raise DocumentError(str(error)) from None
        if keys is None:
            keys = Map()
        if not isinstance(keys, Map):
            raise DocumentError(f"{file}:1:1: a mapping is expected")
        self.keys = keys

    def error(self, message: str, *steps: Step) -> DocumentError:
        """Make the error of the thing at `steps`, such as `("mfa", "manual", "grace")`."""
        place = find_place(self.keys, steps) or f"{self.file}:1:1"
        return DocumentError(f"{place}: {message}")

    def typed(self, kind: type[T], value: Any, *steps: Step) -> T:
        """Make `kind` of `value`, which stands at `steps`. Raises `DocumentError`."""
        if not isinstance(value, Mapping):
            raise self.error("a mapping is expected", *steps)
        try:
            return msgspec.convert(plain(dict(value)), kind)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            inner = _steps(path.rstrip("`"))
            raise self._mistake(kind, message, [*steps, *inner]) from None

    def day(self, value: Any, *steps: Step) -> datetime:
        """Read a date (its first instant in UTC) or a time with its zone."""
        try:
            return read_moment(value)
        except ValueError as error:
            raise self.error(str(error), *steps) from None

    def _mistake(self, kind: type[Struct], message: str, steps: list[Step]) -> DocumentError:
        key = re.search("unknown field `(.+)`", message)
        if key:
            known = [field.encode_name for field in msgspec.structs.fields(kind)]
            said = unknown_key(key[1], known) if len(steps) <= 1 else f"unknown key '{key[1]}'"
            return self.error(said, *steps, key[1])
        missing = re.search("missing required field `(.+)`", message)
        if missing:
            return self.error(f"`{missing[1]}` is missing", *steps)
        return self.error(message[:1].lower() + message[1:], *steps)


def same_name(one: str, other: str) -> bool:
    """Whether two names are of one person or role, however they are written."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def read_moment(value: Any) -> datetime:
    """Read `2026-01-31` (its first instant in UTC) or `2026-01-31T08:00Z`; else `ValueError`."""
    said = f"{value!r} is not a date (2026-01-31) or a time in UTC (2026-01-31T08:00Z)"
    if not isinstance(value, str):
        raise ValueError(said)  # noqa: TRY004 - a bad value, whatever its type
    try:
        if len(value) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(value), time(), UTC)
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(said) from None
    if moment.tzinfo is None:
        raise ValueError(f"{said}: its zone is missing")
    return moment.astimezone(UTC)


def _steps(path: str) -> list[Step]:
    """`.manual.attach[0]` as steps; `[...]` of a mapping's values names no key."""
    found = re.findall(r"\[(\d+)\]|([^.\[\]]+)", path)
    return [int(index) if index else name for index, name in found]
