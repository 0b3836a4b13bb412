"""The members of a check's resources as a rule can write them: paths with their types. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

DEPTH = 12
"""Members below this many others are not listed: no rule goes there, and AWS has types that hold
themselves (a statement of a web ACL)."""


class Field(Struct, frozen=True, kw_only=True):
    """One member."""

    path: str
    """`Encryption.Rules[].BucketKeyEnabled`."""
    type: str
    """string, int, double, bool, timestamp, map, list(string) ...; `any` where nobody says."""
    optional: bool
    """Whether the provider may leave it out: a rule must say what that means."""
    values: tuple[str, ...] = ()
    """Values that the provider is known to give; it may add to them."""

    @property
    def depth(self) -> int:
        """Members above it."""
        return self.path.count(".")


def fields_of(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """List the members of resources that look like `schema`, each before what it holds."""
    return tuple(_members(schema, "", 0))


def _members(schema: Mapping[str, Any], above: str, depth: int) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        path = f"{above}.{name}" if above else name
        yield Field(
            path=path,
            type=_type(member),
            optional=name not in required,
            values=tuple(map(str, _element(member).get("x-known-values", ()))),
        )
        if depth < DEPTH:
            lists = "[]" * _lists(member)
            yield from _members(_element(member), path + lists, depth + 1)


def _lists(schema: Mapping[str, Any]) -> int:
    return 1 + _lists(schema.get("items", {})) if schema.get("type") == "array" else 0


def _element(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a list holds, of lists in lists too; anything else itself."""
    return _element(schema.get("items", {})) if schema.get("type") == "array" else schema


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list({_type(schema.get('items', {}))})"
    if kind == "string" and schema.get("format") == "date-time":
        return "timestamp"
    return _CEL.get(kind, str(kind))


_CEL = {"integer": "int", "number": "double", "boolean": "bool", "object": "map"}
