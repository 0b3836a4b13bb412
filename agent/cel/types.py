"""Static types: what the checker knows of a value before there is one.

`dyn` is the type of what is not known; it fits everything, and is checked when evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

NUMBERS = frozenset({"int", "double"})
ORDERED = frozenset({"int", "double", "string", "bool", "timestamp", "duration"})


class Type(Struct, frozen=True, kw_only=True):
    """A type; `str()` is how messages name it."""

    kind: str
    """bool, int, double, string, null, timestamp, duration, list, map, optional, or dyn."""
    element: Type | None = None
    """Of a list its elements, of a map its values, of an optional what it may hold."""
    fields: Mapping[str, Type] | None = None
    """Of a map all its keys, when they are known; None: any."""
    required: frozenset[str] = frozenset()
    """The fields that are always there; reading another one needs has() or `.?`."""
    known: tuple[Any, ...] = ()
    """Every value that can occur, when they are listed; a literal outside it is a mistake."""
    time: bool = False
    """A string that holds an RFC 3339 time."""

    def __str__(self) -> str:
        if self.element is None or self.element.kind == "dyn":
            return self.kind
        joint = {"list": "list of ", "optional": "optional "}.get(self.kind)
        return f"{joint}{self.element}" if joint else self.kind


BOOL = Type(kind="bool")
INT = Type(kind="int")
DOUBLE = Type(kind="double")
STRING = Type(kind="string")
NULL = Type(kind="null")
TIMESTAMP = Type(kind="timestamp")
DURATION = Type(kind="duration")
DYN = Type(kind="dyn")
LIST = Type(kind="list", element=DYN)
MAP = Type(kind="map", element=DYN)


def list_of(element: Type) -> Type:
    """Give a list whose elements all have one type."""
    return Type(kind="list", element=element)


def map_of(element: Type) -> Type:
    """Give a map from any string to values of one type."""
    return Type(kind="map", element=element)


def optional_of(element: Type) -> Type:
    """Give what `.?` gives."""
    return Type(kind="optional", element=element)


def fields_of(fields: Mapping[str, Type], required: frozenset[str] = frozenset()) -> Type:
    """Give a map with these keys and no others; those in `required` are always there."""
    return Type(kind="map", fields=fields, required=required)


def from_json_schema(schema: Mapping[str, Any]) -> Type:
    """Give the type that a JSON Schema describes.

    Understood: type (also with "null"), properties, required, additionalProperties, items, enum,
    x-known-values, format date-time, and $ref into $defs. An object with properties has no other
    fields unless additionalProperties says so. What is not understood is `dyn`, and so is a $ref
    that comes back to itself.
    """
    return _Reader(schema.get("$defs", {})).type_of(schema, frozenset())


class _Reader:
    """Keeps the $defs of the document."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def type_of(  # noqa: PLR0911 - one case a type of JSON Schema
        self, schema: Mapping[str, Any], seen: frozenset[str]
    ) -> Type:
        if "$ref" in schema:
            name = str(schema["$ref"]).removeprefix("#/$defs/")
            if name in seen or name not in self._definitions:
                return DYN
            return self.type_of(self._definitions[name], seen | {name})
        match _name(schema):
            case "object":
                return self._object(schema, seen)
            case "array":
                return list_of(self.type_of(schema.get("items", {}), seen))
            case "string":
                time = schema.get("format") == "date-time"
                return Type(kind="string", known=_known(schema), time=time)
            case "boolean":
                return BOOL
            case "integer":
                return Type(kind="int", known=_known(schema))
            case "number":
                return DOUBLE
            case _:
                return DYN

    def _object(self, schema: Mapping[str, Any], seen: frozenset[str]) -> Type:
        more = schema.get("additionalProperties")
        element = self.type_of(more, seen) if isinstance(more, Mapping) else DYN
        if "properties" not in schema:
            return map_of(element)
        fields = {name: self.type_of(part, seen) for name, part in schema["properties"].items()}
        return Type(
            kind="map",
            fields=fields,
            required=frozenset(schema.get("required", ())),
            element=element if more else None,
        )


def _name(schema: Mapping[str, Any]) -> str:
    """Give the one type besides null; empty when there is none or there are several."""
    name = schema.get("type", "")
    names = [name] if isinstance(name, str) else [each for each in name if each != "null"]
    return names[0] if len(names) == 1 else ""


def _known(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(schema.get("enum") or schema.get("x-known-values") or ())


def join(types: list[Type]) -> Type:
    """Give the type of a value that has one of these types: theirs when they agree, else dyn."""
    first = types[0] if types else DYN
    return first if all(each == first for each in types) else _of_kind(types)


def _of_kind(types: list[Type]) -> Type:
    kinds = {each.kind for each in types}
    kind = kinds.pop()
    if kinds or kind == "dyn":
        return DYN
    if kind in ("list", "map", "optional"):
        return Type(kind=kind, element=DYN)
    return Type(kind=kind)


def never_equal(left: Type, right: Type) -> bool:
    """Whether no value of one can equal a value of the other."""
    kinds = {left.kind, right.kind}
    if kinds & {"dyn", "null"} or kinds <= NUMBERS:
        return False
    if len(kinds) > 1:
        return True
    if left.kind == "list" and left.element and right.element:
        return never_equal(left.element, right.element)
    return False
